"""The language, reverse mode on index equations, simplification, matrix form and steps.

``nodes`` and ``program`` are the representation; ``syntax``, ``lower``, ``ranges``, ``builder``, ``read`` and
``calls`` read declarations; ``registry`` and ``catalog`` hold the operations; ``reverse`` and its helpers derive.
Imports SymPy and
the standard library only.
"""
