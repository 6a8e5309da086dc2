"""Targets as people have them: each works, or is refused with what to do instead."""

import copy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from madatheory.errors import UserError
from madatheory.identities import check
from madatheory.identities.targets.lookup import find
from madatheory.identities.targets.matrices import checkable
from madatheory.identities.targets.target import Target

Run = Callable[..., Result]
OPTAX = """
import jax, jax.numpy as jnp, optax
from rates import RATE

instance = optax.adam(1e-3)

def plain(learning_rate=RATE):
    return optax.adam(learning_rate)

def by_name(learning_rate=RATE):
    label = lambda params: {name: "a" if name == "kernel" else "b" for name in params}
    return optax.multi_transform({"a": optax.sgd(learning_rate), "b": optax.adam(learning_rate)}, label)

def number_only(learning_rate=RATE):
    return optax.chain(optax.scale_by_adam(), optax.scale(-learning_rate))

def attributes(learning_rate=RATE):
    inner = optax.adam(learning_rate)
    return optax.GradientTransformation(lambda model: inner.init(model.weight), inner.update)

def needs_value(learning_rate=RATE):
    inner = optax.adam(learning_rate)
    def update(g, state, x=None, *, value, **extra):
        return inner.update(g, state, x)
    return optax.GradientTransformationExtraArgs(inner.init, update)

def hides_value(learning_rate=RATE):
    inner = optax.adam(learning_rate)
    def update(g, state, x=None, **extra):
        return inner.update(jax.tree.map(lambda a: a * extra["value"], g), state, x)
    return optax.GradientTransformationExtraArgs(inner.init, update)
"""
PLAIN = """
class Adam:
    def __init__(self, lr=1e-3):
        self.lr = lr

    def step(self, x, g):
        return x - self.lr * g

def sgd(w, g, lr=1e-2):
    return w - lr * g
"""
TORCH = """
import functools, torch

instance = torch.optim.Adam([torch.zeros(3, requires_grad=True)])

def groups(params, lr=1e-3):
    params = list(params)
    return torch.optim.AdamW([{"params": [p for p in params if p.ndim >= 2], "weight_decay": 1e-2},
                              {"params": [p for p in params if p.ndim < 2], "weight_decay": 0.0}], lr=lr)

def one_group(params, lr=1e-3):
    return torch.optim.SGD(params, lr=lr)

def without_rate(params):
    return torch.optim.SGD(params, lr=0.5)

def from_model(model, lr=1e-3):
    bias = [p for name, p in model.named_parameters() if name.endswith("bias")]
    rest = [p for name, p in model.named_parameters() if not name.endswith("bias")]
    return torch.optim.SGD([{"params": group} for group in (bias, rest) if group], lr=lr)

def scheduled(params, lr=1e-3):
    made = torch.optim.SGD(params, lr=lr)
    made.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(made, 10)
    return made

class NeedsBatch(torch.optim.SGD):
    def step(self, closure=None, *, bs):
        return super().step(closure)

class Duck:
    def __init__(self, params, lr=1e-3):
        self.params, self.lr = list(params), lr

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.sub_(self.lr * p.grad)

class Pair:
    def __init__(self, params, lr=1e-3):
        params = list(params)
        matrices, rest = [p for p in params if p.ndim == 2], [p for p in params if p.ndim != 2]
        self.parts = ([torch.optim.Muon(matrices, lr=lr)] if matrices else [])
        self.parts += [torch.optim.AdamW(rest, lr=lr)] if rest else []

    def step(self, closure=None):
        for part in self.parts:
            part.step()

    def state_dict(self):
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, saved):
        for part, state in zip(self.parts, saved):
            part.load_state_dict(state)
"""
MATRICES = """
import numpy as np

def spectral(lr=1e-3, momentum=0.5, wrong=False):
    '''x - lr m (m' m)^(-1/2), of matrices alone.'''
    def init(x):
        if x.ndim != 2:
            raise ValueError("matrices only")
        return np.zeros_like(x)

    def update(g, m, x):
        m = momentum * m + g
        u, s, v = np.linalg.svd(m.astype(float), full_matrices=False)
        step = (u * (s > s[0] * 1e-7)) @ v
        if wrong:
            step[0] = np.sign(m[0])
        return x - (lr * step).astype(x.dtype), m

    return init, update

def wrong(lr=1e-3, momentum=0.5):
    return spectral(lr, momentum, wrong=True)
"""
FILES = {
    "rates.py": "RATE = 0.5",
    "with_optax.py": OPTAX,
    "plain.py": PLAIN,
    "with_torch.py": TORCH,
    "matrices.py": MATRICES,
}


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The name of a target in a folder that is not the working folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "rates", raising=False)
    return lambda name: f"{folder}/{name}"


