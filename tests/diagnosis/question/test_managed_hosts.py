"""Managed services that are many interfaces under one name, found by the names that AWS gives them."""

from __future__ import annotations

import pytest

from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound, Parties, Target, find, find_parties
from diagnosis.question.question import Party, PartyKind, Question
from diagnosis.trace.placing import AtInterface
from tests.accounts import Account, two_subnets

RDS = "abc.us-east-1.rds.amazonaws.com"
CACHE = "abc.use1.cache.amazonaws.com"


def cluster(*readers: str) -> Account:
    """The Aurora cluster `orders` with its writer orders-1 and these readers, each with a group of its own."""
    made = two_subnets()
    instances = []
    for n, name in enumerate(("orders-1", *readers)):
        made.group(f"sg-{name}", "vpc-a")
        made.interface(
            f"eni-{name}", "subnet-2", f"10.0.2.{40 + n}", groups=[f"sg-{name}"], Description="RDSNetworkInterface"
        )
        instances.append(
            {
                "DBInstanceIdentifier": name,
                "DBInstanceArn": f"arn:aws:rds:us-east-1:123456789012:db:{name}",
                "Endpoint": {"Address": f"{name}.{RDS}", "Port": 5432},
                "VpcSecurityGroups": [{"VpcSecurityGroupId": f"sg-{name}"}],
                "DBSubnetGroup": {"VpcId": "vpc-a", "Subnets": [{"SubnetIdentifier": "subnet-2"}]},
            }
        )
    members = [{"DBInstanceIdentifier": "orders-1", "IsClusterWriter": True}]
    members += [{"DBInstanceIdentifier": name, "IsClusterWriter": False} for name in readers]
    listed = {
        "DBClusterIdentifier": "orders",
        "Endpoint": f"orders.cluster-{RDS}",
        "ReaderEndpoint": f"orders.cluster-ro-{RDS}",
        "Port": 5432,
        "DBClusterMembers": members,
    }
    made.objects["rds.describe_db_instances"] = {"DBInstances": instances}
    made.objects["rds.describe_db_clusters"] = {"DBClusters": [listed]}
    return made


def found(network: Network, kind: PartyKind, value: str) -> Target:
    target = find(network, Party(kind=kind, value=value), "destination", None, None)
    assert isinstance(target, Target)
    return target


@pytest.mark.parametrize(("kind", "value"), [("dns", f"orders.cluster-{RDS}"), ("name", "orders")])
def test_a_cluster_is_the_instance_that_writes(kind: PartyKind, value: str) -> None:
    target = found(cluster("orders-2").network(), kind, value)

    assert target.anchors == (AtInterface("eni-orders-1"),)
    assert target.port == 5432


def test_the_reader_endpoint_is_every_reader_and_the_writer_where_there_is_none() -> None:
    reader = f"orders.cluster-ro-{RDS}"

    assert found(cluster("orders-2", "orders-3").network(), "dns", reader).anchors == (
        AtInterface("eni-orders-2"),
        AtInterface("eni-orders-3"),
    )
    assert found(cluster().network(), "dns", reader).anchors == (AtInterface("eni-orders-1"),)


def test_a_cluster_of_which_a_member_was_not_seen_is_not_guessed() -> None:
    made = cluster("orders-2")
    made.objects["rds.describe_db_instances"]["DBInstances"].pop()
    party = Party(kind="dns", value=f"orders.cluster-ro-{RDS}")

    assert isinstance(find(made.network(), party, "destination", None, None), NotFound)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("name", "sess"),
        ("dns", f"master.sess.{CACHE}"),
        ("dns", f"clustercfg.sess.{CACHE}"),
        ("dns", f"sess.{CACHE}"),
        ("dns", f"sess-ro.{CACHE}"),
    ],
)
def test_a_replication_group_is_all_of_its_nodes_and_no_other(kind: PartyKind, value: str) -> None:
    made = two_subnets()
    for n, name in enumerate(("sess-0001-001", "sess-0001-002", "session-001")):
        made.interface(f"eni-{name}", "subnet-2", f"10.0.2.{50 + n}", Description=f"ElastiCache {name}")

    target = found(made.network(), kind, value)

    assert target.anchors == (AtInterface("eni-sess-0001-001"), AtInterface("eni-sess-0001-002"))


def test_a_search_domain_is_found_by_its_endpoint() -> None:
    made = two_subnets()
    made.interface("eni-es", "subnet-2", "10.0.2.60", Description="ES app-logs")

    target = found(made.network(), "dns", "vpc-app-logs-abcdefghijklmnopqrstuvwxyz.us-east-1.es.amazonaws.com")

    assert target.anchors == (AtInterface("eni-es"),)


def files() -> Network:
    """A file system with a mount target in two zones; the client is in the first."""
    made = two_subnets(server={"AvailabilityZone": "us-east-1b"})
    for zone, subnet, address in (("a", "subnet-1", "10.0.1.70"), ("b", "subnet-2", "10.0.2.70")):
        made.interface(
            f"eni-{zone}",
            subnet,
            address,
            AvailabilityZone=f"us-east-1{zone}",
            Description=f"EFS mount target for fs-0a1 (fsmt-{zone})",
        )
    return made.network()


def asked(source: str, host: str) -> Parties:
    question = Question(
        intent="why",
        source=Party(kind="ip", value=source) if "." in source else Party(kind="id", value=source),
        destination=Party(kind="dns", value=host),
        protocol="tcp",
        port=None,
        ask_back=None,
    )
    parties = find_parties(files(), question)
    assert isinstance(parties, Parties)
    return parties


@pytest.mark.parametrize(("source", "zone"), [("eni-client", "a"), ("eni-server", "b")])
def test_a_file_systems_name_means_the_mount_target_of_the_clients_zone(source: str, zone: str) -> None:
    destination = asked(source, "fs-0a1.efs.us-east-1.amazonaws.com").destination

    assert destination.anchors == (AtInterface(f"eni-{zone}"),)
    assert destination.port == 2049


def test_a_zones_own_name_means_that_zone_from_everywhere() -> None:
    destination = asked("eni-client", "us-east-1b.fs-0a1.efs.us-east-1.amazonaws.com").destination

    assert destination.anchors == (AtInterface("eni-b"),)
