"""Charts, looked at closely: what is stored, and what the picture really shows."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes import charts
from scaling_notes.charts._theme import DARK, LIGHT, MIME, RAMP, bundle, rounded

KINDS = ("measured", "fit", "printed", "simulated")
SAYS = "Loss falls with compute along one curve."


@pytest.fixture
def runs() -> pd.DataFrame:
    n = np.geomspace(1e6, 1e12, 13)
    return pd.DataFrame(
        {
            "params": n,
            "tokens": 20 * n,
            "flops": 120 * n**2,
            "loss": 1.8 + 480 * n**-0.35,
            "low": 1.7 + 480 * n**-0.35,
            "high": 1.9 + 480 * n**-0.35,
            "name": [f"run {i}" for i in range(13)],
            "family": ["a", "b"] * 6 + ["a"],
            "note": "never drawn",
        }
    )


def shown(chart: Any) -> dict[str, Any]:
    """Return the stored spec of a chart, through JSON as a notebook keeps it."""
    spec: dict[str, Any] = json.loads(
        json.dumps(bundle(chart.to_dict())[MIME], allow_nan=False)
    )
    return spec


def layered(*marks: Any) -> dict[str, Any]:
    return shown(charts.layer(*marks, description=SAYS))


def drawn(spec: dict[str, Any], capfd: pytest.CaptureFixture[str]) -> str:
    """Return a spec as SVG; nothing may be said while it is drawn."""
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=version, show_warnings=True)
    said = capfd.readouterr()
    assert said.out + said.err == ""
    return svg


def texts(svg: str) -> list[str]:
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]*)</(?:text|tspan)>", svg)


def every(item: Any, key: str) -> list[Any]:
    """Return every value under a key, at any depth, but not inside data."""
    if isinstance(item, list):
        return [v for part in item for v in every(part, key)]
    if not isinstance(item, dict):
        return []
    found = [item[key]] if key in item else []
    inside = {k: v for k, v in item.items() if k not in ("datasets", "config")}
    return found + [v for part in inside.values() for v in every(part, key)]


def styles(chart: Any) -> list[str]:
    return [m["style"] for m in every(chart.to_dict(), "mark") if "style" in m]


# Rounding


@pytest.mark.parametrize(
    ("number", "stored"),
    [
        (0.123456789, 0.123457),
        (123456789.0, 123457000),
        (3.0, 3),
        (-0.0, 0),
        (1e22, 1e22),
        (1.23456789e-30, 1.23457e-30),
        (np.float64(2.5), 2.5),
        (float("nan"), None),
        (float("inf"), None),
        (np.float64("nan"), None),
        (7, 7),
        (123456789, 123456789),
        (True, True),
        ("1.23456789", "1.23456789"),
        (None, None),
    ],
)
def test_rounding(number: Any, stored: Any) -> None:
    result = rounded(number)
    assert result == stored
    assert type(result) is type(stored)


def test_rounding_leaves_its_argument_alone() -> None:
    spec = {"a": [1.00000001, {"b": (2.0, float("nan"))}], "c": "x"}
    assert rounded(spec) == {"a": [1, {"b": [2, None]}], "c": "x"}
    assert spec["a"][0] == 1.00000001


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_six_digits_are_kept_and_no_more(number: float) -> None:
    once = rounded(number)
    assert once == pytest.approx(number, rel=5.1e-6, abs=0)
    assert rounded(once) == once
    assert float(f"{once:.5e}") == once


# Storing


def test_the_notebook_stores_this_form(runs: pd.DataFrame) -> None:
    chart = charts.layer(charts.points(runs, "flops", "loss"), description=SAYS)
    data = chart._repr_mimebundle_(None, None)
    data = data[0] if isinstance(data, tuple) else data
    assert set(data) == {"application/vnd.vegalite.v5+json", "text/plain"}
    assert data["text/plain"] == data[MIME]["description"] == SAYS
    assert data[MIME]["config"] == LIGHT


def test_a_description_is_asked_for(runs: pd.DataFrame) -> None:
    mark = charts.points(runs, "flops", "loss")
    with pytest.raises(sn.DataError, match=r"no description.*layer"):
        bundle(mark.to_dict())
    with pytest.raises(sn.DataError, match="no description"):
        bundle(charts.layer(mark, description="").to_dict())
    with pytest.raises(TypeError, match="description"):
        charts.layer(mark)  # type: ignore[call-arg]


def test_a_frame_is_stored_once(runs: pd.DataFrame) -> None:
    marks = [charts.line(runs, "flops", "loss", kind=k) for k in KINDS]  # type: ignore[arg-type]
    spec = layered(*marks, charts.points(runs, "params", "loss"))
    assert sorted(spec["datasets"]) == ["frame-0", "frame-1"]
    data = every(spec, "data")
    assert len(data) >= 2
    assert not [d for d in data if "values" in d]
    assert {d["name"] for d in data} == {"frame-0", "frame-1"}


def test_frames_that_differ_are_stored_apart(runs: pd.DataFrame) -> None:
    other = runs.assign(loss=runs["loss"] * 1.01)
    spec = layered(
        charts.line(runs, "flops", "loss"), charts.line(other, "flops", "loss")
    )
    a, b = spec["datasets"].values()
    assert a[0]["loss"] == rounded(float(runs["loss"][0]))
    assert b[0]["loss"] == rounded(float(other["loss"][0]))


def test_missing_values_are_stored_as_null(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    runs.loc[3, "loss"] = np.nan
    spec = layered(charts.points(runs, "flops", "loss"))
    assert spec["datasets"]["frame-0"][3]["loss"] is None
    drawn(spec, capfd)


def test_only_drawn_columns_are_stored(runs: pd.DataFrame) -> None:
    marks = [
        (charts.points(runs, "flops", "loss", color="family"), "flops loss family"),
        (charts.points(runs, "flops", "loss", shape="family"), "flops loss family"),
        (charts.line(runs, "flops", "loss", detail="family"), "flops loss family"),
        (charts.band(runs, "flops", "loss"), "flops low high"),
        (charts.whiskers(runs, "loss", "name"), "loss name low high"),
        (charts.text(runs, "flops", "loss", "name"), "flops loss name"),
    ]
    for mark, columns in marks:
        for frame in layered(mark)["datasets"].values():
            assert set(frame[0]) == set(columns.split())
            assert len(frame) == 13


def test_the_frame_is_left_alone(runs: pd.DataFrame) -> None:
    runs.index = pd.Index(list("abcdefghijklm"))
    before = runs.copy(deep=True)
    layered(charts.points(runs, "flops", "loss"))
    pd.testing.assert_frame_equal(runs, before)


# Marks and themes


@pytest.mark.parametrize(
    "kind",
    ["measured", "held-out", "fit", "printed", "simulated", "reference", "guess"],
)
@pytest.mark.parametrize(
    ("draw", "x", "y"),
    [
        (charts.points, "flops", "loss"),
        (charts.line, "flops", "loss"),
        (charts.band, "flops", "loss"),
        (charts.whiskers, "loss", "name"),
    ],
    ids=["points", "line", "band", "whiskers"],
)
def test_a_kind_has_a_style_or_is_refused(
    runs: pd.DataFrame, draw: Any, x: str, y: str, kind: Any
) -> None:
    # Else it would be drawn in Vega-Lite's own blue, which has no meaning here.
    try:
        used = styles(draw(runs, x, y, kind=kind))
    except sn.DataError:
        return
    assert used
    assert set(used) <= LIGHT["style"].keys()


def test_themes_differ_in_colors_only() -> None:
    def shape(item: Any) -> Any:
        if isinstance(item, dict):
            return {k: shape(v) for k, v in item.items()}
        if isinstance(item, list):
            return [shape(v) for v in item]
        return "color" if isinstance(item, str) and item.startswith("#") else item

    assert shape(LIGHT) == shape(DARK)
    for name, style in LIGHT["style"].items():
        assert style["color"] != DARK["style"][name]["color"], name


def luminance(color: str) -> float:
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    dark, light = sorted([luminance(a), luminance(b)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "page"), [(LIGHT, "#ffffff"), (DARK, "#121212")])
def test_colors_stand_out_from_the_page(theme: dict[str, Any], page: str) -> None:
    # WCAG 2.2: 3 to 1 for graphics, 4.5 to 1 for text.
    for name, style in theme["style"].items():
        least = 4.5 if name == "note" else 3.0
        assert contrast(style["color"], page) >= least, name
    for part in ("axis", "legend"):
        for key in ("labelColor", "titleColor"):
            assert contrast(theme[part][key], page) >= 4.5, (part, key)


def steps(ramp: list[str], n: int = 8) -> list[str]:
    """Return the colors of a ramp, with those between its stops."""
    found = []
    for low, high in itertools.pairwise(ramp):
        ends = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (low, high)]
        for share in np.linspace(0, 1, n):
            mixed = [round(a + share * (b - a)) for a, b in zip(*ends, strict=True)]
            found.append("#" + "".join(f"{v:02x}" for v in mixed))
    return found


def test_a_ramp_means_the_same_by_day_and_by_night() -> None:
    assert LIGHT["range"]["ramp"] == DARK["range"]["ramp"] == RAMP
    for color in steps(RAMP):
        assert min(contrast(color, page) for page in ("#ffffff", "#14181d")) >= 3.0
    # Larger is darker all along, for readers who do not tell the hues apart.
    light = [luminance(color) for color in RAMP]
    assert light == sorted(light, reverse=True)


def test_every_mark_is_drawn_quietly(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    marks = [
        charts.points(runs, "flops", "loss", color="family", shape="family"),
        charts.points(runs, "flops", "loss", kind="held-out"),
        charts.line(runs, "flops", "loss", color="family", extrapolated=True),
        charts.band(runs, "flops", "loss"),
        charts.whiskers(runs, "loss", "name"),
        charts.rule(1e20, "x", "flops"),
        charts.rule(1.8, "y", "loss"),
        charts.text(runs, "flops", "loss", "name"),
    ]
    for mark in marks:
        svg = drawn(layered(mark), capfd)
        assert "NaN" not in svg
        assert "undefined" not in svg


def test_a_warning_while_drawing_would_be_seen(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    spec = layered(charts.points(runs, "flops", "loss"))
    spec["layer"][0]["encoding"]["x"]["scale"]["zero"] = True
    with pytest.raises(AssertionError, match="zero"):
        drawn(spec, capfd)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_mark_has_the_color_of_its_kind_and_no_other(
    runs: pd.DataFrame,
    kind: Any,
    theme: dict[str, Any],
    capfd: pytest.CaptureFixture[str],
) -> None:
    for mark in (charts.points, charts.line, charts.band):
        spec = layered(mark(runs, "flops", "loss", kind=kind))
        svg = drawn({**spec, "config": theme}, capfd).lower()
        assert theme["style"][kind]["color"].lower() in svg
        for other in set(KINDS) - {kind}:
            assert theme["style"][other]["color"].lower() not in svg


def test_held_out_runs_are_hollow(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    solid = drawn(layered(charts.points(runs, "flops", "loss")), capfd)
    hollow = drawn(
        layered(charts.points(runs, "flops", "loss", kind="held-out")), capfd
    )
    blue = LIGHT["style"]["measured"]["color"]
    assert f'fill="{blue}"' in solid
    assert f'fill="{blue}"' not in hollow
    assert f'stroke="{blue}"' in hollow


def test_extrapolated_and_printed_lines_are_dashed(runs: pd.DataFrame) -> None:
    def dash(**options: Any) -> Any:
        mark = charts.line(runs, "flops", "loss", **options).to_dict()["mark"]
        return mark.get("strokeDash")

    assert dash() is None
    assert dash(extrapolated=True)
    assert dash(kind="printed")


# Axes


def test_counts_are_labeled_in_millions_and_billions(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    labels = texts(drawn(layered(charts.points(runs, "params", "loss")), capfd))
    assert {"1M", "10M", "100M", "1B", "10B", "100B", "1T"} <= set(labels)
    assert not [x for x in labels if re.fullmatch(r"[0-9.]+G", x)]
    # Of a decade, only 1 and 3 are labeled.
    assert not [x for x in labels if re.fullmatch(r"[24-9]0*[MBT]", x)]
    assert {"Parameters N", "Loss L (nats per token)"} <= set(labels)


def test_compute_is_labeled_in_powers_of_ten(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    labels = texts(drawn(layered(charts.points(runs, "flops", "loss")), capfd))
    assert {"1e16", "1e20", "1e24"} <= set(labels)
    assert not [x for x in labels if "e+" in x]
    assert "Training compute C (FLOP)" in labels


@pytest.mark.parametrize(
    "column",
    ["params", "tokens", "flops", "tokens_per_param", "unique_tokens", "budget", "k"],
)
def test_counts_bring_a_logarithmic_axis(column: str) -> None:
    assert charts.axis(column)["log"]
    assert charts.axis(column)["ticks"]
    assert charts.axis(column, log=False)["ticks"] is None


def test_other_columns_bring_a_plain_axis(runs: pd.DataFrame) -> None:
    def scale(x: Any) -> Any:
        return charts.points(runs, x, "loss").to_dict()["encoding"]["x"]["scale"]

    assert not charts.axis("loss")["log"]
    assert charts.axis("loss", "Bits per byte")["title"] == "Bits per byte"
    assert charts.axis("some_thing")["title"] == "some thing"
    assert charts.axis("some_thing", log=True)["ticks"]
    assert scale("params")["type"] == "log"
    assert "type" not in scale(charts.axis("params", log=False))
    assert scale(charts.axis("params", log=False, zero=True))["zero"] is True


def test_years_are_whole_and_have_no_comma() -> None:
    frame = pd.DataFrame({"year": [2025.5, 2028.0], "loss": [3.0, 2.9]})
    chart = charts.layer(charts.line(frame, "year", "loss"), description="Years.")
    label = chart.to_dict()["layer"][0]["encoding"]["x"]["axis"]["labelExpr"]
    assert "floor" in label
    assert "'d'" in label


def test_hovering_shows_the_columns(runs: pd.DataFrame) -> None:
    mark = charts.points(runs, "params", "loss", color="family").to_dict()
    tips = mark["encoding"]["tooltip"]
    assert [(t["field"], t["type"]) for t in tips] == [
        ("params in words", "nominal"),
        ("loss", "quantitative"),
        ("family", "nominal"),
    ]


def test_tooltips_and_legends_say_what_the_axis_does(
    capfd: pytest.CaptureFixture[str],
) -> None:
    frame = pd.DataFrame({"params": [1e9, 1.7e8], "flops": [1e20, 3.4e18], "loss": 2.0})
    spec = layered(charts.points(frame, "flops", "loss", color="params"))
    assert {"1B", "170M"} <= set(texts(drawn(spec, capfd)))
    # What hovering would show, written beside the points.
    (mark,) = spec["layer"]
    for field, words in (("params", {"1B", "170M"}), ("flops", {"1e20", "3.4e18"})):
        told = next(
            t["field"]
            for t in mark["encoding"]["tooltip"]
            if t["field"].startswith(field)
        )
        named = {**mark, "mark": "text"}
        named["encoding"] = mark["encoding"] | {"text": {"field": told}}
        shown = drawn({**spec, "layer": [named]}, capfd)
        assert words <= set(texts(shown))


def test_lines_in_the_color_of_their_points_leave_one_legend() -> None:
    names = ["repeated", "repeated, best decay", "fresh"]
    frame = pd.DataFrame(
        [(k, k + i, name) for i, name in enumerate(names) for k in (1, 2, 3)],
        columns=["k", "loss", "data"],
    )
    dots = charts.points(frame.iloc[::-1], "k", "loss", color="data", shape="data")
    spec = layered(charts.line(frame, "k", "loss", color="data"), dots)
    (legend,) = vl_convert.vegalite_to_vega(spec)["legends"]
    assert {"fill", "shape", "stroke"} <= set(legend)
    # Both marks take the colors in one order, and the marks given stay as they were.
    scales = [mark["encoding"]["color"]["scale"]["domain"] for mark in spec["layer"]]
    assert scales == [names, names]
    assert "scale" not in dots.to_dict()["encoding"]["color"]


@pytest.mark.parametrize("few", [True, False])
def test_numbers_color_points(
    runs: pd.DataFrame, few: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    more = pd.concat([runs, runs.assign(params=runs["params"] * 2)])
    frame = runs.iloc[:6] if few else more
    svg = drawn(layered(charts.points(frame, "flops", "loss", color="params")), capfd)
    assert "Parameters N" in texts(svg)
    fills = re.findall(r'fill="(rgb\([^"]*\)|#[0-9a-fA-F]{6})"', svg)
    assert len(set(fills)) >= 6


# Refusals


@pytest.mark.parametrize("missing", ["flops", "loss", "family"])
def test_missing_columns_are_named(runs: pd.DataFrame, missing: str) -> None:
    frame = runs.drop(columns=missing)
    with pytest.raises(sn.DataError, match=f"no column '{missing}'; it has 'params'"):
        charts.points(frame, "flops", "loss", color="family")
    with pytest.raises(sn.DataError, match=f"no column '{missing}'"):
        charts.line(frame, "flops", "loss", detail="family")


def test_missing_ends_of_an_interval_are_named(runs: pd.DataFrame) -> None:
    frame = runs.drop(columns="high")
    with pytest.raises(sn.DataError, match="no column 'high'"):
        charts.band(frame, "flops", "loss")
    with pytest.raises(sn.DataError, match="no column 'high'"):
        charts.whiskers(frame, "loss", "name")
    with pytest.raises(sn.DataError, match="no column 'label'"):
        charts.text(frame, "flops", "loss", "label")


# Whole figures


def test_charts_beside_each_other(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = [
        charts.layer(charts.points(runs, x, "loss"), description=f"Of {x}.")
        for x in ("params", "tokens")
    ]
    spec = shown(charts.beside(*parts, description=SAYS, width=250))
    assert spec["description"] == SAYS
    assert [p["width"] for p in spec["hconcat"]] == [250, 250]
    labels = texts(drawn(spec, capfd))
    assert {"Parameters N", "Training tokens D"} <= set(labels)


@pytest.mark.parametrize("x", ["flops", "params", "tokens"])
def test_the_loss_curve_is_the_laws_optimum(
    chinchilla_240: pd.DataFrame,
    boot_240: sn.Bootstrap,
    x: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    chart = charts.loss_curve(chinchilla_240, boot_240, x=x, description=SAYS)
    spec = shown(chart)
    drawn(spec, capfd)
    frames = {len(f): f for f in spec["datasets"].values() if set(f[0]) == {x, "loss"}}
    assert sorted(frames) == [60, 240]
    best = boot_240.law.optimum(float(chinchilla_240["flops"].min()))
    assert frames[60][0]["loss"] == pytest.approx(best.loss, rel=1e-5)
    assert (
        shown(charts.loss_curve(chinchilla_240, boot_240, x=x, description=SAYS))
        == spec
    )


@pytest.mark.parametrize("column", ["flops", "loss"])
def test_a_loss_curve_names_a_missing_column(
    chinchilla_240: pd.DataFrame, boot_240: sn.Bootstrap, column: str
) -> None:
    with pytest.raises(sn.DataError, match=f"'{column}'"):
        charts.loss_curve(
            chinchilla_240.drop(columns=column), boot_240, description=SAYS
        )


def test_isoflop_curves(
    chinchilla_240: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    budgets = [6e18, 1e19, 3e19, 6e19, 1e20]
    profile = sn.isoflop(chinchilla_240, budgets=budgets, n_resamples=20)
    spec = shown(charts.isoflop_curves(profile, description=SAYS))
    drawn(spec, capfd)
    sizes = sorted(len(f) for f in spec["datasets"].values())
    assert sizes == sorted([len(profile.runs), 200, 5])
    assert [m["style"] for m in every(spec, "mark")] == ["measured", "fit-line", "fit"]


PRINTED = sn.laws.Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
SHIFTS = {"E": 0.08, "alpha": -0.01, "beta": -0.07, "log10_A": -0.1, "log10_B": -0.4}


def constants(law: sn.laws.Law) -> dict[str, float]:
    at = {name: float(getattr(law, name)) for name in ("E", "alpha", "beta")}
    logs = {f"log10_{n}": float(np.log10(getattr(law, n))) for n in ("A", "B")}
    return at | logs


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("preset", ["our fit", "as 'printed'"])
def test_the_explorer_computes_the_objective_of_the_law(
    chinchilla_240: pd.DataFrame,
    fit_240: sn.Fit,
    preset: str,
    shifted: bool,
    capfd: pytest.CaptureFixture[str],
) -> None:
    budgets = [1e19, 1e20, 1e21]
    runs = sn.isoflop(chinchilla_240, budgets=budgets, n_resamples=20).runs
    presets = {"as 'printed'": PRINTED}
    spec = shown(
        charts.explorer(
            runs,
            fit_240,
            budgets=budgets,
            presets=presets,
            plan=5.76e23,
            description=SAYS,
        )
    )
    params = {param["name"]: param for param in spec["params"]}
    menu = params["law_"]
    assert menu["value"] == "our fit"
    assert menu["bind"]["options"] == ["our fit", *presets]
    menu["value"] = preset
    at = constants(PRINTED if preset in presets else fit_240.law)
    for name, shift in SHIFTS.items():
        slider = params[f"shift_{name}_"]
        assert slider["bind"]["min"] < slider["value"] == 0 < slider["bind"]["max"]
        if shifted:
            slider["value"] = shift
            at[name] += shift
    law = sn.laws.Chinchilla(
        at["E"], 10 ** at["log10_A"], 10 ** at["log10_B"], at["alpha"], at["beta"]
    )
    # The page evaluates the law by itself: its words come from there.
    said = texts(drawn(spec, capfd))
    (told,) = [t for t in said if t.startswith("objective: ")]
    ratio = fit_240.objective_of(law) / fit_240.objective
    assert float(re.findall(r"[0-9.]+", told)[0]) == pytest.approx(ratio, rel=2e-3)
    assert (ratio > 1.001) is (shifted or preset in presets)
    assert f"alpha {law.alpha:.4f}, beta {law.beta:.4f}" in said
    assert f"E {law.E:.3f}, A {law.A:.0f}, B {law.B:.0f}" in said
    best = float(sn.allocate(law, flops=5.76e23).params[0]) / 1e9
    (size,) = [t for t in said if t.startswith("best size at 5.76e23 FLOP: ")]
    # Two digits are shown.
    assert float(size.split()[-1].removesuffix("B")) == pytest.approx(best, rel=0.05)


def test_the_explorer_without_presets_has_no_menu(
    chinchilla_240: pd.DataFrame, fit_240: sn.Fit, capfd: pytest.CaptureFixture[str]
) -> None:
    runs = sn.isoflop(chinchilla_240, budgets=[1e19, 1e20, 1e21], n_resamples=20).runs
    spec = shown(charts.explorer(runs, fit_240, budgets=[1e20], description=SAYS))
    assert {p["bind"]["input"] for p in spec["params"] if "bind" in p} == {"range"}
    assert "objective: 1.000 times the least" in texts(drawn(spec, capfd))


def test_the_explorer_names_a_preset_of_another_form(
    chinchilla_240: pd.DataFrame, fit_240: sn.Fit
) -> None:
    runs = chinchilla_240.assign(budget=1e20)
    with pytest.raises(sn.DataError, match="'mine' is 3"):
        charts.explorer(
            runs, fit_240, budgets=[1e20], presets={"mine": 3}, description=SAYS
        )


def test_the_explorer_names_a_missing_column(
    chinchilla_240: pd.DataFrame, fit_240: sn.Fit
) -> None:
    with pytest.raises(sn.DataError, match="'budget'"):
        charts.explorer(chinchilla_240, fit_240, budgets=[1e20], description=SAYS)


@pytest.mark.parametrize("exponent", [9.0, 9.5, 10.0])
def test_the_moving_cut_shows_one_forecast(
    exponent: float, capfd: pytest.CaptureFixture[str]
) -> None:
    flops = np.array([1e8, 1e9, 3e9, 1e10, 1e11])
    best = pd.DataFrame({"flops": flops, "loss": [2.4, 2.3, 2.2, 2.1, 2.0]})
    forecasts = pd.concat(
        best.assign(cut=cut, loss=2 + i, low=1 + i, high=3 + i)
        for i, cut in enumerate([1e9, 3e9, 1e10])
    )
    spec = shown(charts.moving_cut(best, forecasts, description=SAYS))
    (slider,) = spec["params"]
    assert (slider["bind"]["min"], slider["bind"]["max"]) == (9, 10)
    slider["value"] = exponent
    svg = drawn(spec, capfd)
    i = [9.0, 9.5, 10.0].index(exponent)
    cut = ["1e9", "3e9", "1e10"][i]
    said = re.sub("<[^>]*>", "", svg)
    assert f"1e11 FLOP from {cut}:" in said
    assert f"{2 + i}.000 [{1 + i}.000, {3 + i}.000]" in said
    assert said.count("FLOP from") == said.count("measured: 2.000") == 1


# Small numbers, bytes, colored bands


def test_log_ticks_below_one_are_plain_numbers(
    capfd: pytest.CaptureFixture[str],
) -> None:
    frame = pd.DataFrame({"params": [1e8, 1e11], "cost": [0.003, 3.0]})
    words = texts(drawn(layered(charts.points(frame, "params", "cost")), capfd))
    assert "0.01" in words
    assert not [w for w in words if w.endswith("m")]


def test_an_unknown_logged_column_has_plain_ticks_too(
    capfd: pytest.CaptureFixture[str],
) -> None:
    frame = pd.DataFrame({"params": [1e8, 1e11], "divergence": [0.003, 3000.0]})
    a = charts.axis("divergence", log=True)
    words = texts(drawn(layered(charts.points(frame, "params", a)), capfd))
    assert {"0.01", "1k"} <= set(words)


def test_memory_is_told_in_bytes(capfd: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"memory": [1e8, 1e11], "loss": [3.0, 2.0]})
    words = texts(drawn(layered(charts.points(frame, "memory", "loss")), capfd))
    assert {"1GB", "10GB", "300MB"} <= set(words)


@pytest.mark.parametrize("column", ["bits", "family"])
def test_bands_take_the_colors_of_their_lines(
    runs: pd.DataFrame, column: str, capfd: pytest.CaptureFixture[str]
) -> None:
    both = pd.concat([runs.assign(bits=4), runs.assign(bits=3)])
    spec = layered(
        charts.band(both, "params", "loss", color=column),
        charts.line(both, "params", "loss", color=column),
    )
    area, line = every(spec, "encoding")
    # The swatches of the legend are as strong as the lines.
    assert area["color"].pop("legend")["symbolOpacity"] == 1
    line["color"].pop("legend", None)
    assert area["color"] == line["color"]
    assert area["color"]["field"] == column
    drawn(spec, capfd)


def test_a_legend_of_shapes_shows_on_dark(
    runs: pd.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    # Colors tell the bits, so the legend of families has symbols of no color.
    marks = charts.points(
        runs.assign(bits=4), "params", "loss", color="bits", shape="family"
    )
    dark = drawn({**layered(marks), "config": DARK}, capfd)
    assert f'fill="{DARK["legend"]["symbolBaseFillColor"]}"' in dark
    assert 'fill="black"' not in dark


def test_what_is_no_frame_or_no_chart_is_refused() -> None:
    with pytest.raises(sn.DataError, match="is a dict; give a pandas DataFrame"):
        charts.points({"x": [1], "y": [2]}, "x", "y")  # type: ignore[arg-type]
    for together in (charts.layer, charts.beside):
        with pytest.raises(sn.DataError, match=r"takes charts, .*; 3 is none"):
            together(3, description="A chart.")  # type: ignore[operator]
