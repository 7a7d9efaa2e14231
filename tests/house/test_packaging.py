"""What is shipped beside the code: pins, the make targets, the continuous integration."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.house.source_tree import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def plain(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return plain(found.group())


def required() -> set[str]:
    """What pyproject.toml asks for, and all that those distributions need here."""
    project = PROJECT["project"]
    direct = [*project["dependencies"], *project["optional-dependencies"]["dev"], *PROJECT["build-system"]["requires"]]
    to_see, seen = [name_of(requirement) for requirement in direct], set()
    while to_see:
        name = to_see.pop()
        if name in seen:
            continue
        seen.add(name)
        needed = importlib.metadata.requires(name) or []
        to_see.extend(name_of(requirement) for requirement in needed if ";" not in requirement)
    return seen


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {plain(name): version for name, version in pairs}


def test_every_distribution_that_is_needed_is_pinned() -> None:
    assert required() - set(pins()) == set()


def test_a_pin_is_one_exact_version() -> None:
    assert {name: pin for name, pin in pins().items() if not re.fullmatch(r"[0-9][0-9A-Za-z.]*", pin)} == {}


def make(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    return subprocess.run(
        ["make", *arguments], cwd=tree, env=kept, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with nothing installed, and a space in its name."""
    tree = tmp_path / "fresh clone"
    tree.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tree)
    return tree


def python_that(tree: Path, refuses: str) -> str:
    """The name of a Python that fails whatever names `refuses`."""
    program = tree / "python-that-refuses"
    refusal = f'case "$2" in *{refuses}*) exit 1;; esac'
    program.write_text(f'#!/bin/sh\n{refusal}\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return "./python-that-refuses"


@pytest.mark.needs_tool("make")
def test_an_old_python_is_refused_in_one_line_that_says_what_to_type(clone: Path) -> None:
    done = make(clone, "demo", f"PYTHON={python_that(clone, 'version_info')}")

    assert done.returncode != 0
    assert "whynot needs Python 3.11 or newer" in done.stderr
    assert "make demo PYTHON=python3.12" in done.stderr
    assert not (clone / ".venv").exists()


@pytest.mark.needs_tool("make")
def test_a_python_without_venv_is_refused_in_one_line_that_names_the_package(clone: Path) -> None:
    done = make(clone, "test", f"PYTHON={python_that(clone, 'venv')}")

    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


@pytest.mark.needs_tool("make")
@pytest.mark.parametrize("target", ["demo", "test", "check", "bench"])
def test_a_second_run_installs_nothing(clone: Path, target: str) -> None:
    (clone / ".venv").mkdir()
    for stamp in (".made", ".runtime", ".dev"):
        (clone / ".venv" / stamp).touch()

    done = make(clone, "--dry-run", target)

    assert done.returncode == 0
    assert "pip install" not in done.stdout


@pytest.mark.needs_tool("make")
def test_make_alone_lists_the_targets(clone: Path) -> None:
    done = make(clone)

    assert done.returncode == 0
    for target in ("demo", "test", "check", "bench"):
        assert f"make {target}" in done.stdout


@pytest.mark.needs_tool("bash")
def test_the_script_of_the_continuous_integration_is_sound_bash() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=False, timeout=10).returncode == 0
