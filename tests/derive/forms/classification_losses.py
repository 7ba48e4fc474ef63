"""Bishop 2006, eq. 4.109; Lin et al. 2017, appendix B; the quotient rule for the Dice loss."""

FORMS = {
    "bce_with_logits_weighted": "dz = ((1 - y)*p + (p - 1)*w*y)/n",
    "focal": "dz[i] = (1 - p[i])**gamma*c[i]*y[i]*(gamma*p[i]*log(p[i]) + p[i] - 1)/n",
    "cross_entropy": "dP = -Y/(n*P)",
    "nll": "dlogp[i, j] = -[j == label[i]]/n",
    "softmax_cross_entropy_labels": "dZ[i, j] = (P[i, j] - [j == label[i]])/n",
    "softmax_cross_entropy_smoothed": "dZ = (Y*eps + P - Y - eps/k)/n",
    "softmax_cross_entropy_weighted": "dZ[i, j] = w[label[i]]*(P[i, j] - [j == label[i]])/W",
    "softmax_cross_entropy_ignore": "dZ[i, j] = (P[i, j] - [j == label[i]])*[label[i] != ignored]/c",
    "info_nce": ("dS[i, j] = (P[i, j] - [j == i])/n\ndQ = (dS @ K)/tau\ndK = (dS.T @ Q)/tau"),
    "dice": ("dp = ((eps + 2*rowsum(p*y))/(eps + rowsum(p) + rowsum(y)) - 2*y)/(n*(eps + rowsum(p) + rowsum(y)))"),
}

KINKS = {
    "focal": ["Where the condition y[i] > 0 changes, the derivative is that of the branch taken."],
    "softmax_cross_entropy_ignore": [
        "At a tie of max(1, sum(where(label[i] == ignored, 0, 1), i)) the first argument takes the whole cotangent.",
        "Where the condition label[i] == ignored changes, the derivative is that of the branch taken.",
        "Where the condition label[i] == ignored changes, the derivative is that of the branch taken.",
    ],
}
