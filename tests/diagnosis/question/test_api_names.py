"""Where host names of AWS APIs lead to: an endpoint's private DNS in its own VPC, else the service's public ranges."""

from __future__ import annotations

import pytest

from diagnosis.network.network import Network
from diagnosis.question.api_names import ApiName, api_name
from diagnosis.question.parties import Target, find
from diagnosis.question.question import Party
from diagnosis.trace.placing import AtInterface, AtInternet, InRange
from tests.accounts import Account, two_vpcs

SECRETS = "secretsmanager.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("host", "service", "region"),
    [
        (SECRETS, "secretsmanager", "us-east-1"),
        ("logs.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
        ("my.dotted.bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
        ("bucket.s3.amazonaws.com", "s3", None),
        ("bucket.s3-eu-west-1.amazonaws.com", "s3", "eu-west-1"),
        ("dynamodb.us-gov-west-1.amazonaws.com", "dynamodb", "us-gov-west-1"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com", "ecr.dkr", "us-east-1"),
        ("api.ecr.us-east-1.amazonaws.com", "ecr.api", "us-east-1"),
        ("kms-fips.us-east-1.amazonaws.com", "kms", "us-east-1"),
    ],
)
def test_a_host_name_of_an_api_says_service_and_region(host: str, service: str, region: str | None) -> None:
    assert api_name(host) == ApiName(service, region)


@pytest.mark.parametrize(
    "host",
    [
        "orders.abc.us-east-1.rds.amazonaws.com",
        "lb-1.us-east-1.elb.amazonaws.com",
        "ec2-1-2-3-4.us-east-2.compute.amazonaws.com",
        "amazonaws.com",
        "us-east-1.amazonaws.com",
        "s3.example.com",
    ],
)
def test_other_names_are_no_api(host: str) -> None:
    assert api_name(host) is None


def endpoints() -> Account:
    """Two peered VPCs, each with an endpoint of the same service."""
    made = two_vpcs()
    listed = []
    for vpc, subnet, address in (("vpc-a", "subnet-2", "10.0.2.90"), ("vpc-b", "subnet-9", "10.9.1.90")):
        made.interface(f"eni-{vpc}", subnet, address, groups=(), InterfaceType="vpc_endpoint")
        listed.append(
            {
                "VpcEndpointId": f"vpce-{vpc}",
                "VpcEndpointType": "Interface",
                "VpcId": vpc,
                "ServiceName": "com.amazonaws.us-east-1.secretsmanager",
                "State": "available",
                "PrivateDnsEnabled": True,
                "NetworkInterfaceIds": [f"eni-{vpc}"],
                "DnsEntries": [
                    {"DnsName": f"vpce-{vpc}-x.secretsmanager.us-east-1.vpce.amazonaws.com"},
                    {"DnsName": SECRETS},
                ],
            }
        )
    made.objects["ec2.describe_vpc_endpoints"] = {"VpcEndpoints": listed}
    return made


def found(network: Network, host: str, near: str | None) -> Target:
    target = find(network, Party(kind="dns", value=host), "destination", None, near)
    assert isinstance(target, Target)
    return target


@pytest.mark.parametrize("vpc", ["vpc-a", "vpc-b"])
def test_private_dns_leads_to_the_endpoint_of_the_vpc_that_asks(vpc: str) -> None:
    target = found(endpoints().network(), SECRETS, vpc)

    assert target.anchors == (AtInterface(f"eni-{vpc}"),)
    assert target.port == 443


def test_an_endpoints_own_name_leads_to_it_from_everywhere() -> None:
    target = found(endpoints().network(), "vpce-vpc-b-x.secretsmanager.us-east-1.vpce.amazonaws.com", "vpc-a")

    assert target.anchors == (AtInterface("eni-vpc-b"),)
    assert target.port == 443


def test_without_private_dns_the_name_of_the_service_stays_public() -> None:
    made = endpoints()
    for item in made.objects["ec2.describe_vpc_endpoints"]["VpcEndpoints"]:
        item |= {"PrivateDnsEnabled": False, "DnsEntries": item["DnsEntries"][:1]}

    target = found(made.network(), SECRETS, "vpc-a")

    assert target.anchors == (AtInternet(),)
    assert target.note is not None
    assert "judged as the internet" in target.note


def test_a_wildcard_of_private_dns_takes_names_below_it() -> None:
    made = endpoints()
    for item in made.objects["ec2.describe_vpc_endpoints"]["VpcEndpoints"]:
        item |= {"ServiceName": "com.amazonaws.us-east-1.ecr.dkr"}
        item["DnsEntries"][1] = {"DnsName": "*.dkr.ecr.us-east-1.amazonaws.com"}

    target = found(made.network(), "123456789012.dkr.ecr.us-east-1.amazonaws.com", "vpc-b")

    assert target.anchors == (AtInterface("eni-vpc-b"),)


def test_a_bucket_is_the_published_ranges_of_its_region() -> None:
    made = two_vpcs()
    made.prefix_list("pl-other", "3.5.0.0/19")
    made.prefix_list("pl-s3", "52.218.0.0/17")
    for item, region in zip(made.items["ec2.describe_managed_prefix_lists"], ("us-west-2", "us-east-1"), strict=True):
        item["PrefixListName"] = f"com.amazonaws.{region}.s3"

    target = found(made.network(), "invoices.s3.us-east-1.amazonaws.com", "vpc-a")

    assert target.name == "invoices.s3.us-east-1.amazonaws.com (pl-s3)"
    assert target.port == 443
    assert all(isinstance(place, InRange) for place in target.anchors)
