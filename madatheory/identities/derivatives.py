"""Derivatives of an optimizer's update in its hyper-parameters and in the gradient, by its own framework."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from madatheory.identities.identity import NotApplicable
from madatheory.identities.rollout import Runs
from madatheory.identities.strategies import GradientSequence
from madatheory.identities.targets.target import Target, Unusable
from madatheory.identities.tolerance import unit

if TYPE_CHECKING:
    import jax
    import torch

Array = np.ndarray
HYPER = ("lr", "beta1", "beta2")
"""The hyper-parameters that derivatives are taken in."""


@dataclass(frozen=True)
class LastUpdate:
    """The update u_t = x_t - x_{t-1} of the last step, the state before it held constant.

    `value(h, g)` gives u_t (n,) with hyper-parameters h (name -> number) in the last step only, `slope(name, h, g)` its
    derivative in one of them, `backward(h, g)` the derivative of sum_i u_{t,i} in the gradient g (n,). `names` are the
    hyper-parameters that the optimizer takes as variables of its framework, `refused` why it does not take the others.
    `unit` is the roundoff of the coarsest number that enters: torch counts steps in float32, and with
    differentiable=True computes 1 - beta^t from that.
    """

    value: Callable[[Mapping[str, float], Array], Array]
    slope: Callable[[str, Mapping[str, float], Array], Array]
    backward: Callable[[Mapping[str, float], Array], Array]
    names: tuple[str, ...]
    refused: Mapping[str, str]
    unit: float


def last_update(
    run: Runs, x0: Array, history: Array, settings: Mapping[str, Any], names: Sequence[str] = HYPER
) -> LastUpdate:
    """The update after the gradients `history` (T-1, n) from x0, by jax or by torch's autograd.

    `NotApplicable` where the framework differentiates nothing.
    """
    fixed = {**run.settings, **settings}
    wanted = [name for name in names if name in run.target.settable]
    if "jit" in run.target.abilities:
        return _by_jax(run.target, x0, history, fixed, wanted)
    if "differentiable" in run.target.abilities:
        return _by_torch(run.target, x0, history, fixed, wanted)
    raise NotApplicable(f"{run.target.framework} or this optimizer cannot be differentiated")


def _by_jax(target: Target, x0: Array, history: Array, fixed: Mapping[str, Any], wanted: Sequence[str]) -> LastUpdate:
    from madatheory.identities.targets import optax_derivatives as by_jax

    run, taken, refused = by_jax.of(target, fixed, wanted, x0.dtype)
    with by_jax.precision(x0.dtype):
        path, state = run.path(run.arrays(taken), x0, list(map(run.array, history)))

    def given(h: Mapping[str, float], g: Array) -> tuple[Any, Any]:
        return run.arrays({**taken, **h}), run.array(g)

    def value(h: Mapping[str, float], g: Array) -> Array:
        with by_jax.precision(x0.dtype):
            return np.asarray(run.step(*given(h, g), state, path[-1])[-1])

    def slope(name: str, h: Mapping[str, float], g: Array) -> Array:
        with by_jax.precision(x0.dtype):
            return np.asarray(run.slopes(*given(h, g), state, path[-1])[name])

    def backward(h: Mapping[str, float], g: Array) -> Array:
        with by_jax.precision(x0.dtype):
            now, gradient = given(h, g)
            return np.asarray(run.backward(gradient, now, state, path[-1]))

    return LastUpdate(value, slope, backward, tuple(taken), refused, unit(x0.dtype))


def _by_torch(target: Target, x0: Array, history: Array, fixed: Mapping[str, Any], wanted: Sequence[str]) -> LastUpdate:
    from madatheory.identities.targets.torch import import_torch, to_numpy, to_torch

    torch = import_torch()

    def update(h: Mapping[str, Any], g: "torch.Tensor") -> Any:
        x, optimizer = _differentiable(target, x0, fixed)
        for past in history:
            x.grad = to_torch(np.asarray(past, x0.dtype))
            optimizer.step()
        _tell(optimizer, h)
        before = x.detach().clone()
        x.grad = g
        optimizer.step()
        return x - before

    def value(h: Mapping[str, float], g: Array) -> Array:
        return to_numpy(update(h, to_torch(g)))

    def slope(name: str, h: Mapping[str, float], g: Array) -> Array:
        at = torch.tensor(float(h[name]), dtype=to_torch(x0).dtype, requires_grad=True)
        moved = update({**h, name: at}, to_torch(g))
        parts = [torch.autograd.grad(u, at, retain_graph=True, allow_unused=True)[0] for u in moved]
        return np.array([0.0 if part is None else float(part) for part in parts])

    def backward(h: Mapping[str, float], g: Array) -> Array:
        at = to_torch(g).requires_grad_()
        return to_numpy(torch.autograd.grad(update(h, at.clone()).sum(), at)[0])

    taken, refused = _taken(wanted, fixed, target, lambda name, h: slope(name, h, np.ones_like(x0)))
    return LastUpdate(value, slope, backward, taken, refused, _coarsest(*_differentiable(target, x0, fixed)))


def _differentiable(target: Target, x0: Array, fixed: Mapping[str, Any]) -> tuple[Any, Any]:
    """A tensor that is no leaf, and an optimizer of it whose steps autograd follows."""
    from madatheory.identities.targets.torch import to_torch

    x = to_torch(x0).requires_grad_().clone()
    return x, target.factory({**fixed, "differentiable": True})([x])


def _coarsest(x: "torch.Tensor", optimizer: "torch.optim.Optimizer") -> float:
    """Unit roundoff of the coarsest floating-point number in the state after a step."""
    x.grad = x.detach().clone()
    optimizer.step()
    known = {"torch.float64": np.float64, "torch.float32": np.float32}
    kinds = [str(x.dtype), *(str(getattr(value, "dtype", "")) for value in optimizer.state[x].values())]
    return max([unit(known[kind]) for kind in kinds if kind in known], default=unit(np.float32))


def _tell(optimizer: "torch.optim.Optimizer", h: Mapping[str, Any]) -> None:
    """Write hyper-parameters to a running torch optimizer."""
    group = optimizer.param_groups[0]
    for name, now in h.items():
        if name == "lr" or "betas" not in group:
            group["lr" if name == "lr" else "alpha"] = now
        else:
            k = int(name[4:])
            group["betas"] = (*group["betas"][: k - 1], now, *group["betas"][k:])


def _taken(
    wanted: Sequence[str], fixed: Mapping[str, Any], target: Target, slope: Callable[[str, Mapping[str, float]], Array]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Which hyper-parameters may be variables, and what was raised for the others."""
    taken, refused = [], {}
    for name in wanted:
        try:
            slope(name, {name: fixed.get(name, target.defaults.get(name, 0.5))})
            taken.append(name)
        except (Unusable, TypeError, RuntimeError, ValueError) as error:
            refused[name] = str(error).splitlines()[0]
    return tuple(taken), refused


