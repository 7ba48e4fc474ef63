"""Plain text of expressions, equations, matrix trees and programs, in the notation of the language itself."""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol, floor, fraction
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, Not, Or
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

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
from derive.nodes import Access, Iverson, Partial, Reduce, Sensitivity, Slope, Where
from derive.program import Equation, Program
from derive.relation import oriented


class TextPrinter(StrPrinter):
    """SymPy's text with our nodes, positive terms first, and means recognised."""

    def _print_Access(self, expr: Access) -> str:
        inside = ", ".join(self._print(i) for i in expr.indices)
        return f"{expr.tensor}[{inside}]" if inside else expr.tensor

    _print_IntegerAccess = _print_Access

    def _print_Reduce(self, expr: Reduce) -> str:
        return f"{expr.op}({self._print(expr.body)}, {', '.join(map(str, expr.bound))})"

    def _print_Iverson(self, expr: Iverson) -> str:
        return f"[{condition_text(expr.condition)}]"

    def _print_Where(self, expr: Where) -> str:
        condition, a, b = expr.args
        return f"where({condition_text(condition)}, {self._print(a)}, {self._print(b)})"

    def _print_Partial(self, expr: Partial) -> str:
        return f"d/d{expr.variable} ({self._print(expr.body)}) at {expr.variable} = {self._print(expr.value)}"

    def _print_Sensitivity(self, expr: Sensitivity) -> str:
        return f"dL/d{self._print(expr.access)}"

    def _print_Slope(self, expr: Slope) -> str:
        return f"d {self._print(expr.of)}/d {self._print(expr.access)}"

    def _print_Maximum(self, expr: Expr) -> str:
        return f"max({', '.join(self._print(a) for a in expr.args[:2])})"

    def _print_Minimum(self, expr: Expr) -> str:
        return f"min({', '.join(self._print(a) for a in expr.args[:2])})"

    def parenthesize(self, item: Expr, level: int, strict: bool = False) -> str:
        if isinstance(item, floor) and level >= PRECEDENCE["Mul"]:  # written with a sign of division
            return f"({self._print(item)})"
        return str(super().parenthesize(item, level, strict=strict))

    def _print_floor(self, expr: Expr) -> str:
        numerator, denominator = fraction(expr.args[0].together())
        return f"{self.parenthesize(numerator, PRECEDENCE['Mul'])}//{self.parenthesize(denominator, PRECEDENCE['Pow'])}"

    def _print_Abs(self, expr: Expr) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_Infinity(self, expr: Expr) -> str:
        return "inf"

    def _print_NegativeInfinity(self, expr: Expr) -> str:
        return "-inf"

    def _print_Add(self, expr: Add, order: Any = None) -> str:
        number, rest = content(expr)
        if number != 1:
            return f"{self._print(number)}*({self._sum(rest)})"
        return self._sum(expr)

    def _sum(self, expr: Expr) -> str:
        terms = sorted(
            expr.args, key=lambda t: (bool(t.as_coeff_Mul()[0].is_negative), t.is_Number and not _real(expr))
        )
        text = ""
        for term in terms:
            part = self._print(term)
            if part.startswith("-") and text:
                text += f" - {part[1:]}"
            else:
                text += f" + {part}" if text else part
        return text

    def _print_Mul(self, expr: Mul) -> str:
        padded = padded_form(expr)
        if padded is not None:
            expr, shown = padded
            text = self._print_Mul(expr) if expr.is_Mul else self._print(expr)
            for token, access in shown.items():
                text = text.replace(token, f"pad({self._print(access)})")
            return text
        number, rest = expr.as_coeff_Mul()
        factors = list(rest.args) if rest.is_Mul else [rest]
        sign = "-" if number.is_negative else ""
        number = abs(number)
        top: list[Expr] = [f for f in factors if not _is_divisor(f)]
        bottom: list[Expr] = [1 / f for f in factors if _is_divisor(f)]
        top, bottom, number = _as_mean(top, bottom, number)
        if number.p != 1:
            top.insert(0, Integer(number.p))
        if number.q != 1:
            bottom.insert(0, Integer(number.q))
        # Plain elements first, sums and brackets last, as one writes it by hand.
        top.sort(key=_order)
        upper = "*".join(self._factor(f) for f in top) or "1"
        if not bottom:
            return sign + upper
        lower = [self._factor(f) for f in bottom]
        return f"{sign}{upper}/{lower[0] if len(lower) == 1 else '(' + '*'.join(lower) + ')'}"

    def _factor(self, expr: Expr) -> str:
        if isinstance(expr, Mean):
            return f"mean({self._print(expr.args[0])}, {', '.join(map(str, expr.args[1:]))})"
        return str(self.parenthesize(expr, PRECEDENCE["Mul"], strict=False))

    def _print_Mean(self, expr: Expr) -> str:
        return self._factor(expr)

    def emptyPrinter(self, expr: Any) -> str:
        return str(expr)


