"""``write_vectors``: the golden values of an operation as a directory that needs no backproof to be read."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.operation import Operation
from derive.reverse import derive
from numeric.exact import Exact, Plans
from verify.errors import VectorsError
from verify.evidence import versions
from verify.given import violation
from verify.judge import Points, fresh_seed, resolve
from verify.sampling import Case
from verify.vectors.forms import WRITERS, check_forms
from verify.vectors.rounding import FORMATS, Format, middle, radius, rounded
from verify.witnesses.balls import MOST_BITS, Truth

Array = NDArray[Any]

MANIFEST = "manifest.json"
DTYPES = tuple(FORMATS)


def write_vectors(
    operation: Operation | str,
    out: str | Path,
    *,
    forms: Sequence[str] = ("npz", "json"),
    dtypes: Sequence[str] = DTYPES,
    seed: int | None = None,
    cases: int = 1,
    strata: Sequence[str] | None = None,
) -> list[Path]:
    """Write inputs of every stratum with the outputs and gradients there, enclosed by balls and rounded to the nearest number.

    A file holds one point: ``inputs.X``, ``cotangents.Z``, ``outputs.Z``, ``gradients.X``, and ``radius.gradients.X`` (the half
    width of the enclosure).  ``manifest.json`` lists the files with their checksums, strata and sizes.  What has no value in real
    numbers is NaN; of two neighbours between which 1,800 bits do not decide the even one is taken.

    Args:
        operation: an operation, or its name in the catalog.
        out: the directory; it must not be there yet, and is there as a whole or not at all.
        forms: any of ``npz``, ``json``, ``safetensors``.
        dtypes: any of ``float64``, ``float32``, ``bfloat16``: of the inputs, and of what the results are rounded to.
        seed: the same seed gives the same files.
        cases: points in each stratum.
        strata: names of strata or of degenerate sizes; by default all that apply.

    Raises:
        VectorsError: a form or a dtype is unknown, or the directory is there.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     options = {"forms": ["json"], "dtypes": ["float32"], "strata": ["zeros"]}
        ...     files = write_vectors("sigmoid", Path(folder, "sigmoid"), seed=1, **options)
        ...     sorted(file.name for file in files)
        ['README.md', 'manifest.json', 'zeros.0.float32.json']
    """
    operation, target = resolve(operation), Path(out)
    check_forms(tuple(forms))
    for name in dtypes:
        if name not in FORMATS:
            raise VectorsError(f"golden values are rounded to {', '.join(FORMATS)}; got {name!r}")
    if target.exists():
        raise VectorsError(f"{target} is there already; name a directory that is not, or remove it")
    seed = fresh_seed() if seed is None else seed
    derivation = derive(operation)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        made = Path(folder, "made")
        made.mkdir()
        entries = []
        for name in dtypes:
            for place, number, case in _points(derivation, FORMATS[name], seed, cases, strata):
                arrays, open_ = _arrays(derivation, case, FORMATS[name])
                for form in forms:
                    data = WRITERS[form](arrays)
                    file = f"{place.replace(' ', '-').replace('=', 'is')}.{number}.{name}.{form}"
                    (made / file).write_bytes(data)
                    entries.append(_entry(file, data, place, name, case, open_))
        (made / MANIFEST).write_text(json.dumps(_manifest(operation, derivation, seed, entries), indent=1) + "\n")
        (made / "README.md").write_text(_readme(operation, derivation))
        made.rename(target)  # beside it, so that it is there as a whole or not at all
    return sorted(target.iterdir())


def _points(
    derivation: Derivation, form: Format, seed: int, cases: int, strata: Sequence[str] | None
) -> Iterator[tuple[str, int, Case]]:
    """Points at numbers of the format; those that rounding their inputs takes out of the declared domain are left out."""
    drawn = np.float64 if form.name == "float64" else np.float32
    for place, found in Points(derivation, seed, cases, drawn).places(strata).items():
        for number, (case, _) in enumerate(found):
            if form.name == "bfloat16":
                for arrays in (case.inputs, case.cotangents):
                    for value in arrays.values():
                        if value.dtype.kind == "f":
                            value[...] = value.astype(ml_dtypes.bfloat16).astype(value.dtype)
                if violation(derivation.program, case):
                    continue
            yield place, number, case


def _arrays(derivation: Derivation, case: Case, form: Format) -> tuple[dict[str, Array], dict[str, list[str]]]:
    truth = Truth(derivation, case, np.float64 if form.name == "float64" else np.float32)
    close = Exact(derivation.combined, case.exact(derivation), bits=MOST_BITS, plans=Plans(derivation.combined))
    kinds = {"f": form.dtype, "i": np.int64}
    found: dict[str, Array] = {}
    for group, given in (("inputs", {**case.inputs, **case.integers}), ("cotangents", case.cotangents)):
        for name, value in given.items():
            array = np.asarray(value)
            found[f"{group}.{name}"] = array.astype(kinds[array.dtype.kind])
    open_: dict[str, list[str]] = {"without_value": [], "halfway": []}
    for group, names in (("outputs", {name: name for name in derivation.of}), ("gradients", derivation.gradients)):
        for name, tensor in names.items():
            balls = truth.values(name)
            values, widths = np.empty(balls.shape, form.dtype), np.empty(balls.shape)
            for at, ball in np.ndenumerate(balls):
                value = rounded(ball, form)
                if value is None:
                    ball = close.value(tensor, at)
                    value = rounded(ball, form)
                if value is None:
                    value = middle(ball, form)
                    open_["halfway"].append(f"{group}.{name}{list(at)}")
                elif np.isnan(value):
                    open_["without_value"].append(f"{group}.{name}{list(at)}")
                values[at] = value
                widths[at] = radius(ball)
            found[f"{group}.{name}"], found[f"radius.{group}.{name}"] = values, widths
    return found, open_


def _entry(
    file: str, data: bytes, place: str, dtype: str, case: Case, open_: Mapping[str, list[str]]
) -> dict[str, Any]:
    return {
        "file": file,
        "sha256": hashlib.sha256(data).hexdigest(),
        "stratum": place,
        "dtype": dtype,
        "sizes": {str(symbol): size for symbol, size in case.sizes.items()},
        **open_,
    }


def _manifest(
    operation: Operation, derivation: Derivation, seed: int, entries: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "operation": operation.name,
        "declaration": operation.text.strip(),
        "gradients": str(derivation),
        "conventions": [str(convention) for convention in operation.program.conventions],
        "source": operation.source,
        "seed": seed,
        "versions": versions(),
        "files": list(entries),
    }


_README = """\
# Golden values: {title}

