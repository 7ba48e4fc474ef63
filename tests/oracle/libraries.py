"""Functions of installed libraries, as their users call them: what the oracle is asked about, and must not accuse.

``jax.nn``, ``jax.numpy``, ``jax.lax`` and ``optax`` are differentiated by JAX, ``autograd`` by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import autograd
import autograd.numpy as anp
import autograd.scipy.special as asp
import autograd.scipy.stats as ast
import jax
import jax.numpy as jnp
import optax


@dataclass(frozen=True)
class Function:
    """A function of a library, and the operation that it is.

    ``found`` says with which verdict it differs, and in which strata: all that the oracle may hold against it; ``always`` whether
    four points of these show it.
    """

    name: str
    operation: str
    call: Callable[..., Any]
    wrt: tuple[str, ...] | None = None
    found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    always: bool = True


LOST = {
    "inaccurate": ("saturated40", "saturated800")
}  # where a value is 1 to the last digit, its distance from 1 is lost
FAR = {"inaccurate": ("saturated800", "huge", "offset")}
TINY = {"inaccurate": ("tiny",)}
GENTLE = ("ordinary", "zeros", "ties", "tiny", "size ones", "size ascending", "size descending")
AT_ZERO = {"wrong convention": ("zeros",)}  # another subgradient than the declared one
AT_KINKS = {"wrong convention": ("zeros", "ties")}


def pulled(function: Callable[..., Any], *inputs: Any) -> Callable[[Any], Any]:
    """The pullback that autograd makes of a function at these inputs."""
    pull: Callable[[Any], Any] = autograd.make_vjp(function)(*inputs)[0]
    return pull


def convolution(x: Any, K: Any, b: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    padding, stride, dilation = int(padding), int(stride), int(dilation)
    pads = [(padding, padding)] * 2
    return (
        jax.lax.conv_general_dilated(x, K, (stride, stride), pads, rhs_dilation=(dilation, dilation)) + b[:, None, None]
    )


def pooled(x: Any, size: Any, stride: Any) -> Any:
    window, step = (1, 1, int(size), int(size)), (1, 1, int(stride), int(stride))
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, step, "VALID")


def standardised(x: Any, gamma: Any, beta: Any, eps: Any) -> Any:
    return gamma * jax.nn.standardize(x, epsilon=eps) + beta


FUNCTIONS = (
    Function("jax.nn.sigmoid", "sigmoid", jax.nn.sigmoid, found=LOST),
    Function("jax.numpy.tanh", "tanh", jnp.tanh, found=LOST),
    Function("jax.nn.relu", "relu", jax.nn.relu),
    Function("jax.nn.relu6", "relu6", jax.nn.relu6),
    Function(
        "jax.nn.leaky_relu", "leaky_relu", lambda z, alpha: jax.nn.leaky_relu(z, alpha), wrt=("z",), found=AT_ZERO
    ),
    Function("jax.nn.elu", "elu", lambda z, alpha: jax.nn.elu(z, alpha), wrt=("z",), found=LOST),
    Function("jax.nn.celu", "celu", lambda z, alpha: jax.nn.celu(z, alpha), wrt=("z",), found=LOST),
    Function("jax.nn.selu", "selu", jax.nn.selu, found=LOST),
    Function("jax.nn.gelu(approximate=False)", "gelu", lambda z: jax.nn.gelu(z, approximate=False)),
    Function("jax.nn.gelu", "gelu_tanh", jax.nn.gelu),
    Function("jax.nn.silu", "silu", jax.nn.silu),
    Function("jax.nn.mish", "mish", jax.nn.mish),
    Function("jax.nn.softplus", "softplus", jax.nn.softplus),
    Function("jax.nn.soft_sign", "softsign", jax.nn.soft_sign, found=FAR),
    Function("jax.nn.squareplus", "squareplus", lambda z, b: jax.nn.squareplus(z, b), wrt=("z",), found=FAR),
    Function("jax.nn.hard_tanh", "hard_tanh", jax.nn.hard_tanh, found=AT_KINKS),
    Function("jax.nn.hard_sigmoid", "hard_sigmoid", jax.nn.hard_sigmoid),
    Function("jax.nn.hard_swish", "hard_swish", jax.nn.hard_swish),
    Function("jax.nn.log_sigmoid", "log_sigmoid", jax.nn.log_sigmoid),
    Function("jax.nn.softmax", "softmax", jax.nn.softmax),
    Function("jax.nn.log_softmax", "log_softmax", jax.nn.log_softmax, found=LOST),
    Function("jax.nn.logsumexp", "logsumexp", lambda z: jax.nn.logsumexp(z, axis=-1)),
    Function("jax.nn.standardize", "layer_norm", standardised, found=FAR),
    Function("jax.lax.conv_general_dilated", "conv2d", convolution),
    Function("jax.lax.reduce_window(max)", "max_pool2d", pooled),
    Function("optax.squared_error", "mse", lambda yhat, y: jnp.mean(optax.squared_error(yhat, y))),
    Function(
        "optax.huber_loss",
        "huber",
        lambda yhat, y, delta: jnp.mean(optax.huber_loss(yhat, y, delta=delta)),
        wrt=("yhat",),
        found=TINY,
    ),
    Function("optax.log_cosh", "log_cosh", lambda yhat, y: jnp.mean(optax.log_cosh(yhat, y)), found=TINY),
    Function(
        "optax.sigmoid_binary_cross_entropy",
        "bce_with_logits",
        lambda z, y: jnp.mean(optax.sigmoid_binary_cross_entropy(z, y)),
    ),
    Function(
        "optax.softmax_cross_entropy",
        "softmax_cross_entropy",
        lambda Z, Y: jnp.mean(optax.softmax_cross_entropy(Z, Y)),
        wrt=("Z",),
    ),
    Function(
        "optax.softmax_cross_entropy_with_integer_labels",
        "softmax_cross_entropy_labels",
        lambda Z, label: jnp.mean(optax.softmax_cross_entropy_with_integer_labels(Z, label)),
    ),
    Function("optax.hinge_loss", "hinge", lambda s, y: jnp.mean(optax.hinge_loss(s, y)), wrt=("s",)),
    Function(
        "optax.kl_divergence",
        "kl_divergence",
        lambda P, Q: jnp.mean(optax.kl_divergence(jnp.log(Q), P)),
        wrt=("Q",),
    ),
    Function("optax.adam", "adam", optax.adam),
    Function("optax.adamw", "adamw", optax.adamw),
    Function("optax.nadam", "nadam", optax.nadam),
    Function(
        "optax.amsgrad(bias_correction=False)",
        "amsgrad",
        partial(optax.amsgrad, bias_correction_mu=False, bias_correction_nu=False),
    ),
    Function("optax.adamax", "adamax", optax.adamax),
    Function("optax.adagrad", "adagrad", optax.adagrad),
    Function("optax.adadelta", "adadelta", optax.adadelta),
    Function("optax.rmsprop", "rmsprop", optax.rmsprop),
    Function("optax.lion", "lion", optax.lion),
    Function("autograd.numpy.tanh", "tanh", lambda z, da: pulled(anp.tanh, z)(da)),
    Function("autograd.scipy.special.expit", "sigmoid", lambda z, da: pulled(asp.expit, z)(da), found=LOST),
    Function(
        "autograd.scipy.special.logsumexp",
        "logsumexp",
        lambda z, da: pulled(lambda z: asp.logsumexp(z, axis=-1), z)(da),
    ),
    Function(
        "autograd.scipy.special.erf",
        "gelu",
        lambda z, da: pulled(lambda z: z / 2 * (1 + asp.erf(z / anp.sqrt(2.0))), z)(da),
    ),
    Function("autograd.scipy.stats.norm.cdf", "gelu", lambda z, da: pulled(lambda z: z * ast.norm.cdf(z), z)(da)),
    Function("autograd.numpy.maximum", "relu", lambda z, da: pulled(lambda z: anp.maximum(z, 0), z)(da), found=AT_ZERO),
    Function("autograd.numpy.logaddexp", "softplus", lambda z, da: pulled(lambda z: anp.logaddexp(0, z), z)(da)),
    Function(
        "autograd.numpy.var",
        "layer_norm",
        lambda x, gamma, eps, dy: pulled(
            lambda x: gamma * (x - anp.mean(x, -1, keepdims=True)) / anp.sqrt(anp.var(x, -1, keepdims=True) + eps), x
        )(dy),
        wrt=("x",),
    ),
)


def torch_functions() -> tuple[Function, ...]:
    """PyTorch's, if it is installed."""
    try:
        import torch
    except ImportError:
        return ()
    F = torch.nn.functional
    optim = torch.optim
    return (
        Function("torch.sigmoid", "sigmoid", torch.sigmoid, found=LOST),
        Function("torch.tanh", "tanh", torch.tanh, found=LOST),
        Function("F.relu", "relu", F.relu),
        Function("F.elu", "elu", lambda z, alpha: F.elu(z, float(alpha)), wrt=("z",)),
        Function(
            "F.celu",
            "celu",
            lambda z, alpha: F.celu(z, float(alpha)),
            wrt=("z",),
            found=dict.fromkeys(("wrong formula", "inaccurate"), (*GENTLE, *LOST["inaccurate"])),
            always=False,  # with alpha = 1, which single precision holds
        ),
        Function("F.selu", "selu", F.selu),
        Function("F.gelu", "gelu", F.gelu),
        Function("F.gelu(approximate='tanh')", "gelu_tanh", lambda z: F.gelu(z, approximate="tanh")),
        Function("F.silu", "silu", F.silu),
        Function("F.mish", "mish", F.mish),
        Function(
            "F.softplus", "softplus", lambda z, beta: F.softplus(z, float(beta)), wrt=("z",), found=LOST, always=False
        ),
        Function("F.softsign", "softsign", F.softsign, found=FAR),
        Function(
            "F.tanhshrink",
            "tanhshrink",
            F.tanhshrink,
            found={
                "inaccurate": ("ordinary", "zeros", "ties", "tiny", "size ones", "size ascending", "size descending")
            },
        ),
        Function("F.logsigmoid", "log_sigmoid", F.logsigmoid),
        Function("F.hardtanh", "hard_tanh", F.hardtanh),
        Function("F.hardswish", "hard_swish", F.hardswish),
        Function("F.softmax", "softmax", lambda z: F.softmax(z, -1)),
        Function("F.log_softmax", "log_softmax", lambda z: F.log_softmax(z, -1), found=LOST),
        Function("torch.logsumexp", "logsumexp", lambda z: torch.logsumexp(z, -1)),
        Function(
            "F.layer_norm",
            "layer_norm",
            lambda x, gamma, beta, eps: F.layer_norm(x, x.shape[-1:], gamma, beta, float(eps)),
            wrt=("x", "gamma", "beta"),
        ),
        Function("torch.nn.Linear", "dense", torch.nn.Linear(5, 3)),
        Function("F.mse_loss", "mse", lambda yhat, y: F.mse_loss(yhat, y)),
        Function("F.l1_loss", "mae", lambda yhat, y: F.l1_loss(yhat, y)),
        Function(
            "F.huber_loss", "huber", lambda yhat, y, delta: F.huber_loss(yhat, y, delta=float(delta)), wrt=("yhat", "y")
        ),
        Function(
            "F.binary_cross_entropy_with_logits",
            "bce_with_logits",
            lambda z, y: F.binary_cross_entropy_with_logits(z, y),
            found=LOST,
        ),
        Function("F.cross_entropy", "softmax_cross_entropy_labels", lambda Z, label: F.cross_entropy(Z, label)),
        Function("torch.optim.Adam", "adam", optim.Adam),
        Function("torch.optim.AdamW", "adamw", optim.AdamW),
        Function("torch.optim.Adadelta", "adadelta", optim.Adadelta),
    )
