"""Everything that the numbers of a simulation depend on."""

from dataclasses import replace
from typing import Any

from madatheory.engine.simulate import RunPlan
from madatheory.sources import PACKAGE, closure_of_imports
from madatheory.store.cache_key import CacheKey, cache_key_of, canonical, describe, digest, environment, merged


def configuration_of(plan: RunPlan) -> tuple[dict[str, Any], CacheKey]:
    """Everything but the trajectories that the numbers of a run depend on, as plain data, and what it is made from."""
    problem, optimizer = plan.problem, plan.optimizer
    parts = {
        "problem": replace(problem, summary=""),
        "optimizer": [optimizer.init, optimizer.step, optimizer.observe, optimizer.traits],
        "statistics": plan.statistics,
    }
    found = {name: cache_key_of(part) for name, part in parts.items()}
    identity = merged(found.values())
    configuration = {
        "kind": "simulate",
        "problem": {"name": problem.name, "parameters": describe(dict(problem.parameters))[0], "d": problem.dimension},
        "optimizer": {"name": optimizer.name, "traits": describe(dict(optimizer.traits))[0]},
        "statistics": [[s.name, s.formula] for s in plan.statistics],
        "grid": {"axes": plan.grid.axes, "fixed": plan.grid.fixed, "order": list(plan.grid.axes)},
        "steps": plan.steps,
        "times": [int(t) for t in plan.times],
        "start": [float(x) for x in plan.start],
        "seed": plan.seed,
        "dtype": plan.dtype,
        "generator": plan.generator,
        "objects": {name: digest(canonical(part.data)) for name, part in found.items()},
        "sources": closure_of_imports([PACKAGE / "engine" / "simulate.py"]) | identity.sources,
        "environment": environment(),
    }
    return configuration, identity
