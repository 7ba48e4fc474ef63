"""What the site's lists say of an operation: its address, its gradient in short form, the words that find it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from derive.notation import width
from derive.operation import Operation
from reports.binding.chapters import family
from reports.binding.pages import Page
from reports.document import Document, Line, file_stem

LINES = 4  # of a gradient in the list of all operations
LONG = 60.0  # em: what is longer is shown on its page only


@dataclass(frozen=True)
class Entry:
    """An operation's page as the site knows it."""

    page: Page

    @property
    def operation(self) -> Operation:
        return self.page.operation

    @property
    def document(self) -> Document:
        return self.page.document

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
    def shown(self) -> tuple[Line, ...]:
        """As much of the gradient as a list has room for."""
        return tuple(line for line in self.page.gradients if width(line.right) <= LONG)[:LINES]

    @property
    def hidden(self) -> int:
        """How many gradients only its page shows."""
        return len(self.page.gradients) - len(self.shown)

    def searched(self) -> dict[str, str]:
        """What a reader can search for, by where it stands; a match in a name counts most."""
        operation = self.operation
        more = (operation.interpretation, operation.layout, *operation.meanings.values())
        symbols = (*(t.name for t in operation.program.tensors.values()), operation.symbol)
        return {
            "name": operation.name,
            "title": self.title,
            "family": family(self.family).title,
            "symbols": " ".join(dict.fromkeys(filter(None, symbols))),
            "summary": operation.summary,
            "source": operation.source,
            "more": " ".join(dict.fromkeys(more)),
        }


def file_name(name: str) -> str:
    """The name of a page's file: plain for plain names, else marked by a hash, so that no two names share one.

    >>> file_name("layer_norm")
    'layer_norm.html'
    >>> file_name("../Unsafe")
    'unsafe-0470ac62.html'
    """
    return f"{file_stem(name, '[a-z0-9][a-z0-9_]*')}.html"  # lower case: an address that every server finds
