"""The measured side of a theorem: verdicts, the left side under the bound, the slack of each link, the rate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import xarray as xr

from madatheory.defaults import CONFIDENCE
from madatheory.errors import UserError
from madatheory.hparams import hypers, in_words
from madatheory.optimizers.optimizer import Optimizer
from madatheory.problems.problem import Problem
from madatheory.report.document import Absent, Block, Chart, Fact, Prose, Series, Table, numbers
from madatheory.report.parts import Made, Tell
from madatheory.statistics.intervals import slope_interval, t_interval
from madatheory.studies.theory.slack import waterfall
from madatheory.theory.evaluate import evaluate
from madatheory.theory.theorem import Setting, Theorem
from madatheory.theory.verdict import Verdict
from madatheory.theory.verify import verify
from madatheory.worst.instance_file import WorstInstance
from madatheory.worst.verdicts import verify_on_worst

WINDOW, TIMES = 30, 40
"""The rate is fitted over T/WINDOW .. T; times at which the left side is drawn."""
_PREFERRED = ("ratio", "reddi-online")


@dataclass(frozen=True)
class Request:
    """What is measured: a theorem, problems, sizes, seed, and a (stored) `simulate`."""

    theorem: Theorem
    problems: tuple[Problem, ...]
    instances: tuple[WorstInstance, ...]
    steps: int
    num_trajectories: int
    seed: int
    simulate: Callable[..., xr.Dataset]
    confidence: float = CONFIDENCE

    @cached_property
    def optimizer(self) -> Optimizer:
        """The method that the theorem is about."""
        return self.theorem.optimizer()

    @cached_property
    def hyper(self) -> dict[str, float]:
        """The theorem's own hyper-parameters; of a grid the first point."""
        return next(hypers(self.optimizer.grid(self.theorem.settings)))

    @cached_property
    def applicable(self) -> tuple[Problem, ...]:
        """The problems to which the theorem applies."""
        return tuple(p for p in self.problems if not self.theorem.reasons(self.at(p)))

    @property
    def shown(self) -> Problem:
        """The problem that the charts show; `UserError` where none applies."""
        for problem in sorted(self.applicable, key=lambda p: (p.name not in _PREFERRED,)):
            return problem
        raise UserError(
            f"{self.theorem.name} applies to none of these problems ({', '.join(p.name for p in self.problems)}), so "
            "nothing was measured: name others, or change its conditions"
        )

    @property
    def times(self) -> np.ndarray:
        """Recorded times of the run that is drawn."""
        return np.unique(np.round(np.geomspace(1, self.steps, TIMES)).astype(int))

    def at(self, problem: Problem, hyper: Mapping[str, float] | None = None) -> Setting:
        """The theorem's method on a problem."""
        return Setting(problem, self.optimizer, self.hyper if hyper is None else dict(hyper), self.steps)

    def run(self) -> xr.Dataset:
        """The run that is drawn: everything that the chain measures, on the problem that is shown."""
        return self.simulate(
            self.shown,
            self.optimizer,
            self.steps,
            num_trajectories=self.num_trajectories,
            seed=self.seed,
            settings=self.hyper,
            statistics=self.theorem.statistics,
            save_at=self.times,
        )


def verdicts(request: Request, tell: Tell) -> Made:
    """Every problem and every worst instance: the verdict, or why the theorem does not apply."""
    found = verify(
        request.theorem,
        list(request.problems),
        steps=request.steps,
        num_trajectories=request.num_trajectories,
        seed=request.seed,
        confidence=request.confidence,
        run=request.simulate,
        progress=lambda done, of, what: tell(done, of + 1, what),
    )
    worst = verify_on_worst([request.theorem], request.instances, confidence=request.confidence, run=request.simulate)
    judged = [v for v in (*found, *worst) if v.outcome != "not applicable"]
    blocks: list[Block] = []
    if judged:
        blocks.append(_verdict_table(judged, request))
        blocks += [Prose(f"{v.problem}: {v.reason}", "warning") for v in judged if v.outcome == "violated"]
        blocks += [Prose(f"{v.problem}: {v.reason}") for v in judged if v.outcome == "inconclusive"]
        chart = _tightness(judged)
        blocks += [chart] if chart else []
    left = [v for v in found if v.outcome == "not applicable"]
    if left:
        grouped: dict[str, list[str]] = {}
        for v in left:
            grouped.setdefault(v.reason, []).append(v.problem)
        rows = tuple((", ".join(dict.fromkeys(names)), reason) for reason, names in grouped.items())
        blocks.append(Table(("does not apply to", "because"), rows, mathematics=("because",)))
    return Made(tuple(blocks), (_summary(judged, len(left)),))


