"""Probes of traits that say how tensors, shapes, complex numbers and time are treated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from madatheory.identities.strategies import plain
from madatheory.identities.targets.target import Misbehaved, Tensor, Unusable

_LOOSE = 1e-6  # detection only: what is really tested is tested to the last bits, on other data
_CASE, _OTHER = plain(), plain(seed=1)


class Run(Protocol):
    """The open-loop map that a probe is given."""

    def __call__(self, x0: Any = ..., g: Any = ..., **settings: Any) -> np.ndarray: ...

    def many(self, x0: Sequence[Tensor], g: Sequence[Sequence[Tensor | None]], **settings: Any) -> list[list[Tensor]]:
        """x_1 .. x_T for several tensors."""
        ...


def same(path: Any, other: Any) -> bool:
    """Equal as far as detection goes: to a millionth of how far `path` (T, n) moves, whatever the size of its steps."""
    moved = np.abs(path - path[:1]).max(initial=0.0)
    rounding = 8 * np.finfo(np.float64).eps * np.abs(path).max(initial=0.0)
    return bool(np.allclose(path, other, rtol=0.0, atol=_LOOSE * moved + rounding))


def _tensorwise(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    x0, g = [_CASE.x0[:1], _CASE.x0[1:]], _CASE.g
    paths = [run.many(x0, [[(f if t % 2 else 1) * row[:1], row[1:]] for t, row in enumerate(g)]) for f in (1, -3)]
    one, other = (np.stack([step[1] for step in path]) for path in paths)
    return same(one, other), "a second tensor ignores other gradients of the first"


def _shapeless(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    x0, g = np.concatenate([_CASE.x0, _OTHER.x0]), np.concatenate([_CASE.g, _OTHER.g], axis=1)
    matrix = run(x0=x0.reshape(2, 3), g=g.reshape(-1, 2, 3))
    return same(matrix.reshape(-1, 6), run(x0=x0, g=g)), "a 2 x 3 matrix is treated as its entries in a row"


def _complex_path(run: Run, factor: complex = 1.0) -> np.ndarray:
    return run(x0=factor * (_CASE.x0 + 1j * _OTHER.x0), g=factor * (_CASE.g + 1j * _OTHER.g))


def _takes_complex(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    try:
        path = _complex_path(run)
    except (Misbehaved, Unusable, TypeError, ValueError) as error:
        return False, f"complex numbers are taken ({error})"
    good = path.dtype.kind == "c" and bool(np.isfinite(path).all())
    return good and not same(np.imag(path), _OTHER.x0), "complex parameters move, imaginary parts included"


def _as_pairs(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    why = "complex numbers are treated as pairs of real ones"
    try:
        path = _complex_path(run)
    except (Misbehaved, Unusable, TypeError, ValueError):
        return False, why
    return same(np.real(path), run()) and same(np.imag(path), run(x0=_OTHER.x0, g=_OTHER.g)), why


def _steady(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    g = np.tile(_CASE.g[:1], (8, 1))
    t = np.arange(1, 9)[:, None]
    return same(run(g=g), _CASE.x0 - h["lr"] * t * np.sign(g)), "on a constant gradient every step is -lr sign(g)"


def _timeless(run: Run, h: Mapping[str, Any]) -> tuple[bool, str]:
    later = run(g=np.concatenate([0 * _CASE.g[:2], _CASE.g]))
    return same(later[2:], run()), "zero gradients before the others change nothing"


PROBES: Mapping[str, Callable[[Run, Mapping[str, Any]], tuple[bool, str]]] = {
    "tensorwise": _tensorwise,
    "shapeless": _shapeless,
    "takes complex": _takes_complex,
    "complex as pairs": _as_pairs,
    "steady": _steady,
    "timeless": _timeless,
}
