"""Elementwise expressions as quotients of polynomials in exponentials: identities and signs become algebra.

``tanh(z) < 1`` is ``2/(u**2 + 1) > 0`` with ``u = exp(z) > 0``, which holds for every ``u`` by its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Abs, Dummy, Expr, Integer, Symbol, cancel, cosh, coth, exp, ilcm, sinh, sqrt, tanh, together
from sympy.core.relational import Relational

from derive.analyses.bounds import Range, Signs, range_of
from derive.named import NamedFunction
from derive.naming import substitute
from derive.nodes import Access, Iverson, Maximum, Minimum, Node, Where
from derive.program import Program

_DEPTH = 40


@dataclass(frozen=True)
class Closed:
    """``expression`` in symbols with ``ranges``; ``arguments`` says of which symbol a positive one is the exponential."""

    expression: Expr
    ranges: Mapping[Symbol, Range]
    arguments: Mapping[Symbol, Expr]

    def is_zero(self) -> bool:
        """Whether the expression is 0 identically; ``False`` leaves it open."""
        return bool(cancel(together(self.expression)) == 0)

    def positive(self, strict: bool = True) -> bool:
        """Whether the expression is proven to be positive (not negative, if not ``strict``) everywhere."""
        signs = Signs(_all(self.expression, self.ranges))
        whole = cancel(together(self.expression))
        return signs.positive(whole) if strict else signs.nonnegative(whole)


def _all(e: Expr, ranges: Mapping[Symbol, Range]) -> dict[Symbol, Range]:
    return {s: ranges[s] for s in sorted(e.free_symbols, key=str) if s in ranges}


def closed(program: Program, expression: Expr) -> Closed | None:
    """An elementwise expression over a program's tensors in exponentials; ``None`` where it is not elementwise.

    >>> from derive.builder import build
    >>> program = build("z; d = 1 - tanh(z)", "example")
    >>> found = closed(program, program.equations[-1].rhs)
    >>> found.positive(), found.is_zero()
    (True, False)
    """
    opened = _opened(program, expression)
    if opened is None:
        return None
    symbols: dict[Access, Symbol] = {}
    ranges: dict[Symbol, Range] = {}
    for access in sorted(opened.atoms(Access), key=str):
        symbols[access] = Dummy(access.tensor, real=True)
        ranges[symbols[access]] = range_of(program.tensors[access.tensor])
    e = opened.xreplace(symbols)
    for size in sorted((s for s in e.free_symbols if s not in ranges), key=str):
        if size in program.dimensions:  # of a whole number that is given, and of an index, nothing is known
            ranges[size] = Range(Integer(1), closed_low=True)
    e = _decided(e, ranges)
    if e.has(Relational, Abs) or e.atoms(Node):
        return None
    e = e.replace(lambda x: isinstance(x, (tanh, sinh, cosh, coth)), lambda x: x.rewrite(exp))
    return _in_exponentials(e, ranges)


def _opened(program: Program, e: Expr) -> Expr | None:
    """With every definition put in, of tensors and of named functions."""
    for _ in range(_DEPTH):
        functions = e.atoms(NamedFunction)
        computed = [a for a in sorted(e.atoms(Access), key=str) if program.equations_of(a.tensor)]
        if not functions and not computed:
            break
        put_in: dict[Expr, Expr] = {f: f.definition() for f in functions}
        for access in computed:
            equations = program.equations_of(access.tensor)
            if len(equations) != 1 or any(n is None for n in equations[0].extents):
                return None
            mapping = {i: a for i, a in zip(equations[0].indices, access.indices, strict=True) if isinstance(i, Symbol)}
            put_in[access] = substitute(equations[0].rhs, mapping)
        e = e.xreplace(put_in)
    return e


def _decided(e: Expr, ranges: Mapping[Symbol, Range]) -> Expr:
    """Cases and maxima of which the ranges decide which one it is."""

    def sign(difference: Expr) -> int | None:
        signs = Signs(_all(difference, ranges))
        return 1 if signs.positive(difference) else -1 if signs.positive(-difference) else None

    def truth(condition: object) -> bool | None:
        if not isinstance(condition, Relational) or condition.rel_op in ("==", "!="):
            return None
        above = sign(condition.lhs - condition.rhs)
        return None if above is None else (above > 0) == (condition.rel_op in (">", ">="))

    def chosen(node: Expr) -> Expr:
        if isinstance(node, Maximum):  # a minimum is one as well
            above = sign(node.args[0] - node.args[1])
            if above is not None:
                return node.args[0] if (above > 0) != isinstance(node, Minimum) else node.args[1]
        elif isinstance(node, Where):
            answer = truth(node.condition)
            if answer is not None:
                return node.args[1] if answer else node.args[2]
        elif isinstance(node, Iverson):
            answer = truth(node.condition)
            if answer is not None:
                return Integer(int(answer))
        return node

    for _ in range(_DEPTH):
        before, e = e, e.replace(lambda x: isinstance(x, (Maximum, Minimum, Where, Iverson)), chosen)
        if before == e:
            break
    return e


def _in_exponentials(e: Expr, ranges: dict[Symbol, Range]) -> Closed | None:
    """Exponentials of multiples of one symbol as powers of one positive symbol, every other as one of its own."""
    multiples: dict[Symbol, list[Expr]] = {}
    exponentials = sorted(e.atoms(exp), key=str)
    for node in exponentials:
        for factor, symbol in _linear(node.args[0]) or []:
            multiples.setdefault(symbol, []).append(factor)
    units = {s: ilcm(1, *(int(f.q) for f in factors)) for s, factors in multiples.items()}
    letters = {s: Dummy(f"u_{s.name}", positive=True) for s in units}
    arguments: dict[Symbol, Expr] = {letters[s]: s / units[s] for s in units}
    put_in: dict[Expr, Expr] = {}
    for node in exponentials:
        parts = _linear(node.args[0])
        if parts is None:
            letter = Dummy("u", positive=True)
            arguments[letter], put_in[node] = node.args[0], letter
            continue
        product: Expr = Integer(1)
        for factor, symbol in parts:
            product *= letters[symbol] ** (factor * units[symbol])
        put_in[node] = product
    for _ in range(_DEPTH):
        if not e.has(exp):
            break
        before, e = e, e.xreplace(put_in)
        if before == e:
            return None
    roots = [p for p in e.atoms(sqrt(Symbol("x")).func) if p.exp.is_Rational and not p.exp.is_Integer]
    if roots:
        return None
    positive = {letter: Range(Integer(0)) for letter in arguments}
    positive |= {letters[s]: _exponential(ranges[s], units[s]) for s in units if s in ranges}
    return Closed(e, {**ranges, **positive}, arguments)


def _exponential(within: Range, unit: int) -> Range:
    """The range of ``exp(s/unit)``."""
    low = exp(within.low / unit) if within.low.is_finite else Integer(0)
    high = exp(within.high / unit) if within.high.is_finite else within.high
    return Range(low, high, within.closed_low and within.low.is_finite, within.closed_high and within.high.is_finite)


def _linear(argument: Expr) -> list[tuple[Expr, Symbol]] | None:
    """``sum of rational multiples of symbols`` as pairs; ``None`` for any other argument."""
    found = []
    for term in argument.expand().as_ordered_terms():
        factor, rest = term.as_coeff_Mul()
        if not factor.is_Rational or not isinstance(rest, Symbol):
            return None
        found.append((factor, rest))
    return found


__all__ = ["Closed", "closed"]
