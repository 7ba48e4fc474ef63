"""Sequence classifiers."""

from derive.registry import register

register(
    "rnn_classifier",
    """
    X[T, n, d], h0[n, m], W_xh[d, m], W_hh[m, m], b_h[m], W_hy[m, k], b_y[k]
    Y[n, k]: data
    0 <= Y[n, k] <= 1
    sum(Y[i, j], j) == 1
    z[t, i, j] = sum(X[t, i, q]*W_xh[q, j], q) + sum(h[t - 1, i, q]*W_hh[q, j], q) + b_h[j]
    h[t, i, j] = tanh(z[t, i, j])
    h[-1, i, j] = h0[i, j]
    S[i, q] = sum(h[T - 1, i, j]*W_hy[j, q], j) + b_y[q]
    P = softmax(S)
    L = -mean(sum(Y[i, j]*log(P[i, j]), j), i)
    """,
    title="Sequence classifier: recurrent layer and softmax",
    category="network",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 10.2, figure 10.5",
    layout=(
        "Time first: X is (steps, samples, features); the last state is classified; the loss is the mean over "
        "the samples."
    ),
    meanings={
        "X": "input sequences",
        "h0": "initial state",
        "W_xh": "input weights",
        "W_hh": "recurrent weights",
        "b_h": "bias of the state",
        "W_hy": "output weights",
        "b_y": "bias of the output",
        "z": "pre-activations",
        "h": "states",
        "S": "logits",
        "Y": "target distributions",
        "L": "loss",
        "P": "probabilities",
        "T": "number of steps",
    },
    interpretation="Prediction minus target enters at the last step and runs back through time.",
    symmetries=["permute n", "permute d", "permute m", "permute k"],
)

register(
    "lstm_classifier",
    """
    X[T, d], h0[m], c0[m]
    W_i[d, m], U_i[m, m], b_i[m]
    W_f[d, m], U_f[m, m], b_f[m]
    W_o[d, m], U_o[m, m], b_o[m]
    W_g[d, m], U_g[m, m], b_g[m]
    W_y[m, k], b_y[k]
    Y[k]: data
    0 <= Y[k] <= 1
    sum(Y[q], q) == 1
    z_i[t, j] = sum(X[t, q]*W_i[q, j], q) + sum(h[t - 1, q]*U_i[q, j], q) + b_i[j]
    z_f[t, j] = sum(X[t, q]*W_f[q, j], q) + sum(h[t - 1, q]*U_f[q, j], q) + b_f[j]
    z_o[t, j] = sum(X[t, q]*W_o[q, j], q) + sum(h[t - 1, q]*U_o[q, j], q) + b_o[j]
    z_g[t, j] = sum(X[t, q]*W_g[q, j], q) + sum(h[t - 1, q]*U_g[q, j], q) + b_g[j]
    i[t, j] = sigmoid(z_i[t, j])
    f[t, j] = sigmoid(z_f[t, j])
    o[t, j] = sigmoid(z_o[t, j])
    g[t, j] = tanh(z_g[t, j])
    c[t, j] = f[t, j]*c[t - 1, j] + i[t, j]*g[t, j]
    c[-1, j] = c0[j]
    h[t, j] = o[t, j]*tanh(c[t, j])
    h[-1, j] = h0[j]
    y[j] = h[T - 1, j]
    S[q] = sum(y[j]*W_y[j, q], j) + b_y[q]
    P = softmax(S)
    L = -sum(Y[q]*log(P[q]), q)
    output(L)
    """,
    title="Sequence classifier: LSTM and softmax",
    category="network",
    source=(
        "Hochreiter and Schmidhuber, Long Short-Term Memory, Neural Computation 9, 1997; Gers, Schmidhuber "
        "and Cummins, Learning to Forget, 2000"
    ),
    layout="One sequence, time first: X is (steps, features); the last state is classified.",
    meanings={
        "X": "input sequence",
        "h0": "initial state",
        "c0": "initial cell",
        "W_i": "input weights of the input gate",
        "U_i": "recurrent weights of the input gate",
        "b_i": "bias of the input gate",
        "W_f": "input weights of the forget gate",
        "U_f": "recurrent weights of the forget gate",
        "b_f": "bias of the forget gate",
        "W_o": "input weights of the output gate",
        "U_o": "recurrent weights of the output gate",
        "b_o": "bias of the output gate",
        "W_g": "input weights of the candidate",
        "U_g": "recurrent weights of the candidate",
        "b_g": "bias of the candidate",
        "W_y": "output weights",
        "b_y": "bias of the output",
        "i": "input gate",
        "f": "forget gate",
        "o": "output gate",
        "g": "candidate",
        "c": "cell",
        "h": "states",
        "y": "last state",
        "S": "logits",
        "Y": "target distribution",
        "L": "loss",
        "P": "probabilities",
        "T": "number of steps",
    },
    interpretation="Prediction minus target enters at the last step and runs back along the cells.",
    symmetries=["permute d", "permute m", "permute k"],
)
