"""The references against steps worked by hand.

That they are what optax and torch compute is tested by `identify` on those (test_identify_libraries).
"""

from typing import Any

import numpy as np
from tolerances import DOUBLE
from worked_example import START, G, steps

from madatheory.references import (
    adabelief,
    adagrad,
    adam,
    adan,
    amsgrad,
    avgrad,
    interpolation,
    lion,
    mada,
    nadam,
    rmsprop,
    sgd,
    yogi,
)


def test_adagrad_by_hand():
    # s = 4, 20; steps 2/2 and -4/sqrt(20)
    found = adagrad.run(START, G, alpha=1.0, eps=0.0)
    np.testing.assert_allclose(found, [[-1.0], [-1.0 + 4 / 20**0.5]], rtol=DOUBLE.few)
    # eps inside: sqrt(5 + 4) = 3, sqrt(5 + 20) = 5
    found = adagrad.run(START, G, alpha=1.0, eps=5.0, eps_place="inside")
    np.testing.assert_allclose(found, [[-2 / 3], [-2 / 3 + 4 / 5]], rtol=DOUBLE.few)


def test_rmsprop_by_hand():
    # beta2 = 3/4: v = 1, then 3/4 + 4 = 19/4
    found = rmsprop.run(START, G, alpha=1.0, beta2=0.75, eps=1.0)
    np.testing.assert_allclose(found, [[-1.0], [-1.0 + 4 / (4.75**0.5 + 1)]], rtol=DOUBLE.few)


def test_adam_by_hand():
    # m = 1, -3/2 (mhat = 2, -2); v = 1, 19/4 (vhat = 4, 19/4 / (7/16) = 76/7)
    betas: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "eps": 1.0}
    found = adam.run(START, G, **betas)
    np.testing.assert_allclose(found, [[-2 / 3], [-2 / 3 + 2 / ((76 / 7) ** 0.5 + 1)]], rtol=DOUBLE.few)
    found = adam.run(START, G, **betas, eps_place="outside_before")
    np.testing.assert_allclose(found[0], [-2 / (2 / 0.25**0.5)], rtol=DOUBLE.few)
    # Defossez: m = 2, -3; v = 4, 19; alpha_n = 1/2 sqrt(1), 1/2 sqrt(7/4)
    found = adam.run_defossez(START, G, **{**betas, "eps": 5.0})
    np.testing.assert_allclose(found, [[-1 / 3], [-1 / 3 + 1.5 * 1.75**0.5 / 24**0.5]], rtol=DOUBLE.few)


def test_amsgrad_by_hand():
    # v = 9, then 27/4: the maximum stays 9; corrected v = 36, 108/7: its maximum stays 36
    g = np.array([[6.0], [0.0]])
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "eps": 0.0}
    np.testing.assert_allclose(amsgrad.run(START, g, **h), [[-1.0], [-1.5]], rtol=DOUBLE.few)
    before = amsgrad.run(START, g, **h, bias_correction=True)
    np.testing.assert_allclose(before, [[-1.0], [-1.0 - 2 / (9 * 16 / 7) ** 0.5]], rtol=DOUBLE.few)
    after = amsgrad.run(START, g, **h, bias_correction=True, max_order="after")
    np.testing.assert_allclose(after, [[-1.0], [-1.0 - 2 / 6]], rtol=DOUBLE.few)


def test_avgrad_by_hand():
    # v = 1, 19/4; vbar = 1, 23/8; exact corrections 1/4 and (1/4 + 7/16)/2 = 11/32
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.0, "beta2": 0.75, "eps": 0.0}
    plain = avgrad.run(START, G, **h, bias_correction="none")
    np.testing.assert_allclose(plain, [[-2.0], [-2.0 + 4 / (23 / 8) ** 0.5]], rtol=DOUBLE.few)
    power = avgrad.run(START, G, **h)
    np.testing.assert_allclose(power[1], [-1.0 + 4 / (23 / 8 * 16 / 7) ** 0.5], rtol=DOUBLE.few)
    exact = avgrad.run(START, G, **h, bias_correction="exact")
    np.testing.assert_allclose(exact[1], [-1.0 + 4 / (23 / 8 * 32 / 11) ** 0.5], rtol=DOUBLE.few)


