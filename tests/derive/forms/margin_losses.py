"""The subgradients of the papers; Schroff et al. 2015; Hadsell et al. 2006, eq. 5 and 7."""

FORMS = {
    "hinge": "ds = -[1 - s*y > 0]*y/n",
    "squared_hinge": "ds = -2*max(0, 1 - s*y)*y/n",
    "perceptron_loss": "ds = -[-s*y > 0]*y/n",
    "exponential": "ds = -exp(-s*y)*y/n",
    "multiclass_hinge": ("dS[i, j] = ([j == argmax(S[i, l] + where(l == label[i], 0, 1), l)] - [j == label[i]])/n"),
    "triplet_margin": (
        "da = 2*(q - p)*[margin + rowsum((a - p)**2) - rowsum((a - q)**2) > 0][:, None]/n\n"
        "dp = 2*(p - a)*[margin + rowsum((a - p)**2) - rowsum((a - q)**2) > 0][:, None]/n\n"
        "dq = 2*[margin + rowsum((a - p)**2) - rowsum((a - q)**2) > 0][:, None]*(a - q)/n"
    ),
    "contrastive": (
        "dD = ((1 - y)*D - max(0, margin - D)*y)/n\n"
        "dx1 = dD[:, None]*(x1 - x2)/D[:, None]\n"
        "dx2 = (x2 - x1)*dD[:, None]/D[:, None]"
    ),
    "cosine_embedding": (
        "dc = ([c - margin > 0]*[y <= 0] - [y > 0])/n\n"
        "dx1 = (v - c[:, None]*u)*dc[:, None]/r1[:, None]\n"
        "dx2 = (u - c[:, None]*v)*dc[:, None]/r2[:, None]"
    ),
}

KINKS = {
    "hinge": ["At a tie of max(0, 1 - s[i]*y[i]) the first argument takes the whole cotangent."],
    "squared_hinge": ["At a tie of max(0, 1 - s[i]*y[i]) the first argument takes the whole cotangent."],
    "perceptron_loss": ["At a tie of max(0, -s[i]*y[i]) the first argument takes the whole cotangent."],
    "multiclass_hinge": [
        "At a tie of max(S[i, j] + where(j == label[i], 0, 1), j) the first extremum takes the whole cotangent."
    ],
    "triplet_margin": [
        "At a tie of max(0, margin + sum((a[i, j] - p[i, j])**2, j) - sum((a[i, j] - q[i, j])**2, j))"
        " the first argument takes the whole cotangent."
    ],
    "contrastive": ["At a tie of max(0, margin - D[i]) the first argument takes the whole cotangent."],
    "cosine_embedding": [
        "At a tie of max(0, c[i] - margin) the first argument takes the whole cotangent.",
        "Where the condition y[i] > 0 changes, the derivative is that of the branch taken.",
    ],
}
