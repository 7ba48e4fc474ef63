"""``u - P*sum(u)`` with a softmax P: what the rule takes, what it leaves alone, and what it brings."""

from __future__ import annotations

import numpy as np
import pytest

from derive.registry import declare, get
from numeric import compile


@pytest.mark.parametrize(
    ("difference", "taken"),
    [
        ("u[i, j] - P[i, j]*sum(u[i, k], k)", True),
        ("u[i, j] - P[i, j]*sum(u[i, j], k < n)", False),  # n times the entry itself
        ("u[i, j] - P[i, j]*sum(u[k, j], k)", False),  # a column
        ("u[i, j] - P[i, j]*sum(v[i, k], k)", False),  # another tensor
        ("u[i, j] - 2*P[i, j]*sum(u[i, k], k)", False),
        ("u[i, j] - P[i, j]*sum(u[i, k]**2, k)", False),
    ],
)
def test_only_the_total_of_the_same_row(difference: str, taken: bool) -> None:
    function = compile(declare(f"z[m, n], u[m, n], v[m, n]\nP = softmax(z)\ny[i, j] = {difference}\noutput(y)"))
    assert ("less_share(" in function.forward_text.source) is taken
    rng = np.random.default_rng(2)
    z, u, v = (rng.standard_normal((3, 3)) for _ in range(3))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    i, j, k = np.ogrid[:3, :3, :3]
    inside = difference.partition("sum(")[2].rpartition(",")[0]
    total = eval(inside, {"u": u, "v": v, "i": i, "j": j, "k": k}) + np.zeros((3, 3, 3))
    expected = u - (2 if "2*P" in difference else 1) * p * total.sum(2)
    np.testing.assert_allclose(function.forward(z=z, u=u, v=v)["y"], expected, rtol=1e-13)


def test_the_gradient_of_a_confident_log_softmax() -> None:
    # d log P_0/dz = (1, 0) - P; 1 - P_0 is e^-40 to the first order
    z, da = np.array([[0.0, -40.0]]), np.array([[1.0, 0.0]])
    np.testing.assert_allclose(
        compile(get("log_softmax")).vjp({"z": z}, {"a": da})["z"], [[1, -1]] * np.exp([-40.0]), rtol=1e-15
    )
