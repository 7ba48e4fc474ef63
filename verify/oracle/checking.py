"""``check``: is somebody's implementation right, and if not, which mistake is it?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.identities import identities
from derive.operation import Operation
from derive.reverse import derive
from verify import strata as _strata
from verify.evidence import Evidence
from verify.judge import BUDGET, Points, check_gradient, fresh_seed, resolve
from verify.oracle.adapting import adapted
from verify.oracle.answer import Check
from verify.oracle.explaining import SECONDS, Cause, explain
from verify.oracle.hints import hints
from verify.oracle.implementation import Implementation
from verify.oracle.many import many_cases
from verify.oracle.observation import Observation
from verify.oracle.recognising import recognised
from verify.oracle.scale import recognised_scale, unreduced
from verify.precision import doubled, is_real, of_name
from verify.protocol import REPEATED, Failure, Gradients, run
from verify.sampling import Case, sample
from verify.sizes import degenerate_sizes
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth, to_float

Array = NDArray[Any]

BALLS = 4  # points of each stratum that balls judge; more are compared with JAX first
_OTHERS = 2  # strata beside the ordinary one from which a cause is looked for


def check(
    implementation: Any,
    against: Operation | str,
    *,
    forward: Callable[..., Any] | None = None,
    arguments: Mapping[str, str] | None = None,
    kind: str | None = None,
    layouts: Mapping[str, str] | None = None,
    scale: str | None = None,
    wrt: Sequence[str] | None = None,
    seed: int | None = None,
    cases: int = 4,
    strata: Sequence[str] | None = None,
    dtype: Any = np.float64,
    inputs: Mapping[str, Any] | None = None,
    cotangents: Mapping[str, Any] | None = None,
    seconds: float = SECONDS,
    tries: int | None = None,
    claim: Any = None,
) -> Check:
    """Judge an implementation of an operation, and name the mistake.

    An implementation is a NumPy function (a backward pass if it takes an upstream gradient or its name says so; else a forward
    pass), a pair of a forward and a backward pass, an object or a class with the methods ``forward`` and ``backward``, a JAX or
    PyTorch function or module, whose own derivative is judged, or an optimizer that makes one step at a time.  Parameters are
    understood by the names of the declaration, by ``dy`` for the cotangent of ``y`` and its like, by what people call the same
    thing, and by position.  Gradients may be returned as a mapping, a tuple in the order of the parameters, or one array.

    Args:
        implementation: what is judged.
        against: the operation that it should be, or its name in the catalog.
        forward: its forward pass, judged as well, where the implementation is a backward pass.
        arguments: what a parameter stands for, where its name does not say it: ``{"weights": "W"}``.
        kind: ``"gradient"`` or ``"forward"``, where it cannot be told from the function.
        layouts: how arrays lie that lie otherwise than declared: the declared sizes in their order, ``{"W": "k d"}``; told from
            the shapes where it is not said.
        scale: how many times the declared loss its loss is, ``"n/2"``; told from a forward pass where it is not said.
        wrt: the inputs whose gradients it returns; by default those that the operation differentiates.
        seed: repeats a run; a fresh one is drawn and told otherwise.
        cases: points per stratum; every second has other hyper-parameters.  From the fifth on they are judged in batches against
            JAX, and by balls where that differs.
        strata: names of strata (or of degenerate sizes, as verdicts call them); by default all that apply.
        dtype: ``numpy.float64``, ``float32`` or ``float16``, or ``"bfloat16"`` (of ``ml_dtypes``): of its inputs, and what the
            bounds on its errors are derived from.
        inputs: judge at this point instead.
        cotangents: those of that point, by output name.
        seconds: how long a cause is looked for, in processor time.
        tries: how many candidates for it are looked at instead, so that every machine finds the same.
        claim: what somebody says that it should be instead; read and judged in the same way, at the same points.  What is right
            for all that is told equivalent to the derived gradient.

    Raises:
        MappingError: it cannot be told what a parameter or a result means; the message shows what to write.

    Example:
        >>> def layer_norm_backward(dout, x, gamma, eps):
        ...     xc = x - x.mean(-1, keepdims=True)
        ...     rstd = 1/np.sqrt(xc.var(-1, keepdims=True) + eps)
        ...     xhat, g = xc*rstd, dout*gamma
        ...     dx = rstd*(g - g.mean(-1, keepdims=True))
        ...     return dx, (dout*xhat).sum(0), dout.sum(0)
        >>> found = check(layer_norm_backward, "layer_norm", wrt=["x", "gamma", "beta"], seed=1, strata=["ordinary"])
        >>> [(cause.names, cause.kinds) for cause in found.causes]
        [(('x',), ('treated as constant',))]
        >>> print(found.causes[0].words)
        var is taken for a constant: the gradient through it is missing
    """
    start = time.perf_counter()
    operation, dtype = resolve(against), of_name(dtype)
    seed = fresh_seed() if seed is None else seed
    derivation = derive(operation, wrt=None if wrt is None else tuple(wrt))

    def read(kind: str | None) -> Implementation:
        return adapted(implementation, derivation, forward=forward, arguments=arguments, kind=kind)

    made = read(kind)
    made, elements = unreduced(made, derivation, seed)
    made, conventions, unfinished = recognised(made, derivation, seed, layouts)
    made, multiple, scales = recognised_scale(made, derivation, seed, scale, alone=bool(elements))
    derivation, unjudged = _returned(made, operation, derivation, seed, dtype)
    points = Points(derivation, seed, min(cases, BALLS), dtype, varied=not made.fixed, distinct=True, held=made.held)
    evidence = check_gradient(
        operation,
        made.vjp,
        forward=made.forward,
        strata=strata,
        inputs=inputs,
        cotangents=cotangents,
        points=points,
        written=made.name if made.name.isidentifier() else "implementation",  # a lambda has no name to paste
        fixed=made.fixed,
    )
    faulty = {row.argument for row in evidence.faults if row.witness != "protocol"}
    right = tuple(name for name in derivation.gradients if name not in faulty)
    if cases > BALLS and made.held:
        sizes = ", ".join(f"{symbol} = {size}" for symbol, size in made.held.items())
        left_out = f"{cases} cases: points beyond the first {BALLS} of a stratum have sizes of their own, {made.name} has {sizes}"
        evidence = replace(evidence, not_checked=(*evidence.not_checked, left_out))
    elif cases > BALLS and made.vjp is not None and right and inputs is None and dtype == np.float64:
        # what four points have shown wrong is not asked again, and must not hide the others
        rows, left = many_cases(
            operation,
            derive(operation, wrt=right),
            _only(right, made.vjp),
            seed=seed,
            cases=cases,
            strata=strata,
            varied=not made.fixed,
        )
        evidence = replace(evidence, rows=(*evidence.rows, *rows), not_checked=(*evidence.not_checked, *left))
        evidence = replace(evidence, seconds=time.perf_counter() - start)
    wrong = {
        row.argument
        for row in evidence.rows
        if row.verdict in (Verdict.WRONG_FORMULA, Verdict.WRONG_CONVENTION) and row.witness != "protocol"
    }
    causes: tuple[Cause, ...] = ()
    stopped: list[str] = []
    if wrong and inputs is None and not any(row.stratum == REPEATED for row in evidence.rows):
        seen = _observed(made, points, evidence)
        causes = explain(operation, derivation, seen, only=wrong, seconds=seconds, tries=tries, stopped=stopped)
    notes = (*made.notes, *unfinished, *scales)
    if stopped:
        long = f"{seconds:g} s of processor time (seconds=...)" if tries is None else f"{tries} candidates (tries=...)"
        notes = (*notes, f"the search for the cause in {', '.join(stopped)} was ended after {long}")
    if made.fixed:
        notes = (*notes, f"{', '.join(made.fixed)} taken for what the declaration has as default")
    notes = (*notes, *_widened(made, points))
    notes = (*notes, *(hints(made, derivation, seed, read) if wrong else ()))
    forms = () if wrong else tuple(str(identity) for identity in identities(derivation))
    claimed = None
    if claim is not None:
        claimed = check(
            claim,
            operation,
            arguments=arguments,
            kind=kind,
            layouts=layouts,
            scale=scale,
            wrt=tuple(derivation.gradients),
            seed=seed,
            cases=cases,
            strata=strata,
            dtype=dtype,
            inputs=inputs,
            cotangents=cotangents,
            seconds=seconds,
            tries=tries,
        )
    conventions = (*elements, *conventions, *multiple)
    return Check(operation.name, made.name, evidence, causes, notes, unjudged, conventions, forms, claimed)


def _widened(made: Implementation, points: Points) -> tuple[str, ...]:
    """Which arrays come back in another dtype than the inputs had."""
    if points.dtype == np.float64:
        return ()
    (case, _), *_ = points.stratum("ordinary")
    got = run(made.vjp, made.forward, case)
    if isinstance(got, Failure):
        return ()
    own = np.dtype(points.dtype)
    other = {name: value.dtype.name for name, value in got.items() if is_real(value) and value.dtype != own}
    if not other:
        return ()
    said = ", ".join(f"{name} in {kind}" for name, kind in other.items())
    return (f"{own.name} goes in, and {said} comes out",)


def _only(names: Sequence[str], vjp: Gradients) -> Gradients:
    """The gradients of these inputs alone."""
    return lambda inputs, cotangents: {k: v for k, v in vjp(inputs, cotangents).items() if k in names}


def _returned(
    made: Implementation, operation: Operation, derivation: Derivation, seed: int, dtype: Any
) -> tuple[Derivation, tuple[str, ...]]:
    """The derivation by those inputs whose gradients are returned, and the names of the others."""
    if made.vjp is None:
        return derivation, ()
    case = sample(derivation.program, seed, derivation=derivation, dtype=dtype, budget=BUDGET, held=made.held)
    got = run(made.vjp, made.forward, case)
    if isinstance(got, Failure):
        return derivation, ()
    missing = tuple(name for name in derivation.gradients if name not in got)
    kept = tuple(name for name in derivation.gradients if name in got)
    return (derive(operation, wrt=kept), missing) if missing and kept else (derivation, ())


def _observed(made: Implementation, points: Points, evidence: Evidence) -> list[Observation]:
    """The implementation at the ordinary points, and at one of each stratum where it was found wrong, if that is not among them."""
    found = list(points.stratum("ordinary"))
    wrong = [row.stratum for row in evidence.faults if row.witness != "protocol"]
    if "ordinary" not in wrong:
        others = set(_strata.names()) | set(degenerate_sizes(points.program))  # not the leading axes
        named = [name for name in dict.fromkeys(wrong) if name in others]
        for place in points.places(named[:_OTHERS]).values():
            found += place[:1]
    return [seen for case, truth in found if (seen := _observation(made, case, truth)) is not None]


def _observation(made: Implementation, case: Case, truth: Truth) -> Observation | None:
    got = run(made.vjp, made.forward, case)
    if isinstance(got, Failure):
        return None
    derivation = truth.derivation
    names = [
        *(derivation.of if made.forward is not None else ()),
        *(derivation.gradients if made.vjp is not None else ()),
    ]
    expected = {name: to_float(truth.values(name)) for name in names}
    exact = replace(case, inputs=doubled(case.inputs), cotangents=doubled(case.cotangents))
    return Observation(exact, {name: np.asarray(got[name]) for name in names if name in got}, expected)


__all__ = ["Check", "check"]
