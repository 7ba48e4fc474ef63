"""The order of evaluation: dependencies, recurrences and their direction, cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Integer, Symbol

from derive.errors import CycleError
from derive.nodes import Access
from derive.program import Equation, Group, Program


def _components(order: Sequence[str], reads: Mapping[str, set[str]]) -> list[list[str]]:
    """Strongly connected components, dependencies first; ties in the order of declaration (Tarjan, iterative)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    rank = {name: position for position, name in enumerate(order)}
    for root in order:
        if root in number:
            continue
        work = [(root, iter(sorted(reads[root], key=rank.__getitem__)))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, children = work[-1]
            for child in children:
                if child not in number:
                    number[child] = low[child] = len(number)
                    stack.append(child)
                    on_stack.add(child)
                    work.append((child, iter(sorted(reads[child], key=rank.__getitem__))))
                    break
                if child in on_stack:
                    low[node] = min(low[node], number[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    found.append(sorted(component, key=rank.__getitem__))
    return found


def _accesses(equation: Equation, members: set[str]) -> list[Access]:
    return sorted((a for a in equation.rhs.atoms(Access) if a.tensor in members), key=str)


def _time_axes(loops: Sequence[Equation], members: set[str]) -> tuple[dict[str, int], int] | None:
    """The axis of each member along which the recurrence steps, and the direction; ``None`` if there is none."""
    first = loops[0]
    for axis, position in enumerate(first.indices):
        if not isinstance(position, Symbol):
            continue
        axes = {first.target: axis}
        changed = True
        while changed:
            changed = False
            for equation in loops:
                if equation.target not in axes:
                    continue
                time = equation.indices[axes[equation.target]]
                for access in _accesses(equation, members):
                    if access.tensor not in axes:
                        where = [k for k, e in enumerate(access.indices) if (e - time).is_Integer]
                        if where:
                            axes[access.tensor] = where[0]
                            changed = True
        if set(axes) != {e.target for e in loops}:
            continue
        offsets = []
        valid = True
        for equation in loops:
            time = equation.indices[axes[equation.target]]
            for access in _accesses(equation, members):
                offset = access.indices[axes[access.tensor]] - time
                if not offset.is_Integer:
                    valid = False
                else:
                    offsets.append((equation.target, access.tensor, int(offset)))
        if not valid:
            continue
        for direction in (1, -1):
            if all(offset * direction <= 0 for _, _, offset in offsets):
                instant = {e.target: {b for a, b, o in offsets if a == e.target and o == 0} for e in loops}
                names = [e.target for e in loops]
                if all(len(c) == 1 for c in _components(names, instant)) and all(n not in instant[n] for n in names):
                    return axes, direction
    return None


def _recurrence(program: Program, members: Sequence[str]) -> Group:
    names = set(members)
    equations = [e for name in members for e in program.equations_of(name)]
    # An equation is part of the loop unless a start value of the same tensor fixes one of its positions.
    constants = [
        e
        for e in equations
        if any(isinstance(i, Integer) for i in e.indices) and len(program.equations_of(e.target)) > 1
    ]
    loops = [e for e in equations if e not in constants]
    found = _time_axes(loops, names) if loops else None
    if found is None:
        path = " -> ".join([*members, members[0]])
        raise CycleError(
            f"there is a cycle between the equations: {path}; each needs the other first "
            f"(a recurrence must read its own past, such as h[t - 1, j])",
            members,
        )
    axes, direction = found
    instant = {
        e.target: {a.tensor for a in _accesses(e, names) if a.indices[axes[a.tensor]] == e.indices[axes[e.target]]}
        for e in loops
    }
    by_name = {e.target: e for e in loops}
    ordered = [by_name[n] for component in _components([e.target for e in loops], instant) for n in component]
    extent = ordered[0].extents[axes[ordered[0].target]]
    ends = tuple(e for e in constants if direction < 0 and e.reads() & names)
    starts = tuple(e for e in constants if e not in ends)
    return Group(tuple(ordered), direction, dict(axes), extent, starts, ends)


def schedule(program: Program) -> tuple[Group, ...]:
    """Equations in evaluation order; the members of a recurrence form one group.

    Raises :class:`CycleError` for a cycle that is no recurrence.
    """
    order = list(dict.fromkeys(e.target for e in program.equations))
    known = set(order)
    dependencies: dict[str, set[str]] = {name: set() for name in order}
    for equation in program.equations:
        dependencies[equation.target] |= equation.reads() & known
    groups = []
    for component in _components(order, dependencies):
        name = component[0]
        if len(component) == 1 and name not in dependencies[name]:
            groups.append(Group(program.equations_of(name)))
        else:
            groups.append(_recurrence(program, component))
    return tuple(groups)


def sorted_equations(program: Program) -> tuple[Equation, ...]:
    """The equations in evaluation order (a start value before its loop, the adjoint of one after it)."""
    return tuple(e for g in schedule(program) for e in (*g.starts, *g.equations, *g.ends))


def sinks(program: Program) -> tuple[str, ...]:
    """Targets that no equation outside their own recurrence reads."""
    group_of = {e.target: k for k, g in enumerate(program.groups) for e in (*g.starts, *g.equations, *g.ends)}
    read_outside = {
        r for e in program.equations for r in e.reads() if r in group_of and group_of[r] != group_of[e.target]
    }
    order = list(dict.fromkeys(e.target for e in program.equations))
    inside = {a.tensor for e in program.equations for a in e.rhs.atoms(Access) if a.tensor in group_of}
    unread = [t for t in order if t not in read_outside]
    # Of a recurrence's members, an output is one that carries the state or that nothing reads.
    states = {e.target for g in program.groups for e in g.starts}
    return tuple(t for t in unread if t not in inside or t in states)
