"""Published architectures and their shapes."""

from __future__ import annotations

from typing import Any

import pytest

import scaling_notes as sn


@pytest.fixture(scope="session")
def rows() -> dict[str, dict[str, Any]]:
    """The rows of the table by model."""
    records = sn.load("model_architectures").to_dict("records")
    return {str(row["model"]): row for row in records}


@pytest.fixture(scope="session")
def shapes(rows: dict[str, dict[str, Any]]) -> dict[str, sn.accounting.Shape]:
    """The shape of every published model."""
    return {name: sn.accounting.Shape.from_row(row) for name, row in rows.items()}
