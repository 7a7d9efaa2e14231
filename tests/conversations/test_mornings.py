"""The morning summary in a channel: subscribe, have one made, diagnose and mute from it, unsubscribe."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.conversations.conftest import CHANNELS, OPEN, Room, over_http
from tests.conversations.served_app import ServedApp
from tests.slack_double.screens import Seen

COMMAND = "/whynot"
REFUSED = "internal flows refused by 2 causes"
DENIED = "orders-db-sg"


def says(room: Room, text: str, answer: str) -> Seen:
    before = {one.ts for one in room.slack.workspace.visible(room.channel.id, room.ann.id)}
    room.ann.commands(COMMAND, f"summary {text}".strip(), channel=room.channel.id)

    def answered() -> Seen | None:
        new = (one for one in room.slack.workspace.visible(room.channel.id, room.ann.id) if one.ts not in before)
        return next((seen for seen in (Seen(room.ann, one) for one in new) if seen.says(answer)), None)

    return room.ann.waits_for(answered, f"{answer!r} for summary {text}")


def posted(room: Room) -> Seen:
    """A summary that was asked for by hand."""
    says(room, "now", "is being made")
    return room.ann.sees(room.channel.id, REFUSED, within=60)


def test_a_channel_subscribes_pauses_goes_on_and_unsubscribes(room: Room) -> None:
    says(room, "", "No summary comes here")
    says(room, "mon-fri 9:00 Europe/Berlin 12h", "09:00 Europe/Berlin, mon-fri, the last 12 hours; next at")
    says(room, "list", f"{room.channel.id}: 09:00 Europe/Berlin, mon-fri")
    says(room, "pause", "paused")
    says(room, "resume", "next at")
    says(room, "remove", "No summary will come here any more")
    says(room, "", "No summary comes here")


def test_what_is_not_understood_is_answered_with_what_would_be(room: Room) -> None:
    says(room, "daily", "When? Write it like /whynot summary daily 09:00 Europe/Berlin")
    says(room, "daily 09:00", "In which time zone?")
    says(room, "1-5 09:00 UTC", "digits mean different days")
    says(room, "daily 25:00 UTC", "is no time of day")
    says(room, "daily 09:00 Europe/Atlantis", "is no time zone")


def test_a_mention_says_the_same_as_the_command(room: Room) -> None:
    room.ann.mentions(room.channel.id, "summary weekdays 07:15 UTC")

    room.ann.sees(room.channel.id, "The summary will come here: 07:15 UTC, mon-fri")


@over_http
def test_a_summary_whose_time_came_while_the_app_did_not_run_is_caught_up_once(
    started: Callable[..., ServedApp],
) -> None:
    """The time is two minutes ago; the app starts, says it, is killed, and starts again."""
    app = started(channels={CHANNELS[0]: OPEN})
    ann = app.slack.person(app.slack.user("ann").id)
    app.slack.channel(CHANNELS[0], "ops")
    app.kill()
    due = datetime.now(UTC) - timedelta(minutes=2)
    summary = {"at": f"{due:%H:%M}", "zone": "UTC"}
    app.settings["channels"] = {CHANNELS[0]: {**OPEN, "pictures": False, "summary": summary}}
    app.start()
    ann.sees(CHANNELS[0], REFUSED, within=60)
    app.kill()
    app.start()
    ann.commands(COMMAND, "summary", channel=CHANNELS[0])
    ann.sees(CHANNELS[0], "next at")

    posts = [one for one in app.slack.workspace.visible(CHANNELS[0]) if REFUSED in one.text and not one.thread_ts]
    assert len(posts) == 1


def test_a_summary_names_the_causes_with_a_picture_and_the_rest_in_its_thread(room: Room) -> None:
    post = posted(room)

    room.ann.waits_for(lambda: "image" in str(post.blocks) or None, "the chart")
    assert post.says("orders-db-sg")
    assert post.says("a fix is proven")
    assert post.says("strangers that scan")
    files = room.ann.waits_for(
        lambda: [name for one in post.replies() for name in one.message.files] or None, "the groups as CSV"
    )
    content = room.slack.workspace.files[files[0]].content
    assert content is not None
    assert content.startswith(b"class,source,destination,protocol,port")
    assert b"10.0.1.10,10.0.2.20,tcp,3306" in content


@over_http
def test_a_cause_is_diagnosed_from_the_summary_in_its_thread(room: Room) -> None:
    post = posted(room)

    post.click("Diagnose")

    # While it is being answered the message names the group already, in what it has looked at.
    assert post.reply(re.compile(r"\ABlocked"), within=60).says(DENIED)


@over_http
def test_a_cause_is_muted_with_a_reason_and_shown_again(room: Room) -> None:
    post = posted(room)
    post.click("Mute…")
    modal = room.ann.modal("Mute a cause")
    assert modal.fill("Why?", "the migration ends on Friday").submit() == {}
    assert post.reply("the migration ends on Friday").says("Muted")

    says(room, "now", "is being made")
    later = room.ann.sees(room.channel.id, "1 internal flow refused by 1 cause", within=60)
    assert not later.says(DENIED)

    says(room, "muted", "1. ")
    says(room, "unmute 7", "Which one?")
    says(room, "unmute 1", "Shown again")
    says(room, "muted", "Nothing is muted here")


@over_http
def test_where_admins_are_named_nobody_else_changes_when_it_comes(started: Callable[..., ServedApp]) -> None:
    app = started(summaries={"admins": ["U0ADMIN"]}, channels={CHANNELS[0]: OPEN})
    somebody, admin = app.slack.user("somebody"), app.slack.person("U0ADMIN")
    channel = app.slack.channel(CHANNELS[0], "ops")
    ann = app.slack.person(somebody.id)

    ann.commands(COMMAND, "summary daily 09:00 UTC", channel=channel.id)
    ann.sees(channel.id, "Only those named in the setting summaries.admins")
    admin.commands(COMMAND, "summary daily 09:00 UTC", channel=channel.id)
    admin.sees(channel.id, "The summary will come here: 09:00 UTC, daily")
    ann.commands(COMMAND, "summary list", channel=channel.id)
    ann.sees(channel.id, f"{channel.id}: 09:00 UTC")
