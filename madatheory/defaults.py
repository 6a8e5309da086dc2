"""Defaults that a function and its command have in common."""

SEED = 0
STEPS, TRAJECTORIES, CONFIDENCE = 2000, 512, 0.99
"""Of `verify`."""
SIMULATED = 64
"""Trajectories of `simulate`."""
WORST_STEPS, WORST_SECONDS = 8, 20.0
"""Of `worst_case`."""
PROFILE, SECONDS = "default", 20.0
"""Of `check`: how many examples, and the time for one identity."""
SEARCH = 60.0
"""Of `identify` and `compare`: seconds for the search."""