def moved(target: Target) -> tuple[np.ndarray, np.ndarray]:
    """Where a vector and a matrix of ones are after a step, saved and loaded again if that is possible."""
    ones = [np.ones(3), np.ones((2, 2))]
    stepper = target.begin(ones, {})
    stepper.step([np.ones(3), np.ones((2, 2))])
    stepper.state()
    first, second = stepper.parameters()
    return first, second


def test_a_file_finds_its_neighbour(at: Callable[[str], str]) -> None:
    before = list(sys.path)
    target = find(at("with_optax.py:plain"))
    assert target.defaults["lr"] == 0.5
    assert sys.path[: len(before)] == before  # nothing that is installed is hidden afterwards
    space: dict[str, object] = {}
    exec(target.code, space)  # and so does the program of a finding
    assert find(space["optimizer"]).defaults["lr"] == 0.5  # type: ignore[arg-type]


def test_labels_by_name(at: Callable[[str], str]) -> None:
    target = find(at("with_optax.py:by_name"))
    vector, matrix = moved(target)
    np.testing.assert_allclose(matrix, 0.5)  # SGD
    np.testing.assert_allclose(vector, 0.5, rtol=1e-6)  # Adam
    for mode in target.modes:
        settings = {"lr": (0.5, 0.5)} if mode == "scheduled" else {}
        target.begin([np.ones(3), np.ones((2, 2))], settings, mode).step([np.ones(3), np.ones((2, 2))])


@pytest.mark.needs("torch")
@pytest.mark.parametrize(
    ("name", "told"), [("one_group", True), ("groups", True), ("without_rate", True), ("Duck", False), ("Pair", False)]
)
def test_what_keeps_its_settings_in_groups_can_be_told_others(at: Callable[[str], str], name: str, told: bool) -> None:
    target = find(at(f"with_torch.py:{name}"))
    assert ("told" in target.abilities) is told
    stepper = target.begin([np.ones((2, 2))], {})
    if not told:
        with pytest.raises(AttributeError):
            stepper.tell(0, {"lr": 0.25})  # type: ignore[attr-defined]
        return
    stepper.tell(0, {"lr": 0.0})  # type: ignore[attr-defined]
    stepper.step([np.ones((2, 2))])
    np.testing.assert_array_equal(stepper.parameters()[0], np.ones((2, 2)))


def test_a_schedule_is_given_only_to_what_takes_one(at: Callable[[str], str]) -> None:
    assert "scheduled" in find(at("with_optax.py:plain")).abilities
    assert "scheduled" not in find(at("with_optax.py:number_only")).abilities


@pytest.mark.needs("torch")
@pytest.mark.parametrize(
    ("name", "modes"),
    [
        ("one_group", {"closure", "groups", "late groups", "scheduled"}),
        ("without_rate", {"closure", "groups", "late groups"}),
        ("groups", {"closure", "scheduled"}),
        ("from_model", {"closure", "scheduled"}),
        ("scheduled", {"closure", "groups", "late groups", "scheduled"}),
        ("Duck", set()),
        ("Pair", set()),
    ],
)
def test_torch_targets_have_the_modes_that_they_have(at: Callable[[str], str], name: str, modes: set[str]) -> None:
    target = find(at(f"with_torch.py:{name}"))
    assert set(target.modes) == {"strided", "one buffer", *modes}
    assert set(target.modes) <= target.abilities
    assert not {"closure", "groups", "late groups", "scheduled"} - modes & target.abilities
    vector, matrix = moved(target)
    assert (vector < 1).all()
    assert (matrix < 1).all()
    for mode in target.modes:
        settings = {"lr": (0.5, 0.5)} if mode == "scheduled" else {}
        target.begin([np.ones(3), np.ones((2, 2))], settings, mode).step([np.ones(3), np.ones((2, 2))])


