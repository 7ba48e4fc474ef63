"""The seed that a test run starts from, the same in all its processes.

A test whose verdict must not depend on the draw takes its seeds from here, ``SEED + k``.  A plain run always starts from the
same one, so that a change is judged and not the draw; ``make soak`` draws another for each of its runs.  pytest prints it
at its end, and ``BACKPROOF_TEST_SEED=N`` repeats it.
"""

from __future__ import annotations

import os

VARIABLE = "BACKPROOF_TEST_SEED"
SEED = int(os.environ.setdefault(VARIABLE, "20"))
