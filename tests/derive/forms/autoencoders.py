"""Hinton and Salakhutdinov 2006; Kingma and Welling 2014."""

FORMS = {
    "autoencoder": (
        "dXhat = (Xhat - X)/n\n"
        "dZ1 = (1 - H)*H*(dXhat @ W2.T)\n"
        "dX = (X - Xhat)/n + dZ1 @ W1.T\n"
        "dW1 = X.T @ dZ1\n"
        "db1 = colsum(dZ1)\n"
        "dW2 = H.T @ dXhat\n"
        "db2 = colsum(dXhat)"
    ),
    "vae": (
        "dXhat = (Xhat - X)/n\n"
        "dZ_d = (1 - D**2)*(dXhat @ W_x.T)\n"
        "dz = dZ_d @ W_d.T\n"
        "ds = ((exp(s) - 1)/n + dz*exp(s/2)*noise)/2\n"
        "dmu = mu/n + dz\n"
        "dZ_h = (1 - H**2)*(ds @ W_s.T + dmu @ W_mu.T)\n"
        "dX = (X - Xhat)/n + dZ_h @ W_h.T\n"
        "dW_h = X.T @ dZ_h\n"
        "db_h = colsum(dZ_h)\n"
        "dW_mu = H.T @ dmu\n"
        "db_mu = colsum(dmu)\n"
        "dW_s = H.T @ ds\n"
        "db_s = colsum(ds)\n"
        "dW_d = z.T @ dZ_d\n"
        "db_d = colsum(dZ_d)\n"
        "dW_x = D.T @ dXhat\n"
        "db_x = colsum(dXhat)"
    ),
}
