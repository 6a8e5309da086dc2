"""AMSGrad: Adam with the running maximum of its second moment."""

from dataclasses import replace

from madatheory.errors import unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Optimizer

_ORDERS = {"before": "before_correction", "after": "after_correction"}


def build(form: str = "theory", schedule: str = "auto", order: str = "before") -> Optimizer:
    """vmax_t = max(vmax_{t-1}, v_t), x_t = x_{t-1} - alpha_t m_t/sqrt(eps + vmax_t) in the theory form.

    There alpha_t = alpha/sqrt(t). practical: bias corrections, the maximum taken over v (`order` = "before", torch) or
    over the corrected v ("after", optax).
    """
    if order not in _ORDERS:
        raise unknown("order of amsgrad", order, _ORDERS)
    kind = convention_of("amsgrad", form)
    return member(
        "amsgrad",
        "Adam with the running maximum of its second moment",
        free=("alpha", "beta1", "beta2", "eps"),
        pinned={"rho": 0.0},
        form=form,
        convention=replace(kind, reference="max", max_order=_ORDERS[order]),
        schedule=schedule,
        source="Reddi, Kale, Kumar, ICLR 2018",
    )


amsgrad = OptimizerEntry("amsgrad", "Adam with the running maximum of its second moment", build)
