"""Vaswani et al. 2017; Xiong et al. 2020."""

FORMS = {
    "transformer_block": (
        "dZ = [Z > 0]*(dY @ W2.T)\n"
        "dM = dZ @ W1.T\n"
        "dxhat_M = dM*gamma2\n"
        "dR = dY + (m*dxhat_M - rowsum(dxhat_M) - xhat_M*rowsum(dxhat_M*xhat_M))/(m*sqrt(eps + var_M[:,"
        " None]))\n"
        "dH[h, i, k] = sum(dR[i, j]*W_O[h, k, j], j)\n"
        "dS[h, i, j] = P[h, i, j]*(sum(V[h, j, k]*dH[h, i, k], k) - sum(H[h, i, k]*dH[h, i, k], k))\n"
        "dV[h, i, k] = sum(P[h, j, i]*dH[h, j, k], j)\n"
        "dK[h, i, k] = sum(Q[h, j, k]*dS[h, j, i], j)/sqrt(d)\n"
        "dQ[h, i, k] = sum(K[h, j, k]*dS[h, i, j], j)/sqrt(d)\n"
        "dN[i, j] = sum(W_K[h, j, k]*dK[h, i, k], k, h) + sum(W_Q[h, j, k]*dQ[h, i, k], k, h) + sum(W_V[h,"
        " j, k]*dV[h, i, k], k, h)\n"
        "dxhat = dN*gamma1\n"
        "dX = dR + (m*dxhat - rowsum(dxhat) - xhat*rowsum(dxhat*xhat))/(m*sqrt(eps + var[:, None]))\n"
        "dgamma1 = colsum(dN*xhat)\n"
        "dbeta1 = colsum(dN)\n"
        "dW_Q[h, c, k] = sum(N[i, c]*dQ[h, i, k], i)\n"
        "dW_K[h, c, k] = sum(N[i, c]*dK[h, i, k], i)\n"
        "dW_V[h, c, k] = sum(N[i, c]*dV[h, i, k], i)\n"
        "dW_O[h, k, q] = sum(dR[i, q]*H[h, i, k], i)\n"
        "dgamma2 = colsum(dM*xhat_M)\n"
        "dbeta2 = colsum(dM)\n"
        "dW1 = M.T @ dZ\n"
        "db1 = colsum(dZ)\n"
        "dW2 = A.T @ dY\n"
        "db2 = colsum(dY)"
    ),
}

KINKS = {"transformer_block": ["At a tie of max(0, Z[i, j]) the first argument takes the whole cotangent."]}
