"""Expressions in the names of an operation and of its gradients, read as equations of their own beside it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from derive.builder import build
from derive.derivation import Derivation
from derive.errors import DeclarationError
from derive.operation import Operation
from derive.program import Program, Tensor
from derive.syntax import statements

_ALONE = "nothing_else = 1 + 0"  # a text needs an equation; declarations alone have none


@dataclass(frozen=True)
class Setting:
    """The names that an expression may use: those of a declaration and, with a derivation, of its adjoints.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> setting = Setting.of(get("sigmoid"), derive(get("sigmoid")))
    >>> setting.program({"q": "dz/da"}).outputs
    ('q',)
    """

    text: str
    name: str = "declaration"
    options: Mapping[str, str] = field(default_factory=dict)
    derivation: Derivation | None = None

    @classmethod
    def of(cls, operation: Operation, derivation: Derivation | None = None) -> Setting:
        """The setting of an operation."""
        return cls(operation.text, operation.name, operation.options, derivation)

    @property
    def adjoints(self) -> dict[str, Tensor]:
        """The tensors that a derivation adds."""
        if self.derivation is None:
            return {}
        before = self.derivation.program.tensors
        tensors = {**self.derivation.adjoint.tensors, **self.derivation.combined.tensors}
        return {name: tensor for name, tensor in tensors.items() if name not in before}

    def program(self, quantities: Mapping[str, str]) -> Program:
        """Forward, adjoints and quantities as one program whose outputs are the quantities.

        Raises:
            DeclarationError: an expression is not understood; the line shown is that of the expression.
        """
        before = self.text.strip("\n")
        lines, owners = [before], []
        for name, text in quantities.items():
            for line in _equations(name, text):
                lines.append(line)
                owners.append((name, text, line))
        outputs = ", ".join(quantities) if quantities else ""
        whole = "\n".join([*lines, f"output({outputs})" if outputs else _ALONE])
        try:
            read = build(whole, self.name, self.options, self.adjoints)
        except DeclarationError as error:
            number = error.line_number - len(before.split("\n"))
            if not 0 < number <= len(owners):
                raise
            name, text, line = owners[number - 1]
            shift = len(line) - len(line.removeprefix(f"{name} = "))
            shown = text.strip().split("\n")[0] if shift else line
            raise type(error)(error.reason, shown, 1, max(error.column - shift, 0)) from None
        return self._whole(read)

    def _whole(self, read: Program) -> Program:
        if self.derivation is None:
            return read
        combined = self.derivation.combined
        known = {e.target for e in combined.equations}
        own = tuple(e for e in read.equations if e.target not in known)
        forward = {**combined.tensors}
        tensors = {**forward, **{n: t for n, t in read.tensors.items() if n not in forward}}
        return combined.with_(
            tensors=tensors, equations=(*combined.equations, *own), outputs=read.outputs, facts=read.facts
        )


def _equations(name: str, text: str) -> list[str]:
    """The lines by which ``name`` is the expression; of several equations the last one is meant."""
    found = statements(text)
    if not found:
        raise DeclarationError("the expression is empty; expected something like a*(1 - a)")
    *before, last = found
    lines = [each.source.text for each in before]
    if last.target is None:
        text = " ".join(last.source.text.split())
        return [*lines, f"{name} = {text}{' + 0' if _is_number(last.value) else ''}"]
    target = last.target
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        left = ast.unparse(target)
        own = f"{name}{left[len(target.value.id) :]}"
    else:
        own = name
    assert last.value is not None
    return [*lines, f"{own} = {ast.unparse(last.value)}"]


def _is_number(node: ast.expr | None) -> bool:
    """Whether an expression is a bare number, which the language would read as a hyper-parameter's default."""
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant)


__all__ = ["Setting"]
