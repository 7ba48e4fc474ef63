"""Documents in LaTeX, on amsmath, amssymb, booktabs, listings, hyperref, microtype and graphicx alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from derive.latex import box_latex
from derive.notation import Box, break_lines, width
from reports.document import (
    Block,
    Document,
    Equations,
    Figure,
    Index,
    Inline,
    Items,
    Line,
    Listing,
    Math,
    Note,
    Paragraph,
    References,
    Section,
    Table,
    anchor,
    plain,
)
from reports.latex.text import inline, typewriter, words
from reports.templates import render

LINE = 43.0  # em: the text width of the template
REASON = 0.27  # of the text width, for the column of reasons
NUMBER = 2.4  # em, for the column of numbers
BOXED = 6  # rows; a box cannot be divided, so what is longer stands between two rules
LINES = 40  # a longer table is set in pieces, since a tabular cannot break over pages
HEADINGS = {
    "page": ("section", "subsection", "subsubsection"),
    "book": ("chapter", "section", "subsection", "subsubsection"),
}


def latex(document: Document) -> str:
    """The whole document."""
    headings = HEADINGS[document.kind]
    return render(
        "document.tex",
        kind=document.kind,
        title=words(document.title),
        pdf_title=words(document.title),
        subtitle=words(document.subtitle),
        summary=inline(document.summary),
        colophon=[words(line) for line in document.colophon],
        body="\n".join(_section(section, headings) for section in document.sections),
    )


def _section(section: Section, headings: Sequence[str], numbered: bool = True) -> str:
    numbered = numbered and section.numbered
    label = rf"\label{{{anchor(section.label)}}}" if section.label else ""
    title = words(section.title)
    if numbered:
        parts = [rf"\{headings[0]}{{{title}}}{label}"]
    else:  # what LaTeX leaves out with the number: the entry in the contents, the line on top of the page
        parts = [
            rf"\{headings[0]}*{{{title}}}\phantomsection{label}\addcontentsline{{toc}}{{{headings[0]}}}{{{title}}}"
        ]
        parts += [rf"\markboth{{{title}}}{{{title}}}"] if headings[0] == "chapter" else []
    parts.extend(_block(block) for block in section.blocks)
    parts.extend(_section(inner, headings[1:] or headings, numbered) for inner in section.sections)
    if section.columns > 1 and headings[0] == "chapter":
        parts = [r"\cleardoublepage\twocolumn", *parts, r"\onecolumn"]
    return "\n\n".join(parts)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content):
            return inline(content) + (r"\par\nopagebreak" if plain(content).endswith(":") else "")
        case Equations():
            return _equations(block)
        case Table():
            return _table(block)
        case Listing():
            return _listing(block)
        case Figure(_, data, caption, description, share):
            file = block.file("pdf" if "pdf" in data else "png")
            return (
                "\\begin{center}\n"
                f"% {_comment(description)}\n"
                rf"\includegraphics[width={share}\linewidth]{{{file}}}"
                f"\n\n{{\\small {words(caption)}}}\n\\end{{center}}"
            )
        case Items(items):
            return "\\begin{itemize}\n" + "\n".join(rf"\item {inline(item)}" for item in items) + "\n\\end{itemize}"
        case References(entries):
            works = (
                rf"\item[{{[{k}]}}]\phantomsection\label{{{anchor(name)}}}{inline(content)}"
                for k, (name, content) in enumerate(entries, 1)
            )
            return "\\begin{references}\n" + "\n".join(works) + "\n\\end{references}"
        case Index(entries):
            return "\n".join(rf"\entry{{{inline((entry,))}}}{{{anchor(entry.target)}}}" for entry in entries)
        case Note(content, kind):
            head = r"\textbf{Attention.} " if kind == "warning" else ""
            return rf"\begin{{quote}}\small {head}{inline(content)}\end{{quote}}"
    raise TypeError(f"no LaTeX is known for {type(block).__name__}")


def _comment(text: str) -> str:
    return " ".join(text.split())


def _equations(block: Equations) -> str:
    numbers = any(line.number for line in block.lines)
    if block.boxed:
        reasons = any(each.reason for each in block.lines)
        room = LINE - 3 - (NUMBER if numbers else 0.0)
        rows = [row for line in block.lines for row in _rows(line, room, reasons, numbers)]
        if len(rows) <= BOXED:
            inner = " \\\\[2pt]\n".join(rows)
            return f"\\[\n\\boxed{{\\begin{{aligned}}\n{inner}\n\\end{{aligned}}}}\n\\]"
        return f"\\begin{{ruled}}\n{_aligned(block, numbers)}\n\\end{{ruled}}"
    return _aligned(block, numbers)


def _aligned(block: Equations, numbers: bool) -> str:
    reasons = any(line.reason for line in block.lines)
    room = (LINE * (1 - REASON) - 3 if reasons else LINE - 2) - (NUMBER if numbers else 0.0)
    lead = max((min(width(line.left), LINE / 2) for line in block.lines if line.left is not None), default=0.0)
    rows = [row for line in block.lines for row in _rows(line, room, reasons, numbers, lead)]
    return "\\begin{flalign*}\n" + " \\\\\n".join(rows) + "\n\\end{flalign*}"


def _rows(line: Line, room: float, reasons: bool, numbers: bool, lead: float | None = None) -> list[str]:
    left = _fitted(line.left, LINE / 2) if line.left is not None else ""
    lead = min(width(line.left), LINE / 2) if lead is None and line.left is not None else lead or 0.0
    room -= lead + 1.5
    first, *others = break_lines(line.right, room)
    rows = [
        f"{left} &{'=' if line.equals else ''} {_fitted(first, room)}",
        *(rf"&\quad {_fitted(other, room)}" for other in others),
    ]
    if line.shape is not None:
        shape = rf"\quad {{\scriptstyle {box_latex(line.shape)}}}"
        if width((first, *others)[-1]) + 0.8 * width(line.shape) + 1.5 > room:
            rows.append(f"&{shape}")
        else:
            rows[-1] += f" {shape}"
    if reasons:
        column = (
            rf"\hspace{{{REASON}\linewidth}}" if numbers and line.number else ""
        )  # an empty box would have no width
        if line.reason:
            column = rf"\parbox[t]{{{REASON}\linewidth}}{{\raggedright\footnotesize {inline(line.reason)}}}"
        rows[0] += f" && {column}"
    if numbers:
        shown = words(line.number)
        mark = rf"\eqnumber{{{anchor(line.label)}}}{{{shown}}}" if line.label else rf"\makebox[2.4em][r]{{{shown}}}"
        rows[0] += mark if reasons else f" && {mark}"
    return rows


def _fitted(box: Box, room: float) -> str:
    """A piece of a formula; what can be broken nowhere is made as small as it must be."""
    shown = box_latex(box)
    return rf"\fitted{{{max(room, 4.0):.1f}em}}{{{shown}}}" if width(box) > room else shown


def _table(table: Table) -> str:
    weights = table.weights or tuple(1.0 for _ in table.header)
    total = sum(weights)
    shares = [0.97 * weight / total for weight in weights]
    gap = len(weights) - 1
    columns = "".join(rf"p{{\dimexpr {share:.4f}\linewidth-{2 * gap * share:.4f}\tabcolsep\relax}}" for share in shares)
    header = " & ".join(rf"\raggedright\textbf{{{words(cell)}}}" for cell in table.header)
    rows = [" & ".join(rf"\raggedright {inline(cell)}" for cell in row) for row in table.rows]
    pieces: list[list[str]] = [[]]
    room = LINES
    for row, cells in zip(rows, table.rows, strict=True):
        height = max((_height(cell, share) for cell, share in zip(cells, shares, strict=True)), default=1)
        if pieces[-1] and height > room:
            pieces.append([])
            room = LINES
        pieces[-1].append(row)
        room -= height
    tables = []
    for piece in pieces:
        body = "".join(f"{row} \\tabularnewline\n" for row in piece)
        tables.append(
            f"\\par\\smallskip\\noindent{{\\footnotesize\\def\\arraystretch{{1.25}}\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n\\toprule\n"
            f"{header} \\tabularnewline\n\\midrule\n{body}\\bottomrule\n\\end{{tabular}}}}\\par\\smallskip"
        )
    caption = f"\\noindent{{\\small {words(table.caption)}}}\\par\n" if table.caption else ""
    return caption + "\n\n".join(tables)


def _height(content: Sequence[Inline], share: float) -> int:
    """About how many lines a cell has."""
    ems = sum(width(piece.box) if isinstance(piece, Math) else 0.55 * len(plain((piece,))) for piece in content)
    return max(1, ceil(0.8 * ems / (LINE * share)))


def _listing(listing: Listing) -> str:
    caption = f"\\noindent{{\\small {words(listing.caption)}}}\\par\n" if listing.caption else ""
    if r"\end{lstlisting}" in listing.text or not listing.text.isascii():  # what the environment cannot hold
        lines = "\\\\\n".join(typewriter(line, "~") or "~" for line in listing.text.splitlines())
        return f"{caption}\\begin{{flushleft}}\\footnotesize\n{lines}\n\\end{{flushleft}}"
    language = "[backproof]Python" if listing.language == "python" else ""
    margin = ",numbers=right" if listing.margin else ""
    marks = _margin(listing) if listing.margin else ""
    return f"{caption}{marks}\\begin{{lstlisting}}[language={{{language}}}{margin}]\n{listing.text.rstrip()}\n\\end{{lstlisting}}"


def _margin(listing: Listing) -> str:
    """What stands beside the lines, in place of their numbers."""
    links = {
        n: words(each.text) for n, each in listing.margin.items()
    }  # no links: listings has made their signs active
    cases = "".join(rf"\or {links.get(number, '')}" for number in range(1, max(links) + 1))
    return rf"\renewcommand{{\thelstnumber}}{{\ifcase\value{{lstnumber}}{cases}\fi}}" + "%\n"
