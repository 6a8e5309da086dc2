"""A plain torch loop over the steps of one trajectory of Reddi's online problem, as research code has it."""

from typing import Any

import numpy as np

from benchmarks.task import BETA1, EPS, Execution, NotOffered, Workload
from madatheory.references.mada import BOUNDS

SUMMARY = "torch, one trajectory, a loop with autograd"
NEEDS = ("torch",)
THREADS = 1  # scalars: more threads only cost
PERIOD, UP, DOWN = 101, 1010.0, 10.0
START = {"beta1": BETA1, "beta3": 0.0, "rho": 0.5, "c": 1.0, "gamma": 1.0}
BETA1_LION, BETA2_LION, MADA_EPS, KAPPA_EACH = 0.95, 0.98, 1e-6, 0.01


def slope(t: int) -> float:
    """The derivative of f_t."""
    return UP if t % PERIOD == 1 else -DOWN


def prepare(task: Workload) -> Execution:
    """Adam by torch.optim, or MADA with all its coefficients learned."""
    if task.problem != "reddi" or task.optimizer not in ("adam", "mada-all") or task.B * task.d > 1:
        raise NotOffered("one trajectory of Reddi's problem, by Adam or MADA with all coefficients learned")
    loop = _adam if task.optimizer == "adam" else _mada
    return lambda seed: np.array([loop(task)])


def _adam(task: Workload) -> float:
    """The mean of x_t."""
    import torch

    x = torch.nn.Parameter(torch.zeros(()))
    adam = torch.optim.Adam([x], lr=task.alpha, betas=(BETA1, task.beta2), eps=EPS)
    total = torch.zeros((), dtype=torch.float64)
    for t in range(1, task.T + 1):
        adam.zero_grad()
        loss = slope(t) * x
        loss.backward()
        adam.step()
        with torch.no_grad():
            x.clamp_(-1, 1)
            total += x
    return float(total) / task.T


def _mada(task: Workload) -> float:
    """The mean of x_t; the gradient of a loss with respect to the coefficients goes through the step before it."""
    import torch

    h: dict[str, Any] = {
        k: torch.tensor(v, requires_grad=True)
        for k, v in {**START, "beta2": min(task.beta2, BOUNDS["beta2"][1])}.items()
    }
    m, n, v, vbar, lion, last = (torch.zeros(()) for _ in range(6))
    before, x = torch.zeros(()), torch.zeros((), requires_grad=True)
    total = torch.zeros((), dtype=torch.float64)
    for t in range(1, task.T + 1):
        loss = slope(t) * x
        loss.backward()
        with torch.no_grad():
            g = torch.tensor(slope(t))
            for name, value in h.items():
                if value.grad is not None:
                    value -= KAPPA_EACH * value.grad
                    value.clamp_(*BOUNDS[name])
                    value.grad = None
            before = x.detach().clamp(-1, 1)
        difference = g - last if t > 1 else torch.zeros(())
        ahead = g + h["beta3"] * difference
        square = h["c"] * ahead**2 + (1 - h["c"]) * (v + ahead**2 * torch.sign(ahead**2 - v))
        new_m = h["beta1"] * m + (1 - h["beta1"]) * g
        new_n = h["beta3"] * n + (1 - h["beta3"]) * difference
        new_v = h["beta2"] * v + (1 - h["beta2"]) * square
        new_vbar = ((t - 1) * vbar + new_v) / t
        hat = (h["rho"] * new_v + (1 - h["rho"]) * new_vbar) / (1 - h["beta2"] ** t)
        ratio = (new_m / (1 - h["beta1"] ** t) + h["beta3"] * new_n) / (torch.sqrt(hat) + MADA_EPS)
        lift = torch.sign(BETA1_LION * lion + (1 - BETA1_LION) * g)
        x = before - task.alpha * (h["gamma"] * ratio + (1 - h["gamma"]) * lift)
        lion = BETA2_LION * lion + (1 - BETA2_LION) * g
        m, n, v, vbar, last = new_m.detach(), new_n.detach(), new_v.detach(), new_vbar.detach(), g
        total += x.detach().clamp(-1, 1)
    return float(total) / task.T
