"""The expression nodes of index equations, as SymPy expressions.

SymPy has no node for a named tensor element of rank 0, for a named reduction that is never
expanded, or for a bracket that is strongly zero; these few do.  Everything else in an expression
is plain SymPy (``Add``, ``Mul``, ``Pow``, ``exp``, ``log``, relations, ``And``/``Or``/``Not``).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from sympy import Basic, Expr, Function, Integer, Symbol, Tuple, sympify
from sympy.core.symbol import Str
from sympy.logic.boolalg import Boolean, false, true

REDUCTIONS = ("sum", "prod", "max", "min", "logsumexp", "argmax", "argmin")


def index(name: str) -> Symbol:
    """An index variable: an integer symbol; its range is stated where it is bound."""
    return Symbol(name, integer=True)


def dimension(name: str) -> Symbol:
    """A symbolic size: a non-negative integer symbol (sizes 0 and 1 are legal)."""
    return Symbol(name, integer=True, nonnegative=True)


def integer_hyper(name: str, default: int) -> Symbol:
    """An integer hyper-parameter: positive where its default is (a stride), else non-negative (a padding)."""
    return Symbol(name, integer=True, positive=True) if default > 0 else dimension(name)


NodeType = TypeVar("NodeType", bound="Node")


def number(value: Any) -> Expr:
    """A number or an expression as an expression; text is refused, which SymPy would evaluate.

    >>> number("__import__('os')")
    Traceback (most recent call last):
    ...
    sympy.core.sympify.SympifyError: SympifyError: "__import__('os')"
    """
    result: Expr = sympify(value, strict=True)
    return result


def _node(kind: type[NodeType], *args: Any) -> NodeType:
    node: NodeType = Expr.__new__(kind, *args)
    return node


class Node(Expr):
    """Base of our nodes: real, commutative, and never differentiated behind our back."""

    is_commutative = True
    is_extended_real = True

    def _eval_derivative(self, symbol: Symbol) -> Expr:
        if symbol in self.free_symbols:
            raise TypeError(f"{type(self).__name__} has no SymPy derivative in {symbol}: {self}")
        return Integer(0)


class Access(Node):
    """One element ``T[i, j]`` of a named tensor; ``T`` of rank 0 has no indices."""

    def __new__(cls, tensor: str | Str, *indices: Any) -> Access:
        name = tensor if isinstance(tensor, Str) else Str(tensor)
        return _node(cls, name, *map(number, indices))

    @property
    def tensor(self) -> str:
        return str(self.args[0].name)

    @property
    def indices(self) -> tuple[Expr, ...]:
        return tuple(self.args[1:])

    def _sympystr(self, printer: Any) -> str:
        inside = ", ".join(printer._print(position) for position in self.indices)
        return f"{self.tensor}[{inside}]" if inside else self.tensor


class IntegerAccess(Access):
    """An element of an integer-valued tensor; it may stand as an index (a gather)."""

    is_integer = True


class Reduce(Node):
    """``op(body, i < n, j < m)``: a named reduction over bound indices, each from 0 to its extent - 1.

    ``ties`` names the convention of ``max`` and ``min``: ``"first"`` (the first maximum takes the whole cotangent),
    ``"last"`` or ``"share"`` (equal parts); it is ``""`` for every other op.
    ``argmax``/``argmin`` give the position of the first extremum over their one index.
    """

    def __new__(cls, op: str | Str, body: Any, *limits: Any, ties: str = "") -> Reduce:
        if str(op) not in REDUCTIONS:
            raise ValueError(f"unknown reduction {op!s}; known: {', '.join(REDUCTIONS)}")
        pairs = [Tuple(*map(number, limit)) for limit in limits]
        return _node(cls, Str(str(op)), Str(ties), number(body), *pairs)

    @classmethod
    def _rebuild(cls, *args: Any) -> Reduce:
        return _node(cls, *args)

    @property
    def func(self) -> Any:
        return type(self)._rebuild

    @property
    def op(self) -> str:
        return str(self.args[0].name)

    @property
    def ties(self) -> str:
        return str(self.args[1].name)

    @property
    def body(self) -> Expr:
        return self.args[2]

    @property
    def limits(self) -> tuple[tuple[Symbol, Expr], ...]:
        return tuple((pair[0], pair[1]) for pair in self.args[3:])

    @property
    def bound(self) -> tuple[Symbol, ...]:
        return tuple(pair[0] for pair in self.args[3:])

    @property
    def is_integer(self) -> bool | None:
        return True if self.op in ("argmax", "argmin") else None

    @property
    def free_symbols(self) -> set[Basic]:
        return set(self._free)

    @cached_property
    def _free(self) -> frozenset[Basic]:
        free: set[Basic] = set(self.body.free_symbols) - set(self.bound)
        return frozenset(free.union(*(extent.free_symbols for _, extent in self.limits)))

    def _sympystr(self, printer: Any) -> str:
        return f"{self.op}({printer._print(self.body)}, {', '.join(map(str, self.bound))})"


class Where(Node):
    """``a`` where the condition holds, else ``b``; the branch not taken is never looked at."""

    def __new__(cls, condition: Any, a: Any, b: Any) -> Expr:
        if condition == true:
            return number(a)
        if condition == false:
            return number(b)
        return _node(cls, condition, number(a), number(b))

    @property
    def condition(self) -> Boolean:
        return self.args[0]


class Pad(Node):
    """``pad(e)`` until ranges are known: zero wherever an access inside ``e`` leaves its tensor."""

    def __new__(cls, body: Expr) -> Pad:
        return _node(cls, body)


class Iverson(Node):
    """``[condition]``: 1 where it holds, else 0, and *strongly* zero: ``[false] * anything = 0``.

    Deltas of the chain rule and range guards are Iverson factors.  Source: Knuth, *Two Notes on Notation*, 1992.
    """

    is_nonnegative = True
    is_finite = True

    def __new__(cls, condition: Any) -> Expr:
        if condition == true:
            return Integer(1)
        if condition == false:
            return Integer(0)
        return _node(cls, condition)

    @property
    def condition(self) -> Boolean:
        return self.args[0]

    def _eval_power(self, exponent: Expr) -> Expr | None:
        return self if exponent.is_positive else None


class Maximum(Function):
    """Elementwise ``max(a, b)``; at a tie the first argument takes the whole cotangent unless ``ties`` says otherwise.

    The third argument is ``Str("first")``, ``Str("last")`` or ``Str("share")``.
    """

    nargs = (2, 3)
    is_extended_real = True

    @property
    def ties(self) -> str:
        return str(self.args[2].name) if len(self.args) == 3 else "first"


class Minimum(Maximum):
    """Elementwise ``min(a, b)``, with the same convention at ties as :class:`Maximum`."""


class Partial(Node):
    """``d body / d variable`` at ``variable = value``: what a *local derivative* step claims about.

    ``variable`` is a plain real symbol that stands in ``body`` for the one sub-expression ``value``; everything else is
    held fixed.  It is never computed with; the exact evaluator checks it by perturbing the variable.
    """

    def __new__(cls, body: Any, variable: Symbol, value: Any) -> Partial:
        return _node(cls, number(body), variable, number(value))

    @property
    def body(self) -> Expr:
        return self.args[0]

    @property
    def variable(self) -> Symbol:
        return self.args[1]

    @property
    def value(self) -> Expr:
        return self.args[2]


class Sensitivity(Node):
    """``d <cotangents, outputs> / d T[a]``: the total derivative that an adjoint is claimed to equal.

    It is never computed with; the exact evaluator checks it by perturbing the element and recomputing all that follows.
    """

    def __new__(cls, access: Access) -> Sensitivity:
        return _node(cls, access)

    @property
    def access(self) -> Access:
        access: Access = self.args[0]
        return access


class Slope(Node):
    """``d of[r] / d T[a]``: the total derivative of one element by another, which an entry of a Jacobian is claimed to equal.

    Like :class:`Sensitivity` it is never computed with.
    """

    def __new__(cls, of: Access, access: Access) -> Slope:
        return _node(cls, of, access)

    @property
    def of(self) -> Access:
        of: Access = self.args[0]
        return of

    @property
    def access(self) -> Access:
        access: Access = self.args[1]
        return access
