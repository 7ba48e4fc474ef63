"""Inequalities between quantities: proven over all that is declared (or over a range), or refuted at a point.

``given`` or ``of`` declares the names with their domains, ``relation`` is a chain such as ``-1 < tanh(z) < 1``; ``assume`` are
inequalities that are taken for granted (``radius(W) < 1``); ``over`` restricts numbers to ranges, ``{z = [-10, 10]}``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from sympy import Symbol

from derive.analyses.exponential import closed
from derive.analyses.forms import why_nonnegative
from derive.errors import DeclarationError, ShapeMismatch
from derive.program import Program
from numeric.errors import Undecidable
from verify.audit.claims import Check
from verify.audit.enclosing import on_box
from verify.audit.found import Found, Outcome, fails, holds, undecided
from verify.audit.hypotheses import read
from verify.audit.normed import norms_suffice
from verify.audit.points import SEED, points, shown
from verify.audit.quantities import Quantities
from verify.audit.settings import setting_of
from verify.domains import bounds_of, exactly, sum_facts
from verify.inputs import InputsError, number

REQUIRED = {"relation": '"-1 < tanh(z) < 1"'}
OPTIONAL = {
    "given": '"z"',
    "of": '"sigmoid"',
    "wrt": '"z"',
    "assume": '["radius(W) < 1"]',
    "over": "{z = [-10, 10]}",
    "try": '["0 < z"]',
}
_SEARCHED = 120  # points at which a statement with assumptions is looked at
_LOOKED = 48


@dataclass(frozen=True)
class Part:
    """``left < right`` or ``left <= right``, by the names of the two quantities and of their difference."""

    left: str
    right: str
    gap: str
    strict: bool
    words: str


def said(check: Check) -> str:
    """The claim on one line."""
    assumed = f" where {', '.join(check.texts('assume'))}" if check.texts("assume") else ""
    return f"{check.text('relation')}{assumed}"


def judge(check: Check) -> Found:
    """Look for a proof of each part, then for a point that refutes it."""
    texts: dict[str, str] = {}
    parts = [p for k, text in enumerate([check.text("relation")]) for p in _parts(check, text, f"r{k}", texts)]
    assumed = [p for k, text in enumerate(check.texts("assume")) for p in _parts(check, text, f"a{k}", texts)]
    try:
        quantities = Quantities(setting_of(check, *texts.values()), texts)
    except ShapeMismatch as problem:
        return fails("shape", correction=f"it has no shape: {problem.reason}")
    except DeclarationError as problem:
        raise check.error(f"relation: {problem}") from None
    box = _box(check, quantities)
    reasons = [_proof(part, assumed, quantities, box) for part in parts]
    if all(reasons):
        where = f", for {_ranges(box)}" if box else ""
        return holds("; ".join(dict.fromkeys(reasons)) + where)
    found, looked = _refuted(parts, assumed, quantities, box)
    if not found:
        kept = f" that satisfy {', '.join(check.texts('assume'))}" if assumed else ""
        return undecided(f"no proof, and no counterexample at {looked} points{kept}")
    conditions = tuple(line for line in check.hypotheses if _under(check, quantities, line))
    if conditions:
        return Found(Outcome.CONDITIONAL, "counterexample", conditions, counterexample=found)
    return fails("counterexample", counterexample=found)


def _parts(check: Check, text: str, name: str, texts: dict[str, str]) -> Iterator[Part]:
    """The parts of a chain; what they compare is added to the texts."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        tree = None
    if not isinstance(tree, ast.Compare) or not all(
        isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in tree.ops
    ):
        raise check.error(f"relation: expected a chain with <, <=, > and >=, such as -1 < tanh(z) < 1; got {text!r}")
    sides = [ast.unparse(side) for side in (tree.left, *tree.comparators)]
    for k, (op, one, other) in enumerate(zip(tree.ops, sides, sides[1:], strict=False)):
        low, high = (one, other) if isinstance(op, ast.Lt | ast.LtE) else (other, one)
        strict = isinstance(op, ast.Lt | ast.Gt)
        part = Part(
            f"{name}_{k}_low", f"{name}_{k}_high", f"{name}_{k}_gap", strict, f"{low} {'<' if strict else '<='} {high}"
        )
        texts |= {part.left: low, part.right: high}
        if not any("." in side and _is_call(side) for side in (low, high)):
            texts[part.gap] = f"({high}) - ({low})"
        yield part


