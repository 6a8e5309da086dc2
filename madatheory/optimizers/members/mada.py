"""MADA: the family with coefficients that learn by one-step hyper-gradient descent."""

from madatheory.deprecated import renamed
from madatheory.errors import UserError, unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.hypergradient import learned
from madatheory.optimizers.optimizer import Optimizer
from madatheory.optimizers.request import BOUNDS, Descent, request

_PLACES = {"beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0}  # what each is pinned to unless learned: Adam
_STARTS = _PLACES | {"rho": 0.5}
_ALL = tuple(name for name in BOUNDS if name != "alpha")


@renamed(partner="reference")
def build(
    learn: str = "all",
    reference: str = "mean",
    convention: str = "practical",
    correction: str = "power",
    lag: int = 0,
    safeguard: str = "none",
) -> Optimizer:
    """h <- clamp(h + kappa <g_t, d delta_{t-1}/dh>), then the family's step with h.

    `learn` names the learned coefficients, joined by "+" ("rho", "rho+beta2"); "all" is beta1, beta2, beta3, rho, c and
    gamma, and alpha can be named too. Those not learned: alpha, beta1, beta2 are hyper-parameters, beta3 = 0 and
    rho = c = gamma = 1 are pinned. `reference` is what rho interpolates v with, its "mean" or its "max". `correction`
    "power" divides by 1 - beta^t with the beta of the step, as in the paper, "product" by 1 - prod beta_s: the same
    number until a beta moves, exact also then, and cheaper. `convention` "published" takes the step of MADA's training
    code (`PUBLISHED_MADA`) and differentiates all of it; "theory" takes the form that the theorems are about: alpha_t =
    alpha/sqrt(t), no bias correction, eps inside the root. `lag` = 1 makes the coefficients predictable (see
    `learned`). `safeguard` "max" is T8's and "sum" T8log's form of the theory step, in which only beta2, beta3, rho and
    c may be learned and beta3 acts inside the square only.
    """
    names = _names(learn)
    asked = request(
        {name: Descent() for name in names},
        reference=reference,
        convention=convention,
        correction=correction,
        safeguard=safeguard,
        lag=lag,
        # what the published code computes is a power also while the decays are constant
        steady=convention != "published" and not {"beta1", "beta2"} & set(names),
    )
    sign = ("beta1_lion", "beta2_lion") if "gamma" in names else ()
    inside = tuple(name for name in _PLACES if name in names)
    point = asked.point(
        ("alpha", "beta1", "beta2", *inside, "eps", *sign, *(("W",) if safeguard == "sum" else ())),
        {name: value for name, value in _PLACES.items() if name not in names},
    ).defaults(beta2=0.99, eps=1e-6, **{name: _STARTS[name] for name in inside})
    return learned(point, asked.rules, lag=lag, name="mada")


def _names(learn: str) -> list[str]:
    names: list[str] = []
    for part in learn.split("+"):
        for name in _ALL if part == "all" else (part,):
            if name not in BOUNDS:
                raise unknown("learned coefficient of mada", name, ("all", *BOUNDS))
            if name in names:
                raise UserError(f"mada: learn = {learn!r} names {name} twice")
            names.append(name)
    return names


mada = OptimizerEntry("mada", "the family with coefficients learned by one-step hyper-gradients", build)
