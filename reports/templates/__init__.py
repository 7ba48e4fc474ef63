"""The fixed text of each output language, as Jinja2 templates with ``<< >>`` and ``<% %>``."""

from __future__ import annotations

from functools import cache
from typing import Any

from reports.errors import extra


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
    """A template with its values put in; a value that is missing raises ``jinja2.UndefinedError``."""
    return str(_environment().get_template(name).render(**values))
