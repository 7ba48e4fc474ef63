"""Four checkers side by side on the table of gradients that a verifier has to get right."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from derive.derivation import Derivation
from tests.bench.tables import Section
from tests.verify.judgement import cases_of, evidence_of, objection
from tests.verify.rows import RIGHT, WRONG, Row
from tests.verify.support import derivation_of
from verify.mutants.beside import CheckGrads, GradCheck, Passes
from verify.protocol import Forward, Gradients
from verify.sampling import Case
from verify.verdicts import Verdict


class AutogradCheck:
    """``autograd.test_util.check_grads(f, modes=["rev"], order=1)``, of all differentiated inputs at once."""

    def __init__(
        self, derivation: Derivation, case: Case, forward: Forward | None = None, dtype: Any = np.float64
    ) -> None:
        self._passes = Passes(derivation, case, forward, dtype)

    def rejects(self, vjp: Gradients) -> bool:
        """Whether the checker raises for this gradient."""
        from autograd.extend import defvjp_argnums, primitive
        from autograd.test_util import check_grads

        passes = self._passes
        several = len(passes.outputs) > 1

        @primitive
        def function(*arrays: Any) -> Any:
            found = passes.forward([np.asarray(a) for a in arrays])
            return tuple(found) if several else found[0]

        def pulled(argnums: Sequence[int], answer: Any, arrays: Any, settings: Any) -> Callable[[Any], Any]:
            def pull(seeds: Any) -> Any:
                given = [np.asarray(seed) for seed in (seeds if several else [seeds])]
                found = passes.backward(vjp, [np.asarray(a) for a in arrays], given)
                return tuple(found[k] for k in argnums)

            return pull

        defvjp_argnums(function, pulled)
        arrays = [array.copy() for array in passes.arrays]
        before = np.random.get_state()  # it draws its one direction from NumPy's global generator
        np.random.seed(passes.case.seed)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check_grads(function, tuple(range(len(arrays))), modes=["rev"], order=1)(*arrays)
        except Exception:  # an assertion, or whatever the gradient raised inside
            return True
        finally:
            np.random.set_state(before)
        return False


CHECKERS: Mapping[str, type[CheckGrads] | type[GradCheck] | type[AutogradCheck]] = {
    "gradcheck": GradCheck,
    "check_grads (JAX)": CheckGrads,
    "check_grads (autograd)": AutogradCheck,
}
COLUMNS = ("backproof", *CHECKERS)

QUICK = (
    "bias with the wrong sign",
    "ReLU'(0) = 1/2",
    "zero gradient of a sigmoid at -12 ... -20",
    "dense",
    "ReLU'(0) = 0, as declared",
    "x^2 at 1e9 and larger",
)


def installed() -> tuple[str, ...]:
    """The other checkers that can run here."""
    return tuple(name for name in CHECKERS if name != "gradcheck" or find_spec("torch") is not None)


@dataclass
class Count:
    """At how many seeds a checker rejects a gradient: at any of the row's inputs, and at the first of them."""

    anywhere: int = 0
    first: int = 0

    def add(self, found: Sequence[bool]) -> None:
        self.anywhere += any(found)
        self.first += found[0]


def rejected(checker: str, row: Row, seed: int) -> list[bool]:
    """Whether another checker rejects the row's gradient, at each of the row's inputs."""
    derivation, found = derivation_of(row.operation), []
    for case in cases_of(row, seed):
        vjp, forward = row.implementation()  # a fresh one: it may keep something from call to call
        found.append(CHECKERS[checker](derivation, case, forward, row.dtype).rejects(vjp))
    return found


def counts(row: Row, seeds: int) -> dict[str, Count]:
    """Every checker that is installed, on one row; backproof rejects a wrong gradient only as it is due to the row."""
    found = {name: Count() for name in ("backproof", *installed())}
    for seed in range(seeds):
        as_due = not objection(row, evidence_of(row, seed))
        found["backproof"].add([as_due == (row.verdict is not Verdict.AGREES)])
        for name in installed():
            found[name].add(rejected(name, row, seed))
    return found


def side_by_side(quick: bool = False) -> list[Section]:
    """The wrong gradients, then the right ones: at how many seeds each checker rejects them."""
    judges = ("backproof", *installed())
    wrong, every = _table("Wrong gradients: rejected at so many seeds", WRONG, quick)
    for name in judges:
        caught = sum(found[name].anywhere == seeds for seeds, found in every)
        wrong.summary[f"{name}: rejected at every seed"] = f"{caught} of {len(every)}"
    right, every = _table("Right gradients: rejected at so many seeds", RIGHT, quick)
    for name in judges:
        accepted, gently = (sum(getattr(found[name], at) == 0 for _, found in every) for at in ("anywhere", "first"))
        right.summary[f"{name}: accepted at every seed"] = f"{accepted} of {len(every)}"
        if name != "backproof":
            right.summary[f"{name}: accepted at every seed, first inputs only"] = f"{gently} of {len(every)}"
    return [wrong, right]


def _table(title: str, rows: Sequence[Row], quick: bool) -> tuple[Section, list[tuple[int, dict[str, Count]]]]:
    section, every = Section(title, ["gradient", "seeds", *COLUMNS], note=NOTE), []
    for row in rows:
        if quick and row.name not in QUICK:
            continue
        seeds = min(row.seeds, 2) if quick else row.seeds
        found = counts(row, seeds)
        every.append((seeds, found))
        cells = (str(found[name].anywhere) if name in found else "-" for name in COLUMNS)
        section.rows.append([row.name, str(seeds), *cells])
    return section, every


NOTE = (
    "All four see the same inputs at a seed: the row's own where it has some, else those of each stratum that the row "
    "names, the ordinary ones first. A gradient is rejected if it is at any of them; *first inputs only* leaves out the "
    "other strata. The others get the implementation's own forward where it has one, else the generated one, in the row's "
    "dtype, and run with their defaults (JAX and autograd: reverse mode, order 1); whatever they raise is a rejection. "
    "PyTorch and autograd share their arrays with the implementation, JAX hands it copies. "
    "backproof's counts only with the verdict, argument and place that are due. `-`: gradcheck needs PyTorch."
)
