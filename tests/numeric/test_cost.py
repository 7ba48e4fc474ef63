"""Costs: what is counted, and that the counts are the polynomial in the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Expr, simplify, sympify

from derive.registry import declare, get
from numeric import compile
from numeric.cost import Cost, cost, leading
from numeric.errors import CostError


def of(text: str) -> Cost:
    return cost(compile(declare(text)))


def same(found: Expr, expected: str) -> bool:
    """Names in the text stand for the sizes of those names."""
    symbols = {s.name: s for s in found.free_symbols}
    return bool(simplify(found - sympify(expected, locals=symbols)) == 0)


# Counted by hand from what NumPy does: see the module's rules.
BY_HAND = [
    ("x[n]\ny = x + 1", "n", "0", "2*8*n + 8"),
    ("x[n], w[n]\ny = x*w + w", "2*n", "0", "2*3*8*n"),
    ("x[n]\ny = exp(x)", "0", "n", "2*8*n"),
    ("X[n, d], W[d, k]\nZ = X @ W", "2*n*d*k", "0", "8*(n*d + d*k + n*k)"),
    ("x[n, k]\ns[i] = sum(x[i, j], j)", "n*k - n", "0", "8*(n*k + n)"),
]


@pytest.mark.parametrize(("text", "flops", "transcendentals", "traffic"), BY_HAND)
def test_a_forward_costs_what_one_counts_by_hand(text: str, flops: str, transcendentals: str, traffic: str) -> None:
    found = of(text).forward
    assert same(found.flops, flops), found.flops
    assert same(found.transcendentals, transcendentals), found.transcendentals
    assert same(found.bytes, traffic), found.bytes


def test_a_dense_layer_is_quadratic_and_its_gradient_twice_that() -> None:
    found = cost(compile(get("dense")))
    assert same(found.forward.flops, "2*d*k*n + k*n")
    assert same(found.backward.leading(), "4*d*k*n")


def test_a_convolution_costs_its_kernel_at_every_place() -> None:
    found = cost(compile(get("conv2d"))).forward
    places = "n*o*(h - kh + 1)*(w - kw + 1)"
    assert same(found.flops, f"{places}*(2*c*kh*kw + 1)"), found.flops


def test_a_recurrence_costs_its_steps() -> None:
    found = cost(compile(get("rnn")))
    assert same(found.forward.leading(), "2*T*n*m*(d + m + o)")
    assert same(found.backward.leading(), "4*T*n*m*(d + m + o)")


def test_the_polynomial_is_right_at_sizes_that_it_was_not_made_from() -> None:
    from numeric.cost import _Run

    function = compile(get("mlp"))
    count = cost(function).backward
    sizes = dict(zip(function.program.dimensions, (11, 17, 5, 23), strict=True))
    counted = _Run(function, function.backward_text).at(sizes)
    assert [int(p.subs(sizes)) for p in (count.flops, count.transcendentals, count.bytes)] == list(counted)


def test_counting_changes_no_value() -> None:
    from numeric.cost import _counted, _Tally

    function = compile(get("layer_norm"))
    rng = np.random.default_rng(2)
    arrays = [rng.standard_normal(shape) for shape in ((3, 4), (4,))]
    given = (arrays[0], arrays[1], np.array(1e-5), rng.standard_normal((3, 4)))
    assert function.arguments == ("x", "gamma", "eps", "dy")
    tally = _Tally()
    kinds = {"dtype": np.dtype(float)} if "dtype" in function.vjp_source else {}
    plain = function.unchecked(*given, **kinds)
    counting = function.unchecked(*(_counted(a, tally) for a in given), **kinds)
    for one, other in zip(plain, counting, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))
    assert tally.flops > 0


def test_what_is_no_polynomial_is_refused() -> None:
    with pytest.raises(CostError, match="no polynomial in h"):
        of("x[h], K[k]\nstride = 2\ny[i < (h - k)//stride + 1] = sum(x[stride*i + p]*K[p], p)")


def test_leading_terms_have_the_highest_total_degree() -> None:
    n, k = (sympify(name) for name in "nk")
    assert leading(3 * n * k + n**2 + 5 * n + 7) == 3 * n * k + n**2
    assert leading(sympify(4)) == 4
