"""The gallery: certified, run by the engine, and what it catches that the fixed problems do not."""

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.worst_cases import MISTAKES, planted, searchable
from madatheory.arithmetic import NUMPY
from madatheory.entry import collect, load_file
from madatheory.errors import UserError
from madatheory.problems.catalogue import list_problems
from madatheory.theory.catalogue import get_theorem, list_theorems
from madatheory.theory.theorem import Setting, Theorem
from madatheory.theory.verify import verify
from madatheory.worst import gallery
from madatheory.worst.certificate import certify
from madatheory.worst.instance import Instance
from madatheory.worst.instance_file import WorstInstance, list_worst, worst_instance, written
from madatheory.worst.search import worst_case
from madatheory.worst.verdicts import verify_on_worst

GALLERY = list_worst()
T5C = GALLERY["worst-avgrad-horizon-rate-2000"]
FEW = [T5C.name, "worst-adam-published-rate-2000", "worst-safeguarded-sum-rate-2000"]


def arguments_of(name: str) -> dict[str, Any]:
    """What a file of the gallery gives to `worst_instance`."""
    given: dict[str, Any] = {}
    file = Path(str(gallery.__file__)).parent / f"{name.replace('-', '_')}.py"
    space = {"worst_instance": lambda name, **more: given.update(more, name=name)}
    exec(file.read_text().replace("from madatheory.worst.instance_file import worst_instance", ""), space)
    return given


def instance_of(name: str) -> Instance:
    from madatheory.problems.piecewise import Piecewise

    a = arguments_of(name)
    shape = Piecewise(a["knots"], a["slopes"], a["start"], a.get("scales", ()), a.get("atoms", ()))
    return Instance(get_theorem(a["theorem"]), a["steps"], a["settings"], shape, a["L"], a["G"], a["D0"])


def test_every_theorem_that_can_have_one_has_one() -> None:
    wanted = {theorem.name for theorem in searchable()}
    boxed = {"adam-stochastic-divergence"}  # linear losses on a box: no instance of the search
    assert {t.name for t in list_theorems().values() if t.kind == "expectation"} - wanted == boxed
    assert {instance.theorem for instance in GALLERY.values()} == wanted


@pytest.mark.parametrize("name", FEW)
def test_its_ratio_is_certified_again_and_the_engine_gives_it(name: str) -> None:
    entry = GALLERY[name]
    found = certify(instance_of(name))
    assert found.lower == pytest.approx(entry.ratio, abs=1e-12)
    (verdict,) = verify_on_worst([get_theorem(entry.theorem)], [entry], confidence=0.99)
    assert verdict.outcome == "holds"
    assert verdict.steps == entry.steps
    assert 1 / verdict.tightness == pytest.approx(found.lower, abs=1e-9)


@pytest.mark.slow  # one compilation for each of the others
@pytest.mark.parametrize("name", [name for name in GALLERY if name not in FEW])
def test_so_is_the_rest(name: str) -> None:
    test_its_ratio_is_certified_again_and_the_engine_gives_it(name)


FALSEHOODS = {
    "T5c, nine tenths of it": ("avgrad-horizon-rate", "9/10"),
    "T7 with half of D0": ("amsgrad-monotone-rate", "D0/2"),
    "T5A with half of eps": ("amsgrad-rate", "eps/2"),
    "TA averaged over 2T steps": ("adam-constant-step-rate", "2T"),
}


def falsehood(name: str) -> Theorem:
    theorem, mistake = FALSEHOODS[name]
    (meant,) = (one for one in MISTAKES if one.name == mistake)
    return planted(get_theorem(theorem), meant)


@pytest.mark.parametrize("name", FALSEHOODS)
def test_a_planted_falsehood_fails_on_the_gallery(name: str) -> None:
    wrong = falsehood(name)
    own = [entry for entry in GALLERY.values() if f"{entry.theorem}-planted" == wrong.name]
    (verdict,) = verify_on_worst([wrong], own, confidence=0.99)
    assert verdict.outcome == "violated"
    assert "left >=" in verdict.reason


@pytest.mark.slow  # every problem for each of them
@pytest.mark.parametrize("name", FALSEHOODS)
def test_and_passes_on_the_fixed_problems(name: str) -> None:
    problems = [entry.make() for entry in list_problems().values()]
    found = verify([falsehood(name)], problems, steps=2000, num_trajectories=256)
    assert {verdict.outcome for verdict in found} <= {"holds", "inconclusive", "not applicable"}
    assert sum(verdict.outcome == "holds" for verdict in found) >= 2


