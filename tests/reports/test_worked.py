"""Worked examples: the numbers are mpmath's, the file is checked before anything runs, all optimizers make a step."""

from __future__ import annotations

from pathlib import Path

import mpmath
import numpy as np
import pytest

import backproof as bp
from numeric.decimals import Rounding
from reports.html.writer import html
from reports.latex.writer import latex
from reports.worked import Worked, work
from reports.worked.paper import document, write
from verify.inputs import InputsError


@pytest.fixture(scope="module")
def article() -> Worked:
    return work(bp.get("mlp"), "article_b", rounding=Rounding(decimals=12))


def test_the_example_of_article_b_is_that_of_mpmath(article: Worked) -> None:
    with mpmath.workdps(40):
        m = mpmath.mpf

        def sigma(z: mpmath.mpf) -> mpmath.mpf:
            return 1 / (1 + mpmath.exp(-z))

        x, w1, b1 = [m("0.5"), m("0.8")], [[m("0.2"), m("-0.3")], [m("0.4"), m("0.1")]], [m("0.1"), m("-0.1")]
        w2, b2, rate = [m("0.3"), m("-0.2")], m("0.05"), m("0.1")
        z1 = [sum(w1[i][j] * x[j] for j in range(2)) + b1[i] for i in range(2)]
        a1 = [sigma(z) for z in z1]
        z2 = sum(w2[i] * a1[i] for i in range(2)) + b2
        a2 = sigma(z2)
        delta2 = (a2 - 1) * a2 * (1 - a2)
        delta1 = [delta2 * w2[i] * a1[i] * (1 - a1[i]) for i in range(2)]
        expected = {
            "Z1": [z1], "A1": [a1], "Z2": [[z2]], "A2": [[a2]], "L": (a2 - 1) ** 2 / 2, "dZ2": [[delta2]],
            "dZ1": [delta1], "dW2": [[delta2 * a] for a in a1], "db2": [delta2], "db1": delta1,
            "dW1": [[delta1[i] * x[j] for i in range(2)] for j in range(2)],
        }  # fmt: skip
        after = {"W2": [[w2[i] - rate * delta2 * a1[i]] for i in range(2)], "b2": [b2 - rate * delta2]}

        def printed(value: object) -> object:
            if isinstance(value, list):
                return [printed(part) for part in value]
            return f"{float(mpmath.nint(value * m(10) ** 12) / m(10) ** 12):.12f}".replace(
                "-0." + "0" * 12, "0." + "0" * 12
            )

        for name, value in expected.items():
            assert article.values[name].tolist() == printed(value), name
        assert article.update is not None
        for name, value in after.items():
            assert article.update.after[name].tolist() == printed(value), name
    assert article.ok
    assert {c.printed.label for c in article.comparisons if not c.holds} == {
        "slope at the output, sigma'(Z2)",
        "slopes at the hidden units, sigma'(Z1)",
    }
    assert all(c.words == "cut off, not rounded" for c in article.comparisons if not c.holds)


def test_the_terminal_shows_formula_numbers_and_result(article: Worked) -> None:
    lines = [" ".join(line.split()) for line in str(work(bp.get("mlp"), "article_b")).splitlines()]
    assert "Z1[0, 0] = 0.5*0.2 + 0.8*(-0.3) + 0.1 = -0.0400" in lines
    assert "dW1[1, 1] = 0.8*0.0059 = 0.0047" in lines
    assert "A1[0, 1] = sigma(0.1800) = 0.5449" in lines
    assert "L: 0.1142 before, 0.1120 after" in lines
    assert "NumPy: 0.11424584453230752" in lines
    assert str(article).count("cut off") == 2


OPTIMIZERS = [operation.name for operation in bp.operations() if operation.category == "optimizer"]
LINE = """
[inputs]
x = [[0.5, -1.25], [2, 0.75]]
a = [1.5, 0.25]
y = [1, 0]
"""


@pytest.fixture(scope="module")
def line() -> bp.Operation:
    return bp.declare("x[n, d], a[d]\ny[n]: data\nL = sum((x @ a - y)**2)/2", name="line")


def test_every_optimizer_of_the_catalog_makes_a_step(line: bp.Operation, tmp_path: Path) -> None:
    file = tmp_path / "line.toml"
    file.write_text(LINE)
    assert len(OPTIMIZERS) >= 18
    moved = {}
    for name in OPTIMIZERS:
        update = work(line, str(file), rounding=Rounding(digits=9), update=bp.get(name)).update
        assert update is not None
        assert list(update.after) == ["a"]  # x has the axis of the samples
        exact = [float(text) for text in update.after["a"]]
        assert exact == pytest.approx(update.numpy["a"], rel=1e-8), name
        moved[name] = exact
    assert moved["gradient_descent"] == pytest.approx(np.array([1.5, 0.25]) - 0.1 * gradient(), rel=1e-8)
    assert moved["adam"] == pytest.approx([1.499, 0.249 + 0.002 * (gradient()[1] < 0)], rel=1e-6)


