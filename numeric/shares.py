"""``u[i] - P[i]*sum(u)`` with a softmax P: cancels where P is nearly 1 at one place and u is nearly all there."""

from __future__ import annotations

from sympy import Add, Eq, Expr, Mul, Symbol

from derive.naming import substitute
from derive.nodes import Iverson, Reduce, index
from numeric.nodes import LessShare, Softmax

BECAUSE = "the entries of such a row add up to 0: the largest is less the sum of the others"


def less_share(e: Add) -> tuple[Expr, str] | None:
    """The difference as one function of the row; ``u`` may itself be a sum that adds into places of the row.

    >>> from derive.registry import get
    >>> from numeric import compile
    >>> "less_share(da, softmax(z, 1), 1)" in compile(get("log_softmax")).source
    True
    """
    if len(e.args) != 2:
        return None
    for position, part in enumerate(e.args):
        u = e.args[1 - position]
        for p in Mul.make_args(part):
            if (
                isinstance(p, Softmax)
                and isinstance(p.args[3], Symbol)
                and _is_total(-part / p, u, p.args[3], p.args[2])
            ):
                own = index(f"{p.args[3].name}_row")
                row = [substitute(v, {p.args[3]: own}) for v in (u, p)]
                return LessShare(*row, own, p.args[2], p.args[3]), BECAUSE
    return None


def _is_total(total: Expr, u: Expr, i: Symbol, extent: Expr) -> bool:
    """Whether a sum is that of ``u`` over ``i``."""
    if not (isinstance(total, Reduce) and total.op == "sum") or i in total.free_symbols:
        return False
    if len(total.limits) == 1 and total.limits[0][1] == extent and substitute(total.body, {total.bound[0]: i}) == u:
        return True
    if not (isinstance(u, Reduce) and u.op == "sum" and [n for _, n in u.limits] == [n for _, n in total.limits]):
        return False
    factors = Mul.make_args(u.body)
    places = [f for f in factors if f.has(i)]  # [i == place]: each term is added at one of them
    if len(places) != 1 or not isinstance(places[0], Iverson) or not isinstance(places[0].condition, Eq):
        return False
    body = Mul(*(f for f in factors if f is not places[0]))
    return bool(
        i in places[0].condition.args and substitute(body, dict(zip(u.bound, total.bound, strict=True))) == total.body
    )


__all__ = ["less_share"]
