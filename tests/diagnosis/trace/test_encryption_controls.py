"""VPC encryption controls: not modelled where they enforce, and a switch like the others."""

from __future__ import annotations

import pytest

from diagnosis.batch import judged
from diagnosis.network.described import Unseen
from tests.accounts import Account, two_subnets
from tests.diagnosis.trace.asking import ask, calls
from tests.diagnosis.trace.balancing import CLIENT, Balancing

CONTROLS = "ec2.describe_vpc_encryption_controls"


def controlled(**control: str) -> Account:
    """Two subnets whose VPC has an encryption control."""
    made = two_subnets()
    made.objects[CONTROLS] = {"VpcEncryptionControls": [{"VpcId": "vpc-a", **control}]}
    return made


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ({"Mode": "enforce", "State": "available"}, "unknown"),
        ({"Mode": "enforce", "State": "enforce-in-progress"}, "unknown"),
        ({"Mode": "Monitor", "State": "available"}, "reachable"),
        ({"Mode": "enforce", "State": "deleted"}, "reachable"),
        ({"State": "available"}, "unknown"),
    ],
)
def test_a_vpc_that_enforces_encryption_is_unknown_by_name(control: dict[str, str], expected: str) -> None:
    found = ask(controlled(**control), "10.0.1.10", "10.0.2.20")

    assert found.verdict == expected
    fields = {"source": "10.0.1.10", "destination": "10.0.2.20", "protocol": "tcp", "port": 3306}
    network = controlled(**control).network()
    for _ in range(3):  # Whatever is remembered of the way between the two.
        assert judged(network, fields)["verdict"] == expected
    assert (calls(found) == {CONTROLS}) == (expected == "unknown")


def test_a_vpc_may_report_its_control_itself() -> None:
    made = two_subnets()
    made.items["ec2.describe_vpcs"][0]["EncryptionControl"] = {"Mode": "enforce", "State": "available"}

    found = ask(made, "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert any("encryption controls of vpc-a" in gap.reason for gap in found.gaps())


def test_controls_that_were_asked_for_and_not_seen_may_enforce() -> None:
    made = two_subnets()
    made.unseen.append(Unseen(CONTROLS, made.account, made.region, "not permitted: needs the action (AccessDenied)"))
    found = ask(made, "10.0.1.10", "10.0.2.20")
    assert found.verdict == "unknown"
    assert calls(found) == {CONTROLS}

    made.unseen = [Unseen(CONTROLS, made.account, made.region, "the action is not offered here (404)")]
    assert ask(made, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_what_is_blocked_stays_blocked_where_encryption_is_enforced() -> None:
    made = controlled(Mode="enforce", State="available")
    made.items["ec2.describe_security_groups"][0]["IpPermissions"] = []

    assert ask(made, "10.0.1.10", "10.0.2.20").verdict == "blocked"


def endpoint() -> Balancing:
    """An interface endpoint of AWS's own."""
    made = Balancing()
    made.interface("eni-vpce", "subnet-client", "10.0.1.50", InterfaceType="vpc_endpoint")
    made.endpoint("vpce-1", "Interface", "eni-vpce")
    return made


def test_the_switch_matters_at_private_link_where_it_is_assumed_or_unseen() -> None:
    made = endpoint()
    found = ask(made, CLIENT, "10.0.1.50", port=443)
    assert found.verdict == "reachable"
    assert any(CONTROLS in text for text in found.assumed())

    made.asked = {CONTROLS}
    assert ask(made, CLIENT, "10.0.1.50", port=443).verdict == "unknown"

    made.objects[CONTROLS] = {"VpcEncryptionControls": []}
    found = ask(made, CLIENT, "10.0.1.50", port=443)
    assert (found.verdict, found.assumed()) == ("reachable", ())
