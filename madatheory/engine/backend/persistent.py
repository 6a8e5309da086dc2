"""The GPU path: the time loop as one kernel that keeps the state of a block of trajectories in registers for all steps.

There is no second engine. `advance` takes the engine's own `advance`, traces it, and turns the loop that it finds into
a Pallas kernel for Triton whose body is the same jaxpr, evaluated on arrays padded to powers of two (`backend.lift`).
One program of the kernel carries some trajectories: it reads their state, takes all steps of the span, writes the
statistics at the record times and the state at the end. What stands before and after the loop stays with XLA. The noise
words are the same as on the CPU, bit for bit; real numbers agree to float32 rounding (other order of the sums over
coordinates, fused multiply-adds, and a division that errs by up to two units in the last place).

Supported: float32 (no 64-bit number anywhere), problems, optimizers and statistics made of elementwise operations,
constants per coordinate, and sums, maxima and minima over coordinates, as far as the state of two trajectories fits in
the registers of one program: some 20 arrays of 1000 coordinates (Adam). Not supported: matrix products, gathers, sorts,
slices of several coordinates, operations that mix trajectories. `backend.kernel_backend` chooses between this kernel
and the plain loop, and says which and why.
"""

import math
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from madatheory.engine.backend.kernel import Launch, ProgramShape, kernel
from madatheory.engine.backend.lift import live
from madatheory.engine.backend.lift_rules import Unsupported, padded
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
_MOST_WARPS = 16
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
    stays in one warp if it can, so that sums over coordinates need no shared memory. Raises `Unsupported` if the state
    does not fit in registers.
    """
    shapes = [shape_of(v) for v in loop.invars if shape_of(v) and width % shape_of(v)[-1] == 0]
    coordinates = max((math.prod(padded(shape[:-1])) for shape in shapes), default=1)
    arrays = max(_pressure(inner, width, coordinates) for inner in inner_jaxprs(loop))
    wished = max(group, 1 << max(0, min(2, (coordinates * width // _FILLING).bit_length() - 1)))

    def shape(per_thread: int) -> ProgramShape:
        trajectories = max(group, WARP * per_thread // coordinates)
        return ProgramShape(trajectories, max(1, trajectories * coordinates // per_thread // WARP))

    def fits(per_thread: int) -> bool:
        warps = shape(per_thread).warps
        registers = arrays * per_thread + _OVERHEAD
        return warps <= _MOST_WARPS and registers <= min(_REGISTERS, _REGISTER_FILE // (WARP * warps))

    fitting = [p for p in (1, 2, 4, 8, 16) if fits(p)]
    if not fitting:
        raise Unsupported(
            f"a step holds about {arrays:.0f} arrays of {coordinates} numbers per trajectory: too many for registers"
        )
    return shape(min(fitting, key=lambda p: abs(math.log2(p / wished))))


def _pressure(jaxpr: Jaxpr, width: int, coordinates: int, wanted: Sequence[bool] | None = None) -> float:
    """The most arrays (of one number per coordinate) that are alive at once when a jaxpr runs in order.

    Threads hold few coordinates and as many trajectories, so a number per trajectory costs them as much as one per
    coordinate; what is broadcast costs nothing more.
    """
    equations, last = live(jaxpr, wanted), {}
    for i, (equation, _) in enumerate(equations):
        last.update((atom, i) for atom in equation.invars if is_variable(atom))
    inside = opened(jaxpr)[0]
    last.update((atom, len(equations)) for atom in inside.outvars if is_variable(atom))

    def size(v: Atom) -> float:
        shape = shape_of(v)
        if not shape or width % shape[-1]:
            return 0
        return max(1, math.prod(padded(shape[:-1])) / coordinates) * shape[-1] / width * dtype_of(v).itemsize / 4

    alive = {v: size(v) for v in inside.invars if v in last}
    most = sum(alive.values())
    for i, (equation, used) in enumerate(equations):
        others = sum(n for v, n in alive.items() if not any(v is atom for atom in equation.invars))
        wants = used if body_of(equation) is not None else None
        for inner in inner_jaxprs(equation):
            most = max(most, others + _pressure(inner, width, coordinates, wants))
        spread = equation.primitive.name == "broadcast_in_dim"
        alive.update((v, 0 if spread else size(v)) for v, use in zip(equation.outvars, used, strict=True) if use)
        most = max(most, sum(alive.values()))
        alive = {v: n for v, n in alive.items() if last[v] > i}
    return most


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
    operand = lambda equation: shape_of((*equation.invars, *equation.outvars)[0])  # noqa: E731
    shape, small = operand(wide), operand(narrow)
    axes, p = wide.params.get("axes", ()), wide.params
    if wide.primitive.name == "iota":
        axes = (p["dimension"],)
    elif wide.primitive.name == "slice":
        axes = [i for i, n in enumerate(shape) if (p["start_indices"][i], p["limit_indices"][i]) != (0, n)]
    if any(shape[axis] != small[axis] for axis in axes):
        raise Unsupported(f"{wide.primitive.name} along the trajectories: a program of the kernel sees a few of them")
    wanted = used if body_of(wide) is not None else None
    for inner, inside in zip(inner_jaxprs(wide), inner_jaxprs(narrow), strict=True):
        for pair in _pairs(inner, inside, wanted):
            _refuse_mixing(*pair)
