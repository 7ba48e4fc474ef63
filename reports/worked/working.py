"""A worked example: numbers in an operation, every tensor of both passes correctly rounded, NumPy beside it, one update."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import numeric
from derive.adjoint_names import free_name
from derive.derivation import Derivation
from derive.errors import DeclarationError, about
from derive.operation import Operation
from derive.program import Equation, Program
from derive.reverse import derive
from numeric.decimals import BITS, NEARLY_ZERO, Rounding, Values, bounds, cut_off, rounds_to
from numeric.errors import NotRational
from numeric.exact import Exact
from reports.worked.reading import DIGITS, Given, Printed, find, read
from reports.worked.update import Rule, parameters_of, read_rule, stepped
from verify.errors import MappingError
from verify.inputs import InputsError
from verify.oracle.arrangement import read as read_layouts
from verify.quantities import Setting

Array = NDArray[Any]
CLOSE = 1e-9  # what rounding of float64 may leave
UNDECIDED = "?"  # shown where no number of bits decides a digit
SIGNS = {
    UNDECIDED: f"{BITS[-1]:,} bits do not decide how this number rounds",
    NEARLY_ZERO: "less than 1e-1000 in size; that it is 0 is not proven",
}


@dataclass(frozen=True)
class Comparison:
    """What a source prints beside what is right: texts element by element, and a word on each that is not."""

    printed: Printed
    right: Array  # of text, to the places that are printed
    more: Array  # of text, with more digits
    agrees: Array  # of True, False, None (not decided)
    cut: Array  # whether the printed digits are cut off instead of rounded

    @property
    def holds(self) -> bool | None:
        """Whether all numbers are rounded correctly."""
        found = set(self.agrees.ravel().tolist())
        return False if False in found else None if None in found else True

    @property
    def words(self) -> str:
        """The verdict in words."""
        if self.holds:
            return "rounded correctly"
        if self.holds is None:
            return "cannot be decided"
        wrong = np.equal(self.agrees.ravel(), False)  # of True, False and None
        return "cut off, not rounded" if all(self.cut.ravel()[wrong]) else "not the true digits"


@dataclass(frozen=True)
class Update:
    """One step of an optimizer for each parameter, and the outputs after it."""

    rule: Rule
    after: Mapping[str, Array]  # text
    numpy: Mapping[str, Array]
    outputs: Mapping[str, Array]  # text


@dataclass(frozen=True, repr=False)
class Worked:
    """The example: ``values`` are texts in which every digit is right, ``numpy`` what the generated code computes.

    ``str()`` is what a terminal shows.
    """

    operation: Operation
    derivation: Derivation
    given: Given
    rounding: Rounding
    program: Program
    exact: Values
    values: Mapping[str, Array]
    numpy: Mapping[str, Array]
    comparisons: tuple[Comparison, ...]
    update: Update | None = None

    def __repr__(self) -> str:
        return f"<worked example of {self.operation.name}>"

    @property
    def ok(self) -> bool:
        """Whether the generated code agrees with the balls; what a source prints is another matter (``comparisons``)."""
        return self.deviation <= CLOSE

    @cached_property
    def deviation(self) -> float:
        """The largest distance of a value of NumPy from the enclosure, relative to the largest element of its tensor."""
        worst = 0.0
        for name, found in self.numpy.items():
            truth = _middles(self.exact.array(name))
            scale = float(np.max(np.abs(truth), initial=0.0)) or 1.0
            worst = max(worst, float(np.max(np.abs(found.reshape(truth.shape) - truth), initial=0.0)) / scale)
        return worst

    @property
    def signs(self) -> dict[str, str]:
        """What stands in place of digits somewhere, and what it means."""
        after = self.update.after.values() if self.update is not None else ()
        found = {text for array in (*self.values.values(), *after) for text in array.ravel().tolist()}
        return {sign: words for sign, words in SIGNS.items() if sign in found}

    @property
    def forward(self) -> tuple[Equation, ...]:
        return self.derivation.program.equations

    @property
    def backward(self) -> tuple[Equation, ...]:
        return self.derivation.equations

    def __str__(self) -> str:
        from reports.worked.terminal import text

        return text(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values: numbers as texts with right digits, NumPy's as floats."""
        tensors = {}
        for name, value in self.values.items():
            tensors[name] = {"value": value.tolist(), "shape": list(value.shape)}
            if name in self.numpy:
                tensors[name]["numpy"] = self.numpy[name].tolist()
        update = self.update
        return {
            "operation": self.operation.name,
            "format": {"decimals": self.rounding.decimals, "digits": self.rounding.digits},
            "tensors": tensors,
            "gradients": dict(self.derivation.gradients),
            "deviation": self.deviation,
            "update": None
            if update is None
            else {
                "rule": update.rule.operation.name,
                "after": {name: value.tolist() for name, value in update.after.items()},
                "numpy": {name: value.tolist() for name, value in update.numpy.items()},
                "outputs": {name: value.tolist() for name, value in update.outputs.items()},
            },
            "printed": [
                {
                    "what": c.printed.what,
                    "label": c.printed.label,
                    "printed": np.vectorize(str, otypes=[object])(c.printed.value).tolist(),
                    "right": c.right.tolist(),
                    "more": c.more.tolist(),
                    "holds": c.holds,
                    "words": c.words,
                }
                for c in self.comparisons
            ],
            "ok": self.ok,
        }


