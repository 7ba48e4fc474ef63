"""Penalties on parameters."""

from derive.registry import register

register(
    "l2",
    """
    W[n, k]
    lam >= 0
    lam = 0.01
    R = lam/2*sum(W**2)
    """,
    title="L2 penalty",
    category="regulariser",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 7.1.1",
    layout="Half the sum of squares, times lam.",
    meanings={"W": "weights", "lam": "strength", "R": "penalty"},
    interpretation="Each weight is pulled towards 0 in proportion to itself.",
    symmetries=["homogeneous of degree 2 in W", "even in W", "permute n", "permute k"],
)

register(
    "l1",
    """
    W[n, k]
    lam >= 0
    lam = 0.01
    R = lam*sum(abs(W))
    """,
    title="L1 penalty",
    category="regulariser",
    source="Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996",
    layout="The sum of absolute values, times lam.",
    meanings={"W": "weights", "lam": "strength", "R": "penalty"},
    interpretation="Every weight is pulled towards 0 with the same strength, so that small ones become 0.",
)

register(
    "elastic_net",
    """
    W[n, k]
    lam1 >= 0
    lam2 >= 0
    lam1 = 0.01
    lam2 = 0.01
    R = lam1*sum(abs(W)) + lam2/2*sum(W**2)
    """,
    title="Elastic net",
    category="regulariser",
    source="Zou and Hastie, Regularization and Variable Selection via the Elastic Net, 2005, eq. 3",
    layout="The sum of absolute values times lam1, and half the sum of squares times lam2.",
    meanings={"W": "weights", "lam1": "strength of the L1 part", "lam2": "strength of the L2 part", "R": "penalty"},
    interpretation="The pull of the L1 and of the L2 penalty, added.",
)

register(
    "max_norm",
    """
    W[d, k]
    c > 0
    c = 3.0
    r[j] = sqrt(sum(W[i, j]**2, i))
    U[i, j] = W[i, j]/r[j]
    V[i, j] = where(r[j] > c, c*U[i, j], W[i, j])
    """,
    title="Max-norm projection",
    category="regulariser",
    source="Srivastava et al., Dropout, JMLR 15, 2014, section 5.1",
    layout="Columns are the incoming weights of one unit.",
    meanings={
        "W": "weights",
        "c": "largest norm",
        "r": "norm of each column",
        "U": "direction of each column",
        "V": "projected weights",
    },
    interpretation="A column that is too long is shortened: what would make it longer is taken out of the gradient.",
)

register(
    "clip_by_value",
    """
    g[...]
    c > 0
    c = 1.0
    h = where(abs(g) < c, g, c*sign(g))
    """,
    title="Clipping by value",
    category="regulariser",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 10.11.1",
    meanings={"g": "gradient", "c": "largest absolute value", "h": "clipped gradient"},
    interpretation="Elements within the bounds pass, the others are constant.",
)

register(
    "clip_by_global_norm",
    """
    gW[d, k], gb[k]
    c > 0
    c = 1.0
    rW = sqrt(sum(gW**2))
    rb = sqrt(sum(gb**2))
    r = sqrt(rW**2 + rb**2)
    s = where(r > c, c/r, 1)
    hW = s*gW
    hb = s*gb
    output(hW, hb)
    """,
    title="Clipping by the global norm",
    category="regulariser",
    source="Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks, ICML 2013, algorithm 1",
    layout="One norm for all gradients of a model, here those of a matrix and a bias.",
    meanings={
        "gW": "gradient of the weights",
        "gb": "gradient of the bias",
        "c": "largest norm",
        "rW": "norm of gW",
        "rb": "norm of gb",
        "r": "global norm",
        "s": "scale",
        "hW": "clipped gradient of the weights",
        "hb": "clipped gradient of the bias",
    },
    interpretation="All gradients are scaled alike, so that their direction stays.",
)

register(
    "label_smoothing",
    """
    Y[n, k]
    0 <= eps < 1
    eps = 0.1
    T = (1 - eps)*Y + eps/k
    """,
    title="Label smoothing",
    category="regulariser",
    source="Szegedy et al., Rethinking the Inception Architecture for Computer Vision, CVPR 2016, section 7",
    layout="Rows are samples, columns are classes.",
    meanings={"Y": "targets", "eps": "share that is spread over all classes", "T": "smoothed targets"},
    interpretation="An affine map of the targets: the gradient shrinks by the share that is spread.",
)

register(
    "weight_decay",
    """
    W[n, k], g[n, k]
    alpha > 0
    lam >= 0
    alpha = 0.01
    lam = 0.01
    V = (1 - lam)*W - alpha*g
    """,
    title="Gradient step with weight decay",
    category="regulariser",
    source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, eq. 1",
    layout="The decay is apart from the gradient: lam is not multiplied by alpha.",
    meanings={
        "W": "weights",
        "g": "gradient",
        "alpha": "step size",
        "lam": "share that decays",
        "V": "weights after the step",
    },
    interpretation="Errors pass to the weights less the share that decays, and to the gradient times -alpha.",
)
