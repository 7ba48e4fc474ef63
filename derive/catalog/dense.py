"""Dense and elementwise layers, lookups, and layers that only rearrange."""

from derive.registry import register

register(
    "dense",
    """
    X[n, d], W[d, k], b[k]
    Z = X @ W + b
    """,
    title="Dense layer",
    category="layer",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.5",
    layout="Rows are samples, columns are features; W is (inputs, outputs).",
    meanings={"X": "inputs", "W": "weights", "b": "bias", "Z": "pre-activations"},
    interpretation=(
        "Weights collect input times cotangent over the samples; the bias is shared by all rows, so its "
        "gradient sums them."
    ),
    symmetries=["affine in X", "affine in W", "homogeneous of degree 1 in X, b", "permute n", "permute d", "permute k"],
)

register(
    "neuron",
    """
    x[d], w[d], b
    activation = sigmoid
    z = x @ w + b
    a = activation(z)
    """,
    title="One neuron",
    category="layer",
    source="Rosenblatt, The Perceptron, Psychological Review 65, 1958",
    layout="One sample with d inputs.",
    meanings={"x": "inputs", "w": "weights", "b": "bias", "z": "weighted sum", "a": "activation"},
    interpretation="Each weight's gradient is its input times the derivative of the activation.",
    symmetries=["permute d"],
)

register(
    "bilinear",
    """
    x1[n, d], x2[n, e], W[k, d, e], b[k]
    y[i, j] = sum(x1[i, p]*W[j, p, q]*x2[i, q], p, q) + b[j]
    """,
    title="Bilinear layer",
    category="layer",
    source="Tenenbaum and Freeman, Separating Style and Content with Bilinear Models, Neural Computation 12, 2000, eq. 1",
    layout="Rows are samples; W is (outputs, first inputs, second inputs).",
    meanings={
        "x1": "first inputs",
        "x2": "second inputs",
        "W": "weights",
        "b": "bias",
        "y": "outputs",
    },
    interpretation="Linear in each of its two inputs: the gradient in one is weighted by the other.",
    symmetries=["affine in x1", "affine in x2", "affine in W", "permute n", "permute d", "permute e", "permute k"],
)

register(
    "embedding",
    """
    E[v, d]
    token[n, T]: int
    y[i, t, k] = E[token[i, t], k]
    """,
    title="Embedding (table lookup)",
    category="layer",
    source="Bengio et al., A Neural Probabilistic Language Model, Journal of Machine Learning Research 3, 2003, section 2",
    layout="token is (samples, positions); each token picks a row of E.",
    meanings={"E": "table, one row for each word", "token": "word numbers", "y": "embedded words", "v": "vocabulary"},
    interpretation="A row collects the cotangents of all places where its word stands; words that do not occur get 0.",
    symmetries=["affine in E", "permute n", "permute T", "permute d"],
)

register(
    "dropout",
    """
    x[n, d]
    mask[n, d]: data
    0 <= mask[n, d] <= 1
    0 < keep <= 1
    keep = 0.8
    y = x*mask/keep
    """,
    title="Dropout (inverted: scaled while training)",
    category="layer",
    source="Srivastava et al., Dropout, Journal of Machine Learning Research 15, 2014, section 4 and section 10",
    layout="mask is drawn outside (1 keeps an element, 0 drops it); keep is the probability with which it is 1.",
    meanings={
        "x": "inputs",
        "mask": "1 where an element is kept, else 0",
        "keep": "probability of keeping",
        "y": "outputs",
    },
    interpretation="The cotangent is dropped where the input was and scaled by the same factor.",
    symmetries=["affine in x", "homogeneous of degree 1 in x", "permute n", "permute d"],
)

register(
    "flatten",
    """
    x[n, c, h, w]
    y[m, k < c*h*w] = sum(where(k == (a*h + b)*w + e, x[m, a, b, e], 0), a, b, e)
    """,
    title="Unrolling of feature maps",
    category="layer",
    source="LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section 2.B",
    layout="Channels first; each sample becomes a row, the last axis the fastest.",
    meanings={"x": "feature maps", "y": "rows"},
    interpretation="The cotangent is rolled up again.",
    symmetries=["affine in x", "permute n"],
)

register(
    "concatenate",
    """
    x[n, d], y[n, e]
    z[i, j < d + e] = where(j < d, x[i, j], y[i, j - d])
    """,
    title="Concatenation of features",
    category="layer",
    source="Huang et al., Densely Connected Convolutional Networks, CVPR 2017, eq. 2",
    layout="Rows are samples; the features of x come first.",
    meanings={"x": "first features", "y": "second features", "z": "all features"},
    interpretation="Each input gets back its own part of the cotangent.",
    symmetries=["affine in x", "affine in y", "permute n"],
)

register(
    "residual_add",
    """
    x[n, d], f[n, d]
    y = x + f
    """,
    title="Residual connection",
    category="layer",
    source="He et al., Deep Residual Learning for Image Recognition, CVPR 2016, eq. 1",
    layout="f is the output of the layers beside the connection, of the shape of x.",
    meanings={"x": "inputs", "f": "what the layers beside it add", "y": "outputs"},
    interpretation="The cotangent passes both ways unchanged, however many layers there are.",
    symmetries=["affine in x", "affine in f", "permute n", "permute d"],
)
