"""Assumptions of the theorems with momentum, a safeguard or a projection, each with the reason when it fails."""

from madatheory.theory.theorem import Condition, Setting, quantities


def _range_of_monotone_steps(setting: Setting) -> str | None:
    if setting.problem.constants is None:
        return None  # said by the condition on certified constants
    q = quantities(setting)
    least = q.eps + q.G**2 * (1 - q.beta2 ** (q.T - 1)) * (q.beta2 - q.rho * (q.T - 1) * q.w)
    if least >= 0:
        return None
    return (
        f"at T = {q.T:g} the step size may grow: eps + G^2 (1-beta2^(T-1))(beta2 - rho (T-1)(1-beta2)) = {least:.4g} "
        f"< 0 (rho = {q.rho:g}, beta2 = {q.beta2:g}); take fewer steps, a smaller rho or a beta2 nearer to 1"
    )


MONOTONE_RANGE = Condition("step sizes do not grow (L6)", _range_of_monotone_steps)
"""L6: b_t - b_{t-1} >= 0 whatever the gradients. Negative at T means negative from there on, so T alone is tested."""


def _largest_moment_known(setting: Setting) -> str | None:
    moving = setting.optimizer.traits.get("moving", {})
    if "beta2" in moving and not ("c" not in moving and setting.hyper.get("c") == 1.0):
        return "beta2 moves and c is not held at 1, so the least beta2 of the path, which enters R, is not known"
    return None


def _numerator_is_momentum(setting: Setting) -> str | None:
    convention = setting.optimizer.traits.get("convention")
    if getattr(convention, "difference_place", None) != "square":
        return "the gradient difference enters the numerator; the statement needs the momentum m alone there"
    return None


def _fixed_direction(setting: Setting) -> str | None:
    moving = set(setting.optimizer.traits.get("moving", {})) & {"alpha", "beta1", "gamma"}
    if moving:
        return f"{', '.join(sorted(moving))} moves; only rho, c, beta2 and beta3 may"
    gamma = {"gamma": 1.0, **setting.optimizer.traits.get("pinned", {}), **setting.hyper}["gamma"]
    return None if gamma == 1 else f"gamma = {gamma:g}: the sign part is not covered"


SAFEGUARDED = (
    Condition("alpha, beta1 fixed and gamma = 1", _fixed_direction),
    Condition("numerator m alone", _numerator_is_momentum),
    Condition("bounded second moment", _largest_moment_known),
)
"""T8: what must not move while rho, c, beta2 and beta3 do."""


def safeguard_is(kind: str) -> Condition:
    """The safeguard is "max" (T8) or "sum" (T8log)."""

    def fails(setting: Setting) -> str | None:
        got = getattr(setting.optimizer.traits.get("convention"), "safeguard", "none")
        return None if got == kind else f"the safeguard is {got!r}, the statement needs {kind!r}"

    return Condition(f"safeguard {kind}", fails)


def _has_squares(setting: Setting) -> str | None:
    moving = setting.optimizer.traits.get("moving", {})
    if "beta2" in moving:
        return "beta2 moves, so its least value, which enters W, is not known"
    beta2, c = setting.hyper["beta2"], 0.0 if "c" in moving else setting.hyper["c"]
    if beta2 + (1 - beta2) * c > 0:
        return None
    return "beta2 = c = 0: Yogi's rule may forget all of v in one step, so W = 0"


KEEPS_SQUARES = Condition("v_t >= W g_t^2 with W > 0", _has_squares)


def _enough_steps(setting: Setting) -> str | None:
    beta1, steps = setting.hyper["beta1"], setting.steps
    if steps > beta1 / (1 - beta1):
        return None
    return f"T = {steps} is not more than beta1/(1-beta1) = {beta1 / (1 - beta1):g}"


ENOUGH_STEPS = Condition("T > beta1/(1-beta1)", _enough_steps)


def _slow_second_moment(setting: Setting) -> str | None:
    beta1, beta2 = setting.hyper["beta1"], setting.hyper["beta2"]
    return None if beta1 < beta2 else f"beta1 = {beta1:g} is not below beta2 = {beta2:g}"


BETA1_BELOW_BETA2 = Condition("beta1 < beta2", _slow_second_moment)


def _slow_root(setting: Setting) -> str | None:
    beta1, beta2 = setting.hyper["beta1"], setting.hyper["beta2"]
    return None if beta1**2 < beta2 else f"beta1^2 = {beta1**2:g} is not below beta2 = {beta2:g}"


SQUARE_BELOW_BETA2 = Condition("beta1^2 < beta2", _slow_root)


def _boxed(setting: Setting) -> str | None:
    return None if setting.problem.box is not None else f"{setting.problem.name} has no box to project on"


def _linear(setting: Setting) -> str | None:
    if setting.problem.facts.get("losses") == "linear":
        return None
    return f"{setting.problem.name} does not declare linear losses f_t(x) = <g_t, x>, on which the regret is measured"


def _known_losses(setting: Setting) -> str | None:
    if setting.problem.facts.get("losses") in ("linear", "quadratic"):
        return None
    return f"{setting.problem.name} declares no online losses, linear or quadratic, against which regret is measured"


BOXED = Condition("projected on a box", _boxed)
LINEAR_LOSSES = Condition("linear losses", _linear)
KNOWN_LOSSES = Condition("linear or quadratic losses", _known_losses)
"""The bounds hold for all convex losses; their best fixed point is known for these."""


def _geometric(setting: Setting) -> str | None:
    beta1, beta2 = setting.hyper["beta1"], setting.hyper["beta2"]
    return None if beta1**2 != beta2 else f"beta1^2 = beta2 = {beta2:g}: (1-s^T)/(1-s) is 0/0; move beta2 a little"


def _starts_at_zero(setting: Setting) -> str | None:
    convention = setting.optimizer.traits.get("convention")
    if getattr(convention, "bias_correction", "none") not in ("power", "product"):
        return "the moments are not divided by 1 - beta^t"
    starts = [getattr(convention, f"initial_{name}") for name in ("m", "v", "reference")]
    return None if starts == [0, 0, 0] else f"the moments start at {starts}, not at 0"


GEOMETRIC = Condition("beta1^2 != beta2", _geometric)
PURE_POWERS = Condition("moments from 0, corrected by 1 - beta^t", _starts_at_zero)
