"""Autoencoders, plain and variational."""

from derive.registry import register

register(
    "autoencoder",
    """
    X[n, d], W1[d, m], b1[m], W2[m, d], b2[d]
    Z1 = X @ W1 + b1
    H = sigmoid(Z1)
    Xhat = H @ W2 + b2
    L = sum((Xhat - X)**2)/(2*n)
    """,
    title="Autoencoder",
    category="network",
    source=(
        "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 14.1; Hinton and Salakhutdinov, "
        "Reducing the Dimensionality of Data with Neural Networks, Science 313, 2006"
    ),
    layout="Rows are samples; squares are summed over the features, halved, and averaged over the samples.",
    meanings={
        "X": "inputs, which are the targets too",
        "W1": "weights of the encoder",
        "b1": "bias of the encoder",
        "W2": "weights of the decoder",
        "b2": "bias of the decoder",
        "Z1": "pre-activations",
        "H": "codes",
        "Xhat": "reconstructions",
        "L": "loss",
    },
    interpretation=(
        "The inputs act as inputs and as targets: the reconstruction error comes back with the opposite sign."
    ),
    symmetries=["permute n", "permute d", "permute m"],
)

register(
    "vae",
    """
    X[n, d], W_h[d, m], b_h[m], W_mu[m, k], b_mu[k], W_s[m, k], b_s[k], W_d[k, m], b_d[m], W_x[m, d], b_x[d]
    noise[n, k]: data
    Z_h = X @ W_h + b_h
    H = tanh(Z_h)
    mu = H @ W_mu + b_mu
    s = H @ W_s + b_s
    z = mu + exp(s/2)*noise
    Z_d = z @ W_d + b_d
    D = tanh(Z_d)
    Xhat = D @ W_x + b_x
    R = sum((Xhat - X)**2)/(2*n)
    KL = sum(mu**2 + exp(s) - s - 1)/(2*n)
    L = R + KL
    """,
    title="Variational autoencoder",
    category="network",
    source="Kingma and Welling, Auto-Encoding Variational Bayes, ICLR 2014, eq. 10 and appendix B",
    layout=(
        "Rows are samples; s is the logarithm of the variance; noise is drawn outside; the decoder is "
        "Gaussian with variance 1."
    ),
    meanings={
        "X": "inputs",
        "W_h": "weights of the encoder",
        "b_h": "bias of the encoder",
        "W_mu": "weights of the mean",
        "b_mu": "bias of the mean",
        "W_s": "weights of the log-variance",
        "b_s": "bias of the log-variance",
        "W_d": "weights of the decoder",
        "b_d": "bias of the decoder",
        "W_x": "weights of the reconstruction",
        "b_x": "bias of the reconstruction",
        "noise": "standard normal values",
        "H": "hidden activations of the encoder",
        "mu": "mean of the code",
        "s": "log-variance of the code",
        "z": "code",
        "D": "hidden activations of the decoder",
        "Xhat": "reconstructions",
        "R": "reconstruction error",
        "KL": "divergence from the prior",
        "L": "loss",
    },
    interpretation=(
        "The noise is an input, so that the gradient passes through the drawn code to its mean and variance."
    ),
    symmetries=["permute n", "permute d", "permute k"],
)
