"""References: one for every operation, the same forward as the declaration, found by scan, JAX only when needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from derive.registry import get
from derive.reverse import derive
from numeric.exact import Exact
from tests.shares import share
from verify import references
from verify.compare import relative_errors
from verify.errors import WitnessError
from verify.sampling import sample
from verify.witnesses.autodiff import Autodiff
from verify.witnesses.balls import Truth, to_float


@pytest.mark.parametrize("name", share("references"))
def test_every_operation_has_a_reference_that_means_the_same(name: str) -> None:
    operation = get(name)
    derivation = derive(operation)
    case = sample(operation.program, 12, hypers="random", derivation=derivation, budget=200)
    outputs, _ = Autodiff(operation, operation.wrt).run(case, case.cotangents)
    truth = Truth(derivation, case)
    assert set(outputs) == set(operation.program.outputs)
    for output, value in outputs.items():
        expected = to_float(truth.values(output))
        errors, norm = relative_errors(value, expected)
        # a loss of a confident network is a logarithm near 1: what rounding does to the probability is allowed
        gap, rounding = np.abs(value - expected), 64 * np.finfo(float).eps * truth.roughness(output)
        assert norm < 1e-13 or np.all(gap <= rounding)
        assert np.all((errors < 1e-9) | (gap <= rounding))


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu"])
def test_function_valued_hyper_parameters_arrive_by_name(activation: str) -> None:
    operation = get("mlp", activation=activation)
    case = sample(operation.program, 3, budget=200)
    outputs, _ = Autodiff(operation, operation.wrt).run(case, {})
    expected = to_float(Exact(operation.program, case.arguments()).array("L"))
    assert relative_errors(outputs["L"], expected)[1] < 1e-13


def test_layer_norm_is_accurate_at_a_large_mean() -> None:
    operation = get("layer_norm")
    case = sample(operation.program, 3, stratum="offset", derivation=derive(operation))
    outputs, _ = Autodiff(operation, operation.wrt).run(case, case.cotangents)
    # the variance by mean(x^2) - mean(x)^2 would be off by more than 1 here
    expected = to_float(Exact(operation.program, case.arguments()).array("y"))
    assert relative_errors(outputs["y"], expected)[1] < 1e-7


def test_x64_is_switched_on_for_the_call_only() -> None:
    import jax
    import jax.numpy as jnp

    before = jax.config.jax_enable_x64
    operation = get("sigmoid")
    case = sample(operation.program, 1)
    outputs, gradients = Autodiff(operation, ("z",)).run(case, {"a": np.ones_like(case.inputs["z"])})
    assert outputs["a"].dtype == gradients["z"].dtype == np.float64
    assert jax.config.jax_enable_x64 == before
    assert jnp.zeros(1).dtype == (np.float64 if before else np.float32)


def test_inputs_are_copied() -> None:
    operation = get("dense")
    derivation = derive(operation)
    case = sample(operation.program, 1, derivation=derivation)
    outputs, gradients = Autodiff(operation, operation.wrt).run(case, case.cotangents)
    kept = {name: value.copy() for name, value in {**outputs, **gradients}.items()}
    for array in case.inputs.values():
        array[...] = np.nan
    assert all(np.array_equal(kept[name], value) for name, value in {**outputs, **gradients}.items())


def test_a_reference_with_other_names_is_refused() -> None:
    from derive.registry import declare

    other = declare("U[n, d], W[d, k], b[k]\nZ = U @ W + b", name="dense")
    with pytest.raises(
        WitnessError, match=r"takes the declared names \(U, W, b\) and returns .*; it takes \(X, W, b\)"
    ):
        Autodiff(other, ("U",))


def test_an_operation_without_reference_is_said_so() -> None:
    from derive.registry import declare

    with pytest.raises(WitnessError, match="has no reference"):
        Autodiff(declare("x[n]\ny = x**2", name="nobody_knows_this"), ("x",))


def test_stating_a_reference_twice_is_an_error() -> None:
    references.scan()
    with pytest.raises(ValueError, match="stated twice"):

        @references.reference("dense")
        def other(X: object, W: object, b: object) -> dict[str, object]:
            return {}


def test_a_new_module_is_found_by_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "found_by_scan.py").write_text(
        "from verify.references import reference\n\n@reference('found_by_scan')\ndef f(x):\n    return {'y': x}\n"
    )
    monkeypatch.setattr(references, "__path__", [*references.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "verify.references.found_by_scan", raising=False)
    found = references.find("found_by_scan")
    assert found is not None
    assert found(x=3) == {"y": 3}
    references.forget("found_by_scan")


def test_activations_must_take_one_array() -> None:
    with pytest.raises(LookupError, match="must take one array"):
        references.elementwise("dense")
    with pytest.raises(LookupError, match=r"has no reference; known: .*adam"):
        references.elementwise("no_such_thing")


def test_importing_verify_does_not_import_jax() -> None:
    code = (
        "import sys, verify, verify.references, verify.strategies; "
        "sys.exit('jax' in sys.modules or 'optax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
