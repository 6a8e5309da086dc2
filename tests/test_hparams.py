"""Hyper-parameters: checked once where they enter, complete and in order in the grid, the same at every point."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import madatheory as mt
from madatheory.errors import UserError
from madatheory.hparams import Grid, Parameter, hypers, in_words, one_number, override, parse_settings, reals


def test_a_value_is_checked_once_on_its_way_from_verify_to_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    refuse = Parameter.refuse

    def counted(self: Parameter, name: str, value: object) -> None:
        checked.append(value)
        refuse(self, name, value)

    monkeypatch.setattr(Parameter, "refuse", counted)
    found = mt.verify("interpolation-rate", "ratio:d=2", steps=3, num_trajectories=2, settings={"rho": (0.0, 0.5)})
    assert {v.hyper["rho"] for v in found} == {0.0, 0.5}
    assert checked.count((0.0, 0.5)) == 1


def test_a_grid_is_complete_in_the_order_of_the_declaration() -> None:
    method = mt.get_optimizer("adam-avgrad")
    given: Any = {"rho": [0, 1], "alpha": Fraction(1, 2), "beta2": (0.5, 0.9, 0.99)}
    grid = method.grid(given)
    assert list(grid) == list(method.parameters)
    assert grid["alpha"] == 0.5
    assert (grid.axes, grid.shape, grid.points) == ({"beta2": (0.5, 0.9, 0.99), "rho": (0.0, 1.0)}, (3, 2), 6)
    points = list(hypers(grid))
    assert [(p["beta2"], p["rho"]) for p in points] == [(b, r) for b in (0.5, 0.9, 0.99) for r in (0, 1)]
    many = grid.table("float64").at(np.arange(6, dtype=np.uint32))
    for number, point in enumerate(points):
        assert {name: float(v[number]) if np.ndim(v) else float(v) for name, v in many.items()} == point
    assert method.grid(grid) is grid


def test_a_grid_of_another_method_is_checked_anew() -> None:
    method = mt.get_optimizer("adam-avgrad")
    grid = method.grid({"rho": (0.0, 1.0)})
    with pytest.raises(UserError, match="unknown hyper-parameter of adam 'rho'"):
        mt.get_optimizer("adam").grid(grid)
    narrow = replace(method, parameters={**method.parameters, "rho": mt.Parameter(0.5, 0, 0.6)})
    with pytest.raises(UserError, match="rho = 1 is out of range"):
        narrow.grid(grid)


def test_what_is_no_number_is_refused_wherever_it_enters() -> None:
    method = mt.get_optimizer("adam")
    for bad in ("0.5", True, [0.1, None], 1j, [[0.1], [0.2, 0.3]]):
        assert reals(bad) is None
        for enter in (method.hyper, method.grid):
            wrong: Any = {"beta1": bad}
            with pytest.raises(UserError, match="is not a number: give a number or a list of numbers"):
                enter(wrong)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("0.5", "beta2 = '0.5' is not a number: give .*, without quotes"),
        (True, "beta2 = True is not a number: give "),
        (1.5, r"beta2 = 1.5 is out of range: give a value in \[0, 1\)"),
        (np.float32("nan"), "beta2 = nan is out of range: give a value in "),
    ],
)
def test_every_entrance_refuses_in_the_same_words(bad: Any, message: str) -> None:
    method = mt.get_optimizer("adam")
    for enter in (
        lambda: method.hyper({"beta2": bad}),
        lambda: method.grid({"beta2": bad}),
        lambda: method.defaults(beta2=bad),
        lambda: mt.as_optax(method, beta2=bad),
        lambda: mt.simulate("ratio", method, 2, settings={"beta2": bad}),
    ):
        with pytest.raises(UserError, match=f": {message}"):
            enter()
    with pytest.raises(UserError, match="mada: " + message.replace("beta2", "b2")):
        mt.mada(0.1, {}, b2=bad)


def test_one_number_may_be_of_any_kind() -> None:
    assert one_number("x", Fraction(1, 4)) == 0.25
    assert isinstance(one_number("x", Fraction(1, 4)), float)
    short = jnp.asarray(0.25, jnp.bfloat16)
    assert one_number("x", short) is short
    with pytest.raises(UserError, match=r"x = .* has shape \(1,\): give one number"):
        one_number("x", [0.25])

    def traced(x: Any) -> Any:
        assert one_number("x", x, Parameter(0.5, 0, 1)) is x
        with pytest.raises(UserError, match="x is traced: give a number that is known"):
            one_number("x", x, known=True)
        with pytest.raises(UserError, match=r"x = .* has shape \(2,\): give one number"):
            one_number("x", jnp.stack([x, x]))
        with pytest.raises(UserError, match="is not a number: give one number"):
            one_number("x", x > 0)
        return x

    jax.eval_shape(traced, 0.25)


def test_settings_are_written_read_and_overridden_by_name() -> None:
    settings = parse_settings(["rho=0,0.5", "alpha=0.3"])
    assert settings == {"rho": (0.0, 0.5), "alpha": 0.3}
    assert override({"alpha": 1.0, "eps": 1e-4}, settings, {"alpha", "eps"}) == {"alpha": 0.3, "eps": 1e-4}
    assert in_words({"alpha": 0.3, "beta2": 0.99}) == "alpha = 0.3, beta2 = 0.99"
    assert repr(Grid({"alpha": 0.3}, {})) == "Grid({'alpha': 0.3})"
