"""Golden values of somebody, judged: are the files whole, and is each value the nearest number, or at least close?"""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.operation import Operation
from derive.reverse import derive
from numeric.errors import ShapeError
from verify.errors import VectorsError
from verify.evidence import Evidence, Row, versions
from verify.given import given_case
from verify.judge import judge_cases, resolve
from verify.vectors.forms import READERS, check_forms
from verify.vectors.rounding import FORMATS
from verify.vectors.writing import MANIFEST
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth, to_float

Array = NDArray[Any]

_LARGEST, _LEAST = 2.0**127, 2.0**-126  # beyond the one numbers overflow, below the other they lose digits


def judge_vectors(directory: str | Path, operation: Operation | str) -> Evidence:
    """Judge a directory of golden values: every file against its checksum, every value against balls.

    Files are those of :func:`write_vectors`, or somebody's own in the same form.

    Raises:
        VectorsError: there is no manifest, a file is missing or damaged, or holds other arrays than it should.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from verify.vectors import write_vectors
        >>> with TemporaryDirectory() as folder:
        ...     _ = write_vectors("relu", Path(folder, "relu"), forms=["npz"], dtypes=["float32"], seed=1)
        ...     judge_vectors(Path(folder, "relu"), "relu").ok
        True
    """
    start = time.perf_counter()
    operation, folder = resolve(operation), Path(directory)
    derivation = derive(operation)
    manifest = _manifest(folder)
    rows: list[Row] = []
    for entry in manifest["files"]:
        file, dtype = folder / entry["file"], FORMATS[entry["dtype"]]
        arrays = _arrays(file, entry["sha256"])
        wide = np.float64 if dtype.name == "float64" else np.float32
        groups = {group: _group(arrays, group) for group in ("inputs", "cotangents", "outputs", "gradients")}
        try:
            case = given_case(derivation, groups["inputs"], groups["cotangents"], 0, wide)
        except ShapeError as error:
            raise VectorsError(f"{file}: {error}") from None
        if not groups["gradients"]:
            raise VectorsError(
                f"{file} holds no gradients; due are {', '.join(f'gradients.{n}' for n in derivation.gradients)}"
            )
        truth = Truth(derivation, case, wide)
        expected = {name: np.asarray(value, dtype=wide) for name, value in groups["gradients"].items()}
        if dtype.name == "bfloat16":
            rows += [
                _coarse(name, got, truth, entry["file"], 2.0 ** (1 - dtype.digits)) for name, got in expected.items()
            ]
            continue
        outputs = {name: np.asarray(value, dtype=wide) for name, value in groups["outputs"].items()}
        forward = _constant(outputs) if outputs else None
        judged = judge_cases(_constant(expected), forward, derivation, entry["file"], [(case, truth)], wide, "balls")
        rows += [_without_value(each.row, {**outputs, **expected}, truth) for each in judged]
    return Evidence(
        operation.name, tuple(rows), int(manifest.get("seed", 0)), (), (), time.perf_counter() - start, versions()
    )


def _without_value(row: Row, arrays: Mapping[str, Array], truth: Truth) -> Row:
    """Where no ball decides, NaN is what should stand there."""
    undecided = truth.undecided(row.argument)
    if row.verdict is Verdict.CANNOT_DECIDE and np.all(np.isnan(arrays[row.argument][undecided])):
        return replace(row, verdict=Verdict.OUTSIDE)
    return row


def _constant(arrays: Mapping[str, Array]) -> Callable[..., Mapping[str, Array]]:
    """A function that returns them, whatever it is given."""
    return lambda *_, **__: arrays


def _coarse(name: str, got: Array, truth: Truth, file: str, unit: float) -> Row:
    """A gradient in a format of few digits: within one unit of the true value."""
    due = to_float(truth.values(name))
    if got.shape != due.shape:
        note = f"shape {got.shape} where {due.shape} is due"
        return Row("balls", name, file, 0, "bfloat16", np.inf, unit, Verdict.WRONG_FORMULA, note)
    with np.errstate(all="ignore"):
        known = np.isfinite(due) & (np.abs(due) < _LARGEST)
        errors = np.where(known & (got != due), np.abs(got - due) / np.maximum(np.abs(due), _LEAST), 0.0)
    errors = np.where(known & ~np.isfinite(got), np.inf, errors)
    worst = float(np.max(errors, initial=0.0))
    at = np.unravel_index(int(np.argmax(errors)), errors.shape) if errors.size else ()
    verdict = Verdict.AGREES if worst <= unit else Verdict.WRONG_FORMULA
    place = list(map(int, at))
    note = "" if worst <= unit else f"{name}{place} is {float(got[at])!r}, the true value is {float(due[at])!r}"
    return Row("balls", name, file, int(known.sum()), "bfloat16", worst, unit, verdict, note)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        for entry in manifest["files"]:
            if (
                entry["dtype"] not in FORMATS
                or not isinstance(entry["sha256"], str)
                or not isinstance(entry["file"], str)
            ):
                raise ValueError(f"an entry is {entry}")
    except FileNotFoundError:
        raise VectorsError(f"{folder} holds no {MANIFEST}, which names the files and their checksums") from None
    except (ValueError, KeyError, TypeError) as error:
        raise VectorsError(f"{folder / MANIFEST} cannot be read: {type(error).__name__}: {error}") from None
    return dict(manifest)


def _arrays(file: Path, checksum: str) -> dict[str, Array]:
    form = file.suffix.lstrip(".")
    check_forms((form,))
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise VectorsError(f"{file} is in the manifest and not in the directory") from None
    found = hashlib.sha256(data).hexdigest()
    if found != checksum:
        raise VectorsError(f"{file} is damaged: its SHA-256 is {found[:16]}..., and {checksum[:16]}... in the manifest")
    try:
        return READERS[form](data)
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise VectorsError(f"{file} is no {form} of arrays: {type(error).__name__}: {error}") from None


def _group(arrays: Mapping[str, Array], group: str) -> dict[str, Array]:
    return {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{group}.")}
