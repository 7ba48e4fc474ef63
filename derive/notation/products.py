"""How a product is written: the order of factors, what goes into a fraction, brackets merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Add, And, Expr, Float, Integer, Mul, Pow, Rational, exp
from sympy.core.relational import Relational

from derive.nodes import Access, Iverson, Reduce, Where
from derive.notation.breaking import width
from derive.notation.names import is_word
from derive.notation.tree import CDOT, ONE, THIN, Big, Box, Fence, Fraction, Letter, Named, Number, Row, Script, row
from derive.relation import is_size, oriented

if TYPE_CHECKING:
    from derive.notation.expressions import Setter

WIDE = 14.0  # a numerator wider than this many em stands beside its fraction


def product_box(setter: Setter, expression: Expr) -> Box:
    """A product, with everything of negative power under one fraction bar."""
    above, below = split_fraction(expression)
    above = setter.sorted_factors(above)
    if not below:
        return juxtapose(setter, above)
    inside, outside = _share(setter, above)
    denominator = juxtapose(setter, setter.sorted_factors(below))
    top = _numerator(setter, inside)
    fraction = Fraction(top, denominator)
    if not outside:
        return fraction
    return row(fraction, *_gap(fraction, juxtapose(setter, outside, behind=True)))


def split_fraction(expression: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors above and below the fraction bar."""
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in _flat(expression):
        if isinstance(factor, Rational) and not isinstance(factor, Integer):
            if factor.p != 1:
                above.append(Integer(factor.p))
            below.append(Integer(factor.q))
        elif isinstance(factor, Pow) and not isinstance(factor, exp) and _negative_power(factor.exp):
            below.append(Pow(factor.base, -factor.exp))
        elif factor != 1:
            above.append(factor)
    return above, below


def _flat(expression: Expr) -> list[Expr]:
    if isinstance(expression, Mul):
        return [piece for factor in expression.args for piece in _flat(factor)]
    return [expression]


def _negative_power(exponent: Expr) -> bool:
    coefficient = exponent.as_coeff_Mul()[0]
    return bool(coefficient.is_negative)


def _share(setter: Setter, factors: Sequence[Expr]) -> tuple[list[Expr], list[Expr]]:
    """What goes above the bar, and what stands beside the fraction: sums, brackets and anything wide."""
    outside = [f for f in factors if isinstance(f, Reduce | Iverson | Where) or f.has(Reduce) or _is_wide(setter, f)]
    inside = [f for f in factors if f not in outside]
    differences = [f for f in inside if isinstance(f, Add)]
    if len(inside) > 1 and len(differences) == 1 and all(f in differences or _is_size(f) for f in inside):
        return [f for f in inside if f not in differences], differences + outside
    return inside, outside


def _is_wide(setter: Setter, factor: Expr) -> bool:
    return width(setter.factor(factor)) > (WIDE if factor.has(Access) else 2 * WIDE)


def _is_size(factor: Expr) -> bool:
    return not factor.has(Access)


def _numerator(setter: Setter, factors: Sequence[Expr]) -> Box:
    if not factors:
        return ONE
    if len(factors) == 1:
        return setter.box(factors[0])
    return juxtapose(setter, factors)


def juxtapose(setter: Setter, factors: Sequence[Expr], behind: bool = False) -> Box:
    """Factors side by side: parentheses where needed, a dot between words or numbers, brackets merged."""
    if not factors:
        return ONE
    pieces: list[Box] = []
    merged = merge_brackets(factors)
    for position, factor in enumerate(merged):
        last = position == len(merged) - 1
        alone = len(merged) == 1 and not behind
        box = setter.box(factor) if alone else setter.factor(factor, last=last)
        if pieces:
            pieces.extend(_gap(pieces[-1], box))
        else:
            pieces.append(box)
    return row(*pieces)


def _gap(left: Box, right: Box) -> tuple[Box, ...]:
    """What has to stand between two factors, and the right one."""
    if isinstance(left, Row):
        left = left.parts[-1]
    first = right.parts[0] if isinstance(right, Row) else right
    if isinstance(first, Number | Fraction) and isinstance(left, Number | Fraction):
        return (CDOT, right)
    if isinstance(first, Number) or (isinstance(first, Script) and isinstance(first.base, Number)):
        return (CDOT, right)
    if is_word(left) or is_word(first):
        return (THIN, right) if isinstance(left, Number) or isinstance(first, Fence) else (CDOT, right)
    if isinstance(left, Fraction) or isinstance(first, Fraction):
        return (right,) if isinstance(first, Fence | Big) else (THIN, right)
    if isinstance(first, Fence) and isinstance(left, Letter):
        return (THIN, right)
    return (right,)


def merge_brackets(factors: Sequence[Expr]) -> list[Expr]:
    """Range guards on the same quantity made one bracket: ``[0 <= e] [e < n]`` is ``[0 <= e < n]``."""
    merged: list[Expr] = []
    conditions: list[Expr] = []
    place = None
    for factor in factors:
        if isinstance(factor, Iverson):
            conditions.extend(And.make_args(factor.condition))
            place = len(merged) if place is None else place
        else:
            merged.append(factor)
    if place is not None:
        merged[place:place] = [Iverson(condition) for condition in _chains(conditions)]
    return merged


def _chains(conditions: Sequence[Expr]) -> list[Expr]:
    """Conditions, two bounds of one quantity joined by And."""
    groups: dict[object, list[Expr]] = {}
    for condition in sorted(conditions, key=lambda c: (isinstance(c, Relational) and c.rel_op != "==", str(c))):
        bound = bounded(condition)
        groups.setdefault(bound[0] if bound else condition, []).append(condition)
    result: list[Expr] = []
    for group in groups.values():
        kinds = [bounded(c) for c in group]
        lower = [c for c, b in zip(group, kinds, strict=True) if b and b[1] == "lower"]
        upper = [c for c, b in zip(group, kinds, strict=True) if b and b[1] == "upper"]
        if len(lower) == 1 and len(upper) == 1 and len(group) == 2:
            result.append(And(*group, evaluate=False))
        else:
            result.extend(group)
    return result


def bounded(condition: Expr) -> tuple[Expr, str, Expr, bool] | None:
    """``(quantity, "lower" or "upper", bound, strict)`` of an inequality between a quantity and a constant or size."""
    if not isinstance(condition, Relational) or condition.rel_op not in ("<", "<=", ">", ">="):
        return None
    left, op, right = oriented(condition)
    if not is_size(right):
        return None
    return left, ("upper" if op[0] == "<" else "lower"), right, len(op) == 1


def is_plain_number(factor: Expr) -> bool:
    """Whether an expression is digits."""
    return isinstance(factor, Integer | Rational | Float)


__all__ = ["Named", "bounded", "is_plain_number", "juxtapose", "merge_brackets", "product_box", "split_fraction"]
