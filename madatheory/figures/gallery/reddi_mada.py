"""MADA's theory form with rho learned alone on Reddi's problems: where rho goes, and whether that helps the iterate."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from madatheory.figures.figure import Claim, Figure, Numbers, Run
from madatheory.figures.style import colour
from madatheory.problems.catalogue import list_problems
from madatheory.problems.problem import Problem
from madatheory.statistics.intervals import t_interval
from madatheory.studies.theory.learned_rho import FORMS, Paths, learned_paths
from madatheory.studies.theory.regret import METHODS, period_ends, regret_curves
from madatheory.studies.theory.rest_point import Period

LABELS = {
    "adam": "Adam",
    "amsgrad": "AMSGrad",
    "avgrad": "AVGrad",
    "mada": "MADA, average",
    "mada-lagged": "MADA, average, lagged (T6)",
    "mada-max": "MADA, maximum",
    "mada-safeguarded": "MADA, average, safeguarded (T8)",
    "mada-safeguarded-sum": "the same with the sum (T8log)",
}
TITLES = {
    "reddi-period": "4x once in 3 steps, else −x",
    "reddi-online": "1010x once in 101 steps, else −10x",
    "reddi-stochastic": "1010x with probability 0.01, else −10x",
}
SAFE = ("mada-safeguarded", "mada-safeguarded-sum")
KAPPAS, LEAD = (1e-3, 1e-2, 1e-1), "0.1"
SETTINGS = {"beta1": 0.0, "eps": 1e-8, "rho": 0.5}
CONFIDENCE = 0.99


def _slopes(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """The slopes that occur and how often: of a period in order, or with their probabilities."""
    p = problem.parameters
    if "p" in p:
        return np.array([p["up"], -p["down"]]), np.array([p["p"], 1 - p["p"]])
    period, up, down = (3, p["C"], 1.0) if "C" in p else (p["period"], p["up"], p["down"])
    return np.array([up, *[-down] * (period - 1)]), np.full(period, 1 / period)


def _curve(values: np.ndarray) -> dict[str, np.ndarray]:
    """Mean over seeds (axis 0) of values (seed, t), with its t-interval where there is more than one seed."""
    if len(values) < 2:
        return {"mean": values[0]}
    mean, low, high = t_interval(values, CONFIDENCE)
    return {"mean": mean, "low": low, "high": high}


def _learned(paths: Paths, kappas: Sequence[float], root: float) -> dict[str, Any]:
    """Curves of one form by hyper step size; `root` is the root mean square gradient."""
    found = {}
    for i, kappa in enumerate(kappas):
        found[f"{kappa:g}"] = {
            "rho": _curve(paths.rho[i]),
            "x": _curve(paths.x[i]),
            "average_regret": _curve(paths.average_regret[i]),
            "divisor": float(np.mean(paths.root_b[i, :, -1]) / root),
            "silent": float(np.mean(paths.silent[i, :, -1])),
        }
    return found


def _case(
    run: Run, done: int, name: str, times: np.ndarray, num_trajectories: int, alpha: float, beta2: float
) -> dict[str, Any]:
    """All methods on one problem, on the same noise; `done` methods of other problems lie behind."""
    problem = list_problems()[name].make()
    slopes, chance = _slopes(problem)
    root = float(np.sqrt(chance @ slopes**2))
    given = {"alpha": alpha, "beta2": beta2}
    options: dict[str, Any] = {"times": times, "num_trajectories": num_trajectories, "seed": run.seed}
    plain, learned, regrets = {}, {}, {}
    every = run.pick(KAPPAS[1:], KAPPAS, KAPPAS)
    for method in METHODS:
        run.report(done + len(plain), 3 * len(LABELS), f"{LABELS[method]} on {name}")
        settings = {**given, "eps": SETTINGS["eps"]}
        curves = regret_curves(run.simulate, problem, method, settings=settings, momenta=(0.0,), **options)[0.0]
        plain[method] = {"x": _curve(curves.x), "average_regret": _curve(curves.average_regret)}
    for form in FORMS:
        run.report(done + len(plain) + len(learned), 3 * len(LABELS), f"{LABELS[form]} on {name}")
        kappas = every[-1:] if form == "mada-lagged" else every
        # W = 1: b_t is never below Adagrad's sum
        settings = {**SETTINGS, **given, **({"W": 1.0} if form.endswith("sum") else {})}
        paths = learned_paths(run.simulate, problem, form, kappas=kappas, settings=settings, **options)
        learned[form] = _learned(paths, kappas, root)
        regrets[form] = paths.average_regret[:, :, -1]
    case = {"problem": name, "t": times, "seeds": num_trajectories, "alpha": alpha, "beta2": beta2}
    case |= {"stuck": 2 * float(chance @ slopes), "plain": plain, "learned": learned}
    if num_trajectories == 1:
        case["rest"] = {
            name: Period(slopes.tolist(), beta2, reference).rest()._asdict()
            for name, reference in (("average", "mean"), ("max", "max"))
        }
    else:  # regret of the safeguarded forms minus MADA's, seed by seed
        case["gain"] = {
            form: {
                f"{k:g}": list(t_interval(a - b, CONFIDENCE))
                for k, a, b in zip(every, regrets[form], regrets["mada"], strict=True)
            }
            for form in SAFE
        }
    return case


def compute(run: Run) -> Numbers:
    """The online problems with period 3 and 101, and the stochastic one; theory form, alpha_t = alpha/sqrt(t)."""
    steps, points = run.pick(300_000, 2_000_000, 20_000_000), run.pick(15, 40, 80)
    long, seeds = run.pick(100_000, 2_000_000, 20_000_000), run.pick(96, 64, 128)
    apart = np.unique(np.round(np.geomspace(1000, long, points)).astype(int))
    cases = [
        _case(run, 0, "reddi-period", period_ends(steps, 3, points), 1, 1.0, 1 / 17),
        _case(run, 8, "reddi-online", period_ends(steps, 101, points), 1, 2.0, 0.99),
        _case(run, 16, "reddi-stochastic", apart, seeds, 1.0, 0.99),
    ]
    run.report(3 * len(LABELS), 3 * len(LABELS), "done")
    return {"cases": cases}


def _last(curves: Mapping[str, Any], key: str, what: str = "mean") -> float:
    return float(curves[key][what][-1])


def _each(curves: Mapping[str, Any], key: str) -> str:
    """The last values by kappa, for a claim's detail."""
    return ", ".join(f"{_last(one, key):.3g} at hyper learning rate {kappa}" for kappa, one in curves.items())


