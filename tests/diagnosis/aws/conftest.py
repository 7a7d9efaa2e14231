"""An AWS double over HTTP on loopback, with a small network in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest

from tests.moto_server import moto_server, post

ACCOUNT = "123456789012"
REGION = "us-east-1"


@cache
def session(key: str, keyed: str) -> boto3.Session:
    """One session for each pair of keys: it keeps the service models, which are slow to load."""
    return boto3.Session(key, keyed)


@dataclass(frozen=True, slots=True)
class Double:
    """A running moto server."""

    url: str

    def client(self, service: str, region: str = REGION) -> Any:
        make: Callable[..., Any] = self.session().client
        return make(service, region_name=region, endpoint_url=self.url)

    def session(self, key: str = "AKIAIOSFODNN7EXAMPLE", keyed: str = "unchecked") -> boto3.Session:
        return session(key, keyed)

    def post(self, path: str, data: bytes = b"") -> None:
        post(self.url, path, data)


@pytest.fixture(scope="session")
def _server() -> Iterator[Double]:
    with moto_server() as address:
        yield Double(address)


@pytest.fixture
def aws(_server: Double, monkeypatch: pytest.MonkeyPatch) -> Double:
    """An empty account behind AWS_ENDPOINT_URL."""
    _server.post("reset")
    monkeypatch.setenv("AWS_ENDPOINT_URL", _server.url)
    return _server


@pytest.fixture
def policed(aws: Double) -> Iterator[Callable[[], None]]:
    """Call it to make the double check permissions from then on; it stops with the test."""
    try:
        yield lambda: aws.post("reset-auth", b"0")
    finally:
        aws.post("reset-auth", b"inf")


@dataclass(frozen=True, slots=True)
class SmallNetwork:
    """Ids of what stands in the account."""

    vpc: str
    subnet: str
    table: str
    prefix_list: str
    listener: str


@pytest.fixture
def network(aws: Double) -> SmallNetwork:
    """A VPC with a database, load balancer, transit gateway, prefix list, VPN, function, file system and zone."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in (("10.0.1.0/24", "us-east-1a"), ("10.0.2.0/24", "us-east-1b"))
    ]
    ec2.create_network_interface(SubnetId=subnets[0], PrivateIpAddress="10.0.1.10")
    gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    table = ec2.create_transit_gateway_route_table(TransitGatewayId=gateway)
    prefix_list = ec2.create_managed_prefix_list(
        PrefixListName="partners",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "192.0.2.0/24", "Description": "a partner"}],
    )
    customer = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="203.0.113.9", BgpAsn=65000)
    ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=customer["CustomerGateway"]["CustomerGatewayId"],
        TransitGatewayId=gateway,
    )
    elbv2 = aws.client("elbv2")
    balancer = elbv2.create_load_balancer(Name="front", Subnets=subnets, Type="network")["LoadBalancers"][0]
    targets = elbv2.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=vpc)["TargetGroups"][0]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="TCP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": targets["TargetGroupArn"]}],
    )["Listeners"][0]["ListenerArn"]
    _parties(aws, vpc, subnets)
    return SmallNetwork(
        vpc=vpc,
        subnet=subnets[0],
        table=table["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"],
        prefix_list=prefix_list["PrefixList"]["PrefixListId"],
        listener=listener.rsplit("/", 1)[-1],
    )


def _parties(aws: Double, vpc: str, subnets: list[str]) -> None:
    rds = aws.client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="data", DBSubnetGroupDescription="data", SubnetIds=subnets)
    rds.create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        DBSubnetGroupName="data",
        MasterUsername="admin",
        MasterUserPassword="hunter2hunter2",
    )
    efs = aws.client("efs")
    files = efs.create_file_system(CreationToken="one")["FileSystemId"]
    efs.create_mount_target(FileSystemId=files, SubnetId=subnets[0])
    aws.client("ecs").create_cluster(clusterName="shop")
    route53 = aws.client("route53")
    for name, private in (("internal.example", True), ("public.example", False)):
        where = {"VPC": {"VPCRegion": REGION, "VPCId": vpc}} if private else {}
        route53.create_hosted_zone(
            Name=name, CallerReference=name, HostedZoneConfig={"Comment": "", "PrivateZone": private}, **where
        )
