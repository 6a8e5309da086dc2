"""proofs_check.bridge: chains hold on exact trees, and a broken formula of the package makes a check fail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from madatheory.engine.noise_tree import histories
from madatheory.theory import terms
from madatheory.theory.catalogue import list_theorems
from madatheory.theory.chains import decoupled as decoupled_chain
from madatheory.theory.chains import momentum as momentum_chains
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Theorem
from madatheory.theory.theorems import amsgrad_rate, avgrad_rate, regret_bounds
from proofs_check import bridge
from proofs_check.bridge import trees
from proofs_check.bridge.hostile import fields, grid_of, huber, sequences, skewed
from proofs_check.bridge.kills import CAUGHT
from proofs_check.bridge.planted import MISTAKES, plant
from proofs_check.bridge.trees import examine, search, tried
from proofs_check.evidence import Status
from proofs_check.methods import method
from proofs_check.statements import statements


def broken(theorem: Theorem) -> str:
    """The first link of the chain that breaks on a tree, "" if none does."""
    return next((worst.broken for _, worst in tried(theorem, theorem) if worst.broken), "")


@pytest.mark.parametrize(
    "name", ["avgrad-rate", "avgrad-momentum-rate", "amsgrad-rate", "avgrad-regret", "amsgrad-momentum-regret"]
)
def test_chains_hold(name: str) -> None:
    assert broken(list_theorems()[name]) == ""


def test_the_search_finds_where_a_bound_is_tight() -> None:
    """T5 at T = 1, huge eps and alpha = sqrt(eps)/L is gradient descent on Huber's function: nothing is lost."""
    top = max((worst for _, worst in search(list_theorems()["avgrad-rate"])), key=lambda worst: worst.ratio)
    assert 0.99 < top.ratio <= 1
    assert top.setting["T"] == 1


def halved(value: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: value(*arguments) / 2


BREAKS: dict[str, tuple[str, Any, str, Callable[[Callable], Callable]]] = {
    "T5 without sqrt(w) in the K term": ("avgrad-rate", avgrad_rate, "_root_w", lambda f: lambda q, xp: 0 * q.w),
    "half of R in T5": ("avgrad-rate", avgrad_rate, "R", halved),
    "half of the logarithm in K2": ("avgrad-rate", terms, "log1p", halved),
    "half of the bracket in T5m": ("avgrad-momentum-rate", momentum_chains.LogProof, "bracket", halved),
    "half of Lam in T5A": ("amsgrad-rate", amsgrad_rate, "log_range", halved),
    "half of R in the weights of T5A": ("amsgrad-rate", amsgrad_rate, "R", halved),
    "half of the harmonic sum in T9": (
        "amsgrad-regret",
        regret_bounds,
        "harmonic",
        lambda f: lambda T, xp: f(T, xp) / 9,
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_formula_is_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, module, function, change = BREAKS[what]
    monkeypatch.setattr(module, function, change(getattr(module, function)))
    assert broken(list_theorems()[name])


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_smaller_K_is_caught(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """2/5 is 3 % above the least K, so nine tenths of it break the decoupling of T5."""
    values = decoupled_chain.DecouplingConstants.values
    monkeypatch.setattr(
        decoupled_chain.DecouplingConstants,
        "values",
        lambda pair, xp: (values(pair, xp)[0], share * values(pair, xp)[1]),
    )
    found = bridge._support(list_theorems()["avgrad-rate"])
    assert found.status is Status.REFUTED
    assert found.witness


def test_every_theorem_has_mistakes_that_are_caught() -> None:
    assert set(CAUGHT) == set(list_theorems())
    for name, mistakes in CAUGHT.items():
        assert mistakes
        assert set(mistakes) <= set(MISTAKES)
        for mistake in mistakes:
            assert plant(list_theorems()[name], mistake) is not None, (name, mistake)


@pytest.mark.parametrize("name", ["avgrad-rate", "avgrad-regret", "amsgrad-momentum-regret"])
def test_planted_mistakes_are_caught(name: str) -> None:
    for mistake in CAUGHT[name]:
        assert bridge._catch(list_theorems()[name], mistake).status is Status.REFUTED, mistake


def test_a_mistake_that_is_none_is_not_caught() -> None:
    """The right side doubled is true, and the check must not refute it."""
    theorem = list_theorems()["avgrad-rate"]
    field = fields(theorem)[0]
    right = theorem.right.value
    larger = theorem.chain[-1].__class__(theorem.right.name, "", lambda m, q, xp: 2 * right(m, q, xp))
    doubled = Theorem(**{**vars(theorem), "chain": (*theorem.chain[:-1], larger)})
    assert examine(theorem, field, grid_of(theorem, field), doubled).broken == ""


def test_problems_have_the_constants_they_state() -> None:
    x = np.linspace(-3, 3, 2001)
    slope = np.asarray(huber([0.0]).full_gradient(x[None]))[0]
    assert np.abs(slope).max() == 1
    assert np.abs(np.diff(slope) / np.diff(x)).max() <= 1 + 1e-4
    problem = skewed(2)
    atoms = problem.oracle.atoms
    assert atoms is not None
    assert float(atoms.values @ atoms.probabilities) == pytest.approx(0, abs=1e-15)
    assert problem.constants is not None
    slope = float(problem.full_gradient(np.full((1, 1), 9.0))[0, 0])
    assert np.abs(atoms.values).max() + slope <= problem.constants.G.value + 1e-6
    assert histories(problem, 3) == 64
    assert histories(sequences((1.0, 2.0, -3.0)), 3) == 27


def test_every_statement_has_a_check_or_a_reason() -> None:
    asked = {c.statement for c in bridge.checks() if not c.part and not c.false}
    for row in statements().values():
        assert (row.name in asked) is (method("bridge").not_applicable(row) == ""), row.name


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["avgrad-rate", "avgrad-high-probability"])
def test_a_right_side_that_is_no_finite_number_breaks_the_chain(name: str, value: float) -> None:
    chain = list_theorems()[name]
    levels = np.array([np.full((2, 3), 1.0), np.full((2, 3), value)])  # (level, path, t)
    q = Quantities(p=0.5)
    if chain.kind == "probability":
        lows, highs, *_ = trees._sides(chain, levels, np.full(2, 0.5), q)
        assert bool(np.all(lows <= highs)) == np.isinf(value)
    lows, highs, *_ = trees._sides(replace(chain, kind="expectation"), levels, np.full(2, 0.5), q)
    assert trees._first_broken(chain, lows, highs, np.ones(3, bool))
