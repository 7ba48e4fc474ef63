"""The core operations at three random shapes each against JAX, 1e-10 (its derivatives are independent of ours)."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derive.registry import get
from derive.second import hessian
from tests.derive.support import agrees, close, evaluated

SHAPES = [(3, 2, 4), (1, 3, 2), (4, 1, 3)]


def normals(seed: int, **shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


@pytest.mark.parametrize(("n", "d", "k"), SHAPES)
class TestMatrixOperations:
    def test_least_squares(self, n: int, d: int, k: int) -> None:
        inputs = normals(n, X=(n, d), W=(d, k), Y=(n, k))
        agrees(get("least_squares"), lambda X, W, Y: jnp.sum((X @ W - Y) ** 2) / (2 * n), inputs)

    def test_dense(self, n: int, d: int, k: int) -> None:
        agrees(get("dense"), lambda X, W, b: X @ W + b, normals(n, X=(n, d), W=(d, k), b=(k,)))

    def test_logistic_regression(self, n: int, d: int, k: int) -> None:
        inputs = normals(n, X=(n, d), w=(d,), b=()) | {"y": np.arange(n) % 2.0}

        def loss(X: Any, w: Any, b: Any, y: Any) -> Any:
            z = X @ w + b
            return jnp.mean(jnp.logaddexp(0.0, z) - y * z)

        agrees(get("logistic_regression"), loss, inputs)
        second = hessian(get("logistic_regression"), wrt="w")
        (got,) = evaluated(second, inputs).values()
        close(got, jax.jit(jax.hessian(loss, argnums=1))(*inputs.values()))

    def test_softmax_cross_entropy(self, n: int, d: int, k: int) -> None:
        inputs = normals(n, Z=(n, k)) | {"Y": np.eye(k)[np.arange(n) % k]}
        agrees(
            get("softmax_cross_entropy"),
            lambda Z, Y: -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(Z, axis=1), axis=1)),
            inputs,
        )

    def test_layer_norm(self, n: int, d: int, k: int) -> None:
        inputs = normals(n, x=(n, d + 1), gamma=(d + 1,), beta=(d + 1,))

        def norm(x: Any, gamma: Any, beta: Any) -> Any:
            centred = x - x.mean(axis=1, keepdims=True)
            return gamma * centred / jnp.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) + beta

        agrees(get("layer_norm"), norm, inputs)

    def test_attention(self, n: int, d: int, k: int) -> None:
        inputs = normals(n, Q=(n, d), K=(k, d), V=(k, 2))
        agrees(
            get("scaled_dot_product_attention"),
            lambda Q, K, V: jax.nn.softmax(Q @ K.T / np.sqrt(d), axis=1) @ V,
            inputs,
        )

    @pytest.mark.parametrize(("activation", "function"), [("sigmoid", jax.nn.sigmoid), ("tanh", jnp.tanh)])
    def test_mlp(self, n: int, d: int, k: int, activation: str, function: Any) -> None:
        inputs = normals(n, X=(n, d), W1=(d, 3), b1=(3,), W2=(3, k), b2=(k,), Y=(n, k))

        def loss(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Any:
            return jnp.sum((function(function(X @ W1 + b1) @ W2 + b2) - Y) ** 2) / (2 * n)

        agrees(get("mlp", activation=activation), loss, inputs)

    def test_rnn(self, n: int, d: int, k: int) -> None:
        steps, m = k, d
        inputs = normals(n, X=(steps, n, 2), h0=(n, m), W_xh=(2, m), W_hh=(m, m), b_h=(m,), W_hy=(m, 2), b_y=(2,))

        def forward(X: Any, h0: Any, W_xh: Any, W_hh: Any, b_h: Any, W_hy: Any, b_y: Any) -> Any:
            h, out = h0, []
            for x in X:
                h = jnp.tanh(x @ W_xh + h @ W_hh + b_h)
                out.append(h @ W_hy + b_y)
            return jnp.stack(out)

        agrees(get("rnn"), forward, inputs)


@pytest.mark.parametrize(
    ("size", "kernel", "dilation"), [((5, 4), (3, 2), 1), ((4, 6), (1, 3), 1), ((6, 5), (2, 2), 2)]
)
def test_conv2d_with_stride_2_and_padding_1(size: tuple[int, int], kernel: tuple[int, int], dilation: int) -> None:
    inputs = normals(1, x=(2, 2, *size), K=(2, 2, *kernel), b=(2,))

    def conv(x: Any, K: Any, b: Any, stride: int, padding: int, dilation: int) -> Any:
        out = jax.lax.conv_general_dilated(x, K, (stride,) * 2, [(padding,) * 2] * 2, rhs_dilation=(dilation,) * 2)
        return out + b[:, None, None]

    agrees(get("conv2d"), conv, inputs, stride=2, padding=1, dilation=dilation)


LOSSES = {
    "mse": lambda yhat, y: jnp.mean((yhat - y) ** 2),
    "half_mse": lambda yhat, y: jnp.sum((yhat - y) ** 2) / (2 * len(y)),
    "squared_error": lambda yhat, y: jnp.sum((yhat - y) ** 2),
}


@pytest.mark.parametrize(("name", "shape"), list(itertools.product(LOSSES, [(3, 2), (1, 4), (2, 1)])))
def test_squared_errors(name: str, shape: tuple[int, int]) -> None:
    agrees(get(name), LOSSES[name], normals(2, yhat=shape, y=shape))


@pytest.mark.parametrize("n", [1, 3, 5])
def test_binary_cross_entropies(n: int) -> None:
    rng = np.random.default_rng(n)
    y, p, z = rng.uniform(size=n), rng.uniform(0.1, 0.9, size=n), rng.normal(size=n)
    agrees(get("bce"), lambda p, y: -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log1p(-p)), {"p": p, "y": y})
    agrees(get("bce_with_logits"), lambda z, y: jnp.mean(jnp.logaddexp(0.0, z) - y * z), {"z": z, "y": y})


ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "binary_step": lambda z: jnp.where(z > 0, 1.0, 0.0),
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
}


@pytest.mark.parametrize(("name", "shape"), list(itertools.product(ACTIVATIONS, [(3,), (2, 4), (2, 1, 3)])))
def test_activations(name: str, shape: tuple[int, ...]) -> None:
    flat = np.random.default_rng(3).normal(size=(int(np.prod(shape[:-1])), shape[-1]))
    agrees(get(name), lambda z: ACTIVATIONS[name](z), {"z": flat if name.endswith("softmax") else flat.ravel()})
