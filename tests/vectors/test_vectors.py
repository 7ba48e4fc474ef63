"""Golden values: rounded correctly, read without backproof, and refused where they are damaged."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.seeds import SEED
from verify import Verdict
from verify.errors import VectorsError
from verify.vectors import judge_vectors, write_vectors, writing
from verify.vectors.forms import READERS, WRITERS
from verify.vectors.rounding import FORMATS, nearest

DTYPES = {"float64": np.float64, "float32": np.float32, "bfloat16": ml_dtypes.bfloat16}


def neighbours(value: float, name: str) -> tuple[float, float]:
    """The numbers of a format next to one, by its library."""
    kind = DTYPES[name]
    return float(np.nextafter(kind(value), kind(-np.inf))), float(np.nextafter(kind(value), kind(np.inf)))


@given(st.integers(-(2**80), 2**80), st.integers(-1200, 1000), st.sampled_from(list(FORMATS)))
def test_no_other_number_is_nearer(mantissa: int, exponent: int, name: str) -> None:
    got = nearest(mantissa, exponent, FORMATS[name])
    exact = Fraction(mantissa) * Fraction(2) ** exponent
    with np.errstate(all="ignore"):
        assert math.isinf(got) or float(DTYPES[name](got)) == got
        if math.isinf(got):
            largest = Fraction(float(ml_dtypes.finfo(DTYPES[name]).max))
            assert abs(exact) > largest
            return
        for other in neighbours(got, name):
            if math.isfinite(other):
                assert abs(Fraction(got) - exact) <= abs(Fraction(other) - exact)


@given(st.integers(-(2**53), 2**53), st.integers(-200, 60))
def test_ties_and_subnormals_are_those_of_ieee(mantissa: int, exponent: int) -> None:
    with np.errstate(all="ignore"):
        value = math.ldexp(mantissa, exponent)  # exact: 53 bits, far from the ends of float64
        assert nearest(mantissa, exponent, FORMATS["float32"]) == float(np.float32(value))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("golden") / "logistic_regression"
    write_vectors("logistic_regression", target, forms=["npz", "json", "safetensors"], seed=SEED)
    return target


def entries(folder: Path) -> list[dict[str, str]]:
    return list(json.loads((folder / "manifest.json").read_text())["files"])


def test_values_are_the_nearest_to_those_of_another_library(folder: Path) -> None:
    """mpmath at 400 digits, from the formulas of Bishop, section 4.3.2."""
    seen = 0
    for entry in entries(folder):
        if not entry["file"].endswith("npz") or entry["stratum"] in (
            "huge",
            "saturated800",
        ):  # log(1 - p) of p = 1 there
            continue
        arrays = READERS["npz"]((folder / entry["file"]).read_bytes())
        X, w, b, y = (arrays[f"inputs.{name}"].astype(float) for name in ("X", "w", "b", "y"))
        if not X.size:
            continue
        with mpmath.workdps(400):
            rows = [[mpmath.mpf(a) for a in row] for row in X]
            z = [mpmath.fdot(row, map(mpmath.mpf, w)) + mpmath.mpf(float(b)) for row in rows]
            r = [1 / (1 + mpmath.exp(-a)) - mpmath.mpf(t) for a, t in zip(z, y, strict=True)]
            for j in range(X.shape[1]):
                true = mpmath.fdot([row[j] for row in rows], r) / len(rows)
                got = float(arrays["gradients.w"][j])
                near = [abs(mpmath.mpf(v) - true) for v in (got, *neighbours(got, entry["dtype"])) if math.isfinite(v)]
                assert near[0] == min(near), (entry["file"], j)
                seen += 1
    assert seen > 50


def test_all_three_forms_hold_the_same(folder: Path) -> None:
    by_form = {form: [e["file"] for e in entries(folder) if e["file"].endswith(form)] for form in WRITERS}
    assert len({len(files) for files in by_form.values()}) == 1
    for first in by_form["npz"]:
        stem = first.removesuffix("npz")
        found = {form: READERS[form]((folder / f"{stem}{form}").read_bytes()) for form in WRITERS}
        for name, array in found["npz"].items():
            for form in ("json", "safetensors"):
                other = found[form][name].astype(np.float64)
                assert other.shape == array.shape
                np.testing.assert_array_equal(other, array.astype(np.float64))


def test_reading_them_needs_python_alone(folder: Path) -> None:
    code = (
        "import hashlib, json, pathlib, sys; folder = pathlib.Path(sys.argv[1]);"
        "files = json.loads((folder / 'manifest.json').read_text())['files'];"
        "data = [(f, (folder / f['file']).read_bytes()) for f in files if f['file'].endswith('json')];"
        "assert all(hashlib.sha256(d).hexdigest() == f['sha256'] for f, d in data);"
        "print(len(data), sorted(json.loads(data[0][1])))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "'gradients.w', 'inputs.X', 'inputs.b', 'inputs.w', 'inputs.y', 'outputs.L'" in done.stdout


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    forms, strata = ["npz", "json", "safetensors"], ["ordinary", "size ones"]
    first, second = (
        write_vectors("softmax", tmp_path / name, forms=forms, seed=SEED, strata=strata) for name in ("a", "b")
    )
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert len(first) == 2 + 2 * 3 * 3


def test_they_agree_with_themselves(folder: Path) -> None:
    evidence = judge_vectors(folder, "logistic_regression")
    assert evidence.ok, str(evidence)
    assert {"float64", "float32", "bfloat16"} == {row.dtype for row in evidence.rows}


@pytest.fixture
def few(tmp_path: Path) -> Path:
    write_vectors("dense", tmp_path / "dense", forms=["npz"], seed=SEED, strata=["ordinary"])
    return tmp_path / "dense"


def changed(folder: Path, file: str, name: str, change: Callable[[Any], Any]) -> None:
    """Replace an array of a file, and its checksum with it."""
    path = folder / file
    arrays = READERS["npz"](path.read_bytes())
    arrays[name] = change(arrays[name])
    data = WRITERS["npz"](arrays)
    path.write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["files"]:
        if entry["file"] == file:
            entry["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_a_wrong_value_is_found(few: Path, dtype: str) -> None:
    changed(few, f"ordinary.0.{dtype}.npz", "gradients.W", lambda a: a * (1 + 2.0**-6))
    evidence = judge_vectors(few, "dense")
    assert evidence.verdict is Verdict.WRONG_FORMULA
    assert {(row.argument, row.stratum) for row in evidence.faults} == {("W", f"ordinary.0.{dtype}.npz")}


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_a_wrong_shape_is_found(few: Path, dtype: str) -> None:
    changed(few, f"ordinary.0.{dtype}.npz", "gradients.W", lambda a: a.T)
    faults = judge_vectors(few, "dense").faults
    assert [row.argument for row in faults] == ["W"]
    assert "is due" in faults[0].note


def test_damage_is_refused(few: Path) -> None:
    file = few / "ordinary.0.float64.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(VectorsError, match=r"ordinary.0.float64.npz is damaged: its SHA-256 is"):
        judge_vectors(few, "dense")
    file.unlink()
    with pytest.raises(VectorsError, match="is in the manifest and not in the directory"):
        judge_vectors(few, "dense")
    (few / "manifest.json").write_text("{}")
    with pytest.raises(VectorsError, match=r"manifest.json cannot be read: KeyError: 'files'"):
        judge_vectors(few, "dense")
    with pytest.raises(VectorsError, match=r"holds no manifest\.json"):
        judge_vectors(few.parent, "dense")


def test_those_of_another_operation_are_refused(few: Path) -> None:
    with pytest.raises(VectorsError, match=r"float64.npz: sigmoid: the input z is missing"):
        judge_vectors(few, "sigmoid")


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_readme", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_vectors("relu", tmp_path / "relu", forms=["json"], dtypes=["float32"], seed=SEED)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(few: Path) -> None:
    with pytest.raises(VectorsError, match="is there already; name a directory that is not"):
        write_vectors("dense", few)
    with pytest.raises(VectorsError, match="rounded to float64, float32, bfloat16; got 'float8'"):
        write_vectors("dense", few.parent / "other", dtypes=["float8"])
    assert sorted(path.name for path in few.parent.iterdir()) == ["dense"]
