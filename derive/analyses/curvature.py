"""``v'Hv`` of a scalar output as a sum of terms that are not negative by their form, where that can be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Abs, Add, Expr, Integer, Symbol, sign

from derive.analyses.cut import Cut, affine_cut, cut_off
from derive.analyses.forms import opened, sums_to_one, why_nonnegative
from derive.analyses.hvp import hessian_vector, scalar_output, sources
from derive.named import NamedFunction
from derive.naming import names_in, pick, rename_bound, substitute
from derive.nodes import Access, Iverson, Maximum, Minimum, Reduce, Where, index
from derive.operation import Operation
from derive.program import Equation, Program, Tensor
from derive.simplify import Simplifier, patterns_of
from derive.terms import Fresh, Term, flatten, make_term, merge, power, rebuild_term
from derive.text import expression_text


@dataclass(frozen=True)
class Part:
    """One term of a certificate: its expression, and why each of its factors is not negative."""

    expression: Expr
    reasons: tuple[tuple[Expr, str], ...]


@dataclass(frozen=True)
class Curvature:
    """What is known of ``v'Hv``.

    ``program`` computes it: the forward, the ``tangents`` that lead from ``v`` (``directions``, by input) to the tensor at
    which it was cut, and ``form``.  It is a sum of ``parts`` each of which is not negative where ``shown``; otherwise
    ``missing`` is the first factor of which that is not shown.
    """

    of: str
    wrt: tuple[str, ...]
    directions: Mapping[str, str]
    program: Program
    tangents: tuple[Equation, ...]
    form: Expr
    parts: tuple[Part, ...]
    missing: Expr | None = None

    @property
    def shown(self) -> bool:
        """Whether the Hessian in ``wrt`` (jointly, the other inputs fixed) is positive semi-definite wherever it exists."""
        return self.missing is None

    @property
    def convex(self) -> bool:
        """Whether that makes the output convex: shown, and nothing has a kink or a jump, which a Hessian does not see."""
        kinks = (Where, Iverson, Maximum, Minimum, Abs, sign)
        bodies = [e.rhs for e in self.program.equations]
        bodies += [f.definition() for body in bodies for f in body.atoms(NamedFunction)]
        extrema = any(r.op in ("max", "min") for body in bodies for r in body.atoms(Reduce))
        return self.shown and not extrema and not any(body.has(*kinks) for body in bodies)

    def __str__(self) -> str:
        return f"v'Hv = {expression_text(self.form)}"


def curvature(
    operation: Operation | Program, of: str | None = None, wrt: str | Sequence[str] | None = None
) -> Curvature:
    """``v'Hv`` and whether its form shows that it is never negative.

    The output is cut at the last tensor that is affine in ``wrt`` (:mod:`derive.analyses.cut`); there the second
    derivative is derived, and ``sum_j p[j]*v[j]*(v[j] - sum_k p[k]*v[k])`` with ``sum_j p[j] = 1`` is written as the
    variance ``sum_j p[j]*(v[j] - sum_k p[k]*v[k])**2``.  What remains are factors, each a square or not negative by
    :mod:`derive.analyses.forms`.  Not shown does not mean that it is negative somewhere.

    Source: Boyd and Vandenberghe, Convex Optimization, 2004, sections 3.1.4 and 3.2.2; for softmax, Bishop, Pattern
    Recognition and Machine Learning, 2006, eq. 4.110.  Raises :class:`DerivationError` as ``hessian_vector`` does.

    >>> from derive.registry import get
    >>> found = curvature(get("logistic_regression"), wrt=("w", "b"))
    >>> print(found, found.shown)
    v'Hv = mean(z_dot[i]**2*p[i]*(1 - p[i]), i) True
    >>> print(curvature(get("softmax_regression"), wrt="W"))
    v'Hv = sum(P[i, j]*(Z_dot[i, j] - sum(P[i, l]*Z_dot[i, l], l))**2, i, j)/n
    """
    program = operation.program if isinstance(operation, Operation) else operation
    output = scalar_output(program, of)
    names = sources(program, (wrt,) if isinstance(wrt, str) else wrt)
    found = _whole(program, output, names)
    return found if found.shown else _term_by_term(program, found)


def _whole(program: Program, output: str, names: tuple[str, ...]) -> Curvature:
    cut = affine_cut(program, output, names)
    inner = cut_off(program, cut.names) if cut.equations else program
    product = hessian_vector(inner, output, cut.names)
    if cut.equations and dict(product.directions) != dict(cut.tangents):  # a tensor of that name was declared
        cut, inner = Cut(names), program
        product = hessian_vector(program, output, names)
    fresh = Fresh()
    form: Expr = Integer(0)
    for name in cut.names:
        rows = [(fresh(), n) for n in product.program.tensors[name].shape]
        at = [i for i, _ in rows]
        body = Access(product.directions[name], *at) * Access(product.products[name], *at)
        form += Reduce("sum", body, *rows) if rows else body
    # The tangents and adjoints are put in; what the program itself computes keeps its name.
    own = {e.target for e in program.equations} | {t.name for t in program.inputs}
    before = None
    while before != form:
        before, form = form, opened(form, product.program, fresh, lambda n: n not in own)
    terms = Simplifier(patterns_of(inner), {}, fresh).settle(flatten(form, fresh))
    given = {n: product.program.tensors[n] for n in product.directions.values()}
    tensors = {**program.tensors, **given, **cut.tensors}
    parts, missing = _parts(terms, program.with_(tensors=tensors))
    directions = cut.directions or product.directions
    return _assembled(program, output, names, directions, tensors, cut.equations, tuple(parts), missing)


def _assembled(
    program: Program,
    output: str,
    names: tuple[str, ...],
    directions: Mapping[str, str],
    tensors: Mapping[str, Tensor],
    tangents: tuple[Equation, ...],
    parts: tuple[Part, ...],
    missing: Expr | None,
) -> Curvature:
    """``v'Hv`` as a program of its own: the forward, the tangents, and the form."""
    form = Add(*(p.expression for p in parts), evaluate=False) if len(parts) > 1 else _only(parts)
    target = pick(["vHv", "v_H_v"], {*tensors, *names_in(form)})
    whole = program.with_(
        name=f"{program.name}_curvature",
        tensors={**tensors, target: Tensor(target, (), "output")},
        equations=(*program.equations, *tangents, Equation(target, (), (), form)),
        outputs=(target,),
    )
    return Curvature(output, names, directions, whole, tangents, form, parts, missing)