@dataclass(frozen=True)
class UnrolledRun:
    """x_T as a function of hyper-parameters that hold in all T steps, and of the gradients g (T, n).

    `value(h, g)` gives x_T (n,), `forward(name, h, g)` its derivative by forward mode (jax; None for torch),
    `reverse(w, h, g)` the derivatives of sum_i w_i x_{T,i}: one number per hyper-parameter in h, and an array like g.
    """

    value: Callable[[Mapping[str, float], Array], Array]
    forward: Callable[[str, Mapping[str, float], Array], Array] | None
    reverse: Callable[[Array, Mapping[str, float], Array], tuple[dict[str, float], Array]]
    unit: float


def unrolled(run: Runs, x0: Array, settings: Mapping[str, Any]) -> UnrolledRun:
    """The whole run, differentiated through its states. `NotApplicable` where the framework cannot."""
    target, fixed = run.target, {**run.settings, **settings}
    if "jit" in target.abilities:
        return _unrolled_by_jax(target, x0, fixed)
    if "differentiable" in target.abilities:
        return _unrolled_by_torch(target, x0, fixed)
    raise NotApplicable(f"{target.framework} or this optimizer cannot be differentiated")


def _unrolled_by_jax(target: Target, x0: Array, fixed: Mapping[str, Any]) -> UnrolledRun:
    import jax

    from madatheory.identities.targets import optax_derivatives as by_jax

    run, taken, _ = by_jax.of(target, fixed, HYPER, x0.dtype)

    def end(h: Mapping[str, Any], g: Sequence["jax.Array"]) -> Any:
        return run.path({**run.arrays(taken), **h}, x0, g)[0][-1]

    def slope(name: str) -> Callable[..., Any]:
        return by_jax.in_numpy(lambda h, rows: by_jax.slope(lambda h: end(h, rows), h, name))

    along = {name: slope(name) for name in taken}
    back = by_jax.in_numpy(jax.grad(lambda h, rows, w: w @ end(h, rows), argnums=(0, 1)))

    def value(h: Mapping[str, float], g: Array) -> Array:
        with by_jax.precision(x0.dtype):
            return np.asarray(end(run.arrays(h), list(map(run.array, g))))

    def forward(name: str, h: Mapping[str, float], g: Array) -> Array:
        with by_jax.precision(x0.dtype):
            return np.asarray(along[name](run.arrays(h), list(map(run.array, g))))

    def reverse(w: Array, h: Mapping[str, float], g: Array) -> tuple[dict[str, float], Array]:
        with by_jax.precision(x0.dtype):
            slopes, by_g = back(run.arrays(h), list(map(run.array, g)), run.array(w))
            return {name: float(v) for name, v in slopes.items()}, np.array(by_g)

    return UnrolledRun(value, forward, reverse, unit(x0.dtype))


