"""Optimizers, the perceptron and the penalty at three random shapes against JAX, to 1e-10."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import numeric
from derive.registry import get
from tests.seeds import SEED
from tests.verify.support import derived
from verify.compare import relative_errors
from verify.sampling import sample
from verify.witnesses.autodiff import Autodiff
from verify.witnesses.balls import Truth, to_float

TOLERANCE = 1e-10


@cache
def compiled(name: str) -> numeric.Function:
    return numeric.compile(derived(name))


@cache
def witness(name: str) -> Autodiff:
    return Autodiff(get(name), derived(name).wrt)


@pytest.mark.parametrize("seed", [SEED, SEED + 1, SEED + 2], ids=["0", "1", "2"])
@pytest.mark.parametrize("name", ["gradient_descent", "momentum", "adam", "perceptron", "l2"])
def test_gradients_at_random_shapes(name: str, seed: int) -> None:
    derivation, function = derived(name), compiled(name)
    program = derivation.program
    rng = np.random.default_rng(seed)
    # from 1 up: one step, one weight; random hyper-parameters inside their domains
    sizes = {dimension: int(rng.integers(1, 8)) for dimension in program.dimensions} | dict(program.integers)
    case = sample(program, seed, sizes=sizes, hypers="random", derivation=derivation)
    outputs, gradients = witness(name).run(case, case.cotangents)
    generated = {**function.forward(**case.arguments()), **function.vjp(case.arguments(), case.seeds())}
    assert gradients.keys() == derivation.gradients.keys() == set(derivation.wrt)
    # JAX differentiates the forward of optax, jax.numpy and jax.lax: it knows nothing of the declaration
    truth = Truth(derivation, case)
    for argument, expected in {**outputs, **gradients}.items():
        equations = to_float(truth.values(argument))
        assert equations.shape == expected.shape
        # two terms of Adam's first step, m/sqrt(m**2), cancel: what rounding does to the equations as written is allowed
        rounding = 64 * np.finfo(float).eps * truth.roughness(argument)
        allowed = np.maximum(TOLERANCE * np.abs(expected), rounding)
        assert np.all(np.abs(equations - expected) <= allowed), (argument, case)
        assert np.all(np.abs(generated[argument] - expected) <= allowed), (argument, case)


def test_the_comparison_can_fail() -> None:
    # half the penalty's gradient is off by 1/2, a millionth of it by 1e-6
    case = sample(derived("l2").program, 1, derivation=derived("l2"))
    _, gradients = witness("l2").run(case, case.cotangents)
    right = compiled("l2").vjp(case.arguments(), case.seeds())["W"]
    assert relative_errors(right / 2, gradients["W"])[1] == pytest.approx(0.5)
    assert relative_errors(right * (1 + 1e-6), gradients["W"])[1] > TOLERANCE
