"""``analyse NAME hessian``: Hessian, Hessian-vector product, and whether the Hessian is shown to be semi-definite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from derive.analyses.curvature import Curvature, curvature
from derive.analyses.hvp import HessianVector, hessian_vector, scalar_output, sources
from derive.derivation import Derivation
from derive.operation import Operation
from derive.program import Program
from derive.second import hessian as second
from derive.text import expression_text
from numeric.exact import Exact
from verify.analyses.eigenvalues import BITS, precision, smallest_eigenvalue
from verify.sampling import sample
from verify.sizes import draw_sizes

_CLOSE = 1e-25  # of the largest entry: what two enclosures of BITS bits may differ by, cancellation included
_WORK = 400


@dataclass(frozen=True)
class Point:
    """One drawn point: the enclosure of the smallest eigenvalue, and whether the three ways to ``H v`` agree there."""

    smallest: tuple[float, float]
    agrees: bool


@dataclass(frozen=True)
class Block:
    """The Hessian in some inputs jointly: ``blocks[a, b]`` are its derived blocks."""

    wrt: tuple[str, ...]
    blocks: Mapping[tuple[str, str], Derivation]
    product: HessianVector
    curvature: Curvature
    points: tuple[Point, ...]

    @property
    def verdict(self) -> str:
        """*positive semi-definite* is a proof for all inputs, *not positive semi-definite* one for a drawn point."""
        if self.curvature.shown:
            return "positive semi-definite" + (" (convex)" if self.curvature.convex else " wherever it exists")
        low = min(self.points, key=lambda p: p.smallest[1]).smallest
        if low[1] < 0:
            return f"not positive semi-definite: at a drawn point the smallest eigenvalue is in [{low[0]:.6g}, {low[1]:.6g}]"
        return "not shown to be positive semi-definite"


@dataclass(frozen=True)
class HessianReport:
    """The Hessians of a scalar output, one block of inputs each."""

    name: str
    of: str
    blocks: tuple[Block, ...]

    @property
    def agrees(self) -> bool:
        """Whether Hessian, product and ``v'Hv`` agree at every drawn point, and no eigenvalue contradicts a proof."""
        return all(p.agrees and not (b.curvature.shown and p.smallest[1] < 0) for b in self.blocks for p in b.points)

    def __str__(self) -> str:
        lines = []
        for block in self.blocks:
            lines += [f"Hessian of {self.of} in {', '.join(block.wrt)}"]
            lines += [f"  {line}" for d in block.blocks.values() for line in str(d).splitlines()]
            given = ", ".join(f"{v} for {n}" for n, v in block.product.directions.items())
            lines += [f"Hessian-vector product, without a Hessian (v is {given})"]
            lines += [f"  {line}" for line in str(block.product).splitlines()]
            lines += [block.verdict, f"  {block.curvature}"]
            if block.curvature.shown:
                lines += [f"  {left} >= 0: {why}" for left, why in _reasons(block.curvature)]
                if facts := _facts(block.curvature.program):
                    lines += [f"  given {facts}"]
            lines += [
                f"at {len(block.points)} drawn points: smallest eigenvalue in "
                + ", ".join(f"[{p.smallest[0]:.4g}, {p.smallest[1]:.4g}]" for p in block.points)
                + "; the three agree in ball arithmetic: "
                + ("yes" if all(p.agrees for p in block.points) else "NO")
            ]
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "of": self.of,
            "agrees": self.agrees,
            "blocks": [
                {
                    "wrt": list(b.wrt),
                    "hessian": [line for d in b.blocks.values() for line in str(d).splitlines()],
                    "product": str(b.product).splitlines(),
                    "verdict": b.verdict,
                    "shown": b.curvature.shown,
                    "curvature": expression_text(b.curvature.form),
                    "reasons": dict(_reasons(b.curvature)) if b.curvature.shown else {},
                    "smallest": [list(p.smallest) for p in b.points],
                }
                for b in self.blocks
            ],
        }


def _reasons(found: Curvature) -> list[tuple[str, str]]:
    return list(dict.fromkeys((expression_text(f), why) for part in found.parts for f, why in part.reasons))


def _facts(program: Program) -> str:
    return ", ".join(f"{expression_text(left)} == {expression_text(right)}" for left, right in program.facts)


