"""What the site's lists say of an operation: its address, its gradient in short form, the words that find it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from derive.notation import Box, width
from derive.notation.names import accented, name_box
from derive.notation.tree import Fence, Script
from derive.operation import Operation
from reports.document import Document, Equations, Line, Section

LINES = 4  # of a gradient in the list of all operations
LONG = 60.0  # em: what is longer is shown on its page only


@dataclass(frozen=True)
class Entry:
    """An operation with its page; ``verdict`` is empty where nothing was checked."""

    operation: Operation
    document: Document
    verdict: str = ""

    @property
    def title(self) -> str:
        return self.operation.title or self.operation.name

    @property
    def family(self) -> str:
        return self.operation.category

    @cached_property
    def file(self) -> str:
        return file_name(self.operation.name)

    @property
    def words(self) -> str:
        """One sentence about it."""
        return self.operation.summary or self.operation.interpretation

    @cached_property
    def sources(self) -> tuple[str, ...]:
        return tuple(filter(None, (part.strip() for part in self.operation.source.split(";"))))

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The names of its tensors, and the letter or word that it is written with."""
        shown = (t.name for t in self.operation.program.tensors.values())
        return tuple(dict.fromkeys(filter(None, (*shown, self.operation.symbol))))

    @cached_property
    def gradient(self) -> tuple[Line, ...]:
        """The boxed lines of its page that give the gradients of its inputs, in matrix form where there is one."""
        found: list[Line] = []
        for name in self.operation.wrt:
            found.extend(_about(accented("bar", name_box(name)), _boxed(self.document.sections)))
        return tuple(found)

    @property
    def shown(self) -> tuple[Line, ...]:
        """As much of the gradient as a list has room for."""
        short = [line for line in self.gradient if width(line.right) <= LONG]
        return tuple(short[:LINES])

    def searched(self) -> dict[str, str]:
        """What a reader can search for, by where it stands; a match in a name counts most."""
        more = (self.operation.interpretation, self.operation.layout, *self.operation.meanings.values())
        return {
            "name": self.operation.name,
            "title": self.title,
            "family": self.family,
            "symbols": " ".join(self.symbols),
            "summary": self.words,
            "source": self.operation.source,
            "more": " ".join(dict.fromkeys(more)),
        }


def file_name(name: str) -> str:
    """The name of a page's file: plain for plain names, else marked by a hash, so that no two names share one.

    >>> file_name("layer_norm")
    'layer_norm.html'
    >>> file_name("../Ünsafe")
    'nsafe-3bfc6a2f.html'
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_]*", name) and len(name) <= 80:
        return f"{name}.html"
    plain = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:40]
    return f"{plain or 'operation'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.html"


def _boxed(sections: Sequence[Section]) -> Iterator[Equations]:
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, Equations) and block.boxed)
        yield from _boxed(section.sections)


def _about(bar: Box, blocks: Iterator[Equations]) -> list[Line]:
    """The lines of the first block that has any for this name, whatever its indices."""
    for block in blocks:
        lines = [line for line in block.lines if line.left is not None and _name(line.left, bar)]
        if lines:
            return lines
    return []


def _name(left: Box, bar: Box) -> bool:
    if left == bar:
        return True
    if not isinstance(left, Script):
        return False
    base = left.base.body if isinstance(left.base, Fence) else left.base
    return base == bar
