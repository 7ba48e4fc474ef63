"""Optimizers: classes, objects and functions that make one step at a time, run over all the gradients of a declared optimizer."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.program import Program
from verify.errors import MappingError
from verify.oracle.implementation import Implementation, fixed, signature, unwrapped
from verify.oracle.naming import Role, roles

Array = NDArray[Any]
Step = Callable[[Any, Array, int], Any]  # parameters, their gradient, the number of the step from 1 on -> parameters

_METHODS = ("step", "update", "apply", "apply_gradients", "__call__")
_GRADIENTS = {
    "g",
    "gs",
    "grad",
    "grads",
    "gradient",
    "gradients",
    "dw",
    "dtheta",
    "dx",
    "dp",
    "d_params",
    "dparams",
    "updates",
}
_COUNTERS = {"t", "step", "steps", "iteration", "it", "i", "k", "n_iter"}
_STATES = {"config", "state", "cache", "opt_state"}


@dataclass(frozen=True)
class Trajectory:
    """The parts of a declared optimizer: gradients with time as first axis, the parameters before and after each step."""

    gradients: str
    start: str
    parameters: str

    @classmethod
    def of(cls, program: Program) -> Trajectory | None:
        """``None`` of an operation that is no optimizer.

        >>> from derive.registry import get
        >>> Trajectory.of(get("adam").program)
        Trajectory(gradients='g', start='theta0', parameters='theta')
        >>> Trajectory.of(get("rnn").program)
        """
        if len(program.outputs) != 1:
            return None
        output = program.tensors[program.outputs[0]]
        starts = [e for e in program.equations if e.target == output.name and e.extents and e.extents[0] is None]
        given = [t for t in program.inputs if t.default is None]
        if len(starts) != 1 or len(given) != 2:
            return None
        start = next(
            (t for t in given if t.shape == output.shape[1:] and starts[0].rhs == t.at(*starts[0].indices[1:])), None
        )
        others = [t for t in given if t is not start]
        if start is None or not others[0].shape or others[0].shape[0] != output.shape[0]:
            return None
        return cls(others[0].name, start.name, output.name)


def is_optimizer(what: Any) -> bool:
    """Whether it makes single steps: it has a method for that, or makes something that has ``init`` and ``update``.

    >>> class Descent:
    ...     def step(self, params, grads): ...
    >>> is_optimizer(Descent), is_optimizer(np.tanh)
    (True, False)
    """
    if _is_transformation(what) or any(callable(getattr(what, name, None)) for name in _METHODS[:-1]):
        return True
    if inspect.isclass(what):
        return "__call__" in vars(what)
    if str(getattr(unwrapped(what), "__module__", "")).partition(".")[0] == "optax":
        return True
    try:
        names = set(inspect.signature(what).parameters)
    except (TypeError, ValueError):  # nothing that can be called, or of C
        return False
    return bool(names & _STATES) and bool(names & _GRADIENTS)


def of_optimizer(
    what: Any, derivation: Derivation, trajectory: Trajectory, arguments: Mapping[str, str] | None
) -> Implementation:
    """An optimizer, started anew for each trajectory; hyper-parameters go where its constructor takes them.

    ``step(params, grads)`` may return the parameters or change them in place, be given an array, a list or a dictionary of them;
    a transformation has ``init(params)`` and ``update(grads, state, params)``, and what it returns is added; a class of PyTorch has
    the gradients at its parameters; a function ``rule(w, dw, config)`` returns the next parameters and the next config.  A step
    that takes its number is given 1 first.

    Raises:
        MappingError: it cannot be told what a parameter means.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> class Descent:
        ...     def __init__(self, lr):
        ...         self.lr = lr
        ...     def step(self, params, grads):
        ...         params -= self.lr * grads
        >>> descent = derive(get("gradient_descent"))
        >>> made = of_optimizer(Descent, descent, Trajectory.of(descent.program), None)
        >>> made.forward(g=np.array([[1.0], [2.0]]), theta0=np.array([0.0]), alpha=0.5)["theta"]
        array([[-0.5],
               [-1.5]])
    """
    owner = getattr(what, "__name__", type(what).__name__)
    hypers, make = _made(what, derivation, arguments or {}, owner)

    def forward(**inputs: Any) -> dict[str, Array]:
        gradients, parameters = inputs[trajectory.gradients], np.array(inputs[trajectory.start])
        step = make(parameters, {role.parameter: inputs[role.name] for role in hypers})
        found = np.empty((len(gradients), *parameters.shape), dtype=parameters.dtype)
        for number, gradient in enumerate(gradients, 1):
            parameters = np.asarray(step(parameters, gradient, number))
            if parameters.shape != found.shape[1:]:
                return {trajectory.parameters: parameters}  # the verdict says of which shape they are
            found[number - 1] = parameters
        return {trajectory.parameters: found}

    taken = {role.name for role in hypers} | {trajectory.gradients, trajectory.start}
    note = f"{owner} is an optimizer: it makes one step for each gradient"
    return Implementation(owner, forward, None, notes=(note,), fixed=fixed(derivation, taken), takes=tuple(taken))


def _made(
    what: Any, derivation: Derivation, arguments: Mapping[str, str], owner: str
) -> tuple[tuple[Role, ...], Callable[[Array, Mapping[str, Any]], Step]]:
    """The hyper-parameters that it takes, and what makes a step function of the first parameters and these."""
    if _is_transformation(what):
        return (), lambda start, settings: _transformed(what, start)
    if not inspect.isclass(what) and inspect.isroutine(unwrapped(what)):
        names = [name for name, _ in signature(what, owner)]
        if set(names) & _STATES:
            return (), lambda start, settings: _ruled(what, names)
        hypers = _hypers(signature(what, owner), derivation, arguments, owner)
        return hypers, lambda start, settings: _transformed(what(**_numbers(settings)), start)
    if not inspect.isclass(what):
        return (), lambda start, settings: _stepping(copy.deepcopy(what), owner)
    own = signature(what, f"the constructor of {owner}") if "__init__" in vars(what) or what.__mro__[1:-1] else []
    torch = sys.modules.get("torch")
    if torch is not None and issubclass(what, torch.optim.Optimizer):
        hypers = _hypers(own[1:], derivation, arguments, owner)
        return hypers, lambda start, settings: _torch_step(what, start, _paired(_numbers(settings)))
    first = [
        name for name, optional in own if name in ("params", "parameters", "theta", "w", "weights") and not optional
    ]
    hypers = _hypers([each for each in own if each[0] not in first], derivation, arguments, owner)

    def make(start: Array, settings: Mapping[str, Any]) -> Step:
        return _stepping(what(**dict.fromkeys(first, start), **_paired(_numbers(settings))), owner)

    return hypers, make


def _hypers(
    own: Sequence[tuple[str, bool]], derivation: Derivation, arguments: Mapping[str, str], owner: str
) -> tuple[Role, ...]:
    """The roles of those parameters that stand for hyper-parameters; ``betas`` stands for two."""
    hyper = {t.name for t in derivation.program.inputs if t.default is not None}
    found: list[Role] = []
    missing = []
    for name, optional in own:
        if name == "betas" and {"beta1", "beta2"} <= hyper:
            found += [Role("betas[0]", "input", "beta1"), Role("betas[1]", "input", "beta2")]
            continue
        given = {name: arguments[name]} if name in arguments else None
        try:
            (role,) = roles([(name, False)], derivation, given)
        except MappingError:
            role = Role(name, "", "")
        if role.kind == "input" and role.name in hyper and role.name not in {each.name for each in found}:
            found.append(role)
        elif not optional:
            missing.append(name)
    if missing:
        raise MappingError(
            f"{owner} needs {', '.join(missing)}, which no hyper-parameter of {derivation.program.name} stands for; there are "
            f"{', '.join(sorted(hyper))}: arguments={{{missing[0]!r}: ...}}"
        )
    return tuple(found)


def _numbers(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if np.ndim(value) == 0 else value for name, value in settings.items()}


def _paired(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``betas[0]`` and ``betas[1]`` as one pair."""
    rest = {name: value for name, value in settings.items() if not name.startswith("betas[")}
    pair = tuple(settings[name] for name in ("betas[0]", "betas[1]") if name in settings)
    return {**rest, "betas": pair} if pair else rest


