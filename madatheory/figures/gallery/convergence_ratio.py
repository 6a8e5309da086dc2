"""Convergence on a separable function, flat far away, with uniform noise."""

from madatheory.figures.convergence import convergence_figure

figure = convergence_figure(
    "convergence-ratio",
    "Convergence with proved bounds: Σ x²/(1+x²), d = 10, uniform noise",
    "ratio",
    {"d": 10, "noise": "uniform", "scale": 1.0, "start": 1.0},
    beta2=0.99,
    eps=1e-4,
    alphas=(0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0),
    sizes={"smoke": (300, 32), "default": (20_000, 768), "full": (200_000, 4096)},
)
