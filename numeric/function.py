"""``compile``: an operation or a derivation as NumPy functions with their source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from derive.derivation import Derivation
from derive.operation import Operation
from derive.program import Group, Program, Tensor
from derive.reverse import derive
from numeric import primitives
from numeric.arguments import Arguments, Plan
from numeric.blocks import Blocks, row_wise
from numeric.errors import ShapeError
from numeric.nodes import Rewrite
from numeric.program_code import stable_groups
from numeric.roots import Roots
from numeric.stable import definitions
from numeric.writer import Writer, Written, equations_of, load, needed, reads

Array = NDArray[Any]


class Text(NamedTuple):
    """One generated function: its source, the names of its positional arguments and of its results.

    ``shared`` says which results may be an argument itself, or another result: those that a line only renames.
    """

    name: str
    source: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    groups: tuple[Group, ...]
    rewrites: tuple[Rewrite, ...]
    shared: tuple[bool, ...]
    typed: bool

    def keywords(self, plan: Plan) -> dict[str, Any]:
        """The keyword arguments: integer hyper-parameters, and the dtype where the text asks for it."""
        return {**plan.integers, "dtype": plan.dtype} if self.typed else plan.integers

    @classmethod
    def of(
        cls, name: str, written: Written, results: Sequence[str], groups: Sequence[Group], rewrites: Sequence[Rewrite]
    ) -> Text:
        shared = tuple(bool(re.search(rf"^ +{each} = \w+$", written.source, re.MULTILINE)) for each in results)
        return cls(
            name,
            written.source,
            written.arguments,
            tuple(results),
            tuple(groups),
            tuple(rewrites),
            shared,
            written.typed,
        )


class Function:
    """Generated NumPy functions of one program.

    ``forward`` computes the outputs, ``vjp`` the gradients in one pass; ``run_forward`` and ``run_backward`` are the
    two passes of a network's layer, of which the second shares what the first computed.  ``source`` is the readable
    text, ``rewrites`` the stability rewritings that it contains, ``derivation`` where the backward pass comes from.
    The dtype of the inputs (float32 or float64) is that of all results; inputs are never modified; sizes 0 and 1 are
    legal.  Raises :class:`numeric.errors.ShapeError` for arrays that do not fit.

    >>> from derive.registry import declare
    >>> f = compile(declare("x[n]; L = sum(x**2)/2"))
    >>> float(f.forward(x=[1.0, 2.0])["L"])
    2.5
    >>> f.vjp({"x": [1.0, 2.0]})["x"]
    array([1., 2.])
    """

    def __init__(self, program: Program, derivation: Derivation | None) -> None:
        self.program, self._derivation = program, derivation
        self.name = program.name
        self._definitions = definitions(program.equations)
        if derivation is not None:
            self._definitions.update(definitions(derivation.equations))
        self._arguments = Arguments(program)
        self._inputs = tuple(t.name for t in program.inputs)

    # -- source -------------------------------------------------------------------------------------------------------

    @property
    def derivation(self) -> Derivation:
        if self._derivation is None:
            self._derivation = derive(self.program)
            self._definitions.update(definitions(self._derivation.equations))
        return self._derivation

    @cached_property
    def _roots(self) -> Roots:
        return Roots(self.program.groups, self.program.tensors, self._definitions)

    @cached_property
    def forward_text(self) -> Text:
        """The generated forward pass, with what the backward pass needs among its results."""
        roots = self._roots
        groups, rewrites = stable_groups(roots.groups, self._definitions, self.program.tensors)
        kept = tuple(dict.fromkeys(e.target for g in roots.groups for e in equations_of(g)))
        written = Writer(self.program, roots.tensors).write("forward", groups, self._inputs, kept)
        return Text.of("forward", written, kept, groups, [*roots.rewrites, *rewrites])

    @cached_property
    def backward_text(self) -> Text:
        """The generated backward pass, a function of residuals and cotangents."""
        groups, rewrites = stable_groups(self._adjoint_groups, self._definitions, self.tensors)
        known = (*self._inputs, *self._kept)
        held = [n for n in dict.fromkeys(known) if n in reads(groups) and n not in self._cotangents]
        return self._gradients_text("backward", groups, rewrites, [*held, *self._cotangents])

    @cached_property
    def vjp_text(self) -> Text:
        """Both passes in one function, without what no gradient needs (a loss, say)."""
        groups, rewrites = stable_groups([*self._roots.groups, *self._adjoint_groups], self._definitions, self.tensors)
        groups = needed(groups, self._targets)
        held = [n for n in (*self._inputs, *self._cotangents) if n in reads(groups)]
        return self._gradients_text("vjp", groups, rewrites, held)

    def _gradients_text(
        self, name: str, groups: Sequence[Group], rewrites: Sequence[Rewrite], arguments: Sequence[str]
    ) -> Text:
        written = Writer(self.program, self.tensors).write(name, groups, arguments, self._targets)
        return Text.of(name, written, self._targets, groups, rewrites)

    @property
    def _adjoint_groups(self) -> list[Group]:
        return self._roots.into(self.derivation.adjoint.groups)

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """All tensors of both passes, those that only the generated code has among them."""
        return {**self.derivation.adjoint.tensors, **self._roots.tensors}

    @cached_property
    def _targets(self) -> tuple[str, ...]:
        return tuple(self.derivation.gradients.values())

    @cached_property
    def _cotangents(self) -> tuple[str, ...]:
        return tuple(self.derivation.cotangents.values())

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """The stability rewritings in the source."""
        return tuple(dict.fromkeys([*self.forward_text.rewrites, *self.backward_text.rewrites]))

    @cached_property
    def source(self) -> str:
        """The generated module: ``forward`` and ``backward``."""
        return f"{self.header}\n\n\n{self.forward_text.source}\n\n\n{self.backward_text.source}\n"

    @cached_property
    def vjp_source(self) -> str:
        """The generated function behind :meth:`vjp`: both passes in one."""
        return f"{_header(self.vjp_text.source)}\n\n\n{self.vjp_text.source}\n"

    @property
    def header(self) -> str:
        return _header(self.forward_text.source + self.backward_text.source)

    @cached_property
    def _forward(self) -> Callable[..., tuple[Array, ...]]:
        return _quiet(load(self.forward_text.source, "forward", self.name))

    @cached_property
    def _backward(self) -> Callable[..., tuple[Array, ...]]:
        return _quiet(load(self.backward_text.source, "backward", self.name))

    @cached_property
    def _vjp(self) -> Callable[..., tuple[Array, ...]]:
        return _quiet(self.unchecked)

    @cached_property
    def unchecked(self) -> Callable[..., tuple[Array, ...]]:
        """The generated function of :attr:`vjp_source` itself: positional arrays, nothing checked or copied.

        For inner loops whose arrays are known to fit; warnings of NumPy about overflow are not silenced.

        >>> from derive.registry import get
        >>> import numpy as np
        >>> compile(get("relu")).unchecked(np.array([1.0, -1.0]), np.ones(2))
        (array([1., 0.]),)
        """
        return load(self.vjp_text.source, "vjp", self.name)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the positional arguments of :attr:`unchecked`: inputs, then cotangents (``da`` for ``a``)."""
        return self.vjp_text.arguments

    @cached_property
    def _blocks(self) -> Blocks | None:
        text = self.vjp_text
        products = any(call in text.source for call in (" @ ", "np.vdot(", "np.einsum("))
        how = row_wise(text.groups, self.tensors, text.results)
        if how is None or products:
            return None  # matrix products are better left whole: they have blocks and threads of their own
        code = (writer := Writer(self.program, self.tensors)).code
        # As a number (a mean's count) the dimension is the whole one, as an axis that of the block.
        writer.write("vjp", text.groups, text.arguments, text.results)
        if how.rows in code.number_sizes & code.axis_sizes:
            return None
        given = [how.rows] if how.rows in code.number_sizes else []
        writer = Writer(self.program, self.tensors)
        written = writer.write("vjp", text.groups, text.arguments, text.results, given)
        carries = [how.rows in self.tensors[name].shape[:1] for name in written.arguments]
        summed = [name in how.summed for name in text.results]
        return Blocks(how, load(written.source, "vjp", self.name), carries, summed, bool(given))

    # -- calling ------------------------------------------------------------------------------------------------------

    def forward(self, **inputs: Any) -> dict[str, Array]:
        """The outputs, by name."""
        outputs, _ = self.run_forward(inputs)
        return outputs

    def vjp(self, inputs: Mapping[str, Any], cotangents: Any = None) -> dict[str, Array]:
        """The gradients, by input name: the cotangent pulled back.

        ``cotangents`` is a mapping from outputs, or one array where there is one output; ``None`` means 1 and is for
        scalar outputs only.  Raises :class:`ShapeError` where a cotangent is missing or has the wrong shape.
        """
        values, plan = self._arguments.prepare(inputs)
        pulled, scale = self._pulled(cotangents, plan)
        known = (*values, *pulled)
        arguments = [known[k] for k in self._vjp_places]
        text = self.vjp_text
        blocks = self._blocks
        if plan.large is None:
            plan.large = blocks is not None and blocks.worth(arguments)
        if blocks is not None and plan.large:
            shapes = [self._arguments.shapes(name, plan)[0] for name in self._gradients]
            results: Sequence[Any] = blocks.run(arguments, text.keywords(plan), shapes, plan.dtype)
        else:
            results = self._vjp(*arguments, **text.keywords(plan))
        return self._handed_out(results, text, arguments, scale, plan)

    def run_forward(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Array], Residuals]:
        """The outputs, and what the backward pass needs."""
        values, plan = self._arguments.prepare(inputs)
        results = self._forward(*values, **self.forward_text.keywords(plan))
        held = {**dict(zip(self._inputs, values, strict=True)), **dict(zip(self._kept, results, strict=True))}
        taken = [id(v) for v in held.values()]
        outputs = {
            name: self._own(name, held[name].copy() if taken.count(id(held[name])) > 1 else held[name], values, plan)
            for name in self.program.outputs
        }
        return outputs, Residuals(held, plan)

    def run_backward(self, residuals: Residuals, cotangents: Any = None) -> dict[str, Array]:
        """The gradients from the residuals of one forward pass; these stay as they are."""
        pulled, scale = self._pulled(cotangents, residuals.plan)
        values = {**residuals.held, **dict(zip(self._cotangents, pulled, strict=True))}
        arguments = [values[n] for n in self.backward_text.arguments]
        results = self._backward(*arguments, **self.backward_text.keywords(residuals.plan))
        return self._handed_out(results, self.backward_text, arguments, scale, residuals.plan)

    @cached_property
    def _kept(self) -> tuple[str, ...]:
        return self.forward_text.results

    @cached_property
    def _vjp_places(self) -> tuple[int, ...]:
        """Where the arguments of the generated ``vjp`` stand among the inputs and cotangents."""
        known = (*self._inputs, *self._cotangents)
        return tuple(known.index(name) for name in self.vjp_text.arguments)

    @cached_property
    def _gradients(self) -> tuple[str, ...]:
        return tuple(self.derivation.gradients)

    def _pulled(self, cotangents: Any, plan: Plan) -> tuple[list[Array], Any]:
        """The cotangents in order, and the factor that stands for that of a scalar output."""
        names = self.derivation.cotangents
        if not names:
            value = cotangents.get(self.derivation.of[0]) if isinstance(cotangents, Mapping) else cotangents
            return [], None if value is None else plan.dtype.type(value)
        if cotangents is None:
            raise ShapeError(
                f"{self.name}: {', '.join(names)} is no scalar, so a cotangent must be given: "
                f"vjp(inputs, {{{next(iter(names))!r}: array}})"
            )
        given = cotangents if isinstance(cotangents, Mapping) else {next(iter(names)): cotangents}
        result = []
        for output in names:
            if output not in given:
                raise ShapeError(f"{self.name}: the cotangent of {output} is missing; give {', '.join(names)}")
            array = given[output]
            if type(array) is not np.ndarray or array.dtype != plan.dtype:
                array = np.asarray(array).astype(plan.dtype)
            inside, expected = self._arguments.shapes(output, plan)
            if array.shape != expected:
                raise ShapeError(
                    f"{self.name}: the cotangent of {output} must have its shape {expected}, got {array.shape}"
                )
            result.append(array if expected == inside else array.reshape(inside))
        return result, None

    def _handed_out(
        self, results: Sequence[Any], text: Text, given: Sequence[Any], scale: Any, plan: Plan
    ) -> dict[str, Array]:
        """The results by name, each in memory of its own."""
        gradients = {}
        for name, value, shared in zip(self._gradients, results, text.shared, strict=True):
            own = value if scale is None else value * scale
            gradients[name] = self._own(name, own.copy() if shared and scale is None else own, given, plan)
        return gradients

    def _own(self, name: str, value: Any, given: Sequence[Any], plan: Plan) -> Array:
        """A result as a caller expects it: own memory, without start values, with its leading axes."""
        array = value if type(value) is np.ndarray and value.dtype == plan.dtype else np.asarray(value, plan.dtype)
        cut, shape = self._arguments.outside(name, plan)
        if cut is not None:
            array = array[cut]
        base = array.base
        if base is not None and (base.size != array.size or any(base is a for a in given)):
            array = array.copy()  # a part of something larger, or of an argument
        return array if array.shape == shape else array.reshape(shape)