def work(
    operation: Operation,
    inputs: str,
    *,
    rounding: Rounding | None = None,
    update: Operation | None = None,
    rate: Any = None,
    parameters: tuple[str, ...] | None = None,
) -> Worked:
    """Work an example through.

    Args:
        operation: what the numbers go into.
        inputs: the path of a TOML file, or the name of an example that comes with the project.
        rounding: how many digits are printed (default: as the file says, else five significant ones).
        update: an optimizer that changes the parameters once (default: as the file says, else none), with its ``rate``.
        parameters: what is updated (default: as the file says, else all inputs without the axis of the samples).

    Raises:
        InputsError: the file cannot be read or does not fit; nothing has run then.

    Example:
        >>> from derive.registry import get
        >>> found = work(get("mlp"), "article_b", rounding=Rounding(decimals=3))
        >>> found.values["L"].item(), found.values["dW2"].tolist()
        ('0.114', [['-0.058'], ['-0.065']])
    """
    derivation = derive(operation)
    text = find(inputs)
    with about(inputs):
        given = read(text, operation, derivation)
    with about(inputs) if update is None and rate is None and not parameters else nullcontext():  # else it is in these
        rule = _rule(given, update, rate, parameters)
        chosen = _chosen(derivation, given, parameters)
    with about(inputs):
        program, names = _with_printed(operation, derivation, given)
        everything = {**given.inputs, **{derivation.cotangents[n]: v for n, v in given.cotangents.items()}}
        exact = Values(program, everything)
        shown = rounding or given.rounding or DIGITS
        comparisons = tuple(_compared(exact, printed, name, given, program) for printed, name in names)
        tensors = [e.target for e in (*derivation.program.equations, *derivation.equations)]
        values = {
            name: _texts(exact.text(name, shown))
            for name in dict.fromkeys([*everything, *tensors])
            if _is_real(program, name)
        }
        numpy = _run(derivation, given)
        changed = None if rule is None else _updated(operation, derivation, given, rule, chosen, exact, shown)
        return Worked(operation, derivation, given, shown, program, exact, values, numpy, comparisons, changed)


def _is_real(program: Program, name: str) -> bool:
    return name in program.tensors and not program.tensors[name].integer


def _rule(given: Given, update: Operation | None, rate: Any, parameters: tuple[str, ...] | None) -> Rule | None:
    from derive.registry import get

    settings = dict(given.update)
    named = settings.pop("rule", None)
    if update is None and named is None:
        if rate is not None or settings or parameters:
            what = "what is updated" if parameters else "a learning rate"
            raise InputsError(f"{what} needs an optimizer: add --update gradient_descent, or rule = ... in [update]")
        return None
    operation = update or get(str(named))
    if update is not None and named != update.name:
        settings = {}  # the file's are those of another rule
    return read_rule(operation, rate, settings)


def _chosen(derivation: Derivation, given: Given, parameters: tuple[str, ...] | None) -> tuple[str, ...]:
    names = parameters or given.parameters or parameters_of(derivation)
    for name in names:
        if name not in derivation.gradients:
            raise InputsError(
                f"there is no gradient of {name} to update it with; choose from {', '.join(derivation.gradients)}"
            )
    return names


def _with_printed(
    operation: Operation, derivation: Derivation, given: Given
) -> tuple[Program, list[tuple[Printed, str]]]:
    """The program with every printed quantity as a tensor of its own."""
    program = derivation.combined
    setting = Setting.of(operation, derivation)
    names: list[tuple[Printed, str]] = []
    quantities: dict[str, str] = {}
    for printed in given.printed:
        if printed.what in program.tensors:
            names.append((printed, printed.what))
            continue
        name = free_name(f"q{len(quantities) + 1}", program, {})
        quantities[name] = printed.what
        names.append((printed, name))
        try:
            setting.program({name: printed.what})
        except DeclarationError as problem:
            raise InputsError(f"printed {printed.what!r}: {problem}") from None
    return (setting.program(quantities) if quantities else program), names


