"""Convolutions: claim b11.  In fractions, so that two statements of one map are equal to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

import backproof as bp
from tests.claims.support import Array, eighths, equal, gradients, values

# The full convolution: f is 0 outside the image, g outside the kernel.
AS_PRINTED = "f[h, w], g[a, b]\ny[i < h + a - 1, j < w + b - 1] = sum(pad(f[i - m, j - n]), m < a, n < b)"
WITH_KERNEL = "f[h, w], g[a, b]\ny[i < h + a - 1, j < w + b - 1] = sum(pad(f[i - m, j - n])*g[m, n], m < a, n < b)"


@pytest.fixture
def given() -> dict[str, Array]:
    """A kernel that is its own mirror image in no way."""
    return {"f": eighths(1, f=(4, 5))["f"], "g": np.arange(1.0, 7.0).reshape(2, 3)}


def correlated(f: Array, g: Array, padding: int) -> Array:
    """The catalog's convolution, which is a cross-correlation, of one image and one kernel."""
    inputs = {"x": f[None, None], "K": g[None, None], "b": np.zeros(1)}
    found = values("conv2d", {**inputs, "padding": padding, "stride": 1, "dilation": 1}, "y", "rational")
    image: Array = found[0, 0]
    return image


def test_b11_the_printed_sum_has_lost_the_kernel(given: dict[str, Array]) -> None:
    """Without the factor g[m, n] the result does not depend on g: it is the convolution with a kernel of ones."""
    printed = values(AS_PRINTED, given, "y", "rational")
    assert equal(printed, values(AS_PRINTED, {**given, "g": 5 * given["g"]}, "y", "rational"))
    assert str(bp.derive(bp.declare(AS_PRINTED), wrt="g")) == "dg = 0"
    ones = {**given, "g": np.ones((2, 3))}
    assert equal(printed, values(WITH_KERNEL, ones, "y", "rational"))
    assert not equal(printed, values(WITH_KERNEL, given, "y", "rational"))


def test_b11_the_sum_is_symmetric_once_the_kernel_is_there(given: dict[str, Array]) -> None:
    """f * g = g * f, which is what makes it a convolution; the cross-correlation of networks has no such symmetry."""
    swapped = {"f": given["g"], "g": given["f"]}
    assert equal(values(WITH_KERNEL, given, "y", "rational"), values(WITH_KERNEL, swapped, "y", "rational"))


def test_b11_what_networks_compute_is_the_convolution_with_the_flipped_kernel(given: dict[str, Array]) -> None:
    """f[i - m, j - n] reads the image backwards; a convolutional layer reads it forwards: its kernel is flipped on both axes."""
    square = {"f": given["f"], "g": np.arange(1.0, 10.0).reshape(3, 3)}
    full = values(WITH_KERNEL, square, "y", "rational")
    assert equal(full, correlated(square["f"], square["g"][::-1, ::-1], padding=2))
    assert not equal(full, correlated(square["f"], square["g"], padding=2))
    # and so are the gradients: that of the kernel comes out flipped, that of the image does not
    dy = eighths(2, dy=full.shape)["dy"]
    ours = gradients(WITH_KERNEL, {**square, "dy": dy}, field="rational")
    layer = {"x": square["f"][None, None], "K": square["g"][None, None, ::-1, ::-1], "b": np.zeros(1)}
    settings = {"padding": 2, "stride": 1, "dilation": 1, "dy": dy[None, None]}
    theirs = gradients("conv2d", {**layer, **settings}, field="rational")
    assert equal(ours["g"], theirs["K"][0, 0, ::-1, ::-1])
    assert equal(ours["f"], theirs["x"][0, 0])


SHAPES = {"x": (2, 2, 4, 5), "K": (2, 2, 3, 3), "b": (2,), "dy": (2, 2, 2, 3)}


@pytest.mark.parametrize("name", ["conv2d_toeplitz", "conv2d_im2col"])
def test_b11_both_matrix_products_are_the_convolution_forwards_and_backwards(name: str) -> None:
    drawn = eighths(3, **SHAPES)
    settings = {"stride": 1, "padding": 0, "dilation": 1}
    inputs = {key: drawn[key] for key in ("x", "K", "b")}
    assert equal(values(name, inputs, "y", "rational"), values("conv2d", {**inputs, **settings}, "y", "rational"))
    one = gradients(name, drawn, field="rational")
    other = gradients("conv2d", {**drawn, **settings}, field="rational")
    assert all(equal(one[key], other[key]) for key in ("x", "K", "b"))


def test_b11_a_3x3_kernel_is_a_row_of_9_times_a_column_of_9() -> None:
    """For every output pixel, with patches that the declaration cut out."""
    drawn = eighths(4, x=(1, 1, 4, 5), K=(1, 1, 3, 3), b=(1,))
    patches = values("conv2d_im2col", drawn, "P", "rational").reshape(2, 3, 9, 1)
    row = drawn["K"].reshape(1, 9)
    whole = values("conv2d_im2col", drawn, "y", "rational")[0, 0]
    pixels = [
        [values("r[a, d], c[d, a]\ny = r @ c", {"r": row, "c": p}, "y", "rational")[0, 0] for p in q] for q in patches
    ]
    bias = drawn["b"][0]
    assert equal(whole, [[pixel + bias for pixel in line] for line in pixels])


def test_b11_in_two_dimensions_the_matrix_is_doubly_block_toeplitz() -> None:
    """In one dimension it is a Toeplitz matrix.  In two its blocks are, and they repeat along diagonals; the whole is not."""
    drawn = eighths(5, x=(1, 1, 4, 4), b=(1,)) | {"K": np.arange(1.0, 10.0).reshape(1, 1, 3, 3)}
    matrix = values("conv2d_toeplitz", drawn, "T", "rational")[0, 0]  # (2, 2, 4, 4): output pixel, input pixel
    assert equal(matrix[1:, :, 1:, :], matrix[:-1, :, :-1, :])
    assert equal(matrix[:, 1:, :, 1:], matrix[:, :-1, :, :-1])
    assert not constant_along_diagonals(matrix.reshape(4, 16))
    line = "K[k], x[n]\nT[i < n - k + 1, j < n] = pad(K[j - i])\ny[i] = sum(T[i, j]*x[j], j)"
    inputs = {"K": np.arange(1.0, 4.0), "x": np.arange(6.0)}
    assert constant_along_diagonals(values(line, inputs, "T", "rational"))
    expected = np.correlate(inputs["x"], inputs["K"], "valid")  # NumPy, of small integers: exact
    assert equal(values(line, inputs, "y", "rational"), expected)


def constant_along_diagonals(matrix: Array) -> bool:
    return equal(matrix[1:, 1:], matrix[:-1, :-1])
