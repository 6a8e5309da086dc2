"""What is asked of an optimizer under test, and what came of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from madatheory.defaults import PROFILE, SECONDS
from madatheory.errors import UserError, unknown
from madatheory.identities.identity import identities
from madatheory.identities.methods import METHODS
from madatheory.identities.recognition.traits import PROBES, Trait
from madatheory.identities.targets.target import Target

PROFILES: Mapping[str, int] = {"quick": 5, "default": 15, "thorough": 200}
"""Examples per identity."""
LEFT_OUT: Mapping[str, str] = {
    "quick": "E12 K5b K6 K7 K8 K8b K8c K9b K10b K10c K13 K13b K13c K15 K15b K15c K15d K16 K17 H1 H2 H3 H4 H5 H6 H7"
}
"""Identities that a profile tries only where they are named: derivatives, other execution modes, checkpoints, groups,
other shapes. They have programs of their own compiled, which takes as long as all the rest."""
BASE: Mapping[str, Any] = {"lr": 0.125, "weight_decay": 0.0}
"""Settings of every run unless an identity says otherwise: a dyadic step size, and decay only where it is tested."""


def base_settings(target: Target) -> dict[str, Any]:
    """`BASE` as far as the target has these settings; gradients are not accumulated unless an identity asks for it."""
    found = {name: value for name, value in BASE.items() if name in target.settable}
    return found | ({"every": 1} if (target.defaults.get("every") or 0) > 1 else {})


NOT_FINITE = "not finite"
"""How the cause begins where a number is lost; ", float16" follows where that is due to half precision."""
STATUSES = ("pass", "FAIL", "convention", "xfail", "n.a.", "error")
"""`convention`: does not hold, by a convention or by a limit of the number format; no mistake."""


@dataclass(frozen=True)
class IdentityOutcome:
    """What came of one identity: `status` is one of `STATUSES`, `detail` why, `snippet` a program that shows it.

    `cause` is what a failure begins with: its first wrong step, or what is not finite; `likely` the mistake in words,
    where one is known that leads to the same steps.
    """

    code: str
    name: str
    status: str
    detail: str = ""
    statement: str = ""
    snippet: str = ""
    got: str = ""
    expected: str = ""
    seconds: float = 0.0
    cause: str = ""
    likely: str = ""

    @property
    def fails(self) -> bool:
        """Whether it counts against the optimizer."""
        return self.status in ("FAIL", "error")


@dataclass(frozen=True)
class FailureGroup:
    """Failures that have one cause, the one with the shortest program first."""

    outcomes: tuple[IdentityOutcome, ...]

    @property
    def cause(self) -> str:
        """What they begin with."""
        return next((o.cause for o in self.outcomes if o.cause), "")

    @property
    def likely(self) -> str:
        """The mistake in words; "" if it is not known."""
        return next((o.likely for o in self.outcomes if o.likely), "")

    @property
    def codes(self) -> list[str]:
        """Of the identities that fail."""
        return [o.code for o in self.outcomes]


@dataclass(frozen=True)
class Report:
    """All outcomes for one target, the traits and how they are known.

    `problem` says why nothing could be tested; `unusable` that this is no finding: the target cannot be built or run
    in this way, and the message says what to give instead.
    """

    target: str
    framework: str
    traits: Mapping[str, Trait]
    outcomes: tuple[IdentityOutcome, ...]
    problem: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    unusable: bool = False

    @property
    def failures(self) -> list[IdentityOutcome]:
        """What does not hold and was not declared, time limits included."""
        return [o for o in self.outcomes if o.fails]

    @property
    def findings(self) -> list[FailureGroup]:
        """The failures by their cause: one likely mistake, one number that is not finite, or one first wrong step.

        What an identity of group K, about state, tensors and groups, begins with is no cause of another group's.
        """
        lost = {o.likely: (o.cause, "") for o in self.failures if o.likely and o.cause.startswith(NOT_FINITE)}
        grouped: dict[tuple[str, str], list[IdentityOutcome]] = {}
        for o in self.failures:
            if o.cause.startswith(NOT_FINITE):
                key = (o.cause, "")
            elif o.likely:
                key = lost.get(o.likely, (o.likely, "likely"))
            elif o.cause.startswith("step"):
                key = (o.cause, "K" if o.code.startswith("K") else "")
            else:
                key = (o.cause, "") if o.cause else (o.code, "alone")
            grouped.setdefault(key, []).append(o)
        lines = [sorted(same, key=lambda o: o.snippet.count("\n")) for same in grouped.values()]
        return [FailureGroup(tuple(same)) for same in lines]

    @property
    def conventions(self) -> list[IdentityOutcome]:
        """What does not hold by a convention or by a limit of the number format."""
        return [o for o in self.outcomes if o.status == "convention"]

    @property
    def ok(self) -> bool:
        """Something was tested and nothing failed."""
        return not self.problem and not self.failures and any(o.status == "pass" for o in self.outcomes)

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        named = {name: trait._asdict() for name, trait in self.traits.items()}
        found = [{"codes": f.codes, "cause": f.cause, "likely": f.likely} for f in self.findings]
        return json.loads(json.dumps({**asdict(self), "traits": named, "findings": found}, default=str))


def report_from(record: Mapping[str, Any]) -> Report:
    """The report that `Report.as_dict` wrote."""
    traits = {name: Trait(**trait) for name, trait in record["traits"].items()}
    kept = {name: value for name, value in record.items() if name != "findings"}  # these follow from the outcomes
    return Report(**{**kept, "traits": traits, "outcomes": tuple(IdentityOutcome(**o) for o in record["outcomes"])})


@dataclass(frozen=True)
class Request:
    """What is asked of every target; plain values, so that it can be sent to another process. See `check`."""

    traits: Mapping[str, bool] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    xfail: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None
    profile: str = PROFILE
    seed: int | None = None
    limit: float = SECONDS
    method: str = ""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise unknown("profile", self.profile, PROFILES)
        for name in self.traits:
            if name not in PROBES:
                raise unknown("trait", name, PROBES)
        if self.method and self.method not in METHODS:
            raise unknown("method", self.method, METHODS)
        if self.xfail:
            check_codes(self.xfail)
        if not self.limit > 0:
            raise UserError(f"limit = {self.limit:g} s: give a time above 0")
        if self.seed is not None and not 0 <= self.seed < 2**32:
            raise UserError(f"seed = {self.seed}: give a whole number from 0 to 2^32-1")


def check_codes(codes: Iterable[str]) -> None:
    """`UserError` at the first code that no identity has."""
    for code in codes:
        if code not in identities():
            raise unknown("identity", code, identities())
