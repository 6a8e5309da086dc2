"""left/right of a theorem on one instance, enclosed: every history of its noise, in ball arithmetic.

Nothing is typed again. The step is the optimizer's own and the left side the theorem's own statistics, both traced and
computed in balls; the right side is the theorem's formula under the arithmetic "balls"; F' and the noise scale are
piecewise linear functions of rational knots. Hyper-parameters and declared constants are the floats that they are.
"""

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from madatheory.arithmetic import arithmetic
from madatheory.blame import blame
from madatheory.engine.backend.tracing import asked_optimizer, asked_statistic
from madatheory.engine.statistic import Context, Event
from madatheory.engine.traced import Unknown, computed_in
from madatheory.errors import UserError, needs
from madatheory.optimizers.optimizer import Clock
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Theorem
from madatheory.worst.balls import Ball, ball, balls, precision
from madatheory.worst.instance import Instance

BITS = (128, 256, 512, 1024, 2048, 4096)
"""Precisions that are tried in turn; a run that needs more is refused."""
WIDTH = 1e-12
"""Largest width of an enclosure of left/right, relatively."""
MOST_HISTORIES = 2**12
_REMEDY = "write it with + - * / ** and the functions of xp, such as xp.sqrt"


class Refused(UserError):
    """An instance that certifies nothing; the message says why."""


class Certificate(NamedTuple):
    """`lower` <= left/right <= `upper`, which holds with certainty; `left` and `right` rounded to floats.

    `bits` is the precision that it took, `histories` the number of noise histories.
    """

    lower: float
    upper: float
    left: float
    right: float
    bits: int
    histories: int
    seconds: float


class TracedRun(NamedTuple):
    """The traced parts of a run in balls, all on one coordinate of one trajectory."""

    begin: Callable[[Any], Any]
    advance: Callable[[Any], Any]
    read: Callable[[Any], Any]


def certify(instance: Instance, run: TracedRun | None = None) -> Certificate:
    """The enclosure of left/right on `instance`; `run` is `traced_run` of one with the same theorem, which is reused.

    `Refused`, saying why: F is unbounded below, the oracle is not centred, a declared constant is too small, the
    theorem does not apply, its method or formulas have no form in ball arithmetic, or the enclosure is too wide.
    """
    begun = time.monotonic()
    with needs("a certificate"):
        import flint  # noqa: F401
    try:
        setting = instance.setting()
    except Refused:
        raise
    except UserError as error:
        raise Refused(str(error)) from error
    theorem, histories = instance.theorem, max(1, len(instance.shape.atoms)) ** instance.steps
    if theorem.kind != "expectation":
        raise Refused(f"{theorem.name} is about {theorem.kind.replace('-', ' ')}: a certificate is about expectations")
    reasons = theorem.reasons(setting)
    if reasons:
        raise Refused(f"{theorem.name} does not apply to it: {'; '.join(reasons)}")
    if histories > MOST_HISTORIES:
        raise Refused(f"{histories} noise histories: at most {MOST_HISTORIES} are enumerated, lower the steps")
    check_formulas(theorem, theorem.quantities(setting))
    run = traced_run(instance) if run is None else run
    found: Ball = None
    for bits in BITS:
        with precision(bits):
            left = _left(instance, run)
            right = in_balls(theorem, theorem.quantities(setting))
            if right < 0:
                raise Refused(f"{theorem.name}: its right side is negative, {float(right.mid()):g}")
            found = left / right
            if found.is_finite() and found.rad() <= WIDTH * abs(found.mid()):
                lower, upper = ends_of(found)
                sides = float(left.mid()), float(right.mid())
                return Certificate(lower, upper, *sides, bits, histories, time.monotonic() - begun)
    raise Refused(
        f"the enclosure of left/right is too wide, {found.str(3)} at {BITS[-1]} bits: the run forgets its digits "
        "faster than they can be given; a smaller step size or fewer steps would keep them"
    )


def ends_of(found: Ball) -> tuple[float, float]:
    """Floats below and above all numbers of the ball."""
    return math.nextafter(float(found.lower()), -math.inf), math.nextafter(float(found.upper()), math.inf)


def in_balls(theorem: Theorem, q: Quantities) -> Ball:
    """The right side at floats, which are taken as the numbers that they are."""
    written, xp = theorem.right.value, arithmetic("balls")
    return _formula(theorem, "right side", written, lambda at: theorem.bound(at, xp), _exactly(q))


def _exactly(q: Quantities) -> Quantities:
    """The quantities as the numbers that their floats are."""
    return Quantities(*[None if value is None else ball(float(value)) for value in q])


def check_formulas(theorem: Theorem, q: Quantities) -> None:
    """`Refused` where a side leaves the arithmetic: float(q.T), say, takes the middle of a ball and forgets its width.

    One quantity after the other is given as a wide ball; the side there must meet the side at the ball's end.
    """
    from flint import arb

    exact = _exactly(q)
    measured = {s.name: arb(1) / 3 for s in theorem.left.statistics}
    xp = arithmetic("balls")

    def right(at: Quantities) -> Ball:
        return theorem.bound(at, xp)

    def left(at: Quantities) -> Ball:
        return theorem.left.at(measured, at, xp)

    def measured_left(size: Ball) -> Ball:
        return theorem.left.at(dict.fromkeys(measured, size), exact, xp)

    for side, written, formula in (("right", theorem.right.value, right), ("left", theorem.left.value, left)):
        for name, value in exact._asdict().items():
            if value is not None and value != 0:
                width = value.min(1 - value) if 0 < value < 1 else abs(value)  # a decay stays one
                ends = [exact._replace(**{name: value + arb(0, w) + e}) for w, e in _wide_and_end(width)]
                wide, end = (_formula(theorem, f"{side} side", written, formula, at) for at in ends)
                _meets(theorem, side, name, wide, end)
    thirds = [arb(1) / 3 + arb(0, w) + e for w, e in _wide_and_end(arb(1))]
    wide, end = (_formula(theorem, "left side", theorem.left.value, measured_left, at) for at in thirds)
    _meets(theorem, "left", "what is measured", wide, end)


