"""Campaigns: many cases of many operations, in batches, on any number of workers, with a log that can be continued.

A batch is one operation, one stratum, one set of sizes and up to 256 cases.  Its inputs are one vectorised draw; JAX
differentiates the reference for all its cases in one compiled call; the generated function runs once for each case;
the whole gradients are compared at once, and what disagrees goes to ball arithmetic (:mod:`verify.campaign.settling`
says how much of it).  A batch is a pure function of its identity (operation, stratum, sizes, seed, index), so neither
the number of workers nor their order changes a result.

>>> from verify.campaign import campaign
>>> result = campaign(["sigmoid"], 200, seed=1, strata=["ordinary", "ties"])
>>> result.cases, str(result.verdict)
(200, 'agrees')
"""

from verify.campaign.running import campaign
from verify.campaign.summary import Result

__all__ = ["Result", "campaign"]
