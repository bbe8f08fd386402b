"""Fits: the published points, delta, status, refusals, leverage, the result."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes import engine
from scaling_notes.laws import Chinchilla, OptimalParams

TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
examples = settings(max_examples=25)


def runs(
    seed: int = 0, noise: float = 0.01, law: Chinchilla = TRUTH, side: int = 6
) -> pd.DataFrame:
    n, d = np.meshgrid(np.geomspace(5e7, 1e10, side), np.geomspace(1e9, 3e11, side))
    n, d = n.ravel(), d.ravel()
    error = noise * np.random.default_rng(seed).standard_normal(n.size)
    return pd.DataFrame(
        {"params": n, "tokens": d, "loss": law.value(n, d) * np.exp(error)}
    )


# The published points


def test_estimates_on_240_points(fit_240: sn.Fit) -> None:
    assert fit_240["E"] == pytest.approx(1.8172, abs=5e-5)
    assert fit_240["A"] == pytest.approx(477.8, abs=0.05)
    assert fit_240["B"] == pytest.approx(2143, abs=1)
    assert fit_240["alpha"] == pytest.approx(0.3473, abs=5e-5)
    assert fit_240["beta"] == pytest.approx(0.3672, abs=5e-5)
    assert fit_240["n_exponent"] == pytest.approx(0.3672 / (0.3473 + 0.3672), abs=1e-4)
    assert fit_240.objective == pytest.approx(1.018274e-3, rel=1e-5)
    assert fit_240.status is sn.Status.CONVERGED
    assert fit_240.messages == ()


def test_printed_constants_are_worse_by_what_is_known(fit_240: sn.Fit) -> None:
    replication = sn.published_law(Chinchilla, "besiroglu2024", "240 points")
    hoffmann = sn.published_law(Chinchilla, "hoffmann2022", "approach 3")
    ratio = fit_240.objective_of(replication) / fit_240.objective
    assert ratio == pytest.approx(1.0045, abs=5e-4)
    assert fit_240.objective_of(hoffmann) / fit_240.objective == pytest.approx(
        4.0, abs=0.15
    )
    assert fit_240.objective_of(fit_240.law) == pytest.approx(
        fit_240.objective, rel=1e-9
    )


def test_five_points_move_beta() -> None:
    whole = sn.fit_chinchilla(sn.load("besiroglu2024_chinchilla_points"), delta=1e-3)
    assert len(whole.data) == 245
    assert whole["beta"] == pytest.approx(0.453, abs=0.003)
    assert whole["alpha"] == pytest.approx(0.345, abs=0.006)
    assert whole["E"] == pytest.approx(1.89, abs=0.01)


def test_leverage_puts_the_five_dropped_points_on_top() -> None:
    table = sn.load("besiroglu2024_chinchilla_points")
    dropped = set(table.index[table["dropped_in_refit"] == 1])
    whole = sn.fit_chinchilla(table, delta=1e-3)
    ranks = whole.leverage()
    assert len(dropped) == 5
    assert len(ranks) == 245
    # Two of the five hide behind the others; alone they move the fit by little.
    assert ranks.index[0] in dropped
    assert len(dropped & set(ranks.index[:5])) == 3
    assert ranks["beta"].idxmin() == ranks.index[0]
    assert ranks["shift"].is_monotonic_decreasing


def test_leverage_is_what_dropping_a_run_does(
    fit_240: sn.Fit, chinchilla_240: pd.DataFrame
) -> None:
    ranks = fit_240.leverage()
    for label in ranks.index[[0, 1, 100, -1]]:
        refit = sn.fit_chinchilla(chinchilla_240.drop(index=label), delta=1e-3)
        for name in ("E", "alpha", "beta", "n_exponent"):
            change = ranks.loc[label, name]
            assert change == pytest.approx(refit[name] - fit_240[name], abs=2e-5)


def test_leverage_of_a_fit_with_fixed_constants() -> None:
    fit = sn.fit_chinchilla(runs(), fixed={"alpha": 0.35, "beta": 0.37})
    ranks = fit.leverage()
    assert "alpha" not in ranks
    assert (ranks["n_exponent"] == 0).all()
    assert np.isfinite(ranks["shift"]).all()
    assert (ranks["shift"] > 0).any()


# Delta


def test_adaptive_delta_on_240_points(chinchilla_240: pd.DataFrame) -> None:
    fit = sn.fit_chinchilla(chinchilla_240)
    r = fit.residuals
    robust = 1.345 * 1.4826 * np.median(np.abs(r - np.median(r)))
    assert fit.adaptive
    assert fit.delta == pytest.approx(robust, rel=1e-4)
    assert 1e-3 < fit.delta < 0.05


@examples
@given(st.integers(0, 10_000), st.sampled_from([0.001, 0.005, 0.01]))
def test_adaptive_delta_fits_its_own_residuals(seed: int, noise: float) -> None:
    frame = runs(seed, noise)
    fit = sn.fit_chinchilla(frame)
    r = fit.residuals
    robust = 1.345 * 1.4826 * np.median(np.abs(r - np.median(r)))
    assert fit.delta == pytest.approx(robust, rel=1e-3)
    # And the estimates are those of that delta, searched afresh.
    again = sn.fit_chinchilla(frame, delta=fit.delta)
    assert not again.adaptive
    assert fit.objective <= again.objective * (1 + 1e-9)


@examples
@given(st.integers(0, 10_000))
def test_adaptive_delta_with_outliers_reaches_the_least_objective(seed: int) -> None:
    frame = runs(seed, 0.01)
    rng = np.random.default_rng(seed)
    frame["loss"] *= np.exp(0.3 * (rng.random(len(frame)) < 0.15))
    fit = sn.fit_chinchilla(frame)
    again = sn.fit_chinchilla(frame, delta=fit.delta)
    assert fit.objective <= again.objective * (1 + 1e-9)


@pytest.mark.parametrize("delta", [0, 0.0, -1e-3, -np.inf, np.nan])
def test_delta_must_be_positive(delta: float) -> None:
    with pytest.raises(sn.DataError, match=r"delta is .*; give a positive number"):
        sn.fit_chinchilla(runs(), delta=delta)


def test_infinite_delta_is_least_squares() -> None:
    fit = sn.fit_chinchilla(runs(), delta=np.inf)
    assert fit.objective == pytest.approx(0.5 * np.sum(fit.residuals**2), rel=1e-12)
    assert "least squares" in repr(fit)


def test_exact_losses_are_recovered_whatever_delta() -> None:
    for delta in (None, 1e-3, np.inf):
        fit = sn.fit_chinchilla(runs(noise=0.0), delta=delta)
        assert fit.law.as_array() == pytest.approx(TRUTH.as_array(), rel=1e-5)
        assert fit.status is sn.Status.CONVERGED


def test_a_fit_says_nothing_beside_its_own_warnings() -> None:
    # These runs once sent a trial step out of range; that is the solver's affair.
    frame = runs(0, 0.0)
    rng = np.random.default_rng(1)
    error = 0.01 * rng.standard_normal(len(frame))
    error += 0.15 * (rng.random(len(frame)) < 0.1)
    frame["loss"] *= np.exp(error)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sn.fit_chinchilla(frame, delta=1e-3)
    assert [str(w.message) for w in caught] == []


# Status


def test_no_irreducible_loss_is_at_a_bound() -> None:
    frame = runs(noise=0.0, law=dataclasses.replace(TRUTH, E=0.0))
    with pytest.warns(sn.FitWarning, match="E went to zero") as caught:
        fit = sn.fit_chinchilla(frame)
    assert fit.status is sn.Status.AT_BOUND
    assert [str(w.message) for w in caught] == list(fit.messages)
    assert caught[0].filename == __file__
    assert "simpler form" in fit.messages[0]
    assert fit["E"] < 1e-4
    assert fit.messages[0] in repr(fit)
    assert fit.messages[0] in fit._repr_html_()


@pytest.mark.parametrize("seed", range(4))
def test_noisy_runs_with_no_irreducible_loss_are_at_a_bound(seed: int) -> None:
    # Convex in log N beyond what the terms allow: the best E is zero.
    frame = runs(seed, 0.002, dataclasses.replace(TRUTH, E=0.0))
    frame["loss"] *= (frame["params"] / 1e9) ** -0.1 * (frame["tokens"] / 1e10) ** -0.1
    frame["loss"] **= np.where(frame["loss"] < 1, 1.3, 1.0)
    with pytest.warns(sn.FitWarning, match="E went to zero"):
        fit = sn.fit_chinchilla(frame)
    assert fit.status is sn.Status.AT_BOUND


@pytest.mark.parametrize("term", ["A", "B"])
def test_a_term_that_is_not_there_is_flagged(term: str) -> None:
    frame = runs(noise=0.0, law=dataclasses.replace(TRUTH, **{term: 0.0}))
    with pytest.warns(sn.FitWarning, match=rf"\b{term}\b"):
        fit = sn.fit_chinchilla(frame)
    assert fit.status is sn.Status.AT_BOUND


@pytest.mark.parametrize(
    ("term", "noise", "seed"),
    [("A", 0.01, 2), ("A", 0.002, 2), ("B", 0.002, 0), ("B", 0.01, 0), ("B", 0.01, 2)],
)
def test_a_negative_exponent_is_never_returned_in_silence(
    term: str, noise: float, seed: int
) -> None:
    # Of a term that is not there only noise is fitted, at times by an exponent of
    # the wrong sign: more params or tokens would then raise the loss.
    frame = runs(seed, noise, dataclasses.replace(TRUTH, **{term: 0.0}))
    with pytest.warns(sn.FitWarning):
        fit = sn.fit_chinchilla(frame)
    assert fit.status is not sn.Status.CONVERGED


def test_loss_that_rises_with_params_is_flagged() -> None:
    frame = runs(noise=0.0)
    frame["loss"] = (
        2 + 0.1 * np.log10(frame["params"]) + 2100 * frame["tokens"] ** -0.37
    )
    with pytest.warns(sn.FitWarning):
        fit = sn.fit_chinchilla(frame)
    assert fit.status is not sn.Status.CONVERGED


def two_valleys() -> pd.DataFrame:
    """Return runs of which one half mirrors the other in params and tokens.

    The objective is then the same when the two are exchanged, and as no one law
    suits both halves it is least at two places, far apart.
    """
    grid = np.geomspace(1e8, 1e11, 6)
    n, d = (x.ravel() for x in np.meshgrid(grid, grid))
    law = Chinchilla(E=1.5, A=3e5, B=30.0, alpha=0.6, beta=0.15)
    return pd.DataFrame(
        {
            "params": np.concatenate([n, n]),
            "tokens": np.concatenate([d, d]),
            "loss": np.concatenate([law(n, d), law(d, n)]),
        }
    )


def test_starts_that_disagree_are_flagged() -> None:
    frame = two_valleys()
    inputs = {c: frame[c].to_numpy() for c in ("params", "tokens")}
    loss = frame["loss"].to_numpy()
    problem = engine.objective(Chinchilla, inputs, loss, 1e-3)
    starts = np.array([[1.5, 3e5, 30.0, 0.6, 0.15], [1.5, 30.0, 3e5, 0.15, 0.6]])
    solution = engine.solve(problem, starts)
    assert solution.objective[0] == pytest.approx(solution.objective[1], rel=1e-6)
    assert solution.constants[:, 3] == pytest.approx([0.599, 0.159], abs=1e-3)
    with pytest.warns(sn.FitWarning, match=r"[Ss]tarts"):
        fit = sn.fit_chinchilla(frame, delta=1e-3)
    assert fit.status is sn.Status.STARTS_DISAGREE


# Fixed constants


@pytest.mark.parametrize(
    "fixed",
    [
        {"E": 1.7},
        {"alpha": 0.3},
        {"beta": 0.4},
        {"A": 500.0},
        {"B": 2000.0},
        {"E": 1.7, "A": 500.0, "B": 2000.0},
        {"alpha": 0.35, "beta": 0.37},
        {"E": 1.8, "A": 480.0, "B": 2100.0, "alpha": 0.35},
    ],
    ids=lambda f: "-".join(f),
)
def test_fixed_constants_stay(fixed: dict[str, float]) -> None:
    fit = sn.fit_chinchilla(runs(), delta=0.01, fixed=fixed)
    for name, value in fixed.items():
        assert fit[name] == pytest.approx(value, rel=1e-12)
    assert fit.fixed == fixed
    free = sn.fit_chinchilla(runs(), delta=0.01)
    assert fit.objective >= free.objective * (1 - 1e-9)
    # Least in the others: no small move of a free constant improves.
    for name in set(fit.estimates) - set(fixed):
        for factor in (0.999, 1.001):
            moved = dataclasses.replace(fit.law, **{name: fit[name] * factor})
            assert fit.objective_of(moved) >= fit.objective * (1 - 1e-9)
    boot = fit.bootstrap(50)
    for name, value in fixed.items():
        assert boot.samples(name) == pytest.approx(value, rel=1e-12)


def test_fixing_the_estimate_gives_the_same_fit(
    fit_240: sn.Fit, chinchilla_240: pd.DataFrame
) -> None:
    again = sn.fit_chinchilla(chinchilla_240, delta=1e-3, fixed={"E": fit_240["E"]})
    assert again.objective == pytest.approx(fit_240.objective, rel=1e-9)
    assert again["beta"] == pytest.approx(fit_240["beta"], rel=1e-4)


def test_unknown_fixed_constants_are_named() -> None:
    with pytest.raises(sn.DataError, match="gamma, irreducible is not one of E, A, B"):
        sn.fit_chinchilla(runs(), fixed={"gamma": 1.0, "irreducible": 1.7})


@pytest.mark.parametrize("name", ["E", "A", "B"])
@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_impossible_fixed_constants_are_refused(name: str, value: float) -> None:
    with pytest.raises(sn.DataError, match=name):
        sn.fit_chinchilla(runs(), fixed={name: value})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_impossible_fixed_exponents_are_refused(value: float) -> None:
    with pytest.raises(sn.DataError, match="alpha"):
        sn.fit_chinchilla(runs(), fixed={"alpha": value})


def test_a_fixed_zero_is_zero() -> None:
    # These runs have a floor, so the form without it does not fit.
    with pytest.warns(sn.FitWarning, match="the form does not fit"):
        fit = sn.fit_chinchilla(runs(), fixed={"E": 0.0})
    assert fit["E"] == 0.0
    assert not any("went to zero" in message for message in fit.messages)


def test_a_fixed_floor_above_a_loss_is_refused() -> None:
    frame = runs()
    with pytest.raises(sn.DataError, match="no run can lie below the floor"):
        sn.fit_chinchilla(frame, fixed={"E": frame["loss"].min()})
    with pytest.raises(sn.DataError, match="no run can lie below the floor"):
        sn.fit_law(sn.laws.PowerLaw, [1, 2, 4, 8], [4, 3, 2.5, 2.2], fixed={"E": 3.0})


def test_six_runs_do_not_make_the_threshold_vanish() -> None:
    """A law of five constants can pass through five of six runs: delta ignores them."""
    law = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        n, d = 10 ** rng.uniform(8, 10, 6), 10 ** rng.uniform(9.5, 11.5, 6)
        loss = law(n, d) * np.exp(0.01 * rng.normal(size=6))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sn.FitWarning)
            fit = sn.fit_chinchilla({"params": n, "tokens": d, "loss": loss})
        assert fit.delta > 1e-5


def test_a_fixed_exponent_lifts_what_only_it_needed() -> None:
    law = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    n = np.geomspace(1e8, 1e10, 12)
    line = {"params": n, "tokens": 20 * n, "loss": law(n, 20 * n)}
    with pytest.raises(sn.FitError, match="fixed power"):
        sn.fit_chinchilla(line)
    fit = sn.fit_chinchilla(line, fixed={"alpha": 0.35})
    assert fit["beta"] == pytest.approx(0.37, rel=1e-4)


# Inputs


def test_the_users_frame_is_left_alone() -> None:
    frame = runs().assign(seed=np.arange(36) % 9, note="x").astype({"params": "int64"})
    before = frame.copy(deep=True)
    fit = sn.fit_chinchilla(frame, groups="seed")
    fit.leverage()
    fit.bootstrap(20)
    pd.testing.assert_frame_equal(frame, before)


def test_a_mapping_is_as_good_as_a_frame() -> None:
    frame = runs()
    lists = {k: list(v) for k, v in frame.items()}
    assert sn.fit_chinchilla(lists).estimates == sn.fit_chinchilla(frame).estimates


def test_labels_and_groups_are_kept() -> None:
    frame = runs().set_index(pd.Index([f"run-{i}" for i in range(36)]))
    frame["seed"] = np.arange(36) % 9
    fit = sn.fit_chinchilla(frame, groups="seed")
    assert list(fit.data.index) == list(frame.index)
    assert list(fit.data["group"]) == list(frame["seed"])
    assert set(fit.leverage().index) == set(frame.index)
    predicted = fit.law(params=frame["params"], tokens=frame["tokens"])
    assert fit.residuals == pytest.approx(np.log(frame["loss"] / predicted), abs=1e-12)


def test_columns_are_named_by_argument_and_their_units_are_remembered() -> None:
    frame = runs().rename(columns={"params": "n", "loss": "l"})
    frame.attrs["units"] = {"n": "non-embedding parameters", "l": "bits/byte"}
    fit = sn.fit_chinchilla(frame, params="n", loss="l")
    assert (fit.params_kind, fit.loss_unit) == ("non-embedding", "bits per byte")
    assert fit.estimates == sn.fit_chinchilla(runs()).estimates
    assert fit.bootstrap(20).params_kind == "non-embedding"
    # What is said by argument goes before.
    told = sn.fit_chinchilla(
        frame, params="n", loss="l", params_kind="total", loss_unit="nats per token"
    )
    assert (told.params_kind, told.loss_unit) == ("total", "nats per token")
    with pytest.raises(sn.DataError, match="params_kind is 'all'; use 'total' or"):
        sn.fit_chinchilla(frame, params="n", loss="l", params_kind="all")


def test_no_name_of_a_column_says_what_it_counts() -> None:
    frame = runs().rename(columns={"params": "params_non_embedding"})
    fit = sn.fit_chinchilla(frame, params="params_non_embedding")
    assert (fit.params_kind, fit.loss_unit) == ("unknown", "unknown")
    assert fit.bootstrap(20).interval("E").unit == ""


def test_a_law_is_labeled_by_what_it_predicts() -> None:
    steps = np.arange(0.0, 90.0, 10.0)
    scores = sn.laws.StepSigmoid(R_0=0.2, A=0.6, k=0.1, t_mid=40.0)(x=steps)
    # Zero steps are a step like others.
    fit = sn.fit_law(sn.laws.StepSigmoid, steps, scores)
    assert fit["A"] == pytest.approx(0.6)
    assert (fit.params_kind, fit.loss_unit) == ("", "")
    table = sn.load("besiroglu2024_chinchilla_points")
    table = table[table["dropped_in_refit"] == 0]
    fit = sn.fit_law(
        sn.laws.Chinchilla,
        {"params": table["params"], "tokens": table["tokens"]},
        table["loss"],
    )
    assert (fit.params_kind, fit.loss_unit) == ("total", "nats per token")
    assert fit.bootstrap(20).interval("E").unit == "nats per token"


@examples
@given(st.randoms(use_true_random=False))
def test_order_of_runs_is_of_no_account(random: Any) -> None:
    frame = runs(3)
    order = list(range(len(frame)))
    random.shuffle(order)
    a, b = sn.fit_chinchilla(frame), sn.fit_chinchilla(frame.iloc[order])
    assert b.objective == pytest.approx(a.objective, rel=1e-6)
    assert b.law.as_array() == pytest.approx(a.law.as_array(), rel=1e-3)


# fit_law


def test_fit_law_mirrors_fit_chinchilla() -> None:
    frame = runs()
    x = {c: frame[c].to_numpy() for c in ("params", "tokens")}
    for delta in (None, 1e-3, np.inf):
        general = sn.fit_law(Chinchilla, x, frame["loss"], delta=delta)
        own = sn.fit_chinchilla(frame, delta=delta)
        assert general.estimates == pytest.approx(own.estimates, rel=1e-9)
        assert general.objective == pytest.approx(own.objective, rel=1e-9)
    groups = np.arange(36) % 9
    assert (
        sn.fit_law(Chinchilla, x, frame["loss"], groups=groups).bootstrap(10).n_units
        == 9
    )


def test_fit_law_of_one_input_takes_an_array() -> None:
    flops = np.geomspace(1e18, 1e24, 12)
    truth = OptimalParams(coefficient=0.3, n_exponent=0.45)
    by_array = sn.fit_law(OptimalParams, flops, truth(flops))
    by_name = sn.fit_law(OptimalParams, {"flops": flops}, truth(flops))
    assert by_array["n_exponent"] == pytest.approx(0.45, rel=1e-6)
    assert by_array["coefficient"] == pytest.approx(0.3, rel=1e-4)
    assert by_array.estimates == by_name.estimates
    assert by_array["d_exponent"] == pytest.approx(0.55, rel=1e-6)


def test_fit_law_least_squares_is_regression_of_logs() -> None:
    rng = np.random.default_rng(0)
    flops = np.geomspace(1e18, 1e24, 40)
    size = OptimalParams(0.3, 0.45)(flops) * np.exp(0.3 * rng.standard_normal(40))
    fit = sn.fit_law(OptimalParams, flops, size, delta=np.inf)
    slope, level = np.polyfit(np.log(flops), np.log(size), 1)
    assert fit["n_exponent"] == pytest.approx(slope, abs=1e-6)
    assert np.log(fit["coefficient"]) == pytest.approx(level, abs=1e-4)


def test_fit_law_needs_a_mapping_for_several_inputs() -> None:
    with pytest.raises(sn.DataError, match="params, tokens: give x as a mapping"):
        sn.fit_law(Chinchilla, runs()["params"], runs()["loss"])


def test_fit_law_names_a_missing_input_and_where_to_give_it() -> None:
    frame = runs()
    with pytest.raises(sn.DataError, match="'tokens'") as error:
        sn.fit_law(Chinchilla, {"params": frame["params"]}, frame["loss"])
    # fit_law has no argument params=: the advice must be its own.
    assert "params='my_column'" not in str(error.value)


@pytest.mark.parametrize("value", [np.nan, 0.0, -1.0, np.inf])
def test_fit_law_refuses_bad_values_by_row(value: float) -> None:
    frame = runs()
    loss = frame["loss"].to_numpy().copy()
    loss[7] = value
    with pytest.raises(
        sn.DataError, match=r"'loss' must be finite and positive.*row 7\."
    ):
        sn.fit_law(Chinchilla, frame[["params", "tokens"]].to_dict("series"), loss)


def test_fit_law_refuses_unequal_lengths() -> None:
    flops = np.geomspace(1e18, 1e24, 12)
    with pytest.raises(sn.DataError, match="length"):
        sn.fit_law(OptimalParams, flops, flops[:-1])


def test_fit_law_counts_points() -> None:
    with pytest.raises(sn.DataError, match="2 points are too few for 2 free constants"):
        sn.fit_law(OptimalParams, [1e20, 1e21], [1e9, 3e9])


def test_fit_law_refuses_what_does_not_identify_the_law() -> None:
    n = np.geomspace(1e8, 1e10, 16)
    with pytest.raises(sn.FitError):
        sn.fit_law(Chinchilla, {"params": n, "tokens": 20 * n}, TRUTH(n, 20 * n))
    with pytest.raises(sn.FitError):
        sn.fit_law(OptimalParams, np.full(8, 1e20), np.geomspace(1e9, 2e9, 8))


def test_fit_law_refuses_bad_delta_and_fixed() -> None:
    flops = np.geomspace(1e18, 1e24, 12)
    with pytest.raises(sn.DataError, match="delta is 0"):
        sn.fit_law(OptimalParams, flops, flops**0.5, delta=0)
    with pytest.raises(
        sn.DataError, match="gamma is not one of coefficient, n_exponent"
    ):
        sn.fit_law(OptimalParams, flops, flops**0.5, fixed={"gamma": 1})


def test_fit_law_with_fixed_exponent() -> None:
    flops = np.geomspace(1e18, 1e24, 12)
    held = {"n_exponent": 0.5}
    with pytest.warns(sn.FitWarning, match="cluster along flops"):
        fit = sn.fit_law(OptimalParams, flops, 0.3 * flops**0.45, fixed=held)
    assert fit["n_exponent"] == 0.5
    ratio = np.log(0.3 * flops**0.45 / (fit["coefficient"] * flops**0.5))
    assert np.median(ratio) == pytest.approx(0.0, abs=0.1)


# The result


def test_a_fit_answers_by_name_and_by_function(fit_240: sn.Fit) -> None:
    assert list(fit_240.estimates) == ["E", "A", "B", "alpha", "beta"]
    assert fit_240["alpha"] == fit_240.estimates["alpha"] == fit_240.law.alpha
    by_function = fit_240[lambda law: law.optimum(1e24).params]
    assert by_function == fit_240.law.optimum(1e24).params
    with pytest.raises(
        sn.DataError, match="'gamma' is not one of E, A, B, alpha, beta"
    ):
        fit_240["gamma"]


def test_a_fit_prints_its_facts(fit_240: sn.Fit) -> None:
    text, html = repr(fit_240), fit_240._repr_html_()
    for shown in (text, html):
        assert "Chinchilla fitted to 240 runs" in shown
        assert "1.0183e-03" in shown
        assert "converged" in shown
        assert "0.347" in shown
        assert "1.82" in shown
    assert "<table" in html


def test_a_fit_cannot_be_changed(fit_240: sn.Fit) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit_240.delta = 1.0  # type: ignore[misc]


def test_another_form_is_not_compared(fit_240: sn.Fit) -> None:
    with pytest.raises(sn.DataError, match="compare like with like"):
        fit_240.objective_of(OptimalParams(0.1, 0.5))


@pytest.mark.parametrize("n_resamples", [1, 0, -5, 2.5, "many", True])
def test_a_bootstrap_needs_two_resamples(fit_240: sn.Fit, n_resamples: Any) -> None:
    with pytest.raises(sn.DataError, match="give a whole number, 2 or more"):
        fit_240.bootstrap(n_resamples)
    with pytest.raises(sn.DataError, match="give a whole number, 2 or more"):
        sn.isoflop(fit_240.data.assign(flops=1e20), n_resamples=n_resamples)


def test_a_threshold_that_does_not_settle_is_flagged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scaling_notes.fitting._search._DELTA_ROUNDS", 1)
    with pytest.warns(sn.FitWarning, match=r"did not settle.* Give delta"):
        fit = sn.fit_chinchilla(runs(noise=0.01))
    assert fit.status is sn.Status.UNCONVERGED


def test_copies_are_not_points() -> None:
    x, y = np.repeat([1.0, 10.0], 5), np.repeat([4.0, 3.0], 5)
    with pytest.raises(sn.FitError, match="2 different places, too few for 3"):
        sn.fit_law(sn.laws.PowerLaw, x, y)
