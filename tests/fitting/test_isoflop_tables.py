"""IsoFLOP on tables as people have them: rounded, scattered, few, wide, unfinished."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

HOFFMANN = sn.laws.Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
EXPONENT = float(HOFFMANN.n_exponent)
BUDGETS = (1e18, 3e18, 1e19, 3e19)


def surface(
    budgets: Any = BUDGETS,
    n_runs: int = 7,
    factor: float = 3.0,
    sigma: float = 0.0,
    off: Any = None,
    per_param_token: float = 6.0,
) -> pd.DataFrame:
    """Return runs of a known surface about the best size at each budget.

    ``off`` multiplies the compute of each of a budget's runs.
    """
    flops, share = np.meshgrid(
        budgets, np.geomspace(1 / factor, factor, n_runs), indexing="ij"
    )
    params = share * HOFFMANN.optimum(flops).params
    flops = flops * (1.0 if off is None else np.asarray(off))
    tokens = flops / per_param_token / params
    noise = sigma * np.random.default_rng(1).standard_normal(flops.shape)
    loss = HOFFMANN.value(params, tokens) + noise
    columns = {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    return pd.DataFrame({name: c.ravel() for name, c in columns.items()})


# Which runs are of one budget


def test_budgets_are_the_measured_compute() -> None:
    budgets = [1.04e18, 3.349e18, 1.06e19]
    profile = sn.isoflop(surface(budgets), near=np.inf, n_resamples=50)
    assert profile.optima["flops"].tolist() == budgets
    assert profile.law.n_exponent == pytest.approx(EXPONENT, abs=1e-4)
    # By default runs at the edge are in at one budget and out at another.
    default = sn.isoflop(surface(budgets), n_resamples=50).law.n_exponent
    assert default == pytest.approx(EXPONENT, abs=0.003)
    best = HOFFMANN.optimum(np.array(budgets)).params
    assert profile.optima["params"].to_numpy() == pytest.approx(best, rel=0.02)


def test_runs_astride_a_rounding_edge_are_of_one_budget() -> None:
    off = [0.999, 1.001, 0.999, 1.001, 0.999, 1.001, 1.0]
    runs = surface([1.05e18, 1.05e19, 1.05e20], off=off)
    profile = sn.isoflop(runs, near=np.inf, n_resamples=50)
    assert profile.optima["n_runs"].tolist() == [7, 7, 7]
    mean = np.exp(np.mean(np.log(off)))
    expected = mean * np.array([1.05e18, 1.05e19, 1.05e20])
    assert profile.optima["flops"].to_numpy() == pytest.approx(expected, rel=1e-12)
    assert profile.law.n_exponent == pytest.approx(EXPONENT, abs=1e-3)


def test_loss_is_moved_to_the_compute_of_the_budget() -> None:
    # Large models overshoot by a tenth, small ones fall short of it.
    off = np.geomspace(0.9, 1.1, 7)
    profile = sn.isoflop(surface(off=off), n_resamples=50)
    best = HOFFMANN.optimum(profile.optima["flops"].to_numpy()).params
    moved = np.abs(np.log(profile.optima["params"] / best)).max()
    assert moved < 0.03
    # Taken as they are the same runs have their minima a fifth too large.
    as_named = surface(off=off).assign(flops=surface()["flops"])
    named = sn.isoflop(as_named.drop(columns="tokens"), n_resamples=50).optima
    assert (named["params"].to_numpy() / best).min() > 1.15
    assert profile.runs["loss"].tolist() == surface(off=off)["loss"].tolist()


def test_scattered_compute_has_no_budgets() -> None:
    rng = np.random.default_rng(0)
    flops = np.exp(rng.uniform(np.log(1e18), np.log(1e22), 234))
    params = HOFFMANN.optimum(flops).params * np.exp(rng.uniform(-1.5, 1.5, 234))
    loss = HOFFMANN(params, flops / 6 / params)
    runs = pd.DataFrame({"params": params, "flops": flops, "loss": loss})
    with pytest.raises(sn.DataError, match="budgets are too few for a power law"):
        sn.isoflop(runs)


def test_runs_in_no_budget_are_counted_aloud() -> None:
    runs = surface()
    stray = runs.iloc[[3, 10, 17]].assign(flops=[2e18, 6e18, 2e19])
    with pytest.warns(sn.FitWarning, match="3 of 31 runs are in no budget"):
        profile = sn.isoflop(pd.concat([runs, stray]), n_resamples=50)
    assert profile.law == sn.isoflop(runs, n_resamples=50).law
    assert "3 of 31 runs are in no budget" in repr(profile)
    named = sn.isoflop(pd.concat([runs, stray]), budgets=BUDGETS, n_resamples=50)
    assert any("3 of 31 runs are in no budget" in m for m in named.messages)


def test_named_budgets_keep_their_names() -> None:
    off = [1.02] * 7
    profile = sn.isoflop(surface(off=off), budgets=BUDGETS, n_resamples=50)
    assert profile.optima["budget"].tolist() == list(BUDGETS)
    assert set(profile.runs["budget"]) == set(BUDGETS)
    assert set(profile.curves["budget"]) == set(BUDGETS)
    measured = 1.02 * np.array(BUDGETS)
    assert profile.optima["flops"].to_numpy() == pytest.approx(measured, rel=1e-12)


def test_budgets_that_stand_twice_are_refused() -> None:
    runs = surface()
    with pytest.raises(
        sn.DataError, match=r"names 1e\+18 2 times: give each budget on"
    ):
        sn.isoflop(runs, budgets=[*BUDGETS, 1e18])
    with pytest.raises(sn.DataError, match="budgets must be numbers"):
        sn.isoflop(runs, budgets=["small", "large"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tolerance", 0.0),
        ("tolerance", np.inf),
        ("near", -0.1),
        ("near", np.nan),
        ("exponent", np.nan),
        ("flops_per_param_token", 0.0),
    ],
)
def test_impossible_arguments_are_refused(name: str, value: float) -> None:
    with pytest.raises(sn.DataError, match=f"^{name} is"):
        sn.isoflop(surface(), **{name: value})


# How far the optimum may be off


def test_five_runs_a_budget_have_an_interval_of_their_noise() -> None:
    found = sn.isoflop(surface(n_runs=5, sigma=0.003)).interval("n_exponent")
    assert EXPONENT in found
    assert 0.01 < found.high - found.low < 0.1
    assert found.n == 20
    assert found.how == (
        "draws of the parabolas, t with 8 degrees of freedom, 2000 resamples"
    )


@pytest.mark.parametrize("n_runs", [3, 4])
def test_three_and_four_runs_have_vertices_and_no_interval(n_runs: int) -> None:
    with pytest.warns(sn.FitWarning) as caught:
        profile = sn.isoflop(surface(n_runs=n_runs))
    words = [str(w.message) for w in caught]
    exact = "goes through them exactly" if n_runs == 3 else "one more than a parabola"
    assert sum(exact in w for w in words) == 4
    assert sum("No interval: " in w for w in words) == 1
    assert profile.law.n_exponent == pytest.approx(EXPONENT, abs=1e-3)
    assert profile.optima["n_runs"].tolist() == [n_runs] * 4
    left = 4 * (n_runs - 3)
    for ask in (profile.interval, profile.boot.interval):
        with pytest.raises(sn.DataError):
            ask("n_exponent")
    with pytest.raises(sn.DataError, match=f"{4 * n_runs} runs .* leave {left} beyond"):
        profile.interval("n_exponent")
    assert "no interval" in repr(profile)
    plan = sn.allocate(profile, 1e20)
    assert not any(c.endswith("_low") for c in plan.table().columns)


def test_a_budget_of_three_runs_beside_others_counts() -> None:
    runs = surface(n_runs=7, sigma=0.002)
    few = runs.drop(index=runs.index[[-6, -5, -3, -2]])
    with pytest.warns(sn.FitWarning, match=r"Budget 3e\+19: 3 runs"):
        profile = sn.isoflop(few, near=np.inf)
    assert profile.optima["n_runs"].tolist() == [7, 7, 7, 3]
    assert profile.interval("n_exponent").n == 24


def test_draws_without_a_minimum_are_counted() -> None:
    with pytest.warns(sn.FitWarning, match="% of the draws a budget has no minimum"):
        profile = sn.isoflop(surface(n_runs=6, sigma=0.06))
    lost = 2000 - profile.boot.n_resamples
    assert lost > 200
    assert profile.boot.converged == pytest.approx(1 - lost / 2000)
    found = profile.interval("n_exponent")
    assert f"{lost} without a minimum left out" in found.how
    assert EXPONENT in found
    assert found.high - found.low < 3


def test_noise_without_a_valley_has_no_interval() -> None:
    runs = surface()
    noise = np.random.default_rng(17).standard_normal(len(runs))
    runs = runs.assign(loss=3 + 0.01 * noise)
    with pytest.warns(sn.FitWarning, match="too flat for the noise"):
        profile = sn.isoflop(runs)
    assert profile.boot.converged < 0.5
    with pytest.raises(sn.DataError, match="too flat for the noise"):
        profile.interval("n_exponent")


def test_budgets_of_unequal_noise_have_their_own() -> None:
    runs = surface([1e18, 3e18, 1e19, 3e19, 1e20, 3e20], n_runs=9)
    rng = np.random.default_rng(0)
    sigma = np.repeat([0.05, 1e-4, 1e-4, 1e-4, 1e-4, 1e-4], 9)
    noisy = runs.assign(loss=runs["loss"] + sigma * rng.standard_normal(len(runs)))
    profile = sn.isoflop(noisy, near=0.1)
    assert "unequal noise" in profile.interval("n_exponent").how
    # Without the noisy budget the others tell nearly as much.
    calm = noisy[noisy["flops"] > 2e18]
    widths = [
        i.high - i.low
        for i in (
            p.interval("n_exponent") for p in (profile, sn.isoflop(calm, near=0.1))
        )
    ]
    assert widths[1] < widths[0]


# What is no valley


def test_no_minimum_at_any_budget_is_refused_in_words() -> None:
    runs = surface()
    with (
        pytest.warns(sn.FitWarning, match="no minimum, left out"),
        pytest.raises(sn.DataError, match="0 budgets have a parabola with a minimum"),
    ):
        sn.isoflop(runs.assign(loss=6 - runs["loss"]))


def test_a_flat_loss_is_refused_in_words() -> None:
    with (
        pytest.warns(sn.FitWarning, match="the loss is the same at all sizes"),
        pytest.raises(sn.DataError, match="0 budgets have a parabola with a minimum"),
    ):
        sn.isoflop(surface().assign(loss=2.5))


def test_a_vertex_far_outside_the_sizes_is_left_out() -> None:
    runs = surface([*BUDGETS, 1e20])
    last = runs["flops"] == 1e20
    x = np.log(runs.loc[last, "params"])
    # Nearly a falling line: its minimum is at 10^30 params or so.
    runs.loc[last, "loss"] = 3 - 0.1 * (x - x.min()) + 1e-3 * (x - x.min()) ** 2
    with pytest.warns(
        sn.FitWarning, match=r"the minimum, 10\^\d\d.* params, lies farth"
    ):
        profile = sn.isoflop(runs, n_resamples=50)
    assert 1e20 not in set(profile.optima["flops"])
    assert profile.law.n_exponent == pytest.approx(EXPONENT, abs=0.003)


def test_a_wide_valley_is_fitted_near_its_minimum() -> None:
    runs = surface(n_runs=21, factor=40.0)
    best = HOFFMANN.optimum(np.array(BUDGETS)).params
    near, all_runs = (
        sn.isoflop(runs, near=near, n_resamples=50) for near in (0.1, np.inf)
    )
    off, off_all = (
        np.abs(np.log(p.optima["params"] / best)).max() for p in (near, all_runs)
    )
    assert off < 0.04 < 0.08 < off_all
    assert (near.optima["n_runs"] < 21).all()
    assert len(near.runs) == len(runs)
    assert near.runs.groupby("budget")["near"].sum().tolist() == (
        near.optima["n_runs"].tolist()
    )
    for _, part in near.runs.groupby("budget"):
        least = part["loss"].min()
        assert (part.loc[part["near"], "loss"] <= 1.1 * least).all()
    assert any("valleys are skew" in m for m in all_runs.messages)


def test_sizes_read_off_twice_are_one_size() -> None:
    runs = surface()
    last = runs["flops"] == 3e19
    runs.loc[last, "params"] = 3e8 * (1 + 1e-5 * np.arange(7))
    with pytest.warns(sn.FitWarning, match=r"Budget 3e\+19: fewer than three sizes"):
        profile = sn.isoflop(runs, n_resamples=50)
    assert len(profile.optima) == 3


def test_five_sizes_are_near_in_any_case() -> None:
    profile = sn.isoflop(surface(n_runs=9, factor=40.0), near=1e-6, n_resamples=50)
    assert profile.optima["n_runs"].tolist() == [5] * 4


def test_optima_off_a_power_law_are_said() -> None:
    runs = surface([1e18, 3e18, 1e19, 3e19, 1e20], n_runs=9, sigma=1e-4)
    assert not any("scatter" in m for m in sn.isoflop(runs).messages)
    moved = runs["params"].mask(runs["flops"] == 1e19, 1.3 * runs["params"])
    profile = sn.isoflop(runs.assign(params=moved).drop(columns="tokens"))
    assert any("The optima scatter about the power law" in m for m in profile.messages)


# Compute that is not 6 N D


def test_tokens_of_the_optimum_are_those_of_the_runs() -> None:
    profile = sn.isoflop(surface(per_param_token=8.0), n_resamples=50)
    optima = profile.optima
    made = optima["flops"] / optima["params"] / optima["tokens"]
    assert made.to_numpy() == pytest.approx([8.0] * 4, rel=1e-12)


def test_tokens_are_interpolated_where_the_factor_depends_on_size() -> None:
    runs = surface()
    x = np.log(runs["params"])
    runs["tokens"] = runs["tokens"] / (1 + 0.05 * (x - x.min()))
    with pytest.warns(sn.FitWarning, match="tokens of the optima grow as flops to the"):
        profile = sn.isoflop(runs, n_resamples=50)
    optima = profile.optima
    expected = 1 + 0.05 * (np.log(optima["params"]) - x.min())
    made = optima["flops"] / optima["params"] / optima["tokens"] / 6
    assert made.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-3)


@pytest.mark.parametrize("missing", ["tokens", "flops"])
def test_tokens_or_flops_follow_from_the_other(missing: str) -> None:
    runs = surface(per_param_token=8.0)
    whole = sn.isoflop(runs, n_resamples=50)
    part = sn.isoflop(
        runs.drop(columns=missing), flops_per_param_token=8.0, n_resamples=50
    )
    for name in ("flops", "params", "tokens", "loss"):
        expected = whole.optima[name].to_numpy()
        assert part.optima[name].to_numpy() == pytest.approx(expected, rel=1e-9)
    assert any(f"No column '{missing}'" in m for m in part.messages)


def test_a_factor_beside_both_columns_is_refused() -> None:
    with pytest.raises(sn.DataError, match="flops_per_param_token has nothing to say"):
        sn.isoflop(surface(), flops_per_param_token=8.0)
    with pytest.raises(sn.DataError, match="no column 'flops' and no column 'tokens'"):
        sn.isoflop(surface().drop(columns=["flops", "tokens"]))


# A held exponent


def test_a_held_exponent_leaves_the_coefficient() -> None:
    profile = sn.isoflop(surface(sigma=0.002), exponent=0.5)
    assert profile.law.n_exponent == 0.5
    logs = np.log(profile.optima["params"]) - 0.5 * np.log(profile.optima["flops"])
    assert np.log(profile.law.coefficient) == pytest.approx(logs.mean(), rel=1e-12)
    held = profile.interval("n_exponent")
    assert (held.low, held.high) == (0.5, 0.5)
    found = profile.interval("coefficient")
    assert found.low < profile.law.coefficient < found.high
    one = surface([1e19], sigma=0.002, n_runs=9)
    assert sn.isoflop(one, exponent=0.5).law.n_exponent == 0.5
