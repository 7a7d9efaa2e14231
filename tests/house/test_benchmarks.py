"""`make bench` runs every benchmark there is."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import benchmarks
from benchmarks.__main__ import main

NAMES = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__")


def test_there_is_something_to_measure() -> None:
    assert any(hasattr(importlib.import_module(f"benchmarks.{name}"), "main") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_run_and_says_what_it_measures(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")

    assert module.__doc__
    assert callable(getattr(module, "main", print))


def test_a_benchmark_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no_such_benchmark"]) == 2
    assert "No benchmark is called no_such_benchmark" in capsys.readouterr().err
