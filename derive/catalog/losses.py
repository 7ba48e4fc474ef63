"""Loss functions: what is averaged and what is summed is part of each statement."""

from derive.registry import register

register(
    "mse",
    """
    yhat[n, k]
    y[n, k]: data
    L = mean((yhat - y)**2)
    """,
    title="Mean squared error (mean over all elements)",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, section 3.1.1",
    layout="Rows are samples; the loss is the mean over all n*k elements.",
    meanings={"yhat": "predictions", "y": "targets", "L": "loss"},
    interpretation="The residual, times 2 over the number of elements.",
    symmetries=["homogeneous of degree 2 in yhat, y", "even in yhat, y", "permute n", "permute k"],
)

register(
    "half_mse",
    """
    yhat[n, k]
    y[n, k]: data
    L = sum((yhat - y)**2)/(2*n)
    """,
    title="Squared error with the factor 1/2 (mean over samples)",
    category="loss",
    source="Nielsen, Neural Networks and Deep Learning, 2015, eq. 6",
    layout="Rows are samples; squares are summed over the outputs, halved, and averaged over the samples.",
    meanings={"yhat": "predictions", "y": "targets", "L": "loss"},
    interpretation="The factor 1/2 cancels the 2 of the square: the residual over the number of samples.",
    symmetries=["homogeneous of degree 2 in yhat, y", "permute n", "permute k"],
)

register(
    "squared_error",
    """
    yhat[n, k]
    y[n, k]: data
    L = sum((yhat - y)**2)
    """,
    title="Squared error (plain sum)",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, section 1.1",
    layout="Rows are samples; the squares are summed, without a mean and without a factor.",
    meanings={"yhat": "predictions", "y": "targets", "L": "loss"},
    interpretation="Twice the residual.",
    symmetries=["homogeneous of degree 2 in yhat, y", "permute n", "permute k"],
)

register(
    "bce",
    """
    0 < p[n] < 1
    y[n]: data
    0 <= y[n] <= 1
    L = -mean(y*log(p) + (1 - y)*log(1 - p))
    """,
    title="Binary cross-entropy of probabilities",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.90",
    layout="The loss is the mean over the samples.",
    meanings={"p": "predicted probabilities", "y": "targets, between 0 and 1", "L": "loss"},
    interpretation="The residual over the variance p(1 - p) of the prediction.",
    symmetries=["permute n"],
)

register(
    "bce_with_logits",
    """
    z[n]
    y[n]: data
    0 <= y[n] <= 1
    p = sigmoid(z)
    L = -mean(y*log(p) + (1 - y)*log(1 - p))
    """,
    title="Binary cross-entropy of logits",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.91",
    layout="The loss is the mean over the samples.",
    meanings={"z": "logits", "y": "targets, between 0 and 1", "p": "predicted probabilities", "L": "loss"},
    interpretation="The denominators cancel: prediction minus target, over the number of samples.",
    symmetries=["permute n"],
)

register(
    "softmax_cross_entropy",
    """
    Z[n, k]
    Y[n, k]: data
    0 <= Y[n, k] <= 1
    sum(Y[i, j], j) == 1
    P = softmax(Z)
    L = -mean(sum(Y[i, j]*log(P[i, j]), j), i)
    """,
    title="Softmax cross-entropy",
    category="loss",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.108 and 4.109",
    layout="Rows are samples, columns are classes; each row of Y sums to 1; the loss is the mean over the samples.",
    meanings={"Z": "logits", "Y": "target distribution (one-hot or smoothed)", "P": "probabilities", "L": "loss"},
    interpretation=(
        "Prediction minus target, over the number of samples: the softmax Jacobian cancels against the logarithm."
    ),
    symmetries=["shift Z over k", "permute n", "permute k"],
)
