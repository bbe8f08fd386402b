"""How a chapter is read: code folded, equations counted on each page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

CHAPTER = "book/pretraining/chinchilla.html"


@pytest.mark.parametrize("part", ["pretraining", "posttraining", "testtime"])
def test_equations_count_from_one_on_every_page(folder: Path, part: str) -> None:
    counted = []
    for path in (folder / "book" / part).glob("*.html"):
        html = path.read_text("utf-8")
        numbers = [int(n) for n in re.findall(r'class="eqno">\((\d+)\)', html)]
        assert numbers == list(range(1, len(numbers) + 1)), path.name
        counted += numbers
        told = set(re.findall(r'href="#equation-[^"]*">\((\d+)\)', html))
        assert told <= {str(n) for n in numbers}
    assert counted


def test_code_of_charts_and_tables_opens_without_scripts(
    browser: Browser, address: str
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/{CHAPTER}")
    for words in ("chart", "table", "results"):
        folds = page.locator("details.hide", has_text=f"Code of the {words}")
        fold = folds.first
        code = fold.locator(".highlight").first
        expect(code).to_be_hidden()
        fold.locator("summary").press("Enter")
        expect(code).to_be_visible()
    # The lessons stay open.
    fits = page.locator("div.cell_input", has_text="fit_chinchilla(runs, delta=1e-3)")
    expect(fits.first).to_be_visible()
    page.context.close()


def test_a_folded_chart_keeps_its_description(folder: Path) -> None:
    html = (folder / CHAPTER).read_text("utf-8")
    labels = re.findall(r'class="chart" role="figure" aria-label="([^"]*)"', html)
    assert len(labels) >= 3
    assert all(len(label) >= 40 for label in labels)
