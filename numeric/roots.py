"""Roots of sums of squares without overflow: ``sqrt(offset + sum(u**2)/divisor)`` as a tensor of its own.

The square of a number overflows at the root of the range of its type, the root of a sum of squares does not.  A variance
or a squared norm whose root is all that is asked for is therefore not computed: its root is, once, for both passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sympy import Expr, Mul, Pow, Rational, Symbol, Tuple

from derive.naming import substitute
from derive.nodes import Access, Reduce, index
from derive.program import Equation, Group, Tensor
from numeric.nodes import Rewrite, RootOfSquares

BECAUSE = "squares that would overflow or underflow are scaled before they are added"


class Roots:
    """The roots that a forward pass takes: its ``groups`` with each as a ``tensor`` of its own, which it adds.

    >>> from derive.registry import declare
    >>> from numeric.stable import definitions
    >>> p = declare("x[n]; s = sum(x**2); y[i] = x[i]/sqrt(s)").program
    >>> [g.equations[0].target for g in Roots(p.groups, p.tensors, definitions(p.equations)).groups]
    ['s', 's_root', 'y']
    """

    def __init__(
        self, groups: Sequence[Group], tensors: Mapping[str, Tensor], definitions: Mapping[str, Equation]
    ) -> None:
        self.tensors = dict(tensors)
        self.rewrites: list[Rewrite] = []
        self._definitions = definitions
        self._made: dict[str, list[Equation]] = {}
        self.groups: list[Group] = []
        for group in [self._group(g, self._make) for g in groups]:
            self.groups.append(group)
            for equation in group.equations:
                self.groups += [Group((made,)) for made in self._made.get(equation.target, ())]

    def into(self, groups: Sequence[Group]) -> list[Group]:
        """Other groups, the backward pass, with the roots that the forward pass has taken."""
        return [self._group(g, self._known) for g in groups]

    def _group(self, group: Group, root: Callable[[str, Expr], str | None]) -> Group:
        parts = [tuple(self._equation(e, root) for e in part) for part in (group.equations, group.starts, group.ends)]
        return replace(group, equations=parts[0], starts=parts[1], ends=parts[2])

    def _equation(self, equation: Equation, root: Callable[[str, Expr], str | None]) -> Equation:
        found = {}
        for power in equation.rhs.atoms(Pow):
            if isinstance(power.exp, Rational) and power.exp.q == 2:
                for v in sorted(power.base.atoms(Access), key=str):
                    name = root(v.tensor, power.base - v) if len(set(v.indices)) == len(v.indices) else None
                    if name is not None:
                        found[power] = Access(name, *v.indices) ** (2 * power.exp)
        return replace(equation, rhs=equation.rhs.xreplace(found)) if found else equation

    def _known(self, v: str, offset: Expr) -> str | None:
        """The tensor that is ``sqrt(offset + v)``."""
        return next((made.target for made in self._made.get(v, ()) if made.rhs.args[2] == offset), None)

    def _make(self, v: str, offset: Expr) -> str | None:
        """As before, made if ``v`` is a sum of squares and the offset the same for all its elements."""
        defined = self._definitions.get(v)
        squares = None if defined is None else sum_of_squares(defined.rhs)
        if squares is None or offset.free_symbols or any(a.indices for a in offset.atoms(Access)):
            return None
        if (known := self._known(v, offset)) is not None:
            return known
        assert defined is not None
        u, divisor, limits = squares
        root = RootOfSquares(u, divisor, offset, *limits)
        name = f"{v}_root"
        while name in self.tensors:
            name += "_"
        self._made.setdefault(v, []).append(Equation(name, defined.indices, defined.extents, root))
        self.tensors[name] = replace(self.tensors[v], name=name, role="intermediate", domain=())
        self.rewrites.append(Rewrite(Pow(Access(v, *defined.indices) + offset, Rational(1, 2)), root, BECAUSE))
        return name


def sum_of_squares(e: Expr) -> tuple[Expr, Expr, tuple[Tuple, ...]] | None:
    """(u, divisor, limits) where the expression is ``sum(u**2)/divisor``, the divisor of numbers and sizes."""
    sums = [f for f in Mul.make_args(e) if isinstance(f, Reduce) and f.op == "sum"]
    if len(sums) != 1:
        return None
    factor, (total,) = Mul(*(f for f in Mul.make_args(e) if f is not sums[0])), sums
    body = total.body
    if factor.has(Access) or not (isinstance(body, Pow) and body.exp == 2) or factor.could_extract_minus_sign():
        return None
    # Indices of its own, so that it can stand under a sum over the same name.
    own: dict[Symbol, Expr] = {k: index(f"{k.name}_square") for k in total.bound}
    return substitute(body.base, own), 1 / factor, tuple(Tuple(own[k], n) for k, n in total.limits)


__all__ = ["Roots", "sum_of_squares"]
