"""MADA as an optax transformation: state, jit, scan, vmap, chains, schedules, checkpoints, bounds, refusals."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from quick_jit import quick_jit
from training_cases import (
    EPS,
    FULL,
    KAPPA,
    MU,
    ONLY,
    STEPS,
    X0,
    D,
    G,
    check_central_differences,
    flat,
    mada,
    made,
    run,
    scale_by_mada,
    tree,
)

import madatheory.references.mada as reference
import madatheory.training.transformation as module
from madatheory.training import BOUNDS, Descent, MadaState, coefficients, passes
from madatheory.training.arguments import in_family, spelled

pytestmark = pytest.mark.usefixtures("quick_compilation")


def test_the_state_holds_only_what_the_learned_coefficients_need():
    def arrays(*names: str, **options: Any) -> tuple[set[str], bool]:
        state = mada(0.1, dict.fromkeys(names, 0.01), **options).init({"w": jnp.zeros((2, 3))})
        kept = {name for name, part in state.moments.items() if isinstance(part, dict)}
        return kept, state.gradient is not None

    assert arrays() == ({"m", "v"}, False)
    assert arrays("rho") == ({"m", "v", "partner"}, False)
    assert arrays("learning_rate", "rho") == ({"m", "v", "partner"}, False)
    assert arrays("b1", "b2") == ({"m", "v"}, True)
    assert arrays("c") == ({"m", "v"}, True)
    assert arrays("gamma") == ({"m", "v", "l"}, True)
    everything = ("b1", "b2", "b3", "rho", "c", "gamma")
    assert arrays(*everything) == ({"m", "v", "partner", "n", "g", "l"}, True)
    assert arrays(*everything, convention="published") == ({"m", "v", "partner", "n", "l"}, True)


@pytest.mark.parametrize("names", [("rho",), ("beta1", "rho", "gamma")])
def test_a_compiled_tree_is_an_eager_vector(names, float64):
    tx = made(FULL | {"beta3": 0.0}, names)
    compiled, states = run(tx, G[:4])
    x: Any = jnp.asarray(X0)
    whole = tx.init(x)
    for t in range(4):
        move, whole = tx.update(jnp.asarray(G[t]), whole, x)
        x = optax.apply_updates(x, move)
    np.testing.assert_allclose(x, compiled[-1], rtol=1e-13)
    for name in names:
        np.testing.assert_allclose(
            whole.coefficients[spelled(name)], states.coefficients[spelled(name)][-1], rtol=1e-12
        )


def check_blocks() -> None:
    arrays = {"g": jnp.linspace(-1.0, 2.0, 2**18), "m": jnp.linspace(3.0, -1.0, 2**18)}

    def terms(part: Any) -> Any:
        return {"a": part["g"] * part["m"], "b": jnp.sqrt(jnp.abs(part["g"]))}

    found = quick_jit(lambda a: passes.sums(terms, a))(arrays)
    for name, want in terms(arrays).items():
        np.testing.assert_allclose(found[name], jnp.sum(want), rtol=1e-12)


def test_sums_by_blocks_are_sums(float64):
    check_blocks()


def test_vmap_learns_apart(float64):
    """Two starts and two hyper step sizes at once are the two runs alone."""

    def alone(x0: Any, kappa: Any) -> Any:
        tx = mada(0.1, {"rho": Descent(lambda _: kappa, MU), "b1": 0.01}, rho=0.4, eps=EPS)

        def step(carry: Any, g: Any) -> Any:
            x, state = carry
            move, state = tx.update(g * x, state, x)
            return (x + move, state), coefficients(state)["rho"]

        return jax.lax.scan(step, (x0, tx.init(x0)), jnp.asarray(G[:20]))[1]

    starts, kappas = jnp.stack([jnp.asarray(X0), -2 * jnp.asarray(X0)]), jnp.array([0.02, 0.1])
    both = jax.vmap(alone)(starts, kappas)
    for i in range(2):
        np.testing.assert_allclose(both[i], alone(starts[i], kappas[i]), rtol=1e-12)
    assert np.ptp(np.asarray(both[:, -1])) > 1e-6


def test_chain_multi_transform_and_scale_by(float64):
    tx = mada(0.1, {"rho": Descent(KAPPA, MU)}, rho=0.4, eps=EPS)
    want, state = run(tx, np.clip(G, -1, 1))
    chained = optax.chain(
        optax.clip(1.0),
        scale_by_mada({"rho": Descent(KAPPA * 0.1, MU)}, rho=0.4, eps=EPS),
        optax.scale_by_learning_rate(0.1),
    )
    found, states = run(chained)
    np.testing.assert_allclose(found, want, rtol=1e-12)
    np.testing.assert_allclose(coefficients(states)["rho"], state.coefficients["rho"], rtol=1e-12)

    # each part learns from its own leaves
    parts = optax.multi_transform({"m": tx, "s": optax.sgd(0.1)}, {"a": "s", "b": ("m",)})
    found, states = run(parts)
    alone = mada(0.1, {"rho": Descent(KAPPA, MU)}, rho=0.4, eps=EPS)
    x, s, update = jnp.asarray(X0[1:]), alone.init(jnp.asarray(X0[1:])), quick_jit(alone.update)
    for t in range(3):
        move, s = update(jnp.asarray(G[t, 1:]), s, x)
        x = x + move
    np.testing.assert_allclose(found[2, 1:], x, rtol=1e-12)
    np.testing.assert_allclose(found[:, 0], X0[0] - 0.1 * np.cumsum(G[:, 0]), rtol=1e-12)
    np.testing.assert_allclose(coefficients(states)["rho"][2], s.coefficients["rho"], rtol=1e-12)


def test_schedules_of_coefficients_and_of_hyper_step_sizes(float64):
    def rate(t: Any) -> Any:
        return 0.1 - 0.0015 * jnp.asarray(t, float)

    def beta2(t: Any) -> Any:
        return 0.9 + 0.001 * jnp.asarray(t, float)

    at: dict[str, Any] = {"alpha": np.asarray(rate(np.arange(STEPS))), "beta2": np.asarray(beta2(np.arange(STEPS)))}
    found, state = run(mada(rate, {}, b1=0.8, b2=beta2, rho=0.4, eps=EPS))
    given: dict[str, Any] = FULL | at | {"beta3": 0.0, "c": 1.0, "gamma": 1.0}
    want = reference.run(X0, G, eps=EPS, **given)
    np.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(state.coefficients["b2"], at["beta2"], rtol=1e-14)
    # learning continues with the rest scheduled, and stops where its own step size does
    off = optax.piecewise_constant_schedule(KAPPA, {30: 0.0})
    _, state = run(mada(rate, {"rho": Descent(off)}, b1=0.8, b2=beta2, rho=0.4, eps=EPS))
    rho = np.asarray(state.coefficients["rho"])
    assert np.ptp(rho[:30]) > 1e-4
    assert np.ptp(rho[31:]) == 0


def test_injected_hyper_parameters():
    inject: Any = optax.inject_hyperparams(mada, static_args=("learn", "weight_decay", "lag"))
    tx = inject(learning_rate=0.1, learn={"rho": 0.01}, rho=0.5, eps=EPS)
    x = jnp.asarray(X0, jnp.float32)
    state = tx.init(x)
    plain: Any = mada(0.1, {"rho": 0.01}, rho=0.5, eps=EPS)
    other, same = plain.init(x), x
    injected, update = quick_jit(tx.update), quick_jit(plain.update)
    for t in range(4):
        g = jnp.asarray(G[t], jnp.float32)
        move, state = injected(g, state, x)
        x = x + move
        move, other = update(g, other, same)
        same = same + move
    np.testing.assert_allclose(x, same, rtol=1e-5)
    assert set(coefficients(state)) >= {"rho", "learning_rate"}


@pytest.mark.parametrize("names", [("rho",), ("beta1", "c")])
def test_half_precision_parameters_have_states_in_single_precision(names):
    tx = made(FULL | {"gamma": 1.0, "beta3": 0.0}, names)
    x: Any = {"h": jnp.ones((2, 2), jnp.bfloat16), "f": jnp.ones(3, jnp.float16)}
    g = jax.tree.map(lambda a: (0.5 * a).astype(a.dtype), x)
    state, update = tx.init(x), quick_jit(tx.update)
    for _ in range(3):
        move, after = update(g, state, x)
        jax.tree.map(lambda a, b: (_ for _ in ()).throw(AssertionError) if a.dtype != b.dtype else None, state, after)
        state, x = after, optax.apply_updates(x, move)
    assert x["h"].dtype == jnp.bfloat16
    assert x["f"].dtype == jnp.float16
    assert {leaf.dtype for leaf in jax.tree.leaves(state.moments)} == {jnp.dtype("float32")}
    single = jax.tree.map(lambda a: a.astype(jnp.float32), g)
    other = tx.init(single)
    for _ in range(3):
        _, other = update(single, other, single)
    for name in names:
        np.testing.assert_allclose(state.coefficients[spelled(name)], other.coefficients[spelled(name)], rtol=1e-6)


@pytest.mark.parametrize("names", [("rho",), tuple(FULL)])
def test_a_run_goes_on_from_a_checkpoint(names):
    import pickle

    tx = made(FULL if len(names) > 1 else ONLY, names, weight_decay=0.1)
    update = quick_jit(tx.update)
    x = tree(jnp.asarray(X0, jnp.float32))
    state, g = tx.init(x), tree(jnp.asarray(G, jnp.float32))
    for t in range(6):
        if t == 3:
            leaves, structure = jax.tree.flatten(state)
            stored = pickle.loads(pickle.dumps([np.asarray(leaf) for leaf in leaves]))
            assert structure == jax.tree.structure(tx.init(x))
            other = (x, jax.tree.unflatten(structure, stored))
        move, state = update(jax.tree.map(lambda a, t=t: a[t], g), state, x)
        x = optax.apply_updates(x, move)
    y, again = other
    for t in range(3, 6):
        move, again = update(jax.tree.map(lambda a, t=t: a[t], g), again, y)
        y = optax.apply_updates(y, move)
    np.testing.assert_array_equal(flat(x), flat(y))
    for a, b in zip(jax.tree.leaves(state), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("convention", "eps", "names"),
    [
        ("practical", 0.0, tuple(FULL)),
        ("practical", 1e-6, ("alpha", "rho")),
        ("published", 1e-6, tuple(FULL)),
        ("published", 0.0, ("alpha", "rho")),
        ("theory", 1e-6, tuple(FULL)),
        ("theory", 1e-6, ("alpha", "rho")),
    ],
)
def test_no_nan_where_gradients_vanish(convention, eps, names):
    """None at all, a dead coordinate, and a first gradient after some steps of none."""
    g = np.zeros((6, D))
    g[:, 1], g[3:, 2] = G[:6, 1], G[3:6, 2]
    initial = dict(FULL if len(names) > 2 else ONLY)
    tx = made(initial, names, 0.01, eps=eps, convention=convention)
    x, state = run(tx, g.astype(np.float32), X0.astype(np.float32))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((x, state)))
    nothing, state = run(tx, 0 * g.astype(np.float32), X0.astype(np.float32))
    np.testing.assert_array_equal(nothing[-1], X0)
    assert all(np.all(np.asarray(u) == 0) for u in state.hypergradients.values())


def check_bounds() -> None:
    for dtype, initial, names in ((np.float32, FULL, tuple(FULL)), (np.float64, ONLY, ("alpha", "rho"))):
        _, state = run(made(initial, names, Descent(30.0, MU)), G.astype(dtype), X0.astype(dtype))
        for name, value in in_family(state.coefficients).items():
            low, high = np.asarray(BOUNDS[name], dtype)
            assert value.dtype == dtype
            assert np.all(np.isfinite(value)), name
            assert np.all((value >= low) & (value <= high)), name
            if name == "rho":
                assert np.any(value == low)
                assert np.any(value == high)
    _, state = run(made(ONLY, ("rho",), Descent(30.0, low=0.25, high=0.75)))
    assert np.asarray(state.coefficients["rho"]).min() == 0.25
    assert np.asarray(state.coefficients["rho"]).max() == 0.75


def test_the_bounds_are_never_left_and_their_ends_are_reached(float64):
    check_bounds()


def check_start() -> None:
    _, state = run(made(ONLY, ("rho",), Descent(KAPPA, MU, start=8)))
    rho = np.asarray(state.coefficients["rho"])
    _, values = reference.run_learned(X0, G, kappa={"rho": KAPPA}, mu={"rho": MU}, start=8, eps=EPS, **ONLY)
    np.testing.assert_array_equal(rho[:7], 0.4)
    np.testing.assert_allclose(rho, values["rho"], rtol=1e-12)


def test_nothing_is_learned_before_the_start(float64):
    check_start()


def check_validation() -> None:
    """u_t is the inner product with the second gradient: with v = 2 g it doubles, with v = 0 nothing is learned."""
    tx, two = (
        made(ONLY, ("rho", "beta1"), Descent(k), source=s) for k, s in ((KAPPA, "training"), (KAPPA / 2, "validation"))
    )
    want, plain = run(tx)
    found, state = run(two, extra=2 * G)
    np.testing.assert_allclose(found, want, rtol=1e-12)
    np.testing.assert_allclose(state.hypergradients["rho"], 2 * np.asarray(plain.hypergradients["rho"]), rtol=1e-12)
    _, still = run(two, extra=0 * G)
    assert np.ptp(np.asarray(still.coefficients["rho"])) == 0


def test_the_bilevel_form_learns_from_the_validation_gradient(float64):
    check_validation()


def test_large_leaves_take_the_blocked_sum_and_agree(float64):
    g = np.sin(np.arange(2**18, dtype=float))
    tx = mada(0.1, {"rho": 1e-4, "b1": 1e-4}, rho=0.4, eps=EPS)

    def last(parts: int) -> Any:
        x = [jnp.asarray(p) for p in np.split(0 * g, parts)]
        state, update = tx.init(x), quick_jit(tx.update)
        for k in range(3):
            _, state = update([jnp.asarray(p) for p in np.split(g * np.cos(k), parts)], state, x)
        return state.hypergradients

    whole, many = last(1), last(4)
    for name in ("rho", "b1"):
        assert abs(float(whole[name])) > 1e-3
        np.testing.assert_allclose(whole[name], many[name], rtol=1e-10)


def _updated(tx: Any, g: Any = None, **given: Any) -> Any:
    x = tree(jnp.asarray(X0, jnp.float32))
    return tx.update(x if g is None else g, tx.init(x), given.pop("params", x), **given)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "name": (lambda: mada(0.1, {"rh": 0.1}), "unknown learned coefficient of mada 'rh'; did you mean 'rho'"),
    "no mapping": (lambda: mada(0.1, "rho"), "give a mapping"),
    "eps": (lambda: mada(0.1, {"eps": 0.1}), "unknown learned coefficient of mada 'eps'"),
    "convention": (lambda: mada(0.1, {}, convention="publised"), "did you mean 'published'"),
    "reference": (lambda: mada(0.1, {}, reference="median"), "unknown reference of mada 'median'"),
    "correction": (lambda: mada(0.1, {}, correction="exact"), "unknown correction of mada"),
    "published": (lambda: mada(0.1, {}, convention="published", correction="product"), "give correction='power'"),
    "theory": (lambda: mada(0.1, {}, convention="theory", correction="product"), "no bias correction to choose"),
    "source": (lambda: mada(0.1, {}, source="test"), "unknown source of hyper-gradients 'test'"),
    "safeguard": (lambda: mada(0.1, {}, safeguard="mx"), "did you mean 'max'"),
    "lag": (lambda: mada(0.1, {}, lag=2), "lag = 2: give 0"),
    "hyper learning rate": (lambda: mada(0.1, {"rho": -1.0}), "hyper_learning_rate of rho = -1 is out of range"),
    "hyper learning rate nan": (
        lambda: mada(0.1, {"rho": float("nan")}),
        "hyper_learning_rate of rho = nan is out of range",
    ),
    "hyper momentum": (lambda: mada(0.1, {"rho": Descent(0.1, 1.0)}), "hyper_momentum of rho = 1 is out of range"),
    "bounds": (lambda: mada(0.1, {"rho": Descent(0.1, low=0.6, high=0.5)}), "the bounds .* are empty"),
    "bounds too large": (lambda: mada(0.1, {"rho": Descent(0.1, high=1.5)}), "high bound of rho = 1.5"),
    "start": (lambda: mada(0.1, {"rho": Descent(0.1, start=0)}), "start of rho = 0"),
    "initial": (lambda: mada(0.1, {"b2": 0.1}, b2=0.999), r"initial b2 = 0.999 is out of range.*\[0.501, 0"),
    "value": (lambda: mada(0.1, {}, rho=1.5), "mada: rho = 1.5 is out of range"),
    "learning rate": (lambda: mada(-0.1, {}), "mada: learning_rate = -0.1 is out of range"),
    "shape of a value": (lambda: mada(0.1, {}, rho=np.ones(2)), "rho has shape"),
    "decay": (lambda: mada(0.1, {}, weight_decay=-0.1), "weight_decay = -0.1 is out of range"),
    "scheduled": (
        lambda: mada(lambda t: 0.1, {"learning_rate": 0.1}),
        "learning_rate is learned and has a schedule too",
    ),
    "safeguard form": (lambda: mada(0.1, {}, safeguard="max"), "must be 'theory'"),
    "safeguard learning rate": (
        lambda: mada(0.1, {"learning_rate": 0.1}, safeguard="max", convention="theory"),
        "learning_rate cannot be learned: T8 and T8log let only b2, b3, rho, c move",
    ),
    "safeguard b1": (
        lambda: mada(0.1, {}, b1=lambda t: 0.9, safeguard="max", convention="theory"),
        "b1 stays fixed",
    ),
    "safeguard gamma": (lambda: mada(0.1, {}, gamma=0.5, safeguard="max", convention="theory"), "gamma = 1"),
    "integers": (lambda: mada(0.1, {}).init(jnp.arange(3)), "dtype int32 have no update"),
    "validation": (lambda: _updated(mada(0.1, {"rho": 0.1}, source="validation")), "validation_gradient=v"),
    "no parameters": (lambda: _updated(mada(0.1, {}, weight_decay=0.1), params=None), "needs the parameters"),
    "shapes": (lambda: _updated(mada(0.1, {}), tree(jnp.ones(4))), r"\['b'\]\[0\] have shape \(3,\).*made for \(2,\)"),
    "structure": (lambda: _updated(mada(0.1, {}), {"a": jnp.ones(1)}), "the state was made for"),
    "validation shapes": (
        lambda: _updated(mada(0.1, {}, source="validation"), validation_gradient=tree(jnp.ones(5))),
        "validation gradients at",
    ),
    "no state": (lambda: coefficients(optax.adam(0.1).init(jnp.ones(2))), "0 states of mada"),
}


@pytest.mark.parametrize("label", REFUSED)
def test_bad_input_is_one_clear_message(label):
    from madatheory.errors import UserError

    action, message = REFUSED[label]
    with pytest.raises(UserError, match=message):
        action()


def test_an_empty_tree_and_a_scalar_are_parameters_too():
    tx = mada(0.1, {"rho": 0.1, "b1": 0.1})
    state = tx.init({})
    move, state = tx.update({}, state, {})
    assert move == {}
    assert int(state.count) == 1
    move, state = quick_jit(tx.update)(jnp.float32(1.0), tx.init(jnp.float32(2.0)))
    np.testing.assert_allclose(move, -0.1, rtol=1e-5)
    assert isinstance(state, MadaState)


def test_the_state_says_which_of_its_arrays_are_like_the_parameters():
    """`optax.tree_map_params`, which sharding and restoring code relies on."""
    tx = mada(0.1, {"rho": 0.1, "b1": 0.1}, rho=0.5)
    state: Any = tx.init(tree(jnp.ones(3)))
    marked: Any = optax.tree_map_params(tx, lambda leaf: jnp.full_like(leaf, 7.0), state)
    for part in (*(marked.moments[name] for name in ("m", "v", "partner")), marked.gradient):
        np.testing.assert_array_equal(flat(part), 7.0)
    np.testing.assert_array_equal(marked.coefficients["rho"], state.coefficients["rho"])
    assert int(marked.count) == 0


def _mistaken(name: str) -> Callable[..., Any]:
    right = getattr(module, name)

    def twice(plan: Any, values: Any, count: Any, *rest: Any) -> Any:
        return {key: 2 * u for key, u in right(plan, values, count, *rest).items()}

    def next_clock(plan: Any, values: Any, count: Any, *rest: Any) -> Any:
        return right(plan, values, count + 1, *rest)

    def undone(plan: Any, values: Any, count: Any, before: Any, kept: Any) -> Any:
        return before

    def no_clamp(value: Any, p: Any, u: Any, rate: Any, momentum: Any, bounds: Any, clip: Any) -> Any:
        return value - rate * (momentum * p + u), momentum * p + u, True

    return {"hypergradients": twice, "stepped": next_clock, "redone": undone, "descend": no_clamp}[name]


MISTAKES: dict[str, tuple[str, Callable[[], None]]] = {
    "twice the hyper-gradient": ("hypergradients", lambda: check_central_differences("practical")),
    "the clock one step on": ("stepped", check_start),
    "the kept step is never redone": ("redone", lambda: check_central_differences("practical")),
    "no clamp": ("descend", check_bounds),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_caught(mistake, float64, monkeypatch):
    name, check = MISTAKES[mistake]
    monkeypatch.setattr(module, name, _mistaken(name))
    with pytest.raises(AssertionError):
        check()
