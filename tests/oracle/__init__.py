"""Tests of the oracle: other people's implementations, right and wrong, and the mistake that it names."""
