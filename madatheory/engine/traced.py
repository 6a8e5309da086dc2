"""The package's optimizers, or anyone's, run in another algebra: JAX traces their step once, and it is computed again.

So what is decided about b_t, v_t or x_t - x_{t-1}, by symbols, by a solver or by ball arithmetic, is decided about the
code that runs, not about a copy. Everything is one number: arrays of one coordinate and one trajectory.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

from madatheory.optimizers.optimizer import Clock, Optimizer, Step

Value = Any


class Algebra(NamedTuple):
    """What a traced step may do, next to `+ - * /`; `choose` takes (condition, if true, if not).

    `functions` are further operations by JAX's names for them, such as "log" or "pow", on values alone.
    """

    number: Callable[[Fraction], Value]
    sqrt: Callable[[Value], Value]
    maximum: Callable[[Value, Value], Value]
    minimum: Callable[[Value, Value], Value]
    sign: Callable[[Value], Value]
    compare: Callable[[str, Value, Value], Value]
    choose: Callable[[Value, Value, Value], Value]
    functions: Mapping[str, Callable[..., Value]] = {}


class Unknown(Exception):
    """A traced step uses an operation that has no meaning in the algebras here."""


_SAME = frozenset({"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose", "copy", "copy_p"})
_SAME |= frozenset({"stop_gradient", "reduce_sum", "reduce_prod", "reduce_max", "reduce_min"})
_COMPARED = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})


def _operation(equation: Any, algebra: Algebra) -> Callable[..., Value] | None:
    """One primitive of a traced step as a function of values; None where it gives back its first operand."""
    from madatheory.jaxprs import dtype_of, shape_of  # imports JAX

    name = equation.primitive.name
    if len(equation.outvars) != 1:
        raise Unknown(f"operation {name!r} with {len(equation.outvars)} results")
    if any(prod(shape_of(atom)) != 1 for atom in (*equation.invars, *equation.outvars)):
        raise Unknown(f"operation {name!r} on several numbers at once")
    if name in _SAME:
        return None
    if name == "convert_element_type":
        before, after = dtype_of(equation.invars[0]).kind, dtype_of(equation.outvars[0]).kind
        if before == "b" and after != "b":
            one, zero = algebra.number(Fraction(1)), algebra.number(Fraction(0))
            return lambda condition: algebra.choose(condition, one, zero)
        if before == "f" and after != "f":
            raise Unknown("rounding to an integer")
        return None
    if name in _COMPARED:
        return lambda a, b: algebra.compare(name, a, b)
    if name == "select_n":
        return lambda condition, no, yes: algebra.choose(condition, yes, no)
    if name == "integer_pow":
        power = int(equation.params["y"])
        return lambda a: a**power
    known: dict[str, Callable[..., Value]] = {
        "add": lambda a, b: a + b,
        "add_any": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "square": lambda a: a * a,
        "sqrt": algebra.sqrt,
        "rsqrt": lambda a: 1 / algebra.sqrt(a),
        "max": algebra.maximum,
        "min": algebra.minimum,
        "clamp": lambda low, a, high: algebra.minimum(algebra.maximum(a, low), high),
        "sign": algebra.sign,
        "abs": lambda a: algebra.maximum(a, -a),
        **algebra.functions,
    }
    if name not in known:
        raise Unknown(f"operation {name!r}")
    return known[name]


def _constant(value: Any, algebra: Algebra) -> Value:
    import numpy as np

    if np.size(value) != 1:
        raise Unknown(f"a constant of {np.size(value)} numbers")
    value = np.asarray(value).reshape(())[()]
    if value.dtype == bool:
        return bool(value)
    number = float(value)
    return algebra.number(Fraction(number)) if np.isfinite(number) else None  # the horizon of a run without one


def computed_in(algebra: Algebra, function: Callable[[Any], Any], example: Any) -> Callable[[Any], Any]:
    """`function`, traced once on arguments like the pytree `example`, as a function on values of the algebra.

    What is not computed from one number by operations of the algebra raises `Unknown`, here and not in a call.
    """
    import jax

    from madatheory.jaxprs import body_of, is_variable, opened

    with jax.enable_x64(True):
        closed, shape = jax.make_jaxpr(function, return_shape=True)(example)
    # every number has a place: the arguments first, then constants and results
    start: list[Value] = [None] * len(jax.tree.leaves(example))
    code: list[tuple[Callable[..., Value], list[int], int]] = []

    def put(value: Value) -> int:
        start.append(value)
        return len(start) - 1

    def flatten(jaxpr: Any, arguments: Sequence[int]) -> list[int]:
        inside, constants = opened(jaxpr)
        place: dict[Any, int] = {
            variable: put(_constant(value, algebra))
            for variable, value in zip(inside.constvars, constants, strict=True)
        }
        place |= dict(zip(inside.invars, arguments, strict=True))

        def of(atom: Any) -> int:
            return place[atom] if is_variable(atom) else put(_constant(atom.val, algebra))

        for equation in inside.eqns:
            operands, call = [of(atom) for atom in equation.invars], body_of(equation)
            if call is not None:
                place |= dict(zip(equation.outvars, flatten(call, operands), strict=True))
                continue
            operation = _operation(equation, algebra)
            place[equation.outvars[0]] = operands[0] if operation is None else put(None)
            if operation is not None:
                code.append((operation, operands, place[equation.outvars[0]]))
        return [of(atom) for atom in inside.outvars]

    results = flatten(closed, range(len(start)))
    structure = jax.tree.structure(shape)

    def computed(arguments: Any) -> Any:
        given = jax.tree.leaves(arguments)
        known = [*given, *start[len(given) :]]
        for operation, operands, place in code:
            known[place] = operation(*[known[i] for i in operands])
        return jax.tree.unflatten(structure, [known[i] for i in results])

    return computed


class Traced(NamedTuple):
    """An optimizer in an algebra: `start(hyper)` the state before step 1, `step(hyper, state, g, t)` step t.

    All may be symbols, t too, so that one step stands for any step of a run.
    """

    start: Callable[[Mapping[str, Value]], dict[str, Value]]
    step: Callable[[Mapping[str, Value], Mapping[str, Value], Value, Value], tuple[Step, dict[str, Value]]]


def traced(optimizer: Optimizer, names: Sequence[str], algebra: Algebra) -> Traced:
    """`optimizer` on one coordinate with the hyper-parameters `names` as arguments, the others at their defaults."""
    import jax
    import jax.numpy as jnp

    fixed = {name: value for name, value in optimizer.hyper().items() if name not in names}

    def one(names: Sequence[str]) -> dict[str, Any]:
        return {name: jnp.zeros((), jnp.float64) for name in names}

    def start(hyper: Mapping[str, Value]) -> dict[str, Value]:
        with jax.enable_x64(True):
            example, zero = one(names), jnp.zeros((), jnp.float64)
        begin = computed_in(algebra, lambda h: optimizer.init({**fixed, **h}, zero), example)
        return begin({k: hyper[k] for k in names})

    def step(
        hyper: Mapping[str, Value], state: Mapping[str, Value], g: Value, t: Value
    ) -> tuple[Step, dict[str, Value]]:
        with jax.enable_x64(True):
            zero = jnp.zeros((), jnp.float64)
            example = (one(names), one(list(state)), zero, zero)

        def stepped(arguments: Any) -> Any:
            h, before, gradient, now = arguments
            return optimizer.step({**fixed, **h}, before, gradient, Clock(now, jnp.asarray(jnp.nan, jnp.float64)))

        advance = computed_in(algebra, stepped, example)
        return advance(({k: hyper[k] for k in names}, dict(state), g, t))

    return Traced(start, step)
