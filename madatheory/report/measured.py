"""The measured side of a theorem: verdicts, the left side under the bound, the rate."""

from collections.abc import Sequence

import numpy as np

from madatheory.hparams import in_words
from madatheory.report.document import Absent, Block, Chart, DataTable, Fact, Prose, Series, numbers
from madatheory.report.parts import Made, Tell
from madatheory.report.request import TheoremRequest
from madatheory.statistics.intervals import slope_interval, t_interval
from madatheory.theory.evaluate import evaluate
from madatheory.theory.verdict import Verdict
from madatheory.theory.verify import verify
from madatheory.worst.verdicts import verify_on_worst

WINDOW = 30
"""The rate is fitted over T/WINDOW .. T."""


def verdicts(request: TheoremRequest, tell: Tell) -> Made:
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
        said = [v for outcome in ("violated", "inconclusive") for v in judged if v.outcome == outcome]
        if said:
            blocks.append(DataTable(("outcome", "on", "because"), _grouped(said), mathematics=("because",)))
        chart = _tightness(judged)
        blocks += [chart] if chart else []
    left = [v for v in found if v.outcome == "not applicable"]
    if left:
        blocks.append(DataTable(("outcome", "on", "because"), _grouped(left), mathematics=("because",)))
    return Made(tuple(blocks), (_summary(judged, len(left)),))


def _grouped(found: Sequence[Verdict]) -> tuple[tuple[str, str, str], ...]:
    """What is the same of several problems said once: outcome, problems, reason."""
    same: dict[tuple[str, str], list[str]] = {}
    for v in found:
        same.setdefault((v.outcome, v.reason), []).append(v.problem)
    return tuple((outcome, ", ".join(dict.fromkeys(names)), why) for (outcome, why), names in same.items())


def _summary(judged: Sequence[Verdict], left: int) -> Fact:
    count = {o: sum(v.outcome == o for v in judged) for o in ("holds", "violated", "inconclusive")}
    order = ("violated", "holds", "inconclusive")
    words = ", ".join(f"{outcome} on {count[outcome]}" for outcome in order if count[outcome])
    text = f"{words} of {len(judged)} problems and instances; does not apply to {left}"
    if not judged:
        return Fact("measured", f"nothing: it applies to no problem ({left} tried)", "bad")
    return Fact("measured", text, "bad" if count["violated"] else "open" if count["inconclusive"] else "good")


def _verdict_table(judged: Sequence[Verdict], request: TheoremRequest) -> DataTable:
    rows = []
    for v in judged:
        main = v.comparisons[0] if v.comparisons else None
        values = (
            (None,) * 4
            if main is None
            else tuple(float(a[-1]) for a in (main.left, main.lower, main.upper, main.right))
        )
        tightness = v.tightness if np.isfinite(v.tightness) else None
        rows.append((v.problem, v.outcome, v.steps, *values, tightness))
    names = ("problem", "outcome", "T", "left, mean", "lower limit", "upper limit", "right", "right/left")
    exact = sorted({c.method for v in judged for c in v.comparisons})
    return DataTable(
        names,
        tuple(rows),
        f"At {in_words(request.hyper)}, {request.num_trajectories} trajectories, seed {request.seed}; worst instances "
        "at their own hyper-parameters and T. Left side and limits at the last step. All verdicts about these problems "
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
        "Below 1 the mean lies above the bound. Hover for numbers; the legend's names hide and show; the signs beside "
        "the chart zoom and pan.",
    )


def under_the_bound(request: TheoremRequest, tell: Tell) -> Made:
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
        series.append(
            Series("smallest to largest of all paths", numbers(times), numbers(np.median(left, axis=0)), *span, "other")
        )
    series.append(Series(theorem.right.name, numbers(times), numbers(levels[theorem.right.name][0]), role="bound"))
    series += [
        Series(one.name, numbers(times), numbers(levels[one.name].mean(axis=0)), role="other")
        for one in theorem.judged[1:]
    ]
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
    table = DataTable(("T", *(s.name for s in series)), rows)
    if len(times) < 2:
        return Made((Prose(caption), table))
    return Made((Chart(title, "T", "value", tuple(series), caption), table))


def rate(request: TheoremRequest, tell: Tell) -> Made:
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
    table = DataTable(
        ("", "exponent of T", "95 % from", "to"),
        ((theorem.left.name, *map(float, slope)), (theorem.right.name, of_bound, None, None)),
        f"Least squares of logarithms over T = {int(times[chosen][0])} to {int(times[chosen][-1])} on "
        f"{request.shown.name}; bootstrap over {request.num_trajectories} trajectories. A slope in a finite window is "
        "measured, and no proved rate.",
    )
    words = f"measured T^{{{slope.mean:.3f}}} [{slope.low:.3f}, {slope.high:.3f}]"
    words += "" if of_bound is None else f", bound T^{{{of_bound:.3f}}}"
    return Made((table,), (Fact("fitted rate", f"{words} on {request.shown.name}"),))
