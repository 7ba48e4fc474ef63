"""What all pictures have in common: colours, line styles, fonts, and drawing to the same bytes in every run.

The colours are those of Okabe and Ito (Color Universal Design, 2008), which the colour-blind tell apart; every colour goes
with a line style or a shape of its own, so that nothing is lost in black and white.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from derive.notation import Box
from derive.notation.tree import Accent, Row, Script
from reports.errors import extra
from reports.spoken import box_words

SALT = "backproof"
SETTINGS: dict[str, Any] = {
    "svg.hashsalt": SALT, "svg.fonttype": "path", "text.parse_math": False, "path.simplify": True,
    "font.family": ["STIXGeneral", "DejaVu Serif"], "font.size": 9.5, "legend.fontsize": 9,
    "xtick.labelsize": 8.5, "ytick.labelsize": 8.5, "legend.frameon": False, "legend.handlelength": 2.6,
    "axes.grid": True, "grid.alpha": 0.25, "grid.linewidth": 0.5, "axes.linewidth": 0.7, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False, "lines.linewidth": 1.5, "figure.facecolor": "white",
    "savefig.facecolor": "white", "axes.unicode_minus": True,
}  # fmt: skip
TEXT = 6.3  # inches: the width of the text on a page, so that letters come out at their own size
UNDATED: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
VECTOR = ("svg", "pdf")

INK, SOFT, FAINT = "#1a1a1a", "#5f5f5f", "#c9c9c9"
BLUE, RED, GREEN, ORANGE, PURPLE, SKY, YELLOW = (
    "#0072b2", "#c4480c", "#00795a", "#d98a00", "#a8507e", "#56b4e9", "#f0e442",
)  # fmt: skip
SERIES: tuple[tuple[str, Any, str], ...] = (  # colour, dashes, marker
    (BLUE, "-", "o"),
    (RED, (0, (5, 2)), "s"),
    (GREEN, (0, (1.2, 1.6)), "D"),
    (PURPLE, (0, (6, 2, 1.2, 2)), "^"),
    (ORANGE, (0, (3, 1.2)), "v"),
    (INK, (0, (8, 3)), "P"),
)


class Drawing(Mapping[str, bytes]):
    """A picture's vector forms, each drawn when it is first asked for; ``png`` is drawn on request and not listed."""

    def __init__(self, draw: Callable[[Any], None], size: tuple[float, float]) -> None:
        self._draw, self.size = draw, (round(size[0] * 72) / 72, round(size[1] * 72) / 72)
        self._drawn: dict[str, bytes] = {}

    def __getitem__(self, suffix: str) -> bytes:
        if suffix not in UNDATED:
            raise KeyError(suffix)
        if suffix not in self._drawn:
            self._drawn[suffix] = self._save(suffix)
        return self._drawn[suffix]

    def __contains__(self, suffix: object) -> bool:
        return suffix in UNDATED

    def __iter__(self) -> Iterator[str]:
        return iter(VECTOR)

    def __len__(self) -> int:
        return len(VECTOR)

    def _save(self, suffix: str) -> bytes:
        """Draw on a figure of its own: matplotlib's global state is neither used nor changed."""
        with extra("matplotlib"):
            import matplotlib
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure as Canvas
        with matplotlib.rc_context(cast(Any, SETTINGS)):
            figure = Canvas(figsize=self.size, dpi=200 if suffix == "png" else 72)
            FigureCanvasAgg(figure)
            self._draw(figure)
            stream = io.BytesIO()
            figure.savefig(stream, format=suffix, metadata=UNDATED[suffix])
        return stream.getvalue()


def margins(
    figure: Any, left: float = 0.62, right: float = 0.12, bottom: float = 0.48, top: float = 0.1, gap: float = 0.25
) -> None:
    """Room around the axes, in inches: equal in all pictures, whatever their size."""
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=left / width, right=1 - right / width, bottom=bottom / height, top=1 - top / height, wspace=gap
    )


def powers(axis: Any) -> None:
    """Powers of ten at the ticks of a logarithmic axis, set by us: matplotlib's formula parser is slow."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(base=10.0, numticks=8))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: power(value))


RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(value: float, base: int = 10) -> str:
    """A power as words show it.

    >>> power(1e-8), power(2.0**5, base=2)
    ('10⁻⁸', '2⁵')
    """
    return f"{base}" + f"{round(math.log(value, base))}".translate(RAISED)


def number(value: float, digits: int = 3) -> str:
    """A number in a caption: a true minus, no superfluous digits, powers of ten raised.

    >>> number(-0.25), number(1.6e-11), number(1234.5)
    ('−0.25', '1.6·10⁻¹¹', '1230')
    """
    text = f"{value + 0.0:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    if exponent and abs(value) < 10**6 and abs(value) >= 1:
        return f"{float(text):.0f}".replace("-", "−")
    raised = f"·10{str(int(exponent)).translate(RAISED)}" if exponent else ""
    return mantissa.replace("-", "−") + raised


def name_words(box: Box) -> str:
    """A name in a caption: as it is written in a declaration, marks in words.

    >>> from derive.notation.names import name_box
    >>> name_words(name_box("W_hh")), name_words(name_box("yhat"))
    ('W_hh', 'y hat')
    """
    match box:
        case Script(base, sub, sup):
            below = "" if sub is None else f"_{name_words(sub)}"
            above = "" if sup is None else f"^{name_words(sup)}"
            return f"{name_words(base)}{below}{above}"
        case Accent(kind, base):
            return f"{name_words(base)} {kind}"
        case Row(parts):
            return "".join(name_words(part) for part in parts)
    return box_words(box)


def listed(words: list[str]) -> str:
    """Words in a row.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


__all__ = ["SERIES", "SETTINGS", "Drawing", "listed", "margins", "name_words", "number", "power", "powers"]
