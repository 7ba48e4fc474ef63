"""Recurrent layers."""

from derive.registry import register

register(
    "rnn",
    """
    X[T, n, d], h0[n, m], W_xh[d, m], W_hh[m, m], b_h[m], W_hy[m, o], b_y[o]
    z[t, i, j] = sum(X[t, i, k]*W_xh[k, j], k) + sum(h[t - 1, i, k]*W_hh[k, j], k) + b_h[j]
    h[t, i, j] = tanh(z[t, i, j])
    h[-1, i, j] = h0[i, j]
    y[t, i, k] = sum(h[t, i, j]*W_hy[j, k], j) + b_y[k]
    """,
    title="Recurrent layer (tanh) with an output map",
    category="layer",
    source="Elman, Finding Structure in Time, Cognitive Science 14, 1990; Werbos, Backpropagation Through Time, 1990",
    layout="Time first: X is (steps, samples, features); weights are (inputs, outputs); h[-1] is the start value h0.",
    meanings={
        "X": "input sequence",
        "h0": "initial state",
        "W_xh": "input weights",
        "W_hh": "recurrent weights",
        "b_h": "bias of the state",
        "W_hy": "output weights",
        "b_y": "bias of the output",
        "z": "pre-activations",
        "h": "states",
        "y": "outputs",
        "T": "number of steps",
    },
    interpretation="Errors of later steps run backwards through W_hh and add up into the same weights.",
    symmetries=["permute n", "permute d", "permute m", "permute o", "odd in X, h0, b_h, b_y"],
)
