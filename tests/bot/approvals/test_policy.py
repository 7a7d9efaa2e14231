"""Who may decide, judged at the press: each way to be refused, and that what cannot be checked is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.access.people import Asker
from bot.approvals.buttons import button_value, is_genuine, read_button
from bot.approvals.policy import Allowed, Case, Press, Refused, Verb, made_under, policy_hash, standing, who_may_decide
from bot.approvals.states import Event, State, before
from bot.approvals.subject import Subject, covers, needed, subject
from bot.settings.fixes import ApproverSettings, FixSettings
from diagnosis.fix.change import GroupRuleChange
from tests.accounts import ACCOUNT
from tests.bot.approvals.examples import proposal
from tests.bot.approvals.shop import by_group, in_acl, in_db, network

SETTINGS = FixSettings(approvers=(ApproverSettings(users=("U2", "U3")),))
BY_GROUP = FixSettings(approvers=(ApproverSettings(groups=("S1",)),), allow_user_groups=True)
IN_GROUP = {"S1": frozenset({"U2"})}


def about(settings: FixSettings = SETTINGS) -> Subject:
    found = subject(network(), (in_db(),), "safe", settings)
    assert found is not None
    return found


def press(verb: Verb = "approve", user: str = "U2", **values: Any) -> Press:
    known: dict[str, Any] = {
        "proposal": proposal().id,
        "nonce": proposal().nonce,
        "team": "T1",
        "channel": "C1",
        "at": 1500.0,
        "person": Asker(user, "T1"),
        "members": {},
    }
    return Press(verb=verb, user=user, **{**known, **values})


def case(settings: FixSettings = SETTINGS, members: Any = None, **values: Any) -> Case:
    made = proposal(policy=policy_hash(settings, members or {}), **values.pop("proposal", {}))
    known: dict[str, Any] = {"state": State.PROPOSED, "channels": frozenset({"C1", "C2"}), "about": about(settings)}
    return Case(proposal=made, **{**known, **values})


def judged(one: Press, of: Case | None = None, settings: FixSettings = SETTINGS, team: str = "T1") -> str:
    found = who_may_decide(one, of or case(settings), settings, "approve", team)
    return found.code if isinstance(found, Refused) else "allowed"


def test_an_approver_may_wherever_a_copy_of_the_message_was_posted() -> None:
    assert judged(press()) == "allowed"
    assert judged(press(channel="C2")) == "allowed"
    assert judged(press("reject")) == "allowed"
    assert judged(press("undo"), case(state=State.VERIFIED)) == "allowed"


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "f" * 32},
        {"nonce": ""},
        {"nonce": "é"},
        {"proposal": "fxffffffffffffffff"},
        {"team": "T2"},
        {"channel": "C3"},
    ],
)
@pytest.mark.parametrize("verb", ["approve", "reject", "undo"])
def test_a_forged_payload_is_refused_and_told_nothing(verb: Verb, forged: dict[str, Any]) -> None:
    """Another nonce, id, workspace or channel: all are answered in the same words."""
    found = who_may_decide(press(verb, **forged), case(), SETTINGS, "approve", "T1")

    assert found == Refused("forged", "This button is not valid here. Nothing was changed.")


def test_a_proposal_of_another_workspace_is_refused_though_its_own_members_press() -> None:
    other = case(proposal={"team": "T2"})

    assert judged(press(team="T2", person=Asker("U2", "T2")), other) == "forged"


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (None, "not checked"),
        (Asker("U9", "T1"), "not checked"),
        (Asker("U2", "T1", guest=True), "guest"),
        (Asker("U2", "T1", bot=True), "nobody"),
        (Asker("U2", "T1", gone=True), "nobody"),
        (Asker("U2", "T2"), "stranger"),
    ],
)
@pytest.mark.parametrize("verb", ["approve", "reject", "undo"])
def test_only_members_of_the_workspace_who_could_be_checked_decide(verb: Verb, person: Asker | None, code: str) -> None:
    state = State.APPLIED if verb == "undo" else State.PROPOSED

    assert judged(press(verb, person=person), case(state=state)) == code


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    ("verb", "event"), [("approve", Event.ENOUGH), ("reject", Event.REJECT), ("undo", Event.BEGIN_UNDO)]
)
def test_a_stale_press_is_refused(state: State, verb: Verb, event: Event) -> None:
    assert judged(press(verb), case(state=state)) == ("allowed" if state in before(event) else "too late")


def test_an_expired_proposal_takes_no_decision_but_an_undo_has_no_such_end() -> None:
    assert judged(press(at=2799.9)) == "allowed"
    assert judged(press(at=2800.0)) == "expired"
    assert judged(press("reject", at=2800.0)) == "expired"
    assert judged(press("undo", at=1e9), case(state=State.APPLIED)) == "allowed"


@pytest.mark.parametrize("mode", ["off", "notify"])
def test_nothing_is_decided_where_the_mode_is_another(mode: Any) -> None:
    found = who_may_decide(press(), case(), SETTINGS, mode, "T1")

    assert isinstance(found, Refused)
    assert found.code == "off"


@pytest.mark.parametrize("role", ["requester", "asker"])
def test_nobody_approves_or_undoes_what_they_asked_for_and_anybody_may_withdraw_it(role: str) -> None:
    own = {role: "U2"}
    alone = SETTINGS.model_copy(update={"four_eyes": False})

    assert judged(press(), case(proposal=own)) == "own"
    assert judged(press("undo"), case(proposal=own, state=State.APPLIED)) == "own"
    assert judged(press("reject"), case(proposal=own)) == "allowed"
    assert judged(press(), case(alone, proposal=own), alone) == "allowed"


def test_who_is_no_approver_neither_approves_nor_rejects_nor_undoes() -> None:
    assert judged(press(user="U9")) == "no approver"
    assert judged(press("reject", user="U9")) == "no approver"
    assert judged(press("undo", user="U9"), case(state=State.FAILED)) == "no approver"
    assert judged(press(), case(FixSettings()), FixSettings()) == "no approver"


def test_an_approver_who_was_removed_meanwhile_is_refused() -> None:
    """Whatever was edited of the policy, a proposal that was made under another one is not approved."""
    removed = FixSettings(approvers=(ApproverSettings(users=("U3",)),))

    assert judged(press(), case(SETTINGS), removed) == "policy changed"
    assert judged(press("undo"), case(SETTINGS, state=State.APPLIED), removed) == "no approver"


@pytest.mark.parametrize(
    "edit",
    [
        {"approvers": (ApproverSettings(users=("U2", "U4")),)},
        {"four_eyes": False},
        {"approvals": 2},
        {"admin_ports": ()},
        {"most_others": 5000},
        {"protected_ids": ("sg-1",)},
        {"public_prefix": 8},
    ],
)
def test_a_policy_that_was_edited_meanwhile_asks_for_a_new_proposal(edit: dict[str, Any]) -> None:
    edited = FixSettings(**{"approvers": SETTINGS.approvers, **edit})

    assert judged(press(), case(SETTINGS), edited) == "policy changed"
    assert judged(press("reject"), case(SETTINGS), edited) == "allowed"
    assert made_under(case(SETTINGS).proposal, SETTINGS)
    assert not made_under(case(SETTINGS).proposal, edited)


def test_where_messages_go_and_what_applies_them_is_no_policy() -> None:
    edited = SETTINGS.model_copy(
        update={"notify": ("C9",), "audit_channel": "C8", "write_role_arn": "arn:aws:iam::1:r"}
    )

    assert judged(press(), case(SETTINGS), edited) == "allowed"


def test_what_was_tagged_meanwhile_so_that_more_must_approve_asks_for_a_new_proposal() -> None:
    two = FixSettings(approvers=SETTINGS.approvers, tag_approvals={"env=prod": 2})

    assert judged(press(), case(two, proposal={"needed": 1}), two) == "policy changed"
    assert judged(press(), case(two, proposal={"needed": 2}), two) == "allowed"


def test_what_the_fix_touches_must_be_seen_for_rights_to_be_checked() -> None:
    assert judged(press(), case(about=None)) == "not checked"
    assert subject(network(), (in_db(component="sg-gone"),), "safe", SETTINGS) is None


def test_user_groups_count_only_as_they_were_when_the_fix_was_proposed() -> None:
    def by_group(now: Any, then: Any = IN_GROUP, user: str = "U2") -> str:
        return judged(press(user=user, members=now), case(BY_GROUP, then), BY_GROUP)

    assert by_group(IN_GROUP) == "allowed"
    assert by_group(IN_GROUP, user="U5") == "no approver"
    assert by_group({"S1": frozenset({"U2", "U5"})}, user="U5") == "group changed"
    assert by_group({"S1": frozenset({"U2", "U5"})}) == "group changed"
    assert by_group({"S1": None}) == "not checked"
    assert by_group({}) == "not checked"
    assert by_group(IN_GROUP, then={"S1": None}) == "group changed"


def test_who_is_named_by_id_needs_no_user_group() -> None:
    both = FixSettings(
        approvers=(ApproverSettings(users=("U2",)), ApproverSettings(groups=("S1",))), allow_user_groups=True
    )

    assert judged(press(members={"S1": None}), case(both, IN_GROUP), both) == "allowed"


def test_user_groups_must_be_switched_on() -> None:
    with pytest.raises(ValidationError, match="allow_user_groups to true"):
        FixSettings(approvers=(ApproverSettings(groups=("S1",)),))


def test_of_several_approvals_only_those_count_whose_givers_still_may() -> None:
    earlier = {
        "U2": Asker("U2", "T1"),
        "U3": Asker("U3", "T1", gone=True),
        "U4": Asker("U4", "T1"),
        "U1": Asker("U1", "T1"),
        "U5": None,
    }

    assert standing(earlier, case(), {}, SETTINGS, "T1") == {"U2"}


@pytest.mark.parametrize(
    ("rule", "speaks"),
    [
        ({}, True),
        ({"accounts": (ACCOUNT,)}, True),
        ({"accounts": ("222222222222",)}, False),
        ({"vpcs": ("vpc-a",)}, True),
        ({"vpcs": ("vpc-b",)}, False),
        ({"tags": ("team=payments",)}, True),
        ({"tags": ("team=orders",)}, False),
        ({"tags": ("team",)}, True),
        ({"tags": ("env=prod",)}, True),
        ({"risks": ("safe",)}, True),
        ({"risks": ("needs judgement",)}, False),
        ({"accounts": (ACCOUNT,), "tags": ("team=orders",)}, False),
    ],
)
def test_a_rule_speaks_of_a_fix_where_all_of_it_is_within(rule: dict[str, Any], speaks: bool) -> None:
    only = FixSettings(approvers=(ApproverSettings(users=("U2",), **rule),))

    assert covers(only.approvers[0], about()) is speaks
    assert judged(press(), case(only), only) == ("allowed" if speaks else "no approver")


def test_one_rule_must_speak_of_all_that_a_fix_touches() -> None:
    both = subject(network(), (in_db(), in_acl()), "safe", SETTINGS)
    assert both is not None

    assert covers(ApproverSettings(users=("U2",), tags=("env=prod",)), both)
    assert not covers(ApproverSettings(users=("U2",), tags=("team=payments",)), both)


def test_as_many_must_approve_as_the_strictest_setting_asks_for() -> None:
    def count(change: GroupRuleChange, risk: Any = "safe", **settings: Any) -> int:
        made = FixSettings(**settings)
        found = subject(network(), (change,), risk, made)
        assert found is not None
        return needed(found, made)

    ssh = in_db(from_port=22, to_port=22)
    assert count(in_db()) == 1
    assert count(in_db(), approvals=3) == 3
    assert count(in_db(), risk="needs judgement") == 2
    assert count(ssh) == 2
    assert count(ssh, admin_approvals=3, approvals=2) == 3
    assert count(in_db(from_port=20, to_port=25)) == 2
    assert count(in_db(protocol="-1", from_port=None, to_port=None)) == 2
    assert count(in_db(protocol="icmp", from_port=22, to_port=22)) == 1
    assert count(by_group(from_port=22, to_port=22)) == 2
    assert count(ssh.model_copy(update={"direction": "egress"})) == 1
    assert count(ssh, admin_ports=()) == 1
    assert count(in_db(), tag_approvals={"env=prod": 4, "team=payments": 2, "env=test": 9}) == 4


def test_a_button_carries_id_and_nonce_and_nothing_else_is_taken_for_one() -> None:
    one = proposal()

    assert read_button(button_value(one)) == (one.id, one.nonce)
    assert is_genuine(one, one.id, one.nonce)
    right = button_value(one)
    for wrong in ("", one.id, f"{one.id}:", f"{right}:x", f"{right}\n", f" {right}", right.upper()):
        assert read_button(wrong) is None


def test_who_may_is_said_as_a_value() -> None:
    assert who_may_decide(press(), case(), SETTINGS, "approve", "T1") == Allowed()
