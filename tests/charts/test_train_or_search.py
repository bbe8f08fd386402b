"""Training or search: what the page says is what the formula says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import vl_convert
from scipy.optimize import minimize_scalar

from scaling_notes import charts
from scaling_notes.book.site.vegalite import version
from scaling_notes.charts._theme import MIME, bundle
from scaling_notes.errors import DataError

SAYS = "Total cost against training, least where use costs as much."
RATES = {"as printed": 1.2, 'it\'s "another"': 2.0}


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    chart = charts.train_or_search(RATES, query_share=1e-8, description=SAYS)
    stored: dict[str, Any] = json.loads(json.dumps(bundle(chart.to_dict())[MIME]))
    return stored


def words(spec: dict[str, Any], **chosen: float | str) -> str:
    """Return the words that the page shows at these choices."""
    spec = json.loads(json.dumps(spec))
    for param in spec["params"]:
        if param["name"] in chosen:
            param["value"] = chosen[param["name"]]
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=version())
    return " ".join(re.sub("<[^>]*>", " ", svg).split())


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("asked", [6.0, 8.0, 10.0])
@pytest.mark.parametrize("shift", [0.0, -0.5])
def test_the_page_says_what_the_formula_says(
    spec: dict[str, Any], name: str, asked: float, shift: float
) -> None:
    rate, use = RATES[name] + shift, 10 ** (asked - 8)

    def total(log: float) -> float:
        return float((10**log + use * 10 ** (-rate * log)) / (1 + use))

    least = minimize_scalar(total, bounds=(-3, 3), method="bounded")
    said = words(spec, from_=name, asked_=asked, shift_=shift)
    found = re.search(r"training x (\S+), test compute x (\S+) total (\d+)%", said)
    assert found
    assert float(found[1]) == pytest.approx(10**least.x, rel=0.05)
    assert float(found[2]) == pytest.approx(10 ** (-rate * least.x), rel=0.05)
    assert float(found[3]) == pytest.approx(100 * least.fun, abs=0.6)


def test_a_rate_never_falls_to_nothing(spec: dict[str, Any]) -> None:
    assert "rate 0.4:" in words(spec, shift_=-0.8)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_it_refuses_rates_that_exchange_nothing(bad: float) -> None:
    with pytest.raises(DataError, match="positive"):
        charts.train_or_search({"x": bad}, query_share=1e-8, description=SAYS)
    with pytest.raises(DataError, match="query_share"):
        charts.train_or_search(RATES, query_share=bad, description=SAYS)


def test_it_needs_a_rate() -> None:
    with pytest.raises(DataError, match="rate or more"):
        charts.train_or_search({}, query_share=1e-8, description=SAYS)
