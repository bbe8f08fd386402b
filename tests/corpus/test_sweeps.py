"""Sweeps by family: as many as are said, of plain numbers."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.fitting import FAMILIES

COUNTS = {
    "hoffmann": 1,
    "llama3": 1,
    "gemstones": 2,
    "gadre": 3,
    "porian": 15,
    "step_law": 2,
    "openeurollm": 1,
    "laboratory": 8,
    "sparse_t5": 1,
    "sparse_vit": 1,
}


@pytest.mark.parametrize("family", COUNTS)
def test_a_family_is_so_many_sweeps_of_positive_numbers(family: str) -> None:
    sweeps = sn.corpus.sweeps(family)
    assert len(sweeps) == COUNTS[family]
    for name, runs in sweeps.items():
        assert list(runs) == ["params", "tokens", "flops", "loss"], name
        assert len(runs) >= 12
        values = runs.to_numpy(float)
        assert np.isfinite(values).all()
        assert (values > 0).all()
        assert runs.index.equals(runs.reset_index().index)
        # Compute is about 6 N D, whatever the head and the attention cost.
        known = runs["flops"] / runs["params"] / runs["tokens"] / 6
        assert known.median() == pytest.approx(1.0, rel=0.7), name


def test_every_family_of_calibration_is_there() -> None:
    assert set(FAMILIES) <= set(COUNTS)


def test_an_unknown_family_is_told_of_the_others() -> None:
    with pytest.raises(sn.DataError, match=r"no family 'chinchilla'; .* hoffmann"):
        sn.corpus.sweeps("chinchilla")
