"""Recurrent networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from derive.registry import get
from tests.oracle.corpus.bug import Bug, kinds, own, sig

RNN = own(
    "rnn_states",
    "X[T, d], h0[m], Wx[d, m], Wh[m, m], b[m]\n"
    "h[t, j] = tanh(sum(X[t, k]*Wx[k, j], k) + sum(h[t - 1, k]*Wh[k, j], k) + b[j])\nh[-1, j] = h0[j]\noutput(h)",
)
LSTM = own("lstm_with_cell", get("lstm").text + "\noutput(h, c)")
GATES = ("i", "f", "o", "g")


def rnn(X: Any, h0: Any, Wx: Any, Wh: Any, b: Any, dh: Any, carry: Any = lambda d, W: d @ W.T) -> dict[str, Any]:
    H = [h0]
    for x in X:
        H.append(np.tanh(x @ Wx + H[-1] @ Wh + b))
    dWx, dWh, db, later = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b), np.zeros_like(h0)
    for t in reversed(range(len(X))):
        dz = (dh[t] + later) * (1 - H[t + 1] ** 2)
        dWx += np.outer(X[t], dz)
        dWh += np.outer(H[t], dz)
        db += dz
        later = carry(dz, Wh)
    return {"Wx": dWx, "Wh": dWh, "b": db}


def lstm(
    X: Any, h0: Any, c0: Any, weights: dict[str, Any], dh: Any, dc: Any,
    slope: Any = lambda c: 1 - np.tanh(c) ** 2, carry: bool = True,
) -> dict[str, Any]:  # fmt: skip
    W, U, b = ({g: weights[f"{name}_{g}"] for g in GATES} for name in "WUb")
    hs, cs, gates = [h0], [c0], []
    for x in X:
        a = {g: (np.tanh if g == "g" else sig)(x @ W[g] + hs[-1] @ U[g] + b[g]) for g in GATES}
        cs.append(a["f"] * cs[-1] + a["i"] * a["g"])
        hs.append(a["o"] * np.tanh(cs[-1]))
        gates.append(a)
    found = {f"{name}_{g}": np.zeros_like(weights[f"{name}_{g}"]) for name in "WUb" for g in GATES}
    later_h, later_c = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(X))):
        a, c, before = gates[t], cs[t + 1], cs[t]
        dht = dh[t] + later_h
        dct = (0 if dc is None else dc[t]) + later_c + dht * a["o"] * slope(c)
        d = {
            "f": dct * before * a["f"] * (1 - a["f"]),
            "i": dct * a["g"] * a["i"] * (1 - a["i"]),
            "g": dct * a["i"] * (1 - a["g"] ** 2),
            "o": dht * np.tanh(c) * a["o"] * (1 - a["o"]),
        }
        for g in GATES:
            found[f"W_{g}"] += np.outer(X[t], d[g])
            found[f"U_{g}"] += np.outer(hs[t], d[g])
            found[f"b_{g}"] += d[g]
        if carry:
            later_h, later_c = sum(d[g] @ U[g].T for g in GATES), dct * a["f"]
    return found


def _lstm(**options: Any) -> Any:
    use_dc = options.pop("use_dc", False)

    def backward(
        X: Any, h0: Any, c0: Any, W_i: Any, U_i: Any, b_i: Any, W_f: Any, U_f: Any, b_f: Any, W_o: Any, U_o: Any, b_o: Any,
        W_g: Any, U_g: Any, b_g: Any, dh: Any, dc: Any = None,
    ) -> Any:  # fmt: skip
        weights = {
            "W_i": W_i, "U_i": U_i, "b_i": b_i, "W_f": W_f, "U_f": U_f, "b_f": b_f, "W_o": W_o, "U_o": U_o, "b_o": b_o,
            "W_g": W_g, "U_g": U_g, "b_g": b_g,
        }  # fmt: skip
        return lstm(X, h0, c0, weights, dh, dc if use_dc else None, **options)["W_f"]

    return backward


RECURRENT = (
    Bug(
        "rnn-carry-Wh-not-transposed", "datascience.stackexchange.com/q/10545", RNN,
        lambda X, h0, Wx, Wh, b, dh: rnn(X, h0, Wx, Wh, b, dh)["Wx"],
        lambda X, h0, Wx, Wh, b, dh: rnn(X, h0, Wx, Wh, b, dh, carry=lambda d, W: d @ W)["Wx"],
        kinds("transpose"), options={"wrt": ["Wx"]},
    ),
    Bug(
        "lstm-cell-tanh-at-output", "nicklashansen/rnn_lstm_from_scratch#1", "lstm",
        _lstm(), _lstm(slope=lambda c: 1 - np.tanh(np.tanh(c)) ** 2),
        kinds("derivative at the output"), options={"wrt": ["W_f"]},
    ),
    Bug(
        "lstm-carry-never-updated", "CaptainE/RNN-LSTM-in-numpy#1", "lstm",
        _lstm(), _lstm(carry=False), kinds("recurrent term missing"), options={"wrt": ["W_f"]},
    ),
    Bug(
        "lstm-final-cell-grad-ignored", "deeplearning4j/deeplearning4j#8838", LSTM,
        _lstm(use_dc=True), _lstm(), kinds("cotangent ignored"), options={"wrt": ["W_f"]},
    ),
)  # fmt: skip
