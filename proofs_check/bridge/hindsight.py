"""Counterexamples to T6 and T8 where a coefficient is chosen after the gradient that the theorems fix before it.

All have one coordinate, F' = s clip(x/l, -1, 1), and gradients of known size and random sign: g = A with probability
P = (1 + F'/A)/2, else -A, so that E g = F'. The choice shortens the steps that go down and lengthens those that go up.
Where F' = s the two then nearly balance although E g = s > 0: x stays there, the left side is at least s^2 times the
chance that it does, and the bounds tend to 0. Nothing is drawn: the chance is bounded from below, by Kolmogorov's
inequality or by hand, and both sides are enclosed by balls.

While x_{t-1} >= l the method has moved down by S_t = sum_{s<=t} eta_s N_s, a function of the signs alone. If
S_t <= D + M_t with a martingale M_t and E M_T^2 <= V, then P(max_t M_t >= kappa) <= V/(V + kappa^2), which is
Kolmogorov's inequality for M + V/kappa. So x_0 = l + D + kappa stays above l with probability kappa^2/(V + kappa^2).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np

from madatheory.arithmetic import arithmetic
from madatheory.hparams import Hyper
from madatheory.optimizers.convention import THEORY
from madatheory.optimizers.family import member
from madatheory.optimizers.optimizer import Array, Clock, Optimizer, State
from madatheory.problems.noise_laws import uniform01
from madatheory.problems.problem import Constant, Constants, Oracle, Problem
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from proofs_check.evidence import Finding, Status

Ball = Any
Sizes = tuple[tuple[float, float], ...]


def coin(slope: float, length: float, start: float, sizes: Sizes = ((np.inf, 1.0),)) -> Problem:
    """F' = slope clip(x/length, -1, 1); g = +-A_t with E g = F', A_t from the first pair (end, size) with t <= end."""

    def size(t: Array) -> Array:
        found = jnp.asarray(sizes[-1][1], jnp.result_type(t))
        for end, value in reversed(sizes[:-1]):
            found = jnp.where(t <= end, value, found)
        return found

    def gradient(x: Array) -> Array:
        return slope * jnp.clip(x / length, -1, 1)

    def value(x: Array) -> Array:
        near = jnp.minimum(jnp.abs(x), length)
        return slope * jnp.sum(near * near / (2 * length) + jnp.abs(x) - near, axis=0)

    def exact(number: float) -> Constant:
        return Constant(number, "exact", "by construction", "tests/theory/test_refutations.py")

    oracle = Oracle(
        "coin",
        1,
        lambda w, dtype: 2 * uniform01(w.first, dtype) - 1,
        lambda x, grad, xi, t: jnp.where(xi * size(t) < grad, size(t), -size(t)),
        lambda x, grad, t: jnp.zeros_like(x) + size(t) ** 2,
        None,
    )
    constants = Constants(exact(slope / length), exact(max(value for _, value in sizes)), exact(0.0))
    return Problem(
        "coin", "a slope with gradients of random sign", 1, np.array([start]), value, oracle, constants, gradient
    )


@dataclass(frozen=True)
class Example:
    """One counterexample: the theorem, the method that breaks it, where, and a proof that it does.

    `ends` are the hyper-parameters between which the choice moves: the bound is the largest of theirs. `sides` encloses
    left and right side: a lower bound of the one, an upper bound of the other, without the choice if `chosen` is False.
    """

    theorem: str
    choice: str
    slope: Fraction
    kink: Fraction
    start: Fraction
    steps: int
    method: Callable[[], Optimizer]
    hyper: Mapping[str, Fraction]
    ends: tuple[Mapping[str, Fraction], ...]
    sides: Callable[["Example", bool], tuple[Ball, Ball]]
    sizes: tuple[tuple[int, Fraction], ...] = ()

    def __str__(self) -> str:
        told = {"s": self.slope, "l": self.kink, "x_0": self.start, **self.hyper, "T": self.steps}
        return ", ".join([self.choice, *(f"{name} = {value}" for name, value in told.items())])

    @property
    def problem(self) -> Problem:
        """The problem as the package has it."""
        sizes = (*((end, float(size)) for end, size in self.sizes), (np.inf, 1.0))
        return coin(float(self.slope), float(self.kink), float(self.start), sizes if not self.sizes else sizes[:-1])

    @property
    def numbers(self) -> dict[str, float]:
        """The hyper-parameters that the method reads."""
        return {name: float(x) for name, x in self.hyper.items() if name in self.method().parameters}


def _ball(x: Fraction | int) -> Ball:
    return arithmetic("balls").rational(Fraction(x).numerator, Fraction(x).denominator)


def _safeguarded(difference: str = "square", **adapted: Any) -> Optimizer:
    return member(
        "safeguarded-mada",
        "the safeguarded method with a coefficient chosen after the gradient",
        free=("alpha", "beta1", "beta2", "beta3", "rho", "c", "eps"),
        convention=replace(THEORY, difference_place=difference, safeguard="max"),  # type: ignore[arg-type]
        adapted=adapted,
    )


RATIO = 6


def chosen_alpha() -> Optimizer:
    """alpha_t = alpha where g_t > 0, else 6 alpha."""
    base = _safeguarded()

    def step(hyper: Hyper, state: State, g: Array, clock: Clock) -> Any:
        return base.step({**hyper, "alpha": jnp.where(g > 0, 1.0, RATIO) * hyper["alpha"]}, state, g, clock)

    return replace(base, step=step)


def _lower_momentum(h: Hyper, clock: Clock, state: State, g: Array) -> Array:
    """beta1 where g_t > 0, else 0: m_t is -1 after every gradient of -1."""
    return jnp.where(g > 0, h["beta1"], 0.0)


def _kept_numerator(h: Hyper, clock: Clock, state: State, g: Array) -> Array:
    """0 until n_{t-1} < 0, beta3 from then on: n stays near -2."""
    return jnp.where(state["n"] < 0, h["beta3"], 0.0)


def _against(h: Hyper, clock: Clock, state: State, g: Array) -> Array:
    """rho_t in {0, 1}: the larger second moment where g_t > 0, the smaller one elsewhere."""
    v = h["beta2"] * state["v"] + (1 - h["beta2"]) * g * g
    vbar = ((clock.t - 1) * state["reference"] + v) / clock.t
    return jnp.where((g > 0) == (v > vbar), 1.0, 0.0)


def _stays(kappa: Ball, variance: Ball) -> Ball:
    """kappa^2/(V + kappa^2), 0 where kappa is not surely positive."""
    return kappa**2 / (variance + kappa**2) if kappa > 0 else 0 * kappa


def _largest(example: Example, beta3: Fraction) -> Ball:
    """The largest of T8's bounds at the ends; G = 1."""
    theorem, xp = list_theorems()[example.theorem], arithmetic("balls")
    gap = example.slope * (example.start - example.kink / 2)
    told = {"T": example.steps, "D0": gap, "L": example.slope / example.kink, "G": 1, "d": 1, "B3": beta3}
    bounds = []
    for end in example.ends:
        values = {**example.hyper, **told, **end}
        bounds.append(theorem.bound(Quantities(**{name: _ball(value) for name, value in values.items()}), xp))
    return xp.maximum(*bounds)


