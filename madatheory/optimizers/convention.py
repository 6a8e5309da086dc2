"""Conventions: everything that two implementations of "the same" method can disagree on, as one explicit value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Convention:
    """The switches of the family's step. Each field says which of the known variants a method follows.

    eps_place            inside: sqrt(eps + vhat); outside: sqrt(vhat) + eps with vhat corrected; outside_before:
                         (sqrt(vhat) + eps)/sqrt(correction) with vhat uncorrected
    bias_correction      none; power: 1 - beta^t with the current beta; product: 1 - prod_{s<=t} beta_s (the same number
                         while beta is constant, and cheaper in a time loop); exact: product for m and v, and for vbar
                         what the same average gives on a constant gradient, 1 - beta2(1-beta2^t)/(t(1-beta2))
    reference              what rho interpolates v with: its running average vbar or its running maximum vmax
    max_order            the maximum over v (before_correction) or over v/(1-beta2^t) (after_correction)
    first_moment,        averaged: weight 1-beta on the new term; summed: weight 1
    second_moment
    initial_*            initial values of m, v, vmax and n; n may start at "first_gradient_squared"
    first_difference     g_1 - g_0: zero, or the gradient itself (g_0 = 0)
    previous_gradient    kept; zeroed: every difference g_t - g_{t-1} is g_t
    average_derivative   complete; cut: vbar_t is held constant when vhat_t is differentiated in beta2, beta3 and c, so
                         that d vhat/dv is rho and not rho + (1-rho)/t. No number of the step itself depends on it
    difference_weight    weight of the difference in the look-ahead gradient and of n in the numerator: beta3 (Adan's
                         paper, MADA) or 1-beta3 (optax)
    difference_place     numerator_and_square, or square: the difference enters the second moment only
    difference_correction  whether n is corrected like m (Adan's code, optax) or not (MADA)
    lion_order           sign(u) from l before its update (old: Lion's paper) or after it (new)
    safeguard            none; max: b_t = max(b_{t-1}, t(eps+vhat_t)), b_0 = eps; sum: also >= eps + W sum_{s<=t} g_s^2
    """

    eps_place: Literal["inside", "outside", "outside_before"] = "inside"
    bias_correction: Literal["none", "power", "product", "exact"] = "none"
    reference: Literal["mean", "max"] = "mean"
    max_order: Literal["before_correction", "after_correction"] = "before_correction"
    first_moment: Literal["averaged", "summed"] = "averaged"
    second_moment: Literal["averaged", "summed"] = "averaged"
    initial_m: float = 0.0
    initial_v: float = 0.0
    initial_reference: float = 0.0
    initial_n: float | Literal["first_gradient_squared"] = 0.0
    first_difference: Literal["zero", "gradient"] = "zero"
    previous_gradient: Literal["kept", "zeroed"] = "kept"
    average_derivative: Literal["complete", "cut"] = "complete"
    difference_weight: Literal["beta3", "1-beta3"] = "beta3"
    difference_place: Literal["numerator_and_square", "square"] = "numerator_and_square"
    difference_correction: bool = False
    lion_order: Literal["old", "new"] = "old"
    safeguard: Literal["none", "max", "sum"] = "none"


THEORY = Convention()
"""No bias correction, eps inside the root: the form that the theorems are about."""

PRACTICAL = Convention(eps_place="outside", bias_correction="product")
"""Bias corrections, eps added to the corrected root: what the common libraries run."""

DEFOSSEZ = Convention(first_moment="summed", second_moment="summed")
"""Sums instead of averages, the corrections moved into alpha_t (Defossez, Bottou, Bach, Usunier, TMLR 2022)."""

PUBLISHED_MADA = Convention(
    eps_place="outside",
    bias_correction="power",
    initial_v=1e-15,
    initial_reference=1e-15,
    initial_n="first_gradient_squared",
    first_difference="gradient",
    previous_gradient="zeroed",
    lion_order="new",
)
"""The step of MADA's published code, as against its formulas: l is updated before u, v starts at 1e-15, n at g_1^2
(never corrected), and g_0 = 0. Its training scripts zero the stored previous gradient, its toy keeps it."""

FORMS: Mapping[str, Convention] = {"theory": THEORY, "practical": PRACTICAL, "defossez": DEFOSSEZ}
