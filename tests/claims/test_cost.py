"""What layers cost: claim b13, from the counts of the generated code, which are polynomials in the sizes."""

from __future__ import annotations

from functools import cache

import pytest
from sympy import Expr, Integer, Poly, Symbol

import backproof as bp
from numeric.cost import Cost, cost, leading

SIZE = Symbol("N")
LINE = "K[k], x[n]\ny[i < n - k + 1] = sum(x[i + p]*K[p], p)"


@cache
def counted(name: str) -> Cost:
    return cost(bp.compile(name))


def at(polynomial: Expr, **sizes: Expr | int) -> Expr:
    """The polynomial with some sizes put in, by their names."""
    return polynomial.subs({s: sizes[s.name] for s in polynomial.free_symbols if s.name in sizes}).expand()


def degree(polynomial: Expr) -> int:
    return int(Poly(polynomial, SIZE).degree())


def test_b13_a_dense_layer_is_quadratic_for_each_sample() -> None:
    """n inputs and n outputs: 2 n^2 + n.  For a batch of n samples it is cubic; the gradients cost twice as much."""
    flops = counted("dense").forward.flops
    assert at(flops, n=1, d=SIZE, k=SIZE) == 2 * SIZE**2 + SIZE
    assert degree(at(flops, n=SIZE, d=SIZE, k=SIZE)) == 3
    assert leading(at(counted("dense").backward.flops, n=1, d=SIZE, k=SIZE)) == 4 * SIZE**2
    assert at(flops, n=1, d=SIZE, k=1) == 2 * SIZE + 1  # n is the size of both layers, not the number of weights


@pytest.mark.parametrize("kernel", [3])
def test_b13_a_convolution_costs_its_kernel_for_each_pixel(kernel: int) -> None:
    """n pixels, one channel: 2 k^2 + 1 for each output pixel, of which there are somewhat fewer than n without padding."""
    one = {"n": 1, "c": 1, "o": 1}
    flops = at(counted("conv2d").forward.flops, **one, kh=kernel, kw=kernel, h=SIZE, w=SIZE)
    pixels = (SIZE - kernel + 1) ** 2
    assert (flops - pixels * (2 * kernel**2 + 1)).expand() == 0
    assert leading(flops) == (2 * kernel**2 + 1) * SIZE**2


def test_b13_channels_are_left_out_of_the_statement() -> None:
    """The cost is O(k^2 n) for one channel in and one out; else it is multiplied by both."""
    k, c, o = Symbol("k"), Symbol("c"), Symbol("o")
    flops = at(counted("conv2d").forward.flops, n=1, kh=k, kw=k, h=SIZE, w=SIZE, c=c, o=o)
    assert Poly(flops, SIZE, k).coeff_monomial(SIZE**2 * k**2) == 2 * c * o


def test_b13_as_a_product_with_its_toeplitz_matrix_a_convolution_loses_the_saving() -> None:
    """Along a line of n pixels: the matrix is a dense layer of n x n again, and the sum over the kernel is not."""
    matrix = "K[k], x[n]\nT[i < n - k + 1, j < n] = pad(K[j - i])\ny[i] = sum(T[i, j]*x[j], j)"
    found = [at(cost(bp.compile(bp.declare(text))).forward.flops, k=3, n=SIZE) for text in (matrix, LINE)]
    assert [degree(flops) for flops in found] == [2, 1]
    assert leading(found[1]) == 2 * 3 * SIZE


def test_b13_the_dense_layer_overtakes_the_convolution() -> None:
    """On 32 x 32 pixels a dense layer costs 108 times a 3 x 3 convolution: the quotient grows like n/k^2."""
    dense = at(counted("dense").forward.flops, n=1, d=1024, k=1024)
    sizes = {"n": 1, "c": 1, "o": 1, "kh": 3, "kw": 3, "h": 34, "w": 34}  # 32 x 32 outputs
    convolution = at(counted("conv2d").forward.flops, **sizes)
    assert convolution == Integer(1024 * 19)
    assert dense == Integer(1024 * 2049)
    assert 107 < dense / convolution < 108
