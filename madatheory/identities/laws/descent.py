"""D: where steps go: down a constant gradient, on after a single one, and where the decay of weights goes."""

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from madatheory.identities import (
    LIFT,
    ByConvention,
    NotApplicable,
    Runs,
    Violation,
    close,
    decoupled,
    holds,
    identity,
    once,
    plain,
)
from madatheory.identities.recognition.recurrences import steps

MOMENTUM = 0.5
SLACK = 1e-9  # of the longest step: what rounding may turn around


def momentum(run: Runs) -> dict[str, Any]:
    """Settings that switch momentum on; `NotApplicable` if the optimizer names none."""
    found = {name: MOMENTUM for name in ("momentum", "beta1") if name in run.target.settable}
    known = any((run.target.defaults.get(name) or 0) > 0 for name in ("momentum", "beta1"))
    if not found and not known:
        raise NotApplicable("it names neither momentum nor beta1")
    return found


def without_decay(run: Runs) -> dict[str, Any]:
    """weight_decay = 0 where it can be set."""
    return {"weight_decay": 0.0} if "weight_decay" in run.target.settable else {}


def single(count: int, at: int = 1) -> np.ndarray:
    """`at` plain gradients, then zeros, (count, 3)."""
    g = np.zeros((count, 3))
    g[:at] = plain(at).g
    return g


@identity("D1", "one gradient, then none", needs=["deterministic", "not decay"])
def impulse(run: Runs, case: None) -> None:
    """After a single gradient no step goes against the first one; and where steps are linear in the gradients, each is
    `momentum` times the last.

    Whoever remembers gradients by an average or a sum with weights >= 0: momentum in every form, Nesterov's included,
    Adam, Lion. By convention not: whoever uses differences of gradients, whose weights have both signs, and still ends
    below the start (optimistic methods, Adan).
    """
    g, settings = single(12), _if_any(run)
    x0 = np.zeros(3)
    moved = steps(run(x0, g, **settings, **once(run)), x0)
    longest = np.abs(moved).max(initial=0.0)
    first = np.array([column[column != 0][:1].sum() for column in moved.T])
    against = moved * np.sign(first) < -SLACK * longest
    if against.any():
        t, i = map(int, np.argwhere(against)[0])
        back = bool((moved.sum(axis=0) * g[0] > 0).any())
        rate = "momentum" in run.target.settable or bool(run.target.defaults.get("momentum"))
        kind = Violation if (rate or back) and not _differences(run) else ByConvention
        raise kind(
            f"after one gradient, step {t + 1} of coordinate {i} is {moved[t, i]:g}, against the first, {first[i]:g}: "
            "is the sign of a look-ahead wrong?",
            moved,
        )
    rate = {**run.target.defaults, **settings}.get("momentum")
    if rate and run.traits["scale linear"] and run.traits["timeless"]:
        close(moved[4:], rate * moved[3:-1], SLACK * longest, f"steps without gradient, each {rate:g} times the last")


def _differences(run: Runs) -> bool:
    return "beta3" in run.target.settable or run.traits.get("gradient difference", False)


def _if_any(run: Runs) -> dict[str, Any]:
    try:
        return momentum(run)
    except NotApplicable:
        return {}


@identity("D2", "momentum moves on", needs=["deterministic", "not decay"])
def momentum_moves_on(run: Runs, case: None) -> None:
    """With momentum or beta1 = 1/2, parameters still move in the steps after the last gradient.

    Whoever names such a setting: it is the weight of past gradients in the present step. A moment that is not stored,
    or that zeros leave as it is, moves nothing.
    """
    x0 = plain(4).x0
    path = run(x0, single(8, 4), **momentum(run), **once(run))
    holds(np.abs(path[-1] - path[3]) > 0, "a zero gradient after others moves nothing: is the moment kept?", path)


@identity("D3", "down a constant gradient", needs=["deterministic", "not decay"])
def down(run: Runs, case: None) -> None:
    """On a constant gradient no step goes up, and after 24 steps every coordinate has gone down; where coordinates see
    one another, along the gradient.

    Every optimizer that minimizes: a constant gradient is a linear function. A part of an optimizer, such as optax's
    scale_by_adam, goes up until it is scaled by -lr.
    """
    given = plain(1)
    g = np.tile(given.g, (24, 1))
    x0 = given.x0
    moved = steps(run(x0, g, **once(run)), x0) * g
    if not run.traits["elementwise"]:
        moved = moved.sum(axis=1, keepdims=True)
    rising = moved > SLACK * np.abs(moved).max(initial=0.0)
    if rising.any():
        t = int(np.argwhere(rising)[0][0])
        raise Violation(f"step {t + 1} on a constant gradient goes up: is a sign wrong?", moved, "numbers <= 0")
    holds(moved.sum(axis=0) < 0, "24 steps on a constant gradient do not go down", moved.sum(axis=0), "numbers < 0")


