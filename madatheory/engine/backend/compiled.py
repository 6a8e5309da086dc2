"""The compiled loop: one program per loop, device, shape and dtype, shared by all runs about the same objects."""

import math
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core
from jax.typing import ArrayLike

from madatheory.engine.backend.kernel_backend import ExecutionMode, compiled
from madatheory.engine.backend.loop import TRAJECTORY, Batch, Loop, loop, pair_by_pair
from madatheory.engine.backend.numbering import wide_batch
from madatheory.engine.flags import native_loop_enabled
from madatheory.engine.noise import Draw
from madatheory.engine.statistic import Statistic
from madatheory.jaxprs import inner_jaxprs, opened, shape_of
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.xla import accepted

# operations whose order of additions the CPU backend chooses by the shape
_PRODUCTS = {"dot_general", "conv_general_dilated", "cumsum", "fft"}
# Passes left out on a CPU: the first two would put calls of a library and tasks for a thread pool into the loop, which
# then is no longer one kernel; the third sums over coordinates in an order that depends on the number of trajectories.
# What surrounds the loop is small, and the newer emitters of code for it take longer than they save. Options that this
# XLA does not know are left out.
_LIBRARY = "dot-library-rewriter"
OPTIONS = {
    "xla_disable_hlo_passes": f"{_LIBRARY},cpu-parallel-task-assigner,tree_reduction_rewriter",
    "xla_cpu_use_fusion_emitters": False,
    "xla_llvm_disable_expensive_passes": True,  # a fifth less to compile; the same bits, and runs are no slower
    "xla_cpu_prefer_vector_width": 512,  # as wide as the processor has: LLVM's default is half of that on many
}


# with more multiplications a trajectory, a library's matrix product beats loops inside the kernel
_LARGE_PRODUCT = 256
_PAIRS_FROM = 96  # coordinates: enough to be the vectors of the compiled code


def by_pairs(dimension: int) -> bool:
    """Whether each pair of trajectories passes through all steps by itself, so that its state stays in L1.

    In low dimensions, on an accelerator and without the native loop the trajectories of a block are what makes vectors.
    """
    return dimension >= _PAIRS_FROM and jax.default_backend() == "cpu" and native_loop_enabled()


class _Same(NamedTuple):
    """Cache key of objects compared by identity (they hold functions and arrays); keeps them alive."""

    parts: tuple[Any, ...]

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.parts)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and list(map(id, self.parts)) == list(map(id, other.parts))


class Program(NamedTuple):
    """The halves of a loop (see `Loop`), the second compiled, and how it is executed.

    The first is run operation by operation: these few are compiled once for all loops, which a program is not.
    `fresh(batch_of, width, data, counters, horizon)` is such a program (see `wide_batch`): batch and carry of a block.
    """

    begin: Callable[..., Any]
    advance: Callable[..., Any]
    fresh: Callable[..., Any]
    mode: ExecutionMode


def _fresh(begin: Callable[..., Any], batch_of: Any, width: int, data: Any, counters: Any, horizon: Any) -> Any:
    batch = wide_batch(jnp, batch_of, width, data, counters)
    return batch, begin(batch, horizon)


