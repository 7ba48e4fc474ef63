"""Learning rates as functions of the step t."""

from derive.registry import register

register(
    "step_decay",
    """
    alpha, decay > 0
    steps = 12, period = 3
    rate[t < steps] = alpha*decay**(t//period)
    """,
    title="Step decay of the learning rate",
    category="schedule",
    source="Bengio, Practical Recommendations for Gradient-Based Training of Deep Architectures, 2012, section 3.1.1",
    layout="rate[t] for t = 0 .. steps - 1; every period steps the rate is multiplied by decay.",
    meanings={
        "alpha": "initial learning rate",
        "decay": "factor",
        "steps": "number of steps",
        "period": "steps between two drops",
        "rate": "learning rates",
    },
    interpretation="Linear in the initial rate; a factor that is applied more often matters more.",
    symmetries=["affine in alpha"],
)

register(
    "exponential_decay",
    """
    alpha, decay > 0
    steps = 12
    rate[t < steps] = alpha*decay**t
    """,
    title="Exponential decay of the learning rate",
    category="schedule",
    source="Bengio, Practical Recommendations for Gradient-Based Training of Deep Architectures, 2012, section 3.1.1",
    layout="rate[t] for t = 0 .. steps - 1.",
    meanings={
        "alpha": "initial learning rate",
        "decay": "factor for each step",
        "steps": "number of steps",
        "rate": "learning rates",
    },
    interpretation="Linear in the initial rate.",
    symmetries=["affine in alpha"],
)

register(
    "cosine_decay",
    """
    alpha, final
    steps = 12
    rate[t < steps + 1] = final + (alpha - final)*(1 + cos(pi*t/steps))/2
    """,
    title="Cosine decay of the learning rate",
    category="schedule",
    source="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, ICLR 2017, eq. 5",
    layout="rate[t] for t = 0 .. steps: half a cosine from alpha to final.",
    meanings={
        "alpha": "initial learning rate",
        "final": "last learning rate",
        "steps": "number of steps",
        "rate": "learning rates",
    },
    interpretation="A weighted mean of the two rates, and so is its gradient shared between them.",
    symmetries=["affine in alpha", "affine in final"],
)

register(
    "linear_warmup",
    """
    alpha
    steps = 12, warmup = 4
    rate[t < steps] = alpha*min(1, (t + 1)/warmup)
    """,
    title="Linear warm-up of the learning rate",
    category="schedule",
    source="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, section 2.2",
    layout="rate[t] for t = 0 .. steps - 1; the first warmup steps climb to alpha.",
    meanings={
        "alpha": "learning rate after the warm-up",
        "steps": "number of steps",
        "warmup": "steps of the warm-up",
        "rate": "learning rates",
    },
    interpretation="Linear in the rate.",
    symmetries=["affine in alpha"],
)
