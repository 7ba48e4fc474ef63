"""Optimizers and schedules against optax, stepped for 50 updates in float64; and derivatives by hyper-parameters.

Here optax has numbers for its hyper-parameters (the references of the verifier trace them), none at its default.  What is
compared is how far the parameters have moved, so that a small learning rate hides nothing behind large parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import backproof as bp
from derive.registry import declarations, get
from verify.references import find

Optimizer: TypeAlias = optax.GradientTransformation
Hypers = dict[str, float]
Array = np.ndarray[Any, Any]

STEPS = 50
TOLERANCE = 1e-12  # of the largest distance moved so far; float64 has 50 roundings of 1e-16 there
DIFFERENT = 1e-6  # what another rule or convention must differ by at least

RMS: Hypers = {"alpha": 0.03, "rho": 0.8, "eps": 1e-3}
MOMENTS: Hypers = {"alpha": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3}
DECAYED: Hypers = {**MOMENTS, "lam": 0.07}
VELOCITY: Hypers = {"alpha": 0.07, "beta": 0.8}


def _moments(h: Hypers) -> Hypers:
    return {"b1": h["beta1"], "b2": h["beta2"], "eps": h["eps"]}


def _decayed(h: Hypers) -> Hypers:
    return {**_moments(h), "weight_decay": h["lam"]}


def _adafactor(h: Hypers) -> Optimizer:
    """Without what the published section 3 and 7.2 do not have; a NumPy scalar keeps optax's decay in float64."""
    return optax.adafactor(
        h["alpha"],
        min_dim_size_to_factor=0,
        decay_rate=np.float64(h["decay"]),
        multiply_by_parameter_scale=False,
        clipping_threshold=None,
        eps=h["eps"],
    )


# Operation -> hyper-parameters and the same in optax.
OPTIMIZERS: dict[str, tuple[Hypers, Callable[[Hypers], Optimizer]]] = {
    "gradient_descent": ({"alpha": 0.07}, lambda h: optax.sgd(h["alpha"])),
    "sgd": ({"alpha": 0.07}, lambda h: optax.sgd(h["alpha"])),
    # optax.sgd has the heavy ball; the average with weight 1 - beta is its ema, without removing the bias
    "momentum": (VELOCITY, lambda h: optax.chain(optax.ema(h["beta"], debias=False), optax.sgd(h["alpha"]))),
    "heavy_ball": (VELOCITY, lambda h: optax.sgd(h["alpha"], momentum=h["beta"])),
    "nesterov": (VELOCITY, lambda h: optax.sgd(h["alpha"], momentum=h["beta"], nesterov=True)),
    # optax follows the point that looks ahead; where it comes from is the heavy ball (a test of its own below)
    "nesterov_lookahead": (VELOCITY, lambda h: optax.sgd(h["alpha"], momentum=h["beta"], nesterov=True)),
    # optax too has eps inside the root here
    "adagrad": (
        {"alpha": 0.07, "start": 0.3, "eps": 1e-3},
        lambda h: optax.adagrad(h["alpha"], initial_accumulator_value=h["start"], eps=h["eps"]),
    ),
    "rmsprop": (RMS, lambda h: optax.rmsprop(h["alpha"], decay=h["rho"], eps=h["eps"], eps_in_sqrt=True)),
    "rmsprop_centred": (
        {**RMS, "beta": 0.7},
        lambda h: optax.rmsprop(h["alpha"], decay=h["rho"], eps=h["eps"], centered=True, momentum=h["beta"]),
    ),
    "adadelta": (
        {"alpha": 0.7, "rho": 0.8, "eps": 1e-3},
        lambda h: optax.adadelta(h["alpha"], rho=h["rho"], eps=h["eps"]),
    ),
    "adafactor": ({"alpha": 0.03, "decay": 0.7, "eps": 1e-3}, _adafactor),
    "adam": (MOMENTS, lambda h: optax.adam(h["alpha"], **_moments(h))),
    "adamax": (MOMENTS, lambda h: optax.adamax(h["alpha"], **_moments(h))),
    "nadam": (MOMENTS, lambda h: optax.nadam(h["alpha"], **_moments(h))),
    # optax corrects both biases unless told not to; the published algorithm has none to correct
    "amsgrad": (
        MOMENTS,
        lambda h: optax.amsgrad(h["alpha"], **_moments(h), bias_correction_mu=False, bias_correction_nu=False),
    ),
    "adamw": (DECAYED, lambda h: optax.adamw(h["alpha"], **_decayed(h))),
    "lion": (
        {"alpha": 0.01, "beta1": 0.8, "beta2": 0.95, "lam": 0.07},
        lambda h: optax.lion(h["alpha"], b1=h["beta1"], b2=h["beta2"], weight_decay=h["lam"]),
    ),
    "lamb": (DECAYED, lambda h: optax.lamb(h["alpha"], **_decayed(h))),
}

