"""From expressions over indices to NumPy source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Add, Eq, Expr, Integer, Mod, Mul, Pow, Rational, Symbol, floor, oo
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, Not, Or

from derive.affine import Ranges
from derive.nodes import Access, IntegerAccess, Iverson, Maximum, Minimum, Reduce, Where
from derive.program import Tensor
from numeric.access import access_value, split_guards
from numeric.calls import CALLS, PAIRED_ROWS, ROWS, is_constant
from numeric.code import ATOM, PRODUCT, SUM, Code, Val, align, joint, share_out
from numeric.contraction import contract
from numeric.errors import UnsupportedExpression
from numeric.nodes import Deviation, RootOfSquares, Softmax
from numeric.scatter import scatter

ZERO = Val("dtype.type(0)")


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: the indices that are array axes, and those that are numbers (inside a loop)."""

    ranges: Mapping[Symbol, Expr]
    fixed: Mapping[Symbol, Expr] = field(default_factory=dict)
    guarded: bool = False

    def inner(self, limits: Sequence[tuple[Symbol, Expr]]) -> Scope:
        return replace(self, ranges={**self.ranges, **dict(limits)})

    def bounds(self) -> Ranges:
        return {i: (Integer(0), n - 1) for i, n in (*self.ranges.items(), *self.fixed.items())}


