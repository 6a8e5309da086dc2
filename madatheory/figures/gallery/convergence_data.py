"""Convergence of minibatch classification on real data: the sigmoid loss on the breast cancer set."""

from madatheory.figures.convergence import convergence_figure

figure = convergence_figure(
    "convergence-data",
    "Convergence with proved bounds: sigmoid loss on breast cancer data, 8 minibatches of 16",
    "sigmoid-loss",
    {"data": "breast-cancer", "n": 128, "batches": 8},
    beta2=0.99,
    eps=1e-6,
    alphas=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
    sizes={"smoke": (150, 16), "default": (3_000, 64), "full": (20_000, 512)},
)
