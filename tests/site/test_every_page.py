"""What must hold on every page of the built book, in a browser."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Visit

# Bytes of a page by kind, unpacked: packed or not, a browser must read all of them. What
# all pages share is a little over what it is now, so that more of it is noticed; the text
# has the room of a long chapter: show fewer points, or part the page in two.
MAX_HTML = 1_500_000
MAX_STYLES = 520_000  # of it the theme 410,000
MAX_FONTS = 350_000  # icons, and the fonts of the formulas that the page has
MAX_SCRIPTS = 130_000  # theme, search field, copying
MAX_CHART_SCRIPTS = 930_000  # Vega
MAX_MATH_SCRIPTS = 780_000  # MathJax
MAX_SEARCH_SCRIPTS = 40_000  # and the index of all pages, which grows with the book
MAX_INDEX = 30_000  # for each page of the book
MAX_REQUESTS = 40  # of a page with formulas: MathJax comes in parts, with a dozen fonts
MAX_SHIFT = 0.1  # what the Web Vitals call good

# Charts are drawn when the reader is about to reach them: those on the screen are, those
# more than a whole screen below it are not.
ON_SCREEN, FAR_BELOW = 1, 2  # heights of the screen from its top

SENT = """() => ["navigation", "resource"]
  .flatMap((type) => performance.getEntriesByType(type))
  .filter((entry) => !entry.name.startsWith("data:"))
  .map((entry) => [entry.name, entry.decodedBodySize, entry.renderBlockingStatus])"""

# Opens what is folded; of the thousands of rows that are all alike, few are left. A move
# that another one ends early is no failure, but then that one is waited for.
UNFOLD = """async () => {
  for (const row of document.querySelectorAll(".chart-table tr:nth-child(n+4)"))
    row.remove();
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const moving = () => document.getAnimations().filter(a => a.playState === "running");
  while (moving().length) await Promise.allSettled(moving().map(a => a.finished));
}"""

# Looking for the paper behind every word takes long, so of words that look alike, all
# the way up to the page, one stands for all.
MARK_LOOKS = """() => {
  const seen = new Set();
  const look = (element) => {
    const parts = [];
    for (let e = element; e; e = e.parentElement) {
      const s = getComputedStyle(e);
      parts.push(e.tagName, s.color, s.fill, s.backgroundColor, s.backgroundImage,
        s.opacity, s.fontSize, s.fontWeight, s.textDecorationLine, s.position);
    }
    return parts.join();
  };
  for (const e of document.querySelectorAll("[data-look]")) delete e.dataset.look;
  for (const e of document.querySelectorAll("body *")) {
    const words = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!words || !e.checkVisibility() || seen.has(look(e))) continue;
    seen.add(look(e));
    e.dataset.look = "";
  }
}"""
COLOR_RULES = ["color-contrast", "link-in-text-block"]

# Focuses one of each kind as the keyboard would; returns those that look as before.
FOCUS = """() => {
  const look = (e) => {
    const parts = [];
    for (const at of [e, e.parentElement]) {
      const s = getComputedStyle(at);
      parts.push(s.outline, s.boxShadow, s.borderColor, s.backgroundColor,
        s.textDecoration);
    }
    return parts.join();
  };
  const kinds = new Set();
  const unchanged = [];
  for (const e of document.querySelectorAll(
      "a[href], button, input, select, summary, [tabindex='0']")) {
    const region = e.closest("nav, header, footer, article, aside")?.className ?? "";
    const kind = [e.tagName, e.className, region].join();
    if (kinds.has(kind) || !e.checkVisibility({ visibilityProperty: true })) continue;
    kinds.add(kind);
    document.activeElement.blur();
    const before = look(e);
    e.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement === e && look(e) === before)
      unchanged.push(e.outerHTML.slice(0, 150));
  }
  document.activeElement.blur();
  return [kinds.size, unchanged];
}"""

# What serves the screen only.
SCREEN_ONLY = """.bd-header, .bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary,
  .prev-next-footer, .headerlink, .skip-link, #pst-back-to-top, button, input, select,
  dialog, .vega-bindings, .chart-data"""

# What a script or style is for: part of its name, and what a page that loads it has.
USES = {
    "charts.css": ".chart",
    "charts.js": ".chart",
    "vega.js": ".chart",
    "mathjax/startup.js": ".math",
    "math.js": ".math",
    "tables.js": ".filterable",
    "clipboard": "div.highlight pre",
    "copybutton": "div.highlight pre",
    "pygments": ".highlight",
    "mystnb": "div.cell",
    "design-tabs": ".sd-tab-set",
    "sphinx-design": "[class*='sd-']",
    "togglebutton": ".toggle, .admonition.dropdown",
    "searchtools": "#search-results",
    "searchindex": "#search-results",
    "language_data": "#search-results",
}
# Theme, search highlights, keys: on every page.
EVERYWHERE = [
    "basic.css",
    "bootstrap.js",
    "doctools.js",
    "documentation_options.js",
    "pydata-sphinx-theme",
    "sphinx-book-theme",
    "sphinx_highlight.js",
    "style.css",
    "theme.css",
]

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


def serious_violations(
    page: Page, options: dict[str, object], within: str = "html"
) -> list[str]:
    # Axe would fetch imported styles once more, from the wrong folder.
    options = {"preload": False, "resultTypes": ["violations"], **options}
    found = Axe().run(page, {"include": [[within]]}, options).response["violations"]
    return [
        f"{item['id']} ({item['impact']}): {item['help']}; {node['html'][:200]}"
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def color_violations(page: Page) -> list[str]:
    page.evaluate(MARK_LOOKS)
    options: dict[str, object] = {"runOnly": {"type": "rule", "values": COLOR_RULES}}
    return serious_violations(page, options, "[data-look]")


def slider_values(page: Page) -> list[str]:
    return page.locator(".chart input[type=range]").evaluate_all(
        "sliders => sliders.map(slider => slider.value)"
    )


def test_page_asks_no_other_host(visit: Visit, address: str) -> None:
    foreign = [url for url in visit.urls if not url.startswith((address, "data:"))]
    assert foreign == []
    assert visit.failures == []


class Sent(NamedTuple):
    """One file that a page has loaded."""

    name: str  # below the top of the site
    size: int  # bytes
    blocks: str  # "blocking" if the page is not painted without it


@pytest.fixture(scope="module")
def sent(visit: Visit) -> list[Sent]:
    asked = {url for url in visit.urls if url.startswith("http")}
    files = visit.page.evaluate(SENT)
    # What a busy machine has asked for, such as the icon, may still be on its way.
    for _ in range(100):
        if asked <= {url for url, *_ in files}:
            break
        visit.page.wait_for_timeout(100)
        files = visit.page.evaluate(SENT)
    return [Sent(urlsplit(url).path.removeprefix("/"), *rest) for url, *rest in files]


def kind(name: str) -> str:
    """Tell what a file of the site is for."""
    if name == "searchindex.js":
        return "index"
    if name.endswith((".woff", ".woff2")):
        return "fonts"
    if not name.endswith(".js"):
        return name.rpartition(".")[2]
    if re.search(r"/(vega|charts)\.js$", name):
        return "chart scripts"
    if re.search(r"/mathjax/|/math\.js$", name):
        return "math scripts"
    if re.search(r"/(searchtools|language_data)\.js$", name):
        return "search scripts"
    return "scripts"


def test_page_is_light(
    visit: Visit, sent: list[Sent], folder: Path, pages: dict[str, str]
) -> None:
    sizes: Counter[str] = Counter()
    for file in sent:
        sizes[kind(file.name)] += file.size
    print(f"\n{visit.name}: {len(sent)} files, {dict(sizes)}")
    limits = {
        "html": MAX_HTML,
        "css": MAX_STYLES,
        "fonts": MAX_FONTS,
        "scripts": MAX_SCRIPTS,
        "chart scripts": MAX_CHART_SCRIPTS,
        "math scripts": MAX_MATH_SCRIPTS,
        "search scripts": MAX_SEARCH_SCRIPTS,
        "index": MAX_INDEX * len(pages),
        "svg": 1000,  # the icon of the site
    }
    assert {name: size for name, size in sizes.items() if size > limits[name]} == {}
    # What is counted is what was sent.
    assert sizes["html"] == len((folder / visit.name).read_bytes())


def test_page_asks_for_few_files(visit: Visit, sent: list[Sent]) -> None:
    asked = Counter(urlsplit(url).path for url in visit.urls if url.startswith("http"))
    assert [path for path, times in asked.items() if times > 1] == []
    assert {path.removeprefix("/") for path in asked} == {file.name for file in sent}
    assert len(asked) <= MAX_REQUESTS


def test_only_styles_come_before_the_text(visit: Visit, sent: list[Sent]) -> None:
    blocking = {file.name for file in sent if file.blocks == "blocking"}
    styles = {name for name in blocking if name.endswith(".css")}
    assert styles
    # The page of results has no text before its scripts find some.
    assert blocking == styles or visit.name == "search.html"


def test_only_what_is_used_is_loaded(visit: Visit) -> None:
    paths = {urlsplit(url).path.rpartition("/_static/")[2] for url in visit.urls}
    files = {path for path in paths if path.endswith((".js", ".css"))}
    for name, selector in USES.items():
        # MathJax fetches its parts itself.
        loaded = {file for file in files if re.search(rf"(^|/){name}", file)}
        used = visit.page.locator(selector).count() > 0
        if name not in ("searchtools", "searchindex", "language_data"):
            assert bool(loaded) == used, (name, loaded)
        assert used or not loaded, (name, loaded)
        files -= loaded
    if "mathjax/startup.js" in paths:
        files = {file for file in files if not file.startswith("mathjax/")}
    assert [f for f in files if not any(name in f for name in EVERYWHERE)] == []


def test_nothing_shifts(visit: Visit, phone: Visit) -> None:
    print(f"\nlayout shift {visit.shift:.3f}, {phone.shift:.3f}  {visit.name}")
    assert visit.shift < MAX_SHIFT
    assert phone.shift < MAX_SHIFT


def test_one_search(visit: Visit) -> None:
    """One button that opens a field, or on the page of results the field itself."""
    page = visit.page
    button = page.locator(".search-button__button:visible")
    fields = page.locator("input[name=q]:visible")
    if visit.name == "search.html":
        assert (button.count(), fields.count()) == (0, 1)
        return
    assert (button.count(), fields.count()) == (1, 0)
    button.click()
    expect(fields).to_have_count(1)
    expect(fields).to_be_focused()
    page.keyboard.press("Escape")
    expect(fields).to_have_count(0)


def test_page_is_downloaded(visit: Visit, address: str) -> None:
    """Each chapter offers its notebook, and each table that it offers is there."""
    page = visit.page
    hrefs = page.locator("a[href*='_downloads/'], a[href*='_sources/']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    urls = [urljoin(page.url, href) for href in hrefs]
    sources = [url for url in urls if "/_sources/" in url]
    assert len(sources) == (0 if visit.name == "search.html" else 1)
    for url in urls:
        answer = page.request.get(url)
        assert answer.ok, url
        assert len(answer.body()) > 100, url
    has_cells = page.locator("div.cell").count() > 0
    for url in sources:
        assert url.endswith(".ipynb") == has_cells
        if has_cells:
            assert json.loads(page.request.get(url).text())["cells"]


def test_skip_link_leads_to_the_text(visit: Visit) -> None:
    page = visit.page
    page.reload()
    visit.read()
    link = page.locator("a", has_text="Skip to main content").first
    if visit.name == "search.html":
        link.focus()  # the field has the focus there
    else:
        page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    link.press("Enter")
    expect(page).to_have_url(re.compile("#main-content$"))
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.querySelector('main').contains(document.activeElement)"
    )


def test_focus_is_seen(visit: Visit) -> None:
    n_kinds, unchanged = visit.page.evaluate(FOCUS)
    assert n_kinds > 3
    assert unchanged == []


def test_folds_open_by_key(visit: Visit) -> None:
    """One of each kind, closed again."""
    classes = set()
    for fold in visit.page.locator("article details").all():
        kind = fold.get_attribute("class")
        if kind in classes:
            continue
        classes.add(kind)
        summary = fold.locator("summary").first
        for is_open in (True, False):
            summary.press("Enter")
            expect(fold).to_have_js_property("open", is_open)
    visit.page.evaluate("window.scrollTo(0, 0)")


def test_every_chart_is_told_and_tabled(visit: Visit) -> None:
    for chart in visit.page.locator(".chart").all():
        expect(chart).to_have_role("figure")
        label = chart.get_attribute("aria-label") or ""
        assert len(label) > 40, label
        tables = chart.locator("details.chart-data table")
        assert tables.count() > 0, label
        for table in tables.all():
            assert table.locator("caption").text_content()
            n_columns = table.locator("thead th[scope=col]").count()
            rows = table.locator("tbody tr")
            assert n_columns > 0, label
            assert rows.count() > 0, label
            assert rows.first.locator("td").count() == n_columns
    for picture in visit.page.locator("article img").all():
        assert picture.get_attribute("alt")


def test_every_chart_is_drawn(visit: Visit) -> None:
    for chart in visit.page.locator(".chart").all():
        label = chart.get_attribute("aria-label")
        assert chart.get_attribute("data-drawn") == "light", label
        assert chart.locator(MARKS).count() > 0, f"no marks in: {label}"


def test_charts_are_drawn_when_they_are_near(visit: Visit, phone: Visit) -> None:
    for seen in (visit, phone):
        near = {i for i, place in enumerate(seen.places) if place < ON_SCREEN}
        far = {i for i, place in enumerate(seen.places) if place > FAR_BELOW}
        assert near <= seen.drawn_at_load
        assert not far & seen.drawn_at_load
        assert len(seen.places) == seen.page.locator(".chart").count()


def test_every_chart_is_drawn_once(visit: Visit, phone: Visit) -> None:
    for seen in (visit, phone):
        once = dict.fromkeys(range(len(seen.places)), 1)
        assert seen.work("drawn") == once
        assert seen.work("parsed") == once


def test_every_formula_is_set(visit: Visit) -> None:
    formulas = visit.page.locator("article .math")
    for formula in formulas.all():
        assert formula.locator("mjx-container").count() > 0, formula.inner_text()
    assert visit.page.locator("mjx-merror").count() == 0


def test_sliders_move_their_chart(visit: Visit) -> None:
    for chart in visit.page.locator(".chart:has(input[type=range])").all():
        chart.scroll_into_view_if_needed()
        drawing = chart.locator("svg").first
        for slider in chart.locator("input[type=range]").all():
            before = drawing.inner_html()
            value = slider.input_value()
            for key in ("ArrowRight", "ArrowLeft", "End", "Home"):
                slider.press(key)
                if slider.input_value() != value:
                    break
            assert slider.input_value() != value
            expect(drawing).not_to_have_js_property("innerHTML", before)


def test_inputs_are_reset_by_key(visit: Visit) -> None:
    """They go back to where they are stored; the focus stays, and so does the page."""
    values = "inputs => inputs.map(input => input.value)"
    for chart in visit.page.locator(".chart:has(.vega-bindings input)").all():
        chart.scroll_into_view_if_needed()
        spec = json.loads(chart.locator("script").text_content() or "")
        bound = [param for param in spec["params"] if "bind" in param]
        inputs = chart.locator(".vega-bindings :is(input, select)")
        button = chart.get_by_role("button", name="Reset")
        button.press("Enter")
        expect(inputs.first).to_be_attached()
        stored = [str(param["value"]) for param in bound]
        expect(button).to_be_focused()
        assert inputs.evaluate_all(values) == stored
        before = chart.locator("svg").first.inner_html()
        height = chart.evaluate("chart => chart.offsetHeight")
        for slider in chart.locator("input[type=range]").all():
            slider.press("End")
        for menu in chart.locator("select").all():
            menu.select_option(index=menu.locator("option").count() - 1)
        assert inputs.evaluate_all(values) != stored
        expect(chart.locator("svg").first).not_to_have_js_property("innerHTML", before)
        button.press("Enter")
        expect(inputs.first).to_have_value(stored[0])
        expect(button).to_be_focused()
        assert inputs.evaluate_all(values) == stored
        assert chart.evaluate("chart => chart.offsetHeight") == height


def assert_redrawn(visit: Visit, theme: str) -> None:
    """Switch to the theme: each chart is drawn once more, in other colors.

    Sliders stay where they are.
    """
    values = slider_values(visit.page)
    drawings = visit.page.locator(".chart svg")
    take = "drawings => drawings.map(drawing => drawing.outerHTML)"
    before = drawings.evaluate_all(take)
    work = {kind: visit.work(kind) for kind in ("drawn", "parsed")}
    set_theme(visit, theme)
    for kind, counts in work.items():
        once_more = {chart: count + 1 for chart, count in counts.items()}
        assert visit.work(kind) == once_more
    for chart in visit.page.locator(".chart").all():
        assert chart.get_attribute("data-drawn") == theme
    after = drawings.evaluate_all(take)
    assert len(after) == len(before)
    assert not set(after) & set(before), "a chart kept the colors of before"
    assert slider_values(visit.page) == values


def test_dark_charts(visit: Visit) -> None:
    """The page is dark from here on."""
    assert_redrawn(visit, "dark")


@pytest.fixture
def paper(visit: Visit) -> Iterator[Page]:
    """Give the dark page as it is printed."""
    set_theme(visit, "dark")
    visit.page.emulate_media(media="print")
    visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    yield visit.page
    visit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    visit.page.emulate_media(media="screen")
    assert visit.page.locator(".chart-print").count() == 0


def test_paper_has_the_charts_and_no_buttons(paper: Page) -> None:
    """Charts are printed on white also from a dark page."""
    left = paper.locator(f":is({SCREEN_ONLY}):visible").evaluate_all(
        "found => found.map(e => e.outerHTML.slice(0, 120))"
    )
    assert left == []
    for chart in paper.locator(".chart").all():
        drawings = chart.locator("svg:visible")
        assert drawings.count() == 1, chart.get_attribute("aria-label")
        assert drawings.evaluate("svg => svg.closest('.chart-print') !== null")
        assert (drawings.bounding_box() or {})["height"] > 100
    expect(paper.locator("main h1:visible")).to_be_visible()
    for part in ("body", "main h1:visible"):
        color = paper.locator(part).evaluate("part => getComputedStyle(part).color")
        assert max(map(int, re.findall(r"\d+", color)[:3])) < 100, (part, color)


def test_nothing_sticks_out_on_a_phone(phone: Visit) -> None:
    wide = phone.page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
          [...document.querySelectorAll("main *")]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert wide == []
    rules = {"type": "rule", "values": ["scrollable-region-focusable"]}
    assert serious_violations(phone.page, {"runOnly": rules}) == []


def test_dark_page_is_accessible(visit: Visit) -> None:
    set_theme(visit, "dark")
    visit.page.evaluate(UNFOLD)
    assert color_violations(visit.page) == []


def test_charts_are_light_again(visit: Visit) -> None:
    set_theme(visit, "dark")
    assert_redrawn(visit, "light")


def test_light_page_is_accessible(visit: Visit) -> None:
    set_theme(visit, "light")
    visit.page.evaluate(UNFOLD)
    assert color_violations(visit.page) == []
    others = {rule: {"enabled": False} for rule in COLOR_RULES}
    assert serious_violations(visit.page, {"rules": others}) == []


def test_pale_words_are_seen(visit: Visit) -> None:
    """The last look at colors: one pale heading among thousands of words is found."""
    set_theme(visit, "light")
    heading = visit.page.locator("main h1:visible")
    heading.evaluate("heading => { heading.style.color = '#ccc'; }")
    assert any("color-contrast" in line for line in color_violations(visit.page))


def test_console_has_no_errors(visit: Visit) -> None:
    """The last test of a page: it sees what all the others have caused."""
    assert visit.errors == []
