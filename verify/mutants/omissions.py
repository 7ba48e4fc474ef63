"""Mistakes of what is left out or put in twice: a factor, a root, a power, a bracket, a complement, a stride, an accumulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from sympy import Add, And, Eq, Expr, Integer, Mul, Number, Or, Pow, Rational, Symbol
from sympy.logic.boolalg import Boolean

from derive.derivation import Derivation
from derive.nodes import Access, IntegerAccess, Iverson, Maximum, Minimum, Reduce, Where
from derive.program import Equation
from verify.mutants.arithmetic import Found
from verify.mutants.sites import sites


def factors(equation: Equation, derivation: Derivation) -> Found:
    """Each factor of each product left out, and each two of them; a bracket among them is a mask that is ignored."""
    for site in sites(equation):
        product = site.expression
        if not isinstance(product, Mul):
            continue
        parts = sorted((part for part in product.args if not isinstance(part, Number)), key=str)
        for part in parts if len(product.args) > 1 else ():
            yield "mask ignored" if part.has(Iverson) else "factor missing", site.put(product / part)
        for part in parts:
            if isinstance(part, Access):
                yield "factor twice", site.put(product * part)
        plain = [part for part in parts if not part.has(Iverson)]
        for pair in combinations(plain, 2) if len(plain) > 2 else ():
            yield "factor missing", site.put(product / Mul(*pair))


def extras(equation: Equation, derivation: Derivation) -> Found:
    """A scalar hyper-parameter multiplied to an element that it does not belong to."""
    tensors = derivation.program.tensors
    scalars = [t.name for t in tensors.values() if t.role == "hyper" and not t.rank]
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Access) and tensors.get(here.tensor) is not None and here.tensor not in scalars:
            for name in scalars:
                yield "factor twice", site.put(here * Access(name))


def limits(equation: Equation, derivation: Derivation) -> Found:
    """The smaller (or larger) of two numbers taken for one of them: a clip or an overhanging window that was forgotten."""
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Maximum | Minimum):
            for argument in here.args[:2]:
                yield "limit ignored", site.put(argument)


def doubled(equation: Equation, derivation: Derivation) -> Found:
    """One term of a sum inside an equation taken twice, as where what has been passed on is passed on again."""
    for site in sites(equation):
        sum_ = site.expression
        if isinstance(sum_, Add) and sum_ != equation.rhs:
            for part in sorted((p for p in sum_.args if p.has(Access)), key=str):
                yield "factor 2", site.put(sum_ + part)


def brackets(equation: Equation, derivation: Derivation) -> Found:
    """``(a + b)*c`` read as ``a + b*c``: a factor that reaches only one of the terms."""
    for site in sites(equation):
        product = site.expression
        if not isinstance(product, Mul):
            continue
        for sum_ in sorted((part for part in product.args if isinstance(part, Add)), key=str):
            rest = product / sum_
            for factor in _splits(rest):
                for last in sorted(sum_.args, key=str):
                    yield "parentheses missing", site.put(rest / factor * (sum_ - last + last * factor))


def _splits(rest: Expr) -> list[Expr]:
    """All of the factors beside a sum, and each alone."""
    parts = sorted((part for part in Mul.make_args(rest) if not isinstance(part, Number)), key=str)
    return list(dict.fromkeys([*parts, Mul(*parts)])) if parts else []


def powers(equation: Equation, derivation: Derivation) -> Found:
    """A root left out, the exponent of a power left out, and ``x`` for ``1 - x``."""
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Pow):
            if abs(here.exp) == Rational(1, 2):
                yield "root missing", site.put(Pow(here.base, 2 * here.exp))
            elif here.exp.free_symbols or here.exp.has(Access):
                yield "exponent missing", site.put(here.base)
            elif here.exp.is_integer and abs(here.exp) > 1:
                yield "exponent missing", site.put(Pow(here.base, here.exp / abs(here.exp)))
        if isinstance(here, Add) and Integer(1) in here.args:
            yield "complement", site.put(1 - here)


def strides(equation: Equation, derivation: Derivation) -> Found:
    """An integer hyper-parameter (stride, dilation) taken for 1, one that stands beside no index (padding) for 0."""
    for symbol in sorted(derivation.program.integers, key=str):
        if equation.rhs.has(symbol):
            neutral = Integer(1 if symbol.is_positive else 0)
            yield f"{symbol} ignored", _within(equation.rhs, {symbol: neutral})


def _within(e: Expr, values: Mapping[Symbol, Expr]) -> Expr:
    """Symbols replaced in indices, conditions and factors; what a sum runs over stays."""
    if isinstance(e, Reduce):
        return Reduce(e.op, _within(e.body, values), *e.limits, ties=e.ties)
    if not e.has(Reduce):
        return e.xreplace(values)
    return e.func(*(_within(part, values) if isinstance(part, Expr) else part for part in e.args))


def accumulations(equation: Equation, derivation: Derivation) -> Found:
    """``=`` for ``+=``: of several values that belong to one place, the last one alone."""
    for site in sites(equation):
        here = site.expression
        if not (isinstance(here, Reduce) and here.op == "sum"):
            continue
        hits = [part for part in Mul.make_args(here.body) if isinstance(part, Iverson) and _places(part, equation)]
        if not hits:
            continue
        order = _in_memory(here)
        later = {index: Symbol(f"{index}_later", integer=True) for index in order}
        taken = Mul(*(hit.xreplace(later) for hit in hits)) * Iverson(_after(order, later))
        limits = [(later[index], extent) for index, extent in here.limits]
        body = here.body * Reduce("prod", 1 - taken, *limits)
        yield "assigned, not accumulated", site.put(Reduce("sum", body, *here.limits))


def _in_memory(total: Reduce) -> list[Symbol]:
    """The indices of a sum in the order in which a loop over the added array runs through them, the slowest first."""

    def place(index: Symbol) -> tuple[int, str]:
        found = [
            k
            for access in total.body.atoms(Access)
            for k, position in enumerate(access.indices)
            if position == index and not isinstance(access, IntegerAccess)
        ]
        return min(found, default=len(total.bound)), str(index)

    return sorted(total.bound, key=place)


def _after(indices: Sequence[Symbol], later: Mapping[Symbol, Symbol]) -> Boolean:
    """Whether the later position comes after this one, the last index running fastest."""
    return Or(
        *(And(*(Eq(later[i], i) for i in indices[:k]), later[indices[k]] > indices[k]) for k in range(len(indices)))
    )


def _places(bracket: Iverson, equation: Equation) -> bool:
    """Whether a bracket says which place of the result a value belongs to."""
    conditions = bracket.condition.args if isinstance(bracket.condition, And) else (bracket.condition,)
    return any(isinstance(c, Eq) and c.free_symbols & set(equation.ranges) for c in conditions)


def widened(equation: Equation, derivation: Derivation) -> Found:
    """One axis of the result summed over as well, the sum standing in each of its places."""
    for index, extent in equation.ranges.items():
        inner = Symbol(f"{index}_all", integer=True)
        if equation.rhs.has(index):
            yield "summed over one axis too many", Reduce("sum", equation.rhs.xreplace({index: inner}), (inner, extent))


def branches(equation: Equation, derivation: Derivation) -> Found:
    """Each branch of a choice taken everywhere."""
    for site in sites(equation):
        here = site.expression
        if isinstance(here, Where) and here.condition.has(Access):
            for branch in here.args[1:]:
                yield "branch ignored", site.put(branch)


def flips(equation: Equation, derivation: Derivation) -> Found:
    """One axis of an array read backwards."""
    for site in sites(equation):
        access = site.expression
        if isinstance(access, Access):
            for axis, position in enumerate(access.indices):
                if position in site.scope:
                    moved = list(access.indices)
                    moved[axis] = site.scope[position] - 1 - position
                    yield "flipped", site.put(access.func(access.tensor, *moved))
