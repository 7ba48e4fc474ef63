"""A matrix form is shown only if it reads back as the index form; a corrupted one does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
from sympy import Integer, Rational

from derive import matrix_form as module
from derive.matrix import Apply, Bracket, Column, Matrix, Outer, Power, Product, Scalar, Times, Total, Transpose, Whole
from derive.matrix_form import Recogniser, matrix_form, normal_text
from derive.matrix_index import index_form
from derive.program import Equation, Program
from derive.registry import declare
from derive.reverse import derive
from tests.derive.support import derived
from tests.shares import share

EVEN = ("Abs", "cos")


def corrupted(tree: Matrix, signed: bool = True) -> Iterator[Matrix]:
    """The tree with one mistake, in every place: a lost or swapped part, another axis, sign, power or name."""
    if signed and tree != Scalar(Integer(0)):
        yield Times((Scalar(Integer(-1)), tree))
    match tree:
        case Whole(name):
            yield Whole(name + "_")
        case Scalar(value):
            yield Scalar(value + 1)
        case Transpose(a) | Column(a):
            yield a
        case Product(a, b) | Outer(a, b):
            yield type(tree)(b, a)
        case Power(a, exponent):
            yield Power(a, exponent + Rational(1, 2))
        case Bracket(relation, left, right):
            yield Bracket({">": "<", "<": ">"}.get(relation, "!="), left, right)
        case Total(op, a, axis, keep):
            yield Total("mean" if op == "sum" else "sum", a, axis, keep)
            if axis is not None:
                yield Total(op, a, None, keep)
                yield Total(op, a, 1 - axis, keep)
    # there a sign does not count
    even = tree.exponent.is_even if isinstance(tree, Power) else isinstance(tree, Apply) and tree.function in EVEN
    for field in fields(tree):
        value = getattr(tree, field.name)
        if isinstance(value, Matrix):
            yield from (replace(tree, **{field.name: bad}) for bad in corrupted(value, not even))
        elif isinstance(value, tuple):
            for k, part in enumerate(value):
                yield from (
                    replace(tree, **{field.name: (*value[:k], bad, *value[k + 1 :])})
                    for bad in corrupted(part, not even and (signed or not isinstance(tree, Times)))
                )


def reads_back(tree: Matrix, equation: Equation, program: Program) -> bool:
    try:
        return normal_text(index_form(tree, program, equation.indices)) == normal_text(equation.rhs)
    except (KeyError, ValueError):  # shapes that do not go together, a tensor that there is not
        return False


@pytest.mark.parametrize("name", share("matrix form"))
def test_every_matrix_form_reads_back_and_no_corrupted_one_does(name: str) -> None:
    derivation = derived(name)
    for equation in derivation.equations:
        if equation.target in derivation.matrix:
            tree = derivation.matrix[equation.target]
            assert reads_back(tree, equation, derivation.combined)
            mistakes = list(corrupted(tree))
            assert mistakes
            assert [bad for bad in mistakes if reads_back(bad, equation, derivation.combined)] == []


def test_a_wrong_recognition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = derived("dense")
    equation = next(e for e in derivation.equations if e.target == "dW")
    assert matrix_form(equation, derivation.combined) is not None
    right = Recogniser.run
    for bad in (
        Product(Whole("dZ"), Whole("X")),
        Product(Whole("X"), Whole("dZ")),
        Times((Scalar(Integer(2)), derivation.matrix["dW"])),
    ):
        monkeypatch.setattr(module.Recogniser, "run", lambda *_, bad=bad: bad)
        assert matrix_form(equation, derivation.combined) is None, bad
    monkeypatch.setattr(module.Recogniser, "run", right)
    assert matrix_form(equation, derivation.combined) is not None


def test_a_part_of_a_tensor_is_no_whole_tensor() -> None:
    derivation = derive(declare("x[n, d], y[n, e]\nz[i, j < d + e] = where(j < d, x[i, j], y[i, j - d])"))
    assert str(derivation) == "dx[i, j] = dz[i, j]\ndy[i, j] = dz[i, j + d]"
    assert str(derive(declare("x[n]\nL = sum(x[i]**2, i < n - 1)"))) == "dx[i] = 2*x[i]*[i < n - 1]"
