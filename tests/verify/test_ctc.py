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


@pytest.mark.parametrize("labels", [[1, 2], [1, 1], [2, 1, 1, 3], [3], []], ids=str)
def test_as_optax(labels: list[int]) -> None:
    z = np.random.default_rng(SEED).standard_normal((6, 5))
    given = {"z": z, "path": np.array(with_blanks(labels)), "never": NEVER}
    with jax.enable_x64(True):

        def loss(logits: jax.Array) -> jax.Array:
            target = jnp.array([[*labels, 0]])
            padding = jnp.array([[*(0.0 for _ in labels), 1.0]])
            found = optax.ctc_loss(logits[None], jnp.zeros((1, 6)), target, padding, log_epsilon=NEVER)
            return found[0]

        value, gradient = jax.value_and_grad(loss)(jnp.array(z))
    function = compile(derived("ctc"))
    assert float(function.forward(**given)["L"]) == pytest.approx(float(value), rel=1e-13)
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
