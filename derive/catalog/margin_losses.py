"""Losses of scores with a margin."""

from derive.registry import register

register(
    "hinge",
    """
    s[n]
    y[n]: data
    -1 <= y[n] <= 1
    L = mean(max(0, 1 - y*s))
    """,
    title="Hinge loss",
    category="loss",
    source="Cortes and Vapnik, Support-Vector Networks, 1995",
    layout="The loss is the mean over the samples.",
    meanings={"s": "scores", "y": "targets, -1 or 1", "L": "loss"},
    interpretation="Only samples inside the margin count, all with the same strength.",
)

register(
    "squared_hinge",
    """
    s[n]
    y[n]: data
    -1 <= y[n] <= 1
    L = mean(max(0, 1 - y*s)**2)
    """,
    title="Squared hinge loss",
    category="loss",
    source="Lee and Mangasarian, SSVM: A Smooth Support Vector Machine, 2001",
    layout="The loss is the mean over the samples.",
    meanings={"s": "scores", "y": "targets, -1 or 1", "L": "loss"},
    interpretation="Samples count by how far they are inside the margin; there is no kink.",
)

register(
    "perceptron_loss",
    """
    s[n]
    y[n]: data
    -1 <= y[n] <= 1
    L = mean(max(0, -y*s))
    """,
    title="Perceptron loss",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.54",
    layout="The loss is the mean over the samples.",
    meanings={"s": "scores", "y": "targets, -1 or 1", "L": "loss"},
    interpretation="Only misclassified samples count, each with its target.",
)

register(
    "exponential",
    """
    s[n]
    y[n]: data
    -1 <= y[n] <= 1
    L = mean(exp(-y*s))
    """,
    title="Exponential loss",
    category="loss",
    source="Friedman, Hastie and Tibshirani, Additive Logistic Regression, 2000, section 4",
    layout="The loss is the mean over the samples.",
    meanings={"s": "scores", "y": "targets, -1 or 1", "L": "loss"},
    interpretation="The weights of AdaBoost: a misclassified sample counts exponentially more.",
)

register(
    "multiclass_hinge",
    """
    S[n, k]
    label[n]: int
    L = mean(max(S[i, j] + where(j == label[i], 0, 1), j) - S[i, label[i]], i)
    """,
    title="Multiclass hinge loss",
    category="loss",
    source="Crammer and Singer, On the Algorithmic Implementation of Multiclass Kernel-Based Vector Machines, 2001",
    layout="Rows are samples, columns are classes. The loss is the mean over the samples.",
    meanings={"S": "scores", "label": "class of each sample", "L": "loss"},
    interpretation="The worst offender is pushed down, the label is pulled up, until the margin is 1.",
)

register(
    "triplet_margin",
    """
    a[n, d], p[n, d], q[n, d]
    margin >= 0
    margin = 0.2
    L = mean(max(0, sum((a[i, j] - p[i, j])**2, j) - sum((a[i, j] - q[i, j])**2, j) + margin), i)
    """,
    title="Triplet loss",
    category="loss",
    source="Schroff, Kalenichenko and Philbin, FaceNet, CVPR 2015, eq. 3",
    layout="Rows are triplets. The loss is the mean over the samples.",
    meanings={
        "a": "anchors",
        "p": "positives",
        "q": "negatives",
        "margin": "least difference of the squared distances",
        "L": "loss",
    },
    interpretation=(
        "The anchor moves along the line from the negative to the positive; triplets that are apart already do not count."
    ),
)

register(
    "contrastive",
    """
    x1[n, d], x2[n, d]
    y[n]: data
    0 <= y[n] <= 1
    margin > 0
    margin = 1.0
    eps > 0
    eps = 1e-6
    D[i] = sqrt(sum((x1[i, j] - x2[i, j])**2, j) + eps)
    L = mean((1 - y)*D**2 + y*max(0, margin - D)**2)/2
    """,
    title="Contrastive loss",
    category="loss",
    source="Hadsell, Chopra and LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006, eq. 4",
    layout="Rows are pairs; eps inside the root gives equal points a gradient. The loss is the mean over the samples.",
    meanings={
        "x1": "first of each pair",
        "x2": "second of each pair",
        "y": "0 for similar pairs, 1 for dissimilar ones",
        "D": "distances",
        "margin": "how far apart dissimilar pairs are pushed",
        "eps": "added to the squared distance",
        "L": "loss",
    },
    interpretation="Similar pairs are springs; dissimilar ones push each other away within the margin.",
)

register(
    "cosine_embedding",
    """
    x1[n, d], x2[n, d]
    y[n]: data
    -1 <= y[n] <= 1
    -1 <= margin <= 1
    margin = 0.0
    r1[i] = sqrt(sum(x1[i, j]**2, j))
    r2[i] = sqrt(sum(x2[i, j]**2, j))
    u[i, j] = x1[i, j]/r1[i]
    v[i, j] = x2[i, j]/r2[i]
    c[i] = sum(u[i, j]*v[i, j], j)
    L = mean(where(y > 0, 1 - c, max(0, c - margin)))
    """,
    title="Cosine embedding loss",
    category="loss",
    source="PyTorch documentation, torch.nn.CosineEmbeddingLoss",
    layout="Rows are pairs. The loss is the mean over the samples. A row of zeros has no direction and is outside the domain.",
    meanings={
        "x1": "first of each pair",
        "x2": "second of each pair",
        "y": "1 for similar pairs, -1 for others",
        "margin": "cosine that others may have",
        "r1": "lengths of x1",
        "r2": "lengths of x2",
        "u": "directions of x1",
        "v": "directions of x2",
        "c": "cosines",
        "L": "loss",
    },
    interpretation="The gradient stands at right angles to the vector: only directions are learned.",
)
