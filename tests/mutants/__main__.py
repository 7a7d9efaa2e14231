"""Run every fault: a copy of the packages with the fault in it, and the tests named for it, which must fail there.

Run: make mutants, or python -m tests.mutants NAME... for some. Exits 1 when a fault was not noticed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tests.mutants.faults import FAULTS
from tests.mutants.mutant import ROOT, Mutant

COPIED = ("bot", "deploy", "diagnosis", "tests", "pyproject.toml")
NOTICED, UNNOTICED = 1, 0
"""What pytest exits with: tests failed, or all passed. Anything else is a fault of the run itself."""
TOLD = 4_000
"""So many characters of pytest's words are shown where the tests fail by themselves."""


def main(names: list[str]) -> int:
    """Run the faults of these names, or all; print a line for each."""
    chosen = [mutant for mutant in FAULTS if not names or mutant.name in names]
    with tempfile.TemporaryDirectory(prefix="whynot-mutants-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        whole = _run(copy, sorted({test for mutant in chosen for test in mutant.tests}))
        if whole.returncode != UNNOTICED:
            sys.stderr.write(f"{whole.stdout[-TOLD:]}the tests fail without any fault; repair that first\n")
            return 2
        missed = [mutant.name for mutant in chosen if not _noticed(copy, mutant)]
    sys.stdout.write(f"{len(chosen) - len(missed)} of {len(chosen)} faults noticed\n")
    for name in missed:
        sys.stdout.write(f"not noticed: {name}\n")
    return 1 if missed else 0


def _noticed(copy: Path, mutant: Mutant) -> bool:
    """Whether the tests fail with the fault in the copy, which is whole again afterwards."""
    path = copy / mutant.path
    whole = path.read_text()
    started = time.monotonic()
    path.write_text(mutant.applied(whole))
    try:
        status = _run(copy, mutant.tests).returncode
    finally:
        path.write_text(whole)
    if status not in (NOTICED, UNNOTICED):
        raise RuntimeError(f"{mutant.name}: pytest exited with {status} on {' '.join(mutant.tests)}")
    said = "noticed" if status == NOTICED else "MISSED "
    sys.stdout.write(f"{said} {time.monotonic() - started:5.1f} s  {mutant.name}\n")
    sys.stdout.flush()
    return status == NOTICED


def _run(copy: Path, tests: Iterable[str]) -> subprocess.CompletedProcess[str]:
    options = (
        "-q",
        "-x",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--hypothesis-profile=any-example",
    )
    return subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *options, *tests],
        cwd=copy,
        env={**os.environ, "TESTS_GO": "deep"},
        capture_output=True,
        timeout=600,
        check=False,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
