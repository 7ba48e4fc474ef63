"""Every step of a derivation, checked by evaluating both of its sides.

A step claims ``before == after`` for all values of its free indices.  Both sides are evaluated in ball arithmetic on
small random inputs whose sizes all differ and whose matrices are not symmetric, so that a dropped delta or two
swapped indices show. ``Partial`` and ``Sensitivity`` are evaluated by perturbation: nothing here knows a rule of
differentiation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import flint
import numpy as np
from sympy import Dummy, Expr, Rational, Symbol

from derive.derivation import Derivation, Step
from derive.nodes import Access, Partial, Reduce, Sensitivity, Slope, index
from numeric.errors import NotRational, OutOfBounds, Undecidable, UnsupportedExpression
from numeric.exact import Exact
from verify.errors import SamplingError
from verify.sampling import Case, sample
from verify.sizes import extent_value
from verify.verdicts import Verdict, overall
from verify.witnesses.perturbation import BITS, STEP, Perturbation, Slopes

_MARK = "total derivative of "
_STEP = Rational(STEP.numerator, STEP.denominator)
_AGREE = 2.0**-90  # relative, far above the truncation error of a difference, far below any wrong formula
_FLOOR = 2.0**-120  # what a difference quotient makes of an exact zero


@dataclass(frozen=True)
class StepCheck:
    """The verdict on one step, over how many evaluated elements, and what was seen where it failed."""

    step: Step
    verdict: Verdict
    points: int
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.verdict is Verdict.AGREES


class StepContext(Exact):
    """The combined program at one point, in which ``Partial`` and ``Sensitivity`` have values too."""

    def __init__(self, derivation: Derivation, case: Case) -> None:
        given = case.exact(derivation)
        super().__init__(derivation.combined, given, bits=BITS)
        self._inlined = {adjoint: name for name, adjoint in derivation.adjoints.items()}
        self._perturbation = Perturbation(derivation.program, case.arguments(), case.cotangents, of=derivation.of)

    def _element(self, name: str, position: tuple[int, ...]) -> Any:
        if name.startswith(_MARK):
            return self._total(name.removeprefix(_MARK), position)
        if name in self._inlined and name not in self.program.tensors:
            # an adjoint that was put into its readers: steps before that still name it
            return self._total(self._inlined[name], position)
        return super()._element(name, position)

    def _total(self, name: str, position: tuple[int, ...]) -> Any:
        return _middle(self._perturbation.slopes(name, position), name, position)

    def side(self, expression: Expr, indices: Mapping[Symbol, int]) -> Any:
        """One side of a step as a ball."""
        return self.evaluate(differences(expression), indices)


class JacobianContext(StepContext):
    """A Jacobian at one point: its adjoints are slopes, of every element of the output by every other element."""

    def __init__(self, derivation: Derivation, case: Case) -> None:
        super().__init__(derivation, case)
        self._derivation, self._case = derivation, case
        (self._of,) = derivation.of
        self._moved: dict[tuple[int, ...], Perturbation] = {}

    def _element(self, name: str, position: tuple[int, ...]) -> Any:
        if name in self._inlined:  # an adjoint is the slope that it stands for, put in or not
            return self._slope(self._inlined[name], position)
        return super()._element(name, position)

    def _slope(self, tensor: str, position: tuple[int, ...]) -> Any:
        shape = self.array(self._of).shape
        row, rest = position[: len(shape)], position[len(shape) :]
        if row not in self._moved:
            seed = np.zeros(shape)
            seed[row] = 1.0
            program, given = self._derivation.program, self._case.arguments()
            self._moved[row] = Perturbation(program, given, {self._of: seed}, of=(self._of,))
        return _middle(self._moved[row].slopes(tensor, rest), tensor, rest)

    def side(self, expression: Expr, indices: Mapping[Symbol, int]) -> Any:
        slopes = {
            node: Access(self._derivation.adjoints[node.access.tensor], *node.of.indices, *node.access.indices)
            for node in expression.atoms(Slope)
        }
        return super().side(expression.xreplace(slopes), indices)


def _middle(slopes: Slopes, name: str, position: tuple[int, ...]) -> Any:
    """The derivative, where both sides have the same one."""
    element = f"{name}{list(position)}" if position else name
    if not slopes.known:
        raise Undecidable(f"there is no slope in {element}: something that is computed from it is not defined here")
    if not slopes.smooth:
        raise Undecidable(f"{element} lies on a kink")
    return slopes.middle


def is_jacobian(derivation: Derivation) -> bool:
    """Whether the gradients are those of every element of an output, not of one number."""
    return any(step.before.has(Slope) or step.after.has(Slope) for step in derivation.steps)


@lru_cache(maxsize=1024)
def differences(expression: Expr) -> Expr:
    """Write each ``Partial`` as a difference quotient, and each ``Sensitivity`` as an element to look up."""

    def partial(node: Partial) -> Expr:
        body = _apart(node.body, node.value.free_symbols)
        above = body.xreplace({node.variable: node.value + _STEP})
        below = body.xreplace({node.variable: node.value - _STEP})
        return (above - below) / (2 * _STEP)

    with_marks = expression.replace(
        lambda node: isinstance(node, Sensitivity),
        lambda node: Access(_MARK + node.access.tensor, *node.access.indices),
    )
    return with_marks.replace(lambda node: isinstance(node, Partial), partial)


def _apart(body: Expr, free: set[Any]) -> Expr:
    """Rename bound indices that would capture a free index of the value about to be put in."""

    def rename(node: Reduce) -> Expr:
        fresh = {i: Dummy(i.name, integer=True) for i in node.bound if i in free}
        if not fresh:
            return node
        return Reduce(
            node.op, node.body.xreplace(fresh), *((fresh.get(i, i), n) for i, n in node.limits), ties=node.ties
        )

    return body.replace(lambda node: isinstance(node, Reduce), rename)


def check_steps(derivation: Derivation, seed: int = 0, *, cases: int = 2, positions: int = 3) -> tuple[StepCheck, ...]:
    """Check every step of a derivation, and after them that each gradient is the total derivative of the outputs.

    Args:
        derivation: what :func:`derive.reverse.derive` returned.
        seed: of the random inputs; the same seed repeats the check.
        cases: how many random points (with their own sizes and hyper-parameters).
        positions: how many elements of each step are evaluated at each point.

    A step whose two sides differ anywhere is a *wrong formula*; one that could be evaluated nowhere *cannot decide*.

    Example:
        >>> import derive.registry, derive.reverse
        >>> derivation = derive.reverse.derive(derive.registry.get("dense"))
        >>> {str(check.verdict) for check in check_steps(derivation)}
        {'agrees'}
    """
    rng = np.random.default_rng(seed)
    steps = derivation.steps + tuple(total_derivatives(derivation))
    contexts = list(_contexts(derivation, seed, cases))
    seen: list[list[tuple[Verdict, str]]] = [[] for _ in steps]
    for context in contexts:
        for number, step in enumerate(steps):
            for at in _positions(step, context.sizes, rng, positions):
                seen[number].append(_compare(context, step, at))
    checks = []
    for step, found in zip(steps, seen, strict=True):
        verdict = overall(v for v, _ in found)
        detail = next((text for v, text in found if v is verdict and text), "")
        decided = sum(v is not Verdict.CANNOT_DECIDE for v, _ in found)
        checks.append(StepCheck(step, verdict, decided, detail))
    return tuple(checks)


def total_derivatives(derivation: Derivation) -> list[Step]:
    """What a derivation claims as a whole: each gradient element is the total derivative in that input."""
    if is_jacobian(derivation):
        return []  # every result of a Jacobian is claimed as a slope already
    claims = []
    for name, gradient in derivation.gradients.items():
        shape = derivation.program.tensors[name].shape
        free = tuple(index(f"a{axis}") for axis in range(len(shape)))
        before, after = Sensitivity(Access(name, *free)), Access(gradient, *free)
        because = "the gradient is the total derivative of the outputs"
        claims.append(Step("total derivative", gradient, free, shape, before, after, because, shape))
    return claims


def _contexts(derivation: Derivation, seed: int, cases: int) -> list[StepContext]:
    contexts: list[StepContext] = []
    budget = 100 if is_jacobian(derivation) else 400  # every row of a Jacobian is perturbed on its own
    context = JacobianContext if is_jacobian(derivation) else StepContext
    for number in range(cases):
        hypers = "random" if number % 2 else "default"
        try:
            case = sample(derivation.program, seed + number, hypers=hypers, derivation=derivation, budget=budget)
        except SamplingError:
            if number == 0:
                raise
            continue
        contexts.append(context(derivation, case))
    return contexts


def _positions(
    step: Step, sizes: Mapping[Symbol, int], rng: np.random.Generator, count: int
) -> list[dict[Symbol, int]]:
    """The last element of a step and some random ones (the last one shows an unguarded end)."""
    ranges = {i: extent_value(n, sizes) for i, n in zip(step.indices, step.extents, strict=True) if n is not None}
    if any(size <= 0 for size in ranges.values()):
        return []
    chosen = [{i: size - 1 for i, size in ranges.items()}]
    for _ in range(count - 1 if ranges else 0):
        drawn = {i: int(rng.integers(size)) for i, size in ranges.items()}
        if drawn not in chosen:
            chosen.append(drawn)
    return chosen


def _compare(context: StepContext, step: Step, at: Mapping[Symbol, int]) -> tuple[Verdict, str]:
    where = ", ".join(f"{i} = {value}" for i, value in at.items())
    try:
        before, after = context.side(step.before, at), context.side(step.after, at)
    except (Undecidable, NotRational) as error:
        return Verdict.CANNOT_DECIDE, f"at {where or 'the only element'}: {error}"
    except OutOfBounds as error:
        return Verdict.WRONG_FORMULA, f"at {where or 'the only element'}: {error}"
    except (UnsupportedExpression, KeyError) as error:
        return Verdict.CANNOT_DECIDE, f"{type(error).__name__}: {error}"
    return settle(before, after, where)


def settle(before: Any, after: Any, where: str = "") -> tuple[Verdict, str]:
    """Whether two balls are the same number for all that can be told."""
    if not (before.is_finite() and after.is_finite()):
        same = str(before.mid()) == str(after.mid()) and not before.is_finite() and not after.is_finite()
        return Verdict.CANNOT_DECIDE, f"at {where}: {before} and {after}{' alike' if same else ''} are not finite"
    with flint.ctx.workprec(BITS):
        gap = abs(before - after)
        size = abs(before) + abs(after)
        if gap <= size * _AGREE + _FLOOR:
            return Verdict.AGREES, ""
        if gap > size * _AGREE + _FLOOR:
            return (
                Verdict.WRONG_FORMULA,
                f"at {where or 'the only element'}: before = {_show(before)}, after = {_show(after)}",
            )
    return Verdict.CANNOT_DECIDE, f"at {where}: {before} and {after} overlap but are too wide"


def _show(ball: Any) -> str:
    return str(ball.str(12, radius=False))
