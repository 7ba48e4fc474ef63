"""A PDF is typeset once for equal source, pictures and engine, and again where anything differs or the entry is damaged."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from derive.registry import get
from reports.binding import cache as keeping
from reports.binding import typeset as typesetting
from reports.binding.cache import Cache
from reports.binding.typeset import key_of_pdf, typeset
from reports.writing import book, report

PICTURES = {"a.svg": b"<svg/>"}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that reached the engine, which answers with them."""
    seen: list[str] = []

    def engine(source: str, assets: Any = None) -> bytes:
        seen.append(source)
        return b"%PDF-\x00\n\xff " + source.encode()

    monkeypatch.setattr(typesetting, "typst_pdf", engine)
    return seen


def kept_in(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{keeping.PDF}"))


def test_equal_documents_are_typeset_once(tmp_path: Path, runs: list[str]) -> None:
    first = typeset("words", PICTURES, Cache(tmp_path))
    assert typeset("words", dict(PICTURES), Cache(tmp_path)) == first
    assert runs == ["words"]
    (entry,) = kept_in(tmp_path)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert entry.stat().st_size < len(first) + 100  # as it is: a PDF is compressed already


def test_without_a_cache_nothing_is_kept(tmp_path: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        typeset("words", PICTURES, Cache(None))
    assert len(runs) == 2
    assert list(tmp_path.iterdir()) == []


def test_whatever_a_pdf_is_made_of_is_in_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [
        key_of_pdf("words", PICTURES),
        key_of_pdf("other", PICTURES),
        key_of_pdf("words", {}),
        key_of_pdf("words", {"b.svg": b"<svg/>"}),
        key_of_pdf("words", {"a.svg": b"<svg></svg>"}),
    ]
    for name, value in (
        ("version", lambda _: "99.0"),
        ("TYPST", {**typesetting.TYPST, "pdf_standards": "a-2b"}),
        ("code", lambda _: "other code"),
    ):
        monkeypatch.setattr(typesetting, name, value)
        keys.append(key_of_pdf("words", PICTURES))
        monkeypatch.undo()
    assert key_of_pdf("words", PICTURES) == keys[0]
    assert len(set(keys)) == len(keys)


def test_a_damaged_pdf_is_typeset_again(tmp_path: Path, runs: list[str]) -> None:
    first = typeset("words", PICTURES, Cache(tmp_path))
    (entry,) = kept_in(tmp_path)
    whole = entry.read_bytes()
    for count, content in enumerate((b"", whole[:-1], whole + b"x", whole[:-1] + b"?", b"%PDF-"), 2):
        entry.write_bytes(content)
        assert typeset("words", PICTURES, Cache(tmp_path)) == first
        assert (len(runs), entry.read_bytes()) == (count, whole)
    other = key_of_pdf("other", PICTURES)
    entry.rename(tmp_path / f"{other}{keeping.PDF}")  # whole, but of another document
    assert typeset("other", PICTURES, Cache(tmp_path)) != first


def test_what_the_engine_rejects_is_not_kept(tmp_path: Path) -> None:
    from reports.errors import CompileError

    for _ in range(2):
        with pytest.raises(CompileError):
            typeset('#set document(title: "x")\n#nonsense', {}, Cache(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_pdf_files_have_so_much_room_and_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ROOM", 3000)
    cache = Cache(tmp_path)
    cache.write("f" * 64, "a page, older than all of them")
    os.utime(tmp_path / f"{'f' * 64}{keeping.PAGE}", (now := 2**31, now))
    for number in range(5):
        cache.write_bytes(str(number) * 64, b"x" * 900)
        os.utime(tmp_path / f"{str(number) * 64}{keeping.PDF}", (now + number + 1, now + number + 1))
    cache.prune()
    assert [file.name[0] for file in kept_in(tmp_path)] == ["2", "3", "4"]
    assert cache.read("f" * 64) is not None


def test_a_book_and_a_report_take_what_was_typeset(tmp_path: Path, runs: list[str]) -> None:
    kept, operations = tmp_path / "kept", [get("l2")]
    for _ in range(2):
        file = book(tmp_path / "book.pdf", operations, evidence=False, cache=kept)
        first = file.read_bytes()
        (page,) = report(operations, tmp_path / "out", ("pdf",), evidence=False, cache=kept)
        assert page.read_bytes() != first
    assert len(runs) == 2
    assert len(kept_in(kept)) == 2
    report(operations, tmp_path / "out", ("pdf",), evidence=False, detail="brief", cache=kept)
    assert len(runs) == 3
