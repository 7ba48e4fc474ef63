"""Martins and Astudillo 2016, section 2.3; Boyd and Vandenberghe 2004, section 3.1.5."""

FORMS = {
    "softmin": "dz = (rowsum(a*da) - da)*a",
    "sparsemax": (
        "dtau = -rowsum(da*[z - tau[:, None] > 0])\n"
        "dz = [z - tau[:, None] > 0]*da + dtau[:, None]*inside/rowsum(inside)"
    ),
    "logsumexp": "dz = da[:, None]*exp(z - a[:, None])",
}

KINKS = {
    "sparsemax": [
        "At a tie of max(0, z[b, k] - z[b, j]) the first argument takes the whole cotangent.",
        "Where the condition sum(max(0, z[b, k] - z[b, j]), k) < 1 changes, the derivative is that of the branch taken.",
        "At a tie of max(0, z[b, j] - tau[b]) the first argument takes the whole cotangent.",
    ],
}
