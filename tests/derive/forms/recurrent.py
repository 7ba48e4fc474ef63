"""Werbos 1990: errors run backwards."""

FORMS = {
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
}
