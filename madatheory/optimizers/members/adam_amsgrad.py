"""The interpolation between Adam (rho = 1) and AMSGrad (rho = 0)."""

from dataclasses import replace

from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Optimizer


def build(form: str = "theory", schedule: str = "auto", rho: float = 0.5) -> Optimizer:
    """vhat_t = rho v_t + (1-rho) vmax_t, x_t = x_{t-1} - alpha_t m_t/sqrt(eps + vhat_t) in the theory form.

    There alpha_t = alpha/sqrt(t); the practical form has bias corrections and eps outside the root.
    rho is a hyper-parameter; the option sets its default.
    """
    kind = convention_of("adam-amsgrad", form)
    return member(
        "adam-amsgrad",
        "rho v + (1-rho) vmax: Adam at rho = 1, AMSGrad at rho = 0",
        free=("alpha", "beta1", "beta2", "rho", "eps"),
        form=form,
        convention=replace(kind, reference="max"),
        schedule=schedule,
        source="Ozkara et al., MADA, ICML 2024",
        rho=rho,
    )


adam_amsgrad = OptimizerEntry("adam-amsgrad", "rho v + (1-rho) vmax: Adam at rho = 1, AMSGrad at rho = 0", build)
