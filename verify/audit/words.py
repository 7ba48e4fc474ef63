"""What a check says, on one line."""

from __future__ import annotations

import re
from typing import Any

from verify.audit.claims import Check


def statement(check: Check) -> str:
    """What a check says, on one line."""
    if check.words:
        return check.words
    v = check.values
    match check.kind:
        case "equal":
            return f"{expression(v['left'])} = {expression(v['right'])}"
        case "number":
            return f"{v['what']} = {_value(v['value'])}"
        case "shape":
            return f"{v['what']} has the shape ({', '.join(check.texts('shape'))})"
        case "bound":
            assumed = f" where {', '.join(check.texts('assume'))}" if check.texts("assume") else ""
            return f"{v['relation']}{assumed}"
        case "gradient":
            return f"{v['gradient']} = {expression(v['formula'])}"
        case "cost":
            return f"O({v['order']}) for {' '.join(str(v['of']).split())}"
        case "limit":
            return f"{v['what']} -> {v['value']} as {v['variable']} -> {v['to']}"
        case "convex":
            return f"convex in {v['wrt']}"
        case "stability":
            return f"stable below {v['below']}" if "below" in v else f"one step multiplies by {v['factor']}"
        case "graph":
            return " -> ".join(str(v["path"]).replace("->", " ").split())
    return check.kind


def expression(text: str) -> str:
    """An expression on one line, without the name that an equation gives it.

    >>> expression("q[i, j] = sum(X[i, k]*W[k, j], k)")
    'sum(X[i, k]*W[k, j], k)'
    """
    return re.sub(r"^\w+\[[^\]]*\]\s*=\s*", "", " ".join(text.split()))


def _value(value: Any) -> str:
    return f"[{', '.join(_value(part) for part in value)}]" if isinstance(value, list) else str(value)
