"""The printed gradients against the textbook forms, and their lengths (issue: at most 200 characters a line)."""

from __future__ import annotations

import pytest

from derive.registry import declare, get, names
from derive.reverse import derive
from tests.derive.support import derived

# Sources: Bishop 2006 (4.88, 4.91, 4.109, 5.53-5.54), Goodfellow et al. 2016 (6.5), Ba et al. 2016, and for attention
# the product rule of matrices with the softmax Jacobian diag(p) - p p^T.
THETA = (
    "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\ndtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
)
START = "dtheta0[j] = dtheta_total[-1, j]"
FORMS = {
    "identity": "dz = da",
    "sigmoid": "dz = (1 - a)*a*da",
    "tanh": "dz = (1 - a**2)*da",
    "relu": "dz = [z > 0]*da",
    "binary_step": "dz = 0",
    "softmax": "dz = a*(da - rowsum(a*da))",
    "log_softmax": "dz = da - exp(a)*rowsum(da)",
    "dense": "dX = dZ @ W.T\ndW = X.T @ dZ\ndb = colsum(dZ)",
    "mse": "dyhat = 2*(yhat - y)/(k*n)",
    "half_mse": "dyhat = (yhat - y)/n",
    "squared_error": "dyhat = 2*(yhat - y)",
    "bce": "dp = (p - y)/(n*(1 - p)*p)",
    "bce_with_logits": "dz = (p - y)/n",
    "softmax_cross_entropy": "dZ = (P - Y)/n",
    "least_squares": "dZ = (Z - Y)/n\ndX = dZ @ W.T\ndW = X.T @ dZ",
    "logistic_regression": "dz = (p - y)/n\ndX = outer(dz, w)\ndw = X.T @ dz\ndb = sum(dz)",
    "l2": "dW = W*lam",
    "scaled_dot_product_attention": (
        "dS = (dO @ V.T - rowsum(O*dO))*P\ndQ = dS @ K/sqrt(d)\ndK = dS.T @ Q/sqrt(d)\ndV = P.T @ dO"
    ),
    "mlp": (
        "dZ2 = (1 - A2)*A2*(A2 - Y)/n\ndZ1 = (1 - A1)*A1*(dZ2 @ W2.T)\ndX = dZ1 @ W1.T\ndW1 = X.T @ dZ1\n"
        "db1 = colsum(dZ1)\ndW2 = A1.T @ dZ2\ndb2 = colsum(dZ2)"
    ),
    # Rosenblatt 1958 with a smooth activation
    "perceptron": "dz = (1 - a)*a\ndx = dz*w\ndw = dz*x\ndb = dz",
    # Ba et al. 2016, and the derivation of batch normalisation in Ioffe and Szegedy 2015, section 3
    "layer_norm": (
        "dxhat = dy*gamma\ndx = (dxhat - rowmean(dxhat) - xhat*rowmean(dxhat*xhat))/sqrt(eps + var[:, None])\n"
        "dgamma = colsum(dy*xhat)\ndbeta = colsum(dy)"
    ),
    # Dumoulin and Visin 2016: the input's gradient is a transposed convolution
    "conv2d": (
        "dx[m, g, i, j] = sum(K[f, g, p, q]*dy[m, f, k, l]*[i == k*stride + p*dilation - padding]"
        "*[j == l*stride + q*dilation - padding], k, p, l, q, f)\n"
        "dK[f, g, p, q] = sum(pad(x[m, g, i*stride + p*dilation - padding, j*stride + q*dilation - padding])"
        "*dy[m, f, i, j], i, j, m)\n"
        "db[f] = sum(dy[m, f, i, j], j, i, m)"
    ),
    # Werbos 1990: errors run backwards
    "rnn": (
        "dh[t, i, j] = sum(pad(dz[t + 1, i, k])*W_hh[j, k], k) + sum(W_hy[j, k]*dy[t, i, k], k)\n"
        "dz[t, i, j] = dh[t, i, j]*(1 - h[t, i, j]**2)\n"
        "dh[-1, i, j] = sum(pad(dz[0, i, k])*W_hh[j, k], k)\n"
        "dX[t, i, k] = sum(W_xh[k, j]*dz[t, i, j], j)\n"
        "dh0[i, j] = dh[-1, i, j]\n"
        "dW_xh[k, j] = sum(X[t, i, k]*dz[t, i, j], i, t)\n"
        "dW_hh[k, j] = sum(dz[t, i, j]*h[t - 1, i, k], i, t)\n"
        "db_h[j] = sum(dz[t, i, j], i, t)\n"
        "dW_hy[j, k] = sum(dy[t, i, k]*h[t, i, j], i, t)\n"
        "db_y[k] = sum(dy[t, i, k], i, t)"
    ),
    # Polyak 1964 and Kingma and Ba 2015 state the steps; these are their adjoints, run backwards
    "gradient_descent": THETA + "dg = -alpha*dtheta_total\n" + START,
    "momentum": (THETA + "dv[t, j] = pad(dv[t + 1, j])*beta - alpha*dtheta_total[t, j]\ndg = (1 - beta)*dv\n" + START),
    "adam": (
        THETA + "dv[t, j] = pad(dv[t + 1, j])*beta2 + alpha*dtheta_total[t, j]*mhat[t, j]"
        "/(2*(1 - beta2**(t + 1))*(sqrt(vhat[t, j]) + eps)**2*sqrt(vhat[t, j]))\n"
        "dm[t, j] = pad(dm[t + 1, j])*beta1 - alpha*dtheta_total[t, j]/((1 - beta1**(t + 1))*(sqrt(vhat[t, j]) + eps))\n"
        "dg = (1 - beta1)*dm + 2*(1 - beta2)*dv*g\n" + START
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_textbook_form(name: str) -> None:
    assert str(derived(name)) == FORMS[name]


def test_every_operation_has_its_form() -> None:
    assert FORMS.keys() == set(names())


@pytest.mark.parametrize("name", names())
def test_lengths(name: str) -> None:
    text = str(derived(name))
    assert all(len(line) <= 200 for line in text.split("\n"))
    assert len(text) <= 800


# SymPy orders the sides of a relation by name; print has what varies on the left, numbers and sizes on the right.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x[n]\ny[i] = where(0 < x[i], x[i], 0)", "dx = [x > 0]*dy"),
        ("x[T]\ny[t] = where(T > t + 1, x[t], 0)", "dx[t] = dy[t]*[t + 1 < T]"),
        ("x[n]\ny[i] = where(n - 1 == i, x[i], 0)", "dx[i] = dy[n - 1]*[i == n - 1]"),
    ],
)
def test_brackets_have_the_size_on_the_right(text: str, expected: str) -> None:
    assert str(derive(declare(text))) == expected


