"""MADA for PyTorch: `torch.optim.Optimizer`s that learn their own coefficients, as `madatheory.mada` does for optax."""

from madatheory.errors import needs

with needs("madatheory.torch"):
    import torch as torch

from madatheory.optimizers.request import Descent as Descent
from madatheory.torch.hyperadam import HyperAdam as HyperAdam
from madatheory.torch.optimizer import MADA as MADA
