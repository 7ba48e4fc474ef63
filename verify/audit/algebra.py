"""Plain formulas in names (``2/lambda``, ``k**2*n``) as expressions: parsed by ``ast`` with a whitelist, never evaluated."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from math import comb, isfinite

from sympy import Add, Expr, Integer, Mul, Pow, Rational, oo

from verify.audit.claims import Check, ClaimError

_LONGEST = 400
_MOST = 2000  # bits, and terms, of a power


def read_expression(text: str, names: Mapping[str, Expr], check: Check, key: str) -> Expr:
    """A formula with ``+ - * / **``, numbers, parentheses, and the names known (``oo`` is infinity).

    Raises:
        ClaimError: anything else is in it.
    """
    if len(text) > _LONGEST:
        raise check.error(f"{key}: a formula has at most {_LONGEST} characters, got {len(text)}")
    text = text.replace("lambda", "lambda_")  # a word of Python
    known = {("lambda_" if name == "lambda" else name): value for name, value in names.items()}
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise check.error(f"{key}: expected a formula such as 2*k/(1 + n), got {text!r}") from None
    return _read(tree, known, check, key)


def _read(node: ast.expr, names: Mapping[str, Expr], check: Check, key: str) -> Expr:
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return Integer(value)
        case ast.Constant(value=float() as value) if isfinite(value):
            return Rational(str(value))
        case ast.Name(id=name):
            if name in names:
                return names[name]
            if name == "oo":
                return oo
            known = ", ".join(n.removesuffix("_") for n in names)
            raise check.error(f"{key}: {name} is not known; known: {known or 'numbers only'}")
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_read(inner, names, check, key)
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = (_read(side, names, check, key) for side in (left, right))
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    if b != 0:
                        return a / b
                case ast.Pow():
                    if b.is_Integer and _fits(a, abs(int(b))):
                        return a**b
    raise check.error(
        f"{key}: expected names, numbers and + - * / ** (with whole exponents, not large ones), got {ast.unparse(node)!r}"
    )


def _fits(base: Expr, power: int) -> bool:
    """Whether a power, multiplied out, has few terms and numbers that are not long."""
    bits = max((int(n).bit_length() for r in base.atoms(Rational) for n in (r.p, r.q)), default=1)
    letters, degree = len(base.free_symbols), _degree(base) * power
    terms = comb(letters + degree, letters) if base.has(Add) else degree
    return power <= 20 and max(bits * power, terms) <= _MOST


def _degree(e: Expr) -> int:
    """The total degree, were all exponents positive."""
    if isinstance(e, Pow):
        return _degree(e.base) * (abs(int(e.exp)) if e.exp.is_Integer else 1)
    degrees = [_degree(part) for part in e.args]
    return sum(degrees) if isinstance(e, Mul) else max(degrees, default=int(e.is_Symbol))


__all__ = ["ClaimError", "read_expression"]
