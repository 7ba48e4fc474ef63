"""The pages of many operations: from the cache, or made in parallel; the same whatever the number of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from derive.derivation import Derivation
from derive.layout import laid_out
from derive.notation import Notation
from derive.notation.equations import equation_boxes, matrix_equation_boxes
from derive.operation import Operation
from derive.reverse import derive
from numeric import compile as generate
from reports.binding.cache import Cache
from reports.binding.fingerprint import key_of
from reports.binding.judging import judged
from reports.codec import CodecError, dumps, loads
from reports.document import Document, Figure, Line, Section
from reports.errors import ReportError
from reports.page import page
from reports.settings import SEED, Settings
from reports.symbols import notation_of
from verify.campaign.plan import Subject
from verify.processes import unordered

Progress = Callable[..., None]


@dataclass(frozen=True)
class Page:
    """One operation's page: its document, its gradients in short, the verdict of its checks (empty without evidence), and
    whether it was kept."""

    operation: Operation
    document: Document
    gradients: tuple[Line, ...] = ()
    verdict: str = ""
    kept: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the operation."""
        return self.verdict in ("", "agrees")


def pages(
    operations: Sequence[Operation],
    *,
    evidence: bool = True,
    pictures: Sequence[str] = ("svg",),
    jobs: int = 1,
    cache: Path | Cache | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Iterator[Page]:
    """The page of each operation, in their order.

    ``pictures`` are the formats in which figures are drawn (``svg``, ``pdf``), ``jobs`` the number of processes (-1: one for
    each processor), ``cache`` a folder that keeps pages by content, ``settings`` those of :func:`reports.page.page`.
    ``progress`` is told what was finished, how many are done, and of how many.  A page whose verdict is not *agrees* is
    never taken from the cache.

    Raises :class:`reports.errors.ReportError` for ``jobs`` of 0 or below -1, and where two operations have one name.

    >>> from derive.registry import get
    >>> [found] = pages([get("relu")], evidence=False)
    >>> found.operation.name, found.document.title, found.ok
    ('relu', 'Rectified linear unit', True)
    """
    if jobs == 0 or jobs < -1:
        raise ReportError(f"jobs must be at least 1, or -1 for one on each processor; got {jobs}; give for example 2")
    names = [operation.name for operation in operations]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:  # files and labels are called by the name
        raise ReportError(f"two operations are called {twice}; rename one, or make them one at a time")
    Settings(**settings)  # refused before minutes of work go into it
    kept = cache if isinstance(cache, Cache) else Cache(cache)
    said = dict(sorted({**settings, "evidence": evidence, "pictures": tuple(pictures), "seed": SEED}.items()))
    keys = [key_of(operation, "page", said) for operation in operations]
    found: dict[int, Page] = {}
    for number, key in enumerate(keys):
        known = _read(kept.read(key), operations[number])
        if known is not None:
            found[number] = replace(known, kept=True)
            _say(progress, f"{operations[number].name} (kept)", len(found), len(keys))
    have = set(found)
    tasks = [
        _Task.of(number, operations[number], said, kept.folder) for number in range(len(keys)) if number not in have
    ]
    for number, text in _made(tasks, jobs):
        fresh = _read(text, operations[number])
        assert fresh is not None
        found[number] = fresh
        if fresh.ok:
            kept.write(keys[number], text)
        _say(progress, operations[number].name, len(found), len(keys))
    kept.prune()
    for number in range(len(operations)):
        yield found.pop(number)


@dataclass(frozen=True)
class _Task:
    """A page to be made, as it travels to another process: texts, not the objects that were made of them."""

    number: int
    subject: Subject
    said: Mapping[str, Any]
    settings: Mapping[str, Any]
    folder: Path | None

    @classmethod
    def of(cls, number: int, operation: Operation, settings: Mapping[str, Any], folder: Path | None) -> _Task:
        own = {each.name: getattr(operation, each.name) for each in fields(operation) if each.name != "program"}
        return cls(number, Subject.of(operation), own, settings, folder)

    def operation(self) -> Operation:
        return replace(self.subject.operation(), **self.said)


def _made(tasks: Sequence[_Task], jobs: int) -> Iterator[tuple[int, str]]:
    """Each page as text, in whatever order they are finished; the longest declarations begin."""
    if jobs != 1:
        tasks = sorted(tasks, key=lambda task: -len(task.operation().program.equations))
    return unordered(_make, tasks, jobs)


def _make(task: _Task) -> tuple[int, str]:
    settings = dict(task.settings)
    operation = task.operation()
    if not operation.transposed:  # else it came laid out already
        operation = laid_out(operation, settings.get("layout", "rows"))
    wanted, pictures, seed = settings.pop("evidence"), settings.pop("pictures"), settings.pop("seed")
    derivation = derive(operation)
    function = generate(derivation)
    evidence = judged(operation, derivation, seed, Cache(task.folder)) if wanted else None
    document = page(operation, derivation, evidence, function, **settings)
    drawn = replace(document, sections=tuple(_drawn(section, pictures) for section in document.sections))
    gradients = short_results(derivation, notation_of(derivation))
    return task.number, dumps((drawn, gradients, "" if evidence is None else str(evidence.verdict)))


def short_results(derivation: Derivation, notation: Notation) -> tuple[Line, ...]:
    """Each gradient as one line: in matrix form where there is one, else in index form."""
    lines = []
    for gradient in derivation.gradients.values():
        form = derivation.matrix.get(gradient)
        equation = next(each for each in derivation.equations if each.target == gradient)
        sides = equation_boxes(equation, notation) if form is None else matrix_equation_boxes(gradient, form, notation)
        lines.append(Line(*sides))
    return tuple(lines)


def _drawn(section: Section, suffixes: Sequence[str]) -> Section:
    """A section whose pictures are drawn in the formats asked for."""
    blocks = tuple(
        replace(block, data={suffix: block.data[suffix] for suffix in suffixes if suffix in block.data})
        if isinstance(block, Figure)
        else block
        for block in section.blocks
    )
    return replace(section, blocks=blocks, sections=tuple(_drawn(inner, suffixes) for inner in section.sections))


def _read(text: str | None, operation: Operation) -> Page | None:
    """What :func:`_make` wrote; ``None`` for anything else."""
    if text is None:
        return None
    try:
        document, gradients, verdict = loads(text)
    except (CodecError, ValueError, TypeError):
        return None
    whole = isinstance(document, Document) and isinstance(gradients, tuple) and isinstance(verdict, str)
    return Page(operation, document, gradients, verdict) if whole else None


def _say(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress is not None:
        progress(what, done, total)
