"""How bound and measurement depend on each hyper-parameter, the others at the theorem's own values."""

import numpy as np
import xarray as xr

from madatheory.errors import UserError
from madatheory.hparams import Parameter, in_words
from madatheory.report.document import Absent, Block, Chart, DataTable, Prose, Series, numbers
from madatheory.report.parts import Made, Tell
from madatheory.report.request import TheoremRequest
from madatheory.statistics.intervals import t_interval
from madatheory.theory.evaluate import evaluate, right_side

FINE, COARSE, DECADES = 33, 5, 2.0
"""Points of the bound, of the measurement; decades on each side of a positive hyper-parameter."""


def values_of(name: str, parameter: Parameter, centre: float, points: int) -> np.ndarray:
    """Values to be tried: 1 - w with w even in the logarithm up to 1, evenly in [low, high], or decades around."""
    if parameter.low == 0 and parameter.high == 1 and parameter.open_high:
        found = 1 - np.geomspace(1e-4, 1, points)
    elif np.isfinite(parameter.low) and np.isfinite(parameter.high):
        found = np.linspace(parameter.low, parameter.high, points)
    elif centre > 0:
        found = centre * np.geomspace(10**-DECADES, 10**DECADES, points)
    else:
        found = np.array([centre])
    return np.array([v for v in found if _allowed(name, parameter, float(v))])


def _allowed(name: str, parameter: Parameter, value: float) -> bool:
    try:
        parameter.refuse(name, value)
    except UserError:
        return False
    return True


def dependence(request: TheoremRequest, tell: Tell) -> Made:
    """A chart for each hyper-parameter that the statement leaves open; the others with the reason."""
    theorem, method, problem = request.theorem, request.optimizer, request.shown
    blocks: list[Block] = [
        Prose(
            f"One at a time moves, on {problem.name} at T = {request.steps}; the others stay at "
            f"{in_words(request.hyper)}. Bands are 95 % t-intervals over {request.num_trajectories} trajectories."
        )
    ]
    fixed: list[tuple[str, str]] = []
    for number, (name, parameter) in enumerate(method.parameters.items()):
        tell(number, len(method.parameters), name)
        fine = values_of(name, parameter, request.hyper[name], FINE)
        reasons = {v: theorem.reasons(request.at(problem, {**request.hyper, name: float(v)})) for v in fine}
        open_to = [v for v in fine if not reasons[v]]
        if len(open_to) < 3:
            why = next(("; ".join(found) for found in reasons.values() if found), "its range has no other values")
            fixed.append((name, why))
            continue
        coarse = [v for v in values_of(name, parameter, request.hyper[name], COARSE) if any(np.isclose(v, open_to))]
        blocks += _panel(request, name, parameter, np.array(open_to), coarse)
    if fixed:
        blocks.append(DataTable(("held fixed", "because"), tuple(fixed), mathematics=("held fixed", "because")))
    if len(blocks) == 2 and fixed:
        blocks = [Absent("The statement fixes every hyper-parameter."), blocks[-1]]
    return Made(tuple(blocks))


def _panel(
    request: TheoremRequest, name: str, parameter: Parameter, fine: np.ndarray, coarse: list[float]
) -> list[Block]:
    theorem, problem = request.theorem, request.shown
    last = np.array([request.steps])
    at = [request.at(problem, {**request.hyper, name: float(v)}) for v in fine]
    bound = np.array([right_side(theorem, setting, last)[0] for setting in at])
    data = request.simulate(
        problem,
        request.optimizer,
        request.steps,
        num_trajectories=request.num_trajectories,
        seed=request.seed,
        settings={**request.hyper, name: tuple(float(v) for v in coarse)},
        statistics=theorem.left.statistics,
    )
    left = np.array([_left(request, data, name, v) for v in coarse])
    mean, low, high = t_interval(left, axis=1)
    small = parameter.low == 0 and parameter.high == 1 and parameter.open_high
    axis = f"1 - {name}" if small else name
    where = (lambda v: 1 - np.asarray(v)) if small else np.asarray
    measured = Series(theorem.left.name, numbers(where(coarse)), numbers(mean), numbers(low), numbers(high))
    right = Series(theorem.right.name, numbers(where(fine)), numbers(bound), role="bound")
    linear = not small and np.isfinite(parameter.high)
    best = float(fine[int(np.argmin(bound))])
    moves = np.ptp(bound) > 1e-12 * np.max(np.abs(bound))
    chart = Chart(
        f"Dependence on {name}",
        axis,
        "value at T",
        (measured, right),
        f"The bound is least at {name} = {best:.4g} of those tried."
        if moves
        else f"The bound does not depend on {name}.",
        log_x=not linear,
        log_y=bool(np.all(mean > 0) and np.all(bound > 0)),
        height=280,
    )
    rows = tuple(
        (
            float(v),
            float(m),
            float(a),
            float(b),
            float(right_side(theorem, request.at(problem, {**request.hyper, name: float(v)}), last)[0]),
        )
        for v, m, a, b in zip(coarse, mean, low, high, strict=True)
    )
    return [
        chart,
        DataTable((name, theorem.left.name, "95 % from", "to", theorem.right.name), rows, mathematics=(name,)),
    ]


def _left(request: TheoremRequest, data: xr.Dataset, name: str, value: float) -> np.ndarray:
    """The left side at T on every trajectory, at one point of the grid."""
    setting = request.at(request.shown, {**request.hyper, name: float(value)})
    found = data.sel({name: value}) if name in data.dims else data
    return evaluate(request.theorem, setting, found.isel(t=[-1]), (request.theorem.left,))[request.theorem.left.name][
        :, 0
    ]
