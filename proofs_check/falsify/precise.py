"""A case computed again with 60 digits, so that rounding is not taken for a counterexample, and with short numbers."""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, localcontext
from typing import Any

import numpy as np

from madatheory.arithmetic import Arithmetic
from madatheory.theory.lemma import Lemma
from proofs_check.falsify.climb import excesses

DIGITS = 60
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


class Digits(Decimal):
    """A decimal that takes floats for the decimals that they are exactly: a formula may contain 1/1, which is 1.0."""


def _mixing(name: str) -> Callable[[Digits, Any], Any]:
    operate = getattr(Decimal, name)

    def mixed(self: Digits, other: Any) -> Any:
        result = operate(self, Decimal(float(other)) if isinstance(other, float) else other)
        return result if result is NotImplemented else Digits(result)

    return mixed


for _sign in ("add", "sub", "mul", "truediv", "pow"):
    for _side in ("", "r"):
        setattr(Digits, f"__{_side}{_sign}__", _mixing(f"__{_side}{_sign}__"))

DECIMALS = Arithmetic(
    "decimals",
    lambda x: Digits(Decimal(x).sqrt()),
    lambda x: Digits(Decimal(x).ln()),
    lambda x: Digits(Decimal(x).exp()),
    lambda *values: max(map(Digits, values)),
    lambda *values: min(map(Digits, values)),
    lambda p, q: Digits(Decimal(p) / Decimal(q)),
    Digits(_PI),
    lambda x: Digits((1 + Decimal(x)).ln()),
)


def _lifted(values: Mapping[str, Any]) -> dict[str, Any]:
    """Floats as the decimals that they are exactly."""
    return {k: [Digits(float(x)) for x in v] if np.ndim(v) else Digits(float(v)) for k, v in values.items()}


def precise_excess(lemma: Lemma, values: Mapping[str, Any]) -> float:
    """(left - right)/(|left| + |right| + size) of one case, computed with `DIGITS` digits."""
    with localcontext(Context(prec=DIGITS, Emin=-(10**6), Emax=10**6)):
        exact = _lifted(values)
        left, right = Decimal(lemma.left(exact, DECIMALS)), Decimal(lemma.right(exact, DECIMALS))
        gap = abs(left - right) if lemma.relation == "==" else left - right
        extent = abs(left) + abs(right) + (0 if lemma.size is None else Decimal(lemma.size(exact, DECIMALS)))
        return float(gap / extent) if extent else float(gap)


def _single(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value, dtype=float)[..., None] for name, value in values.items()}


def refutes(lemma: Lemma, values: Mapping[str, Any]) -> bool:
    """Whether an admitted case breaks the claim by more than the tolerance, in floats and with 60 digits."""
    single = _single(values)
    if not all(np.all(np.isfinite(x)) for x in single.values()) or not excesses(lemma, single)[0] > lemma.tolerance:
        return False
    return precise_excess(lemma, values) > lemma.tolerance


def _rounded(x: float, digits: int) -> float:
    return float(f"{x:.{digits - 1}e}")


def shrink(
    lemma: Lemma, values: Mapping[str, Any], bad: Callable[[Lemma, Mapping[str, Any]], bool] = refutes
) -> dict[str, Any]:
    """A counterexample with fewer terms and shorter numbers than `values`, which must be one."""
    best = {k: list(v) if np.ndim(v) else v for k, v in values.items()}
    for name in list(best):
        trial = {k: v for k, v in best.items() if k != name}
        if _computes(lemma, trial, bad):  # the formulas do not use it
            best = trial
    best = _fewer_terms(lemma, best, bad)
    for name, value in list(best.items()):
        trial = {**best, name: [1.0] * len(value)} if isinstance(value, list) else best
        if trial is not best and _computes(lemma, trial, bad):
            best = trial
    for name, value in best.items():
        for index in range(len(value)) if isinstance(value, list) else (None,):
            now = float(np.asarray(best[name], dtype=float).ravel()[index or 0])
            for short in (0.0, 1.0, -1.0, 0.5, *(_rounded(now, digits) for digits in (1, 2, 3, 4))):
                trial = {k: list(v) if isinstance(v, list) else v for k, v in best.items()}
                trial[name] = short if index is None else [*trial[name][:index], short, *trial[name][index + 1 :]]
                if short != now and len(repr(short)) < len(repr(now)) and _computes(lemma, trial, bad):
                    best = trial
                    break
    return best


def _fewer_terms(lemma: Lemma, values: dict[str, Any], bad: Callable[[Lemma, Mapping[str, Any]], bool]) -> dict:
    """Drops the terms at one index of all sequences, as long as that leaves a counterexample."""
    shorter = True
    while shorter:
        shorter = False
        length = max((len(v) for v in values.values() if isinstance(v, list)), default=0)
        for index in reversed(range(length)):
            trial = {k: v[:index] + v[index + 1 :] if isinstance(v, list) else v for k, v in values.items()}
            if length > 1 and _computes(lemma, trial, bad):
                values, shorter = trial, True
                break
    return values


def _computes(lemma: Lemma, trial: Mapping[str, Any], bad: Callable[[Lemma, Mapping[str, Any]], bool]) -> bool:
    try:
        return bad(lemma, trial)
    except (KeyError, IndexError, ValueError, TypeError, ArithmeticError):
        return False  # some formulas need two terms, all need their symbols


def written(values: Mapping[str, Any]) -> str:
    """A case in a line, such as g = [5, 6], beta2 = 0.99."""
    return ", ".join(
        f"{k} = [{', '.join(f'{x:.12g}' for x in v)}]" if np.ndim(v) else f"{k} = {v:.12g}" for k, v in values.items()
    )