def _online(case: Numbers) -> list[Claim]:
    name, mada, T = case["problem"], case["learned"], case["t"][-1]
    rest, top = case["rest"]["average"], case["rest"]["max"]
    ends = {form: _last(mada[form][LEAD], "rho") for form in ("mada", "mada-lagged", "mada-max")}
    side = -1 if rest["drift"] > 0 else 1
    x = {form: [_last(one, "x") for one in mada[form].values()] for form in mada}
    at = int(np.argmin(np.abs(np.log(np.array(case["t"]) / (0.1 * T)))))
    falls = [
        _last(one, "average_regret") / one["average_regret"]["mean"][at] for form in SAFE for one in mada[form].values()
    ]
    return [
        Claim(
            f"{name}: with the average, lagged or not, rho does not go to 0 but to within 0.02 of the rest point "
            f"computed without simulation (hyper learning rate {LEAD})",
            rest["rho"] > 0.1 and all(abs(ends[form] - rest["rho"]) < 0.02 for form in ("mada", "mada-lagged")),
            f"rho = {ends['mada']:.4f}, lagged {ends['mada-lagged']:.4f}, rest point {rest['rho']:.4f}, T = {T:,}",
        ),
        Claim(
            f"{name}: with the maximum rho goes to 0, as computed (below 0.02 at hyper learning rate {LEAD})",
            top["rho"] == 0 and ends["mada-max"] < 0.02,
            f"rho = {ends['mada-max']:.4f}, rest point {top['rho']:g}",
        ),
        Claim(
            f"{name}: with the average x ends at {side:+d} for every hyper learning rate and with the lag, the "
            "side to which x moves at the rest point",
            all(side * value > 0.9 for form in ("mada", "mada-lagged") for value in x[form]),
            f"{_each(mada['mada'], 'x')}; there x moves against {rest['drift']:.2g}",
        ),
        Claim(
            f"{name}: both safeguarded forms end on the right side of 0 for every hyper learning rate, and their "
            "average regret falls by more than half over the last decade",
            all(value < 0 for form in SAFE for value in x[form]) and max(falls) < 0.5,
            f"largest x {max(value for form in SAFE for value in x[form]):.3f}, largest ratio {max(falls):.2g}",
        ),
    ]


