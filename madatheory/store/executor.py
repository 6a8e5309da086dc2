"""Where chunks are computed: in this process, or by something that has many."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import xarray as xr

from madatheory.engine.simulate import RunPlan


class Executor(Protocol):
    """Computes chunks elsewhere. Several threads may use one.

    `slots` is how many it computes at a time. `chunks` computes spans of trajectories of a plan, all of them even where
    some cannot be had, and calls `done(span, chunk)` on the calling thread as they come, and `alive()` several times a
    second, which may raise to end it. `key` names the computation among all that use the same workers.
    """

    @property
    def slots(self) -> int: ...

    def chunks(
        self,
        key: str,
        name: str,
        plan: RunPlan,
        spans: Sequence[range],
        done: Callable[[range, xr.Dataset], None],
        alive: Callable[[], None],
    ) -> None: ...

    def call(self, key: str, name: str, compute: Callable[[], Any]) -> Any: ...
