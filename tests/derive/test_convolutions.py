"""Three statements of one convolution have one gradient; pooling follows its convention at ties."""

from __future__ import annotations

import numpy as np
import pytest

import numeric
from numeric.exact import Exact
from tests.derive.support import derived, evaluated, floats


@pytest.mark.parametrize("name", ["conv2d_toeplitz", "conv2d_im2col"])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 4)])
def test_the_matrix_products_have_the_gradients_of_the_convolution(name: str, kernel: tuple[int, int]) -> None:
    rng = np.random.default_rng(kernel)
    # multiples of 1/8: exact, so that equal gradients are equal to the last digit
    draw = {"x": (2, 3, 4, 5), "K": (2, 3, *kernel), "b": (2,), "dy": (2, 2, 5 - kernel[0], 6 - kernel[1])}
    given = {key: rng.integers(-20, 20, shape) / 8 for key, shape in draw.items()}
    plain = evaluated(derived("conv2d"), {**given, "stride": 1, "padding": 0, "dilation": 1})
    product = evaluated(derived(name), given)
    assert {key: value.tolist() for key, value in product.items()} == {k: v.tolist() for k, v in plain.items()}


def test_the_toeplitz_matrix_is_constant_along_diagonals() -> None:
    kernel = np.arange(1.0, 5.0).reshape(1, 1, 2, 2)
    given = {"x": np.ones((1, 1, 3, 3)), "K": kernel, "b": np.zeros(1)}
    matrix = floats(Exact(derived("conv2d_toeplitz").program, given).array("T")).reshape(4, 9)
    expected = [[1, 2, 0, 3, 4, 0, 0, 0, 0], [0, 1, 2, 0, 3, 4, 0, 0, 0]]
    assert matrix[:2].tolist() == expected
    assert matrix[2:].tolist() == [[0, 0, 0, *row[:6]] for row in expected]


def test_the_first_maximum_of_a_window_takes_all() -> None:
    x = np.array([[1.0, 2.0, 2.0], [2.0, 2.0, 0.0]]).reshape(1, 1, 2, 3)
    function = numeric.compile(derived("max_pool2d"))
    gradient = function.vjp({"x": x, "size": 2, "stride": 1}, {"y": np.array([[[[3.0, 5.0]]]])})["x"]
    # both windows meet at the second element of the first row, the first 2 of either
    assert gradient.reshape(2, 3).tolist() == [[0, 8, 0], [0, 0, 0]]
