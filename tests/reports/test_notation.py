"""How expressions look in LaTeX: each line is what a textbook prints."""

from __future__ import annotations

import pytest
from sympy import And, Eq, Expr, Float, Integer, Mod, Or, Rational, Symbol, Tuple, exp, floor, log, oo, sqrt

from derive.errors import BackproofError
from derive.latex import equation_latex, expression_latex
from derive.named import named_function
from derive.nodes import (
    Access,
    IntegerAccess,
    Iverson,
    Maximum,
    Minimum,
    Partial,
    Reduce,
    Sensitivity,
    Where,
    dimension,
    index,
    integer_hyper,
)
from derive.notation import Notation
from derive.program import Tensor
from derive.registry import get

I, J, K, T = (index(name) for name in "ijkt")
N, D, M = (dimension(name) for name in "ndm")
P, Q = index("p"), index("q")
STRIDE, PAD = integer_hyper("stride", 2), integer_hyper("padding", 0)
U = Symbol("u0", real=True)


def at(name: str, *indices: Expr) -> Access:
    return Access(name, *indices)


x, y, w, p = at("x", I), at("y", I), at("w", I), at("p", I)
P_ij, Y_ij = at("P", I, J), at("Y", I, J)
sigmoid = get("sigmoid").function
tanh = get("tanh").function
relu = get("relu").function
assert sigmoid is not None
assert tanh is not None
assert relu is not None

