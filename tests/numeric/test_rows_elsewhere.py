"""Row functions read at one place: a label's element, the diagonal; and a probability less a target."""

from __future__ import annotations

import numpy as np

from derive.registry import declare
from numeric import compile

LABELS = "Z[n, k]\nlabel[n]: int\nP = softmax(Z)\nL = -mean(log(P[i, label[i]]), i)"
DIAGONAL = "S[n, n]\nP = softmax(S)\nL = -mean(log(P[i, i]), i)"


def test_the_logarithm_of_a_label_s_probability_does_not_underflow() -> None:
    # exactly (1600 + log(1 + exp(-1600)) + log(1 + exp(-50)))/2
    found = compile(declare(LABELS)).forward(Z=[[800.0, -800.0], [50.0, 0.0]], label=[1, 0])["L"]
    assert float(found) == 800.0


def test_the_gradient_beside_a_certain_label_is_no_false_zero() -> None:
    dZ = compile(declare(LABELS)).vjp({"Z": [[50.0, 0.0]], "label": [0]})["Z"]
    # mpmath: exp(-50)/(1 + exp(-50))
    np.testing.assert_allclose(dZ, [[-1.9287498479639178e-22, 1.9287498479639178e-22]], rtol=1e-15)


def test_a_diagonal() -> None:
    function = compile(declare(DIAGONAL))
    S = np.diag([50.0, 900.0])
    # mpmath: log(1 + exp(-50))/2; the other term is below 1e-390
    np.testing.assert_allclose(function.forward(S=S)["L"], 9.643749239819589e-23, rtol=1e-15)
    np.testing.assert_allclose(
        function.vjp({"S": S})["S"][0], [-9.643749239819589e-23, 9.643749239819589e-23], rtol=1e-15
    )


def test_the_row_of_another_step_is_left_alone() -> None:
    function = compile(declare("z[T, n]\nP = softmax(z)\ny[t < T, j] = log(pad(P[t - 1, j]) + 1)"))
    z = np.zeros((3, 2))
    np.testing.assert_allclose(function.forward(z=z)["y"], [[0, 0], [np.log(1.5)] * 2, [np.log(1.5)] * 2])


def test_the_probability_of_a_label_less_a_target() -> None:
    function = compile(
        declare("z[n, k], label[n]: int, m[n]: data\nP = softmax(z)\nq[i] = P[i, label[i]]\nL = -sum(m*log(q))")
    )
    dz = function.vjp({"z": np.zeros((2, 4)), "label": [0, 3], "m": [1.0, 2.0]})["z"]
    np.testing.assert_allclose(dz, [[-0.75, 0.25, 0.25, 0.25], [0.5, 0.5, 0.5, -1.5]], rtol=1e-15)