def _stochastic(case: Numbers) -> list[Claim]:
    mada, level = case["learned"], f"{100 * CONFIDENCE:g} % t-intervals over {case['seeds']} seeds"
    wrong = {form: [_last(one, "x", "low") for one in mada[form].values()] for form in ("mada", "mada-lagged")}
    rho = mada["mada"][LEAD]["rho"]
    return [
        Claim(
            f"reddi-stochastic: with the average the mean of rho_T stays above 0.1 at hyper learning rate {LEAD} "
            f"({level})",
            rho["low"][-1] > 0.1,
            f"mean {rho['mean'][-1]:.3f} in [{rho['low'][-1]:.3f}, {rho['high'][-1]:.3f}]",
        ),
        Claim(
            f"reddi-stochastic: with the average, lagged or not, the mean of x_T is on the wrong side of 0 for every "
            f"hyper learning rate ({level})",
            all(low > 0 for lows in wrong.values() for low in lows),
            f"{_each(mada['mada'], 'x')}; smallest lower end {min(min(lows) for lows in wrong.values()):.2f}",
        ),
        *(
            Claim(
                f"reddi-stochastic: {form} has the mean of x_T on the right side of 0 for every hyper learning "
                f"rate, and less regret than MADA without safeguard ({level}, paired)",
                all(_last(one, "x", "high") < 0 for one in mada[form].values())
                and all(gain[2] < 0 for gain in case["gain"][form].values()),
                f"{_each(mada[form], 'x')}; regret/t differs by "
                + ", ".join(f"{gain[0]:.3f} (<= {gain[2]:.3f})" for gain in case["gain"][form].values()),
            )
            for form in SAFE
        ),
    ]


def claims(n: Numbers) -> Sequence[Claim]:
    """Where rho goes, on which side x ends, and what the safeguard changes."""
    return [claim for case in n["cases"] for claim in (_online(case) if "rest" in case else _stochastic(case))]


def _band(axes: Axes, t: np.ndarray, curve: Mapping[str, Any], of: str, **style: Any) -> None:
    mean = np.array(curve["mean"], dtype=float)
    logarithmic = axes.get_yscale() == "log"
    axes.plot(t, np.where(mean > 0, mean, np.nan) if logarithmic else mean, color=colour(of), **style)
    if "low" in curve and style.get("lw", 1.6) > 1:
        low = np.maximum(curve["low"], 1e-2) if logarithmic else curve["low"]
        axes.fill_between(t, low, curve["high"], color=colour(of), alpha=0.18, lw=0)


