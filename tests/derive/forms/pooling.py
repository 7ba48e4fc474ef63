"""Every window hands its cotangent on."""

FORMS = {
    "avg_pool2d": (
        "dx[m, g, i, j] = sum(dy[m, g, k, l]*[i - k*stride < size]*[j - l*stride < size]*[i - k*stride >= 0]*[j"
        " - l*stride >= 0], k, l)/size**2"
    ),
    "max_pool2d": (
        "dx[m, g, i, j] = sum(dy[m, g, k, l]*[j == l*stride + argmax(x[m, g, i, p + l*stride], p)]*[i - k*stride"
        " == argmax(R[m, g, k, l, p], p)]*[i - k*stride < size]*[i - k*stride >= 0], k, l)"
    ),
    "global_avg_pool": "dx[m, g, i, j] = dy[m, g]/(h*w)",
}
