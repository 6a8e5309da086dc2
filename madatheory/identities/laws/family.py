"""E1-E5, E13: the ends of MADA's family, for optimizers with its coefficients rho, c, beta3, gamma."""

from typing import Any

import numpy as np

from madatheory.identities import (
    GradientSequence,
    NotApplicable,
    Runs,
    Violation,
    close,
    identity,
    path_tolerance,
    sequences,
    unit,
)
from madatheory.identities.laws.equivalences import follows, path_of
from madatheory.identities.recognition.recurrences import (
    BETA1,
    BETA2,
    DENOMINATORS,
    FALLING,
    Array,
    Moment,
    adam_steps,
    average,
    chosen,
    correction,
    ratio_steps,
    read,
    recognized,
    steps,
    yogi,
)

ADAM_END = {"rho": 1.0, "c": 1.0, "gamma": 1.0, "beta3": 0.0}
LION = (0.95, 0.98)  # MADA's constants
_PRACTICAL = ("corrected", "corrected squares")


def point(run: Runs, **given: float) -> dict[str, Any]:
    """The family's coefficients at Adam's end unless given, without those that the target does not have."""
    wanted = {**ADAM_END, **given}
    return {name: value for name, value in wanted.items() if name in run.target.settable}


def _reference(run: Runs) -> Moment:
    """vhat's formula at rho = 0, the mean or the maximum, whichever plain gradients show."""
    found = read(run, FALLING.g, **point(run, rho=0.0))
    for name in ("mean of averages", "maximum of squares"):
        if key := recognized(found.v, name, corrected=True):
            return DENOMINATORS[name][key]
    raise Violation("rho = 0 is neither the mean nor the maximum of the averages on plain gradients", found.v)


def _moves(run: Runs, g: Array, vhat: Array) -> Array:
    return run.value("lr") * ratio_steps(average(g, BETA1) / correction(g, BETA1), vhat)


@identity("E1", "rho = 1 is Adam", needs=["set rho", "set beta1", "set beta2", *_PRACTICAL], cases=sequences)
def adam_end(run: Runs, case: GradientSequence) -> None:
    """With rho = 1 (and c = gamma = 1, beta3 = 0 where they exist) the family is Adam.

    MADA's practical form: vhat = v/(1-beta2^t), numerator m/(1-beta1^t).
    """
    path = run(case.x0, case.g, **chosen(run), **point(run))
    follows(path, case.x0, run.value("lr") * adam_steps(case.g, BETA1, BETA2), "rho = 1 against Adam")


@identity("E2", "rho = 0 is AVGrad or AMSGrad", needs=["set rho", "set beta1", *_PRACTICAL], cases=sequences)
def reference_end(run: Runs, case: GradientSequence) -> None:
    """With rho = 0 the family is AVGrad, or AMSGrad where rho interpolates with the maximum.

    MADA's practical form: the reference of v alone stays under the root.
    """
    vhat = _reference(run)(case.g, BETA2)
    path = run(case.x0, case.g, **chosen(run), **point(run, rho=0.0))
    follows(path, case.x0, _moves(run, case.g, vhat), "rho = 0 against its closed form")


@identity("E3", "c = 1 is Adam, c = 0 Yogi", needs=["set c", "set beta1", *_PRACTICAL], cases=sequences)
def yogi_end(run: Runs, case: GradientSequence) -> None:
    """With c = 1 the second moment is Adam's, with c = 0 Yogi's.

    MADA's practical form. Yogi's sign is certain here: beta2 = 3/4 and dyadic gradients make v exact.
    """
    lr = run.value("lr")
    adam = run(case.x0, case.g, **chosen(run), **point(run, c=1.0))
    follows(adam, case.x0, lr * adam_steps(case.g, BETA1, BETA2), "c = 1 against Adam")
    vhat = yogi(case.g, BETA2) / correction(case.g, BETA2)
    path = run(case.x0, case.g, **chosen(run), **point(run, c=0.0))
    follows(path, case.x0, _moves(run, case.g, vhat), "c = 0 against Yogi")


