"""A chapter in a real JupyterLab: its stored charts are drawn, and sliders move."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds
CHAPTER = "book/pretraining/chinchilla.ipynb"
VEGA_LITE = "application/vnd.vegalite"
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--port=0",  # any that is free
    "--ServerApp.use_redirect_file=False",
    "--IdentityProvider.token=",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start JupyterLab on a copy of the chapter, with settings of nobody's own."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / CHAPTER, home)
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    env = os.environ | {name: str(home / name.lower()) for name in folders}
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS]
    with (home / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, cwd=home, env=env, stdout=log, stderr=log)
        try:
            url = url_of(server, home)
            yield f"{url}lab/tree/{Path(CHAPTER).name}"
        finally:
            server.terminate()  # stops the kernels too
            server.wait(PATIENCE)


def url_of(server: subprocess.Popen[bytes], home: Path) -> str:
    """Wait until the server has noted where it listens."""
    for _ in range(10 * PATIENCE):
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
            break
        for note in home.glob("jupyter_runtime_dir/jpserver-*.json"):
            # It may be seen half written.
            with contextlib.suppress(json.JSONDecodeError):
                return str(json.loads(note.read_text("utf-8"))["url"])
    log = (home / "log").read_text("utf-8")
    pytest.fail(f"JupyterLab did not start:\n{log[-2000:]}")


@pytest.fixture(scope="module")
def notebook(browser: Browser, lab: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(lab)
    page.locator(".jp-Cell").first.wait_for()
    yield page
    page.close()


def test_stored_charts_are_drawn_and_sliders_move(notebook: Page) -> None:
    text = (ROOT / CHAPTER).read_text("utf-8")
    n_charts = text.count(f'"{VEGA_LITE}')
    assert n_charts > 5
    charts = notebook.locator(".vega-embed")
    expect(charts).to_have_count(n_charts)
    for chart in charts.all():
        drawing = chart.locator("canvas, svg:has(.mark-group)").first
        expect(drawing).to_be_attached()
        box = drawing.evaluate("drawing => drawing.getBoundingClientRect().toJSON()")
        assert min(box["width"], box["height"]) > 100
    # What cannot be drawn is shown as text, or as an error.
    plain = notebook.locator(".jp-OutputArea-output:is(pre, .jp-RenderedText)")
    assert [t for t in plain.all_inner_texts() if "Chart" in t or "schema" in t] == []

    moving = notebook.locator(".vega-embed:has(input[type=range])").first
    moving.scroll_into_view_if_needed()
    canvas = moving.locator("canvas").first.element_handle()
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    moving.locator("input[type=range]").first.press("End")
    notebook.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before", arg=[canvas, before]
    )
