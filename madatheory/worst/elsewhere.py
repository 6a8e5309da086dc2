"""The searches of several theorems, each a task for the workers of an executor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from madatheory.errors import UserError
from madatheory.store.executor import Executor
from madatheory.theory.theorem import Theorem
from madatheory.worst.search import Progress, WorstFound, worst_case

Plan = Mapping[str, Any]
"""Arguments of `worst_case` besides the theorem."""


def worst_cases(
    executor: Executor,
    planned: Sequence[tuple[Theorem, Sequence[Plan]]],
    took: Callable[[Theorem, list[WorstFound], str], None],
    progress: Progress,
) -> None:
    """All searches of all theorems; `took(theorem, what its searches found, why one found nothing)` as theorems end.

    A theorem some of whose searches were lost, or ended by Ctrl-C, comes last with those that were not: then `LostWork`
    or `KeyboardInterrupt` is raised.
    """
    searches = {
        f"worst-{theorem.name}-{number}": (theorem, number, plan)
        for theorem, plans in planned
        for number, plan in enumerate(plans)
    }
    waiting = {theorem.name: len(plans) for theorem, plans in planned}
    came: dict[str, dict[int, tuple[WorstFound | None, str]]] = {theorem.name: {} for theorem, _ in planned}

    def done(key: str, answer: tuple[WorstFound | None, str]) -> None:
        theorem, number, _ = searches[key]
        came[theorem.name][number] = answer
        waiting[theorem.name] -= 1
        if not waiting[theorem.name]:
            give(theorem)

    def give(theorem: Theorem) -> None:
        answers = [answer for _, answer in sorted(came[theorem.name].items())]
        whole = [replace(one, instance=replace(one.instance, theorem=theorem)) for one, _ in answers if one is not None]
        took(theorem, whole, next((why for _, why in answers if why), ""))

    def alive() -> None:
        progress(sum(map(len, came.values())), len(searches), "searches")

    tasks = {
        key: (f"the search for {t.name}", partial(_searched, t, plan=plan)) for key, (t, _, plan) in searches.items()
    }
    try:
        executor.calls(tasks, done, alive)
    finally:
        for theorem, _ in planned:
            if waiting[theorem.name] and came[theorem.name]:
                give(theorem)


def _searched(theorem: Theorem, plan: Plan) -> tuple[WorstFound | None, str]:
    """What a worker found, without the theorem, which the client has; or why it found nothing."""
    try:
        found = worst_case(theorem, **plan)
    except UserError as error:
        return None, str(error)
    return replace(found, instance=replace(found.instance, theorem=cast(Theorem, None))), ""
