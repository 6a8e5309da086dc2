"""What SymPy decides, and that a wrong constant in the package is not decided in its favour."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from tolerances import DOUBLE

from madatheory.engine.traced import Algebra, Unknown, traced
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.optimizer import Clock
from madatheory.theory.catalogue import list_lemmas, list_theorems
from madatheory.theory.chains.decoupled import DecouplingConstants
from madatheory.theory.lemmas import avgrad_weights
from madatheory.theory.theorems import avgrad_rate
from proofs_check.evidence import Check, Status
from proofs_check.statements import statements
from proofs_check.symbolic import (
    chains,
    checks,
    decoupling,
    instances,
    links,
    logarithms,
    not_applicable,
    smooth,
    updates,
)
from proofs_check.symbolic.signs import identity, inequality, is_nonnegative, is_zero, without_roots

SLOW = ("adam-step-size",)  # seconds


def test_every_statement_has_a_check_or_a_reason() -> None:
    whole = {check.statement for check in checks() if not check.part and not check.false}
    for name, row in statements().items():
        assert (name in whole) != bool(not_applicable(row)), name


@pytest.mark.slow  # make prove decides the same
@pytest.mark.parametrize(
    "check", [c for c in checks() if c.statement not in SLOW], ids=lambda c: f"{c.statement} {c.part}".strip()
)
def test_check(check: Check) -> None:
    status = check.decide().status
    if check.false:
        assert status is Status.REFUTED
    else:
        assert status is (Status.SUPPORTED if check.part == "the package's law" else Status.PROVED)


# --- deciding signs ---

x, y = sp.symbols("x y", positive=True)
z = sp.Symbol("z", real=True)


@pytest.mark.parametrize("true", [x / y, (x - y) ** 2 / (x + y), 1 / (1 + z**2), x**2 + 2 * x * y, sp.Integer(0)])
def test_nonnegative(true: Any) -> None:
    assert is_nonnegative(true)


@pytest.mark.parametrize("false", [x - y, -x, z, (x - y) / (x + y), 1 / (x - y) ** 2, x**2 - x * y + z, -(z**2)])
def test_not_decided_as_nonnegative(false: Any) -> None:
    assert not is_nonnegative(false)


def test_roots_become_symbols() -> None:
    assert not without_roots(sp.sqrt(1 + x) / sp.sqrt(y)).has(sp.sqrt(1 + x))
    assert is_nonnegative(sp.sqrt(1 + x) * y)
    assert not is_nonnegative(sp.sqrt(x) - sp.sqrt(y))


def test_identities() -> None:
    assert is_zero((x + y) ** 2 - x**2 - 2 * x * y - y**2)
    assert is_zero(x - y) is False
    refuted = identity(x**2 - x * y, "")
    assert refuted.status is Status.REFUTED
    assert refuted.witness
    assert inequality(x - y, "").status is Status.REFUTED
    assert inequality(1 + sp.sin(z), "").status is Status.OPEN  # true, and not decided


# --- a mistake in a formula of the package ---


def _wrong_pair(monkeypatch: pytest.MonkeyPatch, pair: DecouplingConstants) -> None:
    wrong = replace(avgrad_rate._theorem("avgrad-rate", pair, "planted"))
    monkeypatch.setattr(links, "list_theorems", lambda: {**list_theorems(), "avgrad-rate": wrong})


def _link(theorem: str, to: str) -> links.Link:
    return next(link for link in chains.links() if (link.theorem, link.to) == (theorem, to))


def test_t5_with_a_constant_smaller_than_its_lemmas(monkeypatch: pytest.MonkeyPatch) -> None:
    _wrong_pair(monkeypatch, DecouplingConstants((1, 1), (39, 100)))
    assert _link("avgrad-rate", "decoupled").decide().status is Status.REFUTED


def _scaled(
    name: str, level: str, change: Callable[[Any, Any, Any, Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    theorem = list_theorems()[name]
    chain = tuple(
        replace(one, value=lambda m, q, xp, old=one.value: change(old, m, q, xp)) if one.name == level else one
        for one in theorem.chain
    )
    monkeypatch.setattr(links, "list_theorems", lambda: {**list_theorems(), name: replace(theorem, chain=chain)})


@pytest.mark.parametrize(
    ("name", "level", "change"),
    [
        ("avgrad-rate", "descent", lambda old, m, q, xp: old(m, q._replace(L=q.L / 2), xp)),
        ("avgrad-rate", "expected denominator", lambda old, m, q, xp: old(m, q, xp) * xp.rational(99, 100)),
        ("avgrad-rate", "weights 1/sqrt(t)", lambda old, m, q, xp: old(m, q, xp) * xp.rational(99, 100)),
        ("avgrad-rate", "data-dependent bound", lambda old, m, q, xp: old(m, q._replace(D0=q.D0 / 2), xp)),
        ("amsgrad-monotone-rate", "Young", lambda old, m, q, xp: old({**m, "squared_drift": 0}, q, xp)),
        ("avgrad-momentum-rate", "bounded gradients", lambda old, m, q, xp: old(m, q._replace(G=q.G / 2), xp)),
    ],
)
def test_a_level_that_is_too_small(
    name: str, level: str, change: Callable[[Any, Any, Any, Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _link(name, level).decide().status is Status.PROVED
    _scaled(name, level, change, monkeypatch)
    assert _link(name, level).decide().status is Status.REFUTED


@pytest.mark.parametrize("name", ["avgrad-rate", "amsgrad-rate", "avgrad-horizon-rate"])
def test_a_last_step_that_promises_more_than_its_lemma(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    link = next(link for link in chains.last_links() if link.theorem == name)
    assert link.decide().status is Status.PROVED
    _scaled(name, "a-priori bound", lambda old, m, q, xp: old(m, q._replace(L=q.L / 2), xp), monkeypatch)
    assert link.decide().status is Status.REFUTED


def test_l1_with_a_smaller_constant_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = next(f for f in list_lemmas()["decoupling"].false_variants if f.name == "decoupling-38")
    monkeypatch.setattr(decoupling, "list_lemmas", lambda: {**list_lemmas(), "decoupling": wrong})
    assert decoupling.sharp_constant().status is Status.OPEN


def test_constants_are_read_off_the_lemmas() -> None:
    k = sp.Symbol("k", positive=True)
    assert decoupling.constants(list_lemmas()["decoupling"]) == (1, sp.Rational(2, 5))
    assert decoupling.constants(list_lemmas()["decoupling-published"]) == (sp.Rational(1, 2), 2)
    c, K = decoupling.constants(list_lemmas()["decoupling-family"])
    assert sp.simplify(c - (1 - k)) == 0
    assert sp.simplify(K - 1 / (8 * k)) == 0


def test_l3_with_a_wrong_exponent(monkeypatch: pytest.MonkeyPatch) -> None:
    old = avgrad_weights._by_weights
    monkeypatch.setattr(avgrad_weights, "_by_weights", lambda v, shift: old(v, shift + 1))
    one = next(i for i in instances.INSTANCES if i.lemma == "avgrad-weights")
    finding = one.decide()
    assert finding.status is Status.REFUTED
    assert "u = " in finding.witness


def test_psi_with_a_wrong_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    old = logarithms.Psi
    monkeypatch.setattr(logarithms, "Psi", lambda c, xp: old(c, xp) + c)
    assert logarithms.psi_is_the_integral().status is not Status.PROVED


def test_a_constant_that_is_not_the_supremum() -> None:
    assert smooth.constant("ratio", "slope").status is Status.PROVED
    assert smooth.constant("ratio", "slope", 1 + 1e-12).status is Status.REFUTED  # too large to be the supremum
    assert smooth.constant("ratio", "slope", 1 - 1e-12).status is Status.REFUTED


# --- the traced optimizers ---


def _floats() -> Algebra:
    compared: Mapping[str, Callable[[float, float], bool]] = {
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
    }
    return Algebra(
        float,
        lambda v: float(v) ** 0.5,
        max,
        min,
        lambda v: float(np.sign(v)),
        lambda name, a, b: compared[name](a, b),
        lambda condition, yes, no: yes if condition else no,
    )


CASES = (
    ("adam", {"form": "practical"}),
    ("adam", {"form": "theory"}),
    ("avgrad", {"form": "theory"}),
    ("avgrad", {"form": "practical"}),
    ("amsgrad", {"form": "theory"}),
    ("adam-avgrad", {"form": "theory"}),
    ("yogi", {"form": "theory"}),
    ("lion", {}),
    ("mada-family", {"form": "practical"}),
    ("safeguarded-mada", {"safeguard": "sum"}),
    ("safeguarded-mada", {"safeguard": "max", "path": "greedy"}),
)


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: str(v))
def test_a_traced_step_is_the_step(name: str, options: Mapping[str, str], float64: None) -> None:
    import jax.numpy as jnp

    optimizer = list_optimizers()[name].make(options)
    hyper = {k: jnp.asarray(float(v)) for k, v in optimizer.hyper().items()}
    method = traced(optimizer, tuple(hyper), _floats())
    plain = {k: float(v) for k, v in hyper.items()}
    ours, theirs = method.start(plain), optimizer.init(hyper, jnp.asarray(0.0))
    for t, g in enumerate((0.7, -1.3, 0.0, 2.1), 1):
        step, ours = method.step(plain, ours, g, float(t))
        expected, theirs = optimizer.step(
            hyper, theirs, jnp.asarray(g), Clock(jnp.asarray(float(t)), jnp.asarray(jnp.nan))
        )
        for found, right in zip(step, expected, strict=True):
            assert float(found) == pytest.approx(float(right), rel=DOUBLE.thousands, abs=1e-300)
        assert {k: float(v) for k, v in ours.items()} == pytest.approx(
            {k: float(v) for k, v in theirs.items()}, rel=DOUBLE.thousands
        )


def test_an_operation_without_meaning_is_named() -> None:
    optimizer = list_optimizers()["adam"].make({"form": "practical"})
    strange = replace(optimizer, init=lambda h, x: {"v": __import__("jax").numpy.tan(x)})
    with pytest.raises(Unknown, match="'tan'"):
        traced(strange, (), _floats()).start({})


def test_another_method_breaks_the_closed_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """L3 is about AVGrad; AMSGrad's reference is no sum."""
    old = updates._method
    monkeypatch.setattr(updates, "_method", lambda name, names, **options: old("amsgrad", names, **options))
    assert updates.constant_gradient().status is not Status.PROVED


def test_t10_is_decided_for_two_steps() -> None:
    assert updates.longest_adam_step(2).status is Status.PROVED
    assert updates.shorter_adam_step().status is Status.REFUTED
