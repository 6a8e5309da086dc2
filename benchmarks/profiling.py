"""Where the time of a step goes: the same run with parts left out, the parts alone, and the loops of one step counted.

There are no hardware counters to rely on; what a part costs is the difference of two runs, and a part alone in a loop
whose data stay in L1 says how fast this processor can do it at best.
"""

import json
import math
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measure import SIZES, Tick, Timing
from benchmarks.process import Failed, answer

if TYPE_CHECKING:
    from madatheory.optimizers.optimizer import Optimizer
    from madatheory.problems.problem import Problem

TURNS, UPDATES = 3, 6e7
METHODS = {"adam": "adam:form=practical", "mada": "mada:learn=rho", "mada, all learned": "mada:learn=all"}
# what is measured -> (noise, generator)
RUNS = {
    "whole": ("gaussian", "threefry2x32-20"),
    "uniform noise": ("uniform", "threefry2x32-20"),
    "hash": ("uniform", "hash"),
    "no noise": ("none", "threefry2x32-20"),
}
ALONE = ("Threefry", "Threefry and normals", "root and quotient")
MUST = {"adam": (25, 15, 6, 6), "mada": (20, 15, 6, 6)}
LOOPS = {"adam": ("adam", 8e3), "mada, all learned": ("mada-all", 1e4)}
LANES = (2, 32, 64, 256)


@dataclass(frozen=True)
class Part:
    """CPU nanoseconds on one core: per coordinate update, per value for a part alone, per step for one trajectory."""

    kind: str  # "run", "alone" or "step"
    what: str
    optimizer: str = ""
    B: int = 0
    d: int = 0
    nanoseconds: float = math.nan
    note: str = ""


def profile(tick: Tick) -> list[Part]:
    """All parts, measured in a process of their own."""
    tick("profile")
    try:
        return [Part(**line) for line in answer("profiling", seconds=900)]
    except Failed as error:
        return [Part("run", "failed", note=str(error))]


def _runs(parts: list[Part]) -> dict[tuple[str, str, int, int], float]:
    return {(p.what, p.optimizer, p.B, p.d): p.nanoseconds for p in parts if p.kind == "run"}


def _alone_in(parts: list[Part]) -> dict[str, float]:
    return {p.what: p.nanoseconds for p in parts if p.kind == "alone"}


def floor(parts: list[Part], method: str, B: int, d: int) -> float:
    """Nanoseconds of an update without noise, and of its noise alone in a loop whose data stay in L1."""
    return _runs(parts).get(("no noise", method, B, d), math.nan) + _alone_in(parts)[ALONE[1]]


def share_of_floor(parts: list[Part], method: str, B: int, d: int) -> float:
    """The floor over what an update takes."""
    return floor(parts, method, B, d) / _runs(parts).get(("whole", method, B, d), math.nan)


def sections(parts: list[Part], timings: list[Timing]) -> list[str]:
    """The paragraphs and tables of the report; tables are lists of rows joined by newlines."""
    failed = [p.note for p in parts if p.what == "failed"]
    if failed:
        return [f"The profile failed: {failed[0]}"]
    found, alone = _runs(parts), _alone_in(parts)
    rows = [["optimizer", "B x d", "asked", "whole", "Box-Muller", "Threefry, not hash", "hash", "the rest", "floor"]]
    for method in METHODS:
        rival = "optax_plain" if method == "adam" else "jax_mada"
        for (B, d), must in zip(SIZES, MUST.get(method, [None] * len(SIZES)), strict=True):
            whole, uniform, hashed, none = (found.get((what, method, B, d), math.nan) for what in RUNS)
            same = [t for t in timings if (t.contender, t.task.B, t.task.d) == (rival, B, d) and t.wall]
            asked = f"{1e9 * same[0].threads / (must * same[0].rate.median):.2f}" if must and same else ""
            numbers = whole, whole - uniform, uniform - hashed, hashed - none, none, floor(parts, method, B, d)
            rows.append([method, f"{B} x {d}", asked, *(f"{n:.2f}" for n in numbers)])
    steps = [["optimizer", "asked", "step of one trajectory", *(f"{lanes} trajectories" for lanes in LANES)]]
    for method, (task, must) in LOOPS.items():
        mine = [p for p in parts if p.kind == "step" and p.optimizer == method]
        rival = [t for t in timings if (t.contender, t.task.optimizer) == ("torch_loop", task) and t.wall]
        asked = f"{1e9 / (must * rival[0].rate.median):.0f} ns" if rival else ""
        steps.append([method, asked, mine[0].note, *(f"{p.nanoseconds:.0f} ns" for p in mine)])
    return [
        'CPU nanoseconds per coordinate update on one core. `asked`: what the goal\'s "must" leaves for one update, '
        "from the rival's speed above. `whole`: measured, with normal noise from Threefry. The next four add up to it: "
        "what Box-Muller's transformation, Threefry in place of the hash, the hash, and everything but noise take. "
        "`floor`: the rest, and Threefry with Box-Muller alone in a loop whose data stay in L1, "
        f"{alone[ALONE[1]]:.2f} ns a value ({alone[ALONE[0]]:.2f} ns of it Threefry; a root and a quotient alone take "
        f"{alone[ALONE[2]]:.2f} ns). Where `asked` is near `floor` or below it, the noise that the goal prescribes and "
        "the vectors of the processor decide: AVX2 has no rotation of words, so that each of Threefry's 20 rounds is "
        "five operations on 8 lanes where AVX-512 has three on 16. Where `whole` is near `floor`, what is left is the "
        "method's own arithmetic.",
        _lines(rows),
        "Nanoseconds per step of all trajectories of Reddi's problem on one core. A single trajectory is computed in "
        "16 lanes, because narrower programs round differently and equal seeds promise equal bits whatever the batch; "
        "the step of MADA with all coefficients learned is a chain of so many loops over the lanes.",
        _lines(steps),
    ]


