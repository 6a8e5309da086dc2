"""The figures of convergence, floors, slack, rates, dependence and the summary: their claims hold, and can fail."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from figure_cases import committed, same, smoke_run

from madatheory.figures.catalogue import list_figures
from madatheory.figures.figure import Numbers
from madatheory.figures.gallery import summary_matrix
from madatheory.figures.render import render
from madatheory.problems.catalogue import list_problems
from madatheory.store.cache_key import fingerprint
from madatheory.theory.catalogue import list_theorems

NAMES = (
    "convergence-ratio",
    "convergence-ridge",
    "convergence-data",
    "adam-floor",
    "slack-waterfall",
    "rate-exponents",
    "dependence",
    "summary-matrix",
    "worst-instances",
    "worst-interpolation",
    "worst-ratio",
)


def smoke(name: str, folder: Path, seed: int = 0) -> dict[str, Any]:
    """Render in the smoke profile; the record written to json."""
    render(list_figures()[name], smoke_run(seed), folder, {})
    return json.loads((folder / f"{name}.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_smoke_claims_hold(name, smoke_figure):
    folder, record = smoke_figure(name)
    assert [claim["text"] for claim in record["claims"] if not claim["holds"]] == []
    assert (folder / f"{name}.svg").stat().st_size > 5000
    assert (folder / f"{name}.png").stat().st_size > 5000
    assert len(record["caption"]) > 100
    assert "nan" not in record["caption"]
    assert "None" not in record["caption"]


@pytest.mark.parametrize("name", ["rate-exponents"])
def test_a_second_run_gives_the_same_numbers(name, smoke_figure, tmp_path):
    first, second = smoke_figure(name)[1], smoke(name, tmp_path)
    assert same(first["numbers"], second["numbers"])
    assert first["caption"] == second["caption"]


def test_another_seed_gives_other_numbers(smoke_figure, tmp_path):
    first, second = smoke_figure("rate-exponents")[1], smoke("rate-exponents", tmp_path, seed=1)
    assert not same(first["numbers"], second["numbers"])


def violate_convergence(numbers: Numbers) -> None:
    numbers["methods"][0]["bounds"][0]["outcome"] = "violated"


def drop_a_bound(numbers: Numbers) -> None:
    numbers["methods"][1]["bounds"] = []


def swap_constants(numbers: Numbers) -> None:
    for row in numbers["methods"]:
        for bound in row["bounds"]:
            bound["published_constants"] = not bound["published_constants"]


def exceed_a_bound(numbers: Numbers) -> None:
    row = numbers["methods"][2]
    row["mean"][3] = 2 * row["bounds"][0]["prior"][3]


def no_floor(numbers: Numbers) -> None:
    for row in numbers["panels"][0]["methods"]:
        for bound in row["bounds"]:
            bound["prior"] = (1 / np.asarray(row["t"])).tolist()


def floor_for_avgrad(numbers: Numbers) -> None:
    for bound in numbers["panels"][1]["methods"][2]["bounds"]:
        bound["prior"] = [1.0] * len(bound["prior"])


def adam_does_not_stall(numbers: Numbers) -> None:
    numbers["panels"][1]["methods"][1]["low"][-1] = 0.1


def adam_stalls_everywhere(numbers: Numbers) -> None:
    row = numbers["panels"][0]["methods"][1]
    row["mean"] = [1.0] * len(row["mean"])


def floor_violated(numbers: Numbers) -> None:
    numbers["panels"][0]["methods"][0]["bounds"][0]["outcome"] = "violated"


def refute_a_link(numbers: Numbers) -> None:
    numbers["chains"][0]["levels"][2]["ordered"] = False


def no_link_stands_out(numbers: Numbers) -> None:
    for row in numbers["chains"][3]["levels"][1:]:
        row["factor"] = [2.0, 1.9, 2.1]


def too_slow(numbers: Numbers) -> None:
    numbers["rows"][0]["slope"] = [-0.3, -0.4, -0.2]


def bound_too_slow(numbers: Numbers) -> None:
    numbers["rows"][1]["bound_slope"] = -0.2


def constant_step_converges(numbers: Numbers) -> None:
    next(row for row in numbers["rows"] if row["schedule"] == "constant")["slope"] = [-0.6, -0.7, -0.55]


def dependence_violated(numbers: Numbers) -> None:
    numbers["curves"][0]["points"][1]["outcomes"][0] = "violated"


def measured_above(numbers: Numbers) -> None:
    numbers["curves"][2]["points"][0]["high"] = 1e9


def root_of_eps(numbers: Numbers) -> None:
    for curve in numbers["curves"]:
        if curve["axis"] == "eps":
            for point in curve["points"]:
                point["new"] = point["value"] ** -0.5


def square_of_d(numbers: Numbers) -> None:
    for curve in numbers["curves"]:
        if curve["axis"] == "d":
            for point in curve["points"]:
                point["mean"] *= point["value"]


def flat_in_beta2(numbers: Numbers) -> None:
    for curve in numbers["curves"]:
        if curve["axis"] == "beta2":
            for point in curve["points"]:
                point["new"] = 1.0


def _a_cell(numbers: Numbers, outcome: str) -> dict[str, Any]:
    return next(c for row in numbers["cells"].values() for c in row.values() if c["outcome"] == outcome)


def violate_a_cell(numbers: Numbers) -> None:
    _a_cell(numbers, "holds")["outcome"] = "violated"


def idle_theorem(numbers: Numbers) -> None:
    for cell in next(iter(numbers["cells"].values())).values():
        cell |= {"outcome": "not applicable", "reason": "?", "tightness": None}


def number_without_a_theorem(numbers: Numbers) -> None:
    _a_cell(numbers, "not applicable")["tightness"] = 2.0


def bound_below_measured(numbers: Numbers) -> None:
    _a_cell(numbers, "holds")["tightness"] = 0.5


def worst_is_as_loose(numbers: Numbers) -> None:
    numbers["worst"][0]["total"][0] = numbers["chains"][0]["total"][0] / 5


def worst_refutes_a_link(numbers: Numbers) -> None:
    numbers["worst"][3]["levels"][4]["ordered"] = False


def worst_farther_than_a_problem(numbers: Numbers) -> None:
    numbers["worst"]["avgrad-rate"]["tightness"] = 70.0  # 61 on the problem ratio


def worst_beyond_its_bound(numbers: Numbers) -> None:
    numbers["worst"]["avgrad-rate"]["tightness"] = 0.99


def off_the_slope(numbers: Numbers) -> None:
    numbers["cases"][1]["on_full_slope"] = 0.6


def descent_left_over(numbers: Numbers) -> None:
    numbers["cases"][2]["run"]["F"][-1] = numbers["cases"][2]["gap"] / 4


def turns_back(numbers: Numbers) -> None:
    x = numbers["cases"][0]["run"]["x"]
    x[10], x[11] = x[11], x[10]


def rho_matters(numbers: Numbers) -> None:
    numbers["panels"][0]["alpha"]["left"][2] *= 1.02


def an_interior_rho_wins(numbers: Numbers) -> None:
    numbers["panels"][0]["both"]["left"][1] *= 0.95


def an_interior_rho_wins_as_proved(numbers: Numbers) -> None:
    numbers["panels"][0]["proved"]["left"][3] *= 0.8


def refuted_at_small_T(numbers: Numbers) -> None:
    numbers["panels"][0]["own"]["ratio"][0] = 1.001


def free_is_no_worse(numbers: Numbers) -> None:
    panel = numbers["panels"][-1]
    panel["own"]["ratio"][-1] = panel["gallery"]["ratio"]


def nearer_at_small_T(numbers: Numbers) -> None:
    panel = next(panel for panel in numbers["panels"] if panel["gallery"]["ratio"] < 0.9)
    panel["free"]["ratio"][0] = panel["gallery"]["ratio"] * 1.001


def a_problem_is_worse(numbers: Numbers) -> None:
    panel = numbers["panels"][3]
    panel["problem"]["ratio"][-1] = max(panel["own"]["ratio"]) * 1.01


# figure, what is doctored, index of the claim that must fail (None: at least one)
DOCTORED: tuple[tuple[str, Callable[[Numbers], None], int | None], ...] = (
    ("convergence-ratio", violate_convergence, 0),
    ("convergence-ratio", drop_a_bound, 0),
    ("convergence-ridge", swap_constants, 1),
    ("convergence-data", exceed_a_bound, 2),
    ("adam-floor", floor_violated, 0),
    ("adam-floor", no_floor, 1),
    ("adam-floor", floor_for_avgrad, 1),
    ("adam-floor", adam_does_not_stall, 2),
    ("adam-floor", adam_stalls_everywhere, 3),
    ("slack-waterfall", refute_a_link, 0),
    ("slack-waterfall", no_link_stands_out, 7),
    ("rate-exponents", too_slow, 0),
    ("rate-exponents", bound_too_slow, 1),
    ("rate-exponents", constant_step_converges, 2),
    ("dependence", dependence_violated, 0),
    ("dependence", measured_above, 1),
    ("dependence", root_of_eps, 2),
    ("dependence", square_of_d, 3),
    ("dependence", flat_in_beta2, 4),
    ("summary-matrix", violate_a_cell, 0),
    ("summary-matrix", idle_theorem, 1),
    ("summary-matrix", number_without_a_theorem, 2),
    ("summary-matrix", bound_below_measured, 3),
    ("summary-matrix", worst_farther_than_a_problem, 4),
    ("summary-matrix", worst_beyond_its_bound, 4),
    ("slack-waterfall", worst_is_as_loose, 8),
    ("slack-waterfall", worst_refutes_a_link, 11),
    ("worst-instances", off_the_slope, 0),
    ("worst-instances", descent_left_over, 1),
    ("worst-instances", turns_back, 2),
    ("worst-interpolation", rho_matters, 0),
    ("worst-interpolation", an_interior_rho_wins, 1),
    ("worst-interpolation", an_interior_rho_wins_as_proved, 2),
    ("worst-ratio", refuted_at_small_T, 0),
    ("worst-ratio", free_is_no_worse, 1),
    ("worst-ratio", nearer_at_small_T, 2),
    ("worst-ratio", a_problem_is_worse, 3),
)


@pytest.mark.parametrize(("name", "doctor", "index"), DOCTORED, ids=[f"{n}-{d.__name__}" for n, d, _ in DOCTORED])
def test_doctored_numbers_fail_the_claim(name, doctor, index):
    """The committed numbers, in which every claim holds, after the change."""
    numbers = committed(name)
    doctor(numbers)
    assert not list_figures()[name].claims(numbers)[index].holds


def test_a_number_below_one_is_not_shown_as_one():
    """T6's worst instance has beta2 = 0.999994."""
    from madatheory.figures.gallery.slack_waterfall import shortest

    assert [shortest(value) for value in (0.999994, 0.9121, 1.0, 178.4, 1.19e6)] == [
        "0.999994",
        "0.912",
        "1",
        "178",
        "1.19e+06",
    ]


def test_the_hardest_problems_are_computed_again_when_a_theorem_or_a_problem_comes(monkeypatch) -> None:
    asked = []

    def cached(name, configuration, compute):
        asked.append(fingerprint(configuration))

    run = replace(smoke_run(0), cached=cached)
    for theorems, problems in ((2, 2), (3, 2), (2, 3), (2, 2)):
        some = dict(list(list_theorems().items())[:theorems])
        entries = dict(list(list_problems().items())[:problems])
        monkeypatch.setattr(summary_matrix, "list_theorems", lambda some=some: some)
        monkeypatch.setattr(summary_matrix, "list_problems", lambda entries=entries: entries)
        summary_matrix.hardest(run)
    assert asked[0] == asked[3]
    assert len(set(asked)) == 3
