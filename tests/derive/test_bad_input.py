"""Hostile and mistaken declarations: the error names the cause and shows the line with a caret, at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sympy import Function as SympyFunction
from sympy import Integer, Mod, Piecewise, Sum, SympifyError, exp, floor

from derive.errors import DeclarationError, DerivationError, UnknownOperation
from derive.nodes import Access, Partial, Reduce, Where, dimension, index
from derive.program import Equation, Program, Tensor
from derive.registry import declare, get
from derive.reverse import derive
from derive.second import hessian

BAD = {
    "two dimensions": ("X[n, d], W[e, k]\nZ[i, j] = sum(X[i, l]*W[l, j], l)", 2, ("index l", "W", "X", "(e)", "(d)")),
    "matrix product": ("X[n, d], W[e, k]\nZ = X @ W", 2, ("(d)", "(e)")),
    "undeclared": ("X[n, d]\nZ = X @ W", 2, ("W is not declared",)),
    "syntax": ("X[n, d]\nZ = X @ @ X", 2, ("invalid syntax",)),
    "cycle": ("X[n]\na[i] = b[i] + X[i]\nb[i] = a[i]", 2, ("cycle", "a -> b -> a")),
    "no initial value": ("x[T]\nh[t] = h[t - 1] + x[t]", 2, ("no initial value", "h[-1]")),
    "import": ('x[n]\ny = __import__("os").system("x")', 2, ("only a named function",)),
    "attribute": ("x[n]\ny = x.__class__", 2, (".T",)),
    "lambda": ("x[n]\ny = (lambda: x)", 2, ("Lambda",)),
    "10 MB of parentheses": ("x[n]\ny = " + "(" * 10_000_000, 1, ("10,000,009 characters",)),
    "nested parentheses": ("x[n]\ny = " + "(" * 60 + "x" + ")" * 60, 2, ("nested more than 40",)),
    "unary chain": ("x[n]\ny = " + "-" * 3500 + "x", 2, ("nested too deeply",)),
    "not chain": ("x[n]\ny = " + "not " * 900 + "x", 2, ("too large",)),
    "long sum": ("x[n]\ny = " + "+".join(["x"] * 1900), 2, ("too large",)),
    "huge power": ("x[n]\ny = x*10**10**10", 2, ("4096 bits",)),
    "powers of powers": ("x[n]\ny = x*((10**1000)**1000)**1000", 2, ("4096 bits",)),
    "overflowing number": ("x[n]\ny = x*1e400", 2, ("too large for a float",)),
    "division by zero": ("x[n]\ny = x/0", 2, ("division by the constant 0",)),
    "unknown function": ("x[n]\ny = sigmod(x)", 2, ("did you mean sigmoid",)),
    "free index": ("x[n]\ny[i] = x[j]", 2, ("index j is free",)),
    "number of axes": ("x[n, d]\ny[i] = x[i]", 2, ("2 axes, got 1",)),
    "real index": ("x[n], w[m]\ny[i] = x[w[i]]", 2, (": int",)),
    "defined twice": ("x[n]\ny = x\ny = 2*x", 3, ("defined twice", "line 2")),
    "declared and defined": ("x[n]\nx = x + 1", 2, ("declared as an input",)),
    "size with a domain": ("x[n]\nn >= 1\ny = x", 2, ("n is declared twice",)),
    "range of another index": ("x[n, n]\ny[i] = sum(x[i, p], p < i)", 2, ("no rectangle", "where")),
    "bound index outside": (
        "a[n], b[m]\nc[i] = sum(a[j]*b[i - j], j)",
        2,
        ("b[i - j] can leave b: not shown that i - j >= 0",),
    ),
    "conditional": ("x[n]\ny[i] = x[i] if x[i] > 0 else 0", 2, ("IfExp", "write where(condition, a, b)")),
    "slice": ("x[n]\ny = x[1:]", 2, ("Slice", "y[i] = x[i + 1]")),
    "range outside": ("x[n]\ny = sum(x[p], p < n + 1)", 2, ("can leave x",)),
    "range of a used index": ("x[n]\ny[p] = sum(x[p], p < n)", 2, ("p is already in use",)),
    "axis beyond": ("x[n, d]\ny = sum(x, axis=2)", 2, ("from -2 to 1", "(n, d)")),
    "axis of a size": ("x[n, d]\ny = sum(x, axis=n)", 2, ("from -2 to 1",)),
    "another word for axis": ("x[n, d]\ny = mean(x, dim=0)", 2, ("mean(A, axis=0, keepdims=1)",)),
    "axis of the larger of two": ("x[n, d]\ny = max(x, 0, axis=1)", 2, ("no keyword arguments",)),
    "neither kept nor not": ("x[n, d]\ny = sum(x, axis=0, keepdims=2)", 2, ("keepdims is 0 or 1",)),
    "unclosed": ("x[n]\ny = (x", 2, ("never closed",)),
}


@pytest.mark.parametrize("case", BAD)
def test_the_message_names_the_cause_and_the_place(case: str) -> None:
    text, line, parts = BAD[case]
    with pytest.raises(DeclarationError) as caught:
        declare(text)
    message = str(caught.value)
    assert all(part in message for part in parts), message
    first, shown, caret, *_ = message.split("\n")
    assert first == f"line {line}:"
    assert shown.strip()
    assert caret.strip() == "^"
    assert len(message) < 600


def test_an_unknown_operation_is_answered_with_suggestions() -> None:
    with pytest.raises(UnknownOperation, match="did you mean softmax"):
        get("sofmax")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.eqs"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DeclarationError, match="cannot read"):
        declare(path)
    with pytest.raises(DeclarationError, match="cannot read"):
        declare(tmp_path / "missing.eqs")


def test_what_has_no_derivative_raises_and_names_it() -> None:
    gather = declare("E[v, d], token[T]: int\ny[t, k] = E[token[t], k]")
    with pytest.raises(DerivationError, match="token holds integers"):
        derive(gather, wrt="token")
    with pytest.raises(DerivationError, match="no tensor 'Q'"):
        derive(gather, wrt="Q")
    with pytest.raises(DerivationError, match="no equation for 'Q'"):
        derive(gather, of="Q")
    with pytest.raises(DerivationError, match="scalar output"):
        hessian(get("dense"), wrt="W")


N, I = dimension("n"), index("i")
X = Access("x", I)
UNSUPPORTED = {
    "floor": floor(X),
    "inside": exp(floor(2 * X)) + X,
    "remainder": Mod(X, 2),
    "position of a maximum": Reduce("argmax", X, (I, N)),
    "index": Access("x", floor(X)),
    "unknown function": SympyFunction("mystery")(X),
    "SymPy's cases": Piecewise((X, X > 0), (0, True)),
    "SymPy's sum": Sum(X, (I, 0, N - 1)),
}
NAMED = ["floor", "floor", "Mod", "argmax", "index", "mystery", "Piecewise", "Sum"]


@pytest.mark.parametrize(("case", "name"), list(zip(UNSUPPORTED, NAMED, strict=True)))
def test_a_node_without_a_rule_raises_and_is_named(case: str, name: str) -> None:
    tensors = {"x": Tensor("x", (N,)), "y": Tensor("y", (N,), "output")}
    program = Program("p", tensors, (Equation("y", (I,), (N,), UNSUPPORTED[case]),), ("y",))
    with pytest.raises(DerivationError, match=name):
        derive(program)


def test_no_node_evaluates_text() -> None:
    """SymPy's ``sympify`` runs strings as code; the nodes take expressions and numbers only."""
    text = "__import__('os')._exit(3)"
    makers = [
        lambda: Access("x", text),
        lambda: Reduce("sum", text, (index("i"), dimension("n"))),
        lambda: Reduce("sum", Integer(1), (index("i"), text)),
        lambda: Where(index("i") < 2, text, 0),
        lambda: Where(index("i") < 2, 0, text),
        lambda: Where(True, text, 0),
        lambda: Partial(text, index("i"), 0),
    ]
    for make in makers:
        with pytest.raises(SympifyError):
            make()
