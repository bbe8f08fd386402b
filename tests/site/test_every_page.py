"""What must hold on every page of the built book, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Visit

MAX_BYTES = 4_000_000
SECONDS = 1000  # milliseconds, the unit of playwright

# Opens what is folded; of the thousands of rows that are all alike, few are left.
UNFOLD = """async () => {
  for (const row of document.querySelectorAll(".chart-table tr:nth-child(n+4)"))
    row.remove();
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  await Promise.all(document.getAnimations().map(animation => animation.finished));
}"""

# Shapes that Vega draws for data, whatever the mark.
MARKS = "svg :is(.mark-symbol, .mark-line, .mark-area, .mark-rect, .mark-rule) path"


def set_theme(visit: Visit, theme: str) -> None:
    """Press the theme's own button until the page has the theme."""
    button = visit.page.locator("button.theme-switch-button:visible").first
    for _ in range(3):
        if visit.page.evaluate("document.documentElement.dataset.theme") == theme:
            break
        button.click()
    expect(visit.page.locator("html")).to_have_attribute("data-theme", theme)
    visit.page.mouse.move(0, 0)
    visit.read()


def serious_violations(page: Page, rules: list[str] | None = None) -> list[str]:
    # Axe would fetch imported styles once more, from the wrong folder.
    options: dict[str, object] = {"preload": False, "resultTypes": ["violations"]}
    if rules is not None:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['help']}; {node['html'][:200]}"
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def slider_values(page: Page) -> list[str]:
    return page.locator(".chart input[type=range]").evaluate_all(
        "sliders => sliders.map(slider => slider.value)"
    )


def test_page_asks_no_other_host(visit: Visit, address: str) -> None:
    foreign = [url for url in visit.urls if not url.startswith((address, "data:"))]
    assert foreign == []
    assert visit.failures == []


def test_page_is_light(visit: Visit) -> None:
    n_bytes = visit.page.evaluate(
        """() => ["navigation", "resource"]
          .flatMap(type => performance.getEntriesByType(type))
          .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
    )
    print(f"\n{n_bytes / 1e6:.2f} MB  {visit.name}")
    assert 10_000 < n_bytes < MAX_BYTES


def test_scripts_are_loaded_only_where_used(visit: Visit) -> None:
    names = {urlsplit(url).path.rpartition("_static/")[2] for url in visit.urls}
    has_charts = visit.page.locator(".chart").count() > 0
    has_formulas = visit.page.locator(".math").count() > 0
    assert ("vega.js" in names, "charts.js" in names) == (has_charts, has_charts)
    assert ("mathjax/startup.js" in names) == has_formulas


def test_every_chart_is_drawn(visit: Visit) -> None:
    for chart in visit.page.locator(".chart").all():
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_attribute("data-drawn", "light", timeout=10 * SECONDS)
        label = chart.get_attribute("aria-label")
        assert label
        assert chart.locator(MARKS).count() > 0, f"no marks in: {label}"


def test_every_formula_is_set(visit: Visit) -> None:
    formulas = visit.page.locator("article .math")
    for formula in formulas.all():
        assert formula.locator("mjx-container").count() > 0, formula.inner_text()
    assert visit.page.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible(visit: Visit, theme: str) -> None:
    set_theme(visit, theme)
    visit.page.evaluate(UNFOLD)
    assert serious_violations(visit.page) == []
    set_theme(visit, "light")


def test_sliders_move_their_chart(visit: Visit) -> None:
    for chart in visit.page.locator(".chart:has(input[type=range])").all():
        chart.scroll_into_view_if_needed()
        drawing = chart.locator("svg").first
        for slider in chart.locator("input[type=range]").all():
            before = drawing.inner_html()
            value = slider.input_value()
            for key in ("End", "Home"):
                slider.press(key)
                if slider.input_value() != value:
                    break
            assert slider.input_value() != value
            visit.page.wait_for_timeout(300)
            assert drawing.inner_html() != before, chart.get_attribute("aria-label")


def test_theme_switch_redraws_and_keeps_sliders(visit: Visit) -> None:
    values = slider_values(visit.page)
    for theme in ("dark", "light"):
        before = visit.page.locator(".chart svg").evaluate_all(
            "drawings => drawings.map(drawing => drawing.outerHTML)"
        )
        set_theme(visit, theme)
        for chart in visit.page.locator(".chart").all():
            chart.scroll_into_view_if_needed()
            expect(chart).to_have_attribute("data-drawn", theme, timeout=10 * SECONDS)
        after = visit.page.locator(".chart svg").evaluate_all(
            "drawings => drawings.map(drawing => drawing.outerHTML)"
        )
        assert len(after) == len(before)
        assert not set(after) & set(before), "a chart kept the colors of before"
        assert slider_values(visit.page) == values


def test_dark_charts_are_printed_on_white(visit: Visit) -> None:
    set_theme(visit, "dark")
    n_charts = visit.page.locator(".chart").count()
    visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert visit.page.locator(".chart.printing > .chart-print svg").count() == n_charts
    visit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert visit.page.locator(".chart-print").count() == 0
    set_theme(visit, "light")


def test_nothing_sticks_out_on_a_phone(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 360, "height": 800})
    visit.page.wait_for_timeout(300)
    visit.read()
    wide = visit.page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
          [...document.querySelectorAll("main *")]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert wide == []
    assert serious_violations(visit.page, ["scrollable-region-focusable"]) == []
    visit.page.set_viewport_size({"width": 1200, "height": 900})


def test_console_has_no_errors(visit: Visit) -> None:
    """The last test of a page: it sees what all the others have caused."""
    assert visit.errors == []
