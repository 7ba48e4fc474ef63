"""The seed that a test run starts from: a fresh one every time, the same in all its processes.

A test whose verdict must not depend on the draw takes its seeds from here, ``SEED + k``.  pytest prints it at its end,
and ``BACKPROOF_TEST_SEED=N`` repeats it.
"""

from __future__ import annotations

import os
import random

VARIABLE = "BACKPROOF_TEST_SEED"
# Set for the workers, which are started later.
SEED = int(os.environ.setdefault(VARIABLE, str(random.randrange(10**6))))
