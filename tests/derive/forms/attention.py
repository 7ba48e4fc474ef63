"""The product rule of matrices with the softmax Jacobian diag(p) - p p^T (Vaswani et al. 2017)."""

FORMS = {
    "scaled_dot_product_attention": (
        "dS = (dO @ V.T - rowsum(O*dO))*P\ndQ = dS @ K/sqrt(d)\ndK = dS.T @ Q/sqrt(d)\ndV = P.T @ dO"
    ),
}
