"""Each witness alone: differences with their error estimate, fractions, balls, perturbation, comparison rules."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.registry import declare, get
from derive.reverse import derive
from tests.seeds import SEED
from tests.verify.support import derived
from verify import verify
from verify.compare import close, compare, relative_errors
from verify.sampling import Case, sample
from verify.verdicts import Verdict, overall, worst
from verify.witnesses import rational
from verify.witnesses.balls import Truth, distance, to_float
from verify.witnesses.differences import judge, quotient
from verify.witnesses.dot_product import identity
from verify.witnesses.perturbation import Perturbation
from verify.witnesses.structure import accumulated
from verify.witnesses.taylor import remainder, taylor_slope

FUNCTIONS = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "log": (np.log, lambda x: 1 / x),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.floats(0.01, 10))
def test_difference_quotients_keep_their_own_promise(name: str, x: float) -> None:
    f, slope = FUNCTIONS[name]
    found = quotient(lambda v: float(f(v["x"][0])), {"x": np.array([x])}, "x", (0,))
    assert abs(found.value - slope(x)) <= 16 * found.error
    assert found.error <= 1e-7 * max(abs(slope(x)), 1e-3)


@pytest.mark.parametrize("x", [1e-12, 1e-5, 1e5, 1e12])
def test_steps_are_relative(x: float) -> None:
    found = quotient(lambda v: float(np.log(v["x"][0])), {"x": np.array([x])}, "x", (0,))
    assert abs(found.value * x - 1) < 1e-7


def test_what_a_forward_loses_by_cancellation_is_known() -> None:
    # Rounded at 1e6, though nothing of that size is left in the end.  That two extrapolations agree by chance happens
    # once in some hundred elements.
    def phi(v: Any) -> float:
        return float(np.sum(np.sin(v["x"]) + 1e6) - 1e6 * v["x"].size)

    moved_by_whole_units = 721750326  # along steps of 2^-20 and 2^-30: no rounding shows in them
    for seed in (moved_by_whole_units, *range(SEED, SEED + 20)):
        x = {"x": np.random.default_rng(seed).uniform(0.1, 1, 32)}
        found = judge(phi, x, "x", np.cos(x["x"]))
        assert found.verdict is not Verdict.WRONG_FORMULA, found.detail
        assert judge(phi, x, "x", 1.01 * np.cos(x["x"])).verdict is Verdict.WRONG_FORMULA


def test_a_kink_that_large_steps_pass_does_not_lower_the_order() -> None:
    def phi(v: Any) -> float:
        return float(np.sum(v["x"] ** 3 + 5 * np.maximum(np.abs(v["x"] - 1), 2.0**-21)))

    x = {"x": np.array([1.0])}
    coarse, _ = taylor_slope(phi, x, {"x": 3 * x["x"] ** 2}, np.random.default_rng(1))
    fine, _ = taylor_slope(phi, x, {"x": 3 * x["x"] ** 2}, np.random.default_rng(1), finer=8)
    assert coarse < 1.7
    assert fine > 1.7
    wrong, _ = taylor_slope(phi, x, {"x": 3.003 * x["x"] ** 2}, np.random.default_rng(1), finer=8)
    assert wrong < 1.2


def test_differences_without_a_defined_element_are_outside_the_domain() -> None:
    x = {"x": np.array([1.0, 2.0])}
    found = judge(lambda v: float(np.sum(v["x"])), x, "x", np.ones(2), defined=np.zeros(2, dtype=bool))
    assert (found.verdict, found.points) == (Verdict.OUTSIDE, 0)


def test_where_an_output_is_not_finite_there_are_no_differences_and_no_remainder() -> None:
    def phi(v: Any) -> float:
        with np.errstate(all="ignore"):
            return float(np.sum(np.log(v["x"])))

    x, gradient = {"x": np.array([2.0, -1.0])}, np.array([0.5, -1.0])
    found = judge(phi, x, "x", gradient)
    assert (found.verdict, found.points, found.undecided) == (Verdict.OUTSIDE, 0, 0)
    order, _ = taylor_slope(phi, x, {"x": gradient}, np.random.default_rng(1))
    assert np.isnan(order)


def total(f: Any) -> Any:
    return lambda v: float(np.sum(f(v["x"])))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda g: g, Verdict.AGREES),
        (lambda g: g * 0.9995, Verdict.WRONG_FORMULA),
        (lambda g: g * (1 + 1e-7), Verdict.WRONG_FORMULA),
        (lambda g: -g, Verdict.WRONG_FORMULA),
        (lambda g: 0 * g, Verdict.WRONG_FORMULA),
        (lambda g: g * np.nan, Verdict.WRONG_FORMULA),
        (lambda g: g[:1], Verdict.WRONG_FORMULA),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-200])
def test_differences_judge_gradients_of_any_size(change: Any, verdict: Verdict, scale: float) -> None:
    x = np.array([0.7, -1.3, 2.0])
    assert judge(total(lambda v: scale * np.exp(v)), {"x": x}, "x", change(scale * np.exp(x))).verdict is verdict


@pytest.mark.parametrize(
    ("at_zero", "verdict"), [(0.0, "agrees"), (0.5, "agrees"), (3.0, "wrong formula"), (-2.0, "wrong formula")]
)
def test_at_a_kink_the_gradient_lies_between_the_sides(at_zero: float, verdict: str) -> None:
    finding = judge(total(lambda v: np.maximum(v, 0)), {"x": np.array([0.0, 1.0])}, "x", np.array([at_zero, 1.0]))
    assert finding.verdict.value == verdict
    assert finding.kinks == 1


@given(st.integers(0, 2**32 - 1))
def test_the_taylor_remainder_tells_right_from_wrong(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.5, 2, 3)
    phi = total(lambda v: np.exp(v) * v)
    right = np.exp(x) * (x + 1)
    assert taylor_slope(phi, {"x": x}, {"x": right}, np.random.default_rng(seed))[0] > 1.7
    assert taylor_slope(phi, {"x": x}, {"x": right + 0.05 * np.abs(right)}, np.random.default_rng(1))[0] < 1.6


def test_where_terms_cancel_along_one_direction_others_are_looked_at() -> None:
    """At this seed the remainder of the catalog's VAE changes its sign at the last steps that rounding leaves: order 1.57."""
    evidence = verify("vae", seed=204715601, cases=1, strata=["ordinary"], steps=False)
    (row,) = (row for row in evidence.rows if row.witness == "taylor")
    assert (row.verdict, row.note) == (Verdict.AGREES, "order 2.000")