def draw(canvas: Canvas, n: Numbers) -> None:
    """Columns: the problems. Rows: rho, the iterate, the average regret."""
    canvas.set_size_inches(9.0, 7.4)
    axes = canvas.subplots(3, 3, sharex="col")
    for column, case in zip(axes.T, n["cases"], strict=True):
        t = np.array(case["t"])
        column[0].set(xscale="log", ylim=(-0.04, 1.04))
        column[1].set(ylim=(-1.08, 1.08))
        column[2].set(xlabel="t", yscale="log")
        column[0].set_title(
            f"{TITLES[case['problem']]}\nαₜ = {case['alpha']:g}/√t, β₁ = 0, β₂ = {case['beta2']:.3g}", size=8.5
        )
        for method, curves in case["plain"].items():
            for ax, key in ((column[1], "x"), (column[2], "average_regret")):
                _band(ax, t, curves[key], method, label=LABELS[method], ls="-.", lw=1.3)
        for form, by_kappa in case["learned"].items():
            for kappa, curves in by_kappa.items():
                lead = kappa == LEAD
                style = {"lw": 1.8 if lead else 0.6, "ls": {"mada-lagged": ":", SAFE[1]: "--"}.get(form, "-")}
                if lead:
                    style["label"] = LABELS[form]
                for ax, key in zip(column, ("rho", "x", "average_regret"), strict=True):
                    _band(ax, t, curves[key], form, **style)
        if "rest" in case:
            rest = case["rest"]["average"]["rho"]
            column[0].axhline(rest, color=colour("bound"), lw=0.8, ls=(0, (1, 2)))
            column[0].annotate(
                f"rest point {rest:.3f}",
                (t[-1], rest),
                (0, -4),
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize=7,
                bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8},
            )
        column[2].axhline(case["stuck"], color=colour("other"), lw=0.9, ls=(0, (4, 1)), label="staying at +1")
    axes[0, 0].set_ylabel(r"$\rho_t$   (1: Adam, 0: the reference)")
    axes[1, 0].set_ylabel("$x_t$   (−1 is best)")
    axes[2, 0].set_ylabel("average regret, regret / t")
    handles = dict(zip(*reversed(axes[2, 0].get_legend_handles_labels()), strict=True))
    canvas.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=3)


def caption(n: Numbers) -> str:
    """What rho does, what it is worth, and how the hyper step sizes were taken."""
    short, long, noisy = n["cases"]
    rest = [case["rest"]["average"]["rho"] for case in (short, long)]
    stochastic = {form: one[LEAD] for form, one in noisy["learned"].items()}
    safe = [case["learned"]["mada-safeguarded"][LEAD] for case in n["cases"]]
    paid = [noisy["plain"]["avgrad"], stochastic["mada-safeguarded"], stochastic["mada"]]
    regret = [one["average_regret"]["mean"][-1] for one in paid]
    return (
        "MADA learns ρ alone, by one-step hyper-gradients, on Reddi's problems (theory form, started at ρ = 1/2; what "
        "the authors ran is the figure published-toy). It does not "
        f"find AVGrad: with the average ρ comes to rest at {rest[0]:.3f} and {rest[1]:.3f} (dotted: computed without "
        f"simulation) and at {stochastic['mada']['rho']['mean'][-1]:.2f} on average in the stochastic problem; with "
        "period 3 the iterate moves to −1 all the same, in the other two to +1, as Adam's does. With the maximum ρ "
        f"goes to 0 online and to {stochastic['mada-max']['rho']['mean'][-1]:.2f} with noise, where x ends at "
        f"{stochastic['mada-max']['x']['mean'][-1]:.2f}. The lag changes next to nothing. The safeguarded forms move "
        f"to −1 whatever ρ does (regret/t with noise {regret[1]:.3f}; AVGrad {regret[0]:.3f}, MADA without safeguard "
        f"{regret[2]:.3f}): T8's divides by {safe[0]['divisor']:.2f}, {safe[1]['divisor']:.2f} and "
        f"{safe[2]['divisor']:.2f} times the root mean square gradient in the end (AVGrad: 1), and where the safeguard "
        f"holds, {100 * safe[0]['silent']:.4g}, {100 * safe[1]['silent']:.4g} and {100 * safe[2]['silent']:.4g} % of "
        "the steps, dl/dρ is exactly 0; T8log's has W = 1. The hyper step sizes are not tuned: all of "
        f"κ = {', '.join(short['learned']['mada'])} are shown, {LEAD} bold (the lag with {LEAD} only). Bands: "
        f"{100 * CONFIDENCE:g} % t-intervals over {noisy['seeds']} seeds; the online problems have no noise. The "
        "derivative is that of the step before the projection on [−1, 1]."
    )


reddi_mada = Figure(
    "reddi-mada",
    "Learned alone, rho does not find AVGrad on Reddi's problems, and the safeguard does not need it to",
    compute,
    claims,
    draw,
    caption,
    group="training",
)
