"""Divergences between distributions."""

from derive.registry import register

register(
    "kl_divergence",
    """
    0 < P[n, k] < 1, 0 < Q[n, k] < 1
    L = mean(sum(P[i, j]*log(P[i, j]/Q[i, j]), j), i)
    """,
    title="Kullback-Leibler divergence",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 1.113",
    layout="Rows are distributions. The divergence is the mean over the rows.",
    meanings={"P": "first distribution", "Q": "second distribution", "L": "divergence of Q from P"},
    interpretation="In Q it is the cross-entropy; in P the logarithm of the ratio.",
)

register(
    "js_divergence",
    """
    0 < P[n, k] < 1, 0 < Q[n, k] < 1
    L = mean(sum(P[i, j]*log(2*P[i, j]/(P[i, j] + Q[i, j])) + Q[i, j]*log(2*Q[i, j]/(P[i, j] + Q[i, j])), j), i)/2
    """,
    title="Jensen-Shannon divergence",
    category="loss",
    source="Lin, Divergence Measures Based on the Shannon Entropy, 1991",
    layout="Rows are distributions. The divergence is the mean over the rows.",
    meanings={"P": "first distribution", "Q": "second distribution", "L": "divergence, at most log(2)"},
    interpretation="Half the logarithm of the ratio to the mean of both; it vanishes where they are equal.",
)

register(
    "gaussian_kl",
    """
    mu[n, d], logvar[n, d]
    L = -mean(sum(1 + logvar[i, j] - mu[i, j]**2 - exp(logvar[i, j]), j), i)/2
    """,
    title="Divergence of a diagonal Gaussian from the standard one (VAE)",
    category="loss",
    source="Kingma and Welling, Auto-Encoding Variational Bayes, ICLR 2014, appendix B",
    layout="Rows are samples, columns are latent dimensions; summed over these, averaged over the samples.",
    meanings={"mu": "means", "logvar": "logarithms of the variances", "L": "divergence"},
    interpretation="Means are pulled towards 0, variances towards 1.",
)
