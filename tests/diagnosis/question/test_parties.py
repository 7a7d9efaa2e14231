"""The parties of a question found in a network: exactly, then by case, then by likeness with the guess stated."""

from __future__ import annotations

from typing import get_args

import pytest

from diagnosis.network.network import Network
from diagnosis.question.directory import closest, directory, fold
from diagnosis.question.parties import NotFound, Parties, Target, find, find_parties
from diagnosis.question.question import Party, PartyKind, Question
from diagnosis.trace.placing import AtAddress, AtInterface, AtInternet, InRange, Nowhere
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.intervals import has
from tests.accounts import Account, Json, two_subnets

DATABASE_HOST = "orders-db.abc123.us-east-1.rds.amazonaws.com"


def tagged(name: str) -> Json:
    return {"Tags": [{"Key": "Name", "Value": name}]}


def shop() -> Account:
    """web-1 and web-2 in subnet-1, orders-db (mysql) and reports-db (postgres) in subnet-2, a load balancer."""
    account = two_subnets()
    account.items["ec2.describe_network_interfaces"][0]["Attachment"]["InstanceId"] = "i-1"
    account.instance("i-1", "eni-client", **tagged("web-1"), PrivateDnsName="ip-10-0-1-10.ec2.internal")
    account.interface("eni-web2", "subnet-1", "10.0.1.11", instance="i-2")
    account.instance("i-2", "eni-web2", **tagged("web-2"))
    databases = []
    for name, engine, port, eni, address in (
        ("orders-db", "mysql", 3306, "eni-orders", "10.0.2.30"),
        ("reports-db", "postgres", 5432, "eni-reports", "10.0.2.31"),
    ):
        group = f"sg-{name}"
        account.group(group, "vpc-a")
        account.interface(
            eni, "subnet-2", address, groups=[group], Description="RDSNetworkInterface", RequesterId="amazon-rds"
        )
        databases.append(
            {
                "DBInstanceIdentifier": name,
                "DBInstanceArn": f"arn:aws:rds:us-east-1:111111111111:db:{name}",
                "Engine": engine,
                "Endpoint": {"Address": f"{name}.abc123.us-east-1.rds.amazonaws.com", "Port": port},
                "VpcSecurityGroups": [{"VpcSecurityGroupId": group}],
                "DBSubnetGroup": {"VpcId": "vpc-a", "Subnets": [{"SubnetIdentifier": "subnet-2"}]},
                "AvailabilityZone": "us-east-1a",
            }
        )
    account.objects["rds.describe_db_instances"] = {"DBInstances": databases}
    account.objects["elbv2.describe_load_balancers"] = {
        "LoadBalancers": [
            {
                "LoadBalancerName": "front",
                "LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/app/front/1",
                "DNSName": "front-1.us-east-1.elb.amazonaws.com",
                "Type": "application",
                "VpcId": "vpc-a",
            }
        ]
    }
    for number in (1, 2):
        account.interface(f"eni-front{number}", f"subnet-{number}", f"10.0.{number}.40", Description="ELB app/front/1")
    return account


@pytest.fixture(scope="module")
def network() -> Network:
    return shop().network()


def found(network: Network, kind: PartyKind, value: str, port: int | None = None, near: str | None = None) -> Target:
    target = find(network, Party(kind=kind, value=value), "destination", port, near)
    assert isinstance(target, Target), target
    return target


def missed(network: Network, kind: PartyKind, value: str, port: int | None = None) -> NotFound:
    target = find(network, Party(kind=kind, value=value), "destination", port, None)
    assert isinstance(target, NotFound), target
    return target


@pytest.mark.parametrize(
    ("kind", "value", "eni"),
    [
        ("name", "web-1", "eni-client"),
        ("name", "WEB-1", "eni-client"),
        ("name", "web 1", "eni-client"),
        ("name", "orders-db", "eni-orders"),
        ("id", "i-2", "eni-web2"),
        ("id", "eni-orders", "eni-orders"),
        ("id", "arn:aws:rds:us-east-1:111111111111:db:reports-db", "eni-reports"),
        ("dns", DATABASE_HOST, "eni-orders"),
        ("dns", "ip-10-0-1-10.ec2.internal", "eni-client"),
    ],
)
def test_names_ids_and_dns_names_lead_to_an_interface(network: Network, kind: PartyKind, value: str, eni: str) -> None:
    assert found(network, kind, value).anchors == (AtInterface(eni),)


def test_addresses_ranges_and_the_internet_stand_for_themselves(network: Network) -> None:
    assert found(network, "ip", "10.0.1.10").anchors == (AtAddress(parse_address("10.0.1.10")),)
    assert found(network, "internet", "internet").anchors == (AtInternet(),)
    assert found(network, "cidr", "0.0.0.0/0").anchors == (AtInternet(),)
    inside = found(network, "cidr", "10.0.1.0/24").anchors
    assert set(inside) == {AtAddress(parse_address(a)) for a in ("10.0.1.10", "10.0.1.11", "10.0.1.40")}
    [outside] = found(network, "cidr", "192.168.0.0/16").anchors
    assert isinstance(outside, InRange)
    assert has(outside.addresses, parse_address("192.168.4.4"))


def test_a_range_wider_than_a_vpc_keeps_the_part_outside(network: Network) -> None:
    anchors = found(network, "cidr", "10.0.0.0/8").anchors

    assert AtAddress(parse_address("10.0.2.30")) in anchors
    rest = [a for a in anchors if isinstance(a, InRange)]
    assert len(rest) == 1
    assert not has(rest[0].addresses, parse_address("10.0.200.1"))
    assert has(rest[0].addresses, parse_address("10.77.0.1"))


