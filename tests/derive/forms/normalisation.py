"""Ba et al. 2016; Ioffe and Szegedy 2015, section 3: the gradient loses its mean and its part along xhat."""

FORMS = {
    "layer_norm": (
        "dxhat = dy*gamma\n"
        "dx = (dxhat - rowmean(dxhat) - xhat*rowmean(dxhat*xhat))/sqrt(eps + var[:, None])\n"
        "dgamma = colsum(dy*xhat)\n"
        "dbeta = colsum(dy)"
    ),
}