def test_yogi_by_hand():
    # v = 1, then 1 + 16/4 = 5, then 5 - 1/4 (because v > g^2 = 1)
    g = np.array([[2.0], [-4.0], [1.0]])
    found = yogi.run(START, g, alpha=1.0, beta1=0.0, beta2=0.75, eps=0.0)
    np.testing.assert_allclose(np.diff(found[:, 0]), [4 / 5**0.5, -1 / 4.75**0.5], rtol=DOUBLE.few)


def test_adan_by_hand():
    # difference 0, -6; w = 1/2: look-ahead 2, -7; square 1, 3/4 + 49/4 = 13; velocity 0, -3; momentum 1, -3/2
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "beta3": 0.5, "eps": 0.0}
    found = adan.run(START, G, **h, bias_correction=False, difference_correction=False)
    np.testing.assert_allclose(np.diff(found[:, 0], prepend=0), [-1.0, 3 / 13**0.5], rtol=DOUBLE.few)
    # Algorithm 1's start m_0 = g_1, n_0 = g_1^2: momentum 2, -1; square 4, 3 + 49/4
    found = adan.run(START, G, **h, bias_correction=False, difference_correction=False, initial="gradient")
    np.testing.assert_allclose(np.diff(found[:, 0], prepend=0), [-1.0, 2.5 / 15.25**0.5], rtol=DOUBLE.few)
    # g_0 = 0: the first difference is g_1 = 2, look-ahead 3, square 9/4, velocity 1, numerator 1 + 1/2
    found = adan.run(START, G, **h, bias_correction=False, difference_correction=False, first_difference="gradient")
    np.testing.assert_allclose(found[0], [-1.0], rtol=DOUBLE.few)


def test_lion_by_hand():
    # m = 1, -3/2; c = 1, then 1/2 * 1 + 1/2 * (-4) < 0
    found = lion.run(START, np.array([[2.0], [-1.0], [0.0]]), alpha=1.0, beta1=0.75, beta2=0.5)
    # c_2 = 3/4 - 1/4 > 0: the old momentum still decides; m_2 = 0, c_3 = 0: no move
    np.testing.assert_array_equal(found, [[-1.0], [-2.0], [-2.0]])
    found = lion.run(START, np.array([[2.0], [-1.0], [0.0]]), alpha=1.0, beta1=0.75, beta2=0.5, order="new")
    # with m_2 = 0 in c_2 the new gradient decides
    np.testing.assert_array_equal(found, [[-1.0], [0.0], [0.0]])


def test_interpolation_by_hand():
    # v = 1, 19/4, mean 23/8, maximum 19/4; rho = 1/2
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.0, "beta2": 0.75, "eps": 0.0, "rho": 0.5, "bias_correction": False}
    found = interpolation.run(START, G, **h)
    np.testing.assert_allclose(found[1], [-2.0 + 4 / (61 / 16) ** 0.5], rtol=DOUBLE.few)
    found = interpolation.run(START, G, **{**h, "rho": [1.0, 0.0]}, reference="max")
    np.testing.assert_allclose(found[1], [-2.0 + 4 / 4.75**0.5], rtol=DOUBLE.few)
    # safeguard: b = max(eps, 1 (eps + v_1)) = 2, then max(2, 2 (1 + 19/4)) = 23/2
    found = interpolation.run_safeguarded(START, G, alpha=1.0, beta1=0.0, beta2=0.75, eps=1.0)
    np.testing.assert_allclose(found, [[-2 / 2**0.5], [-2 / 2**0.5 + 4 / 11.5**0.5]], rtol=DOUBLE.few)
    # W = 1: eps + sum g^2 = 5, 21
    found = interpolation.run_safeguarded(START, G, alpha=1.0, beta1=0.0, beta2=0.75, eps=1.0, W=1.0)
    np.testing.assert_allclose(found, [[-2 / 5**0.5], [-2 / 5**0.5 + 4 / 21**0.5]], rtol=DOUBLE.few)


