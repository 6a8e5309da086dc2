"""Identities that need torch or optax: groups, checkpoints, closures, jit, vmap, trees; planted mistakes fail them."""

import functools

import jax  # noqa: F401  # planted programs import it
import pytest
from planted_optimizers import as_mistakes, found_in, made, unshrunk  # noqa: F401

from madatheory.identities import check, find
from madatheory.identities.recognition.traits import PROBES, detect

TORCH = """
import torch

class Simple(torch.optim.Optimizer):
    def __init__(self, params, lr=0.125, momentum=0.5, foreach=False):
        super().__init__(params, {"lr": lr, "momentum": momentum})
        self.defaults["foreach"] = foreach

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["m"] = torch.zeros_like(p)
                state["step"] += 1
                state["m"].mul_(group["momentum"]).add_(p.grad)
                p.add_(state["m"], alpha=-group["lr"] / state["step"])
        return loss
"""
LOOP = """            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
"""
# what is planted: text replaced, replacement, and the identities that must find it
TORCH_MUTANTS: dict[str, tuple[str, str, str]] = {
    "the buffer is the first gradient": ("torch.zeros_like(p)", "p.grad.mul_(1)", "K3"),
    "the counter is not in the state": (
        'state["step"] += 1',
        'self.clock = getattr(self, "clock", 0) + 1\n                state["step"] = self.clock',
        "C4 K6 K7 K8b K9 K9b",
    ),
    "moments under the tensor's id": (
        "state = self.state[p]",
        'state = self.__dict__.setdefault("memory", {}).setdefault(id(p), {})',
        "K6 K7",
    ),
    "settings of the optimizer, not of the group": ('group["lr"]', 'self.defaults["lr"]', "S9b K8"),
    "a momentum that is kept": ('group["momentum"])', 'state.setdefault("mu", group["momentum"]))', "K8c"),
    "state for the first groups only": (
        "state = self.state[p]",
        """if not hasattr(self, "known"):
                    self.known = {id(q) for g in self.param_groups for q in g["params"]}
                state = self.state[p] if id(p) in self.known else {}""",
        "K8b",
    ),
    "states counted along tensors with gradients": (
        LOOP,
        """            for i, p in enumerate([q for q in group["params"] if q.grad is not None]):
                state = self.state[group["params"][i]]
""",
        "K9",
    ),
    "closure without gradients": ("with torch.enable_grad():", "if True:", "K14"),
    "the loss is lost": ("return loss", "return None", "K14"),
    "the closure is called twice": ("loss = closure()", "loss = (closure(), closure())[1]", "K14"),
    "dtype of the first tensor": (
        "torch.zeros_like(p)",
        'torch.zeros(p.shape, dtype=self.param_groups[0]["params"][0].dtype)',
        "K10c",
    ),
    "foreach with another step": ('-group["lr"]', '-group["lr"] * (1 + 1e-9 * self.defaults["foreach"])', "K5"),
    "differentiable with another step": (
        'foreach=False):\n        super().__init__(params, {"lr": lr,',
        "foreach=False, differentiable=False):\n        "
        'super().__init__(params, {"differentiable": differentiable, "lr": lr * (1 + 1e-9 * differentiable),',
        "K5b",
    ),
}

OPTAX = """
import jax, optax
import jax.numpy as jnp

def simple(learning_rate):
    calls = []

    def init(params):
        return {"count": jnp.zeros((), jnp.int32), "m": jax.tree.map(jnp.zeros_like, params)}

    def update(g, state, params=None):
        calls.append(1)
        rate = learning_rate(state["count"]) if callable(learning_rate) else learning_rate
        m = jax.tree.map(lambda a, b: 0.5 * a + b, state["m"], g)
        return jax.tree.map(lambda a: -rate * a, m), {"count": state["count"] + 1, "m": m}

    return optax.GradientTransformation(init, update)
"""
OPTAX_MUTANTS: dict[str, tuple[str, str, str]] = {
    "traced values are dropped": (
        "    calls = []",
        "    calls, learning_rate = [], 0.5 if isinstance(learning_rate, jax.core.Tracer) else learning_rate",
        "E12",
    ),
    "a schedule that is one step late": ('learning_rate(state["count"])', 'learning_rate(state["count"] - 1)', "S9b"),
    "Python counts": ("-rate * a", "-rate * a / len(calls)", "K15"),
    "a loop over a list": (
        'jax.tree.map(lambda a, b: 0.5 * a + b, state["m"], g)',
        '[0.5 * a + b for a, b in zip(state["m"], g, strict=True)]',
        "K15c K15d",
    ),
    "a call that mixes lanes": (
        "-rate * a,",
        '-rate * jax.pure_callback(lambda a: a * (1 + 1e-9 * a.size), a, a, vmap_method="broadcast_all"),',
        "K15b",
    ),
    "moments in float32": ("jnp.zeros_like,", "lambda p: jnp.zeros(p.shape, jnp.float32),", "K10b"),
}


