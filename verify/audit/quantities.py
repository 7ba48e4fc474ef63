"""The quantities that a claim speaks of, evaluated in balls: expressions, tensors of operations, norms and radii.

A quantity is an expression in the names of a declaration.  Two things are added to the language of declarations:
``dense.Z(X = X.T, W = W.T, b = b)`` is a tensor (``dense.dW(...)`` a gradient) of an operation of the catalog at other inputs;
``norm(A)`` is the largest singular value of a matrix or the length of a vector, ``radius(A)`` its spectral radius.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import BackproofError, DeclarationError
from derive.operation import Operation
from derive.program import Program
from derive.registry import get, names
from derive.reverse import derive
from numeric.errors import NotRational, Undecidable
from numeric.exact import Exact
from verify.audit.measures import MEASURES
from verify.quantities import Setting

Array = NDArray[Any]
Turn = Callable[[Array], Array]


@dataclass(frozen=True)
class Call:
    """A tensor of an operation at inputs that are quantities themselves, turned and cut afterwards."""

    operation: Operation
    tensor: str
    program: Program
    arguments: Mapping[str, str]  # input -> name of a quantity
    integers: Mapping[str, int]
    turns: tuple[Turn, ...]


class Quantities:
    """Several expressions over one declaration.

    Raises:
        DeclarationError: one cannot be understood; the message shows it with a caret.

    Example:
        >>> found = Quantities(Setting("x[n]"), {"a": "norm(x)", "b": "sigmoid.a(z = 0*x)"})
        >>> at = found.at({"x": np.array([3.0, 4.0])})
        >>> float(at("a")[()]), [float(b) for b in at("b")]
        (5.0, [0.5, 0.5])
    """

    def __init__(self, setting: Setting, texts: Mapping[str, str]) -> None:
        self.calls: dict[str, Call] = {}
        self.plain: dict[str, str] = {}  # what the language reads
        self.measures: dict[str, tuple[str, str]] = {}  # scalar -> (measure, quantity that it is of)
        self.measured: dict[str, str] = {}  # scalar -> the text that is measured
        self.setting = setting
        taken = set(_words(setting.text))
        self._fresh = (f"quantity{k}" for k in range(10_000) if f"quantity{k}" not in taken)
        for name, text in texts.items():
            self._read(name, text)
        scalars = "".join(f"\n{name}" for name in self.measures)
        own = Setting(setting.text + scalars, setting.name, setting.options, setting.derivation)
        self.program = own.program(self.plain)

    @property
    def given(self) -> Program:
        """The program with the inputs that a caller gives: without what is measured."""
        tensors = {n: t for n, t in self.program.tensors.items() if n not in self.measures}
        return self.program.with_(tensors=tensors)

    def implied(self) -> dict[str, Fraction]:
        """The hyper-parameters that only functions bring along (beta of ``softplus(z)``), at the values that these have."""
        declared = {t.name for t in self.setting.program({}).inputs}
        return {
            t.name: Fraction(str(t.default))
            for t in self.program.inputs
            if t.name not in declared and t.default is not None
        }

    def is_plain(self, name: str) -> bool:
        """Whether a quantity is an expression of the language, with nothing measured in it."""
        return name in self.plain

    def _read(self, name: str, text: str) -> None:
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            self.plain[name] = text  # the language's own error, or its equations
            return
        call = self._call(tree)
        if call is not None:
            self.calls[name] = call
            return
        self.plain[name] = ast.unparse(_Measuring(self).visit(tree)) if _measures(tree) else text

    def _call(self, node: ast.expr) -> Call | None:
        turns: list[Turn] = []
        while True:
            if isinstance(node, ast.Attribute) and node.attr == "T":
                turns.append(np.transpose)
                node = node.value
            elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call | ast.Attribute | ast.Subscript):
                turns.append(_cut(node.slice))
                node = node.value
            else:
                break
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        owner = node.func.value
        if not isinstance(owner, ast.Name) or owner.id not in names():
            known = ast.unparse(owner)
            raise DeclarationError(f"{known} is no operation of the catalog; write dense.Z(X = ..., W = ..., b = ...)")
        return self._of_operation(owner.id, node, tuple(reversed(turns)))

    def _of_operation(self, name: str, node: ast.Call, turns: tuple[Turn, ...]) -> Call:
        assert isinstance(node.func, ast.Attribute)
        given = {k.arg: k.value for k in node.keywords if k.arg is not None}
        if node.args or len(given) != len(node.keywords):
            raise DeclarationError(f"name the inputs of {name}: {name}.{node.func.attr}(x = ..., w = ...)")
        operation = get(name)
        options = {k: v.id for k, v in given.items() if k in operation.options and isinstance(v, ast.Name)}
        operation = get(name, **options)
        program, tensor = operation.program, node.func.attr
        if tensor not in program.tensors:
            program = derive(operation).combined
        if tensor not in program.tensors:
            raise DeclarationError(f"{name} has no tensor {tensor}; it has {', '.join(program.tensors)}")
        known = {t.name for t in program.inputs} | {s.name for s in program.integers} | {*options}
        missing = [t.name for t in operation.inputs if t.name not in given]
        unknown = [key for key in given if key not in known]
        if missing or unknown:
            what = f"needs {', '.join(missing)}" if missing else f"has no input {unknown[0]}"
            raise DeclarationError(f"{name} {what}; its inputs are {', '.join(sorted(known))}")
        integers = {s.name for s in program.integers}
        arguments, whole = {}, {}
        for key, value in given.items():
            if key in options:
                continue
            if key in integers:
                if not isinstance(value, ast.Constant) or not isinstance(value.value, int):
                    raise DeclarationError(f"{key} of {name} is a whole number, such as {key} = 2")
                whole[key] = value.value
            else:
                arguments[key] = next(self._fresh)
                self._read(arguments[key], ast.unparse(value))
        return Call(operation, tensor, program, arguments, whole, turns)

    def measure(self, kind: str, argument: ast.expr) -> str:
        """The scalar that stands for a measure of a quantity."""
        text = ast.unparse(argument)
        for scalar, (known, _) in self.measures.items():
            if known == kind and self.measured[scalar] == text:
                return scalar
        quantity, scalar = next(self._fresh), next(self._fresh)
        self._read(quantity, text)
        self.measures[scalar] = (kind, quantity)
        self.measured[scalar] = text
        return scalar

    def at(self, inputs: Mapping[str, Any], bits: int = 256) -> Callable[[str], Array]:
        """The values at a point, by name, as arrays of balls."""
        given = {**inputs, **dict.fromkeys(self.measures, 0)}
        exact = Exact(self.program, given, bits=bits)
        for scalar, (kind, quantity) in self.measures.items():
            exact = Exact(self.program, given, bits=bits)
            given[scalar] = MEASURES[kind](self._rational(quantity, given, exact), bits)
        if self.measures:
            exact = Exact(self.program, given, bits=bits)

        def value(name: str) -> Array:
            return self._value(name, exact, bits)

        return value

    def _rational(self, quantity: str, given: Mapping[str, Any], exact: Exact) -> Array:
        try:
            return Exact(self.program, given, field="rational").array(quantity)
        except NotRational:
            return self._value(quantity, exact, exact.bits)

    def _value(self, name: str, exact: Exact, bits: int) -> Array:
        call = self.calls.get(name)
        if call is None:
            return exact.array(name)
        arguments = {key: self._value(quantity, exact, bits) for key, quantity in call.arguments.items()}
        value = Exact(call.program, {**arguments, **call.integers}, bits=bits).array(call.tensor)
        for turn in call.turns:
            value = turn(value)
        return np.asarray(value, dtype=object)


def _cut(node: ast.expr) -> Turn:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    places: list[Any] = []
    for part in parts:
        negative = isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub)
        inner = part.operand if isinstance(part, ast.UnaryOp) and negative else part
        if isinstance(inner, ast.Constant) and isinstance(inner.value, int):
            places.append(-inner.value if negative else inner.value)
        elif isinstance(part, ast.Slice) and part.lower is part.upper is part.step is None:
            places.append(slice(None))
        else:
            raise DeclarationError(
                f"an element of a tensor is taken with whole numbers and ':', got {ast.unparse(node)}"
            )

    def cut(value: Array) -> Array:
        try:
            return np.asarray(value[tuple(places)], dtype=object)
        except IndexError as problem:
            raise _Outside(f"[{ast.unparse(node)}]: {problem}") from None

    return cut


class _Outside(BackproofError, IndexError):
    """An element outside of a tensor."""


def _measures(tree: ast.expr) -> bool:
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in MEASURES for n in ast.walk(tree)
    )


class _Measuring(ast.NodeTransformer):
    """Puts a scalar in place of every ``norm(...)`` and ``radius(...)``."""

    def __init__(self, owner: Quantities) -> None:
        self.owner = owner

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in MEASURES:
            if len(node.args) != 1 or node.keywords:
                raise DeclarationError(f"{node.func.id} is of one matrix: {node.func.id}(W)")
            return ast.Name(self.owner.measure(node.func.id, node.args[0]), ast.Load())
        self.generic_visit(node)
        return node


def _words(text: str) -> Sequence[str]:
    import re

    return re.findall(r"\w+", text)


__all__ = ["Array", "Quantities", "Undecidable"]
