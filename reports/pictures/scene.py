"""Where the boxes and arrows of a computation graph are, in points, before anything is painted.

Inputs that one equation reads stand on a card beside it; the rest is laid out in layers.  The flow runs from left to right
where that fits the page, else from top to bottom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from derive.notation import Notation, expression_box
from reports.pictures.geometry import Point, Rect, bend, beside, rounded
from reports.pictures.graph import Edge, Graph, Node
from reports.pictures.layers import Size, arrange
from reports.pictures.letters import Set, typeset, words

NAME, BAR, SMALL = 11.0, 10.0, 7.6  # sizes of letters
WIDTH, HEIGHT = 450.0, 610.0  # the most that a page has
PAIR = 1.7  # half the distance of the two arrows of an edge
PORT = 8.0  # between the ends of two edges at one node
AWAY = 15.0  # between a card and its node
LOOP = 9.0


@dataclass(frozen=True)
class Label:
    """Letters with the left end of their base line; ``tone`` is ``ink``, ``soft`` or ``back``."""

    drawn: Set
    x: float
    y: float
    tone: str = "ink"

    @property
    def rect(self) -> Rect:
        return Rect(self.x, self.y - self.drawn.ascent, self.x + self.drawn.width, self.y + self.drawn.descent)


@dataclass(frozen=True)
class Arrow:
    """One direction of an edge, as a line of points that ends at the head."""

    edges: tuple[Edge, ...]
    line: tuple[Point, ...]
    backward: bool


@dataclass
class Scene:
    """Everything that is painted."""

    across: bool = False  # the flow runs downwards
    width: float = 0.0
    height: float = 0.0
    boxes: dict[str, Rect] = field(default_factory=dict)  # nodes with a box of their own
    cards: dict[tuple[str, ...], Rect] = field(default_factory=dict)  # the inputs on each card
    tints: list[Rect] = field(default_factory=list)  # behind the adjoints' names
    labels: list[Label] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)


def scene_of(graph: Graph, notation: Notation) -> Scene:
    """Lay out from left to right, or from top to bottom where that is wider than a page."""
    beside = _Scene(graph, notation, False).build()
    if beside.width <= WIDTH:
        return beside
    below = _Scene(graph, notation, True).build()
    return below if _scale(below) >= 0.9 * _scale(beside) else beside


def _scale(scene: Scene) -> float:
    return min(1.0, WIDTH / scene.width, HEIGHT / scene.height)


@dataclass(frozen=True)
class _Look:
    """The letters of a node and the size of its box."""

    name: Set
    bar: Set | None
    shape: Set | None
    called: Set | None

    @property
    def top(self) -> float:
        """The width of the line with the name and the adjoint's name."""
        return self.name.width + 9.0 + (self.bar.width + 8.0 if self.bar else 0.0)

    @property
    def width(self) -> float:
        below = [each.width + 8.0 for each in (self.shape, self.called) if each]
        return max(self.top, 20.0, *below) if below else max(self.top, 20.0)

    @property
    def height(self) -> float:
        return 18.0 + 10.5 * sum(each is not None for each in (self.shape, self.called))


def _look(node: Node) -> _Look:
    return _Look(
        typeset(node.label, NAME),
        typeset(node.adjoint, BAR) if node.adjoint is not None else None,
        typeset(node.shape, SMALL) if node.shape is not None else None,
        words(node.called, SMALL) if node.called else None,
    )


