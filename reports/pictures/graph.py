"""The computation graph of a program: tensors are nodes, reads are edges, and what flows back along them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Integer

from derive.derivation import Derivation
from derive.nodes import Access
from derive.notation import Box, Notation, expression_box
from derive.notation.names import has_subscript
from derive.notation.tree import Fence, Script, row
from derive.program import Equation, Program
from reports.symbols import shape_box

MANY = 12  # computed tensors, above which the equations of a called operation are one node
MOST = 30  # nodes that can be read on a page


@dataclass(frozen=True)
class Node:
    """A tensor.  ``kind`` is ``input``, ``data`` (not differentiated), ``computed``, ``output`` or ``before``: a state
    one step earlier.  ``called`` is the operation whose equations were put together into it."""

    name: str
    kind: str
    label: Box
    shape: Box | None = None
    adjoint: Box | None = None
    called: str = ""


@dataclass(frozen=True)
class Edge:
    """``target`` reads ``source``.

    ``position`` is where on the time axis, if that is another step, ``start`` whether it is read before the first one;
    ``backward`` says whether the adjoint of the source has a term with the adjoint of the target.
    """

    source: str
    target: str
    backward: bool = False
    position: Expr | None = None
    start: bool = False

    @property
    def delayed(self) -> bool:
        return self.position is not None


@dataclass(frozen=True)
class Graph:
    """Nodes by name in order of declaration, and the edges between them."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def into(self, name: str) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.target == name)

    def out_of(self, name: str) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.source == name)


def graph_of(derivation: Derivation, notation: Notation) -> Graph:
    """Every read of a tensor by an equation; hyper-parameters, which are numbers, are left out.

    >>> from derive.registry import get
    >>> from derive.reverse import derive
    >>> derivation = derive(get("softmax_cross_entropy"))
    >>> [(e.source, e.target, e.backward) for e in graph_of(derivation, Notation.of(derivation)).edges]
    [('Z', 'P', True), ('Y', 'L', False), ('P', 'L', True)]
    """
    program = derivation.program
    places = _time_axes(program)
    back = _flows_back(derivation)
    starts = [equation for group in program.groups for equation in group.starts]
    edges: dict[tuple[str, str, str], Edge] = {}
    for equation in program.equations:
        for access in sorted(equation.rhs.atoms(Access), key=_in_order(program)):
            if program.tensors[access.tensor].role == "hyper":
                continue
            position = _elsewhere(equation, access, places)
            key = (access.tensor, equation.target, str(position))
            pair = (access.tensor, equation.target)
            edges[key] = Edge(*pair, pair in back, position, equation in starts)
    used = {name for edge in edges.values() for name in (edge.source, edge.target)} | {
        e.target for e in program.equations
    }
    names = [name for name in program.tensors if name in used]
    nodes = {name: _node(program, derivation, notation, name) for name in names}
    graph = Graph(nodes, tuple(edges.values()))
    computed = [node for node in nodes.values() if node.kind in ("computed", "output")]
    return _abbreviated(graph, program) if len(computed) > MANY else graph


def _in_order(program: Program) -> Callable[[Access], tuple[int, str]]:
    order = {name: number for number, name in enumerate(program.tensors)}
    return lambda access: (order[access.tensor], str(access))


def _time_axes(program: Program) -> dict[str, dict[str, int]]:
    """For each member of a recurrence, the time axes of all members."""
    found: dict[str, dict[str, int]] = {}
    for group in program.groups:
        if group.direction:
            found |= {name: dict(group.axes) for name in group.axes}
    return found


def _elsewhere(equation: Equation, access: Access, places: Mapping[str, Mapping[str, int]]) -> Expr | None:
    """The position on the time axis, where a member of a recurrence reads another step of one."""
    axes = places.get(equation.target, {})
    if access.tensor not in axes:
        return None
    now, then = equation.indices[axes[equation.target]], access.indices[axes[access.tensor]]
    return None if now == then or isinstance(now, Integer) else then


