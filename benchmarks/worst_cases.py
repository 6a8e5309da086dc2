"""What worst instances show that fixed problems do not: python benchmarks/worst_cases.py TABLE.

planted: which mistakes planted in right sides the fixed problems and the gallery refute, and how far each right side
can be cut before they do. links: which inequality of each proof loses most on the gallery. short: the same at small T,
on what a search finds there. noise: the worst found where noise must make up half of G, beside the worst found without
noise. signs: T5 where its noise term is most of it, at T
beyond any noise tree. times: how long `madatheory worst` takes to what it must reach. With --page the table is written
there.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from madatheory.arithmetic import NUMPY
from madatheory.cli.console import progress
from madatheory.defaults import CONFIDENCE
from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.files import write
from madatheory.problems.catalogue import list_problems
from madatheory.problems.noise_laws import uniform01
from madatheory.problems.problem import Array, Constant, Constants, Oracle, Problem
from madatheory.statistics.confidence import half_width
from madatheory.studies.theory.slack import waterfall
from madatheory.theory.catalogue import get_theorem, list_theorems
from madatheory.theory.conditions import UNCONSTRAINED
from madatheory.theory.evaluate import right_side
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Setting, Theorem
from madatheory.theory.verdict import ROUNDING, Verdict
from madatheory.theory.verify import verify
from madatheory.worst import page as pages
from madatheory.worst.instance_file import WorstInstance, entry_of, list_worst, worst_of
from madatheory.worst.search import worst_case
from madatheory.worst.verdicts import verify_on_worst

Progress = Callable[[float, float, str], None]
STEPS, TRAJECTORIES, SIGNS_TRAJECTORIES = 2000, 256, 2**12


class Mistake(NamedTuple):
    """What is wrong with a right side: the quantities that it reads, and a factor on it."""

    name: str
    change: Callable[[Quantities], Quantities] = lambda q: q
    factor: float = 1.0


MISTAKES = (
    Mistake("L/2", lambda q: q._replace(L=q.L / 2)),
    Mistake("D0/2", lambda q: q._replace(D0=q.D0 / 2)),
    Mistake("G/2", lambda q: q._replace(G=q.G / 2)),
    Mistake("eps/2", lambda q: q._replace(eps=q.eps / 2)),
    Mistake("2T", lambda q: q._replace(T=2 * q.T)),
    Mistake("9/10", factor=0.9),
    Mistake("1/2", factor=0.5),
)


def planted(theorem: Theorem, mistake: Mistake) -> Theorem:
    """The theorem with a mistake in its right side."""
    value = theorem.right.value
    wrong = replace(theorem.right, value=lambda m, q, xp: mistake.factor * value(m, mistake.change(q), xp))
    return replace(theorem, name=f"{theorem.name}-planted", chain=(theorem.left, wrong))


def searchable() -> list[Theorem]:
    """The theorems that have a worst instance: about expectations on all of R^d, where instances are built."""
    return [t for t in list_theorems().values() if t.kind == "expectation" and UNCONSTRAINED in t.conditions]


class Reached(NamedTuple):
    """Left sides, at least `left` at `times`, that a theorem has been compared with in one setting."""

    setting: Setting
    times: np.ndarray
    left: np.ndarray

    def share_of(self, theorem: Theorem) -> float:
        """Largest left/right with the right side of `theorem`."""
        return float(np.max(self.left / right_side(theorem, self.setting, self.times)))


def reached(verdicts: Iterable[Verdict], problems: Mapping[str, Problem]) -> dict[str, list[Reached]]:
    """What was measured for each theorem: lower confidence limits of left sides, or exact ones."""
    theorems, found = list_theorems(), {}
    for verdict in verdicts:
        if verdict.comparisons:
            main, theorem = verdict.comparisons[0], theorems[verdict.theorem]
            setting = Setting(problems[verdict.problem], theorem.optimizer(), verdict.hyper, verdict.steps)
            # no left side is negative, whatever a confidence limit says
            found.setdefault(verdict.theorem, []).append(Reached(setting, main.T, np.maximum(main.lower, 0.0)))
    return found


def planted_table(report: Progress) -> str:
    """One row per theorem: mistakes refuted, and the largest left/right, on the fixed problems and on the gallery."""
    theorems, gallery = searchable(), list_worst()
    fixed = {problem.name: problem for problem in (entry.make() for entry in list_problems().values())}
    on_fixed = reached(
        verify(theorems, list(fixed.values()), steps=STEPS, num_trajectories=TRAJECTORIES, progress=report), fixed
    )
    worst = {name: entry.make() for name, entry in gallery.items()}
    on_gallery = reached(
        verify_on_worst(theorems, list(gallery.values()), confidence=CONFIDENCE, progress=report), worst
    )
    rows, totals = [], [0, 0]
    for theorem in theorems:
        places = (on_fixed.get(theorem.name, []), on_gallery.get(theorem.name, []))
        shares = [max((one.share_of(theorem) for one in place), default=0.0) for place in places]
        caught = []
        for number, place in enumerate(places):
            wrong = (planted(theorem, mistake) for mistake in MISTAKES)
            names = [
                mistake.name
                for mistake, one in zip(MISTAKES, wrong, strict=True)
                if any(seen.share_of(one) > 1 + ROUNDING for seen in place)
            ]
            totals[number] += len(names)
            caught.append(", ".join(names) or "none")
        rows.append([theorem.label, theorem.name, *caught, *(f"{share:.4f}" for share in shares)])
    head = ["", "theorem", "refuted by fixed problems", "by the gallery", "left/right: fixed problems", "gallery"]
    return (
        f"Of {len(MISTAKES) * len(theorems)} planted mistakes ({', '.join(m.name for m in MISTAKES)} in "
        f"{len(theorems)} right sides) the fixed problems refute {totals[0]}, the gallery {totals[1]}.\n\n"
        + markdown(head, rows, numbers=2)
    )


def lost(theorem: Theorem, instance: WorstInstance) -> list[str]:
    """Cells: by what the inequalities of a proof multiply the left side, the two that lose most, and
    right/(d G^2), which is above 1 where the bound says nothing."""
    problem, settings = instance.make(), instance.settings
    plan = {"steps": instance.steps, "num_trajectories": 2}
    chain = waterfall(simulate, theorem, problem, theorem.optimizer(), settings, **plan)
    links = sorted(chain["levels"][1:], key=lambda row: -row["factor"][0])
    cells = [cell for link in links[:2] for cell in (link["name"], f"{link['factor'][0]:.3f}")]
    cells += [""] * (4 - len(cells))  # a published bound whose proof is cited has one link
    hyper = theorem.optimizer().hyper({**theorem.settings, **settings})
    q = theorem.quantities(Setting(problem, theorem.optimizer(), hyper, instance.steps))
    return [f"{chain['total'][0]:.3f}", *cells, f"{float(theorem.bound(q, NUMPY)) / (q.d * q.G**2):.2f}"]


LOST = ["right/left", "most is lost at", "factor", "then at", "factor", "right/(d G^2)"]


def links_table(report: Progress) -> str:
    """One row per theorem: what its proof loses on its worst instance in the gallery."""
    theorems, rows = searchable(), []
    for done, theorem in enumerate(theorems):
        report(done, len(theorems), theorem.name)
        instance = worst_of(theorem.name)
        if instance is not None:
            rows.append([theorem.label, theorem.name, *lost(theorem, instance)])
    return markdown(["", "theorem", *LOST], rows, numbers=6)


SHORT = ("avgrad-rate", "amsgrad-monotone-rate", "amsgrad-monotone-sharp-rate")
"""T5, T7 and T7', whose bounds at small T are another matter than at large."""


