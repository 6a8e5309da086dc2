"""The worst of the family at several T: the same at each call, and never lost from one T to the next."""

from madatheory.theory.catalogue import get_theorem
from madatheory.worst.over_time import over_time

T5C = get_theorem("avgrad-horizon-rate")


def ratios(*times: int) -> list[tuple[int, float]]:
    return [(instance.steps, certificate.lower) for instance, certificate in over_time(T5C, times, None)]


def test_it_is_the_same_at_each_call() -> None:
    assert ratios(8, 60) == ratios(8, 60)


def test_a_search_begins_where_the_one_before_ended() -> None:
    """With half of the generations no less is found than from the start."""
    ((_, alone),) = ratios(60)
    (_, (steps, after)) = ratios(8, 60)
    assert steps == 60
    assert 0.99 * alone < after < 1
    assert after > 0.93
