"""Parties that AWS keeps interfaces for, by the names that their own calls give them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnosis.network.build import build
from diagnosis.network.described import Call
from diagnosis.network.network import Network
from diagnosis.question.parties import Target, find
from diagnosis.question.question import Party
from diagnosis.trace.placing import AtInterface
from tests.accounts import ACCOUNT, REGION, Account, Json, two_subnets


def described(made: Account, call: str, key: str, *items: Json) -> Network:
    found = made.described()
    return build(replace(found, answers={**found.answers, Call(call, ACCOUNT, REGION): {key: list(items)}}))


def account(**members: str) -> Account:
    made = two_subnets()
    made.group("sg-data", "vpc-a")
    made.interface("eni-data", "subnet-2", "10.0.2.50", groups=["sg-data"], **members)
    return made


PLACED = {"VpcId": "vpc-a", "SubnetIds": ["subnet-2"], "SecurityGroupIds": ["sg-data"]}
SITUATIONS: dict[str, tuple[Account, tuple[str, str], Json, tuple[tuple[str, str], ...], int | None]] = {
    "proxy": (
        account(RequesterId="amazon-rds", Description="proxy"),
        ("rds.describe_db_proxies", "DBProxies"),
        {
            "DBProxyName": "orders-proxy",
            "DBProxyArn": "arn:aws:rds:us-east-1:111111111111:db-proxy:prx-1",
            "EngineFamily": "POSTGRESQL",
            "Endpoint": "orders-proxy.proxy-abc.us-east-1.rds.amazonaws.com",
            "VpcId": "vpc-a",
            "VpcSecurityGroupIds": ["sg-data"],
            "VpcSubnetIds": ["subnet-2"],
        },
        (("name", "orders-proxy"), ("dns", "orders-proxy.proxy-abc.us-east-1.rds.amazonaws.com")),
        5432,
    ),
    "warehouse": (
        account(Description="RedshiftNetworkInterface"),
        ("redshift.describe_clusters", "Clusters"),
        {
            "ClusterIdentifier": "dwh",
            "Endpoint": {"Address": "dwh.abc.us-east-1.redshift.amazonaws.com", "Port": 5440},
            "ClusterNodes": [{"PrivateIPAddress": "10.0.2.50"}],
        },
        (("name", "dwh"), ("dns", "dwh.abc.us-east-1.redshift.amazonaws.com"), ("service", "redshift")),
        5440,
    ),
    "function that shares another's interface": (
        account(InterfaceType="lambda", Description="AWS Lambda VPC ENI-resize-0a1b2c3d-1111-2222-3333-444455556666"),
        ("lambda.list_functions", "Functions"),
        {"FunctionName": "notify", "VpcConfig": PLACED},
        (("name", "notify"), ("id", "arn:aws:lambda:us-east-1:111111111111:function:notify"), ("service", "lambda")),
        None,
    ),
    "file system": (
        account(InterfaceType="efs", Description="EFS mount target for fs-0a1 (fsmt-0b1)"),
        ("efs.describe_file_systems", "FileSystems"),
        {"FileSystemId": "fs-0a1", "Name": "media"},
        (("name", "media"), ("id", "fs-0a1"), ("dns", "fs-0a1.efs.us-east-1.amazonaws.com")),
        2049,
    ),
    "cache": (
        account(Description="ElastiCache sessions-001"),
        ("elasticache.describe_cache_clusters", "CacheClusters"),
        {"CacheClusterId": "sessions-001", "CacheNodes": [{"Endpoint": {"Address": "a.cache.example", "Port": 6380}}]},
        (("name", "sessions-001"), ("name", "sessions"), ("dns", "a.cache.example")),
        6380,
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_managed_service_is_found_by_every_name_it_has(situation: str) -> None:
    made, (call, key), item, names, port = SITUATIONS[situation]
    network = described(made, call, key, item)

    for kind, value in names:
        found = find(network, Party.model_validate({"kind": kind, "value": value}), "destination", None, None)
        assert isinstance(found, Target), value
        assert found.anchors == (AtInterface("eni-data"),), value
        assert found.port == port, value


def test_functions_that_share_their_interface_are_one_place() -> None:
    made = account(InterfaceType="lambda", Description="AWS Lambda VPC ENI-resize")
    both = ({"FunctionName": name, "VpcConfig": PLACED} for name in ("resize", "notify"))
    network = described(made, "lambda.list_functions", "Functions", *both)

    found = find(network, Party(kind="service", value="lambda"), "source", None, None)

    assert isinstance(found, Target)
    assert found.anchors == (AtInterface("eni-data"),)
