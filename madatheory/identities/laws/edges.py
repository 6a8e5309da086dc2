"""E, S, B, N: limits, units and what a name or a setting promises."""

from typing import Any

import numpy as np

from madatheory.identities import (
    LIFT,
    METHODS,
    ByConvention,
    Misbehaved,
    NotApplicable,
    Runs,
    Unusable,
    Violation,
    close,
    holds,
    identity,
    once,
    plain,
)
from madatheory.identities.laws.descent import settable
from madatheory.identities.recognition.recurrences import steps

SMALL = 2.0**-60  # whose root is still below half of the digits
EDGES = ("momentum", "beta1", "beta2", "beta3", "eps", "eps_root", "weight_decay", "rho", "c", "gamma")
HALF = 2.0**-26


@identity("E15", "zero is a limit", needs=["deterministic"])
def zero_is_a_limit(run: Runs, case: None) -> None:
    """With a decay, eps, weight decay or weight at 0 the path is that at 2^-60, to half of float64's digits.

    Every optimizer: its formula is continuous there on gradients that are not zero. A branch for 0 that leaves
    something else out, such as the decay of weights, jumps. weight_decay is 1/4 meanwhile where it can be set.
    """
    given, tried = plain(6), False
    decay: dict[str, Any] = {"weight_decay": 0.25} if "weight_decay" in run.target.settable else {}
    for name in settable(run, EDGES):
        ends: list[dict[str, Any]] = [{**decay, name: value} for value in (0.0, SMALL)]
        try:
            at, near = (run(given.x0, given.g, **end, **once(run)) for end in ends)
        except (Unusable, Misbehaved):  # refuses the end itself
            continue
        tried = True
        if not np.isfinite(at).all():  # 0/0 of an eps, or what F8 says of a decay
            continue
        moved = np.abs(near - given.x0).max(initial=0.0) + np.abs(given.x0).max()
        close(at, near, HALF * moved, f"{name} = 0 against {name} = 2^-60")
    if not tried:
        raise NotApplicable("no setting can be 0")


@identity("E16", "no gradient is the limit of a small one", needs=["deterministic", "not decay"])
def zero_gradient_is_a_limit(run: Runs, case: None) -> None:
    """A gradient of 0 between others moves like one of 2^-60, to half of float64's digits.

    Whoever does not take the sign of the gradient itself: averages, squares and roots of past values are continuous
    in the present gradient. A zero that is taken for "unused" freezes what momentum would move.
    """
    given = plain(8)
    paths = {}
    for size in (0.0, SMALL, -SMALL):
        g = given.g.copy()
        g[3:5, 0] = size
        paths[size] = run(given.x0, g)
    zero, above, below = paths.values()
    slack = HALF * np.abs(above - given.x0).max(initial=0.0)
    if np.abs(above - below).max() > slack:
        raise NotApplicable("it takes the sign of the gradient")
    close(zero, above, slack, "a zero gradient against 2^-60")


@identity("S12", "a power of the scale", needs=["deterministic", "not decay"])
def power_of_the_scale(run: Runs, case: None) -> None:
    """Gradients of size 2^24 that become 16 times as large move every coordinate 16^d times as far in every step, with
    one power d: 0 where steps are normalized, 1 where they are linear.

    Every optimizer that adds only what has the same unit: at this size no eps, no starting value and no threshold is
    felt. (beta v + 1 - beta) g^2, where beta v + (1-beta) g^2 belongs, mixes units. The first step may be linear.
    """
    given = plain(8)
    x0 = np.zeros(3)
    paths = [run(x0, 2.0**24 * f * given.g, **once(run)) for f in (1.0, 16.0)]
    if not all(np.isfinite(path).all() for path in paths):
        raise NotApplicable("gradients of this size overflow")
    one, other = (steps(path, x0) for path in paths)
    seen = [np.abs(moved) > 2.0**-30 * np.abs(path).max() for moved, path in zip((one, other), paths, strict=True)]
    there = seen[0] & seen[1]
    if not there.any():
        raise NotApplicable("gradients of this size move nothing")
    with np.errstate(all="ignore"):
        powers = np.log2(np.abs(other / one)) / 4
    if np.abs(powers[0][there[0]] - 1).max(initial=0.0) < 1e-3:  # a plain first step, before there are moments
        there[0] = False
    d = float(np.median(powers[there])) if there.any() else 0.0
    wrong = there & ((np.abs(powers - d) > 1e-3) | (np.sign(one) != np.sign(other)))
    if wrong.any():
        t, i = map(int, np.argwhere(wrong)[0])
        raise Violation(
            f"step {t + 1} of coordinate {i} grows with the power {powers[t, i]:.3g} of the gradients' size, most "
            f"others with {d:.3g}: quantities of different units are added or multiplied",
            powers,
            d,
        )