def test_mada_by_hand():
    # step 1 of the clean family: difference 0, gh = 2, square = c 4 + (1-c)(0 + 4) = 4, v = vbar = 1, m = 1, n = 0
    h: dict[str, Any] = {
        "alpha": 1.0,
        "beta1": 0.5,
        "beta2": 0.75,
        "beta3": 0.5,
        "rho": 0.5,
        "c": 0.5,
        "gamma": 0.5,
        "eps": 1.0,
    }
    found = mada.run(START, G, **h)
    np.testing.assert_allclose(found[0], [-(0.5 * 2 / 3 + 0.5)], rtol=DOUBLE.few)
    # step 2: difference -6, gh = -7, n = -3, m = -3/2, Yogi 1 + 49, square 99/2, v = 3/4 + 99/8, vbar = (1 + v)/2
    v = 0.75 + 49.5 / 4
    vhat = (0.5 * v + 0.5 * (1 + v) / 2) / (7 / 16)
    move = 0.5 * (-2.0 - 1.5) / (vhat**0.5 + 1) - 0.5
    np.testing.assert_allclose(found[1], found[0] - move, rtol=DOUBLE.few)
    # published: difference g, gh = 3, square about 9, n = 4/2 + 2/2 = 3; l before u, u > 0
    found = mada.run(START, G, **h, convention="published")
    np.testing.assert_allclose(found[0], [-(0.5 * (2 + 1.5) / (3 + 1) + 0.5)], rtol=DOUBLE.thousands)


def test_sgd_by_hand():
    # b = 2, 1 - 4 = -3; Nesterov's steps 1 + 2 = 3 and -3/2 - 4 = -11/2
    np.testing.assert_array_equal(steps(sgd.run(START, G, alpha=1.0, momentum=0.5)), [-2, 3])
    np.testing.assert_array_equal(steps(sgd.run(START, G, alpha=1.0, momentum=0.5, nesterov=True)), [-3, 5.5])
    # weight 1/2: b = 1, -3/2; with b_1 = g_1 = 2: 2, 1 - 2
    np.testing.assert_array_equal(steps(sgd.run(START, G, alpha=1.0, momentum=0.5, form="averaged")), [-1, 1.5])
    found = sgd.run(START, G, alpha=1.0, momentum=0.5, form="averaged_after_first")
    np.testing.assert_array_equal(steps(found), [-2, 1])
    # averaged, with the whole gradient: 1/2 + 2, -3/4 - 4; of 1983: momentum 0, then 1/4 of the gradient step 4
    found = sgd.run(START, G, alpha=1.0, momentum=0.5, form="averaged", nesterov="whole gradient")
    np.testing.assert_array_equal(steps(found), [-2.5, 4.75])
    np.testing.assert_array_equal(steps(sgd.run(START, G, alpha=1.0, nesterov="1983")), [-2, 5])


