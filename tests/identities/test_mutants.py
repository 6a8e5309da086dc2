"""The suite is tested: references pass every identity that applies, planted mistakes are caught by those meant to."""

import copy
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import identity_parents
import ml_dtypes
import numpy as np
import pytest
from identity_mutants import CONVENTIONS, MUTANTS, Mutant

from madatheory.defaults import PROFILE
from madatheory.identities.check import opened, refused
from madatheory.identities.examples import examples_of
from madatheory.identities.identity import ByConvention, Identity, NotApplicable, Violation, identities
from madatheory.identities.recognition.identify import identify
from madatheory.identities.recognition.traits import Trait, lacking
from madatheory.identities.report.counterexample import first_wrong, shortest
from madatheory.identities.report.outcome import BASE, PROFILES, Request
from madatheory.identities.rollout import Runs
from madatheory.identities.targets.functions import target
from madatheory.identities.targets.target import Target, Unsettable

PARENTS = {factory.__name__: factory for factory in identity_parents.PARENTS}
# v - g^2 is inf - inf once g^2 overflows; the difference of gradients has a step against the first
BY_DESIGN = {"yogi": {"F6"}, "adan": {"D1"}}
EXAMPLES = 6
MEANT = sorted({code for mutant in MUTANTS.values() for code in mutant.meant.split()})


class Lost(int):
    """A number that copies as 0."""

    def __deepcopy__(self, memo: Any) -> int:
        return 0

    def __reduce__(self) -> Any:
        return int, (0,)


@cache
def traits_of(parent: str) -> Mapping[str, Trait]:
    """What the author of the parent declares."""
    report = opened(target(PARENTS[parent], parent), Request())
    assert not report.problem, report.problem
    return report.traits


def spoiled(mutant: Mutant) -> Callable[..., Any]:
    """The parent's function made from its edited text."""
    text = inspect.getsource(PARENTS[mutant.parent])
    for old, new in mutant.edits.items():
        assert text.count(old) == 1, f"{old!r} must occur once in {mutant.parent}"
        text = text.replace(old, new)
    space = {**vars(identity_parents), "bfloat16": ml_dtypes.bfloat16, "Lost": Lost, "CLOCK": {"t": 0}}
    exec(compile(text, mutant.parent, "exec"), space)
    return space[mutant.parent]


def objection(item: Identity, tested: Target, parent: str) -> str:
    """Why the identity fails, "" if it holds or does not apply; the first failing example, not the smallest."""
    traits = traits_of(parent)
    if lacking(item.needs, tested, traits):
        return ""
    present = {name: trait.present for name, trait in traits.items()}
    runs = Runs(tested, present, {name: value for name, value in BASE.items() if name in tested.settable})
    with np.errstate(all="ignore"):
        for case in examples_of(item, PROFILES[PROFILE])[: max(3, round(EXAMPLES * item.examples))]:
            runs.forget()
            try:
                item.test(runs, copy.deepcopy(case))
            except (NotApplicable, Unsettable):
                return ""
            except Exception as error:  # as `check` counts it
                return "" if refused(error) else f"{type(error).__name__}: {error}"
    return ""


@cache
def caught(name: str, code: str) -> str:
    """The objection of one identity to one mutant; an excuse is none, unless the identity is no more than that."""
    item = identities()[code]
    why = objection(item, target(spoiled(MUTANTS[name]), name), MUTANTS[name].parent)
    return "" if why.startswith(ByConvention.__name__) and not item.convention else why


@pytest.mark.parametrize("parent", PARENTS)
def test_a_correct_reference_passes_whatever_applies(parent: str) -> None:
    tested = target(PARENTS[parent], parent)
    wrong = {code: objection(item, tested, parent) for code, item in identities().items()}
    assert {code for code, why in wrong.items() if why} == BY_DESIGN.get(parent, set()), wrong


def test_a_correct_reference_passes_what_is_cut_off_an_example() -> None:
    """An example that is cut down shows a mistake only if the same cut shows none in what is correct."""
    tested, traits = target(PARENTS["adam"], "adam"), traits_of("adam")
    present, tried, wrong = {name: trait.present for name, trait in traits.items()}, 0, {}
    for item in identities().values():
        cuts: list[Any] = []
        shortest(examples_of(item, PROFILES[PROFILE])[-1], lambda case, cuts=cuts: bool(cuts.append(case)))
        for case in cuts[::5] if not lacking(item.needs, tested, traits) else ():
            try:
                item.test(Runs(tested, present, {"lr": 0.125, "weight_decay": 0.0}), case)
            except Violation as error:
                if first_wrong(error.got, error.expected, error.tolerance) is not None:
                    wrong[item.code] = str(error)
            except Exception:  # it asks for what is cut off: `check` keeps more
                continue
            tried += 1
    assert not wrong
    assert tried > 50


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_mistake_is_caught_by_what_is_meant_to_catch_it(name: str) -> None:
    assert MUTANTS[name].meant
    missed = [code for code in MUTANTS[name].meant.split() if not caught(name, code)]
    assert not missed, f"not caught by {missed}; caught by {[code for code in MEANT if caught(name, code)]}"


@pytest.mark.slow  # every identity on every mutant; whether the meant ones catch is tested above
def test_the_kill_matrix_is_shown() -> None:
    width, killers = max(map(len, MUTANTS)), {name: [code for code in MEANT if caught(name, code)] for name in MUTANTS}
    print(
        "\n"
        + "\n".join(f"{name:{width}} {MUTANTS[name].parent:8} {' '.join(found)}" for name, found in killers.items())
    )
    assert [name for name, found in killers.items() if not found] == []


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= 30


@pytest.mark.parametrize("code", MEANT)
def test_no_identity_that_is_meant_to_catch_objects_to_every_mutant(code: str) -> None:
    """It would object to anything. That it objects to those that it is meant to catch is tested above."""
    others = (name for name, mutant in MUTANTS.items() if code not in mutant.meant.split())
    assert not all(caught(name, code) for name in others)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_another_convention_is_no_mistake_but_identify_tells(name: str) -> None:
    mutant = CONVENTIONS[name]
    tested = target(spoiled(mutant), mutant.parent)
    assert not [c for c in MEANT if objection(identities()[c], tested, mutant.parent)]
    plain, other = identify(target(PARENTS[mutant.parent], mutant.parent)), identify(tested)
    assert plain.family
    assert plain.family == other.family
    options = [[(c.name, c.options) for c in found.conventions] for found in (plain, other)]
    assert options[0] != options[1], options[0]
