"""What a hyper-parameter is: its default, its range, and how a value outside is refused."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from madatheory.errors import UserError


@dataclass(frozen=True)
class Parameter:
    """A hyper-parameter: default and admitted range (`open_low`/`open_high`: the end itself is refused)."""

    default: float
    low: float = -np.inf
    high: float = np.inf
    open_low: bool = False
    open_high: bool = False
    meaning: str = ""

    def refuse(self, name: str, value: Any) -> None:
        """Raise `UserError` unless every entry of `value` is in the range."""
        try:
            entries = np.atleast_1d(np.asarray(value, dtype=float)).ravel()
        except (TypeError, ValueError) as error:
            raise UserError(f"{name} = {value!r} is not a number: give a number or a list of numbers") from error
        low = entries <= self.low if self.open_low else entries < self.low
        high = entries >= self.high if self.open_high else entries > self.high
        bad = entries[~np.isfinite(entries) | low | high]
        if bad.size:
            left = "(" if self.open_low or self.low == -np.inf else "["
            right = ")" if self.open_high or self.high == np.inf else "]"
            raise UserError(
                f"{name} = {bad[0]:g} is out of range: give a value in {left}{self.low:g}, {self.high:g}{right}"
            )