def _only(parts: Sequence[Part]) -> Expr:
    return parts[0].expression if parts else Integer(0)


def _parts(terms: Sequence[Term], program: Program) -> tuple[list[Part], Expr | None]:
    parts: list[Part] = []
    missing: Expr | None = None
    for term in map(_readable, merge(as_variance(t, program) for t in terms)):
        reasons = []
        for base, exponent in _factors(term):
            factor = power(base, exponent)
            reason = why_nonnegative(factor, program)
            if reason is not None:
                reasons.append((factor, reason))
            elif missing is None:
                missing = factor
        parts.append(Part(rebuild_term(term), tuple(reasons)))
    return parts, missing


def _readable(term: Term) -> Term:
    """Bound indices named by the axes on which they stand: rows first."""
    places: dict[Symbol, list[int]] = {i: [len(term.bound)] for i, _ in term.bound}
    for base, _ in term.factors:
        for access in base.atoms(Access):
            for axis, position in enumerate(access.indices):
                places.get(position, []).append(axis)
    bound = sorted(term.bound, key=lambda pair: (min(places[pair[0]]), str(pair[0])))
    taken = {n for b, e in term.factors for n in names_in(b) | names_in(e)} - {i.name for i, _ in bound}
    names: dict[Symbol, Symbol] = {}
    for i, _ in bound:
        names[i] = index(pick([], taken))
        taken.add(names[i].name)
    factors = [
        (rename_bound(substitute(b, dict(names)), taken, lambda i, n: []), substitute(e, dict(names)))
        for b, e in term.factors
    ]
    return Term(term.coefficient, tuple((names[i], n) for i, n in bound), tuple(factors))


