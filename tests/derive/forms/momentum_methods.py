"""Polyak 1964, Sutskever et al. 2013: these are the adjoints of the steps, run backwards."""

FORMS = {
    "sgd": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dg[t, i, j] = -alpha*dtheta_total[t, j]/b\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "heavy_ball": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dv[t, j] = pad(dv[t + 1, j])*beta - alpha*dtheta_total[t, j]\n"
        "dg = dv\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "nesterov": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dv[t, j] = beta*(pad(dv[t + 1, j]) - alpha*dtheta_total[t, j])\n"
        "dg = dv - alpha*dtheta_total\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "nesterov_lookahead": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dphi[t, j] + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dv[t, j] = beta*dphi[t, j] + pad(dv[t + 1, j])*beta + dtheta_total[t, j]\n"
        "dg = -alpha*dv\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
}
