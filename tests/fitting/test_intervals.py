"""Intervals: size, seeds, groups, bands, refusals, coverage."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes.fitting import percentile
from scaling_notes.fitting._refit import resample_counts
from scaling_notes.laws import Chinchilla, OptimalParams

TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
examples = settings(max_examples=50)


def runs(seed: int = 0, noise: float = 0.01, side: int = 6) -> pd.DataFrame:
    n, d = np.meshgrid(np.geomspace(5e7, 1e10, side), np.geomspace(1e9, 3e11, side))
    n, d = n.ravel(), d.ravel()
    error = noise * np.random.default_rng(seed).standard_normal(n.size)
    return pd.DataFrame(
        {"params": n, "tokens": d, "loss": TRUTH.value(n, d) * np.exp(error)}
    )


@pytest.fixture(scope="module")
def boot() -> sn.Bootstrap:
    return sn.fit_chinchilla(runs()).bootstrap(400, seed=0)


def width(interval: sn.Interval) -> float:
    return interval.high - interval.low


# Size


def test_standard_errors_on_240_points(boot_240: sn.Bootstrap) -> None:
    # The replication prints 0.03, 0.02, 0.02 and (in text) 0.02.
    for name, printed in (
        ("E", 0.03),
        ("alpha", 0.02),
        ("beta", 0.02),
        ("n_exponent", 0.02),
    ):
        assert boot_240.standard_error(name) == pytest.approx(printed, abs=0.006), name


def test_intervals_on_240_points(boot_240: sn.Bootstrap) -> None:
    alpha = boot_240.interval("alpha")
    assert alpha.value == pytest.approx(0.3473, abs=5e-5)
    assert alpha.low < alpha.value < alpha.high
    assert 0.34 in alpha
    assert 0.28 not in boot_240.interval("beta")
    assert boot_240.converged > 0.99
    assert boot_240.n_units == 240


def test_intervals_are_quantiles_of_the_refits(boot: sn.Bootstrap) -> None:
    for level in (0.5, 0.8, 0.95):
        interval = boot.interval("alpha", level)
        inside = np.mean([v in interval for v in boot.samples("alpha")])
        assert inside == pytest.approx(level, abs=0.01)
        assert interval.confidence_level == level
    assert width(boot.interval("alpha", 0.99)) > width(boot.interval("alpha", 0.5))


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan])
def test_confidence_level_is_a_share(boot: sn.Bootstrap, level: float) -> None:
    with pytest.raises(sn.DataError, match=r"confidence_level is .* between 0 and 1"):
        boot.interval("alpha", level)


def test_each_refit_is_the_fit_of_its_resample() -> None:
    fit = sn.fit_chinchilla(runs(side=4), delta=0.01)
    boot = fit.bootstrap(3, seed=4)
    stream = np.random.default_rng(np.random.SeedSequence(4, spawn_key=(0,)))
    counts = resample_counts(16, None, 3, stream).astype(int)
    for row, refit in zip(counts, boot.laws.as_array(), strict=True):
        repeated = runs(side=4).loc[np.repeat(np.arange(16), row)]
        alone = sn.fit_chinchilla(repeated, delta=0.01)
        assert alone.objective <= alone.objective_of(Chinchilla(*refit)) * (1 + 1e-9)
        assert refit == pytest.approx(alone.law.as_array(), rel=1e-3)


# Seeds


def test_equal_seeds_give_equal_numbers(boot: sn.Bootstrap) -> None:
    fit = sn.fit_chinchilla(runs())
    again = fit.bootstrap(400, seed=0)
    assert np.array_equal(again.laws.as_array(), boot.laws.as_array())
    other = fit.bootstrap(400, seed=1)
    assert not np.array_equal(other.samples("alpha"), boot.samples("alpha"))
    assert width(other.interval("alpha")) == pytest.approx(
        width(boot.interval("alpha")), rel=0.35
    )


def test_an_executor_changes_nothing() -> None:
    fit = sn.fit_chinchilla(runs(side=4))
    here = fit.bootstrap(1100, seed=3)
    with ThreadPoolExecutor(2) as executor:
        there = fit.bootstrap(1100, seed=3, executor=executor)
    assert here.n_resamples == there.n_resamples == 1100
    assert np.array_equal(here.laws.as_array(), there.laws.as_array())


def test_chunks_are_not_copies_of_each_other() -> None:
    alpha = sn.fit_chinchilla(runs(side=4)).bootstrap(1000, seed=3).samples("alpha")
    assert not np.array_equal(alpha[:500], alpha[500:])


@pytest.mark.parametrize("seed", [-1, 0.5, None, True])
def test_a_seed_is_a_whole_number(seed: object) -> None:
    with pytest.raises(sn.DataError, match="seed is"):
        sn.fit_chinchilla(runs()).bootstrap(10, seed=seed)  # type: ignore[arg-type]


# Groups


@examples
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 1000))
def test_resamples_draw_whole_units(n: int, n_groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(n_groups), rng.integers(0, n_groups, n)])
    counts = resample_counts(len(groups), groups, 20, np.random.default_rng(seed))
    assert counts.shape == (20, len(groups))
    for g in range(n_groups):
        of_unit = counts[:, groups == g]
        assert (of_unit == of_unit[:, :1]).all()
    first = [int(np.flatnonzero(groups == g)[0]) for g in range(n_groups)]
    assert (counts[:, first].sum(axis=1) == n_groups).all()


def test_resamples_without_groups_draw_as_many_points_as_there_are() -> None:
    counts = resample_counts(30, None, 500, np.random.default_rng(0))
    assert (counts.sum(axis=1) == 30).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(30), abs=0.25)
    assert (counts >= 0).all()


def test_copies_of_runs_narrow_the_interval_unless_they_are_grouped() -> None:
    frame = runs().assign(run=np.arange(36))
    copies = pd.concat([frame] * 4, ignore_index=True)
    plain = sn.fit_chinchilla(frame, delta=0.01).bootstrap(500)
    blind = sn.fit_chinchilla(copies, delta=0.01).bootstrap(500)
    grouped = sn.fit_chinchilla(copies, delta=0.01, groups="run").bootstrap(500)
    assert (plain.n_units, blind.n_units, grouped.n_units) == (36, 144, 36)
    for name in ("E", "alpha", "beta", "n_exponent"):
        true_width = width(plain.interval(name))
        assert width(grouped.interval(name)) == pytest.approx(true_width, rel=0.2)
        # Four copies seem to be four times the data: half the width.
        assert width(blind.interval(name)) == pytest.approx(true_width / 2, rel=0.25)


def test_grouped_copies_are_the_same_resamples() -> None:
    frame = runs().assign(run=np.arange(36))
    copies = pd.concat([frame] * 3, ignore_index=True)
    plain = sn.fit_chinchilla(frame, delta=0.01).bootstrap(50)
    grouped = sn.fit_chinchilla(copies, delta=0.01, groups="run").bootstrap(50)
    assert grouped.samples("alpha") == pytest.approx(plain.samples("alpha"), rel=1e-3)


@pytest.mark.parametrize(
    "labels", [list("abcdefghi") * 4, [7, 5, 3, 1, -1, 11, 13, 17, 19] * 4]
)
def test_groups_bear_any_labels(labels: list[object]) -> None:
    fit = sn.fit_chinchilla(runs().assign(seed=labels), groups="seed")
    assert fit.bootstrap(10).n_units == 9
    assert fit.bootstrap(10).interval("alpha").n == 9


# Few units


def few(units: int) -> sn.Bootstrap:
    frame = runs().assign(seed=np.arange(36) % units)
    return sn.fit_chinchilla(frame, groups="seed").bootstrap(60)


@pytest.mark.parametrize("units", [2, 5])
def test_under_six_units_there_is_no_interval(units: int) -> None:
    boot = few(units)
    with pytest.raises(
        sn.DataError, match=f"{units} independent units are too few"
    ) as error:
        boot.interval("alpha")
    assert "show the points" in str(error.value)
    with pytest.raises(sn.DataError, match="too few"):
        boot.table()
    with pytest.raises(sn.DataError, match="too few"):
        boot.band(params=1e9, tokens=1e10)
    for shown in (repr(boot), boot._repr_html_()):
        assert "too few units for intervals" in shown
        assert "[" not in shown


def test_under_fifteen_units_an_interval_is_unverified() -> None:
    interval = few(14).interval("alpha")
    assert interval.n == 14
    assert "unverified" in interval.how


def test_resamples_of_six_units_do_not_always_identify_a_law() -> None:
    with pytest.warns(sn.FitWarning, match="do not identify every constant"):
        boot = few(6)
    assert 0.025 < boot.unidentified < 0.2
    how = boot.interval("alpha").how
    assert "unverified" in how
    assert f"{boot.unidentified:.1%} of them do not identify all constants" in how
    assert f"{boot.unidentified:.1%} without every constant" in repr(boot)


def test_fifteen_units_are_enough() -> None:
    how = few(15).interval("alpha").how
    assert "unverified" not in how
    assert how == "case bootstrap, 60 resamples"


# Quantities


def test_a_quantity_may_be_a_function(boot: sn.Bootstrap) -> None:
    named = boot.interval("n_exponent")
    computed = boot.interval(lambda law: law.beta / (law.alpha + law.beta))
    assert (computed.low, computed.high) == pytest.approx((named.low, named.high))
    assert computed.value == pytest.approx(named.value)
    best = boot.interval(lambda law: law.optimum(1e24).params)
    assert best.low < best.value < best.high
    assert best.value == pytest.approx(boot.law.optimum(1e24).params)
    loss = boot.interval(lambda law: law(params=7e9, tokens=2e12))
    assert loss.value == pytest.approx(boot.law(params=7e9, tokens=2e12))


def test_an_unknown_quantity_is_named(boot: sn.Bootstrap) -> None:
    with pytest.raises(
        sn.DataError, match="'gamma' is not one of E, A, B, alpha, beta, n_exp"
    ):
        boot.interval("gamma")


def test_exponents_complement_each_other(boot: sn.Bootstrap) -> None:
    total = boot.samples("n_exponent") + boot.samples("d_exponent")
    assert total == pytest.approx(np.ones(400))
    n, d = boot.interval("n_exponent"), boot.interval("d_exponent")
    assert (n.low, n.high) == pytest.approx((1 - d.high, 1 - d.low))


def test_the_table_holds_every_quantity(boot: sn.Bootstrap) -> None:
    table = boot.table(0.8)
    names = ["E", "A", "B", "alpha", "beta", "n_exponent", "d_exponent"]
    assert list(table.index) == names
    assert list(table.columns) == ["value", "low", "high", "standard_error"]
    interval = boot.interval("beta", 0.8)
    row = table.loc["beta"]
    assert tuple(row) == (
        interval.value,
        interval.low,
        interval.high,
        boot.standard_error("beta"),
    )
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()


# Bands


SIZES = np.geomspace(1e8, 1e12, 9)


def test_bands_hold_the_curve(boot: sn.Bootstrap) -> None:
    band = boot.band(params=SIZES, tokens=20 * SIZES)
    assert list(band.columns) == ["params", "tokens", "loss", "low", "high"]
    assert band["loss"].to_numpy() == pytest.approx(boot.law(SIZES, 20 * SIZES))
    assert (band["low"] < band["loss"]).all()
    assert (band["loss"] < band["high"]).all()


def test_a_new_run_lies_in_a_wider_band(boot: sn.Bootstrap) -> None:
    for level in (0.8, 0.95):
        narrow = boot.band(level, params=SIZES, tokens=20 * SIZES)
        wide = boot.band(level, "prediction", params=SIZES, tokens=20 * SIZES)
        assert (wide["high"] - wide["low"] > narrow["high"] - narrow["low"]).all()
        assert np.array_equal(wide["loss"], narrow["loss"])
    tighter = boot.band(0.5, params=SIZES, tokens=20 * SIZES)
    assert (tighter["high"] - tighter["low"] < narrow["high"] - narrow["low"]).all()


def test_a_prediction_band_holds_new_runs(boot: sn.Bootstrap) -> None:
    new = runs(seed=99)
    band = boot.band(0.9, "prediction", params=new["params"], tokens=new["tokens"])
    held = new["loss"].between(band["low"], band["high"]).mean()
    assert held >= 0.75


def test_bands_are_the_same_each_time(boot: sn.Bootstrap) -> None:
    once = boot.band(0.9, "prediction", params=SIZES, tokens=1e11)
    pd.testing.assert_frame_equal(
        once, boot.band(0.9, "prediction", params=SIZES, tokens=1e11)
    )


def test_inputs_of_a_band_broadcast(boot: sn.Bootstrap) -> None:
    band = boot.band(params=SIZES, tokens=1e11)
    assert (band["tokens"] == 1e11).all()
    assert len(boot.band(params=1e9, tokens=1e10)) == 1


def test_bands_are_quantiles_of_the_refits(boot: sn.Bootstrap) -> None:
    band = boot.band(0.8, params=7e9, tokens=2e12)
    interval = boot.interval(lambda law: law(params=7e9, tokens=2e12), 0.8)
    assert (band["low"][0], band["high"][0]) == pytest.approx(
        (interval.low, interval.high)
    )


@pytest.mark.parametrize(
    "inputs", [{}, {"params": 1e9}, {"params": 1, "tokens": 1, "flops": 1}]
)
def test_a_band_names_its_inputs(boot: sn.Bootstrap, inputs: dict[str, float]) -> None:
    with pytest.raises(sn.DataError, match="needs the inputs params, tokens"):
        boot.band(**inputs)


def test_a_band_is_of_two_kinds(boot: sn.Bootstrap) -> None:
    with pytest.raises(
        sn.DataError, match="'tolerance'; use 'confidence' or 'prediction'"
    ):
        boot.band(0.9, "tolerance", params=1e9, tokens=1e10)  # type: ignore[arg-type]


# Distance


def test_the_fit_is_nearer_than_every_refit(boot: sn.Bootstrap) -> None:
    assert boot.share_farther(boot.law) == 1.0
    far = Chinchilla(E=0.5, A=480.0, B=2100.0, alpha=0.9, beta=0.9)
    assert boot.share_farther(far) == 0.0
    assert 0.01 < boot.share_farther(TRUTH) <= 1.0


def test_the_median_refit_is_as_far_as_half_of_them(boot: sn.Bootstrap) -> None:
    shares = [boot.share_farther(Chinchilla(*row)) for row in boot.laws.as_array()]
    assert np.median(shares) == pytest.approx(0.5, abs=0.01)


def test_printed_constants_of_hoffmann_are_farther_than_every_refit(
    boot_240: sn.Bootstrap,
) -> None:
    law = sn.published_law(Chinchilla, "hoffmann2022", "approach 3")
    assert boot_240.share_farther(law) < 0.01


@pytest.mark.parametrize(
    "fixed",
    [{"E": 1.83}, {"alpha": 0.35}, {"E": 1.83, "alpha": 0.351, "beta": 0.372}],
    ids=lambda f: "-".join(f),
)
def test_fixed_constants_have_no_distance(fixed: dict[str, float]) -> None:
    boot = sn.fit_chinchilla(runs(), delta=0.01, fixed=fixed).bootstrap(301)
    assert boot.share_farther(boot.law) == 1.0
    shares = [boot.share_farther(Chinchilla(*r)) for r in boot.laws.as_array()]
    assert np.median(shares) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("value", [1.7, 1.83, math.pi / 1.7])
def test_fixed_constants_have_no_width(value: float) -> None:
    boot = sn.fit_chinchilla(runs(), delta=0.01, fixed={"E": value}).bootstrap(301)
    interval = boot.interval("E")
    assert (interval.low, interval.high) == pytest.approx((value, value), rel=1e-12)
    assert boot.standard_error("E") == pytest.approx(0.0, abs=1e-12)


def test_distance_is_within_one_form(boot: sn.Bootstrap) -> None:
    with pytest.raises(sn.DataError, match="compare like with like"):
        boot.share_farther(OptimalParams(0.1, 0.5))


# Printing


def test_an_interval_prints_and_contains() -> None:
    interval = sn.Interval(0.34731, 0.3184, 0.37777, 0.95, 240, "case bootstrap")
    assert repr(interval) == "0.347 [0.318, 0.378]"
    assert 0.3184 in interval
    assert 0.37777 in interval
    assert 0.318 not in interval
    assert math.nan not in interval


def test_percentiles_of_columns() -> None:
    values = np.stack([np.arange(101.0), 10 * np.arange(101.0)], axis=1)
    low, high = percentile(values, 0.9)
    assert low == pytest.approx([5, 50])
    assert high == pytest.approx([95, 950])


def test_a_bootstrap_prints_what_it_is(boot: sn.Bootstrap) -> None:
    for shown in (repr(boot), boot._repr_html_()):
        assert "400 resamples of 36 units, seed 0" in shown
        assert "100.0% converged" in shown
        assert "low (95 %)" in shown
        assert "n exponent" in shown or "n_exponent" in shown


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        (lambda law: 1.0, "one number a law"),
        (lambda law: law.as_array(), "one number a law"),
        (lambda law: np.where(law.E > TRUTH.E, law.E, np.nan), "has no value in"),
    ],
)
def test_a_quantity_every_refit_has_once(
    boot: sn.Bootstrap, quantity: object, words: str
) -> None:
    with pytest.raises(sn.DataError, match=words):
        boot.interval(quantity)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (-1e9, "params must be finite and positive; see place 0"),
        ([1e9, 0.0], "see place 1"),
        (np.nan, "finite and positive"),
        ([1e9, 2e9, 3e9], "do not broadcast"),
        ([[1e9], [2e9]], "one dimension"),
    ],
)
def test_a_band_is_where_the_law_has_a_meaning(
    boot: sn.Bootstrap, params: object, words: str
) -> None:
    with pytest.raises(sn.DataError, match=words):
        boot.band(params=params, tokens=[1e10, 1e11])  # type: ignore[arg-type]
