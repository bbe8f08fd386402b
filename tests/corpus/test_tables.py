"""The data package: valid, described, cited, and consistent with physics."""

from __future__ import annotations

import csv
import re
import tomllib
from importlib import resources
from pathlib import Path

import frictionless
import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.corpus import descriptor

DATA = Path(str(resources.files("scaling_notes") / "corpus" / "data"))
BIB = (Path(__file__).parents[2] / "book" / "references.bib").read_text("utf-8")
KEYS = set(re.findall(r"^@\w+\{([^,]+),", BIB, re.MULTILINE))
RESOURCES = descriptor()["resources"]
NAMES = [r["name"] for r in RESOURCES]
every_table = pytest.mark.parametrize("resource", RESOURCES, ids=NAMES)


def test_package_is_valid() -> None:
    report = frictionless.validate(str(DATA / "datapackage.json"))
    problems = [
        f"{task.name}: {error.message}"
        for task in report.tasks
        for error in task.errors
    ]
    assert problems == [], (
        "mend the CSV or its description in datapackage.json; "
        "`make refresh CHAPTERS=data` counts the rows"
    )
    assert report.valid


def test_every_file_is_described_and_every_description_has_a_file() -> None:
    files = {p.relative_to(DATA).as_posix() for p in DATA.rglob("*.csv")}
    described = {r["path"] for r in RESOURCES}
    assert files == described, (
        f"not described in datapackage.json: {sorted(files - described)}; "
        f"described, but no file: {sorted(described - files)}"
    )
    assert len(NAMES) == len(set(NAMES))


@every_table
def test_table_says_what_a_reader_must_know(resource: dict) -> None:
    for key in ("title", "locator", "exactness", "verified"):
        assert resource[key].strip(), key
    assert resource["part"] in {
        "pretraining",
        "posttraining",
        "testtime",
        "lifecycle",
        "reference",
    }
    assert resource["sources"]
    assert resource["licenses"][0]["title"]
    for field in resource["schema"]["fields"]:
        assert len(field["description"]) >= 5, field["name"]
        assert "unit" in field, field["name"]


# Numbers of any unit and sign share these columns.
MIXED = {
    *(("published", name) for name in ("value", "low", "high")),
    *(("results", name) for name in ("value", "low", "high")),
}


@every_table
def test_numbers_have_an_allowed_range(resource: dict) -> None:
    for field in resource["schema"]["fields"]:
        limits = {"minimum", "maximum", "enum"} & set(field.get("constraints", {}))
        if field["type"] in ("number", "integer"):
            mixed = (resource["name"], field["name"]) in MIXED
            assert bool(limits) != mixed, (
                f"{field['name']}: give constraints a minimum, a maximum or an enum"
            )


@every_table
def test_sources_are_in_the_bibliography(resource: dict) -> None:
    for source in resource["sources"]:
        assert source.get("key", "") in KEYS | {""}, (
            f"add {source['key']} to book/references.bib"
        )
    frame = sn.load(resource["name"])
    for column in ("key", "source"):
        if column in frame:
            unknown = set(frame[column].dropna()) - KEYS
            assert not unknown, f"add {sorted(unknown)} to book/references.bib"


def test_printed_values_have_their_papers_among_the_sources() -> None:
    sources = next(r["sources"] for r in RESOURCES if r["name"] == "published")
    lacking = set(sn.load("published")["key"]) - {s.get("key") for s in sources}
    assert not lacking, (
        f"add {sorted(lacking)} to the sources of 'published' in datapackage.json"
    )


def bibliography() -> dict[str, dict[str, str]]:
    """Return title and url of every entry of the bibliography."""
    found = {}
    for key, body in re.findall(r"^@\w+\{([^,]+),\n(.*?)^\}", BIB, re.M | re.S):
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.M))
        found[key] = {k: re.sub(r"[{}]", "", v) for k, v in fields.items()}
    return found


@every_table
def test_sources_say_what_the_bibliography_says(resource: dict) -> None:
    entries = bibliography()
    for source in resource["sources"]:
        if "key" in source:
            entry = entries[source["key"]]
            assert source["title"].endswith(entry["title"]), (
                f"end the title as references.bib has it: {entry['title']}"
            )
            assert "\\" not in source["title"]
            assert source["path"] == entry["url"], "repeat the url of references.bib"


def test_every_reference_of_an_article_can_be_found() -> None:
    for key, entry in bibliography().items():
        assert entry["author"], key
        assert entry["url"].startswith("https://"), key
        if "eprint" in entry:
            assert re.fullmatch(r"\d{4}\.\d{4,5}", entry["eprint"]), key
            assert entry["url"] == f"https://arxiv.org/abs/{entry['eprint']}"


