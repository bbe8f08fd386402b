"""The pages of the package: every public name on one of them, every recipe runs."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import scaling_notes as sn

FOLDER = Path(__file__).parents[1] / "book" / "reference" / "api"
MODULES = ("accounting", "charts", "lab", "laws")
PAGES = sorted(FOLDER.glob("*.md"))
LISTED = re.compile(
    r"^ *\.\. auto(?:class|function|data):: scaling_notes\.([\w.]+)$", re.M
)


def listed(path: Path) -> list[str]:
    return LISTED.findall(path.read_text("utf-8"))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_a_page_opens_with_a_recipe_that_runs(path: Path) -> None:
    text = path.read_text("utf-8")
    before, _, _ = text.partition("```pycon\n")
    assert not LISTED.search(before), "the recipe comes first"
    recipe = "".join(re.findall(r"```pycon\n(.*?)```", text, re.S))
    test = doctest.DocTestParser().get_doctest(recipe, {}, path.stem, str(path), 0)
    assert len(test.examples) > 1
    runner = doctest.DocTestRunner(verbose=False)
    told: list[str] = []
    runner.run(test, out=told.append)
    assert not runner.failures, "".join(told)


def test_every_public_name_is_listed_once() -> None:
    found = sorted(name for path in PAGES for name in listed(path))
    public = {name for name in sn.__all__ if name not in MODULES}
    # What an argument `executor=` is asked to be.
    public.add("parallel.Executor")
    for module in MODULES:
        names = getattr(sn, module).__all__
        public |= {f"{module}.{name}" for name in names}
    assert found == sorted(public)


def test_every_page_is_in_the_first() -> None:
    index = (FOLDER / "index.md").read_text("utf-8")
    for path in PAGES:
        assert path.stem == "index" or f"]({path.name})" in index


def test_what_a_property_is_does_not_read_as_its_type() -> None:
    # "Time: seconds" on the first line of a property is taken for a type and a text.
    shown = [sn, *(getattr(sn, module) for module in MODULES)]
    classes = {c for part in shown for c in vars(part).values() if isinstance(c, type)}
    for one in classes | {getattr(sn, name) for name in sn.__all__}:
        for name, value in vars(one).items() if isinstance(one, type) else ():
            if isinstance(value, property):
                first = (value.__doc__ or "").partition("\n")[0]
                assert not re.match(r"[^`]*:(?= |$)", first), f"{one.__name__}.{name}"