def _compared(exact: Values, printed: Printed, name: str, given: Given, program: Program) -> Comparison:
    arrangement = given.arrangement
    if printed.layout:
        try:
            arrangement = read_layouts({name: printed.layout}, program)
        except MappingError as problem:
            raise InputsError(f"printed {printed.what!r}: {problem}") from None
    shape = arrangement.theirs(name, np.empty(exact.exact().shape(name), dtype=object)).shape
    squeezed = tuple(n for n in shape if n != 1)
    claimed = printed.value.reshape([n for n in printed.value.shape if n != 1])
    if claimed.shape != squeezed:
        raise InputsError(
            f"printed {printed.what!r}: the shape is {shape}, but numbers of the shape {printed.value.shape} are given"
        )
    order = arrangement.theirs(name, np.arange(int(np.prod(shape))).reshape(exact.exact().shape(name))).ravel()

    def ours(found: Array) -> Array:
        theirs: Array = found.ravel()[order].reshape(claimed.shape)
        return theirs

    claims = np.empty(claimed.size, dtype=object)
    claims[order] = claimed.ravel()
    flat = claims.reshape(exact.exact().shape(name))
    right = exact.answers(name, lambda p, v: Rounding(decimals=_places(flat[p])).text(v))
    more = exact.answers(name, lambda p, v: Rounding(decimals=_places(flat[p]) + 3).text(v))
    agrees = exact.answers(name, lambda p, v: rounds_to(v, flat[p]))
    cut = exact.answers(name, lambda p, v: cut_off(v, flat[p]))
    return Comparison(printed, _texts(ours(right)), _texts(ours(more)), ours(agrees), ours(cut))


def _places(printed: Any) -> int:
    return max(0, -int(printed.as_tuple().exponent))


def _texts(found: Array) -> Array:
    result: Array = np.vectorize(lambda text: UNDECIDED if text is None else text, otypes=[object])(found)
    return result


def _floats(given: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs for the generated code: whole numbers as they are, the rest as float64."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        whole = isinstance(value, int) or value.dtype.kind == "i"
        found[name] = value if whole else value.astype(float)
    return found


def _run(derivation: Derivation, given: Given) -> dict[str, Array]:
    """Outputs, residuals and gradients of the generated functions, by tensor."""
    function = numeric.compile(derivation)
    inputs = _floats(given.inputs)
    outputs, residuals = function.run_forward(inputs)
    gradients = function.run_backward(residuals, _floats(given.cotangents) or None)
    held = {n: np.asarray(v) for n, v in residuals.held.items() if n not in inputs}
    found = {**held, **outputs, **{derivation.gradients[n]: v for n, v in gradients.items()}}
    exact = Exact(
        derivation.combined, {**given.inputs, **{derivation.cotangents[n]: v for n, v in given.cotangents.items()}}
    )
    return {
        n: v for n, v in found.items() if n in derivation.combined.tensors and v.size == int(np.prod(exact.shape(n)))
    }


def _updated(
    operation: Operation,
    derivation: Derivation,
    given: Given,
    rule: Rule,
    names: tuple[str, ...],
    exact: Values,
    shown: Rounding,
) -> Update:
    ball_bits = (*BITS, 0)
    texts: dict[str, Array] = {}
    numpy: dict[str, Array] = {}
    after: dict[int, dict[str, Array]] = {bits: {} for bits in ball_bits}
    floats = numeric.compile(derivation).vjp(_floats(given.inputs), _floats(given.cotangents) or None)
    for name in names:
        target = derivation.gradients[name]
        gradients = {}
        for bits in ball_bits:
            try:
                evaluation = Exact(exact.program, exact.inputs, bits=bits or 128, field="arb" if bits else "rational")
                gradients[bits] = evaluation.array(target)
            except NotRational:
                continue
        found = stepped(rule, given.inputs[name], gradients)
        texts[name] = _settled(found, shown)
        for bits, value in found.items():
            after[bits][name] = value
        numpy[name] = rule.run(given.inputs[name].astype(float), floats[name])
    outputs = {}
    for output in derivation.program.outputs:
        found = {}
        for bits in ball_bits:
            if len(after[bits]) == len(names) and all(x is not None for a in after[bits].values() for x in a.flat):
                try:
                    program = derivation.program
                    inputs = {**given.inputs, **after[bits]}
                    found[bits] = Exact(program, inputs, bits=bits or 128, field="arb" if bits else "rational").array(
                        output
                    )
                except NotRational:
                    continue
        if found:
            outputs[output] = _settled(found, shown)
    return Update(rule, texts, numpy, outputs)


def _settled(found: Mapping[int, Array], shown: Rounding) -> Array:
    """Each element rounded, by the fewest bits that decide it."""
    first = next(iter(found.values()))
    result = np.empty(np.shape(first), dtype=object)
    for position in np.ndindex(*np.shape(first)):
        texts = (shown.text(value[position]) for value in found.values() if value[position] is not None)
        result[position] = next((text for text in texts if text is not None), UNDECIDED)
    return result


def _middles(balls: Array) -> Array:
    def middle(ball: Any) -> float:
        ends = bounds(ball)
        return float("nan") if ends is None else float((ends[0] + ends[1]) / 2)

    result: Array = np.vectorize(middle, otypes=[float])(balls)
    return result
