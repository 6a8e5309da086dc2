"""The whole family: all seven coefficients free."""

from madatheory.deprecated import respelled
from madatheory.errors import UserError, choice
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import PUBLISHED_MADA, convention_of, member
from madatheory.optimizers.optimizer import Optimizer

_CONVENTIONS = ("practical", "published")


def build(form: str = "practical", schedule: str = "auto", convention: str = "practical") -> Optimizer:
    """alpha (gamma (m_t/(1-beta1^t) + beta3 n_t)/(sqrt(vhat_t/(1-beta2^t)) + eps) + (1-gamma) sign(u_t)) is the step.

    `convention` "practical" is the family as its formulas say, "published" what MADA's training code computes (see
    `PUBLISHED_MADA`). The theory form has eps inside the root, no corrections and alpha/sqrt(t).
    """
    kind = convention_of("mada-family", form)
    convention = respelled("mada-family: convention", convention, {"clean": "practical"})
    choice("convention of mada-family", convention, _CONVENTIONS)
    if convention == "published" and form != "practical":
        raise UserError("mada-family: convention 'published' exists in the practical form only; give form=practical")
    return member(
        "mada-family",
        "all seven coefficients free",
        free=("alpha", "beta1", "beta2", "beta3", "rho", "c", "gamma", "eps", "beta1_lion", "beta2_lion"),
        form=form,
        convention=PUBLISHED_MADA if convention == "published" else kind,
        schedule=schedule,
        source="Ozkara et al., MADA, ICML 2024",
    ).defaults(**({"beta2": 0.99, "eps": 1e-6} if form == "practical" else {}))


mada_family = OptimizerEntry("mada-family", "all seven coefficients free", build)
