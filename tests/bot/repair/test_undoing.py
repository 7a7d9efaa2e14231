"""Taking back exactly what was made: whatever somebody else did to it since is left as it is and named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.approvals.states import State
from bot.repair.outcomes import Applied, InDoubt, UndoFailed, Undone
from tests.bot.repair.stories import APPROVER, Failing, Story, a_story
from tests.emulator.faults import FAULTS, Fault

REVOKE, DELETE = "ec2.RevokeSecurityGroupIngress", "ec2.DeleteNetworkAclEntry"


@pytest.fixture
def applied(emulator_url: str) -> Iterator[Story]:
    """A fix of an ACL entry and a rule of a group, which was made."""
    for story in a_story(emulator_url, acl_denies=True):
        assert isinstance(story.apply(), Applied)
        yield story


def rule_of(story: Story) -> str:
    [rule] = story.ours()
    return str(rule["SecurityGroupRuleId"])


def revoke(story: Story) -> None:
    story.account.ec2.revoke_security_group_ingress(GroupId=story.account.db, SecurityGroupRuleIds=[rule_of(story)])


def replace_entry(story: Story, **more: Any) -> None:
    ec2, acl = story.account.ec2, story.account.acl
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=80, Egress=False)
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=80, Egress=False, Protocol="-1", RuleAction="allow", CidrBlock="10.8.0.0/16"
    )


def gone(story: Story) -> bool:
    return not story.ours() and (80, False) not in story.account.entries()


def test_a_rule_that_somebody_took_away_is_named_and_the_rest_taken_back(applied: Story) -> None:
    identity = rule_of(applied)
    revoke(applied)

    outcome = applied.undo()

    assert isinstance(outcome, Undone)
    assert applied.states("undo") == ["absent", "taken back"]
    assert identity in outcome.notes[0]
    assert gone(applied)


def test_the_same_rule_made_anew_by_somebody_else_is_theirs(applied: Story) -> None:
    revoke(applied)
    pairs = [{"GroupId": applied.account.web, "Description": applied.proposal.stamp}]
    applied.account.ec2.authorize_security_group_ingress(
        GroupId=applied.account.db,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "UserIdGroupPairs": pairs}],
    )

    assert isinstance(applied.undo(), Undone)

    assert len(applied.account.rules()) == 1


def test_our_rule_with_another_content_is_left_and_told(applied: Story) -> None:
    other = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIpv4": "10.0.1.0/24"}
    applied.account.ec2.modify_security_group_rules(
        GroupId=applied.account.db,
        SecurityGroupRules=[{"SecurityGroupRuleId": rule_of(applied), "SecurityGroupRule": other}],
    )

    outcome = applied.undo()

    assert isinstance(outcome, UndoFailed)
    assert "was changed since" in outcome.sentence
    assert [entry.number for entry in outcome.left] == [1]
    assert len(applied.account.rules()) == 1
    assert (80, False) not in applied.account.entries()


def test_a_rule_whose_description_was_rewritten_is_still_ours(applied: Story) -> None:
    pairs = [{"GroupId": applied.account.web, "Description": "reviewed"}]
    applied.account.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=applied.account.db,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "UserIdGroupPairs": pairs}],
    )

    assert isinstance(applied.undo(), Undone)

    assert applied.account.rules() == []


def test_a_rule_whose_id_was_not_told_is_found_by_its_stamp(applied: Story) -> None:
    for entry in applied.ledger.entries(applied.proposal.id):
        applied.ledger.settle(entry.model_copy(update={"rule": None}))

    assert isinstance(applied.undo(), Undone)
    assert gone(applied)


def test_an_entry_that_somebody_replaced_is_left_and_named(applied: Story) -> None:
    replace_entry(applied)

    outcome = applied.undo()

    assert isinstance(outcome, Undone)
    assert "Entry 80 (ingress)" in outcome.notes[0]
    assert applied.account.entries()[80, False]["CidrBlock"] == "10.8.0.0/16"


@pytest.mark.parametrize("how", ["error", "cut", "done", "lost", "late"])
@pytest.mark.parametrize("call", [REVOKE, DELETE])
def test_whatever_becomes_of_the_answer_it_is_taken_back_and_the_ledger_says_so(
    applied: Story, call: str, how: Any
) -> None:
    code = "RequestLimitExceeded" if how == "error" else "InternalError"
    FAULTS.add(Fault(call, code, how=how, times=1, seconds=1.5))

    assert isinstance(applied.undo(), Undone)

    assert applied.states("undo") == ["taken back", "taken back"]
    assert gone(applied)


@pytest.mark.parametrize("call", [REVOKE, DELETE])
def test_reads_that_still_show_what_was_taken_away_do_no_harm(applied: Story, call: str) -> None:
    FAULTS.add(Fault(call, "", how="lost", times=1))
    FAULTS.stale = 7

    assert isinstance(applied.undo(), Undone)

    FAULTS.stale = 0
    assert applied.states("undo") == ["taken back", "taken back"]
    assert gone(applied)


def test_an_undo_that_is_not_permitted_says_so_and_can_be_tried_again(applied: Story) -> None:
    FAULTS.add(Fault(REVOKE, "UnauthorizedOperation"))

    outcome = applied.undo()

    assert isinstance(outcome, UndoFailed)
    assert outcome.action == "ec2:RevokeSecurityGroupIngress"
    assert [entry.number for entry in outcome.left] == [1]
    FAULTS.clear()
    assert isinstance(applied.undo(), Undone)
    assert gone(applied)


def test_undoing_again_what_was_undone_changes_nothing(applied: Story) -> None:
    applied.undo()
    FAULTS.calls.clear()

    assert applied.undo() == Undone(())
    assert FAULTS.calls == []


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_where_the_ledger_cannot_be_written_an_undo_goes_on_later(applied: Story, at: int) -> None:
    applied.ledger = Failing(at, applied.ledger.entries(applied.proposal.id))

    assert isinstance(applied.undo(), InDoubt)

    assert isinstance(applied.hands.resume(applied.proposal, State.UNDOING, APPROVER), Undone)
    assert applied.states("undo") == ["taken back", "taken back"]
    assert gone(applied)
