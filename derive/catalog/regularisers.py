"""Penalties on parameters."""

from derive.registry import register

register(
    "l2",
    """
    W[n, k]
    lam >= 0
    lam = 0.01
    R = lam/2*sum(W**2)
    """,
    title="L2 penalty",
    category="regulariser",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 7.1.1",
    layout="Half the sum of squares, times lam.",
    meanings={"W": "weights", "lam": "strength", "R": "penalty"},
    interpretation="Each weight is pulled towards 0 in proportion to itself.",
    symmetries=["homogeneous of degree 2 in W", "even in W", "permute n", "permute k"],
)
