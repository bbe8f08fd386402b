"""Print the oldest version of each dependency that pyproject.toml allows."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement


def pin(requirement: str) -> str:
    """Return the requirement that only the floor meets.

    >>> pin("altair>=6.0.0,<7")
    'altair==6.0.0'
    """
    r = Requirement(requirement)
    (floor,) = [s.version for s in r.specifier if s.operator == ">="]
    return f"{r.name}=={floor}"


if __name__ == "__main__":
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    print(*map(pin, tomllib.loads(text)["project"]["dependencies"]))
