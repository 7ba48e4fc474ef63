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

register(
    "rnn_relu",
    """
    X[T, n, d], h0[n, m], W_xh[d, m], W_hh[m, m], b_h[m]
    z[t, i, j] = sum(X[t, i, k]*W_xh[k, j], k) + sum(h[t - 1, i, k]*W_hh[k, j], k) + b_h[j]
    h[t, i, j] = relu(z[t, i, j])
    h[-1, i, j] = h0[i, j]
    """,
    title="Recurrent layer (ReLU)",
    category="layer",
    source="Le, Jaitly and Hinton, A Simple Way to Initialize Recurrent Networks of Rectified Linear Units, 2015, section 3",
    layout="Time first: X is (steps, samples, features); weights are (inputs, outputs); all states are outputs.",
    meanings={
        "X": "input sequence",
        "h0": "initial state",
        "W_xh": "input weights",
        "W_hh": "recurrent weights",
        "b_h": "bias of the state",
        "z": "pre-activations",
        "h": "states",
        "T": "number of steps",
    },
    interpretation="Errors pass back through W_hh unchanged wherever a unit is active, and stop where it is not.",
    symmetries=["permute n", "permute d", "permute m", "homogeneous of degree 1 in X, h0, b_h"],
)

register(
    "rnn_last",
    """
    X[T, n, d], h0[n, m], W_xh[d, m], W_hh[m, m], b_h[m], W_hy[m, o], b_y[o]
    z[t, i, j] = sum(X[t, i, k]*W_xh[k, j], k) + sum(h[t - 1, i, k]*W_hh[k, j], k) + b_h[j]
    h[t, i, j] = tanh(z[t, i, j])
    h[-1, i, j] = h0[i, j]
    y[i, k] = sum(h[T - 1, i, j]*W_hy[j, k], j) + b_y[k]
    """,
    title="Recurrent layer (tanh), output after the last step",
    category="layer",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 10.2, figure 10.5",
    layout="Time first: X is (steps, samples, features); weights are (inputs, outputs); without steps h0 is the last state.",
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
        "y": "output",
        "T": "number of steps",
    },
    interpretation="The error enters at the last step alone and reaches early inputs through as many products with W_hh.",
    symmetries=["permute n", "permute d", "permute m", "permute o", "odd in X, h0, b_h, b_y"],
)

register(
    "lstm",
    """
    X[T, d], h0[m], c0[m]
    W_i[d, m], U_i[m, m], b_i[m]
    W_f[d, m], U_f[m, m], b_f[m]
    W_o[d, m], U_o[m, m], b_o[m]
    W_g[d, m], U_g[m, m], b_g[m]
    z_i[t, j] = sum(X[t, k]*W_i[k, j], k) + sum(h[t - 1, k]*U_i[k, j], k) + b_i[j]
    z_f[t, j] = sum(X[t, k]*W_f[k, j], k) + sum(h[t - 1, k]*U_f[k, j], k) + b_f[j]
    z_o[t, j] = sum(X[t, k]*W_o[k, j], k) + sum(h[t - 1, k]*U_o[k, j], k) + b_o[j]
    z_g[t, j] = sum(X[t, k]*W_g[k, j], k) + sum(h[t - 1, k]*U_g[k, j], k) + b_g[j]
    i[t, j] = sigmoid(z_i[t, j])
    f[t, j] = sigmoid(z_f[t, j])
    o[t, j] = sigmoid(z_o[t, j])
    g[t, j] = tanh(z_g[t, j])
    c[t, j] = f[t, j]*c[t - 1, j] + i[t, j]*g[t, j]
    c[-1, j] = c0[j]
    h[t, j] = o[t, j]*tanh(c[t, j])
    h[-1, j] = h0[j]
    output(h)
    """,
    title="Long short-term memory",
    category="layer",
    source=(
        "Hochreiter and Schmidhuber, Long Short-Term Memory, Neural Computation 9, 1997; Gers, Schmidhuber "
        "and Cummins, Learning to Forget: Continual Prediction with LSTM, Neural Computation 12, 2000, the forget gate"
    ),
    layout="One sequence, time first: X is (steps, features); weights are (inputs, outputs); all states are outputs.",
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
        "i": "input gate",
        "f": "forget gate",
        "o": "output gate",
        "g": "candidate",
        "c": "cell",
        "h": "states",
        "T": "number of steps",
    },
    interpretation="Along the cell the error is only multiplied by the forget gate: where that is open it does not fade.",
    symmetries=["permute d", "permute m"],
)

register(
    "gru",
    """
    X[T, d], h0[m], W_z[d, m], U_z[m, m], b_z[m], W_r[d, m], U_r[m, m], b_r[m], W_h[d, m], U_h[m, m], b_h[m]
    a_z[t, j] = sum(X[t, k]*W_z[k, j], k) + sum(h[t - 1, k]*U_z[k, j], k) + b_z[j]
    a_r[t, j] = sum(X[t, k]*W_r[k, j], k) + sum(h[t - 1, k]*U_r[k, j], k) + b_r[j]
    z[t, j] = sigmoid(a_z[t, j])
    r[t, j] = sigmoid(a_r[t, j])
    q[t, j] = r[t, j]*h[t - 1, j]
    a_h[t, j] = sum(X[t, k]*W_h[k, j], k) + sum(q[t, k]*U_h[k, j], k) + b_h[j]
    s[t, j] = tanh(a_h[t, j])
    h[t, j] = z[t, j]*h[t - 1, j] + (1 - z[t, j])*s[t, j]
    h[-1, j] = h0[j]
    output(h)
    """,
    title="Gated recurrent unit",
    category="layer",
    source="Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, EMNLP 2014, eq. 5 to 8",
    layout="One sequence, time first: X is (steps, features); z keeps the old state; the reset gate acts before U_h.",
    meanings={
        "X": "input sequence",
        "h0": "initial state",
        "W_z": "input weights of the update gate",
        "U_z": "recurrent weights of the update gate",
        "b_z": "bias of the update gate",
        "W_r": "input weights of the reset gate",
        "U_r": "recurrent weights of the reset gate",
        "b_r": "bias of the reset gate",
        "W_h": "input weights of the candidate",
        "U_h": "recurrent weights of the candidate",
        "b_h": "bias of the candidate",
        "z": "update gate",
        "r": "reset gate",
        "q": "what is left of the state after the reset",
        "s": "candidate",
        "h": "states",
        "T": "number of steps",
    },
    interpretation="Where the update gate is 1 the error passes through time unchanged.",
    symmetries=["permute d", "permute m"],
)

