"""What `identify` found: the method, every convention, and where others part from it."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from madatheory.identities.recognition.candidate import FirstDeviation

WIDTH = 100


@dataclass(frozen=True)
class IdentifiedConvention:
    """One switch. `options` are those that describe the target; several cannot be told apart. `why` explains.

    Without options it was not compared, or (`follows` false) none of the known ones describes the target.
    """

    name: str
    options: tuple[str, ...]
    why: str = ""
    follows: bool = True

    def text(self) -> str:
        """In words."""
        if not self.options:
            return self.why
        return " | ".join(self.options) + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Deviation:
    """A convention or method that the target does not follow, and the first update that shows it."""

    what: str
    at: FirstDeviation | None
    distance: float = 0.0


@dataclass(frozen=True)
class Identification:
    """The outcome for one target.

    `family` is None if no reference agrees. `precision` is the dtype to whose rounding it agrees. `estimated` are
    hyper-parameters that could be neither read nor set. `others` are further methods with the same updates. `parts`
    are single switches set otherwise, with where they first deviate; `nearest` are other methods, or the nearest ones
    if none agrees. `runs` says what was run, `problem` why nothing could be.
    """

    target: str
    framework: str
    family: str | None = None
    source: str = ""
    conventions: tuple[IdentifiedConvention, ...] = ()
    estimated: Mapping[str, float] = field(default_factory=dict)
    precision: str = "float64"
    others: tuple[str, ...] = ()
    parts: tuple[Deviation, ...] = ()
    nearest: tuple[Deviation, ...] = ()
    runs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def ok(self) -> bool:
        """A reference agrees, with every convention that was compared."""
        return self.family is not None and all(item.follows for item in self.conventions)

    def convention(self, name: str) -> IdentifiedConvention:
        """The one of this name; `KeyError` if the method has none."""
        for item in self.conventions:
            if item.name == name:
                return item
        raise KeyError(name)

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        return json.loads(json.dumps({**asdict(self), "ok": self.ok}, default=str))

    def text(self) -> str:
        """For a terminal, at most 100 columns."""
        lines: list[str] = []
        if self.problem:
            return "\n".join(_wrapped(f"{self.target}: {self.problem}", ""))
        if self.family:
            lines += _wrapped(f"{self.target} ({self.framework}) follows {self.family} [{self.source}]", "  ")
        else:
            lines += _wrapped(f"{self.target} ({self.framework}) follows none of the references", "  ")
        width = max((len(item.name) for item in self.conventions), default=0)
        for item in self.conventions:
            lines += _wrapped(f"  {item.name:{width}}  {item.text()}", " " * (width + 4))
        if self.estimated:
            values = ", ".join(f"{name} = {value:.6g}" for name, value in self.estimated.items())
            lines += _wrapped(f"  estimated, because not readable and not settable: {values}", "    ")
        if self.others:
            lines += _wrapped(f"  the same updates as {'; '.join(self.others)}", "    ")
        for note in self.notes:
            lines += _wrapped(f"  {note}", "    ")
        lines += [line for run in self.runs for line in _wrapped(f"  run {run}", "    ")]
        if self.parts:
            lines += ["One switch set otherwise would first deviate at"]
            lines += [line for part in self.parts for line in _deviation(part)]
        if self.nearest:
            lines += ["The nearest other methods" if self.family else "The nearest, and where it first leaves them"]
            lines += [line for part in self.nearest for line in _deviation(part, distance=True)]
        return "\n".join(lines)


def _deviation(part: Deviation, distance: bool = False) -> list[str]:
    head = part.what + (f", apart by {part.distance:.2g} (mean of |a-b|/(|a|+|b|))" if distance else "")
    if part.at is None:
        return _wrapped(f"  {head}", "      ")
    got, expected = _told_apart(part.at.got, part.at.expected)
    at = f"run {part.at.run}, {part.at.sequence}, step {part.at.step}: got {got}, it would be {expected}"
    return _wrapped(f"  {head}", "      ") + _wrapped(f"      {at}", "        ")


def _told_apart(got: complex, expected: complex) -> tuple[str, str]:
    """Both numbers with as many digits as show the difference."""
    for digits in range(5, 17):
        shown = f"{got:+.{digits}g}", f"{expected:+.{digits}g}"
        if shown[0] != shown[1]:
            break
    return shown


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False, drop_whitespace=True
    ) or [text]
