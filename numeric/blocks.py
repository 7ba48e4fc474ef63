"""Large arrays in blocks of rows: where every row's gradient is its own affair, temporaries stay in the cache.

A program is *row-wise* along a dimension N if every tensor has N as its first axis or not at all, and no equation lets
one row read another; a sum over all rows may be a result, then the blocks' sums are added up.  The blocks and the
order of adding are fixed by the sizes alone, so that the result does not depend on the number of processors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sympy import Add, Expr, Mul, Symbol

from derive.nodes import Access, IntegerAccess, Reduce
from derive.program import Equation, Group, Tensor

BLOCK = 2**15  # elements of one array at a time: a handful of them fits into a core's own cache
LEAST = 2**17  # elements from which blocks are worth their loop
CHUNKS = 8  # runs of blocks, shared out among the threads


@dataclass(frozen=True)
class RowWise:
    """The dimension of the rows, and the results that are sums over them."""

    rows: Symbol
    summed: frozenset[str]


def row_wise(groups: Sequence[Group], tensors: Mapping[str, Tensor], results: Sequence[str]) -> RowWise | None:
    """How the equations can be evaluated in blocks of rows; ``None`` where they cannot."""
    equations = [e for g in groups for e in g.equations]
    if not equations or any(g.direction or g.starts or g.ends for g in groups):
        return None
    if len({e.target for e in equations}) != len(equations):
        return None
    used = {a.tensor for e in equations for a in _accesses(e.rhs)} | {e.target for e in equations}
    for rows in dict.fromkeys(tensors[name].shape[0] for name in sorted(used) if tensors[name].rank):
        if isinstance(rows, Symbol) and _fits_first_axis(rows, [tensors[name] for name in used]):
            summed = _summed(rows, equations, {n for n in used if rows in tensors[n].shape[:1]}, results)
            if summed is not None:
                return RowWise(rows, summed)
    return None


def _accesses(e: Expr) -> set[Any]:
    found: set[Any] = e.atoms(Access, IntegerAccess)
    return found


def _fits_first_axis(rows: Symbol, tensors: Sequence[Tensor]) -> bool:
    return not any(
        rows in extent.free_symbols and not (axis == 0 and extent == rows and not tensor.origin(0))
        for tensor in tensors
        for axis, extent in enumerate(tensor.shape)
    )


def _summed(
    rows: Symbol, equations: Sequence[Equation], carrying: set[str], results: Sequence[str]
) -> frozenset[str] | None:
    """The targets that are sums over all rows; ``None`` if an equation mixes rows."""
    summed: set[str] = set()
    for e in equations:
        if e.target in carrying:
            if not isinstance(e.indices[0], Symbol) or not _row_alone(e.rhs, e.indices[0], carrying):
                return None
        elif any(a.tensor in carrying for a in _accesses(e.rhs)):
            if e.target not in results or not all(_sum_of_rows(t, rows, carrying) for t in Add.make_args(e.rhs)):
                return None
            summed.add(e.target)
    if any(a.tensor in summed for e in equations for a in _accesses(e.rhs)):
        return None
    return frozenset(summed)


def _row_alone(e: Expr, row: Symbol, carrying: set[str]) -> bool:
    """Whether an expression reads of the carrying tensors only this row, and the row's number nowhere else."""
    mine = {a for a in _accesses(e) if a.tensor in carrying}
    if any(a.indices[0] != row or any(row in i.free_symbols for i in a.indices[1:]) for a in mine):
        return False
    rest = e.xreplace({a: Access(a.tensor, *a.indices[1:]) for a in mine})
    return row not in rest.free_symbols


def _sum_of_rows(term: Expr, rows: Symbol, carrying: set[str]) -> bool:
    """``c*sum(body, i, ...)`` with i over the rows and nothing of them outside the sum."""
    sums = [f for f in Mul.make_args(term) if isinstance(f, Reduce) and f.op == "sum"]
    if len(sums) != 1:
        return False
    rest = Mul(*(f for f in Mul.make_args(term) if f is not sums[0]))
    own = [i for i, n in sums[0].limits if n == rows]
    return (
        len(own) == 1
        and any(a.tensor in carrying for a in _accesses(sums[0].body))
        and not any(a.tensor in carrying for a in _accesses(rest))
        and _row_alone(sums[0].body, own[0], carrying)
    )


class Blocks:
    """Runs a generated function of row-wise equations block by block."""

    def __init__(
        self,
        how: RowWise,
        function: Callable[..., tuple[Any, ...]],
        carries: Sequence[bool],
        summed: Sequence[bool],
        counted: bool,
    ) -> None:
        """``carries`` says which arguments have rows, ``summed`` which results are sums over the rows.

        ``counted``: the function wants the number of all rows by keyword.
        """
        self.how, self.function, self.carries, self.summed, self.counted = how, function, carries, summed, counted

    def worth(self, arguments: Sequence[Any]) -> bool:
        """Whether these arguments are large enough."""
        sizes = [a.size for a, carries in zip(arguments, self.carries, strict=True) if carries]
        return bool(sizes) and max(sizes) >= LEAST

    def run(
        self, arguments: Sequence[Any], keywords: Mapping[str, Any], shapes: Sequence[tuple[int, ...]], dtype: Any
    ) -> list[Any]:
        """The results, of these shapes."""
        carrying = [a for a, carries in zip(arguments, self.carries, strict=True) if carries]
        rows = carrying[0].shape[0]
        step = max(1, BLOCK * rows // max(a.size for a in carrying))
        if self.counted:
            keywords = {**keywords, self.how.rows.name: rows}
        results = [
            None if summed else np.empty(shape, dtype) for shape, summed in zip(shapes, self.summed, strict=True)
        ]

        def chunk(first: int, last: int) -> list[Any]:
            totals: list[Any] = [None] * len(results)
            with np.errstate(all="ignore"):
                for start in range(first, last, step):
                    here = slice(start, min(start + step, last))
                    parts = self.function(
                        *(a[here] if c else a for a, c in zip(arguments, self.carries, strict=True)), **keywords
                    )
                    for k, (part, result) in enumerate(zip(parts, results, strict=True)):
                        if result is not None:
                            result[here] = part
                        else:
                            totals[k] = part if totals[k] is None else totals[k] + part
            return totals

        length = -(-rows // (CHUNKS * step)) * step
        starts = range(0, rows, length)
        partial = list(_pool().map(lambda s: chunk(s, min(s + length, rows)), starts))
        return [
            sum((p[k] for p in partial[1:]), start=partial[0][k]) if summed else results[k]
            for k, summed in enumerate(self.summed)
        ]


@cache
def _pool() -> ThreadPoolExecutor:
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return ThreadPoolExecutor(min(CHUNKS, len(mine)), thread_name_prefix="backproof")


__all__ = ["Blocks", "RowWise", "row_wise"]
