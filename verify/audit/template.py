"""A first file of claims, with one of each kind: what ``backproof audit --template`` writes."""

from __future__ import annotations

from verify.audit.claims import TRY, known_kinds

HEAD = """\
# A file of claims.  backproof audit FILE.toml judges each; --out audit.pdf writes the report.
#
# A claim has an id, a statement in words, perhaps a source, and checks.  A check has a kind and its keys:
{kinds}
#
# "given" declares names with their shapes ("W[k, n], X[n, m], 0 < p < 1"), "of" is an operation: a name of the catalog
# (mlp:activation=relu) or a declaration of your own.  An expression uses these names; of an operation also its gradients (dW, dZ).
# dense.Z(X = X.T, W = W.T, b = b) is a tensor of an operation of the catalog at other inputs; norm(W) is the largest singular
# value, radius(W) the spectral radius.  given, of, wrt and inputs may stand once in the claim for all its checks.
#
# Any check may have:
#   words = "..."                what it says, in words
#   [[claim.check.reading]]      another reading: if = "the mean is meant", and the keys that change
#   [[claim.check.amended]]      what would be right instead: the keys that change; shown as the correction if it holds
# {tried} may have:
#   try = ["m = 1", "0 < z"]     hypotheses: each by itself is tried where the claim does not hold as it stands ("holds if ...");
#                                each size 1, and each two sizes equal, are tried without being asked for (equal, gradient)
title = "My claims"
"""

BODY = """
[[claim]]
id = "slope"
statement = "The sigmoid has the derivative a (1 - a), which is never above 1/4 and vanishes far out."
source = "a textbook"
of = "z; a = sigmoid(z)"
[[claim.check]]
kind = "equal"
left = "dz"
right = "a*(1 - a)"
[[claim.check]]
kind = "bound"
relation = "0 < dz <= 1/4"
[[claim.check]]
kind = "limit"
what = "dz"
variable = "z"
to = "oo"
value = "0"
[[claim.check]]
kind = "number"
inputs = { z = 0.18 }
what = "dz"
value = 0.247          # rounded, it is 0.248

[[claim]]
id = "layer"
statement = "A dense layer gives (n, k) numbers, costs O(N^2), and its bias has the gradient dZ."
[[claim.check]]
kind = "shape"
of = "dense"
what = "Z"
shape = ["n", "k"]
[[claim.check]]
kind = "cost"
of = "dense"
order = "N**2"
sizes = { d = "N", k = "N" }
[[claim.check]]
kind = "gradient"
of = "dense"
gradient = "dL/db"
formula = "dZ"
[[claim.check.reading]]
if = "it is summed over the samples"
formula = "sum(dZ, axis=0)"

[[claim]]
id = "training"
statement = "Logistic regression is convex; descent is stable below 2/lambda; a network is a graph."
[[claim.check]]
kind = "convex"
of = "logistic_regression"
wrt = "w, b"
[[claim.check]]
kind = "stability"
of = "gradient_descent"
below = "2/lambda"
[[claim.check]]
kind = "graph"
of = "mlp"
path = "X -> Z1 -> A1 -> Z2 -> A2 -> L"
"""


def template() -> str:
    """The text of the file: its comments say which kinds and keys there are."""
    lines = []
    for kind in known_kinds().values():
        lines.append(f"#   {kind.name:<10} {kind.summary}")
        keys = [f"{key} = {example}" for key, example in kind.required.items()]
        more = [f"{key} = {example}" for key, example in kind.optional.items()]
        lines.append(f"#              {', '.join(keys)}" + (f"; perhaps {', '.join(more)}" if more else ""))
    tried = ", ".join(kind.name for kind in known_kinds().values() if TRY in kind.optional)
    return HEAD.format(kinds="\n".join(lines), tried=tried) + BODY


__all__ = ["template"]
