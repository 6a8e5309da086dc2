"""Formulas on the page are the package's: expanded again, they give the numbers that the theorem computes."""

import re
from typing import Any

import numpy as np
import pytest

from madatheory.arithmetic import NUMPY
from madatheory.report.mathematics import MEANING, level, right_side, symbols, symbols_of, typeset
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.quantities import Quantities

NAMES = ("avgrad-rate", "amsgrad-rate", "adam-published-rate", "adagrad-momentum-rate", "avgrad-regret")
EVERY = [*NAMES, *(pytest.param(n, marks=pytest.mark.slow) for n in list_theorems() if n not in NAMES)]


def value_of(text: str, where: dict[str, str], known: dict[str, float]) -> float:
    """A shown formula at numbers, its abbreviations expanded one after the other."""
    import sympy as sp
    from sympy.parsing.sympy_parser import parse_expr

    letters: Any = {name: sp.Symbol(name, positive=True) for name in (*where, *known)}

    def read(formula: str) -> Any:
        return parse_expr(formula, local_dict=letters)

    found = read(text)
    for _ in where:
        found = found.subs({letters[name]: read(meant) for name, meant in where.items()})
    return float(found.subs({letters[name]: number for name, number in known.items()}))


@pytest.mark.parametrize("name", EVERY)
def test_the_formula_that_is_shown_has_the_value_that_is_computed(name: str) -> None:
    theorem = list_theorems()[name]
    formula = right_side(theorem)
    rng = np.random.default_rng(len(name))
    q = Quantities(*(float(v) for v in rng.uniform(0.1, 0.4, len(Quantities._fields))))._replace(T=50.0, d=3.0)
    known = {str(symbol): number for symbol, number in zip(symbols(), q, strict=True)}
    where = {key.text: meant.text for key, meant in formula.where if not key.text.startswith("S_")}
    shown = value_of(formula.formula.text.rsplit("<=", 1)[1], where, known)
    assert shown == pytest.approx(float(theorem.bound(q, NUMPY)), rel=1e-12)


def test_every_symbol_has_a_meaning_and_only_those_that_occur_are_listed() -> None:
    assert set(MEANING) == set(Quantities._fields)
    listed = [name for name, _, _ in symbols_of(list_theorems()["avgrad-rate"])]
    assert listed == ["T", "d", "D0", "L", "G", "eps", "alpha", "beta2"]


def test_each_level_of_a_proof_is_a_formula_of_what_it_measures() -> None:
    chain = list_theorems()["avgrad-rate"].chain
    shown = [level(list_theorems()["avgrad-rate"], one) for one in chain]
    assert shown[0].formula.text == "S_1"
    assert [w.text for _, w in shown[0].where] == ["(1/t) sum_{s<=t} |grad F(x_{s-1})|^2"]
    assert "S_1" in shown[4].formula.text
    assert "S_" not in shown[-1].formula.text
    for formula in shown:
        assert re.fullmatch(r"<math.*</math>", formula.formula.html, re.S)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("alpha_t = alpha/sqrt(t)", "α<sub>t</sub> = α/√(t)"),
        ("sum_{s<=t} |grad F(x_{s-1})|^2", "Σ<sub>s≤t</sub> |∇F(x<sub>s-1</sub>)|<sup>2</sup>"),
        ("beta1 = 0, T5 and A2", "β<sub>1</sub> = 0, T5 and A2"),
        ("F >= F_star, vbar_t,i", "F ≥ F<sub>*</sub>, v̄<sub>t,i</sub>"),
        ("the sum of squares & alphabet <b>", "the sum of squares &amp; alphabet &lt;b&gt;"),
        ("`D1` at beta1 and `x_0`: D1", "<code>D1</code> at β<sub>1</sub> and <code>x_0</code>: D<sub>1</sub>"),
        ("one ` alone, beta1", "one ` alone, β<sub>1</sub>"),
        ("T^{-0.5} x^(1/2)", "T<sup>-0.5</sup> x<sup>1/2</sup>"),
    ],
)
def test_words_are_set_in_mathematics(text: str, html: str) -> None:
    assert typeset(text) == html
