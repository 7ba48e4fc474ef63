"""Adam and what came of it."""

from derive.registry import register

register(
    "adamax",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.002
    0 <= beta1 < 1
    beta1 = 0.9
    0 <= beta2 < 1
    beta2 = 0.999
    eps > 0
    eps = 1e-8
    m[t, j] = beta1*m[t - 1, j] + (1 - beta1)*g[t, j]
    m[-1, j < n] = 0
    u[t, j] = max(beta2*u[t - 1, j], abs(g[t, j]) + eps)
    u[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*m[t, j]/((1 - beta1**(t + 1))*u[t, j])
    theta[-1, j] = theta0[j]
    """,
    title="AdaMax",
    category="optimizer",
    source="Kingma and Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, algorithm 2",
    layout="g[t] is the gradient at step t, counted from 0; eps is added to its absolute value, as optax does.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "m": "first moment",
        "beta1": "decay of the first moment",
        "beta2": "decay of the second moment",
        "eps": "keeps the quotient finite",
        "u": "decaying maximum",
    },
    interpretation="Adam with the largest gradient in place of the second moment.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "nadam",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.002
    0 <= beta1 < 1
    beta1 = 0.9
    0 <= beta2 < 1
    beta2 = 0.999
    eps > 0
    eps = 1e-8
    m[t, j] = beta1*m[t - 1, j] + (1 - beta1)*g[t, j]
    m[-1, j < n] = 0
    v[t, j] = beta2*v[t - 1, j] + (1 - beta2)*g[t, j]**2
    v[-1, j < n] = 0
    mhat[t, j] = beta1*m[t, j]/(1 - beta1**(t + 2)) + (1 - beta1)*g[t, j]/(1 - beta1**(t + 1))
    vhat[t, j] = v[t, j]/(1 - beta2**(t + 1))
    theta[t, j] = theta[t - 1, j] - alpha*mhat[t, j]/(sqrt(vhat[t, j]) + eps)
    theta[-1, j] = theta0[j]
    """,
    title="Nadam",
    category="optimizer",
    source="Dozat, Incorporating Nesterov Momentum into Adam, ICLR workshop 2016, algorithm 2",
    layout=(
        "g[t] is the gradient at step t, counted from 0; beta1 is constant and vhat without the further "
        "factor beta2, as in optax."
    ),
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "m": "first moment",
        "v": "second moment",
        "beta1": "decay of the first moment",
        "beta2": "decay of the second moment",
        "eps": "keeps the quotient finite",
        "mhat": "bias-corrected first moment",
        "vhat": "bias-corrected second moment",
    },
    interpretation="Adam, looking one step of momentum ahead.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "amsgrad",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.001
    0 <= beta1 < 1
    beta1 = 0.9
    0 <= beta2 < 1
    beta2 = 0.999
    eps > 0
    eps = 1e-8
    m[t, j] = beta1*m[t - 1, j] + (1 - beta1)*g[t, j]
    m[-1, j < n] = 0
    v[t, j] = beta2*v[t - 1, j] + (1 - beta2)*g[t, j]**2
    v[-1, j < n] = 0
    vhat[t, j] = max(vhat[t - 1, j], v[t, j])
    vhat[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*m[t, j]/(sqrt(vhat[t, j]) + eps)
    theta[-1, j] = theta0[j]
    """,
    title="AMSGrad",
    category="optimizer",
    source="Reddi, Kale and Kumar, On the Convergence of Adam and Beyond, ICLR 2018, algorithm 2",
    layout="g[t] is the gradient at step t; no bias correction; eps outside the root.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "m": "first moment",
        "v": "second moment",
        "beta1": "decay of the first moment",
        "beta2": "decay of the second moment",
        "eps": "keeps the quotient finite",
        "vhat": "largest second moment so far",
    },
    interpretation="A step size never grows again: at a tie the earlier maximum keeps the cotangent.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "adamw",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.001
    0 <= beta1 < 1
    beta1 = 0.9
    0 <= beta2 < 1
    beta2 = 0.999
    eps > 0
    eps = 1e-8
    lam >= 0
    lam = 0.01
    m[t, j] = beta1*m[t - 1, j] + (1 - beta1)*g[t, j]
    m[-1, j < n] = 0
    v[t, j] = beta2*v[t - 1, j] + (1 - beta2)*g[t, j]**2
    v[-1, j < n] = 0
    mhat[t, j] = m[t, j]/(1 - beta1**(t + 1))
    vhat[t, j] = v[t, j]/(1 - beta2**(t + 1))
    theta[t, j] = theta[t - 1, j] - alpha*(mhat[t, j]/(sqrt(vhat[t, j]) + eps) + lam*theta[t - 1, j])
    theta[-1, j] = theta0[j]
    """,
    title="AdamW",
    category="optimizer",
    source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2",
    layout="g[t] is the gradient at step t, counted from 0; the decay is multiplied by the learning rate alone.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "m": "first moment",
        "v": "second moment",
        "beta1": "decay of the first moment",
        "beta2": "decay of the second moment",
        "eps": "keeps the quotient finite",
        "mhat": "bias-corrected first moment",
        "vhat": "bias-corrected second moment",
        "lam": "weight decay",
    },
    interpretation=(
        "The decay acts on the parameters, not through the moments: all gradients fade by the same factor."
    ),
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "lion",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.0001
    0 <= beta1 < 1
    beta1 = 0.9
    0 <= beta2 < 1
    beta2 = 0.99
    lam >= 0
    lam = 0.01
    c[t, j] = beta1*m[t - 1, j] + (1 - beta1)*g[t, j]
    m[t, j] = beta2*m[t - 1, j] + (1 - beta2)*g[t, j]
    m[-1, j < n] = 0
    theta[t, j] = theta[t - 1, j] - alpha*(sign(c[t, j]) + lam*theta[t - 1, j])
    theta[-1, j] = theta0[j]
    """,
    title="Lion",
    category="optimizer",
    source="Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023, algorithm 2",
    layout="g[t] is the gradient at step t; every element moves by the learning rate up or down.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "c": "what the sign is taken of",
        "m": "moving average of the gradients",
        "beta1": "decay in the step",
        "beta2": "decay of the average",
        "lam": "weight decay",
    },
    interpretation="The sign has no slope: the parameters do not answer to small changes of the gradients.",
    symmetries=["permute n", "odd in g, theta0"],
)

register(
    "lamb",
    """
    g[T, n], theta0[n]
    alpha > 0
    alpha = 0.001
    0 <= beta1 < 1
    beta1 = 0.9
    0 <= beta2 < 1
    beta2 = 0.999
    eps > 0
    eps = 1e-6
    lam >= 0
    lam = 0.01
    m[t, j] = beta1*m[t - 1, j] + (1 - beta1)*g[t, j]
    m[-1, j < n] = 0
    v[t, j] = beta2*v[t - 1, j] + (1 - beta2)*g[t, j]**2
    v[-1, j < n] = 0
    mhat[t, j] = m[t, j]/(1 - beta1**(t + 1))
    vhat[t, j] = v[t, j]/(1 - beta2**(t + 1))
    r[t, j] = mhat[t, j]/(sqrt(vhat[t, j]) + eps) + lam*theta[t - 1, j]
    p[t < T] = sqrt(sum(theta[t - 1, j]**2, j))
    q[t] = sqrt(sum(r[t, j]**2, j))
    trust[t] = where(p[t] > 0 and q[t] > 0, p[t]/q[t], 1)
    theta[t, j] = theta[t - 1, j] - alpha*trust[t]*r[t, j]
    theta[-1, j] = theta0[j]
    output(theta)
    """,
    title="LAMB",
    category="optimizer",
    source=(
        "You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, ICLR 2020, algorithm 2"
    ),
    layout="g[t] is the gradient of one layer at step t, counted from 0; where a norm is 0 the trust ratio is 1.",
    meanings={
        "g": "gradients",
        "theta": "parameters",
        "theta0": "initial parameters",
        "alpha": "learning rate",
        "T": "number of steps",
        "m": "first moment",
        "v": "second moment",
        "beta1": "decay of the first moment",
        "beta2": "decay of the second moment",
        "eps": "keeps the quotient finite",
        "mhat": "bias-corrected first moment",
        "vhat": "bias-corrected second moment",
        "r": "step before it is scaled",
        "p": "norm of the parameters",
        "q": "norm of the step",
        "trust": "trust ratio",
        "lam": "weight decay",
    },
    interpretation="Each layer moves by a fixed share of its own norm.",
    symmetries=["permute n", "odd in g, theta0"],
)
