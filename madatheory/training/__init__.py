"""Training with MADA: optax transformations that learn their own coefficients, and baselines beside them."""

from madatheory.optimizers.hypergradient import BOXES as BOXES
from madatheory.training.mada import MadaState as MadaState
from madatheory.training.mada import coefficients as coefficients
from madatheory.training.mada import mada as mada
from madatheory.training.mada import scale_by_mada as scale_by_mada
from madatheory.training.plan import Descent as Descent