def _unrolled_by_torch(target: Target, x0: Array, fixed: Mapping[str, Any]) -> UnrolledRun:
    from madatheory.identities.targets.torch import import_torch, to_numpy, to_torch

    torch = import_torch()

    def end(h: Mapping[str, Any], g: "torch.Tensor") -> Any:
        x, optimizer = _differentiable(target, x0, fixed)
        _tell(optimizer, h)
        for now in g:
            x.grad = now
            optimizer.step()
        return x

    def value(h: Mapping[str, float], g: Array) -> Array:
        return to_numpy(end(h, to_torch(g)))

    def reverse(w: Array, h: Mapping[str, float], g: Array) -> tuple[dict[str, float], Array]:
        at = {name: torch.tensor(float(v), dtype=torch.float64, requires_grad=True) for name, v in h.items()}
        leaf = to_torch(g).requires_grad_()
        loss = (to_torch(w) * end(at, leaf.clone())).sum()
        found = torch.autograd.grad(loss, [*at.values(), leaf], allow_unused=True)
        numbers = [0.0 if v is None else float(v) for v in found[:-1]]
        return dict(zip(at, numbers, strict=True)), np.zeros_like(g) if found[-1] is None else to_numpy(found[-1])

    return UnrolledRun(value, None, reverse, _coarsest(*_differentiable(target, x0, fixed)))


def injected(run: Runs, case: GradientSequence, settings: Mapping[str, Any]) -> Array:
    """The path (T, n) of an optimizer that is told its lr and betas only when it already runs."""
    target, fixed = run.target, {**run.settings, **settings}
    if target.framework == "torch":
        stepper: Any = target.begin([case.x0], {})
        other: Any = target.begin([case.x0], fixed)
        if not hasattr(stepper.optimizer, "param_groups"):
            raise NotApplicable(f"{type(stepper.optimizer).__name__} has no groups whose settings could be written")
        mine, given = stepper.optimizer.param_groups, other.optimizer.param_groups
        for group, source in zip(mine, given, strict=True):
            group.update({name: value for name, value in source.items() if name != "params"})
        path = []
        for g in case.g:
            stepper.step([g])
            path.append(stepper.parameters()[0])
        return np.array(path)
    if "jit" not in target.abilities:
        raise NotApplicable(f"{target.framework} has no hyper-parameters of a running optimizer")
    from madatheory.identities.targets import optax_derivatives as by_jax

    names = tuple(name for name in HYPER if name in fixed)
    steps, taken, refused = by_jax.of(target, fixed, names, case.x0.dtype)
    if not taken:
        raise NotApplicable(f"takes no traced hyper-parameters: {refused}")
    with by_jax.precision(case.x0.dtype):
        return np.array(steps.path(steps.arrays(taken), case.x0, list(map(steps.array, case.g)))[0][1:])
