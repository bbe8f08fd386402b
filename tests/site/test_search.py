"""What the search of the site finds, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

CHINCHILLA = "book/pretraining/chinchilla"
SAMPLING = "book/testtime/repeated_sampling"
QUANTIZATION = "book/posttraining/quantization"
NOTATION = "book/reference/notation"
PRIMER = "book/reference/primer"
BIBLIOGRAPHY = "book/reference/bibliography"
API = "book/reference/api"
CHAPTERS = tuple(
    f"book/{part}/" for part in ("pretraining", "posttraining", "testtime", "lifecycle")
)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def found(page: Page, address: str, query: str) -> list[str]:
    """Return the places that a query finds, the best first."""
    page.goto(f"{address}/search.html?q={quote(query)}")
    expect(page.locator(".search-summary")).to_contain_text("Results:")
    links = page.locator("ul.search > li > a")
    hrefs = links.evaluate_all("links => links.map(a => a.getAttribute('href'))")
    return [href.replace(".html", "", 1) for href in hrefs]


@pytest.mark.parametrize(
    ("query", "place", "rank"),
    [
        # Words: the chapter or the section that is about them
        ("chinchilla", CHINCHILLA, 1),
        ("repeated sampling", SAMPLING, 1),
        ("pass@k", SAMPLING, 1),
        ("quantization 4 bits", QUANTIZATION, 1),
        ("bootstrap", f"{PRIMER}#bootstrap", 1),
        ("Huber", f"{PRIMER}#huber-loss", 1),
        ("leverage", f"{PRIMER}#leverage", 1),
        # Names of the package
        ("allocate", f"{API}/planning#scaling_notes.allocate", 3),
        ("sn.allocate", f"{API}/planning#scaling_notes.allocate", 3),
        ("n_exponent", f"{API}/laws#scaling_notes.laws.Chinchilla.n_exponent", 3),
        ("pass_at_k", f"{API}/sampling#scaling_notes.pass_at_k", 1),
        # Symbols: what they mean, then where they are used
        ("E", NOTATION, 1),
        ("E", CHINCHILLA, 5),
        ("N*", NOTATION, 1),
        ("N*", CHINCHILLA, 5),
        ("alpha", NOTATION, 1),
        ("alpha", CHINCHILLA, 5),
        ("α", NOTATION, 1),
        ("Delta", NOTATION, 1),
        ("gamma_N", NOTATION, 1),
        ("gamma_N", QUANTIZATION, 3),
        # Papers: the entry, then who cites it
        ("Hoffmann", BIBLIOGRAPHY, 1),
        ("hoffmann 2022", BIBLIOGRAPHY, 1),
        ("Besiroglu", CHINCHILLA, 5),
        ("2203.15556", BIBLIOGRAPHY, 1),
        ("arXiv:2203.15556", CHINCHILLA, 5),
    ],
)
def test_a_query_finds(
    page: Page, address: str, query: str, place: str, rank: int
) -> None:
    places = found(page, address, query)
    assert any(at == place or at.startswith(f"{place}#") for at in places[:rank]), (
        places[:10]
    )


@pytest.mark.parametrize("query", ["bootstrap", "beta", "cost", "loss", "interval"])
def test_chapters_come_before_methods(page: Page, address: str, query: str) -> None:
    places = found(page, address, query)
    last = max(i for i, place in enumerate(places) if place.startswith(CHAPTERS))
    # A class or function called so may stand between them.
    before = [p for p in places[:last] if p.startswith(API) and p.count(".") > 1]
    assert before == []


def test_a_letter_finds_no_words_that_hold_it(page: Page, address: str) -> None:
    assert len(found(page, address, "E")) < 40


def test_results_show_text_and_no_data(page: Page, address: str) -> None:
    places = found(page, address, "Hoffmann")
    shown = page.locator("ul.search > li", has=page.locator("p.context"))
    expect(shown).to_have_count(len(places))
    for text in shown.all_inner_texts()[:4]:
        assert "Hoffmann" in text.partition("\n")[2]
        assert len(text) < 400
    assert page.locator("ul.search .highlighted").count() > 0


def test_nothing_found_says_what_can_be(page: Page, address: str) -> None:
    page.goto(f"{address}/search.html?q=zzzz")
    expect(page.locator(".search-summary")).to_contain_text("symbols")
