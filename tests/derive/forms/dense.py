"""Goodfellow et al. 2016, 6.5."""

FORMS = {
    "dense": ("dX = dZ @ W.T\ndW = X.T @ dZ\ndb = colsum(dZ)"),
    "neuron": ("dz = (1 - a)*a\ndx = dz*w\ndw = dz*x\ndb = dz"),
    "bilinear": (
        "dx1[i, p] = sum(dy[i, j]*x2[i, q]*W[j, p, q], q, j)\n"
        "dx2[i, q] = sum(dy[i, j]*x1[i, p]*W[j, p, q], p, j)\n"
        "dW[j, p, q] = sum(dy[i, j]*x1[i, p]*x2[i, q], i)\n"
        "db = colsum(dy)"
    ),
    "embedding": "dE[i, k] = sum(dy[j, t, k]*[i == token[j, t]], t, j)",
    "dropout": "dx = dy*mask/keep",
    "flatten": ("dx[m, a, b, e] = dy[m, e + b*w + a*h*w]"),
    "concatenate": ("dx[i, j] = dz[i, j]\ndy[i, j] = dz[i, j + d]"),
    "residual_add": ("dx = dy\ndf = dy"),
}
