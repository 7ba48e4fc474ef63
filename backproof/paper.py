"""The public verbs that end on paper: reports, answers, audits, worked examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backproof.front import Names, names, operation
from derive.operation import Operation

if TYPE_CHECKING:
    from reports.worked import Worked
    from verify.audit import Audit
    from verify.oracle import Check


def answer(
    found: Check,
    against: Operation | str | Path,
    out: str | Path,
    formats: Sequence[str] = ("pdf", "html", "tex", "md"),
) -> list[Path]:
    """Write what the oracle says of an implementation as one page into the folder ``out``; returns the files written.

    The verdict, its cause and the offending elements stand beside the derived gradient.

    >>> import tempfile
    >>> from backproof import check
    >>> found = check(lambda z, da: 2*da*(z > 0), "relu", strata=["ordinary"], seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (file,) = answer(found, "relu", folder, ["md"])
    ...     "it is 2 times what is due" in file.read_text()
    True

    Raises ``ReportError`` (a ``BackproofError``) for an unknown format, or where the answer is for another operation.
    """
    from reports import answer as write

    return write(found, operation(against), Path(out), tuple(formats))


def audit(claims: str | Path, *, only: Iterable[str] = (), out: str | Path | None = None) -> Audit:
    """Judge a file of claims: *holds*, *holds if ...*, *does not hold* or *cannot decide*, with what is right.

    ``claims`` is a TOML file (or ``articles``, which comes with the project; ``backproof audit --template`` prints a first one),
    ``only`` names some of its claims; with ``out`` a report is written (pdf, html, tex, md, by its suffix).

    >>> found = audit("articles", only=["b10"])
    >>> found["b10"].words
    'does not hold'
    >>> [f.correction for f in found["b10"].found if f.correction]
    ['0.250, not 0.249', '0.248 at [1], not 0.247']

    Raises ``ClaimError`` (a ``BackproofError``) for a file that is not as it must be: the claim, the key, and the fix.
    """
    from verify.audit import audit as judge
    from verify.audit import load

    found = judge(load(claims), only)
    if out is not None:
        from reports.audit import write

        write(found, Path(out))
    return found


def example(
    what: Operation | str | Path,
    inputs: str | Path,
    *,
    digits: int | None = None,
    decimals: int | None = None,
    update: Operation | str | None = None,
    rate: Any = None,
    wrt: Names = None,
    out: str | Path | None = None,
    formats: Sequence[str] = ("pdf", "html", "tex", "md"),
) -> Worked:
    """Plug numbers into an operation: every intermediate forward and backward, correctly rounded, NumPy beside it.

    ``inputs`` is a TOML file (or the name of an example that comes with the project), ``digits`` or ``decimals`` the precision,
    ``update`` an optimizer of the catalog that changes the parameters (``wrt``) once with the learning rate ``rate``.  With
    ``out`` it is written into that folder as well.  ``str()`` of the result is what a terminal shows.

    >>> found = example("mlp", "article_b", decimals=3, update="gradient_descent", rate=0.1)
    >>> found.values["Z1"].tolist(), found.update.after["b2"].tolist()
    ([['-0.040', '0.180']], ['0.062'])
    >>> [c.printed.label for c in found.comparisons if not c.holds]
    ["slope at the output, sigma'(Z2)", "slopes at the hidden units, sigma'(Z1)"]

    Raises ``InputsError`` (a ``BackproofError``) for a file that does not fit the operation; nothing has run then.
    """
    from reports.worked import work
    from reports.worked.paper import write
    from reports.worked.reading import rounding

    asked = None if digits is None and decimals is None else rounding(digits, decimals)
    rule = None if update is None else operation(update)
    step = str(rate) if isinstance(rate, float) else rate
    found = work(operation(what), str(inputs), rounding=asked, update=rule, rate=step, parameters=names(wrt))
    if out is not None:
        write(found, Path(out), tuple(formats))
    return found


def report(
    operations: Operation | str | Sequence[Operation | str],
    out: str | Path,
    formats: Sequence[str] = ("pdf", "html", "tex", "md"),
    **settings: Any,
) -> list[Path]:
    """Write the derivation pages of some operations into the folder ``out``; returns the files written.

    ``formats`` are any of ``pdf``, ``html``, ``tex``, ``md``.  Raises ``OSError`` where the folder cannot be written.
    """
    from reports import report as write

    several = [operations] if isinstance(operations, Operation | str) else operations
    return write([operation(each) for each in several], Path(out), tuple(formats), **settings)
