"""How matrix trees look: the names of linear algebra, ranks taken from the program."""

from __future__ import annotations

import pytest
from sympy import Integer, Rational

from derive.latex import matrix_latex
from derive.matrix import (
    Apply,
    Bracket,
    Column,
    Matrix,
    Outer,
    Plus,
    Power,
    Product,
    Scalar,
    Times,
    Total,
    Transpose,
    Whole,
)
from derive.nodes import Access, dimension
from derive.notation import Notation
from derive.program import Tensor

N, D, K = (dimension(name) for name in "ndk")
SHAPES = {"X": (N, D), "W": (D, K), "Z": (N, K), "P": (N, K), "G": (N, K), "b": (K,), "u": (N,), "v": (N,), "s": ()}
TENSORS = {name: Tensor(name, shape) for name, shape in SHAPES.items()} | {"dZ": Tensor("dZ", (N, K), "adjoint")}
NOTATION = Notation(adjoints={"dZ": "Z"}, tensors=TENSORS, sizes=("n", "d", "k"))
X, W, Z, P, G, b, u, v = (Whole(name) for name in ("X", "W", "Z", "P", "G", "b", "u", "v"))
dZ = Whole("dZ")
ONE = Scalar(Integer(1))


def negative(tree: Matrix) -> Matrix:
    return Times((Scalar(Integer(-1)), tree))


CASES: list[tuple[str, Matrix, str]] = [
    ("product with a transpose", Product(Transpose(X), dZ), r"X^{\top} \bar{Z}"),
    ("transpose on the right", Product(dZ, Transpose(W)), r"\bar{Z} W^{\top}"),
    ("a bias is added to every row", Plus((Product(X, W), b)), r"XW + \mathbf{1} b^{\top}"),
    ("a column is subtracted from every column", Plus((Z, negative(Column(u)))), r"Z - u \mathbf{1}^{\top}"),
    ("difference over n", Times((Scalar(1 / N), Plus((P, negative(Z))))), r"\frac{1}{n} (P - Z)"),
    ("positive first", Plus((negative(Z), P)), r"P - Z"),
    ("Hadamard", Times((P, Plus((ONE, negative(P))))), r"P \odot (\mathbf{1} - P)"),
    ("adjoint first", Times((P, dZ)), r"\bar{Z} \odot P"),
    ("rows scaled", Times((Column(u), Z)), r"\operatorname{diag}(u) Z"),
    ("columns scaled", Times((Z, b)), r"Z \operatorname{diag}(b)"),
    ("rows divided by a root", Times((Column(Power(u, Rational(-1, 2))), Z)), r"\operatorname{diag}(u)^{-1 / 2} Z"),
    ("elementwise quotient", Times((Z, Power(P, Integer(-1)))), r"Z \oslash P"),
    ("elementwise quotient by a product", Times((Z, Power(P, Integer(-1)), Power(G, Integer(-1)))), r"Z \oslash (P \odot G)"),
    ("elementwise power", Power(Z, Integer(2)), r"Z^{\odot 2}"),
    ("column sums as a vector", Total("sum", Z, 0), r"Z^{\top} \mathbf{1}"),
    ("row sums", Total("sum", Z, 1), r"Z \mathbf{1}"),
    ("row sums that broadcast", Plus((G, negative(Total("sum", Times((G, P)), 1, True)))),
     r"G - (G \odot P) \mathbf{1} \mathbf{1}^{\top}"),
    ("total", Total("sum", Z), r"\mathbf{1}^{\top} Z \mathbf{1}"),
    ("total of a vector", Total("sum", u), r"\mathbf{1}^{\top} u"),
    ("mean of rows", Total("mean", Z, 1), r"\frac{1}{k} Z \mathbf{1}"),
    ("mean over all", Total("mean", Z), r"\frac{1}{nk} \mathbf{1}^{\top} Z \mathbf{1}"),
    ("row maximum", Total("max", Z, 1), r"\operatorname{rowmax}(Z)"),
    ("outer product", Outer(u, b), r"u b^{\top}"),
    ("inner product", Product(u, v), r"u^{\top} v"),
    ("matrix times vector", Product(Transpose(X), u), r"X^{\top} u"),
    ("sigmoid", Apply("sigmoid", (Z,)), r"\sigma(Z)"),
    ("bracket", Bracket(">", Z, Scalar(Integer(0))), r"[Z > 0]"),
    ("scalar tensor", Times((Scalar(Access("s")), W)), r"sW"),
    ("negative scalar", Times((Scalar(-Access("s")), W)), r"-sW"),
    ("a difference as a factor", Product(Transpose(X), Plus((P, negative(Z)))), r"X^{\top} (P - Z)"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_matrix(tree: Matrix, expected: str) -> None:
    assert matrix_latex(tree, NOTATION) == expected
