"""Questions about our own compiled loop, each answered by a fresh process: `python -m benchmarks.probes NAME ..`.

memory: bytes of temporaries and outputs of everything compiled for a run of T steps. bits: whether trajectories are the
same bit for bit however they are batched. compile: seconds of the first run, and compilations that later runs add.
"""

import hashlib
import json
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.process import answer
from benchmarks.task import Workload

if TYPE_CHECKING:
    import numpy as np

SECONDS = 180.0


def ask(name: str, task: Workload, *extra: str) -> dict[str, Any]:
    """What the probe answers in a fresh process; `Failed` with its last line if it does not."""
    return answer("probes", name, json.dumps(task.as_dict()), *extra, seconds=SECONDS)


def memory(task: Workload) -> dict[str, Any]:
    """{"bytes": temporaries and outputs of all programs compiled for the run}."""
    import jax

    from benchmarks.contenders import ours
    from madatheory.engine.simulate import simulate

    sizes, compile_ = [], jax.stages.Lowered.compile

    def counted(self: jax.stages.Lowered, *args: Any, **kwargs: Any) -> jax.stages.Compiled:
        made = compile_(self, *args, **kwargs)
        found = made.memory_analysis()
        assert found is not None
        sizes.append(found.temp_size_in_bytes + found.output_size_in_bytes)
        return made

    jax.stages.Lowered.compile = counted  # type: ignore[method-assign]
    simulate(**ours.arguments(task), workers=1)
    if not sizes:
        raise RuntimeError("nothing was compiled ahead of time")
    return {"bytes": sum(sizes), "programs": len(sizes)}


def bits(task: Workload) -> dict[str, Any]:
    """{"different": the ways of batching that change a trajectory, "ways": how many were tried, "sha256": of all}."""
    from benchmarks.contenders import ours
    from madatheory.engine.simulate import simulate

    given = ours.arguments(task)
    B = task.B

    def values(num_trajectories: int | range, workers: int | None) -> "np.ndarray":
        return simulate(**{**given, "num_trajectories": num_trajectories}, workers=workers).to_dataarray().to_numpy()[0]

    whole = values(B, 1)
    ways = [(range(B), 2), (range(B), 3)]
    ways += [(range(n), 1) for n in (1, 2, 5, B // 2)]
    ways += [(range(B // 3, B - 1), 1), (range(1, B, 3), 1), (range(1, B, 3), 2), (range(B - 1, B), 1)]
    different = [
        f"{chosen}, {workers} workers"
        for chosen, workers in ways
        if values(chosen, workers).tobytes() != whole[list(chosen)].tobytes()
    ]
    return {"different": different, "ways": len(ways), "sha256": hashlib.sha256(whole.tobytes()).hexdigest()}


def compilation(task: Workload) -> dict[str, Any]:
    """{"seconds": first run less a second one, "again": compilations for new steps, seed, settings, by what is new}."""
    import jax
    import jax.numpy as jnp

    from benchmarks.contenders import ours
    from madatheory.engine.simulate import simulate

    count = [0]

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
        count[0] += event == "/jax/core/compile/backend_compile_duration"

    jax.monitoring.register_event_duration_secs_listener(listen)
    jnp.zeros(1).block_until_ready()  # the backend has started
    given = ours.arguments(task)
    began = time.perf_counter()
    simulate(**given)
    first = time.perf_counter()
    simulate(**given)
    seconds = (first - began) - (time.perf_counter() - first)
    first_count, again = count[0], {}
    news = {
        "steps": {"steps": 3 * task.T + 1},
        "seed": {"seed": 5},
        "seeds": {"num_trajectories": range(100, 100 + task.B)},
        "settings": {"settings": {**given["settings"], "alpha": 0.5 * given["settings"]["alpha"]}},
        "number of seeds": {"num_trajectories": 2 * task.B},
    }
    for what, change in news.items():
        before = count[0]
        simulate(**{**given, **change})
        again[what] = count[0] - before
    return {"seconds": seconds, "compilations": first_count, "again": again}


PROBES = {"memory": memory, "bits": bits, "compile": compilation}


def main() -> None:
    """Answer on stdout."""
    from madatheory.engine.flags import enable_native_loop

    enable_native_loop()
    task = Workload(**json.loads(sys.argv[2]))
    if len(sys.argv) > 3:
        task = replace(task, T=int(sys.argv[3]))
    print(json.dumps(PROBES[sys.argv[1]](task)))


if __name__ == "__main__":
    main()
