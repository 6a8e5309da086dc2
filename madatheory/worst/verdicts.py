"""Verdicts on worst instances: each at its own number of steps and hyper-parameters, beside those on given problems."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from madatheory.defaults import CONFIDENCE
from madatheory.engine.simulate import simulate
from madatheory.theory.kept_verdicts import Keeper
from madatheory.theory.theorem import Theorem
from madatheory.theory.verdict import Verdict
from madatheory.theory.verify import verify
from madatheory.worst.instance_file import Methods, WorstInstance, entry_of

if TYPE_CHECKING:
    from madatheory.worst.search import WorstFound

NONE = "no worst instance is known of its method; madatheory worst may find one"


def in_floats(found: "WorstFound") -> float:
    """left/right as the engine computes it, in float64: what `verify` will say of its file."""
    (verdict,) = verify_on_worst([found.instance.theorem], [entry_of(found)], confidence=CONFIDENCE)
    main = verdict.comparisons[0]
    return float(main.left[-1] / main.right[-1])


def verify_on_worst(
    theorems: Sequence[Theorem],
    instances: Sequence[WorstInstance],
    *,
    confidence: float,
    run: Callable[..., Any] = simulate,
    keeper: Keeper | None = None,
    progress: Callable[[float, int, str], None] | None = None,
) -> list[Verdict]:
    """Verdicts for every theorem on every instance that it says something about, whoever it was found for.

    Instances have no noise, or so few histories that all are enumerated: these verdicts claim no confidence.
    """
    found, methods = list[Verdict](), Methods()
    for number, instance in enumerate(instances):
        about = [theorem for theorem in theorems if instance.about(theorem, methods)]
        if progress is not None:
            progress(number, len(instances), instance.name)
        if about:
            found += verify(
                about,
                instance.make(),
                steps=instance.steps,
                num_trajectories=2,
                confidence=confidence,
                save_at=1,
                settings=instance.settings,
                run=run,
                keeper=keeper,
            )
    return found
