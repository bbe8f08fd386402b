"""The search ends, at a threshold that its residuals ask for."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes import engine


def test_a_threshold_that_creeps_settles() -> None:
    # One optimum, and a threshold that its residuals ask to be a little larger.
    n = np.repeat([5e7, 2e8, 8e8], 4)
    d = np.tile([1e9, 4e9, 16e9, 64e9], 3)
    loss = [3.916, 3.523, 3.245, 3.041, 3.555, 3.149]
    loss += [2.866, 2.695, 3.317, 2.917, 2.643, 2.464]
    fit = sn.fit_chinchilla({"params": n, "tokens": d, "loss": loss})
    assert fit.status is sn.Status.CONVERGED
    residual = fit.residuals
    assert engine.robust_delta(residual, 5) == pytest.approx(fit.delta, rel=2e-6)
    assert fit["alpha"] == pytest.approx(0.330, abs=0.002)


def test_a_law_that_is_too_rich_does_not_take_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Not time, which differs between machines, but steps: they were 50 rounds of
    # 1,000 from 24 starts.
    steps = []
    solve = engine.solve

    def counted(*args: Any, **named: Any) -> engine.Solution:
        found = solve(*args, **named)
        steps.append(int(found.iterations.sum()))
        return found

    monkeypatch.setattr(engine, "solve", counted)
    x = np.geomspace(1, 1e6, 15)
    noise = np.random.default_rng(4).standard_normal(15)
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always", sn.FitWarning)
        sn.fit_law(sn.laws.BrokenPowerLaw, x, 3 * x**-0.3 * np.exp(0.01 * noise))
    assert sum(steps) < 100_000
