"""Hendrycks and Gimpel 2016; Elfwing et al. 2018, eq. 4; the product rule."""

FORMS = {
    "gelu": "dz = da*(1 + sqrt(2)*exp(-z**2/2)*z/sqrt(pi) + erf(sqrt(2)*z/2))/2",
    "gelu_tanh": (
        "dz = (1 + (1 - tanh(sqrt(2)*(1 + c*z**2)*z/sqrt(pi))**2)*(sqrt(2)*(1 + c*z**2)/sqrt(pi) +"
        " 2*sqrt(2)*c*z**2/sqrt(pi))*z + tanh(sqrt(2)*(1 + c*z**2)*z/sqrt(pi)))*da/2"
    ),
    "silu": "dz = ((1 - sigmoid(z))*a + sigmoid(z))*da",
    "swish": ("dz = ((1 - sigmoid(beta*z))*a*beta + sigmoid(beta*z))*da\ndbeta = sum((1 - sigmoid(beta*z))*a*da*z)"),
    "mish": "dz = ((1 - tanh(log(1 + exp(z)))**2)*exp(z)*z/(1 + exp(z)) + tanh(log(1 + exp(z))))*da",
    "hard_swish": "dz = ([z < 3]*[z > -3]*z + min(6, max(0, 3 + z)))*da/6",
    "glu": (
        "dG = dA*sigmoid(U)\n"
        "dU = (1 - sigmoid(U))*A*dA\n"
        "dX = dG @ V.T + dU @ W.T\n"
        "dW = X.T @ dU\n"
        "db = colsum(dU)\n"
        "dV = X.T @ dG\n"
        "dc = colsum(dG)"
    ),
    "reglu": (
        "dG = dA*relu(U)\n"
        "dU = G*[U > 0]*dA\n"
        "dX = dG @ V.T + dU @ W.T\n"
        "dW = X.T @ dU\n"
        "db = colsum(dU)\n"
        "dV = X.T @ dG\n"
        "dc = colsum(dG)"
    ),
    "geglu": (
        "dG = dA*gelu(U)\n"
        "dU = G*dA*(1 + sqrt(2)*U*exp(-U**2/2)/sqrt(pi) + erf(sqrt(2)*U/2))/2\n"
        "dX = dG @ V.T + dU @ W.T\n"
        "dW = X.T @ dU\n"
        "db = colsum(dU)\n"
        "dV = X.T @ dG\n"
        "dc = colsum(dG)"
    ),
    "swiglu": (
        "dG = dA*silu(U)\n"
        "dU = (1 + (1 - sigmoid(U))*U)*G*dA*sigmoid(U)\n"
        "dX = dG @ V.T + dU @ W.T\n"
        "dW = X.T @ dU\n"
        "db = colsum(dU)\n"
        "dV = X.T @ dG\n"
        "dc = colsum(dG)"
    ),
}

KINKS = {
    "hard_swish": [
        "At a tie of max(0, 3 + z[i]) the first argument takes the whole cotangent.",
        "At a tie of min(6, max(0, 3 + z[i])) the first argument takes the whole cotangent.",
    ],
    "reglu": ["At a tie of max(0, U[i, j]) the first argument takes the whole cotangent."],
}
