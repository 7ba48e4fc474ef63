"""What a cache gives back is what was put in, or nothing; a page is kept for as long as nothing that made it changes."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from derive.registry import declare, get
from reports.binding import fingerprint, judging
from reports.binding import pages as making
from reports.binding.cache import DAYS, Cache, default_folder
from reports.binding.fingerprint import code, key_of
from reports.binding.pages import Page, pages
from reports.codec import CodecError, classes, dumps, loads
from reports.document import Document, Figure, Section, paragraph
from verify.evidence import Evidence, Row
from verify.verdicts import Verdict

KEY = "0" * 64


def entry(folder: Path) -> Path:
    (found,) = folder.glob("*.page")
    return found


def test_a_cache_gives_back_what_was_put_in(tmp_path: Path) -> None:
    Cache(tmp_path / "kept").write(KEY, "words é")
    assert Cache(tmp_path / "kept").read(KEY) == "words é"
    assert Cache(tmp_path / "kept").read("1" * 64) is None
    assert stat.S_IMODE(entry(tmp_path / "kept").stat().st_mode) == 0o600
    assert Cache(None).read(KEY) is None


def damaged(content: bytes) -> Iterator[bytes]:
    yield b""
    yield content[:-1]
    yield content[: len(content) // 2]
    for place in (0, 20, len(content) // 2, len(content) - 1):
        yield content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    yield content + b"x"


def test_a_damaged_entry_is_not_taken(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write(KEY, "words " * 50)
    file = entry(tmp_path)
    for content in damaged(file.read_bytes()):
        file.write_bytes(content)
        assert cache.read(KEY) is None
    cache.write(KEY, "new")
    assert cache.read(KEY) == "new"


def test_an_entry_under_another_key_is_not_taken(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write(KEY, "words")
    entry(tmp_path).rename(tmp_path / f"{'1' * 64}.page")
    assert cache.read("1" * 64) is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs owners and modes of files")
def test_an_entry_that_others_may_have_written_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    cache.write(KEY, "words")
    file = entry(tmp_path)
    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert cache.read(KEY) is None
    file.chmod(0o600)
    other = file.with_suffix(".moved")
    file.rename(other)
    file.symlink_to(other)
    assert cache.read(KEY) is None
    file.unlink()
    other.rename(file)
    assert cache.read(KEY) == "words"
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert cache.read(KEY) is None


def test_a_cache_that_cannot_be_written_says_so_once_and_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "cannot make the folder" in Cache(tmp_path / "file" / "kept").problem
    cache = Cache(tmp_path / "kept")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.write(KEY, "words")
    assert "No space left on device" in cache.problem
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_nobody_asked_for_in_a_month_is_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write(KEY, "old")
    cache.write("1" * 64, "new")
    (tmp_path / "foreign.txt").write_text("stays")
    for file in tmp_path.iterdir():
        if file.name != f"{'1' * 64}.page":
            os.utime(file, (0, file.stat().st_mtime - (DAYS + 1) * 86400))
    cache.prune()
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"{'1' * 64}.page", "foreign.txt"]


def test_the_default_folder_is_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert default_folder() == Path(os.environ["BACKPROOF_CACHE"])
    monkeypatch.delenv("BACKPROOF_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "backproof"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert default_folder() == Path.home() / ".cache" / "backproof"


# -- documents as text ------------------------------------------------------------------------------------------------------


def test_every_document_comes_back_as_it_was(core: tuple[Page, ...]) -> None:
    for page in core:
        text = dumps((page.document, page.gradients))
        assert loads(text) == (page.document, page.gradients)
        assert dumps(loads(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '["Text"]',
        '["Path","x"]',
        '["os.system","x"]',
        '["Text",1,2,3]',
        '["b64","?"]',
        "[[1]]",
        "[" * 100_000,
    ],
)
def test_other_text_is_no_document(text: str) -> None:
    with pytest.raises(CodecError):
        loads(text)


def test_only_the_classes_of_documents_are_made() -> None:
    assert {kind.__module__ for kind in classes().values()} == {"reports.document", "derive.notation.tree"}
    with pytest.raises(CodecError, match=r"got \w+Path"):
        dumps(Path("x"))


# -- keys -------------------------------------------------------------------------------------------------------------------


def test_a_key_changes_with_everything_that_a_page_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = get("sigmoid")
    base = key_of(operation, "page", {"detail": "full"})
    assert base == key_of(operation, "page", {"detail": "full"})
    others = [
        key_of(operation, "evidence", {"detail": "full"}),
        key_of(operation, "page", {"detail": "brief"}),
        key_of(get("tanh"), "page", {"detail": "full"}),
        key_of(replace(operation, source="elsewhere"), "page", {"detail": "full"}),
        key_of(replace(operation, meanings={"z": "other"}), "page", {"detail": "full"}),
    ]
    monkeypatch.setattr(fingerprint, "_environment", lambda: "other versions")
    others.append(key_of(operation, "page", {"detail": "full"}))
    monkeypatch.undo()
    monkeypatch.setattr(fingerprint, "code", lambda roots: "other code")
    others.append(key_of(operation, "page", {"detail": "full"}))
    monkeypatch.undo()
    monkeypatch.setattr(fingerprint, "_references", lambda names: ["another reference"])
    others.append(key_of(operation, "page", {"detail": "full"}))
    assert len({base, *others}) == len(others) + 1


def test_a_key_changes_with_what_the_operation_calls_and_with_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = declare("z[n, d]; p = softmax(z); y[i] = sum(p[i, j]**2, j)", name="mine")
    known = fingerprint.declarations()

    def with_other(name: str) -> str:
        changed = tuple(replace(each, text=f"{each.text} # other") if each.name == name else each for each in known)
        monkeypatch.setattr(fingerprint, "declarations", lambda: changed)
        return key_of(operation, "page", {})

    base = with_other("")
    assert with_other("softmax") != base
    assert with_other("sigmoid") != base  # elementwise: a derivative may be folded into it
    assert with_other("conv2d") == base


def test_the_code_counted_for_a_page_is_all_that_runs_for_it() -> None:
    """Every module of ours that runs while a page is made is among those whose text is in the key."""
    ran: set[str] = set()
    sys.setprofile(lambda frame, event, argument: ran.add(frame.f_globals.get("__name__", "")))
    try:
        list(pages([get("huber")], evidence=False))
    finally:
        sys.setprofile(None)
    counted = {name for root in (*fingerprint.OWN, *fingerprint.PAGES) for name in fingerprint.texts(root)}
    own = {name for name in ran if name.split(".")[0] in ("derive", "numeric", "verify", "reports")}
    assert len(own) > 40
    assert sorted(name for name in own - counted if not name.startswith(fingerprint.APART)) == []
    assert "reports.html.writer" not in counted  # how a page is printed is no part of it
    assert code(fingerprint.OWN) != code((*fingerprint.OWN, *fingerprint.PAGES))


def test_what_depends_on_code_of_others_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from verify import references

    monkeypatch.setitem(references._references, "l2", lambda w, **_: {"L": w})
    assert key_of(get("l2"), "evidence", {}) == ""
    assert key_of(get("l1"), "evidence", {}) != ""
    for _ in range(2):
        (page,) = pages([get("l2")], evidence=False, cache=tmp_path)
        assert not page.kept
    assert list(tmp_path.iterdir()) == []


# -- pages ------------------------------------------------------------------------------------------------------------------


def test_a_page_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[Any, ...]] = []

    def make() -> list[Page]:
        return list(pages([get("l2")], evidence=False, cache=tmp_path, progress=lambda *all_: said.append(all_)))

    (first,) = make()
    monkeypatch.setattr(making, "derive", None)  # whoever makes a page fails
    (again,) = make()
    assert (first.kept, again.kept) == (False, True)
    assert replace(again, kept=False) == first
    assert said == [("l2", 1, 1), ("l2 (kept)", 1, 1)]
    with pytest.raises(TypeError):
        list(pages([get("l2")], evidence=False, cache=tmp_path, pictures=("pdf",)))


def test_evidence_is_kept_on_its_own_and_only_if_it_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from derive.reverse import derive

    operation, calls = get("identity"), []
    derivation = derive(operation)

    def verified(verdict: Verdict) -> Any:
        def verify(_: object, *, seed: int) -> Evidence:
            calls.append(seed)
            row = Row("balls", "z", "ordinary", 3, "float64", 0.1 + 0.2, 1e-10, verdict, "note", seed, float("inf"))
            from verify.steps import check_steps

            return Evidence("identity", (row,), seed, check_steps(derivation), ("x",), 1.0, {"python": "3"})

        return verify

    cache = Cache(tmp_path)
    monkeypatch.setattr(judging, "verify", verified(Verdict.WRONG_FORMULA))
    assert not judging.judged(operation, derivation, 1, cache).ok
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(judging, "verify", verified(Verdict.AGREES))
    first = judging.judged(operation, derivation, 1, cache)
    assert judging.judged(operation, derivation, 1, cache) == first
    assert first.rows[0].error == 0.1 + 0.2
    assert first.rows[0].ulp == float("inf")
    assert [check.step for check in first.steps][: len(derivation.steps)] == list(derivation.steps)
    assert calls == [1, 1]
    assert judging.judged(operation, derivation, 2, cache).seed == 2


def test_a_page_that_does_not_agree_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document("d", (Section("s", (paragraph("x"),)),))
    monkeypatch.setattr(making, "_make", lambda task: (task.number, dumps((document, (), "wrong formula"))))
    for _ in range(2):
        (page,) = pages([get("l2")], cache=tmp_path)
        assert (page.ok, page.kept) == (False, False)
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_drawn_in_the_formats_asked_for() -> None:
    from reports.document import figures

    (page,) = pages([get("l2")], evidence=False, pictures=("svg",))
    assert {tuple(figure.data) for figure in figures(page.document)} == {("svg",)}
    assert isinstance(figures(page.document)[0], Figure)
