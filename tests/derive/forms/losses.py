"""Bishop 2006, 4.91 and 4.109."""

FORMS = {
    "mse": "dyhat = 2*(yhat - y)/(k*n)",
    "half_mse": "dyhat = (yhat - y)/n",
    "squared_error": "dyhat = 2*(yhat - y)",
    "bce": "dp = (p - y)/(n*(1 - p)*p)",
    "bce_with_logits": "dz = (p - y)/n",
    "softmax_cross_entropy": "dZ = (P - Y)/n",
}
