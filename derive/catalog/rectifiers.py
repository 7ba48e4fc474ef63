"""Rectifiers: linear where the input is positive, or nearly so."""

from derive.registry import register

register(
    "relu6",
    """
    z[...]
    a = min(6, max(0, z))
    """,
    title="Rectified linear unit with a ceiling of 6",
    category="activation",
    source="Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation="The cotangent passes strictly between 0 and 6 and is stopped elsewhere, at 0 and at 6 too.",
)

register(
    "leaky_relu",
    """
    z[...]
    alpha > 0
    alpha = 0.01
    a = where(z > 0, z, alpha*z)
    """,
    title="Leaky rectified linear unit",
    category="activation",
    source="Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013",
    meanings={"z": "pre-activation", "a": "activation", "alpha": "slope for negative inputs"},
    interpretation="Negative inputs pass a small share of the cotangent, so that no unit dies; at 0 the slope is alpha.",
)

register(
    "prelu",
    """
    z[..., c], alpha[c]
    a[..., j] = where(z[..., j] > 0, z[..., j], alpha[j]*z[..., j])
    """,
    title="Parametric rectified linear unit",
    category="activation",
    source="He et al., Delving Deep into Rectifiers, ICCV 2015, eq. 1",
    layout="The last axis holds the channels; each has a slope of its own, which is learned.",
    meanings={"z": "pre-activation", "a": "activation", "alpha": "slope of each channel for negative inputs"},
    interpretation="A slope learns from the negative inputs of its channel alone.",
)

register(
    "elu",
    """
    z[...]
    alpha > 0
    alpha = 1.0
    a = where(z > 0, z, alpha*(exp(z) - 1))
    """,
    title="Exponential linear unit",
    symbol="ELU",
    category="activation",
    source="Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by ELUs, ICLR 2016, eq. 15",
    meanings={"z": "pre-activation", "a": "activation", "alpha": "the limit is -alpha"},
    interpretation="For negative inputs the derivative is the activation plus alpha; at 0 it is alpha.",
)

register(
    "celu",
    """
    z[...]
    alpha > 0
    alpha = 1.0
    a = where(z > 0, z, alpha*(exp(z/alpha) - 1))
    """,
    title="Continuously differentiable exponential linear unit",
    category="activation",
    source="Barron, Continuously Differentiable Exponential Linear Units, 2017",
    meanings={"z": "pre-activation", "a": "activation", "alpha": "the limit is -alpha"},
    interpretation="The derivative is 1 on both sides of 0, whatever alpha is.",
)

register(
    "selu",
    """
    z[...]
    lam > 0
    alpha > 0
    lam = 1.0507009873554805
    alpha = 1.6732632423543772
    a = where(z > 0, lam*z, lam*alpha*(exp(z) - 1))
    """,
    title="Scaled exponential linear unit",
    symbol="SELU",
    category="activation",
    source="Klambauer et al., Self-Normalizing Neural Networks, 2017, eq. 2",
    meanings={"z": "pre-activation", "a": "activation", "lam": "scale", "alpha": "the limit is -lam*alpha"},
    interpretation="The constants make mean 0 and variance 1 a fixed point of a layer; at 0 the slope is lam*alpha.",
)

register(
    "softplus",
    """
    z[...]
    beta > 0
    beta = 1.0
    a = log(1 + exp(beta*z))/beta
    """,
    title="Softplus",
    category="activation",
    source="Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, NIPS 2000",
    meanings={"z": "pre-activation", "a": "activation", "beta": "sharpness"},
    interpretation="A smooth rectifier; its derivative is the logistic sigmoid of beta*z.",
)

register(
    "squareplus",
    """
    z[...]
    b > 0
    b = 4.0
    a = (z + sqrt(z**2 + b))/2
    """,
    title="Squareplus",
    category="activation",
    source="Barron, Squareplus: A Softplus-Like Algebraic Rectifier, 2021, eq. 1",
    meanings={"z": "pre-activation", "a": "activation", "b": "size of the curved region"},
    interpretation="A smooth rectifier without exponentials; the derivative falls off like b/(4*z**2) on the negative side.",
)

register(
    "maxout",
    """
    z[..., m, k]
    a[..., j] = max(z[..., j, p], p)
    """,
    title="Maxout",
    category="activation",
    source="Goodfellow et al., Maxout Networks, ICML 2013",
    layout="The last axis holds the k pieces of each of the m units.",
    meanings={"z": "affine maps of the input", "a": "the largest of them"},
    interpretation="Only the piece that is largest learns; at a tie the first one.",
)