def _wide_and_end(width: Ball) -> list[tuple[Ball, Ball]]:
    share = width / 1024
    return [(share, 0 * share), (0 * share, share * 1023 / 1024)]


def _meets(theorem: Theorem, side: str, name: str, wide: Ball, end: Ball) -> None:
    if wide.is_finite() and end.is_finite() and not wide.overlaps(end):
        raise Refused(
            f"{theorem.name}: its {side} side turns {name} into a float, so that no enclosure of it exists: {_REMEDY}"
        )


def _formula(theorem: Theorem, side: str, written: Any, formula: Callable[[Any], Any], at: Any) -> Ball:
    from flint import arb

    with blame(f"theorem {theorem.name!r}, its {side} in ball arithmetic", written, _REMEDY):
        found = formula(at)
        return found if isinstance(found, arb) else ball(float(found))


def traced_run(instance: Instance) -> TracedRun:
    """The method and the left side's statistics in balls; `Refused` where an operation has no meaning there."""
    import jax
    import jax.numpy as jnp

    problem, optimizer = instance.problem(), instance.theorem.optimizer()
    method = asked_optimizer(optimizer)
    statistics = [asked_statistic(s) for s in instance.theorem.left.statistics]

    def begin(arguments: Any) -> Any:
        hyper, x, T = arguments
        context = Context(x, hyper, problem, Clock(jnp.zeros_like(T), T))
        return method.init(hyper, x), tuple(s.init(context) for s in statistics)

    def advance(arguments: Any) -> Any:
        hyper, x, (state, metrics), grad, g, t, T = arguments
        clock = Clock(t, T)
        step, new = method.step(hyper, state, g, clock)
        after = x - step.delta
        event = Event(clock, x, after, grad, g, step, hyper, problem, new)
        return after, (new, tuple(s.step(m, event) for s, m in zip(statistics, metrics, strict=True)))

    def read(arguments: Any) -> Any:
        metrics, t, T = arguments
        return {s.name: s.read(m, Clock(t, T)) for s, m in zip(statistics, metrics, strict=True)}

    with jax.enable_x64(True):
        one, number = jnp.zeros((1, 1), jnp.float64), jnp.zeros((), jnp.float64)
        hyper = dict.fromkeys(instance.hyper, number)
        carried = jax.eval_shape(begin, (hyper, one, number))
    try:
        return TracedRun(
            computed_in(balls(), begin, (hyper, one, number)),
            computed_in(balls(), advance, (hyper, one, carried, one, one, number, number)),
            computed_in(balls(), read, (carried[1], number, number)),
        )
    except Unknown as error:
        raise Refused(
            f"{optimizer.name} or the left side of {instance.theorem.name} has no step in ball arithmetic: {error}"
        ) from error


class _Line:
    """A piecewise linear function of balls: its value at the midpoint, and its steepness times the radius."""

    def __init__(self, knots: Sequence[float], values: Sequence[float]) -> None:
        x, y = [Fraction(float(k)) for k in knots], [Fraction(float(v)) for v in values]
        slopes = [(y[i + 1] - y[i]) / (x[i + 1] - x[i]) for i in range(len(x) - 1)]
        self._steepest = ball(max(abs(s) for s in slopes))
        self._knots, self._values = [ball(v) for v in x], [ball(v) for v in y]
        self._slopes = [ball(s) for s in slopes]

    def __call__(self, x: Ball) -> Ball:
        from flint import arb

        if not x.is_finite():
            return arb("nan")
        middle = arb(x.mid())
        place = bisect_right(self._knots, middle)
        if place == 0:
            value = self._values[0]
        elif place == len(self._knots):
            value = self._values[-1]
        else:
            value = self._values[place - 1] + self._slopes[place - 1] * (middle - self._knots[place - 1])
        return value if x.is_exact() else value + arb(0, 1) * (self._steepest * arb(x.rad()))


def _left(instance: Instance, run: TracedRun) -> Ball:
    """The expectation of the left side over all noise histories."""
    from flint import arb

    shape, T = instance.shape, arb(instance.steps)
    hyper = {name: ball(float(value)) for name, value in instance.hyper.items()}
    derivative = _Line(shape.knots, shape.slopes)
    scale = _Line(shape.knots, shape.scales) if shape.atoms else None
    atoms = [(ball(float(v)), ball(float(p))) for v, p in shape.atoms] or [(arb(0), arb(1))]
    start = ball(float(shape.start))
    level = [(arb(1), start, run.begin((hyper, start, T)))]
    for t in range(1, instance.steps + 1):
        after = []
        for probability, x, carried in level:
            grad = derivative(x)
            for value, chance in atoms:
                g = grad if scale is None else grad + scale(x) * value
                x_next, carried_next = run.advance((hyper, x, carried, grad, g, arb(t), T))
                after.append((probability if scale is None else probability * chance, x_next, carried_next))
        level = after
    theorem, xp = instance.theorem, arithmetic("balls")
    q = _exactly(theorem.quantities(instance.setting()))
    left = arb(0)
    for probability, _, (_, metrics) in level:
        left += probability * theorem.left.at(run.read((metrics, T, T)), q, xp)
    return left
