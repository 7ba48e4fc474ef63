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

register(
    "causal_attention",
    """
    Q[T, d], K[T, d], V[T, e]
    S[i, j] = where(j <= i, sum(Q[i, k]*K[j, k], k)/sqrt(d), -inf)
    P = softmax(S)
    O = P @ V
    """,
    title="Causal (masked) attention",
    category="layer",
    source="Vaswani et al., Attention Is All You Need, 2017, section 3.2.3",
    layout="Rows are positions in time; a position sees itself and what came before; one head.",
    meanings={
        "Q": "queries",
        "K": "keys",
        "V": "values",
        "S": "masked scores",
        "P": "attention weights",
        "O": "outputs",
    },
    interpretation="As without a mask, with what lies in the future left out of every sum.",
    symmetries=["affine in V", "permute d", "permute e", "shift K over T"],
)

register(
    "multi_head_attention",
    """
    X[n, m], W_Q[a, m, d], W_K[a, m, d], W_V[a, m, e], W_O[a, e, o]
    Q[h, i, k] = sum(X[i, c]*W_Q[h, c, k], c)
    K[h, i, k] = sum(X[i, c]*W_K[h, c, k], c)
    V[h, i, k] = sum(X[i, c]*W_V[h, c, k], c)
    S[h, i, j] = sum(Q[h, i, k]*K[h, j, k], k)/sqrt(d)
    P = softmax(S)
    H[h, i, k] = sum(P[h, i, j]*V[h, j, k], j)
    Y[i, q] = sum(H[h, i, k]*W_O[h, k, q], h, k)
    """,
    title="Multi-head self-attention with projections",
    category="layer",
    source="Vaswani et al., Attention Is All You Need, 2017, section 3.2.2",
    layout="Rows of X are positions; each head has projections of its own; W_O adds up what the heads say.",
    meanings={
        "X": "inputs",
        "W_Q": "projections to queries",
        "W_K": "projections to keys",
        "W_V": "projections to values",
        "W_O": "output projection",
        "Q": "queries",
        "K": "keys",
        "V": "values",
        "S": "scores",
        "P": "attention weights",
        "H": "outputs of the heads",
        "Y": "outputs",
        "a": "number of heads",
    },
    interpretation="The inputs act in three roles, and their gradient is the sum over roles and heads.",
    symmetries=["affine in W_V", "affine in W_O", "permute n", "permute a", "permute d", "permute e", "permute m"],
)

register(
    "additive_attention",
    """
    s[n, d], H[m, e], W[d, k], U[e, k], v[k]
    Z[i, j, p] = sum(s[i, q]*W[q, p], q) + sum(H[j, q]*U[q, p], q)
    A = tanh(Z)
    E[i, j] = sum(v[p]*A[i, j, p], p)
    P = softmax(E)
    C = P @ H
    """,
    title="Additive attention",
    category="layer",
    source="Bahdanau, Cho and Bengio, Neural Machine Translation by Jointly Learning to Align, ICLR 2015, section A.1.2",
    layout="Rows of s are states that ask, rows of H are annotations that are asked and returned.",
    meanings={
        "s": "states of the decoder",
        "H": "annotations of the encoder",
        "W": "weights of the states",
        "U": "weights of the annotations",
        "v": "weights of the scores",
        "Z": "pre-activations",
        "A": "hidden activations",
        "E": "scores",
        "P": "attention weights",
        "C": "context vectors",
    },
    interpretation="The annotations act twice, as what is looked for and as what is found.",
    symmetries=["permute n", "permute m", "permute d", "permute e", "permute k"],
)

register(
    "rotary_embedding",
    """
    x[T, d, 2]
    base > 1
    base = 10000
    angle[t < T, k < d] = t*base**(-k/d)
    R[t < T, k < d, p < 2, q < 2] = where(p == q, cos(angle[t, k]), (p - q)*sin(angle[t, k]))
    y[t, k, p] = sum(R[t, k, p, q]*x[t, k, q], q)
    """,
    title="Rotary position embedding",
    category="layer",
    source="Su et al., RoFormer, 2021, eq. 13 to 15",
    layout="x is (positions, pairs of features, 2); the pair k at position t is turned by t/base^(k/d).",
    meanings={
        "x": "queries or keys",
        "base": "sets the slowest rotation",
        "angle": "angles",
        "R": "rotation matrices",
        "y": "rotated queries or keys",
    },
    interpretation="A rotation is orthogonal: the cotangent is turned back by the same angle.",
    symmetries=["affine in x", "homogeneous of degree 1 in x"],
)
