"""The picture of a computation graph: forward arrows are solid, backward ones dashed, beside each name its adjoint's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from derive.derivation import Derivation
from derive.notation import Box
from derive.operation import Operation
from reports.document import Figure
from reports.pictures.geometry import Point, Rect
from reports.pictures.graph import MOST, Graph, graph_of, with_states_before
from reports.pictures.letters import put, words
from reports.pictures.scene import HEIGHT, SMALL, WIDTH, Arrow, Scene, scene_of
from reports.pictures.style import BLUE, FAINT, INK, RED, SOFT, TEXT, Drawing, listed
from reports.spoken import box_words
from reports.symbols import notation_of

HEAD = (5.2, 2.1)  # length and half the width of an arrow's head
DASHES = (0, (3.2, 1.8))
TONES = {"ink": INK, "soft": SOFT, "back": RED}
FILLS = {  # kind -> fill, border, its width, dashes
    "input": ("#e6f1f8", BLUE, 0.9, "-"),
    "data": ("#eeeeee", SOFT, 0.8, (0, (4, 1.5))),
    "computed": ("white", INK, 0.8, "-"),
    "output": ("white", INK, 1.8, "-"),
    "before": ("white", SOFT, 0.8, (0, (1.2, 1.4))),
}
TINT = "#fbe9e0"
LEGEND = 19.0  # its height
LEAST = 232.0  # the width of the legend


def graph_figure(operation: Operation, derivation: Derivation) -> Figure | None:
    """The computation graph of an operation of two equations or more, if it can be read on one page."""
    program = derivation.program
    if len(program.equations) < 2:
        return None
    notation = notation_of(derivation)
    graph = graph_of(derivation, notation)
    if sum(node.kind in ("computed", "output") for node in graph.nodes.values()) > MOST:
        return None
    scene = scene_of(with_states_before(graph, notation), notation)
    scale = min(1.0, WIDTH / scene.width, HEIGHT / (scene.height + LEGEND))
    size = round(max(scene.width, LEAST) * scale) / 72, round((scene.height + LEGEND) * scale) / 72
    return Figure(
        f"{operation.name}_graph", Drawing(lambda figure: paint(figure, scene, graph, scale), size),
        _caption(operation, graph), _words(graph), round(size[0] / TEXT, 3), "forward",
    )  # fmt: skip


def _caption(operation: Operation, graph: Graph) -> str:
    forward = sum(not edge.delayed for edge in graph.edges)
    backward = sum(edge.backward for edge in graph.edges)
    delayed = sum(edge.delayed for edge in graph.edges)
    steps = f", {delayed} of them from another step" if delayed else ""
    called = list(dict.fromkeys(node.called for node in graph.nodes.values() if node.called))
    grouped = f" The equations of {listed(called)} are one box each." if called else ""
    reads = forward + delayed
    along = "each" if backward == reads else f"{backward}"
    return (
        f"Computation graph: {len(graph.nodes)} tensors with their shapes and {reads} reads{steps} (solid); along {along} of them "
        f"a derivative flows back (dashed) from the adjoint of the reader, beside each name.{grouped}"
    )


def _words(graph: Graph) -> str:
    """What is read by what, name by name."""
    lines = []
    for name, node in graph.nodes.items():
        sources = list(dict.fromkeys(box_words(graph.nodes[e.source].label) for e in graph.into(name) if not e.delayed))
        late = list(dict.fromkeys(box_words(graph.nodes[e.source].label) for e in graph.into(name) if e.delayed))
        shape = f" ({box_words(node.shape)})" if node.shape is not None else ""
        if sources or late:
            parts = ([listed(sources)] if sources else []) + ([f"{listed(late)} of another step"] if late else [])
            lines.append(f"{box_words(node.label)}{shape} reads {'; '.join(parts)}")
        else:
            kind = {"input": "an input", "data": "data, not differentiated"}.get(node.kind, "a constant")
            lines.append(f"{box_words(node.label)}{shape} is {kind}")
    dead = [e for e in graph.edges if not e.backward]
    back = "A derivative flows back along every read"
    if dead:
        pairs = [f"{_name(graph, e.source)} to {_name(graph, e.target)}" for e in dead]
        back += f" but those from {listed(list(dict.fromkeys(pairs)))}"
    return f"Computation graph. {'. '.join(lines)}. {back}."


def _name(graph: Graph, name: str) -> str:
    label: Box = graph.nodes[name].label
    return box_words(label)


# -- painting -----------------------------------------------------------------------------------------------------------------


def paint(figure: Any, scene: Scene, graph: Graph, scale: float = 1.0) -> None:
    """Paint a scene on a figure of its size."""
    pen = _Pen(figure, scene.height + LEGEND, scale, max(LEAST - scene.width, 0.0) / 2)
    for arrow in scene.arrows:
        pen.arrow(arrow)
    for names, rect in scene.cards.items():
        kinds = {graph.nodes[name].kind for name in names}
        pen.box(rect, FILLS["data" if kinds == {"data"} else "input"], 3.0)
    for name, rect in scene.boxes.items():
        kind = graph.nodes[name].kind if name in graph.nodes else "before"
        pen.box(rect, FILLS[kind], 3.0 if kind in ("input", "data", "before") else 6.0)
    for rect in scene.tints:
        pen.box(rect, (TINT, TINT, 0.0, "-"), 2.5)
    for label in scene.labels:
        pen.put(label.drawn, label.x, label.y, TONES[label.tone])
    _Pen(figure, scene.height + LEGEND, scale, 0.0).legend(max(scene.width, LEAST), scene.height)


class _Pen:
    """Paints in points from the top left corner."""

    def __init__(self, figure: Any, height: float, scale: float, shift: float) -> None:
        from matplotlib.transforms import Affine2D

        self.figure, self.height, self.scale, self.shift = figure, height, scale, shift
        self.points = Affine2D().translate(shift, 0).scale(scale / 72) + figure.dpi_scale_trans

    def put(self, drawn: Any, x: float, y: float, colour: str) -> None:
        from reports.pictures.letters import Set

        s = self.scale
        small = Set(drawn.vertices * s, drawn.codes, drawn.width * s, drawn.ascent * s, drawn.descent * s)
        put(self.figure, small, (x + self.shift) * s, (self.height - y) * s, colour)

    def path(self, points: Sequence[Point], codes: Sequence[int] | None = None, **style: Any) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        flipped = [(round(x, 2), round(self.height - y, 2)) for x, y in points]
        self.figure.add_artist(PathPatch(Path(flipped, codes), transform=self.points, clip_on=False, **style))

    def box(self, rect: Rect, look: tuple[str, str, float, Any], radius: float) -> None:
        fill, border, width, dashes = look
        left, top, right, bottom = rect.left, rect.top, rect.right, rect.bottom
        r = min(radius, rect.width / 2, rect.height / 2)
        points = [
            (left + r, top), (right - r, top), (right, top), (right, top + r), (right, bottom - r), (right, bottom),
            (right - r, bottom), (left + r, bottom), (left, bottom), (left, bottom - r), (left, top + r), (left, top),
            (left + r, top),
        ]  # fmt: skip
        codes = [1, 2, 3, 3, 2, 3, 3, 2, 3, 3, 2, 3, 3]
        self.path(points, codes, facecolor=fill, edgecolor=border, linewidth=width * self.scale, linestyle=dashes)

    def arrow(self, arrow: Arrow) -> None:
        colour = RED if arrow.backward else INK
        style: dict[str, Any] = {"linestyle": DASHES} if arrow.backward else {}
        line, head = _with_head(arrow.line)
        self.path(line, facecolor="none", edgecolor=colour, linewidth=0.95 * self.scale, capstyle="butt", **style)
        self.path(head, facecolor=colour, edgecolor="none", linewidth=0)

    def legend(self, width: float, top: float) -> None:
        y, x = top + LEGEND - 9.0, 8.0
        entries = (("is read by", False), ("its adjoint flows back", True))
        for text, backward in entries:
            ends = [(x, y), (x + 26.0, y)]
            self.arrow(Arrow((), tuple(ends[::-1] if backward else ends), backward))
            drawn = words(text, SMALL + 0.6)
            self.put(drawn, x + 31.0, y + 2.6, SOFT)
            x += 31.0 + drawn.width + 18.0
        self.path([(8.0, top + 3.0), (width - 8.0, top + 3.0)], facecolor="none", edgecolor=FAINT, linewidth=0.5)


def _with_head(line: Sequence[Point]) -> tuple[list[Point], list[Point]]:
    """A line cut where its head begins, and the head."""
    tip, kept = line[-1], list(line)
    while len(kept) > 2 and math.dist(kept[-2], tip) < HEAD[0]:
        kept.pop(-2)
    x, y = kept[-2]
    length = math.dist((x, y), tip) or 1.0
    dx, dy = (tip[0] - x) / length, (tip[1] - y) / length
    foot = tip[0] - dx * HEAD[0], tip[1] - dy * HEAD[0]
    wide = HEAD[1]
    head = [tip, (foot[0] - dy * wide, foot[1] + dx * wide), (foot[0] + dy * wide, foot[1] - dx * wide), tip]
    return [*kept[:-1], foot], head


__all__ = ["graph_figure", "paint"]
