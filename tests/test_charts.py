"""Charts say what they show, store little, and can be drawn."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
import vl_convert

import scaling_notes as sn
from scaling_notes.charts import _theme

FRAME = pd.DataFrame(
    {
        "params": [1.23456789e8, 1e9, 3e9],
        "loss": [3.123456789, 2.6, 2.4],
        "low": [3.0, 2.5, 2.3],
        "high": [3.2, 2.7, 2.5],
        "name": ["a", "b", "c"],
        "unused": [1, 2, 3],
    }
)
charts = sn.charts
MARKS = {
    "points": charts.points(FRAME, "params", "loss", color="name", shape="name"),
    "held-out": charts.points(FRAME, "params", "loss", kind="held-out"),
    "line": charts.line(FRAME, "params", "loss", extrapolated=True),
    "band": charts.band(FRAME, "params", "loss"),
    "whiskers": charts.whiskers(FRAME, "loss", "name"),
    "rule": charts.rule(2.5, "y", "loss"),
    "text": charts.text(FRAME, "params", "loss", "name"),
}


def spec_of(*marks: Any) -> dict[str, Any]:
    chart = charts.layer(*marks, description="A chart for a test of charts.")
    bundle = chart._repr_mimebundle_()
    assert set(bundle) == {_theme.MIME, "text/plain"}
    spec: dict[str, Any] = bundle[_theme.MIME]
    return spec


@pytest.mark.parametrize("name", MARKS)
def test_every_mark_can_be_drawn_in_both_themes(name: str) -> None:
    spec = spec_of(MARKS[name])
    for config in (_theme.LIGHT, _theme.DARK):
        drawn = {**spec, "config": config, "width": 300}
        assert "<svg" in vl_convert.vegalite_to_svg(json.dumps(drawn))


def test_every_style_is_known_to_both_themes() -> None:
    assert set(_theme.LIGHT["style"]) == set(_theme.DARK["style"])
    body = json.dumps([spec_of(mark) for mark in MARKS.values()])
    used = {s.split('"')[0] for s in body.split('"style": "')[1:]}
    assert used <= set(_theme.LIGHT["style"])
    assert len(used) >= 5


def test_styles_reach_the_picture() -> None:
    spec = {**spec_of(MARKS["line"]), "width": 300}
    picture = vl_convert.vegalite_to_svg(json.dumps(spec))
    assert _theme.LIGHT["style"]["fit-line"]["color"].lower() in picture.lower()


def test_floats_are_short_and_integers_whole() -> None:
    row = spec_of(MARKS["points"])["datasets"]["frame-0"][0]
    assert row["loss"] == 3.12346
    assert row["params"] == 123457000
    assert _theme.rounded([1, 0.1234567, float("nan"), {"a": (2.0,)}]) == [
        1,
        0.123457,
        None,
        {"a": [2]},
    ]


def test_only_drawn_columns_are_stored_and_equal_frames_once() -> None:
    spec = spec_of(MARKS["held-out"], MARKS["line"])
    assert list(spec["datasets"]) == ["frame-0"]
    assert set(spec["datasets"]["frame-0"][0]) == {"params", "loss"}


def test_a_chart_needs_a_description() -> None:
    chart = charts.layer(MARKS["line"], description="")
    with pytest.raises(sn.DataError, match="no description"):
        chart._repr_mimebundle_()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(sn.DataError, match=r"no column 'tokens'.*'params'"):
        charts.points(FRAME, "tokens", "loss")
    with pytest.raises(sn.DataError, match="no column 'bottom'"):
        charts.band(FRAME, "params", "loss", low="bottom")


def test_layer_needs_a_mark() -> None:
    with pytest.raises(sn.DataError, match="needs a mark"):
        charts.layer(description="Nothing at all to be seen here, and that is wrong.")


def test_axes_of_the_house_bring_title_scale_and_labels() -> None:
    axis = charts.axis("params")
    assert (axis["title"], axis["log"]) == ("Parameters N", True)
    assert charts.axis("accuracy", log=True)["ticks"]
    assert charts.axis("flops", "Budget")["title"] == "Budget"
    spec = {**spec_of(MARKS["line"]), "width": 600}
    picture = vl_convert.vegalite_to_svg(json.dumps(spec))
    for label in (">300M<", ">1B<", ">3B<"):
        assert label in picture


def test_figures_of_a_fit(
    chinchilla_240: pd.DataFrame, fit_240: sn.Fit, boot_240: sn.Bootstrap
) -> None:
    profile = sn.isoflop(chinchilla_240, budgets=[1e19, 1e20, 1e21], n_resamples=50)
    words = "A figure of the published runs, drawn for a test."
    figures = [
        charts.loss_curve(chinchilla_240, boot_240, description=words),
        charts.isoflop_curves(profile, description=words),
        charts.explorer(profile.runs, fit_240, budgets=[1e19, 1e21], description=words),
        charts.beside(
            charts.layer(MARKS["line"], description=words),
            charts.layer(MARKS["points"], description=words),
            description=words,
        ),
    ]
    for figure in figures:
        spec = figure._repr_mimebundle_()[_theme.MIME]
        assert len(json.dumps(spec)) < 150_000
        if "width" in spec:
            spec["width"] = 500
        assert "<svg" in vl_convert.vegalite_to_svg(json.dumps(spec))


def test_the_explorer_begins_at_the_least_objective(
    chinchilla_240: pd.DataFrame, fit_240: sn.Fit
) -> None:
    runs = chinchilla_240.assign(budget=1e20)
    figure = charts.explorer(runs, fit_240, budgets=[1e20], description="x" * 40)
    spec = figure._repr_mimebundle_()[_theme.MIME]
    picture = vl_convert.vegalite_to_svg(json.dumps({**spec, "width": 500}))
    assert "objective: 1.000 times the least" in picture
