"""float32 in means float32 throughout: no temporary of generated code or its primitives is float64."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

import numpy as np
import pytest

import numeric.primitives
from tests.numeric.programs import SAMPLES, Sample
from tests.numeric.test_generated import CASES, generated, seeded

OWN = {"forward", "backward", "vjp", *numeric.primitives.__all__}


class Doubles:
    """While active, the float64 values among the local variables of every generated function and primitive."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def _profile(self, frame: FrameType, event: str, result: Any) -> None:
        name = frame.f_code.co_name
        own = frame.f_code.co_filename.startswith("<backproof") or "primitives" in frame.f_code.co_filename
        if event != "return" or not own or name not in OWN:
            return
        for variable, value in [*frame.f_locals.items(), ("the result", result)]:
            if isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.float64:
                self.found.add(f"{variable} in {name}")

    def __enter__(self) -> Doubles:
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


@pytest.mark.parametrize(("sample", "shapes"), CASES)
def test_float32_stays_float32(sample: Sample, shapes: Mapping[str, Any]) -> None:
    rng = seeded(sample, shapes)
    given = sample.inputs(shapes, rng, np.float32)
    function = generated(sample.name)
    with Doubles() as doubles:
        outputs, residuals = function.run_forward(given)
        if sample.gradient:
            g = {n: rng.standard_normal(outputs[n].shape).astype(np.float32) for n in function.derivation.cotangents}
            function.vjp(given, g or None)
            function.run_backward(residuals, g or None)
    assert not doubles.found


def test_a_double_would_be_seen() -> None:
    sample = next(s for s in SAMPLES if s.name == "elementwise")
    given = sample.inputs(sample.shapes[0], seeded(sample, sample.shapes[0]), np.float64)
    with Doubles() as doubles:
        generated("elementwise").forward(**given)
    assert "x in forward" in doubles.found
