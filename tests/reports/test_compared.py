"""The picture of a chapter's optimizers side by side: whose paths are in it, and that it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.registry import get
from reports.binding import compared as module
from reports.binding.compared import compared


def test_the_paths_of_two_optimizers_are_kept_and_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    operations = [get(name) for name in ("gradient_descent", "relu", "heavy_ball")]
    found = compared(operations, ["svg"], tmp_path)
    (figure,) = found.values()
    assert list(found) == ["optimizer"]
    assert list(figure.data) == ["svg"]
    assert "2 panels" in figure.description
    assert "heavy_ball ends lowest" in figure.caption  # momentum pays in a long valley
    monkeypatch.setattr(module, "comparison_figure", lambda operations: pytest.fail("it was kept"))
    assert compared(operations, ["svg"], tmp_path) == found
    assert not compared(operations[:2], ["svg"], tmp_path)
