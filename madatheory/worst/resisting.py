"""The resisting oracle: the true gradients at the nodes of the noise tree are the unknowns, exactly, in one dimension.

In units L = G = 1 the nodes are visited in order. At a node x_v the derivative may be anything in [max(-S, m_u - |x_v -
x_u|), min(S, m_u + |x_v - x_u|)] over the nodes u before it: by McShane's extension these are the values that some
1-Lipschitz function bounded by S takes there. So the unknowns are unconstrained, every run of the method on every such
function is reached, and no interpolation condition is a penalty. D0 = F(x_0) - inf F is then least in closed form: F'
is the lowest interpolant left of x_0 and the highest right of it.

Noise at a node: two atoms with probabilities p and 1-p, centred, of one scale ("additive") or one per node ("state").
"""

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.arithmetic import arithmetic
from madatheory.blame import blame
from madatheory.engine.backend.tracing import asked_optimizer
from madatheory.engine.statistic import Context, Event
from madatheory.errors import UserError
from madatheory.optimizers.optimizer import Clock, Optimizer
from madatheory.problems.piecewise import Piecewise
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Theorem, moments_from_bound
from madatheory.worst.unknowns import Unknowns
from madatheory.xla import accepted

Array = Any
_NEAR = 1e-9  # nodes that are closer are one, in units G/L
_LEAST_CHANCE = 0.002
_REMEDY = "write it with + - * / ** and the functions of xp, such as xp.sqrt"
# a run is a chain of numbers: what is compiled with care runs no faster, and takes twice as long to compile
_OPTIONS = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}


def between(u: Array, low: Array, high: Array) -> Array:
    """Unconstrained numbers to [low, high]; the ends are reached, at finite u."""
    return low + (high - low) * 0.5 * (1 + jnp.sin(u))


def _tree(steps: int, branches: int) -> tuple[np.ndarray, np.ndarray]:
    """Level (0 .. steps-1) and children of every node, parents first; the last level's children are node `size`."""
    sizes = [branches**t for t in range(steps)]
    first = np.cumsum([0, *sizes])
    level = np.repeat(np.arange(steps), sizes)
    child = np.full((first[-1], branches), first[-1])
    for t in range(steps - 1):
        child[first[t] : first[t + 1]] = first[t + 1] + np.arange(sizes[t + 1]).reshape(-1, branches)
    return level, child


def least_gap(x: Array, m: Array, start: Array, most: Array) -> Array:
    """min of F(x_0) - inf F over functions with F'' in [-1, 1] and |F'| <= most through the points, x_0 one of them."""

    def one_side(away: Array, slope: Array) -> Array:
        """`away` from x_0 in one direction, `slope` the rate at which F falls there: kept as low as can be."""
        away = jnp.where(away < 0, jnp.inf, away)
        order = jnp.argsort(away)
        away, slope = away[order], slope[order]
        real = jnp.isfinite(away)[1:]
        width = jnp.where(real, jnp.where(real, away[1:], 0.0) - jnp.where(real, away[:-1], 0.0), 0.0)
        here, there = slope[:-1], jnp.where(real, slope[1:], slope[:-1])
        turn = 0.5 * (here + there - width)
        bottom = jnp.maximum(turn, -most)
        flat = jnp.where(turn < -most, width - (here + there + 2 * most), 0.0)
        fall = 0.5 * (here**2 - bottom**2) + 0.5 * (there**2 - bottom**2) - most * flat
        before = jnp.concatenate([jnp.zeros(1), jnp.cumsum(jnp.where(real, fall, 0.0))])
        # F is least where its slope turns positive: between two points, or beyond the last
        deepest = before[:-1] + jnp.where(real & (turn >= 0), 0.0, 0.5 * jnp.maximum(here, 0) ** 2)
        beyond = before[-1] + 0.5 * jnp.maximum(slope[jnp.sum(real)], 0) ** 2
        known = jnp.concatenate([jnp.isfinite(away[:1]), real])[:-1]
        return jnp.maximum(jnp.max(jnp.where(known, deepest, 0.0), initial=0.0), beyond)

    return jnp.maximum(one_side(start - x, m), one_side(x - start, -m))


