"""One call: its pages, its parameters, and the plain value that comes back. AWS's side is botocore's own Stubber."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from diagnosis.aws.calls import NotInThisBoto, Request, answer_of, first_requests, follow_ups, plain, with_parents
from diagnosis.network.described import Call
from diagnosis.snapshots.kinds import KINDS, Kind

REGION = "us-east-1"


def client(service: str) -> Any:
    make: Any = boto3.Session("key", "secret").client
    return make(service, region_name=REGION)


@pytest.fixture
def ec2() -> Iterator[tuple[Any, Stubber]]:
    made = client("ec2")
    with Stubber(made) as stubber:
        yield made, stubber
        stubber.assert_no_pending_responses()


def test_all_pages_are_joined_and_each_is_as_large_as_aws_allows(ec2: tuple[Any, Stubber]) -> None:
    made, stubber = ec2
    stubber.add_response(
        "describe_route_tables", {"RouteTables": [{"RouteTableId": "rtb-1"}], "NextToken": "t"}, {"MaxResults": 100}
    )
    stubber.add_response(
        "describe_route_tables", {"RouteTables": [{"RouteTableId": "rtb-2"}]}, {"MaxResults": 100, "NextToken": "t"}
    )

    answer = answer_of(made, Request(KINDS["ec2.describe_route_tables"], REGION))

    assert answer == {"RouteTables": [{"RouteTableId": "rtb-1"}, {"RouteTableId": "rtb-2"}]}


def test_an_operation_without_a_paginator_is_followed_by_its_token(ec2: tuple[Any, Stubber]) -> None:
    made, stubber = ec2
    method = "describe_vpc_block_public_access_exclusions"
    assert not made.can_paginate(method)
    stubber.add_response(method, {"VpcBlockPublicAccessExclusions": [{"ExclusionId": "a"}], "NextToken": "t"}, {})
    stubber.add_response(method, {"VpcBlockPublicAccessExclusions": [{"ExclusionId": "b"}]}, {"NextToken": "t"})

    answer = answer_of(made, Request(KINDS[f"ec2.{method}"], REGION))

    assert answer == {"VpcBlockPublicAccessExclusions": [{"ExclusionId": "a"}, {"ExclusionId": "b"}]}


def test_an_answer_without_its_list_is_an_empty_list(ec2: tuple[Any, Stubber]) -> None:
    made, stubber = ec2
    stubber.add_response("describe_addresses", {})

    assert answer_of(made, Request(KINDS["ec2.describe_addresses"], REGION)) == {"Addresses": []}


def test_several_requests_of_one_answer_are_joined(ec2: tuple[Any, Stubber]) -> None:
    made, stubber = ec2
    for attribute, member in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        sent = {"VpcId": "vpc-1", "Attribute": attribute}
        stubber.add_response("describe_vpc_attribute", {"VpcId": "vpc-1", member: {"Value": True}}, sent)
    (request,) = follow_ups(
        [KINDS["ec2.describe_vpc_attribute"]],
        Request(KINDS["ec2.describe_vpcs"], REGION),
        {"Vpcs": [{"VpcId": "vpc-1"}]},
    )

    answer = answer_of(made, request)

    assert request.call("1") == Call("ec2.describe_vpc_attribute", "1", REGION, "vpc-1")
    assert answer == {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}}


def test_routes_are_asked_for_without_a_page_size_and_say_when_there_are_more(ec2: tuple[Any, Stubber]) -> None:
    made, stubber = ec2
    sent = {
        "TransitGatewayRouteTableId": "tgw-rtb-1",
        "Filters": [{"Name": "state", "Values": ["active", "blackhole"]}],
    }
    stubber.add_response("search_transit_gateway_routes", {"Routes": [], "AdditionalRoutesAvailable": True}, sent)
    (request,) = follow_ups(
        [KINDS["ec2.search_transit_gateway_routes"]],
        Request(KINDS["ec2.describe_transit_gateway_route_tables"], REGION),
        {"TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-1"}]},
    )

    assert answer_of(made, request) == {"Routes": [], "AdditionalRoutesAvailable": True}


def test_tasks_are_described_a_hundred_at_a_time() -> None:
    arns = [f"arn:aws:ecs:us-east-1:1:task/shop/{number}" for number in range(250)]
    listing = Request(KINDS["ecs.list_tasks"], REGION, "shop")

    (request,) = follow_ups(KINDS.values(), listing, {"taskArns": arns})

    assert [len(sent["tasks"]) for sent in request.parameters] == [100, 100, 50]
    assert {sent["cluster"] for sent in request.parameters} == {"shop"}
    assert request.argument == "shop"
    assert list(follow_ups(KINDS.values(), listing, {"taskArns": []})) == []


@pytest.mark.parametrize(
    ("call", "answer", "expected"),
    [
        (
            "elbv2.describe_load_balancers",
            {"LoadBalancers": [{"LoadBalancerName": "front", "LoadBalancerArn": "arn:front"}]},
            {
                ("elbv2.describe_listeners", "front", "arn:front"),
                ("elbv2.describe_load_balancer_attributes", "front", "arn:front"),
            },
        ),
        (
            "elbv2.describe_listeners",
            {"Listeners": [{"ListenerArn": "arn:aws:elasticloadbalancing:r:1:listener/net/front/50dc/f2f7"}]},
            {("elbv2.describe_rules", "f2f7", "arn:aws:elasticloadbalancing:r:1:listener/net/front/50dc/f2f7")},
        ),
        (
            "route53.list_hosted_zones",
            {
                "HostedZones": [
                    {"Id": "/hostedzone/Z1", "Config": {"PrivateZone": True}},
                    {"Id": "/hostedzone/Z2", "Config": {"PrivateZone": False}},
                    {"Id": "/hostedzone/Z3"},
                ]
            },
            {
                ("route53.get_hosted_zone", "Z1", "/hostedzone/Z1"),
                ("route53.list_resource_record_sets", "Z1", "/hostedzone/Z1"),
            },
        ),
        ("eks.list_clusters", {"clusters": ["shop"]}, {("eks.describe_cluster", "shop", "shop")}),
        (
            "ecs.list_clusters",
            {"clusterArns": ["arn:aws:ecs:r:1:cluster/shop"]},
            {("ecs.list_tasks", "shop", "arn:aws:ecs:r:1:cluster/shop")},
        ),
        ("ec2.describe_subnets", {"Subnets": [{"SubnetId": "subnet-1"}]}, set()),
    ],
)
def test_what_is_listed_is_asked_about_by_its_id_and_kept_under_its_name(
    call: str, answer: dict[str, Any], expected: set[tuple[str, str, str]]
) -> None:
    requests = list(follow_ups(KINDS.values(), Request(KINDS[call], REGION), answer))

    assert {
        (request.kind.call, request.argument, request.parameters[0][parameter(request.kind)]) for request in requests
    } == expected


def parameter(kind: Kind) -> str:
    assert kind.per is not None
    return kind.per.parameter


def test_secrets_never_get_into_an_answer(ec2: tuple[Any, Stubber]) -> None:
    made, stubber = ec2
    tunnel = {"PreSharedKey": "s3cret", "OutsideIpAddress": "192.0.2.1"}
    stubber.add_response(
        "describe_vpn_connections",
        {"VpnConnections": [{"CustomerGatewayConfiguration": "s3cret", "Options": {"TunnelOptions": [tunnel]}}]},
    )

    answer = answer_of(made, Request(KINDS["ec2.describe_vpn_connections"], REGION))

    assert answer == {"VpnConnections": [{"Options": {"TunnelOptions": [{"OutsideIpAddress": "192.0.2.1"}]}}]}


def test_a_call_that_the_installed_boto3_does_not_know_is_told_apart() -> None:
    kind = Kind("ec2.describe_flying_carpets", ("Carpets",), "DescribeFlyingCarpets", "ec2:DescribeFlyingCarpets")

    with pytest.raises(NotInThisBoto):
        answer_of(client("ec2"), Request(kind, REGION))


def test_values_become_what_json_holds_with_times_in_utc() -> None:
    noon_in_berlin = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=1)))

    assert plain({"At": noon_in_berlin, "Blob": b"\x00\x01", "Many": ({"N": 1.5},), "No": None}) == {
        "At": "2026-11-22T11:00:00+00:00",
        "Blob": "AAE=",
        "Many": [{"N": 1.5}],
        "No": None,
    }
    assert plain(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00+00:00"


def test_global_calls_are_made_in_the_first_region_only() -> None:
    kinds = with_parents(["route53.get_hosted_zone", "ec2.describe_vpcs"]).values()

    assert [(request.kind.call, request.region) for request in first_requests(kinds, ("eu-west-1", "us-east-1"))] == [
        ("ec2.describe_vpcs", "eu-west-1"),
        ("ec2.describe_vpcs", "us-east-1"),
        ("route53.list_hosted_zones", "eu-west-1"),
    ]
