"""The built book behind a local server, and one browser for all tests."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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

# Sums how far things move by themselves: Cumulative Layout Shift without its windows.
NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""


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
        # With several workers, all tests of a page go to the same one.
        pages = [pytest.param(n, marks=pytest.mark.xdist_group(n)) for n in names]
        metafunc.parametrize("visit", pages, indirect=True, scope="module")


@pytest.fixture(scope="session")
def chart_pages(folder: Path) -> list[str]:
    """Return every page that has a chart."""
    mark = '<div class="chart"'
    names = page_names(folder)
    return [name for name in names if mark in (folder / name).read_text("utf-8")]


@pytest.fixture(scope="session")
def folder(pytestconfig: pytest.Config) -> Path:
    return site_folder(pytestconfig)


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing: pytest shows what matters."""


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    handler = functools.partial(SilentHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
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
        self.page.evaluate("window.MathJax?.startup.promise.then(() => true)")
        self.read()
        self.shift = sum(self.page.evaluate("window.shifts"))

    def read(self) -> None:
        """Scroll to every chart, and back to the top, until all have been drawn."""
        for chart in self.page.locator(".chart").all():
            chart.scroll_into_view_if_needed()
            self.page.wait_for_timeout(50)
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.wait_for_timeout(200)


@contextmanager
def visiting(
    browser: Browser, name: str, url: str, theme: str = "light", width: int = 1200
) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme
    )
    context.add_init_script(NOTE_SHIFTS)
    visit = Visit(name, context.new_page())
    visit.open(url)
    yield visit
    context.close()


@pytest.fixture(scope="module")
def visit(
    request: pytest.FixtureRequest, browser: Browser, address: str
) -> Iterator[Visit]:
    name = request.param
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
def chart_page(folder: Path) -> str:
    """Return the page that has most charts among those that have formulas too."""
    texts = {name: (folder / name).read_text("utf-8") for name in page_names(folder)}
    counts = {
        name: text.count('<div class="chart"')
        for name, text in texts.items()
        if 'class="math' in text
    }
    name = max(counts, key=counts.__getitem__, default=None)
    if name is None or counts[name] == 0:
        pytest.fail("the book has no page with both a chart and a formula")
    return name
