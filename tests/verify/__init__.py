"""Tests of the verifier: it has to be right about wrong gradients and about right ones."""
