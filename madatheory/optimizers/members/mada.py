"""MADA: the family with coefficients that learn by one-step hyper-gradient descent."""

from dataclasses import replace

import numpy as np

from madatheory.deprecated import renamed
from madatheory.errors import UserError, unknown
from madatheory.optimizers.catalogue import OptimizerEntry
from madatheory.optimizers.hypergradient import learned
from madatheory.optimizers.optimizer import Optimizer
from madatheory.optimizers.presets import ADAM, preset_of
from madatheory.optimizers.request import BOUNDS, Descent, request

_INSIDE = ("beta3", "rho", "c", "gamma")  # pinned unless learned
_ALL = tuple(name for name in BOUNDS if name != "alpha")


@renamed(partner="reference")
def build(
    learn: str = "auto",
    reference: str = "mean",
    convention: str = "auto",
    correction: str = "power",
    lag: int = 0,
    safeguard: str = "none",
    preset: str = "none",
    previous_gradient: str = "auto",
    average_derivative: str = "auto",
    start: int = 0,
    clip: float = 0.0,
) -> Optimizer:
    """h <- clamp(h + kappa <g_t, d delta_{t-1}/dh>), then the family's step with h.

    `preset` "train_ddp", "train" or "toy" is what MADA's authors ran (`PRESETS`): the defaults of the hyper-parameters,
    and what "auto" and 0 leave out here. Without one, all but alpha are learned, from step 1 on, without clip, in the
    practical convention with complete derivatives.

    `learn` names the learned coefficients, joined by "+" ("rho", "rho+beta2"); "all" is beta1, beta2, beta3, rho, c and
    gamma, and alpha can be named too. Those not learned: alpha, beta1, beta2 are hyper-parameters, beta3 = 0 and
    rho = c = gamma = 1 (or the preset's) are pinned. `reference` is what rho interpolates v with, its "mean" or its
    "max". `correction` "power" divides by 1 - beta^t with the beta of the step, as in the paper, "product" by
    1 - prod beta_s: the same number until a beta moves, exact also then, and cheaper. `convention` "published" takes
    the step of MADA's code (`PUBLISHED_MADA`); "theory" takes the form that the theorems are about: alpha_t =
    alpha/sqrt(t), no bias correction, eps inside the root. `lag` = 1 makes the coefficients predictable (see
    `learned`). `safeguard` "max" is T8's and "sum" T8log's form of the theory step, in which only beta2, beta3, rho and
    c may be learned and beta3 acts inside the square only.

    `previous_gradient` "kept" makes the difference g_t - g_(t-1), "zeroed" g_t ("auto" without a preset: "zeroed" in
    the published convention, else "kept"). `average_derivative` "complete" differentiates vhat through its reference,
    "cut" holds that. `start` is the first step that learns, `clip` bounds every hyper-gradient (inf: none).
    """
    setting = preset_of(None if preset == "none" else preset, False)
    preset_given = setting is not ADAM
    names = list(setting.learn) if learn == "auto" and preset_given else _names("all" if learn == "auto" else learn)
    convention = setting.convention if convention == "auto" else convention
    changed = ({"start": start} if start else {}) | ({"clip": clip if clip < np.inf else None} if clip else {})
    asked = request(
        {name: replace(setting.learn.get(name, Descent()), **changed) for name in names},
        reference=reference,
        convention=convention,
        previous_gradient=setting.previous_gradient if previous_gradient == "auto" else previous_gradient,
        average_derivative=setting.average_derivative if average_derivative == "auto" else average_derivative,
        correction=correction,
        safeguard=safeguard,
        lag=lag,
        # what the published code computes is a power also while the decays are constant
        steady=convention != "published" and not {"beta1", "beta2"} & set(names),
    )
    sign = ("beta1_lion", "beta2_lion") if "gamma" in names else ()
    inside = tuple(name for name in _INSIDE if name in names)
    point = asked.point(
        ("alpha", "beta1", "beta2", *inside, "eps", *sign, *(("W",) if safeguard == "sum" else ())),
        {name: setting.initial[name] for name in _INSIDE if name not in names},
    )
    initial = {**setting.initial, **({} if preset_given else {"rho": 0.5})}
    given = ("beta2", *inside, *(("beta1",) if preset_given else ()))
    defaults = {name: initial[name] for name in given} | ({"alpha": setting.alpha} if preset_given else {})
    return learned(point.defaults(eps=setting.eps, **defaults), asked.rules, lag=lag, name="mada")


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