def _with_alpha(example: Example, chosen: bool) -> tuple[Ball, Ball]:
    """eta_t = alpha/sqrt(t (eps + 1)) = t^(-1/2), N_t = 1 or -6, of variance 49 P (1-P) and mean P - 6 (1-P) <= 0."""
    s, q = example.slope, RATIO if chosen else 1
    P, xp = (1 + s) / 2, arithmetic("balls")
    mean, root = P - q * (1 - P), xp.sqrt(_ball(example.steps))
    down = _ball(max(mean, Fraction(0))) * 2 * root  # (E7)
    variance = _ball(P * (1 - P) * (1 + q) ** 2) * (1 + xp.log(_ball(example.steps)))  # (E6)
    return _ball(s**2) * _stays(_ball(example.start - example.kink) - down, variance), _largest(example, Fraction(0))


def _with_beta1(example: Example, chosen: bool) -> tuple[Ball, Ball]:
    """N_t = m_t, E_{t-1} m_t = P B m_{t-1} - nu, nu = 1 - 2P + PB >= 0.

    With h = PB/(1-PB) and Delta_t = (1+h)(m_t - E_{t-1} m_t), m_t = -nu/(1-PB) + h (m_{t-1} - m_t) + Delta_t. By
    partial summation with eta_t = t^(-1/2) and m >= -1 the terms in h add up to at most h. E Delta^2 <= 4P(1-P)(1+h)^2.
    """
    s, B = example.slope, example.hyper["beta1"]
    P, xp = (1 + s) / 2, arithmetic("balls")
    if not chosen:  # beta1_t = 0: the mean is that of the gradients
        return _with_alpha(replace(example, hyper={**example.hyper, "beta1": Fraction(0)}), False)
    assert 1 - 2 * P + P * B >= 0
    h = P * B / (1 - P * B)
    variance = _ball(4 * P * (1 - P) * (1 + h) ** 2) * (1 + xp.log(_ball(example.steps)))
    return _ball(s**2) * _stays(_ball(example.start - example.kink - h), variance), _largest(example, Fraction(0))


