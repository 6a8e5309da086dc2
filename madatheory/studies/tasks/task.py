"""A training task: parameters to draw, a loss to differentiate, and measures by which methods are compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from madatheory.deprecated import renamed

Array = Any
Key = Array
Parameters = Any


@dataclass(frozen=True)
class Task:
    """What is trained and how it is judged; pure functions that jit, vmap and grad accept.

    summary   the task in one line
    init      key -> parameters, a pytree of float arrays
    loss      (parameters, key) -> a number whose gradient is the training gradient; the key draws the mini-batch and
              whatever else is random, so that all methods see the same data at the same step
    measures  parameters -> numbers by name, without randomness; never differentiated
    judged    the name of the measure that decides between methods, and whether `better` is lower or higher
    unit      of the judged measure, for axes: "nats", "error rate", "return"
    cpu_batch          runs that share one vectorized step on a CPU: 1 for large arrays, more for small ones. It is
                       fixed for a task, so that a run's numbers do not depend on how many others are trained with it
    accelerator_batch  the same on an accelerator: 1 where one run fills it
    """

    name: str
    summary: str
    init: Callable[[Key], Parameters]
    loss: Callable[[Parameters, Key], Array]
    measures: Callable[[Parameters], Mapping[str, Array]]
    judged: str
    unit: str
    better: Literal["lower", "higher"] = "lower"
    cpu_batch: int = 1
    accelerator_batch: int = 64


Task.__init__ = renamed(lanes="cpu_batch", wide="accelerator_batch")(Task.__init__)
