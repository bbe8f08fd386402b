"""IsoFLOP from training curves: points at a budget, runs as units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

HOFFMANN = sn.laws.Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
EXPONENT = float(HOFFMANN.n_exponent)
BUDGETS = (1e18, 3e18, 1e19, 3e19)


def checkpoints(sigma: float = 0.0, n_models: int = 12) -> pd.DataFrame:
    """Return curves of models that pass all budgets, none at one of them."""
    best = np.asarray(HOFFMANN.optimum(np.array([1e18, 3e19])).params)
    sizes = np.geomspace(best[0] / 3, best[1] * 3, n_models)
    flops = 0.97e18 * 1.02 ** np.arange(180)
    params, flops = (a.ravel() for a in np.meshgrid(sizes, flops, indexing="ij"))
    loss = HOFFMANN(params, flops / 6 / params)
    noise = np.repeat(np.random.default_rng(2).standard_normal(n_models), 180)
    columns = {"params": params, "flops": flops, "loss": loss + sigma * noise}
    return pd.DataFrame(columns).assign(model=[f"{n:.3g}" for n in params])


def test_curves_are_interpolated_at_the_budgets() -> None:
    runs = checkpoints()
    profile = sn.isoflop(runs, run="model", budgets=BUDGETS, near=0.03)
    assert profile.optima["flops"].tolist() == list(BUDGETS)
    exact = HOFFMANN(profile.runs["params"], profile.runs["tokens"])
    assert profile.runs["loss"].to_numpy() == pytest.approx(exact, abs=1e-4)
    assert profile.law.n_exponent == pytest.approx(EXPONENT, abs=0.01)
    shuffled = runs.sample(frac=1, random_state=0)
    again = sn.isoflop(shuffled, run="model", budgets=BUDGETS, near=0.03)
    assert again.law.n_exponent == pytest.approx(profile.law.n_exponent, rel=1e-12)


def test_runs_of_curves_are_the_units() -> None:
    profile = sn.isoflop(checkpoints(sigma=0.003), run="model", budgets=BUDGETS)
    used = profile.runs.loc[profile.runs["near"], "group"].nunique()
    found = profile.interval("n_exponent")
    assert found.n == used <= 12
    assert found.how.startswith(
        f"jackknife over runs, t with {used - 3} degrees of freedom"
    )
    assert EXPONENT in found


def test_a_run_that_ends_a_little_short_counts() -> None:
    runs = checkpoints()
    largest = runs["params"] == runs["params"].max()
    short = runs[~(largest & (runs["flops"] > 2.9e19))]
    used = sn.isoflop(short, run="model", budgets=BUDGETS).runs
    last = used[(used["budget"] == 3e19) & (used["params"] == runs["params"].max())]
    assert last["flops"].item() == short.loc[largest, "flops"].max()
    early = runs[~(largest & (runs["flops"] > 2e19))]
    used = sn.isoflop(early, run="model", budgets=BUDGETS).runs
    assert used.loc[used["budget"] == 3e19, "params"].max() < runs["params"].max()


def test_curves_that_cannot_be_read_are_refused() -> None:
    runs = checkpoints()
    with pytest.raises(sn.DataError, match="give budgets="):
        sn.isoflop(runs, run="model")
    with pytest.raises(sn.DataError, match="one run is one model"):
        sn.isoflop(runs.assign(model="a"), run="model", budgets=BUDGETS)
    twice = pd.concat([runs, runs.iloc[:1]])
    with pytest.raises(sn.DataError, match="has two points"):
        sn.isoflop(twice, run="model", budgets=BUDGETS)


def test_few_runs_of_curves_have_no_interval() -> None:
    with pytest.warns(sn.FitWarning, match="5 runs are too few"):
        profile = sn.isoflop(
            checkpoints(n_models=5), run="model", budgets=BUDGETS, near=np.inf
        )
    assert profile.no_interval
