"""Throughput against B, d and T, one line per contender, both axes logarithmic."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import Timing
from benchmarks.sweep import ALONG, CENTRE
from madatheory.figures.style import COLOURS, SETTINGS
from madatheory.files import write

KINDS = ("png", "svg")
STYLES = {
    "madatheory, normal": ("adam", "-", "o"),
    "madatheory, MADA, normal": ("avgrad", "-", "s"),
    "madatheory, hash noise, 1 core": ("adagrad", "-", "^"),
    "numba, hash noise, 1 core": ("amsgrad", "--", "^"),
    "optax, normal": ("adam-avgrad", "--", "o"),
    "JAX MADA, normal": ("adam-amsgrad", "--", "s"),
    "NumPy, normal": ("rmsprop", ":", "v"),
    "torch, normal": ("other", ":", "D"),
}
MEANING = {"B": "trajectories B", "d": "dimension d", "T": "steps T"}


def lines(timings: Sequence[Timing]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """along -> label -> points (value, millions of coordinate updates per second)."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {along: defaultdict(list) for along in ALONG}
    for timing in timings:
        label, along, value = timing.note.split("|")
        if timing.wall:
            found[along][label].append((float(value), timing.rate.median / 1e6))
    return found


def draw(timings: Sequence[Timing], folder: Path) -> None:
    """throughput.png and throughput.svg in `folder`."""
    import matplotlib

    look: Any = SETTINGS
    with matplotlib.rc_context(look):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 3.8))
        axes = figure.subplots(1, 3, sharey=True)
        for axis, (along, drawn) in zip(axes, lines(timings).items(), strict=True):
            for label, points in drawn.items():
                colour, dash, marker = STYLES[label]
                axis.plot(
                    *zip(*points, strict=True), color=COLOURS[colour], ls=dash, marker=marker, ms=3.5, label=label
                )
            fixed = ", ".join(f"{k} = {getattr(CENTRE, k)}" for k in ("B", "d") if k != along)
            axis.set(xscale="log", yscale="log", xlabel=MEANING[along], title=fixed)
        axes[0].set_ylabel("coordinate updates per second, millions")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        for kind in KINDS:
            write(folder / f"throughput.{kind}", partial(figure.savefig, format=kind))
