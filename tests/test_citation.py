"""Pages that tell how to cite the book say what CITATION.cff says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def text_of(path: Path) -> str:
    """Return what a page says, without code and outputs."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] != "code")


PAGES = {
    path.relative_to(ROOT).as_posix(): text_of(path)
    for path in (ROOT / "book").rglob("*")
    if path.suffix in (".md", ".ipynb") and ".ipynb_checkpoints" not in path.parts
}


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))


def test_pages_say_what_the_file_says(citation: dict[str, Any]) -> None:
    (author,) = (author["name"] for author in citation["authors"])
    title, version = citation["title"], citation["version"]
    date = citation["date-released"]
    sentence = f"{author}, *{title}*, version {version}, {date}."
    fields = {
        "author": f"{{{author}}}",
        "title": f"{{{title}}}",
        "year": f"{date:%Y}",
        "note": f"Version {version}, {date}",
    }
    if url := citation.get("url") or citation.get("repository-code"):
        fields["url"] = url
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items()]
    entry = f"```bibtex\n@misc{{scaling_notes,\n{''.join(lines)}}}\n```"
    telling = {name: text for name, text in PAGES.items() if "# How to cite" in text}
    assert telling
    for name, text in telling.items():
        for part in (sentence, entry):
            assert part in text, f"Put this on the page {name}:\n{part}"


def test_versions_agree(citation: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == project["version"]