def _summary(judged: Sequence[Verdict], left: int) -> Fact:
    count = {o: sum(v.outcome == o for v in judged) for o in ("holds", "violated", "inconclusive")}
    words = [f"{number} {outcome}" for outcome, number in count.items() if number or outcome == "holds"]
    text = f"{', '.join(words)}, on {len(judged)} problems and instances; {left} problems where it does not apply"
    if not judged:
        return Fact("measured", f"nothing: it applies to no problem ({left} tried)", "bad")
    return Fact("measured", text, "bad" if count["violated"] else "open" if count["inconclusive"] else "good")


def _verdict_table(judged: Sequence[Verdict], request: Request) -> Table:
    rows = []
    for v in judged:
        main = v.comparisons[0] if v.comparisons else None
        values = (None,) * 4 if main is None else tuple(float(a[-1]) for a in (main.left, main.lower, main.upper, main.right))
        tightness = v.tightness if np.isfinite(v.tightness) else None
        rows.append((v.problem, v.outcome, v.steps, *values, tightness))
    names = ("problem", "outcome", "T", "left, mean", "lower limit", "upper limit", "right", "right/left")
    exact = sorted({c.method for v in judged for c in v.comparisons})
    return Table(
        names,
        tuple(rows),
        f"At {in_words(request.hyper)}, {request.num_trajectories} trajectories, seed {request.seed}; worst instances "
        f"at their own hyper-parameters and T. Left side and limits at the last step. All verdicts about these problems "
        f"are right together with probability {request.confidence:g}. Limits assume no law of the noise, so they are "
        f"wide: {'; '.join(exact)}. "
        "right/left is how far the bound is from what happens: 1 is tight.",
    )


