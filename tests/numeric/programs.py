"""Declarations that together use every construct, with inputs for them; the generated code is compared on all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sample:
    """A declaration and the sizes at which it is tried; ``integers`` gives the range of each integer tensor."""

    name: str
    text: str
    shapes: tuple[dict[str, tuple[int, ...]], ...]
    integers: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, int] = field(default_factory=dict)  # integer hyper-parameters
    positive: tuple[str, ...] = ()
    gradient: bool = True

    def inputs(self, shapes: Mapping[str, tuple[int, ...]], rng: np.random.Generator, dtype: Any) -> dict[str, Any]:
        given: dict[str, Any] = dict(self.options)
        for name, shape in shapes.items():
            if name in self.integers:
                given[name] = rng.integers(0, self.integers[name], shape)
            elif name in self.positive:
                given[name] = rng.uniform(0.5, 2.0, shape).astype(dtype)
            else:
                given[name] = rng.standard_normal(shape).astype(dtype)
        return given


def _matrix(*sizes: tuple[int, int], name: str = "x") -> tuple[dict[str, tuple[int, ...]], ...]:
    return tuple({name: size} for size in sizes)


_MATRICES = _matrix((2, 3), (1, 1), (0, 3), (3, 0))
_NONEMPTY = _matrix((2, 3), (1, 1), (4, 1))

SAMPLES = (
    Sample("elementwise", "x[n, m]\ny = exp(x)*x**2 - x/3 + sqrt(x**2 + 1)**3", _MATRICES),
    Sample("functions", "x[n, m]\ny = sin(x)*cos(x) + erf(x) + log(1 + x**2) + abs(x)", _MATRICES),
    Sample("powers", "x[n, m]\ny = x**-2 + x**(3/2) + 1/x", _MATRICES, positive=("x",)),
    Sample("functions_of_sizes", "x[n, m]\ny = x*log(n + 1)/sqrt(m + 1) + sqrt(n)", _MATRICES),
    Sample("constant_term", "x[n, m]\ny = x*0 + 3", _MATRICES),
    Sample("identity", "x[n, m]\ny = x", _MATRICES),
    Sample("any_axes", "z[...]\na = z*z", ({"z": ()}, {"z": (3,)}, {"z": (2, 0, 3)}, {"z": (2, 1, 3)})),
    Sample(
        "leading_axes",
        "x[..., d], g[d]\ns[...] = sum(x[..., j]*g[j], j)\ny[..., j] = x[..., j]*s[...] + g[j]",
        ({"x": (3,), "g": (3,)}, {"x": (2, 3), "g": (3,)}, {"x": (2, 2, 1), "g": (1,)}, {"x": (0, 3), "g": (3,)}),
    ),
    Sample("where", "x[n, m]\ny = where(x > 0, x**2, exp(x))", _MATRICES),
    Sample("where_guards_a_pole", "x[n, m]\ny = where(x > 0, log(x), 0)", _MATRICES),
    Sample("maximum", "x[n, m], b[m]\ny = max(x, b) + min(x, 0)", ({"x": (2, 3), "b": (3,)}, {"x": (0, 1), "b": (1,)})),
    Sample("row_sum", "x[n, m]\ny[i] = sum(x[i, j]**2, j)", _MATRICES),
    Sample("column_sum", "x[n, m]\ny[j] = sum(exp(x[i, j]), i)", _MATRICES),
    Sample("total_sum", "x[n, m]\nL = sum(x**2)", _MATRICES),
    Sample("mean", "x[n, m]\nL = mean(x**2)", _NONEMPTY),
    Sample("max", "x[n, m]\ny[i] = max(x[i, j], j)", _NONEMPTY),
    Sample("min", "x[n, m]\ny[j] = min(x[i, j], i)", _NONEMPTY),
    Sample("prod", "x[n, m]\ny[i] = prod(x[i, j], j)", _NONEMPTY, positive=("x",)),
    Sample("logsumexp", "x[n, m]\ny[i] = logsumexp(x[i, j], j)", _NONEMPTY),
    Sample("logsumexp_all", "x[n, m]\nL = logsumexp(x)", _NONEMPTY),
    Sample("softmax_columns", "x[n, m]\ny[i, j] = exp(x[i, j])/sum(exp(x[k, j]), k)", _NONEMPTY),
    Sample(
        "matrix_product",
        "A[n, k], B[k, m]\nC = A @ B",
        (
            {"A": (2, 3), "B": (3, 4)},
            {"A": (1, 1), "B": (1, 1)},
            {"A": (2, 0), "B": (0, 3)},
            {"A": (0, 2), "B": (2, 3)},
        ),
    ),
    Sample("transposed_product", "A[k, n], B[m, k]\nC[i, j] = sum(A[l, i]*B[j, l], l)", ({"A": (2, 3), "B": (4, 2)},)),
    Sample("matrix_vector", "A[n, k], v[k]\nc = A @ v", ({"A": (2, 3), "v": (3,)}, {"A": (2, 0), "v": (0,)})),
    Sample("dot", "u[k], v[k]\nL = u @ v", ({"u": (3,), "v": (3,)}, {"u": (0,), "v": (0,)})),
    Sample("outer", "u[n], v[m]\nC[i, j] = u[i]*v[j]", ({"u": (2,), "v": (3,)}, {"u": (0,), "v": (1,)})),
    Sample(
        "batched",
        "A[b, n, k], B[b, k, m]\nC[s, i, j] = sum(A[s, i, l]*B[s, l, j], l)",
        ({"A": (2, 3, 4), "B": (2, 4, 2)},),
    ),
    Sample(
        "row_dots",
        "A[n, k], B[n, k]\nc[i] = sum(A[i, l]*B[i, l], l)",
        ({"A": (2, 3), "B": (2, 3)}, {"A": (2, 0), "B": (2, 0)}),
    ),
    Sample(
        "three_factors",
        "A[n, k], s[k], B[k, m]\nC[i, j] = sum(A[i, l]*s[l]*B[l, j], l)",
        ({"A": (2, 3), "s": (3,), "B": (3, 2)},),
    ),
    Sample(
        "chain",
        "A[n, k], B[k, l], C[l, m]\nD[i, j] = sum(A[i, p]*B[p, q]*C[q, j], p, q)",
        ({"A": (2, 3), "B": (3, 4), "C": (4, 2)},),
    ),
    Sample(
        "two_contracted",
        "x[t, n, d], g[t, n, k]\nW[i, j] = sum(x[s, b, i]*g[s, b, j], s, b)",
        ({"x": (2, 3, 4), "g": (2, 3, 2)},),
    ),
    Sample(
        "inner_block",
        "w[o, c, p], x[n, c, p, i]\ny[b, f, j] = sum(w[f, g, q]*x[b, g, q, j], g, q)",
        ({"w": (2, 3, 2), "x": (2, 3, 2, 4)},),
    ),
    Sample("quadratic_form", "x[n], A[n, n]\nL = sum(x[i]*A[i, j]*x[j], i, j)", ({"x": (3,), "A": (3, 3)},)),
    Sample("trace", "A[n, n]\nL = sum(A[i, i], i)", _matrix((3, 3), (0, 0), (1, 1), name="A")),
    Sample("diagonal", "A[n, n]\nd[i] = A[i, i]**2", _matrix((3, 3), (0, 0), name="A")),
    Sample("trace_of_product", "A[n, k], B[k, n]\nL = sum(A[i, j]*B[j, i], i, j)", ({"A": (2, 3), "B": (3, 2)},)),
    Sample("transpose_sum", "A[n, n]\nB[i, j] = A[i, j]*A[j, i] + A[j, i]", _matrix((3, 3), name="A")),
    Sample("unshared_sum", "u[n], v[m]\nL = sum(u[i]*v[j]**2, i, j)", ({"u": (2,), "v": (3,)},)),
    Sample(
        "sum_of_terms",
        "A[n, k], b[k], W[k, m]\nC[i, j] = sum(A[i, l]*W[l, j] + b[l], l)",
        ({"A": (2, 3), "b": (3,), "W": (3, 4)},),
    ),
    Sample("size_as_number", "x[n, m]\ny = x*n/(m + 1)", _MATRICES),
    Sample("index_as_number", "x[n]\ny[i] = x[i]*i + i**2", ({"x": (4,)}, {"x": (0,)})),
    Sample("shift", "x[n]\ny[i] = x[i] + pad(x[i - 1]) + 2*pad(x[i + 2])", ({"x": (5,)}, {"x": (1,)}, {"x": (0,)})),
    Sample("inside_shift", "x[n]\ny[i] = x[i + 1] - x[i]", ({"x": (5,)}, {"x": (1,)})),
    Sample("flip", "x[n]\ny[i] = x[n - 1 - i]**2", ({"x": (5,)}, {"x": (0,)})),
    Sample("stride", "x[n]\ny[i] = x[2*i]**2", ({"x": (5,)}, {"x": (6,)}, {"x": (1,)})),
    Sample("pad_inside_function", "x[n]\ny[i] = exp(x[i])*where(i > 0, exp(x[i - 1]), 1)", ({"x": (4,)}, {"x": (1,)})),
    Sample(
        "valid_windows",
        "x[n], w[k]\ny[i] = sum(x[i + p]*w[p], p)",
        ({"x": (7,), "w": (3,)}, {"x": (3,), "w": (3,)}, {"x": (4,), "w": (1,)}),
    ),
    Sample(
        "strided_windows",
        "x[n], w[k]\ny[i] = sum(x[2*i + p]*w[p], p)",
        ({"x": (7,), "w": (3,)}, {"x": (8,), "w": (3,)}, {"x": (3,), "w": (2,)}),
    ),
    Sample(
        "padded_windows",
        "x[n], w[k]\nstride = 1, padding = 0, dilation = 1\n"
        "y[i < (n + 2*padding - dilation*(k - 1) - 1)//stride + 1]"
        " = sum(pad(x[stride*i + dilation*p - padding])*w[p], p)",
        ({"x": (7,), "w": (3,)}, {"x": (6,), "w": (2,)}, {"x": (5,), "w": (1,)}),
        options={"stride": 2, "padding": 1, "dilation": 2},
    ),
    Sample("causal_mask", "s[n, n]\ny[i, j] = where(j <= i, s[i, j], 0)", _matrix((3, 3), (1, 1), (0, 0), name="s")),
    Sample("triangle_sum", "s[n, n]\nL = sum(where(j < i, s[i, j]**2, 0), i, j)", _matrix((3, 3), (1, 1), name="s")),
    Sample(
        "causal_softmax",
        "s[n, n]\nm[i, j] = where(j <= i, s[i, j], -inf)\ny[i, j] = exp(m[i, j])/sum(exp(m[i, k]), k)",
        _matrix((3, 3), (1, 1), name="s"),
    ),
    Sample(
        "gather",
        "E[v, k], token[n]: int\ny[t, j] = E[token[t], j]",
        ({"E": (4, 3), "token": (5,)}, {"E": (4, 1), "token": (2,)}, {"E": (4, 2), "token": (0,)}),
        integers={"token": 4},
    ),
    Sample(
        "gather_pairs",
        "x[n, k], label[n]: int\nL = sum(x[i, label[i]]**2, i)",
        ({"x": (5, 3), "label": (5,)}, {"x": (0, 3), "label": (0,)}),
        integers={"label": 3},
    ),
    Sample(
        "gather_batched",
        "E[v], token[b, n]: int\ny[s, t] = E[token[s, t]]**2",
        ({"E": (4,), "token": (2, 3)},),
        integers={"token": 4},
    ),
    Sample(
        "recurrence",
        "x[T, m], W[m, m], h0[m]\nz[t, j] = x[t, j] + sum(h[t - 1, k]*W[k, j], k)\nh[t, j] = tanh(z[t, j])\n"
        "h[-1, j] = h0[j]",
        tuple({"x": (steps, 2), "W": (2, 2), "h0": (2,)} for steps in (0, 1, 5)),
    ),
    Sample(
        "start_without_recurrence",
        "x[T]\nw[t] = x[t]**2\nw[-1] = 0\ny[t] = w[t] + w[t - 1]\noutput(y)",
        tuple({"x": (steps,)} for steps in (0, 1, 5)),
    ),
    Sample(
        "start_without_recurrence_given",
        "x[T, m], w0[m]\nw[t, j] = x[t, j]**2\nw[-1, j] = sin(w0[j])\ny[t, j] = w[t, j]*w[t - 1, j]\noutput(y)",
        tuple({"x": (steps, 2), "w0": (2,)} for steps in (0, 1, 5)),
    ),
    Sample(
        "recurrence_time_inside",
        "x[n, T, m], W[m, m], h0[n, m]\nh[i, t, j] = sin(x[i, t, j] + sum(h[i, t - 1, k]*W[k, j], k))\n"
        "h[i, -1, j] = h0[i, j]",
        tuple({"x": (3, steps, 2), "W": (2, 2), "h0": (3, 2)} for steps in (0, 1, 4)),
    ),
    Sample(
        "scalar_recurrence",
        "x[T], a, s0\ns[t] = a*s[t - 1] + x[t]\ns[-1] = s0\nL = sum(s[t]**2, t)",
        tuple({"x": (steps,), "a": (), "s0": ()} for steps in (0, 1, 6)),
    ),
    Sample(
        "recurrence_weight_in_time",
        "x[T, m], g[T, m], h0[m]\nh[t, j] = g[t, j]*h[t - 1, j] + (1 - g[t, j])*x[t, j]*(t + 1)\nh[-1, j] = h0[j]",
        tuple({"x": (steps, 2), "g": (steps, 2), "h0": (2,)} for steps in (0, 1, 5)),
    ),
    Sample("constants", "x[n]\ny[i] = x[i]*tanh(0) + x[i]**2*sigmoid(0)*exp(1)", ({"x": (4,)}, {"x": (0,)})),
    Sample(
        "index_power",
        "b, x[n]\ny[t] = x[t]/(1 - b**(t + 1))",
        ({"b": (), "x": (4,)}, {"b": (), "x": (0,)}),
        positive=("b",),
    ),
    Sample(
        "stacked_matrix_vector",
        "A[n, m, k], v[n, k]\ny[i, j] = sum(A[i, j, l]*v[i, l], l)",
        ({"A": (2, 3, 2), "v": (2, 2)}, {"A": (2, 4, 3), "v": (2, 3)}, {"A": (1, 1, 1), "v": (1, 1)}),
    ),
    Sample(
        "part_of_an_axis",
        "x[n, d], y[n, e]\nz[i, j < d + e] = where(j < d, x[i, j], y[i, j - d])",
        ({"x": (2, 3), "y": (2, 2)}, {"x": (2, 1), "y": (2, 0)}, {"x": (1, 0), "y": (1, 4)}),
    ),
    Sample(
        "stated_windows",
        "x[n, m]\nsize = 2\nz[i, j < m//size] = sum(x[i, size*j + p]**2, p < size)\n"
        "y[i, j < m - 1] = max(x[i, j + p], p < 2)\noutput(z, y)",
        _matrix((2, 5), (1, 2), (0, 4)),
        options={"size": 2},
    ),
    Sample(
        "recurrence_times_a_sum",
        "g[T, n], h0[n]\nbeta = 0.5\nv[t, j] = beta*v[t - 1, j] + g[t, j]\nv[-1, j < n] = 0\n"
        "h[t, j] = h[t - 1, j]**2 - g[t, j] - beta*v[t, j]\nh[-1, j] = h0[j]",
        tuple({"g": (steps, 2), "h0": (2,)} for steps in (0, 1, 3)),
    ),
)
