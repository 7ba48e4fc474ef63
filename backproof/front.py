"""The public verbs: each takes an operation, its name, or the text that declares it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derive.derivation import Derivation
from derive.operation import Operation
from derive.program import Program
from derive.registry import declare, get

if TYPE_CHECKING:
    from numeric import Function
    from verify import Evidence
    from verify.mutants import KillTable
    from verify.oracle import Check, FormulaCheck
    from verify.protocol import Gradients

Differentiable = Operation | Program | str | Path
Names = str | Iterable[str] | None


def operation(what: Operation | str | Path) -> Operation:
    """The operation meant: itself, by name, by name with options, by a file, or by its declaration.

    >>> operation("sigmoid").name
    'sigmoid'
    >>> operation("x[n]; y = x**2").program.outputs
    ('y',)

    Raises ``UnknownOperation`` for a name that nobody declared, ``DeclarationError`` for text that is no declaration.
    """
    if isinstance(what, Operation):
        return what
    if isinstance(what, Path):
        return declare(what, name=what.stem)
    name, _, options = what.partition(":")
    if name.isidentifier():
        return get(name, **_options(options))
    return declare(what, name="operation")


def _options(text: str) -> dict[str, str]:
    """``"activation=relu,reduction=sum"`` as a dictionary."""
    from derive.errors import DerivationError

    options: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip().isidentifier() or not value.strip():
            raise DerivationError(f"an option is written name=value (mlp:activation=relu), got {part!r}")
        options[key.strip()] = value.strip()
    return options


def names(given: Names) -> tuple[str, ...] | None:
    """One name, several, or None for the default; ``"W, b"`` counts as two.

    >>> names("W, b")
    ('W', 'b')
    """
    if given is None:
        return None
    parts = given.split(",") if isinstance(given, str) else given
    return tuple(part.strip() for part in parts if part.strip())


def _subject(what: Differentiable) -> Operation | Program:
    return what if isinstance(what, Program) else operation(what)


def derive(what: Differentiable, of: Names = None, wrt: Names = None) -> Derivation:
    r"""The gradient :math:`\partial \langle \bar y, y \rangle / \partial x` of an operation, derived symbolically.

    ``of`` names the outputs that are differentiated (default: all), ``wrt`` the inputs (default: every real input that
    is not marked ``data``).  A scalar output has cotangent 1; for any other ``Y`` the result contains the cotangent
    ``dY``.  The gradient of ``X`` has the shape of ``X``.  Source: reverse mode, Linnainmaa 1970; the rule is stated
    in ``derive.reverse``.

    >>> derive("dense").gradients["W"]
    'dW'

    Raises ``DerivationError`` where the engine knows no rule, or for a name that the operation does not have.
    """
    from derive.reverse import derive as reverse

    return reverse(_subject(what), of=names(of), wrt=names(wrt))


def jvp(what: Differentiable, wrt: Names = None) -> Derivation:
    r"""The directional derivative :math:`\dot y = \sum_x (\partial y / \partial x)\, \dot x` (forward mode).

    In the result ``cotangents`` maps each input to the tangent that a caller gives, ``gradients`` each output to its
    tangent.

    >>> print(jvp("sigmoid"))
    a_dot = (1 - a)*a*z_dot

    Raises ``DerivationError`` as :func:`derive` does.
    """
    from derive.forward import jvp as forward

    return forward(_subject(what), wrt=names(wrt))


def jacobian(what: Differentiable, of: str | None = None, wrt: str | None = None) -> Derivation:
    r"""The Jacobian :math:`J_{a,b} = \partial y_a / \partial x_b` of one output in one input, with symbolic sizes.

    The axes of the output come first.  Raises ``DerivationError`` as :func:`derive` does, and where ``of`` or ``wrt``
    leave a choice.

    >>> print(jacobian("dense", wrt="b"))
    J_Z_b[r, q, j] = [j == q]
    """
    from derive.second import jacobian as full

    return full(_subject(what), of=of, wrt=wrt)


def hessian(what: Differentiable, of: str | None = None, wrt: Names = None) -> Derivation:
    r"""The Hessian :math:`H_{a,b} = \partial^2 L / \partial x_a \partial x_b` of a scalar output.

    ``wrt`` is one input, or two for a mixed block (``"w, b"``).

    >>> print(hessian("logistic_regression", wrt="w"))
    J_dw_w = ...X...X.../n

    Raises ``DerivationError`` when ``of`` is not a scalar, and as :func:`derive` does.
    """
    from derive.second import hessian as second

    return second(_subject(what), of=of, wrt=names(wrt))


def compile(what: Differentiable | Derivation, wrt: Names = None) -> Function:
    """The NumPy functions of an operation: ``.forward(**inputs)``, ``.vjp(inputs, cotangents)`` and their ``.source``.

    >>> import numpy as np
    >>> square = compile("x[n]; y = sum(x[i]**2, i)")
    >>> square.vjp({"x": np.array([1.0, 2.0])})["x"]
    array([2., 4.])

    Arrays keep their dtype; a wrong shape raises ``ValueError`` that names the argument, what it needs and what it got.
    """
    from numeric import compile as generate

    return generate(what if isinstance(what, Derivation) else _subject(what), wrt=names(wrt))


def verify(what: Operation | str | Path, **settings: Any) -> Evidence:
    """Check an operation's derived gradient against every witness; settings are those of :func:`verify.verify`.

    The verdict (``evidence.verdict``) is one of *agrees, wrong formula, protocol, wrong convention, inaccurate, outside
    the domain, cannot decide*; ``evidence.ok`` is true for *agrees* only.
    """
    from verify import verify as judge

    return judge(operation(what), **settings)


def check_gradient(what: Operation | str | Path, vjp: Gradients, **settings: Any) -> Evidence:
    """Judge anybody's gradient of an operation; settings are those of :func:`verify.check_gradient`.

    ``vjp(inputs, cotangents)`` returns the gradient of each differentiated input by name, ``cotangents`` are by output
    name (none for a scalar).  ``forward=`` has the forward judged too, ``strata=["ordinary"]`` restricts the inputs,
    ``inputs=`` and ``cotangents=`` judge at one point, ``seed=`` repeats a run.

    >>> def backward(inputs, cotangents):
    ...     return {"z": cotangents["a"] * (inputs["z"] >= 0)}
    >>> evidence = check_gradient("relu", backward)
    >>> [row.finding for row in evidence.faults]
    ['wrong convention in zeros']

    Raises ``KeyError`` for an unknown stratum, ``ShapeError`` for inputs that do not fit.
    """
    from verify import check_gradient as judge

    return judge(operation(what), vjp, **settings)


def check(implementation: Any, against: Operation | str | Path, **settings: Any) -> Check:
    """Judge anybody's implementation of an operation, and name the mistake; settings: :func:`verify.oracle.check`.

    A NumPy function (forward or backward), a pair ``(forward, backward)``, an object or class with ``forward`` and ``backward``,
    a JAX function, or a PyTorch function or module.  ``arguments={"weights": "W"}`` says what a parameter stands for where its
    name does not; arrays that lie otherwise are recognised by their shapes, or ``layouts={"W": "k d"}`` says how.

    >>> def softmax_backward(dout, z):
    ...     import numpy as np
    ...     p = np.exp(z)/np.exp(z).sum(-1, keepdims=True)
    ...     return p*dout
    >>> found = check(softmax_backward, "softmax", strata=["ordinary"])
    >>> found.ok, found.causes[0].kinds
    (False, ('function for its derivative',))

    Raises ``MappingError`` where it cannot be told what a parameter or a result means.
    """
    from verify.oracle import check as judge

    return judge(implementation, operation(against), **settings)


def check_formula(formula: str, gradient: str, of: Operation | str | Path, **settings: Any) -> FormulaCheck:
    """Judge a gradient that somebody wrote down, in the names of an operation; settings: ``seed``, ``seconds``.

    >>> check_formula("dZ @ W", "dL/dX", "dense").rearranged
    'dZ @ W.T'

    Raises ``DeclarationError`` for a formula that cannot be understood, ``DerivationError`` where there is no such gradient.
    """
    from verify.oracle import check_formula as judge

    return judge(formula, gradient, operation(of), **settings)


def vectors(what: Operation | str | Path, out: str | Path, **settings: Any) -> list[Path]:
    """Write golden values of an operation into the directory ``out``; settings: :func:`verify.vectors.write_vectors`.

    ``forms`` are any of ``npz``, ``json``, ``safetensors``; ``dtypes`` any of ``float64``, ``float32``, ``bfloat16``.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = vectors("relu", Path(folder, "relu"), forms=["npz"], dtypes=["float32"], strata=["zeros"], seed=1)
    ...     [file.name for file in files]
    ['README.md', 'manifest.json', 'zeros.0.float32.npz']

    Raises ``VectorsError`` (a ``BackproofError``) where a form or a dtype is unknown, or the directory is there already.
    """
    from verify.vectors import write_vectors

    return write_vectors(operation(what), out, **settings)


def gradient_cases(
    what: Operation | str | Path, **settings: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Feed a test function cases of an operation, drawn by hypothesis; settings: :func:`verify.testing.gradient_cases`.

    A case has ``inputs``, ``cotangents``, the true gradients ``expected``, the name of its ``stratum``, and
    ``check(gradients)``, which fails with a verdict.  ``strata=["ordinary", "zeros"]`` restricts the inputs.

    >>> @gradient_cases("relu", strata=["ordinary", "zeros"])
    ... def test_my_relu(case):
    ...     case.check({"z": case.cotangents["a"] * (case.inputs["z"] > 0)})
    >>> test_my_relu()

    Raises ``KeyError`` for an unknown stratum.
    """
    from verify.testing import gradient_cases as feed

    return feed(operation(what), **settings)


