"""Gated functions: the input times a gate of itself, or one affine map times a gate of another."""

from derive.registry import register

register(
    "gelu",
    """
    z[...]
    a = z*(1 + erf(z/sqrt(2)))/2
    """,
    title="Gaussian error linear unit",
    symbol="GELU",
    category="activation",
    source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation=(
        "The input times the probability that a normal variable is below it; the derivative adds the input times "
        "the density."
    ),
)

register(
    "gelu_tanh",
    """
    z[...]
    c > 0
    c = 0.044715
    a = z*(1 + tanh(sqrt(2/pi)*z*(1 + c*z**2)))/2
    """,
    title="Gaussian error linear unit (tanh approximation)",
    category="activation",
    source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2",
    meanings={"z": "pre-activation", "a": "activation", "c": "coefficient of the cubic term"},
    interpretation="An approximation of its own: its derivative is not that of the GELU, but differs by up to 0.0009.",
)

register(
    "silu",
    """
    z[...]
    a = z*sigmoid(z)
    """,
    title="Sigmoid linear unit",
    symbol="SiLU",
    category="activation",
    source="Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units for Neural Network Function Approximation, 2018",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation="The gate, plus the input times the slope of the gate; negative below about -1.28.",
)

register(
    "swish",
    """
    z[...], beta
    a = z*sigmoid(beta*z)
    """,
    title="Swish with a learned slope",
    category="activation",
    source="Ramachandran, Zoph and Le, Searching for Activation Functions, 2017, section 4",
    meanings={"z": "pre-activation", "a": "activation", "beta": "slope of the gate, shared by all elements"},
    interpretation="The slope of the gate sums over all elements that share it.",
)

register(
    "mish",
    """
    z[...]
    a = z*tanh(log(1 + exp(z)))
    """,
    title="Mish",
    category="activation",
    source="Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation="The input gated by the tanh of its softplus.",
)

register(
    "hard_swish",
    """
    z[...]
    a = z*min(6, max(0, z + 3))/6
    """,
    title="Hard swish",
    category="activation",
    source="Howard et al., Searching for MobileNetV3, ICCV 2019, section 5.2",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation="The hard sigmoid, plus z/6 strictly between -3 and 3.",
)

register(
    "glu",
    """
    X[n, d], W[d, m], b[m], V[d, m], c[m]
    U = X @ W + b
    G = X @ V + c
    A = sigmoid(U)*G
    """,
    title="Gated linear unit",
    category="activation",
    source="Dauphin et al., Language Modeling with Gated Convolutional Networks, ICML 2017, eq. 1",
    layout="Rows of X are samples; gate and value have weights of their own.",
    meanings={
        "X": "inputs",
        "W": "weights of the gate",
        "b": "bias of the gate",
        "V": "weights of the value",
        "c": "bias of the value",
        "U": "gate before its function",
        "G": "value",
        "A": "gated value",
    },
    interpretation="The value has a linear path through the gate; the gate learns where the value is large.",
)

register(
    "reglu",
    """
    X[n, d], W[d, m], b[m], V[d, m], c[m]
    U = X @ W + b
    G = X @ V + c
    A = relu(U)*G
    """,
    title="Gated linear unit with a rectifier",
    category="activation",
    source="Shazeer, GLU Variants Improve Transformer, 2020, section 2",
    layout="Rows of X are samples; gate and value have weights of their own.",
    meanings={
        "X": "inputs",
        "W": "weights of the gate",
        "b": "bias of the gate",
        "V": "weights of the value",
        "c": "bias of the value",
        "U": "gate before its function",
        "G": "value",
        "A": "gated value",
    },
    interpretation="Where the gate is closed neither of the two maps learns.",
)

register(
    "geglu",
    """
    X[n, d], W[d, m], b[m], V[d, m], c[m]
    U = X @ W + b
    G = X @ V + c
    A = gelu(U)*G
    """,
    title="Gated linear unit with a GELU",
    category="activation",
    source="Shazeer, GLU Variants Improve Transformer, 2020, section 2",
    layout="Rows of X are samples; gate and value have weights of their own.",
    meanings={
        "X": "inputs",
        "W": "weights of the gate",
        "b": "bias of the gate",
        "V": "weights of the value",
        "c": "bias of the value",
        "U": "gate before its function",
        "G": "value",
        "A": "gated value",
    },
    interpretation="The gate's derivative is that of the GELU, times the value.",
)

register(
    "swiglu",
    """
    X[n, d], W[d, m], b[m], V[d, m], c[m]
    U = X @ W + b
    G = X @ V + c
    A = silu(U)*G
    """,
    title="Gated linear unit with a SiLU",
    category="activation",
    source="Shazeer, GLU Variants Improve Transformer, 2020, section 2",
    layout="Rows of X are samples; gate and value have weights of their own.",
    meanings={
        "X": "inputs",
        "W": "weights of the gate",
        "b": "bias of the gate",
        "V": "weights of the value",
        "c": "bias of the value",
        "U": "gate before its function",
        "G": "value",
        "A": "gated value",
    },
    interpretation="The gate's derivative is that of the SiLU, times the value.",
)
