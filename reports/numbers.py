"""Equation numbers of one page: given in the order of reading, the same equation always under the same number."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from reports.document import Inline, Link, text


@dataclass
class Numbers:
    """``prefix`` makes the labels of a page its own within a book.

    >>> numbers = Numbers("dense")
    >>> numbers.give("Z"), numbers.give("dX"), numbers.give("Z")
    (('(1)', 'dense-eq-1'), ('(2)', 'dense-eq-2'), ('(1)', ''))
    >>> numbers.link("dX")
    Link(text='(2)', target='dense-eq-2', code=False)
    """

    prefix: str
    _given: dict[Hashable, int] = field(default_factory=dict)

    def give(self, key: Hashable) -> tuple[str, str]:
        """The number of an equation, and its label where it has not been displayed before."""
        if key in self._given:
            return f"({self._given[key]})", ""
        self._given[key] = len(self._given) + 1
        return f"({self._given[key]})", self._label(key)

    def link(self, key: Hashable) -> Link | None:
        """A reference to an equation that has been displayed; ``None`` for any other."""
        return Link(f"({self._given[key]})", self._label(key)) if key in self._given else None

    def links(self, keys: Iterable[Hashable]) -> tuple[Inline, ...]:
        """References with commas between them."""
        found = dict.fromkeys(link for key in keys if (link := self.link(key)) is not None)
        pieces: list[str | Inline] = []
        for link in sorted(found, key=lambda each: self._order(each.text)):
            pieces += [", ", link]
        return text(*pieces[1:])

    def _label(self, key: Hashable) -> str:
        return f"{self.prefix}-eq-{self._given[key]}"

    def _order(self, number: str) -> int:
        return int(number.strip("()"))


__all__ = ["Numbers"]
