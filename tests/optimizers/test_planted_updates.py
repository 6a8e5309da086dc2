"""Planted mistakes in the family's update, each caught by the comparison with a reference that claims to catch it."""

import dataclasses
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from optimizer_cases import CASES, worst_error

import madatheory.optimizers.update as update
from madatheory.optimizers.optimizer import Optimizer

SOURCE = Path(update.__file__).read_text()
CAUGHT = 1e-9  # of the largest displacement; a right member is below 2e-14

# what is planted: the text replaced, its replacement, and the case that catches it
MUTANTS: dict[str, tuple[str, str, str]] = {
    "wrong beta2": ("else (1 - beta2) * square)", "else (1 - beta1) * square)", "adam theory"),
    "wrong beta1": ("else (1 - beta1) * g)", "else (1 - beta2) * g)", "adam theory"),
    "summed where averaged": ('if kind.second_moment == "summed"', 'if kind.second_moment != "summed"', "adam theory"),
    "averaged where summed": ('if kind.first_moment == "summed"', 'if kind.first_moment == "never"', "adam defossez"),
    "t - 1 in the correction": ("-jnp.expm1(t * jnp.log(", "-jnp.expm1((t - 0.5) * jnp.log(", "mada-family published"),
    "correction without its first step": (
        "new[name] = beta * state[name] + (1 - beta)",
        "new[name] = beta * state[name] + (1 - beta) * jnp.minimum(t - 0.5, 1)",
        "adam practical",
    ),
    "m not corrected": ("numerator = m * (1 / correction1) + extra if", "numerator = m + extra if", "adam practical"),
    "eps inside where outside": (
        "_inverse(_root(vhat) + eps)",
        "_inverse(_root(vhat + eps))",
        "adam practical",
    ),
    "average of t + 1 terms": ("share = 1 / t", "share = 1 / (t + 1)", "avgrad theory"),
    "average of the stale moment": ("+ share * v\n", '+ share * state["v"]\n', "avgrad theory"),
    "average correction left as power": (
        "per = 1 / new[",
        "per = per2 + 0 * new[",
        "avgrad practical exact",
    ),
    "maximum before the update": (
        'new["reference"] = jnp.maximum(state["reference"], v)\n',
        'new["reference"] = jnp.maximum(state["reference"], state["v"])\n',
        "amsgrad theory",
    ),
    "maximum over the uncorrected moment": (
        'jnp.maximum(state["reference"], v * per2)',
        'jnp.maximum(state["reference"], v) * per2',
        "amsgrad practical after",
    ),
    "rho on the wrong end": (
        'h["rho"] * (v * per2) + (1 - h["rho"]) * reference',
        '(1 - h["rho"]) * (v * per2) + h["rho"] * reference',
        "adam-avgrad theory rho=0.3",
    ),
    "Yogi's sign reversed": (
        'jnp.sign(square - state["v"])\n        else',
        'jnp.sign(state["v"] - square)\n        else',
        "yogi theory",
    ),
    "Yogi's share lost in the blend": ('h["c"] * square + (1 - h["c"]) * yogi', "yogi", "mada-family practical"),
    "stale difference": (
        'g - state["g"])\n            new["g"] = g',
        'g - state["g"])\n            new["g"] = state["g"]',
        "adan theory",
    ),
    "first difference g_1": (
        "first = g if kind.first_difference ==",
        "first = g if kind.first_difference !=",
        "adan theory",
    ),
    "difference not weighted": ("return lookahead, weight * (", "return lookahead, 1 * (", "adan practical"),
    "look-ahead forgotten": ("lookahead = g + weight * difference", "lookahead = g", "adan theory"),
    "difference never corrected": ("if kind.difference_correction else 1.0", "if False else 1.0", "adan practical"),
    "safeguard numerator sees the difference": (
        'if kind.difference_place == "square":\n            return lookahead, 0.0',
        'if kind.difference_place == "square":\n            return lookahead, weight * difference',
        "safeguarded max",
    ),
    "safeguard forgets the past": ('b = jnp.maximum(state["b"], b)', "b = b + 0", "safeguarded binding"),
    "safeguard without the sum": ('h["W"] * new["sum"]', '0 * new["sum"]', "safeguarded sum"),
    "Lion from the new momentum": ('kind.lion_order == "old"', 'kind.lion_order != "old"', "lion old"),
    "Lion's betas exchanged": (
        'new["l"] = h["beta2_lion"] * state["l"] + (1 - h["beta2_lion"]) * g',
        'new["l"] = h["beta1_lion"] * state["l"] + (1 - h["beta1_lion"]) * g',
        "lion old",
    ),
    "gamma not applied": ('h["gamma"] * ratio.delta +', "ratio.delta +", "mada-family practical"),
    "no schedule": (
        'b = (h["eps"] + vhat) * self.rate.inverse_square(h, clock)',
        'b = h["eps"] + vhat',
        "amsgrad theory",
    ),
    "no schedule outside": ("eta = self.rate.alpha(h, clock) *", 'eta = h["alpha"] *', "adam practical inverse sqrt"),
    "published difference halved": (
        "        difference = g\n        if kind",
        "        difference = g / 2\n        if kind",
        "mada-family published",
    ),
    "n from zero": (
        'if kind.initial_n == "first_gradient_squared" else state["n"]',
        'if False else state["n"]',
        "mada-family published",
    ),
}


def load(source: str, name: str) -> ModuleType:
    """The module `source` under a name of its own."""
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    exec(compile(source, name, "exec"), module.__dict__)
    return module


@pytest.fixture
def mutant_name() -> Iterator[str]:
    name = "madatheory_mutant"
    yield name
    sys.modules.pop(name, None)


def mutated(optimizer: Optimizer, source: str, name: str) -> Optimizer:
    """`optimizer` with its update taken from `source`."""
    point = optimizer.init.__self__  # type: ignore[attr-defined]
    fields = {f.name: getattr(point, f.name) for f in dataclasses.fields(point)}
    other = load(source, name).Member(**fields)
    return dataclasses.replace(optimizer, init=other.init, step=other.step)


@pytest.mark.parametrize("name", MUTANTS)
def test_planted_mistake_is_caught(name, mutant_name):
    old, new, label = MUTANTS[name]
    assert SOURCE.count(old) == 1, "the text to mutate must occur exactly once"
    case = CASES[label]
    error, _ = worst_error(case, mutated(case.optimizer(), SOURCE.replace(old, new), mutant_name))
    assert error > CAUGHT


def test_the_unmutated_text_passes(mutant_name):
    case = CASES["mada-family practical"]
    error, _ = worst_error(case, mutated(case.optimizer(), SOURCE, mutant_name))
    assert error < 2e-14