def _with_numerator(example: Example, chosen: bool) -> tuple[Ball, Ball]:
    """N_t = g_t until a -1 follows a +1; there n = -2, and every later step goes up.

    j steps later n <= -2 B^j + 2 (1-B), because the differences g_t - g_{t-1} add up to 0 or 2 and the weights
    B^(t-i) of the older ones are smaller. So N_t <= 1 + B n <= 1 - 2 B^(j+1) + 2 B (1-B) < 0. Before that only the
    steps of +1 go down, k of them by at most 1 + .. + 1/sqrt(k); that there are more has probability P^k.
    """
    s, B, T = example.slope, example.hyper["beta3"], example.steps
    assert 1 - 2 * B ** (T + 1) + 2 * B * (1 - B) < 0
    room, xp, k, fallen = _ball(example.start - example.kink), arithmetic("balls"), 0, _ball(0)
    while k < T and fallen + 1 / xp.sqrt(_ball(k + 1)) < room:
        k, fallen = k + 1, fallen + 1 / xp.sqrt(_ball(k + 1))
    chance = 1 - ((1 + s) / 2) ** k if chosen else Fraction(0)
    return _ball(s**2 * chance), _largest(example, B)


@dataclass(frozen=True)
class _Block:
    """Steps first..last of T6's example: |g_t| = A and enclosures of v_t and of vbar_t that hold in all of them."""

    first: int
    last: int
    size: Fraction
    v: tuple[Ball, Ball]
    vbar: tuple[Ball, Ball]


def _blocks(example: Example, width: Fraction = Fraction(1, 500)) -> Iterator[_Block]:
    """All steps in blocks of relative width 1/500; k steps into a phase v_t = A^2 + (v - A^2) beta2^k."""
    xp, w = arithmetic("balls"), 1 - example.hyper["beta2"]
    start, v0, total0 = 0, _ball(0), _ball(0)
    for end, size in example.sizes:
        square, rate = _ball(size**2), xp.log1p(_ball(-w))

        def at(t: int, start=start, v0=v0, total0=total0, square=square, rate=rate) -> tuple[Ball, Ball]:
            """v_t, and v_1 + .. + v_t."""
            left, k = xp.exp((t - start) * rate), t - start
            total = total0 + k * square + (v0 - square) * _ball((1 - w) / w) * (1 - left)
            return square + (v0 - square) * left, total

        cuts = [start]
        while cuts[-1] < end:
            cuts.append(min(end, cuts[-1] + max(1, int(cuts[-1] * width))))
        for before, last in pairwise(cuts):
            (va, total_a), (vb, total_b) = at(before + 1), at(last)
            ends = (xp.minimum(va, vb), xp.maximum(va, vb))
            yield _Block(before + 1, last, size, ends, (total_a / last, total_b / (before + 1)))
        start, (v0, total0) = end, at(end)


