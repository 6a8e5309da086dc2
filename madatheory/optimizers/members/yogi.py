"""Yogi: a second moment that moves by at most (1-beta2) g^2 a step."""

from dataclasses import replace

from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Optimizer


def build(form: str = "theory", schedule: str = "auto", initial: float = 0.0) -> Optimizer:
    """v_t = v_{t-1} - (1-beta2) sign(v_{t-1} - g_t^2) g_t^2, theory form x_t = x_{t-1} - alpha_t m_t/sqrt(eps + v_t).

    There alpha_t = alpha/sqrt(t). practical: bias corrections, eps outside the root. `initial` starts both moments,
    as optax does with 1e-6.
    """
    kind = convention_of("yogi", form)
    return member(
        "yogi",
        "a second moment that moves by at most (1-beta2) g^2 a step",
        free=("alpha", "beta1", "beta2", "eps"),
        pinned={"c": 0.0},
        form=form,
        convention=replace(kind, initial_m=initial, initial_v=initial),
        schedule=schedule,
        source="Zaheer, Reddi, Sachan, Kale, Kumar, NeurIPS 2018",
    ).defaults(**({"alpha": 0.01, "eps": 1e-3} if form == "practical" else {}))


yogi = OptimizerEntry("yogi", "a second moment that moves by at most (1-beta2) g^2 a step", build)
