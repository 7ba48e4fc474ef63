"""A gradient that somebody claims, as a formula: read in the names of an operation, and compared with what is derived."""

from __future__ import annotations

import ast
from dataclasses import replace

from derive.array import show
from derive.builder import build
from derive.derivation import Derivation
from derive.errors import DeclarationError
from derive.inline import put_in
from derive.naming import rename_bound
from derive.nodes import Access
from derive.occurrence import freshen
from derive.operation import Operation
from derive.program import Equation, Program
from derive.simplify import Simplifier, size
from derive.syntax import Statement, statements
from derive.terms import Fresh, Term, flatten, make_term, merge

LARGEST = 4000  # characters of a formula that is compared as a formula


def claim(text: str, operation: Operation, derivation: Derivation) -> Derivation:
    """What ``text`` says of the one gradient of a derivation, as a derivation by the same inputs.

    The text is an expression (``X.T @ (p - y)/n``) or equations of which the last one is meant; it may use every name of the
    operation, and the cotangents (``dy`` for an output ``y`` that is no scalar).

    Raises:
        DeclarationError: the text cannot be understood; the line is that of the text.
        ShapeMismatch: its shapes do not go together.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> dense = get("dense")
        >>> print(claim("X.T @ dZ", dense, derive(dense, wrt="W")))
        dW[i, j] = sum(X[l, i]*dZ[l, j], l)
    """
    (wrt,) = derivation.wrt
    own = statements(text)
    if not own:
        raise DeclarationError("the formula is empty; expected something like X.T @ dZ")
    for statement in own[:-1]:
        if statement.target is None or statement.value is None:
            raise statement.source.error("what stands before the formula are equations, such as g = dy*gamma")
    start, target = "", derivation.gradients[wrt]
    if own[-1].target is None:
        start = f"{target} = "
    else:
        target = _target(own[-1])
    lines = [statement.source.text for statement in own]
    before = operation.text.strip("\n")
    cotangents = {name: derivation.adjoint.tensors[name] for name in derivation.cotangents.values()}
    whole = "\n".join([before, *lines[:-1], start + lines[-1]])
    try:
        program = build(f"{whole}\noutput({target})", "formula", operation.options, cotangents)
    except DeclarationError as error:
        number = error.line_number - len(before.split("\n"))
        if number < 1:
            raise
        shift = len(start) if number == len(lines) else 0
        at = own[number - 1].source
        raise type(error)(error.reason, at.text, at.line_number, max(error.column - shift, 0)) from None
    new_inputs = {t.name for t in program.inputs} - {t.name for t in operation.program.inputs} - {*cotangents}
    for statement in own:
        if statement.target is not None and _target(statement) in new_inputs:
            raise statement.source.error(
                "a formula has no inputs of its own; write the number where it is used", statement.target
            )
    known = {equation.target for equation in operation.program.equations}
    equations = tuple(equation for equation in program.equations if equation.target not in known)
    new = {equation.target: replace(program.tensors[equation.target], role="adjoint") for equation in equations}
    tensors = {**derivation.adjoint.tensors, **new}
    adjoint = derivation.adjoint.with_(tensors=tensors, equations=equations, outputs=(target,))
    return replace(derivation, adjoint=adjoint, gradients={wrt: target}, steps=(), matrices={}, adjoints={})


def _target(statement: Statement) -> str:
    node = statement.target
    name = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(name, ast.Name):
        raise statement.source.error("a formula is an expression, or an equation such as dW = X.T @ dZ", node)
    return name.id


def identical(claimed: Derivation, derived: Derivation) -> bool:
    """Whether both say the same, term by term, when enough definitions are put in; ``False`` leaves it open.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> loss = get("half_mse")
    >>> derived = derive(loss, wrt="yhat")
    >>> [identical(claim(text, loss, derived), derived) for text in ("yhat/n - y/n", "(yhat - y)/2/n")]
    [True, False]
    """
    fresh = Fresh("_u")
    ours, theirs = _Formula.of(derived, fresh), _Formula.of(claimed, fresh)
    if ours is None or theirs is None or len(ours.indices) != len(theirs.indices):
        return False
    theirs.expression = theirs.expression.xreplace(dict(zip(theirs.indices, ours.indices, strict=True)))
    quiet = Simplifier((), ours.ranges, fresh)
    names = dict.fromkeys(e.target for each in (ours, theirs) for e in reversed(each.program.equations))
    # own definitions first, then those of the forward pass from the last one on: the fewer, the shorter both are
    for name in ["", *sorted(names, key=lambda name: name in derived.program.tensors)]:
        if any(each.reads(name) and not each.put_in(name) for each in (ours, theirs)):
            return False
        if not merge(map(_named, quiet.multiplied_out(flatten(ours.expression - theirs.expression, fresh)))):
            return True
    return False


def _named(term: Term) -> Term:
    """With the indices that are bound inside of factors under names that equal factors share."""
    factors = [(rename_bound(base, set(), lambda i, extent: []), exponent) for base, exponent in term.factors]
    return make_term(term.coefficient, term.bound, factors)


class _Formula:
    """The one gradient of a derivation as an expression, into which definitions are put."""

    def __init__(self, program: Program, equation: Equation, fresh: Fresh) -> None:
        self.program, self.indices, self.ranges, self._fresh = program, equation.indices, equation.ranges, fresh
        self.expression = freshen(equation.rhs, fresh)
        recurrent = {e.target for group in program.groups if group.direction for e in group.equations}
        several = {e.target for e in program.equations if len(program.equations_of(e.target)) > 1}
        self._closed = recurrent | several

    @classmethod
    def of(cls, derivation: Derivation, fresh: Fresh) -> _Formula | None:
        (target,) = derivation.gradients.values()
        equations = derivation.combined.equations_of(target)
        return cls(derivation.combined, equations[0], fresh) if len(equations) == 1 else None

    def reads(self, name: str) -> bool:
        return any(access.tensor == name for access in self.expression.atoms(Access))

    def put_in(self, name: str) -> bool:
        """Whether the definition could be put in: it is no recurrence, and the whole stays within :data:`LARGEST`."""
        if name in self._closed:
            return False
        (definition,) = self.program.equations_of(name)
        self.expression = put_in(self.expression, definition, self._fresh)
        return size(self.expression) <= LARGEST


def same_shape(claimed: Derivation) -> tuple[str, str] | None:
    """The shapes of a claimed gradient and of its input as text, where they differ."""
    ((wrt, target),) = claimed.gradients.items()
    theirs, ours = claimed.adjoint.tensors[target].shape, claimed.program.tensors[wrt].shape
    if len(theirs) == len(ours) and all((a - b).expand() == 0 for a, b in zip(theirs, ours, strict=True)):
        return None
    return show(theirs), show(ours)
