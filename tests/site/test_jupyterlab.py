"""A chapter in a real JupyterLab: its stored charts are drawn, and sliders move."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
SECONDS = 1000  # milliseconds, the unit of playwright
CHAPTER = "book/pretraining/chinchilla.ipynb"
VEGA_LITE = "application/vnd.vegalite"
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.port_retries=0",
    "--ServerApp.use_redirect_file=False",
    "--IdentityProvider.token=",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start JupyterLab on a copy of the chapter, with settings of nobody's own."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / CHAPTER, home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    env = os.environ | {name: str(home / name.lower()) for name in folders}
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--port={port}"]
    with (home / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, cwd=home, env=env, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api", server, home / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/{Path(CHAPTER).name}"
        finally:
            server.terminate()  # stops the kernels too
            server.wait(timeout=20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text('utf-8')[-2000:]}")


@pytest.fixture(scope="module")
def notebook(browser: Browser, lab: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(lab)
    page.locator(".jp-Cell").first.wait_for(timeout=60 * SECONDS)
    yield page
    page.close()


def test_stored_charts_are_drawn_and_sliders_move(notebook: Page) -> None:
    text = (ROOT / CHAPTER).read_text("utf-8")
    n_charts = text.count(f'"{VEGA_LITE}')
    assert n_charts > 5
    charts = notebook.locator(".vega-embed")
    expect(charts).to_have_count(n_charts, timeout=30 * SECONDS)
    for chart in charts.all():
        drawing = chart.locator("canvas, svg:has(.mark-group)").first
        expect(drawing).to_be_attached(timeout=30 * SECONDS)
        box = drawing.evaluate("drawing => drawing.getBoundingClientRect().toJSON()")
        assert min(box["width"], box["height"]) > 100
    # What cannot be drawn is shown as text, or as an error.
    plain = notebook.locator(".jp-OutputArea-output:is(pre, .jp-RenderedText)")
    assert [t for t in plain.all_inner_texts() if "Chart" in t or "schema" in t] == []

    moving = notebook.locator(".vega-embed:has(input[type=range])").first
    moving.scroll_into_view_if_needed()
    before = moving.locator("canvas").first.screenshot()
    moving.locator("input[type=range]").first.press("End")
    notebook.wait_for_timeout(500)
    assert moving.locator("canvas").first.screenshot() != before