@functools.cache
def traits(kind: str) -> dict[str, bool]:
    """Traits of the right optimizer: detected once."""
    target = find(made(*{"torch": (TORCH, "Simple"), "optax": (OPTAX, "simple")}[kind]))
    return {name: trait.present for name, trait in detect(target, {"lr": 0.125}).items()}


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, "the text to replace must occur exactly once"
    return text.replace(old, new)


@pytest.mark.needs("torch")
def test_right_torch_optimizer_passes():
    assert found_in(check(made(TORCH, "Simple"), only="S,F,C,K", profile="quick")) == {}


@pytest.mark.needs("torch")
@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("mistake", TORCH_MUTANTS)
def test_planted_mistake_in_torch_is_found(mistake):
    old, new, wanted = TORCH_MUTANTS[mistake]
    report = check(made(replaced(TORCH, old, new), "Simple"), only=wanted.replace(" ", ","), traits=traits("torch"))
    assert found_in(report) == as_mistakes(wanted), [(o.code, o.status, o.detail) for o in report.outcomes]


def test_right_transformation_passes():
    assert found_in(check(made(OPTAX, "simple"), only="S,F,C,K", profile="quick")) == {}


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("mistake", OPTAX_MUTANTS)
def test_planted_mistake_in_a_transformation_is_found(mistake):
    old, new, wanted = OPTAX_MUTANTS[mistake]
    report = check(made(replaced(OPTAX, old, new), "simple"), only=wanted.replace(" ", ","), traits=traits("optax"))
    assert found_in(report) == as_mistakes(wanted), [(o.code, o.status, o.detail) for o in report.outcomes]


def shown(outcome, text, name):
    """Its program fails by its assertion, and no more once the right optimizer is what it imports."""
    with pytest.raises(AssertionError, match=f"^{outcome.code}, "):
        exec(outcome.snippet, {})
    made(text, name)
    exec(outcome.snippet, {})


@pytest.mark.needs("torch")
@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize(
    ("mistake", "code", "likely"),
    [
        ("settings of the optimizer, not of the group", "K8", "lr is taken from the first group"),
        ("moments under the tensor's id", "K6", "nothing of the state is loaded"),
        ("states counted along tensors with gradients", "K9", ""),
    ],
)
def test_the_program_of_a_failure_in_torch_passes_when_mended(mistake, code, likely):
    known, (old, new, _) = traits("torch"), TORCH_MUTANTS[mistake]
    (outcome,) = check(made(replaced(TORCH, old, new), "Simple"), only=code, traits=known).failures
    assert outcome.likely.startswith(likely)
    assert likely or not outcome.likely
    shown(outcome, TORCH, "Simple")


@pytest.mark.usefixtures("unshrunk")
def test_the_program_of_a_failing_transformation_passes_when_mended():
    known, (old, new, code) = traits("optax"), OPTAX_MUTANTS["a schedule that is one step late"]
    (outcome,) = check(made(replaced(OPTAX, old, new), "simple"), only=code, traits=known).failures
    shown(outcome, OPTAX, "simple")


def test_a_typed_random_key_in_the_state_is_kept_by_a_checkpoint():
    """optax.noisy_sgd keeps one; it draws for each tensor, so that only what concerns its state is asked here."""
    declared = {**dict.fromkeys(PROBES, False), "deterministic": True}  # all that these ask for
    report = check("optax:noisy_sgd", only="K6,K10,K18", traits=declared)
    assert {o.code: o.status for o in report.outcomes} == {"K6": "pass", "K10": "pass", "K18": "pass"}


def test_a_global_norm_is_seen_however_small_the_steps_are():
    """optax.contrib.dog starts with steps of 1e-7: what moves is compared, not where it is."""
    asked = {"elementwise", "tensorwise"}
    traits = detect(find("optax.contrib:dog"), {"lr": 0.125}, dict.fromkeys(PROBES.keys() - asked, False))
    assert not traits["elementwise"].present
    assert not traits["tensorwise"].present
