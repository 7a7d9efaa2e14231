"""The search of a transit gateway's routes: static and propagated ones, by prefix, in pages."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.diagnosis.flowlogs.remote.places import client_at
from tests.emulator.faults import FAULTS
from tests.moto_server import post


@pytest.fixture
def ec2(emulator_url: str) -> Any:
    post(emulator_url, "reset")
    FAULTS.clear()
    yield client_at(emulator_url, "ec2")
    FAULTS.clear()


@pytest.fixture
def table(ec2: Any) -> str:
    """A table with two static routes and one that a VPC propagates."""
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=gateway, VpcId=vpc, SubnetIds=[subnet])[
        "TransitGatewayVpcAttachment"
    ]["TransitGatewayAttachmentId"]
    made: str = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)["TransitGatewayRouteTable"][
        "TransitGatewayRouteTableId"
    ]
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=made, DestinationCidrBlock="10.0.0.0/8", TransitGatewayAttachmentId=attachment
    )
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=made, DestinationCidrBlock="10.1.9.0/24", Blackhole=True
    )
    ec2.enable_transit_gateway_route_table_propagation(
        TransitGatewayRouteTableId=made, TransitGatewayAttachmentId=attachment
    )
    return made


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("type", "static", {"10.0.0.0/8", "10.1.9.0/24"}),
        ("type", "propagated", {"10.1.0.0/16"}),
        ("state", "blackhole", {"10.1.9.0/24"}),
        ("attachment.resource-type", "vpc", {"10.0.0.0/8", "10.1.0.0/16"}),
        ("route-search.exact-match", "10.1.0.0/16", {"10.1.0.0/16"}),
        ("route-search.longest-prefix-match", "10.1.9.7/32", {"10.1.9.0/24"}),
        ("route-search.longest-prefix-match", "10.1.2.7/32", {"10.1.0.0/16"}),
        ("route-search.subnet-of-match", "10.1.0.0/16", {"10.1.0.0/16", "10.1.9.0/24"}),
        ("route-search.supernet-of-match", "10.1.9.0/24", {"10.0.0.0/8", "10.1.0.0/16", "10.1.9.0/24"}),
        ("route-search.supernet-of-match", "fd00::/8", set()),
    ],
)
def test_routes_are_found_by_what_they_are_and_by_prefix(
    ec2: Any, table: str, name: str, value: str, found: set[str]
) -> None:
    answer = ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=table, Filters=[{"Name": name, "Values": [value]}]
    )

    assert {route["DestinationCidrBlock"] for route in answer["Routes"]} == found
    assert answer["AdditionalRoutesAvailable"] is False


def test_a_small_page_says_that_there_is_more(ec2: Any, table: str) -> None:
    FAULTS.page = 2
    asked = {"TransitGatewayRouteTableId": table, "Filters": [{"Name": "type", "Values": ["static", "propagated"]}]}

    first = ec2.search_transit_gateway_routes(**asked)
    rest = ec2.search_transit_gateway_routes(**asked, NextToken=first["NextToken"])

    assert (len(first["Routes"]), first["AdditionalRoutesAvailable"]) == (2, True)
    assert [route["DestinationCidrBlock"] for route in rest["Routes"]] == ["10.1.0.0/16"]
    assert rest["Routes"][0]["TransitGatewayAttachments"][0]["ResourceType"] == "vpc"


def test_a_table_that_is_not_there_and_a_filter_that_is_none_are_refused(ec2: Any, table: str) -> None:
    for asked, code in (
        ({"TransitGatewayRouteTableId": "tgw-rtb-0", "Filters": [{"Name": "type", "Values": ["static"]}]}, "NotFound"),
        ({"TransitGatewayRouteTableId": table, "Filters": [{"Name": "kind", "Values": ["static"]}]}, "Invalid"),
    ):
        with pytest.raises(ClientError) as raised:
            ec2.search_transit_gateway_routes(**asked)
        assert code in raised.value.response["Error"]["Code"]
