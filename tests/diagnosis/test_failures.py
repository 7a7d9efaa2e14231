"""A failure is one line that says who must act."""

from __future__ import annotations

import pytest

from diagnosis.cli import statuses
from diagnosis.failures import one_line
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.snapshots.embedded_account import snapshot_folder
from diagnosis.sources import FlowLogsUnavailable, NotPermitted, SourceUnavailable
from tests.program import run


@pytest.mark.parametrize("kind", [SourceUnavailable, NotPermitted, FlowLogsUnavailable])
def test_an_error_of_a_source_is_its_own_sentence(kind: type[SourceUnavailable]) -> None:
    assert one_line(kind("Sign in with `aws sso login`.")) == "Sign in with `aws sso login`."


def test_anything_else_is_a_fault_of_ours_and_says_how_to_report_it() -> None:
    line = one_line(KeyError("vpc-1"))

    assert line.startswith("this is a fault of whynot: KeyError: 'vpc-1'")
    assert "WHYNOT_DEBUG=1" in line


@pytest.mark.parametrize("error", [SourceUnavailable("a\nb\x1b[31m\u202ec"), ValueError("a\nb\x1b[31m\u202ec" * 100)])
def test_it_is_one_line_without_anything_that_a_terminal_would_obey(error: Exception) -> None:
    line = one_line(error)

    assert line.isprintable()
    assert len(line) < 400


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program with a fault: the logs cannot even be opened, for no reason that anybody foresaw."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a\n\x1b[31mfault")

    monkeypatch.setattr(FlowLogFiles, "__init__", fail)


ASK = ("ask", "why can't 10.0.1.10 reach 10.0.2.20 on 3306", "--snapshot", str(snapshot_folder()), "--flow-logs", ".")


@pytest.mark.usefixtures("broken")
def test_a_fault_of_ours_is_one_line_on_stderr_without_a_traceback_and_exit_2() -> None:
    ran = run(*ASK)

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("whynot: this is a fault of whynot: ZeroDivisionError: a")
    assert ran.err.count("\n") == 1
    assert "\x1b" not in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.usefixtures("broken")
def test_whynot_debug_adds_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNOT_DEBUG", "1")

    with pytest.raises(ZeroDivisionError):
        run(*ASK)


def test_the_exit_statuses_are_those_of_the_contract() -> None:
    assert statuses.STATUS == {"reachable": 0, "blocked": 1, "partly": 1, "unknown": 3}
    assert (statuses.FAILED, statuses.UNCLEAR) == (2, 4)
