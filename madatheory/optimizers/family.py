"""Members of the seven-coefficient family: which coefficients are free, pinned or moving, and in which form.

The step itself is `madatheory.optimizers.update`. A member is data: pinning beta3 = 0, rho = c = gamma = 1 gives Adam,
rho = 0 AVGrad (or AMSGrad), c = 0 Yogi, gamma = 0 Lion, beta3 > 0 Adan. Source: Ozkara et al., MADA, ICML 2024.
"""

from collections.abc import Mapping
from dataclasses import replace

from madatheory.errors import UserError, unknown
from madatheory.hparams import Parameter
from madatheory.optimizers.convention import FORMS, Convention
from madatheory.optimizers.optimizer import Optimizer
from madatheory.optimizers.schedule import SCHEDULES, Schedule, rate_of
from madatheory.optimizers.update import PARAMETERS, Adapted, Member, Policy

_PRACTICAL_DEFAULTS = {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.999}


def convention_of(method: str, form: str) -> Convention:
    """The convention of the theory or practical form; `UserError` for a form that `method` does not have."""
    known = {name: FORMS[name] for name in ("theory", "practical")}
    if form not in known:
        raise unknown(f"form of {method}", form, known)
    return known[form]


def member(
    name: str,
    summary: str,
    *,
    free: tuple[str, ...],
    pinned: Mapping[str, float] | None = None,
    form: str = "theory",
    convention: Convention | None = None,
    schedule: str = "auto",
    theorem_schedule: str = "inverse_sqrt",
    schedules: Mapping[str, Schedule] | None = None,
    policies: Mapping[str, Policy] | None = None,
    adapted: Mapping[str, Adapted] | None = None,
    extra: Mapping[str, Parameter] | None = None,
    needs_horizon: bool = False,
    source: str = "",
    **defaults: float,
) -> Optimizer:
    """A member of the family as an `Optimizer`.

    `free` names its hyper-parameters, `pinned` the coefficients held at a value (the rest stay at their default),
    `form` is "theory", "practical" or "defossez" and picks the convention unless one is given. `schedule` names that of
    alpha; "auto" is `theorem_schedule` in the theory form and "constant" otherwise. `schedules`, `policies` and
    `adapted` let coefficients move (see `Member`), `extra` adds hyper-parameters that such functions read.
    """
    if form not in FORMS:
        raise unknown("form", form, FORMS)
    if schedule == "auto":
        schedule = "constant" if form == "practical" else theorem_schedule
    if schedule not in SCHEDULES:
        raise unknown("schedule", schedule, SCHEDULES)
    convention = convention or FORMS[form]
    rules, policies, adapted, extra = dict(schedules or {}), dict(policies or {}), dict(adapted or {}), extra or {}
    rate, known = SCHEDULES[schedule], {**PARAMETERS, **extra}
    if "alpha" in rules:
        rate, schedule = rate_of(rules.pop("alpha")), "custom"
    for key in (*free, *(pinned or {}), *rules, *policies, *adapted):
        if key not in known:
            raise unknown(f"coefficient of {name}", key, known)
    if "alpha" in policies or "alpha" in adapted:
        raise UserError(
            f"{name}: alpha can be scheduled but not a policy; give schedules={{'alpha': fn(hyper, clock)}}"
        )
    gamma_one = (pinned or {}).get("gamma", 1.0) == 1.0 and "gamma" not in (*free, *rules, *policies, *adapted)
    if convention.safeguard != "none" and not (
        schedule == "inverse_sqrt"
        and convention.eps_place == "inside"
        and convention.bias_correction == "none"
        and gamma_one
    ):
        raise UserError(
            f"{name}: the safeguard is defined for schedule 'inverse_sqrt', gamma = 1, eps inside the root and no bias "
            f"correction (got schedule {schedule!r}, {convention.eps_place}, {convention.bias_correction})"
        )
    point = Member(pinned or {}, convention, rate, schedules=rules, policies=policies, adapted=adapted)
    moving = (
        dict.fromkeys(rules, "schedule") | dict.fromkeys(policies, "predictable") | dict.fromkeys(adapted, "adapted")
    )
    traits = {
        "family": True,
        "method": name,
        "form": form,
        "schedule": schedule,
        "convention": convention,
        "reference": convention.reference,
        "pinned": dict(pinned or {}),
        "free": tuple(free),
        "moving": moving,
        "schedules": rules,
        "needs_horizon": needs_horizon or rate.needs_horizon,
        "elementwise": True,
    }
    parameters = {key: known[key] for key in (*free, *extra)}
    if convention.eps_place != "inside" and "eps" in parameters:
        parameters["eps"] = replace(parameters["eps"], open_low=False)
    if form == "practical":
        defaults = {k: v for k, v in _PRACTICAL_DEFAULTS.items() if k in free} | defaults
    result = Optimizer(name, summary, parameters, point.init, point.step, traits, source)
    if convention.reference == "mean" and point.parts(parameters).reference:
        exact = replace(point, compensated=True)
        result = replace(result, compensated=replace(result, init=exact.init, step=exact.step))
    return result.defaults(**defaults)
