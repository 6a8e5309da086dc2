"""K: gradients that are accumulated over several steps for one update."""

from typing import Any

import numpy as np

from madatheory.identities import GradientSequence, Runs, Violation, alike, identity, near, sequences, st


def _four() -> "st.SearchStrategy[GradientSequence]":
    return sequences(4)


@identity("K19", "accumulated gradients", needs=["deterministic", "set every"], cases=_four, examples=0.4)
def accumulated(run: Runs, case: GradientSequence) -> None:
    """Two steps with the same gradient, accumulated for one update, move like one step with it: parameters stay in the
    first and make the whole step in the second, bias correction and decay of weights included.

    Whoever updates with the mean of what was accumulated; who takes the sum moves like one step with twice the
    gradient. A counter of all steps corrects too little, and decay in every step is decay twice.
    """
    plain: dict[str, Any] = {"every": 1} if _one_is_taken(run) else {}
    twice = np.repeat(case.g, 2, axis=0)
    decays: list[dict[str, Any]] = [{}, *([{"weight_decay": 0.25}] if "weight_decay" in run.target.settable else [])]
    for decay in decays:
        path = run(case.x0, twice, every=2, **decay)
        before = np.concatenate([case.x0[None], path[1:-1:2]])
        alike(
            run,
            path[::2],
            before,
            f"parameters while gradients are accumulated {decay or ''}",
            case.x0,
            case.g,
            **decay,
        )
        told = []
        for factor, how in ((1.0, "mean"), (2.0, "sum")):
            g = factor * case.g
            try:
                near(
                    run, path[1::2], run(case.x0, g, **plain, **decay), f"by their {how}", case.x0, g, **plain, **decay
                )
            except Violation as error:
                told.append(error)
        if len(told) == 2:
            raise Violation(f"two accumulated gradients {decay or ''} {told[0]}", told[0].got, told[0].expected)


def _one_is_taken(run: Runs) -> bool:
    """Whether the plain method is asked for by every = 1; else by the default."""
    return (run.target.defaults.get("every") or 0) >= 1
