"""Mistakes of what a right formula is given: a cotangent, an argument, an intermediate, another operation's formula."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr
from sympy.core.relational import StrictLessThan

import numeric
from derive import registry
from derive.analyses.cut import cut_off
from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.nodes import Iverson
from derive.operation import Operation
from derive.reverse import derive
from verify.generated import function_of
from verify.oracle.observation import Observation
from verify.sizes import extent_value

Array = NDArray[Any]
Predict = Callable[[Observation], Mapping[str, Array]]


@dataclass(frozen=True)
class Supposition:
    """A way of being wrong, by the mutants' name of it: in words, and what the arrays would be."""

    kind: str
    words: str
    predict: Predict


def substitutions(derivation: Derivation, name: str) -> Iterator[Iterator[Supposition]]:
    """Suppositions that call right functions with wrong arguments, by subject: of one gradient."""
    if name in derivation.gradients:
        vjp = Pullback(derivation)
        yield _cotangents(derivation, vjp)
        yield _arguments(derivation, vjp)
        yield _points(derivation, vjp)
        yield _truncated(derivation)
        yield _detached(derivation)
        yield _values(derivation)
        yield _constants(derivation, vjp)
        yield _other_inputs(derivation, name)


class Pullback:
    """The gradients of a derivation, whose code is written when they are first asked for."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation

    @cached_property
    def function(self) -> numeric.Function:
        return function_of(self.derivation)

    def __call__(self, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]) -> Mapping[str, Array]:
        return self.function.vjp(inputs, cotangents or None)


def _cotangents(derivation: Derivation, vjp: Pullback) -> Iterator[Supposition]:
    def ones(at: Observation) -> Mapping[str, Array]:
        return vjp(at.case.arguments(), {k: np.ones_like(v) for k, v in at.case.seeds().items()})

    def without(name: str) -> Predict:
        def predict(at: Observation) -> Mapping[str, Array]:
            seeds = at.case.seeds()
            return vjp(at.case.arguments(), {**seeds, name: np.zeros_like(seeds[name])})

        return predict

    if derivation.cotangents:
        yield Supposition("cotangent ignored", "the upstream gradient is ignored (taken for ones)", ones)
    if len(derivation.cotangents) > 1:
        for name in derivation.cotangents:
            words = f"the upstream gradient of {name} is ignored"
            yield Supposition("cotangent ignored", words, without(name))


def _arguments(derivation: Derivation, vjp: Pullback) -> Iterator[Supposition]:
    """An argument taken for its transpose: any two axes that may be equally long, one after the other."""

    def exchanged(name: str, a: int, b: int) -> Predict:
        def predict(at: Observation) -> Mapping[str, Array]:
            given, seeds = at.case.arguments(), at.case.seeds()
            held = given if name in given else seeds
            held[name] = np.ascontiguousarray(np.swapaxes(held[name], a, b))
            return vjp(given, seeds)

        return predict

    tensors = [(t.name, t.rank) for t in derivation.program.inputs if not t.integer]
    tensors += [(name, derivation.program.tensors[name].rank) for name in derivation.cotangents]
    for name, rank in tensors:
        for a in range(rank):
            for b in range(a + 1, rank):
                which = "its transpose" if rank == 2 else f"it with its axes {a} and {b} exchanged"
                words = f"{name} stands where {which} is due"
                yield Supposition("transpose", words, exchanged(name, a, b))


def _constants(derivation: Derivation, vjp: Pullback) -> Iterator[Supposition]:
    """An argument left out: taken for ones as a factor, for zeros as a term."""

    def filled(name: str, number: float) -> Predict:
        def predict(at: Observation) -> Mapping[str, Array]:
            given = at.case.arguments()
            return vjp({**given, name: np.full_like(given[name], number)}, at.case.seeds())

        return predict

    for tensor in (t for t in derivation.program.inputs if not t.integer):
        yield Supposition("factor missing", f"{tensor.name} is left out (taken for 1)", filled(tensor.name, 1.0))
        yield Supposition("drop a term", f"{tensor.name} is left out (taken for 0)", filled(tensor.name, 0.0))


def _values(derivation: Derivation) -> Iterator[Supposition]:
    """The value of the function where its derivative is due."""

    def value(output: str) -> Predict:
        def predict(at: Observation) -> Mapping[str, Array]:
            own, seed = at.values[output], at.case.cotangents.get(output, 1.0)
            return {name: np.broadcast_to(own * seed, np.shape(at.case.inputs[name])) for name in derivation.gradients}

        return predict

    tensors = derivation.program.tensors
    for output in derivation.of:
        if not tensors[output].rank or any(tensors[output].shape == tensors[n].shape for n in derivation.gradients):
            words = f"it is {output} itself, not its derivative"
            yield Supposition("function for its derivative", words, value(output))


def _points(derivation: Derivation, vjp: Pullback) -> Iterator[Supposition]:
    """The derivative taken at the output and not at the input."""

    def moved(name: str, output: str) -> Predict:
        def predict(at: Observation) -> Mapping[str, Array]:
            given = at.case.arguments()
            return vjp({**given, name: at.values[output].copy()}, at.case.seeds())

        return predict

    tensors = derivation.program.tensors
    for output in (e.target for e in derivation.program.equations):
        for name in derivation.gradients:
            if tensors[name].shape == tensors[output].shape:
                words = f"the derivative is taken at {output} and not at {name}"
                yield Supposition("derivative at the output", words, moved(name, output))


def _truncated(derivation: Derivation) -> Iterator[Supposition]:
    """What comes back from the step after is lost: a recurrence whose guard never holds."""
    lengths = {group.extent for group in derivation.adjoint.groups if group.direction}
    changed = [replace(e, rhs=e.rhs.xreplace(_never(e.rhs, lengths))) for e in derivation.equations]
    if tuple(changed) == tuple(derivation.equations):
        return
    adjoint = derivation.adjoint.with_(equations=tuple(changed))
    cut = Pullback(replace(derivation, adjoint=adjoint, matrices={}))

    def predict(at: Observation) -> Mapping[str, Array]:
        return cut(at.case.arguments(), at.case.seeds())

    words = "what flows back from the next step is missing: the gradient does not go through time"
    yield Supposition("recurrent term missing", words, predict)


def _never(e: Expr, lengths: Container[Expr | None]) -> dict[Expr, Expr]:
    guards = (b for b in e.atoms(Iverson) if isinstance(b.condition, StrictLessThan) and b.condition.args[1] in lengths)
    return {guard: Iverson(guard.condition.args[0] < 0) for guard in guards}


def _detached(derivation: Derivation) -> Iterator[Supposition]:
    """An intermediate taken for a constant: what flows back through it is lost."""
    program = derivation.program
    recurrent = {e.target for group in program.groups if group.direction for e in group.equations}
    for name in dict.fromkeys(e.target for e in program.equations):
        if name in recurrent or name in derivation.of or program.tensors[name].integer:
            continue
        try:
            cut = Pullback(derive(cut_off(program, (name,)), of=derivation.of, wrt=derivation.wrt))
        except BackproofError:  # the others do not depend on these inputs any more
            continue

        def predict(at: Observation, cut: Pullback = cut, name: str = name) -> Mapping[str, Array]:
            return cut({**at.case.arguments(), name: at.values[name]}, at.case.seeds())

        yield Supposition(
            "treated as constant", f"{name} is taken for a constant: the gradient through it is missing", predict
        )


def _other_inputs(derivation: Derivation, name: str) -> Iterator[Supposition]:
    """The gradient of another input of the same shape."""
    tensors = derivation.program.tensors
    inputs = [t.name for t in derivation.program.inputs if not t.integer]
    for other in (o for o in inputs if o != name and tensors[o].shape == tensors[name].shape):
        try:
            of = Pullback(derive(derivation.program, of=derivation.of, wrt=(other,)))
        except BackproofError:
            continue

        def predict(at: Observation, of: Pullback = of, other: str = other) -> Mapping[str, Array]:
            return {name: of(at.case.arguments(), at.case.seeds())[other]}

        yield Supposition("another argument", f"it is the gradient of {other}", predict)


def other_operations(operation: Operation, derivation: Derivation) -> Iterator[Supposition]:
    """The formula of another operation of the catalog that takes and returns tensors of the same kind.

    It takes seconds to read them all: this is what to try when nothing nearer fits.
    """
    mine = derivation.program
    for other in registry.operations():
        theirs = other.program
        if other.name == operation.name or theirs.integers.keys() != mine.integers.keys():
            continue
        needed = [t for t in theirs.inputs if t.role != "hyper"]
        fits = all(t.name in mine.tensors and t.rank == mine.tensors[t.name].rank for t in needed)
        if not fits or not set(mine.outputs) <= set(theirs.outputs) or not needed:
            continue
        if any(theirs.tensors[o].rank != mine.tensors[o].rank for o in mine.outputs):
            continue

        words = f"it is what {other.name} ({other.title}) gives"
        yield Supposition("another operation", words, _Other(other, mine.outputs))


class _Other:
    """Outputs and gradients of another operation, given what it takes of the values of this one."""

    def __init__(self, operation: Operation, outputs: tuple[str, ...]) -> None:
        self.operation, self.outputs = operation, outputs

    @cached_property
    def function(self) -> numeric.Function:
        return function_of(derive(self.operation, of=self.outputs))

    def __call__(self, at: Observation) -> Mapping[str, Array]:
        given = {**at.values, **at.case.arguments()}
        program = self.operation.program
        wanted = [*(t.name for t in program.inputs), *map(str, program.integers)]
        inputs = {name: given[name] for name in wanted if name in given}
        return {**self.function.forward(**inputs), **self.function.vjp(inputs, at.case.seeds() or None)}


def with_values(derivation: Derivation, at: Observation) -> Observation:
    """The observation with every named value of the forward pass."""
    function = function_of(derivation)
    with np.errstate(all="ignore"):
        _, residuals = function.run_forward(at.case.arguments())
    shapes = {
        t.name: tuple(extent_value(n, at.case.sizes) for n in t.shape) for t in derivation.program.tensors.values()
    }
    held = {name: np.asarray(value) for name, value in residuals.held.items()}
    return replace(at, values={name: value for name, value in held.items() if value.shape == shapes.get(name)})
