"""The exact evaluator against values known by hand; it is what everything else is judged by."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq
from sympy import (
    And,
    Eq,
    Expr,
    Float,
    Integer,
    Mod,
    Not,
    Or,
    Rational,
    Symbol,
    cos,
    erf,
    exp,
    floor,
    log,
    oo,
    sin,
    tanh,
)

from derive.nodes import Access as A
from derive.nodes import IntegerAccess, Iverson, Maximum, Minimum, Reduce, Where, dimension, index
from derive.program import Equation, Program, Tensor
from derive.registry import declare
from numeric.errors import NotRational, OutOfBounds, ShapeError, Undecidable, UnsupportedExpression
from numeric.exact import Exact, Plans, Share, enclosures
from numeric.fields import Balls

i, j, k, t = map(index, "ijkt")
n, m, T = map(dimension, ("n", "m", "T"))


def program(rhs: Expr, *inputs: Tensor, indices: tuple[Expr, ...] = (), extents: tuple[Expr, ...] = ()) -> Program:
    tensors = {tensor.name: tensor for tensor in inputs} | {"y": Tensor("y", extents, "output")}
    return Program("test", tensors, (Equation("y", indices, extents, rhs),), ("y",))


X, XM = Tensor("x", (n,)), Tensor("x", (n, m))
S = Tensor("s", ())


def value(rhs: Expr, *inputs: Tensor, field: str = "rational", **given: object) -> object:
    return Exact(program(rhs, *inputs), given, field=field).value("y", ())


@pytest.mark.parametrize(
    ("rhs", "expected"),
    [
        (Reduce("sum", A("x", i), (i, n)), Fraction(1, 2)),
        (Reduce("prod", A("x", i), (i, n)), Fraction(-3)),
        (Reduce("max", A("x", i), (i, n)), Fraction(2)),
        (Reduce("min", A("x", i), (i, n)), Fraction(-3)),
        (Reduce("sum", A("x", i), (i, n)) / n, Fraction(1, 8)),
        (Reduce("sum", i * A("x", i), (i, n)), 0 * 2 + 1 * 1 + 2 * -3 + 3 * Fraction(1, 2)),
        (Reduce("sum", A("x", i) * Iverson(i > 1), (i, n)), Fraction(-5, 2)),
        (Maximum(A("x", 0), A("x", 1)) + Minimum(A("x", 0), A("x", 1)), Fraction(3)),
        (Where(A("x", 0) > 0, A("x", 0) ** 2, 1 / (A("x", 0) - 2)), Fraction(4)),
        (abs(A("x", 2)) ** -2, Fraction(1, 9)),
        (A("x", n - 1 - floor(n / 3)), Fraction(-3)),
        (A("x", Mod(Integer(7), n)), Fraction(1, 2)),
        (A("x", 1) ** (n - 1), Fraction(1)),
    ],
)
def test_rational_values(rhs: Expr, expected: Fraction) -> None:
    given = [Fraction(2), Fraction(1), Fraction(-3), Fraction(1, 2)]
    assert value(rhs, X, x=given) == expected


@pytest.mark.parametrize(("op", "expected"), [("sum", 0), ("prod", 1), ("max", -oo), ("min", oo), ("logsumexp", -oo)])
def test_empty_reductions(op: str, expected: Expr) -> None:
    got = value(Reduce(op, A("x", i), (i, n)), X, field="arb", x=[])
    assert got == arb(str(float(expected)))


@pytest.mark.parametrize(
    ("rhs", "expected"),
    [
        (exp(A("s")), "1.6487212707001281468486507878141635716537761007101480115750793116"),  # OEIS A019774
        (log(A("s")), "-0.69314718055994530941723212145817656807550013436025525412068"),  # OEIS A002162
        (tanh(A("s")), "0.46211715726000975850231848364367254873028928033011303855273"),  # OEIS A174930
        (sin(A("s")), "0.47942553860420300027328793521557138808180336794060067518861661"),  # OEIS A049469
        (erf(A("s")), "0.52049987781304653768274665389196452873645157575796370005880585"),  # DLMF 7.2.1
        (A("s") ** Rational(1, 2), "0.70710678118654752440084436210484903928483593768847403658834"),  # OEIS A010503
    ],
)
def test_balls_enclose_known_constants(rhs: Expr, expected: str) -> None:
    got = value(rhs, S, field="arb", s=0.5)
    assert isinstance(got, arb)
    assert got.overlaps(arb(expected))
    assert got.rel_accuracy_bits() > 100


@pytest.mark.parametrize("exponent", [1, 2, 3, 6])
def test_powers_of_a_ball_around_zero(exponent: int) -> None:
    # what arithmetic knows of y - y: that it is about 0; python-flint's own power is NaN there
    ball = Balls().power(arb(0, 1e-30), exponent)
    assert ball.contains(0)
    assert abs(ball) < 1.1 * 10.0 ** (-30 * exponent)
    root = Balls().power(arb(4, 1e-15), Fraction(-3, 2))
    assert root.contains(0.125)
    assert root.rad() < 1e-14


def test_logsumexp_of_far_apart_and_masked_entries() -> None:
    lse = Reduce("logsumexp", A("x", i), (i, n))
    assert value(lse, X, field="arb", x=[800.0, 800.0]).overlaps(800 + arb(2).log())
    assert value(lse, X, field="arb", x=[-np.inf, 3.0]) == 3
    assert value(lse, X, field="arb", x=[-1e6, -1e6]).overlaps(arb(-1000000) + arb(2).log())


def test_float32_and_float64_inputs_enter_without_rounding() -> None:
    assert value(A("x", 0), X, x=np.array([0.1], np.float32)) == Fraction(float(np.float32(0.1)))
    assert value(A("x", 0), X, x=np.array([0.1])) == Fraction(0.1)


def test_a_false_bracket_hides_what_it_multiplies() -> None:
    # x[i - 1] is outside at i = 0 and 1/0 at i = 1; neither may be looked at
    guarded = Iverson(And(i >= 2, i < n)) * A("x", i - 1) * (1 / A("x", i - 2))
    with pytest.raises(NotRational, match="division by zero"):
        value(Reduce("sum", Iverson(i >= 2) / A("x", i - 2), (i, n)), X, x=[0, 1, 5])
    assert value(Reduce("sum", guarded, (i, n)), X, x=[2, 10, 5]) == 5
    with pytest.raises(OutOfBounds, match="outside axis 0"):
        value(Reduce("sum", A("x", i - 1), (i, n)), X, x=[2, 10, 5])


def test_the_branch_not_taken_is_not_looked_at() -> None:
    shifted = Where(i > 0, A("x", i - 1), -1)
    assert value(Reduce("sum", shifted, (i, n)), X, x=[2, 10, 5]) == 11


def test_gather_and_scatter() -> None:
    table, token = Tensor("E", (m,)), Tensor("token", (n,), integer=True)
    gathered = program(A("E", IntegerAccess("token", i)), table, token, indices=(i,), extents=(n,))
    given = {"E": [10, 20, 30], "token": [2, 0, 2, 1]}
    assert Exact(gathered, given, field="rational").array("y").tolist() == [30, 10, 30, 20]
    scattered = Reduce("sum", A("g", i) * Iverson(Eq(k, IntegerAccess("token", i))), (i, n))
    back = program(scattered, Tensor("g", (n,)), token, indices=(k,), extents=(Integer(3),))
    assert Exact(back, {"g": [1, 2, 4, 8], "token": [2, 0, 2, 1]}, field="rational").array("y").tolist() == [2, 8, 5]


@pytest.mark.parametrize(("op", "expected"), [("argmax", 1), ("argmin", 3)])
def test_extremum_position_is_the_first(op: str, expected: int) -> None:
    place = Reduce(op, A("x", i), (i, n))
    assert value(A("x", place) * 0 + place, X, x=[2, 7, 7, 1, 1]) == expected


def test_recurrence_with_start_value_and_hundreds_of_steps() -> None:
    # h[t] = h[t-1]/2 + x[t] with x = 1: h[t] = 2 - (2 - ...)/2^(t+1) in closed form
    tensors = {"x": Tensor("x", (T,)), "h0": Tensor("h0"), "h": Tensor("h", (T,), "output", lower=(-1,))}
    equations = (
        Equation("h", (Integer(-1),), (None,), A("h0")),
        Equation("h", (t,), (T,), A("h", t - 1) / 2 + A("x", t)),
    )
    recurrence = Program("recurrence", tensors, equations, ("h",))
    exact = Exact(recurrence, {"x": [1] * 400, "h0": 0}, field="rational")
    assert exact.value("h", (399,)) == 2 - Fraction(1, 2**399)
    assert exact.value("h", (-1,)) == 0
    assert exact.array("h").shape == (400,)
    assert Exact(recurrence, {"x": [], "h0": 3}, field="rational").array("h").shape == (0,)
    nudged = Exact(recurrence, {"x": [1] * 3, "h0": 0}, field="rational", perturb={("h", (0,)): Fraction(1, 8)})
    assert nudged.value("h", (2,)) - exact.value("h", (2,)) == Fraction(1, 32)


def test_offsets_reach_the_expression_and_nothing_computed_before() -> None:
    tensors = {"x": X, "u": Tensor("u", (n,), "intermediate"), "y": Tensor("y", (), "output")}
    equations = (
        Equation("u", (i,), (n,), 3 * A("x", i)),
        Equation("y", (), (), Reduce("sum", A("u", i) * A("x", i), (i, n))),
    )
    exact = Exact(Program("two", tensors, equations, ("y",)), {"x": [1, 2]}, field="rational")
    base = exact.evaluate(equations[1].rhs)
    assert exact.evaluate(equations[1].rhs, offsets={("x", (1,)): 1}) - base == 6  # u stays fixed
    assert exact.evaluate(equations[1].rhs, offsets={("u", (1,)): 1}) - base == 2
    assert exact.evaluate(A("x", i) + i, {i: 1}) == 3
    v = Symbol("v", real=True)
    assert exact.evaluate(v * A("x", 1), {v: Fraction(1, 4)}) == Fraction(1, 2)


def test_leading_axes_of_an_ellipsis_become_one_axis() -> None:
    operation = declare("z[...]\na = z*z", name="square_all")
    exact = Exact(operation.program, {"z": np.arange(6.0).reshape(1, 2, 3)}, field="rational")
    assert exact.array("a").tolist() == [0, 1, 4, 9, 16, 25]
    assert Exact(operation.program, {"z": 3.0}, field="rational").array("a").tolist() == [9]


def test_comparisons_that_balls_cannot_decide_say_so() -> None:
    one = sin(A("s")) ** 2 + cos(A("s")) ** 2  # encloses 1 without being exactly 1
    with pytest.raises(Undecidable, match="cannot decide"):
        value(Where(one > 1, A("s"), 0), S, field="arb", s=1.0)
    with pytest.raises(Undecidable, match="cannot decide"):
        value(Reduce("argmax", exp(A("x", i)), (i, n)) + A("x", 0), X, field="arb", x=[1.0, 1.0])


def test_a_maximum_equals_the_element_it_is() -> None:
    computed = exp(A("x", i))
    top = Reduce("max", exp(A("x", k)), (k, n))
    tensors = {"x": X, "u": Tensor("u", (n,), "intermediate"), "y": Tensor("y", (n,), "output")}
    equations = (
        Equation("u", (i,), (n,), computed),
        Equation("y", (i,), (n,), Iverson(Eq(A("u", i), Reduce("max", A("u", k), (k, n))))),
    )
    exact = Exact(Program("top", tensors, equations, ("y",)), {"x": [0.5, 2.5, 1.5]})
    assert [int(float(v)) for v in exact.array("y")] == [0, 1, 0]
    assert exact.evaluate(top).overlaps(arb(2.5).exp())


def test_transcendental_functions_are_not_rational() -> None:
    for rhs in (exp(A("s")), Reduce("logsumexp", A("x", i), (i, n)), A("s") ** Rational(1, 2)):
        with pytest.raises(NotRational, match="field='arb'"):
            value(rhs, S, X, s=2, x=[1, 2])
    assert value(A("s") ** Rational(1, 2), S, s=Fraction(4, 9)) == Fraction(2, 3)
    assert value(Float("0.25") * A("s"), S, s=2) == Fraction(1, 2)


def test_shape_errors_name_dimension_tensors_and_sizes() -> None:
    dense = declare("X[n, d], W[d, k]\nZ = X @ W", name="product_only").program
    with pytest.raises(ShapeError, match=r"dimension d .* 3 from X \(axis 1\), but 4 in W \(axis 0\)"):
        Exact(dense, {"X": np.ones((2, 3)), "W": np.ones((4, 5))})
    with pytest.raises(ShapeError, match=r"X is declared X\[n, d\] \(2 axes\), but an array of shape \(2,\)"):
        Exact(dense, {"X": np.ones(2), "W": np.ones((4, 5))})
    with pytest.raises(ShapeError, match="the input W is missing"):
        Exact(dense, {"X": np.ones((2, 3))})
    with pytest.raises(ShapeError, match="no input named V"):
        Exact(dense, {"X": np.ones((2, 3)), "W": np.ones((3, 5)), "V": 1})
    with pytest.raises(UnsupportedExpression, match="no tensor named Q"):
        Exact(dense, {"X": np.ones((2, 3)), "W": np.ones((3, 5))}).value("Q", (0,))


def test_enclosures_raise_the_precision_until_the_relative_accuracy_is_there() -> None:
    cancelling = program((1 + A("s")) - 1 - A("s") * (1 - exp(-exp(A("s")))), S)
    ball = enclosures(cancelling, {"s": -200.0}, ["y"], accuracy=90)["y"][()]
    assert ball.rel_accuracy_bits() >= 90
    with pytest.raises(Undecidable, match="bits are not enough"):
        enclosures(program(1 - tanh(A("s")) ** 2, S), {"s": 1e6}, ["y"], accuracy=80, most=1 << 12)


@pytest.mark.parametrize(
    "rhs",
    [
        A("x", IntegerAccess("s", i)) ** 2,
        Reduce("sum", A("x", k) * Iverson(Eq(k, IntegerAccess("s", i))), (k, n)),
        Where(A("x", i) > 1, A("x", i), -3) * Iverson(A("x", 0) < A("x", i)),
        Maximum(A("x", i), Reduce("max", A("x", k), (k, n)) / 2),
        A("x", Reduce("argmax", A("x", k), (k, n))) / Reduce("sum", A("x", k) ** 2, (k, n)),
        Iverson(And(IntegerAccess("s", i) > 0, Not(Eq(A("x", i), 1)))) + Iverson(Or(i < 1, A("x", i) > 2)),
        A("x", i) ** IntegerAccess("s", i) + IntegerAccess("s", i),
    ],
    ids=str,
)
def test_shared_plans_hold_no_values(rhs: Expr) -> None:
    here = program(rhs, X, Tensor("s", (n,), integer=True), indices=(i,), extents=(n,))
    points = [
        {"x": [Fraction(1), Fraction(5, 2), Fraction(2)], "s": [2, 0, 1]},
        {"x": [Fraction(3), Fraction(1), Fraction(7, 2)], "s": [1, 2, 0]},
        {"x": [Fraction(4), Fraction(1, 3)], "s": [0, 1]},
    ]
    plans = Plans(here)
    for _ in range(2):
        for given in points:
            shared = Exact(here, given, field="rational", plans=plans).array("y").tolist()
            assert shared == Exact(here, given, field="rational").array("y").tolist()
            bits = [Exact(here, given, bits=b, plans=plans).array("y") for b in (64, 256)]
            assert all(fine.overlaps(coarse) for coarse, fine in zip(*bits, strict=True))
            assert all(b.overlaps(arb(fmpq(v.numerator, v.denominator))) for b, v in zip(bits[1], shared, strict=True))
    moved = Exact(here, points[0], field="rational", perturb={("x", (0,)): 1}, plans=plans).array("y").tolist()
    assert moved == Exact(here, points[0], field="rational", perturb={("x", (0,)): 1}).array("y").tolist()


def test_a_share_of_what_an_element_becomes() -> None:
    program = declare("x[n]\nP[i] = exp(x[i])/sum(exp(x[j]), j)\nL = log(pad(P[0]))").program
    down = Share(-Fraction(1, 4))
    moved = Exact(program, {"x": [0.0, 0.0]}, perturb={("x", (0,)): -1000, ("P", (0,)): down})
    # log(3/4) - 1000, up to exp(-1000); a fourth of 1/2 taken off would leave a negative number
    assert abs(float(moved.value("L").mid()) + 1000.2876820724518) < 1e-12
