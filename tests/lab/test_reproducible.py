"""The same bits on every processor: rounding, exponentials, sums, whole runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.lab._language import split_windows
from scaling_notes.lab._network import WEIGHT_BITS, Batch, Network
from scaling_notes.lab._reproducible import (
    Exponential,
    exponential,
    same_everywhere,
    to_grid,
)


def digest(arrays: Iterable[np.ndarray]) -> str:
    """The bits of arrays, in brief."""
    whole = b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)
    return hashlib.sha256(whole).hexdigest()[:16]


@pytest.fixture(scope="module")
def lang() -> sn.lab.Language:
    return sn.lab.language()


@pytest.fixture(scope="module")
def base(lang: sn.lab.Language) -> sn.lab.Model:
    return sn.lab.train(sn.lab.model(lang, 32), 50_000)


def test_a_grid_holds_multiples_and_rounds_half_to_even() -> None:
    x = np.array([0.0, 0.124, 0.126, 0.125, 0.375, -0.375, 1e6 + 0.3])
    expected = [0.0, 0.0, 0.25, 0.0, 0.5, -0.5, 1e6 + 0.25]
    assert to_grid(x, 2).tolist() == expected
    assert x.tolist() == expected
    random = np.random.default_rng(0).standard_normal(10_000)
    near = to_grid(random.copy(), 20)
    assert np.all(near * 2**20 % 1 == 0)
    assert np.abs(near - random).max() <= 2.0**-21


def test_exponentials_are_right_and_end_at_zero_and_infinity() -> None:
    x = np.linspace(-110, 110, 400_001)
    np.testing.assert_allclose(exponential(x), np.exp(x), rtol=3e-14)
    once = Exponential(x.shape)(x.copy())
    np.testing.assert_allclose(once, np.exp(x), rtol=6e-8)
    ends = np.array([-120.0, -1e5, 120.0, 1e5])
    assert exponential(ends).tolist() == [0, 0, np.inf, np.inf]


def test_the_last_digits_of_a_library_do_not_matter() -> None:
    for x in np.random.default_rng(1).random(1000):
        assert same_everywhere(np.nextafter(x, 2)) == same_everywhere(x)


@pytest.mark.parametrize("embedding", [None, 8])
def test_no_order_of_a_sum_matters(
    lang: sn.lab.Language, embedding: int | None
) -> None:
    able = sn.lab.train(sn.lab.model(lang, 16, embedding), 5000)
    network = Network(able.layers)
    rng, gradients = np.random.default_rng(0), []
    windows = lang.draw(400, rng)
    work = Batch(network, 400)
    for _ in range(5):
        index, target = split_windows(rng.permutation(windows), lang.symbols)
        work.forward(index)
        work.flat[target + work.target_starts] -= 1
        work.backward()
        gradients.append(network.gradient.copy())
    assert all(np.array_equal(g, gradients[0]) for g in gradients)


def test_sums_fit_into_a_double(lang: sn.lab.Language) -> None:
    """With the most rows of the stored runs, a third of the room is used at most."""
    able = sn.lab.train(sn.lab.model(lang, 8), 300_000)
    rows = 433
    work = Batch(Network(able.layers), rows)
    assert work.gradient_bits == 22
    index, target = split_windows(lang.draw(rows, np.random.default_rng(2)), 32)
    work.forward(index)
    room = 2.0 ** (53 - 2 * WEIGHT_BITS)
    assert (work.units @ np.abs(work.network.output)).max() < room / 100
    work.flat[target + work.target_starts] -= 1
    work.backward()
    room = 2.0 ** (53 - WEIGHT_BITS - work.gradient_bits)
    assert (work.units.T @ np.abs(work.probabilities)).max() < room / 3
    assert np.abs(work.d_units).sum(axis=0).max() < room / 3


def test_a_language_is_the_same_to_the_bit(lang: sn.lab.Language) -> None:
    assert digest([lang.P, lang.stationary]) == "5904cfb36ca4825a"


def test_a_trained_model_is_the_same_to_the_bit(base: sn.lab.Model) -> None:
    assert digest(base.layers) == "60ce8c71deb74631"


def test_every_way_of_training_is_the_same_to_the_bit(
    lang: sn.lab.Language, base: sn.lab.Model
) -> None:
    embedded = sn.lab.model(lang, 64, embedding=16)
    repeated = sn.lab.train(embedded, 30_000, unique_tokens=9000, weight_decay=0.3)
    assert digest(repeated.layers) == "4741a0a0fa7ba2e2"
    student = sn.lab.train(sn.lab.model(lang, 8, seed=1), 30_000, teacher=base)
    assert digest(student.layers) == "ddff4246fe9d36cf"
    sparse = sn.lab.train(sn.lab.prune(base, 0.5), 10_000, rate=0.3)
    assert digest(sparse.layers) == "e9f498b015c185e4"


def test_reinforcement_is_the_same_to_the_bit(
    lang: sn.lab.Language, base: sn.lab.Model
) -> None:
    assert digest(sn.lab.reinforce(base, 150, rate=0.1).layers) == "4f275e1adee7a189"
    noise = np.random.default_rng(0).integers(-4, 5, (32, 32, 32)) / 8
    noisy = sn.lab.proxy_reward(lang) + noise
    hacked = sn.lab.reinforce(base, 150, rate=0.1, reward=noisy)
    assert digest(hacked.layers) == "8799dc4c902f106a"
