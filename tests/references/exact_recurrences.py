"""State recurrences in exact rational numbers: what m, v, vbar, vmax and the others are before any root is taken.

Every function takes gradients g_1 .. g_T of one coordinate and betas, as integers, floats (read as the dyadic numbers
they are) or `Fraction`s, and returns the state after each step as a list of T `Fraction`s.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

Number = int | float | Fraction
Path = list[Fraction]


def average(values: Sequence[Number], beta: Number, start: Number = 0) -> Path:
    """a_t = beta a_{t-1} + (1-beta) values_t, a_0 = start: m_t of the gradients, v_t of their squares."""
    decay, a, path = Fraction(beta), Fraction(start), []
    for value in values:
        a = decay * a + (1 - decay) * Fraction(value)
        path.append(a)
    return path


def squares(gradients: Sequence[Number]) -> Path:
    """g_t^2."""
    return [Fraction(g) ** 2 for g in gradients]


def first_moment(gradients: Sequence[Number], beta1: Number) -> Path:
    """m_t of Adam, AMSGrad, AVGrad, Yogi (Kingma and Ba, ICLR 2015, Algorithm 1)."""
    return average(gradients, beta1)


def second_moment(gradients: Sequence[Number], beta2: Number) -> Path:
    """v_t of Adam and RMSProp (Kingma and Ba, ICLR 2015, Algorithm 1)."""
    return average(squares(gradients), beta2)


def corrected(moments: Sequence[Fraction], beta: Number) -> Path:
    """moments_t/(1 - beta^t)."""
    return [value / (1 - Fraction(beta) ** t) for t, value in enumerate(moments, start=1)]


def running_average(values: Sequence[Fraction]) -> Path:
    """vbar_t = (v_1 + .. + v_t)/t (Ozkara et al., MADA, ICML 2024)."""
    total, path = Fraction(0), []
    for t, value in enumerate(values, start=1):
        total += value
        path.append(total / t)
    return path


def running_maximum(values: Sequence[Fraction]) -> Path:
    """vmax_t = max(v_1, .., v_t) (Reddi, Kale, Kumar, ICLR 2018, Algorithm 2)."""
    return [max(values[: t + 1]) for t in range(len(values))]


def squares_summed(gradients: Sequence[Number], start: Number = 0) -> Path:
    """s_t = start + sum_{j<=t} g_j^2 (Duchi, Hazan, Singer, JMLR 2011)."""
    total, path = Fraction(start), []
    for square in squares(gradients):
        total += square
        path.append(total)
    return path


def yogi_moment(gradients: Sequence[Number], beta2: Number, start: Number = 0) -> Path:
    """v_t = v_{t-1} - (1-beta2) sign(v_{t-1} - g_t^2) g_t^2 (Zaheer et al., NeurIPS 2018, Algorithm 2)."""
    rate, v, path = 1 - Fraction(beta2), Fraction(start), []
    for square in squares(gradients):
        v -= rate * ((v > square) - (v < square)) * square
        path.append(v)
    return path


def adan_moments(
    gradients: Sequence[Number], beta2: Number, beta3: Number, weight: Literal["decay", "new"] = "decay"
) -> tuple[Path, Path]:
    """Adan's moment of the difference (decay beta3) and of the squared look-ahead gradient (decay beta2).

    g_t + w (g_t - g_{t-1}) with g_0 = g_1 and w = beta3 ("decay") or 1 - beta3 ("new"); Xie et al., TPAMI 2024.
    """
    decay = Fraction(beta3)
    w = decay if weight == "decay" else 1 - decay
    g = [Fraction(value) for value in gradients]
    differences = [now - before for before, now in zip(g[:1] + g[:-1], g, strict=True)]
    ahead = [now + w * difference for now, difference in zip(g, differences, strict=True)]
    return average(differences, decay), average(squares(ahead), beta2)


def belief_moment(gradients: Sequence[Number], beta1: Number, beta2: Number, eps: Number = 0) -> Path:
    """s_t = beta2 s_{t-1} + (1-beta2)(g_t - m_t)^2 + eps (Zhuang et al., NeurIPS 2020, Algorithm 2)."""
    decay, s, path = Fraction(beta2), Fraction(0), []
    for g, m in zip(gradients, first_moment(gradients, beta1), strict=True):
        s = decay * s + (1 - decay) * (Fraction(g) - m) ** 2 + Fraction(eps)
        path.append(s)
    return path


def squared_steps(numerators: Sequence[Fraction], moments: Sequence[Fraction]) -> Path:
    """(step/alpha)^2 at eps = 0, which is rational though the step is not: numerator^2/moment, 0/0 = 0."""
    return [a**2 / b if b else Fraction(0) for a, b in zip(numerators, moments, strict=True)]
