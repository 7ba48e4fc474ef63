"""The oracle in single, half and bfloat16 precision: what a few roundings may do there, and what is a mistake all the same."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from derive.registry import get
from derive.reverse import derive
from tests.seeds import SEED
from verify.compare import compare
from verify.errors import SamplingError
from verify.oracle import check
from verify.precision import DTYPES, limits
from verify.sampling import Case
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth

NARROW = ["float32", "float16", "bfloat16"]


def softmax_backward(da: Any, a: Any) -> Any:
    return a * (da - (da * a).sum(-1, keepdims=True))


def dense_backward(dZ: Any, X: Any, W: Any) -> Any:
    return dZ @ W.T, X.T @ dZ, dZ.sum(0)


@pytest.mark.parametrize("dtype", NARROW)
def test_right_gradients_are_accepted(dtype: str) -> None:
    for backward, operation in ((softmax_backward, "softmax"), (dense_backward, "dense")):
        found = check(backward, operation, dtype=dtype, seed=SEED)
        assert found.ok, str(found)
        assert {row.dtype for row in found.evidence.rows} == {dtype}


@pytest.mark.parametrize("dtype", NARROW)
def test_mistakes_are_found_and_named(dtype: str) -> None:
    found = check(lambda dZ, X, W: (dZ @ W.T, X.T @ dZ, 2 * dZ.sum(0)), "dense", dtype=dtype, seed=SEED)
    # of a sum that cancels, eight bits leave a place or another undecided
    assert {(row.argument, row.verdict) for row in found.evidence.faults if row.verdict.faulty} == {
        ("b", Verdict.WRONG_FORMULA)
    }
    assert found.verdict is Verdict.WRONG_FORMULA
    assert {kind for cause in found.causes for kind in cause.kinds} == {"factor 2"}
    assert dtype in str(found.evidence.counterexample)


def test_what_is_rounded_to_the_largest_number_is_right() -> None:
    """65508 is nearer to 65504, the largest number of float16, than to 65536, at which the next one would be."""
    derivation = derive(get("dense"))
    point = {"X": np.float16([[1, 4]]), "W": np.float16([[65504], [1]]), "b": np.float16([0])}
    sizes = dict(zip(derivation.program.dimensions, (1, 2, 1), strict=True))
    here = Truth(derivation, Case(sizes, point, {}, {"Z": np.ones((1, 1), np.float16)}), np.float16)
    assert compare(np.float16([[65504]]), here, "Z", dtype=np.float16).verdict is Verdict.AGREES
    assert compare(np.float16([[60000]]), here, "Z", dtype=np.float16).verdict is not Verdict.AGREES


def test_the_repetition_of_a_bfloat16_fault_runs(capsys: pytest.CaptureFixture[str]) -> None:
    def relu_backward(da: Any, z: Any) -> Any:
        return da * (z >= 0)

    found = check(relu_backward, "relu", dtype="bfloat16", strata=["zeros"], seed=SEED)
    assert found.verdict is Verdict.WRONG_CONVENTION
    exec(str(found.evidence.counterexample), {"relu_backward": relu_backward})
    assert "relu_backward against relu: wrong convention" in capsys.readouterr().out


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_jax_in_sixteen_bits(dtype: str) -> None:
    found = check(jax.nn.softmax, "softmax", dtype=dtype, strata=["ordinary"], seed=SEED)
    assert found.ok, str(found)


def test_what_a_format_can_hold() -> None:
    """IEEE 754-2008 binary16: 11 bits, largest 65504; bfloat16: 8 bits, the exponents of binary32."""
    assert float(limits(np.float16).max) == 65504
    assert float(limits(DTYPES["bfloat16"]).eps) == 2.0**-7
    assert float(limits(DTYPES["bfloat16"]).tiny) == 2.0**-126
    with pytest.raises(SamplingError, match="dtype is one of float64, float32, float16, bfloat16, got 'float8'"):
        check(dense_backward, "dense", dtype="float8")


def test_a_dtype_that_grows_is_told() -> None:
    found = check(lambda z, da: np.float64(da) * (z > 0), "relu", dtype="float32", seed=SEED)
    assert found.ok, str(found)
    assert "float32 goes in, and z in float64 comes out" in found.notes
    assert not any("comes out" in note for note in check(lambda z, da: da * (z > 0), "relu", dtype="float32").notes)
