"""The network: forward by hand, gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.lab._language import split_windows
from scaling_notes.lab._network import Batch, Network


def random_layers(language: sn.lab.Language, embedding: int | None) -> tuple:
    rng = np.random.default_rng(0)
    start = sn.lab.model(language, width=5, embedding=embedding)
    return tuple(rng.standard_normal(w.shape) * 0.5 for w in start.layers)


def logits_by_hand(layers: tuple, symbols: int) -> np.ndarray:
    *embedding, hidden, output = layers
    table = embedding[0] if embedding else np.eye(symbols)
    rows = []
    for a in range(symbols):
        for b in range(symbols):
            for c in range(symbols):
                x = np.concatenate([table[a], table[b], table[c], [1.0]])
                units = np.append(np.maximum(x @ hidden, 0), 1.0)
                rows.append(units @ output)
    return np.array(rows)


@pytest.fixture
def unrounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network without its grids, in which small differences are lost."""
    monkeypatch.setattr("scaling_notes.lab._network.to_grid", lambda x, bits: x)


@pytest.mark.parametrize("embedding", [None, 3])
def test_logits_equal_the_definition(
    small: sn.lab.Language, embedding: int | None, unrounded: None
) -> None:
    layers = random_layers(small, embedding)
    expected = logits_by_hand(layers, small.symbols)
    np.testing.assert_allclose(Network(layers).logits(), expected, rtol=1e-12)


@pytest.mark.parametrize("embedding", [None, 3])
def test_gradient_equals_finite_differences(
    small: sn.lab.Language, embedding: int | None, unrounded: None
) -> None:
    network = Network(random_layers(small, embedding))
    work = Batch(network, 40)
    work.exponential.terms = 3
    index, target = split_windows(
        small.draw(40, np.random.default_rng(1)), small.symbols
    )

    def loss() -> float:
        p = work.forward(index)
        return float(-np.log(p[np.arange(40), target]).mean())

    loss()
    work.probabilities[np.arange(40), target] -= 1
    work.probabilities /= 40
    work.backward()
    constant = np.zeros_like(network.theta, bool)
    views = network.views(constant)
    views[1][:, -1] = True  # the constant unit does not learn
    assert np.all(network.gradient[constant] == 0)
    step, numeric = 1e-6, np.zeros_like(network.theta)
    for i in np.flatnonzero(~constant):
        ends = []
        for sign in (1, -1):
            network.theta[i] += sign * step
            network.refresh()
            ends.append(loss())
            network.theta[i] -= sign * step
        numeric[i] = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(network.gradient, numeric, atol=2e-9)


def test_counts() -> None:
    lang = sn.lab.language()
    plain = sn.lab.model(lang, width=10)
    assert plain.params == 129 * 10 + 32
    assert plain.params_non_embedding == 96 * 10
    embedded = sn.lab.model(lang, width=10, embedding=8)
    assert embedded.params == 32 * 8 + 25 * 10 + 11 * 32
    assert embedded.params_non_embedding == 24 * 10
    assert plain.flops == 0
    assert "width=10" in repr(plain)


def test_an_untrained_model_knows_nothing(small: sn.lab.Language) -> None:
    start = sn.lab.model(small, width=4, seed=2)
    assert start.loss == pytest.approx(np.log(small.symbols), abs=1e-12)
    np.testing.assert_allclose(start.probabilities, 1 / small.symbols, rtol=1e-12)


def test_probabilities_and_their_logarithms_agree(small: sn.lab.Language) -> None:
    able = sn.lab.train(sn.lab.model(small, width=8), 5000)
    p = able.probabilities
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.log(p), able.log_probabilities, atol=1e-12)


@pytest.mark.parametrize("arguments", [{"width": 0}, {"width": 3, "embedding": 0}])
def test_bad_models_are_refused(small: sn.lab.Language, arguments: dict) -> None:
    with pytest.raises(sn.DataError, match=r"width|embedding"):
        sn.lab.model(small, **arguments)