def test_nadam_by_hand():
    # m = 1, -3/2; v = 1, 19/4; constant mu = 1/2: products 1/2, 1/4, 1/8
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "eps": 0.0}
    roots = np.array([2.0, (76 / 7) ** 0.5])
    found = nadam.run(START, G, **h, schedule="constant")
    # 1/2 * 1/(3/4) + 1/2 * 2/(1/2) = 8/3; 1/2 * (-3/2)/(7/8) + 1/2 * (-4)/(3/4) = -74/21
    np.testing.assert_allclose(steps(found), -np.array([8 / 3, -74 / 21]) / roots, rtol=DOUBLE.few)
    found = nadam.run(START, G, **h, schedule="constant", look_ahead="same")
    np.testing.assert_allclose(steps(found), -np.array([1 + 2, -1 - 8 / 3]) / roots, rtol=DOUBLE.few)
    # schedule_decay = 1/ln(0.96) ln(1/2): 0.96^t = 2^-t, mu = 3/8, 7/16, 15/32
    decay = float(np.log(0.5) / np.log(0.96))
    found = nadam.run(START, G, **h, schedule_decay=decay)
    first = 7 / 16 / (1 - 21 / 128) + 5 / 8 * 2 / (5 / 8)
    second = 15 / 32 * -1.5 / (1 - 315 / 4096) + 9 / 16 * -4 / (1 - 21 / 128)
    np.testing.assert_allclose(steps(found), -np.array([first, second]) / roots, rtol=DOUBLE.hundreds)
    # averaged with mu: m_1 = 5/8 * 2 = 5/4
    found = nadam.run(START, G, **h, schedule_decay=decay, average="mu")
    np.testing.assert_allclose(steps(found)[0], -(7 / 16 * 1.25 / (1 - 21 / 128) + 2) / 2, rtol=DOUBLE.hundreds)


def test_adabelief_by_hand():
    # m = 1, -3/2; surprise 1, -5/2 (against the old m: 2, -5); s = 1/4, 3/16 + 25/16 = 7/4
    h: dict[str, Any] = {"alpha": 1.0, "beta1": 0.5, "beta2": 0.75, "bias_correction": False}
    found = adabelief.run(START, G, **h, eps=0.0)
    np.testing.assert_allclose(steps(found), [-1 / 0.5, 1.5 / 1.75**0.5], rtol=DOUBLE.few)
    found = adabelief.run(START, G, **h, eps=0.0, belief="old")
    np.testing.assert_allclose(steps(found), [-1 / 1, 1.5 / 7**0.5], rtol=DOUBLE.few)
    # eps_root = 2 in the recurrence: s = 9/4, 27/16 + 25/16 + 2 = 21/4; under the root: 9/4, 15/4
    found = adabelief.run(START, G, **h, eps=0.5, eps_root=2.0)
    np.testing.assert_allclose(steps(found), [-1 / 2, 1.5 / (5.25**0.5 + 0.5)], rtol=DOUBLE.few)
    found = adabelief.run(START, G, **h, eps=0.5, eps_root=2.0, root_place="root")
    np.testing.assert_allclose(steps(found), [-1 / 2, 1.5 / (3.75**0.5 + 0.5)], rtol=DOUBLE.few)
    # the paper: the same eps in both places
    found = adabelief.run(START, G, **h, eps=2.0)
    np.testing.assert_allclose(steps(found)[0], -1 / 3.5, rtol=DOUBLE.few)


def test_rmsprop_with_momentum_and_centred_by_hand():
    # beta2 = 3/4: square 1, 19/4; mean 1/2, -5/8; centred 3/4, 279/64
    h: dict[str, Any] = {"alpha": 1.0, "beta2": 0.75, "eps": 0.0}
    found = rmsprop.run(START, G, **h, centered=True)
    np.testing.assert_allclose(steps(found), [-2 / 0.75**0.5, 4 / (279 / 64) ** 0.5], rtol=DOUBLE.few)
    ratios = np.array([2.0, -4 / 4.75**0.5])
    found = rmsprop.run(START, G, **h, momentum=0.5)
    np.testing.assert_allclose(steps(found), [-ratios[0], -ratios[1] - ratios[0] / 2], rtol=DOUBLE.few)
    found = rmsprop.run(START, G, **h, momentum=0.5, nesterov=True)
    np.testing.assert_allclose(steps(found)[0], -1.5 * ratios[0], rtol=DOUBLE.few)
