"""Convolutional networks and residual blocks."""

from derive.registry import register

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

register(
    "resnet_block",
    """
    x[n, c, h, w], K1[c, c, 3, 3], gamma1[c], beta1[c], K2[c, c, 3, 3], gamma2[c], beta2[c]
    eps > 0
    eps = 1e-5
    z1[m, f, i < h, j < w] = sum(pad(x[m, g, i + p - 1, j + q - 1])*K1[f, g, p, q], g, p, q)
    mu1[f] = mean(z1[m, f, i, j], m, i, j)
    var1[f] = mean((z1[m, f, i, j] - mu1[f])**2, m, i, j)
    n1[m, f, i, j] = (z1[m, f, i, j] - mu1[f])/sqrt(var1[f] + eps)
    u1[m, f, i, j] = gamma1[f]*n1[m, f, i, j] + beta1[f]
    a = relu(u1)
    z2[m, f, i < h, j < w] = sum(pad(a[m, g, i + p - 1, j + q - 1])*K2[f, g, p, q], g, p, q)
    mu2[f] = mean(z2[m, f, i, j], m, i, j)
    var2[f] = mean((z2[m, f, i, j] - mu2[f])**2, m, i, j)
    n2[m, f, i, j] = (z2[m, f, i, j] - mu2[f])/sqrt(var2[f] + eps)
    u2[m, f, i, j] = gamma2[f]*n2[m, f, i, j] + beta2[f] + x[m, f, i, j]
    y = relu(u2)
    """,
    title="Residual block (convolutional, batch normalisation)",
    category="network",
    source=(
        "He et al., Deep Residual Learning for Image Recognition, CVPR 2016, figure 2; Ioffe and Szegedy, "
        "Batch Normalization, 2015, section 3.2"
    ),
    layout="Channels first; kernels 3 x 3, padding 1; each channel is normalised over samples and pixels.",
    meanings={
        "x": "feature maps",
        "K1": "kernels of the first convolution",
        "gamma1": "gain of the first normalisation",
        "beta1": "bias of the first normalisation",
        "K2": "kernels of the second convolution",
        "gamma2": "gain of the second normalisation",
        "beta2": "bias of the second normalisation",
        "z1": "outputs of the first convolution",
        "mu1": "means of its channels",
        "var1": "variances of its channels",
        "n1": "normalised",
        "u1": "pre-activations of the first layer",
        "a": "activations of the first layer",
        "z2": "outputs of the second convolution",
        "mu2": "means of its channels",
        "var2": "variances of its channels",
        "n2": "normalised",
        "u2": "pre-activations of the block",
        "y": "outputs",
        "eps": "added to the variances",
    },
    interpretation="What the last activation lets through goes both beside the convolutions and through them.",
    symmetries=["permute n"],
)
