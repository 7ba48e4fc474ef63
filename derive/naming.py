"""Readable, deterministic names for bound indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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


def substitute(expression: Expr, mapping: dict[Symbol, Expr]) -> Expr:
    """Replace free symbols; a bound index that would capture a new name is renamed first."""
    mapping = {old: new for old, new in mapping.items() if old != new}
    if not mapping or not (expression.free_symbols & mapping.keys()):
        return expression
    if not expression.has(Reduce):
        return expression.xreplace(mapping)
    if isinstance(expression, Reduce):
        inner = {old: new for old, new in mapping.items() if old not in expression.bound}
        arriving = {s for new in inner.values() for s in new.free_symbols}
        clash = [i for i in expression.bound if i in arriving]
        limits = list(expression.limits)
        body = expression.body
        if clash:
            used = {s.name for s in body.free_symbols | arriving | set(inner)}
            fresh = {}
            for i in clash:
                name = pick([], used)
                used.add(name)
                fresh[i] = index(name)
            body = substitute(body, fresh)
            limits = [(fresh.get(i, i), extent) for i, extent in limits]
        body = substitute(body, inner)
        limits = [(i, substitute(extent, inner)) for i, extent in limits]
        return Reduce(expression.op, body, *limits, ties=expression.ties)
    return expression.func(*(substitute(a, mapping) if a.args or a in mapping else a for a in expression.args))
