"""The kinds of claims.  A module is a kind: ``REQUIRED`` and ``OPTIONAL`` keys, and ``judge(check)``."""
