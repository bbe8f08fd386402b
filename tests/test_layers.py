"""The architecture, held: imports go down, rooms stay small, names are documented."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import scaling_notes as sn

SOURCE = Path(sn.__file__).parent
# A room may import the rooms of lower levels only.
LEVELS = {
    "errors": 0,
    "parallel": 1,
    "laws": 1,
    "tables": 1,
    "engine": 2,
    "lab": 2,
    "intervals": 3,
    "design": 3,
    "fit": 4,
    "profiles": 4,
    "holdout": 5,
    "allocation": 5,
    "planning": 5,
    "sampling": 5,
    "diagnosis": 5,
    "printed": 5,
    "record": 5,
    "certified": 6,
    "charts": 6,
}
TOOLS = {"_site", "_nbval", "_refresh"}
FILES = sorted(p for p in SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(path: Path, source: str) -> set[str]:
    """Return the rooms a file imports, at its top or inside a function."""
    inside = path.relative_to(SOURCE).parent.parts
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [a.name.split(".")[0] for a in node.names]
            assert "scaling_notes" not in names, f"{path}: be relative"
        if isinstance(node, ast.ImportFrom) and node.level:
            base = inside[: len(inside) - node.level + 1]
            parts = (*base, *(node.module.split(".") if node.module else ()))
            found |= {parts[0]} if parts else {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.module.startswith("scaling_notes"), f"{path}: be relative"
    return found & (LEVELS.keys() | TOOLS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down(path: Path) -> None:
    here = room(path)
    if here in TOOLS or here == "__init__":
        return
    check(path, path.read_text("utf-8"))


def check(path: Path, source: str) -> None:
    here = room(path)
    for there in imported_rooms(path, source) - {here}:
        assert there not in TOOLS, f"{here} imports {there}"
        assert LEVELS[there] < LEVELS[here], f"{here} imports {there}"


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("laws/pretraining.py", "from ..fit import Fit"),
        ("laws/pretraining.py", "from .. import fit"),
        ("fit.py", "def f():\n    from .charts import layer"),
        ("fit.py", "import scaling_notes as sn"),
        ("fit.py", "from scaling_notes.charts import layer"),
        ("intervals.py", "from .design import read_columns"),
        ("charts/_marks.py", "from .. import _refresh"),
    ],
)
def test_an_import_upward_is_found(file: str, source: str) -> None:
    with pytest.raises(AssertionError):
        check(SOURCE / file, source)


def test_every_room_has_a_level() -> None:
    rooms = {room(p) for p in FILES} - {"__init__"}
    assert rooms == LEVELS.keys() | TOOLS


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_public_face_is_small_and_documented() -> None:
    api = (SOURCE.parents[1] / "book" / "reference" / "api.md").read_text("utf-8")
    assert len(sn.__all__) <= 60
    for name in sn.__all__:
        thing = getattr(sn, name)
        assert inspect.getdoc(thing), name
        assert f"scaling_notes.{name}" in api, f"{name} is not on the API page"


def test_no_room_bears_the_name_of_a_function() -> None:
    functions = {n for n in sn.__all__ if inspect.isfunction(getattr(sn, n))}
    assert not functions & ({p.stem for p in FILES} | LEVELS.keys())


def test_plain_import_leaves_plotting_out() -> None:
    import subprocess
    import sys

    probe = "import sys, scaling_notes; print('altair' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "False"
