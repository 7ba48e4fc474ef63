"""The CTC loss of the catalog on paths with blanks, against optax's, which takes labels; and its sum over all paths."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from numeric import compile
from tests.seeds import SEED
from tests.verify.support import derived

NEVER = -1e30


def with_blanks(labels: list[int]) -> list[int]:
    return [0, *(part for label in labels for part in (label, 0))]


LABELS: list[list[int]] = [[1, 2], [1, 1], [2, 1, 1, 3], [3], []]


def test_as_optax() -> None:
    z = np.random.default_rng(SEED).standard_normal((len(LABELS), 6, 5))
    longest = max(map(len, LABELS))
    padded = np.array([labels + [0] * (longest - len(labels)) for labels in LABELS])
    padding = np.array([[0.0] * len(labels) + [1.0] * (longest - len(labels)) for labels in LABELS])
    with jax.enable_x64(True):  # one batch, since optax is compiled for each length

        def loss(logits: jax.Array) -> tuple[jax.Array, jax.Array]:
            nothing = jnp.zeros(logits.shape[:2])
            found = optax.ctc_loss(logits, nothing, jnp.array(padded), jnp.array(padding), log_epsilon=NEVER)
            return jnp.sum(found), found

        gradients, values = jax.grad(loss, has_aux=True)(jnp.array(z))
    function = compile(derived("ctc"))
    for logits, labels, value, gradient in zip(z, LABELS, values, gradients, strict=True):
        given = {"z": logits, "path": np.array(with_blanks(labels)), "never": NEVER}
        assert float(function.forward(**given)["L"]) == pytest.approx(float(value), rel=1e-13), labels
        np.testing.assert_allclose(function.vjp(given)["z"], gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("labels", [[1, 2], [1, 1], [2]], ids=str)
def test_the_sum_over_all_paths(labels: list[int]) -> None:
    steps, symbols = 4, 3
    p = np.random.default_rng(SEED + 1).dirichlet(np.ones(symbols), steps)
    total = 0.0
    for path in itertools.product(range(symbols), repeat=steps):
        without_repeats = [key for key, _ in itertools.groupby(path)]
        if [key for key in without_repeats if key] == labels:  # Graves et al. 2006, the map B of section 3.1
            total += float(np.prod([p[t, key] for t, key in enumerate(path)]))
    given = {"z": np.log(p), "path": np.array(with_blanks(labels)), "never": NEVER}
    assert float(compile(derived("ctc")).forward(**given)["L"]) == pytest.approx(-np.log(total), rel=1e-13)
