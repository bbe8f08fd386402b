"""Published packages that need an environment, or a Python, of their own.

Each is installed once, at pinned versions, into a folder beside ``.venv-bench``,
and times itself in its own process on the points it is handed in a file.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from peers import DELTA, Problem, to_logs
from rows import Row

import scaling_notes as sn

HERE = Path(__file__).resolve().parent
CHINCHILLA, SIMPLE = "chinchilla", "simple-scaling-laws"


def find_python312() -> str | None:
    """Return a Python 3.12 on the path or in pyenv, or None."""
    candidates = [shutil.which("python3.12")]
    pyenv = shutil.which("pyenv")
    if pyenv:
        for version in _say(pyenv, "versions", "--bare").split():
            if version.startswith("3.12."):
                prefix = _say(pyenv, "prefix", version).strip()
                candidates.append(str(Path(prefix, "bin", "python3.12")))
    for python in candidates:
        # A shim of pyenv is on the path also where it starts nothing.
        if python and _say(python, "--version").startswith("Python 3.12."):
            return python
    return None


def _say(*call: str) -> str:
    try:
        done = subprocess.run(call, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def environment(package: str, python: str) -> Path:
    """Return the Python of the package's own environment, made if need be."""
    folder = HERE.parent / f".venv-bench-{package}"
    own, ready = folder / "bin" / "python", folder / ".ready"
    wanted = HERE / f"requirements-{package}.txt"
    if not ready.exists() or ready.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        pip = [own, "-m", "pip", "install", "--quiet", "-r", wanted]
        subprocess.run(pip, check=True)
        ready.touch()
    return own


def measured(package: str, python: str, runs: Any, *more: str) -> list[dict[str, Any]]:
    """Return what the package's script reports of the points."""
    own = environment(package, python)
    script = HERE / f"in_{package.replace('-', '_')}.py"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "points.csv")
        runs[["params", "tokens", "loss"]].to_csv(data, index=False)
        # Not our own packages: this one is to be found in its own environment.
        call = [own, "-I", script, data, *more]
        done = subprocess.run(call, check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def chinchilla_rows(section: str, p: Problem, ours_s: float) -> list[Row]:
    """Fit with the published package ``chinchilla``, in its own process."""
    best = p.value(to_logs(sn.fit_chinchilla(p.runs, delta=DELTA).law.as_array()))
    rows = []
    for r in measured(CHINCHILLA, sys.executable, p.runs):
        value = p.value(to_logs(np.array(r["constants"])))
        words = [f"objective {value / best - 1:+.0e}", r["note"]]
        rows.append(_row(section, f"full fit, {len(p.y)} points", r, ours_s, words))
    return rows


def simple_rows(section: str, p: Problem, total: int, ours_s: float) -> list[Row]:
    """Refit with ``simple-scaling-laws``, in its own process and Python."""
    work = f"{total} refits, {len(p.y)} points"
    python = find_python312()
    if python is None:
        why = "not run: it needs Python 3.12, and none is on the path or in pyenv"
        return [Row(section, work, SIMPLE, result=why)]
    return [
        _row(section, work, r, ours_s, [r["note"]])
        for r in measured(SIMPLE, python, p.runs, str(total))
    ]


def _row(
    section: str, work: str, r: dict[str, Any], ours_s: float, words: list[str]
) -> Row:
    t = r["cpu_s"]
    result = "; ".join(w for w in words if w)
    return Row(section, work, r["tool"], f"{t:.2g}", f"{t / ours_s:.3g}", result)
