"""Threads of the app outlive what they do."""

from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from bot.runner.courier import Unreachable
from bot.runner.crew import Crew, outlive


class Diary:
    """What was done, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def fails(self) -> None:
        raise ZeroDivisionError

    def writes(self, what: str) -> None:
        self.done.append(what)


def test_a_fault_is_logged_counted_and_answered_and_the_thread_goes_on() -> None:
    diary = Diary()
    crew = Crew("test", 1, lambda: diary.writes("alarm"))

    with capture_logs() as logs:
        assert crew.give(diary.fails, lambda: diary.writes("told"), question="q1")
        assert crew.give(lambda: diary.writes("next"))
        crew.close(waiting=True, given=True)

    assert diary.done == ["alarm", "told", "next"]
    assert [one["log_level"] for one in logs] == ["error"]


def test_where_slack_takes_no_message_that_is_no_fault_of_ours() -> None:
    diary = Diary()

    def speaks() -> None:
        raise Unreachable("channel_not_found")

    with capture_logs() as logs:
        outlive(speaks, lambda: diary.writes("alarm"), lambda: diary.writes("told"))

    assert diary.done == ["told"]
    assert [(one["log_level"], one["error"]) for one in logs] == [("warning", "channel_not_found")]


def test_what_is_done_in_place_of_what_failed_may_fail_too() -> None:
    diary = Diary()

    outlive(diary.fails, lambda: diary.writes("alarm"), diary.fails)

    assert diary.done == ["alarm", "alarm"]


def test_a_crew_that_is_closed_takes_nothing_and_says_so() -> None:
    crew = Crew("test", 1, lambda: None)
    crew.close(waiting=False, given=False)

    assert not crew.give(lambda: None)


def test_each_line_of_the_log_says_what_it_is_about() -> None:
    seen: list[object] = []
    crew = Crew("test", 1, lambda: None)

    crew.give(lambda: seen.append(structlog.contextvars.get_contextvars()), question="q1")
    crew.close(waiting=True, given=True)

    assert seen == [{"question": "q1"}]
