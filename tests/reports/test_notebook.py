"""What notebooks show of our objects: by the protocol of IPython, and by IPython's own formatter where it is installed."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import backproof as bp
from derive import rich
from derive.registry import declare
from reports.notebook import blocks
from verify.accuracy import Accuracy, Band, Errors
from verify.evidence import Evidence, Row
from verify.mutants.table import KillTable
from verify.oracle import Check
from verify.verdicts import Verdict

EVIDENCE = Evidence(
    "dense",
    (
        Row("jax", "X", "ordinary", 8, "float64", 2e-16, 1e-9, Verdict.AGREES),
        Row("balls", "W", "ties", 4, "float32", 0.5, 1e-9, Verdict.WRONG_FORMULA, note="a | b <i>"),
    ),
    7,
)


def subjects() -> dict[str, Any]:
    return {
        "operation": bp.get("dense"),
        "derivation": bp.derive("dense"),
        "evidence": EVIDENCE,
        "check": Check("dense", "<script>mine</script>", EVIDENCE),
        "kill table": KillTable("dense", (), 3),
        "accuracy": Accuracy("dense", "float32", 3, (Band(-2, 5, {"backproof": Errors(excess=1.25)}),)),
    }


def bundle(subject: Any) -> dict[str, str]:
    """What a notebook is given, by MIME type."""
    try:
        from IPython.core.formatters import DisplayFormatter  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        forms = {"text/html": "html", "text/markdown": "markdown", "text/latex": "latex"}
        found = {mime: getattr(subject, f"_repr_{form}_")() for mime, form in forms.items()}
        return {"text/plain": repr(subject), **{mime: text for mime, text in found.items() if text is not None}}
    return dict(DisplayFormatter().format(subject)[0])


@pytest.mark.parametrize("name", list(subjects()))
def test_everything_is_shown_in_html_and_markdown(name: str) -> None:
    found = bundle(subjects()[name])
    assert {"text/plain", "text/html", "text/markdown"} <= set(found)
    root = ET.fromstring(found["text/html"])
    assert root.get("class") == "backproof"
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    assert "dense" in found["text/markdown"] or name == "derivation"
    assert "```math" not in found["text/markdown"]  # a notebook takes it for code


def test_a_derivation_is_its_aligned_equations() -> None:
    found = bundle(bp.derive("dense"))
    equations = re.findall(r"\\bar\{(\w)\} &= ", found["text/latex"])
    assert equations == ["X", "W", "b"]
    assert found["text/latex"].startswith("$$\\begin{aligned}\n")
    assert found["text/latex"].endswith("\n\\end{aligned}$$")
    assert re.findall(r"\\bar\{(\w)\} &= ", found["text/markdown"]) == equations
    assert found["text/html"].count("<math") >= 9  # left, right and shape of each


def test_an_operation_is_its_declaration() -> None:
    found = bundle(bp.get("dense"))
    assert "Z_{ij} &= \\sum" in found["text/latex"]
    for form in ("text/html", "text/markdown"):
        assert "Z = X @ W + b" in found[form]
        assert "Goodfellow" in found[form]
    assert "| $W$ | $d \\times k$ | weights | real |" in found["text/markdown"]


def test_evidence_is_its_table_with_the_verdicts() -> None:
    found = bundle(EVIDENCE)
    assert "| balls | W | float32 | 1 | 4 | 0.5 | 1e-09 |  | wrong formula |" in found["text/markdown"]
    assert "wrong formula" in ET.tostring(ET.fromstring(found["text/html"]), "unicode", "text")
    assert r"\text{balls} & \text{W}" in found["text/latex"]
    assert found["text/latex"].count(r"\begin{array}") == found["text/latex"].count(r"\end{array}") == 1


def test_hostile_names_are_words() -> None:
    operation = declare(
        "x_1[n]; # <script>alert(1)</script> $x$ </style>\ny = x_1**2", name="</div><script>alert(1)</script>"
    )
    for subject in (operation, bp.derive(operation), Check("relu", "</style><script>", EVIDENCE)):
        found = bundle(subject)
        assert not [e for e in ET.fromstring(found["text/html"]).iter() if e.tag.endswith("script")]
        prose = re.sub(r"(?ms)^(`{3,}).*?^\1$|`[^`]*`", "", found["text/markdown"])
        assert not re.search(r"(?<!\\)<", prose)


def test_a_case_of_each_kind_is_shown_and_nothing_else() -> None:
    assert all(blocks(subject) for subject in subjects().values())
    assert blocks(object()) == []


def test_without_a_painter_there_is_the_latex_of_the_derivation_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rich, "_painters", [])
    assert EVIDENCE._repr_html_() is None
    assert bp.get("dense")._repr_markdown_() is None
    assert "aligned" in bp.derive("dense")._repr_latex_()


def test_the_front_door_alone_loads_no_writer(root: Path) -> None:
    code = "import sys, backproof; print([m for m in sys.modules if m.startswith(('reports', 'sympy', 'jax'))])"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
