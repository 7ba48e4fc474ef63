"""Clipping and optimizers: new parameters, no gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derive.registry import get
from tests.oracle.corpus.bug import Bug, kinds, own

CLIP = own("clip_by_norm", "g[n], c > 0\nr = sqrt(sum(g**2))\nh = g*min(1, c/r)")
NESTEROV = own("nesterov_step", "p[n], g[n], v[n], lr, mu\nq = p - lr*(g + mu*(mu*v + g))")
ADAGRAD = own(
    "adagrad_from_0",
    "g[T, n], theta0[n], alpha > 0, eps > 0\nalpha = 0.05\neps = 1e-8\ns[t, j] = s[t - 1, j] + g[t, j]**2\ns[-1, j] = 0\n"
    "theta[t, j] = theta[t - 1, j] - alpha*g[t, j]/(sqrt(s[t, j]) + eps)\ntheta[-1, j] = theta0[j]\noutput(theta)",
)
RMSPROP = own(
    "rmsprop_step",
    "p[n], g[n], a[n], lr, rho, eps > 0\n0 < a[n]\n0.5 <= rho < 1\nq = p - lr*g/(sqrt(rho*a + (1 - rho)*g**2) + eps)",
)
_L2 = (
    get("adam")
    .text.replace("g[t, j]", "(g[t, j] + lam*theta[t - 1, j])")
    .replace("g[T, n], theta0[n]", "g[T, n], theta0[n], lam\n0.1 <= lam <= 0.5")
)
ADAM_L2 = own("adam_with_l2", _L2 + "\noutput(theta)")


def steps(g: Any, theta0: Any, update: Callable[[Any, Any, int], Any]) -> Any:
    theta, found = theta0, []
    for t, each in enumerate(g, 1):
        theta = update(theta, each, t)
        found.append(theta)
    return np.array(found).reshape(g.shape)


def adam(
    g: Any, theta0: Any, beta1: Any, beta2: Any, alpha: Any, eps: Any, lam: Any = 0.0, *,
    first: Any = lambda m, c, t: m / (1 - c**t), second: Any = lambda v, c, t: v / (1 - c**t), decay: str = "",
    kept: bool = False,
) -> Any:  # fmt: skip
    state = {"m": 0 * theta0, "v": 0 * theta0}

    def update(theta: Any, each: Any, t: int) -> Any:
        each = each + lam * theta if decay == "coupled" else each
        m, v = beta1 * state["m"] + (1 - beta1) * each, beta2 * state["v"] + (1 - beta2) * each**2
        mhat, vhat = first(m, beta1, t), second(v, beta2, t)
        state.update({"m": mhat, "v": vhat} if kept else {"m": m, "v": v})
        new = theta - alpha * mhat / (np.sqrt(vhat) + eps)
        if decay == "decoupled":
            new = new - alpha * lam * theta
        if decay == "without parameter":
            new = new - alpha * lam
        return new

    return steps(g, theta0, update)


def adagrad(g: Any, theta0: Any, alpha: Any, eps: Any, inside: bool = False) -> Any:
    total = np.cumsum((alpha * g if inside else g) ** 2, 0)
    return theta0 - np.cumsum(alpha * g / (np.sqrt(total) + eps), 0)


FORWARD = {"kind": "forward"}
UPDATES = (
    Bug(
        "clip-norm-squared", "paiml/entrenar#311", CLIP,
        lambda g, c: g * np.minimum(1, c / np.sqrt((g * g).sum())),
        lambda g, c: g * np.minimum(1, c / (g * g).sum()),
        kinds("root missing"), options=FORWARD,
    ),
    Bug(
        "nesterov-sign", "PaddlePaddle/Paddle#12231", NESTEROV,
        lambda p, g, v, lr, mu: p - lr * (g + mu * (mu * v + g)),
        lambda p, g, v, lr, mu: p - lr * g + lr * mu * (mu * v + g),
        kinds("sign"), options=FORWARD,
    ),
    Bug(
        "adagrad-lr-inside-accumulator", "stanfordnlp/GloVe#134", ADAGRAD,
        lambda g, theta0, alpha, eps: adagrad(g, theta0, alpha, eps),
        lambda g, theta0, alpha, eps: adagrad(g, theta0, alpha, eps, True),
        kinds("factor missing", "factor twice"), options=FORWARD,
    ),
    Bug(
        "rmsprop-missing-1-minus-rho", "fastai/fastbook#342", RMSPROP,
        lambda p, g, a, lr, rho, eps: p - lr * g / (np.sqrt(rho * a + (1 - rho) * g * g) + eps),
        lambda p, g, a, lr, rho, eps: p - lr * g / (np.sqrt(rho * a + g * g) + eps),
        kinds("factor missing", "drop a term"), options=FORWARD,
    ),
    Bug(
        "adam-correction-without-power", "eriklindernoren/ML-From-Scratch#35", "adam",
        lambda g, theta0, beta1, beta2, alpha, eps: adam(g, theta0, beta1, beta2, alpha, eps),
        lambda g, theta0, beta1, beta2, alpha, eps: adam(
            g, theta0, beta1, beta2, alpha, eps, first=lambda m, c, t: m / (1 - c), second=lambda v, c, t: v / (1 - c)
        ),
        kinds("exponent missing"), options=FORWARD,
    ),
    Bug(
        "adam-sqrt-of-beta2-power", "kozistr/AdaBound-tensorflow#3", "adam",
        lambda g, theta0, beta1, beta2, alpha, eps: adam(g, theta0, beta1, beta2, alpha, eps),
        lambda g, theta0, beta1, beta2, alpha, eps: adam(
            g, theta0, beta1, beta2, alpha, eps, second=lambda v, c, t: v / (1 - (1 - c**t))
        ),
        kinds("complement"), options=FORWARD,
    ),
    Bug(
        "adam-eps-not-corrected", "tensorflow/tensorflow#35102", "adam",
        lambda g, theta0, beta1, beta2, alpha, eps: adam(g, theta0, beta1, beta2, alpha, eps),
        lambda g, theta0, beta1, beta2, alpha, eps: adam(
            g, theta0, beta1, beta2, alpha, eps,
            first=lambda m, c, t: m * np.sqrt(1 - beta2**t) / (1 - c**t), second=lambda v, c, t: v,
        ),
        kinds("eps corrected too"), options=FORWARD,
    ),
    Bug(
        "adam-correction-in-place", "frgfm/Holocron#1", "adam",
        lambda g, theta0, beta1, beta2, alpha, eps: adam(g, theta0, beta1, beta2, alpha, eps),
        lambda g, theta0, beta1, beta2, alpha, eps: adam(g, theta0, beta1, beta2, alpha, eps, kept=True),
        kinds("corrected state carried"), options=FORWARD,
    ),
    Bug(
        "adam-decay-decoupled", "flagos-ai/FlagGems#4989", ADAM_L2,
        lambda g, theta0, lam, beta1, beta2, alpha, eps: adam(g, theta0, beta1, beta2, alpha, eps, lam, decay="coupled"),
        lambda g, theta0, lam, beta1, beta2, alpha, eps: adam(g, theta0, beta1, beta2, alpha, eps, lam, decay="decoupled"),
        kinds("another operation"), options=FORWARD,
    ),
    Bug(
        "adamw-decay-not-times-param", "e-sensing/torchopt#14", "adamw",
        lambda g, theta0, alpha, beta1, beta2, eps, lam: adam(
            g, theta0, beta1, beta2, alpha, eps, lam, decay="decoupled"
        ),
        lambda g, theta0, alpha, beta1, beta2, eps, lam: adam(
            g, theta0, beta1, beta2, alpha, eps, lam, decay="without parameter"
        ),
        kinds("factor missing"), options=FORWARD,
    ),
)  # fmt: skip
