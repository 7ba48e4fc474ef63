"""The audit's mechanisms: proofs, counterexamples and hypotheses that come out by themselves; mistakes in a file of claims."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from derive.errors import DeclarationError
from derive.registry import get
from derive.reverse import derive
from verify.audit import ClaimError, Found, Outcome, read
from verify.audit.judging import judge
from verify.audit.template import template
from verify.oracle.explaining import Observation, explain
from verify.sampling import sample


def judged(text: str) -> Found:
    """The one check of a claim, judged."""
    (claim,) = read(f'[[claim]]\nid = "x"\nstatement = "it is so"\n[[claim.check]]\n{text}').claims
    (check,) = claim.checks
    return judge(check)


HOLD = [
    ('kind = "equal"\ngiven = "z"\nleft = "1 - sigmoid(z)"\nright = "sigmoid(-z)"', "identity proven in exponentials"),
    ('kind = "equal"\nof = "z[n]; a = tanh(z)"\nleft = "da*(1 - a**2)"\nright = "dz"', "identity proven"),
    ('kind = "equal"\ngiven = "x[n + 2*p]; p = 0"\nleft = "exp(p)*exp(-p)"\nright = "1"', "identity proven"),
    ('kind = "equal"\ngiven = "A[n, d], B[d, k]"\nleft = "(A @ B).T"\nright = "B.T @ A.T"', "identity proven"),
    ('kind = "equal"\ngiven = "x > 0, y > 0"\nleft = "log(x*y)"\nright = "log(x) + log(y)"', "agrees in ball arithmetic"),
    ('kind = "bound"\ngiven = "z"\nrelation = "0 < softplus(z) - z"\nover = {z = [-3, 3]}', "enclosed on"),
    ('kind = "bound"\ngiven = "x[n]"\nrelation = "0 <= sum(x**2)"', "not negative by its form"),
    ('kind = "bound"\ngiven = "A[n, n], B[n, n]"\nrelation = "norm(A @ B) <= norm(A)*norm(B)"', "no norm is negative"),
    ('kind = "bound"\ngiven = "A[n, n]"\nassume = "norm(A) < 1"\nrelation = "radius(A @ A) < 1"', "radius(A @ A) <= norm(A)*"),
    ('kind = "number"\ngiven = "x[n]"\ninputs = {x = [1, 2]}\nwhat = "sum(x)/3"\nvalue = "1/1"', "exactly"),
    ('kind = "number"\ngiven = "W[n, n]"\ninputs = {W = [[2, 1], [1, 2]]}\nwhat = "norm(W)"\nvalue = 3.00', "every digit"),
    ('kind = "number"\ngiven = "z; 0 < z"\ninputs = {z = "1e-400"}\nwhat = "z*10"\nvalue = "1/1"\n'.replace(
        '"1/1"', f'"1/{10**399}"'), "exactly"),
    ('kind = "number"\ngiven = "p; p < 1"\ninputs = {p = "0.99999999999999999999"}\nwhat = "p"\nvalue = 1.0', "every digit"),
    ('kind = "shape"\nof = "conv2d"\nwhat = "dK"\nshape = ["o", "c", "kh", "kw"]', "for all sizes"),
    ('kind = "limit"\ngiven = "z"\nwhat = "softplus(z) - z"\nvariable = "z"\nto = "oo"\nvalue = "0"', "limit"),
    ('kind = "limit"\ngiven = "z; 0 < z"\nwhat = "exp(-1/z)"\nvariable = "z"\nto = "0"\nvalue = "0"', "limit"),
    ('kind = "stability"\nof = "heavy_ball"\nbelow = "2*(1 + beta)/lambda"', "derived"),
    ('kind = "cost"\nof = "dense"\norder = "n*d*k"', "every term is within the order"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "level"), HOLD, ids=range(len(HOLD)))
def test_what_holds_says_how_sure_that_is(text: str, level: str) -> None:
    found = judged(text)
    assert found.outcome is Outcome.HOLDS, found
    assert level in found.level


LIMIT = 'kind = "limit"\ngiven = "%s"\nwhat = "%s"\nvariable = "z"\nto = "%s"\nvalue = "%s"'
REFUTED = [
    ('kind = "equal"\ngiven = "z"\nleft = "sigmoid(z)"\nright = "1/(1 + exp(z))"', "", ("at z = ",)),
    ('kind = "equal"\ngiven = "x[n, d]"\nleft = "mean(x**2)"\nright = "sum(x**2)"', "mean(x ** 2) is 1/(d*n) times", ()),
    ('kind = "bound"\ngiven = "z"\nrelation = "-0.9 < tanh(z)"', "", ("at z = ",)),
    ('kind = "bound"\ngiven = "z"\nrelation = "exp(z) <= 20"\nover = {z = [-3, 3]}', "", ("at z = 3",)),
    ('kind = "shape"\ngiven = "W[k, n], X[n, m]"\nwhat = "X @ W"\nshape = ["k", "m"]', "no shape", ()),
    ('kind = "cost"\nof = "dense"\norder = "n*d"', "2*d*k*n", ()),
    ('kind = "convex"\nof = "w[n]; q[n]: data; L = sum(q*w**2)"\nwrt = "w"', "not positive semi-definite", ()),
    ('kind = "limit"\ngiven = "z"\nwhat = "tanh(z)"\nvariable = "z"\nto = "oo"\nvalue = "0"', "the limit is 1", ()),
    (LIMIT % ("z", "exp(-1/z)", 0, 0), "it is oo from the left and 0 from the right", ()),
    (LIMIT % ("z; z < 0", "exp(-1/z)", 0, 0), "the limit is oo", ()),
    (LIMIT % ("z", "1/z", 0, 0), "there is no limit", ()),
    (LIMIT % ("z", "exp(z)*cos(z)", 0, 0), "the limit is 1", ()),
    ('kind = "graph"\nof = "mlp"\npath = "X A1"', "A1 does not read X; it reads Z1", ()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "correction", "counterexample"), REFUTED, ids=range(len(REFUTED)))
def test_what_does_not_hold_says_what_is_right_or_where(
    text: str, correction: str, counterexample: tuple[str, ...]
) -> None:
    found = judged(text)
    if 'order = "n*d"' in text:  # of one output it is right
        assert (found.outcome, found.conditions) == (Outcome.CONDITIONAL, ("k = 1",))
    else:
        assert found.outcome is Outcome.FAILS, found
    assert correction.replace(" ** ", "**") in found.correction
    assert all(each in found.counterexample for each in counterexample)


FALSE = [  # at one end of a range, or beside what is looked at first: each of these was called proven
    'kind = "bound"\ngiven = "x; 0 <= x <= 1"\nrelation = "x < 1"',
    'kind = "bound"\ngiven = "W[m, m]"\nassume = "norm(W) <= 1"\nrelation = "norm(W) < 1"',
    'kind = "equal"\ngiven = "x; 0 <= x <= 1"\nleft = "where(x < 1, x, 5)"\nright = "x"',
    'kind = "bound"\ngiven = "x; 0 <= x <= 1"\nrelation = "where(x < 1, 0, 5) <= 1"',
    'kind = "bound"\ngiven = "x[n + 2*p]; p = 0"\nrelation = "p > 0"',
    'kind = "bound"\ngiven = "z; c > 0; c = 1"\nrelation = "-1 <= exp(c)*cos(z) + 2"\nover = {z = [-10, 10]}',
    'kind = "bound"\ngiven = "x, y"\nrelation = "(x - y)**2 < 1"\nover = {x = [-3, 3], y = [-3, 3]}',
]  # fmt: skip


@pytest.mark.parametrize("text", FALSE, ids=range(len(FALSE)))
def test_what_is_false_is_never_proven(text: str) -> None:
    found = judged(text)
    assert found.outcome is Outcome.FAILS, found


def test_conditions_come_out_by_themselves() -> None:
    """One sample, equal sizes, and stated lines; never a size at which both sides are 0."""
    one = judged('kind = "gradient"\nof = "dense"\ngradient = "db"\nformula = "dZ"')
    assert (one.outcome, one.conditions) == (Outcome.CONDITIONAL, ("n = 1",))
    fact = judged(
        'kind = "equal"\ngiven = "y[n, k], p"\nleft = "sum(p*y, axis=1)"\nright = "p"\ntry = ["sum(y[i, j], j) == 1"]'
    )
    assert fact.conditions == ("sum(y[i, j], j) == 1",)
    assert judged('kind = "bound"\ngiven = "z"\nrelation = "0 < tanh(z)"\ntry = ["z > 0"]').conditions == ("z > 0",)
    wrong = judged('kind = "equal"\nof = "softmax_cross_entropy"\nleft = "(Y - P)/n"\nright = "dZ"')
    assert wrong.outcome is Outcome.FAILS  # with one class both are 0, which says nothing
    assert "-1 times" in wrong.correction


USELESS = [
    'kind = "equal"\ngiven = "x"\nleft = "x"\nright = "x**2"\ntry = "0 < x"',
    'kind = "bound"\ngiven = "x"\nrelation = "x < 1"\ntry = "x < 5"',
    'kind = "equal"\nof = "mlp:activation=relu"\nleft = "A1"\nright = "sigmoid(Z1)"\ntry = "X < 100"',
]  # fmt: skip


@pytest.mark.parametrize("text", USELESS, ids=range(len(USELESS)))
def test_a_hypothesis_that_does_not_help_is_no_condition(text: str) -> None:
    """It is tried once, and on the operation that is meant: with its options."""
    found = judged(text)
    assert (found.outcome, found.conditions) == (Outcome.FAILS, ())


INSIDE = [  # true, so that a counterexample would lie outside of what is declared
    'given = "x[n]; 0 < x"\nrelation = "0 <= sum(x)*exp(x)"\nassume = "norm(x) < 100"',
    'given = "y[n]; 0 <= y <= 1"\nrelation = "y <= 1 + 0*norm(y)"\nassume = "norm(y) < 100"',
    'given = "y[n, k]; sum(y[i, j], j) == 1"\nrelation = "sum(y, axis=1) <= 1 + 0*norm(y)"\nassume = "norm(y) < 100"',
    'of = "nll"\nrelation = "L <= 10*norm(logp)"\nassume = "norm(logp) < 2"',
]  # fmt: skip


@pytest.mark.parametrize("text", INSIDE, ids=range(len(INSIDE)))
def test_a_point_satisfies_what_is_declared(text: str) -> None:
    found = judged(f'kind = "bound"\n{text}')
    assert found.outcome is not Outcome.FAILS, found.counterexample


def test_readings_are_conditions_and_amended_statements_are_corrections() -> None:
    stated = 'kind = "equal"\ngiven = "x[n, d]"\nleft = "sum(x)/n"\nright = "mean(x)"\n'
    read_otherwise = judged(stated + '[[claim.check.reading]]\nif = "it is over all elements"\nleft = "sum(x)/(n*d)"')
    assert "it is over all elements" in read_otherwise.conditions
    mended = judged(
        'kind = "equal"\ngiven = "x[n]"\nleft = "max(0, x)"\nright = "x"\n[[claim.check.amended]]\nright = "x*(x > 0)"\n'.replace(
            "x*(x > 0)", "relu(x)"
        )
    )
    assert mended.outcome is Outcome.FAILS
    assert "max(0, x) = relu(x) (identity proven" in mended.correction


def test_a_correction_does_not_depend_on_how_fast_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = get("softmax")
    derivation = derive(operation)
    seen = []
    for seed in (1, 2, 3):
        case = sample(derivation.program, seed, derivation=derivation)
        z, da = case.inputs["z"], case.cotangents["a"]
        p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
        inner = (p * da).sum(-1, keepdims=True)
        seen.append(Observation(case, {"z": p * (da + inner)}, {"z": p * (da - inner)}))
    causes = explain(operation, derivation, seen, tries=30)
    clock = count(step=1000)
    monkeypatch.setattr("verify.oracle.explaining.time.process_time", lambda: float(next(clock)))
    stopped: list[str] = []
    assert explain(operation, derivation, seen, tries=30) == causes != ()
    assert explain(operation, derivation, seen, tries=0, stopped=stopped) == ()
    assert stopped == ["z"]
    asked: dict[str, object] = {}

    def spy(*_: object, **settings: object) -> None:
        asked.update(settings)
        raise DeclarationError("seen")

    monkeypatch.setattr("verify.audit.kinds.gradient.check_formula", spy)
    with pytest.raises(ClaimError, match="seen"):
        judged('kind = "gradient"\nof = "dense"\ngradient = "db"\nformula = "dZ"')
    assert "tries" in asked
    assert "seconds" not in asked


def test_what_is_not_proven_is_not_called_true() -> None:
    """No counterexample in hundreds of points is no proof."""
    assert judged('kind = "bound"\ngiven = "z; 0 < z"\nrelation = "log(z) <= z"').outcome is Outcome.UNDECIDED
    found = judged('kind = "bound"\ngiven = "A[m, m]"\nassume = "norm(A) < 1"\nrelation = "norm(A + A) < 2"')
    assert found.outcome is Outcome.UNDECIDED
    assert "no counterexample" in found.level


HEAD = "[[claim]]\nid = 'a'\nstatement = 'b'\n"
MISTAKES = [
    ("", "there is no claim in the file"),
    ("[[claim]]\nstatement = 'a'", "claim 1 has no id"),
    ("[[claim]]\nid = 'a'", "claim a: it must say what is claimed"),
    ("[[claim]]\nid = 'a'\nstatement = 'b'", "claim a: nothing in it can be judged"),
    ("[[claim]]\nid = 'a'\nstatment = 'b'", "claim a: there is no key 'statment'; did you mean statement?"),
    (f"{HEAD}check = [{{kind = 'numbr'}}]", "claim a, check 1: there is no kind 'numbr'; did you mean number?"),
    (f"{HEAD}check = [{{kind = 'equal', left = '1'}}]", 'claim a, check 1 (equal): the key right is missing; add right = "dz"'),
    (f"{HEAD}check = [{{kind = 'equal', left = '1', right = '1', lft = 1}}]", "did you mean left?"),
    ("[[claim]]\nid = 'a'\nid = 'b'", "the file is no TOML"),
    (f"{HEAD}check = [{{kind = 'number', inputs = {{}}, what = '1', value = 1, try = ['(((']}}]", "there is no key 'try'"),
    (f"{HEAD}check = [{{kind = 'graph', of = 'mlp', path = 'X Z1', try = 'n = 1'}}]", "there is no key 'try'"),
    ("a = 1e99999999999999999999999", "without end"),
    (f"a = {'1' * 5000}", "without end"),
    (f"a = {'[' * 5000}", "without end"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_in_the_file_names_the_claim_the_key_and_the_fix(text: str, message: str) -> None:
    with pytest.raises(ClaimError) as found:
        read(text)
    assert message in str(found.value)


UNREADABLE = [
    ('kind = "equal"\ngiven = "x"\nleft = "x +"\nright = "x"', "claim x, check 1 (equal)"),
    ('kind = "equal"\ngiven = "x"\nleft = "y"\nright = "x"', "y is"),
    ('kind = "equal"\ngiven = "x"\nleft = "__import__(\'os\').system(\'true\')"\nright = "x"', "claim x, check 1"),
    ('kind = "equal"\ngiven = "x"\nleft = "nothing.y(x = x)"\nright = "x"', "nothing is no operation of the catalog"),
    ('kind = "equal"\ngiven = "x"\nleft = "dense.Z(X = x)"\nright = "x"', "dense needs W, b"),
    ('kind = "equal"\nleft = "1"\nright = "1"', "give either given"),
    ('kind = "number"\ngiven = "x"\ninputs = {y = 1}\nwhat = "x"\nvalue = 1.0', "has no input y"),
    ('kind = "number"\ngiven = "x[n]"\ninputs = {x = [1, 2]}\nwhat = "x"\nvalue = 1.0', "are claimed"),
    ('kind = "bound"\ngiven = "x"\nrelation = "x = 1"', "expected a chain"),
    ('kind = "bound"\ngiven = "p; 0 < p < 1"\nrelation = "p < 2"\nover = {p = [-3, 3]}', "must lie inside its domain"),
    ('kind = "bound"\ngiven = "p; 0 < p < 1"\nrelation = "p < 2"\nover = {p = [0, 0.5]}', "must lie inside its domain"),
    ('kind = "cost"\nof = "dense"\norder = "log(n)"', "order: expected names, numbers"),
    ('kind = "cost"\nof = "dense"\norder = "9**9**9"', "order: expected names, numbers"),
    ('kind = "cost"\nof = "dense"\norder = "(9**20)**20 + ((9**20)**20)**20"', "order: expected names, numbers"),
    ('kind = "cost"\nof = "dense"\norder = "((n + d + k)**20)**20"', "order: expected names, numbers"),
    ('kind = "cost"\nof = "dense"\norder = "1/n"', "order: expected a polynomial in"),
    ('kind = "cost"\nof = "dense"\norder = "oo"', "order: expected a polynomial in"),
    ('kind = "convex"\nof = "mlp:name=x"\nwrt = "W1"', "of: mlp has no option 'name'; its options are activation"),
    ('kind = "graph"\nof = "mlp"\npath = ""', "path: it needs two tensors or more"),
    ('kind = "graph"\nof = "mlp"\npath = "X"\nbackwards = true', "path: it needs two tensors or more"),
    ('kind = "graph"\nof = "x[n]: data, w[n]; p = x*w; L = sum(p)"\npath = "x p L"\nbackwards = true', "x has no adjoint"),
    (LIMIT % ("z", "z", "oo", "1e400"), "value: expected names"),
    (LIMIT % ("z; z < 1", "z", 2, 2), "to: z must be able to go there within its domain, z < 1; got 2"),
    ('kind = "number"\ngiven = "z; z < 0"\ninputs = {z = "1e400"}\nwhat = "z"\nvalue = 1', "z = 1e400 is outside its"),
    ('kind = "number"\ngiven = "z"\ninputs = {z = "1e5000000"}\nwhat = "z"\nvalue = 1', "at most 5000 digits"),
    ('kind = "number"\ngiven = "z"\ninputs = {z = 1e-5001}\nwhat = "z"\nvalue = 1', "at most 5000 digits"),
    ('kind = "shape"\nof = "dense"\nwhat = "Z"\nshape = ["q"]', "shape: q is not known"),
    ('kind = "gradient"\nof = "dense"\ngradient = "dL/dQ"\nformula = "X"', "a gradient is written dL/dw or dw"),
    ('kind = "equal"\ngiven = "x"\nleft = "x"\nright = "2*x"\ntry = "0 <"', "check 1 (equal): try: "),
    ('kind = "bound"\nof = "sigmoid"\nrelation = "a < 0"\ntry = "0 <"', "check 1 (bound): try: "),
    ('kind = "gradient"\nof = "nothing"\ngradient = "dx"\nformula = "x"', "of: there is no operation called 'nothing'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_claim_that_cannot_be_understood_is_a_mistake_and_no_verdict(text: str, message: str) -> None:
    with pytest.raises(ClaimError) as found:
        judged(text)
    assert message in str(found.value)
    assert str(found.value).startswith("claim x, check 1")


def test_the_first_file_explains_every_kind() -> None:
    text = template()
    claims = read(text)
    assert [claim.id for claim in claims.claims] == ["slope", "layer", "training"]
    used = {check.kind for claim in claims.claims for check in claim.checks}
    assert all(f"#   {kind}" in text for kind in used)
    assert len(used) == 10
    assert "# bound, equal, gradient may have:\n#   try = " in text
