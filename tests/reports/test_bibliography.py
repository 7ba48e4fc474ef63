"""Sources are read as works, the same work once; what BibTeX makes of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from derive.registry import get, operations
from reports.binding.back import Bibliography
from reports.binding.sources import Work, bibtex, citations, gathered, keys
from reports.document import plain

READ = {
    "Bishop, Pattern Recognition and Machine Learning, 2006, eq. 4.59 and 4.88": (
        Work(("Bishop",), "Pattern Recognition and Machine Learning", year="2006"), "eq. 4.59 and 4.88",
    ),
    "Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, section 2.2": (
        Work(("Goyal",), "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", year="2017", others=True), "section 2.2",
    ),
    "Dozat, Incorporating Nesterov Momentum into Adam, ICLR workshop 2016, algorithm 2": (
        Work(("Dozat",), "Incorporating Nesterov Momentum into Adam", "ICLR workshop", year="2016"), "algorithm 2",
    ),
    "van den Oord, Li and Vinyals, Representation Learning, Nature 323, 2018": (
        Work(("van den Oord", "Li", "Vinyals"), "Representation Learning", "Nature", "323", "2018"), "",
    ),
    "PyTorch documentation, torch.nn.CrossEntropyLoss (weight)": (
        Work(("PyTorch documentation",), "torch.nn.CrossEntropyLoss"), "weight",
    ),
    "Nesterov, A method with the rate O(1/k^2), and more, 1983": (
        Work(("Nesterov",), "A method with the rate O(1/k^2), and more", year="1983"), "",
    ),
    "Dumoulin and Visin, 2016, section 3": (Work(("Dumoulin", "Visin"), year="2016"), "section 3"),
    "Smith, Attention and Memory, 2020": (Work(("Smith",), "Attention and Memory", year="2020"), ""),
    "article B": (Work(("article B",)), ""),
}  # fmt: skip


@pytest.mark.parametrize("source", READ)
def test_a_source_is_read(source: str) -> None:
    (found,) = citations(source)
    assert (found.work, found.place) == READ[source]


def test_every_source_of_the_catalog_is_read_whole() -> None:
    """No word is lost, and each work has authors, a title and (but for web pages) a year."""
    for operation in operations():
        assert operation.source, operation.name
        words: list[str] = []
        for citation in citations(operation.source):
            work = citation.work
            assert work.authors, operation.name
            assert work.year or " " in work.authors[0], (operation.name, work)
            words += re.findall(
                r"\w+", " ".join((*work.authors, work.title, work.venue, work.volume, work.year, citation.place))
            )
        joined = [word for word in re.findall(r"\w+", operation.source) if word not in ("and", "et", "al")]
        assert sorted(word for word in words if word != "and") == sorted(joined), operation.name
    works = gathered({operation.name: operation.source for operation in operations()})
    assert [work for work in works if not work.title] == []


def test_ways_of_naming_a_work_are_one_work() -> None:
    found = gathered(
        {
            "a": "Gers et al., 2000, section 2",
            "b": "Gers et al., Learning to Forget: Continual Prediction with LSTM, Neural Computation 12, 2000",
            "c": "Gers, Schmidhuber and Cummins, Learning to Forget, 2000; Gers et al., 2001",
        }
    )
    authors = ("Gers", "Schmidhuber", "Cummins")
    whole = Work(authors, "Learning to Forget: Continual Prediction with LSTM", "Neural Computation", "12", "2000")
    assert found == {
        whole: {"a": ["section 2"], "b": [""], "c": [""]},
        Work(("Gers",), year="2001", others=True): {"c": [""]},
    }


def test_other_works_of_the_same_author_and_year_stay_apart() -> None:
    found = gathered(
        {"a": "He et al., Residual Learning, 2016", "b": "He et al., Rectifiers, 2016", "c": "He et al., 2016"}
    )
    assert len(found) == 3  # which of the two the last one means cannot be told


def test_what_means_one_of_several_works_is_one_work_for_all_who_say_it() -> None:
    sources = {
        "a": "Xu, Alpha, 2016; Xu, 2016, eq. 2", "b": "Xu, Beta, 2016", "c": "Xu, 2016", "d": "Xu, 2016, eq. 1",
    }  # fmt: skip
    found = {work.title: uses for work, uses in gathered(sources).items()}
    assert found == {"": {"a": ["eq. 2"], "c": [""], "d": ["eq. 1"]}, "Alpha": {"a": [""]}, "Beta": {"b": [""]}}
    works = Bibliography([replace(get("relu"), name=name, source=source) for name, source in sources.items()])
    said = {name: plain(content) for name, content in works.cited().items()}
    assert said == {
        "a": "Sources: [2], [1] (eq. 2).", "b": "Source: [3].", "c": "Source: [1].", "d": "Source: [1] (eq. 1).",
    }  # fmt: skip


def test_keys_are_plain_and_different() -> None:
    works = [
        Work(("Øre", "Ünal"), "An Été", year="2001"),
        Work(("Ure",), "Ete", year="2001"),
        Work(("Re",), "Ete", year="2001"),
        Work(()),
    ]
    found = keys([*works, Work(("re",), "Ete too", year="2001")])
    assert len(set(found.values())) == 5
    assert all(re.fullmatch(r"[a-z0-9]+", key) for key in found.values())


HOSTILE = r"O'Neil and {Brace}, 100% & \write18{x} @misc{a, #1_b^~$, 2001, see } and {"


@pytest.mark.skipif(shutil.which("bibtex") is None, reason="needs bibtex")
def test_bibtex_reads_what_is_written(tmp_path: Path) -> None:
    sources = {operation.name: operation.source for operation in operations()} | {"odd": HOSTILE}
    (tmp_path / "book.bib").write_text(bibtex(sources))
    (tmp_path / "book.aux").write_text("\\citation{*}\n\\bibdata{book}\n\\bibstyle{plain}\n")
    done = subprocess.run(["bibtex", "book"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "error" not in done.stdout.lower(), done.stdout
    empty = [line for line in done.stdout.splitlines() if "empty" in line and "year" not in line]
    assert empty == [], "web pages have no year; all else is there"
    made = (tmp_path / "book.bbl").read_text()
    assert made.count("\\bibitem") == len(gathered(sources))


def test_bibtex_names_are_latex() -> None:
    assert r"author = {A\_b and Müller}" in bibtex({"odd": "A_b and Müller, Title, 2001"})


def test_bibtex_braces_balance_whatever_a_source_holds() -> None:
    text = bibtex({"odd_name": HOSTILE, "other": "He et al., Rectifiers, ICCV 2015"})
    assert text.count("{") == text.count("}")
    assert text.count("@") == text.count("@misc{") + text.count("@inproceedings{") + HOSTILE.count("@")
    assert "author = {He and others}" in text
