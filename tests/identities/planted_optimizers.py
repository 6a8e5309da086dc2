"""Right optimizers as program text, and the same with a text replaced."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import Phase

from madatheory.identities.check import Report
from madatheory.identities.identity import identities

RIGHT = """
import numpy as np

def adam(lr=0.125, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, maximize=False):
    def init(x):
        wide = np.result_type(x.dtype, np.float32)
        real = np.empty(0, wide).real.dtype
        return {"t": 0, "m": np.zeros(x.shape, wide), "v": np.zeros(x.shape, real), "old": np.zeros(x.shape, wide)}

    def update(g, state, x):
        d = -g if maximize else g
        d = np.asarray(d, state["m"].dtype)
        t = state["t"] + 1
        m = beta1 * state["m"] + (1 - beta1) * d
        v = beta2 * state["v"] + (1 - beta2) * np.abs(d) ** 2
        mhat, vhat = m / (1 - beta1**t), v / (1 - beta2**t)
        u = mhat / (np.sqrt(vhat) + eps)
        decayed = x * (1 - lr * weight_decay)
        new = decayed - lr * u
        return np.asarray(new, x.dtype), {"t": t, "m": m, "v": v, "old": d}

    return init, update


def lion(lr=0.125, beta1=0.9, beta2=0.99, weight_decay=0.0):
    def init(x):
        return {"m": np.zeros(x.shape, np.result_type(x.dtype, np.float32))}

    def update(g, state, x):
        d = np.asarray(g, state["m"].dtype)
        u = np.sign(beta1 * state["m"] + (1 - beta1) * d)
        m = beta2 * state["m"] + (1 - beta2) * d
        return np.asarray(x * (1 - lr * weight_decay) - lr * u, x.dtype), {"m": m}

    return init, update


def sgd(lr=0.125, momentum=0.5, weight_decay=0.0):
    def init(x):
        return {"m": np.zeros(x.shape, np.result_type(x.dtype, np.float32))}

    def update(g, state, x):
        d = np.asarray(g, state["m"].dtype) + weight_decay * x
        m = momentum * state["m"] + d
        return np.asarray(x - lr * m, x.dtype), {"m": m}

    return init, update


def compensated(lr=0.125, weight_decay=0.0):
    def init(x):
        return {"lost": np.zeros(x.shape, np.result_type(x.dtype, np.float32))}

    def update(g, state, x):
        d, whole = np.asarray(g, state["lost"].dtype), np.asarray(x, state["lost"].dtype)
        whole = whole * (1 - lr * weight_decay) - lr * d + state["lost"]
        new = np.asarray(whole, x.dtype)
        return new, {"lost": whole - np.asarray(new, whole.dtype)}

    return init, update


def accumulating(lr=0.125, beta1=0.5, weight_decay=0.0, every=1):
    def init(x):
        zeros = np.zeros(x.shape, np.result_type(x.dtype, np.float32))
        return {"t": 0, "m": zeros, "sum": zeros}

    def update(g, state, x):
        t, total = state["t"] + 1, state["sum"] + np.asarray(g, state["m"].dtype)
        if t % every:
            return x, {**state, "t": t, "sum": total}
        m, count = beta1 * state["m"] + (1 - beta1) * total / every, t // every
        new = x * (1 - lr * weight_decay) - lr * m / (1 - beta1**count)
        return np.asarray(new, x.dtype), {"t": t, "m": m, "sum": 0 * total}

    return init, update


class Forgetful(int):
    def __deepcopy__(self, memo):
        return 0

    def __reduce__(self):
        return int, (0,)


def adafactor(lr=0.125):
    def init(x):
        real = np.result_type(np.empty(0, x.dtype).real.dtype, np.float32)
        return {"t": 0, "row": np.zeros(x.shape[:1], real), "column": np.zeros(x.shape, real).sum(axis=0)}

    def update(g, state, x):
        d, t = np.array(g, np.result_type(g.dtype, np.float32)), state["t"] + 1
        square = np.abs(d) ** 2 + 1e-30
        if x.ndim == 2:
            row = 0.5 * state["row"] + 0.5 * square.mean(axis=1)
            column = 0.5 * state["column"] + 0.5 * square.mean(axis=0)
            v = row[:, None] * column / row.mean()
            state = {"t": t, "row": row, "column": column}
        else:
            v = square
        new = x - lr * d / np.sqrt(v / (1 - 0.5**t if x.ndim == 2 else 1))
        return np.asarray(new, x.dtype), state

    return init, update
"""


def made(text: str, name: str) -> Callable[..., Any]:
    """The optimizer `name` of a program text, in a module where pickle finds it."""
    module = sys.modules["planted_program"] = ModuleType("planted_program")
    exec(compile(text, "planted", "exec"), module.__dict__)
    return module.__dict__[name]


def planted(name: str, old: str, new: str) -> Callable[..., Any]:
    """The right optimizer `name` with one text replaced, which must occur exactly once in it."""
    start = RIGHT.index(f"def {name}(")
    end = RIGHT.index("return init, update", start)
    body = RIGHT[start:end]
    assert body.count(old) == 1, "the text to replace must occur exactly once"
    return made(RIGHT[:start] + body.replace(old, new) + RIGHT[end:], name)


def found_in(report: Report) -> dict[str, str]:
    """What comes of each identity that does not hold: "FAIL", "error", or "convention" where it is excused."""
    assert not report.problem
    return {outcome.code: outcome.status for outcome in (*report.failures, *report.conventions)}


def as_mistakes(codes: str) -> dict[str, str]:
    """What `found_in` must say of a planted mistake: "FAIL", but for laws that are no more than conventions."""
    return {code: "convention" if identities()[code].convention else "FAIL" for code in codes.split()}


@pytest.fixture
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing examples as they are found: what is tested here is that they are found, and shrinking takes longer."""
    phases = SimpleNamespace(generate=Phase.generate, shrink=Phase.generate)
    monkeypatch.setattr("hypothesis.Phase", phases)
