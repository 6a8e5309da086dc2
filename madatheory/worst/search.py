"""The worst case of a theorem: left/right made as large as a search can, and certified.

A search gives no supremum. What it returns is the worst instance found, whose left/right is enclosed with certainty.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from madatheory.defaults import SEED, WORST_SECONDS, WORST_STEPS
from madatheory.engine.arguments import MAX_STEPS
from madatheory.errors import UserError, choice, needs
from madatheory.hparams import Parameter, check_mapping, whole
from madatheory.problems.piecewise import Piecewise, float_above
from madatheory.theory.catalogue import theorems_of
from madatheory.theory.theorem import Setting, Theorem
from madatheory.worst.certificate import Certificate, Refused, certify, check_formulas, traced_run
from madatheory.worst.evolution import trials
from madatheory.worst.instance import Instance, with_exact_constants
from madatheory.worst.landing import Landing
from madatheory.worst.longest_step import about_steps
from madatheory.worst.resisting import ResistingOracle
from madatheory.worst.unknowns import UNITS, Unknowns, unknowns_of

NOISES = ("none", "additive", "state")
NODES_UP_TO, TREES_UP_TO = 100, 8
"""Steps up to which every gradient is an unknown, without noise and on a noise tree."""
PROBE = Piecewise((0.0, 1.0, 2.0, 4.0), (0.0, -1.0, -1.0, 1.0), 0.5)
_PAUSE = 2.0  # seconds between two certificates while the search goes on
_BETTER = 1 + 1e-7
_PARENTS, _STILL = 12, 60  # candidates of a generation per unknown; generations without progress before a new begin

Progress = Callable[[float, float, str], None]
Found = tuple[dict[str, float], Piecewise]
Candidates = Iterator[tuple[float, Callable[[], Found]]]


@dataclass(frozen=True)
class WorstFound:
    """The worst instance that a search found and its certificate; `free` are the ranges that were searched.

    `noise` is the kind that was searched, `seconds` how long that took.
    `complete` is False where the search was interrupted, `searched` says what was searched and how often.
    """

    instance: Instance
    certificate: Certificate
    free: Mapping[str, str]
    noise: str
    searched: str
    seconds: float
    complete: bool = True

    @property
    def ratio(self) -> float:
        """left/right is at least this, with certainty."""
        return self.certificate.lower

    def as_json(self) -> dict[str, Any]:
        """Plain data; the numbers of the function are exact."""
        i, c = self.instance, self.certificate
        return {
            "theorem": i.theorem.name,
            "steps": i.steps,
            "ratio": [c.lower, c.upper],
            "left": c.left,
            "right": c.right,
            "bits": c.bits,
            "histories": c.histories,
            "hyper": dict(i.hyper),
            "free": dict(self.free),
            "noise": self.noise,
            "L": i.L,
            "G": i.G,
            "D0": i.D0,
            "start": i.shape.start,
            "knots": list(i.shape.knots),
            "slopes": list(i.shape.slopes),
            "scales": list(i.shape.scales),
            "atoms": [list(atom) for atom in i.shape.atoms],
            "searched": self.searched,
            "seconds": round(self.seconds, 3),
            "complete": self.complete,
        }


def worst_case(
    theorem: Theorem | str,
    *,
    steps: int = WORST_STEPS,
    settings: Mapping[str, float] | None = None,
    free: Sequence[str] | None = None,
    noise: str = "none",
    slope_at_most: float = 1.0,
    seconds: float = WORST_SECONDS,
    candidates: int | None = None,
    seed: int = SEED,
    progress: Progress | None = None,
) -> WorstFound:
    """The worst instance of a theorem found in `seconds`, with an enclosure of its left/right.

    The function is sought in one dimension and in units L = G = 1 (`settings` may give others; both are symmetries of
    a statement with the right units). `free` names the hyper-parameters that are sought too, "name" or
    "name=low:high"; None is alpha, eps, beta1 and beta2 where the theorem leaves them open, () none. The others are the
    theorem's, overridden by `settings`. `noise` is "none", "additive" or "state" (a scale that depends on x); with it
    `slope_at_most` keeps |F'| below that share of G, so that noise must make up the rest.

    Up to 100 steps (8 with noise) all functions are searched, see `madatheory.worst.resisting`; beyond, a family, see
    `madatheory.worst.landing`. The time counts from when all is compiled. With `candidates` so many are tried, however
    long it takes, and the same instance is found wherever processors are of the same kind. Ctrl-C ends the search and
    returns what is certified so far. `UserError` where no problem in one dimension meets the assumptions, and for a
    method or formula without a form in ball arithmetic.
    """
    begun, seed = time.monotonic(), whole("seed", seed, 0, 2**32 - 1)
    with needs("worst_case"):
        import flint  # noqa: F401
    theorem, unknowns, probe = _checked(theorem, steps, settings, free, noise, slope_at_most, seconds)
    limit = None if candidates is None else check_candidates(candidates)
    keeper = _Keeper(theorem, probe.steps, float(slope_at_most), counted=limit is not None)
    counts: dict[str, int] = {}
    complete = False

    def tell(what: str) -> None:
        if progress is not None and limit is not None:
            progress(sum(counts.values()), limit, what)
        elif progress is not None:
            progress(min(time.monotonic() - begun, seconds), seconds, what)

    with suppress(KeyboardInterrupt):
        for search in _searches(theorem, probe, unknowns, noise, float(slope_at_most), seed):
            tell("compiling the search")
            begin = search.prepare()
            end = time.monotonic() + search.share * seconds if limit is None else math.inf
            tried = begin(end) if limit is None else islice(begin(end), math.ceil(search.share * limit))
            for ratio, found in tried:
                counts[search.what] = counts.get(search.what, 0) + 1
                keeper.offer(ratio, found)
                tell(f"worst found so far {keeper.best[1].lower if keeper.best else 0.0:.4f}")
        keeper.finish()
        complete = True
    if keeper.best is None:
        if not complete:
            raise KeyboardInterrupt
        raise Refused(
            f"{theorem.name}: nothing that was found in {seconds:g} s could be certified: "
            f"{keeper.refusal or 'the search found no ratio that is a number'}; give more --seconds or other ranges"
        )
    instance, certificate = keeper.best
    ranges = {name: str(one) for name, one in unknowns.ranges.items()}
    searched = ", ".join(f"{count} {what}" for what, count in counts.items()) + ("" if complete else ", interrupted")
    return WorstFound(instance, certificate, ranges, noise, searched, time.monotonic() - begun, complete)


def free_names(
    theorem: Theorem | str, settings: Mapping[str, float], free: Sequence[str] | None, **request: Any
) -> tuple[str, ...]:
    """What is free in a search with these arguments, as "name" or "name=low:high"; `UserError` as of `worst_case`."""
    given = {"steps": WORST_STEPS, "noise": "none", "slope_at_most": 1.0, "seconds": WORST_SECONDS, **request}
    names = [given[name] for name in ("noise", "slope_at_most", "seconds")]
    unknowns = _checked(theorem, given["steps"], settings, free, *names)[1]
    return tuple(unknowns.ranges) if free is None else tuple(free)


def check_candidates(candidates: int) -> int:
    """How many; `UserError` for what is no number of them."""
    return whole("candidates", candidates, 1, 10**9)


def check_request(steps: int, noise: str, slope_at_most: float, seconds: float) -> int:
    """The number of steps; `UserError` for what no theorem can be searched with."""
    steps = whole("steps", steps, 1, MAX_STEPS)
    choice("noise", noise, NOISES)
    Parameter(1.0, 0, 1, open_low=True).refuse("slope_at_most", slope_at_most)
    Parameter(1.0, 0, open_low=True).refuse("seconds", seconds)
    if noise == "none" and slope_at_most < 1:
        raise UserError(f"slope_at_most = {slope_at_most:g} without noise only lowers G: give noise additive or state")
    if noise != "none" and steps > TREES_UP_TO:
        raise UserError(
            f"steps = {steps} with noise {noise!r}: every noise history is enumerated, give at most {TREES_UP_TO} "
            "steps, or noise 'none'"
        )
    return steps


def _checked(
    theorem: Theorem | str,
    steps: int,
    settings: Mapping[str, float] | None,
    free: Sequence[str] | None,
    noise: str,
    slope_at_most: float,
    seconds: float,
) -> tuple[Theorem, Unknowns, Instance]:
    """Everything that a user can get wrong, before any search."""
    found = theorems_of(theorem)
    if len(found) != 1:
        raise UserError(f"{theorem!r} names {len(found)} theorems: give one of {', '.join(t.name for t in found)}")
    one, steps = found[0], check_request(steps, noise, slope_at_most, seconds)
    check_mapping(settings, "a mapping of hyper-parameters to numbers, for example {'beta2': 0.9}")
    if one.kind != "expectation":
        raise UserError(
            f"{one.name} is about {one.kind.replace('-', ' ')}, and what is searched are expectations; {_instead(one)}"
        )
    optimizer = one.optimizer()
    own = {name: value for name, value in (settings or {}).items() if name in optimizer.parameters}
    hyper = optimizer.hyper({**one.settings, **own})
    for name, value in hyper.items():
        if np.ndim(value):
            raise UserError(f"{name} = {value!r:.60}: give one value; to search it, free {name}=low:high")
    probe = with_exact_constants(one, steps, hyper, PROBE)
    setting = probe.setting()
    reasons = one.reasons(setting)
    if reasons:
        raise UserError(
            f"{one.name}: no problem that is searched meets its assumptions (one dimension, all of the line, L-smooth, "
            f"bounded gradients): {'; '.join(reasons)}; compare it on one that does: madatheory verify --problem NAME"
        )
    unknowns = unknowns_of(one, setting, settings or {}, free)
    check_formulas(one, one.quantities(setting))
    traced_run(probe)
    return one, unknowns, probe


def _instead(theorem: Theorem) -> str:
    """What to do with a theorem that is not about an expectation."""
    if about_steps(theorem):
        method = theorem.optimizer()
        form = method.traits.get("form", "theory")
        spec = method.name if form == "theory" else f"{method.name}:form={form}"
        return f"its worst gradients are searched by --step-size {spec}"
    return f"compare it on given problems: madatheory verify --theorem {theorem.name}"


class _Keeper:
    """The worst instance that is certified, and a better one that is not yet.

    Certified is after pauses, or, where numbers must not depend on time, after the 1st, 2nd, 4th, 8th, .. candidate.
    """

    def __init__(self, theorem: Theorem, steps: int, slope_at_most: float, *, counted: bool = False) -> None:
        self._theorem, self._steps, self._share = theorem, steps, slope_at_most
        self._counted, self._offered = counted, 0
        self._waiting: tuple[float, Callable[[], Found]] | None = None
        self._due = 0.0
        self.best: tuple[Instance, Certificate] | None = None
        self.refusal = ""

    def offer(self, ratio: float, found: Callable[[], Found]) -> None:
        """Keep a candidate that is better than what is certified; certify it if there has been a pause."""
        least = 0.0 if self.best is None else self.best[1].lower * _BETTER
        waiting = 0.0 if self._waiting is None else self._waiting[0]
        if ratio > max(least, waiting):
            self._waiting = ratio, found
        self._offered += 1
        if self._offered.bit_count() == 1 if self._counted else time.monotonic() >= self._due:
            self.finish()

    def finish(self) -> None:
        """Certify the candidate that waits."""
        if self._waiting is None:
            return
        (_, found), self._waiting = self._waiting, None
        hyper, shape = found()
        try:
            instance = with_exact_constants(self._theorem, self._steps, hyper, shape)
            if self._share < 1:  # of the G that is declared, which may be larger than the least
                least = float_above(shape.steepest / Fraction(self._share))
                instance = replace(instance, G=max(instance.G, least))
            certificate = certify(instance)
        except UserError as error:
            self.refusal = str(error)
            return
        finally:
            self._due = time.monotonic() + _PAUSE
        if self.best is None or certificate.lower > self.best[1].lower:
            self.best = instance, certificate


class _Search(NamedTuple):
    """A search: its share of the time, what it is, and candidates until a time, which begin when all is compiled."""

    share: float
    what: str
    prepare: Callable[[], Callable[[float], Candidates]]


def _searches(
    theorem: Theorem, probe: Instance, unknowns: Unknowns, noise: str, slope_at_most: float, seed: int
) -> list[_Search]:
    steps, rng = probe.steps, np.random.default_rng(seed)

    def descents() -> Callable[[float], Candidates]:
        oracle = ResistingOracle(theorem, steps, unknowns, noise, slope_at_most)
        oracle.loss(oracle.start(rng))
        return lambda end: _descents(oracle, end, rng)

    def generations() -> Callable[[float], Candidates]:
        family, applies = Landing(theorem, steps, unknowns), _applies(theorem, probe, unknowns)
        family.ratios(rng.random((family.size, _PARENTS * family.size)))
        return lambda end: _generations(family, applies, end, rng)

    nodes = _Search(1.0, "descents of the resisting oracle", descents)
    family = _Search(1.0, "generations of flat maximum, slope, landing", generations)
    if steps > NODES_UP_TO:
        return [family]
    return (
        [nodes] if noise != "none" or steps <= TREES_UP_TO else [family._replace(share=0.3), nodes._replace(share=0.7)]
    )


def _descents(oracle: ResistingOracle, end: float, rng: np.random.Generator) -> Candidates:
    """Local optima by L-BFGS with exact gradients, from random starts and near the best."""
    from scipy.optimize import minimize

    def stop(*_: Any) -> None:
        if time.monotonic() > end:
            raise StopIteration

    least, place, tries = np.inf, None, 0
    while True:
        start = oracle.start(rng)
        if place is not None and tries % 2:  # every other descent begins near the best
            start = place + 0.3 * rng.normal(size=place.size)
        options, tries = {"maxiter": 400}, tries + 1
        result = minimize(oracle.loss, start, jac=True, method="L-BFGS-B", options=options, callback=stop)
        if result.fun < least:
            least, place = result.fun, result.x
        yield float(np.exp(-result.fun)), _later(oracle.found, result.x)
        if time.monotonic() > end:
            return


def _later(found: Callable[[np.ndarray], Found], place: np.ndarray) -> Callable[[], Found]:
    return lambda: found(place)


def _generations(
    family: Landing, applies: Callable[[np.ndarray], np.ndarray], end: float, rng: np.random.Generator
) -> Candidates:
    """The best of every generation of differential evolution, begun again and again where it stands still."""
    size, n = family.size, _PARENTS * family.size
    while True:
        places = rng.random((size, n))
        ratios = family.ratios(places) * applies(places)
        before, still = 0.0, 0
        while still < _STILL:
            tried = trials(places, ratios, rng, within_unit=True)
            reached = family.ratios(tried) * applies(tried)
            better = reached > ratios
            places, ratios = np.where(better, tried, places), np.where(better, reached, ratios)
            top = int(np.argmax(ratios))
            yield float(ratios[top]), _later(family.found, places[:, top].copy())
            if time.monotonic() > end:
                return
            still = still + 1 if ratios[top] <= before * (1 + 1e-6) else 0
            before = max(before, float(ratios[top]))


def _applies(theorem: Theorem, probe: Instance, unknowns: Unknowns) -> Callable[[np.ndarray], np.ndarray]:
    """Whether the theorem's conditions hold at each candidate's hyper-parameters, as 1 or 0."""
    setting = probe.setting()

    def there(places: np.ndarray) -> Setting:
        known = unknowns.at(places[2:], np)
        return setting._replace(hyper={name: float(value) for name, value in known.items() if name not in UNITS})

    tried = [there(column) for column in np.random.default_rng(0).random((2 + unknowns.size, 32)).T]
    binding = [c for c in theorem.conditions if any(c.reason(one) is not None for one in tried)]
    if not binding:
        return lambda places: np.ones(places.shape[1])
    return lambda places: np.array([float(all(c.fails(there(column)) is None for c in binding)) for column in places.T])
