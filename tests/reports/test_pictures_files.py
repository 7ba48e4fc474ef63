"""Pictures as files: the same bytes in every run, names that appear literally, and what the command line writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.notation.names import accented, name_box
from derive.notation.tree import Letter
from derive.registry import declare, get
from derive.reverse import derive
from reports.errors import ReportError
from reports.pictures import figures_of, kinds, picture, subject_of
from reports.pictures.graph_picture import graph_figure
from reports.pictures.letters import beside, typeset, words
from reports.pictures.style import UNDATED
from tests.project.cli import in_a_fresh_process, in_process

Capture = pytest.CaptureFixture[str]

DRAW = """
import hashlib
from derive.registry import get
from reports.pictures import picture
for name, kind in (("neuron", "graph"), ("relu", "function"), ("sigmoid", "steps"), ("gradient_descent", "path")):
    figure = picture(get(name), kind)
    for suffix in ("svg", "pdf"):
        print(name, kind, suffix, hashlib.sha256(figure.data[suffix]).hexdigest())
    print(figure.caption, figure.description)
"""


def test_every_run_writes_the_same_bytes(tmp_path: Path, capsys: Capture) -> None:
    exec(compile(DRAW, "draw", "exec"), {})  # here, with the seed that this process drew
    here = capsys.readouterr().out
    elsewhere = in_a_fresh_process(cwd=tmp_path, code=DRAW, env={"PYTHONHASHSEED": "4711"})
    assert elsewhere.status == 0, elsewhere.err
    assert len(here.splitlines()) == 4 * 3
    assert here == elsewhere.out


def test_a_picture_is_drawn_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = picture(get("neuron"), "graph")
    calls: list[Any] = []
    monkeypatch.setattr("reports.pictures.graph_picture.paint", lambda *arguments: calls.append(arguments))
    assert list(figure.data) == ["svg", "pdf"]
    assert not calls
    assert figure.data["svg"] == figure.data["svg"]
    assert len(calls) == 1
    assert set(UNDATED) == {"svg", "pdf", "png"}
    with pytest.raises(KeyError):
        figure.data["gif"]


def test_pictures_have_captions_and_other_words_and_a_section() -> None:
    for name in ("hinge", "rnn", "gradient_descent"):
        subject = subject_of(get(name))
        found = figures_of(subject.operation, subject.derivation, subject.function, subject.example, others=False)
        assert [f.name.removeprefix(f"{name}_") for f in found] == [
            kind.replace("-", "_") for kind in kinds(get(name)) if kind != "accuracy"
        ]
        for figure in found:
            assert len(figure.caption) > 30
            assert len(figure.description) > len(figure.name)
            assert figure.description != figure.caption
            assert any(c.isdigit() for c in figure.description)
            assert figure.section in ("statement", "forward", "reverse", "evidence")
            assert 0.2 < figure.width <= 1.0


# -- names ---------------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.text(alphabet="$\\_^{}%#&~abx1é∑中 \x07", min_size=1, max_size=12))
def test_any_name_is_set_character_by_character(name: str) -> None:
    whole = typeset(Letter(name, "upright"), 10.0) if len(name) > 1 else words(name, 10.0)
    single = beside([words(character, 10.0) for character in name])
    np.testing.assert_allclose(whole.vertices, single.vertices)
    assert whole.width == pytest.approx(single.width)


def test_what_no_font_has_is_shown_by_its_number() -> None:
    for character, shown in (("中", "[U+4E2D]"), ("\x07", "[U+0007]")):
        np.testing.assert_array_equal(words(character, 9.0).vertices, words(shown, 9.0).vertices)


def test_marks_stand_above_and_scripts_below() -> None:
    plain, barred = typeset(name_box("W"), 10.0), typeset(accented("bar", name_box("W")), 10.0)
    hat, low = typeset(name_box("xhat"), 10.0), typeset(name_box("W1"), 10.0)
    assert barred.ascent > plain.ascent
    assert barred.width == plain.width
    assert hat.ascent > typeset(name_box("x"), 10.0).ascent
    assert low.descent > plain.descent
    assert low.width > plain.width
    assert not np.array_equal(typeset(name_box("gamma"), 10.0).vertices, typeset(name_box("beta"), 10.0).vertices)


def test_a_hostile_declaration_is_drawn_as_it_stands() -> None:
    operation = declare("x_1[n], größe[n]\na_0[i] = x_1[i]*größe[i]\nL_0 = sum(a_0**2)", name="evil")
    figure = graph_figure(operation, derive(operation))
    assert figure is not None
    assert b"<script" not in figure.data["svg"]
    assert b"<text" not in figure.data["svg"]  # letters are outlines
    assert "größe (n) is an input" in figure.description


# -- the command line ----------------------------------------------------------------------------------------------------------


def test_picture_lists_and_draws(tmp_path: Path, capsys: Capture) -> None:
    listed = in_process(capsys, "picture", "neuron")
    assert listed.status == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == ["graph", "steps", "accuracy"]
    assert list(json.loads(in_process(capsys, "picture", "neuron", "--json").out)) == ["graph", "steps", "accuracy"]
    for suffix, start in (("svg", b"<?xml"), ("pdf", b"%PDF-"), ("png", b"\x89PNG")):
        file = tmp_path / f"graph.{suffix}"
        done = in_process(capsys, "picture", "neuron", "graph", "--out", str(file))
        assert done.status == 0, done.err
        assert "Computation graph: 5 tensors" in done.out
        assert file.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("neuron", "graph"), "needs a file to write"),
        (("neuron", "graph", "--out", "graph.gif"), "SVG, PDF or PNG"),
        (("neuron", "graph", "--out", "nowhere/graph.svg"), "there is no folder"),
        (("neuron", "path", "--out", "path.svg"), "there are: graph, steps, accuracy"),
        (("neuron", "--out", "graph.svg"), "needs a kind"),
        (("binary_step", "steps", "--out", "steps.svg"), "nothing to show"),
    ],
)
def test_picture_refuses_what_it_cannot_draw(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = in_process(capsys, "picture", *arguments)
    assert result.status == 2
    assert message in " ".join(result.err.split())
    assert not list(tmp_path.iterdir())
    if "path" in arguments:
        with pytest.raises(ReportError):
            picture(get("neuron"), "path")


def test_mutants_draws_who_notices_what(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "table.svg"
    done = in_process(capsys, "mutants", "relu", "--seed", "1", "--no-beside", "--plot", str(file))
    assert done.status == 0, done.err
    assert done.out.rstrip().endswith(str(file))
    assert file.read_bytes().startswith(b"<?xml")
