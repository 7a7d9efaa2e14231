"""The rules that all tests live under."""

from __future__ import annotations

import socket

import pytest

from tests.house.source_tree import ROOT

CONFTEST = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8").replace('pytest_plugins = ["pytester"]', "")
NEEDS = """
import pytest

@pytest.mark.needs_tool("no-such-program")
def test_with_it():
    pass

@pytest.mark.needs_tool("sh")
def test_with_sh():
    pass
"""


def outcomes(pytester: pytest.Pytester, name: str) -> dict[str, int]:
    pytester.makeini("[pytest]\nmarkers = needs_tool\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(**{name: NEEDS})
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", "-rs")
    if name == "test_here":
        result.stdout.fnmatch_lines(["*needs no-such-program, which is not installed*"])
    return result.parseoutcomes()


def test_a_missing_program_skips_its_test_and_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)

    assert outcomes(pytester, "test_here") == {"passed": 1, "skipped": 1}


def test_under_ci_a_missing_program_fails_its_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    counted = outcomes(pytester, "test_in_ci")

    assert counted["passed"] == 1
    assert "skipped" not in counted
    assert counted.get("failed", 0) + counted.get("errors", 0) == 1


def test_no_test_looks_for_programs_by_itself() -> None:
    lookers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if "shutil.which" in path.read_text(encoding="utf-8") and path.name not in {"conftest.py", "test_test_rules.py"}
    ]

    assert lookers == []


def test_nothing_but_loopback_can_be_reached() -> None:
    with socket.socket() as client, pytest.raises(OSError, match="nothing but loopback"):
        client.connect(("192.0.2.1", 80))
