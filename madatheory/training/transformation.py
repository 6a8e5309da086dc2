"""MADA for training: the family of adaptive methods as an optax transformation that learns its coefficients.

With the coefficients h = (alpha, beta1, beta2, beta3, rho, c, gamma) and delta_t(h) the family's step
(`madatheory.optimizers.update`), one number h for all parameters,

    u_t = dl_t(x_{t-1})/dh = <g_t, dx_{t-1}/dh> = - sum over all leaves and entries of g_t d delta_{t-1}/dh
    p <- hyper_momentum p + u_t,    h <- clamp(h - hyper_learning_rate p)    for every learned h, before step t is taken
    x_t = (1 - alpha_t w) x_{t-1} - delta_t(h)

with the state before step t-1 held constant. A u_t that is not finite is ignored (`descend`). Arguments and states
have optax's words for alpha and the betas: learning_rate, b1, b2, b3. Source: Ozkara et al. (MADA, ICML 2024), Baydin
et al. (ICLR 2018) for alpha; docs/theory.md, section 7.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import DTypeLike

from madatheory.deprecated import renamed
from madatheory.errors import UserError
from madatheory.optimizers.hypergradient import descend
from madatheory.optimizers.optimizer import Array
from madatheory.optimizers.request import RATE, Value
from madatheory.optimizers.update import PARAMETERS
from madatheory.training.arguments import OPTAX, Mask, at, in_family, in_optax, own_part, own_state, spelled
from madatheory.training.passes import as_leaf, hypergradients, redone, stepped
from madatheory.training.plan import (
    SOURCES,
    AverageDerivative,
    ConventionName,
    Learn,
    MadaPlan,
    PresetName,
    PreviousGradient,
    make_plan,
)
from madatheory.training.trees import (
    decayed,
    leaf_states,
    limited,
    moment_trees,
    refuse_changed,
    working,
)


class MadaState(NamedTuple):
    """Everything between two updates; a pytree of arrays. Dictionaries have optax's names of the coefficients.

    count             steps done
    coefficients      every coefficient that is no fixed number, as the last step used it (see `coefficients`)
    momenta           p of every learned coefficient
    hypergradients    u of every learned coefficient, as the last update found it
    moments           name -> tree like the parameters (m, v, reference, ..), in float32 or better, or one number
    gradient          the last gradient, like the parameters, if its step is still to be redone; else None
    skipped           how many hyper-gradients were ignored because they were not finite (int32, all coefficients)

    If only learning_rate and rho are learned, `moments` are those after the last step. Else they are those before it.
    """

    count: Array
    coefficients: dict[str, Array]
    momenta: dict[str, Array]
    hypergradients: dict[str, Array]
    moments: dict[str, Any]
    gradient: Any
    skipped: Array


@renamed(**{name: OPTAX[name] for name in ("beta1", "beta2", "beta3", "beta1_lion", "beta2_lion")}, partner="reference")
def mada(
    learning_rate: Value = 1e-3,
    learn: Learn | None = None,
    *,
    preset: PresetName | None = None,
    b1: Value | None = None,
    b2: Value | None = None,
    b3: Value | None = None,
    rho: Value | None = None,
    c: Value | None = None,
    gamma: Value | None = None,
    eps: Value | None = None,
    b1_lion: Value = 0.95,
    b2_lion: Value = 0.98,
    W: Value = 0.01,
    reference: str = "mean",
    convention: ConventionName | None = None,
    previous_gradient: PreviousGradient | None = None,
    average_derivative: AverageDerivative | None = None,
    correction: str = "power",
    lag: int = 0,
    safeguard: str = "none",
    source: str = "training",
    weight_decay: float | Array = 0.0,
    mask: Mask = None,
) -> optax.GradientTransformationExtraArgs:
    """MADA: x_t = (1 - alpha_t w) x_{t-1} - delta_t(h), with the coefficients named in `learn` learned on the way.

    `learn` maps coefficients ("learning_rate", "b1", "b2", "b3", "rho", "c", "gamma") to their hyper learning rate or
    to a `Descent` (that, momentum, bounds, first step that learns, clip). Empty, this is the family's member.
    The arguments of the same names are initial values of what is learned; the others are numbers, or functions of the
    number of steps done. learning_rate, b1, b2, b3 are alpha, beta1, beta2, beta3 of the papers.

    preset        what the authors ran, by the name of their program: "train_ddp", "train", "toy" (`PRESETS`). It says
                  what None leaves out: `learn`, the coefficients, eps, the convention and its two switches. Without
                  `learn` it is "train_ddp", so that `mada(1e-3)` is a drop-in; with `learn` and no preset what is left
                  out is Adam at b2 = .99 and eps = 1e-6, practical, its derivatives complete
    reference     what rho interpolates v with: its "mean" (AVGrad at rho = 0) or its "max" (AMSGrad)
    convention    "practical": the formulas of the family, bias-corrected. "published": the step of MADA's code
                  (`PUBLISHED_MADA`). "theory": eps inside the root, no bias correction, alpha/sqrt(t)
    previous_gradient   "kept": the difference is g_t - g_(t-1); "zeroed": it is g_t. None: the preset's, else
                  the convention's: "zeroed" in the published one, "kept" in the others
    average_derivative  "complete": vhat is differentiated through its reference vbar; "cut": vbar is held, so that the
                  derivatives in b2, b3 and c have rho in place of rho + (1-rho)/t
    correction    bias correction while a decay moves: "power" 1 - beta^t (paper), "product" 1 - prod beta_s (exact)
    lag           1: step t uses u_{t-1}, so that h_t is a function of g_1 .. g_{t-1} only. T6 then applies to a learned
                  rho in the theory form with b1 = 0
    safeguard     "max" (T8) or "sum" (T8log, weight `W`): the step size never grows. Theory form; only b2, b3, rho and
                  c can be learned, and b3 acts inside the second moment only
    source        where hyper-gradients come from: "training": the gradient itself; "validation": the gradient of
                  another loss at the same parameters, given as `update(g, state, params, validation_gradient=v)`;
                  "micro_batch": the summand of one micro-batch in an accumulated gradient, given as
                  `micro_batch_gradient=v` (of loss/5 with 5 micro-batches of one size: a fifth of what g would give)
    weight_decay  w: decoupled (Loshchilov and Hutter 2019); `mask` as in optax: a tree of booleans or a function that
                  makes one from the parameters. dl/d learning_rate contains it

    A finite gradient beyond 2e18 in float32 (1e153 in float64), whose square would overflow, is limited to that. A
    hyper-gradient that sees one, or that is not finite, is ignored: the coefficient and its momentum keep their last
    good values, and `MadaState.skipped` counts it. A nan or an infinity goes into moments and parameters as it does
    with Adam, and stays: wrap this in `optax.apply_if_finite` where they occur.

    Sources: Ozkara et al. (ICML 2024); eps, b2, Lion's constants as there. Gradients may be any pytree of real arrays;
    states are kept in float32 or better and updates have the gradient's dtype. Raises `UserError` for unknown names,
    values or bounds out of range, requests outside a theorem that was asked for, a missing validation gradient or
    parameters, and gradients whose shapes are not those of the parameters that the state was made for.
    """
    return transformation(make_plan(**locals()), sign=-1.0)


@renamed(**OPTAX, partner="reference")
def scale_by_mada(
    learn: Learn | None = None,
    *,
    preset: PresetName | None = None,
    learning_rate: Value = 1.0,
    b1: Value | None = None,
    b2: Value | None = None,
    b3: Value | None = None,
    rho: Value | None = None,
    c: Value | None = None,
    gamma: Value | None = None,
    eps: Value | None = None,
    b1_lion: Value = 0.95,
    b2_lion: Value = 0.98,
    W: Value = 0.01,
    reference: str = "mean",
    convention: ConventionName | None = None,
    previous_gradient: PreviousGradient | None = None,
    average_derivative: AverageDerivative | None = None,
    correction: str = "power",
    lag: int = 0,
    safeguard: str = "none",
    source: str = "training",
) -> optax.GradientTransformationExtraArgs:
    """The direction delta_t of `mada` (at learning_rate = 1) without sign and weight decay, for `optax.chain`.

    What the chain multiplies the direction by afterwards, hyper-gradients do not see: behind a learning rate r they are
    dl/dh divided by r, so that `mada(r, {"rho": k})` is `chain(scale_by_mada({"rho": k * r}),
    scale_by_learning_rate(r))` for a number r. Arguments and errors as for `mada`.
    """
    return transformation(make_plan(**locals()), sign=1.0)


def coefficients(state: object) -> dict[str, Array]:
    """The coefficients of the last step by optax's names, from the state of `mada` or of anything that contains one.

    Those learned, scheduled or injected; fixed numbers are not in the state. Raises `UserError` if there is no MADA in
    `state`, or more than one (of `optax.multi_transform`, say: give the part that is meant).
    """
    return dict(mada_state(state).coefficients)


def mada_state(state: object) -> MadaState:
    """The state of `mada` in a state; `UserError` where there is none, or more than one."""
    found = mada_states(state)
    if len(found) != 1:
        raise UserError(f"{len(found)} states of mada in this state: give a state, or a part of one, that holds one")
    return found[0]


def mada_states(state: object) -> list[MadaState]:
    """Every state of `mada` in a state."""
    parts = jax.tree.leaves(state, is_leaf=lambda part: isinstance(part, MadaState))
    return [part for part in parts if isinstance(part, MadaState)]


def transformation(plan: MadaPlan, sign: float) -> optax.GradientTransformationExtraArgs:
    """The transformation of a plan; its updates are `sign` times delta."""
    return optax.GradientTransformationExtraArgs(partial(_init, plan), partial(_update, plan, sign))


def plan_and_sign(optimizer: object) -> tuple[MadaPlan, float]:
    """The arguments of the `transformation` that made this optimizer; `UserError` for one that it did not make."""
    update = getattr(optimizer, "update", None)
    if not isinstance(update, partial) or update.func is not _update:
        raise UserError(
            f"the optimizer is no transformation that mada, scale_by_mada or hyperadam gave, but {optimizer!r:.60}: "
            "of one inside a chain or a wrapper, give the part that they gave"
        )
    plan, sign = update.args
    return plan, sign


def _scheduled(plan: MadaPlan, count: Array, dtype: DTypeLike) -> dict[str, Array]:
    """Every moving coefficient as given for the next step, `count` being done."""
    values = {k: at(f"mada: {spelled(k)}", value, count, PARAMETERS[k]) for k, value in plan.moving.items()}
    return as_leaf(values, dtype)


def _init(plan: MadaPlan, params: optax.Params) -> MadaState:
    leaves, structure = jax.tree.flatten(params)
    if plan.decays and leaves:
        decayed(params, plan.mask, structure)
    arrays = [working(leaf) for leaf in leaves]
    dtype = jnp.result_type(jnp.float32, *arrays)
    count = jnp.zeros([], jnp.int32)
    values = _scheduled(plan, count, dtype)
    states = [plan.point.init(as_leaf(values, x.dtype), x) for x in arrays]
    moments = {
        name: structure.unflatten([state[name] for state in states]) if array else jnp.zeros([], dtype)
        for name, array in plan.like_parameters.items()
    }
    momenta, none = ({name: jnp.zeros([], dtype) for name in names} for names in (plan.rules, plan.rules))
    gradient = structure.unflatten([jnp.zeros_like(x) for x in arrays]) if plan.replays else None
    skipped = jnp.zeros([], jnp.int32)
    return MadaState(count, in_optax(values), in_optax(momenta), in_optax(none), moments, gradient, skipped)


def _update(
    plan: MadaPlan,
    sign: float,
    updates: optax.Updates,
    state: optax.OptState,
    params: optax.Params | None = None,
    *,
    validation_gradient: optax.Updates | None = None,
    micro_batch_gradient: optax.Updates | None = None,
    **extra_args: object,
) -> tuple[optax.Updates, MadaState]:
    del extra_args
    state = _own(plan, state, updates)
    leaves, structure = jax.tree.flatten(updates)
    given = {"validation": validation_gradient, "micro_batch": micro_batch_gradient}
    outer = updates if plan.source == "training" else _outer(plan, state, given[plan.source])
    xs = _decaying(plan, state, params, structure)
    gradients = [limited(working(leaf)) for leaf in leaves]
    seeing = [working(leaf) for leaf in structure.flatten_up_to(outer)]
    kept = [None] * len(leaves) if state.gradient is None else structure.flatten_up_to(state.gradient)
    before = leaf_states(state.moments, plan.like_parameters, gradients)

    last = in_family(state.coefficients)
    dtype = next(iter(last.values())).dtype if last else jnp.dtype(jnp.float32)
    seen = _seen(plan, last, state.count, zip(before, kept, seeing, xs, strict=True), dtype)
    count = jnp.asarray(optax.safe_increment(state.count))
    values, momenta, skipped = _learned(plan, state, count, last, seen, dtype)

    moves, states = [], []
    for leaf, part, old, g, x in zip(leaves, before, kept, gradients, xs, strict=True):
        if old is not None:
            part = redone(plan, last, state.count, part, old)
        delta, after = stepped(plan, values, count, part, g)
        states.append(after if old is None else part)
        if x is not None:
            alpha = plan.alpha(as_leaf(values, g.dtype), count.astype(g.dtype))
            delta = delta + alpha * plan.weight_decay * x.astype(g.dtype)
        moves.append((sign * delta).astype(jnp.asarray(leaf).dtype))
    moments = moment_trees(state.moments, plan.like_parameters, structure, states)
    gradient = None if state.gradient is None else structure.unflatten(gradients)
    new = MadaState(count, in_optax(values), in_optax(momenta), in_optax(seen), moments, gradient, skipped)
    return structure.unflatten(moves), new


def _own(plan: MadaPlan, state: optax.OptState, updates: optax.Updates) -> MadaState:
    """The state; `UserError` for one of another transformation, and for gradients that are not like its parameters."""
    state = own_state(state, MadaState, "mada")
    refuse_foreign(plan, state, "call init again")
    _refuse_changed(plan, state, updates, "gradients")
    return state


def refuse_foreign(plan: MadaPlan, state: MadaState, remedy: str) -> None:
    """`UserError` for a state that the transformation of another plan made, as far as its parts tell."""
    own_part("coefficients", sorted(state.coefficients), sorted(in_optax(plan.moving)), remedy)
    own_part("learned", sorted(state.momenta), sorted(in_optax(plan.rules)), remedy)
    own_part("moments", sorted(state.moments), sorted(plan.like_parameters), remedy)
    own_part("a gradient:", state.gradient is not None, plan.replays, remedy)


def _refuse_changed(plan: MadaPlan, state: MadaState, tree: optax.Params, what: str) -> None:
    reference = next(name for name, array in plan.like_parameters.items() if array)
    refuse_changed(state.moments[reference], tree, what)


def _outer(plan: MadaPlan, state: MadaState, given: optax.Updates | None) -> optax.Updates:
    """The gradient that hyper-gradients are formed with, where it is not the step's own."""
    if given is None:
        raise UserError(
            f"mada learns from {SOURCES[plan.source].what} here: give its gradient at the present parameters, as in "
            f"update(gradients, state, params, {SOURCES[plan.source].argument}=v)"
        )
    _refuse_changed(plan, state, given, SOURCES[plan.source].argument.replace("_", " ") + "s")
    return given


