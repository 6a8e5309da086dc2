"""Two processes for the tests of sharding: torch_processes.py STORE; what each found goes to STORE-RANK.json."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch
from jax._src import xla_bridge
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from madatheory.torch import MADA

LEARN = dict.fromkeys(("lr", "b1", "b2", "b3", "rho", "c", "gamma"), 0.02)
START: dict[str, Any] = {"lr": 0.05, "b1": 0.8, "b3": 0.3, "rho": 0.4, "c": 0.6, "gamma": 0.7, "learn": LEARN}
ROWS, STEPS = 8, 5


def model() -> torch.nn.Module:
    torch.manual_seed(0)
    # 5 rows on two processes: shards of different sizes, and the last bias of 1 entry leaves one process without
    return torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))


def rows() -> torch.Tensor:
    return torch.sin(torch.arange(3.0 * ROWS).reshape(ROWS, 3))


def train(net: torch.nn.Module, optimizer: MADA, batch: torch.Tensor) -> None:
    for t in range(STEPS):
        optimizer.zero_grad()
        ((net(batch + 0.1 * t) - 1) ** 2).mean().backward()
        optimizer.step()


def found(net: torch.nn.Module, optimizer: MADA) -> dict[str, Any]:
    whole = [p.full_tensor() if isinstance(p, DTensor) else p for p in net.parameters()]
    x = torch.cat([p.detach().reshape(-1) for p in whole]).tolist()
    return {"x": x, "coefficients": {k: float(v) for k, v in optimizer.coefficients().items()}}


def alone() -> dict[str, Any]:
    net = model()
    optimizer = MADA(net.parameters(), **START)
    train(net, optimizer, rows())
    return found(net, optimizer)


def by_hand(rank: int) -> dict[str, Any]:
    """Plain tensors, each process with half of the entries and the gradients of its half."""
    whole = torch.arange(6.0)
    mine = whole[3 * rank : 3 * rank + 3].clone().requires_grad_()
    optimizer = MADA([mine], process_group=torch.distributed.group.WORLD, **START)
    for t in range(STEPS):
        mine.grad = torch.cos(mine.detach() + t)
        optimizer.step()
    both = [torch.zeros(3) for _ in range(2)]
    torch.distributed.all_gather(both, mine.detach())
    return {"x": torch.cat(both).tolist(), "coefficients": {k: float(v) for k, v in optimizer.coefficients().items()}}


def main(rank: int, store: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    results = {}
    net = model()
    spread = torch.nn.parallel.DistributedDataParallel(net)
    optimizer = MADA(net.parameters(), **START)
    train(spread, optimizer, rows()[4 * rank : 4 * rank + 4])
    results["DDP"] = found(net, optimizer)
    net = model()
    fully_shard(net, mesh=init_device_mesh("cpu", (2,)))
    optimizer = MADA(net.parameters(), **START)
    train(net, optimizer, rows()[4 * rank : 4 * rank + 4])
    results["FSDP"] = found(net, optimizer)
    results["process_group"] = by_hand(rank)
    torch.distributed.destroy_process_group()
    results["JAX has a device"] = xla_bridge.backends_are_initialized()
    Path(f"{store}-{rank}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    threads = "/proc/self/task"  # of C code too; where there is none, nobody can tell
    assert not os.path.isdir(threads) or len(os.listdir(threads)) == 1, "a thread would not be in the forks"
    forks = []
    for rank in range(2):
        if not (pid := os.fork()):  # both have what is imported
            signal.alarm(120)  # one waits for the other, which may have failed
            main(rank, sys.argv[1])
            sys.exit()
        forks.append(pid)
    statuses = [os.waitpid(pid, 0)[1] for pid in forks]
    sys.exit(any(statuses))
