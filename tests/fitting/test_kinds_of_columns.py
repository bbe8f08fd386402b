"""Tables and numbers as people have them: read, or refused with the remedy."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn

TRUTH = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)


def runs() -> pd.DataFrame:
    """Return sixteen exact runs of counts that are short in millions."""
    n, d = np.meshgrid([8e7, 4.1e8, 1.4e9, 6.9e9], [2e9, 1.1e10, 5e10, 3e11])
    frame = pd.DataFrame({"params": n.ravel(), "tokens": d.ravel()})
    return frame.assign(loss=TRUTH(n.ravel(), d.ravel()))


# Numbers


def suffixed(values: pd.Series, unit: float, suffix: str) -> list[str]:
    return [f"{v / unit:.10g}{suffix}" for v in values]


@pytest.mark.parametrize(
    "text",
    [
        suffixed(runs()["params"], 1e6, "M"),
        suffixed(runs()["params"], 1e6, "m"),
        suffixed(runs()["params"], 1e9, " B"),
        suffixed(runs()["params"], 1e3, "k"),
        suffixed(runs()["params"], 1e12, "T"),
        [f"{v:,.0f}" for v in runs()["params"]],
        [f"{v:_.0f}" for v in runs()["params"]],
        [f" {v:.3e} " for v in runs()["params"]],
        [Decimal(int(v)) for v in runs()["params"]],
        [f"{v / 1e6:.0f}M" if i % 2 else v for i, v in enumerate(runs()["params"])],
    ],
    ids=["M", "m", "B", "k", "T", "commas", "underscores", "e", "Decimal", "mixed"],
)
def test_counts_are_read_as_they_are_written(text: list[Any]) -> None:
    fit = sn.fit_chinchilla(runs().assign(params=text))
    assert list(fit.data["params"]) == list(runs()["params"])
    assert sn.check(runs().assign(params=text)).fit is not None
    one = sn.fit_law(sn.laws.Chinchilla, {**runs().assign(params=text)}, runs()["loss"])
    assert list(one.data["params"]) == list(runs()["params"])


def test_suffixes_of_tokens_and_decimals() -> None:
    text = ["1.1B", "1.5T", "2,048.5", "12M"]
    x = np.array([1.1e9, 1.5e12, 2048.5, 1.2e7])
    fit = sn.fit_law(sn.laws.PurePowerLaw, text, x**-0.5)
    assert list(fit.data["x"]) == list(x)


@pytest.mark.parametrize(
    "text", ["1,02", "12 GFLOP", "1.2.3M", "M", "1e", "3 PF-days", "85%", "1,5"]
)
def test_text_that_is_no_count_is_quoted_with_the_remedy(text: str) -> None:
    params: list[Any] = list(runs()["params"])
    params[3] = text
    with pytest.raises(sn.DataError) as error:
        sn.fit_chinchilla(runs().assign(params=params))
    assert "row 3." in str(error.value)
    assert f"{text!r} is text, not a number" in str(error.value)
    assert "12M" in str(error.value)
    assert "1 GFLOP is 1e9 FLOP" in str(error.value)


def test_products_of_whole_numbers_that_ran_over() -> None:
    n = runs()["params"].astype("int64")
    d = (1000 * runs()["tokens"]).astype("int64")
    flops = 6 * n * d
    assert (flops < 0).any()
    with pytest.raises(sn.DataError, match=r"ran over: multiply as floats"):
        sn.fit_law(sn.laws.PowerLaw, flops, runs()["loss"])
    found = sn.check(runs().assign(tokens=d, flops=flops)).table.set_index("what")
    assert "multiply as floats" in str(found.loc["flops", "remedy"])
    with pytest.raises(sn.DataError) as error:
        sn.fit_chinchilla(runs().assign(tokens=-runs()["tokens"]))
    assert "ran over" not in str(error.value)


@pytest.mark.parametrize("log", [np.log10, np.log], ids=["log10", "ln"])
@pytest.mark.parametrize("column", ["params", "tokens"])
def test_logarithms_are_refused(log: Any, column: str) -> None:
    frame = runs().assign(**{column: log(runs()[column])})
    with pytest.raises(sn.DataError, match=rf"'{column}' runs from .*Give plain count"):
        sn.fit_chinchilla(frame)
    with pytest.raises(sn.DataError, match=r"10\*\*x or exp\(x\)"):
        sn.fit_law(sn.laws.SharedExponent, {**frame}, frame["loss"])
    found = sn.check(frame).table.set_index("what")
    assert found.loc[column, "verdict"] == "refused"
    assert "10**x" in str(found.loc[column, "remedy"])


def test_logarithms_of_compute_are_refused() -> None:
    flops = np.linspace(18, 24, 9)
    with pytest.raises(sn.DataError, match="'flops' runs from 18 to 24"):
        sn.fit_law(sn.laws.OptimalParams, flops, 0.1 * 10 ** (flops / 2))


# Tables


class Foreign:
    """A table of another library: it turns itself into a frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def to_pandas(self) -> pd.DataFrame:
        return self.frame