class Programs:
    """The programs of one loop; each is made once, also when several threads ask for it.

    `together` is the loop that is taken if `halves`, pair by pair, has matrix products, which want the whole
    batch at once.
    """

    def __init__(self, halves: Loop, together: Loop | None = None) -> None:
        self._halves, self._together = halves, together
        self._products: int | None = None
        self._traced: dict[Any, Any] = {}
        self._made: dict[Any, Program] = {}
        self._lock = threading.Lock()

    def _trace(self, batch: Batch, ends: np.ndarray, horizon: ArrayLike) -> tuple[Any, Any]:
        key = _key(batch, ends)
        if key not in self._traced:
            carry = jax.eval_shape(self._halves.begin, batch, horizon)
            traced = jax.jit(self._halves.advance).trace(batch, carry, np.int32(0), ends, horizon)
            if self._products is None:
                count = 2 if self._together else batch.x.shape[-1]  # trajectories of one product
                self._products = math.ceil(max(_products(opened(traced.jaxpr)[0]), default=0) / count)
                if self._products and self._together:
                    self._halves = self._together
                    return self._trace(batch, ends, horizon)
            self._traced[key] = carry, traced
        return self._traced[key]

    def shapes(self, batch: Batch, ends: np.ndarray, horizon: ArrayLike) -> list[tuple[int, ...]]:
        """Shapes of the values, (ends, *extra, batch), without compiling."""
        with self._lock:
            return [value.shape for value in self._trace(batch, ends, horizon)[1].out_info[1]]

    def has_products(self, batch: Batch, ends: np.ndarray, horizon: ArrayLike) -> bool:
        """Whether the loop has matrix products or the like, whose rounding depends on the number of trajectories."""
        with self._lock:
            self._trace(batch, ends, horizon)
            return bool(self._products)

    def get(self, device: Any, batch: Batch, ends: np.ndarray, horizon: ArrayLike) -> Program:
        """The program for the default device `device` and arguments of these shapes."""
        key = (device, *_key(batch, ends))
        with self._lock:
            if key not in self._made:
                carry, traced = self._trace(batch, ends, horizon)
                if device.platform == "cpu":
                    mode = ExecutionMode("one kernel", "")
                    options = dict(OPTIONS)
                    if (self._products or 0) > _LARGE_PRODUCT or (self._products and not _even(batch.x.dtype)):
                        mode = ExecutionMode("loop around library calls", "matrix products")
                        options["xla_disable_hlo_passes"] = options["xla_disable_hlo_passes"].replace(
                            f"{_LIBRARY},", ""
                        )
                    if not native_loop_enabled():
                        mode = ExecutionMode("plain loop", "the XLA flag is missing")
                    advance = traced.lower().compile(compiler_options=accepted(options))
                else:
                    mode, advance = compiled(self._halves.advance, batch, carry, np.int32(0), ends, horizon)
                fresh = jax.jit(partial(_fresh, self._halves.begin), static_argnums=(0, 1))
                self._made[key] = Program(self._halves.begin, advance, fresh, mode)
            return self._made[key]


@lru_cache
def _even(dtype: np.dtype) -> bool:
    """Whether a product inside the kernel rounds alike in every trajectory, as a library's does.

    In float64 the XLA of JAX 0.12 adds in another order in the last vector of trajectories (and its library is faster).
    """
    matrix = np.random.default_rng(0).standard_normal((16, 16)).astype(dtype)
    columns = np.repeat(matrix[:, :1], 64, axis=1)
    product = jax.jit(lambda x: matrix @ x).lower(columns).compile(compiler_options=accepted(OPTIONS))
    result = np.asarray(product(columns))
    return bool(np.all(result == result[:, :1]))


def _key(batch: Batch, ends: np.ndarray) -> tuple[Any, ...]:
    leaves, tree = jax.tree.flatten(batch)
    return (tree, len(ends), *((np.shape(leaf), str(leaf.dtype)) for leaf in leaves))


def _products(jaxpr: core.Jaxpr) -> Iterator[int]:
    """Multiplications of every matrix product, at least 1 a trajectory for what is like one, such as a running sum."""
    for equation in jaxpr.eqns:
        if equation.primitive.name in _PRODUCTS:
            size = math.prod(shape_of(equation.outvars[0]))
            if equation.primitive.name == "dot_general":
                (contracted, _), _ = equation.params["dimension_numbers"]
                size *= math.prod(shape_of(equation.invars[0])[axis] for axis in contracted)
            yield size
        for inner in inner_jaxprs(equation):
            yield from _products(opened(inner)[0])


@lru_cache(maxsize=128)
def _programs(key: _Same) -> Programs:
    problem, optimizer, draw, *statistics = key.parts
    on_cpu = jax.default_backend() == "cpu"
    halves = loop(problem, optimizer, statistics, draw, ordered=on_cpu)
    if draw.alone is None or not by_pairs(problem.dimension):
        return Programs(halves)
    alone = loop(problem, optimizer, statistics, draw.alone, ordered=True, axis=TRAJECTORY)
    return Programs(pair_by_pair(alone, shared=draw.alone.shared), halves)


def programs(problem: Problem, optimizer: Optimizer, draw: Draw, statistics: tuple[Statistic, ...]) -> Programs:
    """The programs of the loop of these very objects."""
    return _programs(_Same((problem, optimizer, draw, *statistics)))
