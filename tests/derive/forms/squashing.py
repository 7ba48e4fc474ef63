"""The derivative of each branch, the chain rule for the others."""

FORMS = {
    "hard_sigmoid": "dz = [z < 3]*[z > -3]*da/6",
    "log_sigmoid": "dz = (1 - sigmoid(z))*da",
    "hard_tanh": "dz = [z < 1]*[z > -1]*da",
    "tanhshrink": "dz = da*tanh(z)**2",
    "softsign": "dz = da/(1 + abs(z))**2",
    "gaussian": "dz = -2*a*da*z",
    "sine": "dz = cos(omega*z)*da*omega",
}

KINKS = {
    "hard_sigmoid": [
        "At a tie of max(0, 3 + z[i]) the first argument takes the whole cotangent.",
        "At a tie of min(6, max(0, 3 + z[i])) the first argument takes the whole cotangent.",
    ],
    "hard_tanh": [
        "At a tie of max(-1, min(1, z[i])) the first argument takes the whole cotangent.",
        "At a tie of min(1, z[i]) the first argument takes the whole cotangent.",
    ],
    "softsign": ["The derivative of abs(z[i]) at 0 is 0."],
}
