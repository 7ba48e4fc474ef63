"""An exact evaluation that notes what was computed from what, so that moving one element repeats only what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from numeric.conditions import Key, Reader
from numeric.exact import Exact


class _Kept(dict[int, Any]):
    """Results of reductions, each with the elements that it was computed from.

    A reduction asks whether its result is here, and puts it here if not: what is read in between is what it depends on.
    """

    def __init__(self, frames: list[set[Key]]) -> None:
        super().__init__()
        self.frames, self.reads = frames, dict[int, set[Key]]()

    def __contains__(self, number: object) -> bool:
        if super().__contains__(number):
            self.frames[-1] |= self.reads[cast(int, number)]
            return True
        self.frames.append(set())
        return False

    def __setitem__(self, number: int, value: Any) -> None:
        self.reads[number] = self.frames.pop()
        self.frames[-1] |= self.reads[number]
        super().__setitem__(number, value)


class Traced(Exact):
    """An :class:`numeric.exact.Exact` that can be asked for the same evaluation with some elements moved.

    An element that read none of the moved ones, nor what was computed from them, has the value that it had: whatever was
    decided on the way to it was decided by what it read.

    >>> from fractions import Fraction
    >>> from derive.registry import get
    >>> base = Traced(get("dense").program, {"X": [[2, 3]], "W": [[1], [5]], "b": [7]}, field="rational")
    >>> base.value("Z", (0, 0)), base.moved({("W", (1, 0)): Fraction(1, 2)}).value("Z", (0, 0))
    (Fraction(24, 1), Fraction(51, 2))
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._frames: list[set[Key]] = [set()]
        self._followers: dict[Key, set[Key]] = {}
        self._reader = Reader({}, self._read)  # nothing is known beforehand, so that every reading passes here
        self._reader.kept = _Kept(self._frames)

    def _read(self, name: str, position: tuple[int, ...]) -> Any:
        key = name, position
        self._frames[-1].add(key)
        if key in self._memo:
            return self._memo[key]
        depth = len(self._frames)
        self._frames.append(set())
        try:
            value = super()._read(name, position)
            for read in self._frames[-1]:
                self._followers.setdefault(read, set()).add(key)
        finally:
            del self._frames[depth:]
        return value

    def following(self, keys: Iterable[Key]) -> set[Key]:
        """The elements themselves and all that was computed from them."""
        found: set[Key] = set()
        todo = list(keys)
        while todo:
            key = todo.pop()
            if key not in found:
                found.add(key)
                todo += self._followers.get(key, ())
        return found

    def moved(self, perturb: Mapping[Key, Any]) -> Exact:
        """This evaluation with ``perturb`` as :class:`numeric.exact.Exact` takes it."""
        affected = self.following(perturb)
        known = {key: value for key, value in self._memo.items() if key not in affected}
        return self.again(perturb, known)
