"""What identities are tried on: hypothesis draws it once, and identities that ask for the same share it."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from madatheory.identities.identity import Identity, identities

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def examples_of(item: Identity, examples: int, seed: int = 0) -> tuple[Any, ...]:
    """The examples of an identity, the simplest first, or its single case None; `examples` is the profile's number.

    They depend on the strategy, the number and the seed, and neither on the target nor on what else is tried.
    """
    if not item.examples:
        return (None,)
    return _drawn(item.cases(), _most(item, examples), seed)[: _count(item.examples, examples)]


def search(item: Identity, test: Callable[[Any], object], examples: int, seed: int = 0) -> None:
    """`test` on the same examples again; from the first that fails on to ever smaller ones, the smallest last."""
    _try(item.cases(), test, _most(item, examples), seed)


def _count(share: float, examples: int) -> int:
    return max(1, round(examples * share))


def _most(item: Identity, examples: int) -> int:
    """How many are drawn: as many as the most demanding identity with this strategy tries."""
    return _count(max(item.examples, _largest_share(item.cases())), examples)


@lru_cache(maxsize=512)
def _largest_share(strategy: "SearchStrategy[Any]") -> float:
    return max((item.examples for item in identities().values() if item.cases() is strategy), default=0.0)


@lru_cache(maxsize=512)
def _drawn(strategy: "SearchStrategy[Any]", count: int, seed: int) -> tuple[Any, ...]:
    found: list[Any] = []
    _try(strategy, found.append, count, seed)
    return tuple(found)


def _try(strategy: "SearchStrategy[Any]", test: Callable[[Any], object], count: int, seed: int) -> None:
    import hypothesis
    from hypothesis import HealthCheck, Phase

    def tried(case: object) -> None:  # hypothesis wants no result
        test(case)

    hypothesis.settings(
        max_examples=count,
        derandomize=False,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list[Any](HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )(hypothesis.seed(seed)(hypothesis.given(strategy)(tried)))()