def short_table(steps: Sequence[int], seconds: float, report: Progress) -> str:
    """One row per theorem and T: the worst found, hyper-parameters free, and what the proof loses on it."""
    rows = []
    for done, (name, T) in enumerate((name, T) for name in SHORT for T in steps):
        report(done, len(SHORT) * len(steps), f"{name}, T = {T}")
        found = worst_case(name, steps=T, seconds=seconds)
        theorem = found.instance.theorem
        rows.append([theorem.label, theorem.name, str(T), f"{found.ratio:.4f}", *lost(theorem, entry_of(found))])
    return markdown(["", "theorem", "T", "left/right", *LOST], rows, numbers=8)


def noise_table(steps: Sequence[int], share: float, seconds: float, report: Progress) -> str:
    """One row per theorem: the worst found without noise, and with noise that makes up the rest of G, at each T."""
    theorems, rows = searchable(), []
    kinds = (("none", 1.0), ("additive", share))
    for done, theorem in enumerate(theorems):
        cells = []
        for number, (T, (noise, most)) in enumerate((T, kind) for T in steps for kind in kinds):
            report(done + number / (2 * len(steps)), len(theorems), f"{theorem.name}, T = {T}, noise {noise}")
            try:
                found = worst_case(theorem, steps=T, noise=noise, slope_at_most=most, seconds=seconds)
                cells.append(f"{found.ratio:.4f}")
            except UserError as error:
                print(error, file=sys.stderr)
                cells.append("")
        rows.append([theorem.label, theorem.name, *cells])
    head = ["", "theorem", *(f"T = {T}, {what}" for T in steps for what in ("no noise", "noise"))]
    return markdown(head, rows, numbers=2 * len(steps))


