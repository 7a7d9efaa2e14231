"""Instance metadata and Amazon Time Sync, which the host of an instance answers and no rule filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts import Account, entry, two_subnets
from tests.diagnosis.trace.asking import ask, verdicts

METADATA = ("169.254.169.254", "tcp", 80)
TIME = ("169.254.169.123", "udp", 123)


def shut(**instance: Any) -> Account:
    """An instance whose group has no rule and whose ACL denies everything."""
    made = two_subnets(client={"instance": "i-1"})
    made.instance("i-1", "eni-client", **instance)
    made.items["ec2.describe_security_groups"][0] |= {"IpPermissions": [], "IpPermissionsEgress": []}
    for acl in made.items["ec2.describe_network_acls"]:
        acl["Entries"] = [entry(32767, "deny"), entry(32767, "deny", egress=True)]
    return made


@pytest.mark.parametrize("service", [METADATA, TIME])
def test_an_instance_reaches_them_past_every_rule(service: tuple[str, str, int]) -> None:
    assert verdicts(ask(shut(), "10.0.1.10", *service)) == ("reachable", "reachable", "reachable")


@pytest.mark.parametrize("port", [443, None])
def test_what_else_answers_there_is_not_known(port: int | None) -> None:
    assert ask(shut(), "10.0.1.10", "169.254.169.254", "tcp", port).verdict == "unknown"


@pytest.mark.parametrize("service", [METADATA, TIME])
def test_what_is_no_instance_is_not_said_to_have_them(service: tuple[str, str, int]) -> None:
    assert ask(shut(), "10.0.2.20", *service).verdict == "unknown"


def test_metadata_that_is_switched_off_is_not_said_to_answer() -> None:
    made = shut(MetadataOptions={"HttpEndpoint": "disabled", "HttpTokens": "required"})

    assert ask(made, "10.0.1.10", *METADATA).verdict == "unknown"
    assert ask(made, "10.0.1.10", *TIME).verdict == "reachable"


def test_a_stopped_instance_asks_nobody() -> None:
    made = shut()
    made.items["ec2.describe_instances"][0]["Instances"][0]["State"] = {"Name": "stopped"}

    assert ask(made, "10.0.1.10", *METADATA).verdict == "blocked"
