"""Other checkers on the same gradients, as their users call them: ``check_grads`` of JAX and ``gradcheck`` of PyTorch.

Both see one case, the generated forward or another, and one gradient as the backward pass; both run with their default
settings.  The gradient is rejected if the checker raises.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from derive.derivation import Derivation
from numeric.function import compile
from verify.mutants.mutation import Gradients
from verify.protocol import Forward
from verify.sampling import Case

Arrays = list[np.ndarray[Any, Any]]


class Passes:
    """Forward and backward of an operation as functions of a list of arrays: those that are differentiated.

    The forward is the generated one unless another is given.
    """

    def __init__(
        self, derivation: Derivation, case: Case, forward: Forward | None = None, dtype: Any = np.float64
    ) -> None:
        self.derivation, self.case, self.dtype = derivation, case, dtype
        self.names = tuple(derivation.gradients)
        self._forward = forward or compile(derivation).forward
        given = case.arguments()
        self.arrays: Arrays = [np.asarray(given[name], dtype=dtype) for name in self.names]
        self.outputs = self.forward([array.copy() for array in self.arrays])

    def inputs(self, arrays: Arrays) -> dict[str, Any]:
        return {**self.case.arguments(), **dict(zip(self.names, arrays, strict=True))}

    def forward(self, arrays: Arrays) -> Arrays:
        with _silence():
            result = self._forward(**self.inputs(arrays))
            return [np.array(result[name], dtype=self.dtype) for name in self.derivation.of]

    def backward(self, vjp: Gradients, arrays: Arrays, seeds: Arrays) -> Arrays:
        cotangents = dict(zip(self.derivation.of, seeds, strict=True)) if self.derivation.cotangents else {}
        # the gradient of a scalar output is judged for the cotangent 1
        scale = 1.0 if self.derivation.cotangents else seeds[0]
        with _silence():
            result = vjp(self.inputs(arrays), cotangents)
            return [np.array(np.asarray(result[name]) * scale, dtype=self.dtype) for name in self.names]


@contextmanager
def _silence() -> Iterator[None]:
    """What matters of a warning shows in the numbers."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class CheckGrads:
    """``jax.test_util.check_grads(f, args, order=1, modes=["rev"])``; JAX compiles the operation once for all mutants."""

    name = "check_grads"

    def __init__(
        self, derivation: Derivation, case: Case, forward: Forward | None = None, dtype: Any = np.float64
    ) -> None:
        self._passes = Passes(derivation, case, forward, dtype)
        self._vjp: Gradients | None = None
        self._function = self._wrapped()

    def _wrapped(self) -> Callable[..., Any]:
        import jax

        described: Any = jax.ShapeDtypeStruct
        passes = self._passes

        def forward(*arrays: Any) -> Any:
            return passes.forward([np.array(a) for a in arrays])

        def backward(arrays: Any, seeds: Any) -> Any:
            assert self._vjp is not None
            return passes.backward(self._vjp, [np.array(a) for a in arrays], [np.array(s) for s in seeds])

        def shapes(like: Arrays) -> list[Any]:
            return [described(a.shape, a.dtype) for a in like]

        @jax.custom_vjp
        def function(*arrays: Any) -> Any:
            return jax.pure_callback(forward, shapes(passes.outputs), *arrays)

        def kept(*arrays: Any) -> Any:
            return function(*arrays), arrays

        def pulled(arrays: Any, seeds: Any) -> Any:
            return tuple(jax.pure_callback(backward, shapes(passes.arrays), arrays, seeds))

        function.defvjp(kept, pulled)
        return function

    def rejects(self, vjp: Gradients) -> bool:
        """Whether the checker raises for this gradient."""
        import jax
        from jax import test_util

        self._vjp, check_grads = vjp, cast(Any, test_util.check_grads)
        try:
            with jax.enable_x64(True), _silence():
                check_grads(self._function, tuple(self._passes.arrays), order=1, modes=["rev"])
        except Exception:  # an assertion, or whatever the mutant raised inside
            return True
        return False


class GradCheck:
    """``torch.autograd.gradcheck(f, inputs)``, where PyTorch is installed."""

    name = "gradcheck"

    def __init__(
        self, derivation: Derivation, case: Case, forward: Forward | None = None, dtype: Any = np.float64
    ) -> None:
        self._passes = Passes(derivation, case, forward, dtype)

    def rejects(self, vjp: Gradients) -> bool:
        """Whether the checker raises for this gradient."""
        import torch

        passes = self._passes

        def plain(tensors: Any) -> Arrays:
            return [tensor.detach().numpy() for tensor in tensors]

        class Operation(torch.autograd.Function):
            @staticmethod
            def forward(context: Any, *tensors: Any) -> Any:
                context.save_for_backward(*tensors)
                return tuple(torch.from_numpy(np.asarray(a)) for a in passes.forward(plain(tensors)))

            @staticmethod
            def backward(context: Any, *seeds: Any) -> Any:
                found = passes.backward(vjp, plain(context.saved_tensors), plain(seeds))
                return tuple(torch.from_numpy(np.asarray(a)) for a in found)

        # a clone: NumPy's strides of an empty array are 0, which gradcheck refuses
        clones = (torch.from_numpy(a).clone(memory_format=torch.contiguous_format) for a in passes.arrays)
        inputs = [clone.requires_grad_(True) for clone in clones]
        try:
            with _silence():
                torch.autograd.gradcheck(Operation.apply, inputs)
        except Exception:
            return True
        return False


CHECKERS: Mapping[str, type[CheckGrads] | type[GradCheck]] = {"check_grads": CheckGrads, "gradcheck": GradCheck}


def installed() -> tuple[str, ...]:
    """The checkers that can run here: ``gradcheck`` needs the extra ``torch``.

    Example:
        >>> installed()[0]
        'check_grads'
    """
    needs = {"check_grads": "jax", "gradcheck": "torch"}
    return tuple(name for name in CHECKERS if find_spec(needs[name]) is not None)
