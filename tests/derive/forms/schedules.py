"""Linear in the rates."""

FORMS = {
    "step_decay": (
        "dalpha = sum(decay**(t//period)*drate[t], t)\n"
        "ddecay = alpha*sum((t//period)*decay**(t//period - 1)*drate[t], t)"
    ),
    "exponential_decay": ("dalpha = sum(decay**t*drate[t], t)\nddecay = alpha*sum(t*decay**(t - 1)*drate[t], t)"),
    "cosine_decay": (
        "dalpha = sum(drate[t]*(1 + cos(pi*t/steps)), t)/2\n"
        "dfinal = 1/2*(sum(drate[t], t) - sum(cos(pi*t/steps)*drate[t], t))"
    ),
    "linear_warmup": "dalpha = sum(drate[t]*min(1, (t + 1)/warmup), t)",
}

KINKS = {"linear_warmup": ["At a tie of min(1, (t + 1)/warmup) the first argument takes the whole cotangent."]}
