"""What learning costs, per learned subset: python benchmarks/training_cost.py [NAMES] [--torch] [--gpt].

Time of an update and bytes of state beside `optax.adam`, and with --torch beside `torch.optim.Adam`. With --gpt: the
share of a whole training step of the published mini-GPT that is MADA's update, in both.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from madatheory.studies.tasks.language import MINI_GPT, char_gpt, manual
from madatheory.training.baselines import badam, hyperadam
from madatheory.training.transformation import mada

_START: dict[str, Any] = {"b1": 0.9, "b2": 0.95, "b3": 0.1, "rho": 0.5, "c": 0.9, "gamma": 0.9}
SUBSETS: Mapping[str, tuple[str, ...]] = {
    "nothing learned": (),
    "learning_rate": ("learning_rate",),
    "rho": ("rho",),
    "learning_rate, rho": ("learning_rate", "rho"),
    "b2": ("b2",),
    "b1, b2, rho": ("b1", "b2", "rho"),
    "all": tuple(_START),
}
"""The measured subsets; "all" is b1, b2, b3, rho, c and gamma."""


class TransformationCost(NamedTuple):
    """One transformation: median and smallest seconds of an update, the median of its ratio to Adam's in the same
    round, and the bytes of its state with their ratio to Adam's."""

    name: str
    median: float
    least: float
    ratio: float
    bytes: int
    bytes_ratio: float


def contenders() -> dict[str, Callable[[], Any]]:
    """Name -> factory of a transformation; the first is what the others are compared with."""
    found: dict[str, Callable[[], Any]] = {"optax.adam": lambda: optax.adam(1e-3)}
    for label, names in SUBSETS.items():
        initial: dict[str, Any] = {name: _START[name] for name in names if name in _START}
        rules = dict.fromkeys(names, 1e-3)
        found[f"mada, {label}"] = lambda r=rules, i=initial: mada(1e-3, r, **i)
    found["mada, rho lagged"] = lambda: mada(1e-3, {"rho": 1e-3}, rho=0.5, lag=1)
    found["hyperadam"] = lambda: hyperadam(1e-3, 1e-3)
    found["badam, 8 blocks"] = lambda: badam(1e-3, 100)
    return found


def torch_contenders() -> dict[str, Callable[[Any], Any]]:
    """The same in PyTorch: name -> optimizer of a list of parameters; compiled ones take their step so."""
    import torch

    from madatheory.torch import MADA, HyperAdam

    found: dict[str, Callable[[Any], Any]] = {
        "torch.optim.Adam": lambda p: torch.optim.Adam(p),
        "torch.optim.Adam, foreach": lambda p: torch.optim.Adam(p, foreach=True),
        "torch.optim.Adam, fused": lambda p: torch.optim.Adam(p, fused=True),
    }
    for label, names in SUBSETS.items():
        initial: dict[str, Any] = {name: _START[name] for name in names if name in _START}
        rules = {"lr" if name == "learning_rate" else name: 1e-3 for name in names}
        found[f"MADA, {label}"] = lambda p, r=rules, i=initial: MADA(p, 1e-3, r, **i)
    every = dict.fromkeys(("lr", *_START), 1e-3)
    found["MADA, all seven"] = lambda p: MADA(p, 1e-3, every, **_START)
    found["MADA, rho lagged"] = lambda p: MADA(p, 1e-3, {"rho": 1e-3}, rho=0.5, lag=1)
    found["MADA, default"] = lambda p: MADA(p)
    found["HyperAdam"] = lambda p: HyperAdam(p, 1e-3, 1e-3)
    for label in ("torch.optim.Adam", "MADA, rho", "MADA, rho lagged", "MADA, all seven"):
        found[f"{label}, compiled"] = found[label]
    return found


def torch_bytes(optimizer: Any) -> int:
    """Bytes of all tensors of an optimizer's state."""
    return sum(
        x.numel() * x.element_size() for s in optimizer.state.values() for x in s.values() if hasattr(x, "numel")
    )