def test_no_direction_excuses_a_wrong_gradient() -> None:
    x = np.array([0.7, 1.1, 1.9])
    right = np.exp(x) * (x + 1)
    phi = total(lambda v: np.exp(v) * v)
    wrong = right * [1, 1, 1.05]
    assert [remainder(phi, {"x": x}, {"x": right}, seed).verdict for seed in range(20)] == [Verdict.AGREES] * 20
    assert [remainder(phi, {"x": x}, {"x": wrong}, seed).verdict for seed in range(20)] == [Verdict.WRONG_FORMULA] * 20


def test_the_taylor_remainder_of_a_linear_function_is_rounding() -> None:
    order, _ = taylor_slope(total(lambda v: 3 * v), {"x": np.ones(2)}, {"x": np.full(2, 3.0)}, np.random.default_rng(0))
    assert order == np.inf


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=9))
def test_polynomial_slopes_are_exact(coefficients: list[int]) -> None:
    def polynomial(t: Fraction) -> Fraction:
        return sum((c * t**power for power, c in enumerate(coefficients)), Fraction(0))

    assert rational.polynomial_slope(polynomial) == coefficients[1]


RATIONAL = [
    "identity",
    "relu",
    "binary_step",
    "dense",
    "mse",
    "half_mse",
    "squared_error",
    "least_squares",
    "gradient_descent",
    "l2",
]


@pytest.mark.parametrize("name", RATIONAL)
def test_rational_operations_agree_digit_for_digit(name: str) -> None:
    derivation = derived(name)
    case = sample(derivation.program, 4, derivation=derivation, budget=100)
    assert rational.applies(derivation, case)
    for argument in derivation.gradients:
        found = rational.identity(derivation, case, argument, np.random.default_rng(0))
        assert found.verdict is Verdict.AGREES, found.detail
        assert found.points > 0


