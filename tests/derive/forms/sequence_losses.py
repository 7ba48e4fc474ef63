"""Graves et al. 2006."""

FORMS = {
    "ctc": (
        "dE = -exp(L + E)\n"
        "dA[t, u] = pad(dR[t + 1, u, 0]) + dE[u]*[t == T - 1]*[u >= m - 2] + pad(dN[t + 1, u + 1]) +"
        " pad(dS[t + 1, u + 2])*[path[u + 2] != path[u]]\n"
        "dM[t, u] = dA[t, u]\n"
        "dR[t, u, q] = dM[t, u]*exp(R[t, u, q] - M[t, u])\n"
        "dN[t, u] = dR[t, u, 1]\n"
        "dS[t, u] = dR[t, u, 2]\n"
        "dz[i, j] = sum(dA[i, u]*[j == path[u]], u) - exp(p[i, j])*sum(dA[i, u], u)"
    ),
}
