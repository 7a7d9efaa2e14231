"""Names of private hosted zones lead where the resolver of the asking VPC sends them, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.access.scope import Scope, narrowed
from diagnosis.answer import Answer
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.network.described import Call, Described
from diagnosis.network.private_zones import host_name
from diagnosis.question.parse import parse
from diagnosis.question.parties import NotFound, Parties, find_parties
from diagnosis.snapshots.kinds import FOR_ASKING
from tests.accounts import ACCOUNT, two_vpcs

CORP, PROD = "/hostedzone/Z-CORP", "/hostedzone/Z-PROD"
RECORDS = [
    {"Name": "corp.example.", "Type": "NS", "TTL": 60, "ResourceRecords": [{"Value": "ns-1.example."}]},
    {"Name": "Orders.corp.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.2.20"}]},
    {"Name": "orders.corp.example.", "Type": "AAAA", "TTL": 60, "ResourceRecords": [{"Value": "2600:1f18::20"}]},
    {"Name": "db.corp.example.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "orders.corp.example."}]},
    {"Name": "\\052.apps.corp.example.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.2.20"}]},
    {"Name": "round.corp.example.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "trip.corp.example."}]},
    {"Name": "trip.corp.example.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "round.corp.example."}]},
    {
        "Name": "alias.corp.example.",
        "Type": "A",
        "AliasTarget": {"DNSName": "orders.corp.example.", "HostedZoneId": "Z-CORP", "EvaluateTargetHealth": False},
    },
    *(
        {
            "Name": "both.corp.example.",
            "Type": "A",
            "SetIdentifier": address,
            "Weight": 1,
            "ResourceRecords": [{"Value": address}],
        }
        for address in ("10.0.2.20", "10.0.1.10")
    ),
]


def zone(identity: str, name: str) -> dict[str, Any]:
    return {"Id": identity, "Name": name, "Config": {"PrivateZone": True}, "CallerReference": "1"}


def account(vpcs: tuple[str, ...] = ("vpc-a",), without: str = "", more: Mapping[Call, Any] | None = None) -> Described:
    made = two_vpcs().described()
    public = {"Id": "/hostedzone/Z-PUBLIC", "Name": "example.", "Config": {"PrivateZone": False}}
    answers: dict[str, tuple[str | None, dict[str, Any]]] = {
        "route53.list_hosted_zones": (None, {"HostedZones": [public, zone(CORP, "corp.example.")]}),
        "route53.get_hosted_zone": (
            "Z-CORP",
            {"HostedZone": zone(CORP, "corp.example."), "VPCs": [{"VPCRegion": "us-east-1", "VPCId": v} for v in vpcs]},
        ),
        "route53.list_resource_record_sets": ("Z-CORP", {"ResourceRecordSets": RECORDS}),
    }
    zones = {
        Call(name, ACCOUNT, "global", argument): body for name, (argument, body) in answers.items() if name != without
    }
    return replace(made, answers={**made.answers, **zones, **(more or {})})


def parties(described: Described, question: str) -> Parties | NotFound:
    return find_parties(build(described), parse(question))


def destination(described: Described, host: str) -> tuple[str, tuple[str, ...]]:
    found = parties(described, f"why can't 10.0.1.10 reach {host} on 3306")
    assert isinstance(found, Parties), found
    return found.destination.name, tuple(type(place).__name__ for place in found.destination.anchors)


@pytest.mark.parametrize(
    "host", ["orders.corp.example", "db.corp.example", "alias.corp.example", "web.apps.corp.example"]
)
def test_a_name_leads_to_the_address_of_its_record_by_other_names_an_alias_or_a_wildcard_too(host: str) -> None:
    name, places = destination(account(), host)

    assert places == ("AtAddress",)  # that of IPv4, though there is one of IPv6 beside it
    assert name.startswith(f"{host} (")
    assert "10.0.2.20" in name


def test_every_address_of_a_name_is_judged() -> None:
    assert destination(account(), "both.corp.example")[1] == ("AtAddress", "AtAddress")


def test_a_source_is_found_by_such_a_name_as_well() -> None:
    found = parties(account(), "can orders.corp.example reach 10.0.1.10 on 443")

    assert isinstance(found, Parties)
    assert "10.0.2.20" in found.source.name


@pytest.mark.parametrize("host", ["nothing.corp.example", "round.corp.example"])
def test_a_zone_without_an_answer_is_asked_back_and_never_judged_as_the_internet(host: str) -> None:
    found = parties(account(), f"why can't 10.0.1.10 reach {host} on 3306")

    assert isinstance(found, NotFound)
    assert host in found.ask_back
    assert ("Z-CORP" in found.ask_back) == (host == "nothing.corp.example")


def test_the_zone_with_the_longest_name_answers_also_where_it_has_no_record() -> None:
    longer = {
        Call("route53.get_hosted_zone", ACCOUNT, "global", "Z-PROD"): {
            "HostedZone": zone(PROD, "apps.corp.example."),
            "VPCs": [{"VPCRegion": "us-east-1", "VPCId": "vpc-a"}],
        },
        Call("route53.list_resource_record_sets", ACCOUNT, "global", "Z-PROD"): {"ResourceRecordSets": []},
    }
    found = parties(account(more=longer), "why can't 10.0.1.10 reach web.apps.corp.example on 3306")

    assert isinstance(found, NotFound)
    assert "apps.corp.example (Z-PROD)" in found.ask_back


def answered(described: Described, question: str) -> Answer:
    found = investigate(build(described), Asked(parse(question)), None)
    assert isinstance(found, Answer), found
    return found


def test_in_a_vpc_without_the_zone_the_verdict_is_unknown_and_names_the_association() -> None:
    answer = answered(account(vpcs=("vpc-b",)), "why can't 10.0.1.10 reach orders.corp.example on 3306")

    assert answer.verdict == "unknown"
    assert "corp.example (Z-CORP)" in answer.headline
    assert "not associated with vpc-a" in answer.headline


@pytest.mark.parametrize("call", ["route53.list_resource_record_sets", "route53.get_hosted_zone"])
def test_records_or_an_association_that_were_not_seen_make_the_verdict_unknown_and_name_the_call(call: str) -> None:
    answer = answered(account(without=call), "why can't 10.0.1.10 reach orders.corp.example on 3306")

    assert answer.verdict == "unknown"
    assert [gap.call for gap in answer.unseen] == [call]


def test_a_name_outside_every_private_zone_is_judged_as_before() -> None:
    assert destination(account(), "www.example") == ("www.example", ("AtInternet",))


def test_malformed_records_are_unseen_and_no_crash() -> None:
    bad = {
        Call("route53.list_resource_record_sets", ACCOUNT, "global", "Z-CORP"): {
            "ResourceRecordSets": [{"Name": "orders.corp.example.", "Type": "A", "ResourceRecords": [{"Value": "x"}]}]
        }
    }
    answer = answered(account(more=bad), "why can't 10.0.1.10 reach orders.corp.example on 3306")

    assert answer.verdict == "unknown"
    assert build(account(more=bad)).warnings


def test_a_channel_sees_the_names_of_zones_that_are_associated_with_its_vpcs_alone() -> None:
    for vpc, known in (("vpc-a", True), ("vpc-b", False)):
        zones = build(narrowed(account(), Scope(vpcs=(vpc,)))).private_zones

        assert [z.name for z in zones] == (["corp.example"] if known else [])
        assert all(z.records for z in zones)
    assert not any("orders" in str(body) for body in narrowed(account(), Scope(vpcs=("vpc-b",))).answers.values())


def test_a_live_account_is_asked_for_its_private_zones() -> None:
    assert {call for call in FOR_ASKING if call.startswith("route53.")} == {
        "route53.list_hosted_zones",
        "route53.get_hosted_zone",
        "route53.list_resource_record_sets",
    }


def test_names_are_read_as_route_53_writes_them() -> None:
    assert host_name("\\052.Corp.Example.") == "*.corp.example"
