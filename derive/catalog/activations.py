"""Activation functions, elementwise and over rows."""

from derive.registry import register

ARTICLE_B = "Neural Network Math: Clear Formula Brilliance (article), section on activation functions"

register(
    "identity",
    "z[...]\na = z",
    title="Identity",
    category="activation",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, section 5.1",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation="The cotangent passes unchanged.",
    symmetries=["affine in z", "odd in z"],
)

register(
    "sigmoid",
    "z[...]\na = 1/(1 + exp(-z))",
    title="Logistic sigmoid",
    symbol="sigma",
    category="activation",
    source="Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.59 and 4.88",
    meanings={"z": "pre-activation", "a": "activation, between 0 and 1"},
    interpretation="The derivative is at most 1/4 and vanishes for large |z|: a saturated unit learns nothing.",
)

register(
    "tanh",
    "z[...]\na = (exp(z) - exp(-z))/(exp(z) + exp(-z))",
    title="Hyperbolic tangent",
    category="activation",
    source="LeCun et al., Efficient BackProp, 1998, section 4.4",
    meanings={"z": "pre-activation", "a": "activation, between -1 and 1"},
    interpretation="The derivative is 1 at 0 and vanishes for large |z|.",
    symmetries=["odd in z", "permute ..."],
)

register(
    "relu",
    "z[...]\na = max(0, z)",
    title="Rectified linear unit",
    symbol="ReLU",
    category="activation",
    source="Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010, section 2",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation="The cotangent passes where the input is positive and is stopped elsewhere, at exactly 0 too.",
    symmetries=["homogeneous of degree 1 in z"],
)

register(
    "binary_step",
    "z[...]\na = where(z > 0, 1, 0)",
    title="Binary step",
    category="activation",
    source="Rosenblatt, The Perceptron, Psychological Review 65, 1958",
    meanings={"z": "pre-activation", "a": "activation, 0 or 1"},
    interpretation="The derivative is 0 wherever it exists, so that gradient descent cannot train through a step.",
)

register(
    "softmax",
    "z[..., n]\na[..., j] = exp(z[..., j])/sum(exp(z[..., k]), k)",
    title="Softmax",
    category="activation",
    source="Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs, 1990",
    layout="The last axis holds the classes; each row sums to 1.",
    meanings={"z": "logits", "a": "probabilities"},
    interpretation="Each row of the gradient sums to 0: adding a constant to all logits changes nothing.",
    symmetries=["shift z over n", "permute n"],
)

register(
    "log_softmax",
    "z[..., n]\na[..., j] = z[..., j] - logsumexp(z[..., k], k)",
    title="Logarithm of the softmax",
    category="activation",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2.3",
    layout="The last axis holds the classes.",
    meanings={"z": "logits", "a": "log-probabilities"},
    interpretation="The cotangent, less the row's probabilities times the row's total cotangent.",
    symmetries=["shift z over n", "permute n"],
)
