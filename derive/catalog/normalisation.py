"""Normalisation of activations and of weights."""

from derive.registry import register

register(
    "layer_norm",
    """
    x[..., d], gamma[d], beta[d]
    eps > 0
    eps = 1e-5
    mu[...] = mean(x[..., j], j)
    var[...] = mean((x[..., j] - mu[...])**2, j)
    xhat[..., j] = (x[..., j] - mu[...])/sqrt(var[...] + eps)
    y[..., j] = gamma[j]*xhat[..., j] + beta[j]
    """,
    title="Layer normalisation",
    category="layer",
    source="Ba, Kiros and Hinton, Layer Normalization, 2016, eq. 4",
    layout="The last axis is normalised; eps stands inside the root, the variance divides by d.",
    meanings={
        "x": "inputs",
        "gamma": "gain",
        "beta": "bias",
        "mu": "mean of a row",
        "var": "variance of a row",
        "xhat": "normalised inputs",
        "y": "outputs",
        "eps": "added to the variance",
    },
    interpretation=(
        "The gradient has its mean and its component along xhat removed: neither shift nor scale of a row matters."
    ),
    symmetries=["shift x over d", "permute d", "homogeneous of degree 1 in gamma, beta", "affine in gamma"],
)
