"""MADA for training: the family of adaptive methods as an optax transformation that learns its coefficients.

With the coefficients h = (alpha, beta1, beta2, beta3, rho, c, gamma) and delta_t(h) the family's step
(`madatheory.optimizers.update`), one number h for all parameters,

    u_t = dl_t(x_{t-1})/dh = <g_t, dx_{t-1}/dh> = - sum over all leaves and entries of g_t d delta_{t-1}/dh
    p <- mu p + u_t,    h <- clamp(h - kappa p)          for every learned h, before step t is taken
    x_t = (1 - alpha_t w) x_{t-1} - delta_t(h)

with the state before step t-1 held constant. A u_t that is not finite is ignored (`descend`). Source: Ozkara et al.
(MADA, ICML 2024), Baydin et al. (ICLR 2018) for alpha; docs/theory.md, section 7.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from madatheory.errors import UserError
from madatheory.hparams import Parameter
from madatheory.optimizers.hypergradient import descend
from madatheory.optimizers.optimizer import Array
from madatheory.optimizers.update import PARAMETERS
from madatheory.training.arguments import at, own_part, own_state
from madatheory.training.passes import as_leaf, hypergradients, redone, stepped
from madatheory.training.plan import ConventionName, Learn, Plan, Value, is_number, make_plan, rate_alpha
from madatheory.training.trees import (
    decayed,
    leaf_states,
    limited,
    moment_trees,
    refuse_changed,
    unless_limited,
    working,
)


class MadaState(NamedTuple):
    """Everything between two updates; a pytree of arrays.

    count             steps done
    coefficients      every coefficient that is no fixed number, as the last step used it (see `coefficients`)
    momenta           p of every learned coefficient
    hypergradients    u of every learned coefficient, as the last update found it (alpha's too where it is free)
    moments           name -> tree like the parameters (m, v, partner, ..), in float32 or better, or one number
    gradient          the last gradient, like the parameters, if its step is still to be redone; else None
    skipped           how many hyper-gradients were ignored because they were not finite (int32, all coefficients)

    If only alpha and rho are learned, `moments` are those after the last step. Else they are those before it.
    """

    count: Array
    coefficients: dict[str, Array]
    momenta: dict[str, Array]
    hypergradients: dict[str, Array]
    moments: dict[str, Any]
    gradient: Any
    skipped: Array


def mada(
    learning_rate: Value,
    learn: Learn,
    *,
    beta1: Value = 0.9,
    beta2: Value = 0.99,
    beta3: Value = 0.0,
    rho: Value = 1.0,
    c: Value = 1.0,
    gamma: Value = 1.0,
    eps: Value = 1e-6,
    beta1_lion: Value = 0.95,
    beta2_lion: Value = 0.98,
    W: Value = 0.01,
    partner: str = "average",
    convention: ConventionName = "clean",
    correction: str = "power",
    lag: int = 0,
    safeguard: str = "none",
    source: str = "training",
    weight_decay: float = 0.0,
    mask: Any = None,
) -> optax.GradientTransformationExtraArgs:
    """MADA: x_t = (1 - alpha_t w) x_{t-1} - delta_t(h), with the coefficients named in `learn` learned on the way.

    `learn` maps coefficients ("alpha", "beta1", "beta2", "beta3", "rho", "c", "gamma") to their hyper step size kappa
    or to a `Descent` (kappa, momentum, box, first step that learns). Empty, this is the family's member.
    The arguments of the same names (`learning_rate` for alpha) are initial values of what is learned; the others are
    numbers, or functions of the number of steps done. Without any further argument it is Adam at beta2 = .99.

    partner       what rho interpolates v with: "average" (AVGrad at rho = 0) or "max" (AMSGrad)
    convention    "clean": the formulas of the family. "published": what MADA's training code computes, its derivatives
                  complete (`PUBLISHED_MADA`). "theory": eps inside the root, no bias correction, alpha/sqrt(t)
    correction    bias correction while a decay moves: "power" 1 - beta^t (paper), "product" 1 - prod beta_s (exact)
    lag           1: step t uses u_{t-1}, so that h_t is a function of g_1 .. g_{t-1} only. T6 then applies to a learned
                  rho in the theory form with beta1 = 0
    safeguard     "max" (T8) or "sum" (T8log, weight `W`): the step size never grows. Theory form; only beta2, beta3,
                  rho and c can be learned, and beta3 acts inside the second moment only
    source        where hyper-gradients come from: "training": the gradient itself; "validation": the gradient of
                  another loss at the same parameters, given as `update(g, state, params, validation_gradient=v)`
    weight_decay  w: decoupled (Loshchilov and Hutter 2019); `mask` as in optax: a tree of booleans or a function that
                  makes one from the parameters. dl/d alpha contains it

    A finite gradient beyond 2e18 in float32 (1e153 in float64), whose square would overflow, is limited to that. A
    hyper-gradient that sees one, or that is not finite, is ignored: the coefficient and its momentum keep their last
    good values, and `MadaState.skipped` counts it. A nan or an infinity goes into moments and parameters as it does
    with Adam, and stays: wrap this in `optax.apply_if_finite` where they occur.

    Sources: Ozkara et al. (ICML 2024); eps, beta2, Lion's constants as there. Gradients may be any pytree of real
    arrays; states are kept in float32 or better and updates have the gradient's dtype. Raises `UserError` for unknown
    names, values or boxes out of range, requests outside a theorem that was asked for, a missing validation gradient or
    parameters, and gradients whose shapes are not those of the parameters that the state was made for.
    """
    given = {"alpha": learning_rate, "beta1": beta1, "beta2": beta2, "beta3": beta3, "rho": rho, "c": c, "gamma": gamma}
    given |= {"eps": eps, "beta1_lion": beta1_lion, "beta2_lion": beta2_lion, "W": W}
    plan = make_plan(
        learn,
        given,
        partner=partner,
        convention=convention,
        correction=correction,
        safeguard=safeguard,
        lag=lag,
        source=source,
        weight_decay=weight_decay,
        mask=mask,
    )
    return _transformation(plan, sign=-1.0)


def scale_by_mada(
    learn: Learn,
    *,
    alpha: Value = 1.0,
    beta1: Value = 0.9,
    beta2: Value = 0.99,
    beta3: Value = 0.0,
    rho: Value = 1.0,
    c: Value = 1.0,
    gamma: Value = 1.0,
    eps: Value = 1e-6,
    beta1_lion: Value = 0.95,
    beta2_lion: Value = 0.98,
    W: Value = 0.01,
    partner: str = "average",
    convention: ConventionName = "clean",
    correction: str = "power",
    lag: int = 0,
    safeguard: str = "none",
    source: str = "training",
) -> optax.GradientTransformationExtraArgs:
    """The direction delta_t of `mada` (at alpha = 1) without sign and weight decay, for `optax.chain`.

    What the chain multiplies the direction by afterwards, hyper-gradients do not see: behind a learning rate r they are
    dl/dh divided by r, so that `mada(r, {"rho": kappa})` is `chain(scale_by_mada({"rho": kappa * r}),
    scale_by_learning_rate(r))` for a number r. Arguments and errors as for `mada`.
    """
    given = {"alpha": alpha, "beta1": beta1, "beta2": beta2, "beta3": beta3, "rho": rho, "c": c, "gamma": gamma}
    given |= {"eps": eps, "beta1_lion": beta1_lion, "beta2_lion": beta2_lion, "W": W}
    plan = make_plan(
        learn,
        given,
        partner=partner,
        convention=convention,
        correction=correction,
        safeguard=safeguard,
        lag=lag,
        source=source,
        weight_decay=0.0,
        mask=None,
    )
    return _transformation(plan, sign=1.0)


def coefficients(state: Any) -> dict[str, Array]:
    """The coefficients of the last step by name, from the state of `mada` or of anything that contains one.

    Those learned, scheduled or injected; fixed numbers are not in the state. Raises `UserError` if there is no MADA in
    `state`, or more than one (of `optax.multi_transform`, say: give the part that is meant).
    """
    parts = jax.tree.leaves(state, is_leaf=lambda part: isinstance(part, MadaState))
    found = [part for part in parts if isinstance(part, MadaState)]
    if len(found) != 1:
        raise UserError(f"{len(found)} states of mada in this state: give a state, or a part of one, that holds one")
    return dict(found[0].coefficients)


def _transformation(plan: Plan, sign: float) -> optax.GradientTransformationExtraArgs:
    """The transformation of a plan; its updates are `sign` times delta."""
    decays = not is_number(plan.weight_decay) or plan.weight_decay > 0
    replays = bool(plan.rules) and plan.readout is None
    # what the state holds: arrays like the parameters, and numbers that all of them share
    probe = jax.eval_shape(lambda: plan.point.init({name: jnp.zeros([]) for name in plan.moving}, jnp.zeros(2)))
    names, scalars = [name for name, like in probe.items() if like.ndim], [k for k, v in probe.items() if not v.ndim]

    def now(count: Array, dtype: Any) -> dict[str, Array]:
        """Every moving coefficient as given for the next step, `count` being done."""
        return {k: jnp.asarray(at(f"mada: {k}", v, count, PARAMETERS[k]), dtype) for k, v in plan.moving.items()}

    def init(params: optax.Params) -> MadaState:
        leaves, structure = jax.tree.flatten(params)
        if decays and leaves:
            decayed(params, plan.mask, structure)
        arrays = [working(leaf) for leaf in leaves]
        dtype = jnp.result_type(jnp.float32, *arrays)
        count = jnp.zeros([], jnp.int32)
        values = now(count, dtype)
        states = [plan.point.init({k: jnp.asarray(v, x.dtype) for k, v in values.items()}, x) for x in arrays]
        moments: dict[str, Any] = {name: structure.unflatten([state[name] for state in states]) for name in names}
        moments |= {name: jnp.zeros([], dtype) for name in scalars}
        momenta, none = ({name: jnp.zeros([], dtype) for name in names} for names in (plan.rules, plan.derived))
        gradient = structure.unflatten([jnp.zeros_like(x) for x in arrays]) if replays else None
        return MadaState(count, values, momenta, none, moments, gradient, jnp.zeros([], jnp.int32))

    def update(
        updates: optax.Updates,
        state: Any,
        params: optax.Params | None = None,
        *,
        validation_gradient: optax.Updates | None = None,
        **extra_args: Any,
    ) -> tuple[optax.Updates, MadaState]:
        del extra_args
        own_state(state, MadaState, "mada")
        own_part("coefficients", sorted(state.coefficients), sorted(plan.moving))
        own_part("learned", sorted(state.momenta), sorted(plan.rules))
        own_part("moments", sorted(state.moments), sorted(probe))
        own_part("a gradient:", state.gradient is not None, replays)
        refuse_changed(state.moments[names[0]], updates, "gradients")
        leaves, structure = jax.tree.flatten(updates)
        outer = updates
        if plan.source == "validation":
            if validation_gradient is None:
                raise UserError(
                    "mada learns from a validation loss here: give its gradient at the present parameters, as in "
                    "update(gradients, state, params, validation_gradient=v)"
                )
            refuse_changed(state.moments[names[0]], validation_gradient, "validation gradients")
            outer = validation_gradient
        xs: list[Any] = [None] * len(leaves)
        if decays:
            if params is None:
                raise UserError("mada with a weight decay needs the parameters: give update(gradients, state, params)")
            refuse_changed(state.moments[names[0]], params, "parameters")
            xs = decayed(params, plan.mask, structure)

        gradients = [limited(working(leaf)) for leaf in leaves]
        seeing = [unless_limited(working(leaf)) for leaf in structure.flatten_up_to(outer)]
        kept: list[Any] = [None] * len(leaves) if state.gradient is None else structure.flatten_up_to(state.gradient)
        before = leaf_states(state.moments, scalars, gradients)

        dtype = next(iter(state.coefficients.values())).dtype if state.coefficients else jnp.float32
        seen = {name: jnp.zeros([], dtype) for name in plan.derived}
        if plan.rules:
            for part, old, g, x in zip(before, kept, seeing, xs, strict=True):
                u = hypergradients(plan, state.coefficients, state.count, part, old, g, x)
                seen = {name: total + u[name].astype(dtype) for name, total in seen.items()}
            seen = {name: jnp.where(state.count > 0, u, 0) for name, u in seen.items()}

        count = jnp.asarray(optax.safe_increment(state.count))
        values, momenta, skipped = now(state.count, dtype), {}, state.skipped
        for name, rule in plan.rules.items():
            kappa = jnp.asarray(at(f"kappa_{name}", rule.kappa, state.count, Parameter(0.0, 0)), dtype)
            start = state.coefficients[name], state.momenta[name]
            u = state.hypergradients[name] if plan.lag else seen[name]
            learns = count >= rule.start
            *after, good = descend(*start, u, kappa, jnp.asarray(rule.mu, dtype), plan.boxes[name])
            values[name], momenta[name] = (jnp.where(learns, new, old) for new, old in zip(after, start, strict=True))
            skipped = jnp.where(learns & jnp.logical_not(good), skipped + 1, skipped)

        moves, states = [], []
        for leaf, part, old, g, x in zip(leaves, before, kept, gradients, xs, strict=True):
            if old is not None:
                part = redone(plan, state.coefficients, state.count, part, old)
            delta, after = stepped(plan, values, count, part, g)
            states.append(after if old is None else part)
            if x is not None:
                alpha = rate_alpha(plan, as_leaf(values, g.dtype), count.astype(g.dtype))
                delta = delta + alpha * plan.weight_decay * x.astype(g.dtype)
            moves.append((sign * delta).astype(jnp.asarray(leaf).dtype))
        moments = moment_trees(state.moments, scalars, structure, states)
        gradient = None if state.gradient is None else structure.unflatten(gradients)
        new = MadaState(count, values, momenta, seen, moments, gradient, skipped)
        return structure.unflatten(moves), new

    return optax.GradientTransformationExtraArgs(init, update)
