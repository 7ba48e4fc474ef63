"""Rumelhart et al. 1986; He et al. 2016; Vaswani et al. 2017; Kingma and Welling 2014."""

FORMS = {
    "autoencoder": (
        "dXhat = (Xhat - X)/n\n"
        "dZ1 = (1 - H)*H*(dXhat @ W2.T)\n"
        "dX = (X - Xhat)/n + dZ1 @ W1.T\n"
        "dW1 = X.T @ dZ1\n"
        "db1 = colsum(dZ1)\n"
        "dW2 = H.T @ dXhat\n"
        "db2 = colsum(dXhat)"
    ),
    "residual_block": (
        "dZ = [Z > 0]*(dY @ W2.T)\n"
        "dX = dY + dZ @ W1.T\n"
        "dW1 = X.T @ dZ\n"
        "db1 = colsum(dZ)\n"
        "dW2 = A.T @ dY\n"
        "db2 = colsum(dY)"
    ),
    "lenet": (
        "dS = (P - Y)/n\n"
        "dz[m, f, i, j] = (1/4*(1 - a[m, f, i, j]**2))*sum(dS[m, q]*W[f, l, p, q]*[i - 2*l < 2]*[j - 2*p < 2]*[i"
        " - 2*l >= 0]*[j - 2*p >= 0], l, p, q)\n"
        "dx[m, g, i, j] = sum(pad(dz[m, f, i + 1 - p, j + 1 - q])*K[f, g, p, q], p, q, f)\n"
        "dK[f, g, p, q] = sum(pad(x[m, g, i + p - 1, j + q - 1])*dz[m, f, i, j], i, j, m)\n"
        "db[f] = sum(dz[m, f, i, j], j, i, m)\n"
        "dW[f, i, j, l] = sum(dS[m, l]*s[m, f, i, j], m)\n"
        "dd = colsum(dS)"
    ),
}

KINKS = {"residual_block": ["At a tie of max(0, Z[i, j]) the first argument takes the whole cotangent."]}
