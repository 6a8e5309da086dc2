"""Hyper-gradients of the step that was taken last, from the state that it left: sums over all entries, and no graph.

    u_h = - sum_i w_i d delta_i/dh,    w the gradient now,

with delta as in `madatheory.torch.step` and its derivatives typed by hand. With P = w/(R + eps/s), M the numerator,
Q = P M and K = Q/(R (R + eps/s)), where R = sqrt(X):

    <w, delta>/alpha          = (gamma/s) sum Q + (1-gamma) sum w sign(u)
    d<w, delta>/dX along dX   = - (alpha gamma/(2 s)) sum K dX
    d<w, delta>/ds            = - (alpha gamma/s^2) (sum Q - (eps/s) sum Q/(R + eps/s))

and dX/dv = rho + (1-rho) d vbar/dv, d vbar/dv = 1/t, or [v = vmax] for the maximum, or 0 where it is cut.
"""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

import madatheory.torch.lists as lists
from madatheory.torch.lists import Number, Tensors
from madatheory.torch.plan import StepPlan
from madatheory.torch.step import Columns, Numbers, advance, inverse_root, look_ahead, roots

Sums = Mapping[str, Tensor]


def hypergradients(
    plan: StepPlan, last: Numbers, parts: Iterable[Columns], then: Numbers | None = None
) -> dict[str, Tensor]:
    """u of every learned coefficient, summed over the parts of some columns; `last` are the numbers of the last step.

    nan where an entry of w is beyond the limit: as a derivative of a loss 1e19 says nothing. With the numbers of the
    next step, `then`, each part takes it when it has been read.
    """
    found: dict[str, list[Tensor]] = {}
    for x in parts:
        for name, value in sums(plan, last, x).items():
            found.setdefault(name, []).append(value)
        if then is not None:
            advance(plan, then, x, first=False)
    good = torch.stack(found.pop("beyond")).sum() == 0
    whole = {name: torch.stack(values).sum() for name, values in found.items()}
    return {name: torch.where(good, u, float("nan")) for name, u in combined(plan, last, whole).items()}


def sums(plan: StepPlan, now: Numbers, x: Columns) -> dict[str, Tensor]:
    """The sums that `combined` makes hyper-gradients of, for one part of the columns."""
    h, parts, w = now.h, plan.parts, x["g"]
    found = {"beyond": lists.beyond(w)}
    if plan.learns("alpha"):
        found["w x"] = lists.dot(w, x["p"])
    if "sign" in x:
        found["w sign"] = lists.dot(w, [s.to(w[0].dtype) for s in x["sign"]])
    if not parts.ratio:
        return found
    root, wide = roots(plan, now, x, floor=True)
    corrected = plan.learns("beta2") and plan.kind.eps_place != "inside"
    inverse = lists.reciprocal(wide) if corrected else []
    over = lists.mul(w, inverse) if corrected else lists.div(w, wide)  # P
    m = x["exp_avg"] if parts.momentum else x["gradient"]
    difference = _difference(x)
    if parts.difference:
        m_hat = lists.mul(m, 1 / now.corr1 if parts.momentum else 1.0)
        lists.along_(m_hat, x["exp_avg_diff"], h["beta3"])
        both = lists.mul(over, m_hat)  # Q
    else:
        both = lists.mul(over, m)
    if plan.learns("alpha", "gamma", "beta2"):
        found["Q"] = lists.total(both)
    if plan.learns("beta1"):
        found["P m"] = lists.dot(over, m)
        if "exp_avg_slope" in x:
            found["P slope"] = lists.dot(over, x["exp_avg_slope"])
        else:
            found["P g"] = lists.dot(over, x["gradient"])
    if plan.learns("beta3"):
        found["P n"] = lists.dot(over, x["exp_avg_diff"])
        found["P D"] = lists.dot(over, difference)
    if corrected:
        found["Q/wide"] = lists.dot(both, inverse)
    if plan.learns("rho", "beta2", "beta3", "c"):
        lists.mul_(root, wide)
        lists.div_(both, root)  # K
        if plan.learns("rho"):
            found["K (v - reference)"] = lists.dot(both, lists.sub(x["exp_avg_sq"], x["reference"]))
        if plan.learns("beta2", "beta3", "c"):
            found |= _inner_sums(plan, now, x, both, difference)
    return found


def _difference(x: Columns) -> Tensors:
    """D of the last step; the gradient itself where the one before was zeroed."""
    return x["difference"] if "difference" in x else x.get("gradient", [])


