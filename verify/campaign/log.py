"""The log of a campaign: JSON lines, one for each finished batch, from which an interrupted run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from verify.errors import CampaignError

Line = dict[str, Any]
Key = tuple[str, str, int, int]


def key_of(line: Mapping[str, Any]) -> Key:
    """Which batch a line is about."""
    return line["operation"], line["stratum"], line["set"], line["index"]


class Log:
    """The lines of finished batches, in memory and, where there is a path, in a file.

    The first line of the file says what the campaign is.  Each line is written by one append, so that a killed run
    leaves at most its last line half written; that one is cut off when the file is opened again.

    Raises:
        CampaignError: the file holds another campaign, or no campaign at all.

    Example:
        >>> with Log(None, {"seed": 1}) as log:
        ...     log.add({"operation": "relu", "stratum": "ties", "set": 0, "index": 0})
        >>> list(log.lines)
        [('relu', 'ties', 0, 0)]
    """

    def __init__(self, path: Path | None, header: Mapping[str, Any]) -> None:
        self.lines: dict[Key, Line] = {}
        self._file: int | None = None
        if path is None:
            return
        known, lines, length = read(path)
        if known is not None:
            _same(path, known, header)
        self.lines = {key_of(line): line for line in lines}
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._file, length)
        if known is None:
            self._write({"campaign": dict(header)})

    def add(self, line: Line) -> None:
        """Keep the line of a finished batch, now."""
        self.lines[key_of(line)] = line
        self._write(line)

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._file is not None:
            os.write(self._file, (json.dumps(line, allow_nan=False) + "\n").encode())

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read(path: Path) -> tuple[dict[str, Any] | None, list[Line], int]:
    """What a log says of its campaign (``None`` where it is new), its lines, and how many bytes of it are whole.

    Raises:
        CampaignError: it is no log of a campaign.
    """
    data = path.read_bytes() if path.exists() else b""
    length = data.rfind(b"\n") + 1
    found: list[Any] = []
    for number, text in enumerate(data[:length].splitlines(), 1):
        try:
            found.append(json.loads(text))
        except ValueError as error:
            raise CampaignError(
                f"{path}, line {number}: a log must hold one JSON object a line; got {text[:60]!r}; name another file"
            ) from error
    if not found:
        if data and not data.startswith(b'{"campaign"'):
            raise CampaignError(f"{path}: a log must begin with its campaign; it does not; name another file")
        return None, [], 0
    if not isinstance(found[0], dict) or "campaign" not in found[0]:
        raise CampaignError(f"{path}: a log must begin with its campaign; it does not; name another file")
    return found[0]["campaign"], found[1:], length


def _same(path: Path, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    differ = [name for name in {**known, **wanted} if known.get(name) != wanted.get(name)]
    if differ:
        name = differ[0]
        raise CampaignError(
            f"{path}: a log must be of the campaign that it continues; its {name} is {_shown(known.get(name))}, asked "
            f"for was {_shown(wanted.get(name))}; say the same again, or name another file"
        )


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
