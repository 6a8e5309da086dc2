"""A figure is an executable claim: numbers, a picture, a caption, and the code that says whether the claim holds."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import xarray as xr
from matplotlib.figure import Figure as Canvas

from madatheory.errors import UserError, check_text
from madatheory.store.checkpoint import Cached, nothing_cached

Profile = Literal["smoke", "default", "full"]
PROFILES: tuple[Profile, ...] = ("smoke", "default", "full")
Numbers = dict[str, Any]
T = TypeVar("T")
_NAN = re.compile(r"\bnan\b", re.IGNORECASE)


@dataclass(frozen=True)
class Claim:
    """A sentence and whether the numbers support it; `detail` gives the numbers that decide.

    `UserError` for a blank text, for a `holds` that is no truth value ("no" would count as held), and for a claim that
    holds by a number that is none: a comparison with nan is false, and so its negation true.
    """

    text: str
    holds: bool
    detail: str

    def __post_init__(self) -> None:
        check_text("claim", text=self.text)
        owner = f"claim {self.text!r}"
        if not isinstance(self.holds, bool | np.bool_):
            raise UserError(f"{owner}: holds = {self.holds!r}: give True or False")
        if not isinstance(self.detail, str):
            raise UserError(f"{owner}: detail = {self.detail!r}: give a text with the numbers that decide")
        if self.holds and _NAN.search(self.detail):
            raise UserError(f"{owner}: holds although a number that decides is nan ({self.detail}): let it fail there")
        object.__setattr__(self, "holds", bool(self.holds))


@dataclass(frozen=True)
class Run:
    """What a figure's computation gets: the profile, the base seed, a (stored) `simulate`, and a progress report.

    `simulate` has the signature of `madatheory.engine.simulate.simulate`; `cached(name, config, compute)` keeps
    any other Dataset. `report(done, total, what)` moves the progress bar of this figure. `data` has what the user gave
    to train on instead of what the package brings: "text" a file, "images" a folder. `workers` is how many parts of a
    training run side by side, None one per core.
    """

    profile: Profile
    seed: int
    simulate: Callable[..., xr.Dataset]
    cached: Cached = nothing_cached
    report: Callable[[int, int, str], None] = lambda done, total, what: None
    data: Mapping[str, Path] = field(default_factory=dict)
    workers: int | None = None

    def pick(self, smoke: T, default: T, full: T) -> T:
        """The value for this run's profile."""
        return {"smoke": smoke, "default": default, "full": full}[self.profile]


@dataclass(frozen=True)
class Tolerance:
    """How far a figure's numbers may lie from those of another processor, relatively, and why that is so much.

    keys    names of the entries that it is about, with all that they hold; others keep six digits. None: every entry
    beside  the difference is compared with the largest number of the same list or mapping: for differences near 0 with
            their intervals and p-values. Whole numbers are compared by themselves
    """

    relative: float
    why: str
    keys: tuple[str, ...] | None = None
    beside: bool = False

    def at(self, where: tuple[str | int, ...]) -> "Tolerance":
        """The tolerance of the entry at a path of keys and indices: this one, or six digits."""
        return self if self.keys is None or any(key in where for key in self.keys) else SIX_DIGITS

    @property
    def in_words(self) -> str:
        """For the figure's record and page."""
        which = f" of {', '.join(self.keys)}" if self.keys else ""
        of = "the largest beside them" if self.beside else "themselves"
        return f"numbers{which} equal up to {self.relative:g} of {of}, because {self.why}"


SIX_DIGITS = Tolerance(1e-5, "one unit of the sixth digit, which is the last that is written")


@dataclass(frozen=True)
class Figure:
    """One figure: `name` is that of its files, `title` stands above the picture.

    compute  Run -> numbers: plain data (dicts, lists, floats, strings) that goes to json and is all that `draw` sees
    claims   numbers -> the claims, each checked; claims on the smoke profile are checked too, so they must be honest at
             its sample size (a claim about confidence intervals says so)
    draw     (canvas, numbers) -> draws on an empty matplotlib figure; sizes, labels, units, legend, bands
    caption  numbers -> one to three sentences that state the claim and say what is drawn, with the numbers that matter
    check    refuses a run that cannot be computed, before any work is done for any figure
    needs    modules that only the extra "training" installs
    group    "theory", or "training" for the experiments with MADA that are no check of a theorem
    tolerance  how much another processor may change the numbers before the files are written anew
    """

    name: str
    title: str
    compute: Callable[[Run], Numbers]
    claims: Callable[[Numbers], Sequence[Claim]]
    draw: Callable[[Canvas, Numbers], None]
    caption: Callable[[Numbers], str]
    check: Callable[[Run], None] = lambda run: None
    needs: tuple[str, ...] = ()
    group: Literal["theory", "training"] = "theory"
    tolerance: Tolerance = SIX_DIGITS
