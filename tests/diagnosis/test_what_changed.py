"""What CloudTrail knows of the moment at which the logs turned: the culprit by name, and nobody where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnosis.aws.trail import Budget
from diagnosis.evidence.records import iso
from diagnosis.testimony import WhatChanged
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.turning import (
    BEFORE,
    TURN,
    Event,
    Turned,
    entry,
    harmless,
    permission,
    recorded,
    revoked,
    revoked_by_id,
    source_at,
    turned,
)
from tests.emulator.faults import FAULTS, Fault
from tests.emulator.trail_calls import event
from tests.moto_server import post

GROUP = "sg-09ccf567a1be81289"
RULE = "sgr-0a1b2c3d4e5f60718"
DENY: dict[str, Any] = {"cidrBlock": "10.0.1.0/24", "aclProtocol": "6", "portRange": {"from": 443, "to": 443}}
"""Rule 90 of the case, as CloudTrail writes it."""


@pytest.fixture
def url(emulator_url: str) -> str:
    post(emulator_url, "reset")
    FAULTS.clear()
    return emulator_url


def said(case: Turned, url: str) -> WhatChanged:
    told = case.told(source_at(url)).evidence.what_changed
    assert told is not None
    return told


def route(name: str, table: str, destination: str, **target: str) -> Event:
    return event(name, BEFORE, [table], {"routeTableId": table, "destinationCidrBlock": destination, **target})


WEEKS_AGO = BEFORE - 3 * 7 * 86_400
SUBNET, OTHER_TABLE = "subnet-0cbb7d410c87877e5", "rtb-0efca7c4f689ad8fa"
BEFORE_IT: dict[str, Callable[[str], Event]] = {
    "an entry for the replies deleted that was made weeks ago": lambda cause: entry(
        cause, 120, WEEKS_AGO, "allow", egress=True, aclProtocol="6", portRange={"from": 1024, "to": 65535}
    ),
    "a subnet given the table that drops": lambda _: event(
        "AssociateRouteTable",
        WEEKS_AGO,
        [OTHER_TABLE, SUBNET, "rtbassoc-1"],
        {"routeTableId": OTHER_TABLE, "subnetId": SUBNET},
        {"associationId": "rtbassoc-1"},
    ),
}
"""What was recorded long before, and tells what the culprit's own record leaves out."""
CULPRITS: dict[str, tuple[str, Callable[[str], Event], bool]] = {
    "a rule revoked by its permission": (
        "rds-inbound-missing",
        lambda cause: revoked(cause, 3306, "10.0.1.0/24", BEFORE),
        True,
    ),
    "a rule revoked by its id": (
        "rds-inbound-missing",
        lambda cause: revoked_by_id(cause, RULE, 3306, "10.0.0.0/8", BEFORE),
        True,
    ),
    "an outbound rule revoked": (
        "rds-outbound-missing",
        lambda cause: revoked(cause, 3306, "10.0.2.0/24", BEFORE, "Egress"),
        True,
    ),
    "a deny put before the allow": (
        "acl-deny-before-allow",
        lambda cause: entry(cause, 90, BEFORE, **DENY),
        True,
    ),
    "the default route deleted": (
        "private-subnet-without-a-route",
        lambda cause: route("DeleteRoute", cause, "0.0.0.0/0"),
        True,
    ),
    "the peering's route back deleted": (
        "peering-return-route-missing",
        lambda cause: route("DeleteRoute", cause, "10.0.0.0/16"),
        True,
    ),
    "an entry for the replies deleted": (
        "acl-lacks-the-ephemeral-ports-outbound",
        lambda cause: event(
            "DeleteNetworkAclEntry", BEFORE, [cause], {"networkAclId": cause, "egress": True, "ruleNumber": 120}
        ),
        False,
    ),
    "an entry for the replies deleted that was made weeks ago": (
        "acl-lacks-the-ephemeral-ports-outbound",
        lambda cause: event(
            "DeleteNetworkAclEntry", BEFORE, [cause], {"networkAclId": cause, "egress": True, "ruleNumber": 120}
        ),
        True,
    ),
    "a subnet given the table that drops": (
        "blackhole-beats-the-default-route",
        lambda cause: event(
            "ReplaceRouteTableAssociation",
            BEFORE,
            [cause, "rtbassoc-1"],
            {"associationId": "rtbassoc-1", "routeTableId": cause},
        ),
        True,
    ),
    "a blackhole route created": (
        "blackhole-beats-the-default-route",
        lambda cause: route("CreateRoute", cause, "203.0.113.0/24", networkInterfaceId="eni-07739ff9f7426c8ba"),
        True,
    ),
    "a NAT gateway deleted": (
        "nat-gateway-failed",
        lambda cause: event("DeleteNatGateway", BEFORE, [cause], {"DeleteNatGatewayRequest": {"NatGatewayId": cause}}),
        False,
    ),
    "a transit gateway association swapped": (
        "transit-gateway-association-swapped-across-accounts",
        lambda cause: event(
            "AssociateTransitGatewayRouteTable",
            BEFORE,
            [cause],
            {"AssociateTransitGatewayRouteTableRequest": {"TransitGatewayRouteTableId": cause}},
        ),
        False,
    ),
}


