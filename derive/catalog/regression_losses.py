"""Losses of real-valued predictions."""

from derive.registry import register

register(
    "mae",
    """
    yhat[n, k]
    y[n, k]: data
    L = mean(abs(yhat - y))
    """,
    title="Mean absolute error",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, section 1.5.5",
    layout="Rows are samples; the loss is the mean over all n*k elements.",
    meanings={"yhat": "predictions", "y": "targets", "L": "loss"},
    interpretation="Only the sign of the residual counts: outliers pull no harder than others.",
)

register(
    "huber",
    """
    yhat[n, k]
    y[n, k]: data
    delta > 0
    delta = 1.0
    r = yhat - y
    L = mean(where(abs(r) <= delta, r**2/2, delta*(abs(r) - delta/2)))
    """,
    title="Huber loss",
    category="loss",
    source="Huber, Robust Estimation of a Location Parameter, 1964",
    layout="Rows are samples; the loss is the mean over all n*k elements.",
    meanings={
        "yhat": "predictions",
        "y": "targets",
        "L": "loss",
        "r": "residuals",
        "delta": "where the square becomes a line",
    },
    interpretation="The residual, clipped to +-delta.",
)

register(
    "smooth_l1",
    """
    yhat[n, k]
    y[n, k]: data
    beta > 0
    beta = 1.0
    r = yhat - y
    L = mean(where(abs(r) < beta, r**2/(2*beta), abs(r) - beta/2))
    """,
    title="Smooth absolute error",
    category="loss",
    source="Girshick, Fast R-CNN, ICCV 2015, eq. 3 (beta = 1)",
    layout="Rows are samples; the loss is the mean over all n*k elements.",
    meanings={
        "yhat": "predictions",
        "y": "targets",
        "L": "loss",
        "r": "residuals",
        "beta": "where the square becomes a line",
    },
    interpretation="The Huber loss over its delta: the slope far out is 1 whatever beta is.",
)

register(
    "log_cosh",
    """
    yhat[n, k]
    y[n, k]: data
    r = yhat - y
    L = mean(log((exp(r) + exp(-r))/2))
    """,
    title="Logarithm of the hyperbolic cosine",
    category="loss",
    source="Green, Bayesian Reconstructions from Emission Tomography Data Using a Modified EM Algorithm, 1990",
    layout="Rows are samples; the loss is the mean over all n*k elements.",
    meanings={"yhat": "predictions", "y": "targets", "L": "loss", "r": "residuals"},
    interpretation="The tanh of the residual: a square near 0, an absolute value far out.",
)

register(
    "quantile",
    """
    yhat[n, k]
    y[n, k]: data
    0 < tau < 1
    tau = 0.9
    r = y - yhat
    L = mean(where(r >= 0, tau*r, (tau - 1)*r))
    """,
    title="Quantile (pinball) loss",
    category="loss",
    source="Koenker and Bassett, Regression Quantiles, Econometrica 46, 1978",
    layout="Rows are samples; the loss is the mean over all n*k elements.",
    meanings={
        "yhat": "predictions",
        "y": "targets",
        "L": "loss",
        "r": "target minus prediction",
        "tau": "the quantile that is estimated",
    },
    interpretation="Predictions below the target are pulled up by tau, those above down by 1 - tau.",
)

register(
    "poisson_nll",
    """
    z[n]
    y[n]: data
    y[n] >= 0
    L = mean(exp(z) - y*z)
    """,
    title="Poisson negative log-likelihood of log-rates",
    category="loss",
    source="McCullagh and Nelder, Generalized Linear Models, 1989, section 6.2",
    layout="The loss is the mean over the samples. The term log(y!) does not depend on z and is left out.",
    meanings={"z": "logarithms of the rates", "y": "counts", "L": "loss"},
    interpretation="Rate minus count, as for every canonical link.",
)

register(
    "gaussian_nll",
    """
    mu[n], var[n] > 0
    y[n]: data
    eps > 0
    eps = 1e-6
    v = max(var, eps)
    r = (y - mu)/sqrt(v)
    L = mean(log(v) + r**2)/2
    """,
    title="Gaussian negative log-likelihood with a predicted variance",
    category="loss",
    source="Nix and Weigend, Estimating the Mean and Variance of the Target Probability Distribution, 1994, eq. 5",
    layout="The loss is the mean over the samples. The constant log(2*pi)/2 is left out; variances below eps count as eps.",
    meanings={
        "mu": "predicted means",
        "var": "predicted variances",
        "y": "targets",
        "eps": "least variance",
        "v": "variances, at least eps",
        "r": "standardised residuals",
        "L": "loss",
    },
    interpretation="The variance is pulled towards the squared residual; a large one makes the mean learn more slowly.",
)