@identity("D4", "decay beside the update", needs=["deterministic", "set weight_decay", "elementwise"])
def decay_beside_the_update(run: Runs, case: None) -> None:
    """weight_decay = 1/4 takes the same share off every parameter in the first step, however large the gradient is.

    Methods that decay weights beside their update: AdamW and all others that say so by their name, Lion, and whoever
    moves by a sign. Added to the gradient, the decay is lost in the sign or in the normalization; there it is a
    convention for other methods (Adam with an L2 penalty).
    """
    if not (run.traits["sign step"] or decoupled(run.method)):
        raise NotApplicable("it neither moves by a sign nor is it a method with decoupled decay")
    x0 = np.array([2.0, -4.0, 8.0])
    lift = 1.0 if run.traits["scale linear"] else LIFT  # a decay is lost in rounding beside steps of any length
    g = lift * np.tile(np.array([1.0, -1.0, -1.0]), (3, 1))
    decayed, kept = (run(x0, g, weight_decay=d, **once(run)) for d in (0.25, 0.0))
    shares = (kept[-1] - decayed[-1]) / x0
    holds(shares > 0, "no decay beside large gradients: is it inside the sign or the normalization?", shares, "> 0")
    close(
        steps(decayed, x0)[0], steps(kept, x0)[0] - _share(kept, decayed, x0) * x0, 1e-9, "one share of each parameter"
    )


def _share(kept: np.ndarray, decayed: np.ndarray, x0: np.ndarray) -> float:
    return float(((kept[0] - decayed[0]) / x0)[0])


@identity("D5", "decay below an ulp", needs=["deterministic", "set weight_decay"])
def compensated_decay(run: Runs, case: None) -> None:
    """Where steps below half an ulp of bfloat16 parameters add up, so does a decay below half an ulp.

    Methods that keep what rounding loses (Kahan's summation, float32 copies of the parameters): decay is part of the
    update that is compensated. All others move by neither.
    """
    compensation: dict[str, Any] = {"kahan": True} if "kahan" in run.target.settable else {}
    ones, small = np.ones(3, ml_dtypes.bfloat16), 2.0**-11  # bfloat16's next number below 1 is 2^-8 away
    flat, steady = (np.full((64, 3), value, ml_dtypes.bfloat16) for value in (0, 1))
    if "lr" not in run.target.settable:
        raise NotApplicable("lr cannot be set")
    x0 = np.ones(3)
    due = run(x0, np.ones((64, 3)), lr=small, **compensation)
    wanted = run(x0, np.zeros((64, 3)), lr=small, weight_decay=1.0, **compensation)
    if max(np.abs(steps(path, x0)).max() for path in (due, wanted)) >= 2.0**-9:
        raise NotApplicable("its steps exceed half an ulp")
    driven = run(ones, steady, lr=small, **compensation)
    if abs(float(driven[-1][0]) - due[-1][0]) > 2.0**-7 or driven[-1][0] == 1:
        raise NotApplicable("steps below half an ulp are lost: nothing is compensated")
    got = run(ones, flat, lr=small, weight_decay=1.0, **compensation)
    if not np.isfinite(got.astype(float)).all():
        raise NotApplicable("it is not finite in bfloat16: see F2 and K12")
    close(got[-1].astype(float), wanted[-1], 2.0**-7, "64 decays below half an ulp, against float64")


@identity("D6", "zero weights can be left", needs=["deterministic", "not decay"])
def zero_weights(run: Runs, case: None) -> None:
    """From x_0 = 0, in a vector and in a matrix, constant gradients of size 1 move every tensor within 24 steps.

    Every optimizer: a trust ratio |x|/|u| of zero weights must not be 0.
    """
    for shape in ((3,), (3, 2)):
        path = run(np.zeros(shape), np.ones((24, *shape)), **once(run))
        holds(path[-1].any(), f"zero weights of shape {shape} are never left: is a trust ratio 0?", path[-1])


@identity("D7", "no gradient, no lead", needs=["deterministic", "not decay"])
def no_lead(run: Runs, case: None) -> None:
    """A coordinate whose gradient is always zero moves no further than the others, in float64 and float32.

    Every optimizer, quantized states included: whatever a code for 0 leaves over is divided by a second moment of 0.
    """
    for dtype in (np.float64, np.float32):
        given = plain(12)
        g = given.g.copy()
        g[:, 0] = 0
        far = np.abs(run(np.zeros(3, dtype), g.astype(dtype))).astype(float).max(axis=0)
        if not far[0] <= far[1:].max():
            raise Violation(
                f"the coordinate without gradient moved {far[0]:g}, the others at most {far[1:].max():g}", far
            )


def settable(run: Runs, names: Sequence[str]) -> list[str]:
    """Those of `names` that can be set."""
    return [name for name in names if name in run.target.settable]
