"""Goodfellow et al. 2016, section 7.1."""

FORMS = {
    "l2": "dW = W*lam",
    "l1": "dW = lam*sign(W)",
    "elastic_net": "dW = lam1*sign(W) + W*lam2",
    "max_norm": ("dU = [r > c]*c*dV\ndW = [r <= c]*dV + (dU - U*colsum(U*dU))/r"),
    "clip_by_value": "dg = [abs(g) < c]*dh",
    "clip_by_global_norm": (
        "dr = c*(-sum(dhb[j]*gb[j], j) - sum(dhW[i, j]*gW[i, j], j, i))*[r > c]/r**2\n"
        "dgW = dhW*s + dr*gW/r\n"
        "dgb = dhb*s + dr*gb/r"
    ),
    "label_smoothing": "dY = (1 - eps)*dT",
    "weight_decay": ("dW = (1 - lam)*dV\ndg = -alpha*dV"),
}

KINKS = {
    "l1": ["The derivative of abs(W[i, j]) at 0 is 0."],
    "elastic_net": ["The derivative of abs(W[i, j]) at 0 is 0."],
    "max_norm": ["Where the condition r[j] > c changes, the derivative is that of the branch taken."],
    "clip_by_value": [
        "The derivative of abs(g[i]) at 0 is 0.",
        "Where the condition abs(g[i]) < c changes, the derivative is that of the branch taken.",
        "The derivative of sign(g[i]) is 0, at 0 too.",
    ],
    "clip_by_global_norm": ["Where the condition r > c changes, the derivative is that of the branch taken."],
}
