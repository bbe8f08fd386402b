"""The design of runs: what is refused, what is flagged, and in which words."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

TRUTH = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)


def runs(**columns: Any) -> pd.DataFrame:
    """Return sixteen exact runs, with columns replaced."""
    n, d = np.meshgrid(np.geomspace(1e8, 1e10, 4), np.geomspace(2e9, 2e11, 4))
    frame = pd.DataFrame({"params": n.ravel(), "tokens": d.ravel()})
    frame = frame.assign(**{k: v for k, v in columns.items() if k != "loss"})
    frame["loss"] = TRUTH(frame["params"].to_numpy(), frame["tokens"].to_numpy())
    return frame.assign(**columns)


def spoiled(column: str, value: Any, *rows: int) -> pd.DataFrame:
    frame = runs().astype({column: object})
    for row in rows:
        frame.loc[row, column] = value
    return frame


def test_the_plain_design_is_accepted() -> None:
    assert sn.fit_chinchilla(runs())["alpha"] == pytest.approx(0.35, rel=1e-6)


# Columns


@pytest.mark.parametrize("column", ["params", "tokens", "loss"])
def test_a_missing_column_is_named_with_those_there_are(column: str) -> None:
    frame = runs().drop(columns=column).assign(step=1)
    with pytest.raises(sn.DataError) as error:
        sn.fit_chinchilla(frame)
    message = str(error.value)
    assert f"no column {column!r}" in message
    assert "'step'" in message
    assert "params='my_column'" in message


def test_all_missing_columns_are_named() -> None:
    with pytest.raises(sn.DataError, match="'params', 'tokens'"):
        sn.fit_chinchilla(runs()[["loss"]])


def test_a_renamed_column_is_reported_by_its_own_name() -> None:
    frame = spoiled("tokens", -1.0, 3).rename(columns={"tokens": "seen"})
    with pytest.raises(
        sn.DataError, match=r"'seen' must be finite and positive.*row 3"
    ):
        sn.fit_chinchilla(frame, tokens="seen")
    with pytest.raises(sn.DataError, match="no column 'tokens'"):
        sn.fit_chinchilla(frame)


def test_a_missing_groups_column_is_named() -> None:
    with pytest.raises(sn.DataError, match="no column 'seed'"):
        sn.fit_chinchilla(runs(), groups="seed")


@pytest.mark.parametrize("nothing", [None, np.nan])
def test_a_run_without_a_group_is_refused(nothing: Any) -> None:
    groups = [*range(15), nothing]
    with pytest.raises(sn.DataError, match=r"'seed' names no group in row 15\b"):
        sn.fit_chinchilla(runs(seed=groups), groups="seed")


def test_columns_of_unequal_length_are_refused() -> None:
    frame = {k: list(v) for k, v in runs().items()}
    frame["loss"] = frame["loss"][:-1]
    with pytest.raises(sn.DataError, match="length"):
        sn.fit_chinchilla(frame)


# Values


BAD = [np.nan, None, 0, 0.0, -2.0, np.inf, -np.inf, "big", "", pd.NA]


@pytest.mark.parametrize("column", ["params", "tokens", "loss"])
@pytest.mark.parametrize("value", BAD, ids=repr)
def test_bad_values_are_refused_by_row(column: str, value: Any) -> None:
    with pytest.raises(sn.DataError) as error:
        sn.fit_chinchilla(spoiled(column, value, 2, 11))
    message = str(error.value)
    assert f"Column {column!r} must be finite and positive" in message
    assert "rows 2, 11." in message
    assert "Drop or mend those rows." in message


@pytest.mark.parametrize("dtype", ["Int64", "Float64"])
def test_missing_values_of_nullable_columns_are_refused_by_row(dtype: str) -> None:
    frame = runs()
    frame["tokens"] = frame["tokens"].round().astype(dtype)
    frame.loc[4, "tokens"] = pd.NA
    with pytest.raises(sn.DataError, match=r"'tokens' must be finite.*row 4\."):
        sn.fit_chinchilla(frame)


def test_many_bad_rows_are_counted_not_listed() -> None:
    with pytest.raises(sn.DataError, match=r"rows 0, 1, 2, 3, 4 and 4 more\."):
        sn.fit_chinchilla(spoiled("loss", np.nan, *range(9)))


def test_index_labels_are_reported_not_positions() -> None:
    frame = spoiled("loss", np.nan, 0, 1)
    frame.index = pd.Index(["gopher", "chinchilla", *(f"run-{i}" for i in range(14))])
    with pytest.raises(sn.DataError, match="rows gopher, chinchilla"):
        sn.fit_chinchilla(frame)


def test_duplicate_index_labels_do_not_matter() -> None:
    frame = runs(seed=np.arange(16) // 2)
    twice = frame.set_index(pd.Index([0] * 8 + [1] * 8))
    fit = sn.fit_chinchilla(twice, groups="seed")
    assert fit["alpha"] == pytest.approx(sn.fit_chinchilla(frame)["alpha"], rel=1e-9)
    assert list(fit.data.index) == list(twice.index)
    assert list(fit.data["group"]) == list(frame["seed"])
    bad = twice.copy()
    bad["loss"] = bad["loss"].where(np.arange(16) != 9)
    with pytest.raises(sn.DataError, match=r"row 1\."):
        sn.fit_chinchilla(bad)


def test_numbers_as_text_and_whole_numbers_are_read() -> None:
    frame = runs()
    frame["params"] = frame["params"].round().astype("int64")
    expected = sn.fit_chinchilla(frame)["alpha"]
    assert sn.fit_chinchilla(frame.astype({"params": "Int64"}))["alpha"] == expected
    assert sn.fit_chinchilla(frame.astype({"params": str}))["alpha"] == expected


# Number of runs


def test_five_runs_are_too_few() -> None:
    with pytest.raises(
        sn.DataError, match="5 runs are too few for 5 free constants: give 6"
    ):
        sn.fit_chinchilla(runs().iloc[[0, 5, 10, 15, 3]])


def test_no_runs_are_too_few() -> None:
    with pytest.raises(sn.DataError, match="0 runs are too few"):
        sn.fit_chinchilla(runs().iloc[:0])


def test_six_runs_are_enough() -> None:
    six = runs().iloc[[0, 5, 10, 15, 3, 8]]
    fit = sn.fit_chinchilla(six)
    assert len(fit.data) == 6
    assert fit["alpha"] == pytest.approx(0.35, rel=1e-4)


def test_six_runs_that_two_laws_fit_exactly_are_flagged() -> None:
    """Four runs on one ray and two mirrored ones: the terms may change places."""
    mirrored = runs().iloc[[0, 5, 10, 15, 3, 12]]
    with pytest.warns(sn.FitWarning, match="fit equally well"):
        fit = sn.fit_chinchilla(mirrored)
    assert fit.status.value != "converged"


def test_fixing_constants_lowers_the_number_of_runs_needed() -> None:
    five = runs().iloc[[0, 5, 10, 15, 3]]
    fit = sn.fit_chinchilla(five, fixed={"E": 1.8})
    assert fit["alpha"] == pytest.approx(0.35, rel=1e-4)
    with pytest.raises(sn.DataError, match="4 runs are too few for 4"):
        sn.fit_chinchilla(five.iloc[:4], fixed={"E": 1.8})


# Identification


@pytest.mark.parametrize(
    ("column", "exponent"), [("params", "alpha"), ("tokens", "beta")]
)
def test_a_constant_column_is_refused(column: str, exponent: str) -> None:
    frame = runs(**{column: 1e9})
    with pytest.raises(sn.FitError) as error:
        sn.fit_chinchilla(frame)
    message = str(error.value)
    assert f"Column {column!r} is constant: {exponent}" in message
    assert "at least three different values" in message


@pytest.mark.parametrize(
    ("column", "exponent"), [("params", "alpha"), ("tokens", "beta")]
)
def test_two_values_are_too_few(column: str, exponent: str) -> None:
    frame = runs(**{column: np.where(np.arange(16) % 3, 1e9, 4e9)})
    with pytest.raises(sn.FitError, match=rf"{column!r} takes 2 values: {exponent}"):
        sn.fit_chinchilla(frame)


@pytest.mark.parametrize("ratio", [1.0, 20.0, 1000.0])
def test_tokens_proportional_to_params_are_refused(ratio: float) -> None:
    n = np.geomspace(1e8, 1e10, 16)
    frame = runs(params=n, tokens=ratio * n)
    with pytest.raises(
        sn.FitError, match=r"'tokens' is a fixed power of 'params'.*off that line"
    ):
        sn.fit_chinchilla(frame)


@pytest.mark.parametrize("power", [0.5, 0.74, 2.0, -1.0])
def test_tokens_a_power_of_params(power: float) -> None:
    # D = k / N (one budget) still tells the terms apart: one rises, one falls.
    n = np.geomspace(1e8, 1e10, 16)
    frame = runs(params=n, tokens=1e10 * (n / 1e9) ** power)
    if power > 0:
        with pytest.raises(sn.FitError, match="fixed power"):
            sn.fit_chinchilla(frame)
    else:
        assert sn.fit_chinchilla(frame)["alpha"] == pytest.approx(0.35, rel=1e-2)


def test_proportional_up_to_rounding_is_refused() -> None:
    n = np.geomspace(1e8, 1e10, 16)
    tokens = np.array([float(f"{20 * x:.2e}") for x in n])
    with pytest.raises(sn.FitError, match="fixed power"):
        sn.fit_chinchilla(runs(params=n, tokens=tokens))


def test_nearly_proportional_runs_with_two_off_the_line_are_accepted() -> None:
    n = np.geomspace(1e8, 1e10, 16)
    tokens = 20 * n
    tokens[[2, 12]] *= [8.0, 0.1]
    assert sn.fit_chinchilla(runs(params=n, tokens=tokens))["alpha"] > 0


# Units


@pytest.mark.parametrize(
    ("scaled", "words"),
    [
        ({"params": 1e-6}, "'tokens' per 'params' .* Are params given in millions"),
        ({"tokens": 1e-9}, "'tokens' is below 10,000. Are tokens given in billions"),
        ({"params": 1e-6, "tokens": 1e-9}, "Are tokens given in billions"),
    ],
)
def test_units_are_asked_about(scaled: dict[str, float], words: str) -> None:
    frame = runs()
    for column, factor in scaled.items():
        frame[column] *= factor
    with pytest.warns(sn.FitWarning, match=words) as caught:
        fit = sn.fit_chinchilla(frame)
    assert len(caught) == len(fit.messages) == 1
    assert "Give plain counts" in fit.messages[0]
    # The warning points at the caller's line, not into the package.
    assert caught[0].filename == __file__
    # The exponents do not depend on units, so the fit itself stands.
    assert fit["alpha"] == pytest.approx(0.35, rel=1e-4)


def test_over_trained_small_models_are_not_suspicious() -> None:
    # Qwen3-0.6B saw 60,000 tokens a parameter.
    frame = runs(
        tokens=np.tile(np.geomspace(2e12, 4e13, 4), 4),
        params=np.repeat(np.geomspace(3e8, 6e8, 4), 4),
    )
    assert sn.fit_chinchilla(frame).messages == ()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (runs()["loss"] > 2.5, "holds bool"),
        (runs()["loss"].astype(complex), "holds complex128"),
        (pd.Timestamp("2024-01-01"), "holds datetime64"),
        (pd.to_timedelta(runs()["loss"], unit="s"), "holds timedelta64"),
    ],
)
def test_what_is_no_number_is_refused_by_its_type(column: Any, words: str) -> None:
    with pytest.raises(sn.DataError, match=f"'loss' {words}.*convert it"):
        sn.fit_chinchilla(runs().assign(loss=column))


def test_a_column_there_twice_is_refused() -> None:
    frame = pd.concat([runs(), runs()[["tokens"]]], axis=1)
    with pytest.raises(sn.DataError, match="several columns 'tokens': rename"):
        sn.fit_chinchilla(frame)


@pytest.mark.parametrize("bad", [None, "runs", runs().to_numpy(), [1.0, 2.0]])
def test_what_is_no_table_is_refused(bad: Any) -> None:
    with pytest.raises(sn.DataError, match="DataFrame or a mapping of columns"):
        sn.fit_chinchilla(bad)


@pytest.mark.parametrize("argument", ["params", "groups"])
def test_values_in_place_of_a_name_are_refused(argument: str) -> None:
    with pytest.raises(sn.DataError, match="by their names, not as ndarray"):
        sn.fit_chinchilla(runs(), **{argument: np.ones(len(runs()))})


def test_a_column_may_go_by_a_number() -> None:
    fit = sn.fit_chinchilla(runs().rename(columns={"loss": 0}), loss=0)  # type: ignore[arg-type]
    assert fit.estimates == sn.fit_chinchilla(runs()).estimates


@pytest.mark.parametrize("column", ["params", "tokens"])
@pytest.mark.parametrize("spread", [1e-16, 1e-9, 1e-5])
def test_a_column_constant_but_for_noise_is_refused(column: str, spread: float) -> None:
    n = len(runs())
    values = 1e9 * (1 + spread * np.random.default_rng(0).standard_normal(n))
    with pytest.raises(sn.FitError, match=f"'{column}' is constant"):
        sn.fit_chinchilla(runs(**{column: values}))


def test_fewer_tokens_than_params_by_far_are_asked_about() -> None:
    with pytest.warns(sn.FitWarning, match="tokens given in millions"):
        sn.fit_chinchilla(runs(tokens=runs()["tokens"] / 1e6))


def test_more_unique_tokens_than_tokens_are_refused() -> None:
    x = {"params": np.full(9, 1e8), "tokens": np.full(9, 1e9)}
    x["unique_tokens"] = np.r_[np.full(7, 1e9), 2e9, 3e9]
    with pytest.raises(sn.DataError, match="exceeds 'tokens' in rows 7, 8"):
        sn.fit_law(sn.laws.DataLimited, x, np.full(9, 3.0))


def test_shares_that_do_not_add_up_are_refused() -> None:
    share = np.linspace(0.1, 0.9, 9)
    x = {"share_1": share, "share_2": np.r_[1 - share[:8], 0.5]}
    with pytest.raises(sn.DataError, match="do not add up to one in row 8"):
        sn.fit_law(sn.laws.data_mixture(2), x, 2 + share)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"fixed": {"E": "1.8"}}, "give a number"),
        ({"fixed": ["E"]}, "maps constants to their values"),
        (
            {"fixed": {"E": 1.8, "A": 4e2, "B": 4e2, "alpha": 0.3, "beta": 0.3}},
            "leave one at least",
        ),
        ({"delta": "inf"}, "give a positive number"),
        ({"params": [1.0, 2.0]}, "go by their names"),
        ({"groups": np.arange(16)}, "go by their names"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(
    given: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(sn.DataError, match=remedy):
        sn.fit_chinchilla(runs(), **given)


@pytest.mark.parametrize("given", [None, "runs", np.ones((6, 3)), [(1e9, 2e9)]])
def test_runs_of_the_wrong_kind_are_refused(given: Any) -> None:
    with pytest.raises(sn.DataError, match="DataFrame or a mapping of columns"):
        sn.fit_chinchilla(given)


@pytest.mark.parametrize(("noise", "word"), [(0.02, "nearly a power"), (0.5, "")])
def test_runs_near_a_line_are_flagged(noise: float, word: str) -> None:
    rng = np.random.default_rng(0)
    n = np.geomspace(1e8, 1e10, 30)
    d = 20 * n * np.exp(noise * rng.normal(size=30))
    loss = TRUTH(n, d) * np.exp(0.001 * rng.normal(size=30))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit = sn.fit_chinchilla({"params": n, "tokens": d, "loss": loss})
    assert any(word in m for m in fit.messages) if word else not fit.messages
    assert len(said) == len(fit.messages)
