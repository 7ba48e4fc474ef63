"""Tests of the project as a whole: packaging, imports, the command line, the README."""
