"""Huber 1964; Koenker and Bassett 1978; Nix and Weigend 1994, eq. 6; d log(cosh(r)) is tanh(r)."""

FORMS = {
    "mae": "dyhat = sign(yhat - y)/(k*n)",
    "huber": "dyhat = ([abs(r) <= delta]*r + [abs(r) > delta]*delta*sign(r))/(k*n)",
    "smooth_l1": "dyhat = ([abs(r) >= beta]*sign(r) + [abs(r) < beta]*r/beta)/(k*n)",
    "log_cosh": "dyhat = tanh(r)/(k*n)",
    "quantile": "dyhat = ((1 - tau)*[r < 0] - [r >= 0]*tau)/(k*n)",
    "poisson_nll": "dz = (exp(z) - y)/n",
    "gaussian_nll": ("dmu = -r/(n*sqrt(v))\ndvar = (1 - r**2)*[eps <= var]/(2*n*v)"),
}

KINKS = {
    "mae": ["The derivative of abs(y[i, j] - yhat[i, j]) at 0 is 0."],
    "huber": [
        "The derivative of abs(r[i, j]) at 0 is 0.",
        "Where the condition abs(r[i, j]) <= delta changes, the derivative is that of the branch taken.",
    ],
    "smooth_l1": [
        "The derivative of abs(r[i, j]) at 0 is 0.",
        "Where the condition abs(r[i, j]) < beta changes, the derivative is that of the branch taken.",
    ],
    "quantile": ["Where the condition r[i, j] >= 0 changes, the derivative is that of the branch taken."],
    "gaussian_nll": ["At a tie of max(var[i], eps) the first argument takes the whole cotangent."],
}
