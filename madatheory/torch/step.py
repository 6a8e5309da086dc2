"""The family's step on lists of tensors, in place: the formulas of `madatheory.optimizers.update`.

Written over the uncorrected second moment X = rho v + (1-rho) vbar, with the corrections in two scalars,

    delta = alpha [gamma (m/corr1 + b3 n)/(s (sqrt(X) + eps/s)) + (1-gamma) sign(u)],    s = 1/sqrt(corr2),

and in the theory form delta = alpha gamma (m + b3 n)/sqrt(eps + X) + .., so that s = corr1 = 1 there.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

import madatheory.torch.lists as lists
from madatheory.torch.lists import Number, Tensors
from madatheory.torch.plan import StepPlan

Columns = Mapping[str, Tensors]
"""Key of a state, "p" for parameters, "g" for gradients -> tensors in one order, all of the working precision."""


class Numbers(NamedTuple):
    """The scalars of one step: coefficients by the papers' names (alpha being alpha_t), decay, and corrections."""

    h: Mapping[str, Number]
    weight_decay: Number
    t: Tensor
    schedule: Number
    """alpha_t/alpha."""
    corr1: Number
    corr2: Number


def numbers(
    plan: StepPlan, values: Mapping[str, Number], weight_decay: Number, t: Tensor, ones: Tensor | None
) -> Numbers:
    """The scalars of step `t`; `ones` has the corrections after it where they are products."""
    corr1, corr2 = 1.0, 1.0
    if ones is not None:
        corr1, corr2 = ones[0], ones[1]
    elif plan.kind.bias_correction != "none":
        corr1, corr2 = (_one_minus_power(values[name], t) for name in ("beta1", "beta2"))
    schedule = t.rsqrt() if plan.inverse_sqrt else 1.0
    return Numbers({**values, "alpha": values["alpha"] * schedule}, weight_decay, t, schedule, corr1, corr2)


def _one_minus_power(beta: Number, t: Tensor) -> Tensor:
    """1 - beta^t without cancellation."""
    tiny = torch.finfo(t.dtype).tiny
    logarithm = beta.clamp_min(tiny).log() if isinstance(beta, Tensor) else math.log(max(beta, tiny))
    return -torch.expm1(t * logarithm)


def inverse_root(corr2: Number) -> Number:
    """s = 1/sqrt(corr2)."""
    return corr2.rsqrt() if isinstance(corr2, Tensor) else corr2**-0.5


def look_ahead(plan: StepPlan, h: Mapping[str, Number], g: Tensors, difference: Tensors | None) -> Tensors:
    """gh = g + b3 D; without an array D is g itself."""
    if not plan.parts.difference:
        return g
    return lists.mul(g, 1 + h["beta3"]) if difference is None else lists.along(g, difference, h["beta3"])


def roots(plan: StepPlan, now: Numbers, x: Columns, floor: bool) -> tuple[list[Tensor], list[Tensor]]:
    """(R, R + eps/s) with R = sqrt(X), in the theory form both sqrt(X + eps) and one list.

    With `floor` X is at least the smallest numbers, for divisions by R.
    """
    parts, v = plan.parts, x["exp_avg_sq"]
    if parts.reference and parts.current:
        found = lists.lerp(x["reference"], v, now.h["rho"])
    else:
        found = lists.clone(x["reference"] if parts.reference else v)
    if plan.kind.eps_place == "inside":
        lists.add_(found, now.h["eps"])
        lists.sqrt_(found)
        return found, found
    eps = now.h["eps"]
    if floor or eps == 0:
        lists.floor_(found, 4 * torch.finfo(found[0].dtype).tiny)
    lists.sqrt_(found)
    if not floor:
        lists.add_(found, eps / inverse_root(now.corr2))
        return found, found
    return found, lists.add(found, eps / inverse_root(now.corr2))


def advance(plan: StepPlan, now: Numbers, x: Columns, first: bool) -> None:
    """Take the step: parameters and states in place. `first`: the parameters' first one."""
    h, parts, p = now.h, plan.parts, x["p"]
    g = lists.limited(x["g"])
    alpha, gamma = h["alpha"], h["gamma"]
    if isinstance(now.weight_decay, Tensor) or now.weight_decay != 0:
        lists.mul_(p, 1 - alpha * now.weight_decay)
    if parts.sign:
        u = _sign(plan, h, x, g)
        lists.along_(p, u, -(alpha * (1 - gamma)))
    if not parts.ratio:
        return
    m = _moments(plan, now, x, g, first)
    _, wide = roots(plan, now, x, floor=False)
    whole = -(alpha * gamma) / inverse_root(now.corr2)
    corrected = whole / (now.corr1 if parts.momentum else 1.0)
    if parts.difference:
        m, corrected = lists.mul(m, corrected / whole), whole
        lists.along_(m, x["exp_avg_diff"], h["beta3"])
    lists.addcdiv_(p, m, wide, corrected)


def _sign(plan: StepPlan, h: Mapping[str, Number], x: Columns, g: Tensors) -> list[Tensor]:
    """sign(u); updates Lion's moment."""
    old = plan.kind.lion_order == "old"
    u = lists.lerp(x["lion"], g, 1 - h["beta1_lion"]) if old else []
    lists.lerp_(x["lion"], g, 1 - h["beta2_lion"])
    if not old:
        u = lists.lerp(x["lion"], g, 1 - h["beta1_lion"])
    lists.sign_(u)
    if "sign" in x:
        lists.copy_(x["sign"], u)
    return u


def _moments(plan: StepPlan, now: Numbers, x: Columns, g: Tensors, first: bool) -> Tensors:
    """The numerator's moment; updates m, n, v and the reference, and keeps what hyper-gradients need."""
    h, parts, kind = now.h, plan.parts, plan.kind
    difference = None
    if parts.difference:
        if kind.previous_gradient == "kept":
            previous = g if first and kind.first_difference == "zero" else x["gradient"]
            difference = lists.sub(g, previous, x.get("difference"))
        if first and kind.initial_n == "first_gradient_squared":
            lists.copy_(x["exp_avg_diff"], lists.mul(g, g))
        lists.lerp_(x["exp_avg_diff"], g if difference is None else difference, 1 - h["beta3"])
    if "gradient" in x:
        lists.copy_(x["gradient"], g)
    if parts.momentum:
        if "exp_avg_slope" in x:
            lists.sub(x["exp_avg"], g, x["exp_avg_slope"])
        lists.lerp_(x["exp_avg"], g, 1 - h["beta1"])
    ahead, v = look_ahead(plan, h, g, difference), x["exp_avg_sq"]
    if "exp_avg_sq_before" in x:
        lists.keep_(x["exp_avg_sq_before"], v)
    square, fresh = lists.mul(ahead, ahead), 1 - h["beta2"]
    if parts.yogi:
        turned = lists.sub(square, v)
        lists.sign_(turned)
        lists.mul_(turned, square)
        lists.lerp_(v, square, fresh * h["c"])
        lists.along_(v, turned, fresh * (1 - h["c"]))
    else:
        lists.lerp_(v, square, fresh)
    if parts.reference:
        if kind.reference == "mean":
            lists.lerp_(x["reference"], v, now.t.reciprocal())
        else:
            lists.maximum_(x["reference"], v)
    return x["exp_avg"] if parts.momentum else g
