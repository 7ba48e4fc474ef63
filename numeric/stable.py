"""Stable forms by rewriting: general rules over expressions, each use recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sympy import Add, Expr, Mul, Pow, Symbol, exp, log

from derive.fold import unify
from derive.named import NamedFunction
from derive.naming import substitute
from derive.nodes import Access, Reduce, index
from derive.program import Equation, Tensor
from numeric.exponentials import over_one_exponential
from numeric.nodes import (
    Centred,
    Deviation,
    Expm1,
    Log1p,
    Logistic,
    LogisticMinus,
    LogisticSlope,
    LogSoftmax,
    Rewrite,
    Sech2,
    SimplexMinus,
    Softmax,
    Softplus,
    Tanh,
)
from numeric.pairs import hypotenuse, log_of_cosh, log_of_ratio, pair, vanished
from numeric.shares import less_share


class Stabiliser:
    """Rewrites right-hand sides; ``definitions`` may be looked into, ``tensors`` have the declared domains."""

    def __init__(self, definitions: Mapping[str, Equation], tensors: Mapping[str, Tensor] | None = None) -> None:
        self.definitions, self.tensors = definitions, tensors or {}
        self.rewrites: list[Rewrite] = []

    def run(self, expression: Expr) -> Expr:
        """The stable form of an expression."""
        if not expression.args or isinstance(expression, Access):
            return expression
        if isinstance(expression, NamedFunction):
            return self.run(self._opened(expression))
        if isinstance(expression, Reduce):
            body = self.run(expression.body)
            return self._top(Reduce(expression.op, body, *expression.limits, ties=expression.ties))
        arguments = [self.run(a) if isinstance(a, Expr) else self._condition(a) for a in expression.args]
        return self._top(expression.func(*arguments))

    def _opened(self, call: NamedFunction) -> Expr:
        """The definition, stable before the arguments are put in: of ``exp(log(u))`` nothing is left to recognise."""
        worker = Stabiliser({}, self.tensors)
        body = worker.run(type(call).body)
        arguments = dict(zip(type(call).parameters, map(self.run, call.args), strict=True))
        for step in worker.rewrites:
            self._record(step.before.xreplace(arguments), step.after.xreplace(arguments), step.because)
        return body.xreplace(arguments)

    def _condition(self, condition: Expr) -> Expr:
        if not condition.args:
            return condition
        return condition.func(*(self.run(a) if isinstance(a, Expr) else self._condition(a) for a in condition.args))

    def _top(self, expression: Expr) -> Expr:
        for _ in range(8):
            found = self._rule(expression) or self._peek(expression)
            if found is None:
                return expression
            after, because = found
            self._record(expression, after, because)
            expression = after
        return expression

    def _record(self, before: Expr, after: Expr, because: str) -> None:
        step = Rewrite(before, after, because)
        if step not in self.rewrites:
            self.rewrites.append(step)

    # -- rules --------------------------------------------------------------------------------------------------------

    def _rule(self, e: Expr) -> tuple[Expr, str] | None:
        if isinstance(e, Pow):
            u = _one_plus_exp(e.base)
            if u is not None and e.exp.is_Integer and e.exp.is_negative:
                return Logistic(-u) ** (-e.exp), "exp would overflow; the logistic function does not"
            return hypotenuse(e, self.tensors)
        if isinstance(e, log):
            return _log_rule(e.args[0]) or log_of_cosh(e.args[0]) or log_of_ratio(e.args[0])
        if isinstance(e, Add):
            return _add_rule(e) or less_share(e) or pair(e, self.tensors) or self._quotient(e)
        if isinstance(e, Mul):
            return _mul_rule(e) or vanished(e, self.definitions)
        if isinstance(e, exp):
            argument = e.args[0]
            if isinstance(argument, LogSoftmax):
                return Softmax(*argument.args), "the exponential of a log-softmax is the shifted softmax"
        return None

    def _peek(self, e: Expr) -> tuple[Expr, str] | None:
        """Look into the definition of a tensor where that lets a rule remove a cancellation."""
        if isinstance(e, Add):
            centred = self._centred(e)
            if centred is not None:
                return centred
            found = self._deviation(e) or self._simplex_minus(e)
            if found is not None:
                return found
        if not isinstance(e, (Add, Mul, log, exp)) or (isinstance(e, Mul) and not any(map(_is_logistic, e.args))):
            return None
        # A function looks into its argument, a product into its factors, a sum into its terms (and their squares).
        for access in sorted((a for a in _near(e) if a.tensor in self.definitions), key=str):
            inside = self._definition(access)
            if inside is None or not isinstance(inside, (Logistic, Tanh, Softmax)):
                continue
            candidate = e.xreplace({access: inside})
            found = self._rule(candidate)
            if found is not None:
                after, because = found
                return after, f"{because} ({access.tensor} looked up)"
        return None

    def _quotient(self, e: Add) -> tuple[Expr, str] | None:
        return over_one_exponential(
            e, lambda access: self._definition(access) if access.tensor in self.definitions else None
        )

    def _definition(self, access: Access) -> Expr | None:
        equation = self.definitions[access.tensor]
        moved = {f: i for f, i in zip(equation.indices, access.indices, strict=True) if not isinstance(i, Symbol)}
        if len(moved) > 1:
            return None
        mapping = {f: i for f, i in zip(equation.indices, access.indices, strict=True) if f not in moved}
        quiet = Stabiliser({}, self.tensors)
        inside = quiet.run(substitute(equation.rhs, mapping))
        if not moved:
            return inside
        # One element of a row is that of the row function; else it is another row, or a start value.
        ((own, position),) = moved.items()
        if not isinstance(inside, Softmax) or own != inside.args[3] or own in inside.args[0].free_symbols:
            return None
        return inside.func(*inside.args[:3], position)

    def _centred(self, e: Add) -> tuple[Expr, str] | None:
        """``u[i, j] - mu[i]`` with ``mu[i] = mean(u[i, j], j)``."""
        if len(e.args) != 2:
            return None
        for position, part in enumerate(e.args):
            number, mean = part.as_coeff_Mul()
            if number != -1 or not isinstance(mean, Access) or mean.tensor not in self.definitions:
                continue
            definition = self.definitions[mean.tensor]
            rhs = substitute(definition.rhs, dict(zip(definition.indices, mean.indices, strict=True)))
            found = _mean_of(rhs)
            if found is None:
                continue
            body, k, extent = found
            pattern = index("?k")
            other = e.args[1 - position]
            for match in unify(substitute(body, {k: pattern}), other, frozenset({pattern}), {}):
                if pattern in match:
                    return _row(
                        Centred, body, k, extent, match[pattern]
                    ), "the mean's rounding is taken out by a second pass"
        return None

    def _deviation(self, e: Add) -> tuple[Expr, str] | None:
        """``u[i] - sum(P[k]*u[k], k)`` with a softmax P: cancels where P is nearly 1 at one place."""
        if len(e.args) != 2:
            return None
        for position, part in enumerate(e.args):
            other, pattern = e.args[1 - position], index("?k")
            for weight, rest, k, extent in self._weighted(-part):
                for match in unify(substitute(rest, {k: pattern}), other, frozenset({pattern}), {}):
                    if pattern in match:
                        own = index(f"{k.name}_row")
                        inner = [substitute(v, {k: own}) for v in (rest, weight)]
                        because = "differences from the entry with the largest weight do not cancel"
                        return Deviation(*inner, own, extent, match[pattern]), because
        return None

    def _simplex_minus(self, e: Add) -> tuple[Expr, str] | None:
        """``P[i, j] - v[i, j]`` with a softmax P: cancels where P is nearly 1 and v is."""
        for part in e.args if len(e.args) == 2 else ():
            number, p = part.as_coeff_Mul()
            if number not in (1, -1) or not isinstance(p, Access) or p.tensor not in self.definitions:
                continue
            inside = self._definition(p)
            alone = type(inside) is Softmax and isinstance(inside.args[3], Symbol)
            if inside is not None and alone and p.indices.count(inside.args[3]) == 1:
                j, v = inside.args[3], (part - e) / number
                own = index(f"{j.name}_row")
                row = [substitute(x, {j: own}) for x in (p, v)]
                because = "the sum of the others is 1 less the largest entry, to the last digit"
                return number * SimplexMinus(*row, own, inside.args[2], j), because
        return None

    def _weighted(self, total: Expr, deep: bool = True) -> Iterator[tuple[Access, Expr, Symbol, Expr]]:
        """Ways to read a sum as ``sum(P[k]*u[k], k)`` with a softmax P: (P, u, k, extent of k)."""
        if not (isinstance(total, Reduce) and total.op == "sum" and len(total.limits) == 1):
            return
        ((k, extent),) = total.limits
        factors = Mul.make_args(total.body)
        for weight in factors:
            if not isinstance(weight, Access) or weight.tensor not in self.definitions:
                continue
            rest = Mul(*(f for f in factors if f is not weight))
            inside = self._definition(weight)
            if type(inside) is Softmax and inside.args[3] == k:
                yield weight, rest, k, extent
            elif deep and isinstance(inside, Reduce) and inside.op == "sum" and len(inside.limits) == 1:
                # sum_j sum_m P[m]*V[m, j] * dO[j] is a sum over m first: what O = P @ V hides.
                ((m, length),) = inside.limits
                row = index(f"{m.name}_sum")
                parts = [substitute(f, {m: row}) for f in Mul.make_args(inside.body)]
                outer = Mul(*(f for f in parts if k not in f.free_symbols))
                hidden = Reduce("sum", Mul(*(f for f in parts if k in f.free_symbols)) * rest, (k, extent))
                yield from self._weighted(Reduce("sum", outer * hidden, (row, length)), deep=False)


def _row(kind: type[Softmax], body: Expr, k: Symbol, extent: Expr, position: Expr) -> Expr:
    """A row function with an index of its own, so that it can stand under a sum over the same name."""
    own = index(f"{k.name}_row")
    return kind(substitute(body, {k: own}), own, extent, position)


def _near(e: Expr) -> list[Access]:
    found: list[Access] = []
    for part in e.args:
        for factor in part.args if isinstance(part, Mul) else (part,):
            base = factor.base if isinstance(factor, Pow) else factor
            if isinstance(base, Access):
                found.append(base)
            elif isinstance(base, Add) and isinstance(e, log):
                found.extend(_near(base))
    return found


def _mean_of(rhs: Expr) -> tuple[Expr, Symbol, Expr] | None:
    factors = rhs.args if isinstance(rhs, Mul) else (rhs,)
    sums = [f for f in factors if isinstance(f, Reduce) and f.op == "sum" and len(f.limits) == 1]
    if len(sums) != 1 or rhs / sums[0] != 1 / sums[0].limits[0][1]:
        return None
    ((k, extent),) = sums[0].limits
    return sums[0].body, k, extent


def _one_plus_exp(e: Expr) -> Expr | None:
    if isinstance(e, Add) and len(e.args) == 2 and e.args[0] == 1 and isinstance(e.args[1], exp):
        result: Expr = e.args[1].args[0]
        return result
    return None


def _log_rule(u: Expr) -> tuple[Expr, str] | None:
    inner = _one_plus_exp(u)
    if inner is not None:
        return Softplus(inner), "log(1 + exp(u)) without overflow"
    if isinstance(u, Logistic):
        return -Softplus(-u.args[0]), "the logarithm of a logistic function"
    if isinstance(u, Reduce) and u.op == "sum" and isinstance(u.body, exp):
        return Reduce("logsumexp", u.body.args[0], *u.limits), "the logarithm of a sum of exponentials, shifted"
    if isinstance(u, Softmax) and type(u) is Softmax:
        return LogSoftmax(*u.args), "the logarithm of a softmax"
    if isinstance(u, Add) and u.args[0] == 1 and not isinstance(_without_one(u), Logistic):
        return Log1p(_without_one(u)), "log1p keeps small arguments exact"
    return None


def _without_one(u: Add) -> Expr:
    return u - 1


def _add_rule(e: Add) -> tuple[Expr, str] | None:
    if len(e.args) == 2:
        a, b = e.args
        if a == 1:
            number, rest = b.as_coeff_Mul()
            if number == -1 and isinstance(rest, Logistic):
                return Logistic(-rest.args[0]), "1 - logistic(u) is logistic(-u)"
            if number == -1 and isinstance(rest, Pow) and rest.exp == 2 and isinstance(rest.base, Tanh):
                return Sech2(rest.base.args[0]), "1 - tanh(u)**2 without cancellation"
        if a == -1 and isinstance(b, exp):
            return Expm1(b.args[0]), "exp(u) - 1 without cancellation"
        for first, second in ((a, b), (b, a)):
            if isinstance(second, Reduce) or isinstance((-second), Reduce):
                shifted = _minus_logsumexp(first, second)
                if shifted is not None:
                    return shifted
    return _logistic_minus(e)


def _minus_logsumexp(u: Expr, negative: Expr) -> tuple[Expr, str] | None:
    total = -negative
    if not (isinstance(total, Reduce) and total.op == "logsumexp" and len(total.limits) == 1):
        return None
    ((k, extent),) = total.limits
    pattern = index("?k")
    for match in unify(substitute(total.body, {k: pattern}), u, frozenset({pattern}), {}):
        if pattern in match:
            return _row(LogSoftmax, total.body, k, extent, match[pattern]), "the largest entry is taken off first"
    return None


def _logistic_minus(e: Add) -> tuple[Expr, str] | None:
    """``c*(logistic(u) - v)``, in either sign: cancels near v = 0 and v = 1, so each side gets its own tail."""
    for part in e.args:
        number, rest = part.as_coeff_Mul()
        if isinstance(rest, Logistic) and number in (1, -1):
            v = -(e - part) / number
            if v.has(Logistic) or len(e.args) != 2:
                return None
            u = rest.args[0]
            return number * LogisticMinus(u, v), "logistic(u) - v with the tail of each side on its own"
    return None


def _mul_rule(e: Mul) -> tuple[Expr, str] | None:
    factors = list(e.args)
    for factor in factors:
        if isinstance(factor, Logistic) and (opposite := Logistic(-factor.args[0])) in factors and opposite != factor:
            rest = Mul(*(f for f in factors if f not in (factor, opposite)))
            return rest * LogisticSlope(max(factor.args[0], -factor.args[0], key=_positive_first)), (
                "both tails of the logistic function from one exponential"
            )
    for position, factor in enumerate(factors):
        others = factors[:position] + factors[position + 1 :]
        if isinstance(factor, exp):
            for other in others:
                new = _exp_times(factor, other)
                if new is not None:
                    rest = Mul(*(f for f in others if f is not other))
                    return new[0] * rest, new[1]
        if isinstance(factor, Add) and len(factor.args) == 2:
            for other in others:
                if isinstance(other, Pow) and other.exp == -1:
                    u = _tanh_argument(factor, other.base)
                    if u is not None:
                        return Tanh(u) * Mul(*(f for f in others if f is not other)), "tanh without overflow"
    return None


def _is_logistic(u: Expr) -> bool:
    return isinstance(u, Logistic)


def _positive_first(u: Expr) -> tuple[bool, str]:
    return not u.could_extract_minus_sign(), str(u)


def _exp_times(factor: Expr, other: Expr) -> tuple[Expr, str] | None:
    u = factor.args[0]
    if isinstance(other, Logistic) and other.args[0] == -u:
        return Logistic(u), "exp(u)/(1 + exp(u)) without overflow"
    if isinstance(other, Pow) and other.exp == -1 and isinstance(other.base, Reduce):
        total = other.base
        if total.op == "sum" and isinstance(total.body, exp) and len(total.limits) == 1:
            ((k, extent),) = total.limits
            pattern = index("?k")
            for match in unify(substitute(total.body.args[0], {k: pattern}), u, frozenset({pattern}), {}):
                if pattern in match:
                    return _row(
                        Softmax, total.body.args[0], k, extent, match[pattern]
                    ), "softmax, shifted by its maximum"
    return None


def _tanh_argument(top: Add, bottom: Expr) -> Expr | None:
    """``u`` where the quotient is ``(exp(u) - exp(-u))/(exp(u) + exp(-u))``."""
    for part in top.args:
        if isinstance(part, exp):
            u = part.args[0]
            if top == exp(u) - exp(-u) and bottom == exp(u) + exp(-u):
                result: Expr = u
                return result
    return None


def stabilise(
    equations: Sequence[Equation], definitions: Mapping[str, Equation], tensors: Mapping[str, Tensor] | None = None
) -> tuple[list[Equation], list[Rewrite]]:
    """Stable right-hand sides for all equations, and what was rewritten."""
    worker = Stabiliser(definitions, tensors)
    result = [Equation(e.target, e.indices, e.extents, worker.run(e.rhs), e.note) for e in equations]
    return result, worker.rewrites


def definitions(equations: Sequence[Equation]) -> dict[str, Equation]:
    """The equation of each tensor that says what its elements are, start values apart."""
    whole = [e for e in equations if all(isinstance(i, Symbol) for i in e.indices)]
    targets = [e.target for e in whole]
    return {e.target: e for e in whole if targets.count(e.target) == 1}


__all__ = ["Stabiliser", "definitions", "stabilise"]
