"""Inequalities between norms, proven by ``norm(A @ B) <= norm(A)*norm(B)``, ``radius(A) <= norm(A)`` and ``norm(A) >= 0``."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from sympy import Expr, Integer, Poly, Symbol, expand

from derive.analyses.bounds import Range, Signs
from derive.nodes import Access
from verify.audit.quantities import Quantities


def norms_suffice(gap: str, assumed: Sequence[tuple[str, bool]], strict: bool, quantities: Quantities) -> str:
    """Why a difference of norms is not negative under assumed positive differences; empty where that is not shown.

    >>> from verify.quantities import Setting
    >>> found = Quantities(Setting("W[m, m], h[m]"), {"gap": "norm(h) - norm(W @ h)", "one": "1 - norm(W)"})
    >>> norms_suffice("gap", [("one", True)], False, found)
    'proven: norm(W @ h) <= norm(W)*norm(h), and no norm is negative'
    """
    letters = {scalar: Symbol(f"N_{k}", real=True) for k, scalar in enumerate(quantities.measures)}
    whole = _plain(quantities, gap, letters)
    known = [(_plain(quantities, name, letters), s) for name, s in assumed]
    if whole is None or any(e is None for e, _ in known):
        return ""
    ranges = {letter: Range(Integer(0), closed_low=True) for letter in letters.values()}
    for e, s in known:
        assert e is not None
        ranges = _narrowed(ranges, e, s)
    bounded, why = _submultiplied(whole, quantities, letters, ranges)
    signs = Signs({s: r for s, r in ranges.items() if s in bounded.free_symbols})
    shown = signs.positive(expand(bounded)) if strict else signs.nonnegative(expand(bounded))
    return f"proven: {', '.join([*why, 'and no norm is negative'])}" if shown else ""


def _plain(quantities: Quantities, name: str, letters: dict[str, Symbol]) -> Expr | None:
    """A quantity in the letters of the measures, where it is nothing else."""
    equations = quantities.program.equations_of(name)
    if len(equations) != 1:
        return None
    accesses = {a: letters[a.tensor] for a in equations[0].rhs.atoms(Access) if a.tensor in letters}
    e = equations[0].rhs.xreplace(accesses)
    return None if e.has(Access) else e


def _narrowed(ranges: dict[Symbol, Range], e: Expr, strict: bool) -> dict[Symbol, Range]:
    """``c - x > 0`` for one letter bounds its range from above."""
    (letter,) = e.free_symbols if len(e.free_symbols) == 1 else (None,)
    if letter is None or not e.is_polynomial(letter) or Poly(e, letter).degree() != 1:
        return ranges
    constant, slope = Poly(e, letter).coeff_monomial(1), Poly(e, letter).coeff_monomial(letter)
    if slope < 0:
        return {**ranges, letter: Range(Integer(0), -constant / slope, True, not strict)}
    return ranges


def _submultiplied(
    e: Expr, quantities: Quantities, letters: dict[str, Symbol], ranges: dict[Symbol, Range]
) -> tuple[Expr, list[str]]:
    """The norm of each product with the product of norms in its place, where that makes the whole smaller."""
    of = {quantities.measured[s]: letters[s] for s, (kind, _) in quantities.measures.items() if kind == "norm"}
    why: list[str] = []
    for scalar, (kind, _) in quantities.measures.items():
        text, letter = quantities.measured[scalar], letters[scalar]
        factors = _factors(ast.parse(text, mode="eval").body)
        if (kind == "norm" and len(factors) == 1) or letter not in e.free_symbols or not e.is_polynomial(letter):
            continue
        poly = Poly(e, letter)
        if poly.degree() != 1 or not poly.coeff_monomial(letter).is_negative:
            continue
        product: Expr = Integer(1)
        for side in factors:
            if side not in of:
                of[side] = Symbol(f"N_{side}", real=True)
                ranges[of[side]] = Range(Integer(0), closed_low=True)
            product *= of[side]
        e = e.xreplace({letter: product})
        why.append(f"{kind}({text}) <= {'*'.join(f'norm({side})' for side in factors)}")
    return e, why


def _factors(node: ast.expr) -> list[str]:
    """The factors of a matrix product, from left to right."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return [*_factors(node.left), *_factors(node.right)]
    return [ast.unparse(node)]
