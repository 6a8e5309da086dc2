"""No falsehood in a statement passes silently: each of these is planted in a theorem that holds without it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import xarray as xr

from madatheory.engine.statistic import Statistic, largest_gradient, mean_squared_gradient
from madatheory.errors import UserError
from madatheory.problems.catalogue import list_problems
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.conditions import STOCHASTIC_SMOOTH
from madatheory.theory.evaluate import evaluate
from madatheory.theory.theorem import Condition, Level, Setting, Theorem
from madatheory.theory.verdict import Verdict, judge, statistics_of
from madatheory.theory.verify import verify

RATIO = list_problems()["ratio"].make({"d": 2})
T5 = list_theorems()["avgrad-rate"]
MEASURED = 0.1
KINDS = ("expectation", "every-path", "probability")
LEFT = Level(
    "average", "", lambda m, q, xp: m["mean_squared_gradient"], (mean_squared_gradient,), lambda q, xp: q.d * q.G**2
)


def statement(right: Callable[..., Any], *between: Level, kind: str = "expectation", **more: Any) -> Theorem:
    """E (1/T) sum |grad F|^2 <= right, about AVGrad at T5's hyper-parameters."""
    chain = (more.pop("left", LEFT), *between, Level("bound", "", right))
    symbols = {"p": 0.3} if kind == "probability" else {}
    kinds = cast(Any, kind)
    given = {"conditions": STOCHASTIC_SMOOTH, "settings": T5.settings, "symbols": symbols, **more}
    return Theorem("mine", "mine", "words", "here", "new", T5.method, chain=chain, kind=kinds, **given)


def dependent(value: Callable[..., Any], **more: Any) -> Level:
    given = {"statistics": (mean_squared_gradient,), "highest": lambda q, xp: 5.0, "data_bound": True, **more}
    return Level("data-dependent bound", "", value, **given)


def simulated(
    problem: Any, optimizer: Any, steps: int, *, num_trajectories: int, statistics: Any, save_at: Any, **_: Any
) -> Any:
    """What the engine would measure: every statistic is .1 on every trajectory."""
    shape = (num_trajectories, len(save_at))
    sizes = {"coordinate": problem.dimension}
    named = {
        s.name: (("seed", "t", *s.dims), np.full((*shape, *(sizes[dim] for dim in s.dims)), MEASURED))
        for s in statistics
    }
    return xr.Dataset(named, coords={"t": np.asarray(save_at)})


def verdict(theorem: Theorem, **more: Any) -> Verdict:
    given: dict[str, Any] = {"steps": 20, "num_trajectories": 400, "save_at": 3, "run": simulated, **more}
    return verify([theorem], [RATIO], **given)[0]


def never(*_: Any, **__: Any) -> xr.Dataset:
    raise AssertionError("simulated")


