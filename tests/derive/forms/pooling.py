"""Every window hands its cotangent on."""

FORMS = {
    "avg_pool2d": ("dx[m, g, i, j] = sum(dy[m, g, k, l]*[i == p + k*stride]*[j == q + l*stride], k, p, l, q)/size**2"),
    "max_pool2d": (
        "dx[m, g, i, j] = sum(dy[m, g, l, k]*[i == l*stride + argmax(R[m, g, l, k, p], p)]*[j == k*stride"
        " + argmax(x[m, g, l*stride + argmax(R[m, g, l, k, q], q), p + k*stride], p)], k, l)"
    ),
    "global_avg_pool": "dx[m, g, i, j] = dy[m, g]/(h*w)",
}
