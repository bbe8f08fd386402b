"""The calculator: what the page says is what allocate says."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert

import scaling_notes as sn
from scaling_notes import charts
from scaling_notes.book.site.vegalite import version
from scaling_notes.charts._theme import MIME, bundle
from scaling_notes.fitting import count

SAYS = "The best size and tokens for a budget, in gray the reach of the runs."
SERVED = [0.0, 1e12, 1e15]


@pytest.fixture(scope="module")
def boot(fit_240: sn.Fit) -> sn.Bootstrap:
    return fit_240.bootstrap(50)


@pytest.fixture(scope="module")
def spec(boot: sn.Bootstrap, chinchilla_240: pd.DataFrame) -> dict[str, Any]:
    chart = charts.calculator(
        boot,
        chinchilla_240,
        flops=(1e20, 1e24),
        inference_tokens=SERVED,
        description=SAYS,
    )
    stored: dict[str, Any] = json.loads(json.dumps(bundle(chart.to_dict())[MIME]))
    return stored


def words(spec: dict[str, Any], power: float, served: float) -> str:
    """Return the words that the page shows for a budget and tokens to serve."""
    spec = json.loads(json.dumps(spec))
    for param in spec["params"]:
        param["value"] = {"power": power, "serve": served}[param["name"]]
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=version())
    return " ".join(re.sub("<[^>]*>", " ", svg).split())


@pytest.mark.parametrize(("power", "served"), [(20.0, 0.0), (22.5, 1e12), (24.0, 0.0)])
def test_the_page_says_what_allocate_says(
    spec: dict[str, Any], boot: sn.Bootstrap, power: float, served: float
) -> None:
    said = words(spec, power, served)
    plan = sn.allocate(boot, 10**power, inference_tokens=served)
    for name, row in (("params", "Parameters"), ("tokens", "Training tokens")):
        i = plan.interval(name)
        assert f"{row}: {count(i.value)} ({count(i.low)} to {count(i.high)})" in said
    i = plan.interval("loss")
    assert f"Loss: {i.value:.2f} nats per token ({i.low:.2f} to {i.high:.2f})" in said
    assert said.count("Budget") == said.count("Parameters:") == 1


def test_level_and_calibration_are_passed_on(
    boot: sn.Bootstrap, chinchilla_240: pd.DataFrame
) -> None:
    chart = charts.calculator(
        boot,
        chinchilla_240,
        flops=(1e24, 1e24),
        inference_tokens=[0.0],
        description=SAYS,
        confidence_level=0.8,
        calibration=None,
    )
    said = words(json.loads(json.dumps(bundle(chart.to_dict())[MIME])), 24.0, 0.0)
    i = sn.allocate(boot, 1e24, calibration=None).interval("params", 0.8)
    assert f"Parameters: {count(i.value)} ({count(i.low)} to {count(i.high)})" in said


def test_it_says_how_far_beyond_the_runs(
    spec: dict[str, Any], chinchilla_240: pd.DataFrame
) -> None:
    assert "within the runs fitted" in words(spec, 21.0, 0.0)
    times = 1e24 / chinchilla_240["flops"].max()
    assert f"{times:.0f} times the largest run" in words(spec, 24.0, 0.0)


def test_a_budget_that_cannot_pay_for_use_says_so(spec: dict[str, Any]) -> None:
    said = words(spec, 20.0, 1e15)
    assert f"too little to serve {count(1e15)} tokens" in said
    assert "Parameters:" not in said


def test_every_choice_has_an_answer(spec: dict[str, Any]) -> None:
    slider, choice = (param["bind"] for param in spec["params"])
    powers = np.arange(slider["min"], slider["max"] + 0.1, slider["step"])
    notes = next(
        frame
        for frame in spec["datasets"].values()
        if "words" in frame[0] and "row" not in frame[0]
    )
    there = {(note["power"], note["served"]) for note in notes}
    assert there == {(p, s) for p in powers for s in choice["options"]}
    assert len(notes) == len(there)


def test_it_names_a_missing_column(boot: sn.Bootstrap) -> None:
    with pytest.raises(sn.DataError, match="'tokens'"):
        charts.calculator(
            boot,
            pd.DataFrame({"params": [1.0]}),
            flops=(1e20, 1e24),
            inference_tokens=[0.0],
            description=SAYS,
        )
