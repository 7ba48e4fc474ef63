"""Inputs drawn for an operation satisfy everything that it declares, in every stratum, at every size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol

from derive.program import Program
from derive.registry import declare, get
from derive.reverse import derive
from numeric.exact import Exact
from tests.seeds import SEED
from tests.shares import share
from verify import strata
from verify.domains import Bounds, bounds_of, into
from verify.errors import SamplingError
from verify.indices import integer_ranges
from verify.judge import Points
from verify.sampling import Case, fractions, sample
from verify.sizes import draw_sizes, extent_value, extents_of, work
from verify.strategies import cases, sizes, stratum_names

GATHER = declare("E[v, k], token[t]: int\ny[i, j] = E[token[i], j]", name="gather_rows")
PICKED = declare("logp[n, k], label[n]: int\nL = -mean(logp[i, label[i]], i)", name="picked")


@pytest.mark.parametrize("name", share("sampling"))
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_values_satisfy_domains_and_facts(name: str, data: st.DataObject, seed: int) -> None:
    program = get(name).program
    stratum = data.draw(stratum_names(name))
    case = sample(program, seed, stratum=stratum, hypers=data.draw(st.sampled_from(["default", "random"])), budget=60)
    for tensor in program.inputs:
        value = case.inputs[tensor.name]
        assert value.shape == tuple(extent_value(extent, case.sizes) for extent in tensor.shape)
        assert np.all(bounds_of(tensor, case.sizes).holds(value)), (tensor.name, value)
        assert np.all(np.isfinite(value))
    exact = Exact(program, case.arguments(), field="rational")
    for left, right in program.facts:
        free = sorted((s for s in left.free_symbols if s not in case.sizes), key=str)
        assert exact.evaluate(left, dict.fromkeys(free, 0)) == exact.evaluate(right, dict.fromkeys(free, 0))


@pytest.mark.parametrize("name", share("sampling"))
def test_the_same_seed_gives_the_same_case(name: str) -> None:
    program = get(name).program
    a, b = sample(program, 9), sample(program, 9)
    assert a.sizes == b.sizes
    assert all(np.array_equal(a.inputs[k], b.inputs[k]) for k in a.inputs)
    c = sample(program, 10, sizes=a.sizes)
    assert any(not np.array_equal(a.inputs[k], c.inputs[k]) for k in a.inputs)


@pytest.mark.parametrize("name", share("sampling"))
def test_ordinary_values_are_exact_in_float32(name: str) -> None:
    case = sample(get(name).program, 2)
    for tensor in get(name).inputs:
        value = case.inputs[tensor.name]
        assert np.array_equal(value.astype(np.float32).astype(np.float64), value)


def _allows_ones(program: Program) -> bool:
    sizes = {**dict.fromkeys(program.dimensions, 1), **program.integers}
    return all(extent_value(extent, sizes) >= 1 for extent in extents_of(program))


@pytest.mark.parametrize("name", share("sampling"))
@pytest.mark.parametrize("pattern", ["ordinary", "ones", "descending"])
def test_extents_are_positive_and_ordinary_sizes_differ(name: str, pattern: str) -> None:
    program = get(name).program
    try:
        chosen = draw_sizes(program, np.random.default_rng(1), pattern)
    except SamplingError:
        # a window cannot be larger than its input, which ascending or descending sizes may ask for
        assert any(not isinstance(extent, Symbol) for extent in extents_of(program))
        return
    assert all(extent_value(extent, chosen) >= 1 for extent in extents_of(program))
    drawn = [chosen[d] for d in program.dimensions]
    if pattern == "ordinary" and len(drawn) <= 6:  # distinct sizes for more would be dear
        assert len(set(drawn)) == len(drawn)
    if pattern == "ones" and _allows_ones(program):
        assert set(drawn) <= {1}
    if pattern == "descending":
        assert drawn == sorted(drawn, reverse=True)


def test_windows_fit_their_input_with_any_stride_padding_and_dilation() -> None:
    program = get("conv2d").program
    seen = set()
    for seed in range(12):
        case = sample(program, seed, hypers="random", budget=200)
        seen.add(tuple(case.integers.values()))
        named = {str(symbol): size for symbol, size in case.sizes.items()}
        reach = named["dilation"] * (named["kh"] - 1) + 1
        assert reach <= named["h"] + 2 * named["padding"]
    assert len(seen) > 4


@pytest.mark.parametrize("dimension", get("dense").program.dimensions, ids=str)
def test_each_dimension_can_be_zero(dimension: Symbol) -> None:
    program = get("dense").program
    chosen = draw_sizes(program, np.random.default_rng(0), "zero", zero=dimension)
    assert chosen[dimension] == 0
    assert all(size > 0 for symbol, size in chosen.items() if symbol != dimension)


def test_integer_inputs_stay_inside_the_axis_that_they_index() -> None:
    for seed in range(20):
        case = sample(GATHER.program, seed)
        named = {str(symbol): size for symbol, size in case.sizes.items()}
        token = case.inputs["token"]
        assert token.dtype.kind == "i"
        assert token.min() >= 0
        assert token.max() < named["v"]
    values = {int(v) for seed in range(20) for v in sample(PICKED.program, seed).inputs["label"]}
    assert len(values) > 2


def test_the_range_of_a_label_follows_from_where_it_stands() -> None:
    n, k = PICKED.program.dimensions
    assert integer_ranges(PICKED.program, {n: 3, k: 5}) == {"label": (0, 5)}


def test_a_size_zero_that_contradicts_a_fact_is_named() -> None:
    program = get("softmax_cross_entropy").program
    n, k = program.dimensions
    with pytest.raises(SamplingError, match="size 0 contradicts a declared fact"):
        sample(program, 0, sizes={n: 2, k: 0})


def test_a_fact_of_an_unknown_form_is_named() -> None:
    odd = declare("y[n]\nsum(y[i]**2, i) == 1\nL = sum(y)", name="odd_fact")
    with pytest.raises(SamplingError, match=r"facts of the form sum\(T\[i, j\], j\) == number"):
        sample(odd.program, 0)


STRATA = {
    "zeros": lambda z: np.mean(z == 0) > 0.1,
    "ties": lambda z: set(np.unique(z)) <= {-1.0, 0.5, 1.0},
    "saturated40": lambda z: np.sum(np.abs(z) > 30) >= 2 and z.max() > 30 and z.min() < -30,
    "saturated800": lambda z: z.max() > 700 and z.min() < -700,
    "tiny": lambda z: np.abs(z).max() < 1e-10,
    "huge": lambda z: np.abs(z).max() > 1e8,
    "offset": lambda z: abs(z.mean() - 1e6) < 1 and 0 < z.std() < 1,
}


@pytest.mark.parametrize("stratum", STRATA)
def test_strata_are_what_their_names_say(stratum: str) -> None:
    program = get("softmax").program
    batch, n = program.dimensions
    case = sample(program, 3, stratum=stratum, sizes={batch: 5, n: 6})
    assert STRATA[stratum](case.inputs["z"])


@pytest.mark.parametrize("shape", [(2,), (2, 2), (2, 3, 2)])
def test_zeros_and_ties_are_there_whatever_is_drawn(shape: tuple[int, ...]) -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        latent = rng.standard_normal(shape)
        zeros = np.asarray(strata.get("zeros").transform(latent, rng))
        assert np.any(zeros == 0)
        assert np.any(zeros != 0)
        tied = np.asarray(strata.get("ties").transform(latent, rng))
        for axis in range(len(shape)):
            assert np.any(np.sum(tied == tied.max(axis=axis, keepdims=True), axis=axis) > 1)


def test_recurrent_strata_change_the_recurrent_matrix_alone() -> None:
    program = get("rnn").program
    ordinary, small, large = (sample(program, 5, stratum=s) for s in ("ordinary", "contracting", "expanding"))
    assert np.array_equal(small.inputs["W_hh"], ordinary.inputs["W_hh"] / 32)
    assert np.array_equal(large.inputs["W_hh"], ordinary.inputs["W_hh"] * 2)
    assert np.array_equal(small.inputs["W_xh"], ordinary.inputs["W_xh"])
    assert {s.name for s in strata.applicable(get("dense").program)}.isdisjoint({"contracting", "expanding"})


def test_saturation_meets_both_labels_on_both_sides() -> None:
    program = get("bce_with_logits").program
    (n,) = program.dimensions
    case = sample(program, 8, stratum="saturated40", sizes={n: 4})
    pairs = set(zip(np.sign(case.inputs["z"]), case.inputs["y"], strict=True))
    assert pairs == {(1.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (-1.0, 0.0)}


@given(st.floats(-1e3, 1e3), st.sampled_from([(0.0, 1.0), (0.0, np.inf), (-np.inf, 2.0), (-1.0, 1.0)]))
def test_open_ends_are_never_reached(value: float, ends: tuple[float, float]) -> None:
    bounds = Bounds(*ends)
    assert bounds.holds(into(np.array([value]), bounds)).all()


@given(cases(GATHER, low=1, high=4))
@settings(max_examples=30)
def test_cases_can_be_evaluated(case: Case) -> None:
    y = Exact(GATHER.program, case.arguments()).array("y")
    assert y.shape == (len(case.inputs["token"]), case.inputs["E"].shape[1])


def test_the_size_strategy_reaches_zero_one_and_both_orders() -> None:
    seen: set[str] = set()

    @given(sizes("dense"))
    @settings(max_examples=200, database=None)
    def collect(chosen: dict[Symbol, int]) -> None:
        n, d, _ = (chosen[s] for s in get("dense").program.dimensions)
        seen.update(
            name for name, holds in {"0": 0 in (n, d), "1": 1 in (n, d), "<": n < d, ">": n > d}.items() if holds
        )

    collect()
    assert seen == {"0", "1", "<", ">"}


def test_work_counts_the_terms_of_the_longest_sum() -> None:
    program = get("dense").program
    assert work(program, dict(zip(program.dimensions, (2, 3, 5), strict=True))) == 2 * 3 * 5


def test_fractions_are_exact() -> None:
    assert float(fractions(np.array([0.1]))[0]) == 0.1


@pytest.mark.parametrize("seed", range(SEED, SEED + 8))
def test_of_two_sets_of_sizes_one_has_no_axis_of_a_single_element(seed: int) -> None:
    # five axes are too many to be distinct and above 1; the quotient of a channel by the group's size is its remainder by the
    # number of groups where one of both is 1
    points = Points(derive(get("group_norm")), seed, 2, distinct=True).stratum("ordinary")
    assert any(min(case.sizes.values()) > 1 for case, _ in points)