def test_the_package_carries_every_table_and_notice() -> None:
    project = tomllib.loads(
        (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    )
    patterns = project["tool"]["setuptools"]["package-data"]["scaling_notes"]
    carried = {p for pattern in patterns for p in DATA.parents[1].glob(pattern)}
    assert {p for p in DATA.rglob("*") if p.is_file()} <= carried


@every_table
def test_file_is_in_normal_form(resource: dict) -> None:
    raw = (DATA / resource["path"]).read_bytes()
    text = raw.decode("utf-8")
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert "\r" not in text
    assert text.endswith("\n")
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == [f["name"] for f in resource["schema"]["fields"]]
    assert len(rows) - 1 == resource["rows"], "`make refresh CHAPTERS=data` counts them"


@every_table
def test_nothing_is_from_memory(resource: dict) -> None:
    frame = sn.load(resource["name"])
    if "verified" in frame:
        assert set(frame["verified"]) <= {"read", "secondary", "derived"}
    assert "memory" not in resource["verified"]


@every_table
def test_load_gives_numbers_where_numbers_are_promised(resource: dict) -> None:
    frame = sn.load(resource["name"])
    assert len(frame) == sn.describe(resource["name"]).rows
    for field in resource["schema"]["fields"]:
        if field["type"] in ("number", "integer"):
            assert pd.api.types.is_numeric_dtype(frame[field["name"]])
            values = frame[field["name"]].dropna().to_numpy(float)
            assert np.isfinite(values).all()
    for name in {"params", "tokens", "flops", "loss"} & set(frame.columns):
        assert (frame[name].dropna() > 0).all()


def test_certified_values_are_many_and_read() -> None:
    frame = sn.load("published")
    read = frame[frame["verified"] == "read"]
    assert len(read) >= 350
    assert read["key"].nunique() >= 40
    plain = frame[frame["printed"].str.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?")]
    assert len(plain) > 0.95 * len(frame)
    assert np.allclose(plain["printed"].astype(float), plain["value"], rtol=1e-6)
    known = frame["low"].notna() & frame["high"].notna()
    assert (frame.loc[known, "low"] <= frame.loc[known, "high"]).all()


def test_load_gives_a_fresh_copy() -> None:
    first = sn.load("hoffmann2022_optimal_sizes")
    first.loc[:, "params"] = 0.0
    assert (sn.load("hoffmann2022_optimal_sizes")["params"] > 0).all()


@pytest.mark.parametrize("call", [sn.load, sn.describe])
def test_an_unknown_name_suggests_the_nearest(call: object) -> None:
    with pytest.raises(sn.DataError, match="did you mean 'besiroglu2024_chinch"):
        call("besiroglu2024_chinchila_point")  # type: ignore[operator]


def test_description_prints() -> None:
    description = sn.describe("besiroglu2024_chinchilla_points")
    for text in (repr(description), description._repr_html_()):
        assert "245" in text
        assert "color scale" in text
        assert "dropped_in_refit" in text


def test_description_says_what_a_cell_may_hold() -> None:
    columns = sn.describe("besiroglu2024_chinchilla_points").columns
    allowed = columns.set_index("column")["allowed"]
    assert allowed["loss"] == "at least 0"
    assert allowed["dropped_in_refit"] == "0, 1"
    shares = sn.describe("passk_curves").columns.set_index("column")["allowed"]
    assert shares["pass_at_k_frac"] == "0 to 1"


def test_description_links_its_sources_and_holds_its_first_rows() -> None:
    description = sn.describe("voting_and_verifiers")
    html = description._repr_html_()
    address = "https://arxiv.org/abs/2305.20050"
    title = "Lightman et al. 2023, Let&#x27;s Verify Step by Step"
    assert f'<a href="{address}">{title}</a>' in html
    assert html.count("<a ") == len(description.sources)
    first = sn.load("voting_and_verifiers").iloc[0]
    assert description.preview["model"].iloc[0] == first["model"]
    assert f"<td>{first['model']}</td>" in html
    assert 'data-table="voting_and_verifiers"' in html


def test_list_of_tables() -> None:
    frame = sn.datasets().table
    assert list(frame["name"]) == NAMES
    assert frame["rows"].gt(0).all()


def test_list_of_tables_prints_by_part() -> None:
    text = repr(sn.datasets())
    parts = [line.split(":")[0] for line in text.splitlines() if line[0] != " "]
    assert parts[0] == "pretraining"
    assert parts[-1] == "reference"
    assert set(parts) == {r["part"] for r in RESOURCES}
    line = next(x for x in text.splitlines() if "besiroglu2024_chinchilla" in x)
    assert line.split()[1] == "245"
    after = text.splitlines()[text.splitlines().index(line) + 1]
    assert after.strip() == "Besiroglu et al. 2024, Hoffmann et al. 2022"
    sources = sn.describe("published").sources
    assert f"and {len(sources) - 3} more" in text


def test_one_part_of_the_list() -> None:
    part = sn.datasets("testtime")
    assert set(part.table["part"]) == {"testtime"}
    html = part._repr_html_()
    assert html.count("<details ") == len(part.table)
    assert all(f'id="{name}"' in html for name in part.table["name"])
    with pytest.raises(sn.DataError, match=r"no part 'test-time'; name .*testtime"):
        sn.datasets("test-time")
