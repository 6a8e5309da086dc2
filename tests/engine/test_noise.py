"""The noise generator: published known answers, simple statistics, and what a word depends on (seed, s, t, i)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from tolerances import STANDARD_ERRORS

import madatheory as mt
from madatheory.engine.noise import GENERATORS, counter_noise, threefry2x32, words
from madatheory.engine.simulate import simulate
from madatheory.errors import UserError
from madatheory.problems import noise_laws as laws
from madatheory.problems.problem import Words

pytestmark = pytest.mark.usefixtures("full_compilation")

# Random123 (Salmon et al.), kat_vectors, threefry2x32 with 20 rounds: counter, key, result
KNOWN_ANSWERS = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN_ANSWERS)
def test_known_answers(counter, key, result):
    u32 = np.uint32
    given = (u32(key[0]), u32(key[1]), u32(counter[0]), u32(counter[1]))
    assert tuple(int(v) for v in jax.jit(threefry2x32)(*given)) == result
    assert tuple(int(v[0]) for v in threefry2x32(*[np.array([v]) for v in given])) == result


def draw(seed: int, trajectories: np.ndarray, t: int, entries: int) -> Words:
    w = jax.jit(words, static_argnums=3)(np.uint32(seed), trajectories.astype(np.uint32), np.uint32(t), entries)
    return Words(np.asarray(w.first), np.asarray(w.second))


def test_words_depend_on_seed_trajectory_step_and_entry_only():
    s = np.arange(40)
    full = draw(3, s, 7, 5)
    assert full.first.shape == full.second.shape == (5, 40)
    part = draw(3, s[10:13], 7, 2)
    assert np.array_equal(part.first, full.first[:2, 10:13])
    assert np.array_equal(part.second, full.second[:2, 10:13])
    for other in (draw(4, s, 7, 5), draw(3, s, 8, 5), draw(3, s + 40, 7, 5)):
        assert np.mean(other.first == full.first) < 0.02
    key_order = threefry2x32(*[np.array([v], np.uint32) for v in (3, 12, 7, 4)])
    assert full.first[4, 12] == key_order[0][0]
    assert full.second[4, 12] == key_order[1][0]


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    """Words along trajectories, steps and entries: (2, T, entries, trajectories)."""
    steps = [draw(11, np.arange(64), t, 4) for t in range(1, 401)]
    return np.stack([[w.first for w in steps], [w.second for w in steps]])


def test_words_are_uniform(sample):
    for word in sample:
        counts = np.bincount((word >> np.uint32(24)).ravel(), minlength=256)
        assert stats.chisquare(counts).pvalue > 1e-4
        low = np.bincount((word & np.uint32(255)).ravel(), minlength=256)
        assert stats.chisquare(low).pvalue > 1e-4
    bits = np.unpackbits(np.ascontiguousarray(sample[0]).view(np.uint8)).mean()
    assert abs(bits - 0.5) < STANDARD_ERRORS * 0.5 / np.sqrt(sample[0].size * 32)


@pytest.mark.parametrize("axis", [1, 2, 3], ids=["step", "entry", "trajectory"])
def test_neighbours_are_uncorrelated(sample, axis):
    u = sample / 2.0**32 - 0.5
    a, b = np.delete(u, 0, axis), np.delete(u, -1, axis)
    for square in (lambda v: v, lambda v: v * v - 1 / 12):
        score = np.mean(square(a) * square(b)) / np.mean(square(u) ** 2) * np.sqrt(a.size)
        assert abs(score) < 5


def test_the_two_words_are_uncorrelated(sample):
    u = sample / 2.0**32 - 0.5
    assert abs(np.mean(u[0] * u[1]) * 12 * np.sqrt(u[0].size)) < 5


@pytest.mark.parametrize("name", ["rademacher", "rare-large"])
def test_finite_laws_are_sampled_as_their_atoms_say(sample, name):
    law = laws.law(name, 1.5)
    assert law.atoms is not None
    with jax.enable_x64(True):
        xi = np.asarray(law.sample(Words(sample[0], sample[1]), np.float64))
    counts = [np.sum(xi == value) for value in law.atoms.values]
    assert sum(counts) == xi.size
    assert stats.chisquare(counts, xi.size * law.atoms.probabilities).pvalue > 1e-4


@pytest.mark.parametrize("generator", sorted(GENERATORS))
@pytest.mark.parametrize("name", ["uniform", "gaussian", "rademacher"])
def test_a_pair_of_trajectories_shares_one_evaluation(name, generator):
    """Trajectory 2j gets the first of the two values that the words of (seed, j) make, 2j + 1 the second."""
    problem = mt.get_problem(f"ratio:d=3,noise={name}")
    draw, pairs = counter_noise(problem, generator), jnp.array([0, 7, 8], jnp.uint32)
    source = (jnp.uint32(5), pairs)
    xi = draw.xi(source, draw.ahead(source, jnp.uint32(9), np.float32))
    w = words(jnp.uint32(5), pairs, jnp.uint32(9), 3, generator)
    assert problem.oracle.pair is not None
    even, odd = problem.oracle.pair(w, np.float32)
    assert xi.shape == (3, 6)
    np.testing.assert_array_equal(xi[:, ::2], even)
    np.testing.assert_array_equal(xi[:, 1::2], odd)


def test_a_law_of_two_words_has_an_evaluation_for_each_trajectory():
    problem = mt.get_problem("ratio:d=3,noise=student-t")
    draw = counter_noise(problem, "threefry2x32-20")
    source = (jnp.uint32(5), jnp.array([4], jnp.uint32))
    xi = draw.xi(source, draw.ahead(source, jnp.uint32(9), np.float32))
    own = words(jnp.uint32(5), jnp.array([8, 9], jnp.uint32), jnp.uint32(9), 3)
    np.testing.assert_array_equal(xi, problem.oracle.sample(own, np.float32))


@pytest.mark.parametrize("generator", sorted(GENERATORS))
def test_two_words_of_one_evaluation_are_independent(generator):
    keys = np.arange(3000, dtype=np.uint32)
    w = jax.jit(words, static_argnums=(3, 4))(np.uint32(2), keys, np.uint32(77), 4, generator)
    first, second = (np.asarray(v).ravel() for v in w)
    table = np.zeros((16, 16))
    np.add.at(table, (first >> np.uint32(28), second >> np.uint32(28)), 1)
    assert stats.chisquare(table.ravel()).pvalue > 1e-4
    assert np.mean(first == second) < 1e-3


def test_an_unknown_generator_is_refused():
    with pytest.raises(UserError, match=r"unknown generator 'mersenne'.*hash"):
        simulate(mt.get_problem("ratio"), mt.get_optimizer("adam"), 10, generator="mersenne")


def test_the_generator_changes_the_noise_and_nothing_else():
    run = (mt.get_problem("ratio:d=2,noise=uniform"), mt.get_optimizer("adam"), 400)
    a, b = (
        simulate(*run, num_trajectories=2000, generator=g).mean_squared_gradient.to_numpy().ravel()
        for g in sorted(GENERATORS)
    )
    assert not np.any(a == b)
    assert abs(a.mean() - b.mean()) < STANDARD_ERRORS * np.sqrt((a.var() + b.var()) / 2000)
    assert stats.kstest(a, b).pvalue > 1e-4
