"""The compiled loop: one program per loop, device, shape and dtype, shared by all runs about the same objects."""

import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np

from madatheory.engine import persistent
from madatheory.engine.flags import native_loop_enabled
from madatheory.engine.lift import inner_jaxprs
from madatheory.engine.loop import Lanes, Loop, loop

# operations whose order of additions the CPU backend chooses by the shape
_PRODUCTS = {"dot_general", "conv_general_dilated", "cumsum", "fft"}
# Passes left out on a CPU: the first two would put calls of a library and tasks for a thread pool into the loop, which
# then is no longer one kernel; the third sums over coordinates in an order that depends on the number of lanes.
# What surrounds the loop is small, and the newer emitters of code for it take longer than they save.
_OPTIONS = {
    "xla_disable_hlo_passes": "dot-library-rewriter,cpu-parallel-task-assigner,tree_reduction_rewriter",
    "xla_cpu_use_fusion_emitters": False,
}


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
    """

    begin: Callable[..., Any]
    advance: Callable[..., Any]
    path: persistent.Path


class Programs:
    """The programs of one loop; each is made once, also when several threads ask for it."""

    def __init__(self, halves: Loop) -> None:
        self._halves = halves
        self._advance = jax.jit(halves.advance)
        self._products: bool | None = None
        self._traced: dict[Any, Any] = {}
        self._made: dict[Any, Program] = {}
        self._lock = threading.Lock()

    def _trace(self, lanes: Lanes, ends: np.ndarray, horizon: Any) -> tuple[Any, Any]:
        key = _key(lanes, ends)
        if key not in self._traced:
            carry = jax.eval_shape(self._halves.begin, lanes, horizon)
            self._traced[key] = carry, self._advance.trace(lanes, carry, np.int32(0), ends, horizon)
        return self._traced[key]

    def shapes(self, lanes: Lanes, ends: np.ndarray, horizon: Any) -> list[tuple[int, ...]]:
        """Shapes of the values, (ends, *extra, lanes), without compiling."""
        with self._lock:
            return [value.shape for value in self._trace(lanes, ends, horizon)[1].out_info[1]]

    def has_products(self, lanes: Lanes, ends: np.ndarray, horizon: Any) -> bool:
        """Whether the loop has matrix products or the like, whose rounding depends on the number of lanes."""
        with self._lock:
            if self._products is None:
                names = _primitives(self._trace(lanes, ends, horizon)[1].jaxpr.jaxpr)
                self._products = any(name in _PRODUCTS for name in names)
            return self._products

    def get(self, device: Any, lanes: Lanes, ends: np.ndarray, horizon: Any) -> Program:
        """The program for the default device `device` and arguments of these shapes."""
        key = (device, *_key(lanes, ends))
        with self._lock:
            if key not in self._made:
                carry, traced = self._trace(lanes, ends, horizon)
                if device.platform == "cpu":
                    native = native_loop_enabled()
                    path = persistent.Path(
                        "one kernel" if native else "plain loop", "" if native else "the XLA flag is missing"
                    )
                    advance = traced.lower().compile(compiler_options=_OPTIONS)
                else:
                    path, advance = persistent.compiled(self._halves.advance, lanes, carry, np.int32(0), ends, horizon)
                self._made[key] = Program(self._halves.begin, advance, path)
            return self._made[key]


def _key(lanes: Lanes, ends: np.ndarray) -> tuple[Any, ...]:
    leaves, tree = jax.tree.flatten(lanes)
    return (tree, len(ends), *((np.shape(leaf), str(leaf.dtype)) for leaf in leaves))


def _primitives(jaxpr: Any) -> Iterator[str]:
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for inner in inner_jaxprs(equation):
            yield from _primitives(getattr(inner, "jaxpr", inner))


@lru_cache(maxsize=128)
def _programs(key: _Same) -> Programs:
    problem, optimizer, draw, *statistics = key.parts
    return Programs(loop(problem, optimizer, statistics, draw, ordered=jax.default_backend() == "cpu"))


def programs(problem: Any, optimizer: Any, draw: Any, statistics: tuple[Any, ...]) -> Programs:
    """The programs of the loop of these very objects."""
    return _programs(_Same((problem, optimizer, draw, *statistics)))