@identity("E4", "beta3 = 0 drops the difference", needs=["set rho", "set beta3", *_PRACTICAL], cases=sequences)
def without_difference(run: Runs, case: GradientSequence) -> None:
    """With beta3 = 0 the family is the interpolation rho v + (1-rho) reference of Adam with AVGrad or AMSGrad.

    MADA's practical form: beta3 is the weight of the difference in the look-ahead gradient and in the numerator.
    """
    v = DENOMINATORS["average of squares"]["corrected"](case.g, BETA2)
    vhat = 0.25 * v + 0.75 * _reference(run)(case.g, BETA2)
    path = run(case.x0, case.g, **chosen(run), **point(run, rho=0.25, beta3=0.0))
    follows(path, case.x0, _moves(run, case.g, vhat), "beta3 = 0 against Adam-AVGrad")


def _lion(g: Array, beta1: float, beta2: float) -> tuple[Array, Array]:
    """The signs of beta1 l_{t-1} + (1-beta1) g_t, and where they are certain: |u| beyond its rounding."""
    past = np.concatenate([np.zeros_like(g[:1]), average(g, beta2)[:-1]])
    u = beta1 * past + (1 - beta1) * g
    # three roundings a step in l and three in u, in units of the largest gradient; theirs and ours
    noise = 2 * unit(np.float64) * (3 * len(g) + 3) * np.max(np.abs(g), axis=0)
    return np.sign(np.where(np.abs(u) > noise, u, 0.0)), (np.abs(u) > noise) | ~np.any(g, axis=0)


def _is_lion(run: Runs, case: GradientSequence, beta1: float, beta2: float) -> tuple[Array, Array, Array]:
    """(steps over lr, signs of Lion, where these are certain) at gamma = 0."""
    path = run(case.x0, case.g, **chosen(run), **point(run, gamma=0.0))
    signs, certain = _lion(case.g, beta1, beta2)
    return -steps(path, case.x0) / run.value("lr"), signs, certain


def _signs_agree(run: Runs, case: GradientSequence, beta1: float, beta2: float, what: str) -> None:
    moved, signs, certain = _is_lion(run, case, beta1, beta2)
    path = path_of(case.x0, run.value("lr") * signs)
    # dx_t is the difference of rounded iterates
    slack = path_tolerance(path, case.x0, np.float64, 4) / run.value("lr")
    close(np.where(certain, moved, 0), np.where(certain, signs, 0), slack, what)


@identity("E5", "gamma = 0 is Lion, gamma = 1 Adam", needs=["set gamma", "set beta1", *_PRACTICAL], cases=sequences)
def lion_end(run: Runs, case: GradientSequence) -> None:
    """With gamma = 0 the family is Lion(.95, .98), with gamma = 1 (and rho = c = 1, beta3 = 0) Adam.

    MADA's formulas: gamma weights the ratio, 1 - gamma the sign of .95 l_{t-1} + .05 g_t. Not the published code (E13).
    """
    adam = run(case.x0, case.g, **chosen(run), **point(run, gamma=1.0))
    follows(adam, case.x0, run.value("lr") * adam_steps(case.g, BETA1, BETA2), "gamma = 1 against Adam")
    if published(run):
        raise NotApplicable("gamma = 0 is Lion from the new momentum: see E13")
    # after one gradient, the opposite one turns the sign; with the betas exchanged it would not: .98 (.05) > .02
    for now in (GradientSequence(np.zeros(1), np.array([[8.0], [-8.0]])), case):
        _signs_agree(run, now, *LION, "gamma = 0 against Lion(.95, .98)")


@identity("E13", "published code's gamma = 0", needs=["set gamma", "set beta1"], cases=sequences)
def published_lion_end(run: Runs, case: GradientSequence) -> None:
    """With gamma = 0 the published MADA code is Lion(B1 B2, B2) = Lion(.931, .98).

    It updates l before it forms u: B1 l_t + (1-B1) g_t = B1 B2 l_{t-1} + (1 - B1 B2) g_t.
    """
    if not published(run):
        raise NotApplicable("gamma = 0 takes the old momentum: see E5")
    _signs_agree(run, case, LION[0] * LION[1], LION[1], "gamma = 0 against Lion(.931, .98)")


def published(run: Runs) -> bool:
    """Whether gamma = 0 forms u from the new momentum: told by a gradient between the two zeros of u."""
    # l_1 = .02 g_1; u_2 = 0 at g_2 = -.95 (.02)/.05 g_1 = -.38 g_1 from the old, at -.931 (.02)/.069 g_1 = -.27 g_1
    g = np.array([[8.0], [-2.6]])
    path = run(np.zeros(1), g, **chosen(run), **point(run, gamma=0.0))
    return bool(path[1, 0] > path[0, 0])
