"""Applying an approved fix in the double: once, only where it is still what was proven, whatever AWS answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.approvals.states import Event, State
from bot.repair.outcomes import AlreadyThere, Applied, Drifted, Failed, InDoubt, NotHelped, Undone, Verified
from bot.store.rows import Decision
from bot.store.store import Store
from diagnosis.fix.change import AclEntryChange, GroupRuleChange, RouteChange
from tests.bot.repair.accounts import small_account
from tests.bot.repair.stories import APPROVER, STARTED, Clock, Failing, Meddler, Story, a_proposal, a_story, writer_at
from tests.emulator.faults import FAULTS, Fault

AUTHORIZE, CREATE = "ec2.AuthorizeSecurityGroupIngress", "ec2.CreateNetworkAclEntry"


@pytest.fixture
def story(emulator_url: str) -> Iterator[Story]:
    """A fix of one rule of a group."""
    yield from a_story(emulator_url, acl_denies=False)


@pytest.fixture
def both(emulator_url: str) -> Iterator[Story]:
    """A fix of an ACL entry, and then a rule of a group."""
    yield from a_story(emulator_url, acl_denies=True)


def change_of(story: Story, kind: type[Any]) -> Any:
    return next(change for change in story.proposal.changes if isinstance(change, kind))


def wrote() -> list[str]:
    """The calls that were made and could have changed something."""
    return [call for call in FAULTS.calls if not call.startswith("ec2.Describe")]


def test_a_fix_is_made_verified_and_taken_back_and_leaves_the_account_as_it_was(both: Story) -> None:
    rules, entries = both.account.rules(), both.account.entries()

    applied = both.apply()

    assert isinstance(applied, Applied)
    assert both.states() == ["made", "made"]
    assert {entry.by for entry in applied.entries} == {APPROVER}
    assert [rule["SecurityGroupRuleId"] for rule in both.ours()] == [applied.entries[1].rule]
    assert both.hands.verification(both.proposal) == Verified()
    assert isinstance(both.undo(), Undone)
    assert both.states("undo") == ["taken back", "taken back"]
    assert (both.account.rules(), both.account.entries()) == (rules, entries)


def test_applying_again_what_was_applied_changes_nothing(both: Story) -> None:
    first = both.apply()
    FAULTS.calls.clear()

    assert both.apply() == first
    assert wrote() == []


def test_a_fix_that_does_not_help_is_told(story: Story) -> None:
    story.apply()
    story.account.ec2.create_network_acl_entry(
        NetworkAclId=story.account.acl,
        RuleNumber=1,
        Egress=False,
        Protocol="-1",
        RuleAction="deny",
        CidrBlock="10.0.1.0/24",
    )

    assert isinstance(story.hands.verification(story.proposal), NotHelped)


Meddling = Callable[[Story], object]


def add_a_rule(story: Story) -> None:
    authorize(story, "10.9.9.0/24")


def authorize(story: Story, cidr: str, **more: Any) -> None:
    ranges = [{"CidrIp": cidr, **more}]
    permission = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "IpRanges": ranges}
    story.account.ec2.authorize_security_group_ingress(GroupId=story.account.db, IpPermissions=[permission])


def take_the_number(story: Story) -> None:
    change = change_of(story, AclEntryChange)
    story.account.ec2.create_network_acl_entry(
        NetworkAclId=change.component,
        RuleNumber=change.number,
        Egress=False,
        Protocol="6",
        RuleAction="allow",
        CidrBlock="10.7.0.0/16",
        PortRange={"From": 22, "To": 22},
    )


def delete_the_group(story: Story) -> None:
    for interface in story.account.ec2.describe_network_interfaces()["NetworkInterfaces"]:
        kept = [group["GroupId"] for group in interface["Groups"] if group["GroupId"] != story.account.db]
        if len(kept) < len(interface["Groups"]):
            story.account.ec2.modify_network_interface_attribute(
                NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=kept
            )
    story.account.ec2.delete_security_group(GroupId=story.account.db)


def move_the_path(story: Story) -> None:
    story.account.ec2.create_network_acl_entry(
        NetworkAclId=story.account.acl,
        RuleNumber=1,
        Egress=True,
        Protocol="-1",
        RuleAction="deny",
        CidrBlock="0.0.0.0/0",
    )


@pytest.mark.parametrize(
    ("meddling", "said"),
    [
        (add_a_rule, "are not those that the fix was proven on"),
        (take_the_number, "already"),
        (delete_the_group, "was not seen"),
        (move_the_path, "not"),
        (lambda story: authorize(story, "10.0.1.10/32"), "not those"),
    ],
)
def test_where_the_account_has_changed_meanwhile_nothing_is_made_and_that_is_told(
    both: Story, meddling: Meddling, said: str
) -> None:
    meddling(both)
    FAULTS.calls.clear()

    outcome = both.apply()

    assert isinstance(outcome, Drifted)
    assert said in outcome.sentence
    assert "Nothing was changed" in outcome.sentence
    assert wrote() == []
    assert both.states() == []


def test_what_somebody_else_made_meanwhile_is_not_ours_and_is_not_undone(emulator_url: str) -> None:
    account = small_account(emulator_url)
    story = Story(account, a_proposal(account.network(), which=1), writer_at(emulator_url))
    authorize(story, "10.0.1.10/32", Description="by hand")

    assert isinstance(story.apply(), AlreadyThere)
    assert isinstance(story.undo(), Undone)
    assert [rule["Description"] for rule in account.rules()] == ["by hand"]


def test_where_the_quota_is_reached_nothing_is_made(story: Story) -> None:
    only_real(AUTHORIZE, "RulesPerSecurityGroupLimitExceeded")

    outcome = story.apply()

    assert isinstance(outcome, Failed)
    assert "no room" in outcome.sentence
    assert (outcome.made, story.states(), story.ours()) == ((), ["refused"], [])


def test_a_route_is_not_changed(story: Story) -> None:
    route = RouteChange(component="rtb-0a1", destination="10.0.0.0/8", target_kind="transit-gateway", target="tgw-0a1")
    story.proposal = story.proposal.model_copy(update={"changes": (route,)})

    outcome = story.apply()

    assert isinstance(outcome, Failed)
    assert "only adds rules and ACL entries" in outcome.sentence


def test_what_takes_something_away_is_not_done(story: Story) -> None:
    taking = story.proposal.changes[0].inverse()
    story.proposal = story.proposal.model_copy(update={"changes": (taking,)})

    assert isinstance(story.apply(), Failed)
    assert wrote() == []


def test_a_missing_permission_is_found_by_the_rehearsal_and_named(both: Story) -> None:
    FAULTS.add(Fault(AUTHORIZE, "UnauthorizedOperation", holding="DryRun"))

    outcome = both.apply()

    assert isinstance(outcome, Failed)
    assert outcome.action == "ec2:AuthorizeSecurityGroupIngress"
    assert "account administrator" in outcome.sentence
    assert both.states() == []
    assert (80, False) not in both.account.entries()


def test_what_could_not_be_taken_back_is_not_made(story: Story) -> None:
    FAULTS.add(Fault("ec2.RevokeSecurityGroupIngress", "UnauthorizedOperation", holding="DryRun"))

    outcome = story.apply()

    assert isinstance(outcome, Failed)
    assert outcome.action == "ec2:RevokeSecurityGroupIngress"
    assert story.states() == []


def test_a_rehearsal_that_finds_nothing_to_take_back_yet_is_permitted(both: Story) -> None:
    FAULTS.add(
        Fault("ec2.RevokeSecurityGroupIngress", "InvalidPermission.NotFound", holding="DryRun"),
        Fault("ec2.DeleteNetworkAclEntry", "InvalidNetworkAclEntry.NotFound", holding="DryRun"),
    )

    assert isinstance(both.apply(), Applied)


@pytest.mark.parametrize("how", ["error", "lost"])
def test_looking_and_rehearsing_are_tried_again(both: Story, how: Any) -> None:
    for call in ("ec2.DescribeSecurityGroupRules", "ec2.DescribeNetworkAcls", AUTHORIZE, CREATE):
        FAULTS.add(Fault(call, "RequestLimitExceeded", holding="DryRun", how=how, times=1))
    FAULTS.add(Fault("ec2.DescribeNetworkAcls", "RequestLimitExceeded", holding="NetworkAclId.1", how=how, times=2))

    assert isinstance(both.apply(), Applied)
    assert both.states() == ["made", "made"]


def test_an_answer_that_cannot_be_read_is_no_reason_to_write(both: Story) -> None:
    FAULTS.add(Fault("ec2.DescribeNetworkAcls", "AuthFailure", holding="NetworkAclId.1"))

    outcome = both.apply()

    assert isinstance(outcome, Failed)
    assert "Nothing was done" in outcome.sentence
    assert both.states() == []
    FAULTS.clear()
    assert (80, False) not in both.account.entries()


def only_real(call: str, code: str, **more: Any) -> None:
    """A fault of the call itself: its rehearsal goes well."""
    FAULTS.add(Fault(call, "DryRunOperation", holding="DryRun"), Fault(call, code, **more))


def test_where_a_later_change_is_refused_what_was_made_stays_is_told_and_can_be_undone(both: Story) -> None:
    only_real(AUTHORIZE, "UnauthorizedOperation")

    outcome = both.apply()

    assert isinstance(outcome, Failed)
    assert [entry.number for entry in outcome.made] == [0]
    assert "1 of the changes had been made" in outcome.sentence
    assert (80, False) in both.account.entries()
    assert isinstance(both.undo(), Undone)
    assert (80, False) not in both.account.entries()


@pytest.mark.parametrize("how", ["error", "cut", "done", "lost", "late"])
@pytest.mark.parametrize("call", [AUTHORIZE, CREATE])
def test_whatever_becomes_of_the_answer_it_is_made_once_and_the_ledger_says_so(
    both: Story, call: str, how: Any
) -> None:
    code = "RequestLimitExceeded" if how == "error" else "InternalError"
    only_real(call, code, how=how, times=2 if how in ("error", "cut") else 1, seconds=1.5)

    outcome = both.apply()

    assert isinstance(outcome, Applied)
    assert both.states() == ["made", "made"]
    assert [rule["SecurityGroupRuleId"] for rule in both.ours()] == [outcome.entries[1].rule]
    assert (80, False) in both.account.entries()
    assert isinstance(both.undo(), Undone)
    assert (both.ours(), (80, False) in both.account.entries()) == ([], False)


@pytest.mark.parametrize("call", [AUTHORIZE, CREATE])
def test_an_answer_that_was_lost_is_looked_for_with_patience(both: Story, call: str) -> None:
    only_real(call, "", how="lost", times=1)
    FAULTS.stale = 3

    assert isinstance(both.apply(), Applied)
    assert both.states() == ["made", "made"]
    FAULTS.stale = 0
    assert len(both.ours()) == 1


def test_throttling_that_does_not_end_ends_it(story: Story) -> None:
    only_real(AUTHORIZE, "RequestLimitExceeded")

    outcome = story.apply()

    assert isinstance(outcome, Failed)
    assert "throttled" in outcome.sentence
    assert story.states() == ["refused"]
    FAULTS.clear()
    assert isinstance(story.apply(), Applied)


def test_where_no_answer_ever_comes_it_stays_in_doubt_until_looking_tells(story: Story) -> None:
    only_real(AUTHORIZE, "", how="lost")
    FAULTS.stale = 1000
    story.writer.look(change_of(story, GroupRuleChange))

    assert isinstance(story.apply(), InDoubt)
    assert story.states() == ["intended"]
    FAULTS.clear()
    assert isinstance(story.hands.resume(story.proposal, State.APPLYING, APPROVER), Applied)
    assert len(story.ours()) == 1


def test_a_duplicate_without_our_stamp_is_somebody_elses(emulator_url: str) -> None:
    account = small_account(emulator_url)
    story = Story(account, a_proposal(account.network(), which=1), writer_at(emulator_url))
    story.writer = Meddler(story.writer, lambda: authorize(story, "10.0.1.10/32", Description="by hand"))

    assert isinstance(story.apply(), AlreadyThere)
    assert story.states() == ["already there"]
    assert isinstance(story.undo(), Undone)
    assert [rule["Description"] for rule in account.rules()] == ["by hand"]


def test_an_entry_that_somebody_else_made_to_the_letter_is_theirs(both: Story) -> None:
    change = change_of(both, AclEntryChange)
    theirs = writer_at(both.account.url)
    both.writer = Meddler(both.writer, lambda: theirs.put(change, ""))

    outcome = both.apply()

    assert isinstance(outcome, Applied)
    assert both.states() == ["already there", "made"]
    both.undo()
    assert (80, False) in both.account.entries()


def test_an_entry_that_another_process_of_ours_made_is_not_taken_for_somebody_elses(both: Story) -> None:
    other = replace(both).hands
    both.writer = Meddler(both.writer, lambda: other.apply(both.proposal, APPROVER))

    assert isinstance(both.apply(), InDoubt)

    assert both.states() == ["made", "made"]
    assert isinstance(both.undo(), Undone)
    assert (80, False) not in both.account.entries()


def test_an_entry_of_another_content_under_the_number_ends_it(both: Story) -> None:
    both.writer = Meddler(both.writer, lambda: take_the_number(both))

    outcome = both.apply()

    assert isinstance(outcome, Drifted)
    assert "another entry 80" in outcome.sentence
    assert both.states() == ["refused"]


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_where_the_ledger_cannot_be_written_nothing_more_is_done_and_nothing_is_forgotten(both: Story, at: int) -> None:
    both.ledger = Failing(at)

    assert isinstance(both.apply(), InDoubt)

    if at == 1:
        assert (80, False) not in both.account.entries()
    if at <= 3:
        assert both.ours() == []
    assert isinstance(both.hands.resume(both.proposal, State.APPLYING, APPROVER), Applied)
    assert both.states() == ["made", "made"]
    assert len(both.ours()) == 1
    assert isinstance(both.undo(), Undone)
    assert (both.ours(), (80, False) in both.account.entries()) == ([], False)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_an_interrupted_application_that_has_expired_meanwhile_is_not_gone_on_with(both: Story, at: int) -> None:
    both.ledger = Failing(at)
    both.apply()
    both.clock.time = both.proposal.expires_at + 1

    outcome = both.hands.resume(both.proposal, State.APPLYING, APPROVER)

    if at == 4:  # the last call was made, and only what the ledger says of it is missing
        assert isinstance(outcome, Applied)
        assert both.states() == ["made", "made"]
        return
    assert isinstance(outcome, Failed)
    assert "expired" in outcome.sentence
    assert both.ours() == []
    assert len(outcome.made) == (at > 1)
    assert ((80, False) in both.account.entries()) is (at > 1)


def _applied(story: Story, outcomes: list[Any]) -> None:
    outcomes.append(story.apply())


def test_of_several_processes_that_apply_the_same_nothing_is_made_twice(both: Story, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    store.proposals.add(both.proposal)
    now = both.proposal.proposed_at
    store.proposals.decide(both.proposal.id, Decision(person=APPROVER, verdict="approve", at=now))
    store.proposals.move(both.proposal.id, Event.BEGIN, now)
    both.ledger = store.ledger
    outcomes: list[Any] = []
    # No two processes write down an intention at the very same moment.
    stories = [replace(both, clock=Clock(STARTED + n)) for n in range(4)]
    threads = [threading.Thread(target=partial(_applied, one, outcomes)) for one in stories]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {type(outcome) for outcome in outcomes} <= {Applied, InDoubt}
    assert isinstance(both.hands.resume(both.proposal, State.APPLYING, APPROVER), Applied)
    assert both.states() == ["made", "made"]
    assert [rule["SecurityGroupRuleId"] for rule in both.ours()] == [store.ledger.entries(both.proposal.id)[1].rule]
    store.proposals.move(both.proposal.id, Event.APPLIED, now)
    store.proposals.move(both.proposal.id, Event.BEGIN_UNDO, now)
    assert isinstance(both.undo(), Undone)
    assert (both.ours(), (80, False) in both.account.entries()) == ([], False)
    store.close()
