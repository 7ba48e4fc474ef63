"""Recognising the matrix form of an index equation, and checking it by turning it back into index form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr, Integer, Pow, Symbol, prod
from sympy.core.relational import Relational

from derive.array import same
from derive.derivation import Derivation, Step
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
from derive.matrix_index import index_form
from derive.naming import rename_bound
from derive.nodes import Access, Iverson, Maximum, Minimum, Reduce
from derive.program import Equation, Program
from derive.relation import oriented
from derive.terms import Fresh, canonical, flatten, merge
from derive.text import content

Layout = tuple[Symbol, ...]


class NoMatrixForm(Exception):
    """The expression has no form of rank 2 or less in our vocabulary."""


@dataclass(frozen=True)
class Piece:
    """A matrix tree and the indices of its axes."""

    tree: Matrix
    layout: Layout


class Recogniser:
    """Turns expressions over the free indices ``order`` (at most two) and bound ones into matrix trees."""

    def __init__(self, order: Layout) -> None:
        self.order = list(order)

    def run(self, expression: Expr, layout: Layout) -> Matrix:
        return self.align(self.piece(expression), layout)

    # -- alignment ----------------------------------------------------------------------------------------------------

    def align(self, piece: Piece, layout: Layout) -> Matrix:
        """The tree so that it broadcasts to a layout."""
        own, tree = piece.layout, piece.tree
        if own == layout or not own or own == layout[-1:]:
            return tree
        if len(layout) == 2 and own == (layout[1], layout[0]):
            return tree.a if isinstance(tree, Transpose) else Transpose(tree)
        if len(layout) == 2 and own == (layout[0],):
            return upright(tree)
        raise NoMatrixForm(f"{own} does not broadcast to {layout}")

    def union(self, pieces: Iterable[Piece]) -> Layout:
        found = {i for p in pieces for i in p.layout}
        pieces = list(pieces)
        if len(found) > 2:
            raise NoMatrixForm("more than two axes")
        whole = [p.layout for p in pieces if len(p.layout) == len(found)]
        ordered = tuple(i for i in self.order if i in found)
        if len(ordered) == len(found):
            return ordered
        return whole[0] if whole else tuple(sorted(found, key=lambda i: (i not in self.order, str(i))))

    # -- expressions --------------------------------------------------------------------------------------------------

    def piece(self, expression: Expr) -> Piece:
        if isinstance(expression, Access):
            return self._access(expression)
        if not expression.has(Access) and not (expression.free_symbols & self._indices(expression)):
            return Piece(Scalar(expression), ())
        if expression.is_Add:
            number, rest = content(expression)
            parts = [self.piece(a) for a in ordered_terms(rest)]
            layout = self.union(parts)
            total = Plus(tuple(self.align(p, layout) for p in parts))
            return Piece(total if number == 1 else Times((Scalar(number), total)), layout)
        if expression.is_Mul or isinstance(expression, Reduce):
            return self._product(expression)
        if isinstance(expression, Pow):
            base = self.piece(expression.base)
            if expression.exp.has(Access) or expression.exp.free_symbols & self._indices(expression):
                raise NoMatrixForm("a power with a varying exponent")
            return Piece(Power(base.tree, expression.exp), base.layout)
        if isinstance(expression, Iverson):
            return self._bracket(expression)
        if isinstance(expression, Maximum):
            return self._apply("min" if isinstance(expression, Minimum) else "max", expression.args[:2])
        if expression.is_Function:
            return self._apply(expression.func.__name__, expression.args)
        raise NoMatrixForm(type(expression).__name__)

    def _indices(self, expression: Expr) -> set[Symbol]:
        return {s for s in expression.free_symbols if isinstance(s, Symbol) and s.is_integer and not s.is_nonnegative}

    def _access(self, access: Access) -> Piece:
        layout = tuple(access.indices)
        if len(layout) > 2 or not all(isinstance(i, Symbol) and not i.is_nonnegative for i in layout):
            raise NoMatrixForm(f"{access} is no whole tensor of rank 2 or less")
        if len(set(layout)) != len(layout):
            raise NoMatrixForm(f"{access} is a diagonal")
        return Piece(Whole(access.tensor) if layout else Scalar(access), layout)

    def _apply(self, name: str, arguments: Sequence[Expr]) -> Piece:
        parts = [self.piece(a) for a in arguments]
        layout = self.union(parts)
        return Piece(Apply(name, tuple(self.align(p, layout) for p in parts)), layout)

    def _bracket(self, bracket: Iverson) -> Piece:
        condition = bracket.condition
        if not isinstance(condition, Relational) or not condition.has(Access):
            raise NoMatrixForm(f"the condition {condition}")
        left, operator, right = oriented(condition)
        parts = [self.piece(left), self.piece(right)]
        layout = self.union(parts)
        return Piece(Bracket(operator, *(self.align(p, layout) for p in parts)), layout)

    # -- products and sums --------------------------------------------------------------------------------------------

    def _product(self, expression: Expr) -> Piece:
        factors = list(expression.args) if expression.is_Mul else [expression]
        scalars = [f for f in factors if not f.has(Access) and not f.free_symbols & self._indices(f)]
        rest = [f for f in factors if f not in scalars]
        number = prod(scalars)
        pieces = []
        for factor in sorted(rest, key=_factor_key):
            if isinstance(factor, Reduce):
                piece, number = self._reduce(factor, number)
                pieces.append(piece)
            else:
                pieces.append(self.piece(factor))
        layout = self.union(pieces)
        if len(pieces) == 2 and len(layout) == 2 and all(len(p.layout) == 1 for p in pieces) and number == 1:
            a, b = sorted(pieces, key=lambda p: layout.index(p.layout[0]))
            if a.layout != b.layout:
                return Piece(Outer(a.tree, b.tree), layout)
        trees = [self.align(p, layout) for p in pieces]
        if number != 1:
            trees.insert(0, Scalar(number))
        return Piece(trees[0] if len(trees) == 1 else Times(tuple(trees)), layout)

    def _reduce(self, reduce: Reduce, number: Expr) -> tuple[Piece, Expr]:
        """A reduction; a factor 1/extent around a sum that is no matrix product makes it a mean."""
        if reduce.op == "sum":
            piece = self._sum(list(_flat_factors(reduce.body)), list(reduce.limits))
            if isinstance(piece.tree, Total) and piece.tree.op == "sum":
                count = prod(n for _, n in reduce.limits)
                scaled = number * count
                if not scaled.free_symbols & count.free_symbols and count.free_symbols:
                    return Piece(Total("mean", piece.tree.a, piece.tree.axis), piece.layout), scaled
            return piece, number
        if reduce.op not in ("max", "min", "prod", "logsumexp"):
            raise NoMatrixForm(reduce.op)
        body = self.piece(reduce.body)
        return self._total(reduce.op, body, reduce.bound), number

    def _total(self, op: str, body: Piece, bound: Sequence[Symbol]) -> Piece:
        if not set(bound) <= set(body.layout):
            raise NoMatrixForm("a reduction over an index that the body does not have")
        if set(bound) == set(body.layout):
            return Piece(Total(op, body.tree, None), ())
        (k,) = bound
        axis = body.layout.index(k)
        return Piece(Total(op, body.tree, axis), tuple(i for i in body.layout if i != k))

    def _sum(self, factors: list[Expr], limits: list[tuple[Symbol, Expr]]) -> Piece:
        if len(limits) > 1:
            return self._nested_sum(factors, limits)
        ((k, _),) = limits
        scalars = [f for f in factors if not (f.free_symbols & self._indices(f))]
        pieces = [self.piece(f) for f in factors if f not in scalars]
        if any(k not in p.layout for p in pieces):
            raise NoMatrixForm("a factor without the summation index")
        outer = [i for i in dict.fromkeys(i for p in pieces for i in p.layout) if i != k]
        outer.sort(key=lambda i: (self.order.index(i) if i in self.order else len(self.order), str(i)))
        if len(outer) > 2:
            raise NoMatrixForm("more than two axes")
        result = self._contract(pieces, outer, k)
        if scalars:
            result = Piece(Times((Scalar(prod(scalars)), result.tree)), result.layout)
        return result

    def _contract(self, pieces: list[Piece], outer: list[Symbol], k: Symbol) -> Piece:
        if len(outer) == 2:
            i, j = outer
            left = [p for p in pieces if j not in p.layout]
            right = [p for p in pieces if i not in p.layout and p not in left]
            if len(left) + len(right) != len(pieces) or not right:
                raise NoMatrixForm("a product that ties both axes to the summation index")
            return Piece(Product(self._times(left, (i, k)), self._times(right, (k, j))), (i, j))
        if len(outer) == 1:
            (i,) = outer
            matrices = [p for p in pieces if i in p.layout]
            vectors = [p for p in pieces if i not in p.layout]
            if not vectors:
                layout = self.union(matrices)
                return self._total("sum", Piece(self._times(matrices, layout), layout), (k,))
            return Piece(Product(self._times(matrices, (i, k)), self._times(vectors, (k,))), (i,))
        if len(pieces) == 2:
            return Piece(Product(pieces[0].tree, pieces[1].tree), ())
        return self._total("sum", Piece(self._times(pieces, (k,)), (k,)), (k,))

    def _times(self, pieces: Sequence[Piece], layout: Layout) -> Matrix:
        trees = tuple(self.align(p, layout) for p in pieces)
        have = {i for p in pieces for i in p.layout}
        if have != set(layout):
            raise NoMatrixForm("a factor would have to be broadcast")
        return trees[0] if len(trees) == 1 else Times(trees)

    def _nested_sum(self, factors: list[Expr], limits: list[tuple[Symbol, Expr]]) -> Piece:
        bound = [i for i, _ in limits]
        pieces = []
        try:
            pieces = [self.piece(f) for f in factors]
            layout = self.union(pieces)
            if set(layout) == set(bound):
                return self._total("sum", Piece(self._times(pieces, layout), layout), bound)
        except NoMatrixForm:
            pass
        for position, (i, extent) in enumerate(limits):
            inner = [f for f in factors if i in f.free_symbols]
            outer = [f for f in factors if i not in f.free_symbols]
            body: Expr = Integer(1)
            for f in inner:
                body *= f
            try:
                return self._sum([*outer, Reduce("sum", body, (i, extent))], limits[:position] + limits[position + 1 :])
            except NoMatrixForm:
                continue
        raise NoMatrixForm("no order of summation gives matrix products")


def upright(tree: Matrix) -> Matrix:
    """A vector over rows so that it scales rows: totals keep their axis, whole vectors become columns."""
    if isinstance(tree, Scalar):
        return tree
    if isinstance(tree, Total) and tree.axis == 1:
        return Total(tree.op, tree.a, 1, True)
    if isinstance(tree, Times):
        return Times(tuple(upright(f) for f in tree.factors))
    if isinstance(tree, Plus):
        return Plus(tuple(upright(t) for t in tree.terms))
    if isinstance(tree, Power):
        return Power(upright(tree.a), tree.exponent)
    if isinstance(tree, Apply):
        return Apply(tree.function, tuple(upright(a) for a in tree.arguments))
    return Column(tree)


def _flat_factors(body: Expr) -> Sequence[Expr]:
    return body.args if body.is_Mul else (body,)


def _factor_key(factor: Expr) -> tuple[int, str]:
    return (isinstance(factor, Reduce), str(factor))


def ordered_terms(expression: Expr) -> list[Expr]:
    """The terms of a sum, one without a minus sign first."""
    terms = list(expression.args)
    return sorted(terms, key=lambda t: (t.as_coeff_Mul()[0].is_negative or False, len(str(t)) if t.has(Reduce) else 0))


# -- the check ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)  # the terms of a derivation stay the same from step to step
def normal_text(expression: Expr) -> str:
    """A text that two equal expressions share: flat, canonical terms, fixed bound names, comparisons one way round."""
    fresh = Fresh("_n")
    sides = {r: oriented(r) for r in expression.atoms(Relational)}
    turned = {r: Relational(left, right, operator) for r, (left, operator, right) in sides.items()}
    expression = expression.xreplace(turned)
    terms = merge(flatten(expression, fresh))
    parts = []
    for term in map(canonical, terms):
        factors = sorted(
            f"({rename_bound(b.expand() if b.is_Add else b, set(), lambda i, n: [])})**{e}" for b, e in term.factors
        )
        parts.append(f"{term.coefficient} {term.bound} {factors}")
    return "\n".join(sorted(parts))


def matrix_form(equation: Equation, program: Program) -> tuple[Matrix, Expr] | None:
    """The matrix form and the index expression it stands for; ``None`` where none survives the round trip."""
    if len(equation.indices) > 2 or any(not isinstance(i, Symbol) for i in equation.indices):
        return None
    layout = tuple(i for i in equation.indices if isinstance(i, Symbol))
    if not _whole(equation.rhs, equation.ranges, program):
        return None
    try:
        tree = Recogniser(layout).run(equation.rhs, layout)
        back = index_form(tree, program, layout)
    except (NoMatrixForm, ValueError):
        return None
    return (tree, back) if normal_text(back) == normal_text(equation.rhs) else None


def _whole(expression: Expr, ranges: Mapping[Symbol, Expr], program: Program) -> bool:
    """Whether every plain index runs along the whole axis on which it stands; a part of a tensor is no whole tensor."""
    if isinstance(expression, Reduce):
        ranges = {**ranges, **dict(expression.limits)}
    if isinstance(expression, Access):
        shape = program.tensors[expression.tensor].shape
        return all(same(ranges.get(i, n), n) for i, n in zip(expression.indices, shape, strict=True))
    return all(_whole(part, ranges, program) for part in expression.args if part.has(Access))


def matrix_forms(derivation: Derivation) -> tuple[dict[str, Matrix], list[Step]]:
    """The matrix forms of all derived equations that have one, with a checked step for each."""
    recurrent = {e.target for g in derivation.adjoint.groups if g.direction for e in (*g.equations, *g.starts, *g.ends)}
    forms: dict[str, Matrix] = {}
    steps = []
    for equation in derivation.adjoint.equations:
        if equation.target in recurrent:
            continue
        found = matrix_form(equation, derivation.combined)
        if found is not None:
            tree, back = found
            forms[equation.target] = tree
            shape = tuple(n for n in equation.extents if n is not None)
            steps.append(
                Step(
                    "matrix form",
                    equation.target,
                    equation.indices,
                    equation.extents,
                    equation.rhs,
                    back,
                    "the same in matrix form",
                    shape,
                )
            )
    return forms, steps


def program_matrices(program: Program) -> Mapping[str, Matrix]:
    """Matrix forms of a program's own equations."""
    return {e.target: found[0] for e in program.equations if (found := matrix_form(e, program)) is not None}
