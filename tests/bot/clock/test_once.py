"""One summary for each channel and local day: over restarts, crashes, late starts, clock changes, several replicas."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from bot.runner.desk import Desk
from bot.runner.mornings import Mornings as Pressed
from bot.store.store import Store
from bot.views.refusals import Refusal
from tests.bot.clock.mornings import CHANNEL, Mornings, Replica, mornings
from tests.postgres import PROGRAMS, Postgres, postgres
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import from_manifest

MANIFEST = Path(__file__).resolve().parents[3] / "manifest.yml"
EVERY = timedelta(minutes=30)


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble(from_manifest(MANIFEST)) as double:
        double.channel(CHANNEL, "ops")
        yield double


@pytest.fixture
def here(slack: SlackDouble, tmp_path: Path) -> Iterator[Mornings]:
    with mornings(slack, f"sqlite:///{tmp_path / 'whynot.db'}", "2024-03-29T12:00") as made:
        made.subscribe("09:00", "Europe/Berlin")
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def shared(slack: SlackDouble, server: Postgres) -> Iterator[Mornings]:
    with mornings(slack, server.emptied(), "2024-03-29T12:00") as made:
        yield made


def together(*replicas: Replica) -> None:
    """All of them at once, each on a thread of its own."""
    with ThreadPoolExecutor(len(replicas)) as pool:
        list(pool.map(Replica.looks_round, replicas))


def days(store: Store) -> list[str]:
    return sorted(store.summaries.known_days(CHANNEL))


@pytest.mark.needs_tool(*PROGRAMS)
@pytest.mark.parametrize(
    ("at", "zone", "start", "end", "first", "last"),
    [
        ("02:30", "Europe/Berlin", "2024-03-29T12:00", "2024-04-01T12:00", "2024-03-30", "2024-04-01"),
        ("02:30", "Europe/Berlin", "2024-10-25T12:00", "2024-10-28T12:00", "2024-10-26", "2024-10-28"),
        ("01:30", "America/New_York", "2024-11-01T12:00", "2024-11-04T12:00", "2024-11-02", "2024-11-04"),
    ],
)
def test_two_replicas_say_one_summary_a_day_through_both_changes_of_the_clocks(
    shared: Mornings, at: str, zone: str, start: str, end: str, first: str, last: str
) -> None:
    shared.time.turn(start)
    shared.subscribe(at, zone)
    one, other = shared.replica("one"), shared.replica("other")

    shared.time.passes(end, EVERY, lambda: together(one, other))

    known = days(shared.stores[0])
    assert (known[0], known[-1], len(known)) == (first, last, 3)
    assert len(shared.posts()) == 3


@pytest.mark.needs_tool(*PROGRAMS)
def test_when_the_clock_leaps_a_day_what_is_too_late_is_said_to_be_and_what_is_not_is_caught_up(
    shared: Mornings,
) -> None:
    """From Friday 12:00 to Sunday 09:40: Saturday's is missed, Sunday's is late by forty minutes."""
    shared.subscribe("09:00", "UTC")
    one, other = shared.replica("one"), shared.replica("other")
    shared.time.turn("2024-03-29T09:00")
    together(one, other)
    shared.time.turn("2024-03-31T09:40")
    together(one, other)
    shared.time.turn("2024-03-30T09:00")  # and back
    together(one, other)
    shared.time.turn("2024-03-31T10:00")
    together(one, other)

    assert len(shared.posts()) == 2
    assert days(shared.stores[0]) == ["2024-03-29", "2024-03-30", "2024-03-31"]
    blocks = shared.last_post()
    assert "This is late: it was due at 09:00." in blocks
    assert "Not said, because whynot did not run: 2024-03-30." in blocks


@pytest.mark.needs_tool(*PROGRAMS)
def test_many_replicas_that_wake_at_once_say_it_once(shared: Mornings) -> None:
    shared.subscribe("09:00", "UTC")
    replicas = [shared.replica(f"replica-{n}") for n in range(6)]
    shared.time.turn("2024-03-30T09:00")

    together(*replicas)

    assert len(shared.posts()) == 1


def test_a_summary_that_fires_again_after_a_restart_is_not_said_again(here: Mornings) -> None:
    here.time.turn("2024-03-30T08:00")
    here.replica("one").looks_round()
    here.replica("after the restart").looks_round()

    assert len(here.posts()) == 1


def test_a_start_that_is_too_late_says_so_once_and_a_first_start_says_nothing_of_days_before(here: Mornings) -> None:
    here.time.turn("2024-03-30T20:00")
    here.replica("first start").looks_round()
    assert here.posts() == []

    here.time.turn("2024-03-31T07:00")
    here.replica("one").looks_round()
    here.time.turn("2024-04-02T20:00")
    here.replica("late").looks_round()
    here.replica("later").looks_round()

    said = here.posts()[1:]
    assert len(said) == 1
    assert "the summary of 2024-04-01, 2024-04-02, 09:00" in said[0]


def test_a_process_that_dies_before_it_says_it_leaves_it_to_the_next(here: Mornings) -> None:
    here.time.turn("2024-03-30T08:00")
    dead = here.replica("dead")
    dead.morning.look_round()  # claimed, and never done
    here.time.turn("2024-03-30T08:01")
    here.replica("too soon").looks_round()
    assert here.posts() == []

    here.time.turn("2024-03-30T08:05")
    here.replica("next").looks_round()
    here.replica("another").looks_round()

    assert len(here.posts()) == 1


def test_a_process_that_stops_over_a_summary_leaves_it_to_the_next_and_says_nothing_of_it(here: Mornings) -> None:
    here.time.turn("2024-03-30T08:00")
    here.refusals.stopping = True
    here.replica("stopping").looks_round()
    assert here.posts() == []

    here.refusals.stopping = False
    here.time.turn("2024-03-30T08:05")
    here.replica("next").looks_round()

    assert len(here.posts()) == 1


def test_a_message_whose_answer_was_lost_is_found_again_and_not_said_twice(here: Mornings) -> None:
    here.time.turn("2024-03-30T08:00")
    one = here.replica("one")
    here.slack.resets("chat.postMessage", after=True)
    one.looks_round()
    here.time.turn("2024-03-30T08:03")
    one.looks_round()

    [run] = here.stores[0].summaries.recent(0)
    [message] = [each for each in here.slack.workspace.visible(CHANNEL) if not each.thread_ts]
    assert (run.state, run.message) == ("posted", message.ts)


def test_where_the_channel_may_not_be_read_it_is_said_again_and_marked(here: Mornings) -> None:
    here.slack.installs(from_manifest(MANIFEST, without_optional=True))
    here.time.turn("2024-03-30T08:00")
    one = here.replica("one")
    here.slack.resets("chat.postMessage", after=True)
    one.looks_round()
    here.time.turn("2024-03-30T08:03")
    one.looks_round()
    one.looks_round()

    assert len(here.posts()) == 2
    assert "This may be a repeat" in here.last_post()


def test_a_message_that_never_got_there_is_said_once(here: Mornings) -> None:
    here.time.turn("2024-03-30T08:00")
    one = here.replica("one")
    here.slack.resets("chat.postMessage")
    one.looks_round()
    assert here.posts() == []

    here.time.turn("2024-03-30T08:03")
    one.looks_round()

    assert len(here.posts()) == 1
    assert "repeat" not in here.last_post()


def test_a_failure_is_one_short_message_and_a_word_to_those_who_are_alerted(here: Mornings) -> None:
    here.slack.user("admin")
    admin = next(one for one in here.slack.workspace.users.values() if one.name == "admin")
    here.settings |= {"summaries": {"alerts": [admin.id]}}
    here.refusals.broken = "s3:GetObject is denied on logs-bucket: an account administrator must allow it"
    here.time.turn("2024-03-30T08:00")
    here.replica("one").looks_round()
    here.replica("other").looks_round()

    [post] = here.posts()
    assert "s3∶GetObject is denied" in post or "s3:GetObject is denied" in post
    direct = [one.text for one in here.slack.workspace.messages.values() if one.channel != CHANNEL]
    assert len(direct) == 1
    assert CHANNEL in direct[0]


def test_weekends_are_left_out_where_only_weekdays_are_wanted(here: Mornings) -> None:
    here.subscribe("09:00", "Europe/Berlin", days=["mon", "tue", "wed", "thu", "fri"])
    one = here.replica("one")

    here.time.passes("2024-04-01T12:00", timedelta(hours=1), one.looks_round)

    assert days(here.stores[0]) == ["2024-04-01"]


def test_records_that_come_late_change_the_post_in_its_place(here: Mornings) -> None:
    here.time.turn("2024-03-30T08:00")
    one = here.replica("one")
    one.looks_round()
    here.refusals.records = {3306: 50, 5432: 7}
    here.time.turn("2024-03-30T09:05")
    one.looks_round()
    one.looks_round()

    [message] = [each for each in here.slack.workspace.visible(CHANNEL) if not each.thread_ts]
    assert message.is_edited
    assert "2 internal flows" in message.text
    assert "records came late" in str(message.blocks)


def test_a_button_means_its_cause_wherever_that_stands_by_now_and_says_so_where_it_is_gone(here: Mornings) -> None:
    here.time.turn("2024-03-30T08:00")
    here.refusals.back = {22: 10}
    one = here.replica("one")
    one.looks_round()
    [message] = [each for each in here.slack.workspace.visible(CHANNEL) if not each.thread_ts]
    first, second = (
        row["elements"][0]["value"] for row in message.blocks if row["type"] == "actions"
    )  # Diagnose, of each cause
    pressed = Pressed(Desk(one.morning.tools, "T0"), one.morning)

    def named(value: str, channel: str = CHANNEL) -> str | Refusal:
        found = pressed.cause(value, channel)
        return found if isinstance(found, Refusal) else found[1].example.destination

    assert (named(first), named(second)) == ("10.0.2.20", "10.0.1.10")
    here.refusals.back = {22: 400}
    here.time.turn("2024-03-30T09:05")
    one.looks_round()
    assert (named(first), named(second)) == ("10.0.2.20", "10.0.1.10")
    here.refusals.records = {}
    here.time.turn("2024-03-30T10:10")
    one.looks_round()

    assert (named(first), named(second)) == (Refusal.CAUSE_GONE, "10.0.1.10")
    assert named(second, "C0OTHER") is named("0" * 32 + ":0") is named("1") is Refusal.NO_SUMMARY


def test_what_is_new_worse_gone_and_the_same_is_told_against_the_day_before(here: Mornings) -> None:
    one = here.replica("one")
    for day, records in (("30", {3306: 40}), ("31", {3306: 400}), ("32", {})):
        here.refusals.records = dict(records)
        here.time.turn("2024-04-01T07:00" if day == "32" else f"2024-03-{day}T08:00")
        one.looks_round()

    posts = here.posts()
    assert "1 worse" in posts[1]
    assert "refuse nothing any more" in here.last_post()
    assert len(posts) == 3


def test_which_flows_are_new_and_which_are_gone_is_told_of_each_cause_in_the_thread_and_in_the_file(
    here: Mornings,
) -> None:
    """The same cause on two days, by other ports."""
    here.settings["channels"][CHANNEL]["files"] = True
    one = here.replica("one")
    for day, records in (("30", {3306: 40, 22: 5}), ("31", {3306: 40, 5432: 9, 6379: 3})):
        here.refusals.records = records
        here.time.turn(f"2024-03-{day}T08:00")
        one.looks_round()

    assert "and 2 more flows (2 new, 1 gone)" in here.last_post()
    threads = [each for each in here.slack.workspace.visible(CHANNEL) if each.thread_ts]
    assert "10.0.1.10 → 10.0.2.20 tcp 22" in str([each.blocks for each in threads])
    content = here.slack.workspace.files[threads[-1].files[0]].content
    assert content is not None
    rows = csv.DictReader(content.decode().splitlines())
    told = {row["port"]: (row["records"], row["change"]) for row in rows}
    assert told == {"3306": ("40", "same"), "5432": ("9", "new"), "6379": ("3", "new"), "22": ("0", "gone")}


def test_groups_are_kept_of_the_last_few_days_and_one_made_by_hand_makes_none_of_them_older(here: Mornings) -> None:
    one = here.replica("one")
    for day in (30, 31, 32, 33):
        here.time.turn(f"2024-03-{day}T08:00" if day < 32 else f"2024-04-0{day - 31}T07:00")
        one.looks_round()
        by_hand = one.morning.wanted()[0]
        one.morning.now(by_hand)
        one.works()

    store = here.stores[0].summaries
    daily = store.posted(CHANNEL, here.time() + 1, 9)
    assert [store.groups(run) is not None for run in daily] == [True, True, True, False]
