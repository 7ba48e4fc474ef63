"""The steps are published; these are their adjoints, run backwards."""

FORMS = {
    "gradient_descent": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dg = -alpha*dtheta_total\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "momentum": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dv[t, j] = pad(dv[t + 1, j])*beta - alpha*dtheta_total[t, j]\n"
        "dg = (1 - beta)*dv\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "adam": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dv[t, j] = pad(dv[t + 1, j])*beta2 + alpha*dtheta_total[t, j]*mhat[t, j]/(2*(1 - beta2**(t + 1))"
        "*(sqrt(vhat[t, j]) + eps)**2*sqrt(vhat[t, j]))\n"
        "dm[t, j] = pad(dm[t + 1, j])*beta1 - alpha*dtheta_total[t, j]/((1 - beta1**(t + 1))*(sqrt(vhat[t, j]) +"
        " eps))\n"
        "dg = (1 - beta1)*dm + 2*(1 - beta2)*dv*g\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
}
