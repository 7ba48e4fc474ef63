"""Roots of sums of squares without overflow: ``sqrt(offset + sum(u**2)/divisor)`` as a tensor of its own.

The square of a number overflows at the root of the range of its type, the root of a sum of squares does not.  A variance
or a squared norm whose root is all that is asked for is therefore not computed: its root is, once, for both passes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol, Tuple

from derive.naming import substitute
from derive.nodes import Access, Reduce, index
from derive.program import Equation, Group, Tensor
from numeric.nodes import Rewrite, RootOfSquares

Root = Callable[[str, Expr], str | None]
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
                if isinstance(equation.rhs, RootOfSquares) or getattr(equation.rhs, "exp", None) == Rational(1, 2):
                    # One that is declared as a root is divided by as those made here are: never by its power.
                    self.tensors[equation.target] = replace(self.tensors[equation.target], role="root")

    def into(self, groups: Sequence[Group]) -> list[Group]:
        """Other groups, the backward pass, with the roots that the forward pass has taken."""
        return [self._group(g, self._known) for g in groups]

    def _group(self, group: Group, root: Root) -> Group:
        parts = [tuple(self._equation(e, root) for e in part) for part in (group.equations, group.starts, group.ends)]
        return replace(group, equations=parts[0], starts=parts[1], ends=parts[2])

    def _equation(self, equation: Equation, root: Root) -> Equation:
        powers = equation.rhs.atoms(Pow)
        found = {p: r for p in powers if p.exp.is_Rational and p.exp.q == 2 and (r := self._power(p, root)) is not None}
        # Where the root is there, the sum itself is its square: divided by twice, that does not overflow either.
        found |= {p: r for p in powers if p.exp.is_Integer and (r := self._power(p, self._known)) is not None}
        rhs = equation.rhs.xreplace(found) if found else equation.rhs
        return equation if (spread := self._spread(rhs)) == equation.rhs else replace(equation, rhs=spread)

    def _spread(self, e: Expr) -> Expr:
        """``(r*a - b)/r**2`` as ``(a - b/r)/r``: what is divided by a root is not multiplied by it before."""
        for product in e.atoms(Mul):
            roots = [f.base for f in product.args if self._is_root(f) and f.exp.is_Integer and f.exp.is_negative]
            for r, total in itertools.product(roots, (f for f in product.args if isinstance(f, Add))):
                if any(term.as_powers_dict()[r] > 0 for term in total.args):
                    spread = product / total * r * Add(*(term / r for term in total.args))
                    return self._spread(e.xreplace({product: spread}))
        return e

    def _is_root(self, power: Expr) -> bool:
        base = power.base if isinstance(power, Pow) else None
        return isinstance(base, Access) and self.tensors[base.tensor].role == "root"

    def _power(self, power: Pow, root: Root) -> Expr | None:
        """``(a*v + b)**p`` as a power of the root of ``v + b/a``; v a tensor, or a sum that is written here."""
        base = power.base
        for v in sorted(base.atoms(Access, Reduce), key=str):
            a = base.coeff(v)
            offset = (base - a * v) / a if a.is_Number and a.is_positive else None
            if offset is None or offset.free_symbols or any(access.indices for access in offset.atoms(Access)):
                continue
            if isinstance(v, Reduce):
                taken = root_of(a * v, a * offset) if not power.exp.is_Integer else None
                a = Integer(1)
            else:
                name = root(v.tensor, offset) if len(set(v.indices)) == len(v.indices) else None
                taken = None if name is None else Access(name, *v.indices)
            if taken is not None:
                return a**power.exp * taken ** (2 * power.exp)
        return None

    def _known(self, v: str, offset: Expr) -> str | None:
        """The tensor that is ``sqrt(offset + v)``."""
        return next((made.target for made in self._made.get(v, ()) if made.rhs.args[2] == offset), None)

    def _make(self, v: str, offset: Expr) -> str | None:
        """As before, made if ``v`` is a sum of squares."""
        defined = self._definitions.get(v)
        if defined is None or (root := root_of(defined.rhs, offset)) is None:
            return None
        if (known := self._known(v, offset)) is not None:
            return known
        name = f"{v}_root"
        while name in self.tensors:
            name += "_"
        self._made.setdefault(v, []).append(Equation(name, defined.indices, defined.extents, root))
        self.tensors[name] = replace(self.tensors[v], name=name, role="root", domain=())
        self.rewrites.append(Rewrite(Pow(Access(v, *defined.indices) + offset, Rational(1, 2)), root, BECAUSE))
        return name


def root_of(e: Expr, offset: Expr) -> Expr | None:
    """``sqrt(offset + e)`` where ``e`` is ``sum(u**2)/divisor``, with a divisor of numbers and sizes."""
    sums = [f for f in Mul.make_args(e) if isinstance(f, Reduce) and f.op == "sum"]
    if len(sums) != 1:
        return None
    factor, (total,) = Mul(*(f for f in Mul.make_args(e) if f is not sums[0])), sums
    body = total.body
    if factor.has(Access) or not (isinstance(body, Pow) and body.exp == 2) or factor.could_extract_minus_sign():
        return None
    # Indices of its own, so that it can stand under a sum over the same name.
    own: dict[Symbol, Expr] = {k: index(f"{k.name}_square") for k in total.bound}
    limits = [Tuple(own[k], n) for k, n in total.limits]
    return RootOfSquares(substitute(body.base, own), 1 / factor, offset, *limits)


__all__ = ["Roots", "root_of"]