class SignNoise(NamedTuple):
    """T5low's instance in units G = alpha = 1, x_0 = 0 = D0: F' = mu clip(x/s, -1, 1), and g = +-1 with mean F'(x)."""

    w: float
    steps: int
    eps: float
    mu: float
    s: float

    def problem(self) -> Problem:
        """Huber's function, under noise that leaves the sign of g alone open, so that v_t is no random number."""

        def slope(x: Array) -> Array:
            return self.mu * jnp.clip(x / self.s, -1, 1)

        def value(x: Array) -> Array:
            far = jnp.maximum(jnp.abs(x) - self.s, 0)
            return jnp.sum(self.mu * (jnp.clip(x, -self.s, self.s) ** 2 / (2 * self.s) + far), axis=0)

        oracle = Oracle(
            "signs",
            1,
            lambda words, dtype: uniform01(words.first, dtype),
            lambda x, grad, xi, t: jnp.where(2 * xi < 1 + grad, 1.0, -1.0).astype(x.dtype),
            lambda x, grad, t: jnp.ones_like(grad),
            None,
        )
        constants = Constants(
            Constant(self.mu / self.s, "exact", "slope of F' within s", "by hand"),
            Constant(1.0, "exact", "|g| = 1", "by hand"),
            Constant(0.0, "exact", "F(0) = 0", "by hand"),
        )
        return Problem(f"signs, w = {self.w:g}", "Huber", 1, np.zeros(1), value, oracle, constants, slope)


SIGNS = tuple(
    SignNoise(w, int(math.log(1 / w) ** 2 / w), w * eps, mu, s / w**0.5)
    for w, eps, mu, s in ((0.1, 5.59, 0.444, 0.557), (0.01, 25.5, 0.24, 0.532), (0.001, 9.12, 0.083, 0.345))
)
"""At T5low's T. Found by random search for left/right where the noise term is at least half of T5's right side."""