class Lowering:
    """Writes expressions of one program into a :class:`Code`."""

    def __init__(self, code: Code, tensors: Mapping[str, Tensor], place: str = "") -> None:
        self.code, self.tensors, self.place = code, tensors, place

    def unsupported(self, what: object) -> UnsupportedExpression:
        return UnsupportedExpression(f"{self.place}: no NumPy code for {what}")

    # -- values -------------------------------------------------------------------------------------------------------

    def value(self, e: Expr, scope: Scope) -> Val:
        """The value of an expression as an array over some of the scope's axes."""
        if is_constant(e):
            return self._number(e)
        if isinstance(e, Symbol):
            return self._symbol(e, scope)
        if isinstance(e, Access):
            return access_value(self, e, scope, frozenset())
        if isinstance(e, Add):
            return self._add(e, scope)
        if isinstance(e, Mul):
            return self._mul(e, scope)
        if isinstance(e, Pow):
            return self._pow(e, scope)
        if isinstance(e, Reduce):
            return self._reduce(e, scope)
        if isinstance(e, Iverson):
            return self._choose(self.condition(e.condition, scope), Val("dtype.type(1)"), ZERO, scope)
        if isinstance(e, Where):
            condition, a, b = e.args
            inner = replace(scope, guarded=True)
            return self._choose(self.condition(condition, scope), self.value(a, inner), self.value(b, inner), scope)
        if isinstance(e, Maximum):
            return self._call("np.minimum" if isinstance(e, Minimum) else "np.maximum", e.args[:2], scope)
        if isinstance(e, Deviation):
            return self._deviation(e, scope)
        if isinstance(e, RootOfSquares):
            return self._root(e, scope)
        if type(e) in ROWS:
            return self._rows(e, scope)
        if type(e) in CALLS:
            return self._call(CALLS[type(e)], e.args, scope)
        if isinstance(e, (floor, Mod)):
            return self.integer(e, scope)
        raise self.unsupported(f"{type(e).__name__} in {e}")

    def _number(self, e: Expr) -> Val:
        if e == oo or e == -oo:
            return Val("np.inf" if e == oo else "-np.inf", (), ATOM if e == oo else SUM)
        if isinstance(e, Rational) and not isinstance(e, Integer):
            exact = float(e) == e or e.q == 2
            return Val(repr(float(e)) if exact or len(str(e)) > 8 else f"{e.p}/{e.q}", (), ATOM if exact else PRODUCT)
        text = str(int(e)) if isinstance(e, Integer) else repr(float(e.evalf(30)))
        return Val(text, (), SUM if text.startswith("-") else ATOM)

    def _symbol(self, e: Symbol, scope: Scope) -> Val:
        if e in scope.fixed:
            return Val(e.name)
        if e in scope.ranges:
            return Val(
                self.code.temporary(f"np.arange({self.code.size(scope.ranges[e])}, dtype=dtype)", f"{e.name}_"), (e,)
            )
        return Val(self.code.number(e))

    def _is_size(self, e: Expr, scope: Scope) -> bool:
        free = e.free_symbols
        return not e.has(Access, Reduce) and not any(s in scope.ranges or s in scope.fixed for s in free)

    def _add(self, e: Add, scope: Scope) -> Val:
        terms = sorted(e.args, key=lambda t: bool(t.as_coeff_Mul()[0].is_negative))
        parts = [
            (t.as_coeff_Mul()[0].is_negative, self.value(-t if t.as_coeff_Mul()[0].is_negative else t, scope))
            for t in terms
        ]
        order = joint([v for _, v in parts], tuple(scope.ranges))
        text = ""
        for negative, part in parts:
            shown = align(part, order).at(PRODUCT if negative else SUM)
            if not text:
                text = f"-{align(part, order).at(PRODUCT)}" if negative else shown
            else:
                text += f" {'-' if negative else '+'} {align(part, order).at(PRODUCT)}"
        return Val(text, order, SUM)

    def _mul(self, e: Mul, scope: Scope) -> Val:
        brackets = [f for f in e.args if isinstance(f, Iverson)]
        rest = [f for f in e.args if not isinstance(f, Iverson)]
        if brackets:
            return self._bracketed(brackets, rest, scope)
        return self.product(rest, scope)

    def _bracketed(self, brackets: list[Iverson], rest: list[Expr], scope: Scope) -> Val:
        """Brackets in a product: as zero padding of an access where they say just that, else as a choice."""
        padded, remaining = split_guards(self, brackets, rest, scope)
        if not remaining:
            return self.product(rest, scope, padded)
        inner = self.product(rest, replace(scope, guarded=True), padded) if rest else Val("dtype.type(1)")
        mask = self.condition(And(*(b.condition for b in remaining)), scope)
        return self._choose(mask, inner, ZERO, scope)

    def product(
        self,
        factors: Sequence[Expr],
        scope: Scope,
        padded: Mapping[Access, frozenset[int]] | None = None,
        more: Sequence[Val] = (),
    ) -> Val:
        """A product; numbers and small arrays first, so that few passes touch the large ones.

        ``more`` are factors that have been written already.
        """
        padded = padded or {}
        irrational = Mul(*(f for f in factors if is_constant(f)))
        if not irrational.is_Rational:
            factors = [irrational, *(f for f in factors if not is_constant(f))]
        top: list[Val] = list(more)
        bottom: list[Val] = []
        roots: list[Val] = []
        negative = False
        for factor in factors:
            if is_constant(factor) and factor.is_negative:
                negative, factor = not negative, -factor
            if isinstance(factor, Rational) and factor.q != 1 and (factor.p == 1 or factor.q == 2):
                bottom.append(Val(str(factor.q)))
                factor = Integer(factor.p)
            if factor == 1:
                continue
            if isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp.is_negative:
                if isinstance(factor.base, Access) and self.tensors[factor.base.tensor].role == "root":
                    roots += [self.value(factor.base, scope)] * -int(factor.exp)  # its power could overflow
                else:
                    bottom.append(self.value(Pow(factor.base, -factor.exp), scope))
            elif isinstance(factor, Access) and factor in padded:
                top.append(access_value(self, factor, scope, padded[factor]))
            else:
                top.append(self.value(factor, scope))
        numbers, under = ([v for v in part if not v.axes] for part in (top, bottom))
        arrays = sorted((v for v in top if v.axes), key=lambda v: len(v.axes))
        divisors = [v for v in bottom if v.axes]
        if arrays and under and len(numbers) == 1 and numbers[0].code in ("2", "4", "8"):
            under = [Val(self._quotient(under, [numbers.pop()]).code, (), PRODUCT)]  # exact, and one pass
        if numbers or not arrays:
            if under and not any(f.has(Access, Reduce) for f in factors if not f.free_symbols & set(scope.ranges)):
                # Sizes alone: Python would raise on a size of 0, NumPy gives inf, which an empty array never meets.
                literal = bool(numbers) and numbers[0].code.isdigit()
                numbers[: int(literal)] = [Val(f"dtype.type({numbers[0].code if literal else 1})")]
            arrays.insert(0, self._quotient(numbers, under))
        elif under and len(arrays[0].axes) < len(arrays[-1].axes):
            small = arrays[0]
            text = f"{small.at(PRODUCT)}/{self._quotient(under, []).at(ATOM)}"
            arrays[0] = Val(text, small.axes, PRODUCT)
        elif under and divisors:
            # Not a division of its own: before the others it could underflow, after them they could have overflowed.
            last = divisors.pop()
            text = f"{self._quotient(under, []).at(PRODUCT)}*{last.at(ATOM)}"
            divisors.append(Val(text, last.axes, PRODUCT))
        elif under:
            divisors.append(self._quotient(under, []))
        arrays, left = share_out(roots, arrays)
        divisors += left
        order = joint([*arrays, *divisors], tuple(scope.ranges))
        text = "*".join(align(v, order).at(PRODUCT if position == 0 else ATOM) for position, v in enumerate(arrays))
        for divisor in divisors:
            text += f"/{align(divisor, order).at(ATOM)}"
        return Val(f"-{text}" if negative else text, order, SUM if negative else PRODUCT)

    @staticmethod
    def _quotient(top: list[Val], bottom: list[Val]) -> Val:
        text = "*".join(v.at(PRODUCT if position == 0 else ATOM) for position, v in enumerate(top)) or "1"
        if bottom:
            lower = "*".join(v.at(ATOM) for v in bottom)
            text += f"/{lower}" if len(bottom) == 1 else f"/({lower})"
        simple = len(top) + len(bottom) == 1 and not bottom
        return Val(text, (), top[0].level if simple else PRODUCT)

    def _pow(self, e: Pow, scope: Scope) -> Val:
        base, exponent = e.base, e.exp
        if exponent.is_Rational and exponent.is_negative:
            return self.product([e], scope)
        inner = self.value(base, scope)
        if exponent == Rational(1, 2):
            inside = inner.code if base.has(Access) else f"dtype.type({inner.code})"
            return Val(self.code.temporary(f"np.sqrt({inside})", "sqrt"), inner.axes)
        if exponent.is_Rational and exponent.q == 2:
            whole = self.value(Pow(base, exponent - Rational(1, 2), evaluate=False), scope) if exponent > 1 else inner
            return Val(f"{whole.at(ATOM)}*np.sqrt({inner.code})", inner.axes, PRODUCT)
        power = self.value(exponent, scope)
        order = joint([inner, power], tuple(scope.ranges))
        return Val(f"{align(inner, order).at(ATOM)}**{align(power, order).at(ATOM)}", order, PRODUCT)

    def _call(self, function: str, arguments: Sequence[Expr], scope: Scope) -> Val:
        values = [self.value(a, scope) for a in arguments]
        order = joint(values, tuple(scope.ranges))
        # A function of sizes alone would be float64.
        own = any(a.has(Access) for a in arguments) or order
        inside = ", ".join(align(v, order).code if own else f"dtype.type({v.code})" for v in values)
        return Val(self.code.temporary(f"{function}({inside})", function.split(".")[-1]), order)

    def _choose(self, mask: Val, a: Val, b: Val, scope: Scope) -> Val:
        order = joint([mask, a, b], tuple(scope.ranges))
        if b.code == ZERO.code and a.axes:
            return Val(f"where({align(mask, order).code}, {align(a, order).code})", order)
        parts = ", ".join(align(v, order).code for v in (mask, a, b))
        return Val(f"np.where({parts})", order)

    def _rows(self, e: Softmax, scope: Scope) -> Val:
        body, k, extent, i = e.args
        inner = self.full(self.value(body, scope.inner([(k, extent)])), [k], {k: extent})
        axis = inner.axes.index(k)
        name = ROWS[type(e)]
        rows = self.code.temporary(f"{name}({inner.code}, {axis})", name)
        if isinstance(i, Symbol) and i in scope.ranges and i not in inner.axes:
            return Val(rows, tuple(i if a == k else a for a in inner.axes))
        # One element of each row: a label's, or the diagonal.
        positions = [self.integer(i if a == k else a, scope) for a in inner.axes]
        order = joint(positions, tuple(scope.ranges))
        inside = ", ".join(align(p, order).code for p in positions)
        return Val(f"pick({rows}, ({inside},))" if scope.guarded else f"{rows}[{inside}]", order)

    def _deviation(self, e: Deviation, scope: Scope) -> Val:
        u, weights, k, extent, i = e.args
        if not isinstance(i, Symbol) or i in u.free_symbols | weights.free_symbols or i not in scope.ranges:
            raise self.unsupported(f"{type(e).__name__} at the position {i}")
        inner = scope.inner([(k, extent)])
        values = [self.value(v, inner) for v in (u, weights)]
        order = joint(values, tuple(inner.ranges))
        extents = {**scope.ranges, k: extent}
        texts = [align(self.full(v, order, extents), order).code for v in values]
        axes, name = tuple(i if a == k else a for a in order), PAIRED_ROWS[type(e)]
        return Val(self.code.temporary(f"{name}({', '.join(texts)}, {order.index(k)})", name), axes)

    def _root(self, e: RootOfSquares, scope: Scope) -> Val:
        u, divisor, offset, *pairs = e.args
        limits = dict(pairs)
        inner = self.full(self.value(u, scope.inner(list(limits.items()))), list(limits), limits)
        axes = tuple(inner.axes.index(k) for k in limits)
        kept = tuple(i for i in inner.axes if i not in limits)
        where = str(axes[0] if len(axes) == 1 else axes)
        numbers = ", ".join(self.value(number, scope).code for number in (divisor, offset))
        text = f"root_of_squares({inner.code}, {where}, {numbers})"
        return Val(self.code.temporary(text, "root"), kept)

    def full(self, value: Val, wanted: Sequence[Symbol], extents: Mapping[Symbol, Expr]) -> Val:
        """The value with every wanted axis really there."""
        missing = [i for i in wanted if i not in value.axes]
        if not missing:
            return value
        order = (*value.axes, *missing)
        inside = (
            f"{value.at(ATOM)}[{', '.join([':'] * len(value.axes) + ['None'] * len(missing))}]"
            if value.axes
            else value.code
        )
        have = [f"{value.at(ATOM)}.shape[{k}]" for k in range(len(value.axes))]
        shape = ", ".join([*have, *(self.code.size(extents[i]) for i in missing)])
        return Val(f"np.broadcast_to({inside}, ({shape},))", order)

    # -- reductions ---------------------------------------------------------------------------------------------------

    def _reduce(self, e: Reduce, scope: Scope) -> Val:
        inner = scope.inner(e.limits)
        if e.op == "sum":
            return self._sum(e, scope, inner)
        value = self.full(self.value(e.body, inner), e.bound, dict(e.limits))
        axes = tuple(value.axes.index(i) for i in e.bound)
        kept = tuple(i for i in value.axes if i not in e.bound)
        where = str(axes[0] if len(axes) == 1 else axes)
        if e.op == "logsumexp":
            text = f"logsumexp({value.code}, {where})"
        elif e.op in ("max", "min"):
            text = f"{value.at(ATOM)}.{e.op}({where}, initial={'-' if e.op == 'max' else ''}np.inf)"
        elif e.op in ("argmax", "argmin"):
            text = f"{e.op}({value.code}, {where})"
        else:
            text = f"{value.at(ATOM)}.{e.op}({where})"
        return Val(self.code.temporary(text, e.op), kept)

    def _sum(self, e: Reduce, scope: Scope, inner: Scope) -> Val:
        body = e.body
        if isinstance(body, Where) and isinstance(body.condition, Eq) and body.args[2] == 0:
            body = Mul(Iverson(body.condition), body.args[1])
        factors = list(body.args) if isinstance(body, Mul) else [body]
        brackets = [f for f in factors if isinstance(f, Iverson)]
        rest = [f for f in factors if not isinstance(f, Iverson)]
        scattered = scatter(self, e, brackets, rest, scope)
        if scattered is not None:
            return scattered
        padded: Mapping[Access, frozenset[int]] = {}
        if brackets:
            padded, remaining = split_guards(self, brackets, rest, inner)
            if remaining:
                whole = self._bracketed(brackets, rest, inner)
                return contract(self, [whole], e.limits, scope)
        numbers = [f for f in rest if not f.has(Access, Reduce) and not f.free_symbols & set(inner.ranges)]
        arrays = [f for f in rest if f not in numbers]
        values = [
            access_value(self, f, inner, padded[f]) if isinstance(f, Access) and f in padded else self.value(f, inner)
            for f in arrays
        ]
        result = contract(self, values or [Val("dtype.type(1)")], e.limits, scope)
        if not numbers:
            return result
        return self.product(numbers, scope, more=[result])

    # -- conditions and integers --------------------------------------------------------------------------------------

    def condition(self, c: Boolean, scope: Scope) -> Val:
        if isinstance(c, (And, Or)):
            parts = [self.condition(a, scope) for a in sorted(c.args, key=str)]
            order = joint(parts, tuple(scope.ranges))
            symbol = " & " if isinstance(c, And) else " | "
            return Val(symbol.join(align(p, order).at(ATOM) for p in parts), order, SUM)
        if isinstance(c, Not):
            inner = self.condition(c.args[0], scope)
            return Val(f"~{inner.at(ATOM)}", inner.axes, PRODUCT)
        if isinstance(c, Relational):
            difference = c.lhs - c.rhs
            read = self.integer if difference.is_integer else self.value
            sides = [read(c.lhs, scope), read(c.rhs, scope)]
            order = joint(sides, tuple(scope.ranges))
            operator = "==" if isinstance(c, Eq) else c.rel_op
            return Val(f"{align(sides[0], order).at(SUM)} {operator} {align(sides[1], order).at(SUM)}", order, 0)
        raise self.unsupported(f"the condition {c}")

    def integer(self, e: Expr, scope: Scope) -> Val:
        """An integer-valued expression (an index, a position) as an integer array."""
        if self._is_size(e, scope):
            return Val(self.code.size(e), (), ATOM if e.is_Atom and not e.is_negative else 0)
        if isinstance(e, Symbol):
            if e in scope.fixed:
                return Val(e.name)
            return Val(self.code.temporary(f"np.arange({self.code.size(scope.ranges[e])})", f"{e.name}_"), (e,))
        if isinstance(e, IntegerAccess):
            # Another bracket may guard it, of those that are multiplied.
            return access_value(self, e, replace(scope, guarded=True), frozenset())
        if isinstance(e, Reduce) and e.op in ("argmax", "argmin"):
            return self._reduce(e, scope)
        if isinstance(e, (Add, Mul)):
            parts = [self.integer(a, scope) for a in sorted(e.args, key=lambda a: (a.is_Number, str(a)))]
            order = joint(parts, tuple(scope.ranges))
            plus = isinstance(e, Add)
            text = (" + " if plus else "*").join(align(p, order).at(PRODUCT if plus else ATOM) for p in parts)
            return Val(text, order, SUM if plus else PRODUCT)
        if isinstance(e, Mod):
            a, b = (self.integer(x, scope) for x in e.args)
            order = joint([a, b], tuple(scope.ranges))
            return Val(f"{align(a, order).at(ATOM)} % {align(b, order).at(ATOM)}", order, PRODUCT)
        if isinstance(e, floor):
            above, below = e.args[0].together().as_numer_denom()
            a, b = self.integer(above, scope), self.integer(below, scope)
            order = joint([a, b], tuple(scope.ranges))
            return Val(f"{align(a, order).at(ATOM)} // {align(b, order).at(ATOM)}", order, PRODUCT)
        raise self.unsupported(f"{type(e).__name__} as an index: {e}")