def _inner_sums(plan: StepPlan, now: Numbers, x: Columns, both: Tensors, difference: Tensors) -> dict[str, Tensor]:
    """Sums of K (dX/dv) times what v_t is made of."""
    parts, v = plan.parts, x["exp_avg_sq"]
    if parts.reference and plan.kind.reference == "max" and plan.kind.average_derivative == "complete":
        share = [(a == b).to(a.dtype) for a, b in zip(v, x["reference"], strict=True)]
        lists.mul_(share, 1 - now.h["rho"])
        if parts.current:
            lists.add_(share, now.h["rho"])
        both = lists.mul(both, share)
    ahead = look_ahead(plan, now.h, x["gradient"], x.get("difference"))
    square, found = lists.mul(ahead, ahead), {}
    before = x.get("exp_avg_sq_before")
    if plan.learns("beta2") and before is None:
        found["K v"] = lists.dot(both, v)
    if plan.learns("beta2", "c"):
        found["K sq"] = lists.dot(both, square)
        if before is not None:
            found["K before"] = lists.dot(both, before)
    turned = None
    if parts.yogi:
        assert before is not None
        turned = lists.sub(square, before)
        lists.sign_(turned)
        lists.mul_(turned, both)  # K sign
        if plan.learns("beta2", "c"):
            found["K sq sign"] = lists.dot(turned, square)
    if plan.learns("beta3"):
        slope = lists.mul(ahead, difference)
        found["K gh D"] = lists.dot(both, slope)
        if turned is not None:
            found["K gh D sign"] = lists.dot(turned, slope)
    return found


def combined(plan: StepPlan, now: Numbers, s: Sums) -> dict[str, Tensor]:
    """u of every learned coefficient from the sums of all tensors."""
    h, parts, alpha, gamma = now.h, plan.parts, now.h["alpha"], now.h["gamma"]
    scale = inverse_root(now.corr2)
    # without n the numerator is m alone, and its correction stays a scalar
    corr1 = now.corr1 if parts.momentum else 1.0
    numerator = 1.0 if parts.difference else 1 / corr1
    zero = torch.zeros_like(now.t)
    ratio = s["Q"] * (numerator / scale) if "Q" in s else zero
    sign = s.get("w sign", zero)

    def alpha_() -> Tensor:
        step = gamma * ratio + (1 - gamma) * sign
        decay = now.weight_decay
        if isinstance(decay, Tensor) or decay != 0:
            # x_{t-1} = (x_t + delta)/(1 - alpha_t w), held constant
            step = step + decay * (s["w x"] + alpha * step) / (1 - alpha * decay)
        return -now.schedule * step

    outer = alpha * gamma / scale
    through = 0.5 * outer * numerator  # of sum K dX

    def beta1() -> Tensor:
        slope = s["P slope"] if "P slope" in s else (s["P m"] - s["P g"]) / h["beta1"]
        return -outer * (slope / corr1 - s["P m"] * _correction_slope(plan, "beta1", corr1, now) / corr1**2)

    def beta2() -> Tensor:
        fresh = _decay_slope(plan, h, s) * through * _share(plan, now)
        if plan.kind.eps_place == "inside":
            return fresh
        lost = s["Q"] - (h["eps"] / scale) * s["Q/wide"]
        return fresh - 0.5 * alpha * gamma * numerator * scale * _correction_slope(plan, "beta2", now.corr2, now) * lost

    def beta3() -> Tensor:
        inner = s["K gh D"] if not parts.yogi else h["c"] * s["K gh D"] + (1 - h["c"]) * s["K gh D sign"]
        inner = 2 * (1 - h["beta2"]) * inner * through * _share(plan, now)
        return inner - outer * (2 * s["P n"] - s["P D"])

    def c() -> Tensor:
        slope = s["K sq"] - s["K sq sign"] - s["K before"]
        return (1 - h["beta2"]) * slope * through * _share(plan, now)

    makers: Mapping[str, Callable[[], Tensor]] = {
        "alpha": alpha_,
        "beta1": beta1,
        "beta2": beta2,
        "beta3": beta3,
        "rho": lambda: through * s["K (v - reference)"],
        "c": c,
        "gamma": lambda: -alpha * (ratio - sign),
    }
    # at gamma = 0 for good, lr alone acts
    return {name: makers[name]() if parts.ratio or name == "alpha" else zero for name in plan.rules}


def _decay_slope(plan: StepPlan, h: Mapping[str, Number], s: Sums) -> Tensor:
    """The sum of K dv/d b2, dv/d b2 = v_{t-1} - q_t."""
    if "K before" not in s:
        return (s["K v"] - s["K sq"]) / h["beta2"]
    if not plan.parts.yogi:
        return s["K before"] - s["K sq"]
    c = h["c"]
    return c * s["K before"] - c * s["K sq"] - (1 - c) * s["K sq sign"]


def _share(plan: StepPlan, now: Numbers) -> Number:
    """dX/dv where it is one number for all entries."""
    if not plan.parts.reference:
        return 1.0
    rho = now.h["rho"] if plan.parts.current else 0.0
    if plan.kind.average_derivative == "cut":
        return rho
    return 1.0 if plan.kind.reference == "max" else rho + (1 - rho) / now.t


def _correction_slope(plan: StepPlan, name: str, corr: Number, now: Numbers) -> Number:
    """d corr/d beta: of 1 - beta^t, or of the last factor of the product."""
    beta = now.h[name]
    assert isinstance(beta, Tensor)
    if plan.kind.bias_correction == "none":
        return 0.0
    if plan.product:
        return (corr - 1) / beta.clamp_min(torch.finfo(beta.dtype).tiny)
    return -now.t * beta ** (now.t - 1)
