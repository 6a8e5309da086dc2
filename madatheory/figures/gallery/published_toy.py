"""The toy of MADA's authors: a learned rho does find AVGrad there, with beta3's help, and leaves it in the end."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.studies.theory.published_toy import (
    ABLATIONS,
    METHODS,
    held_beta3,
    held_runs,
    toy_path,
    what_theorems_say,
)
from madatheory.studies.theory.regret import period_ends

LABELS = {
    "mada": "MADA, as published",
    "adam": "Adam",
    "amsgrad": "AMSGrad",
    "avgrad": "AVGrad",
    "rho": "ρ alone",
    "rho, beta3": "ρ and β₃",
    "rho, c": "ρ and c",
    "previous gradient zeroed": "previous gradient zeroed",
    "a tenth of the rates": "hyper learning rates a tenth",
}
LOOKS = {
    "rho": ("#0072B2", "--"),
    "rho, beta3": ("#009E73", "-"),
    "rho, c": ("#E69F00", "-."),
    "previous gradient zeroed": ("#882255", ":"),
    "a tenth of the rates": ("#56B4E9", (0, (4, 1, 1, 1))),
}
COEFFICIENTS = {"rho": "ρ", "beta3": "β₃", "c": "c"}
PUBLISHED_STEPS, PERIOD = 2_000_000, 101
HELD = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.9)


def compute(run: Run) -> Numbers:
    """Every method up to the published number of steps, MADA beyond it; the rest points with beta3 held."""
    points = run.pick(30, 90, 180)
    times = period_ends(PUBLISHED_STEPS, PERIOD, points)
    longer = period_ends(run.pick(PUBLISHED_STEPS, 20_000_000, 100_000_000), PERIOD, points)
    long = np.union1d(times, longer)
    names, paths = (*METHODS, *ABLATIONS), {}
    for number, name in enumerate(names):
        run.report(number, len(names), LABELS[name])
        path = toy_path(run.simulate, name, long if name == "mada" else times, run.seed)
        paths[name] = {"x": path.x, "average_regret": path.average_regret, **path.learned}
    runs = held_runs(run.simulate, HELD, int(times[-1]), run.seed)
    run.report(len(names), len(names), "done")
    return {
        "t": times,
        "t_mada": long,
        "published": int(np.searchsorted(long, times[-1])),
        "paths": paths,
        "held": held_beta3(np.linspace(0, 0.98, run.pick(50, 99, 197)))._asdict(),
        "held_runs": {**runs._asdict(), "rest": held_beta3(HELD).rest, "turning": held_beta3(HELD).turning},
        "theorems": {name: what_theorems_say(name) for name in ("mada", *ABLATIONS)},
    }


def _at_published(n: Numbers, name: str, what: str) -> float:
    """A quantity after the published number of steps."""
    return float(n["paths"][name][what][n["published"] if name == "mada" else -1])


def _helping(n: Numbers) -> np.ndarray:
    """For every beta3 whether rho's rest point is where x moves to -1."""
    return np.array(n["held"]["rest"]) < np.array(n["held"]["turning"])


