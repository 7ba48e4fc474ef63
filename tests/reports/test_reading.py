"""Every formula of the catalog means what it says: a reader of the printed boxes gets the values of the expressions."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Symbol

from derive.derivation import Derivation
from derive.nodes import Access, Partial, Sensitivity, Where
from derive.notation import Box, Notation, expression_box
from derive.notation.names import name_box
from derive.notation.sums import split_sign
from derive.program import Equation
from derive.registry import get
from derive.reverse import derive
from numeric.exact import Exact
from tests.reports.reading import Guarded
from tests.shares import share, turn
from verify.sampling import sample


@pytest.fixture(scope="module", params=turn("reading", share("reading"), 12))
def point(request: pytest.FixtureRequest) -> tuple[Derivation, Exact, Notation]:
    """A derivation with all its tensors at one small random point."""
    derivation = derive(get(request.param))
    case = sample(derivation.program, 11, derivation=derivation, budget=400)
    program, notation = derivation.combined, Notation.of(derivation)
    # The steps also name the adjoints that were put into others; each has the axes of what it is the adjoint of.
    inlined = [e for e in derivation.derived if e.target not in program.tensors]
    names = {e.target: program.tensors[notation.adjoints[e.target]] for e in inlined}
    tensors = {name: replace(of, name=name, role="adjoint") for name, of in names.items()}
    program = program.with_(tensors={**program.tensors, **tensors}, equations=(*program.equations, *inlined))
    return derivation, Exact(program, case.exact(derivation)), notation


def reader(exact: Exact, notation: Notation, indices: dict[Symbol, int]) -> Guarded:
    def elements(name: str) -> Any:
        def element(position: tuple[int, ...]) -> float:
            value = exact.value(name, position)
            return float(value) if isinstance(value, int) else float(value.mid())

        return element

    tensors = {notation.name(name): elements(name) for name in exact.program.tensors}
    numbers: dict[Box, float] = {name_box(s.name): float(n) for s, n in exact.sizes.items()}
    numbers |= {name_box(s.name): float(n) for s, n in indices.items()}
    shapes = {notation.name(n): tuple(size(e, exact) for e in t.shape) for n, t in exact.program.tensors.items()}
    return Guarded(tensors, numbers, shapes)


def positions(equation: Equation, exact: Exact) -> list[dict[Symbol, int]]:
    """The first, the last and one inner position of an equation's free indices."""
    extents = {i: size(n, exact) for i, n in equation.ranges.items()}
    if any(n == 0 for n in extents.values()):
        return []
    corners = [
        dict.fromkeys(extents, 0),
        {i: n - 1 for i, n in extents.items()},
        {i: n // 2 for i, n in extents.items()},
    ]
    return [corner for k, corner in enumerate(corners) if corner not in corners[:k]]


def size(extent: Any, exact: Exact) -> int:
    return int(extent.subs(dict(exact.sizes)))


def agree(got: float, exact: Exact, expression: Any, indices: dict[Symbol, int]) -> bool:
    want = float(exact.evaluate(expression, indices).mid())
    return math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-12)


def looked_at(equation: Equation, exact: Exact, notation: Notation, context: Notation) -> int:
    """How many positions of an equation read as they are; at least one has to.

    At some the reader's floats underflow: CTC's impossible paths are e to the -1e30, and the logarithm of that.
    """
    places = positions(equation, exact)
    box = expression_box(equation.rhs, context)
    looked = 0
    for indices in places:
        try:
            got = reader(exact, notation, indices).read(box)
        except (FloatingPointError, ZeroDivisionError):
            continue
        assert agree(got, exact, equation.rhs, indices), (equation, indices, got)
        looked += 1
    assert looked or not places, f"{equation} could not be read anywhere"
    return looked


def test_equations_read_as_they_are(point: tuple[Derivation, Exact, Notation]) -> None:
    derivation, exact, notation = point
    assert sum(looked_at(e, exact, notation, notation.at(e)) for e in derivation.combined.equations)


def test_steps_read_as_they_are(point: tuple[Derivation, Exact, Notation]) -> None:
    derivation, exact, notation = point
    looked = 0
    for step in derivation.steps:
        for side in (step.before, step.after):
            if side.has(Partial, Sensitivity):
                continue
            equation = Equation(step.target, step.indices, step.extents, side)
            looked += looked_at(equation, exact, notation, notation.indexed(*(i.name for i in equation.ranges)))
    assert looked


def test_the_reader_sees_a_wrong_sign_and_a_wrong_index() -> None:
    """The reader is no rubber stamp: boxes that say something else get another value."""
    derivation = derive(get("softmax_cross_entropy"))
    case = sample(derivation.program, 3, derivation=derivation, budget=400)
    exact, notation = Exact(derivation.combined, case.exact(derivation)), Notation.of(derivation)
    (equation,) = derivation.equations
    i, j = equation.indices
    assert min(exact.sizes.values()) > 1
    indices = {i: 0, j: 1}
    right = expression_box(equation.rhs, notation)
    assert agree(reader(exact, notation, indices).read(right), exact, equation.rhs, indices)
    for wrong in (-equation.rhs, equation.rhs * 2, equation.rhs.xreplace({i: j, j: i})):
        got = reader(exact, notation, indices).read(expression_box(wrong, notation))
        assert not agree(got, exact, equation.rhs, indices)


@pytest.mark.parametrize("seed", range(30))
def test_pulling_out_a_sign_keeps_the_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    letters = [Access(name) for name in "abcd"]
    expression: Any = 0
    for _ in range(3):
        term: Any = int(rng.integers(-3, 4)) or 1
        for letter in rng.permutation(4)[:2]:
            term = term * (letters[letter] - int(rng.integers(0, 3)) * letters[(letter + 1) % 4])
        expression = expression + term / (letters[int(rng.integers(4))] - 5)
    negative, rest = split_sign(expression)
    values = {letter: float(v) for letter, v in zip(letters, rng.normal(size=4), strict=True)}
    value = float(expression.xreplace(values))
    assert math.isclose(value, (-1 if negative else 1) * float(rest.xreplace(values)), rel_tol=1e-9)
    tensors = {name_box(letter.tensor): (lambda _, v=v: v) for letter, v in values.items()}
    assert math.isclose(Guarded(tensors, {}).read(expression_box(expression)), value, rel_tol=1e-9, abs_tol=1e-12)


def test_where_is_read_by_cases() -> None:
    x = Access("x")
    box = expression_box(Where(x > 0, x, -2 * x))
    for value, expected in ((3.0, 3.0), (-3.0, 6.0)):
        assert Guarded({name_box("x"): lambda _, v=value: v}, {}).read(box) == expected
