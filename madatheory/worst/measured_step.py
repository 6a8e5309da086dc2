"""The longest step of an optimizer that is run as it is, in float64: PyTorch, Keras, plain functions, any target.

Its step is neither traced nor differentiated. Every sign pattern of the gradients is tried with magnitudes in geometric
progression; from the best, a compass search over the logarithms of the magnitudes and the signs goes on. What is found
is the optimizer's own float64 run on these gradients; no ball encloses it.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from madatheory.errors import UserError
from madatheory.hparams import whole
from madatheory.identities.targets.target import Misbehaved, Target, open_loop
from madatheory.worst.longest_step import LongestStep

MOST_STEPS = 10
"""Up to which all 2^T sign patterns are tried."""
_RATIOS = (1.0, 0.9, 1.1, 0.6, 1.6, 0.25, 4.0)
"""|g_t|/|g_(t+1)| of the magnitudes that the search begins with."""
_RATE = 2.0**-10  # the step size where an optimizer has no default
_LEAST, _FINEST = -30.0, 1e-9  # ln of the least magnitude, and the last step length of the search
_CHUNK = 256  # sequences that are run between two looks at the clock

Steps = Callable[[np.ndarray], np.ndarray]
"""Gradients (T, n), a sequence per column, to the n lengths of the last step."""


def measured_step(
    target: Target,
    *,
    steps: int,
    settings: Mapping[str, float],
    seconds: float,
    seed: int,
    progress: Callable[[float, float, str], None] | None = None,
) -> LongestStep:
    """The gradients found in `seconds` whose last of `steps` steps is longest, in units of the step size, from x_0 = 0.

    `settings` have the target's neutral names (lr, beta1, ..). Ctrl-C keeps the best so far. `UserError` for more than
    `MOST_STEPS` steps, and for a target that cannot be run on one number or draws random ones.
    """
    begun = time.monotonic()
    if whole("steps", steps, 1) > MOST_STEPS:
        raise UserError(
            f"steps = {steps}: {target.name} is run as it is, on every sign pattern of its gradients: give at most "
            f"{MOST_STEPS} steps"
        )
    hyper = dict(settings)
    if "lr" in target.settable:
        default = target.defaults.get("lr")
        hyper.setdefault("lr", float(default) if isinstance(default, int | float) else _RATE)
    alone = _lengths(target, hyper, 1)
    lengths = _several_at_a_time(target, hyper, alone, steps, seed)
    bests, count, complete = [(0.0, np.ones(steps))], 0, True
    try:
        for gradients in _sequences(steps, lambda: bests[-1]):
            found = lengths(gradients)
            count += gradients.shape[1]
            top = int(np.argmax(found))
            if found[top] > bests[-1][0]:
                bests.append((float(found[top]), gradients[:, top]))
            spent = time.monotonic() - begun
            if progress is not None:
                progress(min(spent, seconds), seconds, f"longest found so far {bests[-1][0]:.6g}")
            if spent > seconds:
                break
    except KeyboardInterrupt:
        if not count:
            raise
        complete = False
    place = bests[-1][1]
    value, again = (float(alone(place[:, None])[0]) for _ in range(2))
    if value != again:
        raise UserError(f"{target.name}: its steps differ on the same gradients, so it draws random numbers")
    chosen = tuple(map(float, place / np.max(np.abs(place))))
    spent = time.monotonic() - begun
    return LongestStep(target.name, steps, hyper, chosen, value, value, 53, count, spent, complete, certified=False)


def _lengths(target: Target, hyper: Mapping[str, float], n: int) -> Steps:
    """The last steps of `n` sequences at a time, each number of one tensor with gradients of its own."""
    rate = hyper.get("lr", 1.0)

    def of(gradients: np.ndarray) -> np.ndarray:
        found = []
        for begin in range(0, gradients.shape[1], n):
            g = gradients[:, begin : begin + n]
            try:
                path = open_loop(target, [np.zeros(g.shape[1])], [[now] for now in g], hyper)
            except Misbehaved as error:
                raise UserError(f"{target.name} cannot be run on single numbers: {error}") from error
            before = path[-2][0] if len(path) > 1 else 0.0
            found.append(np.abs(np.asarray(path[-1][0], float) - before) / rate)
        return np.nan_to_num(np.concatenate(found), nan=0.0, posinf=0.0)

    return of


def _several_at_a_time(target: Target, hyper: Mapping[str, float], alone: Steps, steps: int, seed: int) -> Steps:
    """`alone`, or many sequences in one tensor where that changes nothing: where the optimizer is elementwise."""
    g = np.random.default_rng(seed).normal(size=(steps, 3))
    together = _lengths(target, hyper, _CHUNK)
    return together if np.allclose(together(g), alone(g), rtol=1e-9, atol=0) else alone


def _sequences(steps: int, best: Callable[[], tuple[float, np.ndarray]]) -> Iterator[np.ndarray]:
    """Gradients to be tried, (T, n) at a time: all sign patterns, then what lies around the best."""
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=steps))).T
    for ratio in _RATIOS:
        magnitudes = ratio ** np.arange(steps - 1, -1, -1.0)
        for begin in range(0, signs.shape[1], _CHUNK):
            yield signs[:, begin : begin + _CHUNK] * (magnitudes / magnitudes.max())[:, None]
    # one magnitude, or all up to one, longer or shorter; and one sign changed
    directions = np.concatenate([np.eye(steps), np.tril(np.ones((steps, steps)))])
    moves, flips = np.concatenate([directions, -directions]), 1 - 2 * np.eye(steps)
    length = 0.5
    while length > _FINEST:
        reached, place = best()
        logarithms = np.log(np.maximum(np.abs(place), np.exp(_LEAST)))
        tried = np.maximum(logarithms + length * moves, _LEAST)
        tried = np.exp(tried - tried.max(axis=1, keepdims=True))
        yield np.concatenate([np.sign(place) * tried, place * flips]).T
        length = min(1.5 * length, 1.0) if best()[0] > reached else length / 2
