"""Index equations as NumPy functions, and as exact numbers."""