def measure_torch(
    names: Sequence[str] | None = None, *, size: int = 10_000_000, leaves: int = 8, rounds: int = 7, warm: int = 1
) -> list[TransformationCost]:
    """As `measure`, for PyTorch; only the parameters of one contender are in memory beside the first's."""
    import torch

    made = torch_contenders()
    chosen = list(made) if names is None else [next(iter(made)), *names]

    def prepared(name: str) -> tuple[Any, Callable[[], Any]]:
        torch.manual_seed(0)
        params = [torch.ones(size // leaves).requires_grad_() for _ in range(leaves)]
        for x in params:
            x.grad = torch.randn(size // leaves)
        optimizer = made[name](params)
        return optimizer, torch.compile(optimizer.step) if name.endswith("compiled") else optimizer.step

    def seconds(step: Callable[[], Any]) -> float:
        step()
        begin = time.perf_counter()
        step()
        return time.perf_counter() - begin

    first, base = prepared(chosen[0])
    costs = []
    for name in chosen:
        optimizer, step = prepared(name)
        timed = [(seconds(step), seconds(base)) for _ in range(warm + rounds)][warm:]
        own, bytes_ratio = [one for one, _ in timed], torch_bytes(optimizer) / torch_bytes(first)
        ratio = 1.0 if name == chosen[0] else statistics.median(one / other for one, other in timed)
        costs.append(
            TransformationCost(name, statistics.median(own), min(own), ratio, torch_bytes(optimizer), bytes_ratio)
        )
    return costs


def state_bytes(state: optax.OptState) -> int:
    """Bytes of all arrays of a state."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in map(jnp.asarray, jax.tree.leaves(state)))


def measure(
    names: Sequence[str] | None = None, *, size: int = 10_000_000, leaves: int = 8, rounds: int = 7, warm: int = 1
) -> list[TransformationCost]:
    """The costs of `names` (all of `contenders`) on `size` float32 parameters in `leaves` equal leaves.

    Every contender takes one update in turn, round after round, each after an untimed one of its own, so that other
    load meets all alike; a ratio is taken within its round. The first contender is always measured.
    """
    made = contenders()
    chosen = list(made) if names is None else [next(iter(made)), *names]
    key = jax.random.key(0)
    x = {str(i): jnp.ones(size // leaves) for i in range(leaves)}
    g = {name: jax.random.normal(jax.random.fold_in(key, i), leaf.shape) for i, (name, leaf) in enumerate(x.items())}
    states, updates, seconds = {}, {}, {name: [] for name in chosen}
    for name in chosen:
        tx = made[name]()
        states[name], updates[name] = tx.init(x), jax.jit(tx.update)
    for _ in range(warm + rounds):
        for name in chosen:
            for _ in range(2):
                begin = time.perf_counter()
                out = updates[name](g, states[name], x)
                jax.block_until_ready(out)
                taken = time.perf_counter() - begin
                states[name] = out[1]
                del out
            seconds[name].append(taken)
    timed = {name: values[warm:] for name, values in seconds.items()}
    base, base_bytes = timed[chosen[0]], state_bytes(states[chosen[0]])
    return [
        TransformationCost(
            name,
            statistics.median(timed[name]),
            min(timed[name]),
            statistics.median(one / other for one, other in zip(timed[name], base, strict=True)),
            state_bytes(states[name]),
            state_bytes(states[name]) / base_bytes,
        )
        for name in chosen
    ]


def table(costs: Sequence[TransformationCost], library: str = f"JAX {jax.__version__}") -> str:
    """The costs as a Markdown table, with the load of the machine."""
    lines = [
        "| transformation | ms, median | ms, least | median of time / Adam's | MB of state | state / Adam's |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {c.name} | {1e3 * c.median:.1f} | {1e3 * c.least:.1f} | {c.ratio:.2f} "
        f"| {c.bytes / 1e6:.1f} | {c.bytes_ratio:.2f} |"
        for c in costs
    ]
    return "\n".join([*lines, "", f"{library}, {machine()}"])


class StepShare(NamedTuple):
    """Median seconds of the loss and its gradient, of Adam's update and of MADA's, by default arguments."""

    library: str
    gradient: float
    adam: float
    mada: float

    @property
    def share(self) -> float:
        """MADA's part of its whole training step."""
        return self.mada / (self.gradient + self.mada)

    @property
    def longer(self) -> float:
        """By how much a step with MADA takes longer than one with Adam, relatively."""
        return (self.mada - self.adam) / (self.gradient + self.adam)


def step_share(library: str, parts: Sequence[Callable[[], Any]], rounds: int) -> StepShare:
    """The parts of a step in turn, round after round, so that other load meets all alike; the first round warms up."""
    seconds: list[list[float]] = [[] for _ in parts]
    for _ in range(1 + rounds):
        for part, taken in zip(parts, seconds, strict=True):
            begin = time.perf_counter()
            part()
            taken.append(time.perf_counter() - begin)
    return StepShare(library, *(statistics.median(taken[1:]) for taken in seconds))


def gpt_in_jax(sizes: Mapping[str, Any] = MINI_GPT) -> list[Callable[[], Any]]:
    """The parts of a step: the gradient of `char_gpt`, the updates of `optax.adam` and of `mada`."""
    task, key = char_gpt(**sizes), jax.random.key(0)
    x = task.init(key)
    gradient = jax.jit(jax.value_and_grad(task.loss))
    g = gradient(x, key)[1]

    def part(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        return lambda: jax.block_until_ready(function(*arguments))

    updates = [part(jax.jit(tx.update), g, tx.init(x), x) for tx in (optax.adam(1e-3), mada(1e-3))]
    return [part(gradient, x, key), *updates]


def torch_gpt(
    size: int, layers: int, heads: int, width: int, context: int, dropout: float
) -> tuple[Any, Callable[[Any], Any]]:
    """The network of `char_gpt` in PyTorch, and its loss of rows (batch, context + 1) of characters."""
    import torch
    from torch import nn

    block = nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True, bias=False
    )
    last = nn.LayerNorm(width, bias=False)
    blocks = nn.TransformerEncoder(block, layers, last, enable_nested_tensor=False)
    tokens, positions = nn.Embedding(size, width), nn.Embedding(context, width)
    mask = nn.Transformer.generate_square_subsequent_mask(context)

    def loss(rows: Any) -> Any:
        x = nn.functional.dropout(tokens(rows[:, :-1]) + positions.weight, dropout)
        found = blocks(x, mask, is_causal=True) @ tokens.weight.T
        return nn.functional.cross_entropy(found.flatten(0, 1), rows[:, 1:].flatten())

    return torch.nn.ModuleList([tokens, positions, blocks]), loss


def gpt_in_torch(sizes: Mapping[str, Any] = MINI_GPT) -> list[Callable[[], Any]]:
    """As `gpt_in_jax`: backpropagation, and the steps of `torch.optim.Adam` and of `madatheory.torch.MADA`."""
    import torch

    from madatheory.torch import MADA

    torch.manual_seed(0)
    kinds = len(manual().vocabulary)
    names = ("layers", "heads", "width", "context", "dropout")
    model, loss = torch_gpt(kinds, **{name: sizes[name] for name in names})
    rows = torch.randint(kinds, (sizes["batch"], sizes["context"] + 1))

    def gradient() -> None:
        model.zero_grad()
        loss(rows).backward()

    gradient()
    return [gradient, torch.optim.Adam(model.parameters()).step, MADA(model.parameters()).step]


def share_table(shares: Sequence[StepShare]) -> str:
    """The shares as a Markdown table, with the load of the machine."""
    lines = [
        "| | loss and gradient, s | Adam's update, ms | MADA's, ms | MADA's share of a step | longer than with Adam |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {s.library} | {s.gradient:.2f} | {1e3 * s.adam:.0f} | {1e3 * s.mada:.0f} | {100 * s.share:.1f} % "
        f"| {100 * s.longer:.1f} % |"
        for s in shares
    ]
    return "\n".join([*lines, "", machine()])


def machine() -> str:
    """Cores, device, and what else runs."""
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return f"{os.cpu_count()} cores, {jax.default_backend()}; load averages {load}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="transformations to measure beside optax.adam (all)")
    parser.add_argument("--size", type=int, default=10_000_000, help="number of parameters")
    parser.add_argument("--leaves", type=int, default=8, help="number of equal leaves")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds")
    parser.add_argument("--torch", action="store_true", help="the optimizers of madatheory.torch, beside torch's Adam")
    parser.add_argument("--gpt", action="store_true", help="the share of MADA's update in a step of the mini-GPT")
    given = parser.parse_args()
    options = {"size": given.size, "leaves": given.leaves, "rounds": given.rounds}
    if given.gpt:
        made = {f"JAX {jax.__version__}": gpt_in_jax}
        if find_spec("torch") is not None:
            made[f"PyTorch {version('torch')}"] = gpt_in_torch
        print(share_table([step_share(name, parts(), given.rounds) for name, parts in made.items()]))
    elif given.torch:
        from torch import __version__ as torch_version

        print(table(measure_torch(given.names or None, **options), f"PyTorch {torch_version}"))
    else:
        print(table(measure(given.names or None, **options)))
