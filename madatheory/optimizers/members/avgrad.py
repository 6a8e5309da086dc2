"""AVGrad: AMSGrad with the running maximum of the second moment replaced by its running average."""

from dataclasses import replace

from madatheory.errors import unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Optimizer

_CORRECTIONS = ("power", "exact")


def build(form: str = "theory", schedule: str = "auto", correction: str = "power") -> Optimizer:
    """vbar_t = ((t-1) vbar_{t-1} + v_t)/t, x_t = x_{t-1} - alpha_t m_t/sqrt(eps + vbar_t) in the theory form.

    There alpha_t = alpha/sqrt(t). practical: bias corrections, eps outside the root; `correction` divides vbar_t by
    1-beta2^t ("power") or by what makes it exact on a constant gradient ("exact", lemma L3d).
    """
    convention = convention_of("avgrad", form)
    if correction not in _CORRECTIONS:
        raise unknown("correction of avgrad", correction, _CORRECTIONS)
    if form == "practical" and correction == "exact":
        convention = replace(convention, bias_correction="exact")
    return member(
        "avgrad",
        "AMSGrad with the maximum replaced by a running average",
        free=("alpha", "beta1", "beta2", "eps"),
        pinned={"rho": 0.0},
        form=form,
        convention=convention,
        schedule=schedule,
        source="Ozkara et al., MADA, ICML 2024",
    )


avgrad = OptimizerEntry("avgrad", "AMSGrad with a running average instead of the maximum", build)
