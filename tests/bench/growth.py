"""What an unrolled recurrence costs, against T, and a symbolic one once and for all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import sympy

import backproof as bp
from tests.bench.derivation import printed_length
from tests.bench.tables import Section
from tests.bench.timing import shown

GIVE_UP = 30.0  # seconds that the next T may be expected to take

RECURRENCE = """
    x[T, d], h0[m], U[d, m], W[m, m]
    h[t, j] = tanh(sum(x[t, k]*U[k, j], k) + sum(h[t - 1, k]*W[k, j], k))
    h[-1, j] = h0[j]
    L = sum(h[T - 1, j], j)
"""


def unrolled(steps: int) -> str:
    """The same network with every step written out under its own name."""
    lines = ["U[d, m], W[m, m], h0[m]", *(f"x{t}[d]" for t in range(steps))]
    lines += [f"h{t + 1}[j] = tanh(sum(x{t}[k]*U[k, j], k) + sum(h{t}[k]*W[k, j], k))" for t in range(steps)]
    return "\n".join([*lines, f"L = sum(h{steps}[j], j)"])


def timed(text: str) -> tuple[float, int]:
    """Seconds to derive dW (reading the text not counted), and characters of the result."""
    operation = bp.declare(text, name="recurrence")
    started = time.perf_counter()
    derivation = bp.derive(operation, wrt="W")
    return time.perf_counter() - started, printed_length(derivation)


def jax_unrolled(steps: int) -> tuple[float, int]:
    """Seconds to trace the gradient of the unrolled network in JAX, and characters of its jaxpr."""
    import jax

    def loss(W: Any, U: Any, h: Any, x: Any) -> Any:
        for t in range(steps):
            h = jax.numpy.tanh(x[t] @ U + h @ W)
        return h.sum()

    zeros = jax.numpy.zeros
    started = time.perf_counter()
    text = str(jax.make_jaxpr(jax.grad(loss))(zeros((4, 4)), zeros((3, 4)), zeros(4), zeros((steps, 3))))
    return time.perf_counter() - started, len(text)


def sympy_elements(steps: int) -> tuple[float, int]:
    """The same by SymPy on expanded elements (2 inputs, 2 units): one entry of dW only."""
    W = sympy.Matrix(2, 2, sympy.symbols("W:2:2"))
    U = sympy.Matrix(2, 2, sympy.symbols("U:2:2"))
    h = sympy.Matrix(1, 2, sympy.symbols("h:2"))
    started = time.perf_counter()
    for t in range(steps):
        h = (sympy.Matrix(1, 2, sympy.symbols(f"x{t}_:2")) * U + h * W).applyfunc(sympy.tanh)
    gradient = sympy.diff(h[0] + h[1], W[0, 0])
    return time.perf_counter() - started, len(str(gradient))


def expected(half: float, whole: float) -> float:
    """Seconds for 2 T steps, from those for T/2 and T: what is exponential in T squares its growth.

    >>> expected(0.5, 1.0), expected(0.25, 4.0)
    (4.0, 1024.0)
    """
    return whole * max(1.0, whole / half) ** 2


def against_steps(quick: bool = False) -> list[Section]:
    """One row for each T; a way is given up before the T that it is expected to take long for."""
    ways: dict[str, Callable[[int], tuple[float, int]]] = {
        "symbolic T": lambda steps: timed(RECURRENCE),
        "unrolled, backproof": lambda steps: timed(unrolled(steps)),
        "unrolled, jax trace": jax_unrolled,
        "SymPy elements, one entry": sympy_elements,
    }
    section = Section(
        "A recurrence against its number of steps T (seconds, characters of dW)",
        ["T", *(cell for way in ways for cell in (way, "chars"))],
    )
    given_up: set[str] = set()
    last: dict[str, float] = {}
    symbolic: list[tuple[float, int]] = []
    for steps in (1, 2) if quick else (1, 2, 4, 8, 16, 32, 64):
        row = [str(steps)]
        for name, way in ways.items():
            if name in given_up:
                row += ["-", "-"]
                continue
            seconds, characters = way(steps)
            row += [shown(seconds), str(characters)]
            if expected(last.get(name, seconds), seconds) > GIVE_UP:
                given_up.add(name)
            last[name] = seconds
            if name == "symbolic T":
                symbolic.append((seconds, characters))
        section.rows.append(row)
    section.summary = {
        "characters with symbolic T": sorted({characters for _, characters in symbolic}),
        "seconds with symbolic T, at most": shown(max(seconds for seconds, _ in symbolic)),
    }
    return [section]
