"""Reverse mode on index equations: the one occurrence rule, applied to every equation that reads a tensor.

For every occurrence ``T[f(i)]`` in ``E[i] = rhs``:
``Tbar[a] += sum_i Ebar[i] * d rhs/d T[f(i)] * prod_k [a_k = f_k(i)]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sympy import Add, Eq, Expr, Integer, Symbol

from derive.adjoint_names import AdjointNames, active, is_read_on
from derive.derivation import Derivation, Step
from derive.errors import DerivationError
from derive.index_names import IndexNames
from derive.inline import inline_adjoints
from derive.local_step import local_step
from derive.matrix_form import matrix_forms
from derive.naming import substitute
from derive.nodes import Access, Iverson, Sensitivity, Slope
from derive.occurrence import Contribution, Occurrences, freshen, mentions
from derive.operation import Operation
from derive.order import sorted_equations
from derive.program import Equation, Program, Tensor
from derive.simplify import Simplifier, patterns_of, plain_sum
from derive.step_order import in_order, mentioned
from derive.terms import Fresh, Term, flatten, make_term
from derive.vanishing import vanishes, vanishing


def derive(
    operation: Operation | Program, of: str | Sequence[str] | None = None, wrt: str | Sequence[str] | None = None
) -> Derivation:
    """The adjoint program of an operation: the gradient of its outputs with respect to its inputs.

    ``of`` defaults to all outputs, ``wrt`` to the inputs that are not data.  A single scalar output has the
    cotangent 1; every other output ``y`` gets a cotangent tensor ``dy`` that a caller gives.

    The same program is derived once in a process; :func:`forget` has it done again.

    Raises :class:`DerivationError` for names that are not there, inputs that cannot be differentiated, and nodes
    without a rule.

    >>> from derive.registry import get
    >>> print(derive(get("least_squares"), wrt="W"))
    dW = X.T @ (Z - Y)/n
    """
    program = operation.program if isinstance(operation, Operation) else operation
    targets = _names(of) or program.outputs
    for name in targets:
        if not program.equations_of(name):
            known = ", ".join(dict.fromkeys(e.target for e in program.equations))
            raise DerivationError(f"there is no equation for {name!r} to differentiate; targets: {known}")
    sources = _names(wrt) or default_wrt(program)
    for name in sources:
        _check_source(program, name)
    key = id(program), targets, sources
    if key not in _known:
        while len(_known) >= _MOST:
            del _known[next(iter(_known))]
        _known[key] = program, Reverse(program, targets, sources).run()
    return _known[key][1]


# By identity: comparing two programs takes longer than finding one.  Each entry keeps its program, so that no other gets
# its identity; the first ones are dropped.
_known: dict[tuple[int, tuple[str, ...], tuple[str, ...]], tuple[Program, Derivation]] = {}
_MOST = 512


def forget() -> None:
    """Derivations are made anew from here on: for those who time them, or who change a rule.

    >>> from derive.registry import get
    >>> first = derive(get("sigmoid"))
    >>> derive(get("sigmoid")) is first
    True
    >>> forget()
    >>> derive(get("sigmoid")) is first
    False
    """
    _known.clear()


@contextmanager
def forgetting() -> Iterator[None]:
    """What is derived inside is forgotten afterwards, and what was known before is known again.

    >>> from derive.registry import get
    >>> first = derive(get("sigmoid"))
    >>> with forgetting():
    ...     forget()
    ...     derive(get("sigmoid")) is first
    False
    >>> derive(get("sigmoid")) is first
    True
    """
    before = dict(_known)
    try:
        yield
    finally:
        _known.clear()
        _known.update(before)


def _names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def default_wrt(program: Program) -> tuple[str, ...]:
    """The inputs that are differentiated by default: real ones that are not data."""
    return tuple(t.name for t in program.inputs if t.role == "input" and not t.integer and not t.data)


def _check_source(program: Program, name: str) -> None:
    tensor = program.tensors.get(name)
    real = ", ".join(t.name for t in program.inputs if not t.integer)
    if tensor is None or (tensor.role not in ("input", "hyper", "cotangent") and not program.equations_of(name)):
        raise DerivationError(f"there is no tensor {name!r} to differentiate with respect to; choose from: {real}")
    if tensor.integer:
        raise DerivationError(f"{name} holds integers (indices), which have no derivative; choose from: {real}")


@dataclass
class Reverse:
    """One run.  ``seed_rows`` are extra leading indices, for Jacobians: the cotangent is then a delta."""

    program: Program
    of: tuple[str, ...]
    wrt: tuple[str, ...]
    prefix: str = "d"
    seed_rows: tuple[tuple[Symbol, Expr], ...] = ()
    fresh: Fresh = field(default_factory=Fresh)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.patterns = patterns_of(self.program)
        self.passed = active(self.program, self.of, self.wrt)
        named = AdjointNames(self.program, self.of, self.wrt, self.passed, self.prefix, self.seed_rows)
        self.names, self.cotangents, self.tensors = named.adjoints, named.cotangents, named.tensors
        self.index_names = IndexNames(self.program, self.tensors, self.rows)

    def run(self) -> Derivation:
        equations: list[Equation] = []
        targets = list(dict.fromkeys(e.target for e in self.program.equations))
        for name in reversed([t for t in targets if t in self.passed]):
            # The adjoint of an output that nothing else reads is the cotangent itself.
            seeded_only = name in self.of and not is_read_on(self.program, name, self.passed)
            if name in self.names and not seeded_only:
                equations.extend(self._adjoint(name))
        for name in self.wrt:
            if name not in self.passed or not self.program.equations_of(name):
                equations.extend(self._adjoint(name) if name in self.passed else self._zero(name))
        gradients = {name: self.names[name] for name in self.wrt}
        equations = self._without_zeros(equations)
        adjoint = Program(
            name=f"{self.program.name}_adjoint",
            tensors={**self.program.tensors, **self.tensors},
            equations=tuple(equations),
            outputs=tuple(gradients.values()),
            facts=self.program.facts,
            ellipsis=self.program.ellipsis,
            integers=self.program.integers,
        )
        adjoint = adjoint.with_(equations=sorted_equations(adjoint))
        adjoint, before_pruning, self.steps = inline_adjoints(self, adjoint)
        used = {a for e in adjoint.equations for a in e.reads()} | {e.target for e in adjoint.equations}
        kept = {
            n: t for n, t in adjoint.tensors.items() if n in self.program.tensors or n in used or t.role == "cotangent"
        }
        adjoint = adjoint.with_(tensors=kept)
        derived = mentioned(before_pruning, adjoint.equations, self.steps)
        closing = [self._closing(e) for e in derived]
        derivation = Derivation(
            self.program,
            self.of,
            self.wrt,
            adjoint,
            gradients,
            self.cotangents,
            tuple(in_order(derived, self.steps, closing)),
            adjoints=self.names,
        )
        forms, form_steps = matrix_forms(derivation)
        return replace(derivation, matrices=forms, steps=derivation.steps + tuple(form_steps))

    def _without_zeros(self, equations: list[Equation]) -> list[Equation]:
        """Adjoints that nothing feeds are 0, and so is what they would bring to others."""
        zero = vanishing(equations)
        result = []
        for e in equations:
            terms = [t for t in Add.make_args(e.rhs) if not vanishes(t, zero)]
            after = Add(*terms) if len(terms) < len(Add.make_args(e.rhs)) else e.rhs
            if after != e.rhs:
                shape = tuple(n for n in e.extents if n is not None)
                silent = sorted({a.tensor for a in e.rhs.atoms(Access) if a.tensor in zero})
                because = f"nothing feeds {' and '.join(silent)}"
                self.steps.append(Step("zero", e.target, e.indices, e.extents, e.rhs, after, because, shape))
            result.append(replace(e, rhs=after))
        return result

    # -- cotangents ---------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> tuple[Symbol, ...]:
        return tuple(i for i, _ in self.seed_rows)

    def _seed(self, name: str, indices: Sequence[Expr]) -> Expr:
        """The cotangent that arrives at an output from outside."""
        if self.seed_rows:
            result: Expr = Integer(1)
            for row, i in zip(self.rows, indices, strict=True):
                result *= Iverson(Eq(row, i))
            return result
        if name in self.cotangents:
            if any(i.is_negative for i in indices):
                return Integer(0)  # a start value is no part of the output
            return Access(self.cotangents[name], *indices)
        return Integer(1)

    def _cotangent(self, equation: Equation, indices: Sequence[Expr]) -> Expr:
        """The adjoint of an equation's target at these positions."""
        name = equation.target
        if name in self.names and self.names[name] not in self.cotangents.values():
            return Access(self.names[name], *self.rows, *indices)
        return self._seed(name, indices)

    # -- one tensor ---------------------------------------------------------------------------------------------------

    def _adjoint(self, name: str) -> list[Equation]:
        tensor = self.program.tensors[name]
        positions: list[dict[int, Expr]] = [{}]
        for axis in range(tensor.rank):
            positions.extend({axis: Integer(p)} for p in range(tensor.origin(axis), 0))
        return [self._adjoint_at(tensor, fixed) for fixed in positions]

    def _adjoint_at(self, tensor: Tensor, fixed: Mapping[int, Expr]) -> Equation:
        indices, extents = self.index_names.target(tensor, fixed)
        free = {i: n for i, n in zip(indices, extents, strict=True) if isinstance(i, Symbol) and n is not None}
        free.update(self.seed_rows)
        target = self.names[tensor.name]
        all_indices = (*self.rows, *indices)
        all_extents = (*(n for _, n in self.seed_rows), *extents)

        def record(rule: str, before: Expr, after: Expr, because: str) -> None:
            self.steps.append(
                Step(
                    rule,
                    target,
                    all_indices,
                    all_extents,
                    self.index_names.bound(before, free),
                    self.index_names.bound(after, free),
                    because,
                    tuple(n for n in all_extents if n is not None),
                )
            )

        raw: list[Term] = []
        if tensor.name in self.of:
            raw.extend(flatten(self._seed(tensor.name, indices), self.fresh))
        for equation in self.program.equations:
            if mentions(equation.rhs, tensor.name) and self._carries(equation):
                raw.extend(self._contributions(equation, tensor.name, indices, record))
        start = plain_sum(raw)
        record("chain rule", self._claim(tensor.at(*indices)), start, self._reason(tensor.name))
        simplifier = Simplifier(self.patterns, free, self.fresh, record)
        result = self.index_names.bound(simplifier.run(raw), free)
        return Equation(target, all_indices, all_extents, result)

    def _carries(self, equation: Equation) -> bool:
        return equation.target in self.names or equation.target in self.of

    def _reason(self, name: str) -> str:
        readers = list(
            dict.fromkeys(e.target for e in self.program.equations if mentions(e.rhs, name) and self._carries(e))
        )
        return f"{name} acts through {' and '.join(readers)}" if readers else f"{name} is an output"

    def _contributions(self, equation: Equation, name: str, indices: Sequence[Expr], record: object) -> list[Term]:
        mapping = {i: self.fresh() for i in equation.ranges}
        lhs = [substitute(i, dict(mapping)) for i in equation.indices]
        bound = tuple((mapping[i], n) for i, n in equation.ranges.items())
        rhs = freshen(substitute(equation.rhs, dict(mapping)), self.fresh)
        walker = Occurrences(name, self.fresh)
        cotangent = self._cotangent(equation, lhs)
        terms = []
        for part in walker.walk(rhs, Integer(1), ()):
            terms.extend(self._terms(part, cotangent, bound, indices))
        for claim in walker.locals:
            step = local_step(claim, equation, mapping, rhs, self.names.get(name, name), self.index_names)
            if step not in self.steps:
                self.steps.append(step)
        return terms

    def _terms(
        self, part: Contribution, cotangent: Expr, bound: tuple[tuple[Symbol, Expr], ...], indices: Sequence[Expr]
    ) -> list[Term]:
        terms = []
        for term in flatten(part.factor * cotangent, self.fresh):
            factors = list(term.factors)
            for a, f in zip(indices, part.access.indices, strict=True):
                factors.append((Iverson(Eq(a, f)), Integer(1)))
            if any(b == 0 for b, _ in factors):  # [a = f] is false for constants that differ
                continue
            terms.append(make_term(term.coefficient, bound + part.bound + term.bound, factors))
        return terms

    def _zero(self, name: str) -> list[Equation]:
        """An input on which the outputs do not depend: its gradient is 0, and the derivation says so."""
        tensor = self.program.tensors[name]
        indices, extents = self.index_names.target(tensor, {})
        target = self.names[name]
        all_indices, all_extents = (*self.rows, *indices), (*(n for _, n in self.seed_rows), *extents)
        because = f"{', '.join(self.of)} does not depend on {name}"
        before, shape = self._claim(tensor.at(*indices)), tuple(n for n in all_extents if n is not None)
        self.steps.append(Step("chain rule", target, all_indices, all_extents, before, Integer(0), because, shape))
        return [Equation(target, all_indices, all_extents, Integer(0))]

    def _claim(self, access: Access) -> Expr:
        """What the adjoint of an element is: the total derivative in it, of the objective or of one output element."""
        return Slope(self.program.tensors[self.of[0]].at(*self.rows), access) if self.rows else Sensitivity(access)

    def _closing(self, equation: Equation) -> Step:
        """The whole claim about one adjoint, end to end."""
        source = next(n for n, a in self.names.items() if a == equation.target)
        indices = equation.indices[len(self.rows) :]
        before = self._claim(self.program.tensors[source].at(*indices))
        shape = tuple(n for n in equation.extents if n is not None)
        return Step(
            "result",
            equation.target,
            equation.indices,
            equation.extents,
            before,
            equation.rhs,
            f"the adjoint of {source}",
            shape,
        )
