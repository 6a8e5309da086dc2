"""Which moments an optimizer keeps, read off its path: the recurrences of the field and their traits.

Without a first moment the step is lr g_t/sqrt(vhat_t), so the path shows vhat_t = (lr g_t/dx_t)^2 whatever the
optimizer stores. All runs here use beta1 = 0 or 1/2 and beta2 = 3/4: moments of dyadic gradients are then exact.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from madatheory.identities.identity import NotApplicable, Violation
from madatheory.identities.rollout import Runs
from madatheory.identities.strategies import GradientSequence, plain
from madatheory.identities.targets.target import Unsettable
from madatheory.identities.tolerance import unit

Array = np.ndarray
BETA1, BETA2 = 0.5, 0.75
EPS = 2.0**-100  # felt by no other number here, and 0/eps = 0 where 0/0 is no number
LOOSE = 1e-3  # of detection only: moments that start at 1e-6 are the same recurrence


def times(g: Array) -> Array:
    """t = 1 .. T as a column against g (T, n)."""
    return np.arange(1.0, len(g) + 1).reshape(-1, *[1] * (np.ndim(g) - 1))


def average(values: Array, beta: float) -> Array:
    """a_t = beta a_{t-1} + (1-beta) values_t with a_0 = 0, at every t."""
    now, path = np.zeros_like(values[0]), []
    for value in values:
        now = beta * now + (1 - beta) * value
        path.append(now)
    return np.array(path)


def correction(g: Array, beta: float) -> Array:
    """1 - beta^t as a column."""
    return 1 - beta ** times(g)


def yogi(g: Array, beta2: float) -> Array:
    """v_t = v_{t-1} - (1-beta2) sign(v_{t-1} - g_t^2) g_t^2 with v_0 = 0."""
    now, path = np.zeros_like(g[0]), []
    for square in g**2:
        now = now - (1 - beta2) * np.sign(now - square) * square
        path.append(now)
    return np.array(path)


def bias_of_the_mean(g: Array, beta: float) -> Array:
    """What vbar_t is on gradients of size 1: 1 - beta (1-beta^t)/(t (1-beta)) (L3d)."""
    return 1 - beta * (1 - beta ** times(g)) / (times(g) * (1 - beta))


Moment = Callable[[Array, float], Array]


def _maximum(values: Array) -> Array:
    return np.maximum.accumulate(values)


def _mean(g: Array, beta: float) -> Array:
    return np.cumsum(average(g**2, beta), axis=0) / times(g)


DENOMINATORS: Mapping[str, Mapping[str, Moment]] = {
    "average of squares": {
        "corrected": lambda g, b: average(g**2, b) / correction(g, b),
        "uncorrected": lambda g, b: average(g**2, b),
    },
    "maximum of squares": {
        "corrected, maximum before": lambda g, b: _maximum(average(g**2, b)) / correction(g, b),
        "corrected, maximum after": lambda g, b: _maximum(average(g**2, b) / correction(g, b)),
        "uncorrected": lambda g, b: _maximum(average(g**2, b)),
    },
    "mean of averages": {
        "corrected by the power": lambda g, b: _mean(g, b) / correction(g, b),
        "corrected exactly": lambda g, b: _mean(g, b) / bias_of_the_mean(g, b),
        "uncorrected": _mean,
    },
    "yogi squares": {
        "corrected": lambda g, b: yogi(g, b) / correction(g, b),
        "uncorrected": yogi,
    },
    "sum of squares": {"uncorrected": lambda g, b: np.cumsum(g**2, axis=0)},
}
"""Trait -> variant -> vhat_t of the gradients (T, n) and beta2."""


def falling() -> GradientSequence:
    """Well-conditioned gradients whose size falls, so that a maximum differs from an average; x0 = 0."""
    case = plain()
    return GradientSequence(0 * case.x0, case.g * 2.0 ** -(np.arange(len(case.g)) // 2)[:, None])


FALLING = falling()


def steps(path: Array, x0: Array) -> Array:
    """dx_t = x_t - x_{t-1}."""
    return np.diff(np.concatenate([x0[None], path]), axis=0)


def shown(path: Array, x0: Array, g: Array, lr: float) -> Array:
    """vhat_t = (lr g_t/dx_t)^2 of a path without a first moment; nan where g_t = 0."""
    with np.errstate(all="ignore"):
        return np.where(g == 0, np.nan, (lr * g / steps(path, x0)) ** 2)


def rounding(path: Array, x0: Array, ahead: float = 8.0) -> Array:
    """Relative rounding of vhat_t read from a path.

    x_t is rounded once, dx_t so feels unit |x_t|/|dx_t|. The moments round at most `ahead` times a step (average 3, its
    mean or maximum 5), after them come 1-beta2^t (a power, a few ulp magnified by beta2^t/(1-beta2^t) <= 3), the root,
    two quotients and the product with lr: 16 in all. The square doubles all of it.
    """
    moved = np.abs(steps(path, x0))
    with np.errstate(all="ignore"):
        return 2 * unit(np.float64) * (np.abs(path) / moved + ahead * times(path) + 16)


class Reading(NamedTuple):
    """vhat_t (T, n) read from a run without a first moment, nan where g_t = 0, and its relative rounding."""

    v: Array
    slack: Array


def read(run: Runs, g: Array, **settings: Any) -> Reading:
    """vhat_t of the target at beta1 = 0, beta2 = 3/4, eps = 2^-100, x0 = 0. `NotApplicable` if it cannot be read."""
    x0 = np.zeros_like(g[0])
    path = run(x0, g, **chosen(run, beta1=0.0), **settings)
    return Reading(shown(path, x0, g, run.value("lr")), rounding(path, x0))


def chosen(run: Runs, beta1: float = BETA1, beta2: float = BETA2) -> dict[str, Any]:
    """beta1, beta2 and eps as settings, without those that the target does not have."""
    if "eps" not in run.target.settable:
        raise NotApplicable("eps cannot be set, and would be felt")
    if "beta1" not in run.target.settable and run.traits.get("momentum", False):
        raise NotApplicable("the momentum cannot be set to 0")
    wanted = {"beta1": beta1, "beta2": beta2, "eps": EPS}
    return {name: value for name, value in wanted.items() if name in run.target.settable}


def kind(run: Runs, *among: str) -> str:
    """Which of the traits of `DENOMINATORS` the target has; `NotApplicable` if none of `among` (all by default)."""
    names = among or tuple(DENOMINATORS)
    for name in names:
        if run.traits.get(name, False):
            return name
    raise NotApplicable(f"needs one of: {', '.join(names)}")


def variant(run: Runs, name: str) -> str:
    """The variant of a trait that plain gradients show, among those that the trait "corrected squares" admits.

    `Violation` where none fits: a trait that was declared does not hold even there.
    """
    corrected = run.traits.get("corrected squares", False)
    found = read(run, FALLING.g)
    key = recognized(found.v, name, corrected)
    if key is None:
        admitted = [key for key in DENOMINATORS[name] if key.startswith("corrected") is corrected]
        how = "with" if corrected else "without"
        raise Violation(f"{name}, {how} bias correction: not even on plain gradients", found.v, admitted)
    return key


def recognized(v: Array, name: str, corrected: bool | None = None) -> str | None:
    """The variant of `DENOMINATORS[name]` that `v`, read on `FALLING`, follows; None if there is none.

    `corrected` admits only variants with, or without, a bias correction.
    """
    for key, formula in DENOMINATORS[name].items():
        admitted = corrected is None or key.startswith("corrected") is corrected
        if admitted and np.allclose(_increments(name, v), _increments(name, formula(FALLING.g, BETA2)), rtol=LOOSE):
            return key
    return None


def _increments(name: str, v: Array) -> Array:
    """A sum of squares may start anywhere: only its increments tell."""
    return np.diff(v, axis=0) if name == "sum of squares" else v


Run = Callable[..., Array]
Probe = Callable[[Run, Mapping[str, Any]], tuple[bool, str]]


def _without_momentum(run: Run) -> Array:
    """The path on falling gradients, with beta1 = 0 and beta2 = 3/4 where they exist."""
    for settings in ({"beta1": 0.0, "beta2": BETA2}, {"beta2": BETA2}, {"beta1": 0.0}):
        try:
            return run(x0=FALLING.x0, g=FALLING.g, **settings)
        except Unsettable:
            continue
    return run(x0=FALLING.x0, g=FALLING.g)


def _denominator(name: str) -> Probe:
    def probe(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
        v = shown(_without_momentum(run), FALLING.x0, FALLING.g, h["lr"])
        key = recognized(v, name)
        return key is not None, f"without momentum the steps are lr g/sqrt of the {name}" + (f", {key}" if key else "")

    return probe


def _corrected(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    g = FALLING.g
    v = shown(_without_momentum(run), FALLING.x0, g, h["lr"])
    summed = np.allclose(np.diff(v, axis=0), g[1:] ** 2, rtol=LOOSE)
    return bool(np.allclose(v[0], g[0] ** 2, rtol=LOOSE) and not summed), (
        "without momentum the first step is -lr sign(g_1), and the squares are not just summed"
    )


def _numerator(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    g, x0 = FALLING.g, FALLING.x0
    with_m, without = (steps(run(x0=x0, g=g, beta1=b), x0) for b in (BETA1, 0.0))
    m = average(g, BETA1)
    fits = any(np.allclose(with_m, without * m / g / c, rtol=LOOSE) for c in (1.0, correction(g, BETA1)))
    signs = bool(np.allclose(np.abs(with_m), h["lr"]))
    return fits and not signs, "beta1 turns the gradient in the step into its exponential average"


def _trust_ratio(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    case = plain()
    x = np.concatenate([case.x0[None], run()])
    sizes, norms = np.linalg.norm(np.diff(x, axis=0), axis=1), np.linalg.norm(x[:-1], axis=1)
    return bool(np.allclose(sizes, h["lr"] * norms, rtol=1e-4)), "every step has the norm lr |x|"


class GradientDifference(NamedTuple):
    """How a method uses g_t - g_{t-1}: which setting decays it, which the squares, its weight, the first difference."""

    difference: str
    squares: str
    weight: str
    first: str

    def ahead(self, g: Array, decay: float) -> Array:
        """a_t = g_t + k (g_t - g_{t-1}) with k = decay or 1 - decay."""
        first = g[:1] if self.first == "gradient" else 0 * g[:1]
        change = np.concatenate([first, np.diff(g, axis=0)])
        return g + (decay if self.weight == "decay" else 1 - decay) * change


DIFFERENCES = tuple(
    GradientDifference(difference, squares, weight, first)
    for difference, squares in (("beta2", "beta3"), ("beta3", "beta2"))
    for weight in ("decay", "new")
    for first in ("zero", "gradient")
)
SAME, SQUARES = 0.75, 0.5  # the decays of m and of the difference; of the squares


def ratio_steps(numerator: Array, vhat: Array) -> Array:
    """numerator/sqrt(vhat) with 0/0 = 0."""
    root = np.sqrt(vhat)
    return np.divide(numerator, root, out=np.zeros_like(numerator), where=root != 0)


def adam_steps(g: Array, beta1: float, beta2: float, corrected: bool = True) -> Array:
    """mhat_t/sqrt(vhat_t), the steps of Adam over lr at eps = 0, without corrections if so asked."""
    m, v = average(g, beta1), average(g**2, beta2)
    return ratio_steps(m / correction(g, beta1), v / correction(g, beta2)) if corrected else ratio_steps(m, v)


def difference_of(run: Callable[..., Array], lr: float) -> GradientDifference | None:
    """The use of differences that plain gradients show; None if there is no such thing. `run(x0=, g=, **settings)`."""
    for how in DIFFERENCES:
        decays = {"beta1": SAME, how.difference: SAME, how.squares: SQUARES}
        expected = -lr * adam_steps(how.ahead(FALLING.g, SAME), SAME, SQUARES)
        if np.allclose(steps(run(x0=FALLING.x0, g=FALLING.g, **decays), FALLING.x0), expected, rtol=LOOSE):
            return how
    return None


def _difference(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    found = difference_of(run, h["lr"])
    why = "with equal decays the steps are Adam's on the gradients g_t + k (g_t - g_(t-1))"
    return found is not None, f"{why}: {found}" if found else why


PROBES: Mapping[str, Probe] = {
    **{name: _denominator(name) for name in DENOMINATORS},
    "corrected squares": _corrected,
    "average of gradients": _numerator,
    "gradient difference": _difference,
    "trust ratio": _trust_ratio,
}
