"""What `mada` is asked to do, checked: what is learned, moving or a fixed number, and how a step is read again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from madatheory.deprecated import respelled
from madatheory.errors import UserError, choice
from madatheory.hparams import Parameter, one_number, whole
from madatheory.optimizers.convention import Convention
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Array, Clock, Optimizer
from madatheory.optimizers.presets import preset_of
from madatheory.optimizers.request import BOUNDS, CLIP, MOMENTUM, RATE, Descent, MadaRequest, Value, bounds_of, request
from madatheory.optimizers.schedule import SCHEDULES
from madatheory.optimizers.update import PARAMETERS
from madatheory.training.arguments import FAMILY, OPTAX, Mask, argument, in_optax, spelled

Learn = Mapping[str, Value | Descent]
"""Coefficient -> `Descent`, or the hyper learning rate alone."""

ConventionName = Literal["practical", "published", "theory"]
PreviousGradient = Literal["kept", "zeroed"]
AverageDerivative = Literal["complete", "cut"]
PresetName = Literal["train_ddp", "train", "toy"]


class Source(NamedTuple):
    """Whose gradient makes hyper-gradients, and the argument of `update` that brings it ("" for the step's own)."""

    what: str
    argument: str


SOURCES: Mapping[str, Source] = {
    "training": Source("the training loss", ""),
    "validation": Source("a validation loss", "validation_gradient"),
    "micro_batch": Source("one micro-batch", "micro_batch_gradient"),
}


@dataclass(frozen=True)
class MadaPlan:
    """A checked request, with everything that the steps need.

    `point` is the family member that takes the steps; `bounds` belong to the learned coefficients; `moving` holds every
    coefficient that is no fixed number (initial values of the learned ones, arrays, schedules). `readout`, where given,
    turns the state *after* a step into that step's delta, so that nothing but this state need be kept. `arguments` are
    those of `make_plan` that are not `learn`, with what a preset says filled in.
    """

    request: MadaRequest
    point: Optimizer
    readout: Optimizer | None
    bounds: Mapping[str, Parameter]
    moving: Mapping[str, Value]
    fixed: Mapping[str, float]
    source: str
    weight_decay: float | Array
    mask: Mask
    arguments: Mapping[str, Any]

    @property
    def rules(self) -> Mapping[str, Descent]:
        """The learned coefficients."""
        return self.request.rules

    @property
    def decays(self) -> bool:
        """Whether parameters decay."""
        return not is_number(self.weight_decay) or self.weight_decay > 0

    @property
    def replays(self) -> bool:
        """Whether the last gradient is kept and its step redone."""
        return bool(self.rules) and self.readout is None

    @cached_property
    def like_parameters(self) -> dict[str, bool]:
        """The parts of a state by name: whether it is an array like the leaf, or a number that all leaves share."""
        state = jax.eval_shape(lambda: self.point.init({name: jnp.zeros([]) for name in self.moving}, jnp.zeros(2)))
        return {name: part.ndim > 0 for name, part in state.items()}

    def alpha(self, values: Mapping[str, Array], t: Array) -> Array:
        """alpha_t of step `t`: alpha itself, or alpha/sqrt(t) in the theory form."""
        alpha = values["alpha"] if "alpha" in values else self.fixed["alpha"]
        return SCHEDULES[self.point.traits["schedule"]].alpha({"alpha": alpha}, Clock(t, np.nan))


def is_number(value: object) -> bool:
    """Whether `value` stays what it is, so that the parts of the step that it switches off are left out.

    A JAX array does not count: `optax.inject_hyperparams` gives known ones first and traced ones later.
    """
    return not callable(value) and not isinstance(value, Tracer | jax.Array)


def make_plan(
    learn: Learn | None,
    *,
    preset: str | None = None,
    reference: str = "mean",
    convention: str | None = None,
    previous_gradient: str | None = None,
    average_derivative: str | None = None,
    correction: str = "power",
    safeguard: str = "none",
    lag: int = 0,
    source: str = "training",
    weight_decay: float | Array = 0.0,
    mask: Mask = None,
    **coefficients: Value | None,
) -> MadaPlan:
    """The `MadaPlan` of these arguments (see `mada`); `UserError` for each that cannot be served."""
    choice("source of hyper-gradients", source, SOURCES)
    setting = preset_of(preset, learn is None)
    weight_decay = one_number("weight_decay", weight_decay, Parameter(0.0, 0))
    left_out = in_optax({**setting.initial, "eps": setting.eps})
    coefficients = {name: left_out[name] if v is None and name in left_out else v for name, v in coefficients.items()}
    given = {FAMILY.get(name, name): argument(f"mada: {name}", v) for name, v in coefficients.items()}
    rules = _rules(in_optax(setting.learn) if learn is None else learn, given)
    fixed = {k: float(np.asarray(v)) for k, v in given.items() if k not in rules and is_number(v)}
    moving = {k: v for k, v in given.items() if k not in fixed}
    options: dict[str, Any] = {
        "reference": reference,
        "convention": setting.convention if convention is None else convention,
        "previous_gradient": setting.previous_gradient if previous_gradient is None else previous_gradient,
        "average_derivative": setting.average_derivative if average_derivative is None else average_derivative,
        "correction": correction,
        "safeguard": safeguard,
        "lag": lag,
    }
    asked = request(rules, **options, steady=not {"beta1", "beta2"} & set(moving), spelling=OPTAX)
    if asked.convention.safeguard != "none":
        _refuse_moving(given)
    for name, value in given.items():
        if not callable(value) and not isinstance(value, Tracer):
            _range(name, asked.convention).refuse(f"mada: {spelled(name)}", value)
    point = asked.point(moving, fixed)
    bounds = {k: bounds_of(k, point.parameters, rule, "mada", spelled(k)) for k, rule in asked.rules.items()}
    for name, allowed in bounds.items():
        if not isinstance(given[name], Tracer):
            allowed.refuse(f"mada: initial {spelled(name)}", given[name])
    readout = _readout(asked, moving, fixed)
    arguments = in_optax(given) | options | {"source": source, "weight_decay": weight_decay, "mask": mask}
    return MadaPlan(asked, point, readout, bounds, moving, fixed, source, weight_decay, mask, arguments)


def _range(name: str, kind: Convention) -> Parameter:
    """The admitted values of a coefficient; eps = 0 is one where eps is added to a root."""
    known = PARAMETERS[name]
    return replace(known, open_low=False) if name == "eps" and kind.eps_place != "inside" else known


def _rules(learn: Learn, given: Mapping[str, Value]) -> dict[str, Descent]:
    """The learned coefficients by the family's names, the numbers of their rules checked."""
    if not isinstance(learn, Mapping):
        raise UserError(f"learn = {learn!r}: give a mapping from coefficients to step sizes, such as {{'rho': 0.01}}")
    rules: dict[str, Descent] = {}
    for key, rule in learn.items():
        said = respelled("mada: learn", key, OPTAX)
        choice("learned coefficient of mada", said, [spelled(name) for name in BOUNDS])
        name = FAMILY.get(said, said)
        if name in rules:
            raise UserError(f"mada: learn names {said} twice")
        if callable(given[name]):
            raise UserError(f"mada: {said} is learned and has a schedule too; give a number, its initial value")
        rules[name] = _checked(said, rule if isinstance(rule, Descent) else Descent(rule))
    return rules


def _checked(said: str, rule: Descent) -> Descent:
    """The rule with its numbers as Python numbers, where they are known; `bounds_of` asks for the bounds' range."""
    rate = argument(f"hyper_learning_rate of {said}", rule.hyper_learning_rate, RATE)
    momentum = float(one_number(f"hyper_momentum of {said}", rule.hyper_momentum, MOMENTUM, known=True))
    low, high = (
        None if end is None else float(one_number(f"{what} bound of {said}", end, known=True))
        for what, end in (("low", rule.low), ("high", rule.high))
    )
    start = whole(f"start of {said}", rule.start, 1)
    clip = None if rule.clip is None else float(one_number(f"clip of {said}", rule.clip, CLIP, known=True))
    return Descent(float(rate) if is_number(rate) else rate, momentum, low, high, start, clip)


def _refuse_moving(given: Mapping[str, Value]) -> None:
    """T8 and T8log hold for constant alpha and beta1, and for gamma = 1."""
    for name in ("alpha", "beta1"):
        if callable(given[name]):
            raise UserError(f"mada: with a safeguard {spelled(name)} stays fixed (T8, T8log); give a number")
    if callable(given["gamma"]) or not is_number(given["gamma"]) or given["gamma"] != 1:
        raise UserError("mada: a safeguard is defined for gamma = 1")


def _readout(request: MadaRequest, moving: Mapping[str, Value], fixed: Mapping[str, float]) -> Optimizer | None:
    """The family's step with its moments stopped (decays 1, nothing new in the average), if only alpha or rho learn.

    alpha and rho act on the moments after the step, so that step's delta and its derivatives can be read off the state
    it left. The others act on the moments before it and on the gradient, which must then be kept.
    """
    kind = request.convention
    stopped = (
        set(request.rules) <= {"alpha", "rho"}
        and fixed.get("gamma") == 1.0
        and fixed.get("beta3") == 0.0
        and fixed.get("beta1") != 0.0  # then no first moment is kept: m_t = g_t, which the state does not have
        and kind.safeguard == "none"
        and kind.bias_correction in ("none", "product")
    )
    if not stopped:
        return None
    free = tuple(name for name in ("alpha", "rho", "eps") if name in moving or name == "alpha")
    pinned = {"beta1": 1.0, "beta2": 1.0, "beta3": 0.0, "c": 1.0, "gamma": 1.0}
    pinned |= {name: fixed[name] for name in ("rho", "eps") if name not in free}
    return member("readout", "moments stopped", free=free, pinned=pinned, convention=kind, schedule="constant")
