"""Momentum, as recurrences over the steps t."""

from derive.registry import register

register(
    "sgd",
    """
    g[T, b, n], theta0[n]
    alpha > 0
    alpha = 0.1
    theta[t, j] = theta[t - 1, j] - alpha*mean(g[t, i, j], i)
    theta[-1, j] = theta0[j]
    """,
    title="Stochastic gradient descent on mini-batches",
    category="optimizer",
    source=(
        "Robbins and Monro, A Stochastic Approximation Method, 1951; Goodfellow, Bengio and Courville, Deep "
        "Learning, 2016, algorithm 8.1"
    ),
    layout="g[t, i] is the gradient of sample i of the batch at step t; theta[-1] is the start value theta0.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "b": "samples in a batch",
    },
    interpretation="Every sample moves all later parameters by its share of the learning rate.",
    symmetries=["affine in g", "homogeneous of degree 1 in g, theta0", "permute n", "permute b"],
)

register(
    "heavy_ball",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.1
    0 <= beta < 1
    beta = 0.9
    v[t, j] = beta*v[t - 1, j] + g[t, j]
    v[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*v[t, j]
    theta[-1, j] = theta0[j]
    """,
    title="Gradient descent with momentum (heavy ball)",
    category="optimizer",
    source=(
        "Polyak, Some methods of speeding up the convergence of iteration methods, 1964, eq. 9; Sutskever et "
        "al., 2013, eq. 1 and 2"
    ),
    layout="g[t] is the gradient at step t; v starts at 0; the gradient enters with weight 1.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "v": "velocity",
        "beta": "momentum",
    },
    interpretation="A constant gradient ends in steps that are 1/(1 - beta) times as long.",
    symmetries=["affine in g", "homogeneous of degree 1 in g, theta0", "permute n"],
)

register(
    "nesterov",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.1
    0 <= beta < 1
    beta = 0.9
    v[t, j] = beta*v[t - 1, j] + g[t, j]
    v[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*(g[t, j] + beta*v[t, j])
    theta[-1, j] = theta0[j]
    """,
    title="Nesterov momentum",
    category="optimizer",
    source="Bengio, Boulanger-Lewandowski and Pascanu, Advances in Optimizing Recurrent Networks, 2013, eq. 7",
    layout="theta is the point that looks ahead, at which g[t + 1] is the gradient; v starts at 0.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "v": "velocity",
        "beta": "momentum",
    },
    interpretation="A gradient acts at once and again through the velocity.",
    symmetries=["affine in g", "homogeneous of degree 1 in g, theta0", "permute n"],
)

register(
    "nesterov_lookahead",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.1
    0 <= beta < 1
    beta = 0.9
    v[t, j] = beta*v[t - 1, j] - alpha*g[t, j]
    v[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] + v[t, j]
    theta[-1, j] = theta0[j]
    phi[t, j] = theta[t, j] + beta*v[t, j]
    output(theta, phi)
    """,
    title="Nesterov momentum, with the point that looks ahead",
    category="optimizer",
    source=(
        "Nesterov, A method of solving a convex programming problem with rate O(1/k^2), 1983; Sutskever et "
        "al., On the importance of initialization and momentum in deep learning, ICML 2013, eq. 3 and 4"
    ),
    layout="g[t + 1] is the gradient at phi[t], the point where the velocity alone would lead; v starts at 0.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "v": "velocity",
        "beta": "momentum",
        "phi": "points that look ahead",
    },
    interpretation="phi follows the other form of Nesterov momentum; theta is where it comes from.",
    symmetries=["affine in g", "homogeneous of degree 1 in g, theta0", "permute n"],
)
