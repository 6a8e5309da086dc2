"""B: how long a step can be."""

import numpy as np

from madatheory.identities import GradientSequence, Runs, holds, identity, sequences, st, unit
from madatheory.identities.laws.family import point
from madatheory.identities.recognition.recurrences import BETA1, BETA2, Array, chosen, kind, steps, times


def t10(t: Array, beta1: float, beta2: float) -> Array:
    """The longest step of Adam over lr after t steps (T10), at eps = 0."""
    q = beta1**2 / beta2
    corrections = np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return corrections * (1 - beta1) / np.sqrt(1 - beta2) * np.sqrt((1 - q**t) / (1 - q))


def moved(run: Runs, case: GradientSequence, **settings: float) -> tuple[Array, Array]:
    """(|dx_t|/lr, its rounding): x_t rounds once, and 8 t + 16 roundings make a step, as in `recurrences.rounding`."""
    path = run(case.x0, case.g, **settings)  # type: ignore[arg-type]
    size, lr = np.abs(steps(path, case.x0)), run.value("lr")
    holds(np.isfinite(size), "steps are finite", size)
    return size / lr, unit(np.float64) * (np.abs(path) / lr + (8 * times(case.g) + 16) * size / lr)


def at_most(run: Runs, case: GradientSequence, bound: Array, what: str, **settings: float) -> None:
    """|dx_t| <= lr bound_t, up to rounding."""
    size, slack = moved(run, case, **settings)
    wrong = ~(size <= bound + slack)
    if wrong.any():
        t, entry = np.argwhere(wrong)[0][:2]
        most = np.broadcast_to(bound, size.shape)[t, entry]
        holds(False, f"{what}: at step {t + 1}, entry {entry}, |dx|/lr = {size[t, entry]!s} > {most!s}", size, bound)


_ADAM = ["average of gradients", "corrected", "corrected squares", "set beta1", "set beta2"]


@identity("B1", "Adam's longest step", needs=_ADAM, cases=sequences)
def adams_longest_step(run: Runs, case: GradientSequence) -> None:
    """|dx_t| <= lr sqrt(1-b2^t)/(1-b1^t) (1-b1)/sqrt(1-b2) sqrt((1-q^t)/(1-q)), q = b1^2/b2 (theorem T10).

    Adam and AMSGrad, b1 = beta1, b2 = beta2: Cauchy-Schwarz on m_t^2 against v_t, and vmax_t >= v_t. Kingma and Ba's
    lr max(1, (1-b1)/sqrt(1-b2)) is refuted by g = [5, 6] at (.9, .99).
    """
    kind(run, "average of squares", "maximum of squares")
    at_most(run, case, t10(times(case.g), BETA1, BETA2), "T10", **chosen(run))


@identity("B1b", "Adam's longest step is attained", needs=_ADAM, cases=lambda: st.integers(2, 20), examples=0.3)
def longest_step_attained(run: Runs, count: int) -> None:
    """On g_j = (b1/b2)^(T-j) the last step has the length of theorem T10.

    Adam, and AMSGrad as the gradients grow: there Cauchy-Schwarz is an equality.
    """
    kind(run, "average of squares", "maximum of squares")
    g = (BETA1 / BETA2) ** np.arange(count - 1.0, -1, -1)[:, None]
    case = GradientSequence(np.zeros(1), g)
    size, slack = moved(run, case, **chosen(run))
    expected = t10(times(g), BETA1, BETA2)
    holds(np.abs(size - expected)[-1] <= slack[-1], "the last step against T10", size[-1], expected[-1])


@identity("B2", "RMSProp's longest step", needs=["average of squares", "set beta2"], cases=sequences)
def rmsprops_longest_step(run: Runs, case: GradientSequence) -> None:
    """At beta1 = 0: |dx_t| <= lr/sqrt(1-beta2), if corrected times sqrt(1-beta2^t); attained at the first gradient.

    Whoever averages squares: v_t >= (1-beta2) g_t^2, with equality as long as all gradients before were 0.
    """
    corrected = run.traits.get("corrected squares", False)
    bound = np.sqrt((1 - BETA2 ** times(case.g) if corrected else 1 + 0 * times(case.g)) / (1 - BETA2))
    at_most(run, case, bound, "RMSProp", **chosen(run, 0.0))
    size, slack = moved(run, case, **chosen(run, 0.0))
    first = (case.g != 0) & (np.cumsum(case.g != 0, axis=0) == 1)
    apart = np.abs(size - bound)[first] <= slack[first]
    holds(apart, "the first nonzero gradient makes the longest step", size[first], np.broadcast_to(bound, size.shape))


@identity("B3", "Lion's step", needs=["sign step", "not decay"], cases=sequences)
def lions_step(run: Runs, case: GradientSequence) -> None:
    """|dx_t| is lr or 0.

    Whoever moves by lr sign(u): Lion, sign descent, with any decays. Differences of x round once.
    """
    size, slack = moved(run, case)
    holds((np.abs(size - 1) <= slack) | (size == 0), "|dx_t|/lr is 1 or 0", size)


