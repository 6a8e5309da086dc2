"""What the proofs say of one step of the package's optimizers, traced into z3: from any state, at any t."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from madatheory.arithmetic import NUMPY
from madatheory.engine.traced import Traced, traced
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.optimizers.optimizer import Optimizer
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorems.step_size_bounds import claimed_by_kingma_and_ba
from proofs_check.evidence import Finding, Status
from proofs_check.falsify.steps import ROUNDING, path
from proofs_check.smt.decide import SECONDS, Answer, case_of, holds, written
from proofs_check.smt.terms import Facts, Formula, Term, algebra, arithmetic, constant, variable

PROVED = "no real numbers satisfy the hypothesis and the negated claim"


@dataclass(frozen=True)
class SymbolicStep:
    """A step of a method at t, and the b of the step before it, all symbols.

    before  the state before the step; `previous` is b_{t-1}, of the step that led there where the state has no b
    """

    facts: Facts
    hyper: Mapping[str, Term]
    t: Term
    g: Term
    before: Mapping[str, Term]
    previous: Term
    b: Term
    after: Mapping[str, Term]
    known: Sequence[Formula]

    def values(self) -> dict[str, Term]:
        """What a model gives numbers to."""
        return {**self.hyper, **{f"state {k}": v for k, v in self.before.items()}, "g": self.g, "t": self.t}


def step_of(optimizer: Optimizer, names: Sequence[str]) -> SymbolicStep:
    """From any state with v, reference >= 0; 0 <= betas < 1, 0 <= rho, c <= 1, t >= 2."""
    facts = Facts()
    hyper = {name: variable(facts, name) for name in names}
    method = traced(optimizer, names, algebra(facts))
    t, g, h = (variable(facts, name) for name in ("t", "g", "h"))
    state = {name: variable(facts, f"state_{name}") for name in method.start(hyper)}
    known = [hyper[name] >= 0 for name in names] + [t >= 2]
    known += [hyper[name] < 1 for name in names if name in ("beta1", "beta2", "beta3")]
    known += [hyper[name] <= 1 for name in names if name in ("rho", "c")]
    known += [hyper[name] > 0 for name in names if name in ("eps", "W")]
    known += [state[name] >= 0 for name in ("v", "reference", "sum") if name in state]
    if "b" in state:
        previous = state["b"]
        known += [previous > 0]
    else:
        step, state = method.step(hyper, state, h, t - 1)
        previous = step.b
    step, after = method.step(hyper, state, g, t)
    return SymbolicStep(facts, hyper, t, g, state, previous, step.b, after, known)


def _finding(answer: Answer, values: Mapping[str, Any]) -> Finding:
    if answer.verdict == "holds":
        return Finding(Status.PROVED, PROVED)
    if answer.verdict == "unknown":
        return Finding(Status.OPEN, f"z3 gave up: {answer.why}")
    return Finding(Status.REFUTED, "a model of z3", written(case_of(answer.model, values)))


_COEFFICIENTS = ("beta2", "eps")
_METHODS: Mapping[str, tuple[str, ...]] = {
    "amsgrad": _COEFFICIENTS,
    "avgrad": _COEFFICIENTS,
    "adam-avgrad": (*_COEFFICIENTS, "rho"),
    "safeguarded-mada": (*_COEFFICIENTS, "rho", "c", "beta3"),
}


def _run(theorem: str) -> SymbolicStep:
    optimizer = list_theorems()[theorem].method()
    names = _METHODS[optimizer.name]
    return step_of(optimizer, (*names, "W") if "W" in optimizer.parameters else names)


def steps_do_not_grow(theorem: str, factor: Fraction = Fraction(1)) -> Finding:
    """b_{t-1} <= b_t after any state, for any gradients: what T7 assumes of the step sizes.

    For the interpolation where rho (t-1)(1-beta2) <= beta2 (L6).
    """
    run = _run(theorem)
    known = list(run.known)
    if "rho" in run.hyper and "b" not in run.before:
        known.append(run.hyper["rho"] * (run.t - 1) * (1 - run.hyper["beta2"]) <= run.hyper["beta2"])
    return _finding(holds(known, run.previous * factor <= run.b, run.facts), run.values())


def keeps_squares(theorem: str, factor: Fraction = Fraction(1)) -> Finding:
    """v_t >= W g_t^2 and b_t >= v_t with T7log's W; with the sum as safeguard b_t >= eps + W sum_{j<=t} g_j^2."""
    run = _run(theorem)
    w = 1 - run.hyper["beta2"]
    if "W" in run.hyper:
        least = run.hyper["eps"] + run.hyper["W"] * (run.before["sum"] + run.g**2)
        return _finding(holds(run.known, least * factor <= run.b, run.facts), run.values())
    known, W = list(run.known), w
    if "c" in run.hyper:
        W = arithmetic(run.facts).minimum(w, run.hyper["beta2"] + w * run.hyper["c"])
        known.append(run.hyper["beta3"] == 0)
    found = _finding(holds(known, W * run.g**2 * factor <= run.after["v"], run.facts), run.values())
    if found.status is not Status.PROVED:
        return found
    return _finding(holds(known, run.after["v"] <= run.b, run.facts), run.values())


