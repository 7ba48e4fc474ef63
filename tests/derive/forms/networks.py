"""Bishop 2006, 5.53 and 5.54."""

FORMS = {
    "deep_mlp": (
        "dS = (P - Y)/n\n"
        "dH[r, i, j] = sum(V[j, p]*dS[i, p], p)*[r == l - 1] + sum(pad(W[r + 1, j, q])*pad(dZ[r + 1, i,"
        " q]), q)\n"
        "dZ[r, i, j] = dH[r, i, j]*(1 - H[r, i, j]**2)\n"
        "dH[-1, i, j] = sum(V[j, p]*dS[i, p], p)*[l == 0] + sum(pad(W[0, j, q])*pad(dZ[0, i, q]), q)\n"
        "dX[i, j] = dH[-1, i, j]\n"
        "dW[r, q, j] = sum(H[r - 1, i, q]*dZ[r, i, j], i)\n"
        "db[r, j] = sum(dZ[r, i, j], i)\n"
        "dV[q, j] = sum(dS[i, j]*H[l - 1, i, q], i)\n"
        "dc = colsum(dS)"
    ),
    "softmax_regression": ("dZ = (P - Y)/n\ndX = dZ @ W.T\ndW = X.T @ dZ\ndb = colsum(dZ)"),
    "least_squares": ("dZ = (Z - Y)/n\ndX = dZ @ W.T\ndW = X.T @ dZ"),
    "logistic_regression": ("dz = (p - y)/n\ndX = outer(dz, w)\ndw = X.T @ dz\ndb = sum(dz)"),
    "perceptron": ("dz = 2*(y - yhat)*yhat*(yhat - 1)/n\ndX = outer(dz, w)\ndw = X.T @ dz\ndb = sum(dz)"),
    "mlp": (
        "dZ2 = (1 - A2)*A2*(A2 - Y)/n\n"
        "dZ1 = (1 - A1)*A1*(dZ2 @ W2.T)\n"
        "dX = dZ1 @ W1.T\n"
        "dW1 = X.T @ dZ1\n"
        "db1 = colsum(dZ1)\n"
        "dW2 = A1.T @ dZ2\n"
        "db2 = colsum(dZ2)"
    ),
}