def test_a_wrong_rational_gradient_is_shown_as_fractions() -> None:
    right = derived("mse")
    equations = tuple(e.__class__(e.target, e.indices, e.extents, e.rhs * 2) for e in right.adjoint.equations)
    from dataclasses import replace

    wrong = replace(right, adjoint=right.adjoint.with_(equations=equations))
    case = sample(right.program, 4, derivation=right)
    found = rational.identity(wrong, case, "yhat", np.random.default_rng(0))
    assert found.verdict is Verdict.WRONG_FORMULA
    assert "exactly" in found.detail


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "layer_norm", "rnn"])
def test_irrational_operations_are_left_out(name: str) -> None:
    derivation = derived(name)
    assert not rational.applies(derivation, sample(derivation.program, 1, derivation=derivation, budget=100))


# -- balls ------------------------------------------------------------------------------------------------------------


def truth(name: str, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]) -> Truth:
    operation = get(name)
    given = {key: np.asarray(value, dtype=float) for key, value in inputs.items()}
    seeds = {key: np.asarray(value, dtype=float) for key, value in cotangents.items()}
    return Truth(derive(operation), Case({}, given, {}, seeds))


def test_the_truth_survives_cancellation() -> None:
    value = truth("sigmoid", {"z": [40.0, 800.0]}, {"a": [1.0, 1.0]}).values("z")
    assert to_float(value)[0] == pytest.approx(4.248354255291589e-18, rel=1e-15)
    assert value[1] > 0
    assert value[1] < 1e-300


def test_condition_of_a_sum_counts_its_terms() -> None:
    operation = declare("x[n]\nL = sum(x)**2/2", name="square_of_sum")
    here = Truth(derive(operation), Case({}, {"x": np.array([1e8, -1e8, 1.0])}))
    # dL/dx = sum(x) = 1, which relative errors of its terms move by about 2e8
    assert to_float(here.values("x")).tolist() == [1.0, 1.0, 1.0]
    assert here.condition("x").min() > 1e7
    assert distance(np.array([1.0, 1.5, np.nan]), here.values("x"))[:2].tolist() == [0.0, 0.5]


def test_condition_sees_every_cancellation() -> None:
    rows, share = 100, 0.25
    given = np.full((rows, 4), share)
    here = truth("softmax_cross_entropy", {"Z": np.zeros((rows, 4)), "Y": given}, {})
    # (P - Y)/n is exactly 0, but P is known to a rounding of 1/4; one of 400 elements may not look exact by chance
    assert not np.any(to_float(here.values("Z")))
    assert here.condition("Z").min() > share / rows / 50
    assert here.condition("Z", sure=True).min() > share / rows / 8
    assert here.condition("Z", sure=True).max() <= 4 * share / rows


def test_labels_at_the_end_of_their_domain_are_exact() -> None:
    here = truth("bce_with_logits", {"z": [40.0], "y": [1.0]}, {})
    assert here.condition("z")[0] < 1e-15
    assert here.roughness("z")[0] > 0.5


def test_elementwise_results_are_not_accumulated() -> None:
    assert accumulated(get("sigmoid").program) == frozenset()
    assert "theta" in accumulated(get("adam").program)


def test_perturbation_sees_both_sides_of_a_kink() -> None:
    slopes = Perturbation(get("relu").program, {"z": np.array([0.0])}, {"a": np.array([3.0])}).slopes("z", (0,))
    assert (float(slopes.left), float(slopes.right), slopes.smooth) == (0.0, 3.0, False)
    slopes = Perturbation(get("relu").program, {"z": np.array([2.0])}, {"a": np.array([3.0])}).slopes("z", (0,))
    assert (float(slopes.middle), slopes.smooth) == (3.0, True)


# -- comparison -------------------------------------------------------------------------------------------------------


def compared(got: list[float], z: list[float], *, dtype: Any = np.float64, gentle: bool = False) -> Verdict:
    array = np.array(z, dtype=dtype)
    here = truth("sigmoid", {"z": array}, {"a": np.ones(len(z))})
    return compare(np.array(got, dtype=dtype), here, "z", dtype=dtype, gentle=gentle).verdict


