"""The DNS resolver of a VPC, which no group and no ACL filters."""

from __future__ import annotations

import pytest

from tests.accounts import Account, entry, two_subnets
from tests.diagnosis.trace.asking import ask, calls, verdicts

ATTRIBUTES = "ec2.describe_vpc_attribute"


def shut() -> Account:
    """A client whose group has no rule and whose ACL denies everything, in a VPC with a second range."""
    made = two_subnets()
    made.items["ec2.describe_vpcs"][0]["CidrBlockAssociationSet"].append({"CidrBlock": "10.1.0.0/16"})
    made.items["ec2.describe_security_groups"][0] |= {"IpPermissions": [], "IpPermissionsEgress": []}
    for acl in made.items["ec2.describe_network_acls"]:
        acl["Entries"] = [entry(32767, "deny"), entry(32767, "deny", egress=True)]
    return made


@pytest.mark.parametrize("address", ["10.0.0.2", "169.254.169.253", "fd00:ec2::253"])
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_dns_to_the_resolver_passes_every_rule(address: str, protocol: str) -> None:
    found = ask(shut(), "eni-client", address, protocol, 53)

    assert verdicts(found) == ("reachable", "reachable", "reachable")
    assert any("enableDnsSupport is on" in text for text in found.assumed())


def test_only_the_primary_range_has_a_resolver() -> None:
    found = ask(shut(), "10.0.1.10", "10.1.0.2", "udp", 53)

    assert found.verdict == "blocked"


@pytest.mark.parametrize(("protocol", "port"), [("tcp", 443), ("icmp", None), ("udp", None)])
def test_what_else_the_resolver_answers_is_not_known(protocol: str, port: int | None) -> None:
    assert ask(shut(), "10.0.1.10", "10.0.0.2", protocol, port).verdict == "unknown"


def test_a_resolver_that_is_switched_off_is_not_said_to_answer() -> None:
    made = shut()
    made.asked.add(ATTRIBUTES)

    found = ask(made, "10.0.1.10", "10.0.0.2", "udp", 53)

    assert found.verdict == "unknown"
    assert calls(found) == {ATTRIBUTES}


def test_a_client_that_is_down_asks_nothing() -> None:
    made = shut()
    made.items["ec2.describe_network_interfaces"][0]["Attachment"]["Status"] = "detached"

    assert ask(made, "10.0.1.10", "10.0.0.2", "udp", 53).verdict == "blocked"
