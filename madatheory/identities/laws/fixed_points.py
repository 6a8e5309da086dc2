"""F: what must not move, and what must stay finite."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from madatheory.identities import (
    ByConvention,
    GradientSequence,
    NotApplicable,
    Runs,
    Violation,
    equal,
    finite,
    holds,
    identity,
    plain,
    sequences,
    st,
    unit,
)

X0 = np.array([1.0, 0.0, -0.5])
ONES = np.tile(np.array([1.0, 0.0, -1.0]), (12, 1))


def short(dtype: DTypeLike) -> str:
    """The name of a dtype."""
    return str(np.dtype(dtype))


def unmoved(path: np.ndarray, x0: np.ndarray, what: str) -> None:
    """x_t = x_0, exactly; a `ByConvention` where it is off by a rounding a step, as in averages of iterates."""
    expected = np.broadcast_to(x0, path.shape)
    try:
        equal(path, expected, what)
    except Violation as error:
        slack = 4 * len(path) * unit(path.dtype) * np.abs(x0.astype(np.float64))
        if (np.abs(path.astype(np.float64) - x0.astype(np.float64)) <= slack).all():
            raise ByConvention(f"{error}; it moves by rounding only, as an average of iterates does") from error
        raise


def rounds_to_one(run: Runs, dtype: DTypeLike) -> bool:
    """Whether a number of the state that is below 1 in float64 is 1 in `dtype`, as beta2 = .999 in bfloat16."""
    wide, narrow = (run.start([X0.astype(kind)]).state() for kind in (np.float64, dtype))
    pairs = [(a, b) for a, b in zip(wide, narrow, strict=False) if a.size == b.size == 1 and a.dtype.kind == "f"]
    return any(0 < float(a.reshape(())) < 1 == float(b.reshape(())) for a, b in pairs)


def unless_it_rounds_to_one(run: Runs, dtype: DTypeLike, test: Callable[[Runs], None]) -> None:
    """`test(run)`; its violation is a `ByConvention` where a decay is 1 in `dtype`.

    Where the state keeps it in `dtype`, or where nothing is violated at decays that `dtype` represents.
    """
    try:
        test(run)
    except Violation as error:
        decays = {"beta1": 0.5, "beta2": 0.75}
        other = {name: value for name, value in decays.items() if name in run.target.settable}
        if not rounds_to_one(run, dtype):
            if not other:
                raise
            try:
                test(Runs(run.target, run.traits, {**run.settings, **other}, run.method, run.declared))
            except Violation:
                raise error from None
        why = f"{error}: a decay is 1 in {short(dtype)}"
        raise ByConvention(why, error.got, error.expected) from error


def _after_zeros() -> "st.SearchStrategy[tuple[int, GradientSequence]]":
    return st.tuples(st.integers(1, 10), sequences(6))


@identity("F1", "zero gradients for ever", needs=["deterministic", "not decay"])
def zero_gradients(run: Runs, case: None) -> None:
    """If all gradients are zero, no parameter moves: exact, in float64 and float32.

    Optimizers without decay and without noise: 0/(sqrt(0) + eps) is 0.
    """
    for dtype in (np.float64, np.float32):
        x0 = X0.astype(dtype)
        path = run(x0, np.zeros((20, 3), dtype))
        unmoved(path, x0, f"20 zero gradients in {short(dtype)}")


def _zero_coordinate(run: Runs, dtype: DTypeLike) -> None:
    path = run(np.array([1.0, -1.0, -0.5], dtype), ONES.astype(dtype))
    finite(path, f"a zero coordinate in {short(dtype)}")
    if run.traits["elementwise"] and not run.traits["decay"]:
        unmoved(path[:, 1:2], np.full(1, -1, dtype), f"the coordinate without gradient in {short(dtype)}")


@identity("F2", "a coordinate without gradient", needs=["deterministic"])
def zero_coordinate(run: Runs, case: None) -> None:
    """A coordinate whose gradient is always zero stays finite in float32 and bfloat16, and does not move where
    coordinates do not see one another and nothing decays.

    Every optimizer: 0/(sqrt(0) + eps) is 0 as long as eps is not lost to underflow, and 0 elsewhere by its own formula.
    """
    for dtype in (np.float32, ml_dtypes.bfloat16):
        unless_it_rounds_to_one(run, dtype, lambda run, dtype=dtype: _zero_coordinate(run, dtype))


@identity(
    "F2b",
    "a coordinate without gradient, float16",
    needs=["deterministic"],
    convention="in float16 eps = 1e-8 is 0, and so is the square of a gradient below 2^-12",
)
def zero_coordinate_in_float16(run: Runs, case: None) -> None:
    """A coordinate whose gradient is always zero stays finite in float16, and does not move where coordinates do not
    see one another and nothing decays.

    Optimizers that keep the denominator in more precision than float16, or an eps above 2^-25: eps = 1e-8 is 0 in
    float16, and 0/(0 + 0) is nan.
    """
    _zero_coordinate(run, np.float16)


@identity("F3", "a late first gradient", needs=["deterministic"], cases=_after_zeros)
def late_first_gradient(run: Runs, case: tuple[int, GradientSequence]) -> None:
    """After k all-zero gradients everything is finite, and so it is after the gradients that follow.

    Every optimizer: a first division 0/0 would stay in the state for ever.
    """
    k, given = case
    g = np.concatenate([np.zeros((k, 3)), given.g])
    finite(run(given.x0, g), f"{k} zero gradients, then others")


@identity("F4", "step size zero", needs=["linear in lr"], cases=sequences, examples=0.4)
def step_size_zero(run: Runs, case: GradientSequence) -> None:
    """lr = 0 changes nothing, exactly.

    Optimizers whose step is a multiple of lr.
    """
    unmoved(run(case.x0, case.g, lr=0.0), case.x0, "lr = 0")


@identity(
    "F4b", "step size zero, with decay", needs=["linear in lr", "set weight_decay"], cases=sequences, examples=0.4
)
def step_size_zero_with_decay(run: Runs, case: GradientSequence) -> None:
    """lr = 0 changes nothing, exactly, also when weights decay.

    Decay that is coupled to the gradient, or decoupled and multiplied by lr. By convention not: decay with a schedule
    of its own (Loshchilov & Hutter 2019, eta_t lambda without alpha).
    """
    path = run(case.x0, case.g, lr=0.0, weight_decay=0.25)
    unmoved(path, case.x0, "lr = 0, weight_decay = 1/4")


@identity("F5", "sign of zero", needs=["sign step", "not decay"])
def sign_of_zero(run: Runs, case: None) -> None:
    """Where a step is a sign, a coordinate whose gradients are zero does not move: sign(0) = 0.

    Sign descent, Lion. copysign, or x > 0 ? 1 : -1, moves it by lr for ever.
    """
    for dtype in (np.float64, np.float32):
        for zero in (0.0, -0.0):
            g = ONES.astype(dtype)
            g[:, 1] = zero
            path = run(X0.astype(dtype), g)
            equal(path[:, 1], np.zeros(len(path), dtype), f"gradient {zero} in {short(dtype)}")


@identity(
    "F6",
    "huge and tiny gradients",
    needs=["deterministic"],
    convention="in float32 the square of 1e25 is infinite and that of 1e-30 is 0",
)
def huge_and_tiny(run: Runs, case: None) -> None:
    """Gradients of size 1e25 and 1e-30 in float32 leave everything finite, all along, once, or by turns.

    Optimizers whose steps do not grow with the gradient beyond 1e25 and that form no quotient or difference of squares:
    the square overflows or vanishes, and its root must not turn into nan.
    """
    _finite_at(run, (1e25, 1e-30))


@identity("F6b", "large and small gradients", needs=["deterministic"])
def large_and_small(run: Runs, case: None) -> None:
    """Gradients of size 1e15 and 1e-15 in float32 leave everything finite, all along, once, or by turns.

    Every optimizer: their squares are representable.
    """
    _finite_at(run, (1e15, 1e-15))


def _finite_at(run: Runs, magnitudes: tuple[float, ...]) -> None:
    signs = np.array([1.0, -1.0, 1.0])
    for size in magnitudes:
        always = np.full(12, size)
        once, turns = np.ones(12), np.ones(12)
        once[3] = turns[::2] = size
        for name, sizes in (("always", always), ("once", once), ("every other step", turns)):
            g = (sizes[:, None] * signs).astype(np.float32)
            finite(run(X0.astype(np.float32), g), f"|g| = {size:g} {name}")


@identity("F7", "a nan stays where it is", needs=["elementwise"])
def nan_stays(run: Runs, case: None) -> None:
    """A nan or infinite gradient of one coordinate changes no other coordinate, exactly.

    Elementwise optimizers. By convention not: who leaves out a step with such a gradient for all.
    """
    given = plain(10)
    path = run(given.x0, given.g)
    for bad in (np.nan, np.inf):
        g = given.g.copy()
        g[4, 1] = bad
        got = run(given.x0, g)
        try:
            equal(got[:, [0, 2]], path[:, [0, 2]], f"the others while one gradient is {bad}")
        except Violation as error:
            if np.array_equal(got[4], got[3]) and np.isfinite(got).all():
                raise ByConvention(f"{error}; the whole step is left out", error.got, error.expected) from error
            raise


@identity("F8", "decays of zero", needs=["deterministic"], cases=sequences, examples=0.4)
def decays_of_zero(run: Runs, case: GradientSequence) -> None:
    """beta1 = 0, beta2 = 0 and momentum = 0, each alone, leave everything finite, and gradients still count.

    Every optimizer that has these settings: 1 - 0^t is 1 at every t, log(0) is not needed.
    """
    names = [name for name in ("beta1", "beta2", "beta3", "momentum") if name in run.target.settable]
    if not names:
        raise NotApplicable("no decay can be set")
    for name in names:
        zero: dict[str, Any] = {name: 0.0}
        path = run(case.x0, case.g, **zero)
        finite(path, f"{name} = 0")
        moves = np.any(case.g != 0, axis=0)
        holds(np.any(path != case.x0, axis=0) | ~moves, f"{name} = 0: a gradient moves nothing", path, case.x0)
