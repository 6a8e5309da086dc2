"""AVGrad: AMSGrad with the running maximum of the second moment replaced by its running average."""

from madatheory.catalogue import OptimizerEntry
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Optimizer


def build(form: str = "theory", schedule: str = "inverse_sqrt") -> Optimizer:
    """vbar_t = ((t-1) vbar_{t-1} + v_t)/t; x_t = x_{t-1} - alpha_t m_t/sqrt(eps + vbar_t) in the theory form."""
    return member(
        "avgrad",
        "AMSGrad with the maximum replaced by a running average",
        free=("alpha", "beta1", "beta2", "eps"),
        pinned={"rho": 0.0},
        form=form,
        schedule=schedule,
        source="Ozkara et al., MADA, ICML 2024",
    )


avgrad = OptimizerEntry("avgrad", "AMSGrad with a running average instead of the maximum", build)
