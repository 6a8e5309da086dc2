"""Steps of proofs that are real algebra: those of L1, L2 and L8, each with a control that must fail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from madatheory.theory.catalogue import list_lemmas
from madatheory.theory.lemma import second_moments
from proofs_check.evidence import Finding, Status
from proofs_check.smt.decide import SECONDS, case_of, holds, written
from proofs_check.smt.terms import Facts, Formula, Term, arithmetic, variable
from proofs_check.symbolic.decoupling import constants

Implication = tuple[Sequence[Formula], Formula]


@dataclass(frozen=True)
class ProofStep:
    """`claim(facts, *variables)` gives hypothesis and claim for the named variables."""

    statement: str
    part: str
    names: str
    claim: Callable[..., Implication]
    box: str = ""
    false: bool = False

    def decide(self) -> Finding:
        """PROVED, REFUTED with a model, or OPEN."""
        facts = Facts()
        values = {name: variable(facts, name) for name in self.names.split()}
        hypothesis, claim = self.claim(facts, *values.values())
        answer = holds(hypothesis, claim, facts, SECONDS)
        if answer.verdict == "fails":
            return Finding(Status.REFUTED, "a model of z3", written(case_of(answer.model, values)))
        if answer.verdict == "unknown":
            return Finding(Status.OPEN, f"z3 gave up: {answer.why}")
        return Finding(Status.PROVED, "no real numbers satisfy the hypothesis and the negated claim")


def _jensen_gap(share: Fraction) -> Callable[..., Implication]:
    """s - e <= share rho where the root lies above its chord on [r0, r1]: s^2 + r0 r1 <= (r0 + r1) e."""

    def claim(_: Facts, r0: Term, r1: Term, s: Term, e: Term, rho: Term) -> Implication:
        chord = s * s + r0 * r1 <= (r0 + r1) * e
        return [
            r0 >= 0,
            r1 > 0,
            rho >= 0,
            r0 <= s,
            s <= r1,
            chord,
            r1 * r1 == r0 * r0 + rho * rho,
        ], s - e <= rho * share

    return claim


def _cubes(share: Fraction) -> Callable[..., Implication]:
    """s (s - e) <= share rho^2, under the same hypothesis."""

    def claim(_: Facts, r0: Term, r1: Term, s: Term, e: Term, rho: Term) -> Implication:
        chord = s * s + r0 * r1 <= (r0 + r1) * e
        known = [r0 >= 0, r1 > 0, rho >= 0, r0 <= s, s <= r1, chord, r1 * r1 == r0 * r0 + rho * rho]
        return known, s * (s - e) <= rho * rho * share

    return claim


def _sharp_constant(K: Fraction | None) -> Callable[..., Implication]:
    """(sqrt(2 s(s-e)) + s-e)/2 <= K rho from the two bounds of s-e; K None: that of the package's lemma."""

    def claim(facts: Facts, s: Term, gap: Term, rho: Term) -> Implication:
        found = K if K is not None else _constant("decoupling")
        known = [s > 0, rho > 0, gap >= 0, gap * 4 <= rho, s * gap * 27 <= rho * rho * 4]
        return known, (arithmetic(facts).sqrt(s * gap * 2) + gap) / 2 <= rho * found

    return claim


def _constant(name: str) -> Fraction:
    """K of one of the package's L1 lemmas."""
    _, K = constants(list_lemmas()[name])
    return Fraction(int(K.p), int(K.q))


def _family(factor: int) -> Callable[..., Implication]:
    """k m^2 + m D >= -s rho Q/(factor k) where D^2 <= 2 s (s-e) Q and s - e <= rho/4."""

    def claim(_: Facts, k: Term, m: Term, D: Term, Q: Term, s: Term, gap: Term, rho: Term) -> Implication:
        known = [k > 0, k < 1, Q >= 0, s > 0, gap >= 0, rho > 0, gap * 4 <= rho, Q * s * gap * 2 >= D * D]
        return known, (k * m * m + m * D) * k * factor >= -(s * rho * Q)

    return claim


def _means(atoms: int) -> Callable[..., Implication]:
    """(E f h)^2 <= E f^2 E h^2."""

    def claim(_: Facts, *v: Term) -> Implication:
        p, f, h = v[:atoms], v[atoms : 2 * atoms], v[2 * atoms :]

        def mean(x: Sequence[Term], y: Sequence[Term]) -> Term:
            return sum((a * b * c for a, b, c in zip(p, x, y, strict=True)), start=0)  # type: ignore[return-value]

        return [a >= 0 for a in p], mean(f, h) * mean(f, h) <= mean(f, f) * mean(h, h)

    return claim


def _polarised(facts: Facts, A: Term, B: Term, U: Term, V: Term, D: Term, F: Term) -> Implication:
    """A B >= -F (UV - c)/2 where (A/U - B/V)^2 <= F (2 - 2c/(UV)); D = c: A = <f,u>, B = <f,v>, F = |f|^2."""
    square = (A * V - B * U) * (A * V - B * U) <= F * (U * V - D) * U * V * 2
    return [U > 0, V > 0, F >= 0, square], A * B * 2 >= -(F * (U * V - D))