def _factors(term: Term) -> list[tuple[Expr, Expr]]:
    """The factors; a sign in front goes into a difference where there is one, and is a factor of its own otherwise."""
    result = list(term.factors)
    if term.coefficient >= 0:
        return result
    for k, (base, exponent) in enumerate(result):
        if base.is_Add and exponent.is_Integer and exponent.is_odd:
            result[k] = (-base, exponent)
            return result
    return [(term.coefficient, Integer(1)), *result]


def as_variance(term: Term, program: Program) -> Term:
    """``sum_j w*v*(v - sum_k w*v)`` with ``sum_j w = 1`` as ``sum_j w*(v - sum_k w*v)**2``; else the term itself."""
    for i, extent in term.bound:
        for centred, one in term.factors:
            if one != 1 or not centred.is_Add or i not in centred.free_symbols:
                continue
            mean = Add(*(a for a in centred.args if i not in a.free_symbols))
            value = centred - mean
            if mean == 0 or i not in value.free_symbols:
                continue
            rest = _without(_without(term.powers, centred), value)
            if rest is None:
                continue
            weight = {b: e for b, e in rest.items() if i in b.free_symbols}
            body: Expr = Integer(1)
            for base, exponent in weight.items():
                body *= power(base, exponent)
            fresh = Fresh("?v")
            expected = merge(flatten(-Reduce("sum", body * value, (i, extent)), fresh))
            if merge(flatten(mean, fresh)) == expected and sums_to_one(body, i, extent, program):
                rest[centred] = Integer(2)
                return make_term(term.coefficient, term.bound, list(rest.items()))
    return term


def _without(powers: dict[Expr, Expr] | None, factor: Expr) -> dict[Expr, Expr] | None:
    """The powers after dividing by a factor that is one of them."""
    if powers is None:
        return None
    result = dict(powers)
    for base, exponent in make_term(Integer(1), (), [(factor, Integer(1))]).factors:
        if not (base in result and (result[base] - exponent).is_nonnegative):
            return None
        result[base] -= exponent
    return {b: e for b, e in result.items() if e != 0}


def _term_by_term(program: Program, whole: Curvature) -> Curvature:
    """The same for each summand of the output: a sum of convex functions is convex."""
    (equation,) = program.equations_of(whole.of)
    if not equation.rhs.is_Add:
        return whole
    pieces: list[Curvature] = []
    for part in equation.rhs.args:
        if not _depends(program, part, whole.wrt):
            continue
        alone = Equation(equation.target, equation.indices, equation.extents, part)
        pieces.append(
            _whole(
                program.with_(equations=tuple(alone if e is equation else e for e in program.equations)),
                whole.of,
                tuple(n for n in whole.wrt if _depends(program, part, (n,))),
            )
        )
    if not pieces or not all(p.shown for p in pieces):
        return whole
    tensors = {n: t for p in pieces for n, t in p.program.tensors.items() if n not in p.program.outputs}
    parts = tuple(part for p in pieces for part in p.parts)
    tangents = tuple(dict.fromkeys(t for p in pieces for t in p.tangents))
    directions = {n: v for p in pieces for n, v in p.directions.items()}
    # What one piece is given, another may compute.
    tensors = {n: replace(t, role="adjoint") if n in {e.target for e in tangents} else t for n, t in tensors.items()}
    return _assembled(program, whole.of, whole.wrt, directions, tensors, tangents, parts, None)


def _depends(program: Program, e: Expr, names: Sequence[str]) -> bool:
    moving, grown = set(names), True
    while grown:
        new = {q.target for q in program.equations if q.reads() & moving} - moving
        moving |= new
        grown = bool(new)
    return bool({a.tensor for a in e.atoms(Access)} & moving)


__all__ = ["Curvature", "Part", "curvature"]
