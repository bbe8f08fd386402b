"""The Sphinx extension without a browser: what it writes, and what it leaves out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import altair as alt
import nbformat
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.book.site import assets, datatable, vegalite
from scaling_notes.book.site.charts import ChartRenderer, chart_html
from scaling_notes.book.site.search import symbols
from scaling_notes.corpus._record import MIME as RECORDS

MIME = "application/vnd.vegalite.v5+json"

RUNS = pd.DataFrame({"flops": [1e18, 1e20, 3e22], "loss": [3.1, 2.4, 2.05]})


def chart(runs: pd.DataFrame = RUNS, **properties: Any) -> dict[str, Any]:
    with alt.data_transformers.enable("default", consolidate_datasets=False):
        drawn = (
            alt.Chart(runs)
            .mark_point()
            .encode(
                x=alt.X("flops:Q", title="Compute (FLOP)", scale=alt.Scale(type="log")),
                y=alt.Y("loss:Q", scale=alt.Scale(zero=False)),
            )
        )
        spec = drawn.properties(
            description="Loss falls.", width=600, height=200, **properties
        ).to_dict()
    return {**spec, "config": {}}


class Elements(HTMLParser):
    """Every start tag of a document, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def cells(html: str, tag: str = "td") -> list[str]:
    return re.findall(rf"<{tag}(?: [^>]*)?>([^<]*)<", html)


# ---- one chart ---------------------------------------------------------------------


def test_chart_is_a_labeled_figure_with_its_own_spec() -> None:
    spec = chart()
    html = chart_html(spec)
    figure = next(a for a in Elements(html).named("div") if a["class"] == "chart")
    assert (figure["role"], figure["aria-label"]) == ("figure", "Loss falls.")
    stored = re.search(r'<script type="application/json">(.*?)</script>', html, re.S)
    assert stored is not None
    assert json.loads(stored[1]) == spec


def test_no_text_of_a_chart_ends_its_script_or_its_label() -> None:
    nasty = '</script><b onclick="x">"quoted" & <!-- '
    spec = chart() | {"description": nasty, "title": nasty}
    spec["data"]["values"][0]["note"] = nasty
    html = chart_html(spec)
    elements = Elements(html)
    assert elements.named("b") == []
    assert len(elements.named("script")) == 1
    assert html.count("</script>") == 1
    label = next(
        a["aria-label"] for a in elements.named("div") if a["class"] == "chart"
    )
    assert label == nasty
    stored = re.search(r'<script type="application/json">(.*?)</script>', html, re.S)
    assert stored is not None
    assert json.loads(stored[1])["description"] == nasty


def test_picture_draws_the_points_and_fits_the_page() -> None:
    picture = vegalite.svg(chart())
    svg = Elements(picture).named("svg")[0]
    assert float(svg["width"] or 0) == vegalite.PICTURE_WIDTH
    assert picture.count("<path transform=") == len(RUNS)
    assert "aria-label" not in picture