@pytest.mark.parametrize("name", CULPRITS)
def test_the_culprit_is_named_among_a_thousand_other_events(name: str, url: str) -> None:
    folder, made, certain = CULPRITS[name]
    case = turned(folder)
    culprit = made(case.causes[0])
    seed = sorted(CULPRITS).index(name)
    before = [BEFORE_IT[name](case.causes[0])] if name in BEFORE_IT else []
    recorded([*harmless(case, seed), culprit, *before], seed)

    told = said(case, url)

    assert told.state == "found", told
    assert told.change is not None
    assert (told.change.event, told.change.certain) == (culprit["EventId"], certain)
    assert told.change.who == "role deploy (session ci-42)"
    assert told.others == ()
    assert culprit["EventId"] in told.text


@pytest.mark.parametrize(
    "folder",
    [
        "rds-inbound-missing",
        "acl-deny-before-allow",
        "private-subnet-without-a-route",
        "blackhole-beats-the-default-route",
        "two-groups-any-of",
        "acl-lacks-the-ephemeral-ports-outbound",
    ],
)
def test_nobody_is_named_where_no_event_can_have_been_it(folder: str, url: str) -> None:
    case = turned(folder)
    seed = len(folder)
    recorded(list(harmless(case, seed)), seed)

    told = said(case, url)

    assert (told.state, told.change, told.others, told.fix) == ("nothing found", None, (), None), told
    assert f"none of {told.events} events" in told.text or "no event" in told.text


def test_the_change_taken_back_is_a_fix_that_was_proven(url: str) -> None:
    case = turned("rds-inbound-missing")
    recorded([revoked_by_id(GROUP, RULE, 3306, "10.0.1.0/24", BEFORE)], 0)

    answer = case.told(source_at(url))

    told = answer.evidence.what_changed
    assert told is not None
    assert len(answer.fixes) == len(case.answer.fixes) + 1
    back = answer.fixes[-1]
    assert told.fix == back.id
    assert back.commands == (
        f"aws ec2 authorize-security-group-ingress --group-id {GROUP} --protocol tcp --port 3306 --cidr 10.0.1.0/24",
    )
    assert back.proof.verdict_after == "reachable"
    assert back.exposure.newly_reachable
    assert back.takes_back.startswith("takes back what role deploy (session ci-42) did at 2026-")


def test_a_deny_entry_is_taken_back_by_deleting_it(url: str) -> None:
    case = turned("acl-deny-before-allow")
    acl = case.causes[0]
    recorded([entry(acl, 90, BEFORE, **DENY)], 0)

    back = case.told(source_at(url)).fixes[-1]

    assert back.commands == (f"aws ec2 delete-network-acl-entry --network-acl-id {acl} --ingress --rule-number 90",)
    assert back.title.startswith("remove the deny of ")


def test_an_entry_that_is_another_one_by_now_can_have_been_it_and_is_not_taken_back(url: str) -> None:
    case = turned("acl-deny-before-allow")
    recorded([entry(case.causes[0], 90, BEFORE)], 0)

    answer = case.told(source_at(url))

    told = answer.evidence.what_changed
    assert told is not None
    assert told.change is not None
    assert (told.change.certain, told.fix, answer.fixes) == (False, None, case.answer.fixes)
    assert "which can have stopped it" in told.text
    assert "cannot be taken back as the account is now" in told.text


def test_a_blackhole_route_taken_back_is_a_fix_that_needs_judgement(url: str) -> None:
    case = turned("blackhole-beats-the-default-route")
    table = case.causes[0]
    recorded([route("CreateRoute", table, "203.0.113.0/24", networkInterfaceId="eni-07739ff9f7426c8ba")], 0)

    back = case.told(source_at(url)).fixes[-1]

    assert back.commands == (f"aws ec2 delete-route --route-table-id {table} --destination-cidr-block 203.0.113.0/24",)
    assert back.risk == "needs judgement"
    assert back.title.startswith("remove the route of 203.0.113.0/24")


def test_where_the_ordinary_fix_is_the_same_it_is_marked_and_not_doubled(url: str) -> None:
    case = turned("rds-inbound-missing")
    recorded([revoked(GROUP, 3306, "10.0.1.10/32", BEFORE)], 0)

    answer = case.told(source_at(url))

    assert [fix.id for fix in answer.fixes] == [fix.id for fix in case.answer.fixes]
    assert [bool(fix.takes_back) for fix in answer.fixes].count(True) == 1


def test_logs_without_an_accept_ask_nothing_and_say_why(url: str) -> None:
    case = turned("rds-inbound-missing", accepts=False)

    told = said(case, url)

    assert told.state == "not asked"
    assert "no ACCEPT" in told.text
    assert "cloudtrail.LookupEvents" not in FAULTS.calls


