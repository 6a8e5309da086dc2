"""The family of large T, on the engine: its numbers are those of certificates, and it reaches what is known."""

from itertools import islice

import numpy as np
import pytest

from madatheory.theory.catalogue import get_theorem
from madatheory.worst.certificate import certify
from madatheory.worst.instance import with_exact_constants
from madatheory.worst.landing import Landing
from madatheory.worst.search import _generations, worst_case
from madatheory.worst.unknowns import KNOWN, Range, Unknowns

UNITS = {"L": 1.0, "G": 1.0}


@pytest.mark.parametrize(
    ("name", "unknowns"),
    [
        ("amsgrad-monotone-rate", Unknowns({"alpha": Range(0.1, 3, "log"), "beta1": KNOWN["beta1"]}, UNITS)),
        ("avgrad-rate", Unknowns({"L": Range(0.5, 2, "log"), "G": Range(0.5, 2, "linear")}, {"alpha": 0.3})),
    ],
)
def test_a_candidate_is_the_instance_that_it_gives(name: str, unknowns: Unknowns) -> None:
    theorem, steps = get_theorem(name), 40
    given = {**theorem.optimizer().hyper(), **theorem.settings, **unknowns.fixed}
    fixed = {key: float(value) for key, value in given.items() if key not in unknowns.ranges}
    family = Landing(theorem, steps, Unknowns(unknowns.ranges, fixed))
    places = np.random.default_rng(0).random((family.size, 7))
    places[0, :2] = 0.2, 0.9  # on the flat maximum, on the slope
    ratios = family.ratios(places)
    for column, ratio in zip(places.T, ratios, strict=True):
        hyper, shape = family.found(column)
        one = with_exact_constants(theorem, steps, hyper, shape)
        assert certify(one).lower == pytest.approx(ratio, rel=1e-9)


def test_t5c_at_2000_steps() -> None:
    theorem, steps = get_theorem("avgrad-horizon-rate"), 2000
    free = {name: KNOWN[name] for name in ("alpha", "eps", "beta2")}
    family = Landing(theorem, steps, Unknowns(free, {"beta1": 0.0, **UNITS}))
    every = _generations(family, lambda p: np.ones(p.shape[1]), np.inf, np.random.default_rng(0))
    generations = islice(every, 500)  # and no more are needed
    best = next(candidate for candidate in generations if candidate[0] > 0.9971)
    assert certify(with_exact_constants(theorem, steps, *best[1]())).lower >= 0.997


@pytest.mark.slow  # five seconds of search for each
@pytest.mark.parametrize(
    ("name", "least"),
    [("amsgrad-monotone-rate", 0.727), ("adam-published-rate", 0.3639), ("amsgrad-horizon-rate", 0.997)],
)
def test_others_at_2000_steps(name: str, least: float) -> None:
    assert worst_case(name, steps=2000, seconds=8).ratio >= least
