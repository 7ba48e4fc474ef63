"""Lines of generated source: named temporaries, equal computations written once, nested blocks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sympy import Expr, Symbol, floor

from numeric.sizes import SizePrinter, canonical

ATOM, PRODUCT, SUM = 3, 2, 1


@dataclass(frozen=True)
class Val:
    """Source text of an array whose axis ``k`` runs with the index ``axes[k]``; ``level`` is how tightly it binds."""

    code: str
    axes: tuple[Symbol, ...] = ()
    level: int = ATOM

    def at(self, level: int) -> str:
        """The text, bracketed where it binds less tightly than ``level``."""
        return self.code if self.level >= level else f"({self.code})"


@dataclass
class Code:
    """The body of one generated function."""

    taken: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    indent: int = 1
    known: dict[str, str] = field(default_factory=dict)
    sizes: SizePrinter = field(default_factory=SizePrinter)
    axis_sizes: set[Symbol] = field(default_factory=set)
    number_sizes: set[Symbol] = field(default_factory=set)
    named_sizes: dict[Expr, Expr] = field(default_factory=dict)
    size_formulas: dict[Symbol, Expr] = field(default_factory=dict)
    known_temporaries: set[str] = field(default_factory=set)

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def fresh(self, hint: str) -> str:
        """A name that nothing has."""
        base = re.sub(r"\W", "_", hint)
        name, number = base, 2
        while name in self.taken:
            name, number = f"{base}_{number}", number + 1
        self.taken.add(name)
        return name

    def temporary(self, code: str, hint: str) -> str:
        """A name for a computation; the same computation gets the same name."""
        if code not in self.known:
            name = self.fresh(hint)
            self.line(f"{name} = {code}")
            self.known[code] = name
            self.known_temporaries.add(name)
        return self.known[code]

    def size(self, expression: Expr) -> str:
        """An expression of sizes as a Python integer expression."""
        return self._size(expression, self.axis_sizes)

    def number(self, expression: Expr) -> str:
        """The same where it is a factor or term, not the length of an axis."""
        return self._size(expression, self.number_sizes)

    def _size(self, expression: Expr, used: set[Symbol]) -> str:
        if self.named_sizes and expression.has(floor):
            expression = canonical(expression).xreplace(self.named_sizes).expand()
        used |= {s for s in expression.free_symbols if isinstance(s, Symbol)}
        return str(self.sizes.doprint(expression))

    def name_size(self, extent: Expr, hint: str) -> None:
        """Let a computed extent, ``floor(...) + number``, be read by a name wherever it occurs."""
        formula = canonical(extent)
        floors = formula.atoms(floor)
        if len(floors) != 1 or formula in self.size_formulas.values():
            return
        (part,) = floors
        rest = formula - part
        if rest.is_Integer:
            symbol = Symbol(self.fresh(hint), integer=True)
            self.named_sizes[part] = symbol - rest
            self.size_formulas[symbol] = formula

    def text(self) -> list[str]:
        """The lines, with temporaries that are used once put where they are used."""
        lines = list(self.lines)
        position = 0
        while position < len(lines):
            match = re.fullmatch(r"( +)(\w+) = (.+)", lines[position])
            if match and match[2] in self.known_temporaries:
                uses = [k for k in range(position + 1, len(lines)) if re.search(rf"\b{match[2]}\b", lines[k])]
                if len(uses) == 1 and self._movable(lines, position, uses[0], match[2]):
                    lines[uses[0]] = _put_in(lines[uses[0]], match[2], match[3])
                    del lines[position]
                    continue
            position += 1
        return lines

    @staticmethod
    def _movable(lines: list[str], position: int, use: int, name: str) -> bool:
        """Only within one block, once, and into a line that stays readable."""
        indent = len(lines[position]) - len(lines[position].lstrip())
        between = lines[position + 1 : use + 1]
        same = all(len(line) - len(line.lstrip()) >= indent for line in between)
        level = len(lines[use]) - len(lines[use].lstrip()) == indent
        once = len(re.findall(rf"\b{name}\b", lines[use])) == 1
        return same and level and once and len(lines[use]) + len(lines[position]) < 150 and not lines[use].endswith(":")

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """An indented block; what is computed inside is not known after it."""
        self.line(header)
        known, self.known = self.known, dict(self.known)
        self.indent += 1
        yield
        self.indent -= 1
        self.known = known


def _put_in(line: str, name: str, code: str) -> str:
    """The line with the code in place of the name, in brackets only where they change what is computed."""
    indent = line[: len(line) - len(line.lstrip())]
    product = isinstance(ast.parse(code, mode="eval").body, ast.BinOp) and " @ " in code
    if product and re.search(rf"[*/]{name}\b|\b{name}[*/]", line):
        code = f"({code})"  # nobody knows which of @ and / comes first
    parts = re.split(rf"\b{name}\b", line.strip())
    bracketed, plain = f"({code})".join(parts), code.join(parts)
    return indent + (plain if ast.dump(ast.parse(plain)) == ast.dump(ast.parse(bracketed)) else bracketed)


def align(value: Val, order: Sequence[Symbol]) -> Val:
    """The value so that it broadcasts against an array with the axes ``order``."""
    wanted = [i for i in order if i in value.axes]
    if len(wanted) != len(value.axes):
        raise AssertionError(f"{value.axes} do not fit into {tuple(order)}")
    code, level = value.code, value.level
    if wanted != list(value.axes):
        places = [value.axes.index(i) for i in wanted]
        turned = (
            f"{value.at(ATOM)}.T"
            if places == list(range(len(places)))[::-1]
            else (f"{value.at(ATOM)}.transpose({', '.join(map(str, places))})")
        )
        code, level = turned, ATOM
    if wanted:
        first = list(order).index(wanted[0])
        pattern = [":" if i in wanted else "None" for i in list(order)[first:]]
        if "None" in pattern:
            code = f"{Val(code, (), level).at(ATOM)}[{', '.join(pattern)}]"
            level = ATOM
    return Val(code, tuple(wanted), level)


def joint(values: Sequence[Val], nesting: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """All axes of some values: in the order of the first value that has them all, else in nesting order."""
    union = {i for v in values for i in v.axes}
    for value in values:
        if len(value.axes) == len(union):
            return value.axes
    return tuple(i for i in nesting if i in union)


def share_out(divisors: Sequence[Val], factors: Sequence[Val]) -> tuple[list[Val], list[Val]]:
    """The factors of a product, of which the largest arrays are divided first; and the divisors left for its end.

    By a root of a sum of squares each factor is divided in its turn: ``a*(x/r)`` is a number where ``a*x/r`` overflows.
    """
    shared, left = list(factors), []
    for number, divisor in enumerate(divisors):
        at = len(shared) - 1 - number % max(len(shared), 1)
        factor = shared[at] if len(shared) > 1 else None
        if factor is None or not set(divisor.axes) <= set(factor.axes):
            left.append(divisor)
        else:
            text = f"{factor.at(PRODUCT)}/{align(divisor, factor.axes).at(ATOM)}"
            shared[at] = Val(text, factor.axes, PRODUCT)
    return shared, left
