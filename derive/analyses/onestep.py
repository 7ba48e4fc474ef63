"""One step of a recurrence as a program: the states before it are inputs, the states after it outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Symbol

from derive.adjoint_names import free_name
from derive.errors import DerivationError
from derive.nodes import Access, IntegerAccess, Reduce
from derive.operation import Operation
from derive.program import Equation, Group, Program, Tensor


@dataclass(frozen=True)
class OneStep:
    """The step from ``t - 1`` to ``t``: ``states`` maps each state to the input that holds its value before the step.

    ``driven`` are the inputs of which one entry is read each step, ``time`` the index that is gone (``None`` in
    ``program`` but where it stands outside a position, as in ``beta**t``), ``extent`` the number of steps.
    """

    program: Program
    states: Mapping[str, str]
    driven: tuple[str, ...]
    time: Symbol
    extent: Expr


def one_step(operation: Operation | Program) -> OneStep:
    """One step of every recurrence of a program, with the time axis taken off all that has one.

    A state is a tensor that some equation reads one step back.  Raises :class:`DerivationError` where there is no
    recurrence forwards in time, or one that reads more than one step back.

    >>> from derive.registry import get
    >>> from derive.text import program_text
    >>> step = one_step(get("heavy_ball"))
    >>> print(program_text(step.program))
    v[j] = beta*v_last[j] + g[j]
    theta[j] = theta_last[j] - alpha*v[j]
    >>> dict(step.states), step.driven
    ({'v': 'v_last', 'theta': 'theta_last'}, ('g',))
    """
    program = operation.program if isinstance(operation, Operation) else operation
    loops = [group for group in program.groups if group.direction]
    if not loops:
        raise DerivationError(
            f"{program.name} is no recurrence; this analysis needs one, such as h[t, j] = a*h[t - 1, j] with h[-1, j] = 0"
        )
    if any(group.direction < 0 for group in loops) or len({group.extent for group in loops}) > 1:
        raise DerivationError(f"{program.name}: one step needs recurrences that run forwards over the same steps")
    return _Cutter(program, loops).run()


class _Cutter:
    def __init__(self, program: Program, loops: list[Group]) -> None:
        self.program = program
        first = loops[0].equations[0]
        time = first.indices[loops[0].axes[first.target]]
        assert isinstance(time, Symbol)
        self.time, self.extent = time, loops[0].extent
        self.axes: dict[str, int] = {name: axis for group in loops for name, axis in group.axes.items()}
        self.members = {e.target for group in loops for e in group.equations}
        self.last: dict[str, str] = {}
        self.driven: dict[str, None] = {}
        self.names: dict[str, Tensor] = {}

    def run(self) -> OneStep:
        assert self.extent is not None
        step = []
        for equation in self._instant():
            axis = self.axes[equation.target]
            rhs = self._stepped(equation.rhs.xreplace({equation.indices[axis]: self.time}), equation.target)
            step.append(
                Equation(
                    equation.target, _off(equation.indices, axis), _off(equation.extents, axis), rhs, equation.note
                )
            )
        tensors: dict[str, Tensor] = {}
        for name, tensor in self.program.tensors.items():
            along = self.axes.get(name)
            tensors[name] = tensor if along is None else replace(tensor, shape=_off(tensor.shape, along), lower=())
        for name, before in self.last.items():
            tensors[before] = replace(tensors[name], name=before, role="input", meaning=f"{name} one step before")
        targets = tuple(e.target for e in step)
        states = {name: self.last[name] for name in targets if name in self.last}
        program = self.program.with_(
            name=f"{self.program.name}_step", tensors=tensors, equations=tuple(step), outputs=tuple(states) or targets
        )
        reads = {a for e in step for a in e.reads()}
        kept = {n: t for n, t in tensors.items() if n in reads or n in targets}
        return OneStep(program.with_(tensors=kept), states, tuple(self.driven), self.time, self.extent)

    def _instant(self) -> list[Equation]:
        """The equations inside the loops, and those beside them that they read at the same step."""
        equations = [e for g in self.program.groups for e in g.equations if self._steps(e)]
        wanted = set(self.members)
        while more := {r for e in equations if e.target in wanted for r in e.reads()} & (
            {e.target for e in equations} - wanted
        ):
            wanted |= more
        return [e for e in equations if e.target in wanted]

    def _steps(self, equation: Equation) -> bool:
        """Whether an equation has one value each step; its time axis is noted."""
        if equation.target in self.axes:
            return True
        for axis, extent in enumerate(equation.extents):
            if extent == self.extent:
                self.axes[equation.target] = axis
                return True
        return False

    def _stepped(self, e: Expr, target: str) -> Expr:
        if isinstance(e, Access):
            return self._access(e, target)
        if not e.args:
            return e
        if isinstance(e, Reduce):
            return Reduce(e.op, self._stepped(e.body, target), *e.limits, ties=e.ties)
        return e.func(*(self._stepped(a, target) if a.args else a for a in e.args))

    def _access(self, access: Access, target: str) -> Expr:
        axes = [k for k, i in enumerate(access.indices) if self.time in i.free_symbols]
        if not axes:
            return access
        (axis, *others) = axes
        behind = self.time - access.indices[axis]
        given = self.program.tensors[access.tensor]
        kind = IntegerAccess if given.integer else Access
        if others or behind not in (0, 1) or (behind == 1 and not self.program.equations_of(access.tensor)):
            raise DerivationError(
                f"{target} reads {access}; one step reads what stands at {self.time} or, computed, at {self.time} - 1"
            )
        if behind == 0:
            if not self.program.equations_of(access.tensor):
                self.driven[access.tensor] = None
                self.axes.setdefault(access.tensor, axis)
            return kind(access.tensor, *_off(access.indices, axis))
        if access.tensor not in self.last:
            self.last[access.tensor] = free_name(f"{access.tensor}_last", self.program, {})
        return kind(self.last[access.tensor], *_off(access.indices, axis))


def _off(parts: tuple[Expr, ...], axis: int) -> tuple[Expr, ...]:
    return (*parts[:axis], *parts[axis + 1 :])
