"""Mistakes in the formulas of theorems, each of which the trees must find."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from madatheory.arithmetic import Arithmetic, Number
from madatheory.theory.quantities import Quantities
from madatheory.theory.theorem import Level, Theorem, Value

Change = Callable[[Value], Value]


def _with(**changes: Callable[[Quantities], Number]) -> Change:
    """The formula at other values of some symbols."""

    def change(value: Value) -> Value:
        return lambda m, q, xp: value(m, q._replace(**{k: f(q) for k, f in changes.items()}), xp)

    return change


def _times(factor: Callable[[Quantities, Arithmetic], Number]) -> Change:
    return lambda value: lambda m, q, xp: value(m, q, xp) * factor(q, xp)


def _no_logarithm(value: Value) -> Value:
    return lambda m, q, xp: value(m, q, xp._replace(log=lambda x: 0 * x, log1p=lambda x: 0 * x))


def _half_of_K(value: Value) -> Value:
    """Constants of L1 halved: 2/5 becomes 1/5, 2 becomes 1."""
    halves = {(2, 5): (1, 5), (2, 1): (1, 1)}
    return lambda m, q, xp: value(m, q, xp._replace(rational=lambda a, b: xp.rational(*halves.get((a, b), (a, b)))))


# name -> the level it is planted in ("" for the last one), and what it does
MISTAKES: Mapping[str, tuple[str, Change]] = {
    "right side halved": ("", _times(lambda q, xp: 0.5)),
    "D0 forgotten": ("", _with(D0=lambda q: 0 * q.D0)),
    "half of L": ("", _with(L=lambda q: q.L / 2)),
    "half of N": ("", _with(N=lambda q: q.N / 2)),
    "half of Delta": ("", _with(Delta=lambda q: q.Delta / 2)),
    "half of L in the distances": ("distances", _with(L=lambda q: q.L / 2)),
    "eta ten times as large in the regret": ("best fixed step", _with(eta=lambda q: 10 * q.eta)),
    "eta a tenth in the regret": ("best fixed step", _with(eta=lambda q: q.eta / 10)),
    "d forgotten": ("", _with(d=lambda q: 1)),
    "logarithm forgotten": ("", _no_logarithm),
    "beta2 for 1 - beta2": ("", _with(beta2=lambda q: 1 - q.beta2)),
    "noise forgotten": ("", _with(sigma=lambda q: 0 * q.sigma)),
    "half of sigma": ("", _with(sigma=lambda q: q.sigma / 2)),
    "T^2 for T": ("", _with(T=lambda q: q.T**2)),
    "half of D": ("", _with(D=lambda q: q.D / 2)),
    "beta1 forgotten in the data-dependent form": ("data-dependent bound", _with(beta1=lambda q: 0 * q.beta1)),
    "beta1 forgotten in the telescope": ("telescoped distances", _with(beta1=lambda q: 0 * q.beta1)),
    "beta1 forgotten in the published bound": ("published bound", _with(beta1=lambda q: 0 * q.beta1)),
    "half of K": ("decoupled", _half_of_K),
    "half of G": ("decoupled", _with(G=lambda q: q.G / 2)),
    "no K at all": ("decoupled", _with(G=lambda q: 0 * q.G)),
    "eps forgotten": ("expected denominator", _with(eps=lambda q: 0 * q.eps)),
    "noise forgotten in the decoupling": ("decoupled", _with(sigma=lambda q: 0 * q.sigma)),
    "noise forgotten in the denominators": ("denominators", _with(sigma=lambda q: 0 * q.sigma)),
    "half of L in the descent": ("descent", _with(L=lambda q: q.L / 2)),
    "half of N in the descent": ("descent", _with(N=lambda q: q.N / 2)),
    "half of L at the shifted point": ("smooth at the shifted point", _with(L=lambda q: q.L / 2)),
    "D0 forgotten in the data-dependent form": ("data-dependent bound", _with(D0=lambda q: 0 * q.D0)),
}


def plant(theorem: Theorem, mistake: str) -> Theorem | None:
    """The theorem with the mistake in one level; None where it has no such level."""
    where, change = MISTAKES[mistake]
    names = [level.name for level in theorem.chain]
    if where and where not in names:
        return None
    at = names.index(where) if where else len(names) - 1
    wrong: Level = replace(theorem.chain[at], value=change(theorem.chain[at].value))
    return replace(theorem, chain=(*theorem.chain[:at], wrong, *theorem.chain[at + 1 :]))
