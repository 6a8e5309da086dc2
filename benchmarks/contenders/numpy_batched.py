"""NumPy, vectorised over all coordinates of all trajectories, in place, noise from numpy.random."""

import numpy as np

from benchmarks.task import BETA1, EPS, KAPPA, Execution, NotOffered, Workload

SUMMARY = "NumPy, vectorised over the batch"
NEEDS = ()
THREADS = 1
F = np.float32


def prepare(task: Workload) -> Execution:
    """Buffers are made once; every operation writes into one."""
    if task.problem != "ratio" or task.optimizer == "mada-all":
        raise NotOffered("NumPy does the ratio problem")
    averaged, learned = task.optimizer != "adam", task.optimizer == "mada"
    x, m, v, vbar, G, g, a, b, total, bent = (np.empty((task.B, task.d), F) for _ in range(10))

    def run(seed: int) -> np.ndarray:
        rng = np.random.Generator(np.random.SFC64(seed))
        x.fill(1)
        for buffer in (m, v, vbar, total, bent):
            buffer.fill(0)
        rho = np.ones((task.B, 1), F)
        for t in range(1, task.T + 1):
            np.multiply(x, x, out=a)
            np.add(a, F(1), out=a)
            np.multiply(a, a, out=a)
            np.divide(x, a, out=G)
            np.multiply(G, F(2), out=G)
            np.multiply(G, G, out=a)
            np.add(total, a, out=total)
            if task.noise == "normal":
                rng.standard_normal(dtype=F, out=g)
            else:
                rng.random(dtype=F, out=g)
                np.multiply(g, F(2), out=g)
                np.subtract(g, F(1), out=g)
            np.add(g, G, out=g)
            if learned:
                rho += F(KAPPA) * np.einsum("bi,bi->b", g, bent)[:, None]
                np.clip(rho, 0, 1, out=rho)
            np.subtract(g, m, out=a)
            np.multiply(a, F(1 - BETA1), out=a)
            np.add(m, a, out=m)
            np.multiply(g, g, out=a)
            np.subtract(a, v, out=a)
            np.multiply(a, F(1 - task.beta2), out=a)
            np.add(v, a, out=v)
            q = F(1 / (1 - task.beta2**t))
            if averaged:
                np.subtract(v, vbar, out=a)
                np.multiply(a, F(1 / t), out=b)
                np.add(vbar, b, out=vbar)
                if learned:
                    np.subtract(v, vbar, out=a)
                    np.multiply(a, rho, out=b)
                    np.add(b, vbar, out=b)
                    np.multiply(b, q, out=b)
                else:
                    np.multiply(vbar, q, out=b)
            else:
                np.multiply(v, q, out=b)
            np.sqrt(b, out=b)
            np.add(b, F(EPS), out=g)
            np.divide(m, g, out=G)
            np.multiply(G, F(task.alpha / (1 - BETA1**t)), out=G)
            np.subtract(x, G, out=x)
            if learned:  # d delta/d rho = -delta q (v - vbar)/(2 root (root + eps)), and its negative is kept
                np.multiply(b, g, out=b)
                np.maximum(b, F(1e-30), out=b)
                np.divide(a, b, out=a)
                np.multiply(a, G, out=bent)
                np.multiply(bent, F(-0.5) * q, out=bent)
        return total.sum(1, dtype=np.float64) / task.T

    return run
