"""JAX's autodiff of the reference forward, in float64: values and gradients that know nothing of the declaration.

JAX is imported when a reference is first evaluated.  Double precision is switched on for the duration of each call
only, so a user's own setting stays as it is.  Arrays are copied on the way in: NumPy memory handed to jitted
functions may be aliased, and perturbing it afterwards corrupts results (jax issue 37830).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.operation import Operation
from verify.errors import MissingReference, WitnessError
from verify.references import find
from verify.sampling import Case
from verify.sizes import extent_value

Array = NDArray[Any]


def _transposing(forward: Callable[..., Any], matrices: frozenset[str]) -> Callable[..., Any]:
    """The reference of an operation whose matrices stand transposed: it is given and returns them as it knows them."""

    @functools.wraps(forward)
    def turned(**given: Any) -> Any:
        known = {name: value.swapaxes(-1, -2) if name in matrices else value for name, value in given.items()}
        outputs = forward(**known)
        if not isinstance(outputs, Mapping):
            return outputs
        return {name: value.swapaxes(-1, -2) if name in matrices else value for name, value in outputs.items()}

    return turned


class Autodiff:
    """The reference of an operation with its vector-Jacobian product, compiled once per set of shapes.

    Raises:
        MissingReference: the operation has no reference.
        WitnessError: the reference does not take the declared names, cannot be run by JAX, or does not return the
        declared outputs in their shapes; the message says what it must look like and what was given.

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
            raise MissingReference(
                f"{operation.name} has no reference in verify/references: nothing independent of its declaration "
                "was compared with it"
            )
        if operation.transposed:
            forward = _transposing(forward, frozenset(operation.transposed))
        self.operation, self.wrt, self.forward = operation, wrt, forward
        self._accept()
        self._compiled: dict[tuple[tuple[str, int], ...], Callable[..., Any]] = {}

    def _accept(self) -> None:
        """The reference must take exactly the declared names, so that neither can drift away from the other."""
        try:
            taken = list(inspect.signature(self.forward).parameters)
        except (TypeError, ValueError) as error:
            raise self._refused(f"its arguments cannot be read: {error}") from error
        if set(taken) != set(self._names):
            raise self._refused(f"it takes ({', '.join(taken)})")

    @property
    def _names(self) -> tuple[str, ...]:
        program = self.operation.program
        declared = [t.name for t in program.inputs] + [str(s) for s in program.integers] + list(self.operation.options)
        return tuple(dict.fromkeys(declared))

    def _refused(self, given: str) -> WitnessError:
        """What the reference of this operation must look like, and what was found instead."""
        program = self.operation.program
        shapes = [f"{name!r}: {_shape(program.tensors[name].shape)}" for name in program.outputs]
        return WitnessError(
            f"the reference of {self.operation.name} must be a JAX forward that takes the declared names "
            f"({', '.join(self._names)}) and returns {{{', '.join(shapes)}}}; {given}"
        )

    def run(self, case: Case, cotangents: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
        """Outputs and gradients at a case; a scalar output without a cotangent is seeded with 1."""
        import jax

        with jax.enable_x64(True):
            integers = tuple(sorted(case.integers.items()))
            if integers not in self._compiled:
                # run once or twice: compiling is most of the time, and optimising most of that
                self._compiled[integers] = jax.jit(self._product(dict(integers)), compiler_options=_quick())
            arrays = {name: np.array(value, copy=True) for name, value in case.inputs.items()}
            moving = {name: np.asarray(arrays.pop(name), dtype=np.float64) for name in self.wrt}
            seeds = {name: np.array(value, dtype=np.float64) for name, value in cotangents.items()}
            self._check_seeds(seeds, case)
            try:
                outputs, gradients = self._compiled[integers](moving, arrays, seeds)
            except WitnessError:
                raise
            except Exception as error:  # a forward may fail in any way; the message says how
                first = next(iter(str(error).splitlines()), "")
                raise self._refused(f"it raised {type(error).__name__}: {first}") from error
            self._check_outputs({name: value.shape for name, value in outputs.items()}, case)
            return (
                {name: np.array(value) for name, value in outputs.items()},
                {name: np.array(value) for name, value in gradients.items()},
            )

    def stacked(self, case: Case) -> dict[str, Array]:
        """The gradients at many cases in one call: every array of ``case``, and of the result, has an axis in front.

        Compiled once for each set of shapes, so callers keep the length of that axis.  The cases run one after another
        in compiled code (``lax.map``): ``vmap`` compiles twice as fast, but turns a convolution whose filters differ from
        case to case into a grouped one, which takes the CPU a hundred times as long.
        """
        import jax

        with jax.enable_x64(True):
            key = (("stacked", 1), *sorted((str(symbol), size) for symbol, size in case.sizes.items()))
            if key not in self._compiled:
                product = self._product(dict(case.integers))

                def each(arrays: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> Any:
                    outputs, gradients = product(*arrays)
                    self._check_outputs({name: value.shape for name, value in outputs.items()}, case)
                    return gradients

                # level 0: fused operations round differently, and then a difference that is exactly 0 is not
                options = {"xla_backend_optimization_level": 0}
                self._compiled[key] = jax.jit(lambda arrays: jax.lax.map(each, arrays), compiler_options=options)
            arrays = {name: np.array(value, copy=True) for name, value in case.inputs.items()}
            moving = {name: np.asarray(arrays.pop(name), dtype=np.float64) for name in self.wrt}
            seeds = {name: np.array(value, dtype=np.float64) for name, value in case.cotangents.items()}
            try:
                gradients = self._compiled[key]((moving, arrays, seeds))
            except WitnessError:
                raise
            except Exception as error:  # a forward may fail in any way; the message says how
                first = next(iter(str(error).splitlines()), "")
                raise self._refused(f"it raised {type(error).__name__}: {first}") from error
            return {name: np.array(value) for name, value in gradients.items()}

    def _check_outputs(self, shapes: Mapping[str, tuple[int, ...]], case: Case) -> None:
        for name, shape in shapes.items():
            due = self._due(name, case)
            if shape != due:
                raise self._refused(f"where {name} has the shape {due}, it returns the shape {shape}")

    def _due(self, name: str, case: Case) -> tuple[int, ...]:
        return tuple(extent_value(extent, case.sizes) for extent in self.operation.program.tensors[name].shape)

    def _check_seeds(self, seeds: Mapping[str, Array], case: Case) -> None:
        for name in self.operation.program.outputs:
            due = self._due(name, case)
            if name not in seeds and due:
                raise WitnessError(f"{self.operation.name}: no cotangent given for {name}{list(due)}")
            if name in seeds and seeds[name].shape != due:
                raise WitnessError(
                    f"{self.operation.name}: the cotangent of {name} must have the shape {due}, got {seeds[name].shape}"
                )

    def _outputs(self, result: Any) -> dict[str, Any]:
        """What the reference returned, as floating arrays under the declared names."""
        import jax.numpy as jnp

        if not isinstance(result, Mapping):
            raise self._refused(f"it returns a {type(result).__name__}")
        if set(result) != set(self.operation.program.outputs):
            raise self._refused(f"it returns {{{', '.join(map(repr, result))}}}")
        return {name: jnp.asarray(value, dtype=jnp.float64) for name, value in result.items()}

    def _product(self, integers: Mapping[str, int]) -> Callable[..., Any]:
        import jax
        import jax.numpy as jnp

        def product(moving: dict[str, Any], fixed: dict[str, Any], seeds: dict[str, Any]) -> Any:
            def forward(moving: dict[str, Any]) -> dict[str, Any]:
                return self._outputs(self.forward(**moving, **fixed, **integers, **self.operation.options))

            outputs, pull = jax.vjp(forward, moving)
            if any(value.shape != (seeds[name].shape if name in seeds else ()) for name, value in outputs.items()):
                return outputs, {}  # refused for its shape, before JAX complains about the cotangent
            full = {k: seeds[k].astype(v.dtype) if k in seeds else jnp.ones_like(v) for k, v in outputs.items()}
            return outputs, pull(full)[0]

        return product


@cache
def _quick() -> dict[str, bool | int]:
    """The options of XLA that compile fastest; the second halves the time, where this release has it."""
    import jax

    least: dict[str, bool | int] = {"xla_backend_optimization_level": 0}
    options = {**least, "xla_cpu_use_fusion_emitters": False}
    try:
        jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except Exception:  # the release decides what it raises for an option that it does not know
        return least
    return options


def _shape(extents: tuple[Any, ...]) -> str:
    return f"array[{', '.join(map(str, extents))}]" if extents else "a scalar"
