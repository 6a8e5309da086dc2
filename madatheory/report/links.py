"""The slack of each link: what every inequality of the proof gives away, measured on the same trajectories."""

from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from typing import Any

from madatheory.hparams import in_words
from madatheory.report.document import Absent, Block, Chart, DataTable, Fact, Series, numbers
from madatheory.report.parts import Made, Tell
from madatheory.report.request import TheoremRequest
from madatheory.studies.theory.slack import waterfall


def slack(request: TheoremRequest, tell: Tell) -> Made:
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
    lost = f"a factor {largest['factor'][0]:.3g} of {found['total'][0]:.3g}"
    text = f"no link refuted; most is lost at '{largest['name']}', {lost}"
    if refuted:
        text = f"{', '.join(refuted)} refuted"
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
    table = DataTable(
        ("level", "at most, by", "mean", "factor", "95 % from", "to", "on the means"),
        rows,
        f"{found['label']} {where}: {in_words(found['hyper'])}. In all a factor {found['total'][0]:.4g}. A link is "
        "violated where the paired differences of the two levels refute it.",
        mathematics=("level", "at most, by"),
    )
    means = [row["mean"] for row in levels]
    if min(means) <= 0:
        return (table,)
    pairs = [(min(a, b), max(a, b)) for a, b in pairwise(means)]
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
