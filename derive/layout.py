"""Samples as columns: the same program with every matrix transposed, by exchanging two indices.

Most software stores one sample a row (``Z = X W + 1 b^T``), many books one sample a column (``Z = W X + b 1^T``, Goodfellow,
Bengio and Courville 2016 write single samples so).  One is the other with both axes of every matrix exchanged: an element
``X[i, j]`` is read as ``X[j, i]`` everywhere; where the first axis is the time of a recurrence, the two behind it are
exchanged, so that ``h[t]`` is a matrix with a sample a column.

What follows (derivation, matrix form, code, evidence) is then made from the
exchanged program and knows nothing of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sympy import Basic, Symbol

from derive.errors import DerivationError
from derive.naming import pick
from derive.nodes import Access, dimension
from derive.operation import Operation
from derive.program import Equation, Program, Tensor

LAYOUTS = ("rows", "columns")
SAID = (
    "Columns are samples: every matrix stands transposed against the declaration below, also each one of a sequence of "
    "matrices; all other arrays are as declared."
)
UNCHANGED = "Samples as columns: there is no matrix here, so that nothing changes."


def laid_out(operation: Operation, layout: str) -> Operation:
    """The operation with samples as ``rows`` (as it is declared) or as ``columns``.

    An operation without a matrix stays as it is, and its ``layout`` says so.  Raises
    :class:`derive.errors.DerivationError` for any other layout, and for rows where columns were made already.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> print(derive(laid_out(get("dense"), "columns")))
    dX = W.T @ dZ
    dW = dZ @ X.T
    db = rowsum(dZ)
    """
    if layout not in LAYOUTS:
        raise DerivationError(f"there is no layout {layout!r}; samples are {' or '.join(LAYOUTS)}")
    if layout == "rows" and operation.transposed:
        raise DerivationError(f"{operation.name} has samples as columns already; ask for rows of what was declared")
    if layout == "rows" or operation.transposed:
        return operation
    matrices = tuple(name for name in operation.program.tensors if name in exchanged(operation.program))
    if not matrices:
        return replace(operation, layout=UNCHANGED)
    letter = _batch(operation.program)
    claims = tuple(claim.replace("...", letter) for claim in operation.claims)
    example = {n: _exchanged(v) if n in matrices else v for n, v in operation.example.items()}
    return replace(
        operation,
        program=transposed(operation.program),
        layout=SAID,
        claims=claims,
        example=example,
        transposed=matrices,
    )


def transposed(program: Program) -> Program:
    """The program with both axes of every matrix exchanged; leading axes that stand for any number become one axis.

    >>> from derive.registry import get
    >>> print(transposed(get("dense").program).equations[0].lhs)
    Z[j, i]
    """
    turn = _Turn(program)
    return program.with_(
        tensors={name: turn.tensor(tensor) for name, tensor in program.tensors.items()},
        equations=tuple(turn.equation(e) for e in program.equations),
        facts=tuple((turn.expression(a), turn.expression(b)) for a, b in program.facts),
        conventions=tuple(replace(c, shown=turn.expression(c.shown)) for c in program.conventions),
        ellipsis=None,
    )


def exchanged(program: Program) -> frozenset[str]:
    """The matrices of a program, and its sequences of matrices: what has two axes, the time of a recurrence not counted.

    >>> from derive.registry import get
    >>> sorted(exchanged(get("rnn").program))
    ['W_hh', 'W_hy', 'W_xh', 'X', 'h', 'h0', 'y', 'z']
    """
    times = {group.extent for group in program.groups if group.direction}
    axes = {t.name: t.rank - int(t.rank > 0 and t.shape[0] in times) for t in program.tensors.values()}
    return frozenset(name for name, count in axes.items() if count == 2)


def _batch(program: Program) -> str:
    """The name of the axis that takes the place of any leading axes."""
    taken = {*program.tensors, *(s.name for s in program.dimensions), *(s.name for s in program.integers)}
    return pick(["n", "N"], taken)


def _exchanged(values: object) -> object:
    """Nested lists of an example, transposed in their last two axes."""
    if not isinstance(values, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in values):
        return values
    if any(isinstance(part, (list, tuple)) for row in values for part in row):
        return [_exchanged(part) for part in values]
    return [list(column) for column in zip(*values, strict=True)]


class _Turn:
    """One exchange of axes."""

    def __init__(self, program: Program) -> None:
        self.matrices = exchanged(program)
        self.sizes: Mapping[Symbol, Symbol] = {}
        if program.ellipsis is not None:
            self.sizes = {program.ellipsis: dimension(_batch(program))}

    def expression(self, expression: Any) -> Any:
        """An expression or condition with its matrices read at exchanged indices."""
        if isinstance(expression, Access):
            positions = tuple(self.expression(i) for i in expression.indices)
            return type(expression)(expression.tensor, *self._pair(expression.tensor, positions))
        if not isinstance(expression, Basic) or not expression.args:
            return self.sizes.get(expression, expression)
        return expression.func(*(self.expression(part) for part in expression.args))

    def tensor(self, tensor: Tensor) -> Tensor:
        shape = tuple(self.expression(n) for n in tensor.shape)
        lower = self._pair(tensor.name, tensor.lower) if tensor.lower else ()
        domain = tuple(self.expression(each) for each in tensor.domain)
        return replace(tensor, shape=self._pair(tensor.name, shape), lower=lower, domain=domain)

    def equation(self, equation: Equation) -> Equation:
        extents = tuple(None if n is None else self.expression(n) for n in equation.extents)
        return replace(
            equation,
            indices=self._pair(equation.target, equation.indices),
            extents=self._pair(equation.target, extents),
            rhs=self.expression(equation.rhs),
        )

    def _pair(self, tensor: str, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*parts[:-2], parts[-1], parts[-2]) if tensor in self.matrices else parts


__all__ = ["LAYOUTS", "laid_out", "transposed"]
