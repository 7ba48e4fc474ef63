"""Calls of other operations inside a declaration: a named function where elementwise, else its equations, inlined."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Symbol

from derive.array import Array, elementwise, same, show
from derive.errors import UnknownOperation
from derive.naming import pick, substitute
from derive.nodes import Access, Reduce, index, integer_hyper
from derive.program import Equation, Tensor

if TYPE_CHECKING:
    from derive.builder import Builder
    from derive.lower import Lowering
    from derive.operation import Operation


def call_operation(builder: Builder, lowering: Lowering, name: str, node: ast.Call) -> Array:
    """Lower ``name(arguments, hyper=value)``."""
    from derive import registry

    target, builder.wanted_target = builder.wanted_target, None
    if name == builder.name:
        raise lowering.error(f"{name} cannot call itself", node)
    try:
        options = {
            k.arg: k.value.id
            for k in node.keywords
            if k.arg and isinstance(k.value, ast.Name) and registry.is_elementwise(k.value.id)
        }
        operation = registry.get(name, **options)
    except UnknownOperation as problem:
        raise lowering.error(str(problem).replace("operation called", "function or operation called"), node) from None
    keywords = {k.arg: k.value for k in node.keywords if k.arg and k.arg not in options}
    inputs = [t for t in operation.program.inputs if t.role == "input"]
    hypers = {t.name for t in operation.hypers} | {s.name for s in operation.program.integers}
    for keyword in keywords:
        if keyword not in hypers:
            raise lowering.error(
                f"{name} has no hyper-parameter {keyword}; it has: {', '.join(sorted(hypers)) or 'none'}", node
            )
    if len(node.args) != len(inputs):
        declared = ", ".join(f"{t.name}{list(t.shape) if t.shape else ''}" for t in inputs)
        raise lowering.error(f"{name} takes {len(inputs)} arguments ({declared}), got {len(node.args)}", node)
    if operation.function is not None:
        arguments = [lowering.expression(a) for a in node.args]
        for hyper in operation.hypers:
            if hyper.name in keywords:
                arguments.append(lowering.expression(keywords[hyper.name]))
            else:
                arguments.append(Array.scalar(_hyper(builder, hyper)))
        return elementwise(operation.function, *arguments)
    return _Inline(builder, lowering, operation, node, target).run(keywords)


def _hyper(builder: Builder, hyper: Tensor) -> Expr:
    """The callee's hyper-parameter becomes the caller's, with its default."""
    name = hyper.name
    while name in builder.taken() and builder.tensors.get(name) != hyper:
        name += "_"
    builder.tensors[name] = replace(hyper, name=name)
    return Access(name)


class _Inline:
    """Copies a callee's equations into the caller, with sizes, tensors and indices renamed."""

    def __init__(
        self, builder: Builder, lowering: Lowering, operation: Operation, node: ast.Call, target: str | None
    ) -> None:
        self.builder, self.lowering, self.operation, self.node, self.target = builder, lowering, operation, node, target
        self.program = operation.program
        self.sizes: dict[Symbol, Expr] = {}
        self.leading: tuple[Expr, ...] = ()
        self.tensors: dict[str, str] = {}
        self.values: dict[str, Expr] = {}

    def run(self, keywords: dict[str, ast.expr]) -> Array:
        builder, program = self.builder, self.program
        if len(program.outputs) != 1:
            raise self.lowering.error(
                f"{program.name} has the outputs {', '.join(program.outputs)}; "
                "only an operation with one output can be called",
                self.node,
            )
        for symbol, default in program.integers.items():
            if symbol.name in keywords:
                self.sizes[symbol] = self.lowering.position(keywords[symbol.name])
            else:
                name = pick([symbol.name], builder.taken() - builder.integer_names.keys())
                own = builder.integer_names.setdefault(name, integer_hyper(name, default))
                builder.integers.setdefault(own, default)
                self.sizes[symbol] = own
        inputs = [t for t in program.inputs if t.role == "input"]
        arrays = [self.lowering.expression(a) for a in self.node.args]
        for tensor, array, argument in zip(inputs, arrays, self.node.args, strict=True):
            self._match(tensor, array)
            self.tensors[tensor.name] = self._name_argument(tensor, array, argument)
            self._say(self.tensors[tensor.name], tensor.name)
        for hyper in self.operation.hypers:
            if hyper.name in keywords:
                self.values[hyper.name] = self.lowering.expression(keywords[hyper.name]).value
            else:
                self.values[hyper.name] = _hyper(builder, hyper)
        output = program.outputs[0]
        for name in dict.fromkeys(e.target for e in program.equations):
            wanted = self.target if name == output and self.target else name
            taken = builder.taken() - {self.target}
            chosen = wanted if wanted not in taken else pick([f"{name}_{self.target or program.name}"], taken)
            while chosen in taken:
                chosen += "_"
            self.tensors[name] = chosen
            shape = self._shape(program.tensors[name].shape)
            lower = program.tensors[name].lower
            extra = len(shape) - program.tensors[name].rank
            if lower and extra:
                lower = (0,) * extra + lower
            builder.tensors[chosen] = Tensor(chosen, shape, role="intermediate", lower=lower)
            self._say(chosen, name)
            builder.pending_targets.discard(chosen)
        called = f"{program.name}({', '.join(ast.unparse(a) for a in self.node.args)})"
        for equation in program.equations:
            builder.equations.append(self._copy(equation, called))
        result = builder.tensors[self.tensors[output]]
        return Array(result.shape, lambda indices: result.at(*indices))

    def _say(self, name: str, called: str) -> None:
        """A tensor of the caller means what it means to the first operation that was called with it, or gave it."""
        meaning, tensor = self.operation.meanings.get(called), self.builder.tensors[name]
        if meaning and not tensor.meaning:
            said = f"{meaning} ({self.operation.name})"
            self.builder.tensors[name] = replace(tensor, meaning=said)

    def _match(self, tensor: Tensor, array: Array) -> None:
        shape, declared = array.shape, tensor.shape
        if declared and declared[0] == self.program.ellipsis:
            count = len(shape) - (len(declared) - 1)
            lead, shape, declared = shape[: max(count, 0)], shape[max(count, 0) :], declared[1:]
            if self.program.ellipsis in self.sizes and self.leading != lead:
                raise self.lowering.error(f"the leading axes {show(lead)} and {show(self.leading)} differ", self.node)
            self.leading = lead
            self.sizes[self.program.ellipsis] = Integer(1)
        if len(shape) != len(declared):
            raise self.lowering.error(
                f"{self.program.name} takes {tensor.name} with {tensor.rank} axes {show(tensor.shape)}, "
                f"got shape {show(array.shape)}",
                self.node,
            )
        for extent, given in zip(declared, shape, strict=True):
            if isinstance(extent, Symbol) and extent not in self.sizes:
                self.sizes[extent] = given
            elif not same(extent.xreplace(self.sizes), given):
                raise self.lowering.error(
                    f"{self.program.name}: {tensor.name} has the size {given} "
                    f"where {extent} = {extent.xreplace(self.sizes)} is needed",
                    self.node,
                )

    def _name_argument(self, tensor: Tensor, array: Array, argument: ast.expr) -> str:
        if isinstance(argument, ast.Name) and argument.id in self.builder.tensors:
            return argument.id
        builder = self.builder
        name = f"{tensor.name}_{self.target or self.program.name}"
        while name in builder.taken():
            name += "_"
        used = builder.taken()
        free: list[Symbol] = []
        for _ in array.shape:
            letter = pick([], used)
            used.add(letter)
            free.append(index(letter))
        builder.add(self.lowering.source, name, tuple(free), array.shape, array.element(free))
        return name

    def _shape(self, shape: tuple[Expr, ...]) -> tuple[Expr, ...]:
        lead: tuple[Expr, ...] = ()
        if shape and shape[0] == self.program.ellipsis:
            lead, shape = self.leading, shape[1:]
        return lead + tuple(n.xreplace(self.sizes) for n in shape)

    def _copy(self, equation: Equation, called: str) -> Equation:
        used = self.builder.taken() | {i.name for r in equation.rhs.atoms(Reduce) for i in r.bound}
        mapping: dict[Symbol, Expr] = {}
        indices: list[Expr] = []
        extents: list[Expr | None] = []
        batch: tuple[Symbol, ...] = ()
        batch_symbol = None
        for position, extent in zip(equation.indices, equation.extents, strict=True):
            if extent is not None and extent == self.program.ellipsis:
                assert isinstance(position, Symbol)
                batch_symbol = position
                fresh = []
                for _ in self.leading:
                    name = pick(["n", "i"], used | {s.name for s in equation.rhs.free_symbols})
                    used.add(name)
                    fresh.append(index(name))
                batch = tuple(fresh)
                indices.extend(batch)
                extents.extend(self.leading)
            else:
                if isinstance(position, Symbol):
                    name = pick([position.name], used)
                    used.add(name)
                    mapping[position] = index(name)
                indices.append(mapping.get(position, position))
                extents.append(None if extent is None else extent.xreplace(self.sizes))
        rhs = substitute(equation.rhs, mapping).xreplace(self.sizes)
        rhs = self._rename(rhs, batch_symbol, batch)
        return Equation(self.tensors[equation.target], tuple(indices), tuple(extents), rhs, called)

    def _rename(self, expression: Expr, batch_symbol: Symbol | None, batch: tuple[Symbol, ...]) -> Expr:
        if isinstance(expression, Access):
            if expression.tensor in self.values:
                return self.values[expression.tensor]
            positions: list[Expr] = []
            for position in expression.indices:
                if batch_symbol is not None and position == batch_symbol:
                    positions.extend(batch)
                else:
                    positions.append(self._rename(position, batch_symbol, batch))
            return type(expression)(self.tensors[expression.tensor], *positions)
        if not expression.args:
            return expression
        return expression.func(*(self._rename(a, batch_symbol, batch) if a.args else a for a in expression.args))
