"""The GPU path: the time loop as one kernel that keeps the state of a block of trajectories in registers for all steps.

There is no second engine. `advance` takes the engine's own `advance`, traces it, and turns the loop that it finds into
a Pallas kernel for Triton whose body is the same jaxpr, evaluated on arrays padded to powers of two (`backend.lift`).
One program of the kernel carries some trajectories: it reads their state, takes all steps of the span, writes the
statistics at the record times and the state at the end. What stands before and after the loop stays with XLA. The noise
words are the same as on the CPU, bit for bit; real numbers agree to rounding (other order of the sums over
coordinates, fused multiply-adds). In float32 a division or a root errs by up to two units in the last place
(`div.full`, `sqrt.approx`); in float64 both are rounded correctly (`div.rn`, `sqrt.rn`).

Supported: float32 and float64; problems, optimizers and statistics made of elementwise operations, constants per
coordinate, sums, maxima and minima over coordinates, and matrix products, slices, concatenations and paddings of at
most `lift_rules.LARGEST_SPREAD` numbers per trajectory; as far as the state of two trajectories fits in the registers
of one program, or in twice as many (`block_for`): Adam with 4000 coordinates in float32 and 2000 in float64, MADA with
all coefficients learned with 2000 and 500. Not supported: larger products, gathers (enumerated trees), sorts,
operations that mix trajectories, computing with complex numbers. `backend.kernel_backend` chooses between this kernel
and the plain loop, and says which and why.
"""

import math
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from madatheory.engine.backend.kernel import Launch, ProgramShape, kernel
from madatheory.engine.backend.lift import live
from madatheory.engine.backend.lift_rules import Unsupported, padded, spread
from madatheory.jaxprs import (
    Atom,
    Jaxpr,
    body_of,
    dtype_of,
    inner_jaxprs,
    is_variable,
    opened,
    shape_of,
)

Array = Any
Advance = Callable[..., Any]
Kernel = Callable[[core.JaxprEqn, core.JaxprEqn, Sequence[Array]], list[Array]]
Plan = Callable[[core.JaxprEqn, int, int], tuple[int, Kernel]]
WARP = 32
_OVERHEAD = 16  # registers of a thread for addresses, counters and numbers
_REGISTERS = 255  # the hardware's maximum for a thread
_REGISTER_FILE = 2**16  # registers of a multiprocessor, which a whole program must fit
_MOST_WARPS = 32
_OVERFLOW = 2.0  # what spills is at most as much again as the registers, which the first-level cache about holds
_FILLING = 2**17  # coordinates in flight that fill a large GPU
_QUIET = threading.Lock()  # filters of warnings belong to the process, and blocks are compiled in threads


def lowered(function: Advance, *arguments: Any, platform: str | None = None) -> jax.stages.Lowered:
    """What `advance` gives, lowered for these arguments (or shapes) and a platform ("cuda"), by default the backend's.

    JAX warns since 0.11 that Triton will leave Pallas, which is our concern and nobody else's; without Triton the plain
    loop runs.
    """
    traced = jax.jit(function).trace(*arguments)
    with _QUIET, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The Pallas Triton backend is deprecated", DeprecationWarning)
        return traced.lower(lowering_platforms=None if platform is None else (platform,))


