"""One update of the parameters by an optimizer of the catalog, recognised by its structure and not by its name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

import numeric
from derive.analyses.onestep import one_step
from derive.derivation import Derivation
from derive.errors import DerivationError
from derive.nodes import Access
from derive.operation import Operation
from derive.program import Equation
from numeric.errors import NotRational, Undecidable
from numeric.exact import Exact
from verify.inputs import InputsError

Array = NDArray[Any]
_RATE = "learning rate"  # what the declarations call it


@dataclass(frozen=True)
class Rule:
    """An optimizer: ``gradient`` is the input of which one entry is read each step, ``start`` that of the parameters."""

    operation: Operation
    gradient: str
    start: str
    point: str
    settings: Mapping[str, Fraction]

    @property
    def shown(self) -> dict[str, float]:
        """Every hyper-parameter with its value, given or default."""
        defaults = {t.name: t.default for t in self.operation.hypers if t.default is not None}
        return {name: float(value) for name, value in {**defaults, **self.settings}.items()}

    @property
    def equations(self) -> tuple[Equation, ...]:
        """What is computed in every step."""
        return tuple(e for e in self.operation.program.equations if all(i.is_Symbol for i in e.indices))

    def exact(self, parameter: Array, gradient: Array, bits: int) -> Array:
        """The parameter after one step, as balls; as fractions for ``bits`` 0; ``None`` where a ball decides nothing."""
        inputs = self._inputs(parameter, gradient, self.settings)
        found = Exact(self.operation.program, inputs, bits=bits or 128, field="arb" if bits else "rational")
        after = np.empty(found.shape(self.point)[1:], dtype=object)
        for position in np.ndindex(*after.shape):
            with suppress(Undecidable):
                after[position] = found.value(self.point, (0, *position))
        own: Array = after.reshape(np.shape(parameter))
        return own

    def run(self, parameter: Array, gradient: Array) -> Array:
        """The same by the generated code in float64."""
        settings = {name: float(value) for name, value in self.settings.items()}
        inputs = self._inputs(np.asarray(parameter, dtype=float), np.asarray(gradient, dtype=float), settings)
        path: Array = np.asarray(numeric.compile(self.operation).forward(**inputs)[self.point])
        after: Array = path[0].reshape(np.shape(parameter))
        return after

    def _inputs(self, parameter: Array, gradient: Array, settings: Mapping[str, Any]) -> dict[str, Any]:
        tensors = self.operation.program.tensors
        rank = tensors[self.start].rank
        start = _of_rank(np.asarray(parameter), rank)
        steps = tensors[self.gradient].rank - rank  # the axis of the steps, and those of samples: one of each
        driven = np.asarray(gradient).reshape((1,) * steps + start.shape)
        return {self.start: start, self.gradient: driven, **settings}


def _of_rank(array: Array, rank: int) -> Array:
    """The array with its leading axes made one, or with axes of length 1 in front."""
    if array.ndim >= rank:
        flat: Array = array.reshape((-1, *array.shape[array.ndim - rank + 1 :]))
        return flat
    deep: Array = array.reshape((1,) * (rank - array.ndim) + array.shape)
    return deep


def read_rule(operation: Operation, rate: Any = None, settings: Mapping[str, Any] | None = None) -> Rule:
    """An operation as an update rule, with its learning rate and other hyper-parameters.

    Raises:
        InputsError: it is no optimizer, or has no such hyper-parameter, or a value is outside its domain.

    Example:
        >>> from derive.registry import get
        >>> rule = read_rule(get("momentum"), "0.5")
        >>> rule.gradient, rule.start, rule.point, dict(rule.settings)
        ('g', 'theta0', 'theta', {'alpha': Fraction(1, 2)})
    """
    from verify.inputs import number

    name = operation.name
    try:
        driven = one_step(operation).driven
    except DerivationError as problem:
        raise InputsError(
            f"{name} is no update rule: {problem}; choose an optimizer: backproof list --family optimizers"
        ) from None
    if len(driven) != 1:
        raise InputsError(
            f"{name} is no update rule: it must read one gradient each step, found {', '.join(driven) or 'none'}"
        )
    point = operation.program.outputs[0]
    starts = [
        access.tensor
        for equation in operation.program.equations_of(point)
        if not all(isinstance(i, Symbol) for i in equation.indices)
        for access in equation.rhs.atoms(Access)
    ]
    if len(starts) != 1:
        raise InputsError(f"{name} is no update rule: {point} must begin at one input, as in theta[-1, j] = theta0[j]")
    given = dict(settings or {})
    if rate is not None:
        given[_rate(operation)] = rate
    hypers = {t.name: t for t in operation.hypers}
    for key in given:
        if key not in hypers:
            raise InputsError(f"{name} has no hyper-parameter {key}; it has {', '.join(hypers)}")
    exact = {key: number(value, key) for key, value in given.items()}
    from verify.domains import bounds_of

    for key, value in exact.items():
        if not bounds_of(hypers[key]).holds(np.asarray(float(value))):
            conditions = " and ".join(map(str, hypers[key].domain))
            raise InputsError(f"{key} = {float(value):g} is outside the domain of {name}: {conditions}; choose another")
    return Rule(operation, driven[0], starts[0], point, exact)


def _rate(operation: Operation) -> str:
    found = [t.name for t in operation.hypers if _RATE in operation.meanings.get(t.name, "")]
    if len(found) != 1:
        known = ", ".join(t.name for t in operation.hypers)
        raise InputsError(f"{operation.name} has no single learning rate; set one of {known} in [update] instead")
    return found[0]


def parameters_of(derivation: Derivation) -> tuple[str, ...]:
    """The inputs that an update changes: those without the axis of the samples, which is the first one of the data."""
    program = derivation.program
    samples = {t.shape[0] for t in program.inputs if t.data and t.rank}
    found = [n for n in derivation.gradients if not samples & set(program.tensors[n].shape)]
    return tuple(found or derivation.gradients)


def stepped(rule: Rule, parameter: Array, gradients: Mapping[int, Array]) -> dict[int, Array]:
    """The parameter after one step for gradients at each number of bits (0: fractions), where that can be computed."""
    found = {}
    for bits, gradient in gradients.items():
        try:
            found[bits] = rule.exact(parameter, gradient, bits)
        except NotRational:
            continue
    return found