# -- the kinds of steps -----------------------------------------------------------------------------------------------------


def _is_transformation(what: Any) -> bool:
    return not inspect.isclass(what) and all(callable(getattr(what, name, None)) for name in ("init", "update"))


def _transformed(transformation: Any, start: Array) -> Step:
    with _double():
        state = [transformation.init(start)]

    def step(parameters: Any, gradient: Array, number: int) -> Any:
        with _double():
            updates, state[0] = transformation.update(gradient, state[0], parameters)
            return parameters + np.asarray(updates)

    return step


@contextmanager
def _double() -> Iterator[None]:
    """JAX in float64, if it is JAX's."""
    if "jax" not in sys.modules:
        yield
        return
    import jax

    with jax.enable_x64(True):
        yield


def _ruled(rule: Callable[..., Any], names: Sequence[str]) -> Step:
    """``w, config = rule(w, dw, config)``."""
    state = next(name for name in names if name in _STATES)
    kept: list[Any] = [None]

    def step(parameters: Any, gradient: Array, number: int) -> Any:
        others = [name for name in names if name != state]
        given = dict(zip(others, _ordered(others, parameters, gradient, number), strict=False))
        following, kept[0] = rule(**given, **{state: kept[0]})
        return following

    return step


def _ordered(names: Sequence[str], parameters: Any, gradient: Any, number: int) -> list[Any]:
    """What each of these parameters of a step is given: the gradient and the number by their names, the parameters else."""
    return [
        gradient if name.lower() in _GRADIENTS else number if name.lower() in _COUNTERS else parameters
        for name in names
    ]