def _tightness(judged: Sequence[Verdict]) -> Chart | None:
    series = []
    for v in judged:
        if not v.comparisons or len(v.comparisons[0].T) < 2:
            continue
        main = v.comparisons[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(main.left > 0, main.right / main.left, np.nan)
        series.append(Series(v.problem, numbers(main.T), numbers(ratio), role="measured"))
    if not series:
        return None
    return Chart(
        "How far the bound is from the measured mean",
        "T",
        "right side / left side",
        tuple(series),
        "Below 1 the mean lies above the bound. Hover for numbers; the legend's names hide and show; the signs above "
        "the chart zoom and pan.",
    )


def under_the_bound(request: Request, tell: Tell) -> Made:
    """The left side over time with its bands, below the a-priori bound and the data-dependent forms."""
    theorem, problem = request.theorem, request.shown
    data = request.run()
    setting = request.at(problem)
    levels = evaluate(theorem, setting, data, (theorem.left, *theorem.judged))
    times = data["t"].values
    left = levels[theorem.left.name]
    if theorem.at == "final":
        times, levels = times[-1:], {name: value[:, -1:] for name, value in levels.items()}
        left = left[:, -1:]
    mean, low, high = t_interval(left)
    series = [Series(theorem.left.name, numbers(times), numbers(mean), numbers(low), numbers(high))]
    if theorem.kind != "expectation":
        span = (numbers(left.min(axis=0)), numbers(left.max(axis=0)))
        series.append(Series("smallest to largest of all paths", numbers(times), numbers(np.median(left, axis=0)), *span, "other"))
    series.append(Series(theorem.right.name, numbers(times), numbers(levels[theorem.right.name][0]), role="bound"))
    for one in theorem.judged[1:]:
        series.append(Series(one.name, numbers(times), numbers(levels[one.name].mean(axis=0)), role="other"))
    about = {"expectation": "the mean", "every-path": "every path", "probability": "all but a share p of the paths"}
    caption = (
        f"{problem.summary}, d = {problem.dimension}; {in_words(request.hyper)}; {request.num_trajectories} "
        f"trajectories. The band is a 95 % t-interval of the mean over trajectories. The statement is about "
        f"{about[theorem.kind]}."
    )
    if theorem.at == "final":
        caption += " The bound is about the last step of a run alone."
    title = f"{theorem.left.name} on {problem.name}"
    rows = tuple(
        (int(t), *(float(s.y[i]) for s in series))
        for i, t in enumerate(times)
        if i in np.unique(np.linspace(0, len(times) - 1, 6).astype(int))
    )
    return Made(
        (Chart(title, "T", "value", tuple(series), caption), Table(("T", *(s.name for s in series)), rows)),
    )


def slack(request: Request, tell: Tell) -> Made:
    """What each inequality of the proof gives away, on the problem that is shown and on the worst instance found."""
    theorem = request.theorem
    if theorem.kind == "probability":
        return Made((Absent("The statement is about a probability: its chain has no means to be compared."),))
    found = waterfall(
        partial(request.simulate, save_at=request.times),
        theorem,
        request.shown,
        request.optimizer,
        request.hyper,
        steps=request.steps,
        num_trajectories=request.num_trajectories,
        seed=request.seed,
        confidence=request.confidence,
    )
    blocks = list(_waterfall(found, f"on {request.shown.name}"))
    tell(1, 2, "worst instance")
    own = [one for one in request.instances if one.theorem == theorem.name]
    for instance in own[:1]:
        at = waterfall(
            request.simulate,
            theorem,
            instance.make(),
            request.optimizer,
            instance.settings,
            steps=instance.steps,
            num_trajectories=2,
        )
        blocks += _waterfall(at, f"on the worst instance found, T = {instance.steps}")
    refuted = [row["name"] for row in found["levels"][1:] if not row["ordered"]]
    largest = max(found["levels"][1:], key=lambda row: row["factor"][0])
    text = f"{', '.join(refuted)} refuted" if refuted else f"no link refuted; most is lost at '{largest['name']}', a factor {largest['factor'][0]:.3g} of {found['total'][0]:.3g}"
    return Made(tuple(blocks), (Fact("links of the proof", text, "bad" if refuted else "good"),))


def _waterfall(found: Mapping[str, Any], where: str) -> tuple[Block, ...]:
    levels = found["levels"]
    rows = tuple(
        (
            row["name"],
            row["by"],
            row["mean"],
            *(tuple(row["factor"]) if "factor" in row else (None, None, None)),
            None if "ordered" not in row else "holds" if row["ordered"] else "violated",
        )
        for row in levels
    )
    table = Table(
        ("level", "at most, by", "mean", "factor", "95 % from", "to", "on the means"),
        rows,
        f"{found['label']} {where}: {in_words(found['hyper'])}. In all a factor {found['total'][0]:.4g}. A link is "
        "violated where the paired differences of the two levels refute it.",
        mathematics=("level", "at most, by"),
    )
    means = [row["mean"] for row in levels]
    if min(means) <= 0:
        return (table,)
    pairs = [(min(a, b), max(a, b)) for a, b in zip(means, means[1:], strict=False)]
    bars = Series(
        "factor",
        (),
        numbers([row["factor"][0] for row in levels[1:]]),
        numbers([low for low, _ in pairs]),
        numbers([high for _, high in pairs]),
    )
    names = tuple(row["name"] for row in levels[1:])
    chart = Chart(
        f"What each link gives away {where}",
        "value, in the units of the left side",
        "factor",
        (bars,),
        "Each bar goes from one level of the proof to the next.",
        categories=names,
        height=110 + 34 * len(names),
    )
    return chart, table


def rate(request: Request, tell: Tell) -> Made:
    """The exponent of T fitted to the left side, and that of the bound over the same window."""
    theorem = request.theorem
    if theorem.at == "final":
        return Made((Absent("The bound is about the last step of a run alone: one run shows no rate."),))
    data, setting = request.run(), request.at(request.shown)
    levels = evaluate(theorem, setting, data, (theorem.left, theorem.right))
    times = data["t"].values
    chosen = times >= request.steps / WINDOW
    values = levels[theorem.left.name][:, chosen]
    bound = levels[theorem.right.name][0, chosen]
    slope = slope_interval(times[chosen], values)
    if not np.all(np.isfinite(slope)):
        return Made((Absent("The mean of the left side is not positive at all of these times: no exponent fits."),))
    of_bound = float(np.polyfit(np.log(times[chosen]), np.log(bound), 1)[0]) if np.all(bound > 0) else None
    table = Table(
        ("", "exponent of T", "95 % from", "to"),
        ((theorem.left.name, *map(float, slope)), (theorem.right.name, of_bound, None, None)),
        f"Least squares of logarithms over T = {int(times[chosen][0])} to {int(times[chosen][-1])} on "
        f"{request.shown.name}; bootstrap over {request.num_trajectories} trajectories. A slope in a finite window is "
        "measured, and no proved rate.",
    )
    words = f"measured T^{{{slope.mean:.3f}}} [{slope.low:.3f}, {slope.high:.3f}]"
    words += "" if of_bound is None else f", bound T^{{{of_bound:.3f}}}"
    return Made((table,), (Fact("fitted rate", f"{words} on {request.shown.name}"),))
