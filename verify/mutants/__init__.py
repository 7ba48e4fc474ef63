"""Wrong gradients made from a right derivation: the test that the verifier itself has to pass.

``mutants(derivation)`` writes every plausible mistake into the derived equations, or around the function generated from
them; ``kill_table(operation)`` lets the verifier judge them all, proves by ball arithmetic that what survives is no
mistake, and shows what ``check_grads`` and ``gradcheck`` say to the same mutants.

>>> from verify.mutants import kill_table
>>> table = kill_table("relu", seed=1, beside=())
>>> [str(outcome) for outcome in table.of("equivalent")]
['equivalent (proven at ... points)']
>>> table.of("equivalent")[0].mutant.description
'dz[i] = da[i]*[z[i] > 0]  ->  da[i]*[a[i] > 0]'
"""

from verify.mutants.beside import installed
from verify.mutants.equivalence import Equality
from verify.mutants.generate import mutants
from verify.mutants.judging import Kill, Trial
from verify.mutants.mutation import Mutant
from verify.mutants.table import ALIVE, EQUIVALENT, KILLED, KillTable, Outcome, kill_table

__all__ = [
    "ALIVE",
    "EQUIVALENT",
    "KILLED",
    "Equality",
    "Kill",
    "KillTable",
    "Mutant",
    "Outcome",
    "Trial",
    "installed",
    "kill_table",
    "mutants",
]
