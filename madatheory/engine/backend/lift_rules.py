"""How the primitives of a traced function act on arrays padded to powers of two: one rule each (see `backend.lift`).

A rule takes (equation, padded values, evaluate) to the list of padded results; `evaluate(jaxpr, values)` enters a body.
Maxima and minima pass nan on, as XLA's do; the kernel language's own do not, and a diverged run would look finite.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core
from jax.typing import ArrayLike

from madatheory.jaxprs import Atom, Jaxpr, branches_of, dtype_of, scan_of, shape_of, while_of

Array = Any
_Recurse = Callable[[Jaxpr, Sequence[Any]], list[Any]]
_Rule = Callable[[core.JaxprEqn, Sequence[Any], _Recurse], list[Any]]


class Complex(NamedTuple):
    """A complex value in registers."""

    real: Array
    imag: Array


@partial(jax.tree_util.register_dataclass, data_fields=["array"], meta_fields=["shape"])
@dataclass(frozen=True)
class Merged:
    """A value whose axes were merged across padding, still held as it was before, with true shape `shape`."""

    array: Array
    shape: tuple[int, ...]


class Unsupported(Exception):
    """A traced function cannot be evaluated on padded arrays; the message is the reason in words."""


# fmt: off
_ELEMENTWISE = frozenset([
    "abs", "acos", "acosh", "add", "add_any", "and", "asin", "asinh", "atan", "atan2", "atanh",
    "bitcast_convert_type", "cbrt", "ceil", "clz", "cos", "cosh", "div", "eq", "exp", "exp2", "expm1", "floor", "ge",
    "gt", "integer_pow", "is_finite", "le", "log", "log1p", "logistic", "lt", "mul", "ne", "neg", "nextafter", "not",
    "or", "population_count", "pow", "rem", "rsqrt", "select_n", "shift_left", "shift_right_arithmetic",
    "shift_right_logical", "sign", "sin", "sinh", "sqrt", "square", "sub", "tan", "tanh", "xor",
])
# fmt: on
LARGEST_SPREAD = 2**12
"""Numbers per trajectory of a product before it is summed: for the two trajectories of a pair and 16 warps these are 16
for each thread, a quarter of its registers in float64. Beyond, a library's product, which all trajectories share, costs
less than what it saves to keep the state in registers."""
_HELD = frozenset(["complex", "real", "imag", "reshape", "while", "scan", "cond", "copy", "optimization_barrier"])


def padded(shape: Sequence[int]) -> tuple[int, ...]:
    """`shape` with every axis rounded up to a power of two."""
    return tuple(1 << max(int(n) - 1, 0).bit_length() for n in shape)


def apply(equation: core.JaxprEqn, values: Sequence[Any], recurse: _Recurse) -> list[Any]:
    """The results of one equation, not a plain call, on padded values; raises `Unsupported`."""
    name = equation.primitive.name
    refuse_complex(equation)
    _refuse_large(equation)
    if name not in _HELD and any(isinstance(value, Merged) for value in values):
        raise Unsupported(f"{name} of an array whose axes were merged by a reshape across padding")
    if name in _RULES:
        return _RULES[name](equation, values, recurse)
    if name in _ELEMENTWISE:
        return [_elementwise(equation, values)]
    raise Unsupported(f"{name} has no form on arrays in registers")


def refuse_complex(equation: core.JaxprEqn) -> None:
    """Raise `Unsupported` if an equation computes with complex numbers, which are only made, kept and taken apart."""
    if equation.primitive.name not in _HELD and any(is_complex(v) for v in equation.invars):
        raise Unsupported(f"{equation.primitive.name} of complex numbers has no form on arrays in registers")


def is_complex(atom: Atom) -> bool:
    """Whether an operand or result is complex, whatever its precision."""
    return np.issubdtype(dtype_of(atom), np.complexfloating)


def _elementwise(equation: core.JaxprEqn, values: Sequence[Array]) -> Array:
    name, params = equation.primitive.name, equation.params
    if name == "select_n" and (len(values) != 3 or dtype_of(equation.invars[0]) != np.bool_):
        raise Unsupported("select_n chooses among more than two arrays")
    if all(isinstance(value, np.generic) for value in values):  # numbers only: fold now, the kernel wants a tensor
        with jax.ensure_compile_time_eval():
            return np.asarray(equation.primitive.bind(*values, **params))[()]
    return equation.primitive.bind(*values, **params)


def _shape(equation: core.JaxprEqn, operand: int = 0) -> tuple[int, ...]:
    return shape_of(equation.invars[operand])


def _filled(like: Array, value: ArrayLike) -> Array:
    return lax.full(jnp.shape(like), value, like.dtype)


def _positions(x: Array, axis: int) -> Array:
    return lax.broadcasted_iota(jnp.int32, x.shape, axis)


def _masked(x: Array, shape: Sequence[int], axes: Sequence[int], identity: ArrayLike) -> Array:
    """`x` with the padding along `axes` replaced by `identity`."""
    for axis in axes:
        if shape[axis] < x.shape[axis]:
            x = lax.select(_positions(x, axis) < shape[axis], x, _filled(x, identity))
    return x


def _extreme(x: Array, y: Array, larger: bool) -> Array:
    """max or min; nan if either is nan."""
    if not jnp.issubdtype(jnp.result_type(x), jnp.floating):
        return lax.max(x, y) if larger else lax.min(x, y)
    return jnp.where((x > y if larger else x < y) | (x != x), x, y)


def _reduce(name: str) -> _Rule:
    def identity(dtype: np.dtype) -> float:
        if name == "reduce_sum":
            return 0
        if jnp.issubdtype(dtype, jnp.floating):
            return -np.inf if name == "reduce_max" else np.inf
        info = np.iinfo(dtype)
        return info.min if name == "reduce_max" else info.max

    def reduced(x: Array, axes: Sequence[int]) -> Array:
        operation = {"reduce_sum": lax.reduce_sum, "reduce_max": lax.reduce_max, "reduce_min": lax.reduce_min}[name]
        return operation(x, tuple(axes))

    def rule(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
        (x,), axes, shape = values, equation.params["axes"], _shape(equation)
        result = reduced(_masked(x, shape, axes, identity(x.dtype)), axes)
        if name != "reduce_sum" and jnp.issubdtype(x.dtype, jnp.floating):
            nans = lax.reduce_max(_masked((x != x).astype(jnp.int32), shape, axes, 0), tuple(axes))
            result = jnp.where(nans > 0, jnp.asarray(np.nan, x.dtype), result)
        return [result]

    return rule


def _reduce_logical(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    axes, every = tuple(equation.params["axes"]), equation.primitive.name == "reduce_and"
    if dtype_of(equation.invars[0]) != np.bool_:
        raise Unsupported(f"{equation.primitive.name} of integers has no form on arrays in registers")
    number = _masked(values[0].astype(jnp.int32), _shape(equation), axes, int(every))
    return [(lax.reduce_min(number, axes) if every else lax.reduce_max(number, axes)) > 0]


def _without(x: Array, axes: Sequence[int]) -> Array:
    """`x` without these axes of length one; the maximum over one entry keeps the layout, a reshape may change it."""
    for axis in sorted(axes, reverse=True):
        x = lax.reduce_max(x.astype(jnp.int32), (axis,)) > 0 if x.dtype == bool else lax.reduce_max(x, (axis,))
    return x


def _reshape(equation: core.JaxprEqn, values: Sequence[Any], recurse: _Recurse) -> list[Any]:
    (x,), old, new = values, _shape(equation), shape_of(equation.outvars[0])
    return (
        [Complex(_reshaped(x.real, old, new), _reshaped(x.imag, old, new))]
        if isinstance(x, Complex)
        else [_reshaped(x, old, new)]
    )


def _reshaped(x: Any, old: tuple[int, ...], new: tuple[int, ...]) -> Array | Merged:
    if isinstance(x, Merged):
        x, old = x.array, x.shape
    if [n for n in old if n != 1] == [n for n in new if n != 1]:
        x = _without(x, [i for i, n in enumerate(old) if n == 1])
        return lax.broadcast_in_dim(x, padded(new), [i for i, n in enumerate(new) if n != 1])
    same = 0  # leading axes that stay as they are may be padded, the others may not
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    if padded(old[same:]) == old[same:] and padded(new[same:]) == new[same:]:
        return lax.reshape(x, padded(new))
    return Merged(x, old)


def _stack(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    axis, size, shape = equation.params["axis"], len(values), _shape(equation)
    if size == 2 and axis == len(shape):
        return [lax.stack(list(values), axis)]
    one = (*shape[:axis], 1, *shape[axis:])
    others = [i for i in range(len(one)) if i != axis]
    return [_joined([lax.broadcast_in_dim(x, padded(one), others) for x in values], [one] * size, axis)]


def spread(equation: core.JaxprEqn) -> tuple[int, ...]:
    """The true shape of what an equation multiplies, or selects from, before it sums over an axis; () for others.

    For a matrix product the axes are those that are shared, free on the left, contracted, free on the right.
    """
    if equation.primitive.name == "dot_general":
        ((left, right), (shared, also)), x, y = (
            equation.params["dimension_numbers"],
            _shape(equation),
            _shape(equation, 1),
        )
        free = (n for i, n in enumerate(x) if i not in (*left, *shared))
        others = (n for i, n in enumerate(y) if i not in (*right, *also))
        return (*(x[i] for i in shared), *free, *(x[i] for i in left), *others)
    if equation.primitive.name not in ("concatenate", "slice", "pad"):
        return ()
    new = shape_of(equation.outvars[0])
    operands = [shape for shape in map(shape_of, equation.invars) if len(shape) == len(new)]
    moves = [
        (*new[:axis], old[axis], new[axis], *old[axis + 1 :])
        for old in operands
        for axis in range(len(new))
        if old[axis] != new[axis] and min(old[axis], new[axis]) > 1
    ]
    return max(moves, key=math.prod, default=())


def _refuse_large(equation: core.JaxprEqn) -> None:
    """Raise `Unsupported` for a spread array of more than `LARGEST_SPREAD` numbers per entry of the last axis."""
    if (size := math.prod(padded(spread(equation)[:-1]))) > LARGEST_SPREAD:
        name = equation.primitive.name
        raise Unsupported(f"{name} of {size} numbers per trajectory: more than {LARGEST_SPREAD} would leave registers")


def _dot_general(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    """Multiply, broadcast along the other's free axes, and sum; in full precision, where a GPU's product has less."""
    (x, y), ((left, right), (shared, also)) = values, equation.params["dimension_numbers"]
    dtype, shape = dtype_of(equation.outvars[0]), spread(equation)
    if not np.issubdtype(dtype, np.number):
        raise Unsupported(f"dot_general of {dtype} has no form on arrays in registers")
    free = [i for i in range(x.ndim) if i not in (*left, *shared)]
    others = [i for i in range(y.ndim) if i not in (*right, *also)]
    first, last = len(shared) + len(free), x.ndim

    def placed(z: Array, order: list[int], axes: Sequence[int]) -> Array:
        z = lax.transpose(z, order) if order != sorted(order) else z
        return lax.convert_element_type(lax.broadcast_in_dim(z, padded(shape), axes), dtype)

    product = placed(x, [*shared, *free, *left], range(last)) * placed(
        y, [*also, *right, *others], [*range(len(shared)), *range(first, len(shape))]
    )
    contracted = range(first, last)
    return [lax.reduce_sum(_masked(product, shape, contracted, 0), tuple(contracted))]


def _moved(x: Array, shape: Sequence[int], axis: int, size: int, first: int, stride: int = 1) -> Array:
    """Entries first, first + stride, .. of `x` along `axis`, `size` of them; zero where `x` has none."""
    number = x.astype(jnp.int32) if x.dtype == bool else x
    wide = (*x.shape[: axis + 1], *padded((size,)), *x.shape[axis + 1 :])
    number = lax.broadcast_in_dim(number, wide, [i for i in range(len(wide)) if i != axis + 1])
    here, there = _positions(number, axis), _positions(number, axis + 1) * stride + first
    number = lax.select((here == there) & (here < shape[axis]), number, _filled(number, 0))
    moved = lax.reduce_sum(number, (axis,))
    return moved > 0 if x.dtype == bool else moved


def _slice(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    (x,), p, shape = values, equation.params, list(_shape(equation))
    for axis, (low, high) in enumerate(zip(p["start_indices"], p["limit_indices"], strict=True)):
        stride = p["strides"][axis] if p["strides"] else 1
        size = -(-(high - low) // stride)
        if (low, size) != (0, shape[axis]):
            x = _moved(x, shape, axis, size, low, stride)
            shape[axis] = size
    return [x]


def _joined(values: Sequence[Array], shapes: Sequence[tuple[int, ...]], axis: int) -> Array:
    """The arrays one after another along `axis`."""
    ends = list(itertools.accumulate(shape[axis] for shape in shapes))
    parts = [
        _moved(x, shape, axis, ends[-1], shape[axis] - end)
        for x, shape, end in zip(values, shapes, ends, strict=True)
        if shape[axis]
    ]
    return reduce(lax.bitwise_or if parts[0].dtype == bool else lax.add, parts)


def _concatenate(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    return [_joined(values, [shape_of(v) for v in equation.invars], equation.params["dimension"])]


def _pad(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    (x, fill), shape = values, list(_shape(equation))
    for axis, (low, high, between) in enumerate(equation.params["padding_config"]):
        if between:
            raise Unsupported("pad between the entries has no form on arrays in registers")
        if (low, high) != (0, 0):
            size = low + shape[axis] + high
            moved = _moved(x, shape, axis, size, -low)
            at = _positions(moved, axis)
            x = jnp.where((at >= low) & (at < low + shape[axis]), moved, fill)
            shape[axis] = size
    return [x]


def _while(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    loop = while_of(equation)
    first, second = loop.condition_constants, loop.condition_constants + loop.body_constants
    condition, body, carry = values[:first], values[first:second], values[second:]
    return list(
        lax.while_loop(
            lambda c: recurse(loop.condition, [*condition, *c])[0],
            lambda c: tuple(recurse(loop.body, [*body, *c])),
            tuple(carry),
        )
    )


def _scan(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    scan = scan_of(equation)
    consts, carry = values[: scan.constants], values[scan.constants :]
    if scan.reads or len(equation.outvars) != scan.carry:
        raise Unsupported("a scan over arrays inside the time loop has no form on arrays in registers")
    step = lambda _, c: tuple(recurse(scan.body, [*consts, *c]))  # noqa: E731
    return list(lax.fori_loop(0, scan.length, step, tuple(carry)))


def _cond(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    index, *operands = values
    branches = [lambda *a, branch=branch: tuple(recurse(branch, a)) for branch in branches_of(equation)]
    return list(lax.switch(index, branches, *operands))


def _clamp(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    low, x, high = values
    return [_extreme(_extreme(x, low, True), high, False)]


def _round(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    size = lax.abs(values[0])
    whole = lax.floor(size)
    rest, odd = size - whole, whole - 2 * lax.floor(whole * 0.5)
    away = equation.params["rounding_method"] is lax.RoundingMethod.AWAY_FROM_ZERO
    whole = whole + jnp.where((rest > 0.5) | ((rest == 0.5) & (away | (odd == 1))), 1, 0).astype(size.dtype)
    return [jnp.where(values[0] < 0, -whole, whole)]


def _iota(equation: core.JaxprEqn, values: Sequence[Array], recurse: _Recurse) -> list[Array]:
    p = equation.params
    return [lax.broadcasted_iota(p["dtype"], padded(p["shape"]), p["dimension"])]


_RULES: dict[str, _Rule] = {
    "max": lambda e, v, r: [_extreme(v[0], v[1], True)],
    "min": lambda e, v, r: [_extreme(v[0], v[1], False)],
    "clamp": _clamp,
    "reduce_and": _reduce_logical,
    "reduce_or": _reduce_logical,
    **{name: _reduce(name) for name in ("reduce_sum", "reduce_max", "reduce_min")},
    "broadcast_in_dim": lambda e, v, r: [
        lax.broadcast_in_dim(v[0], padded(e.params["shape"]), e.params["broadcast_dimensions"])
    ],
    "convert_element_type": lambda e, v, r: [lax.convert_element_type(v[0], e.params["new_dtype"])],
    "transpose": lambda e, v, r: [lax.transpose(v[0], e.params["permutation"])],
    "squeeze": lambda e, v, r: [_without(v[0], e.params["dimensions"])],
    "reshape": _reshape,
    "slice": _slice,
    "iota": _iota,
    "round": _round,
    "stack": _stack,
    "concatenate": _concatenate,
    "pad": _pad,
    "dot_general": _dot_general,
    "complex": lambda e, v, r: [Complex(*v)],
    "real": lambda e, v, r: [v[0].real],
    "imag": lambda e, v, r: [v[0].imag],
    "copy": lambda e, v, r: list(v),
    "optimization_barrier": lambda e, v, r: list(v),
    "while": _while,
    "scan": _scan,
    "cond": _cond,
}
