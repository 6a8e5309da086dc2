"""The function of `pseudo_huber` without noise: for statements about convex functions and exact gradients."""

from dataclasses import replace

from madatheory.problems.catalogue import ProblemEntry
from madatheory.problems.instances.pseudo_huber import pseudo_huber_function
from madatheory.problems.problem import Problem
from madatheory.problems.scalar import separable_entry


def build(d: int = 3, start: float = 2.0) -> Problem:
    """F(x) = sum_j sqrt(1 + x_j^2) - 1: convex, L = 1, least at 0, no noise."""
    problem = separable_entry(pseudo_huber_function, "convex, no noise").build(
        d=d, noise="none", scale=0.0, start=start
    )
    return replace(problem, name="bowl", parameters={"d": d, "start": start})


bowl = ProblemEntry("bowl", "sum_j (sqrt(1+x^2)-1): convex, no noise", build)