def _guards(expression: Expr) -> dict[Expr, list[Expr]]:
    """Position -> the range guards on it (``0 <= position`` and ``position < extent``) among a product's factors."""
    found: dict[Expr, list[Expr]] = {}
    for factor in expression.args:
        if not isinstance(factor, Iverson):
            continue
        for part in factor.condition.args if isinstance(factor.condition, And) else (factor.condition,):
            if (
                not isinstance(part, Relational)
                or not hasattr(part, "gts")
                or part.lhs.has(Access)
                or part.rhs.has(Access)
            ):
                break
        else:
            first = factor.condition.args[0] if isinstance(factor.condition, And) else factor.condition
            for side in (first.lhs, first.rhs):
                found.setdefault(side, []).append(factor)
    return found


def padded_form(expression: Mul) -> tuple[Expr, dict[str, Expr]] | None:
    """Range guards of an access in a product, written as ``pad(access)``: (product with tokens, token -> access)."""
    guards = _guards(expression)
    shown: dict[str, Expr] = {}
    gone: set[Expr] = set()
    tokens: dict[Expr, Expr] = {}
    accesses = sorted((a for f in expression.args if not isinstance(f, Iverson) for a in f.atoms(Access)), key=str)
    for access in accesses:
        brackets = [b for i in access.indices if not i.is_Symbol for b in guards.get(i, [])]
        if brackets:
            token = f"@{len(shown)}@"
            shown[token] = access
            tokens[access] = Symbol(token)
            gone.update(brackets)
    if not shown:
        return None
    kept = [_swap(f, tokens) for f in expression.args if f not in gone]
    return Mul(*kept), shown


def _swap(expression: Expr, tokens: dict[Expr, Expr]) -> Expr:
    if expression in tokens:
        return tokens[expression]
    if not expression.args or isinstance(expression, Access):
        return expression
    return expression.func(*(_swap(a, tokens) if a.args else a for a in expression.args))


class Mean(Expr):
    """A sum over its extent, for printing only."""

    is_commutative = True


def _real(expression: Expr) -> bool:
    """Whether a sum is of tensor elements (1 - a keeps its 1 in front; t + 1 does not)."""
    return bool(expression.has(Access)) or not expression.is_integer


def _is_divisor(factor: Expr) -> bool:
    return isinstance(factor, Pow) and bool(factor.exp.is_Rational and factor.exp.is_negative)


def _order(factor: Expr) -> tuple[int, str]:
    kind = 0 if factor.is_Number else 1 if not factor.has(Access) else 2
    if factor.has(Reduce) or isinstance(factor, Mean):
        kind = 4
    elif factor.is_Add:
        kind = 3
    elif isinstance(factor, Iverson):
        kind = 5
    return kind, ""


def _as_mean(top: list[Expr], bottom: list[Expr], number: Rational) -> tuple[list[Expr], list[Expr], Rational]:
    for position, factor in enumerate(top):
        if isinstance(factor, Reduce) and factor.op == "sum":
            extents = [n for _, n in factor.limits]
            left = list(bottom)
            try:
                for extent in extents:
                    left.remove(extent)
            except ValueError:
                continue
            body = factor.body
            if body.is_Mul and body.as_coeff_Mul()[0] != 1:
                continue
            return [*top[:position], Mean(body, *factor.bound), *top[position + 1 :]], left, number
    return top, bottom, number


def content(expression: Expr) -> tuple[Expr, Expr]:
    """A numeric factor and the rest of an expression."""
    numbers = {abs(t.as_coeff_Mul()[0]) for t in expression.args}
    if len(numbers) == 1 and numbers != {Integer(1)} and len(expression.args) > 1:
        (number,) = numbers
        return number, Add(*(t / number for t in expression.args), evaluate=False)
    return Integer(1), expression


_PRINTER = TextPrinter()


def condition_text(condition: Boolean) -> str:
    """A condition as the language writes it."""
    if isinstance(condition, And):
        return " and ".join(sorted(condition_text(c) for c in condition.args))
    if isinstance(condition, Or):
        return " or ".join(sorted(f"({condition_text(c)})" for c in condition.args))
    if isinstance(condition, Not):
        return f"not {condition_text(condition.args[0])}"
    if isinstance(condition, Relational):
        left, operator, right = oriented(condition)
        return f"{expression_text(left)} {operator} {expression_text(right)}"
    return str(condition)


def expression_text(expression: Expr) -> str:
    """An expression in one line.

    >>> from derive.nodes import Access, index
    >>> expression_text(Access("P", index("i")) - Access("Y", index("i")))
    'P[i] - Y[i]'
    """
    return str(_PRINTER.doprint(expression))


