"""Layers: dense, convolution, recurrence, normalisation, attention."""

from derive.registry import register

register(
    "dense",
    """
    X[n, d], W[d, k], b[k]
    Z = X @ W + b
    """,
    title="Dense layer",
    category="layer",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.5",
    layout="Rows are samples, columns are features; W is (inputs, outputs).",
    meanings={"X": "inputs", "W": "weights", "b": "bias", "Z": "pre-activations"},
    interpretation=(
        "Weights collect input times cotangent over the samples; the bias is shared by all rows, so its "
        "gradient sums them."
    ),
    symmetries=["affine in X", "affine in W", "homogeneous of degree 1 in X, b", "permute n", "permute d", "permute k"],
)

register(
    "perceptron",
    """
    x[d], w[d], b
    activation = sigmoid
    z = x @ w + b
    a = activation(z)
    """,
    title="One neuron",
    category="layer",
    source="Rosenblatt, The Perceptron, Psychological Review 65, 1958",
    layout="One sample with d inputs.",
    meanings={"x": "inputs", "w": "weights", "b": "bias", "z": "weighted sum", "a": "activation"},
    interpretation="Each weight's gradient is its input times the derivative of the activation.",
    symmetries=["permute d"],
)

register(
    "conv2d",
    """
    x[n, c, h, w], K[o, c, kh, kw], b[o]
    stride = 1, padding = 0, dilation = 1
    y[m, f, i < (h + 2*padding - dilation*(kh - 1) - 1)//stride + 1,
      j < (w + 2*padding - dilation*(kw - 1) - 1)//stride + 1] = sum(
        pad(x[m, g, stride*i + dilation*p - padding, stride*j + dilation*q - padding])*K[f, g, p, q], g, p, q) + b[f]
    """,
    title="Two-dimensional convolution (cross-correlation)",
    category="layer",
    source="Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016, section 2",
    layout=(
        "Channels first: x is (samples, channels, height, width), K is (outputs, channels, height, width); "
        "zero padding."
    ),
    meanings={
        "x": "images",
        "K": "kernels",
        "b": "bias",
        "y": "feature maps",
        "stride": "step of the window",
        "padding": "zeros added on each side",
        "dilation": "distance between kernel elements",
    },
    interpretation=(
        "The kernel's gradient correlates input with cotangent; the input's scatters the cotangent back "
        "through the kernel."
    ),
    symmetries=[
        "translate h by stride",
        "translate w by stride",
        "affine in x",
        "affine in K",
        "permute n",
        "permute c",
        "permute o",
    ],
)

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
