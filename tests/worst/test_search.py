"""What a search keeps: the best that is certified, also where it is interrupted, and what it says meanwhile."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from madatheory.problems.piecewise import Piecewise
from madatheory.theory.catalogue import get_theorem
from madatheory.worst import search
from madatheory.worst.certificate import Refused, certify
from madatheory.worst.instance import with_exact_constants
from madatheory.worst.search import WorstFound, worst_case

T5, STEPS = get_theorem("avgrad-rate"), 3
HILL = Piecewise((0.0, 1.0, 3.0, 5.0), (0.0, -1.0, -1.0, 1.0), 0.5)
BOTTOMLESS = replace(HILL, slopes=(0.0, -1.0, -1.0, -0.5))


class Candidate:
    """A ratio that a search claims for HILL at one alpha; `asked` counts how often its function was wanted."""

    def __init__(self, claimed: float, alpha: float, shape: Piecewise = HILL) -> None:
        self.claimed, self.shape, self.asked = claimed, shape, 0
        self.hyper = T5.optimizer().hyper({**T5.settings, "alpha": alpha})

    def found(self) -> tuple[dict[str, float], Piecewise]:
        self.asked += 1
        return self.hyper, self.shape

    @property
    def ratio(self) -> float:
        return certify(with_exact_constants(T5, STEPS, self.hyper, self.shape)).lower


@pytest.fixture(scope="module")
def ratios() -> list[float]:
    return [Candidate(0, alpha).ratio for alpha in (0.02, 0.1, 0.5)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as `search` sees it, in a list of one number."""
    now = [100.0]
    monkeypatch.setattr(search.time, "monotonic", lambda: now[0])
    return now


def kept(keeper: Any) -> float:
    return keeper.best[1].lower


def test_the_first_is_certified_at_once_and_the_next_after_a_pause(clock: list[float], ratios: list[float]) -> None:
    keeper = search._Keeper(T5, STEPS, 1.0)
    first, second, third = Candidate(ratios[0], 0.02), Candidate(ratios[1], 0.1), Candidate(ratios[2], 0.5)
    keeper.offer(first.claimed, first.found)
    assert kept(keeper) == ratios[0]
    keeper.offer(third.claimed, third.found)
    keeper.offer(second.claimed, second.found)  # worse than what waits
    assert third.asked == second.asked == 0
    clock[0] += 2 * search._PAUSE
    keeper.offer(second.claimed, second.found)
    assert (third.asked, second.asked) == (1, 0)
    assert kept(keeper) == ratios[2]


def test_what_is_no_better_than_the_certified_is_not_certified(clock: list[float], ratios: list[float]) -> None:
    keeper = search._Keeper(T5, STEPS, 1.0)
    best, same, worse = Candidate(ratios[2], 0.5), Candidate(ratios[2], 0.5), Candidate(ratios[1], 0.1)
    for one in (best, same, worse):
        keeper.offer(one.claimed, one.found)
        clock[0] += 2 * search._PAUSE
    keeper.finish()
    assert (best.asked, same.asked, worse.asked) == (1, 0, 0)


def test_a_claim_that_the_certificate_does_not_confirm_replaces_nothing(
    clock: list[float], ratios: list[float]
) -> None:
    keeper = search._Keeper(T5, STEPS, 1.0)
    for one in (Candidate(ratios[1], 0.1), Candidate(0.9, 0.02), Candidate(0.95, 0.5, BOTTOMLESS)):
        keeper.offer(one.claimed, one.found)
        keeper.finish()
    assert kept(keeper) == ratios[1]
    assert "unbounded below" in keeper.refusal
    best, _ = keeper.best or pytest.fail("nothing is kept")
    assert best.hyper["alpha"] == 0.1


def test_noise_that_is_forced_is_a_share_of_the_g_that_is_declared(clock: list[float]) -> None:
    one, keeper = Candidate(0.5, 0.1), search._Keeper(T5, STEPS, 0.25)
    keeper.offer(one.claimed, one.found)
    instance, _ = keeper.best or pytest.fail("nothing is kept")
    assert instance.G == 4.0


Searched = Callable[..., WorstFound]


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> Searched:
    """`worst_case` with a search that offers these candidates."""
    monkeypatch.setattr(search, "_PAUSE", 0.0)

    def run(candidates: list[Candidate], **more: Any) -> WorstFound:
        def offered(end: float) -> Iterator[Any]:
            yield from ((one.claimed, one.found) for one in candidates)

        one = search._Search(1.0, "candidates", lambda: offered)
        monkeypatch.setattr(search, "_searches", lambda *_: [one])
        return worst_case(T5, steps=STEPS, free=(), seconds=5, **more)

    return run


CANDIDATES = ((0.3, 0.1), (0.31, 0.02), (0.32, 0.5))  # what is claimed, alpha


def test_progress_tells_the_time_and_the_best_so_far(searched: Searched, ratios: list[float]) -> None:
    told: list[tuple[float, float, str]] = []
    found = searched([Candidate(*one) for one in CANDIDATES], progress=lambda *now: told.append(now))
    assert found.complete
    assert found.searched == "3 candidates"
    assert found.ratio == max(ratios)
    assert told.pop(0)[1:] == (5, "compiling the search")
    assert [of for _, of, _ in told] == [5, 5, 5]
    assert [at for at, _, _ in told] == sorted(at for at, _, _ in told)
    shown = [float(re.fullmatch(r"worst found so far (\d\.\d{4})", what)[1]) for _, _, what in told]  # type: ignore[index]
    assert shown == pytest.approx(np.maximum.accumulate([ratios[1], ratios[0], ratios[2]]), abs=6e-5)


def test_ctrl_c_keeps_the_best_and_says_so(searched: Searched, ratios: list[float]) -> None:
    calls = []

    def progress(*now: Any) -> None:
        calls.append(now)
        if len(calls) == 3:
            raise KeyboardInterrupt

    found = searched([Candidate(*one) for one in CANDIDATES], progress=progress)
    assert not found.complete
    assert found.as_json()["complete"] is False
    assert found.searched == "2 candidates, interrupted"
    assert found.ratio == max(ratios[:2])


def test_ctrl_c_before_anything_is_found_is_ctrl_c(searched: Searched) -> None:
    class Interrupted(Candidate):
        def found(self) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        searched([Interrupted(0.3, 0.1)])


def test_where_nothing_can_be_certified_the_last_reason_is_given(searched: Searched) -> None:
    with pytest.raises(Refused, match=r"nothing that was found in 5 s could be certified: F is unbounded below"):
        searched([Candidate(0.3, 0.1, BOTTOMLESS)])
    with pytest.raises(Refused, match="the search found no ratio that is a number"):
        searched([])
