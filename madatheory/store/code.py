"""What tells the compiled code of one function from another's, and data as one text.

The bytes of `cloudpickle` do not serve: of equal functions they differ from process to process.
"""

import hashlib
import json
import sys
import types
from typing import Any

from madatheory.sources import in_package


def canonical(value: object) -> str:
    """The one JSON text of plain data: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def content(cell: types.CellType) -> Any:
    """What a closure's cell holds."""
    try:
        return cell.cell_contents
    except ValueError:
        return "(empty)"


def names(code: types.CodeType) -> set[str]:
    """The globals and attributes that code names."""
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*(names(c) for c in inner))


def code_identity(function: types.FunctionType) -> Any:
    """What tells a function's code from another's: its place in a file of the package, else a hash of the code.

    The hash of the package's file is among the sources, and compiled code need not be that of the file: pytest and
    coverage tools rewrite it.
    """
    code, module = function.__code__, sys.modules.get(function.__module__)
    if module is None or not in_package(module):
        return _code(code)
    place: list[Any] = [code.co_qualname, code.co_firstlineno]
    if code.co_name == "<lambda>":  # several may share a line
        place.append([list(position) for position in code.co_positions()])
    return place


def _code(code: types.CodeType) -> str:
    """Hash of compiled code without file names and line numbers."""

    def constant(value: object) -> Any:
        if isinstance(value, types.CodeType):
            return _code(value)
        if isinstance(value, tuple):
            return [constant(v) for v in value]
        if isinstance(value, frozenset):
            return sorted(repr(v) for v in value)
        return f"{type(value).__name__} {value!r}"

    known = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    return digest(canonical([code.co_code.hex(), [constant(c) for c in code.co_consts], known]))
