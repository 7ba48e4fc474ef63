"""Worked examples: numbers plugged into an operation, forward and backward, every printed digit right.

``reading`` reads the file, ``working`` computes, ``update`` makes one step of an optimizer, ``plugging`` writes formulas
with numbers, ``terminal`` and ``paper`` show the result.
"""

from reports.worked.working import Worked, work

__all__ = ["Worked", "work"]
