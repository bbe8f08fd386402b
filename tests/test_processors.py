"""`make test-processors` really switches off what it says."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def processors(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("processors")


def test_each_level_has_the_features_below_it(processors: ModuleType) -> None:
    code = (
        "import numpy as np;"
        "extensions = np.show_config(mode='dicts')['SIMD Extensions'];"
        "print(*extensions.get('found', []))"
    )
    found = processors.features()
    levels = [v for _, v in processors.settings([]) if processors.SWITCH in v]
    assert len(levels) == len(found)
    for count, variables in enumerate(levels):
        left = subprocess.check_output(
            [sys.executable, "-W", "error", "-c", code],
            env=os.environ | variables,
            text=True,
        )
        assert left.split() == found[:count]


def test_threads_and_kernels_are_settings_of_their_own(processors: ModuleType) -> None:
    settings = dict(processors.settings(["Haswell", "Zen"]))
    assert len(settings) == len(processors.features()) + 3
    assert settings["two BLAS threads"] == {"OPENBLAS_NUM_THREADS": "2"}
    assert settings["BLAS kernel Zen"] == {"OPENBLAS_CORETYPE": "Zen"}


def test_what_differs_is_named(
    processors: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    program = "import os; print(1 / 0 if 'OPENBLAS_CORETYPE' in os.environ else 1)"
    for name in ("PACKAGE", "CHAPTERS"):
        monkeypatch.setattr(processors, name, [sys.executable, "-c", program])
    assert processors.main(["Zen"]) == 1
    out, err = capfd.readouterr()
    assert out.endswith("differs: BLAS kernel Zen\n")
    assert err.count("ZeroDivisionError: division by zero") == 2
    assert processors.main([]) == 0
    assert capfd.readouterr().out.endswith("differs: nothing\n")
