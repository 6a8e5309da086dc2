"""C: paths that have a closed form."""

import numpy as np

from madatheory.identities import (
    OPERATIONS,
    GradientSequence,
    Runs,
    Several,
    alike,
    close,
    condition,
    equal,
    identity,
    late,
    nonzero_constants,
    path_tolerance,
    sequences,
    st,
    without_eps,
)
from madatheory.identities.laws.groups import one_counter
from madatheory.identities.recognition.recurrences import BETA1, BETA2, chosen, kind


def _one() -> "st.SearchStrategy[GradientSequence]":
    return nonzero_constants(1)


def _forty() -> "st.SearchStrategy[GradientSequence]":
    return nonzero_constants(40)


def _prefix() -> "st.SearchStrategy[tuple[int, GradientSequence]]":
    return st.tuples(st.integers(0, 40), nonzero_constants(1))


def _zeros_then() -> "st.SearchStrategy[tuple[int, GradientSequence]]":
    return st.tuples(st.sampled_from([1, 3, 30]), sequences(8))


@identity("C1", "first step", needs=["corrected", "elementwise"], cases=_one)
def first_step(run: Runs, case: GradientSequence) -> None:
    """x_1 = x_0 - lr sign(g_1) at eps = 0, whatever the size of g_1.

    Optimizers with bias correction (m/(1-beta1) over sqrt(v/(1-beta2)) = sign), sign methods, Rprop, Adagrad from 0.
    """
    eps, g = without_eps(run, case.g)
    expected = case.x0 - run.value("lr") * np.sign(g)
    slack = path_tolerance(expected, case.x0, np.float64, OPERATIONS, condition(run))
    close(run(case.x0, g, **eps), expected, slack, "the first step")


@identity("C2", "constant gradient", needs=["steady", "elementwise"], cases=_forty, examples=0.4)
def constant_gradient(run: Runs, case: GradientSequence) -> None:
    """On a constant gradient x_t = x_0 - lr t sign(g) at eps = 0, at every t up to 320.

    Adam, AMSGrad and Adan with full bias correction, sign methods. A correction with a wrong or a stuck counter drifts.
    """
    eps, g = without_eps(run, np.tile(case.g, (8, 1)))
    t = np.arange(1, len(g) + 1)[:, None]
    expected = case.x0 - run.value("lr") * t * np.sign(g)
    # m_t and v_t round at most 3 times a step each, the weights of older roundings being beta^k: 3/(1-beta) in all
    slack = path_tolerance(expected, case.x0, np.float64, OPERATIONS, condition(run))
    close(run(case.x0, g, **eps), expected, slack, "a constant gradient")


@identity(
    "C3",
    "zeros, then one gradient",
    needs=["average of gradients", "corrected squares", "corrected", "set beta1", "set beta2"],
    cases=_prefix,
)
def zeros_then_one(run: Runs, case: tuple[int, GradientSequence]) -> None:
    """After k zero gradients the first gradient moves x by
    lr sign(g) (1-b1)/sqrt(1-b2) sqrt(1-b2^{k+1})/(1-b1^{k+1}): only the bias correction sees time.

    Adam and AMSGrad at any betas (here 1/2 and 3/4): m = (1-b1) g, v = (1-b2) g^2, whenever the gradient comes.
    """
    kind(run, "average of squares", "maximum of squares")
    k, given = case
    g = np.concatenate([np.zeros((k, 3)), given.g])
    factor = (1 - BETA1) / np.sqrt(1 - BETA2) * np.sqrt(1 - BETA2 ** (k + 1)) / (1 - BETA1 ** (k + 1))
    expected = given.x0 - run.value("lr") * factor * np.sign(given.g[0])
    path = run(given.x0, g, **chosen(run))
    equal(path[:k], np.tile(given.x0, (k, 1)), f"{k} zero gradients")
    slack = path_tolerance(expected[None], given.x0, np.float64, OPERATIONS, 1 / (1 - BETA2))
    close(path[k:], expected[None], slack, f"the first gradient after {k} zeros")


@identity("C4", "a late tensor", needs=["deterministic", "tensorwise", "can missing gradients"], cases=late)
def late_tensor(run: Runs, case: tuple[Several, int]) -> None:
    """A tensor without gradients for k steps is then moved like a tensor of a fresh optimizer, bit for bit.

    Optimizers that count steps for each tensor. A counter for all tensors, or one that ticks once per tensor, corrects
    the late tensor's moments as if they were old. By convention not: keras, which counts steps of all together.
    """
    several, k = case
    path = run.many(several.x0, several.rows())
    fresh = run(several.x0[1], several.g[1][k:])
    equal(np.stack([step[1] for step in path[:k]]), np.tile(several.x0[1], (k, 1)), "no gradient yet")
    with one_counter(run):
        equal(np.stack([step[1] for step in path[k:]]), fresh, f"a tensor that is {k} steps late against a fresh one")


@identity("C5", "no clock", needs=["timeless", "elementwise"], cases=_zeros_then)
def no_clock(run: Runs, case: tuple[int, GradientSequence]) -> None:
    """k zero gradients in front of others change nothing, bit for bit.

    Optimizers without bias correction and without schedule: gradient descent, RMSProp, Adagrad, Lion.
    """
    k, given = case
    later = run(given.x0, np.concatenate([np.zeros((k, 3)), given.g]))
    alike(run, later[k:], run(given.x0, given.g), f"{k} zero gradients in front", given.x0, given.g)


@identity("C6", "a sign is a step of lr", needs=["sign step", "not decay"], cases=sequences)
def sign_steps(run: Runs, case: GradientSequence) -> None:
    """From x0 = 0 every coordinate is a whole multiple of lr after every step, and moves by lr or not at all.

    Methods whose update is a sign: lr is dyadic, so that no sum rounds.
    """
    path = run(0 * case.x0, case.g) / run.value("lr")
    equal(path, np.round(path), "x_t/lr")
    moved = np.abs(np.diff(path, axis=0, prepend=0))
    equal(np.minimum(moved, 1), moved, "|x_t - x_{t-1}|/lr")
