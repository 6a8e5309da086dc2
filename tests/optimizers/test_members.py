"""Every member equals its reference, forms and conventions do what they say, and bad input is one clear message."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from optimizer_cases import CASES, GRADIENTS, SEQUENCES, X0, D, T, looped, paths, worst_error
from tolerances import DOUBLE, SAME_PATH

from madatheory.errors import UserError
from madatheory.optimizers.catalogue import list_optimizers
from madatheory.optimizers.convention import PUBLISHED_MADA, Convention
from madatheory.optimizers.family import member
from madatheory.optimizers.members.safeguarded_mada import greedy, safeguarded
from madatheory.references import adam, interpolation
from proofs_check.open_loop import open_loop

ROUNDING = 2e-14  # of the largest displacement; measured: at most 5e-15


@pytest.mark.parametrize("label", CASES)
def test_member_equals_its_reference(label):
    error, where = worst_error(CASES[label])
    assert error < ROUNDING, where


def test_every_member_has_a_reference_in_both_forms():
    covered = {(case.entry, case.optimizer().traits["form"]) for case in CASES.values()}
    for name, entry in list_optimizers().items():
        if "form" not in entry.options or name == "lion":  # lion: one update in both forms, checked below
            continue
        for form in ("theory", "practical"):
            assert (name, form) in covered, f"{name} has no reference in its {form} form"


def test_lion_is_the_same_in_both_forms():
    hyper = {"alpha": 0.1}
    first, second = (paths(list_optimizers()["lion"].build(form=form), hyper) for form in ("theory", "practical"))
    np.testing.assert_array_equal(first, second)


def test_sgd_with_momentum():
    found = paths(list_optimizers()["sgd"].build(), {"alpha": 0.5, "beta1": 0.75})[0]
    x, m = X0.copy(), np.zeros(D)
    for g, expected in zip(SEQUENCES["normal"], found, strict=True):
        m = 0.75 * m + 0.25 * g
        x = x - 0.5 * m
        np.testing.assert_allclose(expected, x, rtol=DOUBLE.hundreds)


def test_adagrad_norm():
    found = paths(list_optimizers()["adagrad-norm"].build(), {"alpha": 0.5, "eps": 0.25})[0]
    x, v = X0.copy(), 0.0
    for g, expected in zip(SEQUENCES["normal"], found, strict=True):
        v += np.sum(g**2)
        x = x - 0.5 * g / np.sqrt(0.25 + v)
        np.testing.assert_allclose(expected, x, rtol=DOUBLE.hundreds)


def test_adopt():
    """The denominator of step t is that of before it: the first is sqrt(eps)."""
    found = paths(list_optimizers()["adopt"].build(), {"alpha": 0.5, "eps": 0.25, "beta2": 0.8})[0]
    x, v = X0.copy(), 0 * X0
    for g, expected in zip(SEQUENCES["normal"], found, strict=True):
        x = x - 0.5 * g / np.sqrt(0.25 + v)
        v = 0.8 * v + 0.2 * g**2
        np.testing.assert_allclose(expected, x, rtol=DOUBLE.hundreds)


def test_hypergradient_descent():
    hyper = {"alpha": 0.1, "eta": 0.3, "A": 0.35}
    found = paths(list_optimizers()["hypergradient-descent"].build(), hyper)[0]
    x, a, last = X0.copy(), 0.1, None
    steps = []
    for g, expected in zip(SEQUENCES["normal"], found, strict=True):
        if last is not None:
            a = min(max(a + 0.3 * np.dot(g, last) / np.dot(last, last), 0.0), 0.35)
        steps.append(a)
        x, last = x - a * g, g
        np.testing.assert_allclose(expected, x, rtol=DOUBLE.hundreds)
    assert {0.0, 0.35} & set(steps)
    assert any(0 < a < 0.35 for a in steps[1:])


BY_HAND = ("sgd", "adagrad-norm", "adopt", "hypergradient-descent", "adamx")


@pytest.mark.parametrize("name", [n for n in list_optimizers() if n not in BY_HAND])
def test_traits_say_what_theorems_ask_for(name):
    optimizer = list_optimizers()[name].build()
    traits = optimizer.traits
    assert traits["family"]
    assert traits["method"] == name == optimizer.name
    assert isinstance(traits["convention"], Convention)
    assert traits["form"] in ("theory", "practical")
    assert set(traits["free"]) <= set(optimizer.parameters)
    assert not set(traits["free"]) & set(traits["pinned"])
    assert optimizer.source


def test_default_schedules_are_those_of_the_theorems():
    schedule = {name: entry.build().traits["schedule"] for name, entry in list_optimizers().items()}
    assert schedule["adam"] == schedule["adagrad"] == "constant"
    assert schedule["avgrad"] == schedule["amsgrad"] == schedule["adam-avgrad"] == "inverse_sqrt"
    assert list_optimizers()["adam"].build(form="defossez").traits["schedule"] == "defossez_adam"
    assert list_optimizers()["avgrad"].build(form="practical").traits["schedule"] == "constant"


def test_state_holds_only_what_the_free_coefficients_need():
    x = jnp.zeros(3)

    def keys(name: str, **options) -> set[str]:
        optimizer = list_optimizers()[name].build(**options)
        return set(optimizer.init(optimizer.hyper(), x))

    assert keys("rmsprop") == {"v"}
    assert keys("adam") == {"m", "v"}
    assert keys("adam", form="practical") == {"m", "v", "ones1", "ones2"}
    assert keys("avgrad") == {"m", "v", "reference"}
    assert keys("lion") == {"l"}
    assert keys("adan") == {"m", "v", "n", "g"}
    assert keys("safeguarded-mada") == {"m", "v", "reference", "g", "b"}
    assert keys("mada-family", convention="published") == {"m", "v", "reference", "n", "l"}


def test_step_fields_of_the_theory_form(float64):
    """delta = eta m, eta = alpha/sqrt(b), b = t (eps + vhat) with alpha_t = alpha/sqrt(t)."""
    optimizer = list_optimizers()["adam-avgrad"].build()
    hyper = optimizer.hyper({"alpha": 0.3, "beta1": 0.5, "rho": 0.25, "eps": 1e-4})
    g = GRADIENTS[:, :, 0]
    path = looped(optimizer)(X0, g, hyper)
    s, t = path.step, np.arange(1, T + 1)[:, None]
    np.testing.assert_allclose(s.delta, s.eta * s.m, rtol=DOUBLE.tens)
    np.testing.assert_allclose(s.eta, 0.3 / np.sqrt(s.b), rtol=DOUBLE.tens)
    np.testing.assert_allclose(s.b, t * (1e-4 + s.vhat), rtol=DOUBLE.tens)
    np.testing.assert_allclose(s.vhat, 0.25 * s.v + 0.75 * path.state["reference"], rtol=DOUBLE.tens)


@pytest.mark.parametrize(
    "label",
    [
        "adagrad defossez",
        "adam horizon",
        "adam practical inverse sqrt",
        "adam defossez",
        "amsgrad theory",
        "safeguarded sum",
    ],
)
def test_b_is_alpha_over_eta_squared_in_every_form(label, float64):
    case = CASES[label]
    optimizer = case.optimizer()
    hyper = optimizer.hyper(case.hyper)
    step = looped(optimizer)(X0, GRADIENTS[:, :, 0], hyper, float(T)).step
    np.testing.assert_allclose(step.b, (hyper["alpha"] / step.eta) ** 2, rtol=DOUBLE.thousands)


def test_defossez_forms_are_other_writings_of_known_methods():
    """Sums with alpha_t = (1-beta1) alpha: the same Adagrad. Summed Adam: eps scaled by 1-beta2, v bias corrected."""
    hyper = {"alpha": 0.1, "beta1": 0.8, "eps": 1e-3}
    build = list_optimizers()["adagrad"].build
    np.testing.assert_allclose(paths(build(form="defossez"), hyper), paths(build(form="theory"), hyper), **SAME_PATH)
    found = paths(list_optimizers()["adam"].build(form="defossez"), hyper | {"beta2": 0.97})
    c = 1 - 0.97 ** np.arange(1, T + 1)
    for g, x in zip(SEQUENCES.values(), found, strict=True):
        m, v, y = np.zeros(D), np.zeros(D), X0
        for t in range(T):
            m, v = 0.8 * m + 0.2 * g[t], 0.97 * v + 0.03 * g[t] ** 2
            y = y - 0.1 * np.sqrt(c[t]) * m / np.sqrt(0.03 * 1e-3 + v)
            np.testing.assert_allclose(x[t], y, **SAME_PATH)


@pytest.mark.parametrize("correction", ["power", "product"])
def test_corrections_with_a_moving_beta(correction):
    """power divides by 1 - beta_t^t, product by 1 - prod beta_s: they differ as soon as beta moves."""
    beta1, beta2 = 0.5 + 0.4 / np.arange(1, T + 1), 0.9 + 0.09 * np.arange(1, T + 1) / T
    optimizer = member(
        "moving",
        "",
        free=("alpha", "eps"),
        convention=Convention(eps_place="outside", bias_correction=correction),
        schedules={"beta1": lambda h, clock: 0.5 + 0.4 / clock.t, "beta2": lambda h, clock: 0.9 + 0.09 * clock.t / T},
        schedule="constant",
    )
    for x, g in zip(paths(optimizer, {"alpha": 0.1, "eps": 1e-3}), SEQUENCES.values(), strict=True):
        expected = adam.run(X0, g, alpha=0.1, beta1=beta1, beta2=beta2, eps=1e-3, bias_correction=correction)
        np.testing.assert_allclose(x, expected, **SAME_PATH)


def test_alpha_may_be_any_function_of_the_clock():
    optimizer = member("decay", "", free=("alpha", "beta2", "eps"), schedules={"alpha": lambda h, c: h["alpha"] / c.t})
    assert optimizer.traits["schedule"] == "custom"
    hyper = {"alpha": 0.1, "beta2": 0.97, "eps": 1e-3}
    x = paths(optimizer, hyper)[0]
    expected = adam.run(
        X0,
        SEQUENCES["normal"],
        **{**hyper, "alpha": 0.1 / np.arange(1, T + 1)},
        beta1=0.0,
        eps_place="inside",
        bias_correction="none",
    )
    np.testing.assert_allclose(x, expected, **SAME_PATH)


def test_a_policy_sees_the_past_only_and_an_adapted_coefficient_the_present(float64):
    """rho_t from v_{t-1} (predictable, T6) and from g_t (adapted, T8), against the reference with the same rho path."""
    g = SEQUENCES["normal"][:, :1]
    x0 = X0[:1]
    hyper = {"alpha": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3}
    v = np.zeros(T + 1)
    for t in range(T):
        v[t + 1] = 0.9 * v[t] + 0.1 * g[t, 0] ** 2
    mean = np.concatenate([[0.0], np.cumsum(v[1:]) / np.arange(1, T + 1)])
    past = np.where(v[:-1] > mean[:-1], 1.0, 0.25)
    lagged = member(
        "lagged",
        "",
        free=tuple(hyper),
        policies={"rho": lambda h, clock, state: jnp.where(state["v"] > state["reference"], 1.0, 0.25)},
    )
    assert lagged.traits["moving"] == {"rho": "predictable"}
    found = looped(lagged)(x0, g, lagged.hyper(hyper)).x
    expected = interpolation.run(
        x0,
        g,
        **{**hyper, "alpha": 0.1 / np.sqrt(np.arange(1, T + 1))},
        rho=past,
        eps_place="inside",
        bias_correction=False,
    )
    np.testing.assert_allclose(found, expected, rtol=DOUBLE.thousands)

    present = np.where(v[1:] < mean[:-1], 1.0, 0.0)
    eager = safeguarded(adapted={"rho": greedy})
    assert eager.traits["moving"] == {"rho": "adapted"}
    assert "rho" not in eager.parameters
    found = looped(eager)(x0, g, eager.hyper(hyper)).x
    np.testing.assert_allclose(found, interpolation.run_safeguarded(x0, g, **hyper, rho=present), rtol=DOUBLE.thousands)


@pytest.mark.parametrize("safeguard", ["max", "sum"])
@pytest.mark.parametrize("path", ["constant", "greedy"])
def test_safeguarded_step_size_never_grows(safeguard, path, float64):
    optimizer = list_optimizers()["safeguarded-mada"].build(safeguard=safeguard, path=path)
    run = looped(optimizer)(np.zeros((D, GRADIENTS.shape[-1])), GRADIENTS, optimizer.hyper({"beta2": 0.8}))
    eta = np.asarray(run.step.eta)
    assert np.all(eta[1:] <= eta[:-1])


def theory_steps(name: str, **hyper: float):
    """The steps of a theory form from x0 = 0 on all sequences."""
    optimizer = list_optimizers()[name].build()
    given = optimizer.hyper({"beta1": 0.0, **hyper})
    return looped(optimizer)(np.zeros((D, GRADIENTS.shape[-1])), GRADIENTS, given).step


@pytest.mark.parametrize("name", ["amsgrad", "avgrad"])
def test_step_sizes_of_the_theory_forms_do_not_grow(name, float64):
    """R7 with the schedule alpha/sqrt(t), which hides the moment from the identities."""
    eta = np.asarray(theory_steps(name, beta2=0.8).eta)
    assert np.all(eta[1:] <= eta[:-1] * (1 + DOUBLE.tens))


def test_avgrad_moves_between_adagrad_and_a_multiple_of_it(float64):
    """R6 with the same schedule and a negligible eps: |delta| of Adagrad, and 1/sqrt(1-beta2) of it."""
    ours, adagrad = (
        np.abs(np.asarray(theory_steps(name, **hyper, eps=2.0**-126).delta))
        for name, hyper in (("avgrad", {"beta2": 0.8}), ("adagrad", {}))
    )
    ours = ours / list_optimizers()["avgrad"].build().hyper()["alpha"]
    adagrad = adagrad / list_optimizers()["adagrad"].build().hyper()["alpha"]
    assert np.all(adagrad <= ours * (1 + DOUBLE.tens))
    assert np.all(ours <= adagrad / np.sqrt(1 - 0.8) * (1 + DOUBLE.tens))


@pytest.mark.parametrize(("name", "options"), [("adam-avgrad", {}), ("adam", {"schedule": "inverse_sqrt"})])
def test_without_the_safeguard_the_step_size_grows(name, options, float64):
    unguarded = list_optimizers()[name].build(**options)
    free = looped(unguarded)(np.zeros((D, GRADIENTS.shape[-1])), GRADIENTS, unguarded.hyper({"beta2": 0.8}))
    eta = np.asarray(free.step.eta)
    assert np.any(eta[1:] > eta[:-1])


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam", "amsgrad", "avgrad", "yogi", "adan", "adam-avgrad"])
def test_where_eps_underflows_zero_gradients_move_nothing(name):
    optimizer = list_optimizers()[name].build(form="theory")
    x = looped(optimizer)(np.zeros(1, "float32"), np.zeros((T, 1), "float32"), optimizer.hyper({"eps": 1e-60})).x
    assert x.dtype == np.float32
    assert not np.any(x)


def test_hyper_gradient_through_the_step_is_finite_at_a_dead_coordinate(float64):
    optimizer = list_optimizers()["mada-family"].build()
    g = jnp.asarray(SEQUENCES["one_dead"])

    def final(rho: jax.Array) -> jax.Array:
        return jnp.sum(open_loop(optimizer)(jnp.asarray(X0), g, {**optimizer.hyper({"beta3": 0.5}), "rho": rho}).x[-1])

    value = jax.jit(final)
    low, high = (value(jnp.asarray(0.5 + side)) for side in (-1e-6, 1e-6))
    slope, difference = jax.jit(jax.grad(final))(jnp.asarray(0.5)), (high - low) / 2e-6
    assert np.isfinite(slope)
    np.testing.assert_allclose(slope, difference, rtol=1e-6)


@pytest.mark.parametrize("form", ["theory", "practical"])
def test_nan_gradients_are_not_hidden(form):
    g = np.where(np.arange(T) == 3, np.nan, 1.0)[:, None]
    optimizer = list_optimizers()["avgrad"].build(form=form)
    x = looped(optimizer)(np.zeros(1), g, optimizer.hyper()).x[:, 0]
    assert np.all(np.isfinite(x[:3]))
    assert np.all(np.isnan(x[3:]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list_optimizers())
def test_dtype_follows_the_input(name, dtype, float64):
    optimizer = list_optimizers()[name].build()
    hyper = {k: np.full(5, v) for k, v in optimizer.hyper().items()}
    path = jax.eval_shape(looped(optimizer), np.ones((3, 5), dtype), np.ones((7, 3, 5), dtype), hyper, 7.0)
    # counters, of steps without a hyper-gradient say, are whole numbers whatever the input
    assert {leaf.dtype.name for leaf in jax.tree.leaves(path)} - {"int32"} == {dtype}
    assert {leaf.shape for leaf in path.step} == {(7, 3, 5)}


@pytest.mark.parametrize("name", ["mada-family", "safeguarded-mada", "adam-avgrad-switch"])
def test_lanes_with_their_own_hypers_are_separate_runs(name, float64):
    optimizer = list_optimizers()[name].build()
    hyper = {k: np.linspace(0.5, 1.0, 3) * max(v, 0.5) for k, v in optimizer.hyper().items()}
    hyper |= {k: np.minimum(v, 0.95) for k, v in hyper.items() if k.startswith("beta")}
    run = looped(optimizer)
    together = run(np.ones((D, 3)), GRADIENTS[:, :, :3], hyper, float(T)).x
    for lane in range(3):
        own = {k: v[lane : lane + 1] for k, v in hyper.items()}
        alone = run(np.ones((D, 1)), GRADIENTS[:, :, lane : lane + 1], own, float(T)).x
        np.testing.assert_allclose(together[:, :, lane], alone[:, :, 0], rtol=DOUBLE.tens)


def test_published_convention_departs_from_the_formulas():
    """With a gradient difference the published update breaks sign symmetry; the practical family has it."""
    hyper = {"beta3": 0.5, "alpha": 0.1}
    for convention, symmetric in (("practical", True), ("published", False)):
        optimizer = list_optimizers()["mada-family"].build(convention=convention)
        with jax.enable_x64(True):
            run = looped(optimizer)
            h = optimizer.hyper(hyper)
            plus, minus = (run(np.zeros(D), sign * SEQUENCES["normal"], h).x for sign in (1.0, -1.0))
        assert np.array_equal(plus, -minus) == symmetric
    assert PUBLISHED_MADA.lion_order == "new"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: list_optimizers()["adam"].build(form="theroy"), "did you mean 'theory'"),
        (lambda: list_optimizers()["avgrad"].build(form="defossez"), "unknown form of avgrad"),
        (lambda: list_optimizers()["adam"].build(schedule="sqrt"), "unknown schedule 'sqrt'"),
        (lambda: list_optimizers()["amsgrad"].build(order="first"), "unknown order"),
        (lambda: list_optimizers()["mada-family"].build(form="theory", convention="published"), "practical form only"),
        (lambda: list_optimizers()["adam"].build().hyper({"beta2": 1.0}), r"beta2 = 1 is out of range.*\[0, 1\)"),
        (lambda: list_optimizers()["adam"].build().hyper({"eps": 0.0}), "eps = 0 is out of range"),
        (lambda: list_optimizers()["adam"].build().hyper({"alpha": float("nan")}), "alpha = nan"),
        (lambda: list_optimizers()["adam"].build().hyper({"alpha": "big"}), "'big' is not a number"),
        (lambda: list_optimizers()["adam"].build().hyper({"rho": 0.5}), "unknown hyper-parameter of adam 'rho'"),
        (lambda: member("x", "", free=("beta9",)), "unknown coefficient of x 'beta9'"),
        (lambda: member("x", "", free=("alpha",), policies={"alpha": lambda h, c, s: 1.0}), "alpha can be scheduled"),
        (
            lambda: member("x", "", free=("alpha",), convention=Convention(safeguard="max"), schedule="constant"),
            "the safeguard is defined for",
        ),
        (lambda: safeguarded(schedules={"beta1": lambda h, c: 0.5}), "unknown moving coefficient"),
        (lambda: safeguarded("both"), "unknown safeguard"),
    ],
)
def test_bad_input_is_one_clear_message(action, message):
    with pytest.raises(UserError, match=message):
        action()
