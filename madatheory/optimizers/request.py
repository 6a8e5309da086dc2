"""What MADA is asked to do, checked once for all of its forms: what is learned, how, in which bounds, by which step.

The engine's member and the optax transformation share it. Coefficients have the papers' names here; a form that calls
them otherwise gives its spelling, for messages.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optax

from madatheory.deprecated import renamed, respelled
from madatheory.errors import UserError, choice, unknown
from madatheory.hparams import Parameter, whole
from madatheory.optimizers.convention import PRACTICAL, PUBLISHED_MADA, THEORY, Convention
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Optimizer

Value = optax.ScalarOrSchedule
"""A coefficient: a number, an array of one number (a traced one too), or a function of the number of steps done."""

BOUNDS: Mapping[str, tuple[float, float]] = {
    "alpha": (0.0, np.inf),
    "beta1": (0.01, 0.99),
    "beta2": (0.501, 0.99),
    "beta3": (0.0, 0.99),
    "rho": (0.0, 1.0),
    "c": (0.0, 1.0),
    "gamma": (0.0, 1.0),
}
"""Where a learned coefficient is kept unless told otherwise (Ozkara et al. 2024, and alpha > 0)."""

CONVENTIONS: Mapping[str, Convention] = {"practical": PRACTICAL, "published": PUBLISHED_MADA, "theory": THEORY}
REFERENCES = ("mean", "max")
"""What rho interpolates v with, the second-moment reference."""
CORRECTIONS = ("power", "product")
PREVIOUS_GRADIENTS = ("kept", "zeroed")
"""The difference is g_t - g_(t-1), or g_t."""
AVERAGE_DERIVATIVES = ("complete", "cut")
"""Whether vhat is differentiated through the second-moment reference."""
SAFEGUARDS = ("none", "max", "sum")
"""No safeguard, T8's and T8log's."""
_INSIDE = ("beta2", "beta3", "rho", "c")  # what T8 and T8log allow to move

RATE = Parameter(0.01, 0)
"""The range of a hyper learning rate, and its default in the engine."""
MOMENTUM = Parameter(0.0, 0, 1, open_high=True)
CLIP = Parameter(10.0, 0, open_low=True)
_OLD = {"kappa": "hyper_learning_rate", "mu": "hyper_momentum"}


@dataclass(frozen=True)
class Descent:
    """How one coefficient h is learned: p <- hyper_momentum p + dl/dh, h <- clamp(h - hyper_learning_rate p).

    p is dl/dh the first time.
    In `mada` the hyper learning rate is a number or a function of the number of steps done, and must be given: dl/dh
    has the units of loss over h, so no value fits all losses. In the engine it is a number, .01 unless given, and with
    the momentum the default of the hyper-parameters kappa_<name> and mu_<name>. `low` and `high` are the bounds of h;
    they default to `BOUNDS` (Ozkara et al. 2024), and to the hyper-parameter's own range for a name not there. Before
    step `start` (1, 2, ..) nothing is learned. With a `clip`, a number > 0, dl/dh is first brought within
    [-clip, clip], the norm of each single hyper-gradient being limited.
    """

    hyper_learning_rate: Value | None = None
    hyper_momentum: float = 0.0
    low: float | None = None
    high: float | None = None
    start: int = 1
    clip: float | None = None

    def __getattr__(self, name: str) -> Any:
        if name not in _OLD:
            raise AttributeError(f"Descent has no {name!r}")
        return getattr(self, respelled("Descent", name, _OLD))


Descent.__init__ = renamed(**_OLD)(Descent.__init__)


@dataclass(frozen=True)
class MadaRequest:
    """A checked request: the learned coefficients in the order of `BOUNDS`, the convention of the step, and the lag."""

    rules: Mapping[str, Descent]
    convention: Convention
    form: str
    lag: int

    def point(self, free: Iterable[str], pinned: Mapping[str, float]) -> Optimizer:
        """The member of the family that takes the steps."""
        return member(
            "mada",
            "the family",
            free=tuple(free),
            pinned=pinned,
            form=self.form,
            convention=self.convention,
            source="Ozkara et al., MADA, ICML 2024",
        )


def request(
    rules: Mapping[str, Descent],
    *,
    reference: str,
    convention: str,
    correction: str,
    safeguard: str,
    lag: int,
    steady: bool,
    previous_gradient: str | None = None,
    average_derivative: str = "complete",
    spelling: Mapping[str, str] | None = None,
) -> MadaRequest:
    """The `MadaRequest` of these options (see `mada`); `UserError` for each that cannot be served.

    `previous_gradient` None is the convention's own.
    `steady` says that both decays are constant: their corrections are then the same number either way, and the product
    needs no power. `spelling` gives the names of coefficients in messages where they are not the papers'.
    """
    reference = respelled("mada: reference", reference, {"average": "mean"})
    convention = respelled("mada: convention", convention, {"clean": "practical"})
    choice("convention of mada", convention, CONVENTIONS)
    choice("reference of mada", reference, REFERENCES)
    choice("correction of mada", correction, CORRECTIONS)
    choice("safeguard of mada", safeguard, SAFEGUARDS)
    choice("average_derivative of mada", average_derivative, AVERAGE_DERIVATIVES)
    check_lag(lag)
    if correction != "power" and convention == "published":
        raise UserError("mada: the published convention corrects by 1 - beta^t; give correction='power'")
    if correction != "power" and convention == "theory":
        raise UserError("mada: the theory form has no bias correction to choose; leave correction out")
    kind = replace(CONVENTIONS[convention], reference=reference, average_derivative=average_derivative)
    if previous_gradient is not None:
        choice("previous_gradient of mada", previous_gradient, PREVIOUS_GRADIENTS)
        kind = replace(kind, previous_gradient=previous_gradient)
    if safeguard != "none":
        _refuse_unsafe(rules, convention, spelling or {})
        kind = replace(kind, difference_place="square", safeguard=safeguard)
    if kind.bias_correction != "none":
        kind = replace(kind, bias_correction="product" if steady else correction)
    ordered = {name: rules[name] for name in BOUNDS if name in rules}
    return MadaRequest(ordered, kind, "theory" if convention == "theory" else "practical", lag)


def _refuse_unsafe(names: Collection[str], convention: str, spelling: Mapping[str, str]) -> None:
    """The safeguarded form exists for the sake of T8 and T8log, so it is refused outside of what they state."""
    if convention != "theory":
        raise UserError("mada: a safeguard is defined for the theory form: the convention must be 'theory'")
    for name in names:
        if name not in _INSIDE:
            moving = ", ".join(spelling.get(one, one) for one in _INSIDE)
            raise UserError(
                f"mada: with a safeguard {spelling.get(name, name)} cannot be learned: T8 and T8log let only {moving} "
                "move (docs/theory.md, T8: the restrictions are needed)"
            )


def check_lag(lag: int) -> None:
    """`UserError` for a lag other than 0 and 1."""
    if not isinstance(lag, int) or isinstance(lag, bool) or lag not in (0, 1):
        hint = "; optax.inject_hyperparams needs static_args='lag'" if hasattr(lag, "dtype") else ""
        raise UserError(
            f"lag = {lag!r}: give 0 (h_t sees g_t) or 1 (h_t is a function of g_1 .. g_(t-1), as T6 asks){hint}"
        )


def bounds_of(name: str, parameters: Mapping[str, Parameter], rule: Descent, owner: str, said: str = "") -> Parameter:
    """The hyper-parameter `name` of `owner`, called `said` in messages, with its range narrowed to the rule's bounds.

    Raises `UserError` for a name that is not in `parameters`, bounds outside its range, and a start before step 1.
    """
    said = said or name
    if name not in parameters:
        raise unknown(f"coefficient of {owner}", said, parameters)
    full = parameters[name]
    low, high = BOUNDS.get(name, (full.low, full.high))
    low, high = low if rule.low is None else rule.low, high if rule.high is None else rule.high
    if not low < high:
        raise UserError(f"{said}: the bounds [{low:g}, {high:g}] are empty; give low < high")
    open_low = full.open_low and low == full.low == 0
    ends = {"low": None if open_low else low, "high": None if high == np.inf else high}
    for end, value in ends.items():
        if value is not None:
            full.refuse(f"{end} bound of {said}", value)
    whole(f"start of {said}", rule.start, 1)
    if rule.clip is not None:
        CLIP.refuse(f"clip of {said}", rule.clip)
    # a default outside the bounds moves to the nearest; a value that is given there is refused by the range
    default = min(max(full.default, low), high)
    return replace(full, default=default, low=low, high=high, open_low=open_low, open_high=high == np.inf)
