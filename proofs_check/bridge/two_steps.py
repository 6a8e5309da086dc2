"""Refutations on a few given gradients: the published step bound of Adam, a step of the published proof about AMSGrad,
v_t <= max g^2 for Yogi, and that what a learned rho is judged by were convex.
"""

import jax
import numpy as np

from madatheory.arithmetic import NUMPY
from madatheory.numpy_programs import evaluated
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorems.step_size_bounds import adam_step, claimed_by_kingma_and_ba
from proofs_check.evidence import Finding, Status
from proofs_check.open_loop import OpenLoopRun, open_loop

ADAM = {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.99, "eps": 0.0}
GRADIENTS = (5.0, 6.0)
YOGI = {"alpha": 1e-3, "beta1": 0.0, "beta2": 0.4, "eps": 1e-3}
ONES = (1.0, 1.0)
FADING = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.9, "eps": 1e-8}
THEN_NONE = (1.0, 0.0)


LINEAR = {"alpha": 1.0, "beta1": 0.0, "beta2": 15 / 17, "eps": 1e-12}
RHO = 29 / 60


def run(method: str, form: str, hyper: dict[str, float], gradients: tuple[float, ...]) -> OpenLoopRun:
    """The package's optimizer in float64 on these gradients, from x_0 = 0."""
    optimizer = list_optimizers()[method].make({"form": form} if form else {})
    given = {name: np.asarray(value, float) for name, value in optimizer.hyper(hyper).items()}
    with jax.enable_x64(True):
        return evaluated(open_loop(optimizer), jax.jit)(np.zeros(1), np.asarray(gradients, float)[:, None], given)


def kingma_ba() -> Finding:
    """|x_2 - x_1| of Adam exceeds alpha max(1, (1-beta1)/sqrt(1-beta2)), and stays below T10's bound."""
    path = run("adam", "practical", ADAM, GRADIENTS)
    step = float(np.abs(path.step.delta[-1, 0])) / ADAM["alpha"]
    q = Quantities(T=2, beta1=ADAM["beta1"], beta2=ADAM["beta2"])
    claimed, proved = (float(bound(q, NUMPY)) for bound in (claimed_by_kingma_and_ba, adam_step))
    detail = f"|x_2 - x_1| = {step:.6f} alpha, claimed {claimed:.6f} alpha, T10 {proved:.6f} alpha"
    if claimed < step <= proved * (1 + 1e-12):
        return Finding(
            Status.REFUTED, detail, f"g = {GRADIENTS} at (beta1, beta2) = (.9, .99), eps = 0", step / claimed - 1
        )
    return Finding(Status.OPEN, detail)


def yogi() -> Finding:
    """v_2 of Yogi exceeds max g^2."""
    path = run("yogi", "theory", YOGI, ONES)
    v, largest = float(path.step.v[-1, 0]), max(g * g for g in ONES)
    detail = f"v_2 = {v:g}, max g^2 = {largest:g}, (2-beta2) max g^2 = {(2 - YOGI['beta2']) * largest:g}"
    if v > largest:
        return Finding(Status.REFUTED, detail, f"g = {ONES}, beta2 = {YOGI['beta2']:g}", v / largest - 1)
    return Finding(Status.OPEN, detail)


def learned_rho() -> Finding:
    """F(x) = x: after the second step F is above its chord in rho; vhat_2 = 49/289, 225/1156, 64/289 at the three."""
    at = {
        rho: -float(run("adam-avgrad", "theory", {**LINEAR, "rho": rho}, ONES).step.delta[-1, 0]) for rho in (0, RHO, 1)
    }
    chord = (1 - RHO) * at[0] + RHO * at[1]
    detail = f"F(x_2) - F(x_1) = {at[RHO]:.6f} at rho = 29/60, its chord from rho = 0 to 1 is {chord:.6f} there"
    if at[RHO] > chord * (1 - 1e-3):
        return Finding(
            Status.REFUTED, detail, "F(x) = x, beta2 = 15/17, eps = 1e-12, rho = 0, 29/60, 1", at[RHO] / chord - 1
        )
    return Finding(Status.OPEN, detail)


def published_weights() -> Finding:
    """sqrt(t (eps + vmax_t))/(1-beta1/t) falls from t = 1 to 2 where the second gradient is 0; AdamX's does not."""
    decays = FADING["beta1"] / np.arange(1, 3)
    weights = {
        method: np.sqrt(np.asarray(run(method, "", FADING, THEN_NONE).step.b[:, 0])) / (1 - decays)
        for method in ("amsgrad-fading", "adamx")
    }
    (first, second), (kept, later) = weights["amsgrad-fading"], weights["adamx"]
    detail = f"{first:.6f}, then {second:.6f}; of AdamX {kept:.6f}, then {later:.6f}"
    if second < first and kept <= later:
        return Finding(
            Status.REFUTED, detail, f"g = {THEN_NONE}, beta1_t = 1/(2t), any beta2", float(1 - second / first)
        )
    return Finding(Status.OPEN, detail)
