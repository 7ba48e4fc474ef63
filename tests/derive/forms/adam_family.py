"""The steps are published; these are their adjoints, run backwards."""

FORMS = {
    "adamax": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "du[t, j] = pad(du[t + 1, j])*beta2*[abs(g[t + 1, j]) + eps <= beta2*u[t, j]] + alpha*dtheta_total[t, j]"
        "*m[t, j]/((1 - beta1**(t + 1))*u[t, j]**2)\n"
        "dm[t, j] = pad(dm[t + 1, j])*beta1 - alpha*dtheta_total[t, j]/((1 - beta1**(t + 1))*u[t, j])\n"
        "dg[t, j] = dm[t, j]*(1 - beta1) + du[t, j]*sign(g[t, j])*[abs(g[t, j]) + eps > beta2*u[t - 1, j]]\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "nadam": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dmhat = -alpha*dtheta_total/(sqrt(vhat) + eps)\n"
        "dv[t, j] = pad(dv[t + 1, j])*beta2 + alpha*dtheta_total[t, j]*mhat[t, j]/(2*(1 - beta2**(t + 1))"
        "*(sqrt(vhat[t, j]) + eps)**2*sqrt(vhat[t, j]))\n"
        "dm[t, j] = beta1*(dmhat[t, j]/(1 - beta1**(t + 2)) + pad(dm[t + 1, j]))\n"
        "dg[t, j] = dm[t, j]*(1 - beta1) + dmhat[t, j]*(1 - beta1)/(1 - beta1**(t + 1)) + 2*dv[t, j]*g[t, j]*(1"
        " - beta2)\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "amsgrad": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])\n"
        "dvhat[t, j] = pad(dvhat[t + 1, j])*[v[t + 1, j] <= vhat[t, j]] + alpha*dtheta_total[t, j]*m[t, j]/(2"
        "*(sqrt(vhat[t, j]) + eps)**2*sqrt(vhat[t, j]))\n"
        "dv[t, j] = dvhat[t, j]*[v[t, j] > vhat[t - 1, j]] + pad(dv[t + 1, j])*beta2\n"
        "dm[t, j] = pad(dm[t + 1, j])*beta1 - alpha*dtheta_total[t, j]/(sqrt(vhat[t, j]) + eps)\n"
        "dg = (1 - beta1)*dm + 2*(1 - beta2)*dv*g\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "adamw": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j])*(1 - alpha*lam) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])*(1 - alpha*lam)\n"
        "dv[t, j] = pad(dv[t + 1, j])*beta2 + alpha*dtheta_total[t, j]*mhat[t, j]/(2*(1 - beta2**(t + 1))"
        "*(sqrt(vhat[t, j]) + eps)**2*sqrt(vhat[t, j]))\n"
        "dm[t, j] = pad(dm[t + 1, j])*beta1 - alpha*dtheta_total[t, j]/((1 - beta1**(t + 1))*(sqrt(vhat[t, j]) +"
        " eps))\n"
        "dg = (1 - beta1)*dm + 2*(1 - beta2)*dv*g\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "lion": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j])*(1 - alpha*lam) + dtheta[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j])*(1 - alpha*lam)\n"
        "dg = 0\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
    "lamb": (
        "dtheta_total[t, j] = pad(dtheta_total[t + 1, j]) + pad(dr[t + 1, j])*lam + pad(dp[t + 1])*theta[t,"
        " j]/pad(p[t + 1]) + dtheta[t, j]\n"
        "dtrust[t] = -alpha*sum(dtheta_total[t, j]*r[t, j], j)\n"
        "dq[t] = -dtrust[t]*p[t]*[p[t] > 0]*[q[t] > 0]/q[t]**2\n"
        "dp[t] = dtrust[t]*[p[t] > 0]*[q[t] > 0]/q[t]\n"
        "dr[t, j] = dq[t]*r[t, j]/q[t] - alpha*trust[t]*dtheta_total[t, j]\n"
        "dtheta_total[-1, j] = pad(dtheta_total[0, j]) + pad(dr[0, j])*lam + pad(dp[0])*theta[-1, j]/pad(p[0])\n"
        "dv[t, j] = pad(dv[t + 1, j])*beta2 - dr[t, j]*mhat[t, j]/(2*(1 - beta2**(t + 1))*(sqrt(vhat[t, j]) +"
        " eps)**2*sqrt(vhat[t, j]))\n"
        "dm[t, j] = dr[t, j]/((1 - beta1**(t + 1))*(sqrt(vhat[t, j]) + eps)) + pad(dm[t + 1, j])*beta1\n"
        "dg = (1 - beta1)*dm + 2*(1 - beta2)*dv*g\n"
        "dtheta0[j] = dtheta_total[-1, j]"
    ),
}

KINKS = {
    "adamax": [
        "The derivative of abs(g[t, j]) at 0 is 0.",
        "At a tie of max(beta2*u[t - 1, j], abs(g[t, j]) + eps) the first argument takes the whole cotangent.",
    ],
    "amsgrad": ["At a tie of max(vhat[t - 1, j], v[t, j]) the first argument takes the whole cotangent."],
    "lion": ["The derivative of sign(c[t, j]) is 0, at 0 too."],
    "lamb": ["Where the condition p[t] > 0 and q[t] > 0 changes, the derivative is that of the branch taken."],
}
