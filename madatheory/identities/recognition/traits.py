"""Traits: what kind of map an optimizer is, declared by its author or detected on plain, well-conditioned gradients.

Identities that need a trait are then tested on gradients aimed at what breaks it, so that detection hides no mistake
that plain data do not show.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from madatheory.errors import UserError, unknown
from madatheory.identities.recognition import recurrences
from madatheory.identities.recognition.recurrences import steps
from madatheory.identities.rounding import LIFT, mode_once
from madatheory.identities.strategies import plain
from madatheory.identities.targets.target import (
    Misbehaved,
    SettingValue,
    Target,
    Tensor,
    Unsettable,
    Unusable,
    open_loop,
)

_LONG = 24  # steps that show a decay whose step size warms up, or that acts in some steps only
_LOOSE = 1e-6  # detection only: what is really tested is tested to the last bits, on other data
_CASE, _OTHER = plain(), plain(seed=1)


class Trait(NamedTuple):
    """Whether the optimizer has it, and how that is known."""

    present: bool
    why: str


class OpenLoop:
    """The open-loop map of a target, on the plain case unless told otherwise; gradients are multiplied by `lift`."""

    def __init__(self, target: Target, settings: Mapping[str, Any], lift: float = 1.0) -> None:
        self._target, self._settings, self._lift = target, dict(settings), lift

    def __call__(self, x0: Tensor = _CASE.x0, g: Tensor = _CASE.g, **more: SettingValue) -> Tensor:
        return np.stack([step[0] for step in self.many([x0], [[self._lift * row] for row in g], **more)])

    def many(
        self, x0: Sequence[Tensor], g: Sequence[Sequence[Tensor | None]], **more: SettingValue
    ) -> list[list[Tensor]]:
        """x_1 .. x_T for several tensors."""
        mode = mode_once(self._target, self._settings) if more else ""
        return open_loop(self._target, x0, g, {**self._settings, **more}, mode)


def same(path: Tensor, other: Tensor) -> bool:
    """Equal as far as detection goes: to a millionth of how far `path` (T, n) moves, whatever the size of its steps."""
    moved = np.abs(path - path[:1]).max(initial=0.0)
    rounding = 8 * np.finfo(np.float64).eps * np.abs(path).max(initial=0.0)
    return bool(np.allclose(path, other, rtol=0.0, atol=_LOOSE * moved + rounding))


def _deterministic(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    return bool(np.array_equal(run(), run())), "two equal runs are equal"


def _elementwise(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    other = _CASE.g.copy()
    other[::2, 0] *= -3  # not all steps: a constant factor is invisible where gradients are normalised
    return same(run()[:, 1:], run(g=other)[:, 1:]), "other coordinates ignore another first coordinate"


def _decay(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    x0 = np.append(_CASE.x0, 0.0)
    still = run(x0=x0, g=np.zeros((_LONG, len(x0))))[-1]
    nearer = bool((np.abs(still) < np.abs(x0))[x0 != 0].all())
    return nearer and not still[x0 == 0].any(), "zero gradients bring all parameters nearer to 0, and none leaves it"


def _reads_x(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    return not same(run(x0=_CASE.x0 + 2) - 2, run()), "a shifted start changes the steps"


def _sign_step(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    sizes = np.abs(steps(run(), _CASE.x0))
    return bool(np.allclose(sizes, h["lr"], rtol=1e-6)), "every step has the size lr"


def _scale_free(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    return same(run(), run(g=4 * _CASE.g)), "four times the gradients change nothing (at eps = 0, or far above it)"


def _scale_linear(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    x0 = _CASE.x0
    return same(4 * (run() - x0), run(g=4 * _CASE.g) - x0), "four times the gradients move four times as far"


def _linear_in_lr(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    x0 = _CASE.x0
    return same(2 * (run() - x0), run(lr=2 * h["lr"]) - x0), "twice the step size moves twice as far"


def _corrected(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    first = run(g=_CASE.g[:1])[0] - _CASE.x0
    return bool(np.allclose(first, -h["lr"] * np.sign(_CASE.g[0]), rtol=1e-4)), "the first step is -lr sign(g_1)"


def _momentum(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    g = _CASE.g.copy()
    g[3:] = 0
    x = run(g=g)
    return bool(np.any(np.abs(x[3] - x[2]) > 1e-9)), "a zero gradient after others still moves the parameters"


def _tensorwise(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    x0, g = [_CASE.x0[:1], _CASE.x0[1:]], _CASE.g
    paths = [run.many(x0, [[(f if t % 2 else 1) * row[:1], row[1:]] for t, row in enumerate(g)]) for f in (1, -3)]
    one, other = (np.stack([step[1] for step in path]) for path in paths)
    return same(one, other), "a second tensor ignores other gradients of the first"


def _shapeless(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    x0, g = np.concatenate([_CASE.x0, _OTHER.x0]), np.concatenate([_CASE.g, _OTHER.g], axis=1)
    matrix = run(x0=x0.reshape(2, 3), g=g.reshape(-1, 2, 3))
    return same(matrix.reshape(-1, 6), run(x0=x0, g=g)), "a 2 x 3 matrix is treated as its entries in a row"


def _complex_path(run: OpenLoop, factor: complex = 1.0) -> np.ndarray:
    return run(x0=factor * (_CASE.x0 + 1j * _OTHER.x0), g=factor * (_CASE.g + 1j * _OTHER.g))


def _takes_complex(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    try:
        path = _complex_path(run)
    except (Misbehaved, Unusable, TypeError, ValueError) as error:
        return False, f"complex numbers are taken ({error})"
    good = path.dtype.kind == "c" and bool(np.isfinite(path).all())
    return good and not same(np.imag(path), _OTHER.x0), "complex parameters move, imaginary parts included"


def _as_pairs(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    why = "complex numbers are treated as pairs of real ones"
    try:
        path = _complex_path(run)
    except (Misbehaved, Unusable, TypeError, ValueError):
        return False, why
    return same(np.real(path), run()) and same(np.imag(path), run(x0=_OTHER.x0, g=_OTHER.g)), why


def _steady(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    g = np.tile(_CASE.g[:1], (8, 1))
    t = np.arange(1, 9)[:, None]
    return same(run(g=g), _CASE.x0 - h["lr"] * t * np.sign(g)), "on a constant gradient every step is -lr sign(g)"


def _timeless(run: OpenLoop, h: Mapping[str, Any]) -> tuple[bool, str]:
    later = run(g=np.concatenate([0 * _CASE.g[:2], _CASE.g]))
    return same(later[2:], run()), "zero gradients before the others change nothing"


PROBES: Mapping[str, Callable[[OpenLoop, Mapping[str, Any]], tuple[bool, str]]] = {
    "deterministic": _deterministic,
    "elementwise": _elementwise,
    "decay": _decay,
    "reads x": _reads_x,
    "sign step": _sign_step,
    "scale free": _scale_free,
    "scale linear": _scale_linear,
    "linear in lr": _linear_in_lr,
    "corrected": _corrected,
    "momentum": _momentum,
    "tensorwise": _tensorwise,
    "shapeless": _shapeless,
    "takes complex": _takes_complex,
    "complex as pairs": _as_pairs,
    "steady": _steady,
    "timeless": _timeless,
    **recurrences.PROBES,
}
_FREE_OF_EPS = (*recurrences.PROBES,)
_FREE_OF_SCALE = ("scale free", "corrected", "steady")


def detect(target: Target, settings: Mapping[str, Any], declared: Mapping[str, bool] | None = None) -> dict[str, Trait]:
    """Every trait with its reason; what is declared is not probed. `UserError` on an unknown trait."""
    declared = declared or {}
    for name in declared:
        if name not in PROBES:
            raise unknown("trait", name, PROBES)
    base = dict(settings)
    run = OpenLoop(target, base)
    free_of_eps = OpenLoop(target, {**base, "eps": 0.0} if "eps" in target.settable else base)
    free_of_scale = free_of_eps if "eps" in target.settable else OpenLoop(target, base, LIFT)
    found = {}
    run()  # what raises on plain data cannot be tested; below, a probe that raises says that there is no such trait
    for name, probe in PROBES.items():
        if name in declared:
            found[name] = Trait(bool(declared[name]), "declared")
            continue
        try:
            with np.errstate(all="ignore"):
                chosen = free_of_eps if name in _FREE_OF_EPS else free_of_scale if name in _FREE_OF_SCALE else run
                present, why = probe(chosen, base)
            found[name] = Trait(present, why if present else f"not so: {why}")
        except Unsettable as error:
            found[name] = Trait(False, str(error))
        except Exception as error:
            found[name] = Trait(False, f"not so: its probe raised {type(error).__name__}: {error}")
    return found


def lacking(needs: tuple[str, ...], target: Target, traits: Mapping[str, Trait]) -> str:
    """Why an identity does not apply; "" if it does."""
    for need in needs:
        kind, _, rest = need.partition(" ")
        if kind == "set":
            if rest not in target.settable:
                return f"{rest} cannot be set"
        elif kind == "know":
            if rest not in target.defaults:
                return f"the value of {rest} is not known"
        elif kind == "can":
            if rest not in target.abilities:
                return f"{target.framework} or this optimizer has no {rest}"
        else:
            name, wanted = (rest, False) if kind == "not" else (need, True)
            if name not in PROBES:
                raise UserError(f"an identity needs {need!r}, which is no trait, setting or ability")
            if traits[name].present is not wanted:
                return f"{'' if wanted else 'not for '}{name}: {traits[name].why}"
    return ""