def equation_text(equation: Equation) -> str:
    """``target[indices] = right-hand side``."""
    inside = ", ".join(expression_text(i) for i in equation.indices)
    left = f"{equation.target}[{inside}]" if inside else equation.target
    return f"{left} = {expression_text(equation.rhs)}"


# -- matrix trees -----------------------------------------------------------------------------------------------------

_SUM, _PRODUCT, _POWER, _ATOM = 1, 2, 3, 4


def matrix_text(tree: Matrix) -> str:
    """A matrix tree as NumPy would be written by hand.

    >>> matrix_text(Product(Transpose(Whole("X")), Whole("dZ")))
    'X.T @ dZ'
    """
    return _matrix(tree)[0]


def _in(tree: Matrix, least: int) -> str:
    text, level = _matrix(tree)
    return text if level >= least else f"({text})"


def _matrix(tree: Matrix) -> tuple[str, int]:
    if isinstance(tree, Whole):
        return tree.name, _ATOM
    if isinstance(tree, Scalar):
        text = expression_text(tree.value)
        whole = tree.value.is_Atom or isinstance(tree.value, Access)
        return text, _ATOM if whole and not text.startswith("-") else (_SUM if tree.value.is_Add else _PRODUCT)
    if isinstance(tree, Transpose):
        return f"{_in(tree.a, _ATOM)}.T", _ATOM
    if isinstance(tree, Product):
        return f"{_in(tree.a, _PRODUCT if isinstance(tree.a, Product) else _POWER)} @ {_in(tree.b, _POWER)}", _PRODUCT
    if isinstance(tree, Outer):
        return f"outer({_in(tree.a, 0)}, {_in(tree.b, 0)})", _ATOM
    if isinstance(tree, Times):
        return _times(tree), _PRODUCT
    if isinstance(tree, Plus):
        text = ""
        for term in tree.terms:
            part = _in(term, _SUM)
            text += (f" - {part[1:]}" if part.startswith("-") else f" + {part}") if text else part
        return text, _SUM
    if isinstance(tree, Power):
        if tree.exponent == Rational(1, 2):
            return f"sqrt({_in(tree.a, 0)})", _ATOM
        if tree.exponent == Rational(-1, 2):
            return f"1/sqrt({_in(tree.a, 0)})", _PRODUCT
        if tree.exponent == -1:
            return f"1/{_in(tree.a, _POWER)}", _PRODUCT
        if tree.exponent.is_Rational and tree.exponent.is_negative:
            return f"1/{_in(Power(tree.a, -tree.exponent), _POWER)}", _PRODUCT
        return f"{_in(tree.a, _ATOM)}**{expression_text(tree.exponent)}", _POWER
    if isinstance(tree, Apply):
        name = "abs" if tree.function == "Abs" else tree.function
        return f"{name}({', '.join(_in(a, 0) for a in tree.arguments)})", _ATOM
    if isinstance(tree, Bracket):
        return f"[{_in(tree.left, 0)} {tree.relation} {_in(tree.right, 0)}]", _ATOM
    if isinstance(tree, Column):
        return f"{_in(tree.a, _ATOM)}[:, None]", _ATOM
    if isinstance(tree, Total):
        prefix = {None: "", 0: "col", 1: "row"}[tree.axis]
        return f"{prefix}{tree.op}({_in(tree.a, 0)})", _ATOM
    raise TypeError(f"no text for {type(tree).__name__}")


def _divisor(expression: Expr) -> str:
    text = expression_text(expression)
    return text if expression.is_Atom or text.startswith("sqrt(") else f"({text})"


def _times(tree: Times) -> str:
    sign = ""
    top: list[str] = []
    bottom: list[str] = []
    for factor in tree.factors:
        if isinstance(factor, Scalar):
            number, rest = factor.value.as_coeff_Mul()
            numerator, denominator = fraction(abs(number) * rest)
            if number.is_negative:
                sign = "" if sign else "-"
            if numerator != 1:
                top.append(_in(Scalar(numerator), _PRODUCT))
            if denominator != 1:
                bottom.extend(_divisor(d) for d in (denominator.args if denominator.is_Mul else (denominator,)))
        elif isinstance(factor, Power) and factor.exponent == -1:
            bottom.append(_in(factor.a, _POWER))
        elif isinstance(factor, Power) and factor.exponent.is_Rational and factor.exponent.is_negative:
            bottom.append(_in(Power(factor.a, -factor.exponent), _POWER))
        else:
            alone = len(tree.factors) == 1 or (len(tree.factors) == 2 and isinstance(tree.factors[0], Scalar))
            top.append(_in(factor, _PRODUCT if alone and not top else _POWER))
    upper = "*".join(top) or "1"
    if not bottom:
        return sign + upper
    return f"{sign}{upper}/{bottom[0] if len(bottom) == 1 else '(' + '*'.join(bottom) + ')'}"


def program_text(program: Program) -> str:
    """All equations, one a line."""
    return "\n".join(equation_text(e) for e in program.equations)
