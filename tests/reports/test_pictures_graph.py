"""The computation graph: exactly the reads, nothing on top of one another, arrows that touch only what they join."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.nodes import Access
from derive.registry import declare, get
from derive.reverse import derive
from reports.pictures.geometry import Rect
from reports.pictures.graph import Graph, graph_of, with_states_before
from reports.pictures.graph_picture import graph_figure
from reports.pictures.layers import APART, Size, arrange, crossings
from reports.pictures.letters import typeset
from reports.pictures.scene import Scene, scene_of
from reports.symbols import notation_of

SHAPES = ("layer_norm", "rnn", "adam", "mlp", "adadelta", "max_norm")


def graph(name: str) -> Graph:
    derivation = derive(get(name))
    return graph_of(derivation, notation_of(derivation))


def scene(name: str) -> Scene:
    derivation = derive(get(name))
    notation = notation_of(derivation)
    return scene_of(with_states_before(graph_of(derivation, notation), notation), notation)


@pytest.mark.parametrize("name", SHAPES)
def test_the_edges_are_the_reads_of_the_program(name: str) -> None:
    program = get(name).program
    reads = {
        (access.tensor, equation.target)
        for equation in program.equations
        for access in equation.rhs.atoms(Access)
        if program.tensors[access.tensor].role != "hyper"
    }
    assert {(edge.source, edge.target) for edge in graph(name).edges} == reads
    assert len(graph(name).edges) >= len(reads)


def test_reads_of_another_step_are_marked() -> None:
    edges = {(e.source, e.target, str(e.position)) for e in graph("rnn").edges if e.delayed}
    assert edges == {("h", "z", "t - 1")}
    assert [(e.source, e.target) for e in graph("rnn").edges if e.start] == [("h0", "h")]
    assert {(e.source, e.target) for e in graph("adam").edges if e.delayed} == {
        ("m", "m"),
        ("v", "v"),
        ("theta", "theta"),
    }


def test_a_derivative_flows_back_where_the_chain_rule_has_a_term() -> None:
    operation = declare(
        "x[n], y[n]: data, k: int\n"
        "step[i] = where(x[i] > 0, 1, 0)\n"
        "dead[i] = step[i]*y[i]\n"
        "a[i] = tanh(x[i])*dead[i]\n"
        "L = sum(a[i], i)*k", name="gates",
    )  # fmt: skip
    derivation = derive(operation)
    found = graph_of(derivation, notation_of(derivation))
    back = {(e.source, e.target) for e in found.edges if e.backward}
    assert {("x", "a"), ("a", "L")} <= back
    assert not back & {("x", "step"), ("y", "dead"), ("k", "L")}
    assert found.nodes["x"].kind == "input"
    assert found.nodes["y"].kind == found.nodes["k"].kind == "data"
    assert found.nodes["L"].kind == "output"


def test_a_state_that_several_equations_read_is_drawn_one_step_earlier() -> None:
    operation = declare(
        "X[T, m], U[m, m], V[m, m], h0[m]\n"
        "f[t, j] = sigmoid(X[t, j] + sum(h[t - 1, k]*U[k, j], k))\n"
        "g[t, j] = tanh(X[t, j] + sum(h[t - 1, k]*V[k, j], k))\n"
        "h[t, j] = f[t, j]*g[t, j]\nh[-1, j] = h0[j]\noutput(h)", name="gate",
    )  # fmt: skip
    derivation = derive(operation)
    notation = notation_of(derivation)
    drawn = with_states_before(graph_of(derivation, notation), notation)
    assert {(e.source, e.target) for e in drawn.edges if e.source == "h before"} == {
        ("h before", "f"),
        ("h before", "g"),
    }
    assert {(e.source, e.target) for e in drawn.edges if e.target == "h before"} == {
        ("h", "h before"),
        ("h0", "h before"),
    }
    assert [e.source for e in drawn.edges if e.delayed] == ["h"]


def test_calls_are_one_box_where_there_are_many_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = declare("gamma[d], X[n, d]\nA = rms_norm(X, gamma)\nB = rms_norm(A, gamma)\nL = sum(B*X)", name="deep")
    derivation = derive(operation)
    assert len(graph_of(derivation, notation_of(derivation)).nodes) == 2 + 2 * 3 + 1
    monkeypatch.setattr("reports.pictures.graph.MANY", 6)
    found = graph_of(derivation, notation_of(derivation))
    assert list(found.nodes) == ["gamma", "X", "A", "B", "L"]
    assert [node.called for node in found.nodes.values() if node.called] == ["rms_norm"] * 2
    pairs = {("gamma", "A"), ("gamma", "B"), ("X", "A"), ("A", "B"), ("B", "L"), ("X", "L")}
    assert {(e.source, e.target) for e in found.edges if e.backward} == pairs
    figure = graph_figure(operation, derivation)
    assert figure is not None
    assert "The equations of rms_norm are one box each" in figure.caption


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_lies_on_anything_else(name: str) -> None:
    found = scene(name)
    boxes = [*found.boxes.values(), *found.cards.values()]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.meets(other)
    rects = [label.rect for label in found.labels]
    for one, other in itertools.combinations(rects, 2):
        assert not one.meets(other), name
    page = Rect(0, 0, found.width, found.height)
    assert all(page.has((r.left, r.top)) and page.has((r.right, r.bottom)) for r in (*boxes, *rects))
    for arrow in found.arrows:
        for x, y in arrow.line:
            inner = [b for b in boxes if Rect(b.left + 0.5, b.top + 0.5, b.right - 0.5, b.bottom - 0.5).has((x, y))]
            assert not inner, (name, [(e.source, e.target) for e in arrow.edges])


@pytest.mark.parametrize("name", SHAPES)
def test_every_read_is_an_arrow_from_box_to_box(name: str) -> None:
    derivation = derive(get(name))
    notation = notation_of(derivation)
    drawn = with_states_before(graph_of(derivation, notation), notation)
    found = scene_of(drawn, notation)
    assert sorted(e.source + e.target for a in found.arrows if not a.backward for e in a.edges) == sorted(
        e.source + e.target for e in drawn.edges
    )
    assert {e for a in found.arrows if a.backward for e in a.edges} == {e for e in drawn.edges if e.backward}
    for arrow in found.arrows:
        ends = arrow.line[::-1] if arrow.backward else arrow.line
        for edge in arrow.edges:
            card = next((rect for names, rect in found.cards.items() if edge.source in names), None)
            for (x, y), box in ((ends[0], card or found.boxes[edge.source]), (ends[-1], found.boxes[edge.target])):
                near = Rect(box.left - 0.1, box.top - 0.1, box.right + 0.1, box.bottom + 0.1)
                assert near.has((x, y)), (name, edge.source, edge.target)


def test_every_tensor_shows_its_name_shape_and_adjoint() -> None:
    derivation = derive(get("mlp"))
    notation = notation_of(derivation)
    widths = sorted(round(label.drawn.width, 6) for label in scene("mlp").labels)
    expected = []
    for node in graph("mlp").nodes.values():
        expected.append(round(typeset(node.label, 11.0).width, 6))
        expected += [round(typeset(node.adjoint, 10.0).width, 6)] if node.adjoint is not None else []
        expected += [round(typeset(node.shape, 7.6).width, 6)] if node.shape is not None else []
    assert widths == sorted(expected)
    assert {name for name, node in graph("mlp").nodes.items() if node.adjoint is None} == {"Y"}
    assert notation.name("dZ1") == graph("mlp").nodes["Z1"].adjoint


def test_the_description_tells_the_whole_graph() -> None:
    figure = graph_figure(get("softmax_cross_entropy"), derive(get("softmax_cross_entropy")))
    assert figure is not None
    assert figure.section == "forward"
    assert "4 tensors" in figure.caption
    assert "3 reads" in figure.caption
    assert (
        "P (n times k) reads Z. L reads Y and P. A derivative flows back along every read but those from Y to L."
        in figure.description
    )
    assert graph_figure(get("dense"), derive(get("dense"))) is None  # one equation


NODES = "abcdefghij"


@settings(max_examples=60)
@given(
    st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]), max_size=22),
    st.lists(st.floats(4, 40), min_size=10, max_size=10),
)
def test_any_acyclic_graph_is_laid_out_in_layers(pairs: set[tuple[int, int]], wide: list[float]) -> None:
    edges = [(NODES[a], NODES[b]) for a, b in sorted(pairs)]
    sizes = {name: Size(10.0, width, width / 2) for name, width in zip(NODES, wide, strict=True)}
    found = arrange(sizes, edges)
    assert all(found.layer[source] < found.layer[target] for source, target in edges)
    assert all(len(found.lanes[s, t]) == found.layer[t] - found.layer[s] - 1 for s, t in edges)
    for layer in found.layers:
        for one, other in itertools.pairwise(n for n in layer if n in sizes):
            gap = found.place[other] - sizes[other].before - found.place[one] - sizes[one].after
            assert gap > APART - 1e-6
    for (_, end), (start, _) in itertools.pairwise(found.spans):
        assert start > end


def test_crossings_that_can_be_avoided_are() -> None:
    sizes = {name: Size(10.0, 5.0, 5.0) for name in ("a", "b", "c", "x", "y", "z")}
    links = [("a", "z"), ("b", "y"), ("c", "x")]
    found = arrange(sizes, links)
    assert crossings([["a", "b", "c"], ["x", "y", "z"]], links) == 3
    assert crossings(found.layers, links) == 0
    with pytest.raises(ValueError, match="cycle"):
        arrange(sizes, [("a", "b"), ("b", "a")])