def _decaying(plan: MadaPlan, state: MadaState, params: optax.Params | None, structure: Any) -> list[Any]:
    """The parameters that decay, leaf by leaf; None for one that does not."""
    if not plan.decays:
        return [None] * structure.num_leaves
    if params is None:
        raise UserError("mada with a weight decay needs the parameters: give update(gradients, state, params)")
    _refuse_changed(plan, state, params, "parameters")
    return decayed(params, plan.mask, structure)


def _seen(
    plan: MadaPlan, last: dict[str, Array], count: Array, leaves: Iterable[tuple[Any, ...]], dtype: DTypeLike
) -> dict[str, Array]:
    """u of every learned coefficient, summed over the leaves (state, kept gradient, gradient now, parameters)."""
    seen = {name: jnp.zeros([], dtype) for name in plan.rules}
    for part, old, g, x in leaves if plan.rules else ():
        u = hypergradients(plan, last, count, part, old, g, x)
        seen = {name: total + u[name].astype(dtype) for name, total in seen.items()}
    return {name: jnp.where(count > 0, u, 0) for name, u in seen.items()}


def _learned(
    plan: MadaPlan,
    state: MadaState,
    count: Array,
    last: Mapping[str, Array],
    seen: Mapping[str, Array],
    dtype: DTypeLike,
) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """The coefficients of step `count`, their momenta, and how many hyper-gradients were ignored so far."""
    used = in_family(state.hypergradients) if plan.request.lag else seen
    values, before = _scheduled(plan, state.count, dtype), in_family(state.momenta)
    momenta, skipped = {}, state.skipped
    for name, rule in plan.rules.items():
        rate = at(f"hyper_learning_rate of {spelled(name)}", rule.hyper_learning_rate, state.count, RATE)
        rate, momentum = jnp.asarray(rate, dtype), jnp.asarray(rule.hyper_momentum, dtype)
        start = last[name], before[name]
        learns = count >= rule.start
        *after, good = descend(*start, used[name], rate, momentum, plan.bounds[name], rule.clip)
        values[name], momenta[name] = (jnp.where(learns, new, old) for new, old in zip(after, start, strict=True))
        skipped = jnp.where(learns & jnp.logical_not(good), skipped + 1, skipped)
    return values, momenta, skipped
