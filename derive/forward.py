"""Forward mode: the tangent program, by the same occurrence rule."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Integer

from derive.adjoint_names import free_name
from derive.derivation import Derivation, Step
from derive.errors import DerivationError
from derive.index_names import IndexNames
from derive.matrix_form import matrix_forms
from derive.nodes import Access
from derive.occurrence import Occurrences, freshen
from derive.operation import Operation
from derive.order import sorted_equations
from derive.program import Equation, Program, Tensor
from derive.reverse import default_wrt
from derive.simplify import Simplifier, patterns_of, plain_sum
from derive.terms import Fresh, Term, flatten, make_term


def jvp(operation: Operation | Program, wrt: str | Sequence[str] | None = None) -> Derivation:
    """The tangent program: ``y_dot = sum over occurrences of d rhs/d T * T_dot``.

    In the result ``cotangents`` maps each input to its tangent (given by the caller), ``gradients`` each output to its
    tangent (computed).  Raises :class:`DerivationError` for an input that cannot be differentiated.

    >>> from derive.registry import get
    >>> print(jvp(get("sigmoid")))
    a_dot = (1 - a)*a*z_dot
    """
    program = operation.program if isinstance(operation, Operation) else operation
    sources = ((wrt,) if isinstance(wrt, str) else tuple(wrt)) if wrt else default_wrt(program)
    for name in sources:
        if name not in program.tensors or program.tensors[name].integer:
            raise DerivationError(
                f"{name!r} is no real tensor of {program.name}; choose from: {', '.join(default_wrt(program))}"
            )
    return _Forward(program, tuple(sources)).run()


class _Forward:
    def __init__(self, program: Program, sources: tuple[str, ...]) -> None:
        self.program, self.sources = program, sources
        self.steps: list[Step] = []
        self.names: dict[str, str] = {}
        self.tensors: dict[str, Tensor] = {}
        self.index_names = IndexNames(program, self.tensors)
        self.patterns = patterns_of(program)
        self.fresh = Fresh()

    def _add(self, name: str, role: str) -> None:
        dotted = free_name(f"{name}_dot", self.program, self.tensors)
        tensor = self.program.tensors[name]
        self.names[name] = dotted
        self.tensors[dotted] = Tensor(dotted, tensor.shape, role=role, lower=tensor.lower, meaning=f"tangent of {name}")

    def run(self) -> Derivation:
        program = self.program
        for name in self.sources:
            self._add(name, "cotangent")
        moving = set(self.sources)
        grown = True
        while grown:
            new = {e.target for e in program.equations if e.reads() & moving} - moving
            moving |= new
            grown = bool(new)
        for name in dict.fromkeys(e.target for e in program.equations):
            if name in moving or name in program.outputs:
                self._add(name, "adjoint")
        equations = tuple(self._tangent(e) for e in program.equations if e.target in self.names)
        outputs = {name: self.names[name] for name in program.outputs}
        tangent = program.with_(
            name=f"{program.name}_tangent",
            tensors={**program.tensors, **self.tensors},
            equations=equations,
            outputs=tuple(outputs.values()),
        )
        tangent = tangent.with_(equations=sorted_equations(tangent))
        cotangents = {name: self.names[name] for name in self.sources}
        derivation = Derivation(program, program.outputs, self.sources, tangent, outputs, cotangents, tuple(self.steps))
        forms, _ = matrix_forms(derivation)
        return Derivation(
            program, program.outputs, self.sources, tangent, outputs, cotangents, tuple(self.steps), forms
        )

    def _tangent(self, equation: Equation) -> Equation:
        free = equation.ranges
        fresh = self.fresh
        rhs = freshen(equation.rhs, fresh)
        terms: list[Term] = []
        for name in sorted(equation.reads() & self.names.keys()):
            walker = Occurrences(name, fresh)
            for part in walker.walk(rhs, Integer(1), ()):
                dotted = Access(self.names[name], *part.access.indices)
                terms.extend(
                    make_term(t.coefficient, part.bound + t.bound, t.factors)
                    for t in flatten(part.factor * dotted, fresh)
                )
        target = self.names[equation.target]
        shape = tuple(n for n in equation.extents if n is not None)

        def record(rule: str, before: object, after: object, because: str) -> None:
            shown = [self.index_names.bound(e, free) for e in (before, after)]
            self.steps.append(
                Step(rule, target, equation.indices, equation.extents, shown[0], shown[1], because, shape)
            )

        simplifier = Simplifier(self.patterns, free, fresh, record)
        start = plain_sum(terms)
        result = self.index_names.bound(simplifier.run(terms) if start != 0 else Integer(0), free)
        return Equation(target, equation.indices, equation.extents, result)
