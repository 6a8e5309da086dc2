"""E: optimizers that are the same at certain settings or on certain gradients."""

from typing import Any

import numpy as np

from madatheory.identities import (
    ByConvention,
    GradientSequence,
    NotApplicable,
    Runs,
    SettingValue,
    Violation,
    close,
    equal,
    identity,
    path_tolerance,
    plain,
    sequences,
    st,
)
from madatheory.identities.derivatives import injected
from madatheory.identities.recognition.recurrences import (
    BETA1,
    BETA2,
    EPS,
    SAME,
    SQUARES,
    Array,
    GradientDifference,
    adam_steps,
    average,
    chosen,
    correction,
    difference_of,
    ratio_steps,
    times,
    variant,
)


def path_of(x0: Array, moves: Array) -> Array:
    """x_t = x_{t-1} - moves_t, one step after the other as an optimizer does it."""
    x, path = x0, []
    for move in moves:
        x = x - move
        path.append(x)
    return np.array(path)


def follows(path: Array, x0: Array, moves: Array, what: str) -> None:
    """The path makes these steps, up to rounding.

    8 roundings a step in the moments and 16 after them, as in `recurrences.rounding`; theirs and ours.
    """
    expected = path_of(x0, moves)
    close(path, expected, 2 * path_tolerance(expected, x0, np.float64, 8 * len(moves) + 16), what)


def growing(case: GradientSequence) -> GradientSequence:
    """The same with each coordinate's gradients in the order of their sizes."""
    order = np.argsort(np.abs(case.g), axis=0, kind="stable")
    return GradientSequence(case.x0, np.take_along_axis(case.g, order, axis=0))


def seeds() -> "st.SearchStrategy[GradientSequence]":
    """Well-conditioned gradients: nothing cancels, so rounding stays rounding in whatever the optimizer computes."""
    return st.integers(0, 2**16).map(lambda seed: plain(steps=6, seed=seed))


@identity("E6", "AVGrad without memory", needs=["mean of averages", "set beta1", "set beta2"], cases=sequences)
def avgrad_without_memory(run: Runs, case: GradientSequence) -> None:
    """AVGrad(beta1 = beta2 = 0) moves sqrt(t) times as far as Adagrad: with alpha/sqrt(t) it is Adagrad.

    AVGrad: v_t = g_t^2, so t vbar_t is the sum of squares (lemma L3c).
    """
    path = run(case.x0, case.g, **chosen(run, 0.0, 0.0))
    adagrad = ratio_steps(case.g, np.cumsum(case.g**2, axis=0))
    follows(path, case.x0, run.value("lr") * np.sqrt(times(case.g)) * adagrad, "AVGrad(0, 0) against sqrt(t) Adagrad")


@identity("E7", "AMSGrad on growing gradients", needs=["maximum of squares", "average of gradients"], cases=sequences)
def amsgrad_on_growing(run: Runs, case: GradientSequence) -> None:
    """While |g_t| is nondecreasing, AMSGrad = Adam.

    Everyone whose denominator is a maximum of averages of squares, before or after the correction: an average of
    nondecreasing values does not fall, so the maximum is the present one.
    """
    case = growing(case)
    corrected = run.traits.get("corrected squares", False)
    path = run(case.x0, case.g, **chosen(run))
    v = average(case.g**2, BETA2) / (correction(case.g, BETA2) if corrected else 1)
    m = average(case.g, BETA1) / (correction(case.g, BETA1) if run.traits.get("corrected", False) else 1)
    follows(path, case.x0, run.value("lr") * ratio_steps(m, v), "AMSGrad against Adam on growing gradients")


@identity("E7b", "vmax = v on growing gradients", needs=["maximum of squares"], cases=sequences)
def maximum_on_growing(run: Runs, case: GradientSequence) -> None:
    """While |g_t| is nondecreasing, the state shows vmax_t = v_t, bit for bit.

    AMSGrad with the maximum over v before the correction; beta2 = 3/4 and dyadic gradients make v exact.
    """
    case = growing(case)
    if "after" in variant(run, "maximum of squares"):
        raise NotApplicable("the maximum is taken after the bias correction")
    stepper = run.start([case.x0], **chosen(run))
    for g in case.g:
        stepper.step([g])
        moments = stepper.moments()
        if not {"v", "vmax"} <= set(moments):
            raise NotApplicable("the state shows no v and vmax")
        equal(moments["vmax"][0], moments["v"][0], "vmax against v")


@identity("E8", "Adam without memory", needs=["average of squares", "corrected squares", "set beta2"], cases=sequences)
def adam_without_memory(run: Runs, case: GradientSequence) -> None:
    """Adam(beta1 = beta2 = 0) is sign descent: x_t = x_{t-1} - lr sign(g_t).

    Whoever divides by the root of an average of squares: without memory that is |g_t|. Also RMSProp(0).
    """
    path = run(case.x0, case.g, **chosen(run, 0.0, 0.0))
    follows(path, case.x0, run.value("lr") * np.sign(case.g), "without memory against sign descent")


def between_zeros() -> "st.SearchStrategy[GradientSequence]":
    """Sequences whose first coordinate has gradients where the old momentum and the new one disagree on the sign."""

    def pattern(case: GradientSequence) -> GradientSequence:
        g = case.g.copy()
        g[:, 0] = np.resize([8.0, -3.0, 1.0], len(g))  # l_1 = 4: 4/2 - 3/2 > 0, but (4 - 3)/4 - 3/2 < 0
        return GradientSequence(case.x0, g)

    return sequences().map(pattern)