def launch_width(dimension: int) -> int:
    """Trajectories that one launch should carry: enough coordinates to fill a large GPU several times over."""
    return max(WARP, 16 * _FILLING // padded((dimension,))[0])


def advance(function: Advance, *, block: ProgramShape | None = None, interpret: bool = False) -> Advance:
    """`function` = (batch, carry, *others) -> (carry, values), with its loop as a persistent kernel; for `jax.jit`.

    Arrays in `batch` and `carry` are scalars or have the trajectories, or groups of them such as pairs, on their last
    axis. `block` overrides the choice of `block_for`, `interpret` runs the kernel on any backend, slowly. Raises
    `Unsupported` when it is traced.
    """

    def plan(loop: core.JaxprEqn, width: int, group: int) -> tuple[int, Kernel]:
        launch = Launch(width, block or block_for(loop, width, group), interpret)
        return launch.block.trajectories, lambda wide, narrow, values: kernel(wide, narrow, values, launch)

    return with_kernels(function, plan)


def with_kernels(function: Advance, plan: Plan) -> Advance:
    """`function` = (batch, carry, *others) -> (carry, values), with its loops as kernels; for `jax.jit`.

    `plan(first loop, trajectories, how many of these every array can be cut into)` gives the trajectories of one
    program, and the kernel of a loop (an equation), from the same loop over the trajectories of one program and the
    values of its operands.
    """

    def run(batch: Any, carry: Any, *others: Any) -> Any:
        width = batch.x.shape[-1]
        wide, shapes = jax.make_jaxpr(function, return_shape=True)(batch, carry, *others)
        trajectories, make = plan(_first_loop(opened(wide)[0]), width, _group((batch, carry), width))
        narrow = jax.make_jaxpr(function)(*_narrowed((batch, carry), width, trajectories), *others)
        values = jax.tree.leaves((batch, carry, *others))
        return jax.tree.unflatten(jax.tree.structure(shapes), _host(wide, narrow, values, make, None))

    return run


def block_for(loop: core.JaxprEqn, width: int, group: int = 1) -> ProgramShape:
    """Trajectories (a multiple of `group`) and warps for a loop (an equation) over `width` trajectories.

    Every thread holds a few coordinates of every array: one until the device is full, then up to four, which hides
    latency, and more only where a trajectory is so long that its threads would not fit in one program. A trajectory
    stays in one warp if it can, so that sums over coordinates need no shared memory; products that are wider than the
    state take more warps. Shapes that need more registers than there are come last, and up to `_OVERFLOW` times as
    many. Raises `Unsupported` beyond.
    """
    shapes = [shape_of(v) for v in loop.invars if shape_of(v) and width % shape_of(v)[-1] == 0]
    coordinates = max((math.prod(padded(shape[:-1])) for shape in shapes), default=1)
    wished = max(group, 1 << max(0, min(2, (coordinates * width // _FILLING).bit_length() - 1)))
    choices: list[tuple[int, float, ProgramShape]] = []  # times the warps that the state asks for, distance from wished
    for per_thread in (1, 2, 4, 8, 16):
        trajectories = max(group, WARP * per_thread // coordinates)
        warps, more = max(1, trajectories * coordinates // per_thread // WARP), 1
        while warps * more <= _MOST_WARPS:
            choices.append((more, abs(math.log2(per_thread / wished)), ProgramShape(trajectories, warps * more)))
            more *= 2
    blocks = [block for *_, block in choices]
    if not blocks:
        raise Unsupported(f"a trajectory of {coordinates} numbers is too long for one program of {_MOST_WARPS} warps")
    threaded = _threaded(width, blocks)
    inners = list(inner_jaxprs(loop))
    needs = _OVERHEAD + np.max([_products(inner, threaded) + _registers(inner, threaded) for inner in inners], axis=0)
    limits = [min(_REGISTERS, _REGISTER_FILE // (WARP * block.warps)) for block in blocks]
    rated = [(max(1.0, n / m), *choice) for n, m, choice in zip(needs, limits, choices, strict=True)]
    least, *_, best = min(rated)
    if least > _OVERFLOW:
        raise Unsupported(
            f"a step on {coordinates} numbers per trajectory takes about {least:.1f} times the registers of a program, "
            f"of which more than {_OVERFLOW:g} times would spill beyond the cache: too many for registers"
        )
    return best


def _threaded(width: int, blocks: Sequence[ProgramShape]) -> Callable[..., np.ndarray]:
    """(shape, bytes of a number, fixed) -> registers of a thread, for each of `blocks`.

    The last axis of an array are the trajectories, or groups of them, unless it is `fixed`. A number per trajectory is
    held by every thread that works on the trajectory. A 64-bit number takes three: two hold it, and a division or a
    root in float64 is a dozen operations with results in between.
    """
    trajectories, warps = np.transpose(blocks)

    @cache
    def threaded(shape: tuple[int, ...], itemsize: int, fixed: bool = False) -> np.ndarray:
        if not shape or (not fixed and width % shape[-1]):
            return np.zeros(len(blocks))
        columns = padded(shape)[-1] if fixed else shape[-1] / width * trajectories
        threads = WARP * (warps if len(shape) > 1 else 1)
        return np.maximum(1, math.prod(padded(shape[:-1])) * columns / threads) * (itemsize / 4 if itemsize < 8 else 3)

    return threaded


def _registers(jaxpr: Jaxpr, threaded: Callable[..., np.ndarray], wanted: Sequence[bool] | None = None) -> np.ndarray:
    """The most registers of a thread when a jaxpr runs in the order in which it is written.

    An estimate: Triton and ptxas reorder. What is broadcast costs nothing. Compiled by Triton 3.6 and ptxas 13 for
    sm_90 (without a GPU), all of 21 programs that it lets fit did so without spilling: Adam and MADA with 1 to 2000
    coordinates and the problems with data, in float32 and float64. Of four beyond, three spilled up to 178 KB.
    """
    equations, last = live(jaxpr, wanted), {}
    for i, (equation, _) in enumerate(equations):
        last.update((atom, i) for atom in equation.invars if is_variable(atom))
    inside = opened(jaxpr)[0]
    last.update((atom, len(equations)) for atom in inside.outvars if is_variable(atom))

    def size(v: Atom) -> np.ndarray:
        return threaded(shape_of(v), dtype_of(v).itemsize)

    none = threaded((), 4)
    fixed = [atom for atom in inside.constvars if atom in last]
    fixed += [atom for equation, _ in equations for atom in equation.invars if not is_variable(atom)]
    base = sum((threaded(shape_of(atom), dtype_of(atom).itemsize, True) for atom in fixed), none)
    alive = {v: size(v) for v in inside.invars if v in last}
    most = base + sum(alive.values(), none)
    for i, (equation, used) in enumerate(equations):
        others = sum((n for v, n in alive.items() if not any(v is atom for atom in equation.invars)), base)
        wants = used if body_of(equation) is not None else None
        for inner in inner_jaxprs(equation):
            most = np.maximum(most, others + _registers(inner, threaded, wants))
        broadcast = equation.primitive.name == "broadcast_in_dim"
        alive.update((v, none if broadcast else size(v)) for v, use in zip(equation.outvars, used, strict=True) if use)
        wide = none if equation.primitive.name == "dot_general" else _spread(equation, threaded)
        most = np.maximum(most, sum(alive.values(), base) + wide)
        alive = {v: n for v, n in alive.items() if last[v] > i}
    return most


def _spread(equation: core.JaxprEqn, threaded: Callable[..., np.ndarray]) -> np.ndarray:
    return threaded(spread(equation), max((dtype_of(v).itemsize for v in equation.outvars), default=4))


def _products(jaxpr: Jaxpr, threaded: Callable[..., np.ndarray]) -> np.ndarray:
    """What the products of a jaxpr hold at all times: the compiler spreads a constant matrix once, before the loop."""
    total = threaded((), 4)
    for equation, _ in live(jaxpr):
        if equation.primitive.name == "dot_general":
            total = total + _spread(equation, threaded)
        total = total + sum((_products(inner, threaded) for inner in inner_jaxprs(equation)), threaded((), 4))
    return total


def _group(tree: Any, width: int) -> int:
    """The least number of trajectories that every array of `tree` can be cut into."""
    return width // math.gcd(width, *(jnp.shape(leaf)[-1] for leaf in jax.tree.leaves(tree) if jnp.shape(leaf)))


def _narrowed(tree: Any, width: int, trajectories: int) -> Any:
    """Shapes of the arguments with that many `trajectories` instead of `width`."""

    def leaf(x: Any) -> jax.ShapeDtypeStruct:
        shape = jnp.shape(x)
        if shape and (shape[-1] > width or shape[-1] * trajectories % width):
            raise Unsupported(f"an array of shape {shape} has no axis of {width} trajectories at the end")
        return jax.ShapeDtypeStruct((*shape[:-1], shape[-1] * trajectories // width) if shape else (), x.dtype)

    return jax.tree.map(leaf, tree)


def _first_loop(jaxpr: Jaxpr) -> core.JaxprEqn:
    """The first loop of a jaxpr, at the top or in a call."""
    for equation in jaxpr.eqns:
        if equation.primitive.name in ("scan", "while"):
            return equation
        call = body_of(equation)
        if call is not None:
            try:
                return _first_loop(opened(call)[0])
            except Unsupported:
                continue
    raise Unsupported("there is no loop to run in a kernel")


def _host(
    wide: Jaxpr, narrow: Jaxpr, args: Sequence[Array], make: Kernel, wanted: Sequence[bool] | None
) -> list[Array]:
    """Evaluate `wide` (closed) with XLA, its loops as kernels whose bodies are taken from `narrow`."""
    inside, consts = opened(wide)
    known: dict[Any, Array] = dict(zip(inside.constvars, consts, strict=True))
    known.update(zip(inside.invars, args, strict=True))

    def read(atom: Atom) -> Array:
        return known[atom] if is_variable(atom) else atom.val

    for equation, small, used in _pairs(wide, narrow, wanted):
        values = [read(atom) for atom in equation.invars]
        call = body_of(equation)
        if equation.primitive.name in ("scan", "while"):
            _refuse_mixing(equation, small, used)
            results = make(equation, small, values)
        elif call is not None and (inner := body_of(small)) is not None:
            results = _host(call, inner, values, make, used)
        else:
            results = equation.primitive.bind(*values, **equation.primitive.get_bind_params(equation.params))
            results = results if equation.primitive.multiple_results else [results]
        known.update(zip(equation.outvars, results, strict=True))
    return [known.get(v) if is_variable(v) else v.val for v in inside.outvars]


def _pairs(
    wide: Jaxpr, narrow: Jaxpr, wanted: Sequence[bool] | None = None
) -> Iterator[tuple[core.JaxprEqn, core.JaxprEqn, list[bool]]]:
    """The live equations of one computation traced at two widths, and which of their results are needed."""
    here, there = live(wide, wanted), live(narrow, wanted)
    if [e.primitive.name for e, _ in here] != [e.primitive.name for e, _ in there]:
        raise Unsupported("the traced computation depends on the number of trajectories")
    for (equation, used), (small, _) in zip(here, there, strict=True):
        yield equation, small, used


def nested(
    wide: core.JaxprEqn, narrow: core.JaxprEqn, used: Sequence[bool]
) -> Iterator[tuple[core.JaxprEqn, core.JaxprEqn]]:
    """An equation traced at two widths, and the live ones in its bodies at any depth."""
    yield wide, narrow
    wanted = used if body_of(wide) is not None else None
    for inner, inside in zip(inner_jaxprs(wide), inner_jaxprs(narrow), strict=True):
        for pair in _pairs(inner, inside, wanted):
            yield from nested(*pair)


def _refuse_mixing(wide: core.JaxprEqn, narrow: core.JaxprEqn, used: Sequence[bool]) -> None:
    """Raise `Unsupported` if an equation, traced at two widths, sums, cuts or counts along the axis that differs."""
    axes, p, joins = wide.params.get("axes", ()), wide.params, wide.primitive.name == "concatenate"
    operand = lambda e: shape_of((*e.outvars, *e.invars)[0] if joins or not e.invars else e.invars[0])  # noqa: E731
    shape, small = operand(wide), operand(narrow)
    if wide.primitive.name == "iota":
        axes = (p["dimension"],)
    elif wide.primitive.name == "slice":
        axes = [i for i, n in enumerate(shape) if (p["start_indices"][i], p["limit_indices"][i]) != (0, n)]
    elif wide.primitive.name == "pad":
        axes = [i for i, config in enumerate(p["padding_config"]) if config != (0, 0, 0)]
    elif wide.primitive.name == "concatenate":
        axes = (p["dimension"],)
    elif wide.primitive.name == "dot_general":
        axes = p["dimension_numbers"][0][0]
    if any(shape[axis] != small[axis] for axis in axes):
        raise Unsupported(f"{wide.primitive.name} along the trajectories: a program of the kernel sees a few of them")
    wanted = used if body_of(wide) is not None else None
    for inner, inside in zip(inner_jaxprs(wide), inner_jaxprs(narrow), strict=True):
        for pair in _pairs(inner, inside, wanted):
            _refuse_mixing(*pair)
