"""How somebody's arrays lie: transposed weights, samples as columns, channels last, a bias with an axis of length 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.program import Program
from verify.errors import MappingError

Array = NDArray[Any]
Axes = tuple[int | None, ...]  # the declared axis of each axis of theirs; None is an axis of length 1


@dataclass(frozen=True)
class Arrangement:
    """The axes of each tensor that lies otherwise than it is declared; every other one lies as declared.

    A gradient lies as its argument does, a cotangent as its output does.

    Example:
        >>> outputs_first = Arrangement({"W": (1, 0)})
        >>> outputs_first.theirs("W", np.zeros((3, 5))).shape
        (5, 3)
        >>> outputs_first.ours("W", np.zeros((5, 3))).shape
        (3, 5)
    """

    axes: Mapping[str, Axes] = field(default_factory=dict)

    def theirs(self, name: str, value: Any) -> Any:
        """A declared array as they have it: a view, so that what is done to it is done to ours."""
        axes = self.axes.get(name)
        if axes is None or np.ndim(value) != sum(axis is not None for axis in axes):
            return value
        moved: Array = np.transpose(value, [axis for axis in axes if axis is not None])
        theirs: Array = np.expand_dims(moved, [place for place, axis in enumerate(axes) if axis is None])
        return theirs

    def ours(self, name: str, value: Any) -> Array:
        """An array of theirs in the declared axes; one with other axes than they say stays, since it is wrong as it is."""
        array: Array = np.asarray(value)
        axes = self.axes.get(name)
        if axes is None or array.ndim != len(axes):
            return array
        units = tuple(place for place, axis in enumerate(axes) if axis is None)
        if any(array.shape[place] != 1 for place in units):
            return array
        kept = [axis for axis in axes if axis is not None]
        back: Array = np.transpose(np.squeeze(array, units), np.argsort(np.array(kept, dtype=int)))
        return back

    @property
    def distance(self) -> int:
        """How many pairs of axes stand the other way round."""
        kept = [[axis for axis in axes if axis is not None] for axes in self.axes.values()]
        return sum(a > b for axes in kept for a, b in combinations(axes, 2))

    def all_theirs(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.theirs(name, value) for name, value in arrays.items()}

    def all_ours(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        return {name: self.ours(name, value) for name, value in arrays.items()}

    def words(self, program: Program) -> tuple[str, ...]:
        """One sentence for each tensor that lies otherwise.

        >>> from derive.registry import get
        >>> print(*Arrangement({"W": (1, 0), "b": (None, 0)}).words(get("dense").program), sep="\\n")
        W is (k, d), and (d, k) in the declaration
        b is (1, k), and (k) in the declaration
        """
        return tuple(
            f"{name} is ({', '.join(named(program, name, axes))}), and ({', '.join(named(program, name))}) in the declaration"
            for name, axes in self.axes.items()
        )

    def written(self, program: Program) -> str:
        """What :func:`read` reads.

        >>> from derive.registry import get
        >>> Arrangement({"W": (1, 0)}).written(get("dense").program)
        "{'W': 'k d'}"
        """
        return str({name: " ".join(named(program, name, axes)) for name, axes in self.axes.items()})


DECLARED = Arrangement()


def named(program: Program, name: str, axes: Axes | None = None) -> list[str]:
    """Axes by their declared sizes; one whose size is an expression by the index of its equation.

    >>> from derive.registry import get
    >>> named(get("conv2d").program, "y"), named(get("conv2d").program, "b", (None, 0))
    (['n', 'o', 'i', 'j'], ['1', 'o'])
    """
    shape = program.tensors[name].shape
    indices = next((e.indices for e in program.equations if e.target == name), shape)
    words = [str(size if size.is_Symbol else index) for size, index in zip(shape, indices, strict=True)]
    return ["1" if axis is None else words[axis] for axis in (range(len(shape)) if axes is None else axes)]


def read(written: Mapping[str, str], program: Program) -> Arrangement:
    """``{"W": "k d"}``: for each tensor the declared sizes in the order of somebody's axes, and 1 for an axis of length 1.

    Raises:
        MappingError: no such tensor, or the sizes are not those of its axes, each once.

    Example:
        >>> from derive.registry import get
        >>> read({"W": "k d", "b": "1 k"}, get("dense").program).axes
        {'W': (1, 0), 'b': (None, 0)}
        >>> read({"W": "k n"}, get("dense").program)
        Traceback (most recent call last):
        verify.errors.MappingError: layouts: 'W' is declared as 'd k'; say these in your order (and 1 for an axis of length
        1), got 'k n'
    """
    found: dict[str, Axes] = {}
    for name, text in written.items():
        tensor = program.tensors.get(name)
        if tensor is None or not tensor.shape:
            known = ", ".join(t.name for t in program.tensors.values() if t.shape)
            raise MappingError(f"layouts: there is no array {name!r}; there are {known}")
        declared = named(program, name)
        words, left = text.replace(",", " ").split(), dict(enumerate(declared))
        axes: list[int | None] = []
        for word in words:
            at = next((axis for axis, size in left.items() if size == word), None)
            if at is None and word != "1":
                break
            axes.append(at)
            if at is not None:
                del left[at]
        if left or len(axes) != len(words):
            raise MappingError(
                f"layouts: {name!r} is declared as {' '.join(declared)!r}; say these in your order (and 1 for an axis of "
                f"length 1), got {text!r}"
            )
        found[name] = tuple(axes)
    return Arrangement({name: axes for name, axes in found.items() if axes != tuple(range(len(axes)))})


def arrangements(program: Program, names: tuple[str, ...]) -> Iterator[Arrangement]:
    """The arrangements of these tensors that people use, the nearest to the declaration first.

    Arrays that carry the samples (the first size of the outputs) lie alike; each of the others for itself.

    >>> from derive.registry import get
    >>> first, second, *others = arrangements(get("dense").program, ("X", "W", "Z"))
    >>> first.axes, second.axes, [each.axes for each in others]
    ({'W': (1, 0)}, {'X': (1, 0), 'Z': (1, 0)}, [{'W': (1, 0), 'X': (1, 0), 'Z': (1, 0)}])
    """
    tensors = {name: program.tensors[name] for name in names if program.tensors[name].shape}
    samples = {t.shape[0] for t in (program.tensors[name] for name in program.outputs) if t.shape}
    rank = max((len(t.shape) for t in tensors.values()), default=0)
    together = tuple(n for n, t in tensors.items() if len(t.shape) == rank and t.shape[0] in samples and rank > 1)
    groups = [(name,) for name in tensors if name not in together] + ([together] if together else [])
    for count in range(1, len(groups) + 1):
        for changed in combinations(groups, count):
            for ways in product(*(_others(len(tensors[group[0]].shape)) for group in changed)):
                yield Arrangement({name: way for group, way in zip(changed, ways, strict=True) for name in group})


def _others(rank: int) -> Sequence[Axes]:
    """The ways for an array to lie otherwise."""
    if rank == 1:
        return [(None, 0), (0, None)]
    return [*permutations(range(rank))][1:]


__all__ = ["DECLARED", "Arrangement", "Axes", "arrangements", "named", "read"]