REFUSED = [
    ("with_optax.py:instance", "is an optimizer that is built already, and new ones are needed: give the factory"),
    ("with_optax.py:attributes", "give a factory of a transformation that takes any tree of arrays"),
    ("with_optax.py:needs_value", "update needs value besides gradients"),
    ("with_optax.py:hides_value", "update needs value besides gradients"),
    ("plain.py:Adam", "where step(x, g) returns x, that is lambda lr: (lambda x: Adam(lr)"),
    ("plain.py:sgd", "sgd needs w, g"),
]
REFUSED_TORCH = [
    ("with_torch.py:instance", "is an optimizer that is built already, and new ones are needed: give the factory"),
    ("with_torch.py:NeedsBatch", "step needs bs besides gradients; give a factory that fills it in"),
    ("torch.optim:LBFGS", "step needs a closure"),
    ("torch.optim:Muon", "it takes matrices only"),
]


@pytest.mark.parametrize(("name", "message"), REFUSED)
def test_what_is_refused_says_what_to_do(at: Callable[[str], str], name: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        find(at(name))
    assert message in str(raised.value)


@pytest.mark.needs("torch")
@pytest.mark.parametrize(("name", "message"), REFUSED_TORCH)
def test_what_is_refused_of_torch_says_what_to_do(at: Callable[[str], str], name: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        find(at(name) if ".py" in name else name).begin([np.ones(3)], {})
    assert message in str(raised.value)


@pytest.mark.parametrize("command", ["check", "identify"])
def test_a_refusal_ends_with_status_2(run: Run, at: Callable[[str], str], command: str) -> None:
    result = run(command, at("with_optax.py:instance"))
    assert result.exit_code == 2, result.output
    assert "give the factory" in result.stderr


def test_the_recipe_for_an_update_rule_works(at: Callable[[str], str]) -> None:
    space: dict[str, object] = {}
    exec(PLAIN, space)
    adam = space["Adam"]

    def make(lr: float = 0.5) -> object:
        return (lambda x: adam(lr)), lambda g, own, x: (own.step(x, g), own)  # type: ignore[operator]

    np.testing.assert_array_equal(moved(find(make))[0], 0.5)


def test_vectors_are_given_as_matrices_to_what_takes_these_alone(at: Callable[[str], str]) -> None:
    inner, outer = find(at("matrices.py:spectral")), checkable(at("matrices.py:spectral"))
    x, g = np.array([1.0, -2.0, 0.5]), np.array([0.25, 1.0, -1.5])
    matrices = [np.stack([v, v[::-1] / 2], axis=1) for v in (x, g)]
    one, other = inner.begin(matrices[:1], {}), outer.begin([x, np.array(2.0)], {})
    for mode in ("strided", "one buffer"):
        assert mode in outer.abilities
    for stepper in (other, copy.deepcopy(other), other.load(other.save())):
        begun = copy.deepcopy(one)
        begun.step(matrices[1:])
        stepper.step([g, np.array(0.5)])
        np.testing.assert_array_equal(stepper.parameters()[0], begun.parameters()[0][:, 0])
        assert stepper.parameters()[1].shape == ()
        np.testing.assert_array_equal(stepper.given()[0], g)  # type: ignore[attr-defined]
    whole = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(outer.begin([whole], {}).parameters()[0], whole)
    assert checkable("optax:sgd").code == find("optax:sgd").code  # what takes vectors gets them


def test_laws_hold_for_a_method_for_matrices_alone_and_see_its_mistake(at: Callable[[str], str]) -> None:
    codes = "S5,S7,F1,F4,M1,M6,K1,K2,K3,K6,K8,K9"
    right = check(at("matrices.py:spectral"), only=codes, profile="quick")
    assert right.ok, [f"{o.code} {o.detail}" for o in right.failures] or right.problem
    assert sum(o.status == "pass" for o in right.outcomes) >= 10
    wrong = check(at("matrices.py:wrong"), only="M1", profile="quick")
    assert [o.status for o in wrong.outcomes] == ["convention"]
    program = wrong.outcomes[0].snippet
    assert "for matrices alone" in program
    with pytest.raises(AssertionError, match="M1, transposed"):
        exec(program, {})


@pytest.mark.needs("torch")
def test_muon_is_checked_on_matrices() -> None:
    found = check("torch.optim:Muon", only="S1,S7,F1,F3,M,K2,K6,K8,K9", profile="quick")
    assert found.ok, [f"{o.code} {o.detail}" for o in found.failures] or found.problem
    assert sum(o.status == "pass" for o in found.outcomes) >= 12
