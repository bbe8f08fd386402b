"""Residuals that hang together are told of; independent ones are left in peace."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.fitting._dependence import cluster, dependence
from scaling_notes.fitting._search import _GROSS
from scaling_notes.laws import Chinchilla
from scaling_notes.laws._law import Array

TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
SIZES = np.geomspace(7e7, 1.2e10, 6)


def design(kind: str, rng: np.random.Generator) -> tuple[Array, Array]:
    if kind == "grid":
        return np.tile(SIZES, 12), np.repeat(np.geomspace(1e9, 3e11, 12), 6)
    if kind == "ladder":
        n = np.repeat(SIZES, 5)
        return n, n * np.tile([5.0, 10.0, 20.0, 80.0, 320.0], 6)
    return 5e7 * 200 ** rng.random(60), 1e9 * 300 ** rng.random(60)


def errors(kind: str, n: Array, rng: np.random.Generator) -> Array:
    if kind == "t3":
        return 0.006 * rng.standard_t(3, n.size)
    if kind == "uneven":
        return 0.01 * (n / 1e9) ** -0.4 * rng.standard_normal(n.size)
    if kind == "skewed":
        return 0.01 * (rng.exponential(1.0, n.size) - 1)
    return 0.01 * rng.standard_normal(n.size)


def told(n: Array, d: Array, error: Array, delta: float | None = None) -> str:
    loss = TRUTH.value(n, d) * np.exp(error)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", sn.FitWarning)
        fit = sn.fit_chinchilla({"params": n, "tokens": d, "loss": loss}, delta=delta)
    found = cluster({"params": n, "tokens": d}, fit.residuals)
    words = found.words if found else ""
    # The fit says it, and warns where it is gross.
    assert (words in fit.messages) == bool(words)
    gross = found is not None and found.inflation > _GROSS
    assert (words in [str(w.message) for w in warned]) == gross
    return words


@pytest.mark.parametrize("shape", ["grid", "ladder", "scattered"])
@pytest.mark.parametrize("noise", ["normal", "t3", "uneven", "skewed"])
def test_independent_runs_are_left_in_peace(shape: str, noise: str) -> None:
    """Of fits at most one in fifteen; of bare errors one in a hundred."""
    alarms = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        n, d = design(shape, rng)
        alarms += told(n, d, errors(noise, n, rng)) != ""
    assert alarms <= 1
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(1000):
        n, d = design(shape, rng)
        inputs = {"params": n, "tokens": d}
        alarms += dependence(inputs, errors(noise, n, rng)) != ""
    assert alarms <= 10


@pytest.mark.parametrize("kind", ["effect", "weak", "strong", "slope"])
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "own"])
def test_checkpoints_of_six_models(kind: str, shared: bool) -> None:
    """762 rows: an effect of each model, AR(1) of .5 and of .9, curves that tilt."""
    n = np.repeat(SIZES, 127)
    steps = np.tile(np.arange(1.0, 128.0), 6)
    d = 2.1e9 * steps if shared else 20 * n * steps / 127
    for seed in range(5):
        rng = np.random.default_rng(seed)
        e = 0.005 * rng.standard_normal((6, 127))
        if kind == "effect":
            e += 0.01 * rng.standard_normal((6, 1))
        elif kind == "slope":
            e += 0.01 * rng.standard_normal((6, 1)) * np.linspace(-1, 1, 127)
        else:
            memory = 0.5 if kind == "weak" else 0.9
            for t in range(1, 127):
                e[:, t] += memory * e[:, t - 1]
        found = told(n, d, e.ravel())
        assert found.startswith("Residuals cluster "), seed
        assert "groups" in found
        assert ("by params" in found) == (kind == "effect")


def test_one_curve_of_pass_at_k() -> None:
    k = np.geomspace(1, 1000, 25)
    for seed in range(10):
        chances = np.random.default_rng(seed).beta(0.3, 3.0, 36)
        rate = (1 - (1 - chances) ** k[:, None]).mean(axis=1)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always", sn.FitWarning)
            fit = sn.fit_law(sn.laws.PurePowerLaw, k, -np.log(rate))
        assert any("cluster along x" in message for message in fit.messages)
        how = fit.bootstrap(200).interval("alpha").how
        assert how.endswith(", residuals cluster along x")


def test_a_curve_that_the_form_cannot_follow() -> None:
    # A run that rises and falls, and a law that only rises.
    score = [0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.88]
    score += [0.9, 0.88, 0.84, 0.78, 0.7, 0.6, 0.5]
    with pytest.warns(sn.FitWarning, match="the form does not fit"):
        fit = sn.fit_law(sn.laws.StepSigmoid, np.arange(1, 15), score)
    assert any("cluster along x" in message for message in fit.messages)


def test_named_groups_are_not_told_of_again() -> None:
    rng = np.random.default_rng(0)
    n, d = np.repeat(SIZES, 20), np.tile(np.geomspace(1e9, 1e11, 20), 6)
    loss = TRUTH.value(n, d) * np.exp(np.repeat(0.01 * rng.standard_normal(6), 20))
    loss *= np.exp(0.002 * rng.standard_normal(120))
    fit = sn.fit_chinchilla(
        {"params": n, "tokens": d, "loss": loss, "model": n}, groups="model"
    )
    assert fit.messages == ()


def test_published_runs(chinchilla_240: pd.DataFrame) -> None:
    fit = sn.fit_chinchilla(chinchilla_240)
    inputs = {name: fit.data[name].to_numpy() for name in fit.law.inputs}
    assert dependence(inputs, fit.residuals) == ""


def test_what_tells_nothing() -> None:
    x = np.arange(40.0)
    assert dependence({"x": x[:6]}, np.linspace(-1, 1, 6)) == ""
    assert dependence({"x": x}, np.zeros(40)) == ""
    assert dependence({"x": x}, 1e-12 * x) == ""
    assert dependence({"x": np.ones(40)}, np.tile([1.0, -1.0], 20)) == ""
