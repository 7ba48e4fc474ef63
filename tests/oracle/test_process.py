"""Implementations in processes of their own: what they do to others ends in a verdict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from derive.registry import get
from derive.reverse import derive
from tests.shares import turn
from verify import Verdict
from verify.campaign.plan import Subject
from verify.errors import LoadingError, MappingError
from verify.oracle import Check, check
from verify.oracle.child import Request
from verify.oracle.executable import of_program
from verify.oracle.process import Isolated

DENSE = Subject.of(get("dense"))
ODD = """
import ctypes, itertools, os, sys, time
import numpy as np

def right(dZ, X, W):
    print("this is not the answer")
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)

def outputs_first(dZ, X, W):
    return dZ @ W, dZ.T @ X, dZ.sum(axis=0)

def fragile(dZ, X, W):
    if len(X) != len(dZ):
        os._exit(7)
    raise ValueError("no")

def sleeping(dZ, X, W):
    time.sleep(1000)

def crashing(dZ, X, W):
    ctypes.string_at(0)

def exiting(dZ, X, W):
    os._exit(3)

def hungry(dZ, X, W):
    return np.ones(20 * 2**30)

def not_a_number(dZ, X, W):
    dX, *rest = right(dZ, X, W)
    return np.full_like(dX, np.nan), *rest

def mutating(dZ, X, W):
    result = right(dZ, X, W)
    dZ *= 2
    return result

count = itertools.count()

def another(dZ, X, W):
    dX, *rest = right(dZ, X, W)
    return dX * (1 + next(count)), *rest

def wrong_shape(dZ, X, W):
    dX, dW, db = right(dZ, X, W)
    return dX, dW, db[None]

buffers = {}

def reusing(dZ, X, W):
    dX = buffers.setdefault(X.shape, np.empty(X.shape))
    np.matmul(dZ, W.T, out=dX)
    return dX, *right(dZ, X, W)[1:]

def contiguous(dZ, X, W):
    memory = dZ if dZ.base is None else dZ.base
    return right(memory.reshape(-1)[: dZ.size].reshape(dZ.shape), X, W)
"""
ENDING = [  # of its process
    ("right", Verdict.AGREES, ""),
    ("sleeping", Verdict.PROTOCOL, "took longer than 0.5 s"),
    ("crashing", Verdict.PROTOCOL, "its process was ended by SIGSEGV"),
    ("exiting", Verdict.PROTOCOL, "its process ended with status 3"),
    ("hungry", Verdict.WRONG_FORMULA, "raised MemoryError: Unable to allocate 160. GiB"),
]
ANSWERING = {
    name: (verdict, told)
    for name, verdict, told in [
        ("not_a_number", Verdict.WRONG_FORMULA, "cause (X): it is nan everywhere, where numbers are due"),
        ("mutating", Verdict.PROTOCOL, "changed the cotangent of Z in place"),
        ("another", Verdict.WRONG_FORMULA, "not repeatable: X is another one when the same call is made again"),
        ("wrong_shape", Verdict.WRONG_FORMULA, "is due"),
        ("reusing", Verdict.PROTOCOL, "not re-entrant: X of one call is overwritten by the next"),
        ("contiguous", Verdict.PROTOCOL, "depends on whether arrays are contiguous"),
    ]
}


@pytest.fixture
def odd(tmp_path: Path) -> str:
    file = tmp_path / "odd.py"
    file.write_text(ODD)
    return str(file)


@pytest.mark.parametrize(
    ("name", "verdict", "told"),
    [*ENDING, *((name, *ANSWERING[name]) for name in turn("answering", tuple(ANSWERING), 2))],
)
def test_each_way_of_misbehaving_has_its_verdict(name: str, verdict: Verdict, told: str, odd: str) -> None:
    with Isolated(Request(odd, name, DENSE), seconds=0.5) as isolated:
        found = check(isolated.implementation, "dense", seed=1, strata=["ordinary", "zeros"])
        assert found.evidence.verdict is verdict, str(found)
        assert told in str(found)


def test_another_layout_is_recognised_and_what_it_dies_of_is_not_asked_again(odd: str) -> None:
    with Isolated(Request(odd, "outputs_first", DENSE)) as isolated:
        found = check(isolated.implementation, "dense", strata=["ordinary"], seed=1)
    assert found.ok, str(found)
    assert found.conventions == ("W is (k, d), and (d, k) in the declaration",)
    with Isolated(Request(odd, "fragile", DENSE)) as isolated:
        found = check(isolated.implementation, "dense", strata=["ordinary"], seed=1)
    assert {row.note for row in found.evidence.faults} == {"raised ValueError: no"}


def test_what_cannot_be_loaded_is_refused(odd: str, tmp_path: Path) -> None:
    with pytest.raises(LoadingError, match=r"has no wright; there is right"):
        Isolated(Request(odd, "wright", DENSE))
    (tmp_path / "names.py").write_text("def backward(foo, bar, dZ): pass")
    with pytest.raises(MappingError, match="foo"):
        Isolated(Request(str(tmp_path / "names.py"), "backward", DENSE))
    (tmp_path / "broken.py").write_text("import a_module_that_there_is_not")
    with pytest.raises(LoadingError, match=r"importing .*broken.py raised ModuleNotFoundError"):
        Isolated(Request(str(tmp_path / "broken.py"), "f", DENSE))
    (tmp_path / "gone.py").write_text("import os; os._exit(7)")
    with pytest.raises(LoadingError, match=r"importing .*gone.py: its process ended with status 7"):
        Isolated(Request(str(tmp_path / "gone.py"), "f", DENSE))


# -- programs in other languages ---------------------------------------------------------------------------------------

NPZ = """
import io, sys
import numpy as np
given = np.load(io.BytesIO(sys.stdin.buffer.read()))
z, da = given["inputs.z"], given["cotangents.a"]
buffer = io.BytesIO()
np.savez(buffer, **{"gradients.z": da * (z > 0), "outputs.a": np.maximum(z, 0)})
sys.stdout.buffer.write(buffer.getvalue())
"""


@pytest.fixture(scope="module")
def compiled(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The C program in its variants."""
    if which("cc") is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("programs")
    source = root / "tests" / "oracle" / "programs" / "dense_backward.c"
    made = {}
    for variant in ("RIGHT", "WRONG", "SLEEPING", "CRASHING"):
        made[variant] = str(folder / variant.lower())
        command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", f"-D{variant}", "-o", made[variant], str(source)]
        subprocess.run(command, check=True, timeout=60)
    return made