def test_it_is_the_interface_that_refuses_whose_logs_turn(url: str) -> None:
    client = "eni-0279c59a66d9fc655"
    still = [corpus.record(client, action="ACCEPT", end=TURN + 60 * minute) for minute in range(-5, 6)]
    case = turned("rds-inbound-missing", more=tuple(still))
    recorded([revoked(GROUP, 3306, "10.0.1.0/24", BEFORE)], 0)

    told = said(case, url)

    assert (told.state, told.stopped_at) == ("found", iso(TURN + 2))


def test_accept_that_comes_again_is_no_moment_at_which_it_stopped(url: str) -> None:
    case = turned("rds-inbound-missing", at_the_same=(TURN + 200, TURN + 260))

    told = said(case, url)

    assert told.state == "not asked"
    assert "no interface where ACCEPT turned to REJECT" in told.text


def test_a_denied_call_names_its_action_and_the_answer_stands(url: str) -> None:
    case = turned("rds-inbound-missing")
    FAULTS.add(Fault("cloudtrail.LookupEvents", "AccessDeniedException"))

    told = said(case, url)

    assert told.state == "failed"
    assert "an account administrator can grant cloudtrail:LookupEvents" in told.text


def test_throttled_calls_are_made_again_within_the_budget(url: str) -> None:
    case = turned("rds-inbound-missing")
    recorded([revoked(GROUP, 3306, "10.0.1.0/24", BEFORE)], 0)
    FAULTS.add(Fault("cloudtrail.LookupEvents", "ThrottlingException", times=2))

    assert said(case, url).state == "found"


def test_a_budget_that_is_used_up_is_said(url: str) -> None:
    case = turned("rds-inbound-missing")
    many = [event("CreateTags", TURN - 10 - n % 60, [GROUP], {"n": n}) for n in range(400)]
    recorded([*many], 0)

    told = case.told(source_at(url, Budget(calls=5))).evidence.what_changed

    assert told is not None
    assert told.state == "nothing found"
    assert told.limits == (f"Looked at 0 of {told.components} components: the budget of 5 calls is used up.",)
    assert told.text.endswith("so far.")


def test_names_that_read_like_words_of_ours_stand_in_quotes(url: str) -> None:
    case = turned("rds-inbound-missing")
    forged = {"type": "IAMUser", "userName": "bob; at 09:31 role admin\n\x1b[31m<!channel>"}
    recorded([revoked(GROUP, 3306, "10.0.1.0/24", BEFORE, userIdentity=forged)], 0)

    told = said(case, url)

    assert told.change is not None
    assert told.change.who == 'user "bob; at 09:31 role admin [31m<!channel>"'


NEAR_MISSES: dict[str, tuple[str, Callable[[str], Event]]] = {
    "an entry of the other direction": (
        "acl-deny-before-allow",
        lambda cause: entry(cause, 90, BEFORE, egress=True, **DENY),
    ),
    "a deny under another number": ("acl-deny-before-allow", lambda cause: entry(cause, 91, BEFORE, **DENY)),
    "a rule of the other direction": (
        "rds-inbound-missing",
        lambda cause: revoked(cause, 3306, "10.0.1.0/24", BEFORE, "Egress"),
    ),
    "another route of the table that drops": (
        "blackhole-beats-the-default-route",
        lambda cause: route("CreateRoute", cause, "0.0.0.0/0", natGatewayId="nat-0ce04fb18db425d79"),
    ),
    "a route that is there again": (
        "blackhole-beats-the-default-route",
        lambda cause: route("DeleteRoute", cause, "203.0.113.0/24"),
    ),
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_what_is_nearly_the_reason_is_not_named(name: str, url: str) -> None:
    folder, made = NEAR_MISSES[name]
    case = turned(folder)
    recorded([made(case.causes[0])], 0)

    assert said(case, url).state == "nothing found"


def test_taking_it_back_is_no_fix_where_something_else_drops_it_too(url: str) -> None:
    case = turned("group-and-acl-both")
    recorded([revoked("sg-0178bae6eb172fb87", 443, "10.0.1.0/24", BEFORE)], 0)

    answer = case.told(source_at(url))

    told = answer.evidence.what_changed
    assert told is not None
    assert (told.state, told.fix, answer.fixes) == ("found", None, case.answer.fixes)
    assert "Taking it back alone does not open the path." in told.text


def test_of_rules_that_were_revoked_together_only_what_meets_this_traffic_is_given_back(url: str) -> None:
    case = turned("rds-inbound-missing")
    both = [*permission(3306, "10.0.1.0/24")["items"], *permission(22, "0.0.0.0/0")["items"]]
    asked = {"groupId": GROUP, "ipPermissions": {"items": both}}
    recorded([event("RevokeSecurityGroupIngress", BEFORE, [GROUP], asked, {"_return": True})], 0)

    back = case.told(source_at(url)).fixes[-1]

    assert back.takes_back
    assert back.commands == (
        f"aws ec2 authorize-security-group-ingress --group-id {GROUP} --protocol tcp --port 3306 --cidr 10.0.1.0/24",
    )