def yogi_is_yogi() -> Finding:
    """The package's Yogi step is what L8's lemmas are about: v' of the update is v' of the lemma."""
    facts = Facts()
    hyper = {"beta2": variable(facts, "beta2")}
    method = traced(get_optimizer("yogi:form=theory"), ("beta2",), algebra(facts))
    v, g = variable(facts, "v"), variable(facts, "g")
    _, after = method.step(hyper, {**method.start(hyper), "v": v}, g, constant(facts, 1))
    x = g * g
    case = {"v": v, "x": x, "beta2": hyper["beta2"], "sign": algebra(facts).sign(v - x), "M": x}
    claimed = list_lemmas()["yogi-nonnegative"].right(case, arithmetic(facts))
    known = [hyper["beta2"] >= 0, hyper["beta2"] < 1, v >= 0]
    return _finding(holds(known, after["v"] == claimed, facts), {**hyper, "v": v, "g": g})


def _moves(optimizer: Optimizer, facts: Facts, hyper: Mapping[str, Term], g: Sequence[Term]) -> tuple[list[Term], dict]:
    """x_t - x_{t-1} up to sign, and the last state, from the start."""
    method: Traced = traced(optimizer, tuple(hyper), algebra(facts))
    state, moves = method.start(hyper), []
    for t, now in enumerate(g, 1):
        step, state = method.step(hyper, state, now, constant(facts, t))
        moves.append(step.delta)
    return moves, dict(state)


def longest_step(theorem: str, T: int, factor: Fraction = Fraction(1)) -> Finding:
    """T10: |x_T - x_{T-1}| <= alpha B(T) for all gradients and hyper-parameters, at alpha = 1, eps = 0."""
    facts, found = Facts(), list_theorems()[theorem]
    free = [name for name in found.settings if name not in ("alpha", "eps")]
    optimizer = found.method()
    hyper = {name: variable(facts, name) for name in free}
    fixed = {"alpha": constant(facts, 1)} | ({"eps": constant(facts, 0)} if "eps" in optimizer.parameters else {})
    ranges = [hyper[name] >= 0 for name in free]
    ranges += [hyper[name] < 1 if name.startswith("beta") else hyper[name] <= 1 for name in free]
    ranges += [hyper["beta2"] > 0] if "beta2" in free else []
    if "beta1" in free:
        other = found.settings["beta1"] == 0
        ranges.append(hyper["beta1"] == 0 if other else hyper["beta1"] ** 2 < hyper["beta2"])
    g = [variable(facts, f"g{t}") for t in range(1, T + 1)]
    ranges.append(sum((x * x for x in g), start=constant(facts, 0)) > 0)  # all 0: nothing moves
    moves, _ = _moves(optimizer, facts, {**hyper, **fixed}, g)
    known = {name: value for name, value in hyper.items() if name in Quantities._fields}
    xp = arithmetic(facts)
    most = found.bound(Quantities(**{**known, "T": T}), xp) * factor
    length = xp.maximum(moves[-1], -moves[-1])
    return _finding(holds(ranges, length <= most, facts), {**hyper, **{f"g{i}": x for i, x in enumerate(g, 1)}})


def longest_steps(theorem: str, most: int) -> Finding:
    """T10 for T = 1 .. most."""
    found = [longest_step(theorem, T) for T in range(1, most + 1)]
    return next((f for f in found if f.status is not Status.PROVED), found[-1])


