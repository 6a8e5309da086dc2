"""Adan: a look-ahead gradient g + beta3 (g - g_previous) and a moment of the difference."""

from dataclasses import replace

from madatheory.errors import unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Optimizer

_WEIGHTS = ("beta3", "1-beta3")


def build(form: str = "theory", schedule: str = "auto", weight: str = "beta3") -> Optimizer:
    """n_t = beta3 n_{t-1} + (1-beta3)(g_t - g_{t-1}), v_t of g_t + beta3 (g_t - g_{t-1}), numerator m_t + beta3 n_t.

    beta3 is the decay of the difference (the paper weights the new term: 1 - its beta_2), and g_1 - g_0 = 0.
    practical: all three moments corrected, eps outside the root, as in the authors' code. `weight` "1-beta3" is what
    optax computes.
    """
    kind = convention_of("adan", form)
    if weight not in _WEIGHTS:
        raise unknown("weight of adan", weight, _WEIGHTS)
    practical = form == "practical"
    return member(
        "adan",
        "look-ahead gradient and a moment of the gradient difference",
        free=("alpha", "beta1", "beta2", "beta3", "eps"),
        form=form,
        convention=replace(kind, difference_weight=weight, difference_correction=practical),
        schedule=schedule,
        source="Xie, Zhou, Li, Lin, Yan, TPAMI 2024",
    ).defaults(**({"beta1": 0.98, "beta2": 0.99, "beta3": 0.92} if practical else {"beta3": 0.9}))


adan = OptimizerEntry("adan", "look-ahead gradient and a moment of the gradient difference", build)
