"""An implementation that is a program of its own, in any language: arrays on its standard input, gradients on its standard output.

It is started once for each call.  In JSON the input is one line,
``{"operation": "dense", "inputs": {"X": [[1.0, 2.0]], ...}, "cotangents": {"Z": [[0.5]]}}``, with ``NaN``, ``Infinity`` and
``-Infinity`` where numbers are none; the answer ``{"gradients": {"X": [[...]], ...}, "outputs": {"Z": [[...]]}}`` may leave
``outputs`` out, or ``gradients``; an array without elements may be written ``[]``.  In npz the names are ``inputs.X``,
``cotangents.Z``, ``gradients.X`` and ``outputs.Z``.
"""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from numeric.shapes import bind_sizes
from verify.errors import ImplementationStopped, MappingError, SamplingError
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.implementation import Implementation
from verify.oracle.process import SECONDS, STOPS, ending
from verify.sampling import sample
from verify.sizes import extent_value

Array = NDArray[Any]

FORMATS = ("json", "npz")
_GROUPS = ("gradients", "outputs")
_SHOWN = 300  # characters of what a program said


def of_program(
    command: Sequence[str], derivation: Derivation, *, form: str = "json", seconds: float = SECONDS
) -> Implementation:
    """A program that answers calls; it is asked once to learn which arrays it returns.

    Raises:
        MappingError: it cannot be run, or its answer cannot be read or has other names.

    Example:
        >>> import sys
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> text = "import json, sys; got = json.load(sys.stdin); z, da = got['inputs']['z'], got['cotangents']['a']; "
        >>> text += "print(json.dumps({'gradients': {'z': [g*(x > 0) for g, x in zip(da, z)]}}))"
        >>> found = of_program([sys.executable, "-c", text], derive(get("relu")))
        >>> found.gradients, found.forward
        (('z',), None)
    """
    program = _Program(tuple(command), derivation, form, seconds)
    try:
        first = program.first()
    except ImplementationStopped:  # the verdict will say so
        first = {"gradients": dict.fromkeys(derivation.gradients, np.empty(0)), "outputs": {}}
    gradients = tuple(name for name in derivation.gradients if name in first["gradients"])
    given = [f"it was given {' '.join(command)} as {form}"]
    tensors = [t.name for t in (*derivation.program.inputs, *(derivation.program.tensors[o] for o in derivation.of))]

    def made(arrangement: Arrangement) -> Implementation:
        ours = replace(program, arrangement=arrangement)
        return Implementation(
            Path(command[0]).name,
            ours.forward if first["outputs"] else None,
            ours.vjp if gradients else None,
            gradients,
            tuple(given),
            takes=tuple(tensors),
            arranged=made,
        )

    return made(DECLARED)


