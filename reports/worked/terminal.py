"""A worked example in a terminal: formula, formula with numbers, result, one below the other."""

from __future__ import annotations

from derive.matrix_form import program_matrices
from derive.program import Equation
from derive.text import equation_text, matrix_text
from reports.worked.lines import elements, inputs_text, nested, numpy_text, pairs
from reports.worked.plugging import plain
from reports.worked.working import Worked

INDENT = "  "


def text(worked: Worked) -> str:
    """All of it."""
    operation, given = worked.operation, worked.given
    lines = [f"{operation.title or operation.name} ({operation.name})"]
    lines += [given.title] if given.title else []
    lines += [f"source: {given.source}"] if given.source else []
    lines += ["", "given"]
    names = list(worked.exact.inputs)
    widest = max(map(len, names), default=0)
    lines += [f"{INDENT}{name:<{widest}}  {nested(inputs_text(worked, name))}" for name in names]
    forms = {**program_matrices(worked.derivation.program), **worked.derivation.matrix}
    for title, equations in pairs(worked):
        lines += ["", title.lower()]
        for equation in equations:
            lines += _equation(worked, equation, forms)
    lines += _update(worked)
    lines += _printed(worked)
    lines += ["", *_closing(worked)]
    return "\n".join(lines)


def _equation(worked: Worked, equation: Equation, forms: object) -> list[str]:
    assert isinstance(forms, dict)
    name = equation.target
    formula = f"{name} = {matrix_text(forms[name])}" if name in forms else equation_text(equation)
    if any(n is None for n in equation.extents):
        return [f"{INDENT}{formula}"]
    shape = worked.values[name].shape
    lines = [f"{INDENT}{formula}" + (f"    ({', '.join(map(str, shape))})" if shape else "")]
    found = elements(worked, equation)
    if found:
        heads = [f"{name}{list(e.position)}" if e.position else name for e in found]
        formulas = [plain(e.formula) for e in found]
        left, middle = max(map(len, heads)), max(map(len, formulas))
        for head, formula_, element in zip(heads, formulas, found, strict=True):
            value = f" = {element.value}" if formula_ != element.value else ""
            lines.append(f"{INDENT * 2}{head:<{left}} = {formula_:<{middle}}{value}".rstrip())
    else:
        lines.append(f"{INDENT * 2}{name} = {nested(worked.values[name])}")
    beside = numpy_text(worked, name)
    return [*lines, f"{INDENT * 2}NumPy: {beside}"] if beside else lines


def _update(worked: Worked) -> list[str]:
    update = worked.update
    if update is None:
        return []
    rule = update.rule
    settings = ", ".join(f"{name} = {value:g}" for name, value in rule.shown.items())
    lines = ["", f"update: {rule.operation.title or rule.operation.name}{' with ' + settings if settings else ''}"]
    lines += [f"{INDENT}{equation_text(e)}" for e in rule.equations]
    for name, value in update.after.items():
        lines += [f"{INDENT}{name} after = {nested(value)}"]
        lines += [f"{INDENT * 2}NumPy: {nested(update.numpy[name])}"]
    for name, value in update.outputs.items():
        before = nested(worked.values[name])
        lines += [f"{INDENT}{name}: {before} before, {nested(value)} after"]
    return lines


def _printed(worked: Worked) -> list[str]:
    if not worked.comparisons:
        return []
    rows = [("", "printed", "right", "more digits", "")]
    for found in worked.comparisons:
        label = found.printed.label or found.printed.what
        rows.append((label, nested(found.printed.value), nested(found.right), nested(found.more), found.words))
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = ["", "printed in the source, and right"]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        lines.append(f"{INDENT}{'  '.join(cells)}  {row[4]}".rstrip())
    return lines


def _closing(worked: Worked) -> list[str]:
    rounding = worked.rounding
    places = (
        f"{rounding.decimals} decimals" if rounding.decimals is not None else f"{rounding.digits} significant digits"
    )
    lines = [f"{places}; every digit is right (ball arithmetic, a tie to the even digit)"]
    lines += [f'"{sign}": {words}' for sign, words in worked.signs.items()]
    lines.append(f"NumPy (generated, float64) is off by at most {worked.deviation:.1e} of the largest element")
    return lines
