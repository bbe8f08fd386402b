"""Approaches 1 and 2: parabolas, envelopes, what is left out, what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.laws import Chinchilla

TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
BUDGETS = [6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21]


def parabolas(
    budgets: Any = (1e19, 1e20, 1e21), n_runs: int = 7, power: float = 0.5
) -> pd.DataFrame:
    """Return runs whose loss is an exact parabola in log params at each budget."""
    parts = []
    for c in budgets:
        best = 0.1 * c**power
        n = best * np.geomspace(0.2, 4.0, n_runs)
        loss = 2.0 + 1e19 / c + 0.07 * np.log(n / best) ** 2
        parts.append(
            pd.DataFrame({"params": n, "tokens": c / 6 / n, "flops": c, "loss": loss})
        )
    return pd.concat(parts, ignore_index=True)


def cloud(n_budgets: int = 25, law: Chinchilla = TRUTH) -> pd.DataFrame:
    """Return runs of a known law, dense in size at every budget."""
    flops = np.geomspace(1e18, 1e23, n_budgets)
    spread = np.geomspace(0.1, 10.0, 41)
    c, s = (x.ravel() for x in np.meshgrid(flops, spread))
    n = law.optimum(c).params * s
    return pd.DataFrame(
        {"params": n, "tokens": c / 6 / n, "flops": c, "loss": law(n, c / 6 / n)}
    )


# IsoFLOP


def test_exact_parabolas_give_their_vertices_back() -> None:
    # Exact parabolas are parabolas far from their minimum too.
    profile = sn.isoflop(parabolas(power=0.47), near=np.inf, n_resamples=100)
    optima = profile.optima
    assert optima["flops"].to_numpy() == pytest.approx([1e19, 1e20, 1e21])
    assert optima["params"].to_numpy() == pytest.approx(
        0.1 * optima["flops"].to_numpy() ** 0.47, rel=1e-6
    )
    assert optima["loss"].to_numpy() == pytest.approx([3.0, 2.1, 2.01], rel=1e-8)
    assert (optima["n_runs"] == 7).all()
    product = 6 * optima["params"] * optima["tokens"]
    assert product.to_numpy() == pytest.approx(optima["flops"].to_numpy(), rel=1e-12)
    assert profile.law.n_exponent == pytest.approx(0.47, abs=1e-6)
    assert profile.law.coefficient == pytest.approx(0.1, rel=1e-3)
    assert profile.law.d_exponent == pytest.approx(0.53, abs=1e-6)
    # Exact runs: every resample of three sizes or more finds the same vertex.
    interval = profile.interval("n_exponent")
    assert (interval.low, interval.high) == pytest.approx((0.47, 0.47), abs=1e-5)


def test_parabolas_are_drawn_through_their_runs() -> None:
    profile = sn.isoflop(parabolas(), near=np.inf, n_resamples=50)
    for budget, part in profile.curves.groupby("budget"):
        best = 0.1 * budget**0.5
        expected = 2.0 + 1e19 / budget + 0.07 * np.log(part["params"] / best) ** 2
        assert part["loss"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-8)
        own = profile.runs[profile.runs["budget"] == budget]["params"]
        assert part["params"].min() == pytest.approx(own.min())
        assert part["params"].max() == pytest.approx(own.max())


def test_budgets_are_found_among_the_runs() -> None:
    found = sn.isoflop(parabolas(), n_resamples=50)
    named = sn.isoflop(parabolas(), budgets=[1e21, 1e19, 1e20], n_resamples=50)
    assert found.optima.equals(named.optima)
    assert found.interval("n_exponent") == named.interval("n_exponent")


def test_exponent_of_the_published_points(chinchilla_240: pd.DataFrame) -> None:
    profile = sn.isoflop(chinchilla_240, budgets=BUDGETS, n_resamples=500)
    interval = profile.interval("n_exponent")
    assert interval.value == pytest.approx(0.50, abs=0.03)
    assert interval.low < 0.49 < interval.high
    assert 0.01 < interval.high - interval.low < 0.2
    assert len(profile.optima) == 9
    assert (profile.optima["n_runs"] >= 5).all()
    assert profile.optima["loss"].is_monotonic_decreasing


def test_a_run_belongs_to_the_nearest_budget_within_tolerance() -> None:
    frame = parabolas()
    frame.loc[0, "flops"] *= 1.14
    frame.loc[1, "flops"] *= 1.16
    frame.loc[2, "flops"] /= 1.14
    used = sn.isoflop(frame, budgets=[1e19, 1e20, 1e21], n_resamples=50).runs
    assert 1 not in used.index
    assert {0, 2} <= set(used.index)
    assert set(used["budget"]) == {1e19, 1e20, 1e21}


def test_units_of_loss_do_not_move_the_optimum() -> None:
    frame = parabolas()
    plain = sn.isoflop(frame, n_resamples=50).optima["params"]
    bits = sn.isoflop(frame.assign(loss=frame["loss"] / np.log(2)), n_resamples=50)
    assert bits.optima["params"].to_numpy() == pytest.approx(plain.to_numpy(), rel=1e-6)


# IsoFLOP: what is left out


def test_a_budget_of_few_runs_is_left_out_aloud() -> None:
    frame = parabolas([1e19, 1e20, 1e21, 1e22])
    frame = frame.drop(index=frame.index[-5:])
    with pytest.warns(
        sn.FitWarning, match=r"Budget 1e\+22: 2 runs, left out"
    ) as caught:
        profile = sn.isoflop(frame, budgets=[1e19, 1e20, 1e21, 1e22], n_resamples=50)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert list(profile.optima["flops"]) == [1e19, 1e20, 1e21]


def test_a_budget_without_runs_is_left_out_aloud() -> None:
    with pytest.warns(sn.FitWarning, match=r"Budget 1e\+22: 0 runs"):
        sn.isoflop(parabolas(), budgets=[1e19, 1e20, 1e21, 1e22], n_resamples=50)


def test_a_budget_without_a_minimum_is_left_out_aloud() -> None:
    frame = parabolas([1e19, 1e20, 1e21, 1e22])
    last = frame["flops"] == 1e22
    frame.loc[last, "loss"] = 4.0 - frame.loc[last, "loss"]
    with pytest.warns(sn.FitWarning, match=r"Budget 1e\+22: no minimum, left out"):
        profile = sn.isoflop(frame, n_resamples=50)
    assert 1e22 not in set(profile.optima["flops"])
    assert 1e22 not in set(profile.curves["budget"])
    assert 1e22 not in set(profile.runs["budget"])


def test_a_minimum_outside_the_sizes_trained_is_flagged() -> None:
    frame = parabolas([1e19, 1e20, 1e21, 1e22])
    best = 0.1 * 1e22**0.5
    last = frame["flops"] == 1e22
    frame.loc[last, "params"] = best * np.geomspace(1.5, 9.0, 7)
    frame.loc[last, "tokens"] = 1e22 / 6 / frame.loc[last, "params"]
    frame.loc[last, "loss"] = 2 + 0.07 * np.log(frame.loc[last, "params"] / best) ** 2
    with pytest.warns(
        sn.FitWarning, match=r"1e\+22: the minimum, 1e\+10 params, lies outside"
    ):
        profile = sn.isoflop(frame, n_resamples=50)
    assert profile.optima["params"].iloc[-1] == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("n_sizes", [1, 2])
def test_one_or_two_sizes_have_no_parabola(n_sizes: int) -> None:
    frame = parabolas([1e19, 1e20, 1e21, 1e22])
    last = np.flatnonzero(frame["flops"] == 1e22)
    sizes = np.array([8e9, 2e10])[:n_sizes]
    frame.loc[last, "params"] = sizes[np.arange(7) % n_sizes]
    with pytest.warns(sn.FitWarning, match=r"Budget 1e\+22: .*left out"):
        profile = sn.isoflop(frame, n_resamples=50)
    assert 1e22 not in set(profile.optima["flops"])


def test_too_few_budgets_are_refused() -> None:
    with pytest.raises(sn.DataError, match="2 budgets are too few"):
        sn.isoflop(parabolas([1e19, 1e20]))
    with pytest.raises(sn.DataError, match="2 budgets are too few"):
        sn.isoflop(parabolas(), budgets=[1e19, 1e20])
    with pytest.raises(sn.DataError, match="0 budgets are too few"):
        sn.isoflop(
            cloud().assign(flops=np.geomspace(1e18, 1e22, len(cloud()))).iloc[::200]
        )


def test_too_few_parabolas_are_refused() -> None:
    frame = parabolas()
    last = frame["flops"] == 1e21
    frame.loc[last, "loss"] = 4.0 - frame.loc[last, "loss"]
    with (
        pytest.warns(sn.FitWarning, match="no minimum"),
        pytest.raises(sn.DataError, match="2 budgets have a parabola with a minimum"),
    ):
        sn.isoflop(frame)


@pytest.mark.parametrize("bad", [0.0, -1e19, np.nan, np.inf])
def test_impossible_budgets_are_refused(bad: float) -> None:
    with pytest.raises(sn.DataError, match="budgets"):
        sn.isoflop(parabolas(), budgets=[1e19, 1e20, 1e21, bad])


# Envelope


@pytest.mark.parametrize(
    "law", [TRUTH, Chinchilla(E=1.0, A=100.0, B=5000.0, alpha=0.3, beta=0.45)]
)
def test_the_envelope_of_a_known_law_finds_its_exponent(law: Chinchilla) -> None:
    profile = sn.envelope(cloud(law=law), n_resamples=200)
    assert profile.law.n_exponent == pytest.approx(law.n_exponent, abs=0.02)
    interval = profile.interval("n_exponent")
    assert interval.low - 0.02 < law.n_exponent < interval.high + 0.02
    assert profile.curves.empty
    assert profile.optima["loss"].is_monotonic_decreasing
    assert profile.optima["flops"].is_monotonic_increasing


def test_the_envelope_is_made_of_runs() -> None:
    frame = cloud()
    optima = sn.envelope(frame, n_resamples=50).optima
    rows = frame.merge(optima, on=["flops", "params", "tokens", "loss"])
    assert len(rows) == len(optima)
    assert (optima["n_runs"] >= 5).all()


def test_the_envelope_of_the_published_points(chinchilla_240: pd.DataFrame) -> None:
    profile = sn.envelope(chinchilla_240, n_resamples=300)
    interval = profile.interval("n_exponent")
    assert 0.35 < interval.value < 0.65
    assert interval.low < interval.value < interval.high
    isoflop = sn.isoflop(chinchilla_240, budgets=BUDGETS, n_resamples=300)
    coarse, fine = (i.high - i.low for i in (interval, isoflop.interval("n_exponent")))
    assert coarse > fine


def test_an_envelope_of_exact_bins_does_not_fail_in_its_resamples() -> None:
    # Five runs a bin: a resample seldom holds all five of three bins.
    profile = sn.envelope(parabolas(n_runs=5), n_resamples=50)
    interval = profile.interval("n_exponent")
    assert interval.low <= interval.value <= interval.high


def test_an_envelope_needs_three_points() -> None:
    with pytest.raises(
        sn.DataError, match=r"The envelope has \d points; three are needed"
    ):
        sn.envelope(parabolas([1e19, 1.01e19, 1e20]))


# Both


@pytest.mark.parametrize("method", [sn.envelope, sn.isoflop])
def test_results_repeat_and_leave_the_frame_alone(method: Any) -> None:
    frame = cloud()
    before = frame.copy(deep=True)
    a, b = (method(frame, n_resamples=100, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(frame, before)
    assert np.array_equal(a.boot.laws.as_array(), b.boot.laws.as_array())
    other = method(
        frame.assign(loss=frame["loss"] * np.exp(0.01 * np.sin(np.arange(len(frame))))),
        n_resamples=100,
        seed=4,
    )
    assert not np.array_equal(a.boot.laws.as_array(), other.boot.laws.as_array())
    assert a.boot.seed == 3
    used = a.runs["near"].sum() if "near" in a.runs else len(a.runs)
    assert a.boot.n_units == used
    assert repr(a).startswith(method.__name__ + ": ")
    assert "n_exponent 0." in repr(a)


@pytest.mark.parametrize("method", [sn.envelope, sn.isoflop])
@pytest.mark.parametrize("column", ["params", "tokens", "flops", "loss"])
def test_bad_columns_are_named(method: Any, column: str) -> None:
    # Of tokens and flops one may be missing, but not one that was asked for.
    name = column
    if method is sn.isoflop and column in ("tokens", "flops"):
        name = "mine"
    with pytest.raises(sn.DataError, match=f"no column '{name}'"):
        method(parabolas().drop(columns=column), **{column: name})
    for value in (np.nan, 0.0, -1.0, np.inf):
        frame = parabolas()
        frame.loc[3, column] = value
        with pytest.raises(sn.DataError, match=f"'{column}' must be finite.*row 3"):
            method(frame)


@pytest.mark.parametrize("method", [sn.envelope, sn.isoflop])
def test_columns_are_named_by_argument(method: Any) -> None:
    plain = method(cloud(), n_resamples=50)
    other = method(
        cloud().rename(columns={"params": "n", "loss": "nats", "flops": "c"}),
        params="n",
        loss="nats",
        flops="c",
        n_resamples=50,
    )
    assert other.law == plain.law


@pytest.mark.parametrize("method", [sn.envelope, sn.isoflop])
def test_the_kind_of_params_and_loss_is_remembered(method: Any) -> None:
    frame = cloud().rename(columns={"params": "n", "loss": "l"})
    frame.attrs["units"] = {"n": "non-embedding parameters", "l": "bits/byte"}
    boot = method(frame, params="n", loss="l", n_resamples=50).boot
    assert (boot.params_kind, boot.loss_unit) == ("non-embedding", "bits per byte")
    told = method(
        cloud(), params_kind="total", loss_unit="nats per token", n_resamples=50
    ).boot
    assert (told.params_kind, told.loss_unit) == ("total", "nats per token")


@pytest.mark.parametrize("method", [sn.envelope, sn.isoflop])
def test_index_labels_do_not_matter(method: Any) -> None:
    frame = cloud()
    plain = method(frame, n_resamples=50)
    twice = method(frame.set_index(np.arange(len(frame)) % 7), n_resamples=50)
    assert twice.law == plain.law
    assert len(twice.optima) == len(plain.optima)


@pytest.mark.parametrize("method", [sn.envelope, sn.isoflop])
@pytest.mark.parametrize("n_resamples", [0, 1, -1])
def test_resamples_are_two_or_more(method: Any, n_resamples: int) -> None:
    with pytest.raises(sn.DataError, match="n_resamples"):
        method(cloud(), n_resamples=n_resamples)


@pytest.mark.parametrize("method", [sn.envelope, sn.isoflop])
def test_profiles_are_quiet_on_good_runs(method: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        method(cloud(), n_resamples=50)
    assert caught == []
