"""What a feature costs: the speed of a run that uses it, over the speed of the same run without, taken in turns."""

import json
import statistics
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import Tick
from benchmarks.process import Failed, answer

B, D, STEPS, TURNS = 1024, 10, 20_000, 3
ALL_LEARNED = "MADA with all coefficients learned"
PREPARED = "adam with normal noise, float32, B = 1024, d = 10, one number per trajectory at the end"


@dataclass(frozen=True)
class FeatureCost:
    """Coordinate updates per second with a feature, and the share of the plain run's (medians over the turns)."""

    feature: str
    rate: float
    share: float
    note: str = ""


def costs(tick: Tick) -> list[FeatureCost]:
    """Each feature in a fresh process, with the plain run beside it."""
    tick("costs")
    try:
        return [FeatureCost(**line) for line in answer("costs", seconds=600)]
    except Failed as error:
        return [FeatureCost("costs", 0.0, 0.0, f"failed: {error}")]


def cases() -> dict[str, tuple[dict[str, Any], int]]:
    """Feature -> (arguments of `simulate` that differ, how many times fewer steps)."""
    import jax.numpy as jnp
    import numpy as np
    import optax

    from madatheory.engine.statistic import total
    from madatheory.optimizers.catalogue import get_optimizer
    from madatheory.optimizers.optax_form import from_optax
    from madatheory.problems.catalogue import get_problem

    largest = total("largest", "sum max |g|", lambda event: jnp.max(jnp.abs(event.g), axis=0))
    theirs = from_optax("optax-adam", lambda alpha: optax.adam(alpha), {"alpha": 1e-3})
    grid = {"alpha": list(np.geomspace(1e-4, 1e-2, 8))}
    return {
        "plain": ({}, 1),
        "history: 100 recorded times": ({"save_at": 100}, 1),
        "a grid of 8 step sizes": ({"settings": grid, "num_trajectories": B // 8}, 1),
        "another fold, max |g|": ({"statistics": (largest,)}, 1),
        "optax.adam through from_optax": ({"optimizer": theirs}, 4),
        "MADA with a learned rho": ({"optimizer": get_optimizer("mada:learn=rho")}, 1),
        ALL_LEARNED: ({"optimizer": get_optimizer("mada:learn=all")}, 4),
        "uniform noise": ({"problem": get_problem(f"ratio:d={D},noise=uniform")}, 1),
        "hash instead of Threefry": ({"generator": "hash"}, 1),
        "float64": ({"dtype": "float64"}, 2),
        **{
            f"ridge functions (F not separable), d = {d}, B = {seeds}": (
                {"problem": get_problem(f"ridge-sum:d={d},noise=gaussian"), "num_trajectories": seeds},
                fewer,
            )
            for d, seeds, fewer in ((10, B, 8), (100, 128, 40), (1000, 64, 1000))
        },
    }


def main() -> None:
    """Measure and print one line of JSON."""
    from madatheory.engine.flags import enable_native_loop
    from madatheory.engine.simulate import simulate
    from madatheory.optimizers.catalogue import get_optimizer
    from madatheory.problems.catalogue import get_problem

    enable_native_loop()
    plain = {
        "problem": get_problem(f"ratio:d={D},noise=gaussian"),
        "optimizer": get_optimizer("adam:form=practical"),
        "num_trajectories": B,
        "dtype": "float32",
    }

    def speed(change: dict[str, Any], fewer: int) -> float:
        """Coordinate updates per second of one run."""
        given, steps = {**plain, **change}, STEPS // fewer
        points = max(len(values) for values in given.get("settings", {"none": [0]}).values())
        began = time.perf_counter()
        simulate(**given, steps=steps)
        return steps * given["num_trajectories"] * points * given["problem"].dimension / (time.perf_counter() - began)

    found = []
    for feature, case in cases().items():
        try:
            pairs = [(speed(*case), speed({}, 1)) for _ in range(TURNS + 1)][1:]  # the first compiles
        except Exception as error:
            found.append({"feature": feature, "rate": 0.0, "share": 0.0, "note": f"{type(error).__name__}: {error}"})
            continue
        rate = statistics.median(mine for mine, _ in pairs)
        share = statistics.median(mine / other for mine, other in pairs)
        found.append({"feature": feature, "rate": rate, "share": share, "note": ""})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