def mutants(what: Operation | str | Path, **settings: Any) -> KillTable:
    """Wrong gradients of an operation and who notices them; settings are those of :func:`verify.mutants.kill_table`.

    ``table.ok`` says whether the verifier notices every mutant that is not proven equivalent.

    >>> table = mutants("relu", seed=1, beside=())
    >>> table.ok, [outcome.mutant.name for outcome in table.of("equivalent")]
    (True, ['derivative at the output (dz)'])
    """
    from verify.mutants import kill_table

    return kill_table(operation(what), **settings)


def analyse(what: Operation | str | Path, analysis: str, **settings: Any) -> Any:
    """What follows from an operation beyond its gradient, derived and checked; ``str()`` of it says what was found.

    ``analysis`` is *cost* (a :class:`numeric.cost.Cost`), *hessian* (``of``, ``wrt``, ``points``), *stability* (``at``,
    ``rate``), *hypergradient* (``of``, ``wrt``), *recurrence* or *saturation*; the reports of the last five are those of
    ``verify.analyses``, whose ``agrees`` says whether every check held, and take a ``seed``.

    >>> analyse("gradient_descent", "stability").range
    '0 < alpha < 2/lambda'
    >>> analyse("sigmoid", "price")
    Traceback (most recent call last):
    ...
    verify.analyses.AnalysisError: there is no analysis 'price'; choose from: cost, hessian, ...

    Raises ``AnalysisError`` (a ``BackproofError``) for an analysis or a setting that there is not, ``DerivationError``
    where an analysis does not apply.
    """
    found = operation(what)
    if analysis == "cost" and not settings:
        from numeric import compile as generate
        from numeric.cost import cost

        return cost(generate(found))
    from verify.analyses import analyse as run

    several = {name: names(value) if name == "wrt" else value for name, value in settings.items()}
    return run(found, analysis, **several)
