"""What MADA has learned, kept: its coefficients as fixed numbers of the plain member, for another run.

The state has the learned values and not the rest of the request, so both are needed: the transformation knows the
convention, eps, the fixed numbers, the schedules and the weight decay.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optax
from jax.core import Tracer
from jax.typing import ArrayLike

from madatheory.errors import UserError
from madatheory.hparams import Parameter, reals, whole
from madatheory.training.arguments import spelled
from madatheory.training.plan import make_plan
from madatheory.training.transformation import mada_state, plan_and_sign, refuse_foreign, transformation

History = Mapping[str, ArrayLike] | Sequence[Mapping[str, ArrayLike]]
"""What `coefficients` returned after every step (or every few): stacked, as `lax.scan` gives it, or a list."""


def frozen(
    optimizer: optax.GradientTransformation,
    state: object,
    history: History | None = None,
    *,
    last: int | None = None,
) -> optax.GradientTransformationExtraArgs:
    """The plain member at the coefficients that `optimizer` has learned: x_t = (1 - alpha_t w) x_{t-1} - delta_t(h).

    h is that of the last step, h_T, out of `state`; with a `history` and `last` = k the mean of its last k records,
    h = (h_{n-k+1} + .. + h_n)/k, in float64. Everything else is the optimizer's: convention, eps, weight decay and
    mask, and what is not learned, schedules too, which begin anew. Nothing is learned: no gradient besides the step's
    own is asked for, and the state has the moments that this member needs and no more. For h as Python numbers it is
    `mada(.., {}, ..)` at these numbers, to the bit. What `scale_by_mada` made stays a direction without sign.

    optimizer   what `mada`, `scale_by_mada` or `hyperadam` gave (of an `optax.chain`, that part of it)
    state       the state after the last update, of the optimizer or of a chain that contains it
    history     the records of `coefficients(state)`: one mapping with an array (n,) for each name, as `lax.scan` stacks
                them, or a list of n mappings. Names beside the learned ones are passed over
    last        k, how many of the last records are averaged; needed with a history

    A learned learning rate is kept as well, as a number. Raises `UserError` for an optimizer that is not MADA or learns
    nothing, a state without MADA or of another transformation, a history that is too short or lacks a coefficient, and
    coefficients that are traced, of several runs, not finite, or outside of their bounds.
    """
    plan, sign = plan_and_sign(optimizer)
    if not plan.rules:
        raise UserError("frozen: this optimizer learns nothing, so that nothing is to be kept: use it as it is")
    own = mada_state(state)
    refuse_foreign(plan, own, "give the state of this optimizer")
    if (history is None) != (last is None):
        raise UserError("frozen: a history and last=k, how many of its last records are averaged, belong together")
    found = {}
    for name in plan.rules:
        said = spelled(name)
        if history is None or last is None:
            values = _numbers(said, [own.coefficients[said]])
        else:
            values = _last(said, _records(said, history), last)
        _refuse(said, values, plan.bounds[name])
        # the mean of equal numbers is that number: rounding must not lead out of their range
        found[said] = float(np.clip(np.mean(values), np.min(values), np.max(values)))
    return transformation(make_plan({}, **{**plan.arguments, **found, "source": "training"}), sign)


def _records(name: str, history: History) -> np.ndarray:
    """The records of one coefficient, (n,)."""
    if isinstance(history, Mapping):
        if name not in history:
            raise UserError(f"frozen: the history has {_names(history)} and no {name}, which is learned")
        return _numbers(name, history[name])
    if isinstance(history, str) or not isinstance(history, Sequence):
        raise UserError(f"frozen: history = {history!r:.60}: give what coefficients(state) returned, stacked or a list")
    for number, record in enumerate(history):
        if not isinstance(record, Mapping) or name not in record:
            has = _names(record) if isinstance(record, Mapping) else repr(record)
            raise UserError(f"frozen: record {number} of the history has {has:.60} and no {name}, which is learned")
    return _numbers(name, [record[name] for record in history])


def _names(record: Mapping[str, Any]) -> str:
    return ", ".join(map(str, record)) or "nothing"


def _numbers(name: str, values: Any) -> np.ndarray:
    """The values as float64, (n,)."""
    if any(isinstance(value, Tracer) for value in (values if isinstance(values, list) else [values])):
        raise UserError(f"frozen: {name} is traced: freeze outside of jit, where the numbers are known")
    array = reals([np.asarray(value) for value in values] if isinstance(values, list) else values)
    if array is None or array.ndim != 1:
        shape = "no array of numbers" if array is None else f"of shape {array.shape}"
        raise UserError(f"frozen: {name} is {shape}: give the records of one run, one number for every record")
    return array


def _last(name: str, records: np.ndarray, last: int) -> np.ndarray:
    k = whole("frozen: last", last, 1)
    if len(records) < k:
        raise UserError(f"frozen: last = {k}, but the history has {len(records)} records of {name}: record more steps")
    return records[-k:]


def _refuse(name: str, values: np.ndarray, bounds: Parameter) -> None:
    """`UserError` unless all are finite and within the bounds, as these are in the precision that learns."""
    if not np.isfinite(values).all():
        raise UserError(f"frozen: {name} = {values[~np.isfinite(values)][0]:g} is not finite: the run has gone wrong")
    single, low, high = values.astype(np.float32), np.float32(bounds.low), np.float32(bounds.high)
    outside = (single < low) | (single > high)
    if outside.any():
        raise UserError(
            f"frozen: {name} = {values[outside][0]:g} is outside of [{low:g}, {high:g}], where it is learned: "
            "give what this optimizer has learned"
        )