def claims(n: Numbers) -> Sequence[Claim]:
    """Where the published program goes, which part of it does that, and why."""
    x = {name: _at_published(n, name, "x") for name in n["paths"]}
    rho, beta3 = _at_published(n, "mada", "rho"), _at_published(n, "mada", "beta3")
    rest, turning = n["held"]["rest"][0], n["held"]["turning"][0]
    helping, grid = _helping(n), np.array(n["held"]["beta3"])
    last, end = n["paths"]["mada"], n["t_mada"][-1]
    runs = {key: np.array(values) for key, values in n["held_runs"].items()}
    off = np.abs(runs["rho"] - runs["rest"])
    found = [
        Claim(
            "as published, a learned rho finds AVGrad: after 2 million steps rho < 0.01 and x < -0.85, where AVGrad "
            "and AMSGrad have x < -0.9 and Adam x > 0.9",
            rho < 0.01 and x["mada"] < -0.85 and max(x["avgrad"], x["amsgrad"]) < -0.9 and x["adam"] > 0.9,
            f"rho = {rho:.4f}; x: " + ", ".join(f"{LABELS[name]} {x[name]:.3f}" for name in METHODS),
        ),
        Claim(
            "beta3 does it: with rho and beta3 learned x < -0.9; with rho alone, rho and c, the previous gradient "
            "zeroed, or a tenth of the hyper learning rates x > 0",
            x["rho, beta3"] < -0.9 and all(x[name] > 0 for name in ABLATIONS if name != "rho, beta3"),
            ", ".join(f"{LABELS[name]} {x[name]:.3f}" for name in ABLATIONS),
        ),
        Claim(
            "with beta3 = 0 rho rests above the value below which x moves to -1, as computed without simulation",
            rest > turning,
            f"rest point {rest:.4f}, turning point {turning:.4f}",
        ),
        Claim(
            f"runs with beta3 held at {len(HELD)} values end within 0.01 of the computed rest point, and x moves the "
            "way that is computed",
            bool(np.all(off < 0.01)) and bool(np.all(runs["down"] == (runs["rest"] < runs["turning"]))),
            f"largest distance {off.max():.4f}; x moves down at beta3 = "
            + ", ".join(f"{value:g}" for value in runs["beta3"][runs["down"]]),
        ),
        Claim(
            "for beta3 in one interval, 0 outside, rho rests below that value, and MADA's beta3 after 2 million steps "
            "is in it",
            not helping[0] and np.sum(np.diff(helping)) in (1, 2) and helping[np.argmin(np.abs(grid - beta3))],
            f"beta3 from {grid[helping].min():.2f} to {grid[helping].max():.2f}; MADA's is {beta3:.3f}"
            if helping.any()
            else "no beta3 of the grid",
        ),
        Claim(
            "neither T6 nor T8 says anything of these runs: each has an assumption that fails",
            all(reasons for by in n["theorems"].values() for reasons in by.values()),
            "; ".join(f"{label}: {reasons[0]}" for label, reasons in n["theorems"]["mada"].items() if reasons),
        ),
    ]
    if end > 2 * PUBLISHED_STEPS:
        found.append(
            Claim(
                f"it does not stay there: after {end:,} steps rho > 0.9",
                last["rho"][-1] > 0.9,
                f"rho = {last['rho'][-1]:.4f}, beta3 = {last['beta3'][-1]:.3f}, c = {last['c'][-1]:.3f}",
            )
        )
    return found


def _time(axes: Axes, ylabel: str, title: str) -> None:
    axes.set(xscale="log", xlabel="t", ylabel=ylabel)
    axes.set_title(title)


def _published_here(axes: Axes) -> None:
    axes.axvline(PUBLISHED_STEPS, color=colour("bound"), lw=0.7, ls=(0, (1, 2)))


def draw(canvas: Canvas, n: Numbers) -> None:
    """Above: the program beside fixed methods. Below: its parts, and why beta3 matters."""
    canvas.set_size_inches(10.0, 6.2)
    (iterate, learned, regret), (parts, rhos, why) = canvas.subplots(2, 3)
    t = {name: np.array(n["t_mada" if name == "mada" else "t"]) for name in n["paths"]}
    for name in reversed(tuple(METHODS)):
        width = 2.0 if name == "mada" else 1.2
        for axes, key in ((iterate, "x"), (regret, "average_regret")):
            axes.plot(t[name], n["paths"][name][key], color=colour(name), lw=width, label=LABELS[name])
    for (key, label), style in zip(COEFFICIENTS.items(), ("-", "--", ":"), strict=True):
        learned.plot(t["mada"], n["paths"]["mada"][key], color=colour("mada"), ls=style, label=label)
    for name, (shade, style) in LOOKS.items():
        parts.plot(t[name], n["paths"][name]["x"], color=shade, ls=style, label=LABELS[name])
        rhos.plot(t[name], n["paths"][name]["rho"], color=shade, ls=style)
    one = n["published"] + 1
    parts.plot(t["mada"][:one], n["paths"]["mada"]["x"][:one], color=colour("mada"), lw=2.0, label=LABELS["mada"])
    rhos.plot(t["mada"][:one], n["paths"]["mada"]["rho"][:one], color=colour("mada"), lw=2.0)
    _time(iterate, "$x_t$   (−1 is best)", "the published toy")
    _time(learned, "coefficient", "what MADA learns there")
    _time(regret, "average regret, regret / t", "average regret")
    _time(parts, "$x_t$", "with a part left out or changed")
    _time(rhos, r"$\rho_t$   (1: Adam, 0: AVGrad)", "the same: ρ")
    regret.set_yscale("log")
    for axes in (iterate, parts):
        axes.set_ylim(-1.08, 1.08)
    for axes in (iterate, learned, regret):
        _published_here(axes)
    learned.legend(loc="center left")
    iterate.legend(loc="lower left", fontsize=7)
    parts.legend(loc="lower left", fontsize=6.5)
    beta3, rest, turning = (np.array(n["held"][key]) for key in ("beta3", "rest", "turning"))
    why.fill_between(beta3, 0, 1, where=_helping(n).tolist(), color=colour("avgrad"), alpha=0.12, lw=0,
                     transform=why.get_xaxis_transform())  # fmt: skip
    why.plot(beta3, rest, color=colour("mada"), lw=2.0, label="where ρ comes to rest")
    why.plot(beta3, turning, color=colour("bound"), ls="--", lw=1.2, label="below this ρ, x moves to −1")
    down = np.array(n["held_runs"]["down"])
    for rows, fill, label in ((down, colour("mada"), "runs in which x moves to −1"), (~down, "white", "to +1")):
        where, at = np.array(n["held_runs"]["beta3"])[rows], np.array(n["held_runs"]["rho"])[rows]
        why.plot(where, at, "o", ms=5, color=colour("mada"), mfc=fill, label=label)
    why.axvline(_at_published(n, "mada", "beta3"), color=colour("mada"), lw=0.8, ls=(0, (1, 2)))
    why.set(xlabel="β₃, held", ylabel="ρ", ylim=(-0.003, 0.135), xlim=(0, 1))
    why.set_title("why β₃ helps: β₃ held, ρ learned")
    why.legend(loc="upper left", fontsize=7)


