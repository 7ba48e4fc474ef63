"""Convolutions (cross-correlations, as everywhere in deep learning), and the same as matrix products."""

from derive.registry import register

register(
    "conv1d",
    """
    x[n, c, l], K[o, c, k], b[o]
    stride = 1, padding = 0, dilation = 1
    y[m, f, i < (l + 2*padding - dilation*(k - 1) - 1)//stride + 1] = sum(
        pad(x[m, g, stride*i + dilation*p - padding])*K[f, g, p], g, p) + b[f]
    """,
    title="One-dimensional convolution (cross-correlation)",
    category="layer",
    source="Waibel et al., Phoneme Recognition Using Time-Delay Neural Networks, IEEE Transactions on ASSP 37, 1989",
    layout="Channels first: x is (samples, channels, length), K is (outputs, channels, length); zero padding.",
    meanings={
        "x": "sequences",
        "K": "kernels",
        "b": "bias",
        "y": "feature maps",
        "stride": "step of the window",
        "padding": "zeros added on each side",
        "dilation": "distance between kernel elements",
    },
    interpretation="The kernel slides along the sequence; its gradient correlates the sequence with the cotangent.",
    symmetries=["translate l by stride", "affine in x", "affine in K", "permute n", "permute c", "permute o"],
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
    "conv3d",
    """
    x[n, c, t, h, w], K[o, c, kt, kh, kw], b[o]
    stride = 1, padding = 0
    y[m, f, l < (t + 2*padding - kt)//stride + 1, i < (h + 2*padding - kh)//stride + 1,
      j < (w + 2*padding - kw)//stride + 1] = sum(
        pad(x[m, g, stride*l + r - padding, stride*i + p - padding, stride*j + q - padding])*K[f, g, r, p, q],
        g, r, p, q) + b[f]
    """,
    title="Three-dimensional convolution (cross-correlation)",
    category="layer",
    source="Tran et al., Learning Spatiotemporal Features with 3D Convolutional Networks, ICCV 2015, section 3",
    layout="Channels first: x is (samples, channels, time, height, width), K is (outputs, channels, time, height, width).",
    meanings={
        "x": "videos or volumes",
        "K": "kernels",
        "b": "bias",
        "y": "feature maps",
        "stride": "step of the window",
        "padding": "zeros added on each side",
    },
    interpretation="As in two dimensions, with one more axis along which the kernel slides.",
    symmetries=["affine in x", "affine in K", "permute n", "permute c", "permute o"],
)

register(
    "grouped_conv2d",
    """
    x[n, s, c, h, w], K[s, o, c, kh, kw], b[s, o]
    y[m, u, f, i, j] = sum(x[m, u, g, i + p, j + q]*K[u, f, g, p, q], g, p, q) + b[u, f]
    """,
    title="Convolution in groups of channels",
    category="layer",
    source="Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep CNNs, 2012, section 3.5",
    layout=(
        "x is (samples, groups, channels of a group, height, width), K is (groups, outputs of a group, channels, height, "
        "width)."
    ),
    meanings={"x": "images", "K": "kernels", "b": "bias", "y": "feature maps", "s": "number of groups"},
    interpretation="Groups do not mix: each is a convolution of its own, and so is its gradient.",
    symmetries=["translate h", "affine in x", "affine in K", "permute n", "permute s", "permute c", "permute o"],
)

register(
    "depthwise_conv2d",
    """
    x[n, c, h, w], K[c, kh, kw], b[c]
    stride = 1, padding = 0
    y[m, g, i < (h + 2*padding - kh)//stride + 1, j < (w + 2*padding - kw)//stride + 1] = sum(
        pad(x[m, g, stride*i + p - padding, stride*j + q - padding])*K[g, p, q], p, q) + b[g]
    """,
    title="Depthwise convolution",
    category="layer",
    source="Howard et al., MobileNets, 2017, section 3.1, eq. 3",
    layout="Channels first; one kernel for each channel.",
    meanings={
        "x": "images",
        "K": "kernels",
        "b": "bias",
        "y": "feature maps",
        "stride": "step of the window",
        "padding": "zeros added on each side",
    },
    interpretation="Each channel is filtered alone, so that no sum over channels occurs in any gradient.",
    symmetries=["translate h by stride", "affine in x", "affine in K", "permute n", "permute c"],
)

register(
    "conv_transpose2d",
    """
    x[n, c, h, w], K[c, o, kh, kw], b[o]
    stride = 2, padding = 0
    y[m, f, i < stride*(h - 1) + kh - 2*padding, j < stride*(w - 1) + kw - 2*padding] = sum(
        where(i + padding == stride*k + p and j + padding == stride*l + q, x[m, g, k, l]*K[g, f, p, q], 0),
        g, k, l, p, q) + b[f]
    """,
    title="Transposed convolution",
    category="layer",
    source="Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016, section 4",
    layout="Channels first: x is (samples, channels, height, width), K is (channels, outputs, height, width).",
    meanings={
        "x": "images",
        "K": "kernels",
        "b": "bias",
        "y": "larger images",
        "stride": "step of the window on the output",
        "padding": "rows and columns taken off on each side of the output",
    },
    interpretation="Forward it is the gradient of a convolution in its input; its own gradient is that convolution.",
    symmetries=["affine in x", "affine in K", "permute n", "permute c", "permute o"],
)

register(
    "conv2d_toeplitz",
    """
    x[n, c, h, w], K[o, c, kh, kw], b[o]
    T[f, g, i < h - kh + 1, j < w - kw + 1, k < h, l < w] = pad(K[f, g, k - i, l - j])
    y[m, f, i, j] = sum(T[f, g, i, j, k, l]*x[m, g, k, l], g, k, l) + b[f]
    """,
    title="Convolution as a product with a Toeplitz matrix",
    category="layer",
    source="Gray, Toeplitz and Circulant Matrices: A Review, 2006, section 1; Goodfellow et al., Deep Learning, 2016, section 9.1",
    layout="T maps pixels (k, l) to pixels (i, j) and depends on their differences alone: doubly block Toeplitz.",
    meanings={"x": "images", "K": "kernels", "b": "bias", "T": "Toeplitz matrix of the kernel", "y": "feature maps"},
    interpretation="Equal entries of T are one weight: the kernel's gradient adds up the gradient of T along its diagonals.",
    symmetries=["translate h", "affine in x", "affine in K", "permute n", "permute c", "permute o"],
)

register(
    "conv2d_im2col",
    """
    x[n, c, h, w], K[o, c, kh, kw], b[o]
    P[m, i < h - kh + 1, j < w - kw + 1, g, p < kh, q < kw] = x[m, g, i + p, j + q]
    y[m, f, i, j] = sum(K[f, g, p, q]*P[m, i, j, g, p, q], g, p, q) + b[f]
    """,
    title="Convolution as a product with patches (im2col)",
    category="layer",
    source="Chellapilla, Puri and Simard, High Performance Convolutional Neural Networks for Document Processing, 2006",
    layout="P holds a patch for each output pixel; a kernel is a row vector that meets it as a column (3 x 3: 1 x 9 and 9 x 1).",
    meanings={"x": "images", "K": "kernels", "b": "bias", "P": "patches", "y": "feature maps"},
    interpretation="A dense layer over patches; the input's gradient adds the overlapping patches back (col2im).",
    symmetries=["translate h", "affine in x", "affine in K", "permute n", "permute c", "permute o"],
)
