"""An implementation in a process of its own: what hangs or crashes there ends in a verdict, and not the run.

The child imports the file and reads the implementation in declared names (``child``); here are two functions that ask it.  What it
does to the arrays that it is given, or to those that it returned before, is done to the caller's arrays as well, so that
:mod:`verify.protocol` sees the same as without a process in between.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import BackproofError
from verify.errors import ImplementationStopped, LoadingError, MappingError
from verify.oracle import child
from verify.oracle.arrangement import DECLARED, Arrangement
from verify.oracle.implementation import Implementation

Array = NDArray[Any]

SECONDS = 10.0  # for one call
MEMORY = 4096  # MiB
_STARTING = 120.0  # seconds for importing the file, and JAX, on a busy machine
STOPS = 2  # after so many deaths it is not asked again


@dataclass
class Isolated:
    """The child that holds an implementation, started again after it died.

    Raises:
        LoadingError: the file or the name is not there, or importing it fails.
        MappingError: it cannot be told what a parameter means.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from derive.registry import get
        >>> from verify.campaign.plan import Subject
        >>> from verify.oracle import check
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder, "mine.py")
        ...     _ = file.write_text("def relu(z):\\n    while True: pass")
        ...     with Isolated(child.Request(str(file), "relu", Subject.of(get("relu"))), seconds=0.5) as isolated:
        ...         found = check(isolated.implementation, "relu", strata=["ordinary"], cases=1)
        >>> found.evidence.rows[0].note
        'took longer than 0.5 s'
    """

    request: child.Request
    seconds: float = SECONDS
    memory: int | None = MEMORY
    implementation: Implementation = field(init=False)
    _stops: int = field(default=0, init=False)
    _last: str = field(default="", init=False)
    _returned: dict[str, Array] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        first = self._start()

        def made(arrangement: Arrangement) -> Implementation:
            read = first if arrangement == DECLARED else self._ask("read", {}, {}, arrangement)

            def forward(**inputs: Any) -> Mapping[str, Array]:
                return self._call("forward", inputs, {}, arrangement)

            def vjp(inputs: Mapping[str, Array], cotangents: Mapping[str, Array]) -> Mapping[str, Array]:
                return self._call("vjp", inputs, cotangents, arrangement)

            return Implementation(
                read.name,
                forward if read.forward else None,
                vjp if read.vjp else None,
                read.gradients,
                read.notes,
                read.fixed,
                read.takes,
                read.held,
                made,
                read.parameters,
            )

        self.implementation = made(DECLARED)

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    # -- the child ----------------------------------------------------------------------------------------------------

    def _start(self) -> child.Read:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=child.serve, args=(theirs, self.request, self.memory), daemon=True)
        self._process.start()
        theirs.close()
        self._returned = {}
        try:
            answer = self._answer(_STARTING)
        except ImplementationStopped as stopped:
            raise LoadingError(f"importing {self.request.path}: {stopped}") from None
        if isinstance(answer, child.Refused):
            kind: type[BackproofError] = MappingError if answer.kind == MappingError.__name__ else LoadingError
            raise kind(answer.message)
        assert isinstance(answer, child.Read)
        return answer

    def _answer(self, seconds: float) -> Any:
        try:
            if not self._pipe.poll(seconds):
                self.close()
                raise ImplementationStopped(f"took longer than {seconds:g} s")
            return self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            self._pipe.close()
            raise ImplementationStopped(ending(self._process.exitcode)) from None

    # -- calls --------------------------------------------------------------------------------------------------------

    def _call(
        self, which: str, inputs: Mapping[str, Any], cotangents: Mapping[str, Array], arrangement: Arrangement
    ) -> Mapping[str, Array]:
        answer = self._ask(which, inputs, cotangents, arrangement)
        _into(inputs, answer.inputs)
        _into(cotangents, answer.cotangents)
        self._returned = dict(answer.arrays)
        return self._returned

    def _ask(
        self, which: str, inputs: Mapping[str, Any], cotangents: Mapping[str, Array], arrangement: Arrangement
    ) -> Any:
        if self._stops >= STOPS:
            raise ImplementationStopped(self._last)
        if not self._process.is_alive():
            self._start()
        try:
            with suppress(ConnectionError):  # it may have died since the last answer; that shows when it is read
                self._pipe.send(child.Call.of(which, inputs, cotangents, arrangement))
            answer = self._answer(self.seconds)
        except ImplementationStopped as stopped:
            self._stops, self._last = self._stops + 1, str(stopped)
            raise
        if isinstance(answer, child.Read):
            return answer
        _into(self._returned, answer.overwritten)
        if isinstance(answer, child.Refused):
            if answer.kind == MappingError.__name__:
                raise MappingError(answer.message)
            raise _raised(answer.kind)(answer.message)
        return answer


def _into(arrays: Mapping[str, Any], changed: Mapping[str, Array]) -> None:
    """Do to arrays here what was done to them there."""
    for name, values in changed.items():
        if isinstance(arrays.get(name), np.ndarray):
            arrays[name][...] = values


def _raised(kind: str) -> type[Exception]:
    """An exception of the same name, since the class may be known in the child only."""
    return type(kind, (RuntimeError,), {})


def ending(code: int | None) -> str:
    """How a process ended, as a sentence.

    >>> ending(-11), ending(3)
    ('its process was ended by SIGSEGV', 'its process ended with status 3')
    """
    if code is not None and code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with status {code}"