def signs_table(report: Progress) -> str:
    """One row per w = 1 - beta2: the lower confidence limit of T5's left side on T5low's instance, as a share of the
    right side and of its noise term, and in units of G^2/(sqrt(w T) ln(1/w))."""
    theorem, rows = get_theorem("avgrad-rate"), []
    for done, case in enumerate(SIGNS):
        report(done, len(SIGNS), f"w = {case.w:g}")
        problem, T, method = case.problem(), case.steps, theorem.optimizer()
        hyper = method.hyper({**theorem.settings, "alpha": 1.0, "beta2": 1 - case.w, "eps": case.eps})
        found = simulate(problem, method, T, num_trajectories=SIGNS_TRAJECTORIES, settings=hyper)
        samples = found["mean_squared_gradient"].values.ravel()
        # every sample lies in [0, mu^2]
        left = samples.mean() - float(half_width(samples, case.mu**2, 1 - CONFIDENCE))
        q = theorem.quantities(Setting(problem, method, hyper, T))
        # D0 = 0, so that the noise term is what L = 0 leaves
        right, noise = float(theorem.bound(q, NUMPY)), float(theorem.bound(q._replace(L=0.0), NUMPY))
        shares = (f"{left / right:.4f}", f"{noise / right:.2f}", f"{left / noise:.4f}")
        rows.append([f"{case.w:g}", str(T), *shares, f"{left * (case.w * T) ** 0.5 * math.log(1 / case.w):.4f}"])
    head = ["w", "T", "left/right", "noise term/right", "left/noise term", "left sqrt(w T) ln(1/w)/G^2"]
    return markdown(head, rows, numbers=len(head))


class TimedSearch(NamedTuple):
    """A search of `madatheory worst` and the certified ratio that it must reach."""

    theorem: str
    steps: int
    seconds: float
    least: float


GOALS = (
    TimedSearch("avgrad-rate", 4, 4, 0.4996),
    TimedSearch("avgrad-rate", 8, 16, 0.4403),
    TimedSearch("amsgrad-monotone-rate", 2000, 20, 0.727),
    TimedSearch("adam-published-rate", 2000, 20, 0.3639),
    TimedSearch("avgrad-horizon-rate", 2000, 20, 0.997),
)


def times_table(report: Progress) -> str:
    """One row per goal: the time of the whole command, with its two answers, and what it reached."""
    rows = []
    for done, goal in enumerate(GOALS):
        report(done, len(GOALS), goal.theorem)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "found.json"
            line = ["worst", goal.theorem, "--steps", str(goal.steps), "--seconds", str(goal.seconds)]
            begun = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "madatheory", *line, "--json", str(file)],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            spent = time.monotonic() - begun
            ratio = max(found["ratio"][0] for found in json.loads(file.read_text(encoding="utf-8"))["worst_found"])
        verdict = "yes" if ratio >= goal.least else "no"
        rows.append([f"`madatheory {' '.join(line)}`", f"{goal.least:g}", f"{ratio:.6f}", verdict, f"{spent:.1f} s"])
    return markdown(["command", "wanted", "certified", "reached", "time"], rows, numbers=4)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int) -> str:
    """A table whose last columns are numbers."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, and write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("planted", "links", "short", "noise", "signs", "times"))
    parser.add_argument("--page", metavar="FILE.md", help="write the table there, between its marks")
    parser.add_argument("--steps", type=int, nargs="+", default=[2, 4], help="T of noise (default 2 4), or short")
    parser.add_argument("--slope-at-most", type=float, default=0.5, help="largest |F'| of noise, as a share of G")
    parser.add_argument("--seconds", type=float, default=4.0, help="time of each search (default 4)")
    given = parser.parse_args(arguments)
    page: str | None = given.page
    mark = f"worst {given.table}"
    text = None if page is None else pages.read(page, mark)
    with progress(given.table) as report:
        if given.table == "planted":
            table = planted_table(report)
        elif given.table == "noise":
            table = noise_table(given.steps, given.slope_at_most, given.seconds, report)
        elif given.table == "short":
            table = short_table(given.steps, given.seconds, report)
        else:
            table = {"links": links_table, "signs": signs_table, "times": times_table}[given.table](report)
    print(table)
    if page is not None and text is not None:
        write(page, pages.filled(text, table, mark))


if __name__ == "__main__":
    main()
