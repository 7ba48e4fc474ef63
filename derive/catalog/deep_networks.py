"""Blocks of deep networks, and autoencoders."""

from derive.registry import register

register(
    "autoencoder",
    """
    X[n, d], W1[d, m], b1[m], W2[m, d], b2[d]
    Z1 = X @ W1 + b1
    H = sigmoid(Z1)
    Xhat = H @ W2 + b2
    L = sum((Xhat - X)**2)/(2*n)
    """,
    title="Autoencoder",
    category="network",
    source=(
        "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 14.1; Hinton and Salakhutdinov, "
        "Science 313, 2006"
    ),
    layout="Rows are samples; squares are summed over the features, halved, and averaged over the samples.",
    meanings={
        "X": "inputs, which are the targets too",
        "W1": "weights of the encoder",
        "b1": "bias of the encoder",
        "W2": "weights of the decoder",
        "b2": "bias of the decoder",
        "Z1": "pre-activations",
        "H": "codes",
        "Xhat": "reconstructions",
        "L": "loss",
    },
    interpretation=(
        "The inputs act as inputs and as targets: the reconstruction error comes back with the opposite sign."
    ),
    symmetries=["permute n", "permute d", "permute m"],
)

register(
    "residual_block",
    """
    X[n, d], W1[d, m], b1[m], W2[m, d], b2[d]
    Z = X @ W1 + b1
    A = relu(Z)
    Y = X + A @ W2 + b2
    """,
    title="Residual block (dense)",
    category="network",
    source="He et al., Deep Residual Learning for Image Recognition, CVPR 2016, eq. 1",
    layout="Rows are samples.",
    meanings={
        "X": "inputs",
        "W1": "weights of the first layer",
        "b1": "bias of the first layer",
        "W2": "weights of the second layer",
        "b2": "bias of the second layer",
        "Z": "pre-activations",
        "A": "hidden activations",
        "Y": "outputs",
    },
    interpretation="The cotangent passes beside the layers unchanged, and what comes through them is added.",
    symmetries=["permute n", "permute d", "permute m"],
)

register(
    "lenet",
    """
    x[n, c, h, w], K[o, c, 3, 3], b[o], W[o, h//2, w//2, k], d[k]
    Y[n, k]: data
    0 <= Y[n, k] <= 1
    sum(Y[m, l], l) == 1
    z[m, f, i < h, j < w] = sum(pad(x[m, g, i + p - 1, j + q - 1])*K[f, g, p, q], g, p, q) + b[f]
    a = tanh(z)
    s[m, f, i < h//2, j < w//2] = mean(a[m, f, 2*i + p, 2*j + q], p < 2, q < 2)
    S[m, l] = sum(s[m, f, i, j]*W[f, i, j, l], f, i, j) + d[l]
    P = softmax(S)
    L = -mean(sum(Y[m, l]*log(P[m, l]), l), m)
    """,
    title="Convolutional classifier",
    category="network",
    source="LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section 2.B",
    layout=(
        "Channels first; one convolution (3 x 3, padding 1), tanh, average pooling 2 x 2, one dense layer; the loss is the mean "
        "over the samples."
    ),
    meanings={
        "x": "images",
        "K": "kernels",
        "b": "bias of the convolution",
        "W": "weights of the dense layer",
        "d": "bias of the dense layer",
        "z": "pre-activations",
        "a": "feature maps",
        "s": "pooled feature maps",
        "S": "logits",
        "Y": "target distributions",
        "L": "loss",
        "P": "probabilities",
    },
    interpretation="Prediction minus target goes back through the pooling, which shares it out, to the kernels.",
    symmetries=["permute n", "permute c", "permute o", "permute k"],
)
