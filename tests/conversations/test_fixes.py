"""The story of a fix: asked, proposed, approved by somebody else, applied, verified, undone; and every other end."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.conftest import MANIFEST, RETRIES
from tests.conversations.fixing import (
    BLOCKED,
    CHANNEL,
    GROUP,
    ONCALL,
    Ops,
    as_seen_by,
    copied_account,
    fix_settings,
    ops,
)
from tests.conversations.served_app import ForkedApp
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import from_manifest
from tests.slack_double.person import Person
from tests.slack_double.screens import Seen

ELSEWHERE, AUDIT = "C0OPS002", "C0OPS003"


def started(folder: Path, **fixes: Any) -> Iterator[Ops]:
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.deliveries.retries_after = RETRIES
        for channel, name in ((CHANNEL, "ops"), (ONCALL, "oncall"), (AUDIT, "audit")):
            slack.channel(channel, name)
        account = copied_account(folder / "account")
        with ForkedApp(slack, "http", folder, **fix_settings(account, **fixes)) as app:
            yield ops(slack, app, account)


@pytest.fixture(scope="module")
def served_ops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ops]:
    yield from started(tmp_path_factory.mktemp("fixes"), notify=[ONCALL], audit_channel=AUDIT)


@pytest.fixture
def told(served_ops: Ops) -> Iterator[Ops]:
    """The same app for all; whatever a test leaves open, the next one finds closed."""
    before = served_ops.rules()
    yield served_ops
    for user in served_ops.slack.workspace.users.values():
        user.is_guest = user.is_deactivated = False
    served_ops.slack.api.mishaps.clear()
    served_ops.slack.deliveries.copies = 1
    assert served_ops.rules() == before, "a test left the account changed"


def whispered(ops: Ops, person: Person, text: str, channel: str = CHANNEL) -> Seen:
    return person.sees(channel, text)


def edited(ops: Ops, change: Any) -> None:
    """The account as somebody else changes it meanwhile."""
    for file in ops.account.rglob("*.json"):
        answer = json.loads(file.read_text("utf-8"))
        for group in answer.get("SecurityGroups", ()):
            if group["GroupId"] == GROUP:
                change(group)
                file.write_text(json.dumps(answer), "utf-8")


def database(ops: Ops) -> sqlite3.Connection:
    return sqlite3.connect(ops.app.folder / "whynot.db", timeout=20, isolation_level=None)


def identity(proposal: Seen) -> str:
    value = str(next(e for e in proposal.message.blocks if e["type"] == "actions")["elements"][0]["value"])
    return value.partition(":")[0]


def states(ops: Ops) -> list[str]:
    with database(ops) as connection:
        return [row[0] for row in connection.execute("SELECT state FROM proposals ORDER BY changed_at")]


def test_from_the_question_to_the_undo(told: Ops) -> None:
    before = told.rules()
    proposal = told.proposed()
    assert proposal.says("May approve: <@UBOB>, <@UCID>. One approval is needed")
    assert proposal.says("aws ec2 authorize-security-group-ingress")
    assert proposal.says("Also opens tcp 3306 from web-3, web-2 to orders-db.")
    copy = told.bob.sees(ONCALL, "Fix proposed")

    as_seen_by(copy, told.bob).click("Approve…")
    modal = told.bob.modal("Approve this fix?")
    assert "aws ec2 authorize" in modal.text
    assert "What it opens" in modal.text
    modal.fill("For how long?", "It stays")
    assert modal.submit() == {}

    told.latest(proposal, "Verified by a fresh trace")
    green = proposal.until("✓ Fix applied, the path is open")
    assert green.says("Approved by <@UBOB>")
    assert green.says("Made rule sgr-")
    assert green.buttons == ["Undo…"]
    copy.until("✓ Fix applied, the path is open")
    assert len(told.rules()[0]["UserIdGroupPairs"]) == len(before[0]["UserIdGroupPairs"]) + 1
    again = told.ann.mentions(CHANNEL, BLOCKED).reply("Reachable")
    assert not again.has_button("Propose fix")

    as_seen_by(proposal, told.cid).click("Undo…")
    told.cid.modal("Undo this fix?").submit()
    told.latest(proposal, "Undone by <@UCID>")
    assert proposal.until("Fix undone").buttons == []
    assert copy.until("Fix undone").buttons == []
    assert told.rules() == before


def test_the_head_of_the_audit_log_is_posted_once_a_day(told: Ops) -> None:
    head = told.bob.sees(AUDIT, "Audit log on ")
    assert head.says(": 0 records, head 0:" + "0" * 64)
    assert len([one for one in told.slack.workspace.visible(AUDIT) if "Audit log" in one.text]) == 1


def test_what_a_fix_would_do_is_told_with_what_was_refused(told: Ops) -> None:
    proposal = told.proposed()
    as_seen_by(proposal, told.dan).click("What would this do?")
    foreseen = told.latest(proposal, "records, last 2026-11-22T14:03:15Z")
    assert foreseen.says("1,895 of what was asked would pass")
    assert foreseen.says("So would 1,918 records of 2 other conversations.")
    assert foreseen.says("web-2 10.0.3.10 → orders-db 10.0.2.20")
    assert foreseen.says("aws_vpc_security_group_ingress_rule")
    reject(told, told.bob, proposal)


def reject(ops: Ops, person: Person, proposal: Seen, why: str = "not tonight") -> None:
    as_seen_by(proposal, person).click("Reject…")
    person.modal("Reject this fix?").fill("Why?", why).submit()
    ops.latest(proposal, f"Rejected by <@{person.id}>: {why}")


def test_a_rejection_has_its_reason_and_ends_it(told: Ops) -> None:
    proposal = told.proposed()
    stale = proposal._element("Approve…")
    reject(told, told.cid, proposal, "the web tier is to use the proxy")
    assert proposal.until("Fix rejected").buttons == []

    as_seen_by(proposal, told.bob).act(stale, {"value": stale.raw["value"]})
    whispered(told, told.bob, "This fix is rejected: there is nothing to approve")


def test_nobody_decides_who_may_not(told: Ops) -> None:
    proposal = told.proposed()

    as_seen_by(proposal, told.ann).click("Approve…")
    whispered(told, told.ann, "Somebody else has to decide about a fix that you asked for")
    as_seen_by(proposal, told.dan).click("Approve…")
    whispered(told, told.dan, "You are not among those who decide")
    told.bob.user.is_guest = True
    as_seen_by(proposal, told.bob).click("Approve…")
    whispered(told, told.bob, "Guests do not decide")

    # Removed between the modal and its submission.
    as_seen_by(proposal, told.cid).click("Approve…")
    modal = told.cid.modal("Approve this fix?")
    told.cid.user.is_deactivated = True
    modal.submit()
    whispered(told, told.cid, "Only people of this workspace decide")

    told.bob.user.is_guest = told.cid.user.is_deactivated = False
    told.slack.fails("users.info", "fatal_error", times=2)
    as_seen_by(proposal, told.bob).click("Approve…")
    whispered(told, told.bob, "Slack did not say who you are")
    told.slack.api.mishaps.clear()
    reject(told, told.bob, proposal)


def test_forged_and_foreign_payloads_are_nothing(told: Ops) -> None:
    proposal = told.proposed()
    element = proposal._element("Approve…")
    value = str(element.raw["value"])
    real, nonce = value.split(":")
    forged = [f"{real}:{'0' * 32}", f"fx{'0' * 16}:{nonce}", "x", f"{real}:{nonce} ", ""]
    for number, other in enumerate(forged, 1):
        as_seen_by(proposal, told.bob).act(element, {"value": other or None})
        told.bob.waits_for(partial(_said, told, told.bob, "This button is not valid here", number), "a refusal")

    # The same proposal, pressed where no copy of it stands.
    told.slack.channel(ELSEWHERE, "elsewhere")
    other_channel = told.ann.mentions(ELSEWHERE, BLOCKED).reply("Propose fix")
    as_seen_by(other_channel, told.bob).act(element, {"value": value})
    whispered(told, told.bob, "This button is not valid here", ELSEWHERE)

    stranger = told.slack.person(told.slack.stranger("sam").id)
    as_seen_by(proposal, stranger).act(element, {"value": value})
    stranger.sees_direct("Only people of this workspace decide")
    assert states(told)[-1:] == ["proposed"]
    reject(told, told.bob, proposal)


def _said(ops: Ops, person: Person, text: str, times: int) -> bool | None:
    shown = ops.slack.workspace.visible(CHANNEL, person.id)
    return sum(text in one.text for one in shown if one.only_for == person.id) >= times or None


def test_double_clicks_and_retries_apply_once(told: Ops) -> None:
    proposal = told.proposed(2)
    told.slack.deliveries.copies = 3
    for person in (told.bob, told.cid):
        as_seen_by(proposal, person).click("Approve…")
    modals = [person.modal("Approve this fix?") for person in (told.bob, told.cid)]
    threads = [threading.Thread(target=modal.submit) for modal in modals]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    told.latest(proposal, "Verified by a fresh trace")
    told.slack.deliveries.copies = 1
    applied = [one for one in proposal.replies() if one.says("Applied. Made")]
    assert len(applied) == 1
    assert sum("10.0.1.10/32" in json.dumps(rule) for rule in told.rules()) == 1

    as_seen_by(proposal, told.bob).click("Undo…")
    told.bob.modal("Undo this fix?").submit()
    told.latest(proposal, "Undone by <@UBOB>")


def test_nothing_is_done_to_an_account_that_has_changed(told: Ops) -> None:
    proposal = told.proposed()
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 9999,
        "ToPort": 9999,
        "IpRanges": [{"CidrIp": "10.9.9.9/32"}],
    }
    edited(told, lambda group: group["IpPermissions"].append(permission))
    told.approves(told.bob, proposal)
    told.latest(proposal, "Not applied:")
    assert proposal.until("the account has changed").buttons == []
    assert "3306" not in json.dumps(told.rules()[1:])
    edited(told, lambda group: group["IpPermissions"].pop())


def test_it_expires_and_says_so(told: Ops) -> None:
    proposal = told.proposed()
    stale = proposal._element("Approve…")
    with database(told) as connection:
        [body] = connection.execute("SELECT body FROM proposals WHERE id = ?", (identity(proposal),)).fetchone()
        early = json.dumps(json.loads(body) | {"expires_at": time.time() - 1})
        connection.execute(
            "UPDATE proposals SET expires_at = ?, body = ? WHERE id = ?", (time.time() - 1, early, identity(proposal))
        )
    assert proposal.until("Fix expired, nothing was changed").buttons == []
    told.latest(proposal, "nobody decided in time")
    as_seen_by(proposal, told.bob).act(stale, {"value": stale.raw["value"]})
    whispered(told, told.bob, "This fix is expired: there is nothing to approve")


def test_a_time_box_undoes_itself(told: Ops) -> None:
    proposal = told.proposed(2)
    told.approves(told.bob, proposal, "It undoes itself after 1 hour")
    told.latest(proposal, "It undoes itself after 1 hour.")
    told.latest(proposal, "Verified by a fresh trace")
    proposal.until("Undoes itself at ")
    with database(told) as connection:
        connection.execute("UPDATE proposals SET undo_at = ? WHERE undo_at IS NOT NULL", (time.time(),))
    told.latest(proposal, "Its time is over, so it was undone.")
    assert proposal.until("Fix undone").buttons == []


def test_a_newer_proposal_takes_the_place_of_an_undecided_one(told: Ops) -> None:
    first = told.proposed()
    answer = next(one for one in first.replies() if one.has_button("Propose fix 2"))
    answer.click("Propose fix 1")
    whispered(told, told.ann, "This fix is proposed already.")
    answer.click("Propose fix 2")
    first.until("Fix superseded by another")
    reject(told, told.bob, told.latest(first, "Fix proposed: allow tcp 3306 from 10.0.1.10/32"))


def test_a_locked_store_decides_nothing_and_says_so(told: Ops) -> None:
    proposal = told.proposed()
    as_seen_by(proposal, told.bob).click("Approve…")
    modal = told.bob.modal("Approve this fix?")
    holder = database(told)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        modal.submit()
        told.bob.sees(CHANNEL, "The store does not answer", within=40)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    told.approves(told.bob, proposal)
    told.latest(proposal, "Verified by a fresh trace")
    as_seen_by(proposal, told.bob).click("Undo…")
    told.bob.modal("Undo this fix?").submit()
    told.latest(proposal, "Undone by <@UBOB>")


def test_two_approvals_are_two_people(tmp_path: Path) -> None:
    for ops_of_two in started(tmp_path, approvals=2):
        proposal = ops_of_two.proposed()
        assert proposal.says("2 approvals are needed")
        ops_of_two.approves(ops_of_two.bob, proposal)
        ops_of_two.latest(proposal, "Approved by <@UBOB>, 1 of 2 approvals.")
        before = ops_of_two.rules()
        ops_of_two.approves(ops_of_two.bob, proposal)
        whispered(ops_of_two, ops_of_two.bob, "You have approved this already")
        assert ops_of_two.rules() == before
        ops_of_two.approves(ops_of_two.cid, proposal)
        ops_of_two.latest(proposal, "Verified by a fresh trace")
        assert proposal.until("the path is open").says("(2 of 2)")


def test_with_notify_people_get_the_commands_and_no_button_that_applies(tmp_path: Path) -> None:
    for ops_told in started(tmp_path, mode="notify", notify=["UBOB"]):
        answer = ops_told.asked()
        answer.click("Propose fix 1")
        proposal = ops_told.latest(answer, "Fix to be run by hand")
        assert proposal.buttons == ["What would this do?"]
        assert ops_told.bob.sees_direct("Fix to be run by hand").says("aws ec2 authorize-security-group-ingress")


def test_with_mode_off_nothing_is_proposed(tmp_path: Path) -> None:
    for ops_off in started(tmp_path, mode="off"):
        answer = ops_off.ann.mentions(CHANNEL, BLOCKED).reply("Show commands")
        assert not answer.has_button("Propose fix")


def test_members_of_a_user_group_decide_while_slack_says_who_they_are(tmp_path: Path) -> None:
    by_group = {"approvers": [{"groups": ["SNET"]}], "allow_user_groups": True}
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.deliveries.retries_after = RETRIES
        slack.workspace.usergroups["SNET"] = ["UBOB"]
        account = copied_account(tmp_path / "account")
        with ForkedApp(slack, "http", tmp_path, **fix_settings(account, **by_group)) as app:
            team = ops(slack, app, account)
            proposal = team.proposed(2)
            slack.fails("usergroups.users.list", "fatal_error", times=2)
            as_seen_by(proposal, team.bob).click("Approve…")
            whispered(team, team.bob, "The members of a user group could not be read")
            slack.workspace.usergroups["SNET"] = ["UBOB", "UDAN"]
            as_seen_by(proposal, team.dan).click("Approve…")
            whispered(team, team.dan, "A user group has other members than when this was proposed")
            slack.workspace.usergroups["SNET"] = ["UBOB"]
            team.approves(team.bob, proposal)
            team.latest(proposal, "Verified by a fresh trace")
