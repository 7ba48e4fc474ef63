"""Readable, deterministic names for bound indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sympy import Expr, Symbol

from derive.nodes import Access, Reduce, index

LETTERS = ("i", "j", "k", "l", "p", "q", "r", "s", "u", "v")

Preference = Callable[[Symbol, Expr], list[str]]


def letters() -> Iterator[str]:
    """i, j, k, ..., then i1, j1, ..."""
    yield from LETTERS
    number = 1
    while True:
        yield from (f"{letter}{number}" for letter in LETTERS)
        number += 1


def pick(wanted: list[str], taken: set[str]) -> str:
    """The first wanted name that is free, else the first free letter."""
    for name in wanted:
        if name not in taken:
            return name
    return next(name for name in letters() if name not in taken)


def names_in(expression: Expr) -> set[str]:
    """Every name that stands in an expression: symbols and tensors."""
    return {s.name for s in expression.free_symbols} | {a.tensor for a in expression.atoms(Access)}


def rename_bound(expression: Expr, taken: set[str], prefer: Preference) -> Expr:
    """Give each bound index a readable name that nothing around or inside it has.

    ``taken`` holds the names already in use around the expression (free indices, sizes, tensors).
    """
    if not expression.has(Reduce):
        return expression
    if isinstance(expression, Reduce):
        inner = set(taken) | {s.name for s in expression.free_symbols}
        mapping = {}
        for i, extent in expression.limits:
            name = pick(prefer(i, extent), inner)
            inner.add(name)
            mapping[i] = index(name)
        # Through placeholders that nothing else has, since xreplace is simultaneous but binders may share names.
        body = substitute(expression.body, mapping)
        body = rename_bound(body, inner, prefer)
        limits = [(mapping[i], extent) for i, extent in expression.limits]
        return Reduce(expression.op, body, *limits, ties=expression.ties)
    return expression.func(
        *(rename_bound(a, taken, prefer) if isinstance(a, Expr) or a.args else a for a in expression.args)
    )


def substitute(expression: Expr, mapping: Mapping[Symbol, Expr]) -> Expr:
    """Replace free symbols; a bound index that would capture a new name is renamed first."""
    changing = {old: new for old, new in mapping.items() if old != new}
    return _put(expression, changing) if changing else expression


def _put(expression: Any, mapping: Mapping[Symbol, Expr]) -> Any:
    """What does not change is the object itself, so that nothing is built again in vain."""
    if isinstance(expression, Symbol):
        return mapping.get(expression, expression)
    if not expression.args:
        return expression
    if isinstance(expression, Reduce):
        return _put_under(expression, mapping)
    parts = [_put(part, mapping) for part in expression.args]
    same = all(new is old for new, old in zip(parts, expression.args, strict=True))
    return expression if same else expression.func(*parts)


def _put_under(reduction: Reduce, mapping: Mapping[Symbol, Expr]) -> Expr:
    """The same in a reduction, whose bound indices are names of its own."""
    if not reduction.free_symbols & mapping.keys():
        return reduction
    inner = {old: new for old, new in mapping.items() if old not in reduction.bound}
    arriving = {s for new in inner.values() for s in new.free_symbols}
    clash = [i for i in reduction.bound if i in arriving]
    limits, body = reduction.limits, reduction.body
    if clash:
        used = {s.name for s in body.free_symbols | arriving | set(inner)}
        fresh: dict[Symbol, Expr] = {}
        for i in clash:
            name = pick([], used)
            used.add(name)
            fresh[i] = index(name)
        body = _put(body, fresh)
        limits = tuple((fresh.get(i, i), extent) for i, extent in limits)
    body = _put(body, inner)
    return Reduce(reduction.op, body, *((i, _put(n, inner)) for i, n in limits), ties=reduction.ties)
