"""LeCun et al. 1998; He et al. 2016."""

FORMS = {
    "residual_block": (
        "dZ = [Z > 0]*(dY @ W2.T)\n"
        "dX = dY + dZ @ W1.T\n"
        "dW1 = X.T @ dZ\n"
        "db1 = colsum(dZ)\n"
        "dW2 = A.T @ dY\n"
        "db2 = colsum(dY)"
    ),
    "lenet": (
        "dS = (P - Y)/n\n"
        "dz[m, f, i, j] = (1/4*(1 - a[m, f, i, j]**2))*sum(dS[m, u]*W[f, l, r, u]*[i == p + 2*l]*[j == q +"
        " 2*r], p, l, q, r, u)\n"
        "dx[m, g, i, j] = sum(pad(dz[m, f, i + 1 - p, j + 1 - q])*K[f, g, p, q], p, q, f)\n"
        "dK[f, g, p, q] = sum(pad(x[m, g, i + p - 1, j + q - 1])*dz[m, f, i, j], i, j, m)\n"
        "db[f] = sum(dz[m, f, i, j], j, i, m)\n"
        "dW[f, i, j, l] = sum(dS[m, l]*s[m, f, i, j], m)\n"
        "dd = colsum(dS)"
    ),
    "resnet_block": (
        "du2[m, f, i, j] = dy[m, f, i, j]*[u2[m, f, i, j] > 0]\n"
        "dn2[m, f, i, j] = gamma2[f]*du2[m, f, i, j]\n"
        "dz2[m, f, i, j] = (h*n*w*dn2[m, f, i, j] - sum(dn2[p, f, k, l], l, k, p) - n2[m, f, i,"
        " j]*sum(dn2[p, f, k, l]*n2[p, f, k, l], l, k, p))/(h*n*w*sqrt(eps + var2[f]))\n"
        "du1[m, f, i, j] = sum(pad(dz2[m, g, i + 1 - p, j + 1 - q])*K2[g, f, p, q], p, q, g)*[u1[m, f, i,"
        " j] > 0]\n"
        "dn1[m, f, i, j] = gamma1[f]*du1[m, f, i, j]\n"
        "dz1[m, f, i, j] = (h*n*w*dn1[m, f, i, j] - sum(dn1[p, f, k, l], l, k, p) - n1[m, f, i,"
        " j]*sum(dn1[p, f, k, l]*n1[p, f, k, l], l, k, p))/(h*n*w*sqrt(eps + var1[f]))\n"
        "dx[m, f, i, j] = du2[m, f, i, j] + sum(pad(dz1[m, g, i + 1 - p, j + 1 - q])*K1[g, f, p, q], p, q,"
        " g)\n"
        "dK1[f, g, p, q] = sum(pad(x[m, g, i + p - 1, j + q - 1])*dz1[m, f, i, j], i, j, m)\n"
        "dgamma1[f] = sum(du1[m, f, i, j]*n1[m, f, i, j], j, i, m)\n"
        "dbeta1[f] = sum(du1[m, f, i, j], j, i, m)\n"
        "dK2[f, g, p, q] = sum(pad(a[m, g, i + p - 1, j + q - 1])*dz2[m, f, i, j], i, j, m)\n"
        "dgamma2[f] = sum(du2[m, f, i, j]*n2[m, f, i, j], j, i, m)\n"
        "dbeta2[f] = sum(du2[m, f, i, j], j, i, m)"
    ),
}

KINKS = {
    "residual_block": ["At a tie of max(0, Z[i, j]) the first argument takes the whole cotangent."],
    "resnet_block": [
        "At a tie of max(0, u1[i, j, k, l]) the first argument takes the whole cotangent.",
        "At a tie of max(0, u2[i, j, k, l]) the first argument takes the whole cotangent.",
    ],
}
