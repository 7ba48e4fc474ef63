"""The product rule of matrices with the softmax Jacobian diag(p) - p p^T (Vaswani et al. 2017)."""

FORMS = {
    "scaled_dot_product_attention": (
        "dS = (dO @ V.T - rowsum(O*dO))*P\ndQ = dS @ K/sqrt(d)\ndK = dS.T @ Q/sqrt(d)\ndV = P.T @ dO"
    ),
    "causal_attention": (
        "dS = (dO @ V.T - rowsum(O*dO))*P\n"
        "dQ[i, k] = sum(K[j, k]*dS[i, j]*[j <= i], j)/sqrt(d)\n"
        "dK[j, k] = sum(Q[i, k]*dS[i, j]*[j <= i], i)/sqrt(d)\n"
        "dV = P.T @ dO"
    ),
    "multi_head_attention": (
        "dH[h, i, k] = sum(dY[i, q]*W_O[h, k, q], q)\n"
        "dS[h, i, j] = P[h, i, j]*(sum(V[h, j, k]*dH[h, i, k], k) - sum(H[h, i, k]*dH[h, i, k], k))\n"
        "dV[h, i, k] = sum(P[h, j, i]*dH[h, j, k], j)\n"
        "dK[h, i, k] = sum(Q[h, j, k]*dS[h, j, i], j)/sqrt(d)\n"
        "dQ[h, i, k] = sum(K[h, j, k]*dS[h, i, j], j)/sqrt(d)\n"
        "dX[i, c] = sum(W_K[h, c, k]*dK[h, i, k], k, h) + sum(W_Q[h, c, k]*dQ[h, i, k], k, h) + sum(W_V[h, c, k]"
        "*dV[h, i, k], k, h)\n"
        "dW_Q[h, c, k] = sum(X[i, c]*dQ[h, i, k], i)\n"
        "dW_K[h, c, k] = sum(X[i, c]*dK[h, i, k], i)\n"
        "dW_V[h, c, k] = sum(X[i, c]*dV[h, i, k], i)\n"
        "dW_O[h, k, q] = sum(dY[i, q]*H[h, i, k], i)"
    ),
    "additive_attention": (
        "dE = (dC @ H.T - rowsum(C*dC))*P\n"
        "dZ[i, j, p] = v[p]*dE[i, j]*(1 - A[i, j, p]**2)\n"
        "ds[i, q] = sum(W[q, p]*dZ[i, j, p], p, j)\n"
        "dH[j, q] = sum(P[i, j]*dC[i, q], i) + sum(U[q, p]*dZ[i, j, p], p, i)\n"
        "dW[q, p] = sum(s[i, q]*dZ[i, j, p], j, i)\n"
        "dU[q, p] = sum(H[j, q]*dZ[i, j, p], j, i)\n"
        "dv[p] = sum(dE[i, j]*A[i, j, p], j, i)"
    ),
    "rotary_embedding": "dx[t, k, q] = sum(dy[t, k, p]*R[t, k, p, q], p)",
}
