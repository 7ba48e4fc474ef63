"""A fault made small: the least sizes and the simplest values that still show it, as Python text that repeats it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from derive import registry
from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.operation import Operation
from derive.program import Program, Tensor
from numeric.exact import Plans
from verify.compare import compare
from verify.domains import Bounds, bounds_of, sum_facts
from verify.errors import SamplingError
from verify.given import mild
from verify.indices import integer_ranges
from verify.noise import less_noise
from verify.precision import is_real, limits
from verify.protocol import Failure, Forward, Gradients, check_calls, run, two_cases
from verify.sampling import Case
from verify.sizes import extent_value, extents_of
from verify.verdicts import Verdict
from verify.witnesses.balls import Truth

Array = NDArray[Any]

LOOKS = 300  # evaluations of the function under test: a second or two
_WRITABLE = 400  # numbers that somebody would still paste
_SIMPLE = (0.0, 1.0, -1.0, 0.5, 2.0)


@dataclass(frozen=True)
class Subject:
    """What is judged: an implementation of an operation, and how a reader would write its two passes down."""

    operation: Operation
    derivation: Derivation
    vjp: Gradients | None
    forward: Forward | None
    dtype: Any
    written: str = ""  # the arguments, where they are the two passes of "function", the compiled operation
    implementation: str = ""  # how it is written where bp.check is what judges it
    fixed: tuple[str, ...] = ()  # inputs that must stay as they are: it does not take them

    def called(self, operation: str) -> str:
        """The beginning of the call that judges it, as Python text."""
        if self.implementation:
            return f"bp.check({self.implementation}, {operation}"
        return f"bp.check_gradient({operation}, {self.arguments}"

    @property
    def arguments(self) -> str:
        if self.written:
            return self.written
        forward = "" if self.forward is None else f", forward={_name(self.forward, 'forward')}"
        return ("None" if self.vjp is None else _name(self.vjp, "backward")) + forward


class Counterexample:
    """The fault at one case; ``str`` shrinks it, once, and writes it down.

    Example:
        >>> from verify import check_gradient
        >>> def backward(inputs, cotangents):
        ...     return {"z": cotangents["a"] * (inputs["z"] >= 0)}
        >>> print(check_gradient("relu", backward, seed=5, strata=["zeros"]).counterexample)
        # z: wrong convention; [0] got 1.0, expected 0.0 ...
        import backproof as bp
        import numpy as np
        <BLANKLINE>
        inputs = {
            "z": np.array([0.0]),
        }
        cotangents = {
            "a": np.array([1.0]),
        }
        print(bp.check_gradient("relu", backward, inputs=inputs, cotangents=cotangents))
    """

    def __init__(self, subject: Subject, case: Case, argument: str, verdict: Verdict, *, calls: bool = False) -> None:
        self.subject, self.original, self.argument, self.verdict, self.calls = subject, case, argument, verdict, calls
        self._plans = Plans(subject.derivation.combined)

    def __str__(self) -> str:
        return self.text

    def __getstate__(self) -> dict[str, Any]:
        return {"text": self.text}  # functions of a user need not be picklable

    @cached_property
    def case(self) -> Case:
        """The shrunk case; the original one where nothing smaller shows the fault."""
        # hypothesis is slow to load, and is needed only where there is a fault
        from hypothesis import HealthCheck, Phase, find, settings
        from hypothesis.errors import HypothesisException

        looks = 0
        expected = (
            {self.verdict} if self._verdict(self.original)[0] is self.verdict else {v for v in Verdict if v.faulty}
        )

        def shows(case: Case) -> bool:
            nonlocal looks
            looks += 1
            return looks <= LOOKS and self._verdict(case)[0] in expected

        quick = settings(
            max_examples=LOOKS // 2,
            database=None,
            deadline=timedelta(minutes=1),
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        try:
            found: Case = find(
                _smaller(self.original, self.subject.derivation.program, self.subject.fixed),
                shows,
                settings=quick,
                random=Random(self.original.seed),
            )
            return found
        except HypothesisException:
            return self.original

    def _verdict(self, case: Case) -> tuple[Verdict, str]:
        subject = self.subject
        if self.calls:
            calls = two_cases(subject.derivation, [case], subject.dtype)
            rows = check_calls(subject.vjp, subject.forward, *calls, subject.dtype)
            return next(((r.verdict, r.note) for r in rows if r.verdict.faulty), (Verdict.AGREES, ""))
        got = run(subject.vjp, subject.forward, case)
        if isinstance(got, Failure):
            return got.verdict, str(got)
        if self.argument not in got:
            return Verdict.WRONG_FORMULA, f"no value was returned for {self.argument}"
        truth = Truth(subject.derivation, case, subject.dtype, plans=self._plans)
        array, gentle = got[self.argument], mild(case)
        found = compare(array, truth, self.argument, dtype=subject.dtype, gentle=gentle)
        passes = subject.vjp, subject.forward
        found = less_noise(found, array, truth, self.argument, *passes, subject.dtype, gentle=gentle)
        return found.verdict, str(found.worst or found.note)

    @cached_property
    def text(self) -> str:
        """Python text that rebuilds the inputs and cotangents and judges the function there."""
        case, subject = self.case, self.subject
        verdict, reason = self._verdict(case)
        head = [f"# {self.argument}: {verdict}; {reason}", "import backproof as bp", "import numpy as np", ""]
        operation, lines = _operation(subject.operation)
        if subject.written:
            lines = [*lines, f"function = bp.compile({operation})"]
        written = np.dtype(subject.dtype).name
        kind = "" if written == "float64" else f", dtype={'ml_dtypes' if written == 'bfloat16' else 'np'}.{written}"
        if written == "bfloat16":
            lines = ["import ml_dtypes", "", *lines]
        arrays = [*case.inputs.values(), *case.cotangents.values()]
        if sum(array.size for array in arrays) > _WRITABLE:
            where = f'seed={case.seed}, strata=["{case.stratum}"]{kind}'
            return "\n".join([*head, *lines, f"print({subject.called(operation)}, {where}))"])
        given = [_line(name, value, kind) for name, value in case.inputs.items()]
        given += [f'    "{name}": {value},' for name, value in case.integers.items() if name not in case.inputs]
        seeds = [_line(name, value, kind) for name, value in case.cotangents.items()]
        call = f"{subject.called(operation)}, inputs=inputs, cotangents=cotangents{kind})"
        body = ["inputs = {", *given, "}", *(["cotangents = {", *seeds, "}"] if seeds else ["cotangents = {}"])]
        return "\n".join([*head, *lines, *body, f"print({call})"])


def _name(function: Callable[..., Any], otherwise: str) -> str:
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else otherwise


def _operation(operation: Operation) -> tuple[str, list[str]]:
    """How an operation is written in a call, and the lines that declare it before."""
    try:
        known = registry.get(operation.name, **operation.options)
    except BackproofError:
        known = None
    if known is not None and known.program == operation.program:
        options = "".join(f", {key}={value!r}" for key, value in operation.options.items())
        return (f'bp.get("{operation.name}"{options})' if options else f'"{operation.name}"'), []
    text = textwrap.indent(textwrap.dedent(operation.text).strip(), "    ")
    return "operation", ['operation = bp.declare("""', text, f'""", name="{operation.name}")']


def _line(name: str, value: Array, kind: str) -> str:
    if not value.size:
        return f'    "{name}": np.zeros({value.shape}{kind}),'
    return f'    "{name}": np.array({value.tolist()}{kind if is_real(value) else ""}),'


def _smaller(case: Case, program: Program, fixed: Sequence[str] = ()) -> Any:
    """Cases of at most the same sizes, of which hypothesis prefers small ones with simple values."""
    from hypothesis import reject
    from hypothesis import strategies as st

    facts = {fact.tensor: fact for fact in sum_facts(program)}

    @st.composite
    def draw_case(draw: Any) -> Case:
        sizes = dict(case.sizes)
        for symbol in program.dimensions:
            size = sizes[symbol]
            sizes[symbol] = draw(st.one_of(st.integers(min(size, 1), min(size, 3)), st.integers(min(size, 1), size)))
        try:
            if any(extent_value(extent, sizes) < min(extent_value(extent, case.sizes), 1) for extent in extents):
                reject()
            spans = integer_ranges(program, sizes)
            inputs: dict[str, Array] = {}
            for name, value in case.inputs.items():
                tensor = program.tensors[name]
                cut = _cut(value, tensor, sizes)
                if name in fixed:
                    pass
                elif tensor.integer:
                    cut = np.minimum(cut, spans[name][1] - 1) if name in spans else cut
                elif name in facts:
                    cut = _one_hot(cut, facts[name].axes, float(facts[name].total)) if cut.shape != value.shape else cut
                else:
                    bounds = bounds_of(tensor, sizes)
                    default = () if tensor.default is None else (float(tensor.default),)
                    cut = _simpler(draw, st, cut, partial(_holds, bounds), default)
                    if not np.all(bounds.holds(cut)):
                        reject()
                inputs[name] = cut
            seeds = {name: _cut(value, program.tensors[name], sizes) for name, value in case.cotangents.items()}
        except SamplingError:
            reject()
        cotangents = {name: _simpler(draw, st, value, lambda v: v != 0, ()) for name, value in seeds.items()}
        return replace(case, sizes=sizes, inputs=inputs, cotangents=cotangents)

    extents = extents_of(program)
    return draw_case()


def _holds(bounds: Bounds, number: float) -> bool:
    return bool(bounds.holds(np.asarray(number)))


def _cut(value: Array, tensor: Tensor, sizes: Mapping[Symbol, int]) -> Array:
    shape = tuple(extent_value(extent, sizes) for extent in tensor.shape)
    if any(size > given for size, given in zip(shape, value.shape, strict=True)):
        raise SamplingError(f"{tensor.name} would have to grow")
    return np.array(value[tuple(slice(size) for size in shape)])


def _one_hot(value: Array, axes: tuple[int, ...], total: float) -> Array:
    """The first element of each slice along the axes of a fact takes all of its total."""
    if not value.size:
        raise SamplingError("an empty sum contradicts a declared fact")
    found = np.zeros_like(value)
    found[tuple(0 if axis in axes else slice(None) for axis in range(value.ndim))] = total
    return found


def _simpler(draw: Any, st: Any, value: Array, holds: Callable[[float], bool], first: tuple[float, ...]) -> Array:
    """The array with each element left as it is, or replaced by a simpler number of its domain."""
    if value.size > _WRITABLE:
        return value
    found = np.array(value)
    simple = [number for number in (*first, *(() if first else _SIMPLE)) if holds(number)]
    most = float(limits(value.dtype).max) if is_real(value) else np.inf  # 65504 to one digit is more than float16 holds
    for position, number in np.ndenumerate(value):
        own = float(number)
        rounded = [r for r in (float(f"{own:.0e}"), float(f"{own:.2e}")) if abs(r) <= most and holds(r)]
        # most draws keep the number: the fault may need it
        found[position] = draw(st.sampled_from([*simple, *rounded, *[own] * (len(simple) + 2)]))
    return found
