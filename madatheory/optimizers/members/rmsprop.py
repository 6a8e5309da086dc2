"""RMSProp: Adam without a first moment."""

from dataclasses import replace

from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.convention import FORMS
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Optimizer


def build(form: str = "theory", schedule: str = "auto", correction: bool = False) -> Optimizer:
    """v_t = beta2 v_{t-1} + (1-beta2) g_t^2, x_t = x_{t-1} - alpha g_t/sqrt(eps + v_t) in the theory form.

    practical: alpha g_t/(sqrt(v_t) + eps), as torch has it; with `correction` v_t/(1-beta2^t) instead of v_t.
    """
    convention = FORMS.get(form)
    if form == "practical" and not correction:
        convention = replace(FORMS["practical"], bias_correction="none")
    return member(
        "rmsprop",
        "Adam without a first moment",
        free=("alpha", "beta2", "eps"),
        pinned={"beta1": 0.0},
        form=form,
        convention=convention,
        schedule=schedule,
        theorem_schedule="defossez_adam" if form == "defossez" else "constant",
        source="Tieleman and Hinton, Coursera lecture 6.5, 2012",
    ).defaults(**({"alpha": 0.01, "beta2": 0.99} if form == "practical" else {}))


rmsprop = OptimizerEntry("rmsprop", "Adam without a first moment", build)
