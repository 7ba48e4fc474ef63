"""A browser without a window: one start looks at several pages, unmodified, from files."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--allow-file-access-from-files", "--enable-logging=stderr",
    "--virtual-time-budget=20000",
)  # fmt: skip
SECONDS = 60


@dataclass(frozen=True)
class View:
    """A page in a frame of its own: its file, the width of its window, whether the reader asked for dark."""

    file: Path
    width: int = 1280
    dark: bool = False


@dataclass(frozen=True)
class Seen:
    """What the script returned, and what the browser wrote into its console (one line each)."""

    result: Any
    console: tuple[str, ...]


def look(views: Mapping[str, View], script: str, folder: Path) -> Seen:
    """Show the pages, each in a frame, and run ``script`` beside them once all are loaded.

    The script finds the windows in ``views``, by name, and ``await``s what it likes; what it returns comes back.  It belongs
    to the page around the frames, so that the pages' own policies hold inside.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("needs Chromium (on Debian: apt-get install chromium)")
    frames = "\n".join(
        f'<iframe id="{name}" src="{view.file.as_uri()}" '
        f'style="width:{view.width}px;height:900px;border:0;color-scheme:{"dark" if view.dark else "light"}"></iframe>'
        for name, view in views.items()
    )
    inside = script.replace("</", r"<\/")
    around = folder / "around.html"
    around.write_text(
        f"""<!DOCTYPE html><meta charset="utf-8"><body>{frames}<pre id="result"></pre><script>
async function run(views) {{ {inside} }}
window.onload = async function () {{
  var views = {{}};
  document.querySelectorAll("iframe").forEach(function (frame) {{ views[frame.id] = frame.contentWindow; }});
  var answer;
  try {{ answer = {{ result: await run(views) }}; }} catch (error) {{ answer = {{ error: String(error) }}; }}
  document.getElementById("result").textContent = JSON.stringify(answer);
}};
</script></body>""",
        "utf-8",
    )
    command = [program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", around.as_uri()]
    done = _run(command)
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr
    assert found[1], f"the script did not finish: {done.stderr}"
    answer = json.loads(html.unescape(found[1]))
    assert "error" not in answer, answer["error"]
    console = tuple(line for line in done.stderr.splitlines() if ":CONSOLE" in line)
    return Seen(answer["result"], console)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """As ``subprocess.run``; what the browser started ends with it."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as browser:
        try:
            out, errors = browser.communicate(timeout=SECONDS)
        except BaseException:
            os.killpg(browser.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, browser.returncode, out, errors)
