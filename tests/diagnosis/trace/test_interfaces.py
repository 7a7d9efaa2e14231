"""Interfaces on the path: attached or not, their instance running or not, seen, assumed or unknown."""

from __future__ import annotations

import pytest

from tests.accounts import Account, two_subnets, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes

INSTANCES = "ec2.describe_instances"


def owned(state: str = "running", side: int = 1) -> Account:
    account = two_subnets()
    account.items["ec2.describe_network_interfaces"][side]["Attachment"]["InstanceId"] = "i-1"
    account.instance("i-1", ["eni-client", "eni-server"][side], state=state)
    return account


@pytest.mark.parametrize("state", ["stopped", "stopping", "terminated", "shutting-down", "Stopped"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_stopped_instance_neither_sends_nor_answers(state: str, side: int) -> None:
    found = ask(owned(state, side), "10.0.1.10", "10.0.2.20")

    assert found.verdict == "blocked"
    assert ("BAD_STATE", ["eni-client", "eni-server"][side], "forward") in causes(found)


@pytest.mark.parametrize("state", ["running", "pending"])
def test_a_running_instance_answers(state: str) -> None:
    assert ask(owned(state), "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_instances_that_nobody_asked_for_are_assumed_to_run() -> None:
    found = ask(owned("stopped").network(without=[INSTANCES]), "10.0.1.10", "10.0.2.20")

    assert found.verdict == "reachable"
    assert any(INSTANCES in text for text in found.assumed())


def test_instances_that_were_asked_for_and_are_missing_are_unknown() -> None:
    account = owned()
    account.asked.add(INSTANCES)

    found = ask(account.network(without=[INSTANCES]), "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert calls(found) == {INSTANCES}


def test_an_instance_that_cannot_be_read_is_unknown() -> None:
    account = owned()
    account.items[INSTANCES][0]["Instances"][0]["State"] = "running"
    network = account.network()

    assert ask(network, "10.0.1.10", "10.0.2.20").verdict == "unknown"
    assert any("i-1" in warning for warning in network.warnings)


@pytest.mark.parametrize("attachment", ["detached", "detaching"])
def test_a_detached_interface_carries_nothing(attachment: str) -> None:
    account = two_subnets()
    account.items["ec2.describe_network_interfaces"][1]["Attachment"]["Status"] = attachment

    assert [(code, component) for code, component, _ in causes(ask(account, "10.0.1.10", "10.0.2.20"))] == [
        ("BAD_STATE_ATTACHMENT", "eni-server")
    ]


def test_an_interface_that_is_not_attached_yet_is_judged_as_if_it_were_and_the_answer_says_so() -> None:
    account = two_subnets()
    item = account.items["ec2.describe_network_interfaces"][1]
    item["Status"] = "available"
    del item["Attachment"]

    found = ask(account, "10.0.1.10", "10.0.2.20")

    assert found.verdict == "reachable"
    assert any("eni-server is attached" in text for text in found.assumed())


def test_interfaces_that_say_nothing_of_their_state_are_taken_for_working() -> None:
    account = two_subnets()
    for item in account.items["ec2.describe_network_interfaces"]:
        del item["Status"], item["Attachment"]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_that_a_pods_own_groups_judge_what_leaves_the_vpc_is_an_assumption() -> None:
    made = with_internet(two_subnets(client={"InterfaceType": "branch"}))

    outside, inside = ask(made, "10.0.1.10", "203.0.113.80"), ask(made, "10.0.1.10", "10.0.2.20")

    assert (outside.verdict, inside.verdict) == ("reachable", "reachable")
    assert any("enforcing mode strict" in text for text in outside.assumed())
    assert not any("enforcing mode strict" in text for text in inside.assumed())
