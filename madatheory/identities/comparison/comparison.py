"""What `compare` found: the runs, the first difference, what explains it, and a program that shows it."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from madatheory.identities.comparison.accounts import ExplainedDifference
from madatheory.identities.comparison.judged import ComparedRun, FirstDifference

WIDTH = 100


@dataclass(frozen=True)
class OptimizerComparison:
    """The outcome for two targets A and B.

    `a` and `b` are their names, `settings` what each was given beyond its defaults. `differences` is the smallest set
    that was found to explain every run, None if none was; `evidence` says how it is known. `remedies` are settings
    under which both are the same, each tried. `notes` say what is nearest otherwise. `program` shows the first
    difference, or that there is none.
    """

    a: str
    b: str
    frameworks: tuple[str, str]
    settings: tuple[Mapping[str, Any], Mapping[str, Any]]
    runs: tuple[ComparedRun, ...]
    differences: tuple[ExplainedDifference, ...] | None = None
    evidence: str = ""
    remedies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    program: str = field(default="", repr=False)

    @property
    def same(self) -> bool:
        """The same steps in every case that counts."""
        return all(run.verdict == "same" for run in self.runs if run.counts and run.verdict != "not run")

    @property
    def precision(self) -> str:
        """The dtype to whose rounding float64 runs are the same: "float32" where a part of one side is."""
        told = [run.precision for run in self.runs if run.counts and run.verdict == "same" and run.name != "float32"]
        return "float32" if "float32" in told else "float64"

    @property
    def first(self) -> ComparedRun | None:
        """The first run that differs."""
        return next((run for run in self.runs if run.counts and run.verdict == "differ"), None)

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        whole = {**asdict(self), "same": self.same, "first": self.first and asdict(self.first)}
        whole["differences"] = None if self.differences is None else [d._asdict() for d in self.differences]
        return json.loads(json.dumps(whole, default=str))

    def text(self) -> str:
        """For a terminal, at most 100 columns but for the program."""
        how = f"take the same steps, to the rounding of {self.precision}" if self.same else "differ"
        lines = [f"A = {self.a} ({self.frameworks[0]}){_given(self.settings[0])}"]
        lines += [f"B = {self.b} ({self.frameworks[1]}){_given(self.settings[1])}", f"A and B {how}", ""]
        width = max(len(run.name) for run in self.runs)
        for run in self.runs:
            lines += _wrapped(f"  {run.name:{width}}  {_verdict(run)} ({run.what})", " " * (width + 4))
        if self.first is not None and self.first.first is not None:
            lines += ["", *_wrapped(f"First difference: {_first(self.first, self.first.first)}", "  ")]
        lines += ["", *self._why()] if not self.same else []
        for note in self.notes:
            lines += _wrapped(note, "  ")
        return "\n".join([*lines, "", "Program:", *(f"    {line}" for line in self.program.splitlines())])

    def _why(self) -> list[str]:
        if self.differences is None:
            lines = _wrapped(
                "Why: no setting or convention that is known here explains it, alone or together with others", "  "
            )
        else:
            count = len(self.differences)
            if count == 1:
                lines = _wrapped(f"Why: one difference explains every run ({self.evidence})", "  ")
            else:
                what = f"no single change explains it; these {count} together do ({self.evidence})"
                lines = _wrapped(f"Why: {what}", "  ")
            width = max(len(difference.name) for difference in self.differences)
            for difference in self.differences:
                lines += _wrapped(f"  {difference.name:{width}}  A: {difference.a}", " " * (width + 7))
                lines += _wrapped(f"  {'':{width}}  B: {difference.b}", " " * (width + 7))
        for remedy in self.remedies:
            lines += _wrapped(f"Tried: {remedy} takes the other's steps in every run", "  ")
        return lines


def _given(settings: Mapping[str, Any]) -> str:
    return f" with {', '.join(f'{name} = {value}' for name, value in settings.items())}" if settings else ""


def _verdict(run: ComparedRun) -> str:
    if run.verdict == "not run":
        return f"not run: {run.problem}"
    if run.verdict == "same":
        return f"same to the rounding of {run.precision}" + ("" if run.counts else ", not counted")
    assert run.first is not None
    return f"differ from step {run.first.step} on" + ("" if run.counts else ", not counted")


def _first(run: ComparedRun, at: FirstDifference) -> str:
    where = f"entry {list(at.entry)}" + (f" of tensor {at.tensor + 1}" if at.tensor else "")
    one, other = told_apart(*at.x)
    before = told_apart(*at.before)[0] if at.before[0] == at.before[1] else " and ".join(told_apart(*at.before))
    return f"run {run.name!r}, step {at.step}, {where}: x = {one} in A, {other} in B, from {before}"


def told_apart(a: complex, b: complex) -> tuple[str, str]:
    """Both numbers with as many digits as show the difference."""
    shown = f"{a:.6g}", f"{b:.6g}"
    for digits in range(7, 18):
        if shown[0] != shown[1]:
            break
        shown = f"{a:.{digits}g}", f"{b:.{digits}g}"
    return (f"{a:.6g}", f"{b:.6g}") if shown[0] == shown[1] else shown


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [""]
