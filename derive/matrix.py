"""The matrix form of an equation: a small tree that every printer and the code generator can walk."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr


@dataclass(frozen=True)
class Matrix:
    """Base of matrix-form nodes.  Arrays broadcast as in NumPy after alignment of trailing axes."""


@dataclass(frozen=True)
class Whole(Matrix):
    """A whole tensor by name."""

    name: str


@dataclass(frozen=True)
class Scalar(Matrix):
    """A number, a size, or an expression of rank-0 tensors."""

    value: Expr


@dataclass(frozen=True)
class Transpose(Matrix):
    """``a^T`` of a rank-2 array."""

    a: Matrix


@dataclass(frozen=True)
class Product(Matrix):
    """The matrix product ``a @ b`` (rank 1 or 2 on either side; ``x^T y`` of two vectors is a scalar)."""

    a: Matrix
    b: Matrix


@dataclass(frozen=True)
class Outer(Matrix):
    """The outer product ``a b^T`` of two vectors."""

    a: Matrix
    b: Matrix


@dataclass(frozen=True)
class Times(Matrix):
    """Elementwise (Hadamard) product with broadcasting; scalars come first."""

    factors: tuple[Matrix, ...]


@dataclass(frozen=True)
class Plus(Matrix):
    """A sum with broadcasting; a negative term is ``Times((Scalar(-1), ...))``."""

    terms: tuple[Matrix, ...]


@dataclass(frozen=True)
class Power(Matrix):
    """Elementwise power with a scalar exponent (``1/a`` is exponent -1, ``sqrt(a)`` is 1/2)."""

    a: Matrix
    exponent: Expr


@dataclass(frozen=True)
class Apply(Matrix):
    """A named elementwise function of whole arrays: ``sigmoid(Z)``, ``exp(S)``, ``max(0, Z)``."""

    function: str
    arguments: tuple[Matrix, ...]


@dataclass(frozen=True)
class Bracket(Matrix):
    """``[left relation right]``, the elementwise Iverson bracket of a comparison (``relation`` as in Python)."""

    relation: str
    left: Matrix
    right: Matrix


@dataclass(frozen=True)
class Total(Matrix):
    """A reduction: ``op`` over ``axis`` (0: of each column, 1: of each row, None: over everything).

    ``op`` is ``sum``, ``mean``, ``max``, ``min``, ``prod`` or ``logsumexp``; with ``keep`` the axis stays with
    size 1, so that the result broadcasts against the argument (``P * (G - rowsum(G * P))``).
    """

    op: str
    a: Matrix
    axis: int | None = None
    keep: bool = False


@dataclass(frozen=True)
class Column(Matrix):
    """A vector ``v`` set upright as ``v[:, None]``, so that it scales rows: ``diag(v) A``."""

    a: Matrix
