"""How pages load: text first, little of it, from a folder, and without scripts.

What is measured is work: bytes, requests, drawings. A test of seconds would tell how
busy the machine is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, Route, expect

if TYPE_CHECKING:
    from conftest import Visit

# Bytes that a chart, and all charts of a page, may bring along. Fewer points, or numbers
# of fewer digits, draw the same picture.
MAX_DATA = 150_000  # a specification with its data, which is parsed before drawing
MAX_DATA_OF_PAGE = 400_000
MAX_PICTURES_OF_PAGE = 1_000_000  # read by browsers without scripts only
MAX_TABLES_OF_PAGE = 300_000

PARTS = {
    "data": r'<script type="application/json">(.*?)</script>',
    "pictures": r"<noscript>(<svg.*?)</noscript>",
    "tables": r'(<details class="chart-data">.*?</details>)',
}

# Lets no chart be drawn until it may, and notes in which order a page is filled.
HOLD_CHARTS = """
window.order = [];
new MutationObserver((records) => {
  for (const { type, addedNodes } of records) {
    if (type === "attributes") window.order.push("chart");
    for (const node of addedNodes)
      if (node.nodeName === "MJX-CONTAINER") window.order.push("formula");
  }
}).observe(document, { subtree: true, childList: true, attributeFilter: ["data-drawn"] });
{
  const held = new Promise((resolve) => { window.mayDraw = resolve; });
  let embed;
  Object.defineProperty(window, "vegaEmbed", {
    get: () => embed,
    set: (original) => {
      embed = (...given) => held.then(() => original(...given));
    },
  });
}
"""


def test_first_page_is_found(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    expect(page.locator("article h1")).to_be_visible()
    page.close()


def test_charts_bring_little_data(pages: dict[str, str]) -> None:
    n_charts = 0
    for name, text in pages.items():
        sizes = {
            part: [
                len(found.encode()) for found in re.findall(pattern, text, re.DOTALL)
            ]
            for part, pattern in PARTS.items()
        }
        charts = text.count('<div class="chart"')
        assert len(sizes["data"]) == len(sizes["pictures"]) == charts, name
        assert len(sizes["tables"]) <= charts, name
        n_charts += charts
        if charts:
            sums = {part: sum(found) for part, found in sizes.items()}
            print(f"\n{name}: {charts} charts, {max(sizes['data'])} at most, {sums}")
            assert max(sizes["data"]) <= MAX_DATA, name
            assert sums["data"] <= MAX_DATA_OF_PAGE, name
            assert sums["pictures"] <= MAX_PICTURES_OF_PAGE, name
            assert sums["tables"] <= MAX_TABLES_OF_PAGE, name
    assert n_charts > 5


def alike(pages: dict[str, str]) -> dict[tuple[str, ...], str]:
    """Return one page of each set of scripts; the page of results has no text."""
    found: dict[tuple[str, ...], str] = {}
    for name, text in pages.items():
        scripts = re.findall(r'<script[^>]* src="[./]*_static/([^"?]+)', text)
        if name != "search.html":
            found.setdefault(tuple(scripts), name)
    return found


class HeldScripts:
    """A page whose scripts do not come until they are let go."""

    def __init__(self, page: Page) -> None:
        self.held: list[Route] = []
        self.free = False
        page.route(re.compile(r"\.js\b"), self.hold)

    def hold(self, route: Route) -> None:
        if self.free:
            route.continue_()
        else:
            self.held.append(route)

    def let_go(self) -> None:
        self.free = True
        for route in self.held:
            route.continue_()


def test_text_is_there_before_any_script(
    browser: Browser, address: str, pages: dict[str, str]
) -> None:
    for scripts, name in alike(pages).items():
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        scripts_held = HeldScripts(page)
        page.goto(f"{address}/{name}", wait_until="commit")
        for part in ("article h1", "article p"):
            expect(page.locator(part).first).to_be_visible()
        page.wait_for_function(
            "performance.getEntriesByName('first-contentful-paint').length"
        )
        # The last part of a page: all of its text has been read.
        page.locator("footer.bd-footer").wait_for(state="attached")
        assert len(scripts_held.held) == len(scripts), name
        assert page.locator("[data-drawn], mjx-container").count() == 0
        scripts_held.let_go()
        for chart in page.locator(".chart").all()[:1]:
            chart.scroll_into_view_if_needed()
            expect(chart).to_have_attribute("data-drawn", "light")
        page.close()


@pytest.fixture
def page_at_a_chart(browser: Browser, address: str, chart_page: str) -> Iterator[Page]:
    """Open the page by an address that leads to its last chart."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.add_init_script(HOLD_CHARTS)

    def name_the_chart(route: Route) -> None:
        answer = route.fetch()
        before, mark, after = answer.text().rpartition('<div class="chart"')
        route.fulfill(response=answer, body=f'{before}<div id="here" {mark[5:]}{after}')

    page.route(re.compile(r"\.html"), name_the_chart)
    page.goto(f"{address}/{chart_page}#here")
    yield page
    page.close()


def test_an_address_leads_to_its_chart_first(page_at_a_chart: Page) -> None:
    """Formulas are set after it, and charts on the way there are not drawn."""
    page = page_at_a_chart
    expect(page.locator("#here")).to_be_in_viewport()
    page.wait_for_function("window.MathJax?.startup?.document")
    page.evaluate("new Promise((done) => requestIdleCallback(done))")
    assert page.evaluate("window.order") == []
    page.evaluate("window.mayDraw()")
    page.wait_for_function("window.order.includes('formula')")
    assert page.evaluate("window.order")[0] == "chart"
    on_the_way = page.evaluate(
        """() => [...document.querySelectorAll(".chart")].filter((chart) => {
          const place = chart.getBoundingClientRect().top;
          return place < -2 * innerHeight && place + scrollY > 2 * innerHeight;
        }).map((chart) => chart.dataset.drawn ?? "")"""
    )
    assert set(on_the_way) == {""}
    # Smooth scrolling would pass them, on a busy machine in a jump or two.
    root = page.locator("html")
    assert root.evaluate("root => getComputedStyle(root).scrollBehavior") == "auto"


def test_page_works_from_a_folder(visit_from_folder: Visit) -> None:
    page = visit_from_folder.page
    for chart in page.locator(".chart").all():
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_attribute("data-drawn", "dark")
    for formula in page.locator("article .math").all():
        expect(formula.locator("mjx-container").first).to_be_attached()
    urls = visit_from_folder.urls
    assert [url for url in urls if not url.startswith(("file:", "data:"))] == []
    assert visit_from_folder.errors == []


def test_charts_are_there_without_scripts(
    browser: Browser, address: str, chart_page: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{chart_page}")
    for chart in page.locator(".chart").all():
        expect(chart.locator("noscript svg")).to_be_visible()
        expect(chart.locator(".chart-drawing")).to_be_hidden()
    context.close()


def test_no_page_reserves_too_little_room(
    browser: Browser, address: str, chart_page: str
) -> None:
    """Drawing must not push the text: the reserved height is near the drawn one."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/{chart_page}")
    html = page.evaluate("fetch(location.href).then(answer => answer.text())")
    reserved = [
        int(n) for n in re.findall(r'"chart-drawing" style="min-height:(\d+)', html)
    ]
    for chart, height in zip(page.locator(".chart").all(), reserved, strict=True):
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_attribute("data-drawn", re.compile("."))
        drawn = chart.locator(".chart-drawing").evaluate("box => box.offsetHeight")
        assert abs(drawn - height) <= 24, chart.get_attribute("aria-label")
    context.close()
