"""A program of index equations: declared tensors, equations in order, outputs, facts, conventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from derive.nodes import Access, IntegerAccess

if TYPE_CHECKING:
    from derive.conventions import Convention

UNKNOWN = Symbol("?", integer=True)
"""The extent of an axis of which only start values are defined yet."""


@dataclass(frozen=True)
class Tensor:
    """A named tensor: its extents, what it is for, and what is known of its values.

    ``role`` is one of ``input``, ``hyper`` (a scalar with a default), ``intermediate``, ``output``,
    ``cotangent`` (an input of an adjoint program), ``adjoint``, and in generated code ``root``.
    ``lower`` is the first valid position on each axis: 0, or -1 on the axis of a recurrence with one start value.
    ``domain`` holds conditions on one element, written with an ``Access`` whose indices are free (``0 < p[i]``).  Where it is
    not ``stated``, it was read off the functions that are applied to the tensor (``log(p[i])``).
    """

    name: str
    shape: tuple[Expr, ...] = ()
    role: str = "input"
    integer: bool = False
    data: bool = False  # a real input that is not differentiated unless asked (targets, masks)
    lower: tuple[int, ...] = ()
    domain: tuple[Boolean, ...] = ()
    stated: bool = True
    default: float | int | None = None
    meaning: str = ""

    @property
    def rank(self) -> int:
        return len(self.shape)

    def origin(self, axis: int) -> int:
        """The first valid position on an axis."""
        return self.lower[axis] if self.lower else 0

    def at(self, *indices: Expr) -> Access:
        """The element at these positions."""
        if len(indices) != self.rank:
            raise ValueError(f"{self.name} has {self.rank} axes, got {len(indices)} indices")
        return (IntegerAccess if self.integer else Access)(self.name, *indices)


@dataclass(frozen=True)
class Equation:
    """``target[indices] = rhs``; an index is a symbol with its extent, or a constant (a start value).

    ``extents[k]`` is the extent of ``indices[k]`` (which runs over 0 .. extent - 1), or ``None`` beside a constant.
    """

    target: str
    indices: tuple[Expr, ...]
    extents: tuple[Expr | None, ...]
    rhs: Expr
    note: str = ""

    @property
    def ranges(self) -> dict[Symbol, Expr]:
        """Free index -> extent."""
        return {i: n for i, n in zip(self.indices, self.extents, strict=True) if n is not None}

    @property
    def lhs(self) -> Access:
        return Access(self.target, *self.indices)

    def reads(self) -> set[str]:
        """Names of the tensors that the right-hand side looks at."""
        return {access.tensor for access in self.rhs.atoms(Access)}


@dataclass(frozen=True)
class Group:
    """Equations that are evaluated together: one equation, or the members of one recurrence.

    ``axis_index`` maps each target to the position of the time index among its indices; ``direction`` is +1 for a
    recurrence that runs from 0 upwards, -1 for one that runs backwards from extent - 1, 0 for no recurrence.
    ``starts`` are equations with a constant position on the time axis that are evaluated before the loop (the start
    values of a recurrence), ``ends`` those evaluated after it (the adjoint of a start value reads
    the loop's last result).
    """

    equations: tuple[Equation, ...]
    direction: int = 0
    axes: Mapping[str, int] = field(default_factory=dict)
    extent: Expr | None = None
    starts: tuple[Equation, ...] = ()
    ends: tuple[Equation, ...] = ()


@dataclass(frozen=True, repr=False)
class Program:
    """Declared tensors and their equations in an order in which they can be evaluated."""

    name: str
    tensors: Mapping[str, Tensor]
    equations: tuple[Equation, ...]
    outputs: tuple[str, ...]
    facts: tuple[tuple[Expr, Expr], ...] = ()  # (left, right): an equation between elements that the inputs satisfy
    conventions: tuple[Convention, ...] = ()  # the value chosen at each kink; str() is the sentence
    ellipsis: Symbol | None = None  # the dimension that stands for any leading axes, if one was declared
    integers: Mapping[Symbol, int] = field(default_factory=dict)  # integer hyper-parameters and their defaults

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensors", MappingProxyType(dict(self.tensors)))
        object.__setattr__(self, "integers", MappingProxyType(dict(self.integers)))

    def __repr__(self) -> str:
        return f"<program {self.name}>"

    def with_(self, **changes: Any) -> Program:
        return replace(self, **changes)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Tensors that a caller gives: inputs, hyper-parameters and cotangents, in declaration order."""
        return tuple(t for t in self.tensors.values() if t.role in ("input", "hyper", "cotangent"))

    def equations_of(self, name: str) -> tuple[Equation, ...]:
        """The equations that define a tensor: one, or more where a recurrence has start values."""
        return tuple(e for e in self.equations if e.target == name)

    @cached_property
    def dimensions(self) -> tuple[Symbol, ...]:
        """The declared sizes, in order of first appearance in the shapes (integer hyper-parameters left out)."""
        seen: dict[Symbol, None] = {}
        for tensor in self.tensors.values():
            if tensor.role in ("input", "cotangent"):
                for extent in tensor.shape:
                    for symbol in sorted(extent.free_symbols, key=str):
                        if symbol not in self.integers:
                            seen[symbol] = None
        return tuple(seen)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The equations in evaluation order, the members of a recurrence together."""
        from derive.order import schedule

        return schedule(self)

    def names(self) -> Iterable[str]:
        return self.tensors.keys()
