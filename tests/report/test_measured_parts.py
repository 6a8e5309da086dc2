"""The measured parts of a report on a theorem, on runs that take no time; and the status that they lead to."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import typer

from madatheory.cli.report import _finish
from madatheory.engine.simulate import simulate
from madatheory.problems.catalogue import get_problem
from madatheory.report import dependence, links, measured
from madatheory.report.document import Chart, DataTable, Document, Fact, ReportSection
from madatheory.report.parts import Failure, Made
from madatheory.report.request import TheoremRequest
from madatheory.theory.catalogue import get_theorem
from madatheory.theory.evaluate import right_side
from madatheory.theory.theorem import Theorem

STEPS = 16


def request(theorem: Theorem) -> TheoremRequest:
    return TheoremRequest(theorem, (get_problem("ratio:d=1"),), (), STEPS, 8, 0, simulate)


def told(*done: Any) -> None:
    """Nobody listens."""


@cache
def t5() -> TheoremRequest:
    return request(get_theorem("avgrad-rate"))


def cut(factor: float) -> Theorem:
    theorem = t5().theorem
    right = theorem.right
    cut = replace(right, value=lambda m, q, xp: factor * right.value(m, q, xp))
    return replace(theorem, chain=(*theorem.chain[:-1], cut))


def kinds(made: Made) -> tuple[list[Chart], list[DataTable]]:
    return [b for b in made.blocks if isinstance(b, Chart)], [b for b in made.blocks if isinstance(b, DataTable)]


def test_verdicts_have_the_bound_and_its_distance_from_the_mean() -> None:
    made = measured.verdicts(t5(), told)
    (row,) = kinds(made)[1][0].rows
    cells = dict(zip(kinds(made)[1][0].columns, row, strict=True))
    right = float(right_side(t5().theorem, t5().at(t5().shown), np.array([STEPS]))[0])
    assert (cells["outcome"], cells["T"], cells["right"]) == ("holds", STEPS, pytest.approx(right))
    assert cells["right/left"] == pytest.approx(right / float(str(cells["left, mean"])))
    assert made.facts[0].mark == "good"


def test_a_bound_that_is_violated_is_marked_so() -> None:
    made = measured.verdicts(replace(request(cut(1e-6)), num_trajectories=512), told)
    assert kinds(made)[1][0].rows[0][1] == "violated"
    assert made.facts[0].mark == "bad"


def test_the_left_side_is_drawn_under_the_bound_and_both_are_fitted() -> None:
    left, right, *forms = kinds(measured.under_the_bound(t5(), told))[0][0].series
    times = np.array(right.x)
    assert right.y == pytest.approx(right_side(t5().theorem, t5().at(t5().shown), times))
    alone = simulate(
        t5().shown, t5().optimizer, STEPS, num_trajectories=8, settings=t5().hyper, save_at=[*map(int, times)]
    )
    assert left.y == pytest.approx(alone["mean_squared_gradient"].mean("seed").values.ravel())
    assert [one.name for one in forms] == ["data-dependent bound"]
    rows = kinds(measured.rate(t5(), told))[1][0].rows
    for row, one in zip(rows, (left, right), strict=True):
        assert row[1] == pytest.approx(np.polyfit(np.log(times), np.log(one.y), 1)[0])


def test_the_links_make_up_the_whole_and_the_one_that_loses_most_is_named() -> None:
    made = links.slack(t5(), told)
    rows = kinds(made)[1][0].rows
    factors = {str(row[0]): float(str(row[3])) for row in rows[1:]}
    assert np.prod([*factors.values()]) == pytest.approx(float(str(rows[-1][2])) / float(str(rows[0][2])))
    assert f"'{max(factors, key=lambda name: factors[name])}'" in made.facts[0].text
    assert made.facts[0].mark == "good"
    refuted = links.slack(request(cut(1e-6)), told)
    assert (refuted.facts[0].mark, refuted.facts[0].text) == ("bad", f"{rows[-1][0]} refuted")


def test_bound_and_measurement_move_with_the_hyper_parameter() -> None:
    made = dependence.dependence(t5(), told)
    charts, tables = kinds(made)
    chart = next(c for c in charts if c.title == "Dependence on alpha")
    left, right = chart.series

    def at(alpha: float) -> dict[str, float]:
        return {**t5().hyper, "alpha": alpha}

    expected = [float(right_side(t5().theorem, t5().at(t5().shown, at(a)), np.array([STEPS]))[0]) for a in right.x]
    assert right.y == pytest.approx(expected)
    assert len(set(expected)) == dependence.FINE
    assert f"alpha = {right.x[int(np.argmin(expected))]:.4g}" in chart.caption
    alone = simulate(t5().shown, t5().optimizer, STEPS, num_trajectories=8, settings=at(left.x[0]))
    mean = float(alone["mean_squared_gradient"].isel(t=-1).mean())
    assert left.y[0] == pytest.approx(mean)
    held = next(t.rows for t in tables if t.columns[0] == "held fixed")
    assert "beta1" in [row[0] for row in held]


def test_a_bound_that_a_hyper_parameter_does_not_move_has_no_best_one() -> None:
    theorem = t5().theorem
    constant = replace(theorem.right, value=lambda m, q, xp: 1 / q.alpha)
    charts, _ = kinds(dependence.dependence(request(replace(theorem, chain=(*theorem.chain[:-1], constant))), told))
    said = {chart.title: chart.caption for chart in charts}
    assert said["Dependence on beta2"] == "The bound does not depend on beta2."
    assert said["Dependence on alpha"].startswith("The bound is least at alpha = ")


DOCUMENT = Document("T", "a bound", (), (ReportSection("Verdicts", ()),), {})


@pytest.mark.parametrize(
    ("mark", "failures", "status"),
    [("good", [], 0), ("bad", [], 1), ("good", [Failure("Slack", typer.BadParameter("x"))], None)],
)
def test_the_status_says_what_was_found(mark: Any, failures: list[Failure], status: int | None) -> None:
    made = replace(DOCUMENT, facts=(Fact("measured", "as it is", mark),))
    if status is None:
        with pytest.raises(typer.BadParameter):
            _finish(made, failures)
        return
    with pytest.raises(typer.Exit) as ended:
        _finish(made, failures)
    assert ended.value.exit_code == status