def test_nan_never_equals_nan() -> None:
    assert not close(np.array([np.nan]), np.array([np.nan]))
    assert relative_errors(np.array([np.inf]), np.array([np.inf]))[1] == np.inf
    assert compared([np.nan], [1.0], gentle=True) is Verdict.WRONG_FORMULA
    assert compared([np.nan], [1.0]) is Verdict.INACCURATE


def test_there_is_no_absolute_floor() -> None:
    assert not close(np.array([0.0]), np.array([1e-300]))
    assert not close(np.array([1e-300]), np.array([0.0]))
    assert compared([0.0], [-20.0]) is Verdict.WRONG_FORMULA


def test_underflow_is_no_error() -> None:
    assert compared([0.0], [-800.0]) is Verdict.AGREES
    assert compared([0.0], [-100.0], dtype=np.float32) is Verdict.AGREES
    assert compared([0.0], [-80.0], dtype=np.float32) is Verdict.WRONG_FORMULA


def at_one_element(text: str, x: float) -> Truth:
    derivation = derive(declare(text))
    sizes = dict.fromkeys(derivation.program.dimensions, 1)
    return Truth(derivation, Case(sizes, {"x": np.array([x])}, {}, {"y": np.ones(1)}))


def test_a_number_that_few_bits_do_not_enclose_is_enclosed_by_more() -> None:
    """x**x at 3.8e260 has 1e263 digits; with 192 bits its exponent is not known to the unit, and the ball is any number."""
    here = at_one_element("x[n]; x > 0; y[i] = x[i]**x[i]", 3.8e260)
    for name in ("x", "y"):
        assert here.values(name)[0] > 1e308
        assert compare(np.array([np.inf]), here, name).verdict is Verdict.AGREES


def test_infinity_over_infinity_of_few_bits_is_no_undefined_number() -> None:
    """exp(u)/(exp(u) + 1) at u = e^700: its exponent alone has a thousand bits."""
    here = at_one_element("x[n]; u = exp(x); y = exp(u)/(exp(u) + 1)", 700.0)
    assert not here.undecided("y").any()
    assert compare(np.array([1.0]), here, "y").verdict is Verdict.AGREES
    assert compare(np.array([0.5]), here, "y").verdict.faulty


def test_of_a_number_that_cannot_be_enclosed_nothing_is_said() -> None:
    here = at_one_element("x[n]; y[i] = exp(exp(exp(x[i])))", 1000.0)
    assert here.undecided("y").all()
    for got in (np.inf, 0.0, 1.0, np.nan):
        assert compare(np.array([got]), here, "y").verdict is Verdict.CANNOT_DECIDE


def test_a_false_zero_is_inaccurate() -> None:
    assert compared([0.0], [40.0]) is Verdict.INACCURATE


def test_one_wrong_element_outweighs_the_rest() -> None:
    assert worst([Verdict.AGREES, Verdict.INACCURATE, Verdict.WRONG_FORMULA]) is Verdict.WRONG_FORMULA
    assert overall([Verdict.AGREES, Verdict.CANNOT_DECIDE]) is Verdict.AGREES
    assert overall([]) is Verdict.CANNOT_DECIDE