class Residuals:
    """What one forward pass leaves for its backward pass."""

    __slots__ = ("held", "plan")

    def __init__(self, held: dict[str, Any], plan: Plan) -> None:
        self.held, self.plan = held, plan


def _quiet(function: Callable[..., tuple[Array, ...]]) -> Callable[..., tuple[Array, ...]]:
    """The function without NumPy's warnings: infinities and NaN say it in the result."""
    return np.errstate(all="ignore")(function)


def _header(text: str) -> str:
    used = [name for name in primitives.__all__ if f"{name}(" in text.replace(f".{name}(", "")]
    lines = ["import numpy as np"]
    if "special." in text:
        lines.append("from scipy import special")
    if used:
        lines.append(f"from numeric.primitives import {', '.join(used)}")
    return "\n".join(lines)


def compile(item: Operation | Program | Derivation, wrt: str | Sequence[str] | None = None) -> Function:
    """Generate NumPy functions for an operation, a program, or a derivation (its gradients are the backward pass).

    ``wrt`` chooses the inputs to differentiate (default: those that are not data).  Raises
    :class:`numeric.errors.UnsupportedExpression` naming the node and the equation where there is no code for it.

    >>> from derive.registry import get
    >>> compile(get("sigmoid")).vjp({"z": [0.0]}, [1.0])["z"]
    array([0.25])
    """
    if isinstance(item, Derivation):
        if all(name in item.program.tensors for name in item.gradients):
            return Function(item.program, item)
        return Function(item.combined, None)
    program = item.program if isinstance(item, Operation) else item
    return Function(program, derive(program, wrt=wrt) if wrt is not None else None)


__all__ = ["Function", "Residuals", "compile"]
