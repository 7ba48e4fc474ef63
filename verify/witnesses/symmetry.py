"""Declared symmetries, and the linearity in the cotangent that every gradient has, in ball arithmetic.

A symmetry ``f(T x) = S f(x)`` is differentiated: ``T^T vjp(T x, S^-T ybar) = vjp(x, ybar)``.  Both statements are evaluated
at a few related points, each side as a ball; balls that do not meet refute the claim, and no tolerance is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from derive.derivation import Derivation
from derive.nodes import Access, IntegerAccess
from derive.program import Program
from derive.symmetries import Symmetry
from numeric.exact import Plans
from verify.errors import SamplingError
from verify.sampling import Case, sample
from verify.sizes import extent_value
from verify.verdicts import Verdict
from verify.witnesses.balls import MOST_BITS, Truth
from verify.witnesses.directions import direction

Array = NDArray[Any]
Sides = Callable[[str, Sequence[Array]], tuple[Array, Array]]

COTANGENT = "linear in the cotangent"


@dataclass(frozen=True)
class Finding:
    """The verdict on one array, how many elements were compared, and the first that differs."""

    argument: str
    verdict: Verdict
    points: int
    detail: str = ""


@dataclass(frozen=True)
class Relation:
    """Points, and the two sides that must be equal for each array, given its values at the points."""

    cases: tuple[Case, ...]
    sides: Sides
    names: tuple[str, ...]


def check(
    claim: Symmetry | str, derivation: Derivation, case: Case, rng: np.random.Generator, *, plans: Plans | None = None
) -> list[Finding]:
    """Whether a declared symmetry, or :data:`COTANGENT`, holds for the outputs and all gradients.

    Raises:
        SamplingError: the inputs cannot be changed so, or they index in a way that cannot be renumbered.

    Example:
        >>> import derive.registry, derive.reverse
        >>> from derive.symmetries import read_symmetry
        >>> operation = derive.registry.get("softmax")
        >>> derivation = derive.reverse.derive(operation)
        >>> case = sample(operation.program, 3, derivation=derivation)
        >>> claim = read_symmetry("shift z over n", operation.program)
        >>> [str(found.verdict) for found in check(claim, derivation, case, np.random.default_rng(1))]
        ['agrees', 'agrees']
        >>> wrong = read_symmetry("odd in z", operation.program)
        >>> found = check(wrong, derivation, case, np.random.default_rng(1))[0]
        >>> str(found.verdict), found.detail.startswith("does not hold: at a[0, 0]")
        ('wrong formula', True)
    """
    related = (
        _cotangent(derivation, case, rng)
        if isinstance(claim, str)
        else _RELATIONS[claim.kind](claim, derivation, case, rng)
    )
    plans = plans or Plans(derivation.combined)
    truths = [Truth(derivation, each, plans=plans) for each in related.cases]
    found = []
    with flint.ctx.workprec(MOST_BITS):
        for name in related.names:
            left, right = related.sides(name, [truth.values(name) for truth in truths])
            # the arithmetic of arrays without axes hands out bare balls
            found.append(_compared(name, np.array(left, dtype=object), np.array(right, dtype=object)))
    return found


def _compared(name: str, left: Array, right: Array) -> Finding:
    points = 0
    for position in np.ndindex(left.shape):
        ball: Any = left[position]
        other: Any = right[position]
        gap = ball - other
        if not gap.is_finite():
            continue
        points += 1
        if not gap.contains(0):
            place = f"{name}[{', '.join(map(str, position))}]" if position else name
            sides = f"{float(ball.mid())!r} and {float(other.mid())!r}"
            return Finding(name, Verdict.WRONG_FORMULA, points, f"does not hold: at {place} the two sides are {sides}")
    return Finding(name, Verdict.AGREES if points else Verdict.CANNOT_DECIDE, points)


def _names(derivation: Derivation) -> tuple[str, ...]:
    return (*derivation.of, *derivation.gradients)


def _factors(derivation: Derivation, cases: Sequence[Case], change: Callable[[str], int]) -> Relation:
    """The second value is the first times ``change(name)``."""
    return Relation(tuple(cases), lambda name, values: (values[1], values[0] * change(name)), _names(derivation))


# -- each kind of claim -------------------------------------------------------------------------------------------------


def _cotangent(derivation: Derivation, case: Case, rng: np.random.Generator) -> Relation:
    other = {name: direction(rng, g.shape) for name, g in case.cotangents.items()}
    both = {name: 2 * g - 3 * other[name] for name, g in case.cotangents.items()}
    cases = (case, replace(case, cotangents=other), replace(case, cotangents=both))
    return Relation(cases, lambda _, v: (v[2], v[0] * 2 - v[1] * 3), tuple(derivation.gradients))


def _shift(claim: Symmetry, derivation: Derivation, case: Case, rng: np.random.Generator) -> Relation:
    moved = dict(case.inputs)
    for name in claim.inputs:
        _free(derivation.program, name, claim)
        axes = _axes(derivation.program, name, claim.along)
        shape = tuple(1 if axis in axes else n for axis, n in enumerate(moved[name].shape))
        moved[name] = moved[name] + direction(rng, shape)
    return _factors(derivation, (case, replace(case, inputs=moved)), lambda _: 1)


def _scaled(claim: Symmetry, derivation: Derivation, case: Case, rng: np.random.Generator) -> Relation:
    factor, degree = {"homogeneous": (4, claim.degree), "odd": (-1, 1), "even": (-1, 0)}[claim.kind]
    moved = dict(case.inputs)
    for name in claim.inputs:
        _free(derivation.program, name, claim)
        moved[name] = moved[name] * factor

    def sides(name: str, values: Sequence[Array]) -> tuple[Array, Array]:
        power = degree - (name in claim.inputs and name not in derivation.of)
        first, second = values
        return (second, first * factor**power) if power >= 0 else (second * factor**-power, first)

    return Relation((case, replace(case, inputs=moved)), sides, _names(derivation))


def _affine(claim: Symmetry, derivation: Derivation, case: Case, rng: np.random.Generator) -> Relation:
    far, middle = dict(case.inputs), dict(case.inputs)
    for name in claim.inputs:
        _free(derivation.program, name, claim)
        step = direction(rng, far[name].shape)
        middle[name], far[name] = middle[name] + step, far[name] + 2 * step

    def sides(name: str, values: Sequence[Array]) -> tuple[Array, Array]:
        near, between, away = values
        if name in claim.inputs and len(claim.inputs) == 1:
            return np.stack([between, away]), np.stack([near, near])
        return between * 2, near + away

    return Relation((case, replace(case, inputs=middle), replace(case, inputs=far)), sides, _names(derivation))


def _permute(claim: Symmetry, derivation: Derivation, case: Case, rng: np.random.Generator) -> Relation:
    program, along = derivation.program, claim.along
    assert along is not None
    size = extent_value(along, case.sizes)
    order = np.roll(np.arange(size), 1)
    order[:-1] = rng.permutation(order[:-1])  # the last position moves in any case
    labels = _labels(program, along, claim)
    moved = {name: _taken(program, name, value, along, order) for name, value in case.inputs.items()}
    moved |= {name: np.argsort(order)[value] for name, value in moved.items() if name in labels}
    cotangents = {name: _taken(program, name, value, along, order) for name, value in case.cotangents.items()}
    for name in (*case.inputs, *_names(derivation)):
        if any(along in extent.free_symbols and extent != along for extent in program.tensors[name].shape):
            raise SamplingError(f"{program.name}: {claim}: {name} has an axis that is not {along} but depends on it")

    def sides(name: str, values: Sequence[Array]) -> tuple[Array, Array]:
        return values[1], _taken(program, name, values[0], along, order)

    return Relation((case, replace(case, inputs=moved, cotangents=cotangents)), sides, _names(derivation))


def _taken(program: Program, name: str, value: Array, along: Expr, order: Array) -> Array:
    for axis in _axes(program, name, along):
        value = np.take(value, order, axis=axis)
    return value


def _labels(program: Program, along: Symbol, claim: Symmetry) -> set[str]:
    """Integer inputs whose values are positions along a dimension."""
    found = set()
    for equation in program.equations:
        for access in equation.rhs.atoms(Access):
            tensor = program.tensors[access.tensor]
            for extent, index in zip(tensor.shape, access.indices, strict=True):
                if extent == along and index.has(IntegerAccess):
                    if not isinstance(index, IntegerAccess):
                        raise SamplingError(f"{program.name}: {claim}: the position {index} cannot be renumbered")
                    found.add(index.tensor)
    return found


def _translate(claim: Symmetry, derivation: Derivation, case: Case, rng: np.random.Generator) -> Relation:
    program, along = derivation.program, claim.along
    assert along is not None
    step = extent_value(claim.step, {**case.sizes, **program.integers})
    sizes = {**case.sizes, along: case.sizes[along] + 2 * step}  # room on both sides of the second place
    room = sample(program, case.seed, sizes=sizes, derivation=derivation)
    first, second = dict(case.inputs), dict(case.inputs)
    for name in claim.inputs:
        _free(program, name, claim)
        moving = [step * (axis in _axes(program, name, along)) for axis in range(case.inputs[name].ndim)]
        first[name] = np.pad(case.inputs[name], [(0, 2 * by) for by in moving])
        second[name] = np.pad(case.inputs[name], [(by, by) for by in moving])
    near, far = dict(room.cotangents), dict(room.cotangents)
    for name in near:
        for axis in _axes(program, name, along):
            near[name] = np.where(_last(near[name].shape, axis), 0.0, near[name])
            far[name] = np.roll(near[name], 1, axis=axis)

    def sides(name: str, values: Sequence[Array]) -> tuple[Array, Array]:
        before, after = values
        by = 1 if name in derivation.of else step
        for axis in _axes(program, name, along):
            before = np.take(before, np.arange(before.shape[axis] - by), axis=axis)
            after = np.take(after, np.arange(by, after.shape[axis]), axis=axis)
        return after, before

    cases = [
        replace(room, inputs=inputs, cotangents=cotangents) for inputs, cotangents in ((first, near), (second, far))
    ]
    return Relation(tuple(cases), sides, _names(derivation))


def _last(shape: tuple[int, ...], axis: int) -> Array:
    return np.asarray(np.indices(shape)[axis] == shape[axis] - 1)


def _axes(program: Program, name: str, along: Expr | None) -> tuple[int, ...]:
    """The axes whose extent is, or is computed from, a dimension."""
    assert along is not None
    return tuple(axis for axis, n in enumerate(program.tensors[name].shape) if along in n.free_symbols)


def _free(program: Program, name: str, claim: Symmetry) -> None:
    tied = {access.tensor for fact in program.facts for side in fact for access in side.atoms(Access)}
    if program.tensors[name].domain or name in tied:
        raise SamplingError(f"{program.name}: {claim}: {name} has a domain or a fact that the change may leave")


_Make = Callable[[Symmetry, Derivation, Case, np.random.Generator], Relation]
_RELATIONS: Mapping[str, _Make] = {
    "permute": _permute, "shift": _shift, "homogeneous": _scaled, "odd": _scaled, "even": _scaled,
    "affine": _affine, "translate": _translate,
}  # fmt: skip

__all__ = ["COTANGENT", "Finding", "Relation", "check"]