# Other tools return 0 for these (SymPy's matrix derivatives of a sum of traces among them).
SILENT_ZEROS = {
    "A[n, n], B[n, n], X[n, n]\nL = sum(A[i, j]*X[j, i]) + sum(B[i, j]*X[j, i])": ("X", "dX = A.T + B.T"),
    "x[n], w[n]\nL = log(sum(w*x))": ("x", "dx = w/(w @ x)"),
    "x[n], c\nL = sum(x) + c": ("x", "dx = 1"),
    "x[n], c[n]\nL = sum(c)": ("x", "dx = 0"),
}


@pytest.mark.parametrize("text", SILENT_ZEROS)
def test_terms_that_other_tools_lose(text: str) -> None:
    wrt, expected = SILENT_ZEROS[text]
    assert str(derive(declare(text), wrt=wrt)).split("\n")[-1] == expected


def test_an_input_that_does_not_matter_has_a_stated_reason() -> None:
    derivation = derive(declare("x[n], c[n]\nL = sum(c)"), wrt="x")
    assert any("x" in step.because and step.after == 0 for step in derivation.steps if step.target == "dx")


def test_the_rnn_text_does_not_depend_on_the_number_of_steps() -> None:
    symbolic = str(derived("rnn"))
    for steps in (3, 5, 9):
        fixed = str(derive(declare(get("rnn").text.replace("X[T,", f"X[{steps},"))))
        # With steps there surely is a first one, so that its guard goes; nothing else changes.
        assert fixed == symbolic.replace("pad(dz[0, i, k])*W_hh[j, k]", "W_hh[j, k]*dz[0, i, k]")
    assert "2" not in symbolic.replace("**2", "")
