"""Running the command line in the test's own process (fast) or in a fresh one (exactly as a person does)."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backproof.cli import run


@dataclass(frozen=True)
class Result:
    """What one command line did."""

    status: int
    out: str
    err: str


def in_process(capsys: pytest.CaptureFixture[str], *arguments: str) -> Result:
    capsys.readouterr()
    status = run(list(arguments))
    captured = capsys.readouterr()
    return Result(status, captured.out, captured.err)


def in_a_fresh_process(
    *arguments: str, cwd: Path, code: str = "from backproof.cli import main; main()", **settings: Any
) -> Result:
    command = [sys.executable, "-c", code, *arguments]
    root = str(Path(__file__).resolve().parent.parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, **settings.pop("env", {})}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, **settings)
    return Result(done.returncode, done.stdout, done.stderr)
