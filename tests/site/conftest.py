"""The built book behind a local server, and one browser for all tests."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

ROOT = Path(__file__).parents[2]
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Milliseconds until a state that is waited for counts as never reached. Only a failure
# waits that long, so a busy machine may take its time.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

# Sums how far things move by themselves: Cumulative Layout Shift without its windows.
NOTE_SHIFTS = """
{
  let sum = 0;
  const add = (entries) => {
    for (const entry of entries) if (!entry.hadRecentInput) sum += entry.value;
  };
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ type: "layout-shift", buffered: true });
  window.sumShifts = () => {
    add(observer.takeRecords());
    return sum;
  };
}
"""

# Counts for each chart how often it is drawn and its specification parsed.
NOTE_WORK = """
window.work = { drawn: {}, parsed: {} };
{
  const note = (kind, isIt) => {
    const at = [...document.querySelectorAll(".chart")].findIndex(isIt);
    if (at >= 0) window.work[kind][at] = (window.work[kind][at] ?? 0) + 1;
  };
  const parse = JSON.parse;
  JSON.parse = (text, ...others) => {
    note("parsed", (chart) => chart.querySelector("script").textContent === text);
    return parse(text, ...others);
  };
  let embed;
  Object.defineProperty(window, "vegaEmbed", {
    get: () => embed,
    set: (original) => {
      embed = (box, ...others) => {
        note("drawn", (chart) => chart.contains(box));
        return original(box, ...others);
      };
    },
  });
}
"""

# Waits until nothing is under way: formulas are set, fonts are there, two frames have
# been painted and the browser has nothing left to do.
SETTLE = """async () => {
  await window.MathJax?.startup.promise;
  await document.fonts.ready;
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  await new Promise((done) => requestIdleCallback(done));
}"""

# Heights of the screen between its top and the top of each chart.
PLACES = """() => [...document.querySelectorAll(".chart")].map(
  (chart) => chart.getBoundingClientRect().top / innerHeight
)"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--site", default=str(ROOT / "_build/html"), help="folder of the built book"
    )


def site_folder(config: pytest.Config) -> Path:
    folder = Path(config.getoption("--site")).resolve()
    if not (folder / "index.html").is_file():
        raise pytest.UsageError(f"No built book in {folder}: run `make book` first.")
    return folder


def page_names(folder: Path) -> list[str]:
    """Return every page of the book but those that only lead to another."""
    names = []
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder).as_posix()
        redirects = re.search(r'http-equiv="refresh"', path.read_text("utf-8"), re.I)
        if not name.startswith("_") and not redirects:
            names.append(name)
    return names


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "visit" in metafunc.fixturenames:
        names = page_names(site_folder(metafunc.config))
        metafunc.parametrize("visit", names, indirect=True, scope="module")


class ByPage(LoadScopeScheduling):
    """Send all tests of a page to the same worker: they share one visit.

    xdist's own groups go by an attribute of a test that pytest no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        page = re.search(r"\[(.+\.html)\]$", nodeid)
        return page[1] if page else nodeid


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> LoadScopeScheduling:
    return ByPage(config, log)


@pytest.fixture(scope="session")
def pages(folder: Path) -> dict[str, str]:
    """Return every page of the book: its name and its text."""
    return {name: (folder / name).read_text("utf-8") for name in page_names(folder)}


@pytest.fixture(scope="session")
def folder(pytestconfig: pytest.Config) -> Path:
    return site_folder(pytestconfig)


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: pytest shows what matters."""


class PatientServer(http.server.ThreadingHTTPServer):
    # Connections that may wait. Of the usual five, a page needs more; one that is turned
    # away tries again only after a second.
    request_queue_size = 100

    def handle_error(self, request: object, client_address: object) -> None:
        # A page that is closed no longer listens: nothing is wrong.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    handler = functools.partial(SilentHandler, directory=str(folder))
    with PatientServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("chromium is not on the PATH: install it, e.g. apt-get install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, args=BROWSER_OPTIONS
        )
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that was read to its end, and what happened meanwhile."""

    name: str
    page: Page
    urls: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    shift: float = 0.0
    # Before anything was scrolled: where the charts were, and which had been drawn.
    places: list[float] = field(default_factory=list)
    drawn_at_load: set[int] = field(default_factory=set)

    def open(self, url: str) -> None:
        self.page.on("request", lambda request: self.urls.append(request.url))
        self.page.on("requestfailed", lambda request: self.failures.append(request.url))
        self.page.on(
            "response",
            lambda r: self.failures.append(f"{r.status} {r.url}") if not r.ok else None,
        )
        self.page.on(
            "console",
            lambda message: (
                self.errors.append(message.text) if message.type == "error" else None
            ),
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(url, wait_until="load")
        self.page.evaluate(SETTLE)
        self.places = self.page.evaluate(PLACES)
        self.drawn_at_load = set(self.work("drawn"))
        self.read()
        self.shift = self.page.evaluate("window.sumShifts()")

    def read(self) -> None:
        """Scroll to every chart until all are drawn, then back to the top."""
        theme = self.page.evaluate("document.documentElement.dataset.theme")
        for chart in self.page.locator(".chart").all():
            chart.scroll_into_view_if_needed()
            # What cannot be drawn is told apart by the tests.
            done = re.compile(f"^({theme}|failed)$")
            expect(chart).to_have_attribute("data-drawn", done)
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.evaluate(SETTLE)

    def work(self, kind: str) -> dict[int, int]:
        """Return how often each chart has been "drawn", or "parsed"."""
        counts = self.page.evaluate(f"window.work.{kind}")
        return {int(chart): count for chart, count in counts.items()}


@contextmanager
def visiting(
    browser: Browser, name: str, url: str, theme: str = "light", width: int = 1200
) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme
    )
    context.add_init_script(NOTE_SHIFTS)
    context.add_init_script(NOTE_WORK)
    visit = Visit(name, context.new_page())
    visit.open(url)
    yield visit
    context.close()


@pytest.fixture(scope="module")
def visit(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    browser: Browser,
    address: str,
) -> Iterator[Visit]:
    name = request.param
    # Workers have folders of their own in one of the whole run.
    run = tmp_path_factory.getbasetemp()
    run = run.parent if hasattr(request.config, "workerinput") else run
    mark = run / "visited" / request.module.__name__ / name
    assert not mark.exists(), "the tests of a page must share one visit"
    mark.mkdir(parents=True)
    with visiting(browser, name, f"{address}/{name}") as visit:
        yield visit


@pytest.fixture(scope="module")
def phone(visit: Visit, browser: Browser, address: str) -> Iterator[Visit]:
    """Visit the same page once more, on a phone."""
    url = f"{address}/{visit.name}"
    with visiting(browser, visit.name, url, width=360) as phone:
        yield phone


@pytest.fixture
def visit_from_folder(
    browser: Browser, folder: Path, chart_page: str
) -> Iterator[Visit]:
    url = (folder / chart_page).as_uri()
    with visiting(browser, chart_page, url, "dark") as visit:
        yield visit


@pytest.fixture(scope="session")
def chart_page(pages: dict[str, str]) -> str:
    """Return the page that has most charts among those that have formulas too."""
    counts = {
        name: text.count('<div class="chart"')
        for name, text in pages.items()
        if 'class="math' in text
    }
    name = max(counts, key=counts.__getitem__, default=None)
    if name is None or counts[name] == 0:
        pytest.fail("the book has no page with both a chart and a formula")
    return name
