"""Training with MADA: optax transformations that learn their own coefficients, and baselines beside them."""

from madatheory.optimizers.request import BOUNDS as BOUNDS
from madatheory.optimizers.request import Descent as Descent
from madatheory.training.baselines import BadamState as BadamState
from madatheory.training.baselines import badam as badam
from madatheory.training.baselines import hyperadam as hyperadam
from madatheory.training.frozen import frozen as frozen
from madatheory.training.transformation import MadaState as MadaState
from madatheory.training.transformation import coefficients as coefficients
from madatheory.training.transformation import mada as mada
from madatheory.training.transformation import scale_by_mada as scale_by_mada
from madatheory.training.unrolled import UnrolledHypergradients as UnrolledHypergradients
from madatheory.training.unrolled import disagreement as disagreement
from madatheory.training.unrolled import unrolled as unrolled