def step_from_any_state(theorem: str, factor: Fraction = Fraction(1)) -> Finding:
    """|x_t - x_{t-1}| <= alpha B after any state, for a B that does not depend on t: Lion."""
    facts, found = Facts(), list_theorems()[theorem]
    optimizer = found.method()
    hyper = {name: variable(facts, name) for name in optimizer.parameters}
    method = traced(optimizer, tuple(hyper), algebra(facts))
    state = {name: variable(facts, f"state_{name}") for name in method.start(hyper)}
    g, t = variable(facts, "g"), variable(facts, "t")
    step, _ = method.step(hyper, state, g, t)
    xp = arithmetic(facts)
    length = xp.maximum(step.delta, -step.delta)
    most = found.bound(Quantities(T=t), xp) * hyper["alpha"] * factor
    answer = holds([hyper["alpha"] > 0], length <= most, facts)
    return _finding(answer, {**hyper, **{f"state {k}": v for k, v in state.items()}, "g": g})


def kingma_ba() -> Finding:
    """Two gradients for which the package's practical Adam steps further than claimed, at (9/10, 99/100), eps = 0."""
    facts = Facts()
    numbers = {"alpha": Fraction(1), "beta1": Fraction(9, 10), "beta2": Fraction(99, 100), "eps": Fraction(0)}
    hyper = {name: constant(facts, value) for name, value in numbers.items()}
    adam = get_optimizer("adam:form=practical,schedule=constant")
    g = [variable(facts, "g1"), variable(facts, "g2")]
    moves, _ = _moves(adam, facts, hyper, g)
    claim = claimed_by_kingma_and_ba(Quantities(beta1=hyper["beta1"], beta2=hyper["beta2"]), arithmetic(facts))
    box = [x >= 1 for x in g] + [x <= 10 for x in g]
    answer = holds(box, moves[-1] <= claim, facts, SECONDS)
    if answer.verdict != "fails":
        return Finding(Status.OPEN, f"no model: {answer.why}")
    found = case_of(answer.model, {"g": g})
    floats = {name: float(value) for name, value in numbers.items()}
    move, _ = path(adam, np.array([[float(x)] for x in found["g"]]), floats)
    limit = float(claimed_by_kingma_and_ba(Quantities(beta1=0.9, beta2=0.99), NUMPY))
    if abs(move[-1, 0]) <= limit * (1 + ROUNDING):
        return Finding(Status.OPEN, "z3 has a model, but floats do not confirm it", written(found))
    words = f"beta1 = 9/10, beta2 = 99/100, eps = 0: |x_2 - x_1| = {abs(move[-1, 0]):.9g} alpha > {limit:g} alpha"
    return Finding(Status.REFUTED, "a model of z3, confirmed by the package's Adam", f"{written(found)}, {words}")


def yogi_below_largest_square(T: int = 2) -> Finding:
    """Gradients and a beta2 for which v_T of the package's Yogi is above every g_t^2."""
    facts = Facts()
    hyper = {"beta2": variable(facts, "beta2")}
    yogi = get_optimizer("yogi:form=theory")
    g = [variable(facts, f"g{t}") for t in range(1, T + 1)]
    _, state = _moves(yogi, facts, hyper, g)
    squares = arithmetic(facts).maximum(*[x * x for x in g])
    known = [hyper["beta2"] >= 0, hyper["beta2"] < 1]
    answer = holds(known, state["v"] <= squares, facts, SECONDS)
    if answer.verdict != "fails":
        return _finding(answer, {})
    found = case_of(answer.model, {"g": g, **hyper})
    floats = {"alpha": 1.0, "beta1": 0.0, "eps": 1.0, "beta2": float(found["beta2"])}
    _, states = path(yogi, np.array([[float(x)] for x in found["g"]]), floats)
    v = float(states["v"][-1].ravel()[0])
    if not v > max(float(x) ** 2 for x in found["g"]) * (1 + ROUNDING):
        return Finding(Status.OPEN, "z3 has a model, but floats do not confirm it", written(found))
    return Finding(Status.REFUTED, "a model of z3, confirmed by the package's Yogi", f"{written(found)}: v_{T} = {v:g}")
