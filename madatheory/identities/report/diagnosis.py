"""What the mistake behind a failure is likely to be, found by trying what would explain the steps that were taken.

A failure is explained only by what reproduces the wrong steps: a reference in another convention, with a changed
coefficient or a state that is lost; or the same optimizer in a run that differs in one thing. Else nothing is said.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from madatheory.identities.comparison.accounts import COEFFICIENTS
from madatheory.identities.identity import Identity
from madatheory.identities.recognition.candidate import Candidate, Observation, candidates, forms
from madatheory.identities.recognition.conventions import DECAY, FAMILIES
from madatheory.identities.recognition.matching import matching
from madatheory.identities.recognition.observations import Observations
from madatheory.identities.report.outcome import NOT_FINITE
from madatheory.identities.rollout import Runs
from madatheory.identities.strategies import plain
from madatheory.identities.targets.target import Target, Tensor

UNSEEN = 1e-10
"""An eps that is taken where none is known."""
EXACT = 1e-7
"""Of the largest update: what must be reproduced."""
SIMPLE = ("SGD", "RMSProp", "Adam", "AMSGrad", "Lion", "Adagrad")
"""Methods whose changed forms are tried."""
WORDS: Mapping[tuple[str, str], str] = {
    ("bias correction", "none"): "without bias correction",
    ("bias correction", "second moment only"): "without bias correction of the first moment",
    ("bias correction", "first moment only"): "without bias correction of the second moment",
    ("order", "sign from the new momentum"): "with the momentum updated before the sign is taken",
    ("eps", "none"): "without eps",
    ("lr", "lr^2"): "with lr squared",
    ("betas", "the other way round"): "with beta1 and beta2 exchanged",
}
_HARMLESS = ("eps", "momentum", "Nesterov", "maximum", "second eps", "centred")
"""Conventions that break no identity as long as all numbers are finite."""


def likely(item: Identity, runs: Runs, cause: str) -> str:
    """The mistake in words; "" where nothing explains it. `runs` are those of the failure, `cause` its kind."""
    tries: list[Callable[[], str]] = []
    if any(run.settings.get("weight_decay") for run in runs.made) or "set weight_decay" in item.needs:
        tries.append(lambda: _decay(runs.target, item.code == "D4"))
    if item.code in ("C4", "K8", "K8b", "K9", "K9b"):
        tries += [lambda: _counter(runs), lambda: _group(runs)]
    if item.code in ("K6", "K7", "M4"):
        tries.append(lambda: _reloaded(runs))
    if item.group not in "KMH":
        tries.append(lambda: _method(runs.target, cause.startswith(NOT_FINITE)))
    for attempt in tries:
        try:
            with np.errstate(all="ignore"):
                found = attempt()
        except Exception:  # an optimizer that fails may fail here, too
            continue
        if found:
            return found
    return ""


class _Known:
    """What is known of the plain runs of a target: its observations, and the references that reproduce them.

    An eps that can be neither read nor set is taken to be `UNSEEN`, which no gradient here feels.
    """

    def __init__(self, target: Target) -> None:
        self.seen = Observations(target)
        usable = bool(self.seen.plain) and self.seen.plain[0].x0.ndim == 1
        self.runs = [replace(run, values={"eps": UNSEEN, **run.values}) for run in self.seen.plain if usable]
        exact = matching(self.seen, estimate=False)[0] if usable else []
        near = [c for c in _simple(self.runs) if _explains(c.updates, self.runs)] if usable and not exact else []
        self.matches = sorted(exact or near, key=Candidate.unusual)
        self.changed = "" if self.matches or not usable else next(_changed(self.runs), "")


def _simple(runs: Sequence[Observation]) -> Iterator[Candidate]:
    """The methods of `SIMPLE` whose coefficients are known, with at most one unusual convention."""
    for candidate in (c for family in FAMILIES if family.name in SIMPLE for c in candidates(family)):
        if candidate.unusual() <= 1 and not candidate.unknown(runs[0].values):
            yield candidate


def _words(name: str, form: str) -> str:
    return WORDS.get((name, form), f"with {name} {form}")


_KNOWN: WeakKeyDictionary[Callable[..., Any], _Known] = WeakKeyDictionary()


def _known(target: Target) -> _Known:
    if target.start not in _KNOWN:
        _KNOWN[target.start] = _Known(target)
    return _KNOWN[target.start]


def _method(target: Target, lost: bool) -> str:
    """A known recurrence with one thing changed; with `lost`, conventions that only lose numbers count, too."""
    known = _known(target)
    if not known.matches:
        return known.changed
    best = known.matches[0]
    usual = {switch.name: next(iter(switch.options)) for switch in best.family.switches}
    lost = lost and not all(np.isfinite(run.updates).all() for run in known.runs)
    other = [
        _words(name, label)
        for name, label in best.choice().items()
        if label != usual[name] and (lost or name not in _HARMLESS)
    ]
    if lost and not other and "eps" in best.family.hyper:
        other = ["without eps"]
    return f"its steps are those of {best.family.name} {' and '.join(other)}" if other else ""


def _changed(runs: Sequence[Observation]) -> Iterator[str]:
    """Single changes of a usual form that reproduce all runs."""
    for candidate in _simple(runs):
        for words, updates in _changes(candidate):
            if _explains(updates, runs):
                yield f"its steps are those of {candidate.family.name} {words}"


def _explains(updates: "Updates", runs: Sequence[Observation]) -> bool:
    return all(_reproduced(updates(run), run.updates) for run in runs)


Updates = Callable[[Observation], Tensor | None]
"""What a recurrence makes of the gradients of a run."""


def _changes(candidate: Candidate) -> Iterator[tuple[str, Updates]]:
    yield "with a step counter that is one ahead", lambda run: _after_zeros(candidate, run, 1)
    yield "whose moments are not kept from step to step", lambda run: _forgetful(candidate, run, counting=True)
    yield "whose state is not kept from step to step", lambda run: _forgetful(candidate, run, counting=False)
    for name, _, other, change in COEFFICIENTS:

        def steps(run: Observation, change: Any = change) -> Tensor | None:
            values = change(run.values)
            return None if values is None else candidate.updates(_on(run, run.x0, run.g, values))

        yield _words(name, other), steps


def _on(run: Observation, x0: Tensor, g: Tensor, values: Mapping[str, float] | None = None) -> Observation:
    """Another run of a reference; its own path is not known."""
    return replace(run, x0=x0, g=g, path=g, values=run.values if values is None else values)


def _after_zeros(candidate: Candidate, run: Observation, count: int) -> Tensor | None:
    """Updates after `count` zero gradients, which move nothing but the counter."""
    found = candidate.updates(_on(run, run.x0, np.concatenate([0 * run.g[:count], run.g])))
    return None if found is None else found[count:]


def _forgetful(candidate: Candidate, run: Observation, counting: bool) -> Tensor | None:
    """Each update as if no gradient had been before; `counting`: the counter knows better."""
    found = []
    for t in range(len(run.g)):
        g = run.g[t : t + 1]
        one = candidate.updates(_on(run, run.x0, np.concatenate([np.zeros_like(run.g[:t]), g]) if counting else g))
        if one is None:
            return None
        found.append(one[-1])
    return np.array(found)


def _reproduced(mine: Tensor | None, theirs: Tensor) -> bool:
    """Equal wherever there are numbers, which must be most of them."""
    there = np.isfinite(theirs)
    if mine is None or mine.shape != theirs.shape or not there.mean() > 0.5:
        return False
    largest = np.abs(theirs).max(axis=-1, initial=0.0, where=there, keepdims=True)
    return bool(((np.abs(mine - theirs) <= EXACT * largest) | ~there).all())


def _decay(target: Target, beside: bool) -> str:
    """Where the weight decay is added, if it should be `beside` the update, and what it is multiplied by."""
    known = _known(target)
    run = known.seen.decayed() if known.matches else None
    if run is None or known.matches[0].family.plain or known.matches[0].family.whole:
        return ""
    best = known.matches[0]
    form = {label: c for label, c in forms(best, DECAY).items() if _reproduced(c.updates(run), run.updates)}
    if beside and np.allclose(np.abs(run.updates[run.updates != 0]), run.values["lr"]):
        return "the weight decay is inside the sign"
    if "coupled (added to the gradient)" in form:
        return "the weight decay is added to the gradient, inside the normalization" if beside else ""
    if "decoupled, not times lr" in form:
        return "the weight decay is not multiplied by lr"
    if form:
        return ""
    for factor, words in ((2.0, "doubled"), (0.5, "halved"), (run.values["lr"], "multiplied by lr once too often")):
        values = {**run.values, "weight_decay": factor * run.values["weight_decay"]}
        other = _on(run, run.x0, run.g, values)
        if any(_reproduced(c.updates(other), run.updates) for c in forms(best, DECAY).values()):
            return f"the weight decay is {words}"
    without = _on(run, run.x0, run.g, {**run.values, "weight_decay": 0.0})
    return "the weight decay does nothing" if _reproduced(best.updates(without), run.updates) else ""


def _paths(runs: Runs) -> tuple[Callable[..., Tensor], Tensor, Tensor]:
    """A run of one tensor without a log, a start and gradients."""
    given = plain(4)

    def alone(g: Tensor, **settings: Any) -> Tensor:
        return np.stack([step[0] for step in runs.rolled([given.x0], [[row] for row in g], _all(runs, settings), "")])

    return alone, given.x0, given.g


def _all(runs: Runs, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {**runs.settings, **settings}


def _counter(runs: Runs) -> str:
    """Whether a tensor beside another one moves as if it had had zero gradients before."""
    alone, x0, g = _paths(runs)
    ahead = alone(np.concatenate([0 * g[:1], g]))[1:]
    if np.array_equal(ahead, alone(g)):
        return ""  # nothing counts
    rows: list[list[Tensor | None]] = [[g[0], row] for row in g[:1]]
    beside = np.stack([step[1] for step in runs.rolled([x0, x0], rows, runs.settings, "")])
    if np.array_equal(beside, ahead[:1]):
        return "the step counter counts tensors, not steps"
    if "missing gradients" not in runs.target.abilities:
        return ""
    late = runs.rolled([x0, x0], [[g[0], None], *([row, row] for row in g)], runs.settings, "")
    shared = np.array_equal(np.stack([step[1] for step in late[1:]]), ahead)
    return "one step counter for all tensors: it counts steps in which a tensor has no gradient" if shared else ""


def _group(runs: Runs) -> str:
    """Whether the second group moves with a setting of the first."""
    if "groups" not in runs.target.modes:
        return ""
    alone, x0, g = _paths(runs)
    values = {"weight_decay": (0.0, 0.25), "momentum": (0.5, 0.75), "beta1": (0.5, 0.75), "beta2": (0.75, 0.875)}
    values = {"lr": (0.125, 0.0625), **values}
    for name in [name for name in values if name in runs.target.settable]:
        given = _all(runs, {name: list(values[name])})
        both = runs.rolled([x0, x0], [[row, row] for row in g], given, "groups")
        second = np.stack([step[1] for step in both])
        mine, first = (alone(g, **{name: value}) for value in reversed(values[name]))
        if np.array_equal(second, first) and not np.array_equal(first, mine):
            return f"{name} is taken from the first group, or from the optimizer, for all groups"
    return ""


def _reloaded(runs: Runs) -> str:
    """Whether a loaded optimizer goes on like a new one."""
    _, x0, g = _paths(runs)
    stepper = runs.target.begin([x0], runs.settings)
    for row in g:
        stepper.step([row])
    loaded, fresh = stepper.load(stepper.save()), runs.target.begin(stepper.parameters(), runs.settings)
    for row in g:
        for one in (stepper, loaded, fresh):
            one.step([row])
    kept, lost = (np.array_equal(loaded.parameters()[0], other.parameters()[0]) for other in (stepper, fresh))
    return "nothing of the state is loaded: it goes on like a new optimizer" if lost and not kept else ""
