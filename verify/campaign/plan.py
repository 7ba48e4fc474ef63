"""What a campaign consists of: batches, each with an identity that determines its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import ceil
from zlib import crc32

from derive import registry
from derive.layout import laid_out
from derive.operation import Operation
from verify import strata as _strata
from verify.errors import CampaignError
from verify.references import Forward
from verify.sizes import degenerate_sizes

LARGEST = 256  # cases in a batch
SETS = 4  # sets of sizes for an operation: each is compiled once in every worker
_TASK = 12  # batches handed to a worker together, so that it compiles once for all of them


@dataclass(frozen=True)
class Subject:
    """An operation as it travels to a worker: its text, not the objects that were made of it."""

    name: str
    text: str
    options: tuple[tuple[str, str], ...] = ()
    wrt: tuple[str, ...] | None = None
    forward: Forward | None = None  # a reference that no module of verify.references holds
    columns: bool = False  # its matrices stand transposed against the text

    @classmethod
    def of(cls, operation: Operation, wrt: Sequence[str] | None = None) -> Subject:
        """The subject of an operation, with its reference if that is not of the catalog."""
        from verify import references

        forward = None if _in_catalog(operation.name, operation.text) else references.find(operation.name)
        options = tuple(sorted(operation.options.items()))
        asked = None if wrt is None else tuple(wrt)
        return cls(operation.name, operation.text, options, asked, forward, bool(operation.transposed))

    def operation(self) -> Operation:
        """The operation, read again, and laid out as it was."""
        found = self._declared()
        return laid_out(found, "columns") if self.columns else found

    def _declared(self) -> Operation:
        from verify import references

        options = dict(self.options)
        if _in_catalog(self.name, self.text):
            return registry.get(self.name, **options)
        if self.forward is not None and references.find(self.name) is None:
            references.reference(self.name)(self.forward)
        return registry.declare(self.text, name=self.name, options=options)


def _in_catalog(name: str, text: str) -> bool:
    return any(declared.name == name and declared.text == text for declared in registry.declarations())


@dataclass(frozen=True)
class Batch:
    """``count`` cases of one operation in one stratum, at the ``sizes``-th set of sizes; ``room`` is what is compiled.

    Example:
        >>> Batch("dense", "ties", 0, 7, 2, 100, 256).key
        ('dense', 'ties', 0, 2)
    """

    operation: str
    stratum: str
    sizes: int
    seed: int
    index: int
    count: int
    room: int

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What tells it from the other batches of its campaign."""
        return self.operation, self.stratum, self.sizes, self.index

    @property
    def entropy(self) -> list[int]:
        """The seed of its random numbers: all that identifies it."""
        return [self.seed, crc32(self.operation.encode()), crc32(self.stratum.encode()), self.sizes, self.index]


@dataclass(frozen=True)
class Task:
    """Batches of one operation and one set of sizes, which one worker runs in a row."""

    subject: Subject
    batches: tuple[Batch, ...]


def check_strata(names: Sequence[str] | None, operations: Sequence[Operation] = ()) -> None:
    """See that there are strata of these names, or degenerate sizes of one of the operations.

    Raises:
        CampaignError: one does not; close names are suggested.

    Example:
        >>> check_strata(["saturated"])
        Traceback (most recent call last):
            ...
        verify.errors.CampaignError: a stratum must be one of ordinary, zeros, ...; got 'saturated'; did you mean ...
    """
    sizes = dict.fromkeys(size for each in operations for size in degenerate_sizes(each.program))
    known = (*_strata.names(), *sizes)
    for name in names or ():
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(near)}?" if near else "; leave the option out for all of them"
            raise CampaignError(f"a stratum must be one of {', '.join(known)}; got {name!r}{hint}")


def cells(operations: Sequence[Operation], strata: Sequence[str] | None) -> dict[str, list[str]]:
    """The strata of each operation: those that change one of its inputs, of those that were asked for."""
    check_strata(strata)
    found = {}
    for operation in operations:
        applicable = [stratum.name for stratum in _strata.applicable(operation.program)]
        found[operation.name] = [name for name in applicable if strata is None or name in strata]
    return found


def plan(found: dict[str, list[str]], cases: int, seed: int) -> dict[str, list[Batch]]:
    """The batches of every operation: the cases shared out evenly over operations, then over strata.

    Example:
        >>> batches = plan({"relu": ["ordinary", "ties"], "dense": ["ordinary"]}, 1000, 7)
        >>> [(b.stratum, b.sizes, b.index, b.count) for b in batches["relu"]]
        [('ordinary', 0, 0, 250), ('ties', 0, 0, 250)]
        >>> sum(b.count for b in batches["dense"]), max(b.sizes for b in batches["dense"])
        (500, 1)
    """
    reached = [name for name, strata in found.items() if strata]
    shares = {
        name: dict(zip(found[name], _share(number, len(found[name])), strict=True))
        for name, number in zip(reached, _share(cases, len(reached)), strict=True)
    }
    largest = max((number for share in shares.values() for number in share.values()), default=1)
    room = min(LARGEST, max(largest, 1))
    batches: dict[str, list[Batch]] = {}
    for name, share in shares.items():
        batches[name] = []
        for stratum, number in share.items():
            for index in range(ceil(number / room)):
                count = min(room, number - index * room)
                batches[name].append(Batch(name, stratum, index % SETS, seed, index, count, room))
    return batches


def tasks(subjects: Sequence[Subject], batches: dict[str, list[Batch]]) -> Iterator[Task]:
    """The batches in handy portions, each of one operation and one set of sizes."""
    for subject in subjects:
        for sizes in range(SETS):
            mine = [batch for batch in batches.get(subject.name, ()) if batch.sizes == sizes]
            for start in range(0, len(mine), _TASK):
                yield Task(subject, tuple(mine[start : start + _TASK]))


def _share(total: int, parts: int) -> list[int]:
    return [total // parts + (number < total % parts) for number in range(parts)] if parts else []
