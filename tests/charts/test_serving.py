"""The cost of a smaller model: what the page says is what the law says."""

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
from scaling_notes.errors import DataError

SAYS = "Total cost against size, least at a smaller size the more is served."
LAWS = {
    "ours": sn.laws.Chinchilla(E=1.82, A=478.0, B=2143.0, alpha=0.347, beta=0.367),
    "one exponent": sn.laws.SharedExponent(E=1.7, A=99.0, B=269.0, alpha=0.26),
}
PAIRS = pd.DataFrame({"size": [0.5, 0.3], "tokens": [5.0, 9.0]})


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    chart = charts.serving_cost(LAWS, PAIRS, description=SAYS)
    stored: dict[str, Any] = json.loads(json.dumps(bundle(chart.to_dict())[MIME]))
    return stored


def words(spec: dict[str, Any], served: float, price: float) -> str:
    """Return the words that the page shows at these choices."""
    spec = json.loads(json.dumps(spec))
    for param in spec["params"]:
        param["value"] = {"served_": served, "price_": price}[param["name"]]
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=version())
    return " ".join(re.sub("<[^>]*>", " ", svg).split())


@pytest.mark.parametrize(("served", "price"), [(10.0, 1.0), (1.0, 2.0), (100.0, 4.0)])
@pytest.mark.parametrize("name", LAWS)
def test_the_page_says_what_the_law_says(
    spec: dict[str, Any], name: str, served: float, price: float
) -> None:
    said = re.search(
        rf"{name}: size ([\d.]+), tokens x ([\d.]+), cost (\d+)%",
        words(spec, served, price),
    )
    assert said
    law, use = LAWS[name], served * price
    size = law.size_to_serve(use)
    tokens = law.equal_loss_tokens(size)
    assert float(said[1]) == pytest.approx(size, abs=0.012)
    assert float(said[2]) == pytest.approx(tokens, rel=0.06)
    total = size * (tokens + use / 3) / (1 + use / 3)
    assert float(said[3]) == pytest.approx(100 * total, abs=0.6)


def test_it_draws_the_measured_pairs(spec: dict[str, Any]) -> None:
    stored = spec["datasets"].values()
    assert any(len(frame) == len(PAIRS) for frame in stored)


def test_it_refuses_what_is_no_law_of_size_and_data() -> None:
    with pytest.raises(DataError, match="law or more"):
        charts.serving_cost({}, description=SAYS)
    law = sn.laws.PowerLaw(1.0, 2.0, 0.3)
    with pytest.raises(DataError, match="size and data"):
        charts.serving_cost({"x": law}, description=SAYS)  # type: ignore[dict-item]


def test_the_menu_begins_at_one_of_its_choices() -> None:
    with pytest.raises(DataError, match="served must be one of 1, 3, 10"):
        charts.serving_cost(LAWS, served=7, description=SAYS)


def test_a_curve_may_be_counted_from_another_model() -> None:
    law = LAWS["ours"]
    size = np.geomspace(0.2, 1.0, 161)
    curve = pd.DataFrame({"size": size, "tokens": law.equal_loss_tokens(size)})
    both = charts.serving_cost({"law": law, "curve": curve}, description=SAYS)
    stored = json.loads(json.dumps(bundle(both.to_dict())[MIME]))
    said = words(stored, 10.0, 1.0)
    assert len(set(re.findall(r"(?:law|curve): (size \S+ tokens x \S+)", said))) == 1
    with pytest.raises(DataError, match="tokens"):
        charts.serving_cost({"x": curve[["size"]]}, description=SAYS)


def test_sizes_too_small_are_left_out(spec: dict[str, Any]) -> None:
    curves = max(spec["datasets"].values(), key=len)
    assert all(np.isfinite(row["tokens"]) for row in curves)