@identity("E9", "Lion at its ends", needs=["sign step", "set beta1", "set beta2"], cases=between_zeros)
def lion_at_its_ends(run: Runs, case: GradientSequence) -> None:
    """Lion(0, b) = sign descent and Lion(b, b) = the sign of the exponential average, bit for bit.

    Lion: u_t = beta1 l_{t-1} + (1-beta1) g_t with the old l, which for equal betas is l_t. At b = 1/2 and on dyadic
    gradients u_t is exact, so that its sign is certain.
    """
    lr = run.value("lr")
    sign = path_of(case.x0, lr * np.sign(case.g))
    equal(run(case.x0, case.g, beta1=0.0, beta2=BETA2), sign, "Lion(0, 3/4) against sign descent")
    mean = path_of(case.x0, lr * np.sign(average(case.g, BETA1)))
    equal(run(case.x0, case.g, beta1=BETA1, beta2=BETA1), mean, "Lion(1/2, 1/2) against the sign of the average")


def _difference(run: Runs) -> GradientDifference:
    """How differences are used; a violation if that was declared and plain gradients do not show it."""

    def plain_run(x0: Array, g: Array, **settings: SettingValue) -> Array:
        return run(x0, g, **{"eps": EPS, **settings})

    found = difference_of(plain_run, run.value("lr"))
    if found is None:
        raise Violation("gradient difference: with equal decays not Adam on any g_t + k (g_t - g_(t-1))")
    return found


_ADAN = ["gradient difference", "set beta1", "set beta2", "set beta3", "set eps"]


@identity("E10", "Adan without the difference", needs=_ADAN, cases=sequences)
def adan_without_difference(run: Runs, case: GradientSequence) -> None:
    """Adan with weight 0 on the difference = Adam.

    Whoever weights the difference with its decay (Adan's code, MADA). With the weight 1 - decay (optax) no admitted
    decay gives 0.
    """
    how = _difference(run)
    if how.weight != "decay":
        raise NotApplicable("the difference has the weight 1 - decay, which is 0 for no admitted decay")
    decays: dict[str, Any] = {"beta1": BETA1, how.difference: 0.0, how.squares: BETA2}
    path = run(case.x0, case.g, eps=EPS, **decays)
    follows(path, case.x0, run.value("lr") * adam_steps(case.g, BETA1, BETA2), "Adan without difference against Adam")


@identity("E14", "Adan looks ahead", needs=_ADAN, cases=sequences)
def adan_looks_ahead(run: Runs, case: GradientSequence) -> None:
    """Adan with equal decays of m and of the difference = Adam on the gradients a_t = g_t + k (g_t - g_{t-1}).

    Adan: m + k n is then the average of a_t, and v is that of a_t^2; k is the decay (Adan's code) or 1 - decay (optax),
    and the first difference 0 or g_1, whichever plain gradients show.
    """
    how = _difference(run)
    decays: dict[str, Any] = {"beta1": SAME, how.difference: SAME, how.squares: SQUARES}
    path = run(case.x0, case.g, eps=EPS, **decays)
    moves = run.value("lr") * adam_steps(how.ahead(case.g, SAME), SAME, SQUARES)
    follows(path, case.x0, moves, "Adan with equal decays against Adam on look-ahead gradients")


@identity("E11", "corrected RMSProp", needs=["average of squares", "corrected squares", "set beta2"], cases=sequences)
def corrected_rmsprop(run: Runs, case: GradientSequence) -> None:
    """RMSProp with bias correction = Adam(beta1 = 0).

    Both divide g_t by the root of the corrected average of squares.
    """
    path = run(case.x0, case.g, **chosen(run, 0.0))
    follows(path, case.x0, run.value("lr") * adam_steps(case.g, 0.0, BETA2), "against Adam(0, 3/4)")


@identity("E12", "hyper-parameters injected = given", cases=seeds, examples=0.2)
def injected_is_given(run: Runs, case: GradientSequence) -> None:
    """Hyper-parameters handed to a running optimizer give the path of an optimizer built with them.

    optax: lr, beta1 and beta2 as traced arrays, as `inject_hyperparams` does it, up to rounding. torch: written to
    `param_groups` before the first step, as schedulers do it, bit for bit. Whoever reads them at every step.
    """
    settings = {n: v for n, v in chosen(run).items() if n != "eps"} if "eps" in run.target.settable else {}
    settings = {**run.settings, **settings}
    expected = run(case.x0, case.g, **settings)
    found = injected(run, case, settings)
    if run.target.framework == "torch":
        return equal(found, expected, "written to param_groups against given")
    tolerance = 2 * path_tolerance(expected, case.x0, np.float64, 8 * len(case.g) + 16)
    try:
        return close(found, expected, tolerance, "traced hyper-parameters against numbers")
    except Violation as error:  # weights of means are kept in float32 by some, whatever the dtype of the parameters
        close(found, expected, 2.0**29 * tolerance, "traced hyper-parameters against numbers")
        raise ByConvention(f"{error}; something inside is computed in float32", error.got, error.expected) from error
