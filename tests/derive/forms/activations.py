"""Bishop 2006, 4.88."""

FORMS = {
    "identity": "dz = da",
    "sigmoid": "dz = (1 - a)*a*da",
    "tanh": "dz = (1 - a**2)*da",
    "relu": "dz = [z > 0]*da",
    "binary_step": "dz = 0",
    "softmax": "dz = a*(da - rowsum(a*da))",
    "log_softmax": "dz = da - exp(a)*rowsum(da)",
}