register(
    "bidirectional_rnn",
    """
    X[T, n, d], h0[n, m], W_xh[d, m], W_hh[m, m], b_h[m], g0[n, m], W_xg[d, m], W_gg[m, m], b_g[m]
    W_hy[m, o], W_gy[m, o], b_y[o]
    z[t, i, j] = sum(X[t, i, k]*W_xh[k, j], k) + sum(h[t - 1, i, k]*W_hh[k, j], k) + b_h[j]
    h[t, i, j] = tanh(z[t, i, j])
    h[-1, i, j] = h0[i, j]
    r[t, i, j] = sum(X[T - 1 - t, i, k]*W_xg[k, j], k) + sum(g[t - 1, i, k]*W_gg[k, j], k) + b_g[j]
    g[t, i, j] = tanh(r[t, i, j])
    g[-1, i, j] = g0[i, j]
    y[t, i, k] = sum(h[t, i, j]*W_hy[j, k], j) + sum(g[T - 1 - t, i, j]*W_gy[j, k], j) + b_y[k]
    """,
    title="Bidirectional recurrent layer (tanh)",
    category="layer",
    source="Schuster and Paliwal, Bidirectional Recurrent Neural Networks, IEEE Transactions on Signal Processing 45, 1997",
    layout="Time first; g reads the sequence from its end: g[t] is its state after t + 1 steps, at time T - 1 - t.",
    meanings={
        "X": "input sequence",
        "h0": "initial state forwards",
        "g0": "initial state backwards",
        "W_xh": "input weights forwards",
        "W_hh": "recurrent weights forwards",
        "b_h": "bias forwards",
        "W_xg": "input weights backwards",
        "W_gg": "recurrent weights backwards",
        "b_g": "bias backwards",
        "W_hy": "output weights of the states forwards",
        "W_gy": "output weights of the states backwards",
        "b_y": "bias of the output",
        "z": "pre-activations forwards",
        "r": "pre-activations backwards",
        "h": "states forwards",
        "g": "states backwards",
        "y": "outputs",
        "T": "number of steps",
    },
    interpretation="Two recurrences side by side: the error of one runs backwards in time, that of the other forwards.",
    symmetries=["permute n", "permute d", "permute o", "odd in X, h0, b_h, g0, b_g, b_y"],
)

register(
    "state_space",
    """
    u[T, d], x0[m], A[m, m], B[m, d], C[o, m], D[o, d]
    x[t, i] = sum(A[i, j]*x[t - 1, j], j) + sum(B[i, k]*u[t, k], k)
    x[-1, i] = x0[i]
    y[t, p] = sum(C[p, i]*x[t, i], i) + sum(D[p, k]*u[t, k], k)
    """,
    title="Linear state-space layer",
    category="layer",
    source="Gu, Goel and Re, Efficiently Modeling Long Sequences with Structured State Spaces, ICLR 2022, eq. 3",
    layout="Time first; A and B are the discrete ones, C and D as in control theory.",
    meanings={
        "u": "input sequence",
        "x0": "initial state",
        "A": "state matrix",
        "B": "input matrix",
        "C": "output matrix",
        "D": "feedthrough",
        "x": "states",
        "y": "outputs",
        "T": "number of steps",
    },
    interpretation="The errors follow the same linear recurrence, backwards and with the transposed state matrix.",
    symmetries=["affine in u", "homogeneous of degree 1 in u, x0", "permute d", "permute m", "permute o"],
)

register(
    "diagonal_state_space",
    """
    u[T, d], x0[d, m], A[d, m], B[d, m], C[d, m], D[d]
    x[t, k, i] = A[k, i]*x[t - 1, k, i] + B[k, i]*u[t, k]
    x[-1, k, i] = x0[k, i]
    y[t, k] = sum(C[k, i]*x[t, k, i], i) + D[k]*u[t, k]
    """,
    title="Diagonal state-space layer",
    category="layer",
    source="Gu, Goel, Gupta and Re, On the Parameterization and Initialization of Diagonal State Space Models, 2022, section 2",
    layout="Time first; each of the d channels has a state of its own with m components that do not mix.",
    meanings={
        "u": "input sequence",
        "x0": "initial states",
        "A": "factors of the states",
        "B": "input weights",
        "C": "output weights",
        "D": "feedthrough",
        "x": "states",
        "y": "outputs",
        "T": "number of steps",
    },
    interpretation="Every component is a geometric average of the past, and its error one of the future.",
    symmetries=["affine in u", "homogeneous of degree 1 in u, x0", "permute d", "permute m"],
)
