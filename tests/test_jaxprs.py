"""Equations of traced functions are read the same whatever the version of JAX: counts are those of what was written."""

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from madatheory.jaxprs import body_of, branches_of, inner_jaxprs, is_variable, opened, scan_of, while_of

X = np.arange(1.0, 5.0, dtype=np.float32)


def equation_of(name, function, *args):
    """The only equation of that primitive at the top."""
    (found,) = (e for e in opened(jax.make_jaxpr(function)(*args))[0].eqns if e.primitive.name == name)
    return found


def evaluated(jaxpr, *args):
    inside, consts = opened(jaxpr)
    return jax.core.eval_jaxpr(inside, consts, *args)


@pytest.mark.parametrize("constants", [0, 1, 3])
@pytest.mark.parametrize("carry", [1, 2])
@pytest.mark.parametrize("reads", [0, 1, 2])
@pytest.mark.parametrize("writes", [0, 2])
def test_operands_of_a_scan_are_told_apart(constants, carry, reads, writes):
    def function(fixed, start, entries):
        def step(state, entry):
            total = sum(map(jnp.sum, fixed), jnp.float32(0)) + sum(map(jnp.sum, entry or ()), jnp.float32(0))
            return [x + total for x in state], [total * k for k in range(1, writes + 1)]

        return lax.scan(step, start, entries or None, length=4, reverse=True)

    # constants have the shape of what is read, so that nothing but the equation tells them apart
    arguments = [X] * constants, [jnp.float32(k) for k in range(carry)], [X] * reads
    scan = scan_of(equation_of("scan", function, *arguments))
    assert scan[1:] == (constants, carry, reads, 4, True)
    assert len(opened(scan.body)[0].outvars) == carry + writes


def test_operands_of_a_while_loop_are_told_apart():
    def function(limit, step, x, k):
        return lax.while_loop(lambda c: c[1] < limit, lambda c: (c[0] * step + jnp.sum(X), c[1] + 1), (x, k))

    loop = while_of(equation_of("while", function, 3, jnp.float32(2), jnp.float32(1), 0))
    assert loop.carry == 2
    assert loop.condition_constants == 1
    assert loop.body_constants in (1, 2)  # a constant array may be an operand or inside
    assert [getattr(v.aval, "dtype", None) for v in opened(loop.condition)[0].outvars] == [bool]
    assert len(opened(loop.body)[0].outvars) == 2


def test_branches_come_in_order():
    equation = equation_of("cond", lambda i, x: lax.switch(i, [jnp.sin, jnp.cos, jnp.tanh], x), 1, X)
    names = [opened(branch)[0].eqns[-1].primitive.name for branch in branches_of(equation)]
    assert names == ["sin", "cos", "tanh"]
    assert len(list(inner_jaxprs(equation))) == 3


@jax.custom_jvp
def doubled(x):
    return 2 * x


@doubled.defjvp
def _(primals, tangents):
    return doubled(*primals), 2 * tangents[0]


@jax.custom_vjp
def halved(x):
    return x / 2


halved.defvjp(lambda x: (x / 2, None), lambda _, g: (g / 2,))


@pytest.mark.parametrize(
    "call", [jax.jit(lambda x: x + X), doubled, halved, jax.checkpoint(lambda x: x * x), jax.jit(jax.jit(jnp.sin))]
)
def test_a_call_stands_for_its_body(call):
    closed = jax.make_jaxpr(lambda x: call(x))(X)
    (equation,) = opened(closed)[0].eqns
    body = body_of(equation)
    assert body is not None
    operands = [X if is_variable(atom) else atom.val for atom in equation.invars]
    assert len(opened(body)[0].constvars) == len(opened(body)[1])
    np.testing.assert_array_equal(evaluated(body, *operands)[0], call(X))


def test_what_is_no_call_has_no_body():
    assert body_of(equation_of("add", jnp.add, X, X)) is None
    assert body_of(equation_of("scan", lambda x: lax.scan(lambda c, _: (c + 1, None), x, length=2), X)) is None


def test_numbers_are_no_variables():
    x, two = equation_of("mul", lambda x: x * 2, jnp.float32(1)).invars
    assert is_variable(x)
    assert not is_variable(two)
    assert float(two.val) == 2
