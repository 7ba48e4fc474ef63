"""Functions of whole rows beside the softmax."""

from derive.registry import register

register(
    "softmin",
    """
    z[..., n]
    a[..., j] = exp(-z[..., j])/sum(exp(-z[..., k]), k)
    """,
    title="Softmin",
    category="activation",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2.3",
    layout="The last axis holds the classes; each row sums to 1.",
    meanings={"z": "costs", "a": "probabilities, largest where the cost is least"},
    interpretation="The softmax of -z: its gradient with the sign turned.",
)

register(
    "sparsemax",
    """
    z[..., n]
    inside[..., j] = where(sum(max(0, z[..., k] - z[..., j]), k) < 1, 1, 0)
    tau[...] = (sum(inside[..., j]*z[..., j], j) - 1)/sum(inside[..., j], j)
    a[..., j] = max(0, z[..., j] - tau[...])
    """,
    title="Sparsemax",
    category="activation",
    source="Martins and Astudillo, From Softmax to Sparsemax, ICML 2016, eq. 2 and proposition 1",
    layout="The last axis holds the classes; each row is the nearest point of the simplex to the row of z.",
    meanings={
        "z": "scores",
        "inside": "whether a class is in the support",
        "tau": "threshold",
        "a": "probabilities, of which some are exactly 0",
    },
    interpretation="Inside the support the cotangent less its mean there; outside it 0.",
)

register(
    "logsumexp",
    """
    z[..., n]
    a[...] = logsumexp(z[..., j], j)
    """,
    title="Logarithm of a sum of exponentials",
    category="activation",
    source="Boyd and Vandenberghe, Convex Optimization, 2004, section 3.1.5",
    layout="The last axis is summed over.",
    meanings={"z": "logits", "a": "a smooth maximum"},
    interpretation="The gradient of the smooth maximum is the softmax.",
)
