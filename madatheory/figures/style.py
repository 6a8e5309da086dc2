"""One look for all figures: a method has the same colour everywhere, colours stay apart for colour-blind readers."""

from collections.abc import Mapping
from typing import Any

# Okabe and Ito's palette, MADA's forms from Tol's
COLOURS: Mapping[str, str] = {
    "adam": "#D55E00",
    "amsgrad": "#0072B2",
    "avgrad": "#009E73",
    "adam-avgrad": "#CC79A7",
    "adam-amsgrad": "#56B4E9",
    "adagrad": "#E69F00",
    "rmsprop": "#8B4513",
    "yogi": "#F0E442",
    "mada": "#CC3311",
    "mada-max": "#332288",
    "mada-lagged": "#EE99AA",
    "mada-safeguarded": "#117733",
    "mada-safeguarded-sum": "#999933",
    "sgd": "#999933",
    "adan": "#882255",
    "lion": "#44AA99",
    "badam": "#6B4C9A",
    "hyperadam": "#5B3FD0",
    "mada-rho": "#EE99AA",
    "mada-frozen": "#8A8A8A",
    "mada-kept": "#0072B2",
    "bound": "#222222",
    "other": "#777777",
}
SETTINGS: Mapping[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.0,
    "legend.fontsize": 7.5,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.6,
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "svg.hashsalt": "madatheory",
    "svg.fonttype": "path",
    "figure.constrained_layout.use": True,
}


def colour(method: str) -> str:
    """The colour of a method, grey for one that has none of its own."""
    return COLOURS.get(method, COLOURS["other"])