# One mistake in each update rule: the text that is replaced, and by what.
ALTERED: dict[str, tuple[str, str]] = {
    "gradient_descent": ("- alpha*g[t, j]", "- alpha*g[t, j]*(1 + 1/1000000)"),
    "sgd": ("mean(g[t, i, j], i)", "sum(g[t, i, j], i)"),
    "momentum": ("(1 - beta)*g", "g"),
    "heavy_ball": ("+ g[t, j]", "+ (1 - beta)*g[t, j]"),
    "nesterov": ("(g[t, j] + beta*v[t, j])", "(g[t, j] + beta*v[t - 1, j])"),
    "nesterov_lookahead": ("theta[t, j] + beta*v[t, j]", "theta[t, j] + v[t, j]"),
    "adagrad": ("sqrt(s[t, j] + eps)", "(sqrt(s[t, j]) + eps)"),
    "rmsprop": ("sqrt(v[t, j] + eps)", "(sqrt(v[t, j]) + eps)"),
    "rmsprop_centred": ("v[t, j] - m[t, j]**2 + eps", "v[t, j] + eps"),
    "adadelta": ("u[t - 1, j] + eps", "u[t - 1, j] + 2*eps"),
    "adafactor": ("q[t] = mean(r[t, k], k)", "q[t] = mean(c[t, k], k) + eps"),
    "adam": ("1 - beta2**(t + 1)", "1 - beta2**(t + 2)"),
    "adamax": ("abs(g[t, j]) + eps", "abs(g[t, j])"),
    "nadam": ("1 - beta1**(t + 2)", "1 - beta1**(t + 1)"),
    "amsgrad": ("max(vhat[t - 1, j], v[t, j])", "max(beta2*vhat[t - 1, j], v[t, j])"),
    "adamw": ("alpha*(mhat[t, j]/(sqrt(vhat[t, j]) + eps) + lam", "(alpha*mhat[t, j]/(sqrt(vhat[t, j]) + eps) + lam"),
    "lion": ("c[t, j] = beta1*m[t - 1, j]", "c[t, j] = beta2*m[t - 1, j]"),
    "lamb": ("p[t]/q[t], 1", "q[t]/p[t], 1"),
}


def drawn(name: str) -> dict[str, Array]:
    """Gradients whose sizes differ by parameter and step, and parameters to start from, in the declared shapes."""
    rng = np.random.default_rng(50)
    start = (3, 4) if name == "adafactor" else (4,)
    shape = (STEPS, 3, 4) if name in ("adafactor", "sgd") else (STEPS, 4)
    return {
        "g": rng.normal(size=shape) * 10.0 ** rng.uniform(-1.5, 1, size=shape),
        "theta0": rng.normal(size=start),
    }


def stepped(optimizer: Optimizer, gradients: Array, theta0: Array) -> Array:
    """The parameters after each of optax's updates."""

    def step(carry: Any, gradient: Any) -> Any:
        updates, state = optimizer.update(gradient, carry[1], carry[0])
        theta = optax.apply_updates(carry[0], updates)
        return (theta, state), theta

    with jax.enable_x64(True):
        start = jnp.asarray(theta0)
        run = jax.jit(lambda theta, given: jax.lax.scan(step, (theta, optimizer.init(theta)), given)[1])
        result = np.asarray(run(start, jnp.asarray(gradients)))
    assert result.dtype == np.float64
    return result


