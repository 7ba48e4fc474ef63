"""Barron 2017 and 2021; Clevert et al. 2016, eq. 16; He et al. 2015, eq. 2; the others branch by branch."""

FORMS = {
    "relu6": "dz = [z < 6]*[z > 0]*da",
    "leaky_relu": "dz = ([z <= 0]*alpha + [z > 0])*da",
    "prelu": ("dz = ([z <= 0]*alpha + [z > 0])*da\ndalpha = colsum(da*z*[z <= 0])"),
    "elu": "dz = da*([z <= 0]*alpha*exp(z) + [z > 0])",
    "celu": "dz = da*([z <= 0]*exp(z/alpha) + [z > 0])",
    "selu": "dz = da*([z <= 0]*alpha*exp(z) + [z > 0])*lam",
    "softplus": "dz = da*exp(beta*z)/(1 + exp(beta*z))",
    "squareplus": "dz = (1 + z/sqrt(z**2 + b))*da/2",
    "maxout": "dz[b, j, p] = da[b, j]*[p == argmax(z[b, j, i], i)]",
}

KINKS = {
    "relu6": [
        "At a tie of max(0, z[i]) the first argument takes the whole cotangent.",
        "At a tie of min(6, max(0, z[i])) the first argument takes the whole cotangent.",
    ],
    "leaky_relu": ["Where the condition z[i] > 0 changes, the derivative is that of the branch taken."],
    "prelu": ["Where the condition z[b, j] > 0 changes, the derivative is that of the branch taken."],
    "elu": ["Where the condition z[i] > 0 changes, the derivative is that of the branch taken."],
    "celu": ["Where the condition z[i] > 0 changes, the derivative is that of the branch taken."],
    "selu": ["Where the condition z[i] > 0 changes, the derivative is that of the branch taken."],
    "maxout": ["At a tie of max(z[b, j, p], p) the first extremum takes the whole cotangent."],
}