def _moments_add_up(share: Fraction) -> Callable[..., Implication]:
    """V >= v^2/(share 2wG^2) is kept by a step of the package's `second_moments`, V_t = v_1 + .. + v_t."""

    def claim(_: Facts, V: Term, P: Term, x: Term, G: Term, beta2: Term) -> Implication:
        before, after = second_moments([P, x], beta2)  # P = v/(1-beta2) gives any v
        most = (1 - beta2) * G * G * 2 * share
        known = [beta2 >= 0, beta2 < 1, G > 0, x >= 0, x <= G * G, P >= 0, V * most >= before * before, before <= V]
        return known, (V + after) * most >= after * after

    return claim


def _increments(power: int) -> Callable[..., Implication]:
    """x_t = v_t + (beta2/w)(v_t - v_{t-1}), by the package's recurrence."""

    def claim(_: Facts, P: Term, x: Term, beta2: Term) -> Implication:
        before, after = second_moments([P, x], beta2)
        w = 1 - beta2
        return [beta2 >= 0, beta2 < 1], x * w == after * w + beta2**power * (after - before)

    return claim


def _discounted(_: Facts, S: Term, x: Term, e: Term, beta: Term) -> Implication:
    """e + S_t - x_t >= beta (e + S_{t-1}), S_t = beta S_{t-1} + x_t."""
    after = beta * S + x
    return [S >= 0, x >= 0, e > 0, beta > 0, beta < 1], e + after - x >= beta * (e + S)


def _root_step(factor: Fraction) -> Callable[..., Implication]:
    """x/sqrt(S+x) <= factor (sqrt(S+x) - sqrt(S)): the lemma's two sides at the terms S, x, less those at S."""

    def claim(facts: Facts, S: Term, x: Term) -> Implication:
        lemma, xp = list_lemmas()["ratio-root-sum"], arithmetic(facts)
        long, short = {"x": [S, x]}, {"x": [S]}
        more_left = lemma.left(long, xp) - lemma.left(short, xp)
        more_right = lemma.right(long, xp) - lemma.right(short, xp)
        return [S > 0, x >= 0], more_left <= more_right * factor

    return claim


def _lower_weight(_: Facts, r: Term, s: Term, a: Term) -> Implication:
    """a/s <= a/r for 0 < r <= s: one term of L5."""
    return [r > 0, r <= s, a >= 0], a / s <= a / r


STEPS = (
    ProofStep("decoupling", "s - e <= rho/4", "r0 r1 s e rho", _jensen_gap(Fraction(1, 4))),
    ProofStep("decoupling", "s - e <= rho/5", "r0 r1 s e rho", _jensen_gap(Fraction(1, 5)), false=True),
    ProofStep("decoupling", "s (s-e) <= 4 rho^2/27", "r0 r1 s e rho", _cubes(Fraction(4, 27))),
    ProofStep("decoupling", "s (s-e) <= rho^2/7", "r0 r1 s e rho", _cubes(Fraction(1, 7)), false=True),
    ProofStep("decoupling", "<f,u><f,v> >= -|f|^2 (|u||v| - <u,v>)/2", "A B U V c F", _polarised),
    ProofStep("decoupling", "K from the two bounds of s - e", "s gap rho", _sharp_constant(None)),
    ProofStep("decoupling", "K = 39/100 from them", "s gap rho", _sharp_constant(Fraction(39, 100)), false=True),
    ProofStep("decoupling", "Cauchy-Schwarz", "p1 p2 f1 f2 h1 h2", _means(2), "2 atoms"),
    ProofStep("decoupling-family", "k m^2 + m D >= -s rho Q/(8k)", "k m D Q s gap rho", _family(8)),
    ProofStep("decoupling-family", "k m^2 + m D >= -s rho Q/(9k)", "k m D Q s gap rho", _family(9), false=True),
    ProofStep(
        "avgrad-ratio-sum-uniform", "V_t >= v_t^2/(2wG^2) is kept", "V P x G beta2", _moments_add_up(Fraction(1))
    ),
    ProofStep(
        "avgrad-ratio-sum-uniform",
        "V_t >= v_t^2/(wG^2) is kept",
        "V P x G beta2",
        _moments_add_up(Fraction(1, 2)),
        false=True,
    ),
    ProofStep("avgrad-ratio-sum-uniform", "x = v + (beta2/w)(v - v_before)", "P x beta2", _increments(1)),
    ProofStep("avgrad-ratio-sum-uniform", "x = v + (beta2^2/w)(v - v_before)", "P x beta2", _increments(2), false=True),
    ProofStep("discounted-ratio-sum", "e + S_t - x_t >= beta (e + S_{t-1})", "S x e beta", _discounted),
    ProofStep("ratio-root-sum", "one more term, any past sum", "S x", _root_step(Fraction(1))),
    ProofStep("ratio-root-sum", "one more term with 9/10", "S x", _root_step(Fraction(9, 10)), false=True),
    ProofStep("decreasing-weights", "one term", "r s a", _lower_weight),
)
