"""JAX's autodiff of the reference forward, in float64: values and gradients that know nothing of the declaration.

JAX is imported when a reference is first evaluated.  Double precision is switched on for the duration of each call
only, so a user's own setting stays as it is.  Arrays are copied on the way in: NumPy memory handed to jitted
functions may be aliased, and perturbing it afterwards corrupts results (jax issue 37830).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.operation import Operation
from verify.errors import WitnessError
from verify.references import find
from verify.sampling import Case

Array = NDArray[Any]


class Autodiff:
    """The reference of an operation with its vector-Jacobian product, compiled once per set of shapes.

    Raises:
        WitnessError: the operation has no reference, or the reference does not take the declared names.

    Example:
        >>> import derive.registry
        >>> from verify.sampling import sample
        >>> operation = derive.registry.get("relu")
        >>> case = sample(operation.program, seed=1)
        >>> outputs, gradients = Autodiff(operation, ("z",)).run(case, {"a": np.ones_like(case.inputs["z"])})
        >>> bool(np.all((gradients["z"] == 1) == (case.inputs["z"] > 0)))
        True
    """

    def __init__(self, operation: Operation, wrt: tuple[str, ...]) -> None:
        forward = find(operation.name)
        if forward is None:
            raise WitnessError(f"{operation.name} has no reference in verify/references, so JAX cannot witness it")
        self.operation, self.wrt, self.forward = operation, wrt, forward
        self._accept()
        self._compiled: dict[tuple[tuple[str, int], ...], Callable[..., Any]] = {}

    def _accept(self) -> None:
        """The reference must take exactly the declared names, so that neither can drift away from the other."""
        program = self.operation.program
        declared = {t.name for t in program.inputs} | {str(s) for s in program.integers} | set(self.operation.options)
        taken = set(inspect.signature(self.forward).parameters)
        if declared != taken:
            raise WitnessError(
                f"the reference of {self.operation.name} must take the declared names {sorted(declared)}; "
                f"it takes {sorted(taken)}"
            )

    def run(self, case: Case, cotangents: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
        """Outputs and gradients at a case; a scalar output without a cotangent is seeded with 1."""
        import jax

        with jax.enable_x64(True):
            integers = tuple(sorted(case.integers.items()))
            if integers not in self._compiled:
                self._compiled[integers] = jax.jit(self._product(dict(integers)))
            arrays = {name: np.array(value, copy=True) for name, value in case.inputs.items()}
            moving = {name: np.asarray(arrays.pop(name), dtype=np.float64) for name in self.wrt}
            seeds = {name: np.array(value, dtype=np.float64) for name, value in cotangents.items()}
            outputs, gradients = self._compiled[integers](moving, arrays, seeds)
            return (
                {name: np.array(value) for name, value in outputs.items()},
                {name: np.array(value) for name, value in gradients.items()},
            )

    def _product(self, integers: Mapping[str, int]) -> Callable[..., Any]:
        import jax
        import jax.numpy as jnp

        def product(moving: dict[str, Any], fixed: dict[str, Any], seeds: dict[str, Any]) -> Any:
            def forward(moving: dict[str, Any]) -> dict[str, Any]:
                return dict(self.forward(**moving, **fixed, **integers, **self.operation.options))

            outputs, pull = jax.vjp(forward, moving)
            missing = [name for name, value in outputs.items() if name not in seeds and value.ndim]
            if missing:
                raise WitnessError(f"{self.operation.name}: no cotangent given for {', '.join(missing)}")
            full = {k: seeds[k].astype(v.dtype) if k in seeds else jnp.ones_like(v) for k, v in outputs.items()}
            return outputs, pull(full)[0]

        return product