def _flows_back(derivation: Derivation) -> set[tuple[str, str]]:
    """Pairs (read, reader) for which the chain rule has a term: the adjoint of what is read collects the reader's."""
    program = derivation.program
    tensor_of = {adjoint: name for name, adjoint in (*derivation.cotangents.items(), *derivation.adjoints.items())}
    goals = [name for name in derivation.of if name not in derivation.cotangents]
    own = set(derivation.cotangents.values()) - set(derivation.adjoints.values())
    found: set[tuple[str, str]] = set()
    for step in derivation.steps:
        if step.rule != "chain rule" or step.after == 0 or step.target not in tensor_of:
            continue
        read = tensor_of[step.target]
        for adjoint in {access.tensor for access in step.after.atoms(Access)} & tensor_of.keys():
            if tensor_of[adjoint] != read or adjoint not in own:
                found.add((read, tensor_of[adjoint]))
        found |= {(read, goal) for goal in goals if any(read in e.reads() for e in program.equations_of(goal))}
    return found


def _node(program: Program, derivation: Derivation, notation: Notation, name: str) -> Node:
    tensor = program.tensors[name]
    kind = "output" if name in program.outputs else "computed"
    if tensor.role == "input":
        kind = "input" if name in derivation.wrt else "data"
    known = {**derivation.cotangents, **derivation.adjoints}
    adjoint = notation.name(known[name]) if name in known else None
    if name in derivation.of and not derivation.cotangents:
        from derive.notation.names import accented
        from derive.notation.tree import EQUALS, ONE

        adjoint = row(accented("bar", notation.name(name)), EQUALS, ONE)
    return Node(name, kind, notation.name(name), shape_box(tensor.shape, notation), adjoint)


def _abbreviated(graph: Graph, program: Program) -> Graph:
    """The equations of one call as one node, which has the name of their last."""
    called: dict[str, str] = {}
    home: dict[str, str] = {}
    run: list[Equation] = []
    for equation in (*program.equations, None):
        if run and (equation is None or equation.note != run[-1].note):
            if run[-1].note.partition("(")[1] and len({e.target for e in run}) > 1:
                home |= {e.target: run[-1].target for e in run}
                called[run[-1].target] = run[-1].note.partition("(")[0]
            run = []
        if equation is not None:
            run.append(equation)
    edges: dict[tuple[str, str, str], Edge] = {}
    for edge in graph.edges:
        source, target = home.get(edge.source, edge.source), home.get(edge.target, edge.target)
        if source == target and source in called and not edge.delayed:
            continue
        key = (source, target, str(edge.position))
        backward = edge.backward or (key in edges and edges[key].backward)
        edges[key] = replace(edge, source=source, target=target, backward=backward)
    nodes = {
        name: replace(node, called=called.get(name, ""))
        for name, node in graph.nodes.items()
        if home.get(name, name) == name
    }
    return Graph(nodes, tuple(edges.values()))


def before_label(label: Box, position: Expr, notation: Notation) -> Box:
    """A state at another step: ``h`` with the subscript ``t - 1``."""
    place = expression_box(position, notation)
    return row(label, Fence("[", place)) if has_subscript(label) else Script(label, place)


def with_states_before(graph: Graph, notation: Notation) -> Graph:
    """A state that several equations read one step earlier becomes a node of its own, as it is drawn on paper.

    What starts the state leads into that node, and the state itself leads back to it.
    """
    delayed: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if edge.delayed:
            delayed.setdefault(edge.source, []).append(edge)
    nodes, edges = dict(graph.nodes), list(graph.edges)
    for state, reads in delayed.items():
        if len({edge.target for edge in reads}) < 2:
            continue
        position = reads[0].position
        assert position is not None
        name = f"{state} before"
        nodes[name] = Node(name, "before", before_label(graph.nodes[state].label, position, notation))
        edges = [
            replace(edge, source=name, position=None)
            if edge in reads
            else replace(edge, target=name)
            if edge.target == state and edge.start
            else edge
            for edge in edges
        ]
        edges.append(Edge(state, name, any(edge.backward for edge in reads), position))
    return Graph(nodes, tuple(edges))


__all__ = ["MOST", "Edge", "Graph", "Node", "before_label", "graph_of", "with_states_before"]
