"""The write role: assumed for one application, in the approver's name, for what the fix edits and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.repair.aws_session import AwsHands, Credentials, session_name
from bot.repair.outcomes import Applied, Failed, InDoubt
from bot.repair.writing import Refused
from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from tests.bot.repair.accounts import ACCOUNT, SESSION, client, small_account
from tests.bot.repair.stories import APPROVER, Story, a_proposal
from tests.emulator.faults import FAULTS, Fault
from tests.emulator.role_calls import SESSIONS, Session
from tests.house.source_tree import ROOT
from tests.moto_server import post

ROLE = f"arn:aws:iam::{ACCOUNT}:role/whynot-write"


@pytest.fixture(scope="module", autouse=True)
def _role(emulator_url: str) -> None:
    small_account(emulator_url)
    iam = client(emulator_url, "iam")
    trust = (ROOT / "deploy/write-role-trust.json").read_text(encoding="utf-8")
    iam.create_role(RoleName="whynot-write", AssumeRolePolicyDocument=trust)
    policy = json.loads((ROOT / "deploy/write-role.json").read_text(encoding="utf-8"))
    for statement in policy["Statement"]:
        statement["Resource"] = "*"  # moto judges actions alone
    iam.put_role_policy(RoleName="whynot-write", PolicyName="write", PolicyDocument=json.dumps(policy))


@pytest.fixture
def story(emulator_url: str) -> Iterator[Story]:
    account = small_account(emulator_url, acl_denies=True)
    FAULTS.clear()
    yield Story(account, a_proposal(account.network()), assumed(emulator_url))
    FAULTS.clear()


def assumed(url: str, **more: Any) -> Any:
    """Hands with the write role; a Story's writer is made anew for each deed."""

    def make(service: str, **others: Any) -> Any:
        known: Callable[..., Any] = SESSION.client
        return known(service, endpoint_url=url, **others)

    given = {"role_arn": ROLE, "external_id": "a-value-that-you-choose", **more}
    return AwsHands(make, Credentials(**given))


def apply(story: Story) -> Any:
    hands = story.writer
    assert isinstance(hands, AwsHands)
    found = story.hands
    return type(found)(hands.writer, found.reader, found.ledger, found.settings, found.patience).apply(
        story.proposal, APPROVER
    )


def the_writing_session() -> Session:
    """The one session that signed every write since the story began."""
    writes = {"ec2.AuthorizeSecurityGroupIngress", "ec2.CreateNetworkAclEntry"}
    [session] = [SESSIONS[key] for key in {key for call, key in FAULTS.signed if call in writes}]
    return session


def test_every_write_is_signed_by_a_session_that_names_proposal_approver_and_requester(story: Story) -> None:
    assert isinstance(apply(story), Applied)

    session = the_writing_session()
    assert session.name == "whynot-fx0123456789abcdef-U0APPROVER"
    assert session.tags == {
        "whynot-proposal": "fx0123456789abcdef",
        "whynot-by": "U0APPROVER",
        "whynot-requester": "U0ASKER",
    }
    assert session.seconds == 900


def test_the_session_may_do_no_more_than_this_fix_and_its_undo(story: Story) -> None:
    apply(story)

    policy = json.loads(the_writing_session().policy)
    allowed = {action: one["Resource"] for one in policy["Statement"] for action in one["Action"]}
    group, acl = f"security-group/{story.account.db}", f"network-acl/{story.account.acl}"
    place = f"arn:aws:ec2:us-east-1:{ACCOUNT}:"
    assert {action: found for action, found in allowed.items() if found != "*"} == {
        "ec2:AuthorizeSecurityGroupIngress": [place + group],
        "ec2:RevokeSecurityGroupIngress": [place + group],
        "ec2:CreateNetworkAclEntry": [place + acl],
        "ec2:DeleteNetworkAclEntry": [place + acl],
    }
    assert all(action.startswith("ec2:Describe") for action, found in allowed.items() if found == "*")


def test_the_policy_of_the_write_role_is_enough_to_apply_and_undo_and_for_nothing_else(story: Story) -> None:
    hands = story.writer
    assert isinstance(hands, AwsHands)
    writer = hands.writer(story.proposal, APPROVER)
    post(story.account.url, "reset-auth", b"0")
    try:
        for change in story.proposal.changes:
            assert isinstance(change, GroupRuleChange | AclEntryChange)
            writer.rehearse(change, story.proposal.stamp, take=False)
            done = writer.put(change, story.proposal.stamp)
            writer.take(change, done.rule)
        with pytest.raises(Exception, match="not authorized to perform: ec2:DeleteSecurityGroup"):
            writer._ec2.delete_security_group(GroupId=story.account.db)
    finally:
        post(story.account.url, "reset-auth", b"inf")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"external_id": "guessed"}, "could not be assumed"),
        ({"external_id": None}, "could not be assumed"),
        ({"role_arn": f"arn:aws:iam::{ACCOUNT}:role/gone"}, "could not be assumed"),
        ({"role_arn": "arn:aws:iam::210987654321:role/other"}, "is of account 210987654321"),
        ({"role_arn": "whynot-write"}, "no ARN of a role"),
        ({"role_arn": None}, "No write role is configured"),
    ],
)
def test_without_a_role_that_can_be_assumed_nothing_is_done_and_the_reason_told(
    story: Story, given: dict[str, Any], said: str
) -> None:
    story.writer = assumed(story.account.url, **given)

    outcome = apply(story)

    assert isinstance(outcome, Failed)
    assert said in outcome.sentence
    assert story.states() == []


def test_the_own_credentials_are_used_only_where_the_operator_names_them(story: Story) -> None:
    assert not Credentials().usable
    story.writer = assumed(story.account.url, role_arn=None, external_id=None, own=True)

    assert isinstance(apply(story), Applied)
    assert "sts.AssumeRole" not in FAULTS.calls


def test_throttling_of_the_role_leaves_what_was_in_doubt_in_doubt(story: Story) -> None:
    FAULTS.add(
        Fault("ec2.AuthorizeSecurityGroupIngress", "DryRunOperation", holding="DryRun"),
        Fault("ec2.AuthorizeSecurityGroupIngress", "", how="lost"),
    )
    FAULTS.stale = 1000
    assert isinstance(apply(story), InDoubt)
    FAULTS.clear()
    FAULTS.add(Fault("sts.AssumeRole", "AccessDenied"))

    assert isinstance(apply(story), InDoubt)
    FAULTS.clear()
    assert isinstance(apply(story), Applied)


def test_a_name_of_odd_characters_still_makes_a_session(story: Story) -> None:
    assert (
        session_name(story.proposal, "U1 <@U2>\n" + "x" * 80) == f"whynot-fx0123456789abcdef-U1--@U2--{'x' * 80}"[:64]
    )


def test_a_region_that_is_none_is_refused(story: Story) -> None:
    story.proposal = story.proposal.model_copy(update={"region": "nowhere at all"})
    hands = story.writer
    assert isinstance(hands, AwsHands)

    with pytest.raises(Refused):
        hands.writer(story.proposal, APPROVER)