def _with_rho(example: Example, chosen: bool) -> tuple[Ball, Ball]:
    """Down by A/sqrt(t (eps + the larger of v, vbar)) with probability P, up by A/sqrt(t (eps + the smaller)) else.

    v_t and vbar_t do not depend on the signs. D is the largest sum of the mean steps, V the sum of their variances; the
    two sums of ratios have their means while x >= l, and are at most the sums of the larger ratios elsewhere.
    """
    s, xp, T = example.slope, arithmetic("balls"), example.steps
    eps, alpha, w = (_ball(x) for x in (example.hyper["eps"], example.hyper["alpha"], 1 - example.hyper["beta2"]))
    moved, down, variance, means, largest = _ball(0), _ball(0), _ball(0), [_ball(0)] * 2, [_ball(0)] * 2
    for block in _blocks(example):
        n, first, last = block.last - block.first + 1, block.first, block.last
        P, A2 = _ball((1 + s / block.size) / 2), _ball(block.size**2)
        high = [xp.maximum(*pair) for pair in zip(block.v, block.vbar, strict=True)]
        low = [xp.minimum(*pair) for pair in zip(block.v, block.vbar, strict=True)] if chosen else high
        # squares of the longest steps down and up, and of the shortest step up, over alpha^2
        far, up, near = A2 / (first * (eps + high[0])), A2 / (first * (eps + low[0])), A2 / (last * (eps + low[1]))
        moved += n * alpha * (P * xp.sqrt(far) - (1 - P) * xp.sqrt(near))
        down = xp.maximum(down, moved)
        variance += n * alpha**2 * P * (1 - P) * (xp.sqrt(far) + xp.sqrt(up)) ** 2
        # w_t = w t where vhat = v, w where vhat = vbar; w t where that is not decided
        heavy, light = xp.sqrt(w * last), xp.sqrt(w)
        above = heavy if not block.v[1] < block.vbar[0] else light
        below = heavy if not block.v[0] > block.vbar[1] else light
        for i, (one, other) in enumerate(((above * far, below * up), (far, up))):
            means[i] += n * (P * one + (1 - P) * other)
            largest[i] += n * xp.maximum(one, other)
    chance = _stays(_ball(example.start - example.kink) - down, variance)
    first, second = (m + (1 - chance) * top for m, top in zip(means, largest, strict=True))
    front = xp.sqrt(eps + 1) / (alpha * xp.sqrt(_ball(T)))
    gap, L = _ball(s * (example.start - example.kink / 2)), _ball(s / example.kink)
    right = front * (gap + xp.rational(2, 5) * alpha * first + alpha**2 * L / 2 * second)
    return _ball(s**2) * chance, right


def _interpolation(**adapted: Any) -> Optimizer:
    return member("adam-avgrad", "", free=("alpha", "beta1", "beta2", "rho", "eps"), adapted=adapted)


def _f(p: int, q: int = 1) -> Fraction:
    return Fraction(p, q)


_T8 = {"beta1": _f(0), "beta2": _f(0), "beta3": _f(0), "rho": _f(1), "c": _f(1)}
_KEPT = _f(1599, 1600)  # 1 - 1/(4T)
EXAMPLES: Mapping[str, Example] = {
    "safeguarded-rate-hindsight-alpha": Example(
        "safeguarded-rate",
        f"alpha_t in {{alpha, {RATIO} alpha}}",
        _f(7, 10),
        _f(6),
        _f(18),
        1500,
        chosen_alpha,
        {**_T8, "alpha": _f(10), "eps": _f(99)},
        ({"alpha": _f(10)}, {"alpha": _f(10 * RATIO)}),
        _with_alpha,
    ),
    "safeguarded-rate-hindsight-beta1": Example(
        "safeguarded-rate",
        "beta1_t in {0, 3/4}",
        _f(3, 5),
        _f(10),
        _f(47, 2),
        5000,
        lambda: _safeguarded(beta1=_lower_momentum),
        {**_T8, "alpha": _f(10), "eps": _f(99), "beta1": _f(3, 4)},
        ({"beta1": _f(0)}, {"beta1": _f(3, 4)}),
        _with_beta1,
    ),
    "safeguarded-rate-numerator": Example(
        "safeguarded-rate",
        f"beta3_t in {{0, {_KEPT}}}",
        _f(3, 4),
        _f(5),
        _f(23, 2),
        400,
        lambda: _safeguarded("numerator_and_square", beta3=_kept_numerator),
        {**_T8, "alpha": _f(100), "eps": _f(10**4), "beta3": _KEPT},
        ({},),
        _with_numerator,
    ),
    "interpolation-rate-hindsight-rho": Example(
        "interpolation-moving-rate",
        "rho_t in {0, 1}, A_t = 2/25 up to .0018 T, 1 up to .3 T, then 9/25",
        _f(3, 40),
        _f(4),
        _f(92),
        10**7,
        lambda: _interpolation(rho=_against),
        {"alpha": _f(1), "beta1": _f(0), "beta2": 1 - _f(25, 10**7), "rho": _f(1, 2), "eps": _f(4, 25)},
        ({},),
        _with_rho,
        ((18_000, _f(2, 25)), (3 * 10**6, _f(1)), (10**7, _f(9, 25))),
    ),
}


def refute(name: str, chosen: bool = True) -> Finding:
    """REFUTED if the least left side exceeds the largest right side, as balls."""
    left, right = EXAMPLES[name].sides(EXAMPLES[name], chosen)
    detail = f"left side at least {float(left):.4f}, right side at most {float(right):.4f}"
    if left > right:
        return Finding(Status.REFUTED, f"{detail}, as balls", str(EXAMPLES[name]), float(left / right) - 1)
    return Finding(Status.OPEN, f"{detail}: not enough")
