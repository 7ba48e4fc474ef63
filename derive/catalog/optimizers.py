"""Optimizers, as recurrences over the steps t, driven by a given sequence of gradients."""

from derive.registry import register

register(
    "gradient_descent",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.1
    theta[t, j] = theta[t - 1, j] - alpha*g[t, j]
    theta[-1, j] = theta0[j]
    """,
    title="Gradient descent",
    category="optimizer",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 4.3 and 8.3.1",
    layout="g[t] is the gradient at step t; theta[-1] is the start value theta0.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
    },
    interpretation="Every gradient moves all later parameters by the learning rate.",
    symmetries=["affine in g", "homogeneous of degree 1 in g, theta0", "permute n"],
)

register(
    "momentum",
    """
    g[T, n], theta0[n]
    0 <= beta < 1
    beta = 0.9
    alpha > 0
    alpha = 0.1
    v[t, j] = beta*v[t - 1, j] + (1 - beta)*g[t, j]
    v[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*v[t, j]
    theta[-1, j] = theta0[j]
    """,
    title="Gradient descent with momentum",
    category="optimizer",
    source=("Polyak, Some methods of speeding up the convergence of iteration methods, 1964, in the (1 - beta) form"),
    layout="g[t] is the gradient at step t; v starts at 0.",
    meanings={
        "g": "gradients",
        "v": "moving average of the gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "beta": "decay of the average",
        "T": "number of steps",
    },
    interpretation="An old gradient keeps acting, with a weight that decays by beta each step.",
    symmetries=["affine in g", "homogeneous of degree 1 in g, theta0", "permute n"],
)

register(
    "adam",
    """
    g[T, n], theta0[n]
    0 <= beta1 < 1
    beta1 = 0.9
    0 <= beta2 < 1
    beta2 = 0.999
    alpha > 0
    alpha = 0.001
    eps > 0
    eps = 1e-8
    m[t, j] = beta1*m[t - 1, j] + (1 - beta1)*g[t, j]
    m[-1, j < n] = 0
    v[t, j] = beta2*v[t - 1, j] + (1 - beta2)*g[t, j]**2
    v[-1, j < n] = 0
    mhat[t, j] = m[t, j]/(1 - beta1**(t + 1))
    vhat[t, j] = v[t, j]/(1 - beta2**(t + 1))
    theta[t, j] = theta[t - 1, j] - alpha*mhat[t, j]/(sqrt(vhat[t, j]) + eps)
    theta[-1, j] = theta0[j]
    """,
    title="Adam",
    category="optimizer",
    source="Kingma and Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, algorithm 1",
    layout="g[t] is the gradient at step t, counted from 0, so that the bias corrections have the power t + 1.",
    meanings={
        "g": "gradients",
        "m": "first moment",
        "v": "second moment",
        "mhat": "bias-corrected first moment",
        "vhat": "bias-corrected second moment",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "beta1": "decay of the first moment",
        "beta2": "decay of the second moment",
        "eps": "keeps the quotient finite",
        "T": "number of steps",
    },
    interpretation="The step is bounded by the learning rate whatever the scale of the gradients.",
    symmetries=["permute n", "odd in g, theta0"],
)
