"""Bishop 2006, section 1.6.1; Kingma and Welling 2014, appendix B."""

FORMS = {
    "kl_divergence": ("dP = (1 + log(P/Q))/n\ndQ = -P/(n*Q)"),
    "js_divergence": ("dP = log(2*P/(P + Q))/(2*n)\ndQ = log(2*Q/(P + Q))/(2*n)"),
    "gaussian_kl": ("dmu = mu/n\ndlogvar = (exp(logvar) - 1)/(2*n)"),
}
