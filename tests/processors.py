"""The tests as another processor would run them.

numpy takes other loops where a processor has fewer features, and OpenBLAS other
kernels; both change the last digits. Nothing that the book or the tests show may
depend on that. Each setting runs in processes of its own; what differs is printed as
pytest prints it. ``make test-processors`` tries every level of features that numpy
knows for this processor, and two BLAS threads; ``make test-oldest-processor``, a part
of ``.ci/run``, only the lowest level, with the doctests and chapters.

BLAS kernels are tried where asked, for a kernel that this processor cannot run
crashes: ``KERNELS="Haswell Nehalem" make test-processors``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np

PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
CHAPTERS = [*PYTEST, "--nbval", "--nbval-current-env", "-p", "scaling_notes.book.nbval"]
CHAPTERS += ["book"]
SWITCH = "NPY_DISABLE_CPU_FEATURES"
DOCTESTS = [*PYTEST, "src"]
PACKAGE = [*PYTEST, "--ignore=tests/site", "tests", "src"]


def features() -> list[str]:
    """What numpy has loops for and this processor can do, lowest first."""
    return np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])


def settings(kernels: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Names of settings, and the environment that makes each."""
    found, already = features(), os.environ.get(SWITCH, "").split()
    for level in range(len(found)):
        off = " ".join(found[level:] + already)
        yield f"numpy without {off}", {SWITCH: off}
    yield "two BLAS threads", {"OPENBLAS_NUM_THREADS": "2"}
    for kernel in kernels:
        yield f"BLAS kernel {kernel}", {"OPENBLAS_CORETYPE": kernel}


def main(arguments: list[str]) -> int:
    """Run what is asked for; return how many settings differ."""
    oldest = "--oldest" in arguments
    kernels = [a for a in arguments if not a.startswith("--")]
    commands = [DOCTESTS, CHAPTERS] if oldest else [PACKAGE, CHAPTERS]
    failed = []
    for name, variables in settings(kernels):
        print(f"\n=== {name}", flush=True)
        environment = os.environ | variables
        codes = [subprocess.run(c, env=environment, check=False) for c in commands]
        if any(code.returncode for code in codes):
            failed.append(name)
        if oldest:
            break
    print("\n" + "\n".join(f"differs: {name}" for name in failed or ["nothing"]))
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