def gradient() -> np.ndarray:
    x, a, y = np.array([[0.5, -1.25], [2, 0.75]]), np.array([1.5, 0.25]), np.array([1.0, 0.0])
    return np.asarray(x.T @ (x @ a - y))


WRONG = [
    ("", "must have a part [inputs] with the numbers of z"),
    ("[inputs]\nz = [1", "the file is no TOML"),
    ("[inputs]\nw = [1]", "sigmoid has no input w; its inputs are z; take it out"),
    ("[inputs]", "sigmoid needs the input z[batch], which is missing; add z = [...] with 1 axis"),
    ("[inputs]\nz = [[1, 2], [3]]", "all rows must be equally long; row 0 has the shape (2,) and row 1 has (1,)"),
    ('[inputs]\nz = ["one"]', "z[0]: expected a finite number such as 0.1, -3 or \"1/3\", got 'one'"),
    ("[inputs]\nz = [inf]", "expected a finite number"),
    ("[inputs]\nz = [1]\n[cotangents]\nb = [1]", "there is no cotangent of b to be given; those to be given: a"),
    ("[inputs]\nz = [1]\n[cotangents]\na = [1, 2]", "the cotangent of a must have its shape (1,), got (2,)"),
    ("[inputs]\nz = [1]\n[format]\ndigits = 0", "digits must be a whole number from 1 to 200, got 0"),
    ("[input]\nz = [1]", "a worked example has no part 'input'; did you mean inputs?"),
    ("[inputs]\nz = [1]\n[update]\nrule = 'softmax'", "softmax is no update rule"),
    ("[inputs]\nz = [1]\n[update]\nrule = 'adam'\nbeta1 = 1", "beta1 = 1 is outside the domain of adam"),
    ("[inputs]\nz = [1]\n[update]\nrule = 'adam'\nbeta = 1", "adam has no hyper-parameter beta"),
    ("[inputs]\nz = [1]\n[layouts]\nz = 'k'", "layouts: 'z' is declared as 'batch'"),
    ("[inputs]\nz = [1]\n[[printed]]\nwhat = 'a +'\nvalue = 1", "printed 'a +'"),
    ("[inputs]\nz = [1]\n[[printed]]\nwhat = 'a'\nvalue = [1, 2]", "numbers of the shape (2,) are given"),
    ("printed = 3\n[inputs]\nz = [1]", "printed must be parts [[printed]], each with what and value below it; got 3"),
    ("title = ['a']\n[inputs]\nz = [1]", "title must be text in quotes, got ['a']"),
    ("[inputs]\nz = [1]\n[layouts]\nz = ['batch']", "z must be text in quotes, got ['batch']"),
    ("[inputs]\nz = [1]\n[[printed]]\nwhat = 'a'\nvalue = 1\nlabel = 2", "label must be text in quotes, got 2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_a_file_that_does_not_fit_is_refused_before_anything_runs(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "inputs.toml"
    file.write_text(text)
    with pytest.raises(InputsError) as found:
        work(bp.get("sigmoid"), str(file))
    assert message in str(found.value)


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("bce", "p = [1.5]\ny = [1]", "p[0] = 1.5 is outside its declared domain"),
        ("softmax_cross_entropy", "Z = [[1, 2]]\nY = [[0.5, 0.25]]", "declares the fact sum(Y[i, j], j) == 1"),
        ("embedding", "E = [[1], [2]]\ntoken = [[2]]", "token[0, 0] = 2 is an index and must lie from 0 to 1"),
        ("dense", "X = [[1, 2]]\nW = [[1]]\nb = [1]", "dimension d must be the same everywhere"),
        ("dense", "X = [1, 2]\nW = [[1]]\nb = [1]", "X[n, d] must have 2 axes, but the shape (2,) with 1 was given"),
    ],
)
def test_values_outside_domain_and_facts_are_refused(name: str, inputs: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "inputs.toml"
    file.write_text(f"[inputs]\n{inputs}\n")
    with pytest.raises(InputsError) as found:
        work(bp.get(name), str(file))
    assert message in str(found.value)


def test_on_paper_hostile_titles_are_words_and_all_formats_are_whole(line: bp.Operation, tmp_path: Path) -> None:
    title = r"\write18{x} <script>alert(1)</script> 50% a_b é"
    file = tmp_path / "line.toml"
    file.write_text(
        f"title = '{title}'\nsource = '{title}'\n{LINE}\n[[printed]]\nwhat = 'L'\nlabel = '{title}'\nvalue = 2.4"
    )
    worked = work(line, str(file), update=bp.get("momentum"), rate="0.5")
    page = document(worked)
    assert "1 quantity is printed: 1 is " in html(page)
    assert "<script>alert" not in html(page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html(page)
    assert r"\write18" not in latex(page).replace(r"\textbackslash{}write18", "")
    files = write(worked, tmp_path / "out")
    assert {f.suffix for f in files} == {".pdf", ".html", ".tex", ".md"}
    assert (tmp_path / "out" / "line-example.pdf").read_bytes().startswith(b"%PDF-")
