"""MADA: the family with coefficients that learn by one-step hyper-gradient descent."""

from dataclasses import replace

from madatheory.errors import UserError, unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.family import PRACTICAL, PUBLISHED_MADA, THEORY, member
from madatheory.optimizers.hypergradient import BOXES, SAFEGUARDS, Learned, learned, refuse_unsafe
from madatheory.optimizers.optimizer import Optimizer

_PLACES = {"beta3": 0.0, "rho": 1.0, "c": 1.0, "gamma": 1.0}  # what each is pinned to unless learned: Adam
_STARTS = {"beta3": 0.0, "rho": 0.5, "c": 1.0, "gamma": 1.0}
_ALL = tuple(name for name in BOXES if name != "alpha")
_CONVENTIONS = {"clean": PRACTICAL, "published": PUBLISHED_MADA, "theory": THEORY}
_PARTNERS = ("average", "max")
_CORRECTIONS = ("power", "product")


def build(
    learn: str = "all",
    partner: str = "average",
    convention: str = "clean",
    correction: str = "power",
    lag: int = 0,
    safeguard: str = "none",
) -> Optimizer:
    """h <- clamp(h + kappa <g_t, d delta_{t-1}/dh>), then the family's step with h.

    `learn` names the learned coefficients, joined by "+" ("rho", "rho+beta2"); "all" is beta1, beta2, beta3, rho, c and
    gamma, and alpha can be named too. Those not learned: alpha, beta1, beta2 are hyper-parameters, beta3 = 0 and
    rho = c = gamma = 1 are pinned. `partner` is what rho interpolates v with, "average" or "max". `correction` "power"
    divides by 1 - beta^t with the beta of the step, as in the paper, "product" by 1 - prod beta_s: the same number
    until a beta moves, exact also then, and cheaper. `convention` "published" takes the step of MADA's training code
    (`PUBLISHED_MADA`) and differentiates all of it; "theory" takes the form that the theorems are about: alpha_t =
    alpha/sqrt(t), no bias correction, eps inside the root. `lag` = 1 makes the coefficients predictable (see
    `learned`). `safeguard` "max" is T8's and "sum" T8log's form of the theory step, in which only beta2, beta3, rho and
    c may be learned and beta3 acts inside the square only.
    """
    if convention not in _CONVENTIONS:
        raise unknown("convention of mada", convention, _CONVENTIONS)
    if partner not in _PARTNERS:
        raise unknown("partner of mada", partner, _PARTNERS)
    if correction not in _CORRECTIONS:
        raise unknown("correction of mada", correction, _CORRECTIONS)
    if safeguard not in SAFEGUARDS:
        raise unknown("safeguard of mada", safeguard, SAFEGUARDS)
    if convention == "published" and correction != "power":
        raise UserError("mada: the published convention corrects by 1 - beta^t; give correction=power")
    if convention == "theory" and correction != "power":
        raise UserError("mada: the theory form has no bias correction to choose; leave correction out")
    names, theory = _names(learn), convention == "theory"
    kind = replace(_CONVENTIONS[convention], partner=partner)
    if safeguard != "none":
        refuse_unsafe(names, convention)
        kind = replace(kind, difference_place="square", safeguard=safeguard)
    if correction == "power" and not theory and {"beta1", "beta2"} & set(names):
        kind = replace(kind, bias_correction="power")  # with constant betas the clean convention keeps "product"
    sign = ("beta1_lion", "beta2_lion") if "gamma" in names else ()
    inside = tuple(name for name in _PLACES if name in names)
    point = member(
        "mada",
        "the family",
        free=("alpha", "beta1", "beta2", *inside, "eps", *sign, *(("W",) if safeguard == "sum" else ())),
        pinned={name: value for name, value in _PLACES.items() if name not in names},
        form="theory" if theory else "practical",
        convention=kind,
        source="Ozkara et al., MADA, ICML 2024",
    ).defaults(beta2=0.99, eps=1e-6, **{name: _STARTS[name] for name in inside})
    return learned(point, {name: Learned() for name in names}, lag=lag, name="mada")


def _names(learn: str) -> tuple[str, ...]:
    names: list[str] = []
    for part in learn.split("+"):
        chosen = _ALL if part == "all" else (part,)
        for name in chosen:
            if name not in BOXES:
                raise unknown("learned coefficient of mada", name, ("all", *BOXES))
            if name in names:
                raise UserError(f"mada: learn = {learn!r} names {name} twice")
            names.append(name)
    return tuple(name for name in BOXES if name in names)


mada = OptimizerEntry("mada", "the family with coefficients learned by one-step hyper-gradients", build)
