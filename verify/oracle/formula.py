"""``check_formula``: is a gradient that somebody wrote down right, how sure is that, and if not, what would be right?"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from derive.claim import claim, identical, same_shape
from derive.derivation import Derivation
from derive.errors import DeclarationError, DerivationError, ShapeMismatch
from derive.operation import Operation
from derive.reverse import derive
from derive.syntax import statements
from numeric.exact import Exact, Plans
from verify.errors import SamplingError
from verify.judge import fresh_seed, resolve
from verify.mutants.equivalence import Equality
from verify.oracle.checking import Check, check
from verify.oracle.explaining import SECONDS
from verify.oracle.implementation import Implementation
from verify.sampling import Case, sample
from verify.sizes import degenerate_sizes
from verify.strata import applicable
from verify.verdicts import Verdict
from verify.witnesses.balls import to_float

Array = NDArray[Any]

BALLS = 8  # ordinary points at which a formula that is no identity by its form is compared, beside those at kinks
_BITS = 1000
_STRATA = ("ordinary", "zeros", "ties")  # what a formula says shows there; how a program rounds it is another matter
_PRODUCTS = 4  # of which transpositions are tried


@dataclass(frozen=True)
class FormulaCheck:
    """What is to be said of a formula.

    ``level`` is how sure a right one is (*identity proven*, *agrees on 12 balls*) or what speaks against a wrong one
    (*counterexample*, *shape*); ``right`` is the derived formula, ``rearranged`` the given one with other transpositions, where
    that is right, ``check`` the judgement of its values, where it has any.
    """

    operation: str
    gradient: str
    formula: str
    verdict: Verdict
    level: str
    reason: str
    right: str
    rearranged: str = ""
    check: Check | None = None

    @property
    def ok(self) -> bool:
        """Whether the formula is right."""
        return self.verdict is Verdict.AGREES

    def __str__(self) -> str:
        lines = [f"{self.gradient} = {self.formula}: {self.verdict} ({self.level})"]
        lines += [f"  {self.reason}"] if self.reason else []
        if self.check is not None and not self.ok:
            worst = next((row.element for row in self.check.evidence.faults if row.element is not None), None)
            lines += [f"  {self.gradient}{worst}"] if worst is not None else []
            lines += [f"  cause: {cause.words}" for cause in self.check.causes]
        lines += [f"  {self.rearranged} would be right"] if self.rearranged else []
        if not self.ok:
            lines += ["right is", *(f"  {line}" for line in self.right.split("\n"))]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "operation": self.operation,
            "gradient": self.gradient,
            "formula": self.formula,
            "verdict": str(self.verdict),
            "level": self.level,
            "reason": self.reason,
            "right": self.right,
            "rearranged": self.rearranged,
            "check": None if self.check is None else self.check.to_dict(),
        }


def check_formula(
    formula: str,
    gradient: str,
    of: Operation | str,
    *,
    seed: int | None = None,
    seconds: float = SECONDS,
    tries: int | None = None,
) -> FormulaCheck:
    """Judge a formula for a gradient, written in the project's own language.

    Args:
        formula: an expression in the names of the operation (``X.T @ (p - y)/n``), or equations of which the last one is meant;
            ``dy`` is the upstream gradient of an output ``y`` that is no scalar.
        gradient: which gradient it should be: ``dL/dw``, or ``dw``.
        of: the operation, or its name in the catalog.
        seed: repeats a run; a fresh one is drawn otherwise.
        seconds: how long a cause is looked for.
        tries: how many candidates for it are looked at instead, so that every machine finds the same.

    Raises:
        DeclarationError: the formula cannot be understood; the message shows where.
        DerivationError: there is no such gradient.

    Example:
        >>> print(check_formula("X.T @ (sigmoid(X @ w + b) - y)/n", "dL/dw", "logistic_regression"))
        dw = X.T @ (sigmoid(X @ w + b) - y)/n: agrees (identity proven)
        >>> print(check_formula("(p - y) @ X", "dL/dw", "logistic_regression", seed=1))
        dw = (p - y) @ X: wrong formula (counterexample)
          dw[...] got ..., expected ...
          cause: ...
        right is
          dw = X.T @ (p - y)/n
    """
    operation = resolve(of)
    wrt = _input_of(gradient, operation)
    derivation = derive(operation, wrt=(wrt,))
    seed = fresh_seed() if seed is None else seed
    written = " ".join(formula.split())

    def answer(verdict: Verdict, level: str, reason: str = "", **more: Any) -> FormulaCheck:
        name, right = derivation.gradients[wrt], str(derivation)
        return FormulaCheck(operation.name, name, written, verdict, level, reason, right, **more)

    try:
        claimed = claim(formula, operation, derivation)
    except ShapeMismatch as error:
        turned = _rearranged(formula, operation, derivation, seed)
        return answer(Verdict.WRONG_FORMULA, "shape", f"it has no shape: {error.reason}", rearranged=turned)
    shapes = same_shape(claimed)
    if shapes is not None:
        turned = _rearranged(formula, operation, derivation, seed)
        reason = f"it has the shape {shapes[0]}, and {wrt} has {shapes[1]}"
        return answer(Verdict.WRONG_FORMULA, "shape", reason, rearranged=turned)
    if identical(claimed, derivation):
        return answer(Verdict.AGREES, "identity proven")
    points = _equal(claimed, derivation, seed)
    if points:
        return answer(Verdict.AGREES, f"agrees on {points} balls")
    places = [s.name for s in applicable(operation.program) if s.name in _STRATA]
    places += [name for name in degenerate_sizes(operation.program) if not name.endswith("= 0")]
    made = _implementation(claimed, written)
    found = check(made, operation, wrt=(wrt,), strata=places, seed=seed, seconds=seconds, tries=tries)
    if found.ok:
        return answer(Verdict.CANNOT_DECIDE, "agrees to rounding", "no ball of 2,000 bits decides it", check=found)
    return answer(found.evidence.verdict, "counterexample", check=found)


def _input_of(gradient: str, operation: Operation) -> str:
    """The input by which is differentiated, in ``dL/dw`` or ``dw``."""
    match = re.fullmatch(r"\s*(?:d(?P<of>\w+)\s*/\s*)?d(?P<wrt>\w+)\s*", gradient)
    known = ", ".join(f"d{name}" for name in operation.wrt)
    if match is None or match["wrt"] not in operation.program.tensors:
        raise DerivationError(f"a gradient is written dL/dw or dw; {operation.name} has {known}; got {gradient!r}")
    output = match["of"]
    scalars = [tensor.name for tensor in operation.outputs if not tensor.shape]
    if output in operation.program.tensors and output not in scalars:
        what = f"d{output}/d{match['wrt']} is no gradient, since {output} is no scalar"
        raise DerivationError(f"{what}; write dL/d{match['wrt']} with d{output} for the upstream gradient")
    if output is not None and output not in scalars and scalars:
        raise DerivationError(f"{operation.name} has no {output}; its scalars are {', '.join(scalars)}")
    return match["wrt"]


def _implementation(claimed: Derivation, written: str) -> Implementation:
    """The formula, evaluated exactly and rounded: it is judged for what it says, not for how a program would round it."""
    ((wrt, target),) = claimed.gradients.items()
    plans = Plans(claimed.combined)

    def vjp(inputs: Mapping[str, Array], cotangents: Mapping[str, Array]) -> Mapping[str, Array]:
        given = {**inputs, **{claimed.cotangents[name]: array for name, array in cotangents.items()}}
        exact = Exact(claimed.combined, given, bits=_BITS, plans=plans)
        return {wrt: to_float(exact.array(target))}

    return Implementation(written, None, vjp, claimed.wrt)


def _cases(derivation: Derivation, seed: int) -> Iterator[Case]:
    """Ordinary points, and two of each stratum in which conventions show."""
    program = derivation.program
    places = ["ordinary"] * BALLS + [s.name for s in applicable(program) if s.kinks for _ in range(2)]
    for number, stratum in enumerate(places):
        hypers = "random" if number % 2 else "default"
        with suppress(SamplingError):
            yield sample(program, seed + number, derivation=derivation, stratum=stratum, hypers=hypers)


def _equal(claimed: Derivation, derivation: Derivation, seed: int) -> int:
    """At how many points both have the same narrow enclosures; 0 where one speaks against it."""
    return Equality(derivation, list(_cases(derivation, seed))).proven(claimed)


def _rearranged(formula: str, operation: Operation, derivation: Derivation, seed: int) -> str:
    """The formula with factors of its matrix products transposed or the other way round, the fewest first; "" if none is right."""
    *others, last = statements(formula)
    assert last.value is not None
    count = sum(isinstance(node, ast.MatMult) for node in ast.walk(last.value))
    if not 0 < count <= _PRODUCTS:
        return ""
    head = "".join(f"{each.source.text}; " for each in others)
    changes = itertools.product(itertools.product((False, True), repeat=3), repeat=count)
    for choice in sorted(changes, key=lambda change: sum(map(sum, change))):
        text = head + ast.unparse(_turned(last.value, iter(choice)))
        try:
            claimed = claim(text, operation, derivation)
        except DeclarationError:
            continue
        if same_shape(claimed) is None and (identical(claimed, derivation) or _equal(claimed, derivation, seed)):
            return text
    return ""


def _turned(node: ast.expr, changes: Iterator[tuple[bool, ...]]) -> ast.expr:
    """Each matrix product, outermost first, with its left factor transposed, its right one, both exchanged."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        first, second, exchanged = next(changes)
        left, right = _turned(node.left, changes), _turned(node.right, changes)
        left, right = (_transposed(left) if first else left), (_transposed(right) if second else right)
        return ast.BinOp(right, node.op, left) if exchanged else ast.BinOp(left, node.op, right)
    copy = type(node)(**dict(ast.iter_fields(node)))
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            setattr(copy, name, _turned(value, changes))
        elif isinstance(value, list):
            setattr(copy, name, [_turned(each, changes) if isinstance(each, ast.expr) else each for each in value])
    return copy


def _transposed(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) else ast.Attribute(node, "T", ast.Load())
