"""Convergence on a non-separable sum of ridge functions with rare large noise."""

from madatheory.figures.convergence import convergence_figure

figure = convergence_figure(
    "convergence-ridge",
    "Convergence with proved bounds: Σ tanh²(a·x), 20 fixed random rows, d = 20, rare large noise",
    "ridge-sum",
    {"phi": "tanh", "d": 20, "noise": "rare-large", "scale": 0.5, "start": 1.0},
    beta2=0.999,
    eps=1e-4,
    alphas=(0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5),
    sizes={"smoke": (300, 32), "default": (10_000, 384), "full": (100_000, 2048)},
)
