"""Digits that tell whether a recording was made by the code as it is now."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable


def fingerprint(trees: Iterable[ast.AST]) -> str:
    """Return twelve digits that change with the code, and with nothing else.

    Comments and layout do not count, nor does the version of Python: parts of the
    syntax that it knows and the code does not use are left out.
    """
    text = "\n".join(_written(tree) for tree in trees)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _written(part: object) -> str:
    if isinstance(part, list):
        return f"[{', '.join(map(_written, part))}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    fields = (
        f"{name}={_written(value)}"
        for name, value in ast.iter_fields(part)
        if value is not None and value != []
    )
    return f"{type(part).__name__}({', '.join(fields)})"