@identity("B4", "MADA's longest step", needs=["set gamma", "set rho", *_ADAM], cases=sequences)
def madas_longest_step(run: Runs, case: GradientSequence) -> None:
    """|dx_t| <= lr (gamma B1_t + 1 - gamma) with rho = c = 1 and beta3 = 0, B1_t the bound of theorem T10.

    MADA's family: a mixture of Adam's step and a sign.
    """
    bound = 0.25 * t10(times(case.g), BETA1, BETA2) + 0.75
    at_most(run, case, bound, "gamma = 1/4", **chosen(run), **point(run, gamma=0.25))


@identity("B5", "AVGrad's longest step", needs=["mean of averages", *_ADAM], cases=sequences)
def avgrads_longest_step(run: Runs, case: GradientSequence) -> None:
    """|dx_t| <= lr sqrt(t) B1_t, B1_t the bound of theorem T10.

    AVGrad: t vbar_t >= v_t. With the exact correction the steps are shorter still.
    """
    at_most(run, case, np.sqrt(times(case.g)) * t10(times(case.g), BETA1, BETA2), "sqrt(t) T10", **chosen(run))


def _moving() -> "st.SearchStrategy[GradientSequence]":
    return sequences().filter(lambda case: bool(case.x0.any() and case.g[0].any()))


@identity("B6", "LAMB's step", needs=["trust ratio", "not decay"], cases=_moving)
def lambs_step(run: Runs, case: GradientSequence) -> None:
    """The norm of dx_t is lr |x_{t-1}| as long as neither x_{t-1} nor the direction is 0.

    Whoever multiplies a direction by |x|/|direction|: LAMB without a clip of |x|. A zero norm means no rescaling.
    """
    path = run(case.x0, case.g)
    x = np.concatenate([case.x0[None], path])
    size, norms = np.linalg.norm(np.diff(x, axis=0), axis=1), np.linalg.norm(x[:-1], axis=1)
    # x_t rounds once, the two norms 2 n + 2 times, the direction cancels in its own norm
    slack = unit(np.float64) * (np.linalg.norm(x[1:], axis=1) + (4 * case.x0.size + 16) * norms)
    expected = run.value("lr") * norms
    holds(
        (np.abs(size - expected) <= slack) | (norms == 0) | (size == 0), "|dx_t| against lr |x_(t-1)|", size, expected
    )


@identity("B7", "Yogi's longest step", needs=["yogi squares", "set beta1", "set beta2"], cases=sequences)
def yogis_longest_step(run: Runs, case: GradientSequence) -> None:
    """At beta1 = 0: |dx_t| <= lr sqrt(1-beta2^t)/sqrt(min(beta2, 1-beta2)), without the first root if not corrected.

    Yogi: v_t >= min(beta2, 1-beta2) g_t^2 from any v_0 >= 0 (lemma L8).
    """
    corrected = run.traits.get("corrected squares", False)
    top = 1 - BETA2 ** times(case.g) if corrected else 1 + 0 * times(case.g)
    at_most(run, case, np.sqrt(top / min(BETA2, 1 - BETA2)), "Yogi", **chosen(run, 0.0))


@identity("B9", "decay pulls towards zero", needs=["set weight_decay", "elementwise"])
def decay_pulls(run: Runs, case: None) -> None:
    """With zero gradients and weight_decay = 1/4 every parameter moves towards zero: 0 <= x_t/x_0 <= 1 in 8 steps, and
    x_8/x_0 < 1.

    Decay coupled to the gradient, decoupled, with lr or without: each step is at most -lr sign(x_0), -lr x_0/4 or
    -x_0/4, and |x_0| >= 32 here; a step size that warms up from 0 and an update in every second step decay later.
    """
    x0 = np.array([32.0, -64.0, 128.0])
    x = run(x0, np.zeros((8, 3)), weight_decay=0.25)
    holds((x / x0 >= 0) & (x / x0 <= 1), "x_t lies between 0 and x_0", x, x0)
    holds(x[-1] / x0 < 1, "x_8 is nearer to 0 than x_0", x[-1], x0)


@identity("B8", "Adagrad's steps", needs=["sum of squares"], cases=sequences)
def adagrads_steps(run: Runs, case: GradientSequence) -> None:
    """|dx_t| <= lr and sum_{s<=t} dx_s^2 <= lr^2 (1 + ln(S_t/S_1)), S_t the sum of squares, S_1 its first value > 0.

    Adagrad from any v_0 >= 0: each g_t^2/S_t <= ln(S_t/S_{t-1}) (lemma L2a).
    """
    settings = {name: value for name, value in chosen(run).items() if name == "eps"}
    at_most(run, case, np.ones_like(times(case.g)), "Adagrad", **settings)
    size, slack = moved(run, case, **settings)
    total = np.cumsum(case.g**2, axis=0)
    with np.errstate(all="ignore"):
        first = np.max(np.where(np.cumsum(case.g != 0, axis=0) == 1, total, 0), axis=0)
        most = np.where(total > 0, 1 + np.log(total / first), 0)
    rough = np.cumsum(2 * size * slack + slack**2, axis=0)
    holds(np.cumsum(size**2, axis=0) <= most + rough, "the sum of squared steps over lr^2", size, most)
