"""What people's runs have wrong with them: each is found, named and has a remedy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.fitting._check_fit import _apart
from scaling_notes.laws import Chinchilla

TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)


def runs(seed: int = 0, noise: float = 0.01, side: int = 6) -> pd.DataFrame:
    n = np.tile(np.geomspace(5e7, 1e10, side), side)
    d = np.repeat(np.geomspace(1e9, 3e11, side), side)
    error = noise * np.random.default_rng(seed).standard_normal(n.size)
    frame = pd.DataFrame({"params": n, "tokens": d})
    frame["loss"] = TRUTH.value(n, d) * np.exp(error)
    frame.index = pd.Index([f"run-{i}" for i in range(n.size)])
    return frame


def found(frame: pd.DataFrame, what: str, delta: float | None = None) -> pd.Series:
    """Return the one finding of that name."""
    rows = sn.check(frame, delta=delta).table
    rows = rows[rows["what"] == what]
    assert len(rows) == 1, rows
    return rows.iloc[0]


# Outliers


@pytest.mark.parametrize("noise", [0.001, 0.01, 0.03])
def test_clean_ladders_raise_no_alarm(noise: float) -> None:
    quiet = {"outliers", "independence", "leverage", "direction", "settings", "curves"}
    for seed in range(15):
        table = sn.check(runs(seed, noise)).table
        told = set(table.loc[table["verdict"] != "fine", "what"])
        assert not told & quiet, (seed, told)


@pytest.mark.parametrize("delta", [None, np.inf, 1e-3], ids=["robust", "squares", "H"])
@pytest.mark.parametrize("at", [0, 5, 14, 30, 35])
def test_a_loss_ten_times_too_large(at: int, delta: float | None) -> None:
    """Wherever it lies, and whatever the fit that was asked for."""
    frame = runs(at)
    frame.loc[f"run-{at}", "loss"] = 10 * float(frame["loss"].iloc[at])
    row = found(frame, "outliers", delta)
    assert row["verdict"] == "look"
    assert row["value"].startswith(f"run run-{at}: loss ")
    assert "decimal point" in row["remedy"]


@pytest.mark.parametrize("at", [0, 5, 14, 30, 35])
def test_a_loss_far_from_its_neighbors(at: int) -> None:
    frame = runs(at)
    frame.loc[f"run-{at}", "loss"] = 7.9
    row = found(frame, "outliers")
    assert row["value"].startswith(f"run run-{at}: loss 7.90, where the law says ")
    assert row["remedy"]


@pytest.mark.parametrize(
    ("slip", "word"),
    [
        (np.exp, "perplexity"),
        (lambda loss: loss / np.log(2), "bits"),
        (lambda loss: loss / 100, "decimal point"),
        (lambda loss: 1.2 * loss, "mend or drop"),
    ],
    ids=["perplexity", "bits", "percent", "other"],
)
def test_single_rows_of_another_kind(
    slip: Callable[[pd.Series], pd.Series], word: str
) -> None:
    frame = runs(3)
    rows = ["run-2", "run-20"]
    frame.loc[rows, "loss"] = slip(frame.loc[rows, "loss"])
    row = found(frame, "outliers")
    assert "2 runs stand apart" in row["value"]
    assert "run-2" in row["value"]
    assert "run-20" in row["value"]
    assert word in row["remedy"]


def test_a_small_slip_stands_apart_where_noise_is_small() -> None:
    frame = runs(noise=0.001)
    frame.loc["run-8", "loss"] = 1.04 * float(frame["loss"].iloc[8])
    assert found(frame, "outliers")["value"].startswith("run run-8: loss")


def test_heavy_tails_are_no_outliers() -> None:
    size = np.r_[np.full(60, 0.01), 0.03, 0.045, 0.06, 0.08]
    r = size * np.resize([1.0, -1.0], 64)
    assert not _apart(r, 0.01).any()
    assert np.flatnonzero(_apart(np.r_[r, 0.5], 0.01)).tolist() == [64]
    assert not _apart(np.zeros(9), 0.0).any()


# Losses that are none


def test_a_column_of_perplexities() -> None:
    frame = runs()
    row = found(frame.assign(loss=np.exp(frame["loss"])), "unit of the loss")
    assert row["verdict"] == "look"
    assert "perplexity" in row["remedy"]


def test_accuracies_that_rise() -> None:
    frame = runs()
    row = found(frame.assign(loss=1.5 - frame["loss"] / 4), "direction")
    assert "rises with compute" in row["value"]
    assert "accuracy" in row["remedy"]
    assert "direction" not in set(sn.check(frame).table["what"])
    noise = np.random.default_rng(0).uniform(1, 2, 36)
    assert "direction" not in set(sn.check(frame.assign(loss=noise)).table["what"])


def test_a_floor_above_the_least_loss() -> None:
    frame = runs(noise=0.002)
    frame.loc["run-35", "loss"] = 1.6
    row = found(frame, "floor")
    assert row["verdict"] == "look"
    assert "of the lowest loss" in row["value"]
    assert "run run-35, the lowest" in row["remedy"]


# Settings and curves


def tuned() -> pd.DataFrame:
    parts = [
        runs(seed).assign(lr=lr, loss=up * runs(seed)["loss"])
        for seed, (lr, up) in enumerate([(1e-4, 1.1), (3e-4, 1.0), (1e-3, 1.2)])
    ]
    return pd.concat(parts, ignore_index=True)


def test_learning_rates_in_one_cell() -> None:
    frame = tuned()
    row = found(frame, "settings")
    assert "'lr' differs within cells" in row["value"]
    assert "108 runs in 36 cells" in row["value"]
    assert "keep the best run" in row["remedy"]
    # The remedy is code that does it.
    code = row["remedy"].split("each cell: ")[1].rstrip(".")
    best = eval(code, {"runs": frame})
    assert set(best["lr"]) == {3e-4}
    assert "settings" not in set(sn.check(best).table["what"])


@pytest.mark.parametrize("column", ["seed", "run_id", "replicate"])
def test_seeds_are_no_settings(column: str) -> None:
    frame = tuned().rename(columns={"lr": column})
    table = sn.check(frame).table
    assert "settings" not in set(table["what"])
    assert "repeats" in set(table["what"])
    assert "settings" not in set(sn.check(runs().assign(lr=3e-4)).table["what"])


def test_checkpoints_of_six_models() -> None:
    """762 rows were said to be 762 independent runs."""
    n = np.repeat(np.geomspace(7e7, 1.2e10, 6), 127)
    d = 2.1e9 * np.tile(np.arange(1.0, 128.0), 6)
    rng = np.random.default_rng(0)
    effect = np.repeat(0.02 * rng.standard_normal(6), 127)
    error = effect + 0.003 * rng.standard_normal(762)
    frame = pd.DataFrame(
        {"params": n, "tokens": d, "loss": TRUTH.value(n, d) * np.exp(error)}
    )
    row = found(frame, "curves")
    assert "762 rows at 6 values of 'params'" in row["value"]
    assert "groups" in row["remedy"]
    row = found(frame, "independence")
    assert row["value"] == "Residuals cluster by params"
    assert "name it in groups" in row["remedy"]
    table = sn.check(frame.assign(model=n), groups="model").table
    assert not {"curves", "independence"} & set(table["what"])


# Compute


@pytest.mark.parametrize(
    ("flop", "unit"),
    [
        (1e9, "GFLOP"),
        (1e12, "TFLOP"),
        (1e15, "PFLOP"),
        (1e18, "EFLOP"),
        (8.64e19, "PFLOP/s-days"),
    ],
)
def test_compute_in_another_unit(flop: float, unit: str) -> None:
    frame = runs()
    six = 6 * frame["params"] * frame["tokens"]
    row = found(frame.assign(flops=six / flop), "flops")
    assert row["verdict"] == "look"
    assert f"compute in {unit}? Give FLOP: times {flop:g}" in row["remedy"]


def test_compute_as_a_logarithm_or_run_over() -> None:
    frame = runs()
    six = 6 * frame["params"] * frame["tokens"]
    logs = found(frame.assign(flops=np.log10(six)), "flops")
    assert "10**x" in logs["remedy"]
    over = 6 * frame["params"].astype("int64") * frame["tokens"].astype("int64")
    row = found(frame.assign(flops=over.abs()), "flops")
    assert "multiply as floats" in row["remedy"].lower()


# Leverage


def test_parts_of_the_jackknife_variance_are_parts() -> None:
    """A shift in jackknife errors, squared, can exceed one; a part cannot."""
    frame = runs(noise=1e-4, side=4)
    frame.loc["run-7", "loss"] = 1.05 * float(frame["loss"].iloc[7])
    fit = sn.fit_chinchilla(frame, delta=np.inf)
    assert fit.leverage()["shift"].iloc[0] ** 2 > 1.02
    row = found(frame, "leverage", np.inf)
    assert "run run-7 moves B" in row["value"]
    change = fit.leverage()["B"]
    part = (change - change.mean()) ** 2
    assert f"it makes {part.max() / part.sum():.0%} of" in row["value"]
