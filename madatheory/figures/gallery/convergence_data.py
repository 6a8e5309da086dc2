"""Convergence of minibatch classification on real data: the sigmoid loss on the iris set, which no plane separates."""

from madatheory.engine.statistic import final_value
from madatheory.figures.convergence import convergence_figure

figure = convergence_figure(
    "convergence-data",
    "Convergence with proved bounds: sigmoid loss on iris data (versicolor or another), minibatches of 2",
    "sigmoid-loss",
    {"data": "iris", "n": 144, "batches": 72},
    beta2=0.99,
    eps=1e-6,
    alphas=(0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5),
    sizes={"smoke": (150, 16), "default": (3_000, 256), "full": (40_000, 1024)},
    tuned_for=final_value,  # a large step jumps to where every sigmoid is flat: small gradients, poor classifier
)
