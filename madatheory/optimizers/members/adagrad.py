"""Adagrad: the second moment is the sum of all squared gradients."""

from dataclasses import replace

from madatheory.errors import unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.convention import DEFOSSEZ, PRACTICAL, THEORY
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Optimizer

_CONVENTIONS = {
    "theory": replace(THEORY, second_moment="summed"),
    "practical": replace(PRACTICAL, second_moment="summed", bias_correction="none"),
    "defossez": DEFOSSEZ,
}


def build(form: str = "theory", schedule: str = "auto", initial: float = 0.0) -> Optimizer:
    """v_t = initial + sum_{s<=t} g_s^2, x_t = x_{t-1} - alpha m_t/sqrt(eps + v_t) in the theory form (T1).

    defossez: m_t = beta1 m_{t-1} + g_t with alpha_t = (1-beta1) alpha (T3), the same iterates as the theory form.
    practical: alpha g_t/(sqrt(v_t) + eps), as torch has it. `initial` is the starting value of v.
    """
    if form not in _CONVENTIONS:
        raise unknown("form of adagrad", form, _CONVENTIONS)
    return member(
        "adagrad",
        "second moment: the sum of squared gradients",
        free=("alpha", "eps") if form == "practical" else ("alpha", "beta1", "eps"),
        pinned={"beta2": 1.0},
        form=form,
        convention=replace(_CONVENTIONS[form], initial_v=initial),
        schedule=schedule,
        theorem_schedule="defossez_adagrad" if form == "defossez" else "constant",
        source="Duchi, Hazan, Singer, JMLR 2011; Defossez et al., TMLR 2022 (Thm 1, 3)",
    ).defaults(**({"alpha": 0.01, "eps": 1e-10} if form == "practical" else {}))


adagrad = OptimizerEntry("adagrad", "second moment: the sum of squared gradients", build)
