"""Arguments of the wrong kind are refused in words of our own, wherever they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

LAW = sn.laws.Chinchilla(E=1.7, A=400.0, B=2000.0, alpha=0.34, beta=0.37)
FLOPS, SHARE = np.meshgrid([1e18, 1e19, 1e20], np.geomspace(0.3, 3.0, 7))
SIZE = SHARE * LAW.optimum(FLOPS).params
RUNS = pd.DataFrame({"params": SIZE.ravel(), "flops": FLOPS.ravel()})
RUNS["tokens"] = RUNS["flops"] / 6 / RUNS["params"]
RUNS["loss"] = LAW(RUNS["params"], RUNS["tokens"]) * np.exp(
    0.002 * np.random.default_rng(0).standard_normal(21)
)


@pytest.fixture(scope="module")
def fit() -> sn.Fit:
    return sn.fit_chinchilla(RUNS)


@pytest.mark.parametrize(
    "ask",
    [
        lambda fit: sn.forecast(RUNS, below="a lot"),
        lambda fit: sn.forecast(RUNS, below=["a"]),
        lambda fit: sn.forecast(RUNS, below=1e19, above="x"),
        lambda fit: sn.forecast(RUNS, above=1e19),
        lambda fit: sn.forecast(RUNS, below=3e19, calibration="hoffmann"),
        lambda fit: sn.forecast(RUNS, below=3e19, calibration=["a"]),
        lambda fit: sn.forecast(RUNS, n_resamples=20).best("a lot"),
        lambda fit: sn.forecast(RUNS, n_resamples=20).at(params="a", tokens=1e9),
        lambda fit: sn.backtest(RUNS, calibration=0.8),
        lambda fit: sn.backtest(None),
        lambda fit: sn.calibrate(None),
        lambda fit: sn.calibrate({"a": RUNS, "b": RUNS, "c": RUNS}),
        lambda fit: sn.corpus.sweeps("a"),
        lambda fit: sn.corpus.sweeps(["a"]),
        lambda fit: sn.allocate(LAW, 1e21, calibration="all"),
        lambda fit: sn.next_runs(fit, flops=1e20, target_flops=1e22, calibration=5),
        lambda fit: fit.p_value(alpha="x"),
        lambda fit: fit.bootstrap(20).band(params=["a"], tokens=[1e9]),
        lambda fit: LAW.inverse("a", params=1e9),
        lambda fit: LAW.inverse(2.0, params="x"),
        lambda fit: LAW.inverse([2.0, 2.1], params=[1e9, 2e9, 3e9]),
        lambda fit: LAW.flops_to_reach("a"),
        lambda fit: LAW.optimum("a"),
        lambda fit: sn.isoflop(RUNS, tolerance="a"),
        lambda fit: sn.isoflop(RUNS, tolerance=None),
        lambda fit: sn.isoflop(RUNS, near="a"),
        lambda fit: sn.isoflop(RUNS, exponent="a"),
        lambda fit: sn.isoflop(RUNS.drop(columns="tokens"), flops_per_param_token="a"),
        lambda fit: sn.vote(np.array("a"), "a"),
        lambda fit: sn.allocate(sn.laws.Chinchilla(1.0, 0.0, 0.0, 0.3, 0.3), 1e21),
    ],
)
def test_odd_arguments_are_refused(ask: Callable[[sn.Fit], Any], fit: sn.Fit) -> None:
    with pytest.raises(sn.DataError):
        ask(fit)


def test_text_that_is_a_number_is_one() -> None:
    said = sn.forecast(RUNS, below="3e19", n_resamples=20)  # type: ignore[call-overload]
    assert "below 3e+19 FLOP" in repr(said)


def test_forecasts_read_what_fits_read() -> None:
    frame = sn.forecast(RUNS, below=3e19, n_resamples=50).table
    listed = RUNS.to_dict("records")
    for runs in (listed, {name: list(RUNS[name]) for name in RUNS}):
        table = sn.forecast(runs, below=3e19, n_resamples=50).table
        assert table["forecast"].tolist() == frame["forecast"].tolist()


@pytest.mark.parametrize("measured", [True, False])
def test_compute_in_another_unit_is_asked_about(measured: bool) -> None:
    runs = RUNS.assign(flops=RUNS["flops"] / 1e9)
    runs = runs if measured else runs.drop(columns="tokens")
    with pytest.warns(sn.FitWarning, match="GFLOP"):
        profile = sn.isoflop(runs)
    assert any("GFLOP" in message for message in profile.messages)
    if measured:
        with pytest.warns(sn.FitWarning, match="Is compute in GFLOP"):
            sn.forecast(runs, below=3e10, n_resamples=20)


def test_a_mixture_of_experts_is_no_other_unit() -> None:
    # Of 64 experts two are active.
    total = RUNS.assign(params=RUNS["params"] * 32)
    assert not any("unit" in m or "GFLOP" in m for m in sn.isoflop(total).messages)


def test_distance_counts_constants_that_vanish_in_some_refits() -> None:
    x = np.geomspace(1e7, 1e10, 20)
    law = sn.laws.PowerLaw(E=0.8, A=60.0, alpha=0.2)
    noise = np.exp(np.random.default_rng(3).normal(0, 0.08, 20))
    boot = sn.fit_law(sn.laws.PowerLaw, x, law.value(x) * noise).bootstrap(500)
    assert (boot.samples("E") < 1e-6).any()
    here = boot.law
    at = [
        boot.share_farther(sn.laws.PowerLaw(E=E, A=here.A, alpha=here.alpha))
        for E in (here.E, 2.0, 10.0)
    ]
    assert at[0] == 1.0
    assert at[1:] == [0.0, 0.0]


def test_refits_that_did_not_converge_are_told() -> None:
    n, d = (
        g.ravel()
        for g in np.meshgrid(np.geomspace(3e7, 1e10, 5), np.geomspace(1e9, 3e11, 5))
    )
    truth = sn.laws.Chinchilla(E=1.5, A=0.0, B=100.0, alpha=0.3, beta=0.25)
    loss = truth.value(n, d) * np.exp(np.random.default_rng(5).normal(0, 0.02, 25))
    with pytest.warns(sn.FitWarning):
        fit = sn.fit_chinchilla({"params": n, "tokens": d, "loss": loss})
    with pytest.warns(sn.FitWarning, match="of the refits did not converge"):
        boot = fit.bootstrap(150)
    assert boot.converged < 0.95
    assert "of the refits did not converge" in boot.interval("alpha").how


def test_two_answers_are_a_binomial_count() -> None:
    found = sn.majority_vote([0.5001, 0.4999], [2, 3, 10, 10**6, 10**9])
    assert found[0] == pytest.approx(0.5001)
    assert found[1] == pytest.approx(0.5001**2 * (3 - 2 * 0.5001))
    # The normal limit: a lead of 200 votes, with a standard deviation of 1,000.
    assert found[3] == pytest.approx(0.57926, abs=1e-4)
    assert found[4] == pytest.approx(1.0, abs=1e-9)
    # The last of three answers never comes; it changes nothing.
    three = sn.majority_vote([0.6, 0.4, 0.0], [4, 5])
    assert three == pytest.approx(sn.majority_vote([0.6, 0.4], [4, 5]))


def test_a_constant_that_is_nothing_has_no_leverage() -> None:
    n, d = (
        g.ravel()
        for g in np.meshgrid(np.geomspace(5e7, 1e10, 5), np.geomspace(1e9, 3e11, 5))
    )
    loss = 2.0 + 0.02 * np.log(n) + 0.02 * np.log(d)
    loss *= np.exp(np.random.default_rng(0).normal(0, 0.01, 25))
    found = sn.check({"params": n, "tokens": d, "loss": loss})
    told = found.table.set_index("what")["value"]
    assert "e-1" not in told.get("leverage", "")
