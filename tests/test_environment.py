"""One list of dependencies, told three times: pyproject, conda, lock."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

TOP = Path(__file__).parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (TOP / "requirements.lock").read_text("utf-8")


def normal(requirement: str) -> tuple[str, str]:
    r = Requirement(requirement)
    return re.sub(r"[-_.]+", "-", r.name).lower(), str(r.specifier)


def test_conda_environment_equals_pyproject() -> None:
    lines = yaml.safe_load((TOP / "environment.yml").read_text("utf-8"))["dependencies"]
    plain = [x for x in lines if isinstance(x, str)]
    (nested,) = [x["pip"] for x in lines if isinstance(x, dict)]
    conda = {normal(x) for x in [*plain, *nested]}
    assert ("python", PROJECT["requires-python"]) in conda
    extras = PROJECT["optional-dependencies"].values()
    wanted = {normal(x) for x in [*PROJECT["dependencies"], *itertools.chain(*extras)]}
    assert {c for c in conda if c[0] not in ("python", "pip")} == wanted


def test_lock_holds_every_dependency_by_hash_and_names_no_index() -> None:
    assert "://" not in LOCK
    entries = re.split(r"\n(?=[a-zA-Z0-9])", LOCK.strip())
    assert all("--hash=sha256:" in e for e in entries)
    locked = {normal(e.split(";")[0].split(" \\")[0])[0] for e in entries}
    extras = PROJECT["optional-dependencies"].values()
    for line in [*PROJECT["dependencies"], *itertools.chain(*extras)]:
        assert normal(line)[0] in locked


def test_lock_is_within_what_pyproject_allows() -> None:
    pinned = re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE)
    extras = PROJECT["optional-dependencies"].values()
    for line in [*PROJECT["dependencies"], *itertools.chain(*extras)]:
        r = Requirement(line)
        versions = [v for name, v in pinned if name == normal(line)[0]]
        assert versions, line
        assert all(v in r.specifier for v in versions), (line, versions)


@pytest.mark.parametrize("name", ["numpy", "scipy", "scipy-stubs"])
def test_lock_pins_one_version_for_all_pythons(name: str) -> None:
    assert len(re.findall(rf"^{name}==", LOCK, re.MULTILINE)) == 1