class Polars(Foreign):
    """One whose way into pandas asks for a package that is not there."""

    @property
    def columns(self) -> list[str]:
        return list(self.frame.columns)

    def __getitem__(self, name: str) -> list[float]:
        return list(self.frame[name])

    def to_pandas(self) -> pd.DataFrame:
        raise ModuleNotFoundError("No module named 'pyarrow'")


@pytest.mark.parametrize(
    "table",
    [
        runs().to_dict("records"),
        tuple(runs().to_dict("records")),
        runs().to_dict("list"),
        runs().to_records(index=False),
        Foreign(runs()),
        Polars(runs()),
    ],
    ids=[
        "records",
        "tuple",
        "lists",
        "structured",
        "to_pandas",
        "no pyarrow",
    ],
)
def test_tables_of_other_kinds_are_read(table: Any) -> None:
    expected = sn.fit_chinchilla(runs())
    assert sn.fit_chinchilla(table).estimates == expected.estimates
    found = sn.check(table)
    assert found.fit is not None
    assert found.fit.estimates == expected.estimates


def test_a_record_without_an_entry_is_named() -> None:
    records = runs().to_dict("records")
    del records[2]["loss"]
    with pytest.raises(sn.DataError, match=r"'loss' must be finite.*row 2\."):
        sn.fit_chinchilla(records)


@pytest.mark.parametrize("bad", [[], [1.0], "runs", pd.Series([1.0]), 3])
def test_what_holds_no_runs_is_refused(bad: Any) -> None:
    with pytest.raises(sn.DataError, match="a list of one mapping a run"):
        sn.fit_chinchilla(bad)
    assert sn.check(bad).verdict == "refused"


@pytest.mark.parametrize("law", ["Chinchilla", TRUTH, None, int])
def test_what_is_no_form_is_refused(law: Any) -> None:
    with pytest.raises(sn.DataError, match="give the form, such as"):
        sn.fit_law(law, {**runs()}, runs()["loss"])


def test_ragged_columns_are_named() -> None:
    with pytest.raises(sn.DataError, match="Column 'y' is no list of numbers"):
        sn.fit_law(sn.laws.PowerLaw, [1, 2, 3, 4], [[1, 2], [3]])


# Zero, and shares that are none


STEPS = np.arange(20.0)


def climb() -> np.ndarray:
    noise = 0.005 * np.random.default_rng(0).standard_normal(20)
    return np.asarray(sn.laws.Sigmoid(R_0=0.1, A=0.7, B=2.0, C_mid=6.0)(STEPS) + noise)


def test_step_zero_is_the_start_of_a_climb() -> None:
    fit = sn.fit_law(sn.laws.Sigmoid, STEPS, climb())
    assert fit["R_0"] == pytest.approx(0.1, abs=0.02)
    assert len(fit.data) == 20
    at_zero = fit.bootstrap(50).band(x=[0.0, 1.0])["score"].iloc[0]
    assert at_zero == pytest.approx(0.1, abs=0.03)


def test_a_sigmoid_at_zero_by_hand() -> None:
    law = sn.laws.Sigmoid(R_0=0.1, A=0.7, B=2.0, C_mid=6.0)
    assert law(0.0) == 0.1
    assert law(6.0) == pytest.approx(0.4)
    slopes = [float(s) for s in law.jacobian(np.array(0.0))]
    assert slopes == [1.0, 0.0, 0.0, 0.0]
    # As small a step as can be leaves the start in the same way.
    assert law(1e-300) == pytest.approx(0.1)
    assert sn.laws.Sigmoid(R_0=0.1, A=0.7, B=0.01, C_mid=6.0)(0.0) == 0.1


@pytest.mark.parametrize("law", [sn.laws.Sigmoid, sn.laws.StepSigmoid])
def test_scores_that_are_no_shares_are_asked_about(law: Any) -> None:
    with pytest.warns(sn.FitWarning, match=r"'score' is not a share.*Divide by 100"):
        fit = sn.fit_law(law, STEPS, 100 * climb())
    assert any("Divide by 100" in m for m in fit.messages)
    low = np.where(STEPS == 3, -0.02, climb())
    with pytest.warns(sn.FitWarning, match=r"in row 3, where.*a reward and no share"):
        sn.fit_law(law, STEPS, low)
    over = np.where(STEPS == 19, 1.02, climb())
    with pytest.warns(sn.FitWarning, match=r"from 0 to 1 in row 19"):
        sn.fit_law(law, STEPS, over)


def test_laws_that_are_infinite_at_zero_refuse_it() -> None:
    with pytest.raises(sn.DataError, match=r"must be finite and positive.*row 0\."):
        sn.fit_law(sn.laws.PowerLaw, STEPS, climb())