def test_a_recurrence_that_truly_overflows_is_outside_the_range_and_only_that_is() -> None:
    def judged(text: str, got: list[float], name: str, **inputs: Any) -> Verdict:
        derivation = derive(declare(text))
        given = {key: np.asarray(value, dtype=np.float32) for key, value in inputs.items()}
        case = Case({}, given, {}, {"h": np.ones(3), "e": np.ones(3)})
        truth = Truth(derivation, case, np.float32)
        return compare(np.array(got, dtype=np.float32), truth, name, dtype=np.float32).verdict

    growing = "x[T], a\nh[t] = a*h[t - 1] + x[t]\nh[-1] = 0"
    assert judged(growing, [0.0, 1e30, np.nan], "h", x=[0.0, 1e30, 0.0], a=1e30) is Verdict.AGREES
    assert judged(growing, [0.0, np.nan, 1e20], "h", x=[0.0, 1e10, 0.0], a=1e10) is Verdict.INACCURATE
    # so is a standard deviation that a layer has computed; the sample behind it has no value in this dtype
    drawn = "x[T], w, u[T]\ns = exp(sum(w*x))\nh[t] = tanh(s*u[t])\noutput(h)"
    point: dict[str, Any] = {"x": [300.0, 0, 0], "w": 1.0, "u": [0.0, 1, 1]}
    assert judged(drawn, [np.nan, np.nan, np.nan], "h", **point) is Verdict.OUTSIDE
    assert judged(drawn, [np.nan, 1, 1], "h", **point) is Verdict.AGREES, "by the two others, which are 1 in balls too"
    assert judged(drawn, [np.nan, 1, 1], "h", x=[30.0, 0, 0], w=1.0, u=[0.0, 1, 1]) is Verdict.INACCURATE
    # an exponential of one's own may overflow too, and should not have been written so
    naive = "x[T]\ne = exp(x)\nh[t] = e[t]/(1 + e[t])\noutput(h)"
    assert judged(naive, [0.5, np.nan, 0.5], "h", x=[0.0, 800.0, 0.0]) is Verdict.INACCURATE


def test_a_slope_that_only_fine_steps_see_is_confirmed_and_a_wrong_one_is_not() -> None:
    def phi(values: Mapping[str, Any]) -> float:
        x = values["x"]
        return float(np.sum(x / np.sqrt(x**2 + 1e-8) + x))

    inputs = {"x": np.array([0.0, 1.0])}
    right = np.array([1e4 + 1, 1 + 1e-8 * (1 + 1e-8) ** -1.5])
    assert judge(phi, inputs, "x", right).verdict is Verdict.AGREES
    assert judge(phi, inputs, "x", right * [1.01, 1]).verdict is Verdict.WRONG_FORMULA


def test_a_slope_that_is_zero_agrees_with_a_gradient_that_is_zero() -> None:
    # one class: its probability is 1 whatever the logits are
    derivation = derive(get("softmax_cross_entropy"))
    classes = derivation.program.dimensions[1]
    case = sample(derivation.program, 3, sizes={s: 1 if s == classes else 3 for s in derivation.program.dimensions})
    rng = np.random.default_rng(0)
    assert identity(derivation, case, {"Z": np.zeros((3, 1))}, rng).verdict is Verdict.AGREES
    assert identity(derivation, case, {"Z": np.full((3, 1), 1e-30)}, rng).verdict is Verdict.WRONG_FORMULA
    # where rounding the inputs moves the gradients further than that, the two sides cannot be told apart
    for condition, verdict in ((1e-10, Verdict.CANNOT_DECIDE), (1e-20, Verdict.WRONG_FORMULA)):
        off = {"Z": np.full((3, 1), 1e-30)}
        scale = np.full((3, 1), condition)
        assert identity(derivation, case, off, rng, lambda _, scale=scale: scale).verdict is verdict


@pytest.mark.parametrize("rows", [1, 3])
def test_an_undefined_part_hides_no_condition_of_the_others(rows: int) -> None:
    """The cosine of a zero row is undefined, and so is the loss; the other row's rounding is what it is by itself.

    Without it the loss of digits in ``u - c*v`` looked like a wrong formula.
    """
    x1, x2 = np.zeros((rows, 2), np.float32), np.zeros((rows, 2), np.float32)
    x1[-1], x2[-1] = (1, 0), (1, 0.03)
    y = np.zeros(rows, np.float32)
    operation = get("cosine_embedding")
    case = Case({}, {"x1": x1, "x2": x2, "y": y, "margin": np.array(0, np.float32)}, {}, {})
    truth = Truth(derive(operation), case, np.float32)
    got = to_float(truth.values("x2")).astype(np.float32)
    got[-1, 0] *= np.float32(1 + 7e-5)  # what float32 leaves of it
    assert compare(got, truth, "x2", dtype=np.float32).verdict is Verdict.AGREES
    got[-1, 0] *= np.float32(1.5)
    assert compare(got, truth, "x2", dtype=np.float32).verdict is Verdict.WRONG_FORMULA
