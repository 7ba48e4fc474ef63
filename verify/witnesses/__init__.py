"""Witnesses of a gradient, each independent of the engine that derived it: autodiff, differences, balls, fractions."""
