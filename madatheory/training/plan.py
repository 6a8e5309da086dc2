"""What a training-time MADA is asked to do, checked once: which coefficients are learned, moving or fixed, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jax.core import Tracer

from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.optimizers.convention import PRACTICAL, PUBLISHED_MADA, THEORY, Convention
from madatheory.optimizers.family import member
from madatheory.optimizers.hypergradient import BOXES, SAFEGUARDS, Learned, learned, refuse_unsafe
from madatheory.optimizers.optimizer import Array, Clock, Optimizer
from madatheory.optimizers.schedule import SCHEDULES
from madatheory.optimizers.update import PARAMETERS
from madatheory.training.arguments import choice, natural, number
from madatheory.training.arguments import given as argument

Value = float | Array | Callable[[Array], Array]
"""A coefficient: a number, an array of one number (a traced one too), or a function of the number of steps done."""


class Descent(NamedTuple):
    """How one coefficient h is learned: p <- mu p + dl/dh, h <- clamp(h - kappa p).

    `kappa` is the hyper step size, a number or a function of the number of steps done. It has no default: dl/dh has the
    units of loss over h, so no value fits all losses. `mu` in [0, 1) is the momentum. `low` and `high` are the ends of
    the box; they default to `BOXES` (Ozkara et al. 2024). Before step `start` (1, 2, ..) nothing is learned.
    """

    kappa: Value
    mu: float = 0.0
    low: float | None = None
    high: float | None = None
    start: int = 1


Learn = Mapping[str, float | Descent]
"""Coefficient -> `Descent`, or the number kappa alone."""

ConventionName = Literal["clean", "published", "theory"]
_CONVENTIONS: Mapping[str, Convention] = {"clean": PRACTICAL, "published": PUBLISHED_MADA, "theory": THEORY}
_PARTNERS = ("average", "max")
_CORRECTIONS = ("power", "product")
_SOURCES = ("training", "validation")


@dataclass(frozen=True)
class Plan:
    """A checked request.

    `point` is the family member that takes the steps; `rules` and `boxes` belong to the learned coefficients; `moving`
    holds every coefficient that is no fixed number (initial values of the learned ones, arrays, schedules). `readout`,
    where given, turns the state *after* a step into that step's delta, so that nothing but this state need be kept.
    """

    point: Optimizer
    readout: Optimizer | None
    rules: Mapping[str, Descent]
    boxes: Mapping[str, Parameter]
    moving: Mapping[str, Value]
    fixed: Mapping[str, float]
    schedule: str
    lag: int
    source: str
    weight_decay: float | Array
    mask: Any

    @property
    def derived(self) -> tuple[str, ...]:
        """The coefficients whose hyper-gradient is formed: those learned, and alpha with the readout.

        There alpha's is the inner product with the step itself, good to log and not only free: on a CPU, XLA compiles a
        block with this second sum to vector code, and one with rho's alone to a scalar loop, a third as fast.
        """
        return tuple(dict.fromkeys([*self.rules, *(("alpha",) if self.readout is not None and self.rules else ())]))


def is_number(value: Any) -> bool:
    """Whether `value` stays what it is, so that the parts of the step that it switches off are left out.

    A JAX array does not count: `optax.inject_hyperparams` gives known ones first and traced ones later.
    """
    return not callable(value) and not isinstance(value, Tracer | jax.Array)


def make_plan(
    learn: Learn,
    given: Mapping[str, Value],
    *,
    partner: str,
    convention: str,
    correction: str,
    safeguard: str,
    lag: int,
    source: str,
    weight_decay: float | Array,
    mask: Any,
) -> Plan:
    """The `Plan` of these arguments (see `mada`); `UserError` for each that cannot be served."""
    for kind, name, known in (
        ("convention of mada", convention, _CONVENTIONS),
        ("partner of mada", partner, _PARTNERS),
        ("correction of mada", correction, _CORRECTIONS),
        ("safeguard of mada", safeguard, SAFEGUARDS),
        ("source of hyper-gradients", source, _SOURCES),
    ):
        choice(kind, name, known)
    if not isinstance(lag, int) or isinstance(lag, bool) or lag not in (0, 1):
        raise UserError(f"lag = {lag!r}: give 0 (h_t sees g_t) or 1 (h_t is a function of g_1 .. g_(t-1), as T6 asks)")
    if convention == "published" and correction != "power":
        raise UserError("mada: the published convention corrects by 1 - beta^t; give correction='power'")
    weight_decay = number("weight_decay", weight_decay, Parameter(0.0, 0))
    given = {name: argument(f"mada: {name}", value) for name, value in given.items()}
    rules = _rules(learn, given)
    _refuse_what_no_theorem_covers(rules, given, convention, safeguard)

    fixed = {k: float(np.asarray(v)) for k, v in given.items() if k not in rules and is_number(v)}
    moving = {k: v for k, v in given.items() if k not in fixed}
    kind = replace(_CONVENTIONS[convention], partner=partner)
    if safeguard != "none":
        kind = replace(kind, difference_place="square", safeguard=safeguard)
    if kind.bias_correction != "none":
        # with constant decays both are the same number, and the product needs no power
        steady = not {"beta1", "beta2"} & set(moving)
        kind = replace(kind, bias_correction="product" if steady else correction)
    for name, value in given.items():
        if not callable(value) and not isinstance(value, Tracer):
            _range(name, kind).refuse(f"mada: {name}", value)

    schedule = "inverse_sqrt" if convention == "theory" else "constant"
    point = member(
        "mada",
        "the family",
        free=tuple(moving),
        pinned=fixed,
        form="theory" if convention == "theory" else "practical",
        convention=kind,
        schedule=schedule,
        source="Ozkara et al., MADA, ICML 2024",
    )
    boxes = {}
    for name, rule in rules.items():
        kappa = rule.kappa if is_number(rule.kappa) else 0.0
        narrowed = learned(point, {name: Learned(kappa, rule.mu, rule.low, rule.high, rule.start)})  # type: ignore[arg-type]
        boxes[name] = narrowed.parameters[name]
        if not isinstance(given[name], Tracer):
            boxes[name].refuse(f"mada: initial {name}", given[name])
    readout = _readout(rules, moving, fixed, kind)
    return Plan(point, readout, rules, boxes, moving, fixed, schedule, lag, source, weight_decay, mask)


def _range(name: str, kind: Convention) -> Parameter:
    """The admitted values of a coefficient; eps = 0 is one where eps is added to a root."""
    known = PARAMETERS[name]
    return replace(known, open_low=False) if name == "eps" and kind.eps_place != "inside" else known


def _rules(learn: Learn, given: Mapping[str, Value]) -> dict[str, Descent]:
    if not isinstance(learn, Mapping):
        raise UserError(f"learn = {learn!r}: give a mapping from coefficients to step sizes, such as {{'rho': 0.01}}")
    rules = {}
    for name, rule in learn.items():
        choice("learned coefficient of mada", name, BOXES)
        if callable(given[name]):
            raise UserError(f"mada: {name} is learned and has a schedule too; give a number, its initial value")
        rules[name] = _checked(name, rule if isinstance(rule, Descent) else Descent(rule))
    return {name: rules[name] for name in BOXES if name in rules}


def _checked(name: str, rule: Descent) -> Descent:
    """The rule with its numbers as Python numbers, where they are known; boxes are checked with the member's ranges."""
    kappa = argument(f"kappa_{name}", rule.kappa, Parameter(0.0, 0))
    low, high = (
        None if end is None else float(number(f"{what} end of the box of {name}", end, Parameter(0.0), known=True))
        for what, end in (("low", rule.low), ("high", rule.high))
    )
    mu = float(number(f"mu_{name}", rule.mu, Parameter(0.0, 0, 1, open_high=True), known=True))
    start = natural(f"start of {name}", rule.start, "the number of a step, 1, 2, ..", 1)
    return Descent(float(kappa) if is_number(kappa) else kappa, mu, low, high, start)


