"""Sources: the words of a declaration's ``source`` read as works, with the places in them; works as BibTeX.

A source is ``Authors, Title, Journal 12, 2016, section 3`` (or ``..., ICML 2016, eq. 4``); several are separated by semicolons.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from derive.latex import escape

_YEAR = re.compile(r"(?:(?P<venue>.*\S)\s+)?(?P<year>1[89]\d\d|20\d\d)$")
_VOLUME = re.compile(r"(?P<journal>[A-Z].*\S)\s+(?P<volume>\d+)$")
_NAME = re.compile(r"(?:[a-z]+ )*[^\W\d_a-z][\w'’-]*$")  # one surname, with its particles: van den Oord
_PLACE = re.compile(
    r"(?:sections?|chapters?|eq\.|equations?|figures?|tables?|algorithms?|appendix|lectures?|pages?|p\.|theorems?|"
    r"propositions?|lemmas?|definitions?|examples?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Work:
    """A book, article or page.  ``others`` says that the authors named are not all."""

    authors: tuple[str, ...]
    title: str = ""
    venue: str = ""
    volume: str = ""
    year: str = ""
    others: bool = False

    @property
    def names(self) -> str:
        """The authors as a sentence has them."""
        if self.others:
            return f"{', '.join(self.authors)} et al."
        *first, last = self.authors or ("",)
        return f"{', '.join(first)} and {last}" if first else last

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.venue, self.volume)))
        return ". ".join(
            filter(None, (self.names.removesuffix("."), self.title, ", ".join(filter(None, (place, self.year)))))
        )

    def same(self, other: Work) -> bool:
        """Whether two ways of naming a work mean the same one: first author and year agree, and the titles as far as given."""
        if [each.casefold() for each in self.authors[:1]] != [each.casefold() for each in other.authors[:1]]:
            return False
        short, long = sorted((self.title.casefold(), other.title.casefold()), key=len)
        return self.year == other.year and (not short or long == short or long.startswith(f"{short}:"))

    def merged(self, other: Work) -> Work:
        """All that two ways of naming the work say of it."""
        fuller = max((self, other), key=lambda work: (len(work.authors), not work.others))
        return Work(
            fuller.authors,
            max(self.title, other.title, key=len),
            self.venue or other.venue,
            self.volume or other.volume,
            self.year,
            fuller.others,
        )


@dataclass(frozen=True)
class Citation:
    """A work and where in it (empty: as a whole)."""

    work: Work
    place: str = ""


def citations(source: str) -> tuple[Citation, ...]:
    """The works that a source names.

    >>> [found] = citations("Ba, Kiros and Hinton, Layer Normalization, 2016, eq. 4")
    >>> found.work.authors, found.work.title, found.work.year, found.place
    (('Ba', 'Kiros', 'Hinton'), 'Layer Normalization', '2016', 'eq. 4')
    """
    return tuple(_citation(part.strip()) for part in source.split(";") if part.strip())


def _citation(text: str) -> Citation:
    tokens = [token.strip() for token in _split(text)]
    authors, others, rest = _authors(tokens)
    dated = [k for k, token in enumerate(rest) if _YEAR.fullmatch(token)]
    bare = [k for k in dated if len(rest[k]) == 4]
    end = (bare or dated[-1:] or [len(rest)])[0]
    if end == len(rest):  # no year: what names a place ends the title
        end = next((k for k, token in enumerate(rest) if k and _PLACE.match(token)), end)
        words, places, venue, year = rest[:end], rest[end:], "", ""
        if words and words[-1].endswith(")") and " (" in words[-1]:
            words[-1], _, inside = words[-1][:-1].partition(" (")
            places.insert(0, inside)
    else:
        found = _YEAR.fullmatch(rest[end])
        assert found is not None
        venue, year = found["venue"] or "", found["year"]
        words, places = rest[:end], rest[end + 1 :]
    volume = ""
    if len(words) > 1 and not venue:
        journal = _VOLUME.fullmatch(words[-1])
        if journal is not None:
            venue, volume = journal["journal"], journal["volume"]
            words = words[:-1]
    return Citation(Work(authors, ", ".join(words), venue, volume, year, others), ", ".join(places))


def _split(text: str) -> list[str]:
    """At commas outside parentheses."""
    return re.split(r",\s+(?![^()]*\))", text)


def _authors(tokens: Sequence[str]) -> tuple[tuple[str, ...], bool, list[str]]:
    """The authors, whether there are others, and what follows them: up to ``A, B and C`` or ``A et al.``, else the first."""
    for k, token in enumerate(tokens):
        before = list(tokens[:k])
        if token.endswith(" et al."):
            return (*before, token.removesuffix(" et al.")), True, list(tokens[k + 1 :])
        pair = token.split(" and ")
        named = len(pair) == 2 and all(map(_NAME.match, (*before, *pair)))
        titled = len(tokens) > k + 1 and not _YEAR.fullmatch(
            tokens[k + 1]
        )  # else these words are the title of one author
        if named and (k == 0 or titled):
            return (*before, *pair), False, list(tokens[k + 1 :])
        if not _NAME.match(token):
            break
    return tuple(tokens[:1]), False, list(tokens[1:])


def meant(works: Sequence[Work], named: Work) -> list[int]:
    """Which of the works one way of naming a work may mean: the one with the very title, else all that agree with it."""
    same = [k for k, work in enumerate(works) if work.same(named)]
    return [k for k in same if works[k].title.casefold() == named.title.casefold()] or same


def gathered(sources: Mapping[str, str]) -> dict[Work, dict[str, list[str]]]:
    """Name -> source turned around: each work once, in the order of a bibliography, with the names that cite it and the places.

    >>> found = gathered({"f": "Ba et al., Norms, 2016, eq. 4", "g": "Ba and Hinton, Norms, 2016"})
    >>> [(str(work), uses) for work, uses in found.items()]
    [('Ba and Hinton. Norms. 2016', {'f': ['eq. 4'], 'g': ['']})]
    """
    works: list[Work] = []
    uses: list[dict[str, list[str]]] = []
    every = [(name, citation) for name, source in sources.items() for citation in citations(source)]
    for name, citation in sorted(every, key=lambda pair: -len(pair[1].work.title)):  # what says most comes first
        alike = meant(works, citation.work)
        if len(alike) == 1:
            (k,) = alike
            works[k] = works[k].merged(citation.work)
        else:
            k = len(works)
            works.append(citation.work)
            uses.append({})
        uses[k].setdefault(name, []).append(citation.place)
    order = sorted(range(len(works)), key=lambda k: (_plain(works[k].names), works[k].year, _plain(works[k].title)))
    return {works[k]: {name: uses[k][name] for name in sources if name in uses[k]} for k in order}


def keys(works: Iterable[Work]) -> dict[Work, str]:
    """A BibTeX key for each work: first author, year, first word of the title; a letter where that is not enough.

    >>> keys([Work(("van den Oord", "Li"), "Representation Learning", year="2018")])
    {Work(...): 'vandenoord2018representation'}
    """
    found: dict[Work, str] = {}
    for work in works:
        words = [word for word in re.findall(r"\w+", work.title) if _plain(word) not in ("a", "an", "the", "on")]
        stem = re.sub(r"\W|_", "", _plain("".join((*work.authors[:1], work.year, *words[:1])))) or "work"
        taken = set(found.values())
        found[work] = next(key for key in (stem, *(f"{stem}{k}" for k in range(2, len(taken) + 3))) if key not in taken)
    return found


def bibtex(sources: Mapping[str, str]) -> str:
    """The works as BibTeX, each with the places cited in ``annote``.

    >>> print(bibtex({"layer_norm": "Ba, Kiros and Hinton, Layer Normalization, 2016, eq. 4"}))
    @misc{ba2016layer,
      author = {Ba and Kiros and Hinton},
      title = {{Layer Normalization}},
      year = {2016},
      annote = {layer\\_norm: eq. 4},
    }
    <BLANKLINE>
    """
    works = gathered(sources)
    named = keys(works)
    return "\n".join(_entry(work, named[work], uses) for work, uses in works.items())


def _entry(work: Work, key: str, uses: Mapping[str, Sequence[str]]) -> str:
    kind, place = (
        ("article", "journal") if work.volume else ("inproceedings", "booktitle") if work.venue else ("misc", "")
    )
    authors = [_words(name) if _NAME.fullmatch(name) else f"{{{_words(name)}}}" for name in work.authors]
    lines = {
        "author": " and ".join([*authors, *(["others"] if work.others else [])]),
        "title": f"{{{_words(work.title)}}}" if work.title else "",
        place: _words(work.venue),
        "volume": work.volume,
        "year": work.year,
        "annote": _words("; ".join(map(_use, uses.items()))),
    }  # fmt: skip
    fields = "".join(f"  {name} = {{{value}}},\n" for name, value in lines.items() if name and value)
    return f"@{kind}{{{key},\n{fields}}}\n"


def _words(text: str) -> str:
    """Text as LaTeX; BibTeX counts every brace, also one behind a backslash."""
    return escape(text).replace(r"\{", r"\textbraceleft{}").replace(r"\}", r"\textbraceright{}")


def _use(cited: tuple[str, Sequence[str]]) -> str:
    name, places = cited
    where = ", ".join(filter(None, places))
    return f"{name}: {where}" if where else name


def _plain(text: str) -> str:
    """For sorting and for keys: lower case, no accents."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()


__all__ = ["Citation", "Work", "bibtex", "citations", "gathered", "keys", "meant"]