def caption(n: Numbers) -> str:
    """The whole story in the numbers of the runs."""
    x = {name: _at_published(n, name, "x") for name in n["paths"]}
    regret = {name: _at_published(n, name, "average_regret") for name in METHODS}
    h = {key: _at_published(n, "mada", key) for key in COEFFICIENTS}
    grid, helping = np.array(n["held"]["beta3"]), _helping(n)
    last, end = n["paths"]["mada"], n["t_mada"][-1]
    left = np.array(last["rho"]) > 0.5
    left[: n["published"]] = False
    later = ""
    if left.any():
        later = (
            f"It does not stay: between {n['t_mada'][int(np.argmax(left)) - 1] / 1e6:.1f} and "
            f"{n['t_mada'][int(np.argmax(left))] / 1e6:.1f} million steps ρ returns to Adam's side, and at "
            f"{end / 1e6:.0f} million ρ = {last['rho'][-1]:.3f}, β₃ = {last['beta3'][-1]:.2f}, c = "
            f"{last['c'][-1]:.2f}, x = {last['x'][-1]:.3f} (when it leaves depends on the last digits; dotted: 2 "
            "million steps). "
        )
    reasons, changed = n["theorems"]["mada"], ", ".join(f"{LABELS[name]} {x[name]:.3f}" for name in ABLATIONS)
    return (
        "MADA's toy as its authors ran it: Reddi's online problem (1010x once in 101 steps, else −10x, on [−1, 1]), a "
        "constant rate of .001, β₁ = .9, β₂ = .99, ρ, β₃ and c learned from (1, 0, 1) with hyper learning rate .1 and "
        f"hyper momentum .9. After 2 million steps ρ = {h['rho']:.4f}, β₃ = {h['beta3']:.3f}, c = {h['c']:.3f}, x = "
        f"{x['mada']:.3f} and regret/t = {regret['mada']:.3f}; Adam {x['adam']:.3f} and {regret['adam']:.3f}, AMSGrad "
        f"{x['amsgrad']:.3f} and {regret['amsgrad']:.3f}, AVGrad {x['avgrad']:.3f} and {regret['avgrad']:.3f}. {later}"
        f"x at 2 million steps with a part changed: {changed}. "
        f"Why β₃ helps: with β₃ = 0 the descent of ρ rests at {n['held']['rest'][0]:.3f}, but x moves to −1 only below "
        f"{n['held']['turning'][0]:.3f}; with β₃ held between {grid[helping].min():.2f} and {grid[helping].max():.2f} "
        "(green) the difference of gradients in numerator and square moves the rest point below that, down to 0, and "
        "hardly moves the other (lines: computed without simulation; dots: runs; both with c = 1). T6 and T8 "
        "say nothing of any of these runs: the losses are fixed in advance and x is projected; "
        f"besides, T6 needs β₁ = 0 (here {len(reasons['T6'])} of its assumptions fail) and T8 its safeguard "
        f"and the momentum alone in the numerator ({len(reasons['T8'])})."
    )


published_toy = Figure(
    "published-toy",
    "As published, a learned rho finds AVGrad with the help of beta3, and does not stay there",
    compute,
    claims,
    draw,
    caption,
    group="training",
)