def test_pictures_on_one_page_share_no_ids() -> None:
    clipped = [chart(title=title) for title in ("one", "two")]
    for spec in clipped:
        spec["mark"] = {"type": "point", "clip": True}
    pictures = [vegalite.svg(spec) for spec in clipped]
    ids = [set(re.findall(r'\bid="([^"]+)"', picture)) for picture in pictures]
    assert all(ids)
    assert not ids[0] & ids[1]
    for picture, names in zip(pictures, ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", picture)) == names


def test_picture_is_the_same_whatever_was_drawn_before() -> None:
    spec = chart() | {"mark": {"type": "point", "clip": True}}
    assert vegalite.svg(spec) == vegalite.svg(spec)


def test_reserved_height_counts_rows_of_inputs() -> None:
    def height(n_sliders: int) -> int:
        bind = {"input": "range", "min": 0, "max": 1}
        names = [f"p{i}" for i in range(n_sliders)]
        spec = chart() | {
            "params": [{"name": name, "value": 0, "bind": bind} for name in names]
        }
        found = re.search(r"min-height:(\d+)px", chart_html(spec))
        assert found is not None
        return int(found[1])

    heights = [height(n) for n in range(4)]
    assert heights[0] < heights[1] == heights[2] < heights[3]


def test_version_is_the_one_altair_writes() -> None:
    assert f"/v{vegalite.version()}." in chart()["$schema"]


def test_version_that_cannot_be_drawn_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vegalite.version.cache_clear()
    monkeypatch.setattr(vegalite.altair, "SCHEMA_VERSION", "v99.1.0")
    with pytest.raises(RuntimeError, match=r"Vega-Lite 99\.1.*install"):
        vegalite.version()
    vegalite.version.cache_clear()


# ---- the renderer ------------------------------------------------------------------


def mime_data(spec: Any, mime_type: str = MIME) -> Any:
    return SimpleNamespace(mime_type=mime_type, content=spec, line=3)


def test_renderer_takes_charts_only() -> None:
    renderer: Any = SimpleNamespace(logger=None)
    nodes = ChartRenderer.handle_mime(renderer, mime_data(chart()), False)
    assert nodes is not None
    assert nodes[0].astext() == chart_html(chart())
    other = mime_data("<b>", "text/html")
    assert ChartRenderer.handle_mime(renderer, other, False) is None
    assert ChartRenderer.handle_mime(renderer, mime_data(chart()), True) is None


def test_renderer_reads_specs_stored_as_text() -> None:
    renderer: Any = SimpleNamespace(logger=None)
    data = mime_data(json.dumps(chart()))
    nodes = ChartRenderer.handle_mime(renderer, data, False)
    assert nodes is not None
    assert nodes[0].astext() == chart_html(chart())


def test_chart_without_description_is_a_warning() -> None:
    said: list[str] = []
    logger = SimpleNamespace(warning=lambda message, **_: said.append(message))
    spec = chart()
    del spec["description"]
    ChartRenderer.handle_mime(SimpleNamespace(logger=logger), mime_data(spec), False)
    assert len(said) == 1
    assert "description" in said[0]


# ---- the data as a table -----------------------------------------------------------


def test_table_holds_the_data_under_the_titles_of_the_chart() -> None:
    html = datatable.data_tables(chart())
    assert cells(html, "th") == ["Compute (FLOP)", "loss"]
    assert cells(html) == ["1e18", "3.1", "1e20", "2.4", "3e22", "2.05"]
    assert cells(html, "caption") == ["Points, 3 rows"]


def test_layers_with_equal_data_share_a_table() -> None:
    rows, other = [{"x": 1}], [{"x": 2}]
    spec = {
        "data": {"values": rows},
        "layer": [
            {"mark": "line"},
            {"mark": {"type": "point"}},
            {"mark": "area", "data": {"values": other}},
        ],
    }
    html = datatable.data_tables(spec)
    assert cells(html, "caption") == ["Line and points, 1 rows", "Area, 1 rows"]


def test_tables_find_named_data_and_facets() -> None:
    spec = {
        "datasets": {"frame-0": [{"x": 1}], "frame-1": [{"x": 2}]},
        "hconcat": [
            {"mark": "bar", "data": {"name": "frame-1"}},
            {"data": {"name": "frame-0"}, "spec": {"mark": "tick"}},
        ],
    }
    html = datatable.data_tables(spec)
    assert cells(html, "caption") == ["Bars, 1 rows", "Ticks, 1 rows"]
    assert cells(html) == ["2", "1"]


def test_long_tables_are_cut_and_say_so() -> None:
    rows = [{"x": i} for i in range(datatable.MAX_ROWS + 1)]
    html = datatable.data_tables({"mark": "point", "data": {"values": rows}})
    assert len(cells(html)) == datatable.MAX_ROWS
    assert f"{datatable.MAX_ROWS + 1} rows; the first {datatable.MAX_ROWS}" in html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("a < b", "a &lt; b"),
        (True, "True"),
        (245, "245"),
        (1234567, "1,234,567"),
        (0.5, "0.5"),
        (7e9, "7e9"),
        (1.5e-5, "1.5e-5"),
        (10**21, "1e21"),
        (-2.5e10, "-2.5e10"),
    ],
)
def test_cells_are_written_as_the_book_writes_numbers(value: Any, text: str) -> None:
    html = datatable.data_tables({"mark": "bar", "data": {"values": [{"x": value}]}})
    assert cells(html) == [text]


def test_chart_without_rows_has_no_table() -> None:
    spec = {"mark": "line", "data": {"sequence": {"start": 0, "stop": 9}}}
    assert datatable.data_tables(spec) == ""


# ---- symbols for the search --------------------------------------------------------


