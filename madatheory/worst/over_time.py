"""The worst of the family of `madatheory.worst.landing` at several T: a fixed number of generations, each certified."""

from collections.abc import Iterator, Sequence

import numpy as np

from madatheory.defaults import SEED
from madatheory.errors import UserError
from madatheory.theory.theorem import Theorem
from madatheory.worst.certificate import Certificate, certify, traced_run
from madatheory.worst.evolution import trials
from madatheory.worst.instance import Instance, with_exact_constants
from madatheory.worst.landing import Landing
from madatheory.worst.search import PROBE
from madatheory.worst.unknowns import unknowns_of

_CANDIDATES, _GENERATIONS = 96, 4  # generations per unknown at the first T, of all candidates; then half of them


def over_time(
    theorem: Theorem, times: Sequence[int], free: Sequence[str] | None, seed: int = SEED
) -> Iterator[tuple[Instance, Certificate]]:
    """For each T the worst instance that is found and its certificate; `free` as of `worst_case`.

    The search is the same at each call and on each machine up to rounding, where `worst_case` counts seconds. The
    better half of the candidates of one T begins the search at the next. A T at which nothing is certified is left out.
    """
    rng, run, known = np.random.default_rng(seed), None, None
    hyper = theorem.optimizer().hyper(theorem.settings)
    for steps in times:
        setting = with_exact_constants(theorem, steps, hyper, PROBE).setting()
        family = Landing(theorem, steps, unknowns_of(theorem, setting, {}, free))
        places = rng.random((family.size, _CANDIDATES))
        generations = _GENERATIONS * family.size
        if known is not None:
            places[:, : _CANDIDATES // 2], generations = known, generations // 2
        ratios = family.ratios(places)
        for _ in range(generations):
            tried = trials(places, ratios, rng, within_unit=True)
            reached = family.ratios(tried)
            better = reached > ratios
            places, ratios = np.where(better, tried, places), np.where(better, reached, ratios)
        known = places[:, np.argsort(-ratios, kind="stable")[: _CANDIDATES // 2]]
        try:
            instance = with_exact_constants(theorem, steps, *family.found(places[:, np.argmax(ratios)]))
            run = traced_run(instance) if run is None else run
            yield instance, certify(instance, run)
        except UserError:
            continue
