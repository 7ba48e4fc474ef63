"""The static site: every link has a target, nothing hostile gets out of its place, an interrupted run changes nothing."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.notation.tree import Letter, row
from derive.registry import get
from reports import book, report
from reports.binding.pages import Page
from reports.document import Document, Line, Section, paragraph
from reports.errors import ReportError
from reports.site import building, site
from reports.site.entries import Entry, file_name
from reports.site.folder import MARK, whole_folder
from reports.site.links import linked
from reports.site.lists import data
from tests.project.cli import in_process
from tests.reports.conftest import EVIL

MATHML = "{http://www.w3.org/1998/Math/MathML}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def pages(folder: Path) -> dict[str, ET.Element]:
    """Every page of a site, parsed, by its address."""
    found = sorted(folder.rglob("*.html"))
    return {
        file.relative_to(folder).as_posix(): ET.fromstring(file.read_text("utf-8").split("\n", 1)[1]) for file in found
    }


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


# -- what is in it --------------------------------------------------------------------------------------------------------


def test_there_is_a_page_for_everything(made_site: Path) -> None:
    found = set(pages(made_site))
    assert {"index.html", "all.html", "references.html", "about.html"} < found
    names = {"relu", "dense", "layer_norm", "l2"}
    assert {f"operations/{name}.html" for name in names} < found
    assert len(found) == 9


def test_every_link_has_a_target_and_every_identifier_is_used_once(made_site: Path) -> None:
    found = pages(made_site)
    ids = {name: [e.get("id") for e in root.iter() if e.get("id")] for name, root in found.items()}
    followed = 0
    for name, root in found.items():
        assert len(ids[name]) == len(set(ids[name])), name
        for element in root.iter():
            for target in filter(None, (element.get("href"), element.get("src"))):
                if target.startswith("data:"):
                    continue
                file, _, fragment = target.partition("#")
                place = (made_site / name).parent / unquote(file) if file else made_site / name
                assert place.is_file(), (name, target)
                if fragment:
                    assert fragment in ids[place.resolve().relative_to(made_site.resolve()).as_posix()], (name, target)
                followed += 1
    assert followed > 100


def test_pages_share_one_style_sheet_and_lead_to_their_neighbours(made_site: Path) -> None:
    found = pages(made_site)
    order = [a.get("href") or "" for a in found["index.html"].iter(f"{XHTML}a")]
    order = [each for each in order if each.startswith("operations/")]
    assert len(order) == 5
    for number, address in enumerate(order):
        root = found[address]
        assert [link.get("href") for link in root.iter(f"{XHTML}link")] == ["../style.css"]
        assert not list(root.iter(f"{XHTML}style"))
        beside = {a.get("rel"): f"operations/{a.get('href')}" for a in root.iter(f"{XHTML}a") if a.get("rel")}
        due = {"prev": number - 1, "next": number + 1}
        assert beside == {rel: order[k] for rel, k in due.items() if 0 <= k < len(order)}
        (crumbs,) = [n for n in root.iter(f"{XHTML}nav") if n.get("aria-label") == "Breadcrumb"]
        assert [each.get("aria-current") for each in crumbs.iter(f"{XHTML}li")] == [None, None, "page"]


def test_the_index_shows_each_gradient_without_the_script(made_site: Path) -> None:
    index = pages(made_site)["index.html"]
    entries = [each for each in index.iter(f"{XHTML}li") if each.get("class") == "entry"]
    assert len(entries) == 5
    shown = {
        entry.findtext(f"./{XHTML}div/{XHTML}code"): [m.get("aria-label") or "" for m in entry.iter(f"{MATHML}math")]
        for entry in entries
    }
    assert shown["dense"][:2] == ["X bar", "= Z bar W transpose"]
    assert shown["relu"][0] == "z bar"
    assert len([label for label in shown["layer_norm"] if label.endswith("bar")]) >= 3
    (form,) = index.iter(f"{XHTML}form")
    assert form.get("hidden")  # shown by the script that makes it work


def test_nothing_raw_is_left_in_the_text(made_site: Path) -> None:
    """What a reader sees holds no LaTeX (listings and the hostile operation's own words apart)."""
    checked = 0
    for name, root in pages(made_site).items():
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag in (f"{XHTML}script", f"{XHTML}style", f"{XHTML}code"):
                    parent.remove(child)
        words = "".join(root.itertext()).replace(EVIL, "")
        assert not re.search(r"\\[a-zA-Z{]|\$|\\\\|\bbegin\{", words), name
        checked += len(words)
    assert checked > 10_000


def test_the_same_site_has_the_same_bytes(made_site: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        site(tmp_path / folder, [get("l2")], evidence=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    again = (tmp_path / "one" / "style.css").read_bytes()
    assert again == (made_site / "style.css").read_bytes()


# -- hostile words --------------------------------------------------------------------------------------------------------


class Scripts(HTMLParser):
    """The scripts of a page as a browser finds them, which is not as XML has them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[str, str]] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append((dict(attrs).get("type") or "", ""))
            self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == "script" else self.inside

    def handle_data(self, text: str) -> None:
        if self.inside:
            kind, so_far = self.found[-1]
            self.found[-1] = (kind, so_far + text)


def test_hostile_words_stay_words(made_site: Path) -> None:
    found = pages(made_site)
    for name, root in found.items():
        reader = Scripts()
        reader.feed((made_site / name).read_text("utf-8"))
        kinds = [kind for kind, _ in reader.found]
        assert kinds == (["application/json", "", ""] if name == "index.html" else [""]), name
        assert not any("alert" in text for kind, text in reader.found if not kind)
        assert [s.text for s in root.iter(f"{XHTML}script")] == [text for _, text in reader.found]
    assert "".join(found["index.html"].itertext()).count(EVIL) >= 3
    (evil,) = [name for name in found if "script" in name]
    assert re.fullmatch(r"operations/[a-z0-9_-]+-[0-9a-f]{8}\.html", evil)
    (title,) = found[evil].iter(f"{XHTML}h1")
    assert title.text == EVIL


def test_the_index_says_what_was_declared(made_site: Path) -> None:
    (holder,) = [s for s in pages(made_site)["index.html"].iter(f"{XHTML}script") if s.get("id") == "skip.data"]
    assert "<" not in (holder.text or "")
    entries = {entry["name"]: entry for entry in json.loads(holder.text or "")}
    assert entries[EVIL]["title"] == entries[EVIL]["source"] == EVIL
    assert entries["relu"]["source"] == get("relu").source
    assert {"gamma", "beta", "x", "y"} <= set(entries["layer_norm"]["symbols"].split())


@given(st.text(), st.text())
def test_data_can_hold_anything(key: str, value: str) -> None:
    written = data({key: value})
    assert not set("<>&") & set(written)
    assert written.isascii()
    assert json.loads(written) == {key: value}


@given(st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True))
def test_every_name_has_a_file_of_its_own_in_the_folder(names: list[str]) -> None:
    files = [file_name(name) for name in names]
    assert len({file.lower() for file in files}) == len(files)
    assert all(re.fullmatch(r"[a-z0-9_-]+\.html", file) for file in files)


def test_two_operations_of_one_name_are_refused(tmp_path: Path) -> None:
    both = [get("mlp"), get("mlp", activation="tanh")]
    for call in (
        lambda: site(tmp_path / "site", both, evidence=False),
        lambda: book(tmp_path / "book.pdf", both, evidence=False),
        lambda: report(both, tmp_path, ("md",), evidence=False),
    ):
        with pytest.raises(ReportError, match="two operations are called mlp; rename one"):
            call()
    assert list(tmp_path.iterdir()) == []


# -- whole or not at all --------------------------------------------------------------------------------------------------


def write(folder: Path, **files: str) -> None:
    with whole_folder(folder) as new:
        for name, text in files.items():
            (new / name).write_text(text)


def test_a_site_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write(out, one="1", two="2")
    write(out, one="new")
    assert {p.name for p in out.iterdir()} == {"one", MARK}
    (out / "notes.txt").write_text("mine")
    with pytest.raises(ReportError, match=r"notes\.txt was not written by an earlier site"):
        write(out, one="newer")
    assert (out / "one").read_text() == "new"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years")
    with pytest.raises(ReportError, match="not from an earlier site"):
        write(other, one="1")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(ReportError, match="is a file"):
        write(file, one="1")
    assert {p.name for p in tmp_path.iterdir()} == {"site", "other", "file"}


@pytest.mark.parametrize(
    "problem", [KeyboardInterrupt(), OSError(28, "No space left on device"), RuntimeError("killed")]
)
def test_an_interrupted_run_leaves_the_earlier_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    out = tmp_path / "site"
    write(out, index="old")

    def stop(*_: object) -> str:
        raise problem

    small = Document("t", (Section("s", (paragraph("x"),)),))
    monkeypatch.setattr(building, "pages", lambda *_, **__: iter([Page(get("relu"), small)]))
    monkeypatch.setattr(building, "index_page", stop)
    with pytest.raises(ReportError if isinstance(problem, OSError) else type(problem)):
        site(out, [get("relu")])
    assert (out / "index").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_swap_that_fails_puts_the_earlier_site_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    out = tmp_path / "site"
    write(out, index="old")
    replace, calls = os.replace, []

    def second_fails(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr("reports.site.folder.os.replace", second_fails)
    with pytest.raises(ReportError, match="Permission denied"):
        write(out, index="new")
    assert (out / "index").read_text() == "old"


def test_the_command_says_that_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reports.site.site", stop)
    done = in_process(capsys, "site", "--out", str(tmp_path / "out"), "relu")
    assert (done.status, "is as it was before" in done.err) == (130, True)


def test_the_command_keeps_pages_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = []
    monkeypatch.setattr("reports.site.site", lambda out, found, *, cache, **_: kept.append((found, cache.folder)))
    site_of_relu = ("site", "--out", str(tmp_path / "out"), "relu", "--cache", str(tmp_path / "pages"))
    assert in_process(capsys, *site_of_relu).status == 0
    assert kept == [([get("relu")], tmp_path / "pages")]
    assert in_process(capsys, *site_of_relu, "--no-cache").status == 2
    (tmp_path / "file").write_text("in the way")
    done = in_process(capsys, *site_of_relu[:-1], str(tmp_path / "file"))
    assert (done.status, "pages were not kept" in done.err) == (0, True)


# -- the short form -------------------------------------------------------------------------------------------------------


def test_a_list_shows_what_it_has_room_for_and_says_what_is_left() -> None:
    long = row(*(Letter("x") for _ in range(200)))
    lines = tuple(Line(Letter(each), long if each in "bd" else Letter("y")) for each in "abcdefgh")
    entry = Entry(Page(get("dense"), Document("t", ()), lines))
    assert [line.left for line in entry.shown] == [Letter(each) for each in "acef"]
    assert entry.hidden == 4


def test_a_link_to_nowhere_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        linked({"a.html": '<a href="#nowhere">'}, {})
