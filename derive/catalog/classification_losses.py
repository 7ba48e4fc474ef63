"""Losses of predicted classes beside those of ``losses``."""

from derive.registry import register

register(
    "bce_with_logits_weighted",
    """
    z[n]
    y[n]: data
    0 <= y[n] <= 1
    w > 0
    w = 2.0
    p = sigmoid(z)
    L = -mean(w*y*log(p) + (1 - y)*log(1 - p))
    """,
    title="Binary cross-entropy of logits with a weight for positives",
    category="loss",
    source="PyTorch documentation, torch.nn.BCEWithLogitsLoss (pos_weight)",
    layout="The loss is the mean over the samples.",
    meanings={
        "z": "logits",
        "y": "targets, between 0 and 1",
        "w": "weight of positives",
        "p": "predicted probabilities",
        "L": "loss",
    },
    interpretation="Negatives push by the probability, positives pull by w times its complement.",
)

register(
    "focal",
    """
    z[n]
    y[n]: data
    -1 <= y[n] <= 1
    0 <= alpha <= 1
    gamma >= 0
    alpha = 0.25
    gamma = 2.0
    p = sigmoid(y*z)
    c = where(y > 0, alpha, 1 - alpha)
    L = -mean(c*(1 - p)**gamma*log(p))
    """,
    title="Focal loss",
    category="loss",
    source="Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, eq. 5 and appendix B",
    layout="The loss is the mean over the samples.",
    meanings={
        "z": "logits",
        "y": "targets, -1 or 1",
        "alpha": "weight of positives",
        "gamma": "how much easy samples are discounted",
        "p": "probability of the target",
        "c": "weights",
        "L": "loss",
    },
    interpretation="The cross-entropy's gradient, discounted where the sample is already right.",
)

register(
    "cross_entropy",
    """
    P[n, k] > 0
    Y[n, k]: data
    0 <= Y[n, k] <= 1
    sum(Y[i, j], j) == 1
    L = -mean(sum(Y[i, j]*log(P[i, j]), j), i)
    """,
    title="Cross-entropy of probabilities",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.108",
    layout="Rows are samples, columns are classes. Each row of Y sums to 1. The loss is the mean over the samples.",
    meanings={"P": "predicted probabilities", "Y": "target distribution", "L": "loss"},
    interpretation="Target over probability: it grows without bound where a class that occurs is given no chance.",
)

register(
    "nll",
    """
    logp[n, k]
    label[n]: int
    L = -mean(logp[i, label[i]], i)
    """,
    title="Negative log-likelihood of log-probabilities",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.108",
    layout="Rows are samples, columns are classes. The loss is the mean over the samples.",
    meanings={"logp": "log-probabilities", "label": "class of each sample", "L": "loss"},
    interpretation="Only the entry of the label gets a gradient, and the same for all samples.",
)

register(
    "softmax_cross_entropy_labels",
    """
    Z[n, k]
    label[n]: int
    P = softmax(Z)
    L = -mean(log(P[i, label[i]]), i)
    """,
    title="Softmax cross-entropy with integer labels",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.108 and 4.109",
    layout="Rows are samples, columns are classes. The loss is the mean over the samples.",
    meanings={"Z": "logits", "P": "probabilities", "L": "loss", "label": "class of each sample"},
    interpretation="Prediction minus one-hot label, which is never stored.",
)

register(
    "softmax_cross_entropy_smoothed",
    """
    Z[n, k]
    Y[n, k]: data
    0 <= Y[n, k] <= 1
    sum(Y[i, j], j) == 1
    0 <= eps < 1
    eps = 0.1
    P = softmax(Z)
    L = -mean(sum(((1 - eps)*Y[i, j] + eps/k)*log(P[i, j]), j), i)
    """,
    title="Softmax cross-entropy with label smoothing",
    category="loss",
    source="Szegedy et al., Rethinking the Inception Architecture for Computer Vision, CVPR 2016, section 7",
    layout="Rows are samples, columns are classes. Each row of Y sums to 1. The loss is the mean over the samples.",
    meanings={
        "Z": "logits",
        "P": "probabilities",
        "L": "loss",
        "Y": "target distribution",
        "eps": "share that is spread over all classes",
    },
    interpretation="Prediction minus smoothed target: no logit is driven to infinity.",
)

register(
    "softmax_cross_entropy_weighted",
    """
    Z[n, k]
    w[k]: data
    0 < w[k] <= 1
    label[n]: int
    P = softmax(Z)
    W = sum(w[label[i]], i)
    L = -sum(w[label[i]]*log(P[i, label[i]]), i)/W
    """,
    title="Softmax cross-entropy with class weights",
    category="loss",
    source="PyTorch documentation, torch.nn.CrossEntropyLoss (weight)",
    layout="Rows are samples, columns are classes. The loss is the weighted mean over the samples.",
    meanings={
        "Z": "logits",
        "P": "probabilities",
        "L": "loss",
        "w": "weight of each class",
        "label": "class of each sample",
        "W": "total weight",
    },
    interpretation="Each sample's gradient is scaled by the weight of its class; the total weight takes the place of n.",
)

register(
    "softmax_cross_entropy_ignore",
    """
    Z[n, k]
    label[n]: int
    ignored = 0.0
    P = softmax(Z)
    c = max(1, sum(where(label[i] == ignored, 0, 1), i))
    L = -sum(where(label[i] == ignored, 0, log(P[i, label[i]])), i)/c
    """,
    title="Softmax cross-entropy with a label that is ignored",
    category="loss",
    source="PyTorch documentation, torch.nn.CrossEntropyLoss (ignore_index)",
    layout="Rows are samples, columns are classes. The loss is the mean over the samples that count, and 0 where there are none.",
    meanings={
        "Z": "logits",
        "P": "probabilities",
        "L": "loss",
        "label": "class of each sample",
        "ignored": "the label of padding",
        "c": "number of samples that count",
    },
    interpretation="Padding gets no gradient and does not dilute that of the others.",
)

register(
    "info_nce",
    """
    Q[n, d], K[n, d]
    tau > 0
    tau = 0.1
    S = Q @ K.T/tau
    P = softmax(S)
    L = -mean(log(P[i, i]), i)
    """,
    title="InfoNCE",
    category="loss",
    source="van den Oord, Li and Vinyals, Representation Learning with Contrastive Predictive Coding, 2018, eq. 4",
    layout="Row i of K is the positive of row i of Q, all others are its negatives. The loss is the mean over the samples.",
    meanings={
        "Q": "queries",
        "K": "keys",
        "tau": "temperature",
        "S": "scores",
        "P": "which key belongs to each query",
        "L": "loss",
    },
    interpretation="A softmax cross-entropy whose label is the row's own number.",
)

register(
    "dice",
    """
    0 <= p[n, k] <= 1
    y[n, k]: data
    0 <= y[n, k] <= 1
    eps > 0
    eps = 1.0
    L = mean(1 - (2*sum(p[i, j]*y[i, j], j) + eps)/(sum(p[i, j], j) + sum(y[i, j], j) + eps), i)
    """,
    title="Soft Dice loss",
    category="loss",
    source="Sudre et al., Generalised Dice Overlap as a Deep Learning Loss Function, 2017, eq. 1",
    layout="Rows are samples, columns are pixels. The loss is the mean over the samples.",
    meanings={"p": "predicted probabilities", "y": "masks", "eps": "smoothing of empty masks", "L": "loss"},
    interpretation="Pixels of the mask are pulled up, all pixels pushed down in proportion to the overlap.",
)