def _is_call(side: str) -> bool:
    tree = ast.parse(side, mode="eval").body
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) for n in ast.walk(tree))


def _box(check: Check, quantities: Quantities) -> dict[str, tuple[Fraction, Fraction]]:
    found = {}
    known = {t.name: t for t in quantities.program.inputs if not t.rank}
    for name, ends in check.table("over").items():
        if name not in known or not isinstance(ends, list) or len(ends) != 2:
            numbers = ", ".join(sorted(known)) or "none"
            raise check.error(f"over: write a number's range, {name} = [-10, 10]; numbers declared: {numbers}")
        try:
            low, high = (number(end, name) for end in ends)
        except InputsError as problem:
            raise check.error(f"over: {problem}") from None
        if not low < high:
            raise check.error(f"over: the range of {name} must go from low to high, got {ends}")
        allowed = exactly(known[name])
        if not (allowed(low) and allowed(high)):
            conditions = " and ".join(str(each) for each in known[name].domain)
            raise check.error(
                f"over: the range of {name} must lie inside its domain, {conditions}; got {low} to {high}"
            )
        found[name] = (low, high)
    return found


def _ranges(box: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    return ", ".join(f"{low} <= {name} <= {high}" for name, (low, high) in box.items())


def _proof(
    part: Part, assumed: list[Part], quantities: Quantities, box: Mapping[str, tuple[Fraction, Fraction]]
) -> str:
    """Why a part holds wherever the declaration and the assumptions do; empty where no proof is found."""
    if not quantities.is_plain(part.gap):
        return ""
    program = quantities.program
    if quantities.measures:
        return norms_suffice(part.gap, [(p.gap, p.strict) for p in assumed], part.strict, quantities)
    equations = program.equations_of(part.gap)
    form = closed(program, equations[0].rhs) if len(equations) == 1 else None
    if form is not None and form.positive(part.strict):
        return "proven in exponentials: the difference is positive by its form"
    if not part.strict and len(equations) == 1:
        reason = why_nonnegative(equations[0].rhs, program)
        if reason:
            return f"proven: the difference is not negative by its form, {reason}"
    fixed = quantities.implied() if box else {}
    if (
        box and {*box, *fixed} >= {t.name for t in program.inputs} and not program.integers
    ):  # else only at default values
        boxes = on_box(quantities, part.gap, box, part.strict)
        said = "".join(f", with {name} = {value}" for name, value in fixed.items())
        return f"enclosed on {boxes} boxes{said}" if boxes else ""
    return ""


def _refuted(
    parts: list[Part], assumed: list[Part], quantities: Quantities, box: Mapping[str, tuple[Fraction, Fraction]]
) -> tuple[str, int]:
    """A point that satisfies the assumptions and not the statement, in words; and how many points were looked at."""
    looked = 0
    for inputs in _searched(quantities, bool(assumed), box):
        try:
            at = quantities.at(inputs)
            if not all(_certain(at(p.left), at(p.right), p.strict) for p in assumed):
                continue
            looked += 1
            for part in parts:
                place = _violated(at(part.left), at(part.right), part.strict)
                if place is not None:
                    low, high = (_float(at(name), place) for name in (part.left, part.right))
                    own = {n: v for n, v in inputs.items() if n not in quantities.measures}
                    words = f"{part.words} is {low:.6g} {'<' if part.strict else '<='} {high:.6g}"
                    return f"at {shown(own, quantities.program)}: {words}", looked
        except (Undecidable, ZeroDivisionError):
            continue
    return "", looked


def _searched(
    quantities: Quantities, assumed: bool, box: Mapping[str, tuple[Fraction, Fraction]]
) -> Iterator[dict[str, Any]]:
    """Points: those of every stratum, those of a range, and far from normal matrices where something is assumed."""
    program = quantities.program
    if box:
        shares = np.linspace(0, 1, _LOOKED)
        fixed = {n: np.asarray(float(value)) for n, value in quantities.implied().items()}
        rest = [{**given, **fixed} for given in points(program, strata=False)]
        rng = np.random.default_rng(SEED)
        for turn in range(2 if rest else 0):  # along the diagonal of the box, then anywhere in it
            for count in range(_LOOKED):
                at = [shares[rng.integers(_LOOKED) if turn else count] for _ in box]
                inside = {
                    n: low + (high - low) * Fraction(float(k))
                    for (n, (low, high)), k in zip(box.items(), at, strict=True)
                }
                if all(exactly(program.tensors[n])(value) for n, value in inside.items()):
                    yield {**rest[count % len(rest)], **inside}
        return
    if assumed:
        rng = np.random.default_rng(SEED)
        for count in range(_SEARCHED):
            tied = dict.fromkeys(program.dimensions, 2 + (count > _SEARCHED // 2))
            inputs = next(points(program, tied, strata=False), None)
            if inputs is not None:
                yield {n: _uneven(v, program, n, tied, rng) for n, v in inputs.items()}
    yield from points(program)


def _uneven(value: Any, program: Program, name: str, sizes: Mapping[Symbol, int], rng: np.random.Generator) -> Any:
    """Entries of very different sizes, many of them 0: matrices whose norm is far above their radius.

    What is declared of an array comes first: where the entries would leave its domain or break a fact, it stays.
    """
    tensor = program.tensors.get(name)
    if not np.ndim(value) or tensor is None or tensor.integer or name in {f.tensor for f in sum_facts(program)}:
        return value
    shape = np.shape(value)
    scales = rng.choice([0.0, 0.25, 0.5, 1.0, 8.0], size=shape, p=[0.35, 0.2, 0.2, 0.15, 0.1])
    uneven = scales * rng.choice([-1.0, 1.0], size=shape) + 0.0
    allowed = bounds_of(tensor, {**program.integers, **sizes})
    return next((each for each in (uneven, abs(uneven)) if np.all(allowed.holds(each))), value)


def _pairs(left: Any, right: Any) -> tuple[Any, Any]:
    a, b = np.broadcast_arrays(np.asarray(left, dtype=object), np.asarray(right, dtype=object))
    return a, b


def _certain(left: Any, right: Any, strict: bool) -> bool:
    a, b = _pairs(left, right)
    return all(_less(x, y, strict) for x, y in zip(a.ravel(), b.ravel(), strict=True))


def _less(x: Any, y: Any, strict: bool) -> bool:
    return bool(flint.arb(x) < flint.arb(y) if strict else flint.arb(x) <= flint.arb(y))


def _violated(left: Any, right: Any, strict: bool) -> tuple[int, ...] | None:
    """An element at which the inequality is certainly wrong."""
    a, b = _pairs(left, right)
    for place in np.ndindex(*a.shape):
        x, y = flint.arb(a[place]), flint.arb(b[place])
        if bool(x >= y) if strict else bool(x > y):
            return place
    return None


def _float(value: Any, place: tuple[int, ...]) -> float:
    array = np.asarray(value, dtype=object)
    return float(array[place] if array.ndim else array[()])


def _under(check: Check, quantities: Quantities, line: str) -> bool:
    hypothesis = read(line, quantities.program)
    if not hypothesis.line:
        raise check.error(f"try: of a bound, a hypothesis is a line of the declaration, such as 0 < z; got {line!r}")
    return judge(check.under(line)).outcome is Outcome.HOLDS
