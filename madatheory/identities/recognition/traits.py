"""Traits: what kind of map an optimizer is, declared by its author or detected on plain, well-conditioned gradients.

Identities that need a trait are then tested on gradients aimed at what breaks it, so that detection hides no mistake
that plain data do not show.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from madatheory.errors import UserError, unknown
from madatheory.identities.recognition import probes, recurrences
from madatheory.identities.recognition.probes import same
from madatheory.identities.strategies import plain
from madatheory.identities.targets.target import Target, Tensor, Unsettable, open_loop


class Trait(NamedTuple):
    """Whether the optimizer has it, and how that is known."""

    present: bool
    why: str


Path = np.ndarray
Probe = Callable[[Any, Mapping[str, Any]], tuple[bool, str]]
_CASE = plain()


def _deterministic(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    return bool(np.array_equal(run(), run())), "two equal runs are equal"


def _elementwise(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    other = _CASE.g.copy()
    other[::2, 0] *= -3  # not all steps: a constant factor is invisible where gradients are normalised
    return same(run()[:, 1:], run(g=other)[:, 1:]), "other coordinates ignore another first coordinate"


def _decay(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    still = run(g=0 * _CASE.g)[0]
    lost = 1 - still[_CASE.x0 != 0] / _CASE.x0[_CASE.x0 != 0]
    shrunk = bool((lost > 0).all() and np.allclose(lost, lost[0], rtol=1e-4))
    return shrunk and not still[_CASE.x0 == 0].any(), "a zero gradient makes all parameters smaller by one factor"


def _reads_x(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    return not same(run(x0=_CASE.x0 + 2) - 2, run()), "a shifted start changes the steps"


def _sign_step(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    sizes = np.abs(np.diff(np.concatenate([_CASE.x0[None], run()]), axis=0))
    return bool(np.allclose(sizes, h["lr"], rtol=1e-6)), "every step has the size lr"


def _scale_free(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    return same(run(), run(g=4 * _CASE.g)), "four times the gradients change nothing (eps = 0 where it can be set)"


def _scale_linear(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    x0 = _CASE.x0
    return same(4 * (run() - x0), run(g=4 * _CASE.g) - x0), "four times the gradients move four times as far"


def _linear_in_lr(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    x0 = _CASE.x0
    return same(2 * (run() - x0), run(lr=2 * h["lr"]) - x0), "twice the step size moves twice as far"


def _corrected(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    first = run(g=_CASE.g[:1])[0] - _CASE.x0
    return bool(np.allclose(first, -h["lr"] * np.sign(_CASE.g[0]), rtol=1e-4)), "the first step is -lr sign(g_1)"


def _momentum(run: Callable[..., Path], h: Mapping[str, Any]) -> tuple[bool, str]:
    g = _CASE.g.copy()
    g[3:] = 0
    x = run(g=g)
    return bool(np.any(np.abs(x[3] - x[2]) > 1e-9)), "a zero gradient after others still moves the parameters"


PROBES: Mapping[str, Probe] = {
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
    **probes.PROBES,
    **recurrences.PROBES,
}
_FREE_OF_EPS = ("scale free", "corrected", "steady", *recurrences.PROBES)


class _Run:
    """The open-loop map of a target, on the plain case unless told otherwise."""

    def __init__(self, target: Target, settings: Mapping[str, Any]) -> None:
        self._target, self._settings = target, dict(settings)

    def __call__(self, x0: Any = _CASE.x0, g: Any = _CASE.g, **more: Any) -> Path:
        return np.stack([step[0] for step in self.many([x0], [[row] for row in g], **more)])

    def many(self, x0: Sequence[Tensor], g: Sequence[Sequence[Tensor | None]], **more: Any) -> list[list[Tensor]]:
        """x_1 .. x_T for several tensors."""
        return open_loop(self._target, x0, g, {**self._settings, **more})


def detect(target: Target, settings: Mapping[str, Any], declared: Mapping[str, bool] | None = None) -> dict[str, Trait]:
    """Every trait with its reason; what is declared is not probed. `UserError` on an unknown trait."""
    declared = declared or {}
    for name in declared:
        if name not in PROBES:
            raise unknown("trait", name, PROBES)
    base = dict(settings)
    run = _Run(target, base)
    free_of_eps = _Run(target, {**base, "eps": 0.0} if "eps" in target.settable else base)
    found = {}
    run()  # what raises on plain data cannot be tested; below, a probe that raises says that there is no such trait
    for name, probe in PROBES.items():
        if name in declared:
            found[name] = Trait(bool(declared[name]), "declared")
            continue
        try:
            with np.errstate(all="ignore"):
                present, why = probe(free_of_eps if name in _FREE_OF_EPS else run, base)
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
