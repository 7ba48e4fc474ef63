"""The order in which statements are understood: declarations, conventions, then equations as shapes allow."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING

from sympy import Symbol

from derive.builder import Unranged
from derive.errors import CycleError, DeclarationError
from derive.lower import Lowering, Unshaped
from derive.naming import rename_bound
from derive.nodes import index
from derive.program import Program
from derive.ranges import infer
from derive.reductions import ranged
from derive.syntax import Source, Statement
from derive.vocabulary import REDUCING

if TYPE_CHECKING:
    from derive.builder import Builder

TIES = ("first", "last", "share")


def _is_number(node: ast.expr | None) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _index_names(parts: list[Statement]) -> set[str]:
    """Names inside brackets, in a stated range or a whole-number division: there an integer hyper-parameter is used."""
    found: set[str] = set()
    for statement in parts:
        for part in (statement.target, statement.value):
            for node in ast.walk(part) if part is not None else ():
                if isinstance(node, ast.Subscript):
                    found |= {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
                elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.FloorDiv, ast.Mod)):
                    found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                elif isinstance(node, ast.Call) and any(_is_call_of(node, name) for name in REDUCING):
                    extents = [ranged(argument)[1] for argument in node.args[1:]]
                    found |= {n.id for e in extents if e is not None for n in ast.walk(e) if isinstance(n, ast.Name)}
    return found


def _is_call_of(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def read(builder: Builder, parts: list[Statement]) -> Program:
    """Understand all statements; see :func:`derive.builder.build`."""
    equations: list[Statement] = []
    facts: list[Statement] = []
    in_brackets = _index_names(parts)
    if not parts:
        raise DeclarationError(
            "the text is empty; expected declarations such as X[n, d] and equations such as Z = X @ W", "", 1
        )
    for statement in parts:
        if (
            isinstance(statement.target, ast.Name)
            and _is_number(statement.value)
            and statement.target.id in in_brackets
        ):
            builder._hyper(statement, integral=True)
    for statement in parts:
        _classify(builder, statement, equations, facts, in_brackets)
    builder.pending_targets = {_target(e) for e in equations}
    sources = {_target(e): e.source for e in equations}
    _settle(builder, equations)
    for statement in facts:
        _fact(builder, statement)
    if not equations:
        raise DeclarationError("there is no equation; expected one such as Z = X @ W + b", parts[0].source.text, 1)
    for name in builder.outputs:
        if name not in sources:
            raise DeclarationError(f"output({name}) names no equation's target; targets: {', '.join(sources)}")
    try:
        return builder.finish(sources)
    except CycleError as problem:
        raise sources[problem.members[0]].error(problem.reason) from None


def _classify(
    builder: Builder, statement: Statement, equations: list[Statement], facts: list[Statement], in_brackets: set[str]
) -> None:
    source, target, value = statement.source, statement.target, statement.value
    if statement.annotation is not None:
        annotation = statement.annotation
        if not (isinstance(annotation, ast.Name) and annotation.id in ("int", "data")) or target is None:
            raise source.error(
                "the annotation is 'int' (values are indices) or 'data' (not differentiated)", annotation
            )
        builder.declare_tensor(source, target, annotation.id)
    elif target is not None and value is not None:
        if isinstance(target, ast.Name) and _is_number(value):
            if target.id not in in_brackets:
                builder._hyper(statement, integral=False)
        elif isinstance(target, ast.Name) and isinstance(value, ast.Name) and _names_function(builder, value.id):
            builder.function_names[target.id] = builder.options.get(target.id, value.id)
        elif isinstance(target, ast.Name) or (isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)):
            _refuse_redefinition(builder, source, target, equations)
            equations.append(statement)
        else:
            raise source.error("the left-hand side must be a name or a name with indices", target)
    elif value is not None:
        _bare(builder, statement, value, facts)


def _refuse_redefinition(builder: Builder, source: Source, target: ast.expr, earlier: list[Statement]) -> None:
    name = target.value.id if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) else None
    name = target.id if isinstance(target, ast.Name) else name
    if name in builder.tensors:
        raise source.error(f"{name} is declared as an input and defined by an equation; drop one of the two", target)
    for other in earlier:
        # Two equations for one tensor are a recurrence and its start value; a whole tensor leaves nothing to define.
        if _target(other) == name and (isinstance(target, ast.Name) or isinstance(other.target, ast.Name)):
            raise source.error(f"{name} is defined twice, here and in line {other.source.line_number}", target)


def _names_function(builder: Builder, name: str) -> bool:
    from derive.registry import is_elementwise

    return name not in builder.tensors and is_elementwise(name)


def _bare(builder: Builder, statement: Statement, value: ast.expr, facts: list[Statement]) -> None:
    source = statement.source
    if isinstance(value, ast.Compare):
        if _is_call_of(value.left, "ties"):
            _ties(builder, source, value)
        elif not builder._domain(statement, value):
            facts.append(statement)
    elif _is_call_of(value, "output"):
        assert isinstance(value, ast.Call)
        for argument in value.args:
            if not isinstance(argument, ast.Name):
                raise source.error("output(...) takes names of equations' targets", argument)
            builder.outputs.append(argument.id)
    else:
        builder.declare_tensor(source, value)


def _ties(builder: Builder, source: Source, value: ast.Compare) -> None:
    assert isinstance(value.left, ast.Call)
    which = value.left.args[0] if len(value.left.args) == 1 else None
    choice = value.comparators[0]
    if (
        not isinstance(which, ast.Name)
        or which.id not in ("max", "min")
        or not isinstance(choice, ast.Name)
        or choice.id not in TIES
    ):
        raise source.error(f"a convention at ties reads ties(max) == first (one of {', '.join(TIES)})", value)
    builder.ties[which.id] = choice.id


def _target(statement: Statement) -> str:
    target = statement.target
    if isinstance(target, ast.Subscript):
        target = target.value
    assert isinstance(target, ast.Name)
    return target.id


def _reads_unshaped(builder: Builder, statement: Statement) -> bool:
    assert statement.value is not None
    own = _target(statement)
    names = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
    return bool((names - {own}) & (builder.pending_targets - builder.tensors.keys()))


def _settle(builder: Builder, equations: list[Statement]) -> None:
    """Lower each equation once everything that it reads has a shape; a recurrence with what is known by then."""
    pending = list(equations)
    while pending:
        progress = False
        for cautious in (True, False):
            for statement in list(pending):
                if cautious and _reads_unshaped(builder, statement):
                    continue
                before = copy.copy(builder.__dict__)
                saved = {k: copy.copy(v) for k, v in before.items() if isinstance(v, (dict, list, set))}
                try:
                    builder.equation(statement)
                except (Unshaped, Unranged) as problem:
                    builder.__dict__.update({**before, **saved})
                    reason: Exception = problem
                    continue
                pending.remove(statement)
                progress = True
                if not cautious:
                    break
            if progress:
                break
        if not progress:
            statement = pending[0]
            if isinstance(reason, Unranged):
                statement = next(s for s in pending if _target(s) == reason.target)
                raise statement.source.error(
                    f"the range of the index {reason.index_name} is unknown: it stands in no declared tensor's axis; "
                    f"state it, as in {_target(statement)}[{reason.index_name} < m]"
                )
            path = " -> ".join([*(_target(s) for s in pending), _target(pending[0])])
            raise statement.source.error(f"there is a cycle between the equations: {path}; each needs the other first")


def _fact(builder: Builder, statement: Statement) -> None:
    node, source = statement.value, statement.source
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq)):
        raise source.error("a fact is an equation between elements, such as sum(y[i, j], j) == 1", node)
    free = {
        n.id
        for s in ast.walk(node)
        if isinstance(s, ast.Subscript)
        for n in ast.walk(s.slice)
        if isinstance(n, ast.Name)
        and n.id not in builder.dimensions
        and n.id not in builder.integer_names
        and n.id not in builder.tensors
    }
    arguments = [ranged(a)[0] for c in ast.walk(node) if isinstance(c, ast.Call) for a in c.args[1:]]
    bound = {a.id for a in arguments if isinstance(a, ast.Name)}
    left: dict[str, Symbol] = {name: index(name) for name in sorted(free - bound)}
    builder.placeholders, builder.stated = {}, {}
    lowering = Lowering(builder, source, left)
    sides = [lowering.expression(side).value for side in (node.left, node.comparators[0])]
    wanted = {s: n for n, s in left.items()} | {i: lowering.names[i] for i in builder.placeholders}
    known = infer(sides[0] + sides[1], wanted, builder.stated, builder.tensors)
    if any(i not in known for i in wanted):
        raise source.error("a fact may speak of declared tensors only, with plain indices", node)
    resolved = [s.xreplace({p: known[i] for i, p in builder.placeholders.items()}) for s in sides]
    taken = {*builder.tensors, *builder.dimensions, *left}
    left_side, right_side = (rename_bound(s, taken, lambda i, extent: [i.name]) for s in resolved)
    builder.facts.append((left_side, right_side))