def judged(program: list[str]) -> Check:
    return check(of_program(program, derive(get("dense"))), "dense", seed=1, cases=2)


def test_a_c_program_is_right(compiled: dict[str, str]) -> None:
    found = judged([compiled["RIGHT"]])
    assert found.ok, str(found)
    assert {"size n = 0", "size d = 0"} <= {row.stratum for row in found.evidence.rows}


def test_a_c_program_is_wrong(compiled: dict[str, str]) -> None:
    found = judged([compiled["WRONG"]])
    assert [(cause.names, cause.words) for cause in found.causes] == [(("b",), "it is divided by n once too often")]


@pytest.mark.parametrize(
    ("variant", "told"), [("SLEEPING", "took longer than 0.5 s"), ("CRASHING", "its process was ended by SIGABRT")]
)
def test_a_c_program_gives_no_answer(variant: str, told: str, compiled: dict[str, str]) -> None:
    found = check(
        of_program([compiled[variant]], derive(get("dense")), seconds=0.5),
        "dense",
        seed=1,
        strata=["ordinary"],
        cases=1,
    )
    assert found.evidence.verdict is Verdict.PROTOCOL
    assert told in str(found)


def test_npz_carries_outputs_too() -> None:
    made = of_program([sys.executable, "-c", NPZ], derive(get("relu")), form="npz")
    found = check(made, "relu", seed=1, cases=1, strata=["ordinary", "saturated40"])
    assert found.ok, str(found)
    assert {row.argument for row in found.evidence.rows if row.witness == "balls"} == {"a", "z"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("print('hello')", r"answered what is no json .*'hello\\n'; due is {\"gradients\": {\"z\": \[...\]}}"),
        ("print('{}')", "returned neither gradients nor outputs"),
        ('print(\'{"gradients": {"x": [1.0]}}\')', r"returned gradients.x; gradients are z"),
        ("print('[1]')", "no object"),
    ],
)
def test_answers_that_cannot_be_read_are_shown(text: str, told: str) -> None:
    with pytest.raises(MappingError, match=told):
        of_program([sys.executable, "-c", text], derive(get("relu")))


def test_numbers_that_are_none_travel() -> None:
    text = "import json, sys; z = json.load(sys.stdin)['inputs']['z']; print(json.dumps({'gradients': {'z': [z[0] - z[0]]*2}}))"
    made = of_program([sys.executable, "-c", text], derive(get("relu")))
    assert made.vjp is not None
    assert np.isnan(made.vjp({"z": np.array([np.inf, 1.0])}, {"a": np.ones(2)})["z"]).all()
