"""What a page depends on, as one key: the declaration and what it may call, our own code, the libraries, the settings.

The code is that of ``derive``, ``numeric`` and ``verify`` as a whole and of the modules of ``reports`` that pages are made
by.  Of the catalog and of the references only what the operation may meet counts, so that editing one of a hundred
operations leaves the pages of the others alone.
"""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable

from derive.operation import Operation
from derive.registry import Declaration, declarations
from verify.evidence import versions
from verify.references import elsewhere

OWN = ("derive", "numeric", "verify")  # whole packages, but for:
APART = ("derive.catalog", "verify.references")  # one entry to an operation: what it meets counts
PAGES = ("reports.page", "reports.binding.pages")  # the modules of reports that pages come from, with what they import
LIBRARIES = ("matplotlib", "hypothesis", "ml-dtypes", "joblib")  # beside those that evidence names

_WORD = re.compile(r"[A-Za-z_]\w*")
_MODULE = re.compile(r"[A-Za-z_][\w.]*")
_FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import\b[ \t]*(\([^)]*\)|[^\n]*)", re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*")
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n]*)", re.MULTILINE)


def key_of(operation: Operation, part: str, settings: Mapping[str, object]) -> str:
    """The key of one part of an operation's page (``evidence``, ``page``) made with these settings.

    Empty where what the page depends on cannot be told: its reference was registered by somebody else's code.
    """
    if any(elsewhere(name) for name in (operation.name, *operation.options.values())):
        return ""
    told = [part, repr(sorted(settings.items())), _operation(operation), _environment()]
    told.append(code(OWN) if part == "evidence" else code((*OWN, *PAGES)))
    return hashlib.sha256("\n\0".join(told).encode()).hexdigest()


def _operation(operation: Operation) -> str:
    """All that is said of an operation, with the declarations and references that it may meet."""
    own = {each.name: getattr(operation, each.name) for each in fields(operation) if each.name != "program"}
    met = met_by(operation)
    texts = [(each.name, each.text, sorted(each.details.items())) for each in met]
    return repr((sorted(own.items()), texts, _references([operation.name, *(each.name for each in met)])))


def met_by(operation: Operation) -> list[Declaration]:
    """The declarations whose names stand in the operation's text or options, in turn; and every elementwise function, since
    derivatives are folded into those.

    >>> from derive.registry import get
    >>> "softmax" in {each.name for each in met_by(get("transformer_block"))}
    True
    """
    known = {each.name: each for each in declarations()}
    found = {each.name for each in known.values() if "[...]" in each.text}
    todo = [operation.text, *operation.options.values(), *(known[name].text for name in found)]
    while todo:
        new = {word for word in _WORD.findall(todo.pop()) if word in known} - found
        found |= new
        todo += [known[name].text for name in new]
    return [known[name] for name in sorted(found - {operation.name})]


def _references(names: Iterable[str]) -> list[str]:
    """The text of each file that states a reference of one of the operations."""
    wanted = re.compile("|".join(rf'["\']{re.escape(name)}["\']' for name in sorted(names)))
    return [text for text in _texts("verify.references").values() if wanted.search(text)]


@cache
def _environment() -> str:
    found = versions()
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "missing"
    return repr((sorted(found.items()), platform.system(), platform.machine()))


@cache
def code(roots: tuple[str, ...]) -> str:
    """A digest of the source text of packages, and of single modules with the modules of their package that they import."""
    found: dict[str, str] = {}
    for root in roots:
        found.update(texts(root))
    return hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()


def _imported(root: str) -> dict[str, str]:
    """A module and every module of the same package that it imports, in a function or outside, directly or not."""
    package = root.partition(".")[0]
    every = _texts(package)
    found: dict[str, str] = {}
    todo = [root]
    while todo:
        name = todo.pop()
        if name in found or name not in every:
            continue
        found[name] = every[name]
        for base, names in _imports(every[name]):
            # the package's own file imports everything for those who ask the package; that is no dependency
            todo += [base] if base != package else []
            todo += [f"{base}.{each}" for each in names]
    return found


def _imports(text: str) -> list[tuple[str, list[str]]]:
    """Each module that a text imports, with the names that it takes from there; read by pattern, which takes a twentieth of
    the time of a parser.  What only looks like an import counts too, and does no harm.

    >>> _imports("import a.b as c, d\\nif x:\\n    from e import (\\n        f,  # why\\n        g as h,\\n    )\\n")
    [('e', ['f', 'g', 'as', 'h']), ('a.b', []), ('c', []), ('d', [])]
    """
    text = _COMMENT.sub("", text)
    found = [(base, _WORD.findall(names)) for base, names in _FROM.findall(text)]
    for modules in _IMPORT.findall(text):
        found += [(module, []) for module in _MODULE.findall(modules) if module != "as"]
    return found


def texts(root: str) -> dict[str, str]:
    """The modules that count for a package or a single module, with their text."""
    return _imported(root) if "." in root else _texts(root)


@cache
def _texts(package: str) -> dict[str, str]:
    """The source files of a package by module, without the packages that stand apart."""
    return {
        name: text for name, text in sorted(_walk(package, files(package))) if name not in (package, *APART) or text
    }


def _walk(name: str, folder: Traversable) -> Iterable[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            inner = f"{name}.{each.name}"
            if inner not in APART and each.name != "__pycache__":
                yield from _walk(inner, each)
        elif each.name.endswith(".py"):
            stem = each.name.removesuffix(".py")
            yield (name if stem == "__init__" else f"{name}.{stem}"), each.read_text(encoding="utf-8")
