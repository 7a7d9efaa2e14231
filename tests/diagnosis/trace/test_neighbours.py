"""Addresses of the source's own subnet."""

from __future__ import annotations

from tests.accounts import two_subnets
from tests.diagnosis.trace.asking import ask


def test_a_vacant_address_of_the_own_subnet_meets_no_network_acl() -> None:
    """Packets to a neighbour are not filtered by the subnet's ACL, whether somebody is there or not."""
    made = two_subnets()
    made.acl("acl-1", "vpc-a", ["subnet-1"], [])

    found = ask(made, "10.0.1.10", "10.0.1.99")

    assert found.verdict == "blocked"
    assert [str(b.code) for _, b in found.blockers()] == ["NO_INTERFACE_WITH_ADDRESS"]