def at(values: Mapping[int, Any], otherwise: Any = 1.0) -> Callable[..., Any]:
    """A right side with these values at some T."""
    return lambda m, q, xp: np.array([values.get(int(T), otherwise) for T in q.T])


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_planted_falsehood_it_holds(kind: str) -> None:
    assert (
        verdict(statement(at({}), dependent(lambda m, q, xp: 4 * m["mean_squared_gradient"]), kind=kind)).outcome
        == "holds"
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "'mine': the right side 'bound' is nan at T = 4"),
        (-math.inf, "is -inf at T = 4"),
        (None, "no real number"),
        ("1.0", "no real number"),
        (1j, "no real number"),
    ],
)
def test_a_right_side_that_is_no_number_at_some_time_is_refused_before_any_work(
    kind: str, value: Any, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        verdict(statement(at({4: value}), kind=kind), run=never)


@pytest.mark.parametrize("value", [None, "1.0", True, 1j, np.ones(7), [[1.0]] * 4])
def test_a_right_side_that_is_no_number_at_all_is_refused(value: Any) -> None:
    with pytest.raises(UserError, match=r"'mine': the right side 'bound'"):
        verdict(statement(lambda m, q, xp: value), run=never)


@pytest.mark.parametrize("kind", KINDS)
def test_an_infinite_right_side_is_vacuous_and_does_not_hold(kind: str) -> None:
    found = verdict(statement(at({4: math.inf}), kind=kind))
    assert found.outcome == "not applicable"
    assert found.reason == "vacuous: the right side is inf at T = 4, where it says nothing"
    assert found.as_json()["outcome"] == "not applicable"


@pytest.mark.parametrize("kind", KINDS)
def test_an_infinite_right_side_does_not_hide_a_violation_elsewhere(kind: str) -> None:
    assert verdict(statement(at({4: math.inf, 20: 1e-3}), kind=kind), num_trajectories=40_000).outcome == "violated"


@pytest.mark.parametrize("kind", KINDS)
def test_a_data_dependent_side_that_is_nan_is_refused(kind: str) -> None:
    level = dependent(lambda m, q, xp: m["mean_squared_gradient"] * math.nan)
    with pytest.raises(UserError, match=r"level 'data-dependent bound' is nan at T = 1"):
        verdict(statement(at({}), level, kind=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_data_dependent_side_that_is_infinite_decides_nothing(kind: str) -> None:
    level = dependent(lambda m, q, xp: m["mean_squared_gradient"] / 0.0)
    found = verdict(statement(at({}), level, kind=kind))
    assert found.outcome == "inconclusive"
    assert "data-dependent bound is not finite on 400 of 400 paths" in found.reason


@pytest.mark.parametrize("highest", [math.nan, -1.0, math.inf, None])
@pytest.mark.parametrize("where", ["left", "between"])
def test_an_almost_sure_bound_that_is_none_is_refused(where: str, highest: Any) -> None:
    wrong = {"highest": lambda q, xp: highest}
    made = (
        statement(at({}), left=replace(LEFT, **wrong))
        if where == "left"
        else statement(at({}), dependent(lambda m, q, xp: m["mean_squared_gradient"], **wrong))
    )
    with pytest.raises(UserError, match="`highest` of level"):
        verdict(made, run=never)


def test_a_left_side_without_an_almost_sure_bound_is_refused_where_one_is_needed() -> None:
    with pytest.raises(UserError, match="`highest` of level 'average' is missing"):
        verdict(statement(at({}), left=replace(LEFT, highest=None)), run=never)
    assert verdict(statement(at({}), left=replace(LEFT, highest=None), kind="every-path")).outcome == "holds"


@pytest.mark.parametrize("value", [lambda m: m["mean_squared_gradient"], lambda m: -m["mean_squared_gradient"]])
def test_an_almost_sure_bound_that_is_broken_is_a_violation(value: Callable[..., Any]) -> None:
    """A confidence interval from a range that is too small is no interval."""
    left = replace(LEFT, value=lambda m, q, xp: value(m), highest=lambda q, xp: 0.09)
    found = verdict(statement(at({}), left=left))
    assert found.outcome == "violated"
    assert "the almost sure bound of 'average' is broken" in found.reason


def test_a_link_of_a_chain_that_is_nan_is_not_taken_for_one_that_is_not_refuted() -> None:
    setting = Setting(RATIO, T5.method(), T5.settings, 5)
    data = simulated(RATIO, None, 5, num_trajectories=3, statistics=(mean_squared_gradient,), save_at=[5])
    between = Level("link", "", lambda m, q, xp: m["mean_squared_gradient"] * math.nan, (mean_squared_gradient,))
    with pytest.raises(UserError, match="level 'link' is nan at T = 5"):
        evaluate(statement(at({}), between), setting, data)
    found = evaluate(statement(at({})), setting, data)
    assert [values[:, -1].tolist() for values in found.values()] == [[MEASURED] * 3, [1.0] * 3]


# ---- what is measured


def test_a_right_side_of_constants_cannot_read_what_is_measured() -> None:
    with pytest.raises(UserError, match=r"level 'bound' reads the measured 'mean_squared_gradient'.*data_bound = True"):
        verdict(statement(lambda m, q, xp: 2 * m["mean_squared_gradient"]), run=never)


def test_a_level_reads_its_own_statistics_alone() -> None:
    level = dependent(lambda m, q, xp: m["largest_gradient"])
    with pytest.raises(UserError, match="reads the measured 'largest_gradient', which is not among its statistics"):
        verdict(statement(at({}), level))


def test_a_level_cannot_change_what_others_see() -> None:
    def shrinks(m: Any, q: Any, xp: Any) -> Any:
        m["mean_squared_gradient"][:] = 0.0
        return m["mean_squared_gradient"] + 1.0

    assert verdict(statement(at({}, 0.01), dependent(shrinks), kind="every-path")).outcome == "violated"

    def replaces(m: Any, q: Any, xp: Any) -> Any:
        m["mean_squared_gradient"] = 0.0

    with pytest.raises(UserError, match=r"'data-dependent bound': TypeError.*does not support item assignment"):
        verdict(statement(at({}, 0.01), dependent(replaces)))


@pytest.mark.parametrize(
    "value",
    [
        lambda m: 0.0,
        lambda m: m["mean_squared_gradient"][0],
        lambda m: m["mean_squared_gradient"].mean(axis=0, keepdims=True),
        lambda m: m["mean_squared_gradient"] - m["mean_squared_gradient"].mean(axis=0) + 0.05,
        lambda m: np.sort(m["mean_squared_gradient"], axis=0),
    ],
    ids=["constant", "one", "mean", "centred", "sorted"],
)
def test_a_level_is_about_one_trajectory(value: Callable[..., Any]) -> None:
    def noisy(*arguments: Any, **options: Any) -> xr.Dataset:
        data = simulated(*arguments, **options)
        return data.assign(mean_squared_gradient=data["mean_squared_gradient"] + np.linspace(1, 0, 400)[:, None])

    with pytest.raises(UserError, match=r"level 'average'.*trajector"):
        verdict(statement(at({}), left=replace(LEFT, value=lambda m, q, xp: value(m))), run=noisy)


@pytest.mark.parametrize("name", ["mean_squared_gradient", "largest_gradient"])
def test_a_statistic_of_a_taken_name_is_refused_unless_it_is_the_same(name: str) -> None:
    known = {s.name: s for s in (mean_squared_gradient, largest_gradient)}[name]
    same = replace(known, step=known.step)
    fake = replace(known, read=lambda state, clock: 0.0 * state)  # the formula says what it does not compute
    for other, refused in ((same, False), (fake, True)):
        level = dependent(lambda m, q, xp: 1.0 + 0 * m[name], statistics=(other,))
        theorem = statement(at({}), level)
        if refused:
            with pytest.raises(UserError, match=f"two statistics that differ are called '{name}'"):
                statistics_of([theorem])
        else:
            assert len(statistics_of([theorem])) == 2


def test_histories_whose_probabilities_do_not_add_up_to_1_are_refused() -> None:
    values = np.full((2, 1), MEASURED)
    data = xr.Dataset(
        {s.name: (("path", "t"), values) for s in (mean_squared_gradient, largest_gradient)},
        coords={"t": [5], "probability": ("path", [0.5, 0.4])},
    )
    with pytest.raises(UserError, match=r"add up to 0\.9"):
        judge(statement(at({})), RATIO, T5.method(), T5.settings, data, steps=5)


# ---- the statement as it is written

WRONG_STATEMENTS: dict[str, tuple[Callable[[], Any], str]] = {
    "kind": (lambda: statement(at({}), kind="every path"), "unknown kind .*'every path'; did you mean 'every-path'"),
    "at": (lambda: replace(T5, at=cast(Any, "end")), "unknown at .*'end'"),
    "origin": (lambda: replace(T5, origin=cast(Any, "folklore")), "unknown origin .*'folklore'"),
    "empty chain": (lambda: replace(T5, chain=()), "its chain has the levels"),
    "one level": (lambda: replace(T5, chain=(T5.left,)), "its chain has the levels"),
    "nothing measured": (lambda: statement(at({}), left=replace(LEFT, statistics=())), "with the `statistics`"),
    "a measured bound last": (lambda: replace(T5, chain=(T5.left, LEFT)), "the last one a bound of constants"),
    "two levels of one name": (lambda: replace(T5, chain=(T5.left, T5.right, T5.right)), "two levels of its chain"),
    "no levels": (lambda: replace(T5, chain=cast(Any, (T5.left, 3.0))), "give a tuple of `Level`"),
    "no conditions": (lambda: replace(T5, conditions=cast(Any, (True,))), "give a tuple of `Condition`"),
    "one condition": (lambda: replace(T5, conditions=cast(Any, T5.conditions[0])), "give a tuple of `Condition`"),
    "blank name": (lambda: replace(T5, name=" "), "name = ' '"),
    "label": (lambda: replace(T5, label=cast(Any, 5)), "label = 5"),
    "p of 0": (lambda: verdict(statement(at({}), kind="probability", symbols={"p": 0.0}), run=never), "p = 0.0"),
    "p of 1": (lambda: verdict(statement(at({}), kind="probability", symbols={"p": 1.0}), run=never), "p = 1.0"),
    "no p": (lambda: verdict(statement(at({}), kind="probability", symbols={}), run=never), "p = None"),
    "symbol nan": (lambda: replace(T5, symbols={"p": math.nan}), "is out of range"),
    "symbol G": (lambda: replace(T5, symbols={"G": 100.0}), "unknown symbol .*'G'"),
    "symbol alpha": (lambda: verdict(replace(T5, symbols={"alpha": 1e-9}), run=never), "its symbols fix alpha"),
    "data bound": (lambda: statement(at({}), dependent(lambda m, q, xp: 1, highest=None)), "the almost sure bound"),
    "data_bound text": (lambda: replace(LEFT, data_bound=cast(Any, "no")), "data_bound = 'no'"),
    "statistic text": (lambda: replace(LEFT, statistics=cast(Any, ("regret",))), "give a tuple of `Statistic`"),
    "no function": (lambda: replace(LEFT, value=cast(Any, 1.0)), "value = 1.0"),
    "condition text": (lambda: Condition("never", cast(Any, "no")), "fails = 'no'"),
    "statistic name": (lambda: Statistic("", "x", *[cast(Any, None)] * 3), "name = ''"),
}


@pytest.mark.parametrize("case", WRONG_STATEMENTS)
def test_a_statement_that_is_not_well_formed_is_refused(case: str) -> None:
    build, message = WRONG_STATEMENTS[case]
    with pytest.raises(UserError, match=message):
        build()


@pytest.mark.parametrize("answer", [True, False, "", 0, ["reason"]])
def test_a_condition_answers_with_a_reason_or_none(answer: Any) -> None:
    with pytest.raises(UserError, match="return None where the condition holds"):
        verdict(statement(at({}), conditions=(Condition("odd", lambda setting: answer),)), run=never)


# ---- the request

WRONG_REQUESTS: dict[str, tuple[Mapping[str, Any], str]] = {
    "unknown setting": ({"settings": {"bta2": 0.9}}, "unknown hyper-parameter 'bta2'; did you mean 'beta2'"),
    "settings as a list": ({"settings": ["beta2"]}, "give a mapping"),
    "no values": ({"settings": {"beta2": []}}, "beta2 has no values"),
    "nan": ({"settings": {"beta2": math.nan}}, "beta2 = nan"),
    "records of 0": ({"save_at": 0}, r"save_at \(number of times\) = 0"),
    "half a record": ({"save_at": 1.5}, r"save_at \(number of times\) = 1\.5"),
    "half a seed": ({"num_trajectories": 2.5}, r"num_trajectories = 2\.5"),
    "half a step": ({"steps": 2.5}, r"steps = 2\.5"),
    "a text as seed": ({"seed": "1"}, "seed = '1'"),
    "confidence nan": ({"confidence": math.nan}, "confidence = nan"),
    "confidence text": ({"confidence": "high"}, "confidence = 'high'"),
    "confidence above 1": ({"confidence": 99}, "confidence = 99"),
}


@pytest.mark.parametrize("case", WRONG_REQUESTS)
def test_a_wrong_request_is_refused_before_any_work(case: str) -> None:
    arguments, message = WRONG_REQUESTS[case]
    with pytest.raises(UserError, match=message):
        verdict(T5, run=never, **arguments)


def test_two_of_one_name_are_refused() -> None:
    """Verdicts, cells of the matrix and entries of the json are told apart by names alone."""
    with pytest.raises(UserError, match="two theorems are called 'mine'"):
        verify([statement(at({})), statement(at({}, 1e-3))], [RATIO], run=never)
    with pytest.raises(UserError, match="two problems are called 'ratio'"):
        verify([T5], [RATIO, list_problems()["ratio"].make({"d": 3})], run=never)
