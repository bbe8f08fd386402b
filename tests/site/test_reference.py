"""The reference pages: tables that filter, folds that open, files to download."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

VALUES = "book/reference/published_fits.html"
DATA = "book/reference/data.html"
API = "book/reference/api"
# Pixels at a width of 1300: about 28 screens. Longer, and a page of the package is
# parted by subject.
MAX_HEIGHT = 25_000


def filtered(page: Page, words: str, items: str) -> tuple[int, int]:
    box = page.locator(".filterable").first
    box.get_by_role("searchbox").fill(words)
    everything = box.locator(items)
    shown = box.locator(f"{items}:not([hidden])")
    return shown.count(), everything.count()


def test_values_are_filtered_by_words(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/{VALUES}")
    n_all, n_total = filtered(page, "", "tbody > tr")
    assert n_all == n_total > 600
    few, _ = filtered(page, "hoffmann APPROACH beta", "tbody > tr")
    assert 0 < few < 10
    row = page.locator(".filterable tbody > tr:not([hidden])").first
    expect(row).to_be_visible()
    expect(row).to_contain_text("Hoffmann")
    status = page.locator(".filterable [role=status]").first
    expect(status).to_have_text(f"{few} of {n_total}")
    assert filtered(page, "no-such-word", "tbody > tr")[0] == 0
    assert filtered(page, " ", "tbody > tr")[0] == n_total
    page.close()


def test_tables_are_filtered_by_what_they_hold(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/{DATA}")
    few, everything = filtered(page, "dropped_in_refit", "details")
    assert (few, everything > 20) == (1, True)
    page.close()


def test_an_address_opens_its_table(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/{DATA}#gu2023_zero_shot")
    fold = page.locator("#gu2023_zero_shot")
    expect(fold).to_have_attribute("open", "")
    expect(fold.get_by_text("Columns of gu2023_zero_shot")).to_be_visible()
    page.close()


def test_every_file_is_there_from_a_folder_too(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / DATA).as_uri())
    links = page.locator("a[download]").evaluate_all("links => links.map(a => a.href)")
    files = [link for link in links if "_downloads/data" in link]
    assert len(files) > 70
    for link in files:
        path = Path(link.removeprefix("file://"))
        assert path.is_file(), link
        assert path.stat().st_size > 100, link
    page.close()


def test_a_chapter_is_reached_from_a_value(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/{VALUES}")
    page.locator(".printed a[href$='chinchilla.html']").first.click()
    expect(page.locator("article h1")).to_contain_text("Chinchilla")
    page.close()


def test_tables_can_be_read_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{VALUES}")
    expect(page.locator(".printed tbody tr").first).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_count(0)
    context.close()


def test_pages_of_the_package_are_not_too_long(browser: Browser, folder: Path) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    paths = sorted((folder / API).glob("*.html"))
    assert len(paths) > 10
    heights = {}
    for path in paths:
        page.goto(path.as_uri())
        heights[path.stem] = page.evaluate("document.documentElement.scrollHeight")
    page.close()
    assert {n: h for n, h in heights.items() if h > MAX_HEIGHT} == {}
