"""The fixed text of each output language, as Jinja2 templates with ``<< >>`` and ``<% %>``."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from reports.errors import extra

# What no output language may hold: control characters, and what XML leaves out.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@cache
def _environment() -> Any:
    with extra("jinja2"):
        import jinja2
    return jinja2.Environment(
        loader=jinja2.PackageLoader("reports", "templates"),
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, **values: object) -> str:
    """A template with its values put in, control characters by their numbers.

    A value that is missing raises ``jinja2.UndefinedError``.
    """
    text = str(_environment().get_template(name).render(**values))
    return _FORBIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
