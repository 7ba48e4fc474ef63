"""Functions with bounded values or slopes: piecewise linear, sigmoid-like, periodic, bell-shaped."""

from derive.registry import register

register(
    "hard_sigmoid",
    """
    z[...]
    a = min(6, max(0, z + 3))/6
    """,
    title="Hard sigmoid",
    category="activation",
    source="Howard et al., Searching for MobileNetV3, ICCV 2019, section 5.2",
    meanings={"z": "pre-activation", "a": "activation, between 0 and 1"},
    interpretation="The derivative is 1/6 strictly between -3 and 3, and 0 elsewhere.",
)

register(
    "log_sigmoid",
    """
    z[...]
    a = log(sigmoid(z))
    """,
    title="Logarithm of the logistic sigmoid",
    category="activation",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 3.10",
    meanings={"z": "pre-activation", "a": "log-probability, at most 0"},
    interpretation="The derivative is the probability of the other outcome.",
)

register(
    "hard_tanh",
    """
    z[...]
    a = max(-1, min(1, z))
    """,
    title="Hard hyperbolic tangent",
    category="activation",
    source="Collobert, Large Scale Machine Learning, 2004",
    meanings={"z": "pre-activation", "a": "activation, between -1 and 1"},
    interpretation="The cotangent passes strictly between -1 and 1.",
)

register(
    "tanhshrink",
    """
    z[...]
    a = z - tanh(z)
    """,
    title="Tanhshrink",
    category="activation",
    source="PyTorch documentation, torch.nn.Tanhshrink",
    meanings={"z": "pre-activation", "a": "activation"},
    interpretation="The derivative is tanh(z)**2: small inputs are shrunk to almost nothing, large ones move by 1.",
)

register(
    "softsign",
    """
    z[...]
    a = z/(1 + abs(z))
    """,
    title="Softsign",
    category="activation",
    source="Bergstra et al., Quadratic Polynomials Learn Better Image Features, 2009",
    meanings={"z": "pre-activation", "a": "activation, between -1 and 1"},
    interpretation="Like tanh, but the derivative vanishes like 1/z**2 and not exponentially.",
)

register(
    "gaussian",
    """
    z[...]
    a = exp(-z**2)
    """,
    title="Gaussian",
    category="activation",
    source="Broomhead and Lowe, Multivariable Functional Interpolation and Adaptive Networks, 1988",
    meanings={"z": "pre-activation", "a": "activation, 1 at 0"},
    interpretation="The derivative points back to 0 and vanishes on both sides.",
)

register(
    "sine",
    """
    z[...]
    omega = 1.0
    a = sin(omega*z)
    """,
    title="Sine",
    category="activation",
    source="Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 3",
    meanings={"z": "pre-activation", "a": "activation", "omega": "frequency (30 in the first layer of the source)"},
    interpretation="The derivative is a shifted sine: a network of sines has derivatives of its own kind.",
)
