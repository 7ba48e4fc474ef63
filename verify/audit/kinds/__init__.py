"""The kinds of claims.  A module is a kind: ``REQUIRED`` and ``OPTIONAL`` keys, ``said(check)`` and ``judge(check)``."""
