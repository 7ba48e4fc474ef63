"""Curves: what they show equals what is computed elsewhere, and a picture is refused where it would show nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import numeric
from derive.operation import Operation
from derive.registry import declare, get
from derive.reverse import derive
from reports.example import worked
from reports.pictures.accuracy import accuracy_figure
from reports.pictures.curves import function_figure
from reports.pictures.kills import heat_map, kill_figure
from reports.pictures.losses import loss_figure, prediction
from reports.pictures.paths import comparison_figure, path_figure, simplest
from reports.pictures.steps import step_errors, step_figure
from reports.pictures.style import Drawing, number
from reports.pictures.surfaces import SURFACES, Walker, best_walk, walk
from reports.pictures.through_time import RADII, norms_through_time, recurrence_of, through_time_figure
from reports.pictures.tracing import traced
from verify.accuracy import Accuracy, Band, Errors
from verify.analyses.recurrence import recurrence
from verify.mutants.judging import Kill
from verify.mutants.mutation import Mutant
from verify.mutants.table import KillTable, Outcome
from verify.verdicts import Verdict

Array = np.ndarray[Any, Any]


def drawn(data: Any) -> list[tuple[Array, Array]]:
    """The lines that a picture draws in its panels, in order."""
    from matplotlib.figure import Figure as Canvas

    assert isinstance(data, Drawing)
    canvas = Canvas(figsize=data.size)
    data._draw(canvas)
    return [line.get_data() for axes in canvas.axes for line in axes.lines]


def parts(operation: Operation) -> tuple[Any, Any, Any]:
    derivation = derive(operation)
    function = numeric.compile(derivation)
    return derivation, function, worked(operation, derivation, function)


# -- functions and losses ------------------------------------------------------------------------------------------------------


def test_a_curve_is_the_function_with_its_kinks_and_the_value_agreed_on() -> None:
    operation = declare(
        "z[...]\na[...] = where(z[...] > 2, 3*z[...] - 5, where(z[...] > -1, z[...]/2, -1/2))", name="bent"
    )
    figure = function_figure(operation, *parts(operation))
    assert figure is not None
    (x, values), (_, slopes), *_ = drawn(figure.data)
    expected = np.where(x > 2, 3 * x - 5, np.where(x > -1, x / 2, -0.5))
    assert x[0] < -1
    assert x[-1] > 2
    np.testing.assert_allclose(values, expected, atol=1e-12)
    fine = np.isfinite(slopes)
    np.testing.assert_allclose(slopes[fine], np.where(x > 2, 3, np.where(x > -1, 0.5, 0))[fine], atol=1e-12)
    assert list(x[~fine]) == [-1, 2]  # a jump is no line
    assert "jumps from 0 to 0.5 at z = −1, where 0 is agreed on" in figure.caption
    assert "jumps from 0.5 to 3 at z = 2, where 0.5 is agreed on" in figure.caption


def test_a_function_of_rows_is_shown_along_one_entry() -> None:
    figure = function_figure(get("softmax"), *parts(get("softmax")))
    assert figure is not None
    (x, values), (_, slopes), *_ = drawn(figure.data)
    expected = np.exp(x) / (np.exp(x) + 1 + np.e)
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    np.testing.assert_allclose(slopes, expected * (1 - expected), rtol=1e-9)


@pytest.mark.parametrize("pole", [0.0, 0.3, 1.234])
def test_a_pole_is_no_line(pole: float) -> None:
    with np.errstate(all="ignore"):
        curve = traced(lambda x: (1 / (x - pole), -1 / (x - pole) ** 2))
    assert curve is not None
    assert curve.poles == pytest.approx((pole,), abs=1e-6)
    assert curve.kinks == ()
    left = np.flatnonzero(curve.x < curve.poles[0])[-1]
    assert np.isnan(curve.values[left + 1])


def test_the_window_lies_where_something_happens() -> None:
    shifted = traced(lambda x: (np.tanh(4 * (x - 3)), 4 / np.cosh(4 * (x - 3)) ** 2))
    wave = traced(lambda x: (np.sin(20 * x), 20 * np.cos(20 * x)))
    assert shifted is not None
    assert wave is not None
    assert shifted.x[0] <= 0
    assert 4 < shifted.x[-1] < 7
    assert wave.x[-1] - wave.x[0] < 1.5


def test_a_loss_is_shown_for_both_ends_of_its_targets() -> None:
    operation = declare(
        "s[n], y[n]: data\n-1 <= y[i] <= 1\nm[i] = s[i]*y[i]\nL = mean(log(1 + exp(-m[i])), i)", name="margin"
    )
    derivation = derive(operation)
    figure = loss_figure(operation, derivation, numeric.compile(derivation))
    assert figure is not None
    lines = drawn(figure.data)
    curves = [(x, y) for x, y in lines if len(x) > 100]
    for (x, values), (_, slopes), target in zip(curves[:2], curves[2:], (-1, 1), strict=True):
        np.testing.assert_allclose(values, np.log1p(np.exp(-target * x)), rtol=1e-12)
        np.testing.assert_allclose(slopes, -target / (1 + np.exp(target * x)), rtol=1e-12)
    assert "for the targets −1 and 1" in figure.caption


@pytest.mark.parametrize(
    "name", ["softmax_cross_entropy", "gaussian_nll", "contrastive", "dense", "least_squares", "rnn"]
)
def test_what_is_no_sum_over_predictions_has_no_such_picture(name: str) -> None:
    assert prediction(get(name)) is None


# -- the V curve ---------------------------------------------------------------------------------------------------------------


def test_the_truncation_error_is_that_of_a_cubic() -> None:
    operation = declare("x[n]\nL = sum(x**3)", name="cubic")
    derivation, function, example = parts(operation)
    found = step_errors(derivation, function, example)
    assert found is not None
    assert found.truncation is not None
    assert found.rounding is not None
    direction = np.round(np.random.default_rng(7).standard_normal(example.inputs["x"].shape), 2)
    slope = float(np.sum(3 * example.inputs["x"] ** 2 * direction))
    exact = abs(float(np.sum(direction**3))) / abs(slope)  # h**2 f'''/6 over f'
    assert found.truncation.height == pytest.approx(exact, rel=0.05)
    assert found.truncation.fitted == pytest.approx(2.0, abs=0.05)
    assert found.rounding.fitted == pytest.approx(-1.0, abs=0.15)
    figure = step_figure(operation, derivation, function, example)
    assert figure is not None
    assert f"Truncation: fitted slope {number(found.truncation.fitted)} (2 expected)" in figure.caption
    assert number(float(found.errors.min()), 2) in figure.caption
    (steps, errors), *lines = drawn(figure.data)
    assert len(steps) == len(found.steps)
    for line, ((start, end), (low, high)) in zip((found.rounding, found.truncation), lines, strict=True):
        assert np.log(high / low) / np.log(end / start) == pytest.approx(line.due)  # exactly as it says
    assert np.nanmin(errors) == found.errors[found.errors > 0].min()


def test_a_bent_or_straight_function_says_why_there_is_no_v() -> None:
    captions = {}
    for name in ("relu", "dense"):
        derivation, function, example = parts(get(name))
        figure = step_figure(get(name), derivation, function, example)
        assert figure is not None
        captions[name] = figure.caption
    assert "a kink of the function lies within the larger steps" in captions["relu"]
    assert "polynomial of degree 2 at most" in captions["dense"]
    assert step_figure(get("binary_step"), *parts(get("binary_step"))) is None


# -- optimizers ----------------------------------------------------------------------------------------------------------------


def quadratic(point: Array) -> Array:
    return point * np.array([1.0, 20.0])


def test_paths_are_those_of_the_update_rules() -> None:
    """Written once more by hand, on a quadratic whose gradient is known."""
    surface, start = SURFACES[0], np.array(SURFACES[0].start)
    at, velocity, descent, heavy, ahead = start, np.zeros(2), [start], [start], [start]
    for _ in range(12):
        descent.append(descent[-1] - 0.03 * quadratic(descent[-1]))
        velocity = 0.9 * velocity + quadratic(heavy[-1])
        heavy.append(heavy[-1] - 0.03 * velocity)
    velocity = np.zeros(2)
    for _ in range(12):  # Nesterov: the gradient is taken where the velocity alone would lead
        velocity = 0.9 * velocity - 0.03 * quadratic(at)
        ahead.append(ahead[-1] + velocity)
        at = ahead[-1] + 0.9 * velocity
    for name, expected in (("gradient_descent", descent), ("heavy_ball", heavy), ("nesterov_lookahead", ahead)):
        found = walk(get(name), surface, 0.03, steps=12)
        np.testing.assert_allclose(found.points, expected, rtol=1e-10, err_msg=name)
        np.testing.assert_allclose(found.losses, [(x * x + 20 * y * y) / 2 for x, y in expected], rtol=1e-10)


def test_the_gradient_of_each_surface_is_its_slope() -> None:
    for surface in SURFACES:
        points = np.random.default_rng(5).uniform(-1, 1, (6, 2))
        assert np.abs(surface.gradient(np.array([surface.least]))).max() == 0
        for axis in (0, 1):
            moved = np.zeros(2)
            moved[axis] = 1e-5
            slope = (surface.loss(points + moved) - surface.loss(points - moved)) / 2e-5
            np.testing.assert_allclose(surface.gradient(points)[:, axis], slope, rtol=1e-6, atol=1e-8)


def test_the_picture_draws_the_path_and_plain_descent_beside_it() -> None:
    figure = path_figure(get("heavy_ball"))
    assert figure is not None
    assert simplest() is get("gradient_descent")
    lines = [np.stack(line, axis=-1) for line in drawn(figure.data) if len(line[0]) > 5]
    expected = [best_walk(get(n), surface) for surface in SURFACES for n in ("gradient_descent", "heavy_ball")]
    for line, found in zip(lines, expected, strict=True):
        np.testing.assert_array_equal(line, found.points)
        assert found.losses[-1] < 0.1 * found.losses[0]
        assert f"{number(float(found.losses[-1]), 2)} (rate {number(found.rate or 0, 2)})" in figure.caption
    assert path_figure(get("rnn")) is path_figure(get("mse")) is None
    assert Walker.of(get("sgd")) is not None


def test_all_optimizers_are_compared_in_one_picture() -> None:
    figure = comparison_figure([get("heavy_ball"), get("mse"), get("gradient_descent")])
    assert figure is not None
    ends = {n: float(best_walk(get(n), SURFACES[1]).losses[-1]) for n in ("heavy_ball", "gradient_descent")}
    assert f"{min(ends, key=lambda n: ends[n])} ends lowest" in figure.caption
    assert all(f"{name} {number(end, 2)}" in figure.description for name, end in ends.items())


# -- through time --------------------------------------------------------------------------------------------------------------


def test_gradients_shrink_and_grow_as_powers_of_the_spectral_radius() -> None:
    found = norms_through_time(get("state_space"))
    assert found is not None
    for each, radius in zip(found, RADII, strict=True):
        assert each.rate == pytest.approx(radius, abs=0.02)
        assert each.norms[0] == pytest.approx(1.0)
        assert each.bound is not None
        assert np.all(each.norms <= each.bound ** np.arange(len(each.norms)) * (1 + 1e-12))
    assert np.all(np.diff([each.norms for each in found], axis=0)[:, 1:] > 0)  # a larger radius lies above
    doubled = norms_through_time(get("state_space"), (1.0, 2.0))
    assert doubled is not None
    steps = np.arange(len(doubled[0].norms))  # the same matrix twice as large: 2**k, exactly
    np.testing.assert_allclose(doubled[1].norms / doubled[0].norms, 2.0**steps, rtol=1e-9)


def test_rates_are_those_of_the_analysis_of_one_step() -> None:
    """There the Jacobian of one step is derived and multiplied; here the adjoint of the whole layer is."""
    ours, theirs = norms_through_time(get("state_space")), recurrence(get("state_space"))
    assert ours is not None
    for one, other in zip(ours, theirs.regimes, strict=True):
        assert one.rate == pytest.approx(other.rate, rel=0.02)
    figure = through_time_figure(get("state_space"))
    assert figure is not None
    assert "0.5, 1 and 1.5" in figure.caption
    assert len([line for line in drawn(figure.data) if len(line[0]) > 2]) == 6  # three norms, three bounds


@pytest.mark.parametrize("name", ["adam", "mlp", "diagonal_state_space", "conv1d"])
def test_without_square_weights_in_a_loop_there_is_no_such_picture(name: str) -> None:
    assert recurrence_of(get(name).program) is None
    assert through_time_figure(get(name)) is None


# -- measurements --------------------------------------------------------------------------------------------------------------


def mutant(kind: str, noticed: bool, rejected: bool | None, equal: bool = False) -> Outcome:
    kill = Kill("ordinary", "x", Verdict.WRONG_FORMULA) if noticed else None
    said = {} if rejected is None else {"check_grads": rejected}
    return Outcome(Mutant("m", kind, "", lambda: lambda inputs, cotangents: {}), kill, 3 if equal else 0, said)


def test_the_heat_map_counts_what_was_noticed() -> None:
    one = KillTable(
        "one",
        (mutant("sign", True, True), mutant("sign", True, False), mutant("sign", False, None, equal=True),
         mutant("state", False, False)), 1, ("check_grads",),
    )  # fmt: skip
    two = KillTable("two", (mutant("state", True, None),), 1)
    found = heat_map([one, two])
    assert (found.rows, found.columns) == (("sign", "state", "all"), ("backproof", "check_grads", "one", "two"))
    counts = [[(cell.noticed, cell.of) for cell in line] for line in found.cells]
    assert counts == [
        [(2, 2), (1, 2), (2, 2), (0, 0)],
        [(1, 2), (0, 1), (0, 1), (1, 1)],
        [(3, 4), (1, 3), (2, 3), (1, 1)],
    ]
    figure = kill_figure([one, two])
    assert figure is not None
    assert figure.data["svg"].startswith(b"<?xml")
    assert "backproof 3 of 4 and check_grads 1 of 3" in figure.caption
    assert kill_figure([KillTable("none", (mutant("sign", False, None, equal=True),), 1)]) is None


def test_the_accuracy_picture_draws_what_was_measured() -> None:
    bands = tuple(
        Band(k, 32, {"backproof": Errors(excess=e), "jax": Errors(excess=j, false_zeros=z)})
        for k, e, j, z in ((-8, 0.0, 0.7, 0), (0, 1.5, 2.0, 0), (5, 0.9, 1e300, 4))
    )
    figure = accuracy_figure([Accuracy("sigmoid", "float64", 1, bands)])
    assert figure is not None
    (_, ours), (_, jax), *_ = drawn(figure.data)
    assert list(ours) == [0.1, 1.5, 0.9]
    assert list(jax) == [0.7, 2.0, 1e17]
    assert "backproof 1.5 ULP and JAX no right digit (4 false zeros)" in figure.caption
    assert accuracy_figure([]) is None
