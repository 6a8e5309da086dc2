"""JAX's settings while the engine runs, whatever those of the process are."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def engine_settings(dtype: str) -> Iterator[None]:
    """The precision of `dtype`, and none of the settings under which JAX refuses what is meant here, on this thread.

    Broadcasting of (batch,) to (d, batch) is meant; infinite and undefined values come up on the way, and those of
    results are reported (`NonFiniteWarning`); the loop is compiled ahead of time.
    """
    with (
        jax.enable_x64(dtype == "float64"),
        jax.numpy_rank_promotion("allow"),
        jax.debug_nans(False),
        jax.debug_infs(False),
        jax.disable_jit(False),
    ):
        yield