@pytest.mark.parametrize(
    ("tex", "found"),
    [
        ("6 N D", "n d"),
        (r"L = E + \frac{A}{N^{\alpha}}", "l e a n alpha α"),
        (r"\gamma_{post}, R_D^*", "gamma γ gamma_post γ_post r r_d r_d*"),
        (r"N_{\text{eff}} \text{ per run}", "n n_eff"),
        (r"\Delta e^{-P}, \lambda", "delta δ p lambda λ"),
        (r"\log \operatorname{mean}", ""),
    ],
)
def test_symbols_of_a_formula(tex: str, found: str) -> None:
    assert symbols(tex) == set(found.split())


# ---- a whole site ------------------------------------------------------------------

CONF = """
extensions = [
    "myst_nb", "sphinx_thebe", "sphinx_design", "sphinx_book_theme",
    "scaling_notes.book.site",
]
html_theme = "sphinx_book_theme"
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
"""


def write_notebook(path: Path, text: str, *specs: dict[str, Any]) -> None:
    code = [
        nbformat.v4.new_code_cell(
            "chart",
            execution_count=1,
            outputs=[
                nbformat.v4.new_output(
                    "display_data",
                    data={MIME: spec, "text/plain": spec["description"]},
                )
            ],
        )
        for spec in specs
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(text), *code],
        metadata={"kernelspec": kernel, "language_info": {"name": "python"}},
    )
    nbformat.write(notebook, path)


