"""A program evaluated element by element with exact numbers: rigorous balls, or fractions.

This is the slow, plain reading of the index equations; generated code and derivation steps are judged against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import flint
import numpy as np
from sympy import Expr, Symbol

from derive.program import Equation, Program, Tensor
from numeric.closures import Closures
from numeric.conditions import Key, Reader, Value
from numeric.errors import OutOfBounds, ShapeError, Undecidable, UnsupportedExpression
from numeric.fields import Field, field_named
from numeric.integers import integer_value
from numeric.shapes import bind_sizes, collapsed

Compiler = Callable[[Field, Mapping[Symbol, int], str], Closures]
_DEPTH = 12  # nested reads before the evaluator turns recursion into a list of things to do


_SHARED = ("program", "bits", "field", "sizes", "_given", "_plan")  # of evaluations that differ in perturbations only


class _Deeper(Exception):
    """Asks for an element to be computed first, so that Python's stack stays shallow."""

    def __init__(self, name: str, position: tuple[int, ...]) -> None:
        super().__init__(name, position)
        self.name, self.position = name, position


class Share:
    """A perturbation in proportion to whatever the element has become."""

    __slots__ = ("by",)

    def __init__(self, by: Any) -> None:
        self.by = by


class Plan:
    """The equations of a program at given sizes, compiled element by element when an element is asked for.

    It holds no values and serves all points of the same sizes (at one precision, which its constants have).
    """

    def __init__(self, program: Program, sizes: Mapping[Symbol, int], field: Field, compiler: Compiler) -> None:
        self.program, self.sizes = program, sizes
        self.closures = compiler(field, sizes, program.name)
        self._rules: dict[str, list[tuple[Equation, tuple[int | None, ...], tuple[int, ...], Any]]] = {}
        self._compiled: dict[Key, Value] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a tensor's axes."""
        if name not in self._shapes:
            extents = self.program.tensors[name].shape
            self._shapes[name] = tuple(max(0, int(integer_value(extent, self.sizes))) for extent in extents)
        return self._shapes[name]

    def element(self, name: str, position: tuple[int, ...]) -> Value:
        """How the element is computed from others."""
        key = name, position
        if key not in self._compiled:
            self._compiled[key] = self._element(name, position)
        return self._compiled[key]

    def _element(self, name: str, position: tuple[int, ...]) -> Value:
        for equation, constants, extents, staged in self._rules_of(name):
            if _covers(position, constants, extents):
                value: Value = staged(dict(zip(equation.indices, position, strict=True)))
                return value
        raise OutOfBounds(f"{self.program.name}: no equation defines {name}{list(position)}")

    def _rules_of(self, name: str) -> list[tuple[Equation, tuple[int | None, ...], tuple[int, ...], Any]]:
        if name not in self._rules:
            rules = []
            for equation in self.program.equations_of(name):
                pairs = list(zip(equation.indices, equation.extents, strict=True))
                constants = tuple(None if n is not None else int(integer_value(i, self.sizes)) for i, n in pairs)
                extents = tuple(0 if n is None else int(integer_value(n, self.sizes)) for _, n in pairs)
                integer = self.program.tensors[name].integer
                compiler = self.closures.integer_element if integer else self.closures.real
                rules.append((equation, constants, extents, compiler(equation.rhs)))
            self._rules[name] = rules
        return self._rules[name]


def _covers(position: tuple[int, ...], constants: tuple[int | None, ...], extents: tuple[int, ...]) -> bool:
    return all(
        at == constant if constant is not None else 0 <= at < extent
        for at, constant, extent in zip(position, constants, extents, strict=True)
    )


class Plans:
    """The plans of one program, shared by all evaluations that are given this object.

    ``compiler`` says how expressions are read; one that is not :class:`numeric.closures.Closures` may have them rounded.
    """

    def __init__(self, program: Program, compiler: Compiler = Closures) -> None:
        self.program, self._compiler = program, compiler
        self._plans: dict[Any, Plan] = {}
        self._others: dict[int, Plans] = {}

    def beside(self, program: Program) -> Plans:
        """The plans of another program that is evaluated at the same points."""
        if id(program) not in self._others:
            self._others[id(program)] = Plans(program)
        return self._others[id(program)]

    def at(self, sizes: Mapping[Symbol, int], field: Field, bits: int) -> Plan:
        """The plan for these sizes and this kind of numbers; to be called at the precision of ``bits``."""
        key = frozenset(sizes.items()), field.name, bits
        if key not in self._plans:
            self._plans[key] = Plan(self.program, sizes, field, self._compiler)
        return self._plans[key]