@dataclass(frozen=True)
class _Program:
    command: tuple[str, ...]
    derivation: Derivation
    form: str
    seconds: float
    arrangement: Arrangement = DECLARED
    _stops: list[str] = field(default_factory=list)

    def first(self) -> dict[str, dict[str, Array]]:
        for seed in range(20):
            try:
                case = sample(self.derivation.program, seed, derivation=self.derivation)
            except SamplingError:
                continue
            answer = self.ask(case.arguments(), case.seeds())
            if not any(answer.values()):
                raise MappingError(f"{self.command[0]} returned neither gradients nor outputs; {self._due()}")
            return answer
        raise MappingError(f"no inputs could be drawn for {self.derivation.program.name}")

    def forward(self, **inputs: Any) -> Mapping[str, Array]:
        program = self.derivation.program
        shapes = {name: np.shape(value) for name, value in inputs.items() if name in program.tensors}
        sizes = bind_sizes(
            program, shapes, {str(name): inputs[str(name)] for name in program.integers if str(name) in inputs}
        )
        extents = {name: program.tensors[name].shape for name in self.derivation.cotangents}
        zeros = {name: np.zeros([extent_value(n, sizes) for n in shape]) for name, shape in extents.items()}
        return self.ask(inputs, zeros)["outputs"]

    def vjp(self, inputs: Mapping[str, Array], cotangents: Mapping[str, Array]) -> Mapping[str, Array]:
        return self.ask(inputs, cotangents)["gradients"]

    def ask(self, inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
        """The arrays of one answer; see the top of this file for the two forms."""
        if len(self._stops) >= STOPS:
            raise ImplementationStopped(self._stops[-1])
        inputs, cotangents = self.arrangement.all_theirs(inputs), self.arrangement.all_theirs(cotangents)
        written = _WRITERS[self.form](self.derivation.program.name, inputs, cotangents)
        try:
            done = subprocess.run(self.command, input=written, capture_output=True, timeout=self.seconds, check=False)
        except subprocess.TimeoutExpired:
            raise self._stopped(f"took longer than {self.seconds:g} s") from None
        except OSError as error:
            raise MappingError(f"{self.command[0]} cannot be run: {error.strerror}") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-_SHOWN:]
            raise self._stopped(ending(done.returncode) + (f": {said}" if said else ""))
        try:
            answer = _READERS[self.form](done.stdout)
        except (ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
            shown = done.stdout[:_SHOWN].decode(errors="replace")
            raise MappingError(
                f"{self.command[0]} answered what is no {self.form} ({error}): {shown!r}; {self._due()}"
            ) from None
        self._check(answer)
        due = {"gradients": inputs, "outputs": cotangents}
        return {
            group: self.arrangement.all_ours({k: _empty(a, due[group].get(k)) for k, a in arrays.items()})
            for group, arrays in answer.items()
        }

    def _stopped(self, message: str) -> ImplementationStopped:
        self._stops.append(message)
        return ImplementationStopped(message)

    def _check(self, answer: Mapping[str, Mapping[str, Array]]) -> None:
        known = {"gradients": tuple(self.derivation.gradients), "outputs": tuple(self.derivation.of)}
        for group, names in known.items():
            for name in answer[group]:
                if name not in names:
                    raise MappingError(f"{self.command[0]} returned {group}.{name}; {group} are {', '.join(names)}")

    def _due(self) -> str:
        if self.form == "npz":
            return "due are the arrays " + ", ".join(f"gradients.{name}" for name in self.derivation.gradients)
        gradients = ", ".join(f'"{name}": [...]' for name in self.derivation.gradients)
        return f'due is {{"gradients": {{{gradients}}}}}'


def _empty(array: Array, like: Any) -> Array:
    """Nested lists do not say how many columns an array without rows has."""
    due = np.shape(like)
    return array.reshape(due) if array.size == 0 and 0 in due else array


def _json(operation: str, inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> bytes:
    groups = {"inputs": inputs, "cotangents": cotangents}
    lists = {
        group: {name: np.asarray(array).tolist() for name, array in arrays.items()} for group, arrays in groups.items()
    }
    return (json.dumps({"operation": operation, **lists}) + "\n").encode()


def _from_json(answer: bytes) -> dict[str, dict[str, Array]]:
    """The arrays of an answer.

    >>> _from_json(b'{"gradients": {"z": [1.5, NaN]}}')
    {'gradients': {'z': array([1.5, nan])}, 'outputs': {}}
    """
    read = json.loads(answer)
    if not isinstance(read, dict):
        raise TypeError("no object")
    return {group: {k: np.array(v, dtype=float) for k, v in read.get(group, {}).items()} for group in _GROUPS}


def _npz(operation: str, inputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> bytes:
    groups = {"inputs": inputs, "cotangents": cotangents}
    arrays = {f"{group}.{name}": np.asarray(a) for group, named in groups.items() for name, a in named.items()}
    buffer = io.BytesIO()
    arrays["operation"] = np.array(operation)
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _from_npz(answer: bytes) -> dict[str, dict[str, Array]]:
    found: dict[str, dict[str, Array]] = {group: {} for group in _GROUPS}
    with np.load(io.BytesIO(answer), allow_pickle=False) as archive:
        for key in archive.files:
            group, _, name = key.partition(".")
            found[group][name] = archive[key]
    return found


_WRITERS = {"json": _json, "npz": _npz}
_READERS = {"json": _from_json, "npz": _from_npz}