def write_output(path: Path, text: str, shown: sn.Datasets) -> None:
    write_notebook(path, text, {"description": "replaced below"})
    notebook = nbformat.read(path, as_version=4)
    link = '<a href="../part/other.ipynb">other</a>'
    notebook.cells[1].outputs[0].data = {
        "text/plain": repr(shown),
        "text/html": shown._repr_html_() + link,
        RECORDS: {"key": "someone2020", "rows": []},
    }
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("book")
    (source / "conf.py").write_text(CONF)
    contents = "# Book\n\n```{toctree}\nformulas\nplain\npart/tables\n```\n"
    write_notebook(source / "index.ipynb", contents, chart(), chart(title="Two"))
    write_notebook(source / "formulas.ipynb", "# Formulas\n\n$L(N) = E + A/N^a$")
    write_notebook(source / "plain.ipynb", "# Plain\n\nText.")
    (source / "part").mkdir()
    write_output(source / "part/tables.ipynb", "# Tables", sn.datasets("testtime"))
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", "html"]
    built = subprocess.run(
        [*command, str(source), str(source / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return source / "out"


def scripts(site: Path, page: str) -> list[str]:
    elements = Elements((site / page).read_text())
    sources = [a["src"] or "" for a in elements.named("script") if "src" in a]
    return [source.partition("?")[0].removeprefix("_static/") for source in sources]


def test_pages_load_only_the_scripts_they_use(site: Path) -> None:
    index, formulas, plain = (
        scripts(site, f"{name}.html") for name in ("index", "formulas", "plain")
    )
    assert {"vega.js", "charts.js"} <= set(index)
    assert index.index("vega.js") < index.index("charts.js")
    assert {"mathjax/startup.js", "math.js"} <= set(formulas)
    assert formulas.index("mathjax/startup.js") < formulas.index("math.js")
    assert not {"mathjax/startup.js", "math.js"} & {*index, *plain}
    assert not {"vega.js", "charts.js"} & {*formulas, *plain}
    assert "window.MathJax" in (site / "formulas.html").read_text()
    assert "window.MathJax" not in (site / "index.html").read_text()


def test_scripts_wait_until_the_text_is_there(site: Path) -> None:
    for name in ("index", "formulas", "plain", "part/tables"):
        tags = Elements((site / f"{name}.html").read_text()).named("script")
        with_files = [tag for tag in tags if "src" in tag]
        assert len(with_files) > 5
        assert [tag for tag in with_files if "defer" not in tag] == []
    # Scripts within a page that use such a file wait for it.
    html = (site / "plain.html").read_text()
    assert '<script type="module">DOCUMENTATION_OPTIONS.pagename' in html
    # What was made to wait elsewhere is at once where its page needs it so.
    html = (site / "search.html").read_text()
    assert re.search(r'<script src="_static/doctools\.js', html)


def test_site_refers_to_no_other_host(site: Path) -> None:
    for page in site.glob("*.html"):
        html = page.read_text()
        assert "thebe" not in html.lower()
        elements = Elements(html)
        addresses = [a.get("src") for a in elements.named("script")]
        addresses += [a.get("href") for a in elements.named("link")]
        assert [a for a in addresses if a and "//" in a] == []


def test_everything_that_pages_refer_to_is_there(site: Path) -> None:
    for page in site.glob("*.html"):
        elements = Elements(page.read_text())
        links = [a.get("src") for a in elements.named("script")]
        links += [a.get("href") for a in elements.named("link")]
        for link in links:
            if link and not link.startswith("#"):
                assert (site / link.partition("?")[0]).is_file(), link
    for style in site.rglob("*.css"):
        for link in re.findall(
            r"@import [\"']([^\"']+)|url\(([^)]+\.woff2)", style.read_text()
        ):
            assert (style.parent / "".join(link)).is_file(), link


def test_nothing_is_published_that_no_page_uses(site: Path) -> None:
    names = {path.name for path in (site / "_static").rglob("*")}
    assert "bootstrap.js" in names
    assert "bootstrap.js.LICENSE.txt" in names
    assert not {"fontawesome.js", "webpack-macros.html", "sphinx-thebe.js"} & names
    assert not [name for name in names if name.endswith((".map", ".ttf", ".po"))]
    fonts = {p.suffix for p in (site / "_static/mathjax/output").rglob("*.*")}
    assert fonts == {".js", ".woff"}


def test_tables_have_their_files_beside_them(site: Path) -> None:
    html = (site / "part/tables.html").read_text()
    assert "data-table=" not in html
    links = [a for a in Elements(html).named("a") if "download" in a]
    tables = sn.datasets("testtime").table["name"]
    data = Path(sn.__file__).parent / "corpus" / "data"
    for name in tables:
        files = [a["href"] or "" for a in links if f"/{name}.csv" in (a["href"] or "")]
        assert len(files) == 1, name
        original = next(data.rglob(f"{name}.csv")).read_bytes()
        assert (site / "part" / files[0]).read_bytes() == original
    terms = [a["href"] or "" for a in links if "NOTICE.md" in (a["href"] or "")]
    assert terms == ["../_downloads/data/multipl_e/NOTICE.md"] * 3
    assert (site / "part" / terms[0]).is_file()
    assert len(list((site / "_downloads").rglob("*.csv"))) == len(tables)


def test_links_between_notebooks_lead_to_pages(site: Path) -> None:
    html = (site / "part/tables.html").read_text()
    assert '<a href="../part/other.html">other</a>' in html


def test_the_filter_is_loaded_where_there_is_something_to_filter(site: Path) -> None:
    assert "../_static/tables.js" in scripts(site, "part/tables.html")
    assert "tables.js" not in scripts(site, "plain.html")
    assert "someone2020" not in (site / "part/tables.html").read_text()


def test_every_page_names_its_file(site: Path) -> None:
    for path in ("formulas", "part/tables"):
        html = (site / f"{path}.html").read_text()
        assert f'<p class="page-source">Source: {path}.ipynb</p>' in html
    assert "page-source" not in (site / "search.html").read_text()


@pytest.mark.parametrize("branch", ["", "stable"])
def test_the_file_is_linked_where_the_repository_is_known(branch: str) -> None:
    options = {"repository_url": "https://h.org/book/", "repository_branch": branch}
    app: Any = SimpleNamespace(
        env=SimpleNamespace(doc2path=lambda name, base: f"{name}.md"),
        config=SimpleNamespace(html_theme_options=options),
    )
    link = f"https://h.org/book/blob/{branch or 'main'}/part/page.md"
    assert f'<a href="{link}">part/page.md</a>' in assets._source(app, "part/page")


def test_the_search_knows_symbols_and_ranks(site: Path) -> None:
    script = (site / "searchindex.js").read_text()
    index = json.loads(script.removeprefix("Search.setIndex(").removesuffix(")"))
    formulas = index["docnames"].index("formulas")
    for symbol, anchor in (("e", "formulas"), ("n", "formulas")):
        assert index["indexentries"][symbol] == [[formulas, anchor, True]]
    assert "genindex" not in index["docnames"]
    assert "splitQuery = " in (site / "_static/language_data.js").read_text()


def test_chart_library_leaves_one_name_on_the_page(site: Path) -> None:
    script = (site / "_static/vega.js").read_text()
    body = script.removeprefix(vegalite.BANNER)
    assert body.startswith("(() => {")
    assert body.rstrip().endswith("})();")
    assert "window.vegaEmbed=" in body.replace(" ", "")


def test_dark_colors_are_those_of_the_charts(site: Path) -> None:
    from scaling_notes.charts._theme import DARK

    first = (site / "_static/charts.js").read_text().splitlines()[0]
    written = re.fullmatch(r"window\.darkCharts = (.*);", first)
    assert written is not None
    assert json.loads(written[1]) == DARK
