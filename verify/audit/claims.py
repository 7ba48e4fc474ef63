"""A file of claims: TOML, read and checked before anything is judged."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import verify.audit.kinds as kinds
from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.operation import Operation
from derive.registry import declare, get
from derive.reverse import derive
from verify.audit.found import Found

MOST = 1_000_000  # bytes of a file
COMMON = ("kind", "words", "reading", "amended")
TRY = "try"  # of the kinds that have it among their keys: hypotheses, which are no values
INHERITED = ("given", "of", "wrt", "inputs")  # what a claim may say once for all its checks


class ClaimError(BackproofError, ValueError):
    """A mistake in a file of claims; the message has the claim, the key, what is expected, and the fix."""


@dataclass(frozen=True)
class Kind:
    """A kind of claim: its keys (with what each takes), the function that judges it, and the one that says it."""

    name: str
    judge: Callable[[Check], Found]
    said: Callable[[Check], str]
    required: Mapping[str, str]
    optional: Mapping[str, str]
    summary: str


@dataclass(frozen=True)
class Check:
    """One statement that can be judged: its kind and the values of its keys, with other readings of it.

    ``hypotheses`` are lines that may be added to its declaration; ``readings`` are values that replace some of these where the
    statement can be meant otherwise, ``amended`` are values that replace some where it is wrong: statements in its place.
    ``added`` are the lines under which it is judged beside what it declares.
    """

    claim: str
    place: str
    kind: str
    values: Mapping[str, Any]
    words: str = ""
    hypotheses: tuple[str, ...] = ()
    readings: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    amended: tuple[Mapping[str, Any], ...] = ()
    added: tuple[str, ...] = ()

    def error(self, message: str) -> ClaimError:
        """An error that names the claim and the check."""
        return ClaimError(f"claim {self.claim}, {self.place} ({self.kind}): {message}")

    def text(self, key: str, default: str = "") -> str:
        """A value that must be text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.error(f"{key} must be text in quotes, got {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A value that must be a text or a list of texts."""
        value = self.values.get(key, [])
        many = [value] if isinstance(value, str) else value
        if not isinstance(many, list) or not all(isinstance(each, str) for each in many):
            raise self.error(f'{key} must be a text or a list of texts, such as ["a < b"]; got {value!r}')
        return tuple(many)

    def table(self, key: str) -> Mapping[str, Any]:
        """A value that must be a table."""
        value = self.values.get(key, {})
        if not isinstance(value, Mapping):
            raise self.error(f"{key} must be a table, such as {{x = 1.5}}; got {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """A value that must be true or false."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key} must be true or false, got {value!r}")
        return value

    def with_(self, **changes: Any) -> Check:
        """The same check with other values and no readings."""
        return replace(self, values={**self.values, **changes}, readings=(), amended=())

    def under(self, line: str) -> Check:
        """The same check with a line added to its declaration, and with nothing left to be tried."""
        return replace(self, hypotheses=(), readings=(), amended=(), added=(*self.added, line))

    def operation(self, key: str = "of") -> Operation:
        """The operation that a key names: one of the catalog (with options), or its declaration."""
        what = self.text(key).strip()
        try:
            name, _, options = what.partition(":")
            if name.isidentifier():
                pairs = (part.partition("=") for part in options.split(",") if part.strip())
                chosen = {k.strip(): v.strip() for k, _, v in pairs}
                known = get(name).options
                for option in chosen:
                    if option not in known:
                        has = f"its options are {', '.join(known)}" if known else "it has none"
                        raise self.error(f"{key}: {name} has no option {option!r}; {has}")
                found = get(name, **chosen)
            else:
                found = declare(what, name="claim")
        except ClaimError:
            raise
        except BackproofError as problem:
            raise self.error(f"{key}: {problem}") from None
        if not self.added:
            return found
        try:
            return declare("\n".join([found.text, *self.added]), found.name, options=found.options)
        except BackproofError as problem:
            raise self.error(f"try: {problem}") from None

    def derivation(self, operation: Operation) -> Derivation:
        """The gradient by ``wrt``, or by all inputs."""
        wrt = tuple(n.strip() for n in self.text("wrt").split(",") if n.strip())
        try:
            return derive(operation, wrt=wrt or None)
        except BackproofError as problem:
            raise self.error(f"wrt: {problem}") from None


@dataclass(frozen=True)
class Claim:
    """A statement of a source, with the checks that decide it."""

    id: str
    statement: str
    source: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Claims:
    """A whole file."""

    title: str
    source: str
    claims: tuple[Claim, ...]
    note: str = field(default="")


def shipped() -> dict[str, str]:
    """The files of claims that come with the project: name -> text.

    >>> sorted(shipped())
    ['articles']
    """
    folder = resources.files("verify.audit") / "files"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {file.name.removesuffix(".toml"): file.read_text(encoding="utf-8") for file in files}


def load(where: str | Path) -> Claims:
    """Read a file of claims: by its path, or by the name of one that comes with the project.

    Raises:
        ClaimError: there is no such file, or something in it is not as it must be.
    """
    path = Path(where)
    if path.is_dir():
        raise ClaimError(f"{path} is a folder; name a file in it")
    if path.is_file():
        if path.stat().st_size > MOST:
            raise ClaimError(f"{path} has more than {MOST:,} bytes; split it")
        try:
            return read(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise ClaimError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    known = shipped()
    name = path.name.removesuffix(".toml")
    if name == str(where).removesuffix(".toml") and name in known:
        return read(known[name])
    raise ClaimError(
        f"there is no file {str(where)!r}, nor an audit of that name; write the path of a TOML file (a first one is written by "
        f"backproof audit --template), or one of {', '.join(known)}"
    )


def read(text: str) -> Claims:
    """Read the text of a file of claims.

    Raises:
        ClaimError: it is no TOML, or a claim is not as it must be.

    Example:
        >>> found = read('''
        ... [[claim]]
        ... id = "slope"
        ... statement = "sigmoid is never steeper than 1/4"
        ... check = [{kind = "bound", of = "z; a = sigmoid(z)", relation = "dz <= 1/4"}]
        ... ''')
        >>> found.claims[0].checks[0].text("relation")
        'dz <= 1/4'
    """
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as problem:
        raise ClaimError(f"the file is no TOML: {problem}") from None
    except (ValueError, ArithmeticError, RecursionError):
        raise ClaimError("the file has a number, or lists in lists, without end; write shorter ones") from None
    _known(table, ("title", "source", "note", "claim"), "the file")
    entries = table.get("claim", [])
    if not isinstance(entries, list) or not entries:
        raise ClaimError('there is no claim in the file; add [[claim]] with id = "..." and statement = "..."')
    claims = tuple(_claim(entry, number) for number, entry in enumerate(entries, 1))
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise ClaimError(f"claim {claim.id}: the id is used twice; give one of the two another")
        seen.add(claim.id)
    title, source, note = (str(table.get(key, "")) for key in ("title", "source", "note"))
    return Claims(title, source, claims, note)


def _claim(entry: Any, number: int) -> Claim:
    if not isinstance(entry, Mapping):
        raise ClaimError(f"claim {number}: write [[claim]] with keys below it, got {entry!r}")
    name = str(entry.get("id", ""))
    if not name:
        raise ClaimError(f'claim {number} has no id; add id = "a1"')
    _known(entry, ("id", "statement", "source", "check", *INHERITED), f"claim {name}")
    if not isinstance(entry.get("statement"), str) or not entry["statement"].strip():
        raise ClaimError(f'claim {name}: it must say what is claimed; add statement = "..."')
    checks = entry.get("check", [])
    if not isinstance(checks, list) or not checks:
        raise ClaimError(f'claim {name}: nothing in it can be judged; add [[claim.check]] with kind = "..."')
    shared = {key: entry[key] for key in INHERITED if key in entry}
    found = tuple(_check(each, name, f"check {k}", shared) for k, each in enumerate(checks, 1))
    return Claim(name, " ".join(entry["statement"].split()), str(entry.get("source", "")), found)


def _check(entry: Any, claim: str, place: str, shared: Mapping[str, Any]) -> Check:
    where = f"claim {claim}, {place}"
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kind"), str):
        raise ClaimError(f"{where}: it must have a kind; add kind = one of {', '.join(known_kinds())}")
    name = entry["kind"]
    if name not in known_kinds():
        close = difflib.get_close_matches(name, known_kinds(), n=1)
        hint = f"did you mean {close[0]}?" if close else f"kinds: {', '.join(known_kinds())}"
        raise ClaimError(f"{where}: there is no kind {name!r}; {hint}")
    kind = known_kinds()[name]
    keys = (*kind.required, *kind.optional)
    _known(entry, (*COMMON, *keys), f"{where} ({name})")
    keys = tuple(key for key in keys if key != TRY)
    own = {"given", "of"} & {*entry}  # one of the two takes the place of the other
    entry = {**{k: v for k, v in shared.items() if k in keys and not (own and k in ("given", "of"))}, **entry}
    for key, meaning in kind.required.items():
        if key not in entry:
            raise ClaimError(f"{where} ({name}): the key {key} is missing; add {key} = {meaning}")
    values = {key: value for key, value in entry.items() if key not in (*COMMON, TRY)}
    readings = entry.get("reading", [])
    if not isinstance(readings, list):
        raise ClaimError(f'{where} ({name}): readings are a list; write [[claim.check.reading]] with if = "..."')
    check = Check(claim, place, name, values, str(entry.get("words", "")))
    found = []
    for reading in readings:
        if not isinstance(reading, Mapping) or not isinstance(reading.get("if"), str):
            raise check.error('a reading must say under which condition it is meant; add if = "for one sample"')
        _known(reading, ("if", *keys), f"{where} ({name}), reading {reading['if']!r}")
        found.append((reading["if"], {k: v for k, v in reading.items() if k != "if"}))
    amended = entry.get("amended", [])
    for change in amended if isinstance(amended, list) else [None]:
        if not isinstance(change, Mapping):
            raise check.error("what is amended is a list; write [[claim.check.amended]] with the keys that change")
        _known(change, ("words", *keys), f"{where} ({name}), amended")
    tried = check.with_(**{TRY: entry.get(TRY, [])}).texts(TRY)
    return Check(claim, place, name, values, check.words, tried, tuple(found), tuple(amended))


def _known(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            close = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {close[0]}?" if close else f"keys: {', '.join(keys)}"
            raise ClaimError(f"{where}: there is no key {key!r}; {hint}")


@cache
def known_kinds() -> dict[str, Kind]:
    """The kinds of claims: each is a module of ``verify.audit.kinds``, found by scanning that folder.

    >>> list(known_kinds())
    ['bound', 'convex', 'cost', 'equal', 'gradient', 'graph', 'limit', 'number', 'shape', 'stability']
    """
    found = {}
    for module in sorted(m.name for m in iter_modules(kinds.__path__)):
        part = import_module(f"{kinds.__name__}.{module}")
        summary = str(part.__doc__).strip().split("\n")[0]
        found[module] = Kind(module, part.judge, part.said, part.REQUIRED, part.OPTIONAL, summary)
    return found