def test_a_name_that_differs_only_in_case_states_what_it_was_taken_for(network: Network) -> None:
    assert found(network, "name", "web-1").note is None
    assert "web-1" in (found(network, "name", "Web_1").note or "")


def test_a_name_that_is_an_id_of_something_seen_is_that(network: Network) -> None:
    assert found(network, "name", "i-1").anchors == (AtInterface("eni-client"),)


def test_a_misspelt_name_is_a_guess_that_is_stated(network: Network) -> None:
    target = found(network, "name", "ordersdb1")

    assert target.anchors == (AtInterface("eni-orders"),)
    assert "ordersdb1" in (target.note or "")
    assert "orders-db" in (target.note or "")


def test_what_could_be_either_of_two_is_never_guessed(network: Network) -> None:
    assert missed(network, "name", "web-3").candidates
    assert {c.name for c in missed(network, "name", "web-3").candidates} >= {"web-1", "web-2"}


def test_what_is_like_nothing_is_missed_and_asked_back(network: Network) -> None:
    answer = missed(network, "name", "zzzzzzzz")

    assert "zzzzzzzz" in answer.ask_back
    assert answer.side == "destination"


def test_several_of_one_name_are_listed_and_asked_back() -> None:
    account = shop()
    account.items["ec2.describe_instances"][1]["Instances"][0]["Tags"][0]["Value"] = "web-1"

    answer = missed(account.network(), "name", "web-1")

    assert {c.id for c in answer.candidates} == {"i-1", "i-2"}
    assert {c.address for c in answer.candidates} == {"10.0.1.10", "10.0.1.11"}


def test_a_service_word_is_decided_by_the_port_or_asked_back(network: Network) -> None:
    assert found(network, "service", "rds", 3306).anchors == (AtInterface("eni-orders"),)
    assert found(network, "service", "rds", 5432).anchors == (AtInterface("eni-reports"),)
    assert {c.name for c in missed(network, "service", "rds").candidates} == {"orders-db", "reports-db"}


def test_the_other_sides_vpc_decides_between_services() -> None:
    account = shop()
    account.vpc("vpc-b", "10.9.0.0/16")
    account.subnet("subnet-9", "vpc-b", "10.9.1.0/24")
    account.interface(
        "eni-nat",
        "subnet-9",
        "10.9.1.5",
        groups=[],
        InterfaceType="nat_gateway",
        Description="Interface for NAT Gateway nat-9",
    )
    account.interface(
        "eni-nat2",
        "subnet-1",
        "10.0.1.5",
        groups=[],
        InterfaceType="nat_gateway",
        Description="Interface for NAT Gateway nat-1",
    )

    assert found(account.network(), "service", "nat", None, "vpc-b").anchors == (AtInterface("eni-nat"),)


def test_a_load_balancer_is_all_of_its_interfaces(network: Network) -> None:
    for kind, value in (("service", "alb"), ("name", "front"), ("dns", "front-1.us-east-1.elb.amazonaws.com")):
        assert kind in get_args(PartyKind)
        target = find(network, Party.model_validate({"kind": kind, "value": value}), "destination", None, None)
        assert isinstance(target, Target)
        assert set(target.anchors) == {AtInterface("eni-front1"), AtInterface("eni-front2")}


def test_an_aws_api_without_an_endpoint_is_the_internet_and_says_so(network: Network) -> None:
    target = found(network, "service", "s3")

    assert target.anchors == (AtInternet(),)
    assert target.port == 443
    assert target.note


def test_a_host_outside_is_the_internet_and_an_unknown_one_inside_is_asked_back(network: Network) -> None:
    assert found(network, "dns", "api.github.com").anchors == (AtInternet(),)
    for host in ("other-db.xyz.us-east-1.rds.amazonaws.com", "cache.corp.internal"):
        assert host in missed(network, "dns", host).ask_back


def test_an_id_that_was_not_seen_is_nowhere_and_not_an_error(network: Network) -> None:
    for identity in ("eni-404", "i-404", "arn:aws:rds:us-east-1:111111111111:db:gone"):
        [place] = found(network, "id", identity).anchors
        assert isinstance(place, Nowhere)


def test_both_parties_decide_together(network: Network) -> None:
    question = Question(
        intent="why",
        source=Party(kind="ip", value="10.0.1.10"),
        destination=Party(kind="service", value="rds"),
        protocol="tcp",
        port=3306,
    )
    answer = find_parties(network, question)

    assert isinstance(answer, Parties)
    assert answer.source.name == "web-1 10.0.1.10"
    assert answer.destination.name == "orders-db 10.0.2.30"
    assert answer.destination.port == 3306


def test_the_first_party_that_is_not_clear_is_asked_back(network: Network) -> None:
    question = Question(
        intent="why",
        source=Party(kind="name", value="zzzz"),
        destination=Party(kind="service", value="rds"),
        protocol="tcp",
    )
    answer = find_parties(network, question)

    assert isinstance(answer, NotFound)
    assert answer.side == "source"


def test_names_are_folded_without_case_and_separators() -> None:
    assert fold("Orders_DB.main") == fold("orders-db main") == "ordersdbmain"


def test_the_directory_holds_each_thing_once_by_id(network: Network) -> None:
    book = directory(network)

    assert book is directory(network)
    assert book.by_id["i-1"].interfaces == ("eni-client",)
    assert closest(network, "ordersdb1") == book.named("orders-db")[0]


def test_names_with_control_characters_do_no_harm() -> None:
    account = shop()
    account.items["ec2.describe_instances"][0]["Instances"][0]["Tags"][0]["Value"] = "web\x1b[31m\n1"

    assert isinstance(
        find(account.network(), Party(kind="name", value="web1"), "source", None, None), Target | NotFound
    )
