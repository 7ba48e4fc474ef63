"""The other side of ``process``: a child that holds one implementation and answers calls."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from derive.errors import BackproofError
from derive.reverse import derive
from verify.campaign.plan import Subject
from verify.oracle.adapting import adapted
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.implementation import Implementation
from verify.oracle.loading import found, loaded

Array = NDArray[Any]


@dataclass(frozen=True)
class Request:
    """Which implementation is meant, and how it is to be read: see :func:`verify.oracle.check`."""

    path: str
    name: str
    subject: Subject
    forward: str | None = None
    arguments: Mapping[str, str] | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Read:
    """How it was read."""

    name: str
    forward: bool
    vjp: bool
    gradients: tuple[str, ...]
    notes: tuple[str, ...]
    fixed: tuple[str, ...]
    takes: tuple[str, ...]
    held: Mapping[Symbol, int]
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, made: Implementation) -> Read:
        has = made.forward is not None, made.vjp is not None
        return cls(made.name, *has, made.gradients, made.notes, made.fixed, made.takes, made.held, made.parameters)


@dataclass(frozen=True)
class Call:
    """One call; ``strided`` are the arrays that are not contiguous, which they would not be after the way here otherwise."""

    which: str
    inputs: Mapping[str, Any]
    cotangents: Mapping[str, Array]
    strided: tuple[str, ...]
    arrangement: Arrangement

    @classmethod
    def of(
        cls, which: str, inputs: Mapping[str, Any], cotangents: Mapping[str, Array], arrangement: Arrangement = DECLARED
    ) -> Call:
        arrays = [*inputs.items(), *cotangents.items()]
        strided = tuple(name for name, a in arrays if isinstance(a, np.ndarray) and not a.flags.c_contiguous)
        return cls(which, dict(inputs), dict(cotangents), strided, arrangement)

    def as_given(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _apart(value) if name in self.strided else value for name, value in arrays.items()}


@dataclass(frozen=True)
class Gave:
    """What a call returned, and which arrays it changed: of its arguments, and of what the call before returned."""

    arrays: Mapping[str, Array]
    inputs: Mapping[str, Array]
    cotangents: Mapping[str, Array]
    overwritten: Mapping[str, Array]


@dataclass(frozen=True)
class Refused:
    """An exception: the name of its class and its message."""

    kind: str
    message: str
    overwritten: Mapping[str, Array] = field(default_factory=dict)


def serve(pipe: Connection, request: Request, memory: int | None) -> None:
    """Read the implementation, then answer calls until the pipe is closed."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what it prints is not the answer of the command
    if memory is not None:
        _limit(memory)
    try:
        made = _read(request)
    except BackproofError as error:
        pipe.send(Refused(type(error).__name__, str(error)))
        return
    pipe.send(Read.of(made))
    before: dict[str, Array] = {}
    kept: dict[str, Array] = {}
    arrangement = DECLARED
    while True:
        try:
            call: Call = pipe.recv()
        except EOFError:
            return
        if made.arranged is not None and call.arrangement != arrangement:
            made, arrangement = made.arranged(call.arrangement), call.arrangement
        if call.which == "read":
            pipe.send(Read.of(made))
            continue
        answer = _answered(made, call)
        overwritten = _changed(before, kept)
        if isinstance(answer, Refused):
            pipe.send(Refused(answer.kind, answer.message, overwritten))
            continue
        arrays, inputs, cotangents = answer
        pipe.send(Gave(arrays, inputs, cotangents, overwritten))
        before, kept = arrays, {name: array.copy() for name, array in arrays.items()}


def _read(request: Request) -> Implementation:
    module = loaded(request.path)
    operation = request.subject.operation()
    derivation = derive(operation, wrt=request.subject.wrt)
    ahead = None if request.forward is None else found(module, request.forward)
    what = found(module, request.name)
    return adapted(what, derivation, forward=ahead, arguments=request.arguments, kind=request.kind)


def _answered(
    made: Implementation, call: Call
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]] | Refused:
    inputs, cotangents = call.as_given(call.inputs), call.as_given(call.cotangents)
    copies = {name: np.copy(value) for name, value in inputs.items()}
    seeds = {name: np.copy(value) for name, value in cotangents.items()}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if call.which == "forward":
                assert made.forward is not None
                got = made.forward(**inputs)
            else:
                assert made.vjp is not None
                got = made.vjp(inputs, cotangents)
            arrays = {name: np.asarray(value) for name, value in got.items()}
    except Exception as error:  # an implementation under test may fail in any way
        return Refused(type(error).__name__, str(error))
    return arrays, _changed(inputs, copies), _changed(cotangents, seeds)


def _changed(arrays: Mapping[str, Any], before: Mapping[str, Array]) -> dict[str, Array]:
    return {
        name: np.ascontiguousarray(array)
        for name, array in arrays.items()
        if not np.array_equal(np.asarray(array), before[name], equal_nan=True)
    }


def _apart(value: Array) -> Array:
    """The same values with gaps between them."""
    wide = np.zeros((*value.shape, 2), dtype=value.dtype)
    wide[..., 0] = value
    view: Array = wide[..., 0]
    return view


def _limit(memory: int) -> None:
    """Bound what the process may allocate, where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    size = memory * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))
