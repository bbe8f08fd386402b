"""Printed numbers: looked up, compared, and never mixed with another kind."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.corpus._compare import MIME, matching_digits, shown_digits
from scaling_notes.laws import Chinchilla, OptimalParams

CONSTANTS = ["E", "A", "B", "alpha", "beta"]


def runs(seed: int = 0) -> pd.DataFrame:
    truth = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    n, d = np.meshgrid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 3e11, 6))
    n, d = n.ravel(), d.ravel()
    error = 0.01 * np.random.default_rng(seed).standard_normal(n.size)
    return pd.DataFrame({"params": n, "tokens": d, "loss": truth(n, d) * np.exp(error)})


# Looking up


def test_printed_constants_of_the_replication() -> None:
    rows = sn.published("besiroglu2024", "240 points").set_index("quantity")
    assert list(rows["value"][CONSTANTS]) == [1.8172, 482.01, 2085.43, 0.3478, 0.3658]
    assert rows.loc["alpha", "printed"] == "0.3478"
    assert rows.loc["E", "standard_error"] == 0.03
    assert rows.loc["E", "unit"] == "nats/token"
    assert set(rows["setting"]) == {"240 points"}


def test_all_settings_of_a_paper() -> None:
    rows = sn.published("hoffmann2022")
    assert {"approach 1", "approach 2", "approach 3"} <= set(rows["setting"])
    assert "key" not in rows
    assert list(rows.index) == list(range(len(rows)))


def test_printed_text_is_the_printed_value() -> None:
    table = sn.load("published")
    number = pd.to_numeric(table["printed"], errors="coerce")
    plain = number.notna() & table["value"].notna()
    assert plain.mean() > 0.5
    assert number[plain].to_numpy() == pytest.approx(
        table["value"][plain].to_numpy(), rel=1e-9
    )


def test_an_unknown_key_lists_those_there_are() -> None:
    with pytest.raises(sn.DataError, match="under 'hoffman2022'") as error:
        sn.published("hoffman2022")
    assert "besiroglu2024" in str(error.value)
    assert "hoffmann2022" in str(error.value)


def test_an_unknown_setting_lists_those_there_are() -> None:
    with pytest.raises(
        sn.DataError, match="'hoffmann2022' has no setting 'approach 4'"
    ) as error:
        sn.published("hoffmann2022", "approach 4")
    assert "'approach 1', 'approach 2', 'approach 3'" in str(error.value)


def test_looking_up_does_not_hand_out_the_table_itself() -> None:
    rows = sn.published("besiroglu2024", "240 points")
    rows["value"] = 0.0
    assert (sn.published("besiroglu2024", "240 points")["value"] > 0).all()


def test_a_printed_law() -> None:
    law = sn.published_law(Chinchilla, "hoffmann2022", "approach 3")
    assert law == Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    with pytest.raises(
        sn.DataError,
        match="'approach 1' does not print E, A, B, alpha, beta of Chinchilla",
    ):
        sn.published_law(Chinchilla, "hoffmann2022", "approach 1")
    with pytest.raises(
        sn.DataError, match="does not print coefficient of OptimalParams"
    ):
        sn.published_law(OptimalParams, "hoffmann2022", "approach 1")


def test_a_printed_law_that_lacks_a_constant_of_the_form() -> None:
    form = sn.laws.OptimalHyperparameter
    where = ("li2025", "Step Law, batch, non-embedding")
    law = sn.published_law(form, *where, fixed={"params_exponent": 0.0})
    assert law == form(0.58, 0.0, 0.571)
    with pytest.raises(sn.DataError, match="does not print params_exponent"):
        sn.published_law(form, *where)
    for strange in ("tokens_exponent", "gamma"):
        with pytest.raises(sn.DataError, match=f"fixed holds {strange}: fix const"):
            sn.published_law(form, *where, fixed={strange: 0.0})


@pytest.mark.parametrize("setting", ["approach 3", "approach 3, unrounded"])
def test_notes_that_state_an_objective_are_right(fit_240: sn.Fit, setting: str) -> None:
    rows = sn.published("hoffmann2022", setting).set_index("quantity")
    law = sn.published_law(Chinchilla, "hoffmann2022", setting)
    ratio = fit_240.objective_of(law) / fit_240.objective
    for note in rows["note"][CONSTANTS]:
        said = re.search(r"their objective is ([0-9.]+) times the least", note)
        assert said, note
        assert ratio == pytest.approx(float(said[1]), abs=0.006), note


# Comparing


def test_agreement_goes_both_ways(boot_240: sn.Bootstrap) -> None:
    replication = sn.compare(boot_240, "besiroglu2024", "240 points").table
    assert list(replication.index) == [*CONSTANTS, "n_exponent"]
    assert replication["agrees"].all()
    assert (replication["distance"].abs() < 1).all()
    hoffmann = sn.compare(boot_240, "hoffmann2022", "approach 3").table
    assert not hoffmann.loc["beta", "agrees"]
    assert hoffmann.loc["alpha", "agrees"]
    assert hoffmann.loc["beta", "distance"] < -3


def test_a_row_says_what_it_says(boot_240: sn.Bootstrap) -> None:
    table = sn.compare(boot_240, "hoffmann2022", "approach 3").table
    for name, row in table.iterrows():
        interval = boot_240.interval(str(name))
        assert (row["ours"], row["low"], row["high"]) == (
            interval.value,
            interval.low,
            interval.high,
        )
        value = float(row["printed"])
        assert row["agrees"] == (interval.low <= value <= interval.high)
        error = boot_240.standard_error(str(name))
        assert row["distance"] == pytest.approx((value - interval.value) / error)


def test_moving_the_fit_turns_agreement_around(boot_240: sn.Bootstrap) -> None:
    agreed = sn.compare(boot_240, "besiroglu2024", "240 points").table.loc[
        "E", "agrees"
    ]
    higher = dataclasses.replace(
        boot_240, laws=dataclasses.replace(boot_240.laws, E=boot_240.laws.E + 1.0)
    )
    moved = sn.compare(higher, "besiroglu2024", "240 points").table.loc["E", "agrees"]
    assert (agreed, moved) == (True, False)


def test_a_profile_is_compared_too() -> None:
    runs = sn.load("besiroglu2024_chinchilla_points")
    runs = runs[runs["dropped_in_refit"] == 0]
    budgets = [6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21]
    profile = sn.isoflop(runs, budgets=budgets, n_resamples=300)
    table = sn.compare(profile, "hoffmann2022", "approach 2").table
    assert list(table.index) == ["n_exponent", "d_exponent"]
    assert table["agrees"].all()


def test_a_comparison_prints(boot_240: sn.Bootstrap) -> None:
    comparison = sn.compare(boot_240, "hoffmann2022", "approach 3")
    for shown in (repr(comparison), comparison._repr_html_()):
        assert "hoffmann2022, approach 3" in shown
        for word in (
            "paper says",
            "we get",
            "95 % interval",
            "agrees",
            "410.7",
            "no",
            "yes",
        ):
            assert word in shown
    several = sn.compare(boot_240, "hoffmann2022")
    assert repr(several).startswith("hoffmann2022\n")
    assert "approach 1" in repr(several)


def test_why_not_is_said_only_where_there_is_no_agreement(
    boot_240: sn.Bootstrap,
) -> None:
    apart = sn.compare(boot_240, "hoffmann2022", "approach 3")
    for shown in (repr(apart), apart._repr_html_()):
        assert "E, B, beta: the printed constants do not follow" in shown
        assert "alpha: " not in shown
    alike = sn.compare(boot_240, "besiroglu2024", "240 points")
    assert "<li>" not in alike._repr_html_()


# The same data


def test_the_same_data_is_judged_by_the_objective(
    fit_240: sn.Fit, boot_240: sn.Bootstrap
) -> None:
    alike = sn.compare(boot_240, "besiroglu2024", "240 points", same_data=fit_240)
    law = sn.published_law(sn.laws.Chinchilla, "besiroglu2024", "240 points")
    ratio = fit_240.objective_of(law) / fit_240.objective
    assert alike.table["objective_ratio"].to_numpy() == pytest.approx(ratio)
    assert alike.table["farther"].to_numpy() == pytest.approx(
        boot_240.share_farther(law)
    )
    assert alike.table["agrees"].all()
    assert {record.verdict for record in alike.records} == {"agrees"}
    for shown in (repr(alike), alike._repr_html_()):
        assert "the objective is 1.004 times its least value" in shown
        assert "It agrees." in shown
        assert "distance" not in shown
        assert "digits" not in shown


def test_a_comparison_shows_no_more_figures_than_can_be_read(
    fit_240: sn.Fit, boot_240: sn.Bootstrap
) -> None:
    alike = sn.compare(boot_240, "besiroglu2024", "240 points", same_data=fit_240)
    first = alike.table.index[0]
    table = alike.table.assign(objective_ratio=1.0003)
    table.loc[first, "printed"] = "15.387756"
    shown = repr(dataclasses.replace(alike, table=table))
    assert "15.39" in shown
    assert "15.387756" not in shown
    assert "the objective is within 0.1% of its least value" in shown


def test_printed_constants_of_the_same_data_differ_together(
    fit_240: sn.Fit, boot_240: sn.Bootstrap
) -> None:
    # alpha alone lies in its interval; no refit is as far as the five together.
    apart = sn.compare(boot_240, "hoffmann2022", "approach 3", same_data=fit_240)
    assert not apart.table["agrees"].any()
    assert (apart.table["farther"] == 0).all()
    assert {record.verdict for record in apart.records} == {"differs"}
    assert "It differs." in repr(apart)


def test_constants_that_the_fit_was_given_are_not_compared(
    fit_240: sn.Fit,
) -> None:
    runs = fit_240.data
    given = sn.fit_chinchilla(
        runs,
        fixed={"E": 1.8172},
        delta=1e-3,
        params_kind="total",
        loss_unit="nats per token",
    )
    rows = sn.compare(
        given.bootstrap(50), "besiroglu2024", "240 points", same_data=given
    ).table
    assert "E" not in rows.index
    assert {"A", "alpha"} <= set(rows.index)


def test_a_profile_of_the_same_data_agrees_within_one_percent() -> None:
    runs = sn.load("czech2026_llama3_isoflop")
    profile = sn.isoflop(runs, near=np.inf, n_resamples=200)
    said = sn.compare(profile, "czech2026", "Llama 3, approach 2", same_data=True)
    assert said.table["agrees"].all()
    assert said.table["objective_ratio"].isna().all()
    assert "within 1% of ours" in repr(said)
    moved = dataclasses.replace(
        profile,
        boot=dataclasses.replace(
            profile.boot,
            law=dataclasses.replace(
                profile.boot.law, n_exponent=1.02 * profile.law.n_exponent
            ),
        ),
    )
    apart = sn.compare(moved, "czech2026", "Llama 3, approach 2", same_data=True)
    assert not apart.table["agrees"].any()


def test_the_same_data_asks_for_the_fit(boot_240: sn.Bootstrap) -> None:
    with pytest.raises(sn.DataError, match="give same_data the fit"):
        sn.compare(boot_240, "besiroglu2024", "240 points", same_data=True)


def test_a_fixed_constant_is_compared_without_dividing_by_zero(
    chinchilla_240: pd.DataFrame,
) -> None:
    fit = sn.fit_chinchilla(
        chinchilla_240, delta=1e-3, fixed={"alpha": 0.3478, "beta": 0.28}
    )
    table = sn.compare(fit.bootstrap(50), "besiroglu2024", "240 points").table
    # A fixed constant was not estimated: its distance in standard errors is no number.
    for name in ("alpha", "beta"):
        assert name not in table.index or not np.isfinite(table.loc[name, "distance"])
    assert np.isfinite(table.loc["E", "distance"])


# Digits


@pytest.mark.parametrize(
    ("ours", "printed", "expected"),
    [
        (0.34731, "0.3478", (2, 4)),
        (0.34779, "0.3478", (4, 4)),  # rounds to what is printed
        (0.34786, "0.3478", (3, 4)),
        (477.826, "482.01", (2, 5)),
        (0.49, "0.50", (1, 2)),
        (0.5, "0.5", (1, 1)),
        (0.7, "0.5", (0, 1)),
        (5.0, "0.5", (0, 1)),
        (1.264e25, "1.26e+25", (3, 3)),
        (510.0, "500", (1, 1)),  # zeros of a whole number are not counted
        (510.0, "500.", (1, 3)),
        (-1.2, "-1.2", (2, 2)),
        (1.2, "-1.2", (0, 2)),
    ],
)
def test_digits_of_agreement(
    ours: float, printed: str, expected: tuple[int, int]
) -> None:
    assert matching_digits(ours, printed) == expected


@pytest.mark.parametrize(
    ("ours", "printed"),
    [(1.0, "3 to 10"), (0.3, "10^-0.46"), (0.0, "0"), (np.nan, "0.5"), (1.0, "NaN")],
)
def test_no_number_has_no_digits(ours: float, printed: str) -> None:
    assert np.isnan(matching_digits(ours, printed)).all()
    assert shown_digits(*matching_digits(ours, printed)) == ""


def test_a_comparison_counts_digits(boot_240: sn.Bootstrap) -> None:
    comparison = sn.compare(boot_240, "besiroglu2024", "240 points")
    table = comparison.table
    for row in table.itertuples():
        assert (row.digits, row.printed_digits) == matching_digits(
            row.ours, row.printed
        )
    assert table.loc["E", "digits"] == 5
    assert "5 of 5" in repr(comparison)


def test_a_comparison_carries_its_numbers(boot_240: sn.Bootstrap) -> None:
    comparison = sn.compare(boot_240, "hoffmann2022", "approach 3")
    carried = comparison._repr_mimebundle_()[MIME]
    names = {row["id"]: row for row in carried}
    beta = names["hoffmann2022 | approach 3 | beta"]
    assert beta["kind"] == "comparison"
    ours = comparison.table.loc["beta", "ours"]
    assert beta["value"] == pytest.approx(ours, rel=1e-7)
    assert not comparison.table.loc["beta", "agrees"]


# Kinds


def test_a_fit_without_intervals_is_refused(fit_240: sn.Fit) -> None:
    with pytest.raises(sn.DataError, match=r"compare fit\.bootstrap\(\)"):
        sn.compare(fit_240, "hoffmann2022")  # type: ignore[arg-type]


def test_nothing_in_common_is_refused(boot_240: sn.Bootstrap) -> None:
    with pytest.raises(sn.DataError, match="'jones2021' prints nothing of E, A, B"):
        sn.compare(boot_240, "jones2021")


def test_params_of_another_kind_are_refused() -> None:
    boot = sn.fit_chinchilla(
        runs(), params_kind="non-embedding", loss_unit="nats per token"
    ).bootstrap(50)
    with pytest.raises(
        sn.DataError, match="count total params, the fit non-embedding params"
    ) as error:
        sn.compare(boot, "besiroglu2024", "240 points")
    assert "'240 points'" in str(error.value)
    assert "refit with the other count" in str(error.value)


def test_printed_non_embedding_constants_are_not_compared_with_total_params(
    boot_240: sn.Bootstrap,
) -> None:
    table = sn.load("published")
    there = table["setting"].str.contains("non-embedding") & table["quantity"].isin(
        [*CONSTANTS, "n_exponent", "d_exponent"]
    )
    pairs = table.loc[there, ["key", "setting"]].drop_duplicates()
    assert len(pairs) > 0
    for key, setting in pairs.itertuples(index=False):
        with pytest.raises(
            sn.DataError, match="count non-embedding params, the fit total"
        ):
            sn.compare(boot_240, key, setting)


def test_a_profile_of_non_embedding_params_is_refused_too() -> None:
    frame = sn.load("besiroglu2024_chinchilla_points")
    profile = sn.isoflop(
        frame[frame["dropped_in_refit"] == 0],
        params_kind="non-embedding",
        budgets=[1e19, 1e20, 1e21],
        n_resamples=50,
    )
    with pytest.raises(sn.DataError, match="count total params, the fit non-embedding"):
        sn.compare(profile, "hoffmann2022", "approach 2")


def test_losses_of_another_unit_are_refused() -> None:
    boot = sn.fit_chinchilla(
        runs(), params_kind="total", loss_unit="bits per byte"
    ).bootstrap(50)
    with pytest.raises(
        sn.DataError, match="in nats/token, the fit's in bits per byte"
    ) as error:
        sn.compare(boot, "besiroglu2024", "240 points")
    assert "convert one before comparing" in str(error.value)


def test_exponents_alone_have_no_unit_of_loss() -> None:
    boot = sn.fit_chinchilla(
        runs(), params_kind="total", loss_unit="bits per byte"
    ).bootstrap(50)
    table = sn.compare(boot, "hoffmann2022", "approach 1").table
    assert list(table.index) == ["n_exponent", "d_exponent"]


def test_a_fit_that_does_not_know_what_it_counted_is_asked() -> None:
    plain = pd.DataFrame({name: runs()[name] for name in ("params", "tokens", "loss")})
    plain.attrs.clear()
    boot = sn.fit_chinchilla(plain).bootstrap(50)
    assert (boot.params_kind, boot.loss_unit) == ("unknown", "unknown")
    with pytest.raises(sn.DataError, match="what its params count: say so by params_k"):
        sn.compare(boot, "besiroglu2024", "240 points")
    told = sn.fit_chinchilla(plain, params_kind="total").bootstrap(50)
    with pytest.raises(sn.DataError, match="the unit of its loss: say so by loss_unit"):
        sn.compare(told, "besiroglu2024", "240 points")
    # Exponents have no unit: nothing is asked.
    assert len(sn.compare(told, "hoffmann2022", "approach 1").table) == 2


# What is compared, and of what kind


def test_a_curve_against_a_curve_is_refused() -> None:
    boot = sn.fit_chinchilla(runs(), params_kind="total").bootstrap(50)
    counts = np.arange(1, 13) % 5
    curve = sn.pass_at_k(8, counts, [1, 2, 4])
    for ours, key in ((curve, curve), (curve, "brown2024"), (3.0, "hoffmann2022")):
        with pytest.raises(sn.DataError, match=r"compare takes fit\.bootstrap"):
            sn.compare(ours, key)  # type: ignore[arg-type]
    with pytest.raises(sn.DataError, match="give the paper's key"):
        sn.compare(boot, boot)  # type: ignore[arg-type]


def test_kinds_are_said_by_argument_where_names_do_not_tell() -> None:
    """A column N_no_emb was taken for total params, val_loss for a unit."""
    names = {"params": "N_no_emb", "loss": "val_loss"}
    frame = runs().rename(columns=names)
    fit = sn.fit_chinchilla(frame, **names)  # type: ignore[arg-type]
    assert (fit.params_kind, fit.loss_unit) == ("unknown", "unknown")
    with pytest.raises(sn.DataError, match="say so by params_kind"):
        sn.compare(fit.bootstrap(20), "hoffmann2022", "approach 3")
    told = sn.fit_chinchilla(
        frame, **names, params_kind="total", loss_unit="nats per token"
    )  # type: ignore[arg-type, misc]
    rows = sn.compare(told.bootstrap(20), "hoffmann2022", "approach 3").table
    assert set(CONSTANTS) <= set(rows.index)
    other = sn.fit_chinchilla(
        frame.rename(columns={"N_no_emb": "non_emb_params"}),
        params="non_emb_params",
        loss="val_loss",
        params_kind="non-embedding",
        loss_unit="nats per token",
    )
    with pytest.raises(sn.DataError, match="count total params, the fit non-emb"):
        sn.compare(other.bootstrap(20), "hoffmann2022", "approach 3")


@pytest.mark.parametrize(
    ("law", "key", "setting", "left"),
    [
        (sn.laws.PowerLaw, "hoffmann2022", "approach 3", "B, beta"),
        (sn.laws.SharedExponent, "besiroglu2024", "240 points", "beta"),
        (Chinchilla, "busbridge2025", "supervised", "gamma"),
        (Chinchilla, "krajewski2024", "64 experts", "g, gamma"),
        (Chinchilla, "abnar2025", "mixture of experts", "c, d, delta, gamma, lambda_"),
    ],
)
def test_constants_without_a_place_are_named(
    law: type[sn.laws.Law], key: str, setting: str, left: str
) -> None:
    with pytest.warns(sn.FitWarning, match=f"also prints {left}, for which"):
        sn.published_law(law, key, setting)


def test_a_law_that_is_no_form_is_refused() -> None:
    law = sn.published_law(Chinchilla, "hoffmann2022", "approach 3")
    with pytest.raises(sn.DataError, match="give the form"):
        sn.published_law(law, "hoffmann2022", "approach 3")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [3, ["a"], None])
def test_names_are_text(name: object) -> None:
    with pytest.raises(sn.DataError, match="give the name of a table"):
        sn.load(name)  # type: ignore[arg-type]
    with pytest.raises(sn.DataError, match="give a name such as"):
        sn.published(name)  # type: ignore[arg-type]
