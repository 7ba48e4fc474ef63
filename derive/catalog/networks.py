"""Small networks, composed of layers, activations and losses."""

from derive.registry import register

register(
    "least_squares",
    """
    X[n, d], W[d, k]
    Y[n, k]: data
    Z = X @ W
    L = sum((Z - Y)**2)/(2*n)
    """,
    title="Linear least squares",
    category="network",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, section 3.1.1",
    layout="Rows are samples; squares are summed over the outputs, halved, and averaged over the samples.",
    meanings={"X": "inputs", "W": "weights", "Y": "targets", "Z": "predictions", "L": "loss"},
    interpretation="The normal equations: inputs against residuals.",
    symmetries=["permute n", "permute d", "permute k", "homogeneous of degree 2 in W, Y"],
)

register(
    "logistic_regression",
    """
    X[n, d], w[d], b
    y[n]: data
    0 <= y[n] <= 1
    z = X @ w + b
    p = sigmoid(z)
    L = -mean(y*log(p) + (1 - y)*log(1 - p))
    """,
    title="Logistic regression",
    category="network",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.2, eq. 4.91",
    layout="Rows are samples; the loss is the mean over the samples.",
    meanings={
        "X": "inputs",
        "w": "weights",
        "b": "bias",
        "y": "targets, between 0 and 1",
        "z": "logits",
        "p": "probabilities",
        "L": "loss",
    },
    interpretation=(
        "Inputs against prediction minus target; its Hessian is positive semi-definite, so the loss is convex."
    ),
    symmetries=["permute n", "permute d"],
)

register(
    "softmax_regression",
    """
    X[n, d], W[d, k], b[k]
    Y[n, k]: data
    0 <= Y[n, k] <= 1
    sum(Y[i, j], j) == 1
    Z = X @ W + b
    P = softmax(Z)
    L = -mean(sum(Y[i, j]*log(P[i, j]), j), i)
    """,
    title="Softmax regression",
    category="network",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.4, eq. 4.108",
    layout="Rows are samples, columns are classes; the loss is the mean over the samples.",
    meanings={
        "X": "inputs",
        "W": "weights",
        "b": "bias",
        "Z": "logits",
        "Y": "target distributions",
        "L": "loss",
        "P": "probabilities",
    },
    interpretation="Inputs against prediction minus target, as in logistic regression, for each class.",
    symmetries=["permute n", "permute d", "permute k"],
)

register(
    "perceptron",
    """
    X[n, d], w[d], b
    y[n]: data
    activation = sigmoid
    z = X @ w + b
    yhat = activation(z)
    L = mean((yhat - y)**2)
    """,
    title="Perceptron with squared error",
    category="network",
    source="Rosenblatt, The Perceptron, Psychological Review 65, 1958; Widrow and Hoff, Adaptive Switching Circuits, 1960",
    layout="Rows are samples; the loss is the mean over the samples.",
    meanings={
        "X": "inputs",
        "w": "weights",
        "b": "bias",
        "y": "targets",
        "z": "weighted sums",
        "yhat": "outputs",
        "L": "loss",
    },
    interpretation="Each weight moves by its input times the error times the slope of the activation.",
    symmetries=["permute n", "permute d"],
)

register(
    "mlp",
    """
    X[n, d], W1[d, m], b1[m], W2[m, k], b2[k]
    Y[n, k]: data
    activation = sigmoid
    Z1 = X @ W1 + b1
    A1 = activation(Z1)
    Z2 = A1 @ W2 + b2
    A2 = activation(Z2)
    L = sum((A2 - Y)**2)/(2*n)
    """,
    title="Two-layer perceptron with squared error",
    category="network",
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 323, 1986",
    layout="Rows are samples; squares are summed over the outputs, halved, and averaged over the samples.",
    meanings={
        "X": "inputs",
        "W1": "weights of the hidden layer",
        "b1": "bias of the hidden layer",
        "W2": "weights of the output layer",
        "b2": "bias of the output layer",
        "Y": "targets",
        "Z1": "hidden pre-activations",
        "A1": "hidden activations",
        "Z2": "output pre-activations",
        "A2": "outputs",
        "L": "loss",
    },
    interpretation=(
        "The error of the output layer travels back through the transposed weights, scaled by each activation's slope."
    ),
    example={
        "X": [[0.5, 0.8]],
        "W1": [[0.2, -0.3], [0.4, 0.1]],
        "b1": [0.1, -0.1],
        "W2": [[0.3], [-0.2]],
        "b2": [0.05],
        "Y": [[1.0]],
    },
    symmetries=["permute n", "permute d", "permute m", "permute k"],
)

register(
    "deep_mlp",
    """
    X[n, m], W[l, m, m], b[l, m], V[m, k], c[k]
    Y[n, k]: data
    0 <= Y[n, k] <= 1
    sum(Y[i, j], j) == 1
    activation = tanh
    Z[r, i, j] = sum(H[r - 1, i, q]*W[r, q, j], q) + b[r, j]
    H[r, i, j] = activation(Z[r, i, j])
    H[-1, i, j] = X[i, j]
    S[i, j] = sum(H[l - 1, i, q]*V[q, j], q) + c[j]
    P = softmax(S)
    L = -mean(sum(Y[i, j]*log(P[i, j]), j), i)
    output(L)
    """,
    title="Multilayer perceptron of any depth",
    category="network",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.5.4, algorithms 6.3 and 6.4",
    layout="Rows are samples; all l hidden layers are as wide as the input; the loss is the mean over the samples.",
    meanings={
        "X": "inputs",
        "W": "weights of each layer",
        "b": "bias of each layer",
        "V": "output weights",
        "c": "bias of the output",
        "Z": "pre-activations",
        "H": "activations of each layer",
        "S": "logits",
        "Y": "target distributions",
        "P": "probabilities",
        "L": "loss",
        "l": "number of layers",
    },
    interpretation="Back-propagation is a recurrence over the layers, from the last to the first.",
    symmetries=["permute n", "permute m", "permute k"],
)
