"""Losses of sequences against shorter ones."""

from derive.registry import register

register(
    "ctc",
    """
    z[T, v]
    path[m]: int
    never = -1e30
    p = log_softmax(z)
    S[t < T, u < m] = where(u >= 2, where(path[u] != path[u - 2], A[t - 1, u - 2], never), never)
    N[t < T, u < m] = where(u >= 1, A[t - 1, u - 1], never)
    R[t < T, u < m, q < 3] = where(q == 0, A[t - 1, u], where(q == 1, N[t, u], where(q == 2, S[t, u], never)))
    M[t < T, u < m] = logsumexp(R[t, u, q], q < 3)
    A[t, u] = p[t, path[u]] + M[t, u]
    A[-1, u < m] = where(u == 0, 0, never)
    E[u] = where(u >= m - 2, A[T - 1, u], never)
    L = -logsumexp(E)
    output(L)
    """,
    title="Connectionist temporal classification",
    category="loss",
    source="Graves et al., Connectionist Temporal Classification, ICML 2006, eq. 3 to 8, in logarithms",
    layout=(
        "One sequence; path holds the labels with a blank before, between and after them, so that m is twice their "
        "number plus 1; from one step to the next a path stays, goes on by one, or by two where that skips a blank "
        "between different labels."
    ),
    meanings={
        "z": "logits",
        "path": "labels and blanks",
        "p": "log-probabilities",
        "S": "log-probability of the paths that skip a place",
        "N": "of those that go on by one",
        "R": "of the three ways to get here",
        "M": "of all of them",
        "A": "forward variables, in logarithms",
        "E": "those at the two ends",
        "L": "loss",
        "T": "number of steps",
        "never": "logarithm of an impossible path",
    },
    interpretation=(
        "Each step's probabilities, minus the share of the paths that pass through each label, weighted by their "
        "probability."
    ),
)