def hessian(
    operation: Operation, of: str | None = None, wrt: Sequence[str] | None = None, *, points: int = 3, seed: int = 0
) -> HessianReport:
    """The Hessian of a scalar output in ``wrt`` jointly; in each differentiable input by itself where none is named.

    At ``points`` drawn points (sizes of 1 to 4) the entries of the Hessian, of the product and of ``v'Hv`` are computed
    in ball arithmetic and compared, and the smallest eigenvalue is enclosed.  Source: Pearlmutter, Fast Exact
    Multiplication by the Hessian, 1994.  Raises :class:`derive.errors.DerivationError` for an output that is no scalar.

    >>> from derive.registry import get
    >>> report = hessian(get("least_squares"), wrt=["W"])
    >>> report.agrees, report.blocks[0].verdict
    (True, 'positive semi-definite (convex)')
    """
    program = operation.program
    output = scalar_output(program, of)
    names = sources(program, wrt)
    groups = [names] if wrt else [(n,) for n in names]
    return HessianReport(
        operation.name, output, tuple(_block(program, output, group, points, seed) for group in groups)
    )


def _block(program: Program, of: str, names: tuple[str, ...], points: int, seed: int) -> Block:
    product = hessian_vector(program, of, names)
    blocks = {(a, b): second(program, of, (a, b)) for k, a in enumerate(names) for b in names[k:]}
    found = curvature(program, of, names)
    rows = tuple(_point(program, blocks, product, found, seed + k) for k in range(points))
    return Block(names, blocks, product, found, rows)


def _point(
    program: Program,
    blocks: Mapping[tuple[str, str], Derivation],
    product: HessianVector,
    found: Curvature,
    seed: int,
) -> Point:
    rng = np.random.default_rng(seed)
    sizes = draw_sizes(program, rng, high=4, budget=_WORK)
    inputs = sample(program, seed, sizes=sizes).arguments()
    vectors = {n: np.round(rng.standard_normal(np.shape(inputs[n])) * 256) / 256 for n in found.wrt}
    matrix = _matrix(blocks, found.wrt, inputs)
    with precision():
        v = [flint.arb(float(x)) for n in found.wrt for x in vectors[n].flat]
        by_matrix = [sum((a * x for a, x in zip(row, v, strict=True)), flint.arb(0)) for row in matrix]
        directions = {product.directions[n]: x for n, x in vectors.items()}
        exact = Exact(product.program, {**inputs, **directions}, bits=BITS)
        by_product = [x for n in found.wrt for x in np.atleast_1d(exact.array(product.products[n])).flat]
        quadratic = sum((x * y for x, y in zip(v, by_matrix, strict=True)), flint.arb(0))
        scale = max([1e-300, *(abs(float(x)) for x in matrix.flat)])
        same = all(_near(a, b, scale) for a, b in zip(by_matrix, by_product, strict=True))
        same = same and _near(_form(found, inputs, vectors), quadratic, scale)
    return Point(smallest_eigenvalue(matrix) if len(v) else (0.0, 0.0), same)


def _near(a: Any, b: Any, scale: float) -> bool:
    return bool(abs(a - b) <= scale * _CLOSE * 64) and bool(a.overlaps(b))


def _matrix(
    blocks: Mapping[tuple[str, str], Derivation], names: Sequence[str], inputs: Mapping[str, Any]
) -> NDArray[Any]:
    counts = {n: prod(np.shape(inputs[n])) for n in names}
    whole = [[np.empty((counts[a], counts[b]), dtype=object) for b in names] for a in names]
    for (a, b), derivation in blocks.items():
        (target,) = derivation.gradients.values()
        exact = Exact(derivation.combined, inputs, bits=BITS)
        part = exact.array(target).reshape(counts[a], counts[b])
        whole[names.index(a)][names.index(b)] = part
        whole[names.index(b)][names.index(a)] = part if a == b else part.T
    return np.block(whole)


def _form(found: Curvature, inputs: Mapping[str, Any], vectors: Mapping[str, Any]) -> Any:
    """``v'Hv`` as its rewritten form says it."""
    (target,) = found.program.outputs
    given = {found.directions[n]: vectors[n] for n in found.wrt if n in found.directions}
    return Exact(found.program, {**inputs, **given}, bits=BITS).value(target)
