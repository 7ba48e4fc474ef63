"""Attention."""

from derive.registry import register

register(
    "scaled_dot_product_attention",
    """
    Q[n, d], K[m, d], V[m, e]
    S = Q @ K.T / sqrt(d)
    P = softmax(S)
    O = P @ V
    """,
    title="Scaled dot-product attention",
    category="layer",
    source="Vaswani et al., Attention Is All You Need, 2017, eq. 1",
    layout="Rows of Q are queries, rows of K and V are keys and values; one head.",
    meanings={
        "Q": "queries",
        "K": "keys",
        "V": "values",
        "S": "scores",
        "P": "attention weights",
        "O": "outputs",
    },
    interpretation=(
        "Through the softmax each row of the score gradient sums to 0; queries and keys exchange roles by a transpose."
    ),
    symmetries=["affine in V", "permute n", "permute m", "permute d", "permute e", "shift K over m"],
)
