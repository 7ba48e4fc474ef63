"""An operation costs no more than some order: counted by running the generated code, as a polynomial in the sizes.

``of`` is the operation, ``order`` the bound without its constant (``n**2``), ``sizes`` says what the order's letters are:
``{d = "n", k = "n"}`` ties both sizes to n.  ``pass`` is forward (default), backward or both.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from sympy import Expr, Integer, Poly, Symbol, floor, symbols

import numeric
from derive.program import Program
from derive.text import expression_text
from numeric.cost import cost, leading, readable
from numeric.errors import CostError
from verify.audit.algebra import read_expression
from verify.audit.claims import Check
from verify.audit.found import Found, Outcome, fails, holds, undecided
from verify.sizes import extents_of

REQUIRED = {"of": '"dense"', "order": '"n**2"'}
OPTIONAL = {"sizes": '{d = "n", k = "n"}', "pass": '"forward"'}
_MOST = 3  # sizes that are held at 1 together


def said(check: Check) -> str:
    """The claim on one line."""
    return f"O({check.text('order')}) for {' '.join(check.text('of').split())}"


def judge(check: Check) -> Found:
    """Compare every term of the count with those of the order; find which sizes must be 1."""
    operation = check.operation()
    which = check.text("pass", "forward")
    if which not in ("forward", "backward", "both"):
        raise check.error(f"pass is forward, backward or both, got {which!r}")
    try:
        found = cost(numeric.compile(operation))
    except CostError as problem:
        return undecided(str(problem))
    flops = {"forward": found.forward, "backward": found.backward, "both": found.vjp}[which].flops
    own = {s.name: s for s in flops.free_symbols | set(operation.program.dimensions)}
    ties = {name: str(value) for name, value in check.table("sizes").items()}
    free = {word: Symbol(word, positive=True) for text in ties.values() for word in _words(text)}
    for name in ties:
        if name not in own:
            raise check.error(f"sizes: {operation.name} has no size {name}; its sizes are {', '.join(sorted(own))}")
    left = {name: symbols(name, positive=True) for name in own if name not in ties}
    known = {**left, **free}
    put_in = {own[n]: _polynomial(text, known, check, "sizes") for n, text in ties.items()}
    put_in |= {own[n]: s for n, s in left.items()}
    count = flops.subs(put_in, simultaneous=True).expand()
    order = _polynomial(check.text("order"), known, check, "order")
    shown = count
    count, order = _fitted(operation.program, count, order, put_in)
    evidence = (f"flops: {expression_text(readable(shown))}",)
    if not count.is_polynomial():
        return undecided("the count is no polynomial in these sizes", *evidence)
    beyond = _beyond(count, order)
    if not beyond:
        level = "every term is within the order" + ("" if _reached(count, order) else ", and none reaches it")
        return holds(level, *evidence)
    correction = f"the leading term is {expression_text(readable(leading(shown)))}"
    others = sorted(beyond[0].free_symbols | set().union(*(b.free_symbols for b in beyond)), key=str)
    for size in range(1, _MOST + 1):
        sets = [c for c in combinations(others, size) if _holds_at_one(count, order, c)]
        if sets:
            conditions = tuple(" and ".join(f"{s} = 1" for s in c) for c in sets)
            return Found(Outcome.CONDITIONAL, "terms beyond the order", conditions, correction, evidence=evidence)
    return fails("terms beyond the order", correction, evidence=evidence)


def _polynomial(text: str, known: Mapping[str, Expr], check: Check, key: str) -> Expr:
    found = read_expression(text, known, check, key)
    if not found.is_polynomial() or not found.is_finite:
        raise check.error(f"{key}: expected a polynomial in {', '.join(known)}, such as n**2; got {text!r}")
    return found


def _fitted(program: Program, count: Expr, order: Expr, put_in: Mapping[Symbol, Expr]) -> tuple[Expr, Expr]:
    """Both in sizes that are free: a window fits into its image, so an image is counted by its windows (``h - k + 1``)."""
    held = {s: Integer(n) for s, n in program.integers.items()}
    for extent in extents_of(program):
        fitted = extent.xreplace(held).doit().subs(put_in, simultaneous=True).expand()
        for symbol in sorted(fitted.free_symbols, key=str):
            rest = (fitted - symbol).expand()
            if rest.free_symbols and symbol not in rest.free_symbols and not rest.has(floor):
                letter = Symbol(f"{symbol}_windows", positive=True)
                count, order = (e.subs(symbol, letter - rest).expand() for e in (count, order))
                break
    return count, order


def _words(text: str) -> list[str]:
    import re

    return re.findall(r"[A-Za-z_]\w*", text)


def _holds_at_one(count: Expr, order: Expr, held: tuple[Symbol, ...]) -> bool:
    if order.free_symbols & set(held):
        return False  # a bound that is no bound any more
    ones = dict.fromkeys(held, 1)
    return not _beyond(count.subs(ones).expand(), order)


def _monomials(e: Expr) -> list[tuple[Expr, dict[Symbol, int]]]:
    letters = sorted(e.free_symbols, key=str)
    if not letters:
        return [(e, {})]
    poly = Poly(e, *letters)
    return [(c, dict(zip(letters, powers, strict=True))) for powers, c in poly.terms()]


def _beyond(count: Expr, order: Expr) -> list[Expr]:
    """The terms with a positive coefficient that no term of the order bounds; sizes are at least 1."""
    bounds = [powers for coefficient, powers in _monomials(order.expand()) if coefficient > 0]
    found = []
    for coefficient, powers in _monomials(count):
        if coefficient > 0 and not any(all(b.get(s, 0) >= p for s, p in powers.items()) for b in bounds):
            term = coefficient
            for symbol, power in powers.items():
                term *= symbol**power
            found.append(term)
    return found


def _reached(count: Expr, order: Expr) -> bool:
    bounds = [{s: p for s, p in powers.items() if p} for _, powers in _monomials(order.expand())]
    return any({s: p for s, p in powers.items() if p} in bounds for _, powers in _monomials(count))
