"""The frontier of a sweep: its best runs, and its law under priors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from scaling_notes.fitting._frontier import (
    FrontierLaw,
    Grid,
    Prior,
    best_runs,
    excess,
)
from scaling_notes.fitting._nearest import nearest

PRIOR = Prior(0.6, 0.07, 0.145, 0.5, 0.006, 2.6)
WIDE = Prior(0.6, 10.0, 0.145, 10.0, 1e-4, 0.0)


def scattered(seed: int, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    flops = 10 ** rng.uniform(17, 22, n)
    loss = (1.2 + (flops / 1e21) ** -0.15) * np.exp(0.2 * rng.random(n))
    return pd.DataFrame({"flops": flops, "loss": loss})


def curve(E: float, exponent: float, K: float = 1.0) -> pd.DataFrame:
    flops = np.geomspace(1e17, 1e21, 17)
    return pd.DataFrame({"flops": flops, "loss": E + K * (flops / 1e21) ** -exponent})


seeds = st.integers(0, 10_000)


@given(seeds)
def test_better_runs_cost_more(seed: int) -> None:
    runs = scattered(seed)
    best = best_runs(runs)
    assert best["flops"].is_monotonic_increasing
    assert (np.diff(best["loss"]) < 0).all()
    # The very best run is one of them, and nothing cheaper is better by a slice.
    assert best["loss"].iloc[-1] == runs["loss"].min()
    for _, run in best.iterrows():
        cheaper = runs[runs["flops"] < run["flops"] * 10**-0.13]
        assert (cheaper["loss"] > run["loss"]).all()


@given(seeds, st.sampled_from([1e-9, 0.3, 7.0, 1e9]), st.sampled_from([1e-4, 2.0, 1e4]))
def test_units_pick_the_same_runs(seed: int, flops: float, loss: float) -> None:
    runs = scattered(seed)
    other = runs * pd.Series({"flops": flops, "loss": loss})
    assert best_runs(other).index.equals(best_runs(runs).index)


def test_ties_and_labels_that_come_twice() -> None:
    runs = pd.DataFrame(
        {"flops": [1e18, 1e18, 1e19, 1e19, 1e20], "loss": [3.0, 3.0, 2.5, 2.5, 2.5]},
        index=[7, 7, 7, 8, 8],
    )
    best = best_runs(runs)
    assert best["loss"].tolist() == [3.0, 2.5]
    assert best["flops"].tolist() == [1e18, 1e19]


@given(seeds, st.floats(0.01, 1.0))
def test_excess_is_zero_for_the_best_and_never_less(seed: int, within: float) -> None:
    runs = scattered(seed)
    above = excess(runs, within)
    assert (above >= 0).all()
    assert above[runs["loss"].argmin()] == 0
    # Of each run alone nothing is said.
    assert excess(runs, 1e-12) == pytest.approx(0.0)
    at, loss = np.log10(runs["flops"].to_numpy()), runs["loss"].to_numpy()
    near = np.abs(at[:, None] - at) <= within
    least = np.where(near, loss, np.inf).min(axis=1)
    assert above == pytest.approx(np.log(loss / least))


def test_a_tight_prior_is_the_curve_with_its_floor_and_rate() -> None:
    best = curve(1.2, 0.15).assign(
        loss=lambda x: x["loss"] * 1.01 ** (-1) ** np.arange(17)
    )
    # A node of the grid, and the least squares in log loss by a search of its own.
    share, exponent = 0.62, float(Grid(best, 0.0).exponent[18])
    law = FrontierLaw.of(best, Prior(share, 1e-4, exponent, 1e-4, 0.01, 0.0))
    loss = best["loss"].to_numpy()

    def value(log_level: float, c: np.ndarray) -> np.ndarray:
        return share * loss.min() + np.exp(log_level) * (c / 1e21) ** -exponent

    used = best_runs(best)
    level = minimize_scalar(
        lambda k: np.sum(np.log(value(k, used["flops"]) / used["loss"]) ** 2),
        bounds=(-5, 5),
        method="bounded",
        options={"xatol": 1e-10},
    ).x
    at = np.geomspace(1e16, 1e25, 10)
    mean, spread = law.at(at)
    assert np.exp(mean) == pytest.approx(value(level, at), rel=1e-5)
    assert spread == pytest.approx(0.0, abs=1e-6)
    assert law.floor_share == pytest.approx(share, rel=1e-6)
    assert law.exponent == pytest.approx(exponent, rel=1e-6)


@pytest.mark.parametrize("share", [0.44, 0.59, 0.74])
@pytest.mark.parametrize("node", [15, 18, 22])
def test_noise_free_runs_tell_floor_and_rate(share: float, node: int) -> None:
    exponent = float(np.geomspace(0.02, 1.0, 36)[node])
    best = curve(share, exponent, 1 - share)
    law = FrontierLaw.of(best, WIDE)
    assert law.floor_share == pytest.approx(share, rel=1e-6)
    assert law.exponent == pytest.approx(exponent, rel=1e-6)
    at = np.geomspace(1e16, 1e25, 10)
    truth = share + (1 - share) * (at / 1e21) ** -exponent
    assert np.exp(law.at(at)[0]) == pytest.approx(truth, rel=1e-6)


@pytest.mark.parametrize("E", [0.8, 1.2, 1.5])
@pytest.mark.parametrize("exponent", [0.1, 0.15, 0.2])
def test_nodes_are_dense_enough_for_the_stored_scatter(
    E: float, exponent: float
) -> None:
    """Off the nodes, which lie 3 % of the least loss and 12 % of the exponent apart."""
    law = FrontierLaw.of(curve(E, exponent), replace(PRIOR, floor_share=E / (E + 1)))
    mean, _ = law.at(np.array([1e22]))
    assert np.exp(mean[0]) == pytest.approx(E + 10**-exponent, rel=0.01)


@given(seeds)
def test_spread_grows_away_from_the_runs(seed: int) -> None:
    runs = scattered(seed)
    _, spread = FrontierLaw.of(runs, PRIOR).at(
        runs["flops"].max() * 10.0 ** np.arange(6)
    )
    assert (np.diff(spread) > 0).all()


@given(seeds, st.sampled_from([1e-9, 7.0, 1e9]), st.sampled_from([1e-5, 2.0, 1e4]))
def test_units_do_not_change_the_law(seed: int, flops: float, loss: float) -> None:
    runs, at = scattered(seed), np.array([1e20, 1e24])
    other = runs * pd.Series({"flops": flops, "loss": loss})
    mean, spread = FrontierLaw.of(runs, PRIOR).at(at)
    mean_2, spread_2 = FrontierLaw.of(other, PRIOR).at(at * flops)
    assert mean_2 - np.log(loss) == pytest.approx(mean, abs=1e-9)
    assert spread_2 == pytest.approx(spread, rel=1e-6)


def test_one_run_leaves_the_prior() -> None:
    law = FrontierLaw.of(pd.DataFrame({"flops": [1e20], "loss": [2.0]}), PRIOR)
    assert law.floor_share == pytest.approx(0.6, abs=0.005)
    assert law.exponent == pytest.approx(0.145, rel=0.1)
    mean, spread = law.at(np.array([1e20]))
    assert np.exp(mean[0]) == pytest.approx(2.0)
    assert spread[0] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("compute", [1e-300, 1e300])
def test_no_budget_is_beyond_numbers(compute: float) -> None:
    law = FrontierLaw.of(curve(1.2, 0.15), PRIOR)
    mean, spread = law.at(np.array([compute]))
    assert np.isfinite([mean[0], spread[0]]).all()


# The nearest run


@given(seeds)
def test_a_fitted_run_is_nearest_to_itself(seed: int) -> None:
    runs = scattered(seed)
    assert nearest(runs, runs).tolist() == list(range(len(runs)))
    other = runs * pd.Series({"flops": 1e-7, "loss": 30.0})
    new = scattered(seed + 1)
    moved = new * pd.Series({"flops": 1e-7, "loss": 30.0})
    assert nearest(other, moved).tolist() == nearest(runs, new).tolist()


def test_nearest_of_none_zero_and_one_value() -> None:
    runs = pd.DataFrame({"x": [0.0, 1.0, 2.0], "y": 5.0})
    assert nearest(runs, runs.head(0)).tolist() == []
    assert nearest(runs, pd.DataFrame({"x": [-9.0, 1.6], "y": 5.0})).tolist() == [0, 2]
    assert nearest(runs, pd.DataFrame({"x": [1e300], "y": 5.0})).shape == (1,)
