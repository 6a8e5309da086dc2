"""A step computed again in ball arithmetic is the step that runs: every optimizer of the package, and refusals."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb

from madatheory.engine.traced import Algebra, Unknown, computed_in
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.worst.balls import ball, balls, precision

METHODS = {
    (name, form): entry
    for name, entry in list_optimizers().items()
    for form in ("theory", "practical")
    if "form" in entry.options
}
GRADIENTS = (0.5, -1.25, 0.0, 2.0)


def made(name: str, form: str) -> Optimizer:
    return METHODS[name, form].make({"form": form})


def run(optimizer: Optimizer, hyper: dict[str, float], evaluate: Callable[..., Any]) -> list[Any]:
    """The four moves; `evaluate(function, example)` makes a function of numbers of one of JAX's."""
    with jax.enable_x64(True):
        one, number = jnp.zeros((1, 1), jnp.float64), jnp.zeros((), jnp.float64)
        example = dict.fromkeys(hyper, number)
        state = jax.eval_shape(lambda a: optimizer.init(a[0], a[1]), (example, one))
        begin = evaluate(lambda a: optimizer.init(a[0], a[1]), (example, one))

        def stepped(a: Any) -> Any:
            step, new = optimizer.step(a[0], a[1], a[2], Clock(a[3], a[4]))
            return step.delta, new

        advance = evaluate(stepped, (example, state, one, number, number))
        return [begin, advance]


@pytest.mark.parametrize(("name", "form"), METHODS)
def test_balls_enclose_what_floats_give(name: str, form: str) -> None:
    optimizer = made(name, form)
    hyper = {
        key: float(value)
        for key, value in optimizer.hyper({"eps": 0.01} if "eps" in optimizer.parameters else {}).items()
    }
    begin, advance = run(optimizer, hyper, lambda function, example: computed_in(balls(), function, example))
    with precision(200), jax.enable_x64(True):
        known = {key: ball(value) for key, value in hyper.items()}
        exact, state = begin((known, arb(0))), optimizer.init(hyper, np.zeros((1, 1)))
        for t, g in enumerate(GRADIENTS, 1):
            moved, exact = advance((known, exact, ball(g), arb(t), arb(len(GRADIENTS))))
            clock = Clock(jnp.asarray(float(t)), jnp.asarray(float(len(GRADIENTS))))
            step, state = optimizer.step(hyper, state, jnp.full((1, 1), g), clock)
            assert float(moved.rad()) < 1e-40
            assert float(moved.mid()) == pytest.approx(float(step.delta[0, 0]), rel=1e-12, abs=1e-15)


def in_balls(function: Callable[[Any], Any], x: Any) -> Any:
    with jax.enable_x64(True):
        return computed_in(balls(), function, jnp.zeros((), jnp.float64))(x)


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (lambda x: jnp.where(x > 0, 3.0, 1.0), 1, 3),
        (lambda x: jnp.sign(x), -1, 1),
        (lambda x: jnp.abs(x), 0, 0.5),
        (lambda x: jnp.round(x + 1), 0, 2),
        (lambda x: jnp.floor(x), -1, 0),
        (lambda x: (x > 0).astype(jnp.float64), 0, 1),
        (lambda x: jnp.where((x > 1) | (x < 2), 5.0, 7.0), 5, 5),
        (lambda x: jnp.clip(x, -0.25, 0.25), -0.25, 0.25),
        (lambda x: jnp.expm1(x) + jnp.log1p(x), -1.2, 1.1),
    ],
)
def test_what_a_ball_leaves_open_is_enclosed(function: Callable[[Any], Any], low: float, high: float) -> None:
    found = in_balls(function, arb(0, 0.5))
    for end in (low, high):
        assert found.overlaps(arb(end, 0.1))
    for x in np.linspace(-0.5, 0.5, 11):
        assert found.overlaps(in_balls(function, ball(float(x))))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (jnp.sin, "operation 'sin'"),
        (lambda x: jnp.sum(jnp.stack([x, 2 * x])), "on several numbers at once"),
        (lambda x: x.astype(jnp.int32), "rounding to an integer"),
        (lambda x: jax.lax.while_loop(lambda y: y < 1, lambda y: y + 1, x), "operation 'while'"),
        (lambda x: jax.lax.sort((x[None], x[None]))[0][0], "operation 'sort' with 2 results"),
        (lambda x: x + jax.random.normal(jax.random.key(0)), "operation"),
    ],
)
def test_what_has_no_meaning_is_refused_when_it_is_traced(function: Callable[[Any], Any], message: str) -> None:
    with jax.enable_x64(True), pytest.raises(Unknown, match=message):
        computed_in(balls(), function, jnp.zeros((), jnp.float64))


def test_another_algebra_gives_the_same_function() -> None:
    floats = Algebra(float, np.sqrt, max, min, np.sign, lambda name, a, b: a > b, lambda c, yes, no: yes if c else no)

    def function(x: Any) -> Any:
        return jnp.where(x > 2, jnp.sqrt(x), jnp.maximum(x, 1.5) ** 3) / 3

    with jax.enable_x64(True):
        computed = computed_in(floats, function, jnp.zeros((), jnp.float64))
        for x in (0.0, 1.75, 9.0):
            assert computed(x) == pytest.approx(float(function(x)))
    assert floats.number(Fraction(1, 4)) == 0.25
