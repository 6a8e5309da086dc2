"""R: what the moments satisfy, read off the path without momentum or from the state where it is revealed."""

import numpy as np

from madatheory.identities import GradientSequence, NotApplicable, Runs, close, holds, identity, sequences, unit
from madatheory.identities.recognition.recurrences import (
    BETA1,
    BETA2,
    DENOMINATORS,
    FALLING,
    Array,
    Reading,
    average,
    bias_of_the_mean,
    chosen,
    correction,
    kind,
    read,
    rounding,
    steps,
    times,
    variant,
)

TOP = np.maximum.accumulate


def below(low: Array, high: Array, slack: Array, what: str) -> None:
    """low <= high (1 + slack) wherever both are numbers."""
    wrong = low > high * (1 + slack)
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0])
        step = f"step {place[0] + 1}, entry {tuple(map(int, place[1:]))}"
        holds(False, f"{what}: at {step} {low[place]!s} > {high[place]!s}", low, high)


def read_always(run: Runs, g: Array) -> Reading:
    """`read`, but a step that is not finite where the gradient is not zero is a violation."""
    found = read(run, g)
    holds(np.isfinite(found.v) | (g == 0), "a nonzero gradient makes a finite nonzero step", found.v)
    return found


def uncorrected(run: Runs, name: str, found: Reading, g: Array) -> Array:
    """The moment before its bias correction, from vhat_t and the variant that plain gradients show."""
    how = variant(run, name)
    if "after" in how:
        raise NotApplicable("the maximum is taken after the bias correction: the moment itself is not seen")
    if "exactly" in how:
        return found.v * bias_of_the_mean(g, BETA2)
    return found.v * correction(g, BETA2) if how.startswith("corrected") else found.v


def revealed(run: Runs, case: GradientSequence, *names: str) -> dict[str, Array]:
    """Moments (T, n) along a run with the settings of the check, as the state shows them; `NotApplicable` if hidden."""
    stepper = run.start([case.x0])
    path: dict[str, list[Array]] = {name: [] for name in names}
    for g in case.g:
        stepper.step([g])
        moments = stepper.moments()
        for name in names:
            if name not in moments:
                raise NotApplicable(f"the state shows no {name}")
            if moments[name][0].shape != case.x0.shape:
                raise NotApplicable(f"{name} in the state is not of the shape of the tensor")
            path[name].append(moments[name][0])
    return {name: np.array(values) for name, values in path.items()}


@identity("R1", "second moment in range", cases=sequences)
def second_moment_in_range(run: Runs, case: GradientSequence) -> None:
    """0 <= vhat_t <= max_{s<=t} g_s^2.

    Whoever averages squares, takes a maximum of such averages or their mean (Adam, AMSGrad, AVGrad, RMSProp): each is
    an average of squares with weights of sum at most 1, and with the bias correction exactly 1. Not Yogi (R2).
    """
    kind(run, "average of squares", "maximum of squares", "mean of averages")
    found = read_always(run, case.g)
    below(found.v, TOP(case.g**2), found.slack, "vhat_t against the largest square so far")


@identity("R2", "Yogi's moment", needs=["yogi squares"], cases=sequences)
def yogi_moment(run: Runs, case: GradientSequence) -> None:
    """|v_t - v_{t-1}| <= (1-beta2) g_t^2, v_t >= min(beta2, 1-beta2) g_t^2, v_t <= (2-beta2) max g^2 (lemma L8).

    Yogi from any v_0 >= 0: v moves by 0 or (1-beta2) g^2 towards g^2 and past it at most by that much.
    """
    found = read_always(run, case.g)
    v, squares, share = uncorrected(run, "yogi squares", found, case.g), case.g**2, 1 - BETA2
    change = v[1:] - v[:-1]
    slack = found.slack[1:] * v[1:] + found.slack[:-1] * v[:-1]  # of a difference: both roundings
    below(np.abs(change) - slack, share * squares[1:], np.array(0.0), "|v_t - v_(t-1)| against (1-beta2) g_t^2")
    below(min(BETA2, share) * squares, v, found.slack, "min(beta2, 1-beta2) g_t^2 against v_t")
    below(v, (2 - BETA2) * TOP(squares), found.slack, "v_t against (2-beta2) max g^2")


@identity("R3", "first moment in the hull", cases=sequences)
def first_moment_in_hull(run: Runs, case: GradientSequence) -> None:
    """m_t lies between the least and the largest of 0, g_1 .. g_t.

    Whoever averages gradients from m_0 = 0: the weights are at least 0 and sum up to 1 - beta1^t. Read as the ratio of
    the steps with and without beta1, times g_t, and from the state where it shows m.
    """
    if not run.traits.get("average of gradients", False):
        raise NotApplicable("needs average of gradients")
    x0 = np.zeros_like(case.g[0])
    with_m, without = (run(x0, case.g, **chosen(run, beta1=b)) for b in (BETA1, 0.0))
    with np.errstate(all="ignore"):
        m = np.where(case.g == 0, 0.0, case.g * steps(with_m, x0) / steps(without, x0))
        # both steps are rounded like a root of vhat: half its rounding each, of which x_t's part is absolute
        size = np.abs(case.g / steps(without, x0)) * unit(np.float64)
        slack = np.abs(m) * rounding(without, x0) + size * (np.abs(with_m) + np.abs(without))
        slack = np.where(case.g == 0, 0.0, slack)
    holds(np.isfinite(m), "the steps with and without beta1 are finite", m)
    _in_hull(m, case.g, slack, "m_t/(1-beta1^t) read from the steps")


