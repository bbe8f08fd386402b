"""The architecture, held: imports go down, rooms stay small, names are documented."""

from __future__ import annotations

import ast
import graphlib
import importlib
import inspect
import re
from pathlib import Path

import pytest

import scaling_notes as sn

SOURCE = Path(sn.__file__).parent
# From top to bottom, as the folder is explained in CONTRIBUTING.md. A room imports
# from the rooms below it only.
ROOMS = [
    "book",
    "charts",
    "corpus",
    "planning",
    "sampling",
    "fitting",
    "lab",
    "engine",
    "laws",
    "accounting",
    "parallel",
    "errors",
]
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
    return found & set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return
    check(path, path.read_text("utf-8"))


def check(path: Path, source: str) -> None:
    here = room(path)
    for there in imported_rooms(path, source) - {here}:
        assert ROOMS.index(there) > ROOMS.index(here), f"{here} imports {there}"


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("laws/_chinchilla.py", "from ..fitting import Fit"),
        ("laws/_chinchilla.py", "from .. import fitting"),
        ("fitting/_fit.py", "def f():\n    from ..charts import layer"),
        ("fitting/_fit.py", "import scaling_notes as sn"),
        ("fitting/_fit.py", "from scaling_notes.charts import layer"),
        ("parallel.py", "from .fitting import Fit"),
        ("charts/_marks.py", "from ..book import refresh"),
    ],
)
def test_an_import_upward_is_found(file: str, source: str) -> None:
    with pytest.raises(AssertionError):
        check(SOURCE / file, source)


def test_the_list_is_the_folder() -> None:
    assert {room(p) for p in FILES} - {"__init__"} == set(ROOMS)


def test_contributing_lists_the_rooms_in_this_order() -> None:
    text = (SOURCE.parents[1] / "CONTRIBUTING.md").read_text("utf-8")
    found = re.findall(r"^    ([a-z]+)(?:/|\.py) ", text, re.M)
    assert [name for name in found if name in ROOMS] == ROOMS


def files_imported(path: Path) -> set[Path]:
    """Return the files of its own room that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names = [node.module] if node.module else [a.name for a in node.names]
            found |= {path.parent / f"{name.partition('.')[0]}.py" for name in names}
    return found & set(FILES)


@pytest.mark.parametrize("room", [r for r in ROOMS if (SOURCE / r).is_dir()])
def test_files_of_a_room_import_in_one_direction(room: str) -> None:
    files = [p for p in FILES if (SOURCE / room) in p.parents and "__" not in p.name]
    graphlib.TopologicalSorter({p: files_imported(p) for p in files}).prepare()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_public_face_is_small_and_documented() -> None:
    # tests/test_api_pages.py finds each name on a page.
    assert len(sn.__all__) < 70
    for name in sn.__all__:
        assert inspect.getdoc(getattr(sn, name)), name


def test_every_law_is_public() -> None:
    for path in (SOURCE / "laws").glob("_[!_]*.py"):
        module = importlib.import_module(f"scaling_notes.laws.{path.stem}")
        names = getattr(module, "__all__", [])
        laws = {n for n in names if inspect.isclass(getattr(module, n))}
        hidden = laws - set(sn.laws.__all__)
        assert not hidden, f"import {sorted(hidden)} in laws/__init__.py"


def test_no_room_bears_the_name_of_a_function() -> None:
    functions = {n for n in sn.__all__ if inspect.isfunction(getattr(sn, n))}
    assert not functions & ({p.stem for p in FILES} | set(ROOMS))


def test_plain_import_leaves_plotting_out() -> None:
    import subprocess
    import sys

    probe = "import sys, scaling_notes; print('altair' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "False"