def test_instances_meet_every_theorem_about_their_method() -> None:
    """Whoever they were found for: T5's rates, and T7 about AVGrad at beta1 = 0."""
    about = {t.name for t in list_theorems().values() if GALLERY["worst-avgrad-rate-2000"].about(t)}
    assert about >= {"avgrad-rate", "avgrad-rate-published-constants", "avgrad-weighted-rate", "avgrad-monotone-rate"}
    assert not about & {"avgrad-horizon-rate", "amsgrad-rate", "adam-published-rate"}


def test_a_file_that_is_written_is_the_instance_that_was_found(tmp_path: Path) -> None:
    found = worst_case("amsgrad-rate", steps=3, noise="state", slope_at_most=0.5, seconds=0.2)
    file = tmp_path / "mine.py"
    file.write_text(written(found, file.name))
    (entry,) = collect(load_file(file), WorstInstance)
    assert (entry.theorem, entry.steps, entry.settings) == ("amsgrad-rate", 3, found.instance.hyper)
    (verdict,) = verify_on_worst([found.instance.theorem], [entry], confidence=0.99)
    assert 1 / verdict.tightness == pytest.approx(found.ratio, abs=1e-9)
    assert verdict.comparisons[0].method == "exact (noise tree of 8 histories)"


@pytest.mark.parametrize("symbol", ["L", "G", "D0"])
def test_a_file_with_a_constant_made_smaller_is_refused(symbol: str) -> None:
    given = arguments_of(T5C.name)
    with pytest.raises(UserError, match=f"{symbol} = .* is declared, but it is"):
        worst_instance(**{**given, symbol: 0.999 * given[symbol]})


def test_the_gallery_is_found_like_any_other_entries() -> None:
    for name in GALLERY:
        module = importlib.import_module(f"madatheory.worst.gallery.{name.replace('-', '_')}")
        assert collect(module, WorstInstance) == [GALLERY[name]]


def test_the_page_shows_the_ratios_of_the_gallery() -> None:
    page = (Path(__file__).parents[2] / "docs/worst.md").read_text()
    rows = [line.split("|") for line in page.split("<!-- worst: begin")[1].split("<!-- worst: end")[0].splitlines()]
    shown = {row[2].strip(): float(row[5]) for row in rows if len(row) == 8 and row[2].strip() in list_theorems()}
    assert shown == {entry.theorem: pytest.approx(entry.ratio, abs=6e-5) for entry in GALLERY.values()}


# TNs has one b for all coordinates, TR and TRx a root over them
BY_COORDINATE = [entry for entry in GALLERY.values() if get_theorem(entry.theorem).label not in ("TNs", "TR", "TRx")]


@pytest.mark.parametrize("entry", BY_COORDINATE, ids=lambda entry: entry.theorem)
def test_the_right_side_is_a_sum_over_coordinates(entry: WorstInstance) -> None:
    """So left/right of a separable problem is between the least and the largest of its coordinates."""
    theorem = get_theorem(entry.theorem)
    q = theorem.quantities(Setting(entry.make(), theorem.optimizer(), entry.settings, entry.steps))
    parts = [float(theorem.bound(q._replace(D0=share * q.D0), NUMPY)) for share in (0.2, 1.0, 1.7)]
    three = q._replace(d=3.0, D0=2.9 * q.D0, N=3 * q.N, sigma=3**0.5 * q.sigma)  # variances add
    whole = float(theorem.bound(three, NUMPY))
    assert whole == pytest.approx(sum(parts), rel=1e-13)
    assert whole != pytest.approx(3 * parts[1], rel=1e-3)


def test_two_copies_of_an_instance_have_its_ratio() -> None:
    one = T5C.make()
    assert one.constants is not None
    low = one.constants.F_star
    both = replace(
        one,
        name="two copies",
        dimension=2,
        start=np.repeat(one.start, 2),
        constants=one.constants._replace(F_star=replace(low, value=2 * low.value)),
    )
    theorem = get_theorem(T5C.theorem)
    (verdict,) = verify([theorem], both, steps=T5C.steps, num_trajectories=2, settings=T5C.settings)
    assert verdict.outcome == "holds"
    assert 1 / verdict.tightness == pytest.approx(T5C.ratio, abs=1e-9)
