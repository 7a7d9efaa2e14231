"""What was seen, for whom, and what an absence means."""

from __future__ import annotations

from diagnosis.network.build import build
from diagnosis.network.coverage import coverage_of
from diagnosis.network.described import Call, Described, Unseen
from tests.accounts import ACCOUNT, REGION, two_subnets

SUBNETS = "ec2.describe_subnets"
HERE = ((ACCOUNT, REGION),)


def test_an_empty_list_is_seen_and_an_absent_file_is_not() -> None:
    found = coverage_of(Described({Call(SUBNETS, ACCOUNT, REGION): {"Subnets": []}}))

    assert found.seen(SUBNETS, HERE)
    assert not found.seen(SUBNETS, ((ACCOUNT, "eu-west-1"),))
    assert not found.seen("ec2.describe_vpcs", HERE)


def test_a_loose_folder_speaks_for_every_place() -> None:
    found = coverage_of(Described({Call(SUBNETS): {"Subnets": []}}))

    assert found.seen(SUBNETS, HERE)
    assert found.seen(SUBNETS, ())


def test_a_call_that_failed_is_unseen_and_its_error_is_kept() -> None:
    described = Described(
        {Call(SUBNETS, ACCOUNT, REGION): {"Subnets": []}}, (Unseen(SUBNETS, ACCOUNT, REGION, "AccessDenied"),)
    )
    found = coverage_of(described)

    assert not found.seen(SUBNETS, HERE)
    assert found.named(SUBNETS)
    assert "AccessDenied" in found.missing(SUBNETS, HERE, "the subnets").reason


def test_a_switch_is_named_when_the_source_says_that_it_was_asked_for() -> None:
    found = coverage_of(Described({}, asked=frozenset({"ec2.describe_instances"})))

    assert found.named("ec2.describe_instances")
    assert not found.named("ec2.describe_flow_logs")


def test_a_change_gives_a_new_network_and_leaves_the_old_one() -> None:
    network = build(two_subnets().described())
    group = network.groups["sg-open"]

    changed = network.with_group(group.with_rules([]))

    assert network.groups["sg-open"] is group
    assert not changed.groups["sg-open"].rules
    assert changed.with_group(group) == network
