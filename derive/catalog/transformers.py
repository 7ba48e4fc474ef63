"""Transformers."""

from derive.registry import register

BLOCK = {
    "gamma1": "gain of the first normalisation",
    "beta1": "bias of the first normalisation",
    "W_Q": "projections to queries",
    "W_K": "projections to keys",
    "W_V": "projections to values",
    "W_O": "output projection",
    "gamma2": "gain of the second normalisation",
    "beta2": "bias of the second normalisation",
    "W1": "weights of the first dense layer",
    "b1": "bias of the first dense layer",
    "W2": "weights of the second dense layer",
    "b2": "bias of the second dense layer",
}
"""The parameters of a block."""

register(
    "transformer_block",
    """
    X[n, m], gamma1[m], beta1[m], W_Q[a, m, d], W_K[a, m, d], W_V[a, m, d], W_O[a, d, m]
    gamma2[m], beta2[m], W1[m, f], b1[f], W2[f, m], b2[m]
    eps > 0
    eps = 1e-5
    N = layer_norm(X, gamma1, beta1, eps=eps)
    Q[h, i, k] = sum(N[i, c]*W_Q[h, c, k], c)
    K[h, i, k] = sum(N[i, c]*W_K[h, c, k], c)
    V[h, i, k] = sum(N[i, c]*W_V[h, c, k], c)
    S[h, i, j] = sum(Q[h, i, k]*K[h, j, k], k)/sqrt(d)
    P = softmax(S)
    H[h, i, k] = sum(P[h, i, j]*V[h, j, k], j)
    R[i, q] = X[i, q] + sum(H[h, i, k]*W_O[h, k, q], h, k)
    M = layer_norm(R, gamma2, beta2, eps=eps)
    Z = M @ W1 + b1
    A = relu(Z)
    Y = R + A @ W2 + b2
    """,
    title="Transformer block (pre-norm)",
    category="network",
    source=(
        "Vaswani et al., Attention Is All You Need, 2017, section 3; Xiong et al., On Layer Normalization in "
        "the Transformer Architecture, ICML 2020, figure 1b"
    ),
    layout=(
        "Rows of X are positions; normalisation comes before attention and before the two dense layers; both "
        "are residual."
    ),
    meanings={
        "X": "inputs",
        **BLOCK,
        "N": "normalised inputs",
        "Q": "queries",
        "K": "keys",
        "V": "values",
        "S": "scores",
        "P": "attention weights",
        "H": "outputs of the heads",
        "R": "outputs of the attention",
        "M": "normalised outputs of the attention",
        "Z": "pre-activations",
        "A": "hidden activations",
        "Y": "outputs",
        "a": "number of heads",
        "eps": "added to the variances",
    },
    interpretation=(
        "Both residual connections hand the cotangent on; each branch adds its part behind its normalisation."
    ),
    symmetries=["permute n", "permute m", "permute a", "permute f"],
)


register(
    "vision_transformer",
    """
    x[n, q], K[q, m], e[m], pos[n, m]
    gamma1[m], beta1[m], W_Q[a, m, d], W_K[a, m, d], W_V[a, m, d], W_O[a, d, m]
    gamma2[m], beta2[m], W1[m, f], b1[f], W2[f, m], b2[m], W_y[m, k], b_y[k]
    Y[k]: data
    0 <= Y[k] <= 1
    sum(Y[j], j) == 1
    eps > 0
    eps = 1e-5
    E = x @ K + e + pos
    B = transformer_block(E, gamma1, beta1, W_Q, W_K, W_V, W_O, gamma2, beta2, W1, b1, W2, b2, eps=eps)
    g[j] = mean(B[i, j], i)
    S = g @ W_y + b_y
    P = softmax(S)
    L = -sum(Y*log(P))
    """,
    title="Vision transformer (one block)",
    category="network",
    source="Dosovitskiy et al., An Image Is Worth 16x16 Words, ICLR 2021, eq. 1 to 4, with the mean for the class token",
    layout="One image; rows of x are its patches, each unrolled; the mean over the patches is classified.",
    meanings={
        "x": "patches",
        "K": "embedding of a patch",
        "e": "bias of the embedding",
        "pos": "positions",
        **BLOCK,
        "W_y": "output weights",
        "b_y": "bias of the output",
        "Y": "target distribution",
        "E": "embedded patches",
        "B": "outputs of the block",
        "g": "their mean",
        "S": "logits",
        "P": "probabilities",
        "L": "loss",
        "a": "number of heads",
        "eps": "added to the variances",
    },
    interpretation="Prediction minus target goes to every patch alike; attention tells the patches apart.",
    symmetries=["permute n", "permute q", "permute m", "permute a", "permute f", "permute k"],
)