class Exact:
    """The elements of a program's tensors for given inputs, computed on demand and remembered.

    ``inputs`` maps names to arrays, nested lists or numbers (float32, float64 and fractions go in without rounding);
    hyper-parameters that are not given take their defaults.  ``field`` is ``"arb"`` (python-flint balls of ``bits``
    bits: every value encloses the true one) or ``"rational"`` (exact fractions).  ``perturb={(name, position): h}``
    adds ``h`` (or a :class:`Share` of it) to that element right after it is computed, so that all that depends on it
    follows.  ``plans`` saves compiling again what an evaluation of the same program at other values has compiled.

    Raises :class:`ShapeError` for contradicting shapes, :class:`NotRational` for ``exp`` and the like in the rational
    field, :class:`Undecidable` where overlapping balls would have to be compared, and :class:`OutOfBounds` for an
    access outside a tensor that no bracket guards.

    >>> from sympy import Rational
    >>> from derive.nodes import Access, Reduce, dimension, index
    >>> from derive.program import Equation, Program, Tensor
    >>> i, n = index("i"), dimension("n")
    >>> total = Reduce("sum", Access("x", i) ** 2, (i, n)) * Rational(1, 2)
    >>> program = Program("half_square", {"x": Tensor("x", (n,)), "L": Tensor("L", (), "output")},
    ...                   (Equation("L", (), (), total),), ("L",))
    >>> Exact(program, {"x": [1, 2, 3]}, field="rational").value("L", ())
    Fraction(7, 1)
    """

    def __init__(
        self,
        program: Program,
        inputs: Mapping[str, Any],
        *,
        bits: int = 128,
        field: str = "arb",
        perturb: Mapping[tuple[str, tuple[int, ...]], Any] | None = None,
        plans: Plans | None = None,
    ) -> None:
        self.program, self.bits, self.field = program, bits, field_named(field)
        self._perturb = {(name, tuple(position)): h for (name, position), h in (perturb or {}).items()}
        self._given = self._arrays(inputs)
        shapes = {name: array.shape for name, array in self._given.items()}
        integers = {s.name: int(inputs[s.name]) for s in program.integers if s.name in inputs}
        self.sizes: dict[Symbol, int] = bind_sizes(program, shapes, integers)
        self._memo: dict[Key, Any] = {}
        self._depth = 0
        self._reader = Reader(self._memo, self._read)
        with self._precision():
            self._plan = (plans or Plans(program)).at(self.sizes, self.field, bits)

    def again(self, perturb: Mapping[Key, Any], known: dict[Key, Any]) -> Exact:
        """The evaluation of the same program at the same inputs with other perturbations, from elements known to stay."""
        other = Exact.__new__(Exact)
        vars(other).update({name: vars(self)[name] for name in _SHARED})
        other._perturb, other._memo, other._depth = dict(perturb), known, 0
        other._reader = Reader(known, other._read)
        return other

    def _arrays(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        known = {tensor.name for tensor in self.program.inputs}
        unknown = sorted(inputs.keys() - known - {s.name for s in self.program.integers})
        if unknown:
            names = ", ".join(sorted(known))
            raise ShapeError(f"{self.program.name}: no input named {', '.join(unknown)}; inputs: {names}")
        arrays = {}
        for tensor in self.program.inputs:
            if tensor.name in inputs:
                given = inputs[tensor.name]
                array = given if isinstance(given, np.ndarray) else np.array(given, dtype=object)
                arrays[tensor.name] = array.reshape(collapsed(self.program, tensor, array.shape))
            elif tensor.default is not None:
                arrays[tensor.name] = np.array(tensor.default, dtype=object)
            else:
                raise ShapeError(f"{self.program.name}: the input {tensor.name} is missing")
        return arrays

    def value(self, name: str, position: Sequence[int] = ()) -> Any:
        """The element of a tensor at a position (which may be -1 on the time axis of a recurrence)."""
        with self._precision():
            return self.field.given_back(self._settled(name, tuple(int(p) for p in position)))

    def evaluate(
        self,
        expression: Expr,
        indices: Mapping[Symbol, Any] | None = None,
        *,
        offsets: Mapping[tuple[str, tuple[int, ...]], Any] | None = None,
    ) -> Any:
        """An expression over this program's tensors, its free indices (and real symbols, if any) set to numbers.

        ``offsets={(name, position): h}`` adds ``h`` wherever the expression itself reads that element, and leaves
        everything computed elsewhere fixed: what a partial derivative needs.
        """
        with self._precision():
            reader = self._reader
            if offsets:
                shifts = {(name, tuple(position)): h for (name, position), h in offsets.items()}

                def read(name: str, position: tuple[int, ...]) -> Any:
                    value = self._read(name, position)
                    shift = shifts.get((name, position))
                    return value if shift is None else value + self.field.number(shift)

                reader = Reader({}, read)
            value = self._plan.closures.real(expression)(dict(indices or {}))
            while True:
                try:
                    self._depth = 0
                    return self.field.given_back(value(reader))
                except _Deeper as deeper:
                    self._settled(deeper.name, deeper.position)

    def array(self, name: str) -> np.ndarray:
        """All elements at positions 0 .. extent - 1 (start values at -1 are left out), as an object array."""
        shape = self.shape(name)
        result = np.empty(shape, dtype=object)
        with self._precision():
            for position in np.ndindex(*shape):
                result[position] = self.field.given_back(self._settled(name, position))
        return result

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a tensor's axes."""
        self._tensor(name)
        return self._plan.shape(name)

    def _tensor(self, name: str) -> Tensor:
        if name not in self.program.tensors:
            raise UnsupportedExpression(f"{self.program.name}: no tensor named {name}")
        return self.program.tensors[name]

    @contextmanager
    def _precision(self) -> Iterator[None]:
        before = flint.ctx.prec
        flint.ctx.prec = self.bits
        try:
            yield
        finally:
            flint.ctx.prec = before

    def _settled(self, name: str, position: tuple[int, ...]) -> Any:
        todo = [(name, position)]
        while True:
            try:
                self._depth = 0
                value = self._read(*todo[-1])
                todo.pop()
                if not todo:
                    return value
            except _Deeper as deeper:
                if (deeper.name, deeper.position) in todo:
                    raise UnsupportedExpression(
                        f"{self.program.name}: {deeper.name}{list(deeper.position)} depends on itself"
                    ) from None
                todo.append((deeper.name, deeper.position))

    def _read(self, name: str, position: tuple[int, ...]) -> Any:
        key = (name, position)
        if key in self._memo:
            return self._memo[key]
        if self._depth >= _DEPTH:
            raise _Deeper(name, position)
        self._depth += 1
        try:
            value = self._element(name, position)
        finally:
            self._depth -= 1
        if key in self._perturb:
            change = self._perturb[key]
            value = (
                value * (1 + self.field.number(change.by))
                if isinstance(change, Share)
                else value + self.field.number(change)
            )
        self._memo[key] = value
        return value

    def _element(self, name: str, position: tuple[int, ...]) -> Any:
        tensor = self._tensor(name)
        if name in self._given:
            array = self._given[name]
            for axis, (at, size) in enumerate(zip(position, array.shape, strict=True)):
                if not 0 <= at < size:
                    raise OutOfBounds(f"{self.program.name}: {name}{list(position)} is outside axis {axis} of {size}")
            element = array[position]
            return int(element) if tensor.integer else self.field.number(element)
        return self._plan.element(name, position)(self._reader)


def enclosures(
    program: Program, inputs: Mapping[str, Any], names: Sequence[str], *, accuracy: int = 80, most: int = 1 << 14
) -> dict[str, np.ndarray]:
    """Balls for all elements of the named tensors, each known to ``accuracy`` relative bits (or exactly zero).

    The working precision is doubled until that holds or ``most`` bits are reached; then :class:`Undecidable` is raised.
    """
    bits, reason = 2 * accuracy, ""
    while bits <= most:
        exact = Exact(program, inputs, bits=bits)
        try:
            arrays = {name: exact.array(name) for name in names}
        except Undecidable as undecided:
            reason = str(undecided)
        else:
            poor = [
                (name, value)
                for name, array in arrays.items()
                for value in array.flat
                if not value.is_exact() and value.is_finite() and value.rel_accuracy_bits() < accuracy
            ]
            if not poor:
                return arrays
            reason = f"{poor[0][0]} has an element {poor[0][1]}"
        bits *= 2
    raise Undecidable(f"{program.name}: {most} bits are not enough: {reason}")
