"""All mutants of a derivation: mistakes that people make, wherever the equations give room for them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from sympy import nan, zoo

from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.program import Equation
from numeric.exact import Exact
from numeric.function import compile
from verify.mutants import arithmetic, corrected, functions, indices, omissions
from verify.mutants.behaviour import behaviours
from verify.mutants.forms import written_out
from verify.mutants.mutation import Gradients, Mutant, Mutation, reached

Rule = Callable[[Equation, Derivation], arithmetic.Found]

# in the backward equations everything can go wrong; where two rules say the same, it has the name of the first, the special one
_BACKWARD: tuple[Rule, ...] = (
    functions.corrections,
    arithmetic.terms,
    arithmetic.factors,
    arithmetic.counts,
    indices.swaps,
    indices.mistaken,
    indices.steps,
    functions.roots,
    functions.masks,
    functions.slopes,
)
# in what the backward pass recomputes of the forward one, the mistakes that are made there
_RESIDUAL: tuple[Rule, ...] = (arithmetic.counts, functions.roots, functions.corrections)
# what else a person does, looked for when a wrong array is to be explained
_OMITTED: tuple[Rule, ...] = (
    omissions.factors,
    omissions.brackets,
    omissions.powers,
    omissions.strides,
    omissions.accumulations,
    omissions.widened,
    omissions.branches,
    omissions.flips,
    functions.values,
    functions.nested,
    omissions.extras,
    omissions.doubled,
    omissions.limits,
    corrected.carried,
    corrected.uncorrected,
)


def mutations(derivation: Derivation) -> Iterator[Mutation]:
    """The changed equations, in the order of the program; one that changes nothing, or the same again, is left out.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> [(m.kind, str(m.rhs)) for m in mutations(derive(get("relu")))][-2:]
        [('other side of the kink', 'da[i]*Iverson(z[i] >= 0)'), ('derivative at the output', ...)]
    """
    yield from _changes(derivation, reached(derivation), _RESIDUAL, _BACKWARD)


def explanations(derivation: Derivation, name: str) -> Iterator[Mutation]:
    """The changed equations that could be behind one wrong array, a gradient or an output, by every rule there is.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> [m.kind for m in explanations(derive(get("weight_norm")), "g")][:3]
        ['exponent missing', 'summed over one axis too many', 'flipped']
    """
    if name in derivation.gradients:
        read = reached(derivation, derivation.gradients[name])
        yield from _changes(derivation, read, (*_RESIDUAL, *_OMITTED), (*_BACKWARD, *_OMITTED))
        yield from _changes(derivation, read, (), (*_BACKWARD, *_OMITTED), written_out)
    else:
        yield from _changes(derivation, reached(derivation, name), (*_BACKWARD, *_OMITTED), ())


def _changes(
    derivation: Derivation,
    read: Container[str],
    forward: Sequence[Rule],
    backward: Sequence[Rule],
    forms: Callable[[Equation, Derivation], Iterable[Equation]] = lambda equation, _: (equation,),
) -> Iterator[Mutation]:
    """The mutations of the equations of some tensors, each equation written in one of its forms."""
    for residual, rules in ((True, forward), (False, backward)):
        equations = derivation.program.equations if residual else derivation.equations
        for number, equation in enumerate(equations):
            seen = {equation.rhs}
            if equation.target not in read or not rules:
                continue
            for form, rule in product(forms(equation, derivation), rules):
                for kind, rhs in rule(form, derivation):
                    if rhs not in seen:
                        seen.add(rhs)
                        yield Mutation(kind, number, rhs, residual)


def mutants(derivation: Derivation) -> tuple[Mutant, ...]:
    """Every wrong gradient that the rules find room for in a derivation, in an order that never changes.

    The rules look at equations only (a sum, a count, a root, a recurrence, a condition), never at an operation's name,
    so they apply to any declaration.

    Example:
        >>> from derive.registry import get
        >>> from derive.reverse import derive
        >>> found = mutants(derive(get("dense")))
        >>> print(next(mutant for mutant in found if mutant.kind == "extra 1/N"))
        extra 1/N (dX): dX[i, l] = sum(W[l, j]*dZ[i, j], j)  ->  mean(W[l, j]*dZ[i, j], j)
    """
    found: list[Mutant] = []
    used: dict[str, int] = {}
    for mutation in mutations(derivation):
        changed = mutation.applied(derivation)
        if not _sound(changed, derivation):
            continue
        target = mutation.equation(derivation).target
        name = f"{mutation.kind} ({target})"
        used[name] = used.get(name, 0) + 1
        if used[name] > 1:
            name = f"{mutation.kind} ({target}, {used[name]})"
        found.append(Mutant(name, mutation.kind, mutation.describe(derivation), _Compiled(changed), changed))
    return (*found, *behaviours(derivation, compile(derivation)))


def _sound(changed: Derivation, derivation: Derivation) -> bool:
    """Whether changed equations are numbers still, and can be evaluated in some order, recurrences included."""
    if any(e.rhs.has(nan, zoo) for e in changed.combined.equations):
        return False
    try:
        loops = [
            [group.direction for group in program.groups if group.direction]
            for each in (changed, derivation)
            for program in (each.program, each.adjoint)
        ]
    except BackproofError:
        return False
    return loops[:2] == loops[2:]


class _Compiled:
    """Generated code of mutated equations, written when it is first asked for.

    Where no code can be written for what the mutation made of an equation, it is evaluated element by element.
    """

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self._vjp: Gradients | None = None

    def __call__(self) -> Gradients:
        if self._vjp is None:
            function = compile(self.derivation)
            try:
                self._vjp = function.vjp if function.vjp_source else self._evaluated
            except BackproofError:
                self._vjp = self._evaluated
        return self._vjp

    def _evaluated(self, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]) -> dict[str, Any]:
        names = self.derivation.cotangents
        given = {**inputs, **{names[k]: np.asarray(v) for k, v in cotangents.items() if k in names}}
        exact = Exact(self.derivation.combined, given, bits=256)
        return {
            name: np.array([float(exact.value(tensor, at)) for at in np.ndindex(exact.shape(tensor))]).reshape(
                exact.shape(tensor)
            )
            for name, tensor in self.derivation.gradients.items()
        }
