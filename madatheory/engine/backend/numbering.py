"""Which trajectories a run has, in what order, and which of them are asked for: all of it from a few counters.

Order: grid points, and at each the pairs 2j, 2j+1 that have a trajectory that is asked for (see `counter_noise`).
Neighbours share a pair; with gaps every trajectory has a pair of its own. The rest of a pair only fills it up.

The formulas are written once, over NumPy or jax.numpy (`xp`), so that an accelerator makes the numbers of a
block itself. They are uint32, since x64 may be off; where a sum passes 2^32, what is read of it is right modulo 2^32.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = Any
_MOST = 2**32 - 1


class Numbering(NamedTuple):
    """The trajectories `chosen`, an increasing range below 2^32, at each of so many grid `points`."""

    points: int
    chosen: range

    @property
    def _neighbours(self) -> bool:
        return self.chosen.step == 1

    @property
    def pairs(self) -> int:
        """Pairs at one grid point."""
        return self.chosen[-1] // 2 - self.chosen[0] // 2 + 1 if self._neighbours else len(self.chosen)

    @property
    def total(self) -> int:
        """Trajectories of all pairs at all grid points."""
        return self.points * 2 * self.pairs

    @property
    def count(self) -> int:
        """Trajectories asked for, at all grid points."""
        return self.points * len(self.chosen)

    def before(self, place: int) -> int:
        """How many of those asked for stand before an even `place`."""
        point, inside = divmod(min(place, self.total), 2 * self.pairs)
        wanted = inside - self.chosen[0] % 2 if self._neighbours else inside // 2
        return point * len(self.chosen) + min(max(wanted, 0), len(self.chosen))

    def members(self, start: int) -> np.ndarray:
        """The counters that `members` reads, for the block from the even place `start` on."""
        point, pair = divmod(start // 2, self.pairs)
        last = self.total // 2 - 1 - point * self.pairs  # repeated where a block reaches beyond
        first, step = self.chosen[0], self.chosen.step if len(self.chosen) > 1 else 2
        first, step = (first // 2 * 2, 2) if self._neighbours else (first, step)
        return np.array([point, pair, min(last, _MOST), self.pairs, first, step], np.uint32)

    def wanted(self, start: int) -> np.ndarray:
        """The counters that `wanted` reads, for the block from the even place `start` on."""
        point, place = divmod(self.before(start), len(self.chosen))
        back, first, step = start - point * 2 * self.pairs, self.chosen[0], self.chosen.step
        stride, odd, change = (1, first % 2, 0) if self._neighbours else (2, first % 2, step % 2)
        size = len(self.chosen)
        numbers = [place, min(size - place, _MOST), min(size, _MOST), back % 2**32, 2 * self.pairs % 2**32]
        return np.array([*numbers, stride, odd, change], np.uint32)


def members(xp: Any, counters: Array, width: int) -> tuple[Array, Array]:
    """(grid point, number) of the trajectories of a block, (width,) each."""
    point, pair, last, pairs, first, step = (counters[i] for i in range(6))
    pair = xp.minimum(pair + xp.arange(width // 2, dtype=np.uint32), last)
    even = (first + step * (pair % pairs)) // 2 * 2
    return xp.repeat(point + pair // pairs, 2), xp.stack([even, even + 1], axis=-1).reshape(width)


def wanted(xp: Any, counters: Array, width: int) -> Array:
    """Where in a block those asked for stand, in order, (width,); the block's last place after the last of them."""
    place, rest, size, back, both, stride, odd, change = (counters[i] for i in range(8))
    number = xp.arange(width, dtype=np.uint32)
    later = number - rest  # at one of the next grid points, from number = rest on
    point = xp.where(number < rest, np.uint32(0), 1 + later // size)
    place = xp.where(number < rest, place + number, later % size)
    inside = stride * place + (odd + change * place) % 2
    return xp.minimum(point * both + inside - back, np.uint32(width - 1))


def wide_batch(xp: Any, batch_of: Callable[..., Any], width: int, data: Any, counters: Array) -> Any:
    """The batch of a block by the `batch_of` of a `BatchSource`, with a start for every trajectory."""
    batch = batch_of(data, *members(xp, counters, width))
    return batch._replace(x=xp.broadcast_to(batch.x, (len(batch.x), width)))