{declaration}

and its gradients

{gradients}

Each file is one point. Feed `inputs.*` to your implementation and compare with {names}. {upstream}

* Every value was enclosed by a ball in real arithmetic, and is the number of the file's type that is nearest to the true
  one (ties to even); `radius.*` is the half width of the ball. A right implementation differs by its own rounding only.
* NaN stands where there is no value in real numbers; the manifest lists these places as `without_value`. It lists as
  `halfway` what lies between two neighbours to more than 500 digits: there either is right.
* Infinity stands where the true value is beyond the largest number of the type.
* Arrays are stored rows first. In JSON an array is `{{"shape": [...], "data": [...]}}`, flat; "NaN", "Infinity" and
  "-Infinity" are texts there. In npz, bfloat16 numbers stand as float32, which holds each of them exactly.
* `manifest.json` has the SHA-256 of every file, its stratum (the region of inputs), the sizes, and the conventions at
  kinks.
"""


def _readme(operation: Operation, derivation: Derivation) -> str:
    cotangents = ", ".join(f"`cotangents.{name}`" for name in derivation.cotangents)
    given = (
        f"The upstream gradient is {cotangents}." if cotangents else "The output is a scalar: its own gradient is 1."
    )
    return _README.format(
        title=operation.title or operation.name,
        declaration="\n".join(f"    {line.strip()}" for line in operation.text.strip().split("\n")),
        gradients="\n".join(f"    {line}" for line in str(derivation).split("\n")),
        names=", ".join(f"`gradients.{name}`" for name in derivation.gradients),
        upstream=given,
    )