class ResistingOracle:
    """All runs of `steps` steps of a theorem's method on functions of one dimension, as a function of free numbers."""

    def __init__(
        self, theorem: Theorem, steps: int, unknowns: Unknowns, noise: str = "none", slope_at_most: float = 1.0
    ) -> None:
        self._theorem, self._steps, self._unknowns = theorem, steps, unknowns
        self._noise, self._most = noise, slope_at_most
        self._method: Optimizer = asked_optimizer(theorem.optimizer())
        self._branches = 1 if noise == "none" else 2
        self._level, self._child = _tree(steps, self._branches)
        self._nodes = len(self._level)
        self._of_noise = {"none": 0, "additive": 2, "state": 2 + self._nodes}[noise]
        self.size = unknowns.size + self._of_noise + self._nodes
        self._losses = jax.jit(jax.value_and_grad(self._loss, has_aux=True), compiler_options=accepted(_OPTIONS))

    def _loss(self, u: Array) -> tuple[Array, dict[str, Any]]:
        played = self._play(u)
        return -jnp.log(played["ratio"]), played

    def loss(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """-ln(left/right) and its gradient; 50 and 0 where it is no number."""
        with jax.enable_x64(True):
            (value, _), slope = self._losses(jnp.asarray(u))
        value, slope = float(value), np.asarray(slope)
        if not (np.isfinite(value) and np.all(np.isfinite(slope))):
            return 50.0, np.zeros_like(slope)
        return value, slope

    def ratio(self, u: Array) -> Array:
        """left/right as a traceable function of the free numbers."""
        return self._play(u)["ratio"]

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """Random numbers to begin a descent from: gradients independent, or smooth along the run."""
        u = rng.normal(size=self.size) * rng.choice([0.3, 1.0, 2.0])
        u[: self._unknowns.size] = rng.uniform(-np.pi / 2, np.pi / 2, self._unknowns.size)
        if self._branches == 1 and rng.random() < 0.5:
            ends = rng.uniform(-1.6, 1.6, 6)
            u[-self._steps :] = np.interp(np.linspace(0, 1, self._steps), np.linspace(0, 1, 6), ends)
        return u

    def _law(self, free: Array) -> tuple[Array, Array, Array]:
        """Probabilities, centred values of largest size 1, and the largest |F'|."""
        if self._branches == 1:
            return jnp.ones(1), jnp.zeros(1), jnp.asarray(self._most)
        p = between(free[0], _LEAST_CHANCE, 1 - _LEAST_CHANCE)
        values = jnp.stack([1 - p, -p]) / jnp.maximum(p, 1 - p)
        return jnp.stack([p, 1 - p]), values, between(free[1], 1e-3 * self._most, self._most)

    def _play(self, u: Array) -> dict[str, Any]:
        """One run on the function that the numbers `u` describe."""
        T, N, k = self._steps, self._nodes, self._branches
        free, noise, gradients = jnp.split(u, np.cumsum([self._unknowns.size, self._of_noise]))
        known = self._unknowns.at(0.5 * (1 + jnp.sin(free)), jnp)
        L, G = known["L"], known["G"]
        hyper = {name: jnp.asarray(v, jnp.float64) for name, v in known.items() if name not in ("L", "G")}
        chances, values, most = self._law(noise)
        level, child, index = jnp.asarray(self._level), jnp.asarray(self._child), jnp.arange(N + 1)
        horizon = jnp.asarray(float(T))
        statistics = self._theorem.left.statistics
        problem: Any = _Sought()
        template = jnp.zeros((1, k))
        context = Context(template, hyper, problem, Clock(jnp.zeros(()), horizon))
        first = (self._method.init(hyper, template), tuple(s.init(context) for s in statistics))
        kept = jax.tree.map(lambda leaf: jnp.zeros(N + 1).at[0].set(jnp.ravel(leaf)[0]), first)

        def visit(carry: Any, v: Array) -> tuple[Any, Any]:
            x, m, chance, kept = carry
            seen, far = index < v, jnp.abs(x - x[v])
            low = jnp.maximum(-most, jnp.max(jnp.where(seen, m - far, -jnp.inf)))
            high = jnp.minimum(most, jnp.min(jnp.where(seen, m + far, jnp.inf)))
            slope = between(gradients[v], low, high)
            room = jnp.minimum(1 - slope, 1 + slope) if self._noise == "state" else 1 - most
            scale = between(noise[2 + v], 0.0, 1.0) * room if self._noise == "state" else room
            g = (slope + scale * values)[None] if k > 1 else slope[None, None]
            state, metrics = jax.tree.map(lambda a, like: jnp.broadcast_to(a[v], jnp.shape(like)), kept, first)
            clock = Clock(1.0 + level[v], horizon)
            step, new = self._method.step(hyper, state, G * g, clock)
            here, grad = jnp.full((1, k), x[v] * G / L), jnp.full((1, k), G * slope)
            event = Event(clock, here, here - step.delta, grad, G * g, step, hyper, problem, new)
            metrics = tuple(s.step(a, event) for s, a in zip(statistics, metrics, strict=True))
            c = child[v]
            x = x.at[c].set(jnp.ravel(here - step.delta) * L / G)
            m, chance = m.at[v].set(slope), chance.at[c].set(chance[v] * chances)
            flat = jax.tree.map(lambda leaf: jnp.broadcast_to(jnp.ravel(leaf), (k,)), (new, metrics))
            kept = jax.tree.map(lambda a, leaf: a.at[c].set(leaf), kept, flat)
            return (x, m, chance, kept), (x[v], slope, chance[v], scale, flat[1])

        begin = (jnp.zeros(N + 1), jnp.zeros(N + 1), jnp.zeros(N + 1).at[0].set(1.0), kept)
        _, (x, m, chance, scale, metrics) = jax.lax.scan(visit, begin, jnp.arange(N))
        D0 = least_gap(x, m, x[0], most)
        names = {**hyper, "L": L, "G": G}
        pinned = self._method.traits.get("pinned", {})
        fields = {n: v for n, v in {**pinned, **self._theorem.symbols, **names}.items() if n in Quantities._fields}
        line = {"T": horizon, "d": 1.0, "D0": D0 * G**2 / L, "N": L}
        q = Quantities(**{**fields, **moments_from_bound(G, 1.0), **line})
        xp = arithmetic("jax")
        # what the left side is at the last level: its nodes' metrics after step T, one value per atom
        last = slice(N - k ** (T - 1), N)
        ends = jax.tree.map(lambda leaf: leaf[last], metrics)
        read = {s.name: s.read(a, Clock(horizon, horizon)) for s, a in zip(statistics, ends, strict=True)}
        with blame(f"theorem {self._theorem.name!r}, its left side", self._theorem.left.value, _REMEDY):
            left = jnp.sum(chance[last][:, None] * chances * self._theorem.left.at(read, q, xp))
        with blame(f"theorem {self._theorem.name!r}, its right side", self._theorem.right.value, _REMEDY):
            right = self._theorem.bound(q, xp)
        found = {"x": x, "m": m, "scale": scale, "most": most, "law": (chances, values), "hyper": hyper, "L": L, "G": G}
        return {**found, "left": left, "ratio": left / right}

    def played(self, u: np.ndarray) -> dict[str, Any]:
        """The run of `u`: points x, slopes m and noise scales of its nodes in units, left side, ratio, and the rest."""
        with jax.enable_x64(True):
            return jax.tree.map(np.asarray, self._losses(jnp.asarray(u))[0][1])

    def found(self, u: np.ndarray) -> tuple[dict[str, float], Piecewise]:
        """Hyper-parameters, and the function of least D0 through the nodes that the run of `u` visits."""
        d = self.played(u)
        hyper = {name: float(value) for name, value in d["hyper"].items()}
        L, G = float(d["L"]), float(d["G"])
        start, points = least_interpolant(d["x"], d["m"], d["scale"], float(d["most"]))
        x, m, s = (np.array(column) for column in zip(*points, strict=True))
        x, m, s = x * (G / L), m * G, s * G
        scales, atoms = (), ()
        if self._branches == 2 and np.max(s) > _NEAR:
            p = round(float(d["law"][0][0]) * 2**20) / 2**20
            atoms = ((1 - p, p), (-p, 1 - p))  # floats, and centred exactly
            scales = tuple(float(v) for v in s / max(p, 1 - p))
        return hyper, Piecewise(tuple(map(float, x)), tuple(map(float, m)), float(start * G / L), scales, atoms)


def least_interpolant(
    x: np.ndarray, m: np.ndarray, scale: np.ndarray, most: float
) -> tuple[float, list[tuple[float, float, float]]]:
    """The start, and (knot, F', noise scale) of the function of least D0 through the nodes: the lowest F' left of the
    start, the highest right of it, at least 0 far right and at most 0 far left."""
    start, order = float(x[0]), np.argsort(x, kind="stable")
    nodes: list[tuple[float, float, float]] = []
    for i in order:
        if nodes and x[i] - nodes[-1][0] < _NEAR:
            if i == 0:  # the start keeps its place
                nodes[-1] = (start, float(m[0]), float(scale[0]))
            continue
        nodes.append((float(x[i]), float(m[i]), float(scale[i])))
    points = [nodes[0]]
    for (a, here, s), (b, there, r) in pairwise(nodes):
        sign = 1.0 if b <= start else -1.0  # downwards left of the start, upwards right of it
        u, v = sign * here, sign * there
        turn = max(0.5 * (u + v - (b - a)), -most)
        first, second = a + (u - turn), b - (v - turn)
        for knot in (first, second):
            if points[-1][0] + _NEAR < knot < b - _NEAR:
                # between nodes the scale is free: what keeps |g| <= 1
                points.append((knot, sign * turn, min(s + (r - s) * (knot - a) / (b - a), 1 - abs(turn))))
        points.append((b, there, r))
    (a, low, s), (b, high, r) = points[0], points[-1]
    if low > 0:
        points.insert(0, (a - low, 0.0, s))
    if high < 0:
        points.append((b - high, 0.0, r))
    if len(points) == 1:
        points.append((b + 1.0, points[0][1], r))
    return start, points


class _Sought:
    """Stands for the problem in the left side's statistics while its function is not known yet."""

    name, dimension = "the function sought", 1

    def __getattr__(self, name: str) -> Any:
        raise UserError(
            f"the left side reads `problem.{name}`, which the search knows at its end alone: measure it by the event's "
            "grad, g, x and step, or give more than 100 steps"
        )
