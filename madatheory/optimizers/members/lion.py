"""Lion: the sign of an interpolation of gradient and momentum."""

from dataclasses import replace

from madatheory.errors import unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Optimizer

_ORDERS = ("old", "new")


def build(form: str = "theory", schedule: str = "auto", order: str = "old") -> Optimizer:
    """x_t = x_{t-1} - alpha sign(B1 l_{t-1} + (1-B1) g_t), l_t = B2 l_{t-1} + (1-B2) g_t.

    B1 = beta1_lion, B2 = beta2_lion. Both forms are the same. `order` "new" uses l_t in place of l_{t-1}: this is
    Lion(B1 B2, B2).
    """
    kind = convention_of("lion", form)
    if order not in _ORDERS:
        raise unknown("order of lion", order, _ORDERS)
    return member(
        "lion",
        "the sign of an interpolation of gradient and momentum",
        free=("alpha", "beta1_lion", "beta2_lion"),
        pinned={"gamma": 0.0},
        form=form,
        convention=replace(kind, lion_order=order),
        schedule=schedule,
        theorem_schedule="constant",
        source="Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023",
        beta1_lion=0.9,
        beta2_lion=0.99,
    )


lion = OptimizerEntry("lion", "the sign of an interpolation of gradient and momentum", build)
