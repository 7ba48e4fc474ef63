"""How matrix form is written: products, transposes, Hadamard products, diagonal matrices and vectors of ones."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, Rational

from derive.matrix import (
    Apply,
    Bracket,
    Column,
    Matrix,
    Outer,
    Plus,
    Power,
    Product,
    Scalar,
    Times,
    Total,
    Transpose,
    Whole,
)
from derive.notation.context import Notation
from derive.notation.expressions import (
    RELATION_SIGNS,
    NoNotation,
    Setter,
    expression_box,
    function_name,
)
from derive.notation.shapes import UNIT, Shape, Shapes
from derive.notation.sums import split_sign
from derive.notation.tree import (
    MINUS,
    ONE,
    PLUS,
    THIN,
    Box,
    Fence,
    Fraction,
    Letter,
    Named,
    Number,
    Row,
    Sign,
    Under,
    fenced,
    row,
    separated,
    superscript,
)

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
ONES = Letter("1", "bold")
TOP = Sign("top")


@dataclass(frozen=True)
class Piece:
    """Boxes with the strength of their outermost operation, and a minus sign kept apart."""

    box: Box
    level: int
    negative: bool = False


def matrix_box(
    tree: Matrix, notation: Notation | None = None, shapes: bool = False, target: Shape | None = None
) -> Box:
    """The boxes of a matrix tree; ranks come from the notation's tensors.

    With ``shapes`` the shape stands below each factor of a matrix product, vectors as columns.  ``target`` is the shape of
    what the tree is equal to, where it has to be broadcast to that.

    >>> from derive.latex import box_latex
    >>> print(box_latex(matrix_box(Product(Transpose(Whole("X")), Whole("Z")))))
    X^{\\top} Z
    """
    setter = MatrixSetter(notation or Notation(), shapes)
    piece = setter.piece(tree, target or setter.shape(tree))
    return row(MINUS, piece.box) if piece.negative else piece.box


@dataclass(frozen=True)
class MatrixSetter(Shapes):
    """Sets matrix trees in one context; ``shapes`` puts the shape below each factor of a matrix product."""

    shapes: bool = False

    def under(self, box: Box, *shape: Expr) -> Box:
        """A factor of a matrix product with its shape below; a product inside it has shapes of its own."""
        if not self.shapes or (isinstance(box, Row) and any(isinstance(part, Under) for part in box.parts)):
            return box
        extents = [expression_box(self.notation.extent(n), self.notation) for n in shape]
        return Under(box, separated(extents, Sign("times")))

    def factors(self, *boxes: Box) -> Box:
        """Factors side by side, a little apart where shapes stand below them."""
        return separated(list(boxes), THIN) if self.shapes else row(*boxes)

    # -- trees --------------------------------------------------------------------------------------------------------

    def piece(self, tree: Matrix, target: Shape) -> Piece:
        """A tree that has to broadcast to ``target``."""
        own = self.shape(tree)
        if len(target) == 2 and len(own) == 1 and not isinstance(tree, Scalar):  # a row for every sample
            inner = self.piece(tree, own)
            positive = Piece(inner.box, inner.level)
            ones = self.under(ONES, target[0], UNIT)
            across = self.under(superscript(self.wrap(positive, ATOM), TOP), UNIT, own[0])
            return Piece(self.factors(ones, across), PRODUCT, inner.negative)
        if len(target) == 2 and len(own) == 2 and own[1] == 1 and target[1] != 1:  # a column for every feature
            inner = self.piece(self._vector(tree), own[:1])
            positive = Piece(inner.box, inner.level)
            ones = self.under(superscript(ONES, TOP), UNIT, target[1])
            upright = self.under(self.wrap(positive, PRODUCT), own[0], UNIT)
            return Piece(self.factors(upright, ones), PRODUCT, inner.negative)
        match tree:
            case Whole(name):
                return Piece(self.notation.name(name), ATOM)
            case Scalar(value):
                return self.scalar(value)
            case Transpose(a):
                return Piece(superscript(self.wrap(self.piece(a, self.shape(a)), ATOM), TOP), POWER)
            case Product(a, b):
                return self.product(a, b)
            case Outer(a, b):
                left, right = (self.piece(part, self.shape(part)) for part in (a, b))
                boxes = self.factors(
                    self.under(self.wrap(left, PRODUCT), *self.shape(a), UNIT),
                    self.under(superscript(self.wrap(right, ATOM), TOP), UNIT, *self.shape(b)),
                )
                return Piece(boxes, PRODUCT, left.negative != right.negative)
            case Times(factors):
                return self.times(factors, target)
            case Plus(terms):
                return self.plus(terms, target)
            case Power(a, exponent):
                return self.power(a, exponent, target)
            case Apply(function, arguments):
                return self.apply(function, arguments, target)
            case Bracket(relation, a, b):
                left, right = (self.piece(part, self.shape(part)) for part in (a, b))
                inside = row(self.wrap(left, SUM), Sign(RELATION_SIGNS[relation]), self.wrap(right, SUM))
                return Piece(Fence("[", inside), ATOM)
            case Column(a):
                return self.piece(a, self.shape(a))
            case Total(op, a, axis, _):
                return self.total(op, a, axis)
        raise NoNotation(f"there is no notation for the matrix node {type(tree).__name__}")

    def wrap(self, piece: Piece, least: int) -> Box:
        """In parentheses where the surrounding operation binds more strongly."""
        box = row(MINUS, piece.box) if piece.negative else piece.box
        level = SUM if piece.negative else piece.level
        return box if level >= least else fenced(box)

    def scalar(self, value: Expr) -> Piece:
        negative, rest = split_sign(value)
        box = expression_box(rest, self.notation)
        return Piece(box, SUM if rest.is_Add else PRODUCT if not rest.is_Atom else ATOM, negative)

    def product(self, a: Matrix, b: Matrix) -> Piece:
        """``A B``; of two vectors the inner product."""
        left, right = self.piece(a, self.shape(a)), self.piece(b, self.shape(b))
        if len(self.shape(a)) == 1:
            box: Box = superscript(self.wrap(left, ATOM), TOP)
            negative = False
        else:
            box = self.wrap(Piece(left.box, left.level), PRODUCT if isinstance(a, Product) else POWER)
            negative = left.negative
        behind = self.wrap(Piece(right.box, right.level), POWER)
        boxes = self.factors(
            self.under(box, *_column(self.shape(a), lying=True)), self.under(behind, *_column(self.shape(b)))
        )
        return Piece(boxes, PRODUCT, negative != right.negative)

    def plus(self, terms: tuple[Matrix, ...], target: Shape) -> Piece:
        parts: list[Box] = []
        pieces = [self._addend(term, target) for term in terms]
        last = [
            2 if isinstance(t, Scalar) and not t.value.is_number else int(self._is_broadcast(self.shape(t), target))
            for t in terms
        ]
        for piece, _ in sorted(zip(pieces, last, strict=True), key=lambda p: (p[0].negative, p[1])):
            if piece.negative:
                parts.append(MINUS)
            elif parts:
                parts.append(PLUS)
            parts.append(piece.box if piece.level > SUM else fenced(piece.box))
        return Piece(row(*parts), SUM)

    def _is_broadcast(self, own: Shape, target: Shape) -> bool:
        """Whether an array (no number) has to be repeated to have a shape: a bias stands behind the product."""
        return 0 < len(own) < len(target) or any(n == 1 and m != 1 for n, m in zip(own, target, strict=False))

    def _addend(self, term: Matrix, target: Shape) -> Piece:
        if isinstance(term, Scalar) and target:
            piece = self.scalar(term.value)
            if piece.box == ONE:
                return Piece(ONES, ATOM, piece.negative)
            return Piece(row(self.wrap(Piece(piece.box, piece.level), PRODUCT), ONES), PRODUCT, piece.negative)
        return self.piece(term, target)

    def times(self, factors: tuple[Matrix, ...], target: Shape) -> Piece:
        """Scalars in front, columns and rows as diagonal matrices on the left and right, Hadamard dots between."""
        negative = False
        above: Expr = Integer(1)
        left: list[Box] = []
        right: list[Box] = []
        below: list[Piece] = []
        inner: list[Piece] = []
        for factor in sorted(factors, key=self._rank):
            own = self.shape(factor)
            if not own:
                if isinstance(factor, Scalar):
                    above = above * factor.value
                    continue
                piece = self.piece(factor, ())
                negative = negative != piece.negative
                left.append(self.wrap(Piece(piece.box, piece.level), PRODUCT))
            elif len(target) == 2 and len(own) == 1:
                right.append(self._diagonal(factor, own))
            elif len(target) == 2 and own[1] == 1 and target[1] != 1:
                left.append(self._diagonal(self._vector(factor), own[:1]))
            elif isinstance(factor, Power) and factor.exponent.is_negative and not self._is_diagonal(target, factor):
                below.append(self.piece(_power(factor.a, -factor.exponent), target))
            else:
                piece = self.piece(factor, target)
                negative = negative != piece.negative
                inner.append(Piece(piece.box, piece.level))
        return self._assemble(above, negative, left, inner, below, right)

    def _assemble(
        self, above: Expr, negative: bool, left: list[Box], inner: list[Piece], below: list[Piece], right: list[Box]
    ) -> Piece:
        alone = not left and not right and not below and len(inner) == 1
        core: list[Box] = []
        if len(inner) == 1:
            scaled = above != 1 or left or right or below
            core = (
                [self.wrap(inner[0], PRODUCT if scaled and not below and not (left or right) else POWER)]
                if scaled
                else [inner[0].box]
            )
        elif inner:
            core = [hadamard([self.wrap(p, POWER) for p in inner])]
        elif below:
            core = [ONES]
        if below:
            divisor = (
                self.wrap(below[0], ATOM) if len(below) == 1 else fenced(hadamard([self.wrap(p, POWER) for p in below]))
            )
            core = [row(*core, Sign("oslash"), divisor)]
        if (left or right) and (len(inner) > 1 or below):
            core = [fenced(row(*core))]
        boxes = [*left, *core, *right]
        minus, rest = split_sign(above)
        negative = negative != minus
        if rest != 1:
            number = expression_box(rest, self.notation)
            if len(inner) > 1 and not (left or right):
                boxes = [fenced(row(*boxes))] if below else boxes
            if not boxes:
                return Piece(number, PRODUCT, negative)
            boxes = [fenced(number) if rest.is_Add else number, *boxes]
        elif alone:
            return Piece(inner[0].box, inner[0].level, negative)
        return Piece(row(*boxes), PRODUCT, negative)

    def _diagonal(self, tree: Matrix, shape: Shape) -> Box:
        """``diag(v)``; of a power ``diag(v)^p``."""
        if isinstance(tree, Power):
            inside = self._diagonal(tree.a, shape)
            assert isinstance(inside, Row)
            return row(*inside.parts[:-1], superscript(inside.parts[-1], self._exponent(tree.exponent)))
        piece = self.piece(tree, shape)
        return row(Named("diag"), fenced(self.wrap(piece, SUM)))

    def _is_diagonal(self, target: Shape, factor: Matrix) -> bool:
        return len(target) == 2 and len(self.shape(factor)) < 2

    def _vector(self, tree: Matrix) -> Matrix:
        """A column (``v[:, None]``, a kept axis) as the vector it holds."""
        match tree:
            case Column(a):
                return a
            case Total(op, a, axis, True):
                return Total(op, a, axis)
            case Times(factors):
                return Times(tuple(self._vector(f) for f in factors))
            case Plus(terms):
                return Plus(tuple(self._vector(t) for t in terms))
            case Power(a, exponent):
                return Power(self._vector(a), exponent)
            case Apply(function, arguments):
                return Apply(function, tuple(self._vector(a) for a in arguments))
        return tree

    def power(self, a: Matrix, exponent: Expr, target: Shape) -> Piece:
        """An elementwise power: a Hadamard power of an array."""
        piece = self.piece(a, target)
        if not self.shape(a):
            return Piece(superscript(self.wrap(piece, ATOM), self._exponent(exponent)), POWER)
        above = row(Sign("odot"), self._exponent(exponent))
        return Piece(superscript(self.wrap(piece, ATOM), above), POWER)

    def _exponent(self, exponent: Expr) -> Box:
        if isinstance(exponent, Rational) and not isinstance(exponent, Integer):
            sign = [MINUS] if exponent.p < 0 else []
            return row(*sign, Number(str(abs(exponent.p))), Sign("slash"), Number(str(exponent.q)))
        return expression_box(exponent, self.notation)

    def apply(self, function: str, arguments: tuple[Matrix, ...], target: Shape) -> Piece:
        pieces = [self.piece(a, target if self.shape(a) else ()) for a in arguments]
        inside = fenced(separated([self.wrap(p, SUM) for p in pieces]))
        return Piece(row(function_name(function), inside), POWER)

    def total(self, op: str, a: Matrix, axis: int | None) -> Piece:
        """Sums as products with vectors of ones, means with 1/n before them, others by name."""
        shape = self.shape(a)
        piece = self.piece(a, shape)
        if op not in ("sum", "mean"):
            prefix = "" if axis is None or len(shape) == 1 else "row" if axis == 1 else "col"
            return Piece(row(Named(prefix + op), fenced(self.wrap(piece, SUM))), POWER)
        transposed = self._transposed(a, shape)
        if not shape:
            return piece
        lying, under = superscript(ONES, TOP), self.under
        if axis is None and len(shape) == 2:
            inner = under(self.wrap(piece, PRODUCT), *shape)
            box = self.factors(under(lying, UNIT, shape[0]), inner, under(ONES, shape[1], UNIT))
            count = shape[0] * shape[1]
        elif axis is None or len(shape) == 1:
            box = self.factors(under(lying, UNIT, shape[0]), under(self.wrap(piece, PRODUCT), *_column(shape)))
            count = shape[0]
        elif axis == 1:
            left = self.wrap(piece, PRODUCT if not isinstance(a, Times | Plus) else ATOM)
            box = self.factors(under(left, *shape), under(ONES, shape[1], UNIT))
            count = shape[1]
        else:
            box = self.factors(under(transposed, *shape[::-1]), under(ONES, shape[0], UNIT))
            count = shape[0]
        if op == "mean":
            box = row(Fraction(ONE, Setter(self.notation).signed(count)), box)
        return Piece(box, PRODUCT)

    def _transposed(self, a: Matrix, shape: Shape) -> Box:
        if isinstance(a, Transpose):
            return self.wrap(self.piece(a.a, self.shape(a.a)), PRODUCT)
        return superscript(self.wrap(self.piece(a, shape), ATOM), TOP)

    def _rank(self, factor: Matrix) -> int:
        """The order of factors: adjoints, tensors, functions of them, differences."""
        if isinstance(factor, Power):
            return self._rank(factor.a)
        if any(self.notation.is_adjoint(name) for name in names_in(factor)) and not isinstance(factor, Plus):
            return 0
        return 1 if isinstance(factor, Whole) else 2 if not isinstance(factor, Plus) else 3


def _column(shape: Shape, lying: bool = False) -> Shape:
    """A vector as a column, or lying as a row; a matrix as it is."""
    if len(shape) != 1:
        return shape
    return (UNIT, *shape) if lying else (*shape, UNIT)


def _power(a: Matrix, exponent: Expr) -> Matrix:
    return a if exponent == 1 else Power(a, exponent)


def names_in(tree: Matrix) -> set[str]:
    """The tensors of a tree."""
    if isinstance(tree, Whole):
        return {tree.name}
    found: set[str] = set()
    for value in vars(tree).values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Matrix):
                found |= names_in(part)
    return found


def hadamard(boxes: list[Box]) -> Box:
    """Boxes with a Hadamard dot between them."""
    return separated(boxes, Sign("odot"))
