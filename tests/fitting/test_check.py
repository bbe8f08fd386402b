"""Checks of runs: every trouble is named with its remedy, all at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.laws import Chinchilla

TRUTH = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)


def runs(seed: int = 0, noise: float = 0.01, side: int = 6) -> pd.DataFrame:
    n, d = np.meshgrid(np.geomspace(5e7, 1e10, side), np.geomspace(1e9, 3e11, side))
    n, d = n.ravel(), d.ravel()
    error = noise * np.random.default_rng(seed).standard_normal(n.size)
    return pd.DataFrame(
        {"params": n, "tokens": d, "loss": TRUTH.value(n, d) * np.exp(error)}
    )


def of(found: sn.Check, what: str) -> pd.Series:
    """Return the one finding of that name."""
    rows = found.table[found.table["what"] == what]
    assert len(rows) == 1, found
    return rows.iloc[0]


def test_good_runs_are_fine() -> None:
    found = sn.check(runs())
    assert found.verdict == "fine", found
    assert (found.table["remedy"] == "").all()
    assert found.fit is not None
    assert found.fit.estimates == sn.fit_chinchilla(runs()).estimates


def test_the_published_runs(chinchilla_240: pd.DataFrame) -> None:
    assert sn.check(chinchilla_240).verdict == "fine"
    whole = sn.check(sn.load("besiroglu2024_chinchilla_points"))
    assert whole.verdict == "look"
    assert list(whole.table.loc[whole.table["verdict"] == "look", "what"]) == [
        "outliers",
        "independence",
        "leverage",
    ]
    assert "run 0" in of(whole, "leverage")["remedy"]
    assert "beta" in of(whole, "leverage")["value"]
    # Two of the five that the refit of 2024 left out.
    assert "2 runs stand apart: 1, 0" in of(whole, "outliers")["value"]


def test_everything_that_is_looked_at_has_a_remedy() -> None:
    frame = runs().assign(tokens=lambda f: f["tokens"] / 1e9)
    table = sn.check(pd.concat([frame, frame.head(3)])).table
    assert ((table["verdict"] == "fine") == (table["remedy"] == "")).all()
    assert set(table["verdict"]) <= {"fine", "look", "refused"}


# What a fit refuses


def test_all_troubles_are_told_at_once() -> None:
    frame = runs().drop(columns="params")
    frame.loc[[3, 7], "loss"] = [np.nan, -1.0]
    frame.loc[5, "tokens"] = 0.0
    found = sn.check(frame)
    assert found.verdict == "refused"
    assert found.fit is None
    assert "no column 'params'" in of(found, "params")["value"]
    assert "params='my_column'" in of(found, "params")["remedy"]
    assert "3" in of(found, "loss")["value"]
    assert "7" in of(found, "loss")["value"]
    assert "5" in of(found, "tokens")["value"]
    assert of(found, "tokens")["remedy"] == "Drop or mend those rows."


def few() -> pd.DataFrame:
    return runs().iloc[:5]


def one_size() -> pd.DataFrame:
    return runs().assign(params=1e9)


def two_sizes() -> pd.DataFrame:
    return runs().assign(params=np.where(np.arange(36) % 2, 1e9, 2e9))


def one_length() -> pd.DataFrame:
    return runs().assign(tokens=1e11)


def ladder() -> pd.DataFrame:
    frame = runs()
    return frame.assign(tokens=20 * frame["params"])


def words() -> pd.DataFrame:
    return runs().assign(loss="two")


@pytest.mark.parametrize("bad", [few, one_size, two_sizes, one_length, ladder, words])
def test_what_is_refused_is_what_a_fit_refuses(bad: object) -> None:
    frame = bad()  # type: ignore[operator]
    found = sn.check(frame)
    assert found.verdict == "refused", found
    assert found.fit is None
    with pytest.raises((sn.DataError, sn.FitError)):
        sn.fit_chinchilla(frame)


def test_no_runs_at_all() -> None:
    found = sn.check(runs().iloc[:0])
    assert found.verdict == "refused"


def test_a_group_without_a_name() -> None:
    frame = runs().assign(seed=[None, *range(35)])
    found = sn.check(frame, groups="seed")
    assert of(found, "seed")["verdict"] == "refused"
    assert of(sn.check(frame, groups="sed"), "sed")["verdict"] == "refused"


# What deserves a look


def test_units() -> None:
    frame = runs()
    billions = sn.check(frame.assign(tokens=frame["tokens"] / 1e9))
    assert "billions" in of(billions, "units")["remedy"]
    millions = sn.check(frame.assign(params=frame["params"] / 1e6))
    assert "millions" in of(millions, "units")["remedy"]
    perplexity = sn.check(frame.assign(loss=np.exp(frame["loss"] + 2)))
    assert "perplexity" in of(perplexity, "unit of the loss")["remedy"]


def test_compute() -> None:
    frame = runs()
    six = 6 * frame["params"] * frame["tokens"]
    assert of(sn.check(frame.assign(flops=six)), "flops")["verdict"] == "fine"
    third = sn.check(frame.assign(c=six / 3), flops="c")
    assert of(third, "c")["verdict"] == "look"
    assert "0.333" in of(third, "c")["value"]
    assert of(sn.check(frame, flops="c"), "c")["verdict"] == "look"
    assert "flops" not in set(sn.check(frame).table["what"])


def test_copies_and_repeats() -> None:
    frame = runs()
    copies = sn.check(pd.concat([frame, frame.head(4)]))
    assert of(copies, "copies")["value"].startswith("4 runs")
    seeds = pd.concat([frame.assign(run=i) for i in ("a", "b")], ignore_index=True)
    seeds["loss"] *= np.exp(0.01 * np.random.default_rng(1).standard_normal(72))
    again = sn.check(seeds)
    assert of(again, "repeats")["value"].startswith("72 runs")
    assert "groups" in of(again, "repeats")["remedy"]
    seeds["setting"] = np.arange(72) % 36
    told = sn.check(seeds, groups="setting")
    assert "repeats" not in set(told.table["what"])
    assert of(told, "independent units")["value"] == "36 of 72 runs"


@pytest.mark.parametrize(("units", "word"), [(4, "no interval"), (9, "unverified")])
def test_few_independent_units(units: int, word: str) -> None:
    found = sn.check(runs().assign(seed=np.arange(36) % units), groups="seed")
    assert of(found, "independent units")["verdict"] == "look"
    assert word in of(found, "independent units")["remedy"]


def test_narrow_and_correlated_designs() -> None:
    frame = runs()
    narrow = frame.assign(params=1e9 * (frame["params"] / 1e9) ** 0.3)
    narrow["loss"] = TRUTH.value(
        narrow["params"].to_numpy(), narrow["tokens"].to_numpy()
    )
    assert of(sn.check(narrow), "spread of params")["verdict"] == "look"
    along = frame.assign(tokens=20 * frame["params"] * (frame["tokens"] / 1e10) ** 0.2)
    along["loss"] = TRUTH.value(along["params"].to_numpy(), along["tokens"].to_numpy())
    found = of(sn.check(along), "params and tokens")
    assert found["verdict"] == "look"
    assert "tokens per parameter" in found["remedy"]


def test_a_term_the_noise_hides() -> None:
    law = Chinchilla(E=1.8, A=4.0, B=2100.0, alpha=0.35, beta=0.37)
    frame = runs()
    error = 0.01 * np.random.default_rng(5).standard_normal(36)
    loss = law.value(frame["params"].to_numpy(), frame["tokens"].to_numpy())
    found = sn.check(frame.assign(loss=loss * np.exp(error)))
    assert of(found, "term of params")["verdict"] == "look"
    assert of(found, "term of tokens")["verdict"] == "fine"


def test_no_floor() -> None:
    law = Chinchilla(E=0.01, A=10.0, B=10.0, alpha=0.1, beta=0.1)
    frame = runs()
    error = 0.01 * np.random.default_rng(4).standard_normal(36)
    loss = law.value(frame["params"].to_numpy(), frame["tokens"].to_numpy())
    found = sn.check(frame.assign(loss=loss * np.exp(error)))
    assert of(found, "floor")["verdict"] == "look"


def test_a_run_that_moves_the_fit() -> None:
    frame = runs(noise=0.002)
    frame.index = [f"run-{i}" for i in range(36)]
    frame.loc["run-0", "loss"] *= 1.05
    found = of(sn.check(frame, delta=np.inf), "leverage")
    assert found["verdict"] == "look"
    assert "run-0" in found["remedy"]


def test_a_fit_to_doubt() -> None:
    law = Chinchilla(E=1.8, A=0.0, B=2100.0, alpha=0.35, beta=0.37)
    frame = runs()
    loss = law.value(frame["params"].to_numpy(), frame["tokens"].to_numpy())
    found = sn.check(frame.assign(loss=loss))
    assert of(found, "fit")["verdict"] == "look"
    assert of(found, "fit")["remedy"]


# The result


def test_columns_go_by_any_name() -> None:
    frame = runs().rename(columns={"params": "N", "tokens": "D", "loss": "L"})
    found = sn.check(frame, params="N", tokens="D", loss="L")
    assert found.verdict == "fine"
    assert of(found, "spread of N")["value"].startswith("6 values over 2.3")
    lists = {k: list(v) for k, v in runs().items()}
    pd.testing.assert_frame_equal(sn.check(lists).table, sn.check(runs()).table)


def test_the_users_frame_is_left_alone() -> None:
    frame = runs().astype({"params": "int64"})
    before = frame.copy(deep=True)
    sn.check(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_it_prints() -> None:
    found = sn.check(runs().assign(tokens=1.0))
    for shown in (repr(found), found._repr_html_()):
        assert "refused" in shown
        assert "beta needs three different values" in shown
    assert "np." not in repr(sn.check(runs()))


def test_the_fit_remembers_what_was_counted() -> None:
    names = {"params": "n", "loss": "l"}
    frame = runs().rename(columns=names)
    frame.attrs["units"] = {"n": "non-embedding parameters", "l": "bits/byte"}
    fit = sn.check(frame, **names).fit
    assert fit is not None
    assert (fit.params_kind, fit.loss_unit) == ("non-embedding", "bits per byte")


def test_exact_losses_have_no_leverage() -> None:
    frame = runs(noise=0.0)
    assert of(sn.check(frame), "leverage")["verdict"] == "fine"


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [{"params": 1e9}],
        pd.concat([runs(), runs()[["loss"]]], axis=1),
        runs().assign(loss=True),
        runs().assign(params=np.geomspace(1e9, 1.0001e9, 36)),
    ],
    ids=["nothing", "records", "twice", "truth", "narrow"],
)
def test_what_is_no_table_of_runs_is_reported_too(bad: object) -> None:
    assert sn.check(bad).verdict == "refused"  # type: ignore[arg-type]
