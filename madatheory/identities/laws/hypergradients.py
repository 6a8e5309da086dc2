"""K16, K17 and H: derivatives of the update in hyper-parameters and gradients, one step and unrolled.

All are taken by the framework itself: jax transformations of the update, or torch with differentiable=True.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from madatheory.identities import (
    ByConvention,
    GradientSequence,
    NotApplicable,
    Runs,
    SettingValue,
    Violation,
    close,
    finite,
    identity,
    plain,
    st,
    unit,
    without_eps,
)
from madatheory.identities.derivatives import LastUpdate, last_update, unrolled
from madatheory.identities.laws.family import point
from madatheory.identities.recognition.recurrences import BETA1, BETA2, EPS, Array, average, chosen, correction, read


def seeds() -> "st.SearchStrategy[GradientSequence]":
    """Well-conditioned gradients, away from kinks."""
    return st.integers(0, 2**16).map(lambda seed: plain(steps=4, seed=seed))


def settings_of(run: Runs) -> dict[str, Any]:
    """lr, beta1 = 1/2, beta2 = 3/4 where they can be set; eps stays what it is."""
    wanted = {"beta1": BETA1, "beta2": BETA2}
    return {**run.settings, **{name: value for name, value in wanted.items() if name in run.target.settable}}


def before_last(run: Runs, case: GradientSequence, **settings: SettingValue) -> tuple[LastUpdate, dict[str, float]]:
    """The last update of a case and the present values of the hyper-parameters it takes."""
    fixed = {**settings_of(run), **settings}
    found = last_update(run, case.x0, case.g[:-1], fixed)
    if not found.names:
        why = "; ".join(f"{name}: {reason}" for name, reason in found.refused.items())
        raise NotApplicable(f"no hyper-parameter can be differentiated ({why})"[:300])
    return found, {name: float(fixed.get(name, run.target.defaults.get(name, 0.5))) for name in found.names}


def differentiable(slopes: Any) -> Any:
    """`slopes`, or a `ByConvention` if one is not finite: a root is differentiated at 0, as K17 and H5 have it."""
    if not np.isfinite(slopes).all():
        raise ByConvention("a derivative is not finite: a root is differentiated at 0 (see K17, H5)", slopes)
    return slopes


class Central(NamedTuple):
    """A central difference and a bound on its error."""

    value: Array
    error: Array


def central(function: Callable[[float], Array], at: float, roundings: float, roundoff: float) -> Central:
    """(f(at+d) - f(at-d))/(2d) with its error, at half of d = (roundings * roundoff)^(1/3), where the two errors meet.

    Halving d divides the truncation error by 4, so the change from d is thrice what is left: it bounds it. Each value
    of f rounds `roundings` times, relative to its size, and is divided by d.
    """
    d = min((roundings * roundoff) ** (1 / 3), at / 2 if at > 0 else 1.0)
    values = {k: function(at + k * d) for k in (-1.0, -0.5, 0.5, 1.0)}
    coarse, fine = (values[1.0] - values[-1.0]) / (2 * d), (values[0.5] - values[-0.5]) / d
    size = np.max([np.abs(v) for v in values.values()], axis=0)
    return Central(fine, np.abs(fine - coarse) + 2 * roundoff * roundings * size / (d / 2))


@identity("K16", "hyper-gradient = central difference", needs=["deterministic"], cases=seeds, examples=0.1)
def one_step_slope(run: Runs, case: GradientSequence) -> None:
    """d u_t/dh by automatic differentiation = its central difference, for h = lr, beta1, beta2, with the state fixed.

    Every update that is smooth in h where it is evaluated: the derivative is of what is computed.
    """
    update, now = before_last(run, case)
    g = case.g[-1]
    for name in update.names:
        expected = central(lambda v, name=name: update.value({**now, name: v}, g), now[name], 64, update.unit)
        found = differentiable(update.slope(name, now, g))
        rough = expected.error + 64 * update.unit * np.abs(found)
        close(found, expected.value, rough, f"du/d{name} against the central difference")


@identity("H1", "hyper-gradient = closed form", needs=["linear in lr"], cases=seeds, examples=0.1)
def slope_in_closed_form(run: Runs, case: GradientSequence) -> None:
    """du/dlr = u/lr; du/db1 = -lr (m_{t-1}-g_t + k b1^{t-1} m_t/(1-b1^t))/((1-b1^t) sqrt(vhat_t));
    du/db2 = -u r/(2 vhat_t) with r = (v_{t-1}-g_t^2 + k b2^{t-1} v_t/(1-b2^t))/(1-b2^t).

    lr: whoever is linear in it. b1 = beta1, b2 = beta2: corrected averages of gradients and squares (Adam); k = t where
    the correction is the power 1 - b^t, and 1 where the state keeps the product of the past b.
    """
    eps = {"eps": EPS} if "eps" in run.target.settable else {}
    update, now = before_last(run, case, **eps)
    g = case.g[-1]
    moved = update.value(now, g)
    rough = 256 * update.unit  # some 128 roundings each, theirs and ours, of terms that enter `size`
    if "lr" in update.names:
        expected, slope = moved / now["lr"], differentiable(update.slope("lr", now, g))
        try:
            close(slope, expected, rough * np.abs(expected), "du/dlr against u/lr")
        except Violation as error:
            measured = central(lambda v: update.value({**now, "lr": v}, g), now["lr"], 64, update.unit)
            if (np.abs(slope - measured.value) <= measured.error + rough * np.abs(slope)).all():
                raise ByConvention(f"{error}; the state keeps what was multiplied by lr, as K16 confirms") from error
            raise
    adam = ("average of gradients", "average of squares", "corrected", "corrected squares")
    if not eps or not all(run.traits.get(name, False) for name in adam):
        return
    vhat = average(case.g**2, BETA2)[-1] / correction(case.g, BETA2)[-1]
    scales = {"beta1": -now["lr"] / np.sqrt(vhat), "beta2": -moved / (2 * vhat)}
    for name, values, beta in (("beta1", case.g, BETA1), ("beta2", case.g**2, BETA2)):
        if name in update.names:
            found = differentiable(update.slope(name, now, g))
            ways = [corrected_slope(values, beta, k) for k in (len(case.g), 1)]
            slopes = [(scales[name] * slope, rough * np.abs(scales[name]) * size) for slope, size in ways]
            apart = [np.max(np.abs(found - slope) / size) for slope, size in slopes]
            close(found, *slopes[int(np.argmin(apart))], f"du/d{name} against its closed form")


def corrected_slope(values: Array, beta: float, k: int) -> tuple[Array, Array]:
    """The derivative of a_t/(1-beta^t) in beta with a_{t-1} held constant, and the size of its terms.

    `k` = t: the correction is the power; 1: it is 1 - beta times a product that is held constant.
    """
    path, c = average(values, beta), float(correction(values, beta)[-1, 0])
    parts = (path[-2] - values[-1]) / c, k * beta ** (len(values) - 1) * path[-1] / c**2
    return parts[0] + parts[1], np.abs(parts[0]) + np.abs(parts[1])


@identity("H2", "forward = reverse mode", needs=["can jit"], cases=seeds, examples=0.1)
def forward_is_reverse(run: Runs, case: GradientSequence) -> None:
    """d (w . x_T)/dh through all T steps by forward mode = by reverse mode, for h = lr, beta1, beta2.

    Every update that jax differentiates: both are the same sum of products, in another order.
    """
    whole, now, w = _whole(run, case)
    if whole.forward is None:
        raise NotApplicable("no forward mode")
    backward, _ = whole.reverse(w, now, case.g)
    differentiable(list(backward.values()))
    for name in now:
        forward = differentiable(whole.forward(name, now, case.g))
        # T steps of some 64 roundings each, on sums whose largest terms are measured by |w| . |dx_T/dh| and by |x|
        rough = 64 * len(case.g) * whole.unit * (np.abs(w) @ (np.abs(forward) + 1))
        close(backward[name], w @ forward, rough, f"reverse against forward mode in {name}")


@identity("H3", "unrolled = central difference", needs=["deterministic"], cases=seeds, examples=0.1)
def unrolled_slope(run: Runs, case: GradientSequence) -> None:
    """d (w . x_T)/dh through all T steps = the central difference of whole runs, for h = lr, beta1, beta2.

    Every optimizer whose steps are smooth in h along the path, with no value detached on the way.
    """
    whole, now, w = _whole(run, case)
    found, _ = whole.reverse(w, now, case.g)
    differentiable(list(found.values()))
    for name in now:
        # x_t is rounded in each of T steps, and so is its update
        rounding = 64.0 * len(case.g) * (1 + np.abs(w).sum())
        expected = central(
            lambda v, name=name: w @ whole.value({**now, name: v}, case.g), now[name], rounding, whole.unit
        )
        close(found[name], expected.value, expected.error + 1e-300, f"d(w x_T)/d{name} against the central difference")


@identity("H4", "Euler's identity", cases=seeds, examples=0.1)
def euler(run: Runs, case: GradientSequence) -> None:
    """sum_t g_t . d(w . x_T)/dg_t = 0 where the gradients' scale does not matter, w . (x_T - x_0) where x_T - x_0 is
    linear in it; and lr d(w . x_T)/dlr = w . (x_T - x_0) where it is linear in lr.

    Euler's theorem on homogeneous functions of degree 0 (Adam at eps = 0) and 1 (SGD).
    """
    free, linear = run.traits.get("scale free", False), run.traits.get("scale linear", False)
    eps, g = without_eps(run, case.g) if free else ({}, case.g)
    case = case._replace(g=g)
    fixed = {**settings_of(run), **eps}
    whole, w = unrolled(run, case.x0, fixed), np.array([1.0, -0.5, 0.25])
    now = {name: float(fixed[name]) for name in last_update(run, case.x0, case.g[:1], fixed, ("lr",)).names}
    slopes, by_g = whole.reverse(w, now, case.g)
    differentiable([*slopes.values(), *by_g.ravel()])
    end = whole.value(now, case.g)
    moved = w @ (end - case.x0)
    rough = 64 * len(case.g) * whole.unit
    size = np.abs(w) @ (np.abs(end) + np.abs(case.x0)) + np.abs(case.g * by_g).sum()
    if free or linear:
        _closely((case.g * by_g).sum(), 0.0 if free else moved, rough * size, "sum_t g_t . dx_T/dg_t")
    if run.traits.get("linear in lr", False) and "lr" in now:
        _closely(now["lr"] * slopes["lr"], moved, rough * size, "lr dx_T/dlr against x_T - x_0")


def _closely(got: Any, expected: Any, rough: Any, what: str) -> None:
    """`close`; a `ByConvention` where it is off by float32 rounding: a counter or a mean is computed in it."""
    try:
        close(got, expected, rough, what)
    except Violation as error:
        if abs(got - expected) <= rough * unit(np.float32) / unit(np.float64):
            raise ByConvention(f"{error}; something inside is computed in float32", got, expected) from error
        raise


def _whole(run: Runs, case: GradientSequence, **settings: SettingValue) -> tuple[Any, dict[str, float], Array]:
    """The unrolled run, hyper-parameters that it can be differentiated in, and weights w."""
    _, now = before_last(run, case, **settings)
    fixed = {**settings_of(run), **settings}
    return unrolled(run, case.x0, fixed), now, np.array([1.0, -0.5, 0.25])


_NAN = [np.zeros((1, 3)), np.zeros((3, 3)), np.array([[0.0, 1.0, -2.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.5]])]


def zeros() -> "st.SearchStrategy[Array]":
    """Gradients (T, 3) whose last row has zeros: none before, one before, all."""
    return st.sampled_from(_NAN)


_ROOT = "a root is differentiated at 0"


@identity("K17", "finite du/dg at g = 0", cases=zeros, examples=0.1, convention=_ROOT)
def finite_at_zero(run: Runs, g: Array) -> None:
    """The derivative of the update in the gradient is finite at g = 0, at the start and later, with the default eps.

    Whoever takes no root at 0, or one whose derivative there is set to 0. sqrt(v) + eps alone fails: 0 times infinity.
    """
    update = last_update(run, np.zeros(3), g[:-1], {})
    finite(update.backward({}, g[-1]), f"du/dg at the gradient {g[-1].tolist()} after {len(g) - 1} others")


@identity("H5", "finite du/dh at g = 0", cases=zeros, examples=0.1, convention=_ROOT)
def finite_slopes_at_zero(run: Runs, g: Array) -> None:
    """The derivatives of the update in lr, beta1 and beta2 are finite at g = 0, at the start and later.

    As K17: a coordinate without gradient yet has moments 0, and a root there needs its derivative set to 0. Otherwise
    one such coordinate makes the hyper-gradient of all of them nan.
    """
    case = GradientSequence(np.zeros(3), g)
    update, now = before_last(run, case)
    for name in update.names:
        finite(update.slope(name, now, g[-1]), f"du/d{name} at the gradient {g[-1].tolist()} after {len(g) - 1} others")


@identity(
    "H6",
    "finite du/dh in half precision",
    cases=lambda: st.sampled_from(["float16", "bfloat16"]),
    examples=0.1,
    convention="1 - beta2^t or a square rounds to 0 in half precision",
)
def finite_in_half_precision(run: Runs, dtype: str) -> None:
    """The update and its derivatives in lr, beta1 and beta2 are finite in float16 and bfloat16 on gradients of size 1.

    Whoever keeps 1 - beta^t and the moments where they do not round to 0.
    """
    import ml_dtypes

    kind_of = np.dtype(np.float16 if dtype == "float16" else ml_dtypes.bfloat16)
    case = plain(steps=4)
    history = case.g[:-1].astype(kind_of)
    update = last_update(run, case.x0.astype(kind_of), history, settings_of(run))
    if not update.names:
        raise NotApplicable("no hyper-parameter can be differentiated")
    now = {n: float({**run.target.defaults, **settings_of(run)}.get(n, 0.5)) for n in update.names}
    g = case.g[-1].astype(kind_of)
    finite(update.value(now, g), f"the update in {dtype}")
    for name in update.names:
        finite(update.slope(name, now, g), f"du/d{name} in {dtype}")


@identity(
    "H7", "slope in rho", needs=["can jit", "set rho", "set beta1", "corrected squares"], cases=seeds, examples=0.1
)
def slope_in_rho(run: Runs, case: GradientSequence) -> None:
    """du_t/drho = -u_t (v_t - vbar_t)/(2 vhat_t), v, vbar and vhat with their bias corrections, at eps = 0.

    MADA's family: rho enters under the root only. With v_t = vmax_t AMSGrad's reference gives 0.
    """
    v, other = (read(run, case.g, **point(run, rho=r)).v[-1] for r in (1.0, 0.0))
    at = 0.25
    settings = {**chosen(run), **point(run, rho=at)}
    update = last_update(run, case.x0, case.g[:-1], settings, ("rho",))
    if not update.names:
        raise NotApplicable(f"rho cannot be differentiated: {update.refused}")
    moved = update.value({"rho": at}, case.g[-1])
    expected = -moved * (v - other) / (2 * (at * v + (1 - at) * other))
    # v and vbar are read from paths: x_t rounds once, which dx_t feels as |x_t|/|dx_t|, and the difference as its size
    rough = sum(read(run, case.g, **point(run, rho=r)).slack[-1] for r in (1.0, 0.0))
    size = np.abs(moved) * (v + other) / (2 * (at * v + (1 - at) * other))
    close(update.slope("rho", {"rho": at}, case.g[-1]), expected, 2 * rough * size, "du/drho against its closed form")