def _refuse_what_no_theorem_covers(
    rules: Mapping[str, Descent], given: Mapping[str, Value], convention: str, safeguard: str
) -> None:
    """The safeguarded form exists for the sake of T8 and T8log, so it is refused outside of what they state."""
    if safeguard == "none":
        return
    refuse_unsafe(rules, convention)
    for name in ("alpha", "beta1"):
        if callable(given[name]):
            raise UserError(f"mada: with a safeguard {name} stays fixed (T8, T8log); give a number")
    if callable(given["gamma"]) or not is_number(given["gamma"]) or given["gamma"] != 1:
        raise UserError("mada: a safeguard is defined for gamma = 1")


def _readout(
    rules: Mapping[str, Descent], moving: Mapping[str, Value], fixed: Mapping[str, float], kind: Convention
) -> Optimizer | None:
    """The family's step with its moments stopped (decays 1, nothing new in the average), if only alpha or rho learn.

    alpha and rho act on the moments after the step, so that step's delta and its derivatives can be read off the state
    it left. The others act on the moments before it and on the gradient, which must then be kept.
    """
    stopped = (
        set(rules) <= {"alpha", "rho"}
        and fixed.get("gamma") == 1.0
        and fixed.get("beta3") == 0.0
        and kind.safeguard == "none"
        and kind.bias_correction in ("none", "product")
    )
    if not stopped:
        return None
    free = tuple(name for name in ("alpha", "rho", "eps") if name in moving or name == "alpha")
    # beta1 = 0 means that no first moment is kept: then m_t = g_t, which the state does not have
    if fixed.get("beta1") == 0.0:
        return None
    pinned = {"beta1": 1.0, "beta2": 1.0, "beta3": 0.0, "c": 1.0, "gamma": 1.0}
    pinned |= {name: fixed[name] for name in ("rho", "eps") if name not in free}
    return member("readout", "moments stopped", free=free, pinned=pinned, convention=kind, schedule="constant")


def rate_alpha(plan: Plan, values: Mapping[str, Array], t: Array) -> Array:
    """alpha_t of step `t`: alpha itself, or alpha/sqrt(t) in the theory form."""
    alpha = values["alpha"] if "alpha" in values else plan.fixed["alpha"]
    return SCHEDULES[plan.schedule].alpha({"alpha": alpha}, Clock(t, np.nan))
