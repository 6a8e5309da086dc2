"""Steps of JAX evaluated operation by operation in NumPy: what a few steps of a few numbers cost is not computing but
compiling, and tracing a step takes a twentieth of what compiling it does.

JAX has no such evaluator: without jit it compiles each operation for each shape and dtype.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend import core

from madatheory.jaxprs import (
    Jaxpr,
    body_of,
    branches_of,
    dtype_of,
    is_variable,
    opened,
    scan_of,
    shape_of,
    while_of,
)

Step = Callable[..., Any]


def evaluated(step: Step, compiled: Callable[[Step], Step]) -> Step:
    """`step` traced once for each structure, shape and dtype of its arguments, then evaluated in NumPy.

    The same operations in the same dtypes and order as the traced program has them; no compiler rearranges them.
    `compiled(step)` is called where the program has an operation that is not in the table below, such as random
    numbers and factorizations, or numbers whose dtype depends on what they meet (JAX's weak types).
    """
    programs: dict[Any, _Traced | None] = {}
    compiled_step = compiled(step)

    def call(*arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            return step(*arguments)
        key = (structure, *[(np.shape(leaf), getattr(leaf, "dtype", type(leaf))) for leaf in leaves])
        if key not in programs:
            programs[key] = _traced(step, arguments)
        program = programs[key]
        if program is None:
            return compiled_step(*arguments)
        run, kinds, result = program
        with np.errstate(all="ignore"):
            found = run([np.array(leaf) for leaf in leaves])
        return result.unflatten([np.asarray(a, kind) for a, kind in zip(found, kinds, strict=True)])

    return call


_Traced = tuple[Callable[..., list[Any]], Sequence[np.dtype], Any]
"""A step as a function of lists, the dtypes and the structure of its results."""


def _traced(step: Step, arguments: tuple[Any, ...]) -> _Traced | None:
    """The traced step; None if NumPy cannot evaluate it."""
    try:
        program, shapes = jax.make_jaxpr(step, return_shape=True)(*arguments)
    except Exception:  # said where it is called
        return None
    if any(getattr(aval, "weak_type", False) for aval in (*program.in_avals, *program.out_avals)):
        return None
    try:
        run = _program(program)
    except NotImplementedError:
        return None
    return run, [aval.dtype for aval in program.out_avals], jax.tree.structure(shapes)


class _Written:
    """A program as a list of operations on numbered places; programs that it calls are written into it."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.operations: list[tuple[Callable[..., Any], tuple[int, ...], int | tuple[int, ...]]] = []

    def place(self, value: Any = None) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def write(self, program: Jaxpr, arguments: Sequence[int]) -> list[int]:
        """Where the results are."""
        inner, constants = opened(program)
        at = dict(zip(inner.invars, arguments, strict=True))
        for variable, value in zip(inner.constvars, constants, strict=True):
            at[variable] = self.place(np.asarray(value, _kind(variable)))

        def read(atom: Any) -> int:
            return at[atom] if is_variable(atom) else self.place(np.asarray(atom.val, _kind(atom)))

        for equation in inner.eqns:
            taken = tuple(map(read, equation.invars))
            if (body := body_of(equation)) is not None:
                places: Sequence[int] = self.write(body, taken)
            else:
                places = [self.place() for _ in equation.outvars]
                where = tuple(places) if equation.primitive.multiple_results else places[0]
                self.operations.append((_operation(equation), taken, where))
            at.update(zip(equation.outvars, places, strict=True))
        return list(map(read, inner.outvars))


def _program(program: Jaxpr) -> Callable[[Sequence[Any]], list[Any]]:
    """A function of the list of its arguments; `NotImplementedError` if an operation is not known."""
    written = _Written()
    taken = [written.place() for _ in opened(program)[0].invars]
    given = written.write(program, taken)
    values, operations = written.values, written.operations

    def run(arguments: Sequence[Any]) -> list[Any]:
        now = values.copy()
        now[: len(taken)] = arguments
        for operation, places, where in operations:
            found = operation(*[now[i] for i in places])
            if isinstance(where, int):
                now[where] = found
            else:
                for i, value in zip(where, found, strict=True):
                    now[i] = value
        return [now[i] for i in given]

    return run


def _kind(atom: Any) -> np.dtype:
    """Of a variable or number; `NotImplementedError` if NumPy does not have it."""
    if jnp.issubdtype(dtype_of(atom), jax.dtypes.extended):
        raise NotImplementedError(f"{dtype_of(atom)}")
    return dtype_of(atom)


def _operation(equation: core.JaxprEqn) -> Callable[..., Any]:
    """What it does with arrays."""
    name, given = equation.primitive.name, equation.params
    kinds = [_kind(atom) for atom in (*equation.invars, *equation.outvars)]
    if name in _CONTROL:
        return _CONTROL[name](equation)
    known = (
        name in _OPERATIONS
        and not (name == "dot_general" and any(given["dimension_numbers"][1]))  # no batches
        and not (name == "select_n" and (len(equation.invars) != 3 or not np.issubdtype(kinds[0], np.bool_)))
    )
    if not known:
        raise NotImplementedError(name)
    operation = _OPERATIONS[name]
    return operation if isinstance(operation, np.ufunc) else operation(given)


def _cond(equation: core.JaxprEqn) -> Callable[..., Any]:
    branches = list(map(_program, branches_of(equation)))
    return lambda which, *taken: branches[min(max(int(which), 0), len(branches) - 1)](taken)


def _while(equation: core.JaxprEqn) -> Callable[..., Any]:
    loop = while_of(equation)
    body, test, k = _program(loop.body), _program(loop.condition), loop.condition_constants
    n = k + loop.body_constants

    def run(*taken: Any) -> list[Any]:
        carried = list(taken[n:])
        while test([*taken[:k], *carried])[0]:
            carried = body([*taken[k:n], *carried])
        return carried

    return run


def _scan(equation: core.JaxprEqn) -> Callable[..., Any]:
    loop = scan_of(equation)
    body, n, k = _program(loop.body), loop.constants, loop.carry
    order = range(loop.length)[::-1] if loop.reverse else range(loop.length)
    written = [(shape_of(atom), dtype_of(atom)) for atom in equation.outvars[k:]]

    def run(*taken: Any) -> list[Any]:
        carried, rows = list(taken[n : n + k]), taken[n + k :]
        stacked = [np.zeros(shape, kind) for shape, kind in written]
        for t in order:
            found = body([*taken[:n], *carried, *(row[t] for row in rows)])
            carried = found[:k]
            for whole, part in zip(stacked, found[k:], strict=True):
                whole[t] = part
        return [*carried, *stacked]

    return run


_CONTROL: dict[str, Callable[[core.JaxprEqn], Callable[..., Any]]] = {"cond": _cond, "while": _while, "scan": _scan}


def _divided(a: Any, b: Any) -> Any:
    """Of whole numbers towards zero."""
    if a.dtype.kind not in "iu":
        return np.true_divide(a, b)
    return a // b + ((a % b != 0) & ((a < 0) != (b < 0)))


def _power(a: Any, y: int) -> Any:
    """By squaring, as compilers do."""
    if y < 0:
        return np.true_divide(np.ones_like(a), _power(a, -y))
    found = None
    while y:
        if y & 1:
            found = a if found is None else found * a
        y >>= 1
        a = a * a if y else a
    return np.ones_like(a) if found is None else found


def _converted(a: Any, new_dtype: np.dtype) -> Any:
    return (a.real if a.dtype.kind == "c" and new_dtype.kind != "c" else a).astype(new_dtype)


def _spread(a: Any, shape: Sequence[int], axes: Sequence[int]) -> Any:
    wide = [1] * len(shape)
    for axis, size in zip(axes, np.shape(a), strict=True):
        wide[axis] = size
    return np.broadcast_to(np.reshape(a, wide), shape)


def _widely(operation: Callable[..., Any], *arrays: Any) -> Any:
    """In float32 where the dtype is a half: sums are kept in it."""
    kind = np.asarray(arrays[0]).dtype
    if kind.itemsize > 2 or kind.kind in "biu":
        return np.asarray(operation(*arrays)).astype(kind)
    return np.asarray(operation(*(np.asarray(a, np.float32) for a in arrays))).astype(kind)


def _dot(a: Any, b: Any, axes: Sequence[Sequence[int]], kind: Any) -> Any:
    found = _widely(lambda a, b: np.tensordot(a, b, (list(axes[0]), list(axes[1]))), a, b)
    return found if kind is None else found.astype(kind)


def _rounded(a: Any, rounding_method: Any) -> Any:
    if int(rounding_method) == 1:  # to the nearest, halves to even
        return np.rint(a)
    return np.sign(a) * np.floor(np.abs(a) + np.asarray(0.5, np.asarray(a).dtype))


def _shifted(a: Any, by: Any) -> Any:
    """To the right, with zeros from the left, and nothing left after as many places as there are bits."""
    kind = np.asarray(a).dtype
    bits = np.asarray(a).view(f"u{kind.itemsize}")
    moved = np.right_shift(bits, np.minimum(by, 8 * kind.itemsize - 1).astype(bits.dtype))
    return np.where(by < 8 * kind.itemsize, moved, 0).astype(bits.dtype).view(kind)


def _counted(dtype: Any, shape: Sequence[int], dimension: int) -> Any:
    wide = [1] * len(shape)
    wide[dimension] = shape[dimension]
    return np.broadcast_to(np.arange(shape[dimension]).astype(dtype).reshape(wide), shape)


def _part(start: Sequence[int], limit: Sequence[int], strides: Sequence[int] | None) -> tuple[slice, ...]:
    return tuple(slice(*ends) for ends in zip(start, limit, strides or [1] * len(start), strict=True))


def _dynamic(a: Any, *starts: Any, sizes: Sequence[int]) -> Any:
    """A part that begins where numbers say, moved so that it lies within."""
    places = [min(max(int(at), 0), n - k) for at, n, k in zip(starts, np.shape(a), sizes, strict=True)]
    return a[tuple(slice(at, at + k) for at, k in zip(places, sizes, strict=True))]


def _reduced(operation: Any) -> Any:
    return lambda p: partial(operation, axis=tuple(p["axes"]))


def _same(operation: Callable[..., Any]) -> Any:
    """Of an operation without settings."""
    return lambda p: operation


_OPERATIONS: dict[str, Any] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "exp2": np.exp2,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "floor": np.floor,
    "ceil": np.ceil,
    "sign": np.sign,
    "cbrt": np.cbrt,
    "square": np.square,
    "conj": np.conj,
    "nextafter": np.nextafter,
    "abs": np.absolute,
    "add": np.add,
    "add_any": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "neg": np.negative,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "rem": np.fmod,
    "atan2": np.arctan2,
    "is_finite": np.isfinite,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "real": _same(np.real),
    "imag": _same(np.imag),
    "complex": _same(lambda a, b: a + 1j * b),
    "copy": _same(np.asarray),
    "copy_p": _same(np.asarray),
    "stop_gradient": _same(np.asarray),  # what is evaluated has been differentiated
    "div": _same(_divided),
    "rsqrt": _same(lambda a: np.true_divide(np.ones_like(a), np.sqrt(a))),
    "integer_pow": lambda p: partial(_power, y=p["y"]),
    "clamp": _same(lambda low, a, high: np.minimum(np.maximum(a, low), high)),
    "select_n": _same(lambda which, no, yes: np.where(which, yes, no)),
    "round": lambda p: partial(_rounded, rounding_method=p["rounding_method"]),
    "convert_element_type": lambda p: partial(_converted, new_dtype=np.dtype(p["new_dtype"])),
    "broadcast_in_dim": lambda p: partial(_spread, shape=p["shape"], axes=p["broadcast_dimensions"]),
    "reshape": lambda p: partial(np.reshape, shape=p["new_sizes"]),
    "squeeze": lambda p: partial(np.squeeze, axis=tuple(p["dimensions"])),
    "transpose": lambda p: partial(np.transpose, axes=p["permutation"]),
    "slice": lambda p: itemgetter(_part(p["start_indices"], p["limit_indices"], p["strides"])),
    "dynamic_slice": lambda p: partial(_dynamic, sizes=p["slice_sizes"]),
    "concatenate": lambda p: lambda *arrays: np.concatenate(arrays, p["dimension"]),
    "iota": lambda p: lambda: _counted(p["dtype"], p["shape"], p["dimension"]),
    "reduce_sum": lambda p: partial(_widely, partial(np.sum, axis=tuple(p["axes"]))),
    "shift_right_logical": _same(_shifted),
    "reduce_max": _reduced(np.max),
    "reduce_min": _reduced(np.min),
    "reduce_prod": _reduced(np.prod),
    "reduce_and": _reduced(np.all),
    "reduce_or": _reduced(np.any),
    "dot_general": lambda p: partial(_dot, axes=p["dimension_numbers"][0], kind=p["preferred_element_type"]),
}
"""By the name of JAX's primitive: a function of NumPy, or what gives one for its settings."""