@identity("R3b", "first moment in the hull, from the state", cases=sequences)
def first_moment_shown(run: Runs, case: GradientSequence) -> None:
    """The m_t that the state shows lies between the least and the largest of 0, g_1 .. g_t.

    Whoever averages gradients from m_0 = 0, Lion too, with any beta1 in [0, 1).
    """
    if not (run.traits.get("average of gradients", False) or run.traits.get("sign step", False)):
        raise NotApplicable("needs average of gradients, or sign step")
    m = revealed(run, case, "m")["m"]
    # each of t averages rounds three times, in units of the largest gradient
    slack = 3 * unit(np.float64) * times(case.g) * TOP(np.abs(case.g))
    _in_hull(m, case.g, slack, "m_t in the state")


def _in_hull(m: Array, g: Array, slack: Array, what: str) -> None:
    low, high = np.minimum(np.minimum.accumulate(g), 0), np.maximum(TOP(g), 0)
    wrong = (m < low - slack) | (m > high + slack) | (m != m)
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0])
        where = f"step {place[0] + 1}, entry {tuple(map(int, place[1:]))}"
        holds(False, f"{what}: at {where} {m[place]!s} is outside [{low[place]!s}, {high[place]!s}]", m, [low, high])


@identity("R4", "weights of the average", needs=["mean of averages"], cases=sequences)
def weights_of_the_average(run: Runs, case: GradientSequence) -> None:
    """t vbar_t = sum_{j<=t} (1 - beta2^(t-j+1)) g_j^2 (lemma L3).

    AVGrad: the running mean of the averages v_1 .. v_t; g_j^2 is in v_j .. v_t with weights of sum 1 - beta2^(t-j+1).
    """
    found = read_always(run, case.g)
    vbar, count = uncorrected(run, "mean of averages", found, case.g), len(case.g)
    age = np.arange(count)[:, None] - np.arange(count)[None] + 1  # t - j + 1
    weights = np.where(age > 0, 1 - BETA2 ** np.maximum(age, 1), 0.0)
    total = times(case.g) * vbar
    expected = np.where(case.g == 0, np.nan, weights @ case.g**2)
    close(total, expected, found.slack * np.abs(np.nan_to_num(expected)), "t vbar_t against the weighted sum")


@identity("R5", "t vbar does not fall", needs=["mean of averages"], cases=sequences)
def total_does_not_fall(run: Runs, case: GradientSequence) -> None:
    """t vbar_t is nondecreasing, and so is t vbar_t/(1-beta2^t) (lemma L3b).

    AVGrad: t vbar_t is a sum of averages v_s >= 0. After division: each weight (1-beta2^(t-j+1))/(1-beta2^t) of g_j^2
    is nondecreasing in t.
    """
    found = read_always(run, case.g)
    total = times(case.g) * uncorrected(run, "mean of averages", found, case.g)
    for values, what in ((total, "t vbar_t"), (total / correction(case.g, BETA2), "t vbar_t/(1-beta2^t)")):
        _nondecreasing(values, found.slack, what)


def _nondecreasing(values: Array, slack: Array, what: str) -> None:
    """Each value against the largest before it; nan where nothing was read."""
    largest, loose = np.zeros_like(values[0]), np.zeros_like(values[0])
    for t, (now, rough) in enumerate(zip(values, slack, strict=True)):
        known = now == now
        wrong = known & (now * (1 + rough) < largest * (1 - loose))
        holds(~wrong, f"{what} falls at step {t + 1}: {now} after {largest}", values)
        larger = known & (now > largest)
        largest, loose = np.where(larger, now, largest), np.where(larger, rough, loose)


@identity("R6", "between Adagrad and a multiple", needs=["mean of averages"], cases=sequences)
def between_adagrads(run: Runs, case: GradientSequence) -> None:
    """(1-beta2) sum_{j<=t} g_j^2 <= t vbar_t <= sum_{j<=t} g_j^2 (lemma L3a).

    AVGrad: with steps alpha/sqrt(t) it moves at least as far as Adagrad and at most 1/sqrt(1-beta2) times as far.
    """
    found = read_always(run, case.g)
    total = times(case.g) * uncorrected(run, "mean of averages", found, case.g)
    squares = np.cumsum(case.g**2, axis=0)
    below(total, squares, found.slack, "t vbar_t against the sum of squares")
    below((1 - BETA2) * squares, total, found.slack, "(1-beta2) times the sum of squares against t vbar_t")


