"""Dumoulin and Visin 2016: the input's gradient is a transposed convolution."""

FORMS = {
    "conv1d": (
        "dx[m, g, i] = sum(K[f, g, p]*dy[m, f, j]*[i == j*stride + p*dilation - padding], j, p, f)\n"
        "dK[f, g, p] = sum(pad(x[m, g, i*stride + p*dilation - padding])*dy[m, f, i], i, m)\n"
        "db[f] = sum(dy[m, f, i], i, m)"
    ),
    "conv2d": (
        "dx[m, g, i, j] = sum(K[f, g, p, q]*dy[m, f, k, l]*[i == k*stride + p*dilation - padding]*[j == l*stride"
        " + q*dilation - padding], k, p, l, q, f)\n"
        "dK[f, g, p, q] = sum(pad(x[m, g, i*stride + p*dilation - padding, j*stride + q*dilation - padding])"
        "*dy[m, f, i, j], i, j, m)\n"
        "db[f] = sum(dy[m, f, i, j], j, i, m)"
    ),
    "conv3d": (
        "dx[m, g, i, j, k] = sum(K[f, g, r, q, u]*dy[m, f, l, p, s]*[i == r + l*stride - padding]*[j == q"
        " + p*stride - padding]*[k == u + s*stride - padding], l, r, p, q, s, u, f)\n"
        "dK[f, g, r, p, q] = sum(pad(x[m, g, r + l*stride - padding, p + i*stride - padding, q + j*stride"
        " - padding])*dy[m, f, l, i, j], i, j, l, m)\n"
        "db[f] = sum(dy[m, f, l, i, j], j, i, l, m)"
    ),
    "grouped_conv2d": (
        "dx[m, u, g, i, j] = sum(pad(dy[m, u, f, i - p, j - q])*K[u, f, g, p, q], p, q, f)\n"
        "dK[u, f, g, p, q] = sum(dy[m, u, f, i, j]*x[m, u, g, i + p, j + q], j, i, m)\n"
        "db[u, f] = sum(dy[m, u, f, i, j], j, i, m)"
    ),
    "depthwise_conv2d": (
        "dx[m, g, i, j] = sum(K[g, p, q]*dy[m, g, k, l]*[i == p + k*stride - padding]*[j == q + l*stride -"
        " padding], k, p, l, q)\n"
        "dK[g, p, q] = sum(pad(x[m, g, p + i*stride - padding, q + j*stride - padding])*dy[m, g, i, j], i,"
        " j, m)\n"
        "db[g] = sum(dy[m, g, i, j], j, i, m)"
    ),
    "conv_transpose2d": (
        "dx[m, g, k, l] = sum(K[g, f, p, q]*dy[m, f, i, j]*[i + padding == p + k*stride]*[j + padding == q + l"
        "*stride], p, q, i, j, f)\n"
        "dK[g, f, p, q] = sum(dy[m, f, i, j]*x[m, g, k, l]*[i + padding == p + k*stride]*[j + padding == q + l"
        "*stride], k, l, i, j, m)\n"
        "db[f] = sum(dy[m, f, i, j], j, i, m)"
    ),
    "conv2d_toeplitz": (
        "dx[m, g, k, l] = sum(dy[m, f, i, j]*T[f, g, i, j, k, l], j, i, f)\n"
        "dK[f, g, i, j] = sum(pad(dy[m, f, k - i, l - j])*x[m, g, k, l], k, l, m)\n"
        "db[f] = sum(dy[m, f, i, j], j, i, m)"
    ),
    "conv2d_im2col": (
        "dx[m, g, i, j] = sum(pad(dy[m, f, i - p, j - q])*K[f, g, p, q], p, q, f)\n"
        "dK[f, g, p, q] = sum(dy[m, f, i, j]*P[m, i, j, g, p, q], j, i, m)\n"
        "db[f] = sum(dy[m, f, i, j], j, i, m)"
    ),
}
