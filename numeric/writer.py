"""One generated function: its header with sizes, its body, its return; and the loading of it."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sympy import Expr, Symbol

from derive.nodes import Access, IntegerAccess
from derive.program import Group, Program, Tensor
from numeric import primitives
from numeric.code import Code
from numeric.errors import UnsupportedExpression
from numeric.program_code import ProgramCode


class Written(NamedTuple):
    """A generated function: its text, its positional arguments, whether it takes the dtype by keyword."""

    source: str
    arguments: tuple[str, ...]
    typed: bool


class Writer:
    """Writes groups of equations as one function of the tensors they read.

    Sizes come from the shapes of the arguments; those in ``given`` are arguments of their own (by keyword).
    """

    def __init__(self, program: Program, tensors: Mapping[str, Tensor]) -> None:
        self.program = program
        names = {*tensors, "np", "special", "dtype", *(s.name for s in program.dimensions)}
        self.code = Code(taken=names | {s.name for e in program.equations for s in e.ranges} | set(primitives.__all__))
        for tensor in tensors.values():
            for axis, extent in enumerate(tensor.shape):
                self.code.name_size(extent, f"{tensor.name}_size_{axis}")
        self.body = ProgramCode(self.code, tensors)

    def write(
        self,
        name: str,
        groups: Sequence[Group],
        arguments: Sequence[str],
        results: Sequence[str],
        given: Sequence[Symbol] = (),
    ) -> Written:
        """The function; its positional arguments are those asked for and those that only have a size."""
        for group in groups:
            self.body.group(group)
        sizes, more = self._sizes(arguments, given)
        positional = tuple(dict.fromkeys([*arguments, *more]))
        returned = ", ".join(results) + ("," if len(results) == 1 else "")
        body = [*sizes, *self.code.text(), f"    return {returned}"]
        typed = any("dtype" in line for line in body)
        keywords = [*(s.name for s in self.program.integers), *(s.name for s in given), *(["dtype"] if typed else [])]
        signature = ", ".join([*positional, *(["*", *keywords] if keywords else [])])
        return Written("\n".join([f"def {name}({signature}):", *body]), positional, typed)

    def _sizes(self, arguments: Sequence[str], given: Sequence[Symbol]) -> tuple[list[str], list[str]]:
        """Lines that name the sizes in use, and the tensors that must be arguments for that."""
        used = self.code.axis_sizes | self.code.number_sizes
        computed: list[str] = []
        more: list[str] = []
        for symbol, formula in self.code.size_formulas.items():
            if symbol not in used:
                continue
            source = self._axis(formula, [self.body.tensors[n] for n in arguments if n in self.body.tensors])
            computed.append(f"    {symbol.name} = {source[0] if source else self.code.sizes.doprint(formula)}")
            if not source:
                used |= formula.free_symbols
        plain = [s for s in sorted(used, key=str) if s in self.program.dimensions and s not in given]
        lines = []
        for symbol in plain:
            near = [self.body.tensors[n] for n in arguments if n in self.body.tensors]
            found = self._axis(symbol, [*near, *self.program.inputs])
            if found is None:
                raise UnsupportedExpression(
                    f"{self.program.name}: the size {symbol} is no axis of an input; "
                    "declare a tensor with an axis of just this size"
                )
            lines.append(f"    {symbol.name} = {found[0]}")
            if found[1] not in arguments:
                more.append(found[1])
        return lines + computed, more

    @staticmethod
    def _axis(extent: Expr, candidates: Sequence[Tensor]) -> tuple[str, str] | None:
        """An axis of an argument that has this extent, as text, and the argument's name."""
        from numeric.sizes import canonical

        for tensor in candidates:
            for axis, own in enumerate(tensor.shape):
                if own == extent or canonical(own) == extent:
                    start = tensor.origin(axis)
                    return f"{tensor.name}.shape[{axis}]" + (f" - {-start}" if start else ""), tensor.name
        return None


def equations_of(group: Group) -> tuple[Any, ...]:
    """All equations of a group, start values included."""
    return (*group.equations, *group.starts, *group.ends)


def reads(groups: Sequence[Group]) -> set[str]:
    """The tensors that right-hand sides read."""
    return {a.tensor for g in groups for e in equations_of(g) for a in e.rhs.atoms(Access, IntegerAccess)}


def needed(groups: Sequence[Group], wanted: Sequence[str]) -> list[Group]:
    """The groups that the wanted tensors depend on, in order."""
    names, kept = set(wanted), []
    for group in reversed(groups):
        if names & {e.target for e in equations_of(group)}:
            names |= reads([group])
            kept.append(group)
    return kept[::-1]


def load(source: str, name: str, label: str, instead: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The function of our own generated source; ``instead`` holds what names of NumPy and primitives stand for."""
    from scipy import special

    namespace: dict[str, Any] = {"np": np, "special": special}
    namespace.update({n: getattr(primitives, n) for n in primitives.__all__})
    namespace.update(instead or {})
    exec(builtins.compile(source, f"<backproof {label}.{name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


__all__ = ["Writer", "Written", "equations_of", "load", "needed", "reads"]
