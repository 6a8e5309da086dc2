"""Derivatives of an optimizer's update in its hyper-parameters and in the gradient, by its own framework."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madatheory.identities.cases import Case
from madatheory.identities.identity import NotApplicable
from madatheory.identities.runs import Runs
from madatheory.identities.target import Target, Unusable

Array = np.ndarray
HYPER = ("lr", "beta1", "beta2")
"""The hyper-parameters that derivatives are taken in."""


@dataclass(frozen=True)
class LastUpdate:
    """The update u_t = x_t - x_{t-1} of the last step, the state before it held constant.

    `value(h, g)` gives u_t (n,) with hyper-parameters h (name -> number) in the last step only, `slope(name, h, g)` its
    derivative in one of them, `backward(h, g)` the derivative of sum_i u_{t,i} in the gradient g (n,). `names` are the
    hyper-parameters that the optimizer takes as variables of its framework, `refused` why it does not take the others.
    """

    value: Callable[[Mapping[str, float], Array], Array]
    slope: Callable[[str, Mapping[str, float], Array], Array]
    backward: Callable[[Mapping[str, float], Array], Array]
    names: tuple[str, ...]
    refused: Mapping[str, str]


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
    import jax
    import jax.numpy as jnp

    wide = np.dtype(x0.dtype).itemsize >= 8
    dtype = x0.dtype
    with jax.enable_x64(wide):
        x, made = jnp.asarray(x0), target.factory(fixed)
        state = made.init([x])
        for g in history:
            move, state = made.update([jnp.asarray(g, dtype)], state, [x])
            x = (x + move[0]).astype(dtype)

    def update(h: Mapping[str, Any], g: Any) -> Any:
        return target.factory({**fixed, **h}).update([g], state, [x])[0][0]

    def value(h: Mapping[str, float], g: Array) -> Array:
        with jax.enable_x64(wide):
            return np.asarray(update({k: jnp.asarray(v, dtype) for k, v in h.items()}, jnp.asarray(g, dtype)))

    def slope(name: str, h: Mapping[str, float], g: Array) -> Array:
        with jax.enable_x64(wide):
            at, gradient = jnp.asarray(h[name], dtype), jnp.asarray(g, dtype)
            return np.asarray(jax.jvp(lambda v: update({**h, name: v}, gradient), (at,), (jnp.ones_like(at),))[1])

    def backward(h: Mapping[str, float], g: Array) -> Array:
        with jax.enable_x64(wide):
            return np.asarray(jax.grad(lambda v: update(h, v).sum())(jnp.asarray(g, dtype)))

    taken, refused = [], {}
    for name in wanted:
        try:
            slope(name, {name: fixed.get(name, target.defaults.get(name, 0.5))}, np.ones_like(x0))
            taken.append(name)
        except (Unusable, TypeError) as error:
            refused[name] = str(error).splitlines()[0]
    return LastUpdate(value, slope, backward, tuple(taken), refused)


def _by_torch(target: Target, x0: Array, history: Array, fixed: Mapping[str, Any], wanted: Sequence[str]) -> LastUpdate:
    from madatheory.identities.adapters.torch import import_torch, to_numpy, to_torch

    torch = import_torch()

    def update(h: Mapping[str, Any], g: Any) -> Any:
        x = to_torch(x0).requires_grad_().clone()
        optimizer = target.factory({**fixed, "differentiable": True})([x])
        for past in history:
            x.grad = to_torch(np.asarray(past, x0.dtype))
            optimizer.step()
        group = optimizer.param_groups[0]
        for name, now in h.items():
            if name == "lr":
                group["lr"] = now
            elif "betas" in group:
                betas = list(group["betas"])
                betas[int(name[4:]) - 1] = now
                group["betas"] = tuple(betas)
            else:
                group["alpha"] = now
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

    taken, refused = [], {}
    for name in wanted:
        try:
            slope(name, {name: fixed.get(name, target.defaults.get(name, 0.5))}, np.ones_like(x0))
            taken.append(name)
        except (Unusable, TypeError, RuntimeError, ValueError) as error:
            refused[name] = str(error).splitlines()[0]
    return LastUpdate(value, slope, backward, tuple(taken), refused)


def injected(run: Runs, case: Case, settings: Mapping[str, Any]) -> Array:
    """The path (T, n) of an optimizer that is told its lr and betas only when it already runs."""
    target, fixed = run.target, {**run.settings, **settings}
    if target.framework == "torch":
        stepper, other = target.begin([case.x0], {}), target.begin([case.x0], fixed)
        mine, given = (getattr(s, "optimizer").param_groups for s in (stepper, other))
        for group, source in zip(mine, given, strict=True):
            group.update({name: value for name, value in source.items() if name != "params"})
        path = []
        for g in case.g:
            stepper.step([g])
            path.append(stepper.parameters()[0])
        return np.array(path)
    if "jit" not in target.abilities:
        raise NotApplicable(f"{target.framework} has no hyper-parameters of a running optimizer")
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        traced = {name: jnp.asarray(fixed[name], jnp.float64) for name in HYPER if name in fixed}

        def make(h: Mapping[str, Any]) -> Any:
            return target.factory({**fixed, **h})

        @jax.jit
        def step(h: Mapping[str, Any], g: Any, state: Any, x: Any) -> tuple[Any, Any]:
            move, state = make(h).update([g], state, [x])
            return x + move[0], state

        x = jnp.asarray(case.x0)
        try:
            state, path = jax.jit(lambda h, x: make(h).init([x]))(traced, x), []
            for g in case.g:
                x, state = step(traced, jnp.asarray(g), state, x)
                path.append(np.asarray(x))
        except (Unusable, TypeError) as error:
            raise NotApplicable(f"takes no traced hyper-parameters: {str(error).splitlines()[0]}") from None
        return np.array(path)
