"""Ba et al. 2016; Ioffe and Szegedy 2015, section 3: the gradient loses its mean and its part along xhat."""

FORMS = {
    "layer_norm": (
        "dxhat = dy*gamma\n"
        "dx = (dxhat - rowmean(dxhat) - xhat*rowmean(dxhat*xhat))/sqrt(eps + var[:, None])\n"
        "dgamma = colsum(dy*xhat)\n"
        "dbeta = colsum(dy)"
    ),
    "batch_norm": (
        "dx = (dy - colmean(dy) - xhat*colmean(dy*xhat))*gamma/sqrt(eps + var)\n"
        "dgamma = colsum(dy*xhat)\n"
        "dbeta = colsum(dy)"
    ),
    "batch_norm_inference": (
        "dx = dy*gamma/sqrt(eps + var)\ndgamma = colsum((x - mu)*dy)/sqrt(eps + var)\ndbeta = colsum(dy)"
    ),
    "rms_norm": (
        "dx = (d*dy*gamma*sqrt(eps + ms[:, None]) - x*rowsum(dy*y))/(d*(eps + ms[:, None]))\ndgamma = colsum(dy*xhat)"
    ),
    "group_norm": (
        "dxhat[m, u, g, i, j] = gamma[u, g]*dy[m, u, g, i, j]\n"
        "dx[m, u, g, i, j] = (c*h*w*dxhat[m, u, g, i, j] - sum(dxhat[m, u, p, l, k], k, l, p) - xhat[m, u, g, i,"
        " j]*sum(dxhat[m, u, p, l, k]*xhat[m, u, p, l, k], k, l, p))/(c*h*w*sqrt(eps + var[m, u]))\n"
        "dgamma[u, g] = sum(dy[m, u, g, i, j]*xhat[m, u, g, i, j], j, i, m)\n"
        "dbeta[u, g] = sum(dy[m, u, g, i, j], j, i, m)"
    ),
    "instance_norm": (
        "dx[m, g, i, j] = gamma[g]*(h*w*dy[m, g, i, j] - sum(dy[m, g, l, k], k, l) - xhat[m, g, i, j]*sum(dy[m,"
        " g, l, k]*xhat[m, g, l, k], k, l))/(h*w*sqrt(eps + var[m, g]))\n"
        "dgamma[g] = sum(dy[m, g, i, j]*xhat[m, g, i, j], j, i, m)\n"
        "dbeta[g] = sum(dy[m, g, i, j], j, i, m)"
    ),
    "weight_norm": ("dV = (dW*g*sqrt(q) - V*colsum(W*dW))/q\ndg = colsum(V*dW)/sqrt(q)"),
}
