"""``backproof example`` and ``backproof audit``: for a person, for a program, on paper, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project.cli import in_process

Capture = pytest.CaptureFixture[str]

CLAIMS = r"""
title = 'Claims of \write18{x} <script>alert(1)</script> 100% a_b'
[[claim]]
id = "slope"
statement = 'the slope is \write18{x} <script>alert(1)</script> a_b'
given = "z"
[[claim.check]]
kind = "number"
inputs = { z = 0.18 }
what = "sigmoid(z)*(1 - sigmoid(z))"
value = 0.247
[[claim.check]]
kind = "bound"
relation = "-1 < tanh(z) < 1"
"""


def test_the_example_of_the_article_by_name_with_a_step(capsys: Capture, tmp_path: Path) -> None:
    options = ["--inputs", "article_b.toml", "--decimals", "3", "--update", "momentum", "--rate", "0.5", "--wrt", "b2"]
    result = in_process(capsys, "example", "mlp", *options, "--out", str(tmp_path), "--formats", "md")
    assert result.status == 0, result.err
    assert "Z2[0, 0] = 0.490*0.3 + 0.545*(-0.2) + 0.05 = 0.088" in result.out
    assert "b2 after = [0.056]" in result.out  # 0.05 + 0.5*(1 - 0.9)*0.1193
    assert "0.249, " not in result.out
    data = json.loads(in_process(capsys, "example", "mlp", *options, "--json").out)
    assert data["tensors"]["L"]["value"] == "0.114"
    assert [each["holds"] for each in data["printed"]].count(False) == 2
    assert (tmp_path / "mlp-example.md").read_text().startswith("# A network of two inputs")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mlp", "--inputs", "nothing.toml"], "there is no file 'nothing.toml', nor an example of that name"),
        (["mlp", "--inputs", "article_b", "--digits", "3", "--decimals", "3"], "give one of the two"),
        (["mlp", "--inputs", "article_b", "--update", "relu"], "relu is no update rule"),
        (["mlp", "--inputs", "article_b", "--update", "adam", "--rate", "-1"], "outside the domain of adam"),
        (["mlp", "--inputs", "article_b", "--wrt", "Y"], "there is no gradient of Y"),
        (["dense", "--inputs", "article_b"], "article_b:\n"),
    ],
)
def test_an_example_that_cannot_be_worked_ends_with_2(arguments: list[str], message: str, capsys: Capture) -> None:
    result = in_process(capsys, "example", *arguments)
    assert result.status == 2
    assert message in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mlp", "--inputs", "article_b", "--rate", "abc"], "alpha: expected a finite number"),
        (["mlp", "--inputs", "article_b", "--update", "dense"], "dense is no update rule"),
        (["mlp", "--inputs", "article_b", "--wrt", "QQ"], "there is no gradient of QQ"),
        (["relu", "--inputs", "TMP/relu.toml", "--wrt", "z"], "what is updated needs an optimizer: add --update"),
        (["relu", "--inputs", "TMP/layout.toml"], "TMP/layout.toml:\nlayouts: there is no array 'X'"),
        (["relu", "--inputs", "TMP/rule.toml"], "TMP/rule.toml:\ndense is no update rule"),
        (["relu", "--inputs", "TMP/printed.toml"], "TMP/printed.toml:\nprinted 'a': the shape is (1,)"),
        (["relu", "--inputs", "TMP/bytes.toml"], "TMP/bytes.toml is not UTF-8 text"),
        (["relu", "--inputs", "TMP"], "TMP is a folder; name a file in it"),
    ],
)
def test_a_mistake_is_looked_for_where_it_is(
    arguments: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    inputs = "[inputs]\nz = [1]\n"
    (tmp_path / "relu.toml").write_text(inputs)
    (tmp_path / "layout.toml").write_text(inputs + '[layouts]\nX = "k"')
    (tmp_path / "rule.toml").write_text(inputs + '[update]\nrule = "dense"')
    (tmp_path / "printed.toml").write_text(inputs + '[[printed]]\nwhat = "a"\nvalue = [1, 2]')
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    result = in_process(capsys, "example", *(each.replace("TMP", str(tmp_path)) for each in arguments))
    assert result.status == 2
    assert result.err.startswith(f"backproof: {message}".replace("TMP", str(tmp_path)))


def test_an_audit_for_a_person_for_a_program_and_on_paper(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(CLAIMS)
    result = in_process(capsys, "audit", str(file))
    assert result.status == 1
    assert "DOES NOT HOLD" in result.out
    assert "correction: 0.248, not 0.247" in result.out
    data = json.loads(in_process(capsys, "audit", str(file), "--json").out)
    (claim,) = data["claims"]
    assert [check["outcome"] for check in claim["checks"]] == ["does not hold", "holds"]
    for suffix in ("html", "md", "tex", "pdf"):
        out = tmp_path / f"audit.{suffix}"
        assert in_process(capsys, "audit", str(file), "--out", str(out)).status == 1
        content = out.read_bytes()
        assert content.startswith(b"%PDF-") if suffix == "pdf" else b"0.248, not 0.247" in content
    page = (tmp_path / "audit.html").read_text()
    assert "<script>alert" not in page
    assert 'class="verdict-bad"' in page
    assert r"\write18{x}" not in (tmp_path / "audit.tex").read_text()


def test_the_template_is_a_file_of_claims(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "first.toml"
    file.write_text(in_process(capsys, "audit", "--template").out)
    result = in_process(capsys, "audit", str(file), "--claim", "slope")
    assert result.status == 1
    assert "1 claim: 1 does not hold" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a file of claims"),
        (["nothing.toml"], "there is no file 'nothing.toml', nor an audit of that name"),
        ([str(Path(__file__).parent)], "is a folder; name a file in it"),
        (["articles", "--claim", "z9"], "there is no claim 'z9'"),
        (["articles", "--out", "audit.doc"], "--out takes a file that ends in .tex, .pdf, .html, .md"),
    ],
)
def test_an_audit_that_cannot_be_made_ends_with_2(arguments: list[str], message: str, capsys: Capture) -> None:
    result = in_process(capsys, "audit", *arguments)
    assert result.status == 2
    assert message in result.err


def test_a_mistake_found_late_leaves_no_folder(tmp_path: Path, capsys: Capture) -> None:
    new = tmp_path / "new" / "folder"
    assert in_process(capsys, "audit", "articles", "--claim", "z9", "--out", str(new / "a.md")).status == 2
    assert in_process(capsys, "example", "mlp", "--inputs", "nothing", "--out", str(new)).status == 2
    assert not list(tmp_path.iterdir())
