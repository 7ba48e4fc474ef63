"""First-class named functions (sigmoid, softplus, relu ...): made from elementwise operations, never typed in.

Their derivative is taken by SymPy from the definition and folded back into named functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

from sympy import Expr, Function, Symbol
from sympy.core.function import ArgumentIndexError

from derive.scalar import derivative, in_exponential


class NamedFunction(Function):
    """An elementwise function with a name and a definition.

    ``parameters`` are the symbols of the definition ``body``; :meth:`definition` puts the arguments in.
    """

    parameters: ClassVar[tuple[Symbol, ...]] = ()
    body: ClassVar[Expr]
    is_extended_real = True
    _known: ClassVar[dict[tuple[str, tuple[Symbol, ...], Expr], type[NamedFunction]]] = {}
    _derivatives: ClassVar[dict[int, Expr]] = {}

    def definition(self) -> Expr:
        """The defining expression in this call's arguments (one level: other named functions stay)."""
        return type(self).body.xreplace(dict(zip(type(self).parameters, self.args, strict=True)))

    @classmethod
    def derivative_body(cls, position: int) -> Expr:
        """The folded derivative in one parameter, as an expression of the parameters."""
        known = cls.__dict__["_derivatives"]
        if position not in known:
            call = cls(*cls.parameters)
            known[position] = derivative(call, cls.body, cls.parameters[position], foldable_functions())
        result: Expr = known[position]
        return result

    def fdiff(self, argindex: int = 1) -> Expr:
        if not 1 <= argindex <= len(self.args):
            raise ArgumentIndexError(self, argindex)
        body = type(self).derivative_body(argindex - 1)
        return body.xreplace(dict(zip(type(self).parameters, self.args, strict=True)))


def named_function(name: str, parameters: Sequence[Symbol], body: Expr) -> type[NamedFunction]:
    """The class for a name and a definition; the same triple always gives the same class."""
    key = (name, tuple(parameters), body)
    if key not in NamedFunction._known:
        members: dict[str, Any] = {
            "parameters": tuple(parameters),
            "body": body,
            "nargs": len(parameters),
            "_derivatives": {},
            "__doc__": f"{name}({', '.join(map(str, parameters))}) = {body}",
        }
        NamedFunction._known[key] = type(name, (NamedFunction,), members)
    return NamedFunction._known[key]


def named_functions() -> list[type[NamedFunction]]:
    """The named functions made so far, in a fixed order."""
    return sorted(NamedFunction._known.values(), key=lambda f: (f.__name__, str(f.body)))


def foldable_functions() -> tuple[type[NamedFunction], ...]:
    """The functions of one number that derivatives are folded into: those of the catalog, whatever was read before."""
    from derive.registry import declarations

    # Read only what may be rational in an exponential: the text says that quickly.
    texts = ((d.name, d.text) for d in declarations())
    names = tuple(n for n, t in texts if "[...]" in t and "exp(" in t and not any(w in t for w in ("where", "log(")))
    return _rational_in_exponential(names)


@lru_cache(maxsize=8)
def _rational_in_exponential(names: tuple[str, ...]) -> tuple[type[NamedFunction], ...]:
    from derive.registry import get

    found = [f for name in names if (f := get(name).function) is not None and len(f.parameters) == 1]
    return tuple(f for f in sorted(found, key=lambda f: f.__name__) if in_exponential(f.body, f.parameters[0]))
