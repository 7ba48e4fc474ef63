"""Index equations as NumPy functions (``function`` and what it stands on), and as exact numbers (``exact``)."""

from numeric.function import Function, compile

__all__ = ["Function", "compile"]
