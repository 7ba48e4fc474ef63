"""A layered layout: what depends on nothing comes first, every edge leads to a later layer, few edges cross.

Sugiyama, Tagawa and Toda, Methods for visual understanding of hierarchical system structures, 1981: layers by longest path,
order by barycentres, an edge that passes a layer keeps a place of its own there.  Positions in a layer are a least-squares
problem with one order, solved exactly by pooling (Best and Chakravarti, Active set algorithms for isotonic regression, 1990).
Everything here is in points along the flow (``a``) and across it (``c``); the page may turn it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SWEEPS = 12
PASSES = 48
LANE = 9.0  # across: the room of an edge that passes a layer
APART = 12.0  # across: between neighbours


@dataclass(frozen=True)
class Size:
    """What a node takes: its length along the flow, and its room across it on both sides of its middle."""

    length: float
    before: float
    after: float


@dataclass
class Layout:
    """Where everything is: the start and end of each layer, the layer and middle of each node, the lanes of long edges."""

    layers: list[list[str]]
    spans: list[tuple[float, float]] = field(default_factory=list)
    place: dict[str, float] = field(default_factory=dict)
    layer: dict[str, int] = field(default_factory=dict)
    lanes: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def middle(self, name: str) -> tuple[float, float]:
        start, end = self.spans[self.layer[name]]
        return (start + end) / 2, self.place[name]


def arrange(
    sizes: Mapping[str, Size], edges: Sequence[tuple[str, str]], late: Sequence[str] = (), gap: float = 26.0
) -> Layout:
    """Lay out an acyclic graph; the nodes ``late`` (inputs) come right before their first reader.

    >>> found = arrange({n: Size(10, 5, 5) for n in "abc"}, [("a", "b"), ("b", "c"), ("a", "c")])
    >>> [found.layer[n] for n in "abc"], found.lanes[("a", "c")]
    ([0, 1, 2], ['a>c@1'])
    """
    layer = _layers(list(sizes), edges, late)
    layout = Layout([[] for _ in range(max(layer.values(), default=-1) + 1)], layer=layer)
    for name in sizes:
        layout.layers[layer[name]].append(name)
    room = dict(sizes)
    links: list[tuple[str, str]] = []
    for source, target in edges:
        chain = [source]
        for between in range(layer[source] + 1, layer[target]):
            lane = f"{source}>{target}@{between}"
            layout.layers[between].append(lane)
            layer[lane] = between
            room[lane] = Size(0.0, LANE / 2, LANE / 2)
            chain.append(lane)
        layout.lanes[source, target] = chain[1:]
        links += zip(chain, [*chain[1:], target], strict=True)
    _order(layout, links)
    _positions(layout, links, room, sizes)
    _spans(layout, links, room, gap)
    return layout


def _layers(names: list[str], edges: Sequence[tuple[str, str]], late: Sequence[str]) -> dict[str, int]:
    into: dict[str, list[str]] = {name: [] for name in names}
    out: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        into[target].append(source)
        out[source].append(target)
    layer: dict[str, int] = {}
    waiting = list(names)
    while waiting:
        ready = [name for name in waiting if all(source in layer for source in into[name])]
        if not ready:
            raise ValueError(f"the edges have a cycle through {', '.join(waiting)}")
        for name in ready:
            layer[name] = 1 + max((layer[source] for source in into[name]), default=-1)
        waiting = [name for name in waiting if name not in layer]
    for name in late:
        if out[name] and not into[name]:
            layer[name] = min(layer[target] for target in out[name]) - 1
    return layer


def _neighbours(links: Sequence[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    into: dict[str, list[str]] = {}
    out: dict[str, list[str]] = {}
    for source, target in links:
        into.setdefault(target, []).append(source)
        out.setdefault(source, []).append(target)
    return into, out


def _order(layout: Layout, links: Sequence[tuple[str, str]]) -> None:
    """Sweep up and down, each layer by the barycentres of its neighbours; the order with the fewest crossings is kept."""
    into, out = _neighbours(links)
    best, fewest = [list(layer) for layer in layout.layers], crossings(layout.layers, links)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        around = into if downwards else out
        numbers = range(1, len(layout.layers)) if downwards else range(len(layout.layers) - 2, -1, -1)
        for number in numbers:
            other = layout.layers[number - 1 if downwards else number + 1]
            rank = {name: position for position, name in enumerate(other)}
            own = {name: position for position, name in enumerate(layout.layers[number])}
            centres = {}
            for name in own:
                found = [rank[each] for each in around.get(name, ()) if each in rank]
                centres[name] = sum(found) / len(found) if found else own[name] * len(other) / max(len(own), 1)
            order = {name: (centres[name], own[name]) for name in own}
            layout.layers[number].sort(key=order.__getitem__)
        count = crossings(layout.layers, links)
        if count < fewest:
            best, fewest = [list(layer) for layer in layout.layers], count
    layout.layers[:] = best


def crossings(layers: Sequence[Sequence[str]], links: Sequence[tuple[str, str]]) -> int:
    """How many pairs of links between neighbouring layers cross.

    >>> crossings([["a", "b"], ["c", "d"]], [("a", "d"), ("b", "c")])
    1
    """
    rank = {name: (number, position) for number, layer in enumerate(layers) for position, name in enumerate(layer)}
    places = [(rank[s][0], rank[s][1], rank[t][1]) for s, t in links]
    return sum(
        p[0] == q[0] and (p[1] - q[1]) * (p[2] - q[2]) < 0 for k, p in enumerate(places) for q in places[k + 1 :]
    )


def _positions(
    layout: Layout, links: Sequence[tuple[str, str]], room: Mapping[str, Size], sizes: Mapping[str, Size]
) -> None:
    into, out = _neighbours(links)
    place = layout.place
    for layer in layout.layers:
        c = 0.0
        for name in layer:
            place[name] = c + room[name].before
            c = place[name] + room[name].after + APART
    for number in range(PASSES):
        both = number >= PASSES - 24
        layers = layout.layers if number % 2 == 0 else layout.layers[::-1]
        for layer in layers:
            wanted, weights = [], []
            for name in layer:
                near = into.get(name, []) if number % 2 == 0 else out.get(name, [])
                if both or not near:
                    near = [*into.get(name, []), *out.get(name, [])]
                pull = [_pull(name, each, sizes) for each in near]
                wanted.append(
                    sum(p * place[each] for p, each in zip(pull, near, strict=True)) / sum(pull)
                    if near
                    else place[name]
                )
                weights.append(max(sum(pull), 0.2))
            for name, c in zip(layer, _apart(layer, wanted, weights, room), strict=True):
                place[name] = c
    least = min((place[name] - room[name].before for name in place), default=0.0)
    for name in place:
        place[name] -= least


def _pull(one: str, other: str, sizes: Mapping[str, Size]) -> float:
    """How much a link wants to be straight: most of all inside a long edge (Gansner et al., 1993, section 4)."""
    return (3.0, 0.5, 8.0)[(one not in sizes) + (other not in sizes)]


def _apart(
    layer: Sequence[str], wanted: Sequence[float], weights: Sequence[float], room: Mapping[str, Size]
) -> list[float]:
    """The positions nearest to those wanted that keep the order and the room: the pools of neighbours that meet."""
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + room[one].after + APART + room[other].before)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for want, weight, offset in zip(wanted, weights, offsets, strict=False):
        mean, total, count = want - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            before, heavy, members = pools.pop()
            mean = (mean * total + before * heavy) / (total + heavy)
            total, count = total + heavy, count + members
        pools.append((mean, total, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _spans(layout: Layout, links: Sequence[tuple[str, str]], room: Mapping[str, Size], gap: float) -> None:
    """Layers as long as their longest node; the gap behind one is wider where edges go far across."""
    a = 0.0
    for number, layer in enumerate(layout.layers):
        length = max((room[name].length for name in layer), default=0.0)
        layout.spans.append((a, a + length))
        far = max((abs(layout.place[s] - layout.place[t]) for s, t in links if layout.layer[s] == number), default=0.0)
        a += length + min(max(gap, 0.22 * far), 1.9 * gap)


__all__ = ["Layout", "Size", "arrange", "crossings"]
