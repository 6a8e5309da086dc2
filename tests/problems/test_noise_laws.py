"""The noise laws: samplers against their own atoms, bounds and variances."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from tolerances import DOUBLE

from madatheory.engine.noise import words as counter_words
from madatheory.errors import UserError
from madatheory.problems.noise_laws import LAWS, NOISES, NoiseLaw, bernoulli, circle, index, law, student
from madatheory.problems.problem import Words

pytestmark = pytest.mark.usefixtures("float64")
SCALE = 0.75
CELLS = 2**16
EXTREMES = Words(jnp.array([0, 2**32 - 1], jnp.uint32), jnp.array([0, 2**32 - 1], jnp.uint32))


def stratified() -> Words:
    """First words at the middle of 2^16 equal cells: averages over them are exact for laws with dyadic thresholds."""
    first = jnp.arange(CELLS, dtype=jnp.uint32) * jnp.uint32(2**16) + jnp.uint32(2**15)
    return Words(first, jnp.zeros(CELLS, jnp.uint32))


def random_words(count: int, seed: int = 0) -> Words:
    rng = np.random.default_rng(seed)
    first, second = (jnp.asarray(rng.integers(0, 2**32, count, dtype=np.uint32)) for _ in range(2))
    return Words(first, second)


def all_laws() -> list[NoiseLaw]:
    return [make(SCALE) for make in LAWS.values()]


@pytest.mark.parametrize("noise", [x for x in all_laws() if x.atoms is not None], ids=lambda x: x.name)
def test_sampler_has_exactly_the_law_of_its_atoms(noise: NoiseLaw) -> None:
    assert noise.atoms is not None
    values, probabilities = noise.atoms
    drawn = np.asarray(noise.sample(stratified(), np.float64))
    assert np.isin(drawn, values).all()
    np.testing.assert_array_equal([np.mean(drawn == value) for value in values], probabilities)


@pytest.mark.parametrize("noise", [x for x in all_laws() if x.atoms is not None], ids=lambda x: x.name)
def test_atoms_are_centred_and_have_the_stated_bound_and_variance(noise: NoiseLaw) -> None:
    assert noise.atoms is not None
    values, probabilities = noise.atoms
    assert probabilities.sum() == 1
    assert values @ probabilities == 0
    assert (values**2) @ probabilities == pytest.approx(noise.variance, rel=DOUBLE.few)
    assert np.abs(values).max() == noise.bound


@pytest.mark.parametrize("noise", [x for x in all_laws() if np.isfinite(x.bound)], ids=lambda x: x.name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bound_holds_at_the_extreme_words_and_is_approached(noise: NoiseLaw, dtype: type) -> None:
    drawn = np.abs(np.asarray(noise.sample(EXTREMES, dtype)))
    assert drawn.dtype == dtype
    assert drawn.max() <= dtype(noise.bound)
    assert drawn.max() >= noise.bound * (1 - 1e-6)


def test_uniform_moments() -> None:
    noise = law("uniform", SCALE)
    drawn = np.asarray(noise.sample(stratified(), np.float64))
    assert abs(drawn.mean()) < 1e-9  # the middle word of a cell sits half a word off the cell's centre
    assert np.mean(drawn**2) == pytest.approx(noise.variance, rel=1e-8)


@pytest.mark.parametrize(
    ("noise", "reference"),
    [
        (law("uniform", SCALE), stats.uniform(-SCALE, 2 * SCALE)),
        (law("gaussian", SCALE), stats.norm(0, SCALE)),
        (law("student-t", SCALE), stats.t(3, 0, SCALE)),
        (student(SCALE, 1.5), stats.t(1.5, 0, SCALE)),
        (student(SCALE, 8), stats.t(8, 0, SCALE)),
    ],
    ids=["uniform", "gaussian", "student-t", "student-1.5", "student-8"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_continuous_laws_pass_kolmogorov_smirnov(noise: NoiseLaw, reference, dtype: type) -> None:
    drawn = np.asarray(noise.sample(random_words(200_000), dtype), dtype=float)
    assert np.isfinite(drawn).all()
    assert stats.kstest(drawn, reference.cdf).pvalue > 1e-3
    if np.isfinite(noise.variance):
        assert noise.variance == pytest.approx(reference.var())
    else:
        assert np.isinf(noise.bound)


def same_law(a: np.ndarray, b: np.ndarray) -> float:
    """p-value of the two-sample Kolmogorov-Smirnov test."""
    result: Any = stats.ks_2samp(a, b)
    return float(result.pvalue)


def contingency(table: np.ndarray) -> float:
    """p-value of the chi-squared test of independence."""
    result: Any = stats.chi2_contingency(table)
    return float(result.pvalue)


PAIRED = [x for x in all_laws() if x.pair is not None and x.name != "none"]


@pytest.mark.parametrize("noise", PAIRED, ids=lambda x: x.name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_values_of_a_pair_have_the_law_and_are_independent(noise: NoiseLaw, dtype: type) -> None:
    """Each against draws of `sample`, and their joint law on a 4 x 4 table against the product of the margins."""
    assert noise.pair is not None
    first, second = (np.asarray(v, float) for v in noise.pair(random_words(200_000), dtype))
    single = np.asarray(noise.sample(random_words(200_000, 1), dtype), float)
    for value in (first, second):
        if noise.atoms is None:
            assert same_law(value, single) > 1e-3
        else:
            counts = [np.sum(np.isclose(value, atom)) for atom in noise.atoms.values]
            assert stats.chisquare(counts, len(value) * noise.atoms.probabilities).pvalue > 1e-3
    edges = (
        np.quantile(single, [0.25, 0.5, 0.75])
        if noise.atoms is None
        else (noise.atoms.values[1:] + noise.atoms.values[:-1]) / 2
    )
    table = np.zeros((len(edges) + 1,) * 2)
    np.add.at(table, (np.digitize(first, np.sort(edges)), np.digitize(second, np.sort(edges))), 1)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    assert contingency(table) > 1e-3


def test_which_laws_make_pairs() -> None:
    """A law that loses its pair costs a second evaluation of the generator, so this list is a decision."""
    assert {x.name for x in all_laws() if x.pair is None} == {"student-t"}


@pytest.mark.parametrize("name", ["rademacher", "uniform", "rare-large"])
def test_laws_under_the_engine_s_words(name: str) -> None:
    """Means over steps, coordinates and trajectories are within 5 standard errors, and lagged products vanish."""
    noise = law(name, SCALE)
    trajectories = jnp.arange(500, dtype=jnp.uint32)
    drawn = np.stack(
        [np.asarray(noise.sample(counter_words(jnp.uint32(3), trajectories, t, 8), np.float64)) for t in range(1, 26)]
    )
    error = SCALE * 5 / np.sqrt(drawn.size)
    assert abs(drawn.mean()) < error
    assert np.mean(drawn**2) == pytest.approx(noise.variance, rel=0.1)
    for axis in range(3):
        ahead, behind = np.moveaxis(drawn, axis, 0)[1:], np.moveaxis(drawn, axis, 0)[:-1]
        assert abs(np.mean(ahead * behind)) < SCALE * error


@pytest.mark.parametrize("p", [0.01, 1 / 11, 0.5, 0.999, 2.0**-40, 1 - 2.0**-53])
def test_bernoulli_threshold_is_p_to_64_bits(p: float) -> None:
    threshold = int(p * 2.0**64)
    below, at = threshold - 1, threshold
    parts = np.array([divmod(word, 2**32) for word in (below, at)], dtype=np.uint32)
    drawn = bernoulli(Words(jnp.asarray(parts[:, 0]), jnp.asarray(parts[:, 1])), p)
    assert list(np.asarray(drawn)) == [True, False]


def test_bernoulli_certain() -> None:
    assert bool(bernoulli(EXTREMES, 1.0).all())


@pytest.mark.parametrize("count", [1, 2, 3, 8, 10, 65535])
def test_index_is_the_floor_of_the_scaled_word(count: int) -> None:
    w = random_words(5000)
    exact = [(int(word) * count) >> 32 for word in np.asarray(w.first)]
    np.testing.assert_array_equal(np.asarray(index(w, count)), exact)
    np.testing.assert_array_equal(np.asarray(index(EXTREMES, count)), [0, count - 1])


def test_index_of_a_power_of_two_is_equally_likely() -> None:
    counts = np.bincount(np.asarray(index(stratified(), 8)))
    np.testing.assert_array_equal(counts, np.full(8, CELLS // 8))


def test_index_refuses_more_values_than_its_arithmetic_can_tell_apart() -> None:
    with pytest.raises(UserError, match="65536"):
        index(EXTREMES, 65536)


def test_unknown_noise_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"'radamacher'; did you mean 'rademacher'"):
        law("radamacher", 1.0)


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("scale", [-1.0, float("nan"), float("inf")])
def test_scale_out_of_range(name: str, scale: float) -> None:
    with pytest.raises(UserError, match="scale"):
        law(name, scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_circle_is_a_uniform_point_of_the_unit_circle(dtype: type) -> None:
    """Against cos and sin of the angle that the word spells, to 2 units in the last place."""
    word = np.concatenate([np.array([0, 2**30 - 1, 2**30, 2**31, 2**32 - 1]), np.asarray(random_words(20_000).first)])
    word = word.astype(np.uint32)
    with jax.enable_x64(dtype is np.float64):
        cos, sin = (np.asarray(v) for v in circle(jnp.asarray(word), dtype))
    low = (word & np.uint32(2**30 - 1)).astype(float)
    place = (low + 0.5) / 2**30 if dtype is np.float64 else (np.floor(low / 128) + 0.5) / 2**23
    right = np.where(word >> 31, -1, 1) * np.cos(np.pi / 2 * place)
    up = np.where((word >> 30) & 1, -1, 1) * np.sin(np.pi / 2 * place)
    assert np.abs(cos - right).max() < 2 * np.finfo(dtype).eps
    assert np.abs(sin - up).max() < 2 * np.finfo(dtype).eps
    angle = np.arctan2(sin[5:], cos[5:])
    assert stats.kstest(angle, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-3
