"""`identify`: which reference recurrence, with which conventions, a black box follows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from madatheory.errors import UserError
from madatheory.identities.candidate import SEQUENCES, X0, Candidate, G, Observation, candidates, forms
from madatheory.identities.conventions import COMPLEX, DECAY, FAMILIES, STEP_SIZE, Family, Switch
from madatheory.identities.fit import fitted
from madatheory.identities.identification import Convention, Deviation, Identification
from madatheory.identities.target import Misbehaved, Target, open_loop

LR = 0.125
VISIBLE: Mapping[str, float] = {"beta1": 0.75, "beta2": 0.9375, "beta3": 0.875, "eps": 0.125, "eps_root": 0.0625}
"""Settings that no convention hides behind: eps as large as the gradients, betas far from 1 and from each other."""
MOMENTUM, WEIGHT_DECAY = 0.75, 0.25
NEAREST = 3
FAMILIES_TRIED = 3
FAR = 0.4
"""A method whose updates, with everything estimated, are further off is not it: its switches change less than that."""
PRECISIONS: Sequence[Any] = (np.float64, np.float32)


def identify(target: Any) -> Identification:
    """Match a black box against all references with all their switches.

    `target` is whatever `find` takes: a `Target`, a factory, a name such as "optax:adam". The recurrences are compared
    update by update, element by element, with a run at the target's own defaults and one at `VISIBLE` settings (as far
    as it has them), on eight aimed sequences of 12 gradients; then with weight decay, then with complex numbers. A
    difference counts if rounding cannot explain it (`Candidate.tolerance`). Hyper-parameters that can be neither read
    nor set are estimated. Never raises for what the optimizer does; `UserError` on a name that means nothing.
    """
    from madatheory.identities.lookup import find

    target = find(target)
    seen = _Seen(target)
    if not seen.plain:
        return Identification(target.name, target.framework, problem=seen.problem)
    precisions = PRECISIONS if seen.dtype == np.float64 else (seen.dtype,)
    for find_matches in (_matches, _estimated):  # the latter takes longer, and explains too much
        for dtype in precisions:
            matches = find_matches(seen, dtype)
            if matches:
                return _followed(seen, matches, dtype)
    return _unmatched(seen)


class _Seen:
    """All runs of the target, made when asked for."""

    def __init__(self, target: Target) -> None:
        self.target, self.problem, self.notes, self.dtype = target, "", [], np.dtype(np.float64)
        self.hidden: tuple[str, ...] | None = None
        self._estimates: dict[tuple[str, str], Candidate | None] = {}
        base: dict[str, Any] = {"lr": LR, "weight_decay": 0.0, "momentum": target.defaults.get("momentum", MOMENTUM)}
        self.base = {name: value for name, value in base.items() if name in target.settable}
        self.visible = {name: value for name, value in VISIBLE.items() if name in target.settable}
        if "momentum" in target.settable:
            self.visible["momentum"] = MOMENTUM
        # a setting whose default is not known is always given
        self.base |= {name: value for name, value in self.visible.items() if name not in target.defaults}
        self.plain = [run for run in (self._visible(), self._run("defaults", self.base)) if run]
        if self.plain:
            self.dtype = self.plain[0].path.dtype

    def _visible(self) -> Observation | None:
        return self._run("visible", {**self.base, **self.visible}) if self.visible else None

    def _run(self, name: str, settings: Mapping[str, Any], x0: Any = X0, g: Any = G) -> Observation | None:
        known = {key: value for key, value in self.target.defaults.items() if not isinstance(value, bool | str)}
        values = {key: float(value) for key, value in {**known, **settings}.items()}
        try:
            path = open_loop(self.target, [x0], [[row] for row in g], settings)
        except Exception as error:  # whatever the optimizer raises is told
            kind = "" if isinstance(error, UserError | Misbehaved) else f"{type(error).__name__}: "
            self.problem = f"it cannot be run ({name}): {kind}{error}"
            self.notes.append(self.problem)
            return None
        return Observation(name, dict(settings), values, x0, g, np.stack([step[0] for step in path]))

    def decayed(self) -> Observation | None:
        """With weight decay."""
        return self._run("with weight decay", {**self.base, **self.visible, "weight_decay": WEIGHT_DECAY})

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
            hidden = () if family.plain else self.hidden
            unknown = first.unknown(self.plain[0].values, optional) + hidden
            first = replace(first, extra=next(iter(DECAY.options.values())) if hidden else {})
            self._estimates[key] = fitted(first, self.plain[0], unknown, None) if unknown else None
        return self._estimates[key]

    def explored(self, first: Candidate) -> list[Candidate]:
        """The nearest candidate and those tried on the way.

        From `first` on one switch after the other is set to what comes nearest, until nothing comes nearer.
        """
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
        self._estimates[best.family.name, best.step_size] = best
        return sorted(tried.values(), key=lambda c: c is not best)

    def reads_x(self) -> bool:
        """Whether a shifted start changes the updates beyond rounding: a decay that is no setting."""
        first = self.plain[0]
        other = self._run("shifted", first.settings, X0 + 4)
        return other is not None and not np.allclose(other.updates, first.updates, rtol=0, atol=1e-13, equal_nan=True)


def _matches(seen: _Seen, dtype: Any) -> list[Candidate]:
    """Every candidate without anything to estimate that agrees with all plain runs."""
    values = seen.plain[0].values
    for step_size in STEP_SIZE:
        found = [
            candidate
            for family in FAMILIES
            for candidate in candidates(family, step_size)
            if not candidate.unknown(values) and all(candidate.agrees(run, dtype) for run in seen.plain)
        ]
        if found:
            return found
    return []


def _estimated(seen: _Seen, dtype: Any) -> list[Candidate]:
    """Those of one family whose hyper-parameters, estimated on the first run, make them agree with all runs.

    Near families are tried first, simple ones among the equally near.
    """
    made = [seen.estimate(family, step_size) for step_size in STEP_SIZE for family in FAMILIES]
    near = {id(trial): trial.distance(seen.plain[0]) for trial in made if trial is not None}
    firsts = [trial for trial in made if trial is not None and near[id(trial)] < FAR]
    for first in sorted(firsts, key=lambda trial: max(-8, np.floor(np.log10(near[id(trial)] or 1e-16))))[
        :FAMILIES_TRIED
    ]:
        found = [trial for trial in seen.explored(first) if all(trial.agrees(run, dtype) for run in seen.plain)]
        if found:
            return found
    return []


def _followed(seen: _Seen, matches: list[Candidate], dtype: Any) -> Identification:
    best, target = matches[0], seen.target
    same = [candidate for candidate in matches if candidate.family is best.family]
    rows, parts = [], []
    for i, switch in enumerate(best.family.switches):
        options = tuple(label for label in switch.options if any(c.labels[i] == label for c in same))
        rows.append(Convention(switch.name, options, _why(switch, options, seen)))
        for label in switch.options:
            if label not in options:
                other = best.with_label(i, label)
                parts.append(_deviation(f"{switch.name}: {label}", other, seen.plain, dtype))
    rows.append(Convention("step size", (best.step_size,)))
    observations = list(seen.plain)
    if best.extra:
        alike = [c.extra for c in same if c.labels == best.labels]
        options = tuple(label for label, arguments in DECAY.options.items() if arguments in alike)
        rows.append(Convention("weight decay", options, "" if len(options) == 1 else "each with its own coefficient"))
    else:
        rows.append(_with_extra(seen, best, DECAY, dtype, observations, parts))
    rows.append(_with_extra(seen, best, COMPLEX, dtype, observations, parts))
    others = sorted({c.family.name for c in matches} - {best.family.name})
    nearest = [c for c in _nearest(seen, (best.step_size,)) if c.family.name not in (best.family.name, *others)]
    notes = list(dict.fromkeys(seen.notes))
    if np.dtype(dtype) != seen.dtype:
        worst = max(float(np.nanmax(np.abs(np.asarray(best.updates(run)) - run.updates))) for run in seen.plain)
        notes.append(f"only up to the rounding of float32 (largest difference {worst:.1e}): part of it is float32")
    return Identification(
        target.name,
        target.framework,
        best.family.name,
        best.family.source,
        tuple(rows),
        dict(best.known),
        str(np.dtype(dtype)),
        tuple(others),
        tuple(parts),
        tuple(_deviation(c.describe(), c, seen.plain, dtype) for c in nearest[:NEAREST]),
        tuple(map(_told, observations)),
        tuple(notes),
    )


def _with_extra(
    seen: _Seen, best: Candidate, switch: Switch, dtype: Any, observations: list[Observation], parts: list[Deviation]
) -> Convention:
    """The form of the weight decay, or what is done with complex numbers; appends the run and the deviations."""
    decay = switch is DECAY
    if best.family.plain:
        return Convention(switch.name, (), "not compared: the reference has none")
    if decay and "weight_decay" not in seen.target.settable:
        return Convention(switch.name, (), "none: it is no setting, and nothing decays")
    if not decay and "complex" not in seen.target.abilities:
        return Convention(switch.name, (), f"{seen.target.framework} has none here")
    run = seen.decayed() if decay else seen.complex()
    if run is None:
        return Convention(switch.name, (), seen.notes.pop())
    observations.append(run)
    every = forms(best, switch)
    options = tuple(label for label, candidate in every.items() if candidate.agrees(run, dtype))
    for label, candidate in every.items():
        if label not in options:
            parts.append(_deviation(f"{switch.name}: {label}", candidate, [run], dtype))
    if not options:
        near = min(every, key=lambda label: every[label].distance(run))
        return Convention(switch.name, (), f"NONE of the known forms; nearest: {near}", False)
    return Convention(switch.name, options, _why(switch, options, seen))


def _why(switch: Switch, options: Sequence[str], seen: _Seen) -> str:
    """A note to the only option, or why several cannot be told apart."""
    if len(options) == 1:
        return switch.notes.get(options[0], "")
    if switch.name == "eps" and len({label.split()[0] for label in options}) > 1:
        return "eps is too small to show, and cannot be set to another value"
    return f"the same numbers: {switch.equal}" if switch.equal else "the same numbers in every run"


def _deviation(what: str, candidate: Candidate, runs: Sequence[Observation], dtype: Any) -> Deviation:
    for run in runs:
        if candidate.updates(run) is None:
            continue
        place = candidate.parts(run, dtype)
        if place is not None:
            return Deviation(what, place, candidate.distance(run))
    return Deviation(what, None, 0.0)


def _nearest(seen: _Seen, step_sizes: Sequence[str] = STEP_SIZE) -> list[Candidate]:
    """The nearest candidate of each family, nearest first; what would have to be estimated, is."""
    run, found = seen.plain[0], []

    def distance(candidate: Candidate) -> float:  # another step size must explain a lot
        return candidate.distance(run) * (1 if candidate.step_size == step_sizes[0] else 2)

    for family in FAMILIES:
        if family.fitted:
            continue
        every = [c for step_size in step_sizes for c in candidates(family, step_size)]
        if every[0].unknown(run.values):
            every = [c for step_size in step_sizes if (c := seen.estimate(family, step_size)) is not None]
        found.append(min(every, key=distance))
    return sorted(found, key=distance)


def _unmatched(seen: _Seen) -> Identification:
    near = _nearest(seen)[:NEAREST]
    hidden = sorted({name for candidate in near for name in candidate.known})
    if hidden:
        seen.notes.append(
            f"{', '.join(hidden)} can be neither read nor set here, and the estimates may have missed: a factory with "
            "arguments of these names tells more"
        )
    return Identification(
        seen.target.name,
        seen.target.framework,
        nearest=tuple(_deviation(c.describe(), c, seen.plain, seen.dtype) for c in near),
        runs=tuple(map(_told, seen.plain)),
        notes=tuple(dict.fromkeys(seen.notes)),
    )


def _told(run: Observation) -> str:
    settings = ", ".join(f"{name} = {value:g}" for name, value in run.settings.items())
    return f"{run.name!r}: {settings or 'nothing set'}; {len(run.g)} steps, {len(SEQUENCES)} sequences"
