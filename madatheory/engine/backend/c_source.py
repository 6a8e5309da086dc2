"""One loop of a traced computation as a function in C, every thread of which carries a few trajectories to the end.

The C has no dialect: it compiles for CPUs and for CUDA, in float32 and float64, and divides and takes roots as IEEE
says. Sums add in the order of the coordinates. Arrays lie in memory in one array of 32-bit words, those of 64 bits
first; complex arrays are two, and a truth value takes a word.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from madatheory.engine.backend.c_rules import CWriter, Numbers, array, joined, part_of, split, type_of
from madatheory.engine.backend.lift_rules import Unsupported
from madatheory.jaxprs import Atom, dtype_of, scan_of, shape_of, while_of

Array = Any
MOST_WORDS = 200  # of state in a thread, which has 255 registers


class MemoryField(NamedTuple):
    """An array among the words: its shape for all trajectories and for those of one thread, which differ on `axis`."""

    dtype: np.dtype
    true: tuple[int, ...]
    small: tuple[int, ...]
    axis: int | None
    offset: int = 0

    @property
    def size(self) -> int:
        """Words of one number."""
        return 2 if self.dtype.itemsize == 8 else 1

    @property
    def words(self) -> int:
        """Words of all numbers."""
        return math.prod(self.true) * self.size

    def places(self, buffer: str, row: str = "0") -> list[str]:
        """Where the numbers of thread `i` lie, in row `row` of the first axis if `row` is not "0"."""
        kind = "unsigned int" if self.dtype == np.bool_ else type_of(self.dtype)
        strides = [math.prod(self.true[axis + 1 :]) for axis in range(len(self.true))]
        step = 0 if self.axis is None else strides[self.axis] * self.small[self.axis]
        shape = self.small if row == "0" else (1, *self.small[1:])
        first = f"i * {step}ll" if row == "0" else f"i * {step}ll + {row} * {strides[0]}ll"
        flat = [sum(n * stride for n, stride in zip(index, strides, strict=True)) for index in np.ndindex(*shape)]
        return [f"(({kind}*)({buffer} + {self.offset}))[{first} + {place}]" for place in flat]

    def store(self, x: Array) -> Array:
        """The array as words."""
        x = jnp.asarray(x).astype(jnp.uint32 if self.dtype == np.bool_ else self.dtype)
        return jnp.reshape(lax.bitcast_convert_type(x, jnp.uint32), -1)

    def restore(self, words: Array) -> Array:
        """The array from all words."""
        mine = words[self.offset : self.offset + self.words]
        mine = jnp.reshape(mine, (*self.true, 2) if self.size == 2 else self.true)
        return mine != 0 if self.dtype == np.bool_ else lax.bitcast_convert_type(mine, self.dtype)


def fields_of(wide: Sequence[Atom], narrow: Sequence[Atom]) -> list[MemoryField]:
    """How variables, for all trajectories and for those of one thread, lie in memory."""
    found = []
    for v, w in zip(wide, narrow, strict=True):
        differing = [axis for axis, (a, b) in enumerate(zip(shape_of(v), shape_of(w), strict=True)) if a != b]
        if len(differing) > 1:
            raise Unsupported(f"an array of shape {shape_of(v)} has no single axis of trajectories")
        part = part_of(dtype_of(v))
        dtype = np.dtype(dtype_of(v)) if part is None else part
        type_of(dtype)
        field = MemoryField(dtype, shape_of(v), shape_of(w), differing[0] if differing else None)
        found += [field] * (1 if part is None else 2)
    offset = 0
    for i in _order(found):
        found[i] = found[i]._replace(offset=offset)
        offset += found[i].words
    if offset >= 2**31:
        raise Unsupported(f"the arrays of the loop take {offset} words: too many for one array")
    return found


def _order(fields: Sequence[MemoryField]) -> list[int]:
    """In which order fields lie in memory: those of 64 bits first, so that they are aligned."""
    return sorted(range(len(fields)), key=lambda i: -fields[i].size)


class LoopInC(NamedTuple):
    """The body of a function of `words`, `results` and the thread `i`, and how arrays lie in these."""

    text: str
    inputs: list[MemoryField]
    outputs: list[MemoryField]

    @property
    def words(self) -> int:
        """Words of the results."""
        return sum(field.words for field in self.outputs)

    def pack(self, operands: Sequence[Array]) -> Array:
        """Operands of the loop as words."""
        parts = [y for x in operands for y in ((lax.real(x), lax.imag(x)) if jnp.iscomplexobj(x) else (x,))]
        return jnp.concatenate([self.inputs[i].store(parts[i]) for i in _order(self.inputs)])

    def unpack(self, words: Array, outvars: Sequence[Atom]) -> list[Array]:
        """Results of the loop from words."""
        left = (field.restore(words) for field in self.outputs)
        return [next(left) if part_of(dtype_of(v)) is None else lax.complex(next(left), next(left)) for v in outvars]


def source(wide: core.JaxprEqn, narrow: core.JaxprEqn) -> LoopInC:
    """A loop (an equation) over all trajectories, from the same over those of one thread; raises `Unsupported`."""
    is_scan = narrow.primitive.name == "scan"
    if is_scan:
        scan = scan_of(narrow)
        if scan.reverse:
            raise Unsupported("a reversed scan cannot be run step by step in a kernel")
        fixed, state = scan.constants, scan.carry
    else:
        loop = while_of(narrow)
        fixed, state = loop.condition_constants + loop.body_constants, loop.carry
    carried, read = narrow.invars[: fixed + state], narrow.invars[fixed + state :]
    words = sum(math.prod(shape_of(v)) * np.dtype(dtype_of(v)).itemsize // 4 for v in carried)
    if words > MOST_WORDS:
        raise Unsupported(f"a thread carries {words} words of 32 bits: too many for its registers")
    inputs, outputs = fields_of(wide.invars, narrow.invars), fields_of(wide.outvars, narrow.outvars)
    c = CWriter()

    def load(fields: Iterator[MemoryField], atom: Atom, row: str = "0") -> Numbers:
        def one(field: MemoryField) -> Numbers:
            kind = type_of(field.dtype)
            places = field.places("words.data", row)
            return array([c.let(kind, f"({kind})({place})") for place in places], shape_of(atom)[row != "0" :])

        return one(next(fields)) if part_of(dtype_of(atom)) is None else joined(one(next(fields)), one(next(fields)))

    def save(fields: Iterator[MemoryField], atom: Atom, value: Numbers, row: str = "0") -> None:
        value = np.broadcast_to(value, shape_of(atom)[row != "0" :])
        for part in (value,) if part_of(dtype_of(atom)) is None else split(value):
            field = next(fields)
            for place, x in zip(field.places("results.data", row), part.flat, strict=True):
                c.line(f"{'if (i == 0) ' if field.axis is None else ''}{place} = {x};")

    left, into = iter(inputs), iter(outputs)
    values = [load(left, v) for v in carried]
    if not is_scan:
        results = c.equation(narrow, values, [True] * state)
    else:
        scan, rows = scan_of(narrow), list(left)
        results = c.variables(carried[fixed:], values[fixed:])
        histories = outputs[sum(1 if part_of(dtype_of(v)) is None else 2 for v in narrow.outvars[:state]) :]
        with c.block(f"for (long long k = 0; k < {scan.length}; ++k)"):
            now, here = iter(rows), iter(histories)
            found = c.jaxpr(scan.body, [*values[:fixed], *results, *(load(now, v, "k") for v in read)])
            for v, value in zip(narrow.outvars[state:], found[state:], strict=True):
                save(here, v, value, "k")
            c.assign(results, found[:state])
    for v, value in zip(narrow.outvars[:state], results, strict=True):
        save(into, v, value)
    return LoopInC("\n".join(c.lines), inputs, outputs)