def _lines(rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]])


def measure() -> Iterator[Part]:
    """Everything, a part at a time."""
    from madatheory.engine.simulate import simulate
    from madatheory.optimizers.catalogue import get_optimizer
    from madatheory.problems.catalogue import get_problem

    for method, name in METHODS.items():
        for B, d in SIZES:
            steps, made = max(16, int(UPDATES / (B * d))), get_optimizer(name)
            arguments = {"num_trajectories": B, "dtype": "float32", "workers": 1}
            cases = {
                what: partial(
                    simulate, get_problem(f"ratio:d={d},noise={noise}"), made, steps, generator=generator, **arguments
                )
                for what, (noise, generator) in RUNS.items()
            }
            for what, seconds in in_turns(cases).items():
                yield Part("run", what, method, B, d, 1e9 * seconds / (steps * B * d))
    yield from _alone()
    reddi, steps = get_problem("reddi-online"), {lanes: min(2 * 10**6, 2**26 // lanes) for lanes in LANES}
    for method in LOOPS:
        made = get_optimizer(METHODS[method])
        arguments = {"dtype": "float32", "workers": 1}
        cases = {
            f"{lanes} trajectories": partial(simulate, reddi, made, steps[lanes], num_trajectories=lanes, **arguments)
            for lanes in LANES
        }
        note = ", ".join(f"{count} {what}" for what, count in loops_of_a_step(reddi, made).items())
        for what, seconds in in_turns(cases).items():
            lanes = int(what.split()[0])
            yield Part("step", what, method, lanes, 1, 1e9 * seconds / steps[lanes], note)


def in_turns(cases: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median CPU seconds of each; the first turn compiles and is left out."""
    found: dict[str, list[float]] = {what: [] for what in cases}
    for turn in range(TURNS + 1):
        for what, run in cases.items():
            began = time.process_time()
            run()
            if turn:
                found[what].append(time.process_time() - began)
    return {what: statistics.median(seconds) for what, seconds in found.items()}


def _alone() -> Iterator[Part]:
    import jax
    import jax.numpy as jnp
    import numpy as np

    from madatheory.engine.backend.compiled import OPTIONS
    from madatheory.engine.noise import words
    from madatheory.problems.noise_laws import gaussian
    from madatheory.xla import accepted

    keys, steps = np.arange(1024, dtype=np.uint32), 20_000
    normal = gaussian(1.0).pair
    assert normal is not None

    def threefry(t: jax.Array, x: jax.Array) -> jax.Array:
        w = words(jnp.uint32(1), jnp.asarray(keys), t.astype(jnp.uint32), 1)
        return x ^ (w.first[0] + w.second[0])

    def normals(t: jax.Array, x: jax.Array) -> jax.Array:
        z = jax.lax.complex(*normal(words(jnp.uint32(1), jnp.asarray(keys), t.astype(jnp.uint32), 1), np.float32))[0]
        return x + (jax.lax.real(z) + jax.lax.imag(z))

    def root(t: jax.Array, x: jax.Array) -> jax.Array:
        return x / (jnp.sqrt(x) + t.astype(jnp.float32))

    start = {
        "Threefry": keys,
        "Threefry and normals": keys.astype(np.float32),
        "root and quotient": keys + np.float32(1),
    }
    bodies, cases = dict(zip(ALONE, (threefry, normals, root), strict=True)), {}
    for what, body in bodies.items():
        loop = jax.jit(lambda x, n, body=body: jax.lax.fori_loop(0, n, body, x))
        program = loop.lower(start[what], np.int32(steps)).compile(compiler_options=accepted(OPTIONS))
        cases[what] = lambda program=program, what=what: jax.block_until_ready(program(start[what], np.int32(steps)))
    for what, seconds in in_turns(cases).items():
        values = steps * len(keys) * (1 if what == "root and quotient" else 2)  # two words, or normals, a key
        yield Part("alone", what, nanoseconds=1e9 * seconds / values)


def loops_of_a_step(problem: "Problem", optimizer: "Optimizer") -> dict[str, int]:
    """Loops over the lanes and copies in the compiled step of one trajectory."""
    import jax

    from madatheory.engine.simulate import prepare

    job = prepare(problem, optimizer, 100, dtype="float32").job(range(1))
    width = job.width(1)
    program = job.programs.get(jax.devices()[0], job.source.batch(0, width), job.times, job.horizon)
    bodies = re.split(r"\n(?=%|ENTRY)", program.advance.as_text())
    step = max(bodies, key=lambda body: len(re.findall(r" fusion\(", body)))
    return {"loops": len(re.findall(r" fusion\(", step)), "copies": len(re.findall(r"\] copy\(", step)), "lanes": width}


def main() -> None:
    """Measure and print one line of JSON."""
    from madatheory.engine.flags import enable_native_loop

    enable_native_loop()
    print(json.dumps([vars(part) for part in measure()]))


if __name__ == "__main__":
    main()