def apart(got: Array, expected: Array, theta0: Array) -> float:
    """The largest gap between two trajectories, over the largest distance that one has moved by then."""
    gap = np.abs(got - expected).reshape(STEPS, -1).max(axis=1)
    moved = np.abs(expected - theta0).reshape(STEPS, -1).max(axis=1)
    return float((gap / np.maximum.accumulate(moved)).max())


def against(name: str, optimizer: Optimizer, operation: Any = None, output: str = "theta") -> float:
    """How far a declaration (by default the catalog's) is from optax."""
    given = drawn(name)
    ours = bp.compile(operation or name).forward(**given, **OPTIMIZERS[name][0])[output]
    gradients = given["g"].mean(axis=1) if name == "sgd" else given["g"]
    return apart(ours, stepped(optimizer, gradients, given["theta0"]), given["theta0"])


def test_every_optimizer_and_schedule_of_the_catalog_is_here() -> None:
    of_kind: dict[str, set[str]] = {"optimizer": set(), "schedule": set()}
    for each in declarations():
        of_kind.setdefault(each.details["category"], set()).add(each.name)
    assert set(OPTIMIZERS) == set(ALTERED) == of_kind["optimizer"]
    assert set(SCHEDULES) == of_kind["schedule"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_fifty_steps_are_those_of_optax_and_of_no_altered_rule(name: str) -> None:
    hypers, optimizer = OPTIMIZERS[name]
    output = "phi" if name == "nesterov_lookahead" else "theta"
    assert against(name, optimizer(hypers), output=output) < TOLERANCE
    text, (old, new) = get(name).text, ALTERED[name]
    assert old in text
    altered = bp.declare(text.replace(old, new), name=f"{name}_altered")
    # alpha*(1 + 1e-6) is 1e-6 off, the least of all
    assert against(name, optimizer(hypers), altered, output) > 0.99 * DIFFERENT


def test_where_nesterov_comes_from_is_the_heavy_ball_of_optax() -> None:
    heavy = optax.sgd(VELOCITY["alpha"], momentum=VELOCITY["beta"])
    assert against("nesterov_lookahead", heavy, output="theta") < TOLERANCE


# What optax does by default, or in another spelling, and the declarations do not.
ELSEWHERE: dict[str, tuple[str, Callable[[Hypers], Optimizer]]] = {
    "rmsprop, eps outside the root": (
        "rmsprop",
        lambda h: optax.rmsprop(h["alpha"], decay=h["rho"], eps=h["eps"], eps_in_sqrt=False),
    ),
    "amsgrad, both biases corrected": ("amsgrad", lambda h: optax.amsgrad(h["alpha"], **_moments(h))),
    "momentum, the heavy ball": ("momentum", lambda h: optax.sgd(h["alpha"], momentum=h["beta"])),
    "momentum, its bias removed": (
        "momentum",
        lambda h: optax.chain(optax.ema(h["beta"], debias=True), optax.sgd(h["alpha"])),
    ),
    "adam, eps_root": ("adam", lambda h: optax.adam(h["alpha"], **_moments(h), eps_root=h["eps"])),
    "adamw, decay through the moments": (
        "adamw",
        lambda h: optax.chain(optax.add_decayed_weights(h["lam"]), optax.adam(h["alpha"], **_moments(h))),
    ),
    "adafactor, updates clipped and scaled by the parameters": (
        "adafactor",
        lambda h: optax.adafactor(
            h["alpha"], min_dim_size_to_factor=0, decay_rate=np.float64(h["decay"]), eps=h["eps"]
        ),
    ),
    "adafactor, matrices below 128 not factored": (
        "adafactor",
        lambda h: optax.adafactor(
            h["alpha"],
            decay_rate=np.float64(h["decay"]),
            multiply_by_parameter_scale=False,
            clipping_threshold=None,
            eps=h["eps"],
        ),
    ),
}


@pytest.mark.parametrize("convention", ELSEWHERE)
def test_other_conventions_of_optax_are_other_rules(convention: str) -> None:
    name, optimizer = ELSEWHERE[convention]
    assert against(name, optimizer(OPTIMIZERS[name][0])) > 1e-3


def test_adafactor_of_optax_rounds_its_decay_to_float32() -> None:
    """``1 - (t + 1)**-decay`` in single precision unless the exponent is a float64: 1e-7, not a convention."""
    hypers = OPTIMIZERS["adafactor"][0]
    rounded = optax.chain(
        optax.scale_by_factored_rms(decay_rate=hypers["decay"], min_dim_size_to_factor=0, epsilon=hypers["eps"]),
        optax.scale(-hypers["alpha"]),
    )
    assert 1e-9 < against("adafactor", rounded) < 1e-6


# Schedule -> hyper-parameters, integers, and optax's rate at step t.
SCHEDULES: dict[str, tuple[Hypers, dict[str, int], Callable[[Any], Any]]] = {
    "step_decay": ({"alpha": 0.3, "decay": 0.7}, {"period": 7}, optax.exponential_decay(0.3, 7, 0.7, staircase=True)),
    "exponential_decay": ({"alpha": 0.3, "decay": 0.7}, {}, optax.exponential_decay(0.3, 1, 0.7)),
    # optax has the last rate as a share of the first
    "cosine_decay": ({"alpha": 0.3, "final": 0.06}, {}, optax.cosine_decay_schedule(0.3, STEPS, alpha=0.06 / 0.3)),
    # optax's line starts at step 0 from its first value: the rate 0 at which nothing would be learnt is left out here
    "linear_warmup": ({"alpha": 0.3}, {"warmup": 7}, lambda t: optax.linear_schedule(0.0, 0.3, 7)(t + 1)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_fifty_rates_are_those_of_optax(name: str) -> None:
    hypers, integers, schedule = SCHEDULES[name]
    rates = bp.compile(name).forward(**hypers, **integers, steps=STEPS)["rate"]
    with jax.enable_x64(True):
        # an array, because optax computes rates of a Python int in float32 here and there
        expected = np.array([schedule(jnp.asarray(t)) for t in range(len(rates))])
    assert len(rates) == STEPS + (name == "cosine_decay")
    np.testing.assert_allclose(rates, expected, rtol=TOLERANCE)


# Operation -> the hyper-parameters that its last parameters are differentiated by.
HYPERGRADIENTS: dict[str, tuple[str, ...]] = {
    "gradient_descent": ("alpha",),
    "momentum": ("alpha", "beta"),
    "adam": ("alpha", "beta1", "beta2", "eps"),
}


@pytest.mark.parametrize("name", HYPERGRADIENTS)
def test_the_last_parameters_by_the_hyper_parameters(name: str) -> None:
    """A hypergradient: through all 50 steps, against ``jax.grad`` of the reference that steps optax."""
    wrt = HYPERGRADIENTS[name]
    given, hypers = drawn(name), OPTIMIZERS[name][0]
    weights = np.array([1.0, -0.5, 0.25, 2.0])
    cotangent = np.zeros((STEPS, 4))
    cotangent[-1] = weights
    found = bp.compile(bp.derive(name, wrt=wrt)).vjp({**given, **hypers}, {"theta": cotangent})

    reference = find(name)
    assert reference is not None

    def last(chosen: Hypers) -> Any:
        return jnp.dot(reference(**given, **{**hypers, **chosen})["theta"][-1], weights)

    with jax.enable_x64(True):
        expected = jax.jit(jax.grad(last))({each: jnp.asarray(hypers[each]) for each in wrt})
        for each in wrt:
            assert float(found[each]) == pytest.approx(float(expected[each]), rel=1e-11), each
            assert abs(float(found[each])) > 1e-3, each


def test_the_hypergradient_of_gradient_descent_is_printed() -> None:
    """d theta[T-1]/d alpha is minus the sum of all gradients: every step's error is the same."""
    assert str(bp.derive("gradient_descent", wrt="alpha")).splitlines() == [
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]",
        "dalpha = -sum(dtheta_total*g)",
    ]
