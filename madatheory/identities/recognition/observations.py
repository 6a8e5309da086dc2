"""What `identify` has seen of a target: its runs, and hyper-parameters estimated from them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from madatheory.errors import UserError
from madatheory.identities.recognition.candidate import X0, Candidate, G, Observation, candidates, forms
from madatheory.identities.recognition.conventions import DECAY
from madatheory.identities.recognition.family import Family
from madatheory.identities.recognition.fit import fitted
from madatheory.identities.targets.target import Misbehaved, Target, open_loop

LR = 0.125
RATES = tuple(LR * factor for factor in (1, 1, 0.5, 0.5, 2, 2, 1, 0.25, 0.25, 1, 4, 1))
"""Step sizes of a run in which they change."""
CLOSE = 1e-3
"""A distance that a wrong option can leave, where the right ones leave none."""
VISIBLE: Mapping[str, float] = {"beta1": 0.75, "beta2": 0.9375, "beta3": 0.875, "eps": 0.125, "eps_root": 0.0625}
"""Settings that no convention hides behind: eps as large as the gradients, betas far from 1 and from each other."""
MOMENTUM, WEIGHT_DECAY = 0.75, 0.25


def _matrices() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """A start and six gradients, dyadic numbers; no row and no column without a gradient."""
    rng: Any = np.random.default_rng(2)
    found = {}
    for name, shape in (("tall matrix", (6, 2)), ("wide matrix", (2, 6))):
        g = np.round(rng.normal(size=(6, *shape)) * 8) / 8
        found[name] = np.round(rng.normal(size=shape) * 8) / 8, np.where(g == 0, 0.125, g)
    return found


MATRICES = _matrices()
"""By what they are."""


class Observations:
    """All runs of the target, made when asked for; on matrices where vectors are refused, or if `matrices`."""

    def __init__(self, target: Target, matrices: bool = False) -> None:
        self.target, self.problem, self.notes, self.dtype = target, "", [], np.dtype(np.float64)
        self.hidden: tuple[str, ...] | None = None
        self._decayed: Observation | None = None
        self._matrices: list[Observation] | None = None
        self._estimates: dict[tuple[str, str], Candidate | None] = {}
        self._explored: dict[tuple[str, str], list[Candidate]] = {}
        base: dict[str, Any] = {"lr": LR, "weight_decay": 0.0, "momentum": target.defaults.get("momentum", MOMENTUM)}
        self.base = {name: value for name, value in base.items() if name in target.settable}
        self.visible = {name: value for name, value in VISIBLE.items() if name in target.settable}
        if "momentum" in target.settable:
            self.visible["momentum"] = MOMENTUM
        # a setting whose default is not known is always given
        self.base |= {name: value for name, value in self.visible.items() if name not in target.defaults}
        vectors = [] if matrices else [self._visible(), self._run("defaults", self.base)]
        self.plain = [run for run in vectors if run]
        if not self.plain:  # a method for matrices alone
            problem, self.problem = self.problem, ""
            self.plain = [*self._on_matrices("defaults", self.base)]
            if self.plain:
                self.notes = [] if matrices else ["run on matrices: it refuses vectors"]
                # eps is beside a norm of the whole matrix there, and the references have it as their code does
                more = {**self.base, **{name: value for name, value in self.visible.items() if name != "eps"}}
                self.plain = [*(self._on_matrices("visible", more) if self.visible else []), *self.plain]
            self.problem = "" if self.plain else problem
        if self.plain:
            self.dtype = self.plain[0].path.dtype

    def _visible(self) -> Observation | None:
        return self._run("visible", {**self.base, **self.visible}) if self.visible else None

    def _run(
        self, name: str, settings: Mapping[str, Any], x0: np.ndarray = X0, g: np.ndarray = G, mode: str = ""
    ) -> Observation | None:
        known = {key: value for key, value in self.target.defaults.items() if not isinstance(value, bool | str)}
        values: dict[str, Any] = {k: v if isinstance(v, tuple) else float(v) for k, v in {**known, **settings}.items()}
        try:
            path = open_loop(self.target, [x0], [[row] for row in g], settings, mode)
        except Exception as error:  # whatever the optimizer raises is told
            kind = "" if isinstance(error, UserError | Misbehaved) else f"{type(error).__name__}: "
            self.problem = f"it cannot be run ({name}): {kind}{error}"
            self.notes.append(self.problem)
            return None
        return Observation(name, dict(settings), values, x0, g, np.stack([step[0] for step in path]))

    def _on_matrices(self, name: str, settings: Mapping[str, Any]) -> list[Observation]:
        """A tall and a wide matrix; [] if one is refused."""
        found = [self._run(f"{name}, {shape}", settings, x0, g) for shape, (x0, g) in MATRICES.items()]
        runs = [run for run in found if run is not None]
        return runs if len(runs) == len(found) else []

    def on_matrices(self) -> list[Observation]:
        """Both at the defaults; [] if matrices are refused."""
        if self._matrices is None:
            notes = list(self.notes)
            self._matrices = self._on_matrices("defaults", self.base)
            self.notes = notes
        return self._matrices

    def decayed(self) -> Observation | None:
        """With weight decay."""
        if self._decayed is None:
            x0, g = (X0, G) if self.plain[0].x0.ndim == 1 else MATRICES["tall matrix"]
            settings = {**self.plain[0].settings, "weight_decay": WEIGHT_DECAY}
            self._decayed = self._run("with weight decay", settings, x0, g)
        return self._decayed

    def scheduled(self) -> Observation | None:
        """With a step size that changes; None where none can be given."""
        if not {"scheduled", "lr"} <= self.target.abilities | self.target.settable:
            return None
        notes = list(self.notes)
        found = self._run("with a changing step size", {**self.plain[0].settings, "lr": RATES}, mode="scheduled")
        self.notes = notes
        return found

    def complex(self) -> Observation | None:
        """With complex numbers: the imaginary part of a coordinate is the real part of the next."""
        x0, g = X0 + 1j * np.roll(X0, 1), G + 1j * np.roll(G, 1, axis=1)
        return self._run("with complex numbers", {**self.base, **self.visible}, x0, g)

    def estimate(self, family: Family, step_size: str) -> Candidate | None:
        """The family with its first options and its hyper-parameters estimated; None if there is nothing to estimate.

        A weight decay that is no setting is one of them.
        """
        key = (family.name, step_size)
        if key not in self._estimates:
            first = next(candidates(family, step_size))
            if self.hidden is None:
                self.hidden = ("weight_decay",) if "weight_decay" not in self.target.settable and self.reads_x() else ()
            optional = not self.target.settable & {"beta1", "beta2", "momentum"}
            hidden = () if family.plain or family.whole else self.hidden
            unknown = first.unknown(self.plain[0].values, optional) + hidden
            first = replace(first, extra=next(iter(DECAY.options.values())) if hidden else {})
            self._estimates[key] = fitted(first, self.plain[0], unknown, None) if unknown else None
        return self._estimates[key]

    def explored(self, first: Candidate) -> list[Candidate]:
        """The nearest candidate and those tried before it.

        From `first` on one switch after the other is set to what comes nearest, until nothing comes nearer. What is
        then not close is begun anew from the family's options that are far apart. Around what it has led to nothing is
        nearer, so that is not explored again.
        """
        key = first.family.name, first.step_size
        if key in self._explored and self._explored[key][0] is first:
            return self._explored[key]
        run, best = self.plain[0], first
        unknown = tuple(name for name in first.known if name != "eps_root")
        tried, nearer = {(best.labels, *best.extra.values()): best}, True
        while nearer:
            nearer = False
            for other in [*best.neighbours(), *(forms(best, DECAY).values() if best.extra else ())]:
                name = (other.labels, *other.extra.values())
                if name not in tried:
                    tried[name] = fitted(other, run, unknown, best.known)
                    if tried[name].distance(run) < best.distance(run):
                        best, nearer = tried[name], True
        for labels in () if best.distance(run) < CLOSE else best.family.far_apart:
            other = fitted(replace(first, labels=labels, known={}), run, unknown, None)
            tried[(labels, *other.extra.values())] = other
            best = min(best, other, key=lambda c: c.distance(run))
        self._estimates[key] = best
        self._explored[key] = sorted(tried.values(), key=lambda c: c is not best)
        return self._explored[key]

    def reads_x(self) -> bool:
        """Whether a shifted start changes the updates beyond rounding: a decay that is no setting."""
        first = self.plain[0]
        other = self._run("shifted", first.settings, X0 + 4)
        return other is not None and not np.allclose(other.updates, first.updates, rtol=0, atol=1e-13, equal_nan=True)
