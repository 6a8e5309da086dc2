"""The whole family: all seven coefficients free."""

from dataclasses import replace

from madatheory.deprecated import respelled
from madatheory.errors import UserError, choice
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.convention import PUBLISHED_MADA
from madatheory.optimizers.family import convention_of, member
from madatheory.optimizers.optimizer import Optimizer
from madatheory.optimizers.request import PREVIOUS_GRADIENTS

_CONVENTIONS = ("practical", "published")


def build(
    form: str = "practical",
    schedule: str = "auto",
    convention: str = "practical",
    previous_gradient: str = "auto",
) -> Optimizer:
    """alpha (gamma (m_t/(1-beta1^t) + beta3 n_t)/(sqrt(vhat_t/(1-beta2^t)) + eps) + (1-gamma) sign(u_t)) is the step.

    `convention` "practical" is the family as its formulas say, "published" what MADA's code computes (see
    `PUBLISHED_MADA`). `previous_gradient` "kept" makes the difference g_t - g_(t-1), "zeroed" g_t; "auto" is the
    convention's, "zeroed" in the published one. The theory form has eps inside the root, no corrections and
    alpha/sqrt(t).
    """
    kind = convention_of("mada-family", form)
    convention = respelled("mada-family: convention", convention, {"clean": "practical"})
    choice("convention of mada-family", convention, _CONVENTIONS)
    if convention == "published" and form != "practical":
        raise UserError("mada-family: convention 'published' exists in the practical form only; give form=practical")
    kind = PUBLISHED_MADA if convention == "published" else kind
    if previous_gradient != "auto":
        choice("previous_gradient of mada-family", previous_gradient, PREVIOUS_GRADIENTS)
        kind = replace(kind, previous_gradient=previous_gradient)
    return member(
        "mada-family",
        "all seven coefficients free",
        free=("alpha", "beta1", "beta2", "beta3", "rho", "c", "gamma", "eps", "beta1_lion", "beta2_lion"),
        form=form,
        convention=kind,
        schedule=schedule,
        source="Ozkara et al., MADA, ICML 2024",
    ).defaults(**({"beta2": 0.99, "eps": 1e-6} if form == "practical" else {}))


mada_family = OptimizerEntry("mada-family", "all seven coefficients free", build)