@identity("R7", "steps per gradient do not grow", cases=sequences)
def steps_do_not_grow(run: Runs, case: GradientSequence) -> None:
    """|dx_t/g_t| without momentum is nonincreasing, once the bias correction of the squares is taken out.

    A maximum of averages (AMSGrad) and a sum of squares (Adagrad) never fall; a maximum taken after the correction
    needs nothing taken out. Not Adam: large gradients are forgotten.
    """
    name = kind(run, "maximum of squares", "sum of squares")
    found = read_always(run, case.g)
    before = "before" in variant(run, name)
    _nondecreasing(found.v * correction(case.g, BETA2) if before else found.v, found.slack, "vhat_t")


@identity("R8", "moments below the maximum", cases=sequences)
def below_the_maximum(run: Runs, case: GradientSequence) -> None:
    """v_t <= vmax_t and vbar_t <= vmax_t, where v is the average of squares, vbar its mean and vmax its maximum.

    AMSGrad by definition, AVGrad because a mean is at most the largest term; with the correction likewise.
    """
    name = kind(run, "maximum of squares", "mean of averages")
    found = read_always(run, case.g)
    v = average(case.g**2, BETA2)
    if name == "mean of averages":
        return below(uncorrected(run, name, found, case.g), TOP(v), found.slack, "vbar_t against the largest v")
    corrected = variant(run, name).startswith("corrected")
    return below(v / correction(case.g, BETA2) if corrected else v, found.v, found.slack, "v_t against vmax_t")


@identity("R8b", "moment below the maximum, from the state", needs=["maximum of squares"], cases=sequences)
def shown_below_the_maximum(run: Runs, case: GradientSequence) -> None:
    """The state shows v_t <= vmax_t, and a vmax_t that never falls.

    AMSGrad: vmax_t = max(vmax_{t-1}, v_t), over v_t itself or over v_t/(1-beta2^t) >= v_t, after the update of v.
    """
    state = revealed(run, case, "v", "vmax")
    holds(state["v"] <= state["vmax"], "v_t <= vmax_t", state["v"], state["vmax"])
    holds(np.diff(state["vmax"], axis=0) >= 0, "vmax_t does not fall", state["vmax"])


@identity("R9", "interpolation between its ends", needs=["set rho"], cases=sequences)
def interpolation_hull(run: Runs, case: GradientSequence) -> None:
    """vhat_t(rho) = rho vhat_t(1) + (1-rho) vhat_t(0), so every step lies between those of rho = 0 and rho = 1.

    MADA's family: rho enters the denominator linearly under the root.
    """
    ends = {rho: read(run, case.g, rho=rho) for rho in (0.0, 0.25, 1.0)}
    expected = 0.25 * ends[1.0].v + 0.75 * ends[0.0].v
    slack = sum(end.slack for end in ends.values())
    close(ends[0.25].v, expected, slack * np.nan_to_num(expected), "vhat at rho = 1/4 against 1/4 of one end + 3/4")


@identity("R10", "bias of the mean", needs=["mean of averages"], cases=lambda: sequences(kinds=("constant",)))
def bias_of_the_average(run: Runs, case: GradientSequence) -> None:
    """On a constant gradient vbar_t/g^2 = 1 - beta2 (1-beta2^t)/(t (1-beta2)), in [(t+1)/(2t), 1] times 1-beta2^t.

    AVGrad (lemma L3d): the power correction leaves up to a factor 2, the exact one nothing.
    """
    found = read_always(run, case.g)
    ratio = uncorrected(run, "mean of averages", found, case.g) / case.g**2
    expected = np.broadcast_to(bias_of_the_mean(case.g, BETA2), ratio.shape)
    close(ratio, expected, found.slack * expected, "vbar_t/g^2 against the exact bias")
    power, t = correction(case.g, BETA2), times(case.g)
    below((t + 1) / (2 * t) * power, ratio, found.slack, "(t+1)/(2t) (1-beta2^t) against vbar_t/g^2")
    below(ratio, power + 0 * ratio, found.slack, "vbar_t/g^2 against 1-beta2^t")


@identity("R11", "closed form of the denominator", cases=sequences)
def closed_form(run: Runs, case: GradientSequence) -> None:
    """Without momentum (lr g_t/dx_t)^2 is the moment that the traits say: average, maximum, mean, sum, Yogi's.

    Everyone with one of these traits, in the variant that plain gradients show. A sum and Yogi's moment may start above
    0: then a sum is compared by its increments and Yogi's is not compared.
    """
    name = kind(run)
    formula = DENOMINATORS[name][variant(run, name)]
    plain, first = read(run, FALLING.g), formula(FALLING.g, BETA2)[0]
    start, rough = plain.v[0] - first, plain.slack[0] * first
    if name == "yogi squares" and (np.abs(start) > rough).any():
        raise NotApplicable("the moment does not start at 0")
    found = read_always(run, case.g)
    expected = np.where(case.g == 0, np.nan, formula(case.g, BETA2))
    if name == "sum of squares":  # v_0 cancels
        start = np.where(np.abs(start) > rough, start, 0.0)
        slack = found.slack * np.nan_to_num(expected + start) + rough
        return close(found.v, expected + start, slack, "v_t against v_0 and the sum of squares")
    return close(found.v, expected, found.slack * np.nan_to_num(expected), f"vhat_t against the {name}")
