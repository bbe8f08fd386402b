"""The compute cut of the laboratory: a slider moves fit and forecast, no kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

PAGE = "book/pretraining/laboratory.html"
HOLLOW = "svg .mark-symbol path[fill='transparent'], svg .mark-symbol path[fill='none']"


@pytest.fixture(scope="module")
def chart(browser: Browser, address: str) -> Iterator[Locator]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(f"{address}/{PAGE}")
    chart = page.locator(".chart[aria-label*='cut that a slider moves']")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", re.compile("."))
    yield chart
    page.close()


def said(chart: Locator) -> tuple[float, ...]:
    """Return cut, forecast, low, high and the measured loss as the chart tells them.

    It tells them for the place of the slider, at the latest after a while.
    """
    at = float(chart.locator("input[type=range]").input_value())
    told = chart.locator("svg text", has_text="measured")
    exponent, half = divmod(at, 1)
    cut = f"{3 if half else 1}e{exponent:.0f}"
    expect(told).to_contain_text(f"from {cut}:")
    words = told.text_content() or ""
    numbers = re.findall(r"from (\de\d+):(.*) \[(.*), (.*)\]measured: (.*)", words)
    assert len(numbers) == 1, words
    return tuple(map(float, numbers[0]))


def test_dragging_the_cut_changes_fit_and_forecast(chart: Locator) -> None:
    slider = chart.locator("input[type=range]")
    slider.press("Home")
    seen = []
    for _ in range(10):
        line = chart.locator("svg .mark-line path").first.get_attribute("d")
        seen.append((*said(chart), chart.locator(HOLLOW).count(), line))
        before = slider.input_value()
        slider.press("ArrowRight")
        if slider.input_value() == before:
            break
    cuts, forecasts, lows, highs, measured, hidden, lines = zip(*seen, strict=True)
    assert len(seen) >= 5
    assert list(cuts) == sorted(set(cuts))
    assert all(a < b < c for a, b, c in zip(lows, forecasts, highs, strict=True))
    # The largest cut is nearer to what was measured than the smallest.
    misses = [abs(f - m) for f, m in zip(forecasts, measured, strict=True)]
    assert misses[-1] < misses[0] / 3
    assert list(hidden) == sorted(set(hidden), reverse=True)
    assert len(set(lines)) == len(lines)


def test_the_mouse_drags_it_too(chart: Locator) -> None:
    slider = chart.locator("input[type=range]")
    slider.press("Home")
    first = said(chart)
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    chart.page.mouse.move(box["x"] + 3, middle)
    chart.page.mouse.down()
    chart.page.mouse.move(box["x"] + box["width"] - 3, middle, steps=5)
    chart.page.mouse.up()
    assert said(chart)[0] > first[0]
