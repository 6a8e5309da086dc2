"""The package's optimizers run on symbols: their step is traced by JAX once and computed again in another algebra.

So what is decided about b_t, v_t or x_t - x_{t-1} is decided about the code that runs, not about a copy.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from madatheory.optimizers.optimizer import Clock, Optimizer, Step

Value = Any


class Algebra(NamedTuple):
    """What a traced step may do, next to `+ - * /`; `choose` takes (condition, if true, if not)."""

    number: Callable[[Fraction], Value]
    sqrt: Callable[[Value], Value]
    maximum: Callable[[Value, Value], Value]
    minimum: Callable[[Value, Value], Value]
    sign: Callable[[Value], Value]
    compare: Callable[[str, Value, Value], Value]
    choose: Callable[[Value, Value, Value], Value]


class Unknown(Exception):
    """A traced step uses an operation that has no meaning in the algebras here."""


_SAME = frozenset({"convert_element_type", "broadcast_in_dim", "reshape", "squeeze", "copy", "copy_p", "stop_gradient"})
_COMPARED = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})


def _operate(name: str, values: Sequence[Value], options: Mapping[str, Any], algebra: Algebra) -> Value:
    """One primitive of a traced step."""
    if name in _SAME:
        return values[0]
    if name in _COMPARED:
        return algebra.compare(name, *values)
    if name == "select_n":
        condition, no, yes = values
        return algebra.choose(condition, yes, no)
    if name == "integer_pow":
        return values[0] ** int(options["y"])
    arithmetic: dict[str, Callable[..., Value]] = {
        "add": lambda a, b: a + b,
        "add_any": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "square": lambda a: a * a,
        "sqrt": algebra.sqrt,
        "max": algebra.maximum,
        "min": algebra.minimum,
        "sign": algebra.sign,
        "abs": lambda a: algebra.maximum(a, -a),
    }
    if name not in arithmetic:
        raise Unknown(f"operation {name!r}")
    return arithmetic[name](*values)


def _evaluate(jaxpr: Any, arguments: Sequence[Value], algebra: Algebra) -> list[Value]:
    """The outputs of a jaxpr for arguments of the algebra."""
    from madatheory.engine.backend.jaxprs import body_of, is_variable, opened  # imports JAX

    inside, constants = opened(jaxpr)
    known: dict[Any, Value] = dict(zip(inside.constvars, (_constant(c, algebra) for c in constants), strict=True))
    known |= dict(zip(inside.invars, arguments, strict=True))

    def read(atom: Any) -> Value:
        return known[atom] if is_variable(atom) else _constant(atom.val, algebra)

    for equation in inside.eqns:
        values, call = [read(atom) for atom in equation.invars], body_of(equation)
        if call is None:
            outputs = [_operate(equation.primitive.name, values, equation.params, algebra)]
        else:
            outputs = _evaluate(call, values, algebra)
        known |= dict(zip(equation.outvars, outputs, strict=True))
    return [read(atom) for atom in inside.outvars]


def _constant(value: Any, algebra: Algebra) -> Value:
    import numpy as np

    if np.asarray(value).dtype == bool:
        return bool(value)
    number = float(value)
    return algebra.number(Fraction(number)) if np.isfinite(number) else None  # the horizon of a run without one


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

    def run(function: Callable[..., Any], example: Any, arguments: Any) -> Any:
        with jax.enable_x64(True):
            closed, shape = jax.make_jaxpr(function, return_shape=True)(example)
        leaves = _evaluate(closed, jax.tree.leaves(arguments), algebra)
        return jax.tree.unflatten(jax.tree.structure(shape), leaves)

    def one(names: Sequence[str]) -> dict[str, Any]:
        return {name: jnp.zeros((), jnp.float64) for name in names}

    def start(hyper: Mapping[str, Value]) -> dict[str, Value]:
        with jax.enable_x64(True):
            example = one(names)
            zero = jnp.zeros((), jnp.float64)
        return run(lambda h: optimizer.init({**fixed, **h}, zero), example, {k: hyper[k] for k in names})

    def step(
        hyper: Mapping[str, Value], state: Mapping[str, Value], g: Value, t: Value
    ) -> tuple[Step, dict[str, Value]]:
        with jax.enable_x64(True):
            zero = jnp.zeros((), jnp.float64)
            example = (one(names), one(list(state)), zero, zero)

        def stepped(arguments: Any) -> Any:
            h, before, gradient, now = arguments
            return optimizer.step({**fixed, **h}, before, gradient, Clock(now, jnp.asarray(jnp.nan, jnp.float64)))

        return run(stepped, example, ({k: hyper[k] for k in names}, dict(state), g, t))

    return Traced(start, step)
