"""One loop of a traced computation as one Pallas kernel for Triton, every program carrying a few trajectories.

Arrays in memory are padded: coordinates to a power of two, trajectories to whole programs. Numbers lie in memory as
arrays of one entry, complex arrays as two real ones.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core
from jax.typing import ArrayLike

from madatheory.engine.backend.lift import array_constants, evaluate, evaluate_equation, pad, unpad
from madatheory.engine.backend.lift_rules import Complex, Unsupported, is_complex, padded
from madatheory.jaxprs import Atom, dtype_of, inner_jaxprs, scan_of, shape_of, while_of

Array = Any


class ProgramShape(NamedTuple):
    """Trajectories of one program of the kernel, and the warps that carry them."""

    trajectories: int
    warps: int


class Launch(NamedTuple):
    """How a kernel runs over `width` trajectories."""

    width: int
    block: ProgramShape
    interpret: bool

    @property
    def programs(self) -> int:
        """Programs that cover all trajectories; the last one may reach beyond them."""
        return -(-self.width // self.block.trajectories)


class _Held(NamedTuple):
    """How an array lies in memory (`shape`) and in a program of the kernel (`block`), trajectories on `batch_axis`."""

    dtype: np.dtype
    true: tuple[int, ...]
    shape: tuple[int, ...]
    block: tuple[int, ...]
    batch_axis: int | None

    @property
    def memory(self) -> jax.ShapeDtypeStruct:
        """The array in memory."""
        return jax.ShapeDtypeStruct(self.shape, self.dtype)

    def spec(self, pl: Any) -> Any:
        """The part of the array that program i sees."""
        axes = range(len(self.block))
        return pl.BlockSpec(self.block, lambda i: tuple(i if axis == self.batch_axis else 0 for axis in axes))

    def store(self, x: Array) -> Array:
        """An array of true shape as it lies in memory; the padding repeats the last entries."""
        return pad(jnp.reshape(jnp.asarray(x, self.dtype), self.true or (1,)), self.shape)

    def restore(self, x: Array) -> Array:
        """The entries of true shape."""
        number = len(self.true) < len(self.shape)  # stored with an axis of length one at the end
        return jnp.reshape(unpad(x, (*self.true, 1) if number else self.true), self.true)

    def per_program(self, programs: int) -> "_Held":
        """As a result: every program writes its own copy of what is not per trajectory, the first one is read."""
        if self.batch_axis is not None:
            return self
        return self._replace(shape=(self.shape[0] * programs, *self.shape[1:]), batch_axis=0)

    def stacked(self, length: int) -> "_Held":
        """`length` such arrays, on a new first axis."""
        batch_axis = None if self.batch_axis is None else self.batch_axis + 1
        return _Held(self.dtype, (length, *self.true), (length, *self.shape), (length, *self.block), batch_axis)


def _whole(x: Any) -> _Held:
    return _Held(x.dtype, x.shape, x.shape, x.shape, None)


def _all_held(wide: Sequence[Atom], narrow: Sequence[Atom], launch: Launch, skip: int = 0) -> list[_Held]:
    """How variables lie in memory, without their first `skip` axes."""
    found = []
    for v, w in zip(wide, narrow, strict=True):
        true, small = shape_of(v)[skip:], shape_of(w)[skip:]
        differing = [axis for axis, (a, b) in enumerate(zip(true, small, strict=True)) if a != b]
        if len(differing) > 1 or any(launch.width % true[axis] for axis in differing):
            raise Unsupported(f"an array of shape {true} has no single axis of {launch.width} trajectories")
        block, batch_axis = padded(small) or (1,), differing[0] if differing else None
        shape = tuple(n * launch.programs if axis == batch_axis else n for axis, n in enumerate(block))
        # a complex array lies in memory as two real ones
        dtypes = [np.dtype(f"f{dtype_of(v).itemsize // 2}")] * 2 if is_complex(v) else [dtype_of(v)]
        found += [_Held(dtype, true, shape, block, batch_axis) for dtype in dtypes]
    return found


def _components(values: Sequence[Array]) -> list[Array]:
    """The values, complex ones taken apart."""
    return [y for x in values for y in ((lax.real(x), lax.imag(x)) if jnp.iscomplexobj(x) else (x,))]


def _joined(flat: Sequence[Array], atoms: Sequence[Atom], make: Callable[[Array, Array], Any]) -> list[Any]:
    """One value per atom, complex ones made of two of `flat`."""
    left = iter(flat)
    return [make(next(left), next(left)) if is_complex(atom) else next(left) for atom in atoms]


class _TimeLoop(NamedTuple):
    """A scan or while equation as: carry = step(k, carry, numbers read at k) for k < length, with values at each k."""

    equation: core.JaxprEqn
    length: int
    fixed: int  # operands that do not change
    state: int  # operands that are carried; the others are read one entry per k

    @classmethod
    def of(cls, equation: core.JaxprEqn) -> "_TimeLoop":
        if equation.primitive.name == "while":
            loop = while_of(equation)
            return cls(equation, 1, loop.condition_constants + loop.body_constants, loop.carry)
        scan = scan_of(equation)
        if scan.reverse:
            raise Unsupported("a reversed scan cannot be run step by step in a kernel")
        return cls(equation, scan.length, scan.constants, scan.carry)

    def step(self, values: Sequence[Array], constant: Callable[[ArrayLike], Array]) -> list[Array]:
        """Carry and values after one k."""
        if self.equation.primitive.name == "while":
            return evaluate_equation(self.equation, values, constant)
        return evaluate(scan_of(self.equation).body, values, constant)


def kernel(wide: core.JaxprEqn, narrow: core.JaxprEqn, operands: Sequence[Array], launch: Launch) -> list[Array]:
    """The results of a loop over all trajectories, run as one kernel."""
    from jax.experimental import pallas as pl
    from jax.experimental.pallas import triton

    loop = _TimeLoop.of(narrow)
    carried, read = narrow.invars[: loop.fixed + loop.state], loop.fixed + loop.state
    if any(len(shape_of(v)) != 1 for v in wide.invars[read:]):
        raise Unsupported("the loop reads arrays, not numbers, one after another")
    constants = {id(c): pad(c) for inner in inner_jaxprs(narrow) for c in array_constants(inner)}
    inputs = _all_held(wide.invars[:read], narrow.invars[:read], launch)
    sequences = [_whole(v.aval) for v in wide.invars[read:]]
    kept = _all_held(wide.outvars[: loop.state], narrow.outvars[: loop.state], launch)
    kept = [held.per_program(launch.programs) for held in kept]
    shown = _all_held(wide.outvars[loop.state :], narrow.outvars[loop.state :], launch, skip=1)
    shown = [held.per_program(launch.programs).stacked(loop.length) for held in shown]

    def body(*refs: Any) -> None:
        left = iter(refs)
        flat = [ref[...] if held.true else ref[0] for ref, held in ((next(left), held) for held in inputs)]
        values = _joined(flat, carried, Complex)
        numbers = [next(left) for _ in sequences]
        table = {key: next(left)[...] for key in constants}
        state, history = [next(left) for _ in kept], [next(left) for _ in shown]

        def iterate(k: Array, carry: tuple[Any, ...]) -> tuple[Any, ...]:
            out = loop.step([*values[: loop.fixed], *carry, *(ref[k] for ref in numbers)], lambda c: table[id(c)])
            for ref, value, held in zip(history, out[loop.state :], shown, strict=True):
                ref[(k, ...) if len(held.true) > 1 else (k, 0)] = jnp.asarray(value, held.dtype)
            return tuple(out[: loop.state])

        zero, carry = jnp.int32(0), tuple(values[loop.fixed :])
        carry = (
            iterate(zero, carry) if loop.length == 1 else lax.fori_loop(zero, jnp.int32(loop.length), iterate, carry)
        )
        for ref, value, held in zip(state, jax.tree.leaves(carry), kept, strict=True):
            ref[... if held.true else 0] = jnp.asarray(value, held.dtype)

    results = pl.pallas_call(
        body,
        grid=(launch.programs,),
        in_specs=[held.spec(pl) for held in (*inputs, *sequences, *map(_whole, constants.values()))],
        out_specs=[held.spec(pl) for held in (*kept, *shown)],
        out_shape=[held.memory for held in (*kept, *shown)],
        interpret=launch.interpret,
        compiler_params=None if launch.interpret else triton.CompilerParams(num_warps=launch.block.warps, num_stages=1),
        name="time_loop",
    )(
        *(held.store(x) for held, x in zip(inputs, _components(operands[:read]), strict=True)),
        *(jnp.asarray(x) for x in operands[read:]),
        *constants.values(),
    )
    flat = [held.restore(x) for held, x in zip((*kept, *shown), results, strict=True)]
    return _joined(flat, wide.outvars, lax.complex)