def _stepping(optimizer: Any, owner: str) -> Step:
    """The method of an object; the first step shows whether parameters are an array, a list or a dictionary to it."""
    method = next(getattr(optimizer, name) for name in _METHODS if callable(getattr(optimizer, name, None)))
    names = [name for name, optional in signature(method, f"{owner}.{method.__name__}") if not optional]
    chosen: list[int] = []

    def step(parameters: Any, gradient: Array, number: int) -> Any:
        forms: list[Callable[[Any], Any]] = [
            lambda value: value,
            lambda value: [value],
            lambda value: {"theta": value},
        ]
        failure: Exception | None = None
        for which in chosen or range(len(forms)):
            form, ours = forms[which], np.array(parameters)
            trial = optimizer if chosen else copy.deepcopy(optimizer)
            try:
                result = getattr(trial, method.__name__)(*_ordered(names, form(ours), form(np.array(gradient)), number))
            except Exception as error:  # another form than it takes, or it fails in any: the first failure is told
                failure = failure or error
                continue
            if not chosen:
                chosen.append(which)
                optimizer.__dict__.update(trial.__dict__)
            return ours if result is None else _unpacked(result)
        assert failure is not None
        raise failure

    return step


def _unpacked(result: Any) -> Any:
    if isinstance(result, Mapping):
        return next(iter(result.values()))
    return result[0] if isinstance(result, list | tuple) else result


def _torch_step(kind: Any, start: Array, settings: Mapping[str, Any]) -> Step:
    import torch

    parameter = torch.nn.Parameter(torch.tensor(start))
    advance: Callable[[], Any] = kind([parameter], **settings).step

    def step(parameters: Any, gradient: Array, number: int) -> Any:
        parameter.grad = torch.tensor(gradient)
        advance()
        return parameter.detach().numpy().copy()

    return step


__all__ = ["Trajectory", "is_optimizer", "of_optimizer"]