CASES: list[tuple[str, Expr, str]] = [
    # names
    ("element", at("x", I, J), r"x_{ij}"),
    ("compound index", at("x", I + 1, J), r"x_{i + 1, j}"),
    ("digit index", at("x", Integer(0), J), r"x_{0, j}"),
    ("word", at("scores", I), r"\mathrm{scores}_i"),
    ("word index", at("E", IntegerAccess("token", T), K), r"E_{\mathrm{token}_t, k}"),
    ("Greek", at("gamma", J), r"\gamma_j"),
    ("eps", at("eps"), r"\varepsilon"),
    ("lam", at("lam"), r"\lambda"),
    ("suffix digit", at("W1"), r"W_1"),
    ("suffix digit with indices", at("W1", I, J), r"(W_1)_{ij}"),
    ("underscore", at("W_hh", K, J), r"(W_{hh})_{kj}"),
    ("hat", at("xhat", I, J), r"\hat{x}_{ij}"),
    ("Greek with digit", at("beta1"), r"\beta_1"),
    ("l is an ell", at("x", index("l")), r"x_{\ell}"),
    # sums and signs
    ("positive first", P_ij - Y_ij, r"P_{ij} - Y_{ij}"),
    ("one minus", 1 - p, r"1 - p_i"),
    ("minus one turned round", -(p - 1) * p, r"p_i (1 - p_i)"),
    ("common factor", 2 * P_ij - 2 * Y_ij, r"2 (P_{ij} - Y_{ij})"),
    ("negative difference", -(Y_ij - P_ij) / N, r"\frac{P_{ij} - Y_{ij}}{n}"),
    ("constant last for indices", at("h", T - 1, J) + at("h", T + 1, J), r"h_{t + 1, j} + h_{t - 1, j}"),
    ("leading minus", -x * y, r"-x_i y_i"),
    # products and fractions
    ("half", x / 2, r"\frac{x_i}{2}"),
    ("half square over n", Rational(1, 2) * (x - y) ** 2 / N, r"\frac{(x_i - y_i)^2}{2n}"),
    ("y log p", log(p) * y, r"y_i \log p_i"),
    ("log of a difference", (1 - y) * log(1 - p), r"(1 - y_i) \log(1 - p_i)"),
    ("quotient", (x - at("mu", I)) / sqrt(at("var", I) + at("eps")), r"\frac{x_i - \mu_i}{\sqrt{\mathrm{var}_i + \varepsilon}}"),
    ("word product", at("x", STRIDE * I + P - PAD), r"x_{\mathrm{stride} \cdot i + p - \mathrm{padding}}"),
    ("sum beside the fraction", Reduce("sum", x, (I, N)) / N, r"\frac{1}{n} \sum_{i = 0}^{n - 1} x_i"),
    ("nested fraction", x / (y * (1 - y)), r"\frac{x_i}{y_i (1 - y_i)}"),
    ("number times number", 2 * Integer(3) ** Symbol("s", real=True), r"2 \cdot 3^s"),
    # powers and functions
    ("square", x**2, r"x_i^2"),
    ("square of a difference", (x - y) ** 2, r"(x_i - y_i)^2"),
    ("root", sqrt(x), r"\sqrt{x_i}"),
    ("short exponential", exp(-x), r"e^{-x_i}"),
    ("tall exponential", exp(x / y), r"\exp \!\left( \frac{x_i}{y_i} \right)"),
    ("sigmoid is a sigma", sigmoid(x), r"\sigma(x_i)"),
    ("square of a function", tanh(x) ** 2, r"\tanh^2(x_i)"),
    ("upright name", relu(x), r"\operatorname{ReLU}(x_i)"),
    ("logarithm squared", log(x) ** 2, r"(\log x_i)^2"),
    ("power with t", 1 - at("beta1") ** (T + 1), r"1 - \beta_1^{t + 1}"),
    ("small number", x + Float(1e-5), r"10^{-5} + x_i"),
    ("decimal", Float(0.1) * x, r"0.1 x_i"),
    # reductions
    ("sum", Reduce("sum", x * y, (I, N)), r"\sum_{i = 0}^{n - 1} x_i y_i"),
    ("double sum", Reduce("sum", (P_ij - Y_ij) ** 2, (I, N), (J, D)),
     r"\sum_{i = 0}^{n - 1} \sum_{j = 0}^{d - 1} (P_{ij} - Y_{ij})^2"),
    ("sum of a sum", Reduce("sum", x + y, (I, N)), r"\sum_{i = 0}^{n - 1} (x_i + y_i)"),
    ("sum times element", at("s") * Reduce("sum", x, (I, N)), r"s \sum_{i = 0}^{n - 1} x_i"),
    ("product of sums", Reduce("sum", x, (I, N)) * Reduce("sum", y, (I, N)),
     r"\left( \sum_{i = 0}^{n - 1} x_i \right) \sum_{i = 0}^{n - 1} y_i"),
    ("sum plus element", Reduce("sum", x * w, (I, N)) + at("b"), r"\sum_{i = 0}^{n - 1} w_i x_i + b"),
    ("negative body", Reduce("sum", -x, (I, N)), r"-\sum_{i = 0}^{n - 1} x_i"),
    ("maximum", Reduce("max", at("x", I, K), (K, N)), r"\max_{k < n} x_{ik}"),
    ("logsumexp", Reduce("logsumexp", at("x", I, K), (K, N)), r"\log \sum_{k = 0}^{n - 1} e^{x_{ik}}"),
    ("softmax is a quotient", exp(at("x", J) - Reduce("logsumexp", at("x", K), (K, N))),
     r"\frac{e^{x_j}}{\sum_{k = 0}^{n - 1} e^{x_k}}"),
    ("matrix product", Reduce("sum", at("W", K, J) * at("X", I, K), (K, D)), r"\sum_{k = 0}^{d - 1} X_{ik} W_{kj}"),
    ("three sums", Reduce("sum", at("x", I, J, K), (I, N), (J, D), (K, M)), r"\sum_{i, j, k} x_{ijk}"),
    # conditions
    ("bracket", Iverson(Eq(I, J)), r"[i = j]"),
    ("bracket on the left", Iverson(Symbol("T", integer=True, nonnegative=True) > T + 1) * at("z", T + 1),
     r"[t + 1 < T] z_{t + 1}"),
    ("size on the right", Iverson(Eq(N - 1, I)) * x, r"[i = n - 1] x_i"),
    ("number on the right", Iverson(Integer(0) < x) * y, r"y_i [x_i > 0]"),
    ("bracket on the right", x * Iverson(at("z", I) > 0), r"x_i [z_i > 0]"),
    ("two bounds in one chain", Iverson(And(I - PAD >= 0, I - PAD < N)) * at("x", I - PAD),
     r"[0 \le i - \mathrm{padding} < n] x_{i - \mathrm{padding}}"),
    ("bounds of two factors", Iverson(I - PAD >= 0) * Iverson(I - PAD < N) * at("x", I - PAD),
     r"[0 \le i - \mathrm{padding} < n] x_{i - \mathrm{padding}}"),
    ("cases", Where(at("x", I) > 0, x, Integer(0)),
     r"\begin{cases} x_i & \text{if } x_i > 0 \\ 0 & \text{otherwise} \end{cases}"),
    ("mask", Where(J <= I, at("s", I, J), -oo),
     r"\begin{cases} s_{ij} & \text{if } j \le i \\ -\infty & \text{otherwise} \end{cases}"),
    ("either", Iverson(Or(Eq(I, 0), Eq(I, N - 1))), r"[i = 0 \text{ or } i = n - 1]"),
    ("max of two", Maximum(Integer(0), x), r"\max(0, x_i)"),
    ("min of two", Minimum(x, y), r"\min(x_i, y_i)"),
    ("floor", floor((N - K) / STRIDE) + 1, r"\left\lfloor \frac{n - k}{\mathrm{stride}} \right\rfloor + 1"),
    ("remainder", Mod(I, N, evaluate=False), r"(i \text{ mod } n)"),
    # derivatives in steps
    ("local derivative", Partial(sigmoid(U), U, x), r"\frac{\partial \sigma(x_i)}{\partial x_i}"),
    ("local derivative at a value", Partial(exp(U) * x, U, x * y),
     r"\left. \frac{\partial x_i e^u}{\partial u} \right|_{u = x_i y_i}"),
    ("sensitivity", Sensitivity(at("W", I, J)), r"\frac{\partial \mathcal{L}}{\partial W_{ij}}"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_expression(expression: Expr, expected: str) -> None:
    order = tuple(s.name for s in (T, I, J) if s in expression.free_symbols)
    assert expression_latex(expression, Notation(order=order)) == expected


def test_adjoints_have_bars_over_the_letter_only() -> None:
    notation = Notation(adjoints={"dW_hh": "W_hh", "dX": "X", "dxhat": "xhat"})
    assert expression_latex(at("dX", I, J), notation) == r"\bar{X}_{ij}"
    assert expression_latex(at("dW_hh", I, J), notation) == r"(\bar{W}_{hh})_{ij}"
    assert expression_latex(at("dxhat", I), notation) == r"\bar{\hat{x}}_i"
    assert expression_latex(at("dx", I), Notation()) == r"\mathrm{dx}_i"


def test_a_cotangent_beside_an_adjoint_is_marked() -> None:
    tensors = {name: Tensor(name, (N,), role) for name, role in (("dh", "cotangent"), ("dh_total", "adjoint"))}
    notation = Notation(adjoints={"dh": "h", "dh_total": "h"}, tensors=tensors)
    assert expression_latex(at("dh", I), notation) == r"\bar{h}_i^{\text{out}}"
    assert expression_latex(at("dh_total", I), notation) == r"\bar{h}_i"


def test_a_long_extent_has_a_letter() -> None:
    extent = floor(N / 2) + 1
    total = Reduce("sum", x, (I, extent))
    assert expression_latex(total) == r"\sum_{i} x_i"
    named = Notation(extents={extent: dimension("N_1")})
    assert expression_latex(total, named) == r"\sum_{i = 0}^{N_1 - 1} x_i"


def test_a_start_value() -> None:
    (start,) = [e for e in get("rnn").program.equations if e.extents[0] is None]
    assert equation_latex(start) == r"h_{-1, i, j} = (h_0)_{ij}"


def test_functions_without_a_table_entry_are_upright() -> None:
    u = Symbol("u", real=True)
    swish = named_function("tilted_swish", (u,), u / (1 + exp(-u)))
    assert expression_latex(swish(x)) == r"\operatorname{tilted\_swish}(x_i)"


def test_what_has_no_notation_is_an_error_and_never_printed_wrongly() -> None:
    with pytest.raises(BackproofError, match="no notation for Tuple"):
        expression_latex(Tuple(1, 2))


def test_the_order_of_factors_does_not_depend_on_sympy() -> None:
    """Adjoint before element, row index before column index, whatever the letters are."""
    notation = Notation(adjoints={"dA": "A"}, order=("i", "j"))
    for row, column in (("A", "Z"), ("Z", "A")):
        product = Reduce("sum", at(column, K, J) * at(row, I, K), (K, N))
        assert expression_latex(product, notation).endswith(rf"{row}_{{ik}} {column}_{{kj}}")
    assert expression_latex(at("Z", I) * at("dA", I), notation) == r"\bar{A}_i Z_i"
