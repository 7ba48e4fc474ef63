"""From text to whitelisted syntax trees: statements, limits, and carets for errors.

Text is only ever parsed by ``ast.parse`` and walked; nothing of it is evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from derive.errors import DeclarationError

MAX_CHARACTERS = 200_000
MAX_STATEMENT = 4_000
MAX_NESTING = 40
MAX_NODES = 3_000

OPENING, CLOSING = "([{", ")]}"

# What Python has for it -> what the language has.
_INSTEAD: dict[type[ast.AST], str] = {
    ast.IfExp: "where(condition, a, b)",
    ast.ListComp: "one equation with an index, such as y[i] = x[i]**2",
    ast.GeneratorExp: "sum(x[i], i)",
    ast.Slice: "an index, such as y[i] = x[i + 1]",
}
_ALLOWED = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.Call,
    ast.keyword,
    ast.Name,
    ast.Constant,
    ast.Subscript,
    ast.Attribute,
    ast.Tuple,
    ast.Load,
    ast.Store,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
)


@dataclass(frozen=True)
class Source:
    """A statement's text and place, for error messages."""

    text: str
    line_number: int

    def error(
        self,
        message: str,
        node: ast.AST | None = None,
        column: int = 0,
        kind: type[DeclarationError] = DeclarationError,
    ) -> DeclarationError:
        if node is not None:
            column = getattr(node, "col_offset", column)
        return kind(message, self.text, self.line_number, column)


@dataclass(frozen=True)
class Statement:
    """``target = value``, ``target: annotation``, or a bare expression (``value`` alone)."""

    source: Source
    target: ast.expr | None
    value: ast.expr | None
    annotation: ast.expr | None = None


def _pieces(text: str) -> Iterator[Source]:
    """Split into statements at line ends, semicolons and commas outside brackets; drop comments."""
    depth = 0
    piece: list[str] = []
    first_line = 1
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.split("#", 1)[0].rstrip()
        if depth == 0:
            first_line = number
        for column, character in enumerate(line):
            if character in OPENING:
                depth += 1
                if depth > MAX_NESTING:
                    raise Source(line, number).error(
                        f"brackets are nested more than {MAX_NESTING} deep; name intermediate results instead",
                        None,
                        column,
                    )
            elif character in CLOSING:
                depth -= 1
                if depth < 0:
                    raise Source(line, number).error(
                        f"{character!r} closes a bracket that was never opened", None, column
                    )
            if depth == 0 and character in ",;":
                yield Source("".join(piece), first_line)
                piece = []
            else:
                piece.append(character)
        if len(piece) > MAX_STATEMENT:
            raise Source(line, number).error(
                f"a statement is longer than {MAX_STATEMENT} characters; name intermediate results instead"
            )
        if depth == 0:
            yield Source("".join(piece), first_line)
            piece = []
        else:
            piece.append(" ")
    if depth:
        raise Source("".join(piece).rstrip(), first_line).error(
            "a bracket is opened here and never closed", None, len("".join(piece).rstrip())
        )


def _check(tree: ast.AST, source: Source) -> None:
    """Only whitelisted nodes, within the limits; iterative, so that depth cannot exhaust the stack."""
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    count = 0
    while stack:
        node, depth = stack.pop()
        count += 1
        if count > MAX_NODES or depth > 4 * MAX_NESTING:
            raise source.error(
                f"the statement is too large ({MAX_NODES} parts, depth {4 * MAX_NESTING} at most); "
                "name intermediate results",
                node,
            )
        if not isinstance(node, _ALLOWED):
            instead = _INSTEAD.get(type(node))
            hint = f"; write {instead}" if instead else ""
            raise source.error(f"{type(node).__name__} is not part of the language of index equations{hint}", node)
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
            raise source.error("only a named function can be called, such as sum(...) or exp(...)", node)
        if isinstance(node, ast.Attribute) and node.attr != "T":
            raise source.error(f"the only attribute is .T (transpose), got .{node.attr}", node)
        if isinstance(node, ast.Constant) and (
            isinstance(node.value, (bool, str, bytes, complex)) or node.value is None
        ):
            raise source.error(f"expected a number, got {node.value!r}", node)
        stack.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _parse(source: Source) -> Statement:
    try:
        module = ast.parse(source.text.strip() if source.text.startswith((" ", "\t")) else source.text)
    except SyntaxError as error:
        column = max((error.offset or 1) - 1, 0) + len(source.text) - len(source.text.lstrip())
        raise source.error(
            f"not an equation, a declaration or a fact ({error.msg}); expected something like Z = X @ W + b",
            None,
            column,
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise source.error("the statement is nested too deeply; name intermediate results instead") from None
    if len(module.body) != 1:
        raise source.error("expected one statement")
    node = module.body[0]
    source = Source(source.text.strip(), source.line_number)
    if isinstance(node, ast.Expr):
        statement = Statement(source, None, node.value)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        statement = Statement(source, node.targets[0], node.value)
    elif isinstance(node, ast.AnnAssign) and node.value is None:
        statement = Statement(source, node.target, None, node.annotation)
    else:
        raise source.error(
            f"{type(node).__name__} is not part of the language; expected a declaration, an equation or a fact", node
        )
    for part in (statement.target, statement.value, statement.annotation):
        if part is not None:
            _check(part, source)
    return statement


def statements(text: str) -> list[Statement]:
    """Parse a declaration text into statements.

    Raises :class:`DeclarationError` for anything outside the language and for text beyond the limits.

    >>> [type(s.value).__name__ for s in statements("X[n, d], eps > 0; y[i] = sum(X[i, j], j)")]
    ['Subscript', 'Compare', 'Call']
    """
    if len(text) > MAX_CHARACTERS:
        raise DeclarationError(
            f"the text has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            text[:80].split("\n")[0],
            1,
            0,
        )
    return [_parse(source) for source in _pieces(text) if source.text.strip()]
