"""The errors that a user can mend, each with one clear message."""

import difflib
from collections.abc import Iterable
from typing import Any


class UserError(ValueError):
    """Bad input: the message names the offending value and the remedy. The command line prints it and exits with 2."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for an unknown name, with the nearest known one."""
    names = sorted(known)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.4)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return UserError(f"unknown {kind} {name!r:.80}{hint} (known: {', '.join(names)})")


def check_text(owner: str, **texts: Any) -> None:
    """Refuse a text that is none, or is blank."""
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"{owner}: {name} = {value!r}: give a text that is not empty")
