"""Where Adam comes to rest on the mean of data: at the mean if and only if the data are symmetric."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from scipy.special import ndtri

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.optimizers.catalogue import get_optimizer
from madatheory.studies.theory.stationary_mean import (
    batch,
    is_symmetric,
    predicted_shift,
    simulated_mean,
    skewed,
    stationary_shift,
)

DATA = ((0.5, 1), (0.1, 1), (0.1, 4), (0.8, 1))  # (p, b): the chance of one of two values, and the batch
BETA1, BETA2 = (0.0, 0.9), (0.9, 0.97)
SHORT, LONG = 0.004, 0.008  # alpha: what is left at alpha = 0 is extrapolated from two
FAILURE = 1e-3
SHADES = dict(zip(DATA, ("adagrad", "adam", "adam-avgrad", "avgrad"), strict=True))


def compute(run: Run) -> Numbers:
    """For all data the zero of Phi over 1 - beta2, and at some beta1, beta2 the simulated mean at two alpha."""
    steps, seeds = run.pick((4000, 16), (20_000, 64), (200_000, 256))
    w = np.geomspace(1e-3, 0.5, run.pick(7, 25, 60))
    method, curves, cells = get_optimizer("adam:form=practical"), [], []
    data = run.pick(DATA[:2], DATA, DATA)
    for number, (p, b) in enumerate(data):
        run.report(number, len(data), f"p = {p:g}, batch {b}")
        law = batch(skewed(p), b)
        exact = [stationary_shift(law, 1 - one) for one in w]
        curves.append({"p": p, "b": b, "symmetric": is_symmetric(law), "w": w, "exact": exact})
        settings = {"alpha": (SHORT, LONG), "beta1": BETA1, "beta2": BETA2, "eps": 1e-12}
        mean, error = simulated_mean(
            run.simulate, method, law, steps=steps, num_trajectories=seeds, seed=run.seed, settings=settings
        )
        cells += [_cell(law, beta1, beta2, mean, error) | {"p": p, "b": b} for beta1, beta2 in product(BETA1, BETA2)]
    return {"steps": steps, "seeds": seeds, "curves": curves, "cells": cells}


def _cell(law: Any, beta1: float, beta2: float, mean: Any, error: Any) -> dict[str, Any]:
    at = {"beta1": beta1, "beta2": beta2}
    means, errors = (x.sel(at).transpose("alpha").to_numpy() for x in (mean, error))
    return {
        **at,
        "symmetric": is_symmetric(law),
        "exact": stationary_shift(law, beta2, beta1),
        "first_order": predicted_shift(law, beta2, beta1),
        "simulated": means,
        "errors": errors,
        "limit": 2 * means[0] - means[1],
        # the paths of both see the same data: no more than the sum
        "error": 2 * errors[0] + errors[1],
    }


def claims(n: Numbers) -> Sequence[Claim]:
    """Yes or no, the size at alpha -> 0, and the first order."""
    cells, sure = n["cells"], -ndtri(FAILURE / (2 * len(n["cells"])))
    even, skew = ([c for c in cells if c["symmetric"] is yes] for yes in (True, False))
    resting = all(abs(c["simulated"][k]) <= sure * c["errors"][k] for c in even for k in (0, 1))
    largest = max(abs(c["simulated"][0]) for c in even)
    away = [c["simulated"][0] / c["exact"] - sure * c["errors"][0] / abs(c["exact"]) for c in skew]
    apart = max((abs(c["limit"] - c["exact"]) - sure * c["error"]) / abs(c["exact"]) for c in skew)
    ratios = [np.array(c["exact"]) / _first_order(c) for c in n["curves"] if not c["symmetric"]]
    slopes = [abs(float(r[0]) - 1) for r in ratios]
    return [
        Claim(
            "on symmetric data Adam rests at the mean, at both alpha",
            bool(resting),
            f"{len(even)} settings, the largest mean of x is {largest:.2g}",
        ),
        Claim(
            "on data that are not symmetric it rests elsewhere, on the side that is predicted",
            min(away) > 0,
            f"{len(skew)} settings, at least {min(away):.2f} of the predicted shift at alpha = {SHORT:g}",
        ),
        Claim(
            "extrapolated to alpha = 0 the mean is the zero of Phi, within the interval and 8 %",
            apart < 0.08,
            f"largest difference beyond the interval: {100 * apart:.1f} %",
        ),
        Claim(
            "at 1 - beta2 = 0.001 the shift is -(1-beta2) m3/(2 sigma^2), within 2 %",
            max(slopes) < 0.02,
            ", ".join(f"{100 * s:.2f} %" for s in slopes),
        ),
    ]


def _first_order(curve: Numbers) -> np.ndarray:
    law = batch(skewed(curve["p"]), curve["b"])
    return np.array([predicted_shift(law, 1 - w) for w in curve["w"]])


def _name(c: Numbers) -> str:
    return f"p = {c['p']:g}, batch {c['b']}"


def draw(canvas: Canvas, n: Numbers) -> None:
    """Left: the shift over 1 - beta2, exact and first order. Right: simulated against exact."""
    canvas.set_size_inches(8.6, 3.6)
    left, right = canvas.subplots(1, 2)
    for c in n["curves"]:
        shade = colour(SHADES[c["p"], c["b"]])
        if c["symmetric"]:
            continue
        left.plot(c["w"], np.abs(c["exact"]), color=shade, label=_name(c))
        left.plot(c["w"], np.abs(_first_order(c)), color=shade, ls=(0, (2, 2)))
    left.plot([], [], color="k", ls=(0, (2, 2)), label="first order in 1 − β₂")
    left.set(xscale="log", yscale="log", xlabel="1 − β₂", ylabel="|shift from the mean|, σ of one datum = 1")
    left.set_title("zero of Φ, β₁ = 0")
    left.legend(loc="upper left")
    span = 1.15 * max(abs(c["exact"]) for c in n["cells"])
    right.axline((0, 0), slope=1, color=colour("bound"), lw=1, label="equality")
    for p, b in DATA:
        of = [c for c in n["cells"] if (c["p"], c["b"]) == (p, b)]
        x, y = ([c[key] for c in of] for key in ("exact", "limit"))
        right.errorbar(
            x, y, [3 * c["error"] for c in of], fmt=".", color=colour(SHADES[p, b]), label=f"p = {p:g}, batch {b}"
        )
    right.set(xlim=(-span, span), ylim=(-span, span), xlabel="zero of Φ", ylabel="simulated, extrapolated to α = 0")
    right.set_title("β₁ = 0 and 0.9, β₂ = 0.9 and 0.97")
    right.legend(loc="upper left")


def caption(n: Numbers) -> str:
    """What is predicted, and how it is measured."""
    skew = [c for c in n["cells"] if not c["symmetric"]]
    least, most = min(c["exact"] for c in skew), max(c["exact"] for c in skew)
    return (
        "Where Adam comes to rest on F(x) = E(x − ξ)²/2, ξ of two values with mean 0 and variance 1, the upper one "
        "with probability p: at the mean if and only if the data are symmetric (p = 0.5). The shift is the zero of "
        "Φ(x) = E[m/√v], exact; to first order −(1−β₂)(1−β₁)/(1−β₁β₂)·E ξ³/(2bσ²) for batches of b. It is "
        f"{least:.3f} to {most:.3f} in the {len(skew)} settings that were simulated: means of x over the last nine "
        f"tenths of {n['steps']:,} steps and {n['seeds']} seeds with 8 coordinates, at α = {SHORT:g} and {LONG:g}, "
        "extrapolated linearly to α = 0 "
        "(bars: three standard errors)."
    )


adam_rest = Figure(
    "adam-rest",
    "Where Adam comes to rest on the mean of data",
    compute,
    claims,
    draw,
    caption,
)