@identity("B10", "an average of one gradient", needs=["deterministic", "elementwise", "not decay", "set beta1"])
def average_of_one(run: Runs, case: None) -> None:
    """In the first step beta1 = 1/2 moves at most 3/2 times as far as beta1 = 0, and then beta2 = 3/4 at least as far
    as beta2 = 0.

    Whoever averages: of one value, an average is that value (with bias correction) or less, and Nesterov's look-ahead
    adds beta1 times as much. A first moment that is stored without its weight and then corrected is too large.
    """
    given = plain(1)
    x0 = np.zeros(3)

    def length(**more: float) -> np.ndarray:
        settings = {**dict.fromkeys(settable(run, ("beta1", "beta2")), 0.0), **more}
        return np.abs(run(x0, LIFT * given.g, **settings, **once(run))[0])

    try:
        bare, averaged = length(), length(beta1=0.5)
        squared = length(beta1=0.5, beta2=0.75) if "beta2" in run.target.settable else averaged
    except (Unusable, Misbehaved) as error:
        raise NotApplicable(f"a decay cannot be 0: {error}") from error
    if not np.isfinite(bare).all():
        raise NotApplicable("without decays the first step is not finite")
    holds(averaged <= 1.5 * bare * (1 + HALF), "beta1 = 1/2 lengthens the first step", averaged / bare, "at most 1.5")
    holds(squared >= averaged * (1 - HALF), "beta2 = 3/4 shortens the first step", squared / averaged, "at least 1")


@identity("N1", "does what its name says", needs=["deterministic", "not decay"])
def named(run: Runs, case: None) -> None:
    """An optimizer that is called by the name of a published method, or declared by `--method` to be it, has the
    recurrences of that method on plain gradients.

    By definition: Adam averages gradients and squares and corrects both, RMSProp averages squares, Adagrad sums them,
    AMSGrad takes their maximum, Lion moves by a sign, SGD is linear in its step size. Found where lr, and the betas
    that the method has, can be set.
    """
    wanted = METHODS.get(run.method, ())
    if not wanted:
        raise NotApplicable("its name is that of no method whose recurrences are known")
    needs = ["lr"] if run.method in ("sgd", "adagrad", "lion", "signsgd") else ["lr", "beta2"]
    needs += ["eps"] if run.method not in ("sgd", "lion", "signsgd") else []
    needs += ["beta1"] if "average of gradients" in wanted else []
    missing = [name for name in needs if name not in run.target.settable]
    if missing:
        raise NotApplicable(f"{', '.join(missing)} cannot be set")
    lost = [name for name in wanted if not run.traits.get(name, False)]
    holds(not lost, f"it is called {run.method}, but on plain gradients there is no {', no '.join(lost)}", lost, wanted)


@identity("N2", "settings are felt", needs=["deterministic"])
def settings_are_felt(run: Runs, case: None) -> None:
    """Each of lr, beta1, beta2, momentum, eps and weight_decay that can be set changes the path of some tensor, vector
    or matrix, within 16 steps.

    Every optimizer: a setting that changes nothing is forgotten, or shadowed by a constant. By convention not: methods
    without a step size whose lr multiplies gradients that are then normalized.
    """
    others: dict[str, tuple[float, float]] = {
        "lr": (0.125, 0.25),
        "beta1": (0.5, 0.97),
        "beta2": (0.5, 0.97),
        "momentum": (0.5, 0.75),
        "eps": (1.0, 0.25),
        "weight_decay": (0.0, 0.25),
    }
    shapes = [np.ones(3), np.ones((3, 2)) + np.arange(6).reshape(3, 2) / 8]
    # a long memory keeps the sign of the first six for longer than a short one, and these differ for who sees no others
    # in 16 steps; at the end gradients grow with the parameters, which only then shows a curvature to those who
    # estimate it from norms
    sizes, signed = np.array([1.0, -0.75, 0.5]), [1.0] * 3 + [0.875] * 3 + [-0.25] * 8 + [-1.0] * 2
    rows = [[s * sizes, s * np.stack([sizes, 0.75 * sizes[::-1]], axis=1)] for s in signed]
    names = settable(run, tuple(others))
    if not names:
        raise NotApplicable("nothing can be set")
    for name in names:
        try:
            ends = [run.many(shapes, rows, **{name: value}, **once(run))[-1] for value in others[name]]
        except (Unusable, Misbehaved):
            continue
        same = all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))
        if same:
            kind = ByConvention if name == "lr" and run.traits["scale free"] else Violation
            raise kind(f"{name} = {others[name][0]:g} and {others[name][1]:g} give the same path: is it used?")
