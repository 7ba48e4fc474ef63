"""Bishop 2006, 5.53 and 5.54."""

FORMS = {
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
