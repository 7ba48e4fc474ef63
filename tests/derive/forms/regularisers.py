"""Goodfellow et al. 2016, 7.1."""

FORMS = {
    "l2": "dW = W*lam",
}
