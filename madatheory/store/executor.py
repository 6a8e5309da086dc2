"""Where chunks are computed: in this process, or by something that has many."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import xarray as xr

from madatheory.engine.simulate import RunPlan
from madatheory.errors import UserError

Compute = Callable[[], Any]
"""A computation; what a `functools.partial` of it has in common with others is sent to a worker once."""


class NotSent(UserError):
    """A computation holds what only this process has, so that nothing of it was sent."""


class Executor(Protocol):
    """Computes elsewhere. Several threads may use one.

    `slots` is how many computations it has at a time. `chunks` computes spans of trajectories of a plan and `calls`
    functions, (name in words, function) by a key: all of them even where some cannot be had, which `LostWork` names at
    the end. They call `done(span, chunk)` or `done(key, value)` on the calling thread as they come, and `alive()`
    several times a second, which may raise to end it. `call` is `calls` for one. A `key` names the computation among
    all that use the same workers. A value is not None, and what a function raises is raised here and ends the call;
    `NotSent` is raised before anything is computed.
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

    def calls(
        self,
        computations: Mapping[str, tuple[str, Compute]],
        done: Callable[[str, Any], None],
        alive: Callable[[], None],
    ) -> None: ...

    def call(self, key: str, name: str, compute: Compute, alive: Callable[[], None] = lambda: None) -> Any: ...
