"""Builds a Program from a declaration text: what each name is, which range each index has, in which order."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sympy import Dummy, Expr, Integer, Symbol

from derive.array import Array
from derive.calls import call_operation
from derive.conventions import conventions
from derive.defined import with_domains
from derive.lower import Lowering, Unshaped
from derive.naming import names_in, pick, rename_bound
from derive.nodes import Reduce, dimension, index, integer_hyper
from derive.order import sinks, sorted_equations
from derive.program import UNKNOWN, Equation, Program, Tensor
from derive.ranges import RangeError, check_inside, infer, resolve_pads
from derive.syntax import Source, Statement, statements
from derive.vocabulary import CONSTANTS, RESERVED

ELLIPSIS = "batch"


@dataclass
class Builder:
    """The state while one text is read."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    dimensions: dict[str, Symbol] = field(default_factory=dict)
    integer_names: dict[str, Symbol] = field(default_factory=dict)
    integers: dict[Symbol, int] = field(default_factory=dict)
    function_names: dict[str, str] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    facts: list[tuple[Expr, Expr]] = field(default_factory=list)
    ties: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    pending_targets: set[str] = field(default_factory=set)
    placeholders: dict[Symbol, Symbol] = field(default_factory=dict)
    stated: dict[Symbol, Expr] = field(default_factory=dict)  # ranges of bound indices
    ellipsis: Symbol | None = None
    wanted_target: str | None = None

    # -- declarations -------------------------------------------------------------------------------------------------

    def taken(self) -> set[str]:
        return {*self.tensors, *self.dimensions, *self.integer_names, *self.pending_targets, *RESERVED, *CONSTANTS}

    def _fresh_name(self, source: Source, node: ast.Name) -> str:
        if node.id in RESERVED:
            raise source.error(f"{node.id} is a function of the language and cannot be declared", node)
        if node.id in self.tensors or node.id in self.integer_names or node.id in self.dimensions:
            raise source.error(f"{node.id} is declared twice", node)
        return node.id

    def declare_tensor(self, source: Source, node: ast.expr, annotation: str = "") -> Tensor:
        """``X[n, d]``, ``x[..., n]`` or a bare ``alpha``."""
        if isinstance(node, ast.Name):
            name, parts = self._fresh_name(source, node), []
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            name = self._fresh_name(source, node.value)
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        else:
            raise source.error("expected a declaration such as X[n, d], alpha, or eps > 0", node)
        lowering = Lowering(self, source, {})
        shape = []
        for axis, part in enumerate(parts):
            if isinstance(part, ast.Constant) and part.value is Ellipsis:
                if axis:
                    raise source.error("... stands for leading axes and must come first", part)
                self.ellipsis = self.ellipsis or dimension(ELLIPSIS)
                shape.append(self.ellipsis)
                continue
            for symbol in ast.walk(part):
                if isinstance(symbol, ast.Name) and symbol.id not in self.integer_names:
                    if symbol.id in self.tensors or symbol.id in RESERVED:
                        raise source.error(
                            f"{symbol.id} is already a tensor or function; a dimension needs its own name", symbol
                        )
                    self.dimensions.setdefault(symbol.id, dimension(symbol.id))
            shape.append(lowering.position(part))
        tensor = Tensor(name, tuple(shape), integer=annotation == "int", data=annotation in ("int", "data"))
        self.tensors[name] = tensor
        return tensor

    def _domain(self, statement: Statement, node: ast.Compare) -> bool:
        """``eps > 0`` and ``0 < p[n] < 1``: a declaration (where new) with a domain.  False if it is something else."""
        sides = [node.left, *node.comparators]
        variables = [s for s in sides if not isinstance(s, (ast.Constant, ast.UnaryOp))]
        if len(variables) != 1 or any(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
            return False
        variable = variables[0]
        bare = variable.value if isinstance(variable, ast.Subscript) else variable
        if not isinstance(bare, ast.Name):
            return False
        if bare.id in self.integer_names:
            return True  # sizes and strides: what a function needs is checked when it runs
        tensor = self.tensors.get(bare.id) or self.declare_tensor(statement.source, variable)
        positions = [index(f"i{axis}") for axis in range(tensor.rank)]
        element = tensor.at(*positions)
        lowering = Lowering(self, statement.source, {})
        domain = list(tensor.domain)
        for operator, a, b in zip(node.ops, sides, sides[1:], strict=False):
            left, right = (element if s is variable else lowering.expression(s).value for s in (a, b))
            condition = {
                ast.Lt: left < right,
                ast.LtE: left <= right,
                ast.Gt: left > right,
                ast.GtE: left >= right,
            }.get(type(operator))
            if condition is None:
                raise statement.source.error("a domain is given with <, <=, > and >=", node)
            domain.append(condition)
        self.tensors[bare.id] = replace(tensor, domain=tuple(domain))
        return True

    def _hyper(self, statement: Statement, integral: bool) -> None:
        assert isinstance(statement.target, ast.Name)
        assert statement.value is not None
        name = statement.target.id
        value = Lowering(self, statement.source, {}).expression(statement.value).value
        if name in self.tensors and self.tensors[name].rank == 0 and self.tensors[name].role == "input":
            number = float(value)
            self.tensors[name] = replace(self.tensors[name], role="hyper", default=number)
            return
        self._fresh_name(statement.source, statement.target)
        if integral and value.is_Integer:
            symbol = integer_hyper(name, int(value))
            self.integer_names[name] = symbol
            self.integers[symbol] = int(value)
        else:
            self.tensors[name] = Tensor(name, role="hyper", default=float(value))

    # -- what the lowering asks ---------------------------------------------------------------------------------------

    def extent_of(self, i: Symbol) -> Symbol:
        """The placeholder for a bound index's extent, until ranges are known."""
        return self.placeholders.setdefault(i, Dummy(f"extent_{i.name}", integer=True, nonnegative=True))

    def ellipsis_index(self, lowering: Lowering, node: ast.AST) -> Expr:
        if self.ellipsis is None:
            raise lowering.error(
                "... stands in a formula, but no tensor is declared with leading axes (x[..., n])", node
            )
        name = pick(["b"], self.taken())
        symbol = index(name)
        if name not in lowering.scope:
            lowering.names[symbol] = "..."
        return symbol

    def call(self, lowering: Lowering, name: str, node: ast.Call) -> Array:
        return call_operation(self, lowering, name, node)

    # -- equations ----------------------------------------------------------------------------------------------------

    def equation(self, statement: Statement) -> None:
        """Lower one equation, infer its ranges and add it; raises :class:`Unshaped` where it must wait."""
        source, target, value = statement.source, statement.target, statement.value
        assert target is not None
        assert value is not None
        self.placeholders, self.stated = {}, {}
        try:
            if isinstance(target, ast.Name):
                self._whole(source, target.id, value)
            else:
                assert isinstance(target, ast.Subscript)
                assert isinstance(target.value, ast.Name)
                self._indexed(source, target.value.id, target, value)
        except RangeError as problem:
            raise source.error(str(problem), value) from None

    def _whole(self, source: Source, name: str, value: ast.expr) -> None:
        lowering = Lowering(self, source, {})
        self.wanted_target = name if isinstance(value, ast.Call) else None
        array = lowering.expression(value)
        self.wanted_target = None
        if name in self.tensors:  # an inlined operation has defined it
            return
        used = self.taken() | set(lowering.names.values())
        free: list[Symbol] = []
        for _ in array.shape:
            letter = pick([], used)
            used.add(letter)
            free.append(index(letter))
        given: dict[Symbol, Expr] = dict(zip(free, array.shape, strict=True))
        self._infer_and_add(source, name, tuple(free), array.element(free), given, {}, lowering)

    def _indexed(self, source: Source, name: str, target: ast.Subscript, value: ast.expr) -> None:
        parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
        lowering = Lowering(self, source, {})
        positions: list[Expr] = []
        given: dict[Symbol, Expr] = {}
        wanted: dict[Symbol, str] = {}
        for part in parts:
            bound_node = None
            if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Lt):
                bound_node = part.comparators[0]
                part = part.left
            if isinstance(part, ast.Constant) and part.value is Ellipsis:
                symbol = self.ellipsis_index(lowering, part)
                assert isinstance(symbol, Symbol)
                assert self.ellipsis is not None
                given[symbol] = self.ellipsis
                wanted[symbol] = "..."
                lowering.scope[symbol.name] = symbol
                positions.append(symbol)
            elif isinstance(part, ast.Name):
                if part.id in self.dimensions or part.id in self.integer_names:
                    raise source.error(f"{part.id} is a dimension; an index needs a name of its own", part)
                if part.id in self.tensors:
                    raise source.error(f"{part.id} is a tensor; an index needs a name of its own", part)
                if part.id in lowering.scope:
                    raise source.error(f"the index {part.id} stands twice on the left-hand side", part)
                symbol = index(part.id)
                lowering.scope[part.id] = symbol
                lowering.names[symbol] = part.id
                wanted[symbol] = part.id
                positions.append(symbol)
                if bound_node is not None:
                    given[symbol] = lowering.position(bound_node)
            else:
                position = lowering.position(part)
                if not position.is_Integer:
                    raise source.error(
                        "the left-hand side takes plain indices or an integer start position; "
                        "write h[t] = ... h[t - 1] with a start value h[-1] = ...",
                        part,
                    )
                positions.append(position)
        self._align_with_known(name, positions, given)
        expression = lowering.expression(value)
        if expression.shape:
            raise source.error(
                "the right-hand side is a whole array; index it, or define the whole tensor on the left", value
            )
        self._infer_and_add(source, name, tuple(positions), expression.value, given, wanted, lowering)

    def _align_with_known(self, name: str, positions: list[Expr], given: dict[Symbol, Expr]) -> None:
        tensor = self.tensors.get(name)
        if tensor is not None and tensor.rank == len(positions):
            for position, extent in zip(positions, tensor.shape, strict=True):
                if isinstance(position, Symbol) and extent != UNKNOWN:
                    given.setdefault(position, extent)

    def _infer_and_add(
        self,
        source: Source,
        name: str,
        positions: tuple[Expr, ...],
        expression: Expr,
        given: dict[Symbol, Expr],
        wanted: dict[Symbol, str],
        lowering: Lowering,
    ) -> None:
        for i in self.placeholders:
            wanted[i] = lowering.names[i]
        left = [p for p in positions if isinstance(p, Symbol)]
        known = infer(expression, wanted, {**given, **self.stated}, self.tensors, left)
        missing = [i for i in wanted if i not in known]
        if missing:
            raise Unranged(name, wanted[missing[0]])
        known = {i: n.xreplace({p: known[j] for j, p in self.placeholders.items()}) for i, n in known.items()}
        expression = expression.xreplace({p: known[i] for i, p in self.placeholders.items()})
        extents = tuple(known[p] if isinstance(p, Symbol) else None for p in positions)
        self.add(source, name, positions, extents, expression)

    def add(
        self,
        source: Source,
        name: str,
        positions: tuple[Expr, ...],
        extents: tuple[Expr | None, ...],
        expression: Expr,
        note: str = "",
    ) -> None:
        """Register an equation and its target; pads and names are settled at the end, when every shape is known."""
        lower = tuple(min(0, int(p)) if p.is_Integer else 0 for p in positions)
        shape = tuple(UNKNOWN if n is None else n for n in extents)
        tensor = self.tensors.get(name)
        if tensor is None:
            tensor = Tensor(name, shape, role="intermediate", lower=lower)
        elif tensor.role != "intermediate":
            raise source.error(f"{name} is declared as an input and defined by an equation; drop one of the two")
        else:
            tensor = self._merge(source, tensor, shape, lower, extents, positions)
        self.tensors[name] = tensor
        self.equations.append(Equation(name, positions, extents, expression, note))
        self.pending_targets.discard(name)

    def _merge(
        self,
        source: Source,
        tensor: Tensor,
        shape: tuple[Expr, ...],
        lower: tuple[int, ...],
        extents: tuple[Expr | None, ...],
        positions: tuple[Expr, ...],
    ) -> Tensor:
        if len(shape) != tensor.rank:
            raise source.error(f"{tensor.name} has {tensor.rank} axes elsewhere, {len(shape)} here")
        if all(n is not None for n in extents) and all(
            all(isinstance(i, Symbol) for i in e.indices) for e in self.equations if e.target == tensor.name
        ):
            raise source.error(f"{tensor.name} is defined twice")
        merged = tuple(b if a == UNKNOWN else a for a, b in zip(tensor.shape, shape, strict=True))
        return replace(
            tensor, shape=merged, lower=tuple(min(a, b) for a, b in zip(tensor.lower or lower, lower, strict=True))
        )

    # -- the end ------------------------------------------------------------------------------------------------------

    def prefer(self) -> dict[Expr, list[str]]:
        """Index names that the text uses for each extent, for naming what the engine introduces."""
        names: dict[Expr, list[str]] = {}
        for equation in self.equations:
            for i, extent in equation.ranges.items():
                if i.name not in names.setdefault(extent, []):
                    names[extent].append(i.name)
        return names

    def finish(self, sources: Mapping[str, Source]) -> Program:
        finished = []
        self.tensors = {
            n: replace(t, shape=tuple(Integer(0) if e == UNKNOWN else e for e in t.shape))
            for n, t in self.tensors.items()
        }
        fixed = {*self.tensors, *self.dimensions, *self.integer_names}
        for equation in self.equations:
            source = sources.get(equation.target, Source(equation.target, 1))
            extents = dict(equation.ranges)
            for reduce in equation.rhs.atoms(Reduce):
                extents.update(reduce.limits)
            try:
                rhs = resolve_pads(equation.rhs, extents, self.tensors)
                recurrent = {e.target for e in self.equations if equation.target in e.reads()} | {equation.target}
                check_inside(rhs, extents, self.tensors, recurrent.__contains__)
                self._check_ranges(equation, rhs)
            except RangeError as problem:
                raise source.error(str(problem)) from None
            taken = fixed | {s.name for s in equation.ranges} | (names_in(rhs) & fixed)
            rhs = rename_bound(rhs, taken, lambda i, extent: [i.name])
            finished.append(replace(equation, rhs=rhs))
        program = Program(
            name=self.name,
            tensors=self.tensors,
            equations=tuple(finished),
            outputs=(),
            facts=tuple(self.facts),
            conventions=conventions(finished),
            ellipsis=self.ellipsis,
            integers=self.integers,
        )
        program = program.with_(equations=sorted_equations(program))
        outputs = tuple(dict.fromkeys(self.outputs)) or sinks(program)
        tensors = {n: replace(t, role="output") if n in outputs else t for n, t in self.tensors.items()}
        return program.with_(outputs=outputs, tensors=with_domains(tensors, finished))

    def _check_ranges(self, equation: Equation, rhs: Expr) -> None:
        """With every shape known: a plain index has one range (tensors that were not shaped earlier are seen now)."""
        wanted = {i: i.name for i in equation.ranges}
        for reduce in rhs.atoms(Reduce):
            wanted.update({i: i.name for i in reduce.bound})
        infer(rhs, wanted, {}, self.tensors)


class Unranged(Exception):
    """The range of an index is not known yet."""

    def __init__(self, target: str, name: str) -> None:
        self.target, self.index_name = target, name


def build(
    text: str, name: str, options: Mapping[str, str] | None = None, given: Mapping[str, Tensor] | None = None
) -> Program:
    """Read a declaration text; ``given`` are tensors that it may use and need not declare.

    Raises :class:`DeclarationError` with the line and a caret where the text is not understood.
    """
    from derive.read import read

    return read(Builder(name, dict(options or {}), dict(given or {})), statements(text))


__all__ = ["Builder", "Unranged", "Unshaped", "build"]
