"""Optimizers with a step size for each parameter, from the squares of its gradients."""

from derive.registry import register

register(
    "adagrad",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.1
    start > 0
    start = 0.1
    eps > 0
    eps = 1e-7
    s[t, j] = s[t - 1, j] + g[t, j]**2
    s[-1, j < n] = start
    theta[t, j] = theta[t - 1, j] - alpha*g[t, j]/sqrt(s[t, j] + eps)
    theta[-1, j] = theta0[j]
    """,
    title="AdaGrad",
    category="optimizer",
    source=(
        "Duchi, Hazan and Singer, Adaptive Subgradient Methods, Journal of Machine Learning Research 12, 2011, figure 1"
    ),
    layout="g[t] is the gradient at step t; the sum of squares starts at start; eps stands inside the root.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "s": "sum of squares",
        "start": "where the sum of squares starts",
        "eps": "keeps the quotient finite",
    },
    interpretation="The sum of squares only grows, so that steps shrink where gradients were large.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "rmsprop",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.01
    0 <= rho < 1
    rho = 0.9
    eps > 0
    eps = 1e-8
    v[t, j] = rho*v[t - 1, j] + (1 - rho)*g[t, j]**2
    v[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*g[t, j]/sqrt(v[t, j] + eps)
    theta[-1, j] = theta0[j]
    """,
    title="RMSprop",
    category="optimizer",
    source="Tieleman and Hinton, Neural Networks for Machine Learning, 2012, lecture 6.5",
    layout="g[t] is the gradient at step t; v starts at 0; eps stands inside the root.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "v": "moving average of the squares",
        "rho": "decay of the average",
        "eps": "keeps the quotient finite",
    },
    interpretation="The step has the size of the learning rate whatever the scale of the gradients.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "rmsprop_centred",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.0001
    0 <= rho < 1
    rho = 0.95
    0 <= beta < 1
    beta = 0.9
    eps > 0
    eps = 1e-4
    m[t, j] = rho*m[t - 1, j] + (1 - rho)*g[t, j]
    m[-1, j < n] = 0
    v[t, j] = rho*v[t - 1, j] + (1 - rho)*g[t, j]**2
    v[-1, j < n] = 0
    u[t, j] = beta*u[t - 1, j] - alpha*g[t, j]/sqrt(v[t, j] - m[t, j]**2 + eps)
    u[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] + u[t, j]
    theta[-1, j] = theta0[j]
    """,
    title="RMSprop, centred and with momentum",
    category="optimizer",
    source="Graves, Generating Sequences With Recurrent Neural Networks, 2013, eq. 38 to 45",
    layout="g[t] is the gradient at step t; all averages start at 0; v - m^2 is the variance of the gradient.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "m": "moving average of the gradients",
        "v": "moving average of the squares",
        "u": "velocity",
        "rho": "decay of the averages",
        "beta": "momentum",
        "eps": "keeps the quotient finite",
    },
    interpretation="A gradient that hardly varies takes longer steps than its size alone would allow.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "adadelta",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 1.0
    0 <= rho < 1
    rho = 0.95
    eps > 0
    eps = 1e-6
    v[t, j] = rho*v[t - 1, j] + (1 - rho)*g[t, j]**2
    v[-1, j < n] = 0
    d[t, j] = sqrt(u[t - 1, j] + eps)/sqrt(v[t, j] + eps)*g[t, j]
    u[t, j] = rho*u[t - 1, j] + (1 - rho)*d[t, j]**2
    u[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*d[t, j]
    theta[-1, j] = theta0[j]
    output(theta)
    """,
    title="AdaDelta",
    category="optimizer",
    source="Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012, algorithm 1",
    layout="g[t] is the gradient at step t; both averages start at 0; the published form has alpha = 1.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "v": "moving average of the squared gradients",
        "u": "moving average of the squared steps",
        "d": "steps",
        "rho": "decay of the averages",
        "eps": "starts the steps and keeps the quotient finite",
    },
    interpretation="The ratio of the two roots has the unit of the parameters, so that no learning rate is needed.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "adafactor",
    """
    g[T, n, m], theta0[n, m]
    alpha > 0
    alpha = 0.01
    decay > 0
    decay = 0.8
    eps > 0
    eps = 1e-30
    r[t, i] = (1 - (t + 1)**(-decay))*r[t - 1, i] + (t + 1)**(-decay)*mean(g[t, i, j]**2 + eps, j)
    r[-1, i < n] = 0
    c[t, j] = (1 - (t + 1)**(-decay))*c[t - 1, j] + (t + 1)**(-decay)*mean(g[t, i, j]**2 + eps, i)
    c[-1, j < m] = 0
    q[t] = mean(r[t, k], k)
    u[t, i, j] = g[t, i, j]*sqrt(q[t])/(sqrt(r[t, i])*sqrt(c[t, j]))
    theta[t, i, j] = theta[t - 1, i, j] - alpha*u[t, i, j]
    theta[-1, i, j] = theta0[i, j]
    """,
    title="Adafactor",
    category="optimizer",
    source="Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, ICML 2018, section 3 and 7.2",
    layout=(
        "g[t] is the gradient of one matrix at step t, counted from 0; without momentum and clipping, and with a constant "
        "learning rate in place of a relative one."
    ),
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "r": "moving average over rows",
        "c": "moving average over columns",
        "q": "mean of the squares",
        "u": "step",
        "decay": "exponent of the decay",
        "eps": "added to the squares",
    },
    interpretation="Rows and columns share their second moments, so that every element acts on all others of both.",
    symmetries=["permute n", "permute m", "odd in g, theta0"],
)
