"""Every displayed line, evaluated again: set again from the object behind it, both sides of that enclosed, and its print read.

Three looks that do not share their mistakes.  The boxes must be those that the line's claim is set as.  Both sides of the claim
must be the same number in ball arithmetic, adjoints by perturbing the forward pass.  And a reader who knows nothing of the
claim must get these numbers from the boxes alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Expr, Integer, Symbol, preorder_traversal

from derive.derivation import Derivation
from derive.latex import box_latex
from derive.matrix import Matrix
from derive.matrix_index import index_form
from derive.nodes import Access, Sensitivity
from derive.notation import Box, Notation
from derive.notation.names import name_box
from derive.notation.tree import Evaluated, Fraction, Sign, row
from numeric.errors import OutOfBounds, Undecidable
from reports.document import Document, Equations, Line, Section
from reports.lines import Claim
from tests.reports.code_nodes import in_plain_terms
from tests.reports.matrix_reading import MatrixReader
from tests.reports.reading import FUNCTIONS, Guarded, parts, readings, subscripts
from verify.sampling import sample
from verify.sizes import extent_value
from verify.steps import StepContext, settle
from verify.verdicts import Verdict

PARTIAL = Sign("partial")
STEP = 1e-5  # relative


def displayed(sections: Sequence[Section]) -> Iterator[tuple[str, Line]]:
    """Every displayed line with the title of its section."""
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Equations):
                yield from ((section.title, line) for line in block.lines)
        yield from displayed(section.sections)


class Fault(AssertionError):
    """A line that does not say what it should."""


class ElementReader(Guarded):
    """Reads derivatives too: a fraction of two partial signs is the slope of what is above in what is below."""

    slopes: Any = None  # (printed name, position) -> the total derivative, for a goal
    goal: Box | None = None

    def factors(self, boxes: Sequence[Box]) -> float:
        value = 1.0
        for position, box in enumerate(boxes):
            if isinstance(box, Fraction) and box.numerator == PARTIAL:
                before = super().factors(boxes[:position]) if position else value
                return before * self.slope(boxes[position + 1 :], parts(box.denominator)[1:])
        return super().factors(boxes)

    def atom(self, box: Box) -> float:
        if isinstance(box, Fraction) and parts(box.numerator)[0] == PARTIAL and parts(box.denominator)[0] == PARTIAL:
            return self.slope(parts(box.numerator)[1:], parts(box.denominator)[1:])
        if isinstance(box, Evaluated):
            letter, _, *value = parts(box.at)
            saved = dict(self.numbers)
            self.numbers[letter] = self.terms(value)
            try:
                return self.read(box.body)
            finally:
                self.numbers = saved
        return super().atom(box)

    def slope(self, above: Sequence[Box], below: Sequence[Box]) -> float:
        """The derivative of a formula in one letter or element, by differences; that of the goal is looked up."""
        variable = row(*below)
        if row(*above) == self.goal:
            name, position = self.place(variable)
            return float(self.slopes(name, position))

        def moved(by: float) -> float:
            if variable in self.numbers:
                saved, self.numbers = self.numbers, {**self.numbers, variable: self.numbers[variable] + by}
                try:
                    return self.terms(above)
                finally:
                    self.numbers = saved
            name, position = self.place(variable)
            tensors, old = self.tensors, self.tensors[name]
            self.tensors = {**tensors, name: lambda at: old(at) + (by if at == position else 0.0)}
            try:
                return self.terms(above)
            finally:
                self.tensors = tensors

        if variable in self.numbers:
            value = self.numbers[variable]
        else:
            name, place = self.place(variable)
            value = self.tensors[name](place)
        step = STEP * (abs(value) or 1e-3)
        near, far = (moved(h) - moved(-h) for h in (step, 2 * step))
        return (8 * near - far) / (12 * step)

    def place(self, variable: Box) -> tuple[Box, tuple[int, ...]]:
        for name, sub, sup in readings(variable):
            if name in self.tensors and sup is None:
                return name, () if sub is None else tuple(self.position(piece) for piece in subscripts(sub))
        raise AssertionError(f"nobody said what {variable} is")


class TotalContext(StepContext):
    """Adjoints are what they stand for: total derivatives, by perturbing the forward pass, never by the derived equations."""

    def _element(self, name: str, position: tuple[int, ...]) -> Any:
        if name in self._inlined:
            return self._total(self._inlined[name], position)
        return super()._element(name, position)


@dataclass
class Reevaluation:
    """One derivation at one small random point."""

    derivation: Derivation
    notation: Notation
    seed: int = 11

    @cached_property
    def context(self) -> TotalContext:
        case = sample(self.derivation.program, self.seed, derivation=self.derivation, budget=300)
        return TotalContext(self.derivation, case)

    def check(self, document: Document | Sequence[Section]) -> int:
        """How many lines were looked at; raises :class:`Fault` at the first that is wrong."""
        sections = document.sections if isinstance(document, Document) else document
        looked = 0
        for title, line in displayed(sections):
            try:
                looked += self.line(line)
            except Fault as fault:
                raise Fault(f"{title}: {fault}") from None
        return looked

    def line(self, line: Line) -> bool:
        claim = line.claim
        if claim is None:
            raise Fault(f"nothing stands behind {line.right}")
        self._set_again(line, claim)
        if claim.left is None:
            return False
        seen = False
        for at in self._positions(claim):
            seen |= self._values(line, claim, at)
        if isinstance(claim.right, Matrix):
            self._read_matrix(line, claim)
        return seen

    # -- set again -----------------------------------------------------------------------------------------------------

    def _set_again(self, line: Line, claim: Claim) -> None:
        pairs: list[tuple[Box, Box | None]] = [(line.right, claim.right_box(self.notation))]
        pairs += [(line.left, claim.left_box(self.notation))] if line.left is not None else []
        pairs += [(line.shape, claim.shape_box(self.notation))] if line.shape is not None else []
        for printed, due in pairs:
            if printed != due:
                raise Fault(f"printed {box_latex(printed)}, due {due and box_latex(due)}")
        if line.shape is not None:
            sizes = [int(self.reader({}).terms(piece)) for piece in _between(line.shape, Sign("times"))]
            if sizes != [self._size(n) for n in claim.shape]:
                raise Fault(f"the shape {box_latex(line.shape)} is {sizes}")

    # -- both sides ----------------------------------------------------------------------------------------------------

    def _positions(self, claim: Claim) -> list[dict[Symbol, int]]:
        pairs = zip(claim.indices, claim.extents, strict=True)
        extents = {i: self._size(n) for i, n in pairs if n is not None and isinstance(i, Symbol)}
        if any(n <= 0 for n in extents.values()):
            return []
        corners = [{i: n - 1 for i, n in extents.items()}, dict.fromkeys(extents, 0)]
        corners.append({i: (n - 1 + k) % n for k, (i, n) in enumerate(extents.items())})
        return [corner for k, corner in enumerate(corners) if corner not in corners[:k]]

    def _size(self, extent: Expr) -> int:
        return int(extent_value(extent, self.context.sizes))

    def _element(self, side: Expr | Matrix, claim: Claim) -> Expr:
        if isinstance(side, Matrix):
            layout = tuple(i for i in claim.indices if isinstance(i, Symbol))
            return index_form(side, self.derivation.combined, layout)
        letters = {letter: extent for extent, letter in self.notation.extents.items()}
        return in_plain_terms(side) if claim.code else side.xreplace(letters)

    def _values(self, line: Line, claim: Claim, at: Mapping[Symbol, int]) -> bool:
        """Both sides as balls, and the print of those that are read element by element."""
        assert claim.left is not None
        left, right = (self._element(side, claim) for side in (claim.left, claim.right))
        if claim.code:
            at = self._free(left, right)
        try:
            before, after = (self.context.side(side, at) for side in (left, right))
        except (Undecidable, ArithmeticError):
            return False
        verdict, detail = settle(before, after, str(at))
        if verdict is Verdict.WRONG_FORMULA:
            raise Fault(f"{claim.left} = {claim.right} does not hold: {detail}")
        if claim.code or verdict is not Verdict.AGREES:
            return verdict is Verdict.AGREES
        reader = self.reader(at)
        printed = [(claim.left, line.left, before), (claim.right, line.right, after)]
        for side, box, due in printed:
            if box is not None and not isinstance(side, Matrix):
                try:
                    read = reader.read(box)
                except (FloatingPointError, ZeroDivisionError):  # what has underflowed in floats
                    continue
                except OutOfBounds as outside:
                    raise Fault(f"{box_latex(box)} looks outside a tensor: {outside}") from None
                self._compare(read, float(due.mid()), box)
        return True

    def _free(self, *sides: Expr) -> dict[Symbol, int]:
        """A rewriting holds for every position: the first ones are looked at."""
        found: dict[Symbol, int] = {}
        for side in sides:
            for symbol in side.free_symbols:
                if isinstance(symbol, Symbol) and symbol.is_integer and not symbol.is_nonnegative:
                    found[symbol] = 0
        return found

    @staticmethod
    def _compare(got: float, due: float, box: Box) -> None:
        if not math.isclose(got, due, rel_tol=1e-6, abs_tol=1e-8):
            raise Fault(f"{box_latex(box)} reads {got}, due {due}")

    # -- readers -------------------------------------------------------------------------------------------------------

    @cached_property
    def _shapes(self) -> dict[str, tuple[Expr, ...]]:
        shapes = {name: tensor.shape for name, tensor in self.derivation.combined.tensors.items()}
        for tensor, adjoint in self.derivation.adjoints.items():
            shapes.setdefault(adjoint, self.derivation.program.tensors[tensor].shape)
        return shapes

    def _lookup(self, name: str, at: tuple[int, ...]) -> float:
        ball = self.context.evaluate(Access(name, *map(Integer, at)), {})
        return float(ball) if isinstance(ball, int) else float(ball.mid())

    def reader(self, at: Mapping[Symbol, int]) -> ElementReader:
        def elements(name: str) -> Any:
            return lambda position: self._lookup(name, position)

        names = {self.notation.name(name): name for name in self._shapes}
        numbers: dict[Box, float] = {name_box(s.name): float(n) for s, n in self.context.sizes.items()}
        for extent, letter in self.notation.extents.items():
            numbers[name_box(letter.name)] = float(self._size(extent))
        numbers |= {name_box(s.name): float(n) for s, n in at.items()}
        shapes = {box: tuple(self._size(n) for n in self._shapes[name]) for box, name in names.items()}
        reader = ElementReader({box: elements(name) for box, name in names.items()}, numbers, shapes)
        reader.goal = self.notation.goal()
        reader.slopes = lambda box, position: self._total(names[box], position)
        return reader

    def _total(self, name: str, position: tuple[int, ...]) -> float:
        ball = self.context.side(Sensitivity(Access(name, *map(Integer, position))), {})
        return float(ball.mid())

    def _array(self, name: str) -> Any:
        shape = tuple(self._size(n) for n in self._shapes[name])
        values = np.array([self._lookup(name, at) for at in np.ndindex(*shape)], dtype=float).reshape(shape)
        return values[:, None] if values.ndim == 1 else values.reshape(1, 1) if values.ndim == 0 else values

    def _read_matrix(self, line: Line, claim: Claim) -> None:
        used = {a.tensor for a in preorder_traversal(self._element(claim.right, claim)) if isinstance(a, Access)}
        tensors = {self.notation.name(name): self._array(name) for name in used if len(self._shapes[name]) <= 2}
        target = claim.left_box(self.notation)
        shape = tuple(self._size(n) for n in claim.shape)
        if not shape or 0 in shape:
            return
        got = MatrixReader(tensors, self.reader({}), FUNCTIONS).read(line.right)
        got = np.broadcast_to(got, shape if len(shape) == 2 else (shape[0], 1))
        names = {self.notation.name(name): name for name in self._shapes}
        assert target is not None
        due = self._array(names[target])
        if not np.allclose(got, due, rtol=1e-6, atol=1e-8):
            raise Fault(f"{box_latex(line.right)} reads {got.tolist()}, due {due.tolist()}")


def _between(box: Box, sign: Box) -> list[list[Box]]:
    pieces: list[list[Box]] = [[]]
    for part in parts(box):
        if part == sign:
            pieces.append([])
        else:
            pieces[-1].append(part)
    return pieces


__all__ = ["Fault", "Reevaluation", "displayed"]