class _Scene:
    def __init__(self, graph: Graph, notation: Notation, across: bool) -> None:
        self.graph, self.notation = graph, notation
        self.scene = Scene(across)
        self.across = across
        self.looks = {name: _look(node) for name, node in graph.nodes.items()}
        self.flow = [edge for edge in graph.edges if not edge.delayed]
        self.on_card = _cards(graph)
        self.loops = {e.source: e for e in graph.edges if e.delayed and e.source == e.target}
        self.returns = [e for e in graph.edges if e.delayed and e.source != e.target]
        self.mark = {
            e: typeset(expression_box(e.position, notation), SMALL) for e in graph.edges if e.position is not None
        }

    def build(self) -> Scene:
        carded = {name for names in self.on_card.values() for name in names}
        sizes = {name: self._size(name) for name in self.graph.nodes if name not in carded}
        edges = [(e.source, e.target) for e in self.flow if e.source not in carded]
        late = [name for name in sizes if self.graph.nodes[name].kind in ("input", "data", "before")]
        self.layout = arrange(sizes, list(dict.fromkeys(edges)), late, 22.0 if self.across else 26.0)
        for name in sizes:
            self._box(name)
        for reader, names in self.on_card.items():
            self._card(reader, names)
        self._edges(carded)
        self._back()
        self._finish()
        return self.scene

    # -- boxes ----------------------------------------------------------------------------------------------------------

    def _extent(self, look: _Look) -> tuple[float, float]:
        """Along the flow, across it."""
        return (look.height, look.width) if self.across else (look.width, look.height)

    def _card_extent(self, names: Sequence[str]) -> tuple[float, float]:
        width, height = sum(self._columns(names)), 14.5 * len(names) + 3.0
        return (height, width) if self.across else (width, height)

    def _size(self, name: str) -> Size:
        along, wide = self._extent(self.looks[name])
        before = after = wide / 2
        if name in self.on_card:
            length, room = self._card_extent(self.on_card[name])
            along, before = max(along, length), before + AWAY + room
        if name in self.loops:
            mark = self.mark[self.loops[name]]
            after += LOOP + 4.0 + (mark.width if self.across else mark.height)
        return Size(along, before, after)

    def _rect(self, a: float, c: float, along: float, wide: float) -> Rect:
        if self.across:
            return Rect(c - wide / 2, a - along / 2, c + wide / 2, a + along / 2)
        return Rect(a - along / 2, c - wide / 2, a + along / 2, c + wide / 2)

    def _box(self, name: str) -> None:
        look = self.looks[name]
        rect = self._rect(*self.layout.middle(name), *self._extent(look))
        self.scene.boxes[name] = rect
        lines = [each for each in (look.shape, look.called) if each]
        left = rect.left + (rect.width - look.top) / 2
        base = rect.top + 13.0
        self.scene.labels.append(Label(look.name, left + 4.5, base))
        if look.bar is not None:
            start = left + look.name.width + 9.0
            self.scene.tints.append(
                Rect(start, rect.top + 2.0, min(start + look.bar.width + 7.0, rect.right - 1.5), base + 4.0)
            )
            self.scene.labels.append(Label(look.bar, start + 3.5, base, "back"))
        for number, line in enumerate(lines):
            self.scene.labels.append(Label(line, rect.centre[0] - line.width / 2, base + 11.5 + 10.0 * number, "soft"))

    def _columns(self, names: Sequence[str]) -> tuple[float, float, float]:
        looks = [self.looks[name] for name in names]
        name = max(look.name.width for look in looks) + 10.0
        shape = max((look.shape.width + 7.0 for look in looks if look.shape), default=0.0)
        bar = max((look.bar.width + 8.0 for look in looks if look.bar), default=0.0)
        return name, shape, bar + 1.5 if bar else 0.0

    def _card(self, reader: str, names: Sequence[str]) -> None:
        a, c = self.layout.middle(reader)
        wide = self._extent(self.looks[reader])[1]
        length, room = self._card_extent(names)
        rect = self._rect(a, c - wide / 2 - AWAY - room / 2, length, room)
        self.scene.cards[tuple(names)] = rect
        first, second, third = self._columns(names)
        for number, name in enumerate(names):
            look, base = self.looks[name], rect.top + 12.0 + 14.5 * number
            self.scene.labels.append(Label(look.name, rect.left + 5.0, base))
            if look.shape is not None:
                self.scene.labels.append(Label(look.shape, rect.left + first, base, "soft"))
            if look.bar is not None:
                start = rect.left + first + second
                self.scene.tints.append(Rect(start, base - 10.5, start + third - 2.0, base + 3.5))
                self.scene.labels.append(Label(look.bar, start + (third - 2.0 - look.bar.width) / 2, base, "back"))

    # -- edges ----------------------------------------------------------------------------------------------------------

    def _edges(self, carded: set[str]) -> None:
        drawn = [edge for edge in self.flow if edge.source not in carded]
        ends: dict[tuple[str, str, bool], float] = {}
        for name in self.scene.boxes:
            for leaving in (True, False):
                mine = [e for e in drawn if (e.source if leaving else e.target) == name]
                lanes = {e: self.layout.lanes[e.source, e.target] for e in mine}
                near = {e: ((lanes[e] or [e.target])[0] if leaving else (lanes[e] or [e.source])[-1]) for e in mine}
                returning = [e for e in self.returns if (e.source if leaving else e.target) == name]
                mine.sort(key=lambda e: self.layout.place[near[e]])
                _, wide = self._extent(self.looks[name])
                looped = name in self.loops or bool(returning)
                room = wide - 9.0 - (9.0 if looped else 0.0)
                pitch = min(PORT, room / max(len(mine) - 1, 1))
                middle = self.layout.place[name] - (4.5 if looped else 0.0)
                for number, edge in enumerate(mine):
                    ends[edge.source, edge.target, leaving] = middle + (number - (len(mine) - 1) / 2) * pitch
        self._straighten(drawn, ends)
        for edge in drawn:
            self._edge(edge, ends[edge.source, edge.target, True], ends[edge.source, edge.target, False])
        for reader, names in self.on_card.items():
            self._card_edge(reader, names)

    def _straighten(self, drawn: Sequence[Edge], ends: dict[tuple[str, str, bool], float]) -> None:
        """An edge that is alone at one of its ends starts, or ends, where it is straight."""
        for edge in drawn:
            for leaving in (True, False):
                name = edge.source if leaving else edge.target
                alone = sum((e.source if leaving else e.target) == name for e in drawn) == 1
                mine, other = (edge.source, edge.target, leaving), (edge.source, edge.target, not leaving)
                room = self._extent(self.looks[name])[1] / 2 - 6.0
                nearest = min(max(ends[other], self.layout.place[name] - room), self.layout.place[name] + room)
                looped = name in self.loops or any(name in (e.source, e.target) for e in self.returns)
                within = abs(nearest - ends[other]) < 0.1 and not self.layout.lanes[edge.source, edge.target]
                if alone and within and not looped:
                    ends[mine] = nearest

    def _edge(self, edge: Edge, start: float, end: float) -> None:
        layout = self.layout
        (a0, _), (a1, _) = layout.middle(edge.source), layout.middle(edge.target)
        a0 += self._extent(self.looks[edge.source])[0] / 2
        a1 -= self._extent(self.looks[edge.target])[0] / 2
        line: list[Point] = [(a0, start)]
        here, at = layout.spans[layout.layer[edge.source]][1], start
        for lane in layout.lanes[edge.source, edge.target]:
            first, last = layout.spans[layout.layer[lane]]
            line += bend((here, at), (first, layout.place[lane]))
            here, at = last, layout.place[lane]
        line += [*bend((here, at), (layout.spans[layout.layer[edge.target]][0], end)), (a1, end)]
        self._pair((edge,), line, edge.backward)

    def _card_edge(self, reader: str, names: Sequence[str]) -> None:
        a, c = self.layout.middle(reader)
        wide = self._extent(self.looks[reader])[1]
        edges = tuple(e for e in self.flow if e.target == reader and e.source in names)
        line = [(a, c - wide / 2 - AWAY), (a, c - wide / 2)]
        self._pair(edges, line, any(e.backward for e in edges))

    def _back(self) -> None:
        """Loops of a state to itself, and states that lead to another equation's next step, around everything."""
        layout = self.layout
        outside = max((layout.place[n] + self._size(n).after for n in self.scene.boxes), default=0.0)
        outside = max([outside, *(layout.place[n] + 4.0 for n in layout.place if n not in self.scene.boxes)])
        for name, edge in self.loops.items():
            (a, c), (along, wide) = layout.middle(name), self._extent(self.looks[name])
            low, port = c + wide / 2 + LOOP - 1.0, c + wide / 2 - 5.0
            self._return(
                edge, (a + along / 2, port), a + along / 2 + 8.0, low, a - along / 2 - 8.0, (a - along / 2, port)
            )
        for edge in self.returns:
            outside += LOOP + 2.0
            (a0, c0), (a1, c1) = layout.middle(edge.source), layout.middle(edge.target)
            (l0, w0), (l1, w1) = self._extent(self.looks[edge.source]), self._extent(self.looks[edge.target])
            right, left = (
                layout.spans[layout.layer[edge.source]][1] + 8.0,
                layout.spans[layout.layer[edge.target]][0] - 8.0,
            )
            start, end = (a0 + l0 / 2, c0 + w0 / 2 - 5.0), (a1 - l1 / 2, c1 + w1 / 2 - 5.0)
            self._return(edge, start, right, outside, left, end)
            outside += self.mark[edge].height if not self.across else self.mark[edge].width

    def _return(self, edge: Edge, start: Point, right: float, low: float, left: float, end: Point) -> None:
        corners = [start, (right, start[1]), (right, low), (left, low), (left, end[1]), end]
        self._pair((edge,), rounded(corners), edge.backward)
        mark, middle = self.mark[edge], (left + right) / 2
        if self.across:
            self.scene.labels.append(Label(mark, low + 4.0, middle + mark.ascent / 2, "soft"))
        else:
            self.scene.labels.append(Label(mark, middle - mark.width / 2, low + 4.0 + mark.ascent, "soft"))

    def _pair(self, edges: tuple[Edge, ...], line: Sequence[Point], backward: bool) -> None:
        shift = PAIR if backward else 0.0
        self.scene.arrows.append(Arrow(edges, tuple(self._turned(beside(line, -shift))), False))
        if backward:
            back = tuple(self._turned(beside(line, shift)[::-1]))
            self.scene.arrows.append(Arrow(tuple(e for e in edges if e.backward), back, True))

    def _turned(self, line: Sequence[Point]) -> list[Point]:
        return [(c, a) for a, c in line] if self.across else list(line)

    # -- the whole ------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Move everything so that it begins at a margin, and measure it."""
        scene, edge = self.scene, 5.0
        rects = [*scene.boxes.values(), *scene.cards.values(), *(label.rect for label in scene.labels)]
        points = [point for arrow in scene.arrows for point in arrow.line]
        left = min([r.left for r in rects] + [x for x, _ in points]) - edge
        top = min([r.top for r in rects] + [y for _, y in points]) - edge
        scene.boxes = {name: rect.moved(-left, -top) for name, rect in scene.boxes.items()}
        scene.cards = {names: rect.moved(-left, -top) for names, rect in scene.cards.items()}
        scene.tints = [rect.moved(-left, -top) for rect in scene.tints]
        scene.labels = [Label(each.drawn, each.x - left, each.y - top, each.tone) for each in scene.labels]
        scene.arrows = [
            Arrow(each.edges, tuple((x - left, y - top) for x, y in each.line), each.backward) for each in scene.arrows
        ]
        scene.width = max([r.right for r in rects] + [x for x, _ in points]) - left + edge
        scene.height = max([r.bottom for r in rects] + [y for _, y in points]) - top + edge


def _cards(graph: Graph) -> dict[str, list[str]]:
    """Reader -> the inputs that stand on its card: those that nothing else reads, and that do not begin the flow."""
    alone = {
        name
        for name, node in graph.nodes.items()
        if node.kind in ("input", "data") and len(graph.out_of(name)) == 1 and not graph.out_of(name)[0].delayed
    }
    found: dict[str, list[str]] = {}
    for reader, node in graph.nodes.items():
        sources = list(dict.fromkeys(e.source for e in graph.into(reader) if not e.delayed))
        mine = [name for name in graph.nodes if name in sources and name in alone]
        if node.kind == "before":
            continue
        if len(mine) == len(sources):
            mine = mine[1:] if len(mine) > 2 else []
        if mine:
            found[reader] = mine
    return found


__all__ = ["Arrow", "Label", "Rect", "Scene", "scene_of"]
