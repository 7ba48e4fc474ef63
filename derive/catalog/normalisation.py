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

register(
    "batch_norm",
    """
    x[n, d], gamma[d], beta[d]
    eps > 0
    eps = 1e-5
    mu[j] = mean(x[i, j], i)
    var[j] = mean((x[i, j] - mu[j])**2, i)
    xhat[i, j] = (x[i, j] - mu[j])/sqrt(var[j] + eps)
    y[i, j] = gamma[j]*xhat[i, j] + beta[j]
    """,
    title="Batch normalisation (training)",
    category="layer",
    source="Ioffe and Szegedy, Batch Normalization, ICML 2015, algorithm 1",
    layout="Rows are samples; each column is normalised over the samples, the variance divides by n.",
    meanings={
        "x": "inputs",
        "gamma": "gain",
        "beta": "bias",
        "mu": "mean of a column",
        "var": "variance of a column",
        "xhat": "normalised inputs",
        "y": "outputs",
        "eps": "added to the variance",
    },
    interpretation=(
        "Samples act on one another through mean and variance: what is left has neither mean nor a part along xhat."
    ),
    symmetries=["shift x over n", "permute n", "permute d", "homogeneous of degree 1 in gamma, beta"],
)

register(
    "batch_norm_inference",
    """
    x[n, d], gamma[d], beta[d]
    mu[d]: data
    var[d]: data
    var[d] >= 0
    eps > 0
    eps = 1e-5
    y[i, j] = gamma[j]*(x[i, j] - mu[j])/sqrt(var[j] + eps) + beta[j]
    """,
    title="Batch normalisation (inference)",
    category="layer",
    source="Ioffe and Szegedy, Batch Normalization, ICML 2015, algorithm 2",
    layout="Rows are samples; mu and var are averages from training.",
    meanings={
        "x": "inputs",
        "gamma": "gain",
        "beta": "bias",
        "mu": "mean from training",
        "var": "variance from training",
        "y": "outputs",
        "eps": "added to the variance",
    },
    interpretation="With fixed statistics it is an affine map of each column, and samples do not act on one another.",
    symmetries=["affine in x", "permute n", "permute d", "homogeneous of degree 1 in gamma, beta"],
)

register(
    "rms_norm",
    """
    x[..., d], gamma[d]
    eps > 0
    eps = 1e-6
    ms[...] = mean(x[..., j]**2, j)
    xhat[..., j] = x[..., j]/sqrt(ms[...] + eps)
    y[..., j] = gamma[j]*xhat[..., j]
    """,
    title="Root mean square normalisation",
    category="layer",
    source="Zhang and Sennrich, Root Mean Square Layer Normalization, NeurIPS 2019, eq. 4",
    layout="The last axis is normalised; eps stands inside the root.",
    meanings={
        "x": "inputs",
        "gamma": "gain",
        "ms": "mean square of a row",
        "xhat": "normalised inputs",
        "y": "outputs",
        "eps": "added to the mean square",
    },
    interpretation="The gradient loses its component along xhat: the scale of a row does not matter.",
    symmetries=["permute d", "homogeneous of degree 1 in gamma", "odd in x"],
)

register(
    "group_norm",
    """
    x[n, s, c, h, w], gamma[s, c], beta[s, c]
    eps > 0
    eps = 1e-5
    mu[m, u] = mean(x[m, u, g, i, j], g, i, j)
    var[m, u] = mean((x[m, u, g, i, j] - mu[m, u])**2, g, i, j)
    xhat[m, u, g, i, j] = (x[m, u, g, i, j] - mu[m, u])/sqrt(var[m, u] + eps)
    y[m, u, g, i, j] = gamma[u, g]*xhat[m, u, g, i, j] + beta[u, g]
    """,
    title="Group normalisation",
    category="layer",
    source="Wu and He, Group Normalization, ECCV 2018, eq. 1 and 2, section 3.1",
    layout="x is (samples, groups, channels of a group, height, width); each group of each sample is normalised.",
    meanings={
        "x": "feature maps",
        "gamma": "gain",
        "beta": "bias",
        "mu": "mean of a group",
        "var": "variance of a group",
        "xhat": "normalised feature maps",
        "y": "outputs",
        "s": "number of groups",
        "eps": "added to the variance",
    },
    interpretation="As layer normalisation within each group: mean and component along xhat are removed.",
    symmetries=["permute n", "permute s", "permute c", "permute h", "homogeneous of degree 1 in gamma, beta"],
)

register(
    "instance_norm",
    """
    x[n, c, h, w], gamma[c], beta[c]
    eps > 0
    eps = 1e-5
    mu[m, g] = mean(x[m, g, i, j], i, j)
    var[m, g] = mean((x[m, g, i, j] - mu[m, g])**2, i, j)
    xhat[m, g, i, j] = (x[m, g, i, j] - mu[m, g])/sqrt(var[m, g] + eps)
    y[m, g, i, j] = gamma[g]*xhat[m, g, i, j] + beta[g]
    """,
    title="Instance normalisation",
    category="layer",
    source="Ulyanov, Vedaldi and Lempitsky, Instance Normalization, 2016, eq. 4",
    layout="Channels first; each channel of each sample is normalised over its pixels.",
    meanings={
        "x": "feature maps",
        "gamma": "gain",
        "beta": "bias",
        "mu": "mean of a channel",
        "var": "variance of a channel",
        "xhat": "normalised feature maps",
        "y": "outputs",
        "eps": "added to the variance",
    },
    interpretation="The contrast of each image does not matter: mean and component along xhat are removed.",
    symmetries=["permute n", "permute c", "permute h", "permute w", "homogeneous of degree 1 in gamma, beta"],
)

register(
    "weight_norm",
    """
    V[d, k], g[k]
    q[j] = sum(V[i, j]**2, i)
    W[i, j] = g[j]*V[i, j]/sqrt(q[j])
    """,
    title="Weight normalisation",
    category="layer",
    source="Salimans and Kingma, Weight Normalization, NIPS 2016, eq. 2 and 3",
    layout="W is (inputs, outputs); each column has the length g and the direction of V.",
    meanings={"V": "directions", "g": "lengths", "q": "squared norms of the columns of V", "W": "weights"},
    interpretation="The gradient in V is orthogonal to V, so that gradient steps only ever lengthen it.",
    symmetries=["permute d", "permute k", "odd in V", "affine in g"],
)
