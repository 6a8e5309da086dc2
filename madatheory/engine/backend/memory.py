"""Where the batch of a block is made and its values are kept: by NumPy on the host, or in an accelerator's own memory.

The formulas are the same, and so are the numbers. Beside a CPU blocks are small, and NumPy is quicker than one more
program. An accelerator is given a few counters; what it gives back is one array per statistic and block, copied while
the next block computes.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.engine.backend.compiled import Program
from madatheory.engine.backend.loop import Batch, Carry
from madatheory.engine.backend.numbering import Numbering, members, wanted, wide_batch

Array = Any


class BatchSource(NamedTuple):
    """What the batches of a run are made of.

    `batch_of(data, point, number)` is the batch of these trajectories (uint32; pairs one after another, which also
    reach one beyond those that are asked for) at these grid points, for NumPy's arrays and JAX's; `x` may be (d, 1)
    where all have the same start. It is one object for all runs of its kind: an accelerator compiles it.
    """

    batch_of: Callable[[Any, Array, Array], Batch]
    data: Any
    numbering: Numbering

    def batch(self, start: int, width: int) -> Batch:
        """`width` trajectories from the even place `start` on, by NumPy; the last pair is repeated."""
        return wide_batch(np, self.batch_of, width, self.data, self.numbering.members(start))

    @property
    def alike(self) -> bool:
        """Whether all trajectories have the same start and hyper-parameters."""
        batch = self.batch_of(self.data, *members(np, self.numbering.members(0), 2))
        return batch.x.shape[1] == 1 and batch.same_hyper


_shapes = jax.jit(partial(wide_batch, jnp), static_argnums=(0, 1)).eval_shape


@jax.jit
def _merged(kept: list[Array], new: list[Array], read: Array) -> list[Array]:
    """Values (times, ..), those of the times `read` from `new`."""
    return [jnp.where(read.reshape(-1, *[1] * (a.ndim - 1)), b, a) for a, b in zip(kept, new, strict=True)]


@jax.jit
def _ordered(values: list[Array], counters: Array) -> list[Array]:
    """Values (times, *extra, batch) as (trajectories, times, *extra), those asked for first."""
    return [jnp.moveaxis(value, -1, 0)[wanted(jnp, counters, value.shape[-1])] for value in values]


class Memory(Protocol):
    """One worker's blocks, one after another; `results` are filled, (trajectories, times, *extra) each."""

    def begin(self, start: int) -> tuple[Batch, Carry]:
        """Batch and fresh carry of the block from the place `start` on."""
        ...

    def advance(self, batch: Batch, carry: Carry, *numbers: Any) -> tuple[Carry, Sequence[Array]]:
        """The compiled loop."""
        ...

    def keep(self, values: Sequence[Array], read: np.ndarray) -> None:
        """Values of the block (times, *extra, batch), right at the times `read`."""
        ...

    def finish(self) -> None:
        """All times of the block were kept."""
        ...

    def land(self) -> None:
        """See that all finished blocks are in the results."""
        ...


class HostMemory:
    """Batches by NumPy, and values that are written into the results as they come."""

    def __init__(
        self, source: BatchSource, width: int, horizon: Any, program: Program, results: list[np.ndarray]
    ) -> None:
        self._source, self._width, self._horizon = source, width, horizon
        self._program, self._results, self._start = program, results, 0
        self.advance = program.advance
        self._first: tuple[Batch, Carry] | None = None
        if source.alike:
            batch = source.batch(0, width)
            self._first = batch, program.begin(batch, horizon)

    @staticmethod
    def example(source: BatchSource, width: int) -> Batch:
        """The batch of a block, or its shapes."""
        return source.batch(0, width)

    def begin(self, start: int) -> tuple[Batch, Carry]:
        self._start, batch = start, self._source.batch(start, self._width)
        return batch, self._program.begin(batch, self._horizon) if self._first is None else self._first[1]

    def keep(self, values: Sequence[Array], read: np.ndarray) -> None:
        numbering = self._source.numbering
        first, last = (numbering.before(place) for place in (self._start, self._start + self._width))
        kept: Any = slice(last - first)
        if last - first < min(self._width, numbering.total - self._start):
            kept = wanted(np, numbering.wanted(self._start), self._width)[kept]
        for into, value in zip(self._results, values, strict=True):
            into[first:last, read] = np.moveaxis(np.asarray(value)[read][..., kept], -1, 0)

    def finish(self) -> None:
        pass

    def land(self) -> None:
        pass


class DeviceMemory:
    """Everything of the length of a block is on the default device of this thread, but for the results."""

    def __init__(
        self, source: BatchSource, width: int, horizon: Any, program: Program, results: list[np.ndarray]
    ) -> None:
        self._numbering, self._width, self._results, self._start = source.numbering, width, results, 0
        self._fresh = partial(program.fresh, source.batch_of, width, jax.device_put(source.data))
        self._horizon, self._advance = jax.device_put(horizon), program.advance
        self._values: list[Array] = []
        self._coming: tuple[int, list[Array]] | None = None

    @staticmethod
    def example(source: BatchSource, width: int) -> Batch:
        """The shapes of a block's batch."""
        return _shapes(source.batch_of, width, source.data, source.numbering.members(0))

    def begin(self, start: int) -> tuple[Batch, Carry]:
        self._start, self._values = start, []
        return self._fresh(jax.device_put(self._numbering.members(start)), self._horizon)

    def advance(self, batch: Batch, carry: Carry, *numbers: Any) -> tuple[Carry, Sequence[Array]]:
        return self._advance(batch, carry, *jax.device_put(numbers))

    def keep(self, values: Sequence[Array], read: np.ndarray) -> None:
        self._values = _merged(self._values, list(values), jax.device_put(read)) if self._values else list(values)

    def finish(self) -> None:
        values = _ordered(self._values, jax.device_put(self._numbering.wanted(self._start)))
        for value in values:
            value.copy_to_host_async()
        self._coming, self._values = (self._start, values), []

    def land(self) -> None:
        if self._coming is not None:
            start, values = self._coming
            first, last = (self._numbering.before(place) for place in (start, start + self._width))
            for into, value in zip(self._results, jax.device_get(values), strict=True):
                into[first:last] = value[: last - first]
            self._coming = None
