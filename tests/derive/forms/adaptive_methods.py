"""The steps are published; these are their adjoints, run backwards."""

FORMS = {
    "adagrad": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "ds[t, j] = pad(ds[t + 1, j]) + alpha*dtheta_total[t, j]*g[t, j]/(2*(eps + s[t, j])**(3/2))\n"
        "dg = 2*ds*g - alpha*dtheta_total/sqrt(eps + s)\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "rmsprop": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dv[t, j] = pad(dv[t + 1, j])*rho + alpha*dtheta_total[t, j]*g[t, j]/(2*(eps + v[t, j])**(3/2))\n"
        "dg = 2*(1 - rho)*dv*g - alpha*dtheta_total/sqrt(eps + v)\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "rmsprop_centred": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "du[t, j] = pad(du[t + 1, j])*beta + dtheta_total[t, j]\n"
        "dv[t, j] = pad(dv[t + 1, j])*rho + alpha*du[t, j]*g[t, j]/(2*(eps + v[t, j] - m[t, j]**2)**(3/2))\n"
        "dm[t, j] = pad(dm[t + 1, j])*rho - alpha*du[t, j]*g[t, j]*m[t, j]/(eps + v[t, j] - m[t, j]**2)**(3/2)\n"
        "dg = (1 - rho)*dm + 2*(1 - rho)*dv*g - alpha*du/sqrt(eps + v - m**2)\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "adadelta": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "du[t, j] = pad(du[t + 1, j])*rho + pad(dd[t + 1, j])*pad(g[t + 1, j])/(2*sqrt(pad(v[t + 1, j]) + eps)"
        "*sqrt(eps + u[t, j]))\n"
        "dd[t, j] = 2*d[t, j]*du[t, j]*(1 - rho) - alpha*dtheta_total[t, j]\n"
        "dv[t, j] = pad(dv[t + 1, j])*rho - d[t, j]*dd[t, j]/(2*(eps + v[t, j]))\n"
        "dg[t, j] = sqrt(eps + u[t - 1, j])*dd[t, j]/sqrt(eps + v[t, j]) + 2*dv[t, j]*g[t, j]*(1 - rho)\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "adafactor": (
        "dtheta_total[t, i, j] = pad(dtheta_total[t + 1, i, j]) + dtheta[t, i, j]\n"
        "dtheta_total[-1, i, j] = pad(dtheta_total[0, i, j])\n"
        "du[t, i, j] = -alpha*dtheta_total[t, i, j]\n"
        "dc[t, j] = pad(dc[t + 1, j])*(1 - (t + 2)**(-decay)) - sum(du[t, i, j]*u[t, i, j], i)/(2*c[t, j])\n"
        "dr[t, i] = pad(dr[t + 1, i])*(1 - (t + 2)**(-decay)) + sum(du[t, k, j]*g[t, k, j]/(sqrt(c[t, j])"
        "*sqrt(r[t, k])), j, k)/(2*n*sqrt(q[t])) - sum(du[t, i, j]*u[t, i, j], j)/(2*r[t, i])\n"
        "dg[t, i, j] = sqrt(q[t])*du[t, i, j]/(sqrt(c[t, j])*sqrt(r[t, i])) + 2*(t + 1)**(-decay)*dr[t, i]*g[t,"
        " i, j]/m + 2*(t + 1)**(-decay)*dc[t, j]*g[t, i, j]/n\n"
        "dtheta0[i, j] = dtheta_total[-1, i, j]"
    ),
}
