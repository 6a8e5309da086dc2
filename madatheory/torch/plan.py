"""What MADA's step in PyTorch computes and keeps, read off the plan of `madatheory.mada`, which checks the request.

The state is that *after* the last step. A hyper-gradient needs more of that step than the moments it left, namely

    lr, rho, gamma    nothing else (gamma, and lr beside a sign part: sign(u))
    b1                g:    m_{t-1} - g_t = (m_t - g_t)/b1
    b2                g:    v_{t-1} - q_t = (v_t - q_t)/b2, q_t = gh_t^2 at c = 1
    b3                g:    d(b3 n_t)/d b3 = n_t + b3 (n_{t-1} - D_t) = 2 n_t - D_t
    c                 g and v_{t-1}, which c < 1 does not give back

and g_t - g_{t-1} where it enters q. Only that is kept, as arrays like the parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.optimizers.convention import Convention
from madatheory.optimizers.request import Descent
from madatheory.optimizers.update import Member, Parts
from madatheory.training.arguments import FAMILY, OPTAX
from madatheory.training.plan import make_plan

TORCH: Mapping[str, str] = {**OPTAX, "alpha": "lr"}
"""PyTorch's names of the coefficients that the papers call otherwise."""
_SPELLED = {"lr": "learning_rate"}
Betas = tuple[float | Tensor, float | Tensor]
COEFFICIENTS = ("alpha", "beta1", "beta2", "beta3", "rho", "c", "gamma", "eps", "beta1_lion", "beta2_lion")
"""Every number of the step that a parameter group has, by the papers' names."""
FREE = ("lr", "weight_decay")
"""What of a parameter group may change between steps."""
_TINY_DECAY = 0.01
"""Down to this decay (m_t - g_t)/b1 is as good as m_{t-1} - g_t, which is kept where it may be smaller."""

_UNUSED = 0.01
"""The weight of T8log's sum, which `make_plan` asks for and no step here uses."""


@dataclass(frozen=True)
class StepPlan:
    """A checked request: what is learned, by which rules and in which bounds, what is fixed, and which arrays exist.

    `arrays` maps the key of every array of a parameter's state to its initial value. Coefficients have the papers'
    names.
    """

    kind: Convention
    parts: Parts
    rules: Mapping[str, Descent]
    bounds: Mapping[str, Parameter]
    start: Mapping[str, float]
    inverse_sqrt: bool
    lag: int
    source: str
    arrays: Mapping[str, float]

    @property
    def product(self) -> bool:
        """Whether corrections are products of the decays so far, and not powers of the present one."""
        return self.kind.bias_correction == "product" and self.learns("beta1", "beta2")

    def learns(self, *names: str) -> bool:
        """Whether one of these is learned."""
        return any(name in self.rules for name in names)


def word(name: str) -> str:
    """PyTorch's name of a coefficient."""
    return TORCH.get(name, name)


WORDS = tuple(map(word, COEFFICIENTS))
"""PyTorch's names of `COEFFICIENTS`."""


def decays(who: str, betas: Betas | None, b1: Any, b2: Any) -> tuple[Any, Any]:
    """b1 and b2, which PyTorch's users give as a pair; `UserError` for anything else than a pair, or both at once."""
    if betas is None:
        return b1, b2
    if not isinstance(betas, Sequence) or isinstance(betas, str) or len(betas) != 2:
        raise UserError(f"{who}: betas = {betas!r:.60}: give two numbers, betas=(b1, b2)")
    for name, value in (("b1", b1), ("b2", b2)):
        if value is not None:
            raise UserError(f"{who}: betas = {tuple(betas)!r:.60} and {name} = {value!r:.20} are given: leave one out")
    return betas[0], betas[1]


def step_plan(learn: Mapping[str, Any] | None, values: Mapping[str, Any], options: Mapping[str, Any]) -> StepPlan:
    """The plan of `learn` for the numbers of one parameter group; `UserError` for what cannot be served.

    `values` has the group's numbers by PyTorch's names, None for what the preset says.
    """
    given = {_SPELLED.get(key, key): value for key, value in values.items()}
    for name, value in given.items():
        if callable(value):
            raise UserError(
                f"MADA: {word(FAMILY.get(name, name))} is a function; schedules are torch.optim.lr_scheduler's"
            )
    asked = learn
    if isinstance(learn, Mapping):
        if {"lr", "learning_rate"} <= learn.keys():
            raise UserError("MADA: learn names lr twice")
        asked = {_SPELLED.get(key, key): rule for key, rule in learn.items()}
        for name, rule in asked.items():
            if callable(rule.hyper_learning_rate if isinstance(rule, Descent) else rule):
                raise UserError(f"MADA: the hyper learning rate of {name} is a function; give a number")
    plan = make_plan(asked, W=_UNUSED, **given, **options)
    kind = plan.request.convention
    if kind.safeguard != "none":
        raise UserError(
            "MADA: a safeguard exists for the sake of T8 and T8log and is offered by madatheory.mada (optax) only; "
            "leave safeguard out"
        )
    known: dict[str, Any] = {**plan.moving, **plan.fixed}
    start = {name: float(known[name]) for name in COEFFICIENTS}
    parts = Member(plan.fixed, kind).parts(plan.moving)
    arrays = _arrays(kind, parts, plan.rules, plan.bounds)
    inverse_sqrt = plan.point.traits["schedule"] == "inverse_sqrt"
    return StepPlan(kind, parts, plan.rules, plan.bounds, start, inverse_sqrt, plan.request.lag, plan.source, arrays)


def _arrays(
    kind: Convention, parts: Parts, rules: Mapping[str, Descent], bounds: Mapping[str, Parameter]
) -> dict[str, float]:
    """State key -> initial value: moments, then what hyper-gradients need besides."""
    found: dict[str, float] = {}
    kept = kind.previous_gradient == "kept"
    inner = {"beta2", "beta3", "c"} & rules.keys()  # those that act on v through q
    if parts.momentum:
        found["exp_avg"] = kind.initial_m
    if parts.ratio:
        found["exp_avg_sq"] = kind.initial_v
    if parts.reference:
        found["reference"] = kind.initial_reference
    if parts.difference:
        found["exp_avg_diff"] = 0.0 if isinstance(kind.initial_n, str) else kind.initial_n
    if parts.sign:
        found["lion"] = 0.0
        if {"alpha", "gamma"} & rules.keys():
            found["sign"] = 0.0
    if not parts.ratio:
        return found
    if (parts.difference and kept) or inner or "beta1" in rules or (rules and not parts.momentum):
        found["gradient"] = 0.0
    if parts.difference and kept and inner:
        found["difference"] = 0.0
    if (parts.yogi and inner) or ("beta2" in rules and bounds["beta2"].low < _TINY_DECAY):
        found["exp_avg_sq_before"] = 0.0
    if "beta1" in rules and bounds["beta1"].low < _TINY_DECAY and parts.momentum:
        found["exp_avg_slope"] = 0.0  # m_{t-1} - g_t
    return found
