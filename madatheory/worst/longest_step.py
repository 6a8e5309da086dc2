"""The longest step of a method: gradients g_1 .. g_T, chosen freely, that make |x_T - x_{T-1}|/alpha large; certified.

No problem is involved: every sequence of gradients counts, as in T10. The sequence is searched by L-BFGS through the
method's own step, and its last step is enclosed in ball arithmetic. Only the ratios of gradients matter where eps is
small; the largest is 1. What JAX cannot trace is run instead, see `madatheory.worst.measured_step`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from madatheory.arithmetic import NUMPY
from madatheory.defaults import SEED, WORST_SECONDS, WORST_STEPS
from madatheory.engine.arguments import as_optimizer
from madatheory.engine.backend.tracing import asked_optimizer
from madatheory.engine.traced import Unknown, computed_in
from madatheory.errors import UserError, needs
from madatheory.hparams import Parameter, check_mapping, whole
from madatheory.identities.targets.target import Target
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.problems.catalogue import get_problem
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting, Theorem
from madatheory.worst.balls import ball, balls, precision
from madatheory.worst.certificate import BITS, WIDTH, Refused, ends_of

MOST_STEPS = 1000


@dataclass(frozen=True)
class LongestStep:
    """`lower` <= |x_T - x_{T-1}|/alpha <= `upper` on `gradients`, with certainty; alpha is 1 if there is none.

    Where `certified` is False both are what a run in float64 gave. `tries` are descents, or sequences that were run.
    """

    optimizer: str
    steps: int
    hyper: Mapping[str, float]
    gradients: tuple[float, ...]
    lower: float
    upper: float
    bits: int
    tries: int
    seconds: float
    complete: bool = True
    method: Optimizer | None = field(default=None, repr=False)
    certified: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        plain = {name: value for name, value in vars(self).items() if name != "method"}
        return {**plain, "hyper": dict(self.hyper), "gradients": list(self.gradients)}


def longest_step(
    optimizer: Any,
    *,
    steps: int = WORST_STEPS,
    settings: Mapping[str, float] | None = None,
    seconds: float = WORST_SECONDS,
    seed: int = SEED,
    progress: Callable[[float, float, str], None] | None = None,
) -> LongestStep:
    """The gradients found in `seconds` whose last of `steps` steps is longest, in units of alpha, with its enclosure.

    `optimizer` is one of the package's, its name, or an optax transformation; a `Target` is run in float64, without an
    enclosure. Ctrl-C keeps the best so far. `UserError` for a method without a step in ball arithmetic.
    """
    begun = time.monotonic()
    Parameter(1.0, 0, open_low=True).refuse("seconds", seconds)
    seed = whole("seed", seed, 0, 2**32 - 1)
    check_mapping(settings, "a mapping of hyper-parameters to numbers, for example {'beta2': 0.9}")
    if isinstance(optimizer, Target):
        from madatheory.worst.measured_step import measured_step

        plan = {"steps": steps, "seconds": seconds, "seed": seed, "progress": progress}
        return measured_step(optimizer, settings=settings or {}, **plan)
    from scipy.optimize import minimize

    with needs("a certificate"):
        import flint  # noqa: F401
    method, steps = as_optimizer(optimizer), whole("steps", steps, 1, MOST_STEPS)
    hyper = {name: float(value) for name, value in method.hyper(settings).items() if _is_one(name, value)}
    enclosed = _enclosed(method, hyper, steps)
    loss, rng = _loss(method, hyper, steps), np.random.default_rng(seed)
    loss(np.zeros(steps))
    least, place, count, complete = np.inf, np.ones(steps), 0, True
    end = time.monotonic() + seconds
    try:
        while count == 0 or time.monotonic() < end:
            start = rng.normal(size=steps) * rng.choice([0.3, 1.0]) + rng.choice([-1, 1]) * np.pi / 2 * rng.integers(2)
            if count % 2:
                start = place + 0.1 * rng.normal(size=steps)
            found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
            count += 1
            if found.fun < least:
                least, place = found.fun, found.x
            if progress is not None:
                spent = min(time.monotonic() - begun, seconds)
                progress(spent, seconds, f"longest found so far {np.exp(-least) / hyper.get('alpha', 1.0):.6g}")
    except KeyboardInterrupt:
        if not count:
            raise
        complete = False
    gradients = np.sin(place)
    gradients /= np.max(np.abs(gradients)) or 1.0
    lower, upper, bits = enclosed(gradients)
    chosen = tuple(map(float, gradients))
    spent = time.monotonic() - begun
    return LongestStep(method.name, steps, hyper, chosen, lower, upper, bits, count, spent, complete, method)


def _is_one(name: str, value: Any) -> bool:
    if np.ndim(value):
        raise UserError(f"{name} = {value!r:.60}: give one value")
    return True


def _loss(method: Optimizer, hyper: Mapping[str, float], steps: int) -> Any:
    """-ln |x_T - x_{T-1}| of gradients sin(u), and its gradient."""
    import jax
    import jax.numpy as jnp

    asked = asked_optimizer(method)

    def of(u: Any) -> Any:
        known = {name: jnp.asarray(value, u.dtype) for name, value in hyper.items()}
        g = jnp.sin(u)
        g = g / jnp.max(jnp.abs(g))

        def body(state: Any, now: Any) -> Any:
            step, state = asked.step(known, state, now[1], Clock(now[0], jnp.asarray(float(steps), u.dtype)))
            return state, step.delta[0]

        times = jnp.arange(1, steps + 1, dtype=u.dtype)
        moved = jax.lax.scan(body, asked.init(known, jnp.zeros(1, u.dtype)), (times, g[:, None]))[1]
        return -jnp.log(jnp.abs(moved[-1]))

    compiled = jax.jit(jax.value_and_grad(of))

    def loss(u: np.ndarray) -> tuple[float, np.ndarray]:
        with jax.enable_x64(True):
            value, slope = compiled(jnp.asarray(u))
        if not (np.isfinite(value) and np.all(np.isfinite(slope))):
            return 50.0, np.zeros_like(u)
        return float(value), np.asarray(slope)

    return loss


def _enclosed(method: Optimizer, hyper: Mapping[str, float], steps: int) -> Any:
    """A function of gradients: (lower, upper, bits) of |x_T - x_{T-1}|/alpha."""
    import jax
    import jax.numpy as jnp

    asked = asked_optimizer(method)

    def begin(arguments: Any) -> Any:
        return asked.init(arguments[0], arguments[1])

    def advance(arguments: Any) -> Any:
        known, state, g, t, T = arguments
        step, state = asked.step(known, state, g, Clock(t, T))
        return step.delta, state

    with jax.enable_x64(True):
        one, number = jnp.zeros((1,), jnp.float64), jnp.zeros((), jnp.float64)
        example = dict.fromkeys(hyper, number)
        state = jax.eval_shape(begin, (example, one))
    try:
        start = computed_in(balls(), begin, (example, one))
        advanced = computed_in(balls(), advance, (example, state, one, number, number))
    except Unknown as error:
        raise Refused(f"{method.name} has no step in ball arithmetic: {error}") from error

    def enclosed(gradients: np.ndarray) -> tuple[float, float, int]:
        from flint import arb

        for bits in BITS:
            with precision(bits):
                known = {name: ball(value) for name, value in hyper.items()}
                state, moved = start((known, arb(0))), arb(0)
                for t, g in enumerate(gradients, 1):
                    moved, state = advanced((known, state, ball(float(g)), arb(t), arb(steps)))
                found = abs(moved) / known.get("alpha", arb(1))
                if found.is_finite() and found.rad() <= WIDTH * abs(found.mid()):
                    return *ends_of(found), bits
        raise Refused(f"{method.name}: the enclosure of its last step is too wide, {found.str(3)}")

    return enclosed


def about_steps(theorem: Theorem) -> bool:
    """Whether a theorem bounds the steps of a method on every path, as T10."""
    return theorem.kind == "every-path" and theorem.left.name == "longest step"


def bound_on_step(found: LongestStep) -> tuple[str, float] | None:
    """The package's theorem about the longest step that applies, and its bound in units of alpha."""
    if found.method is None:
        return None
    probe = get_problem("ratio:d=1,noise=none")
    for theorem in list_theorems().values():
        if not about_steps(theorem) or not set(theorem.settings) <= set(found.hyper):
            continue
        if not theorem.reasons(Setting(probe, found.method, found.hyper, found.steps)):
            fields = {name: value for name, value in found.hyper.items() if name in Quantities._fields}
            return theorem.name, float(theorem.bound(Quantities(**{**fields, "T": float(found.steps)}), NUMPY))
    return None
