"""From the morning post to the fix: proposed below a cause, approved by somebody else, applied, verified."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conversations.conftest import MANIFEST, RETRIES
from tests.conversations.fixing import CHANNEL, Ops, as_seen_by, copied_account, fix_settings, ops
from tests.conversations.served_app import ForkedApp
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import from_manifest
from tests.slack_double.screens import Seen

REFUSED = "internal flows refused by 2 causes"


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Ops]:
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.deliveries.retries_after = RETRIES
        account = copied_account(tmp_path / "account")
        with ForkedApp(slack, "http", tmp_path, **fix_settings(account)) as app:
            yield ops(slack, app, account)


def posted(team: Ops) -> Seen:
    """A new summary that was asked for by hand."""
    before = {one.ts for one in team.slack.workspace.visible(CHANNEL)}
    team.ann.commands("/whynot", "summary now", channel=CHANNEL)

    def there() -> Seen | None:
        new = (one for one in team.slack.workspace.visible(CHANNEL) if one.ts not in before)
        return next((Seen(team.ann, one) for one in new if REFUSED in one.text and not one.thread_ts), None)

    return team.ann.waits_for(there, "the summary", 60)


def counted(team: Ops, what: str) -> int:
    with sqlite3.connect(team.app.folder / "whynot.db", timeout=20) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608 - our own


def test_a_fix_is_proposed_from_the_post_once_and_approved_by_somebody_else(team: Ops) -> None:
    before = team.rules()
    post, later = posted(team), posted(team)
    team.slack.deliveries.copies = 2  # Slack delivers each press twice
    presses = [
        threading.Thread(target=as_seen_by(post, person).click, args=("Propose fix",))
        for person in (team.ann, team.ann, team.dan)
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    team.slack.deliveries.copies = 1

    proposal = post.reply("Fix proposed", within=60)
    assert post.reply("Blocked").says("orders-db-sg")
    assert proposal.says("May approve: <@UBOB>, <@UCID>. One approval is needed")
    as_seen_by(post, team.dan).click("Propose fix")
    team.dan.sees(CHANNEL, "A fix for this is proposed already")
    assert (counted(team, "proposals"), counted(team, "questions")) == (1, 1)

    assert team.approves(team.bob, proposal) == {}
    post.reply("Verified by a fresh trace", within=60)
    assert proposal.until("✓ Fix applied, the path is open").says("Approved by <@UBOB>")
    assert len(team.rules()[0]["UserIdGroupPairs"]) == len(before[0]["UserIdGroupPairs"]) + 1

    # What was proven when the other post was made is not any more.
    later.click("Propose fix")
    later.reply("No fix is proven any more", within=40)
    assert later.reply("Reachable").text.startswith("Reachable")
    later.click("Propose fix")
    team.ann.sees(CHANNEL, "A fix for this was asked for just now")
    assert (counted(team, "proposals"), counted(team, "questions")) == (1, 2)


def test_whoever_asked_for_a_fix_in_the_post_does_not_approve_it_and_after_a_rejection_it_is_proposed_anew(
    team: Ops,
) -> None:
    post = posted(team)
    as_seen_by(post, team.bob).click("Propose fix")
    proposal = post.reply("Fix proposed", within=60)
    as_seen_by(proposal, team.bob).click("Approve…")
    team.bob.sees(CHANNEL, "Somebody else has to decide about a fix that you asked for")

    as_seen_by(proposal, team.cid).click("Reject…")
    team.cid.modal("Reject this fix?").fill("Why?", "not tonight").submit()
    proposal.until("Fix rejected")
    post.click("Propose fix")
    assert post.reply("Fix proposed", within=60).says("proposed by <@UANN>")
    assert counted(team, "proposals") == 2
