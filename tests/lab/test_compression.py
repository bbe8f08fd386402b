"""Compression: the grid of bits and the mask of zeros."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn


@pytest.fixture(scope="module")
def trained(small: sn.lab.Language) -> sn.lab.Model:
    return sn.lab.train(sn.lab.model(small, 12), 40_000)


@pytest.mark.parametrize("bits", [2, 3, 5])
def test_quantized_columns_use_the_grid(trained: sn.lab.Model, bits: int) -> None:
    rough = sn.lab.quantize(trained, bits)
    for old, new in zip(trained.layers, rough.layers, strict=True):
        assert np.array_equal(old[-1], new[-1])
        for a, b in zip(old[:-1].T, new[:-1].T, strict=True):
            assert len(np.unique(b)) <= 2**bits - 1
            step = np.abs(a).max() / (2 ** (bits - 1) - 1)
            assert np.abs(a - b).max() <= step / 2 * (1 + 1e-5)
            assert np.abs(b).max() == pytest.approx(np.abs(a).max(), rel=1e-6)


def test_damage_falls_with_bits(trained: sn.lab.Model) -> None:
    losses = [sn.lab.quantize(trained, b).loss for b in (2, 3, 4, 6, 8, 16)]
    assert losses[:4] == sorted(losses[:4], reverse=True)
    assert losses[0] > trained.loss + 0.01
    assert losses[-1] == pytest.approx(trained.loss, abs=1e-5)


def test_pruning_takes_the_smallest_and_retraining_keeps_zeros(
    trained: sn.lab.Model,
) -> None:
    bare = sn.lab.prune(trained, 0.5)
    for old, new in zip(trained.layers, bare.layers, strict=True):
        zero = new[:-1] == 0
        assert zero.mean() == pytest.approx(0.5, abs=0.01)
        assert np.abs(old[:-1][zero]).max() <= np.abs(old[:-1][~zero]).min()
        assert np.array_equal(old[-1], new[-1])
    again = sn.lab.train(bare, 20_000, rate=0.3)
    for old, new in zip(bare.layers, again.layers, strict=True):
        assert np.all(new[:-1][old[:-1] == 0] == 0)
    assert again.loss < bare.loss
    assert sn.lab.prune(trained, 0).loss == trained.loss


def test_an_embedding_is_compressed_too(small: sn.lab.Language) -> None:
    start = sn.lab.train(sn.lab.model(small, 6, embedding=3), 10_000)
    assert (sn.lab.prune(start, 0.9).layers[0] == 0).mean() > 0.8
    assert not np.array_equal(sn.lab.quantize(start, 2).layers[0], start.layers[0])


@pytest.mark.parametrize("bits", [1, 17, 2.5, "four"])
def test_bad_bits_are_refused(trained: sn.lab.Model, bits: object) -> None:
    with pytest.raises(sn.DataError, match="bits"):
        sn.lab.quantize(trained, bits)


@pytest.mark.parametrize("sparsity", [-0.1, 1.0, float("nan")])
def test_bad_sparsity_is_refused(trained: sn.lab.Model, sparsity: float) -> None:
    with pytest.raises(sn.DataError, match="sparsity"):
        sn.lab.prune(trained, sparsity)
