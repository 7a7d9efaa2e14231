"""Components read again by id: the network is then as if all of it had been read anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from diagnosis.aws.again import read_again
from diagnosis.network.network import Network
from diagnosis.sources import NotPermitted
from tests.bot.repair.accounts import SmallAccount, client, small_account
from tests.emulator.faults import FAULTS, Fault


@pytest.fixture
def account(emulator_url: str) -> Iterator[SmallAccount]:
    FAULTS.clear()
    yield small_account(emulator_url)
    FAULTS.clear()


def again(account: SmallAccount, network: Network, *components: str) -> Network:
    return read_again(network, components or parts(network), lambda service, _region: client(account.url, service))


def parts(network: Network) -> tuple[str, ...]:
    return (*network.groups, *network.acls, *network.route_tables)


def test_nothing_has_changed(account: SmallAccount) -> None:
    network = account.network()

    assert again(account, network) == network


def test_what_has_changed_is_seen_with_rule_ids_and_only_that_is_asked_for(account: SmallAccount) -> None:
    before = account.network()
    account.ec2.authorize_security_group_ingress(
        GroupId=account.db,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.1.0/24"}]}],
    )
    account.ec2.create_network_acl_entry(
        NetworkAclId=account.acl, RuleNumber=7, Egress=True, Protocol="-1", RuleAction="deny", CidrBlock="10.9.0.0/16"
    )
    table = next(iter(before.route_tables))
    after = account.network()
    FAULTS.calls.clear()

    assert again(account, before, account.db, account.acl, table) == after
    assert FAULTS.calls == [
        "ec2.DescribeSecurityGroupRules",
        "ec2.DescribeSecurityGroups",
        "ec2.DescribeNetworkAcls",
        "ec2.DescribeRouteTables",
    ]
    assert all(rule.rule_id for rule in after.groups[account.db].rules)


def test_what_is_gone_is_not_in_it_any_more(account: SmallAccount) -> None:
    other = account.ec2.create_security_group(GroupName="other", Description="other")["GroupId"]
    before = account.network()
    account.ec2.delete_security_group(GroupId=other)

    assert again(account, before, other, account.db) == account.network()


def test_a_missing_permission_is_named(account: SmallAccount) -> None:
    known = account.network()
    FAULTS.add(Fault("ec2.DescribeNetworkAcls", "UnauthorizedOperation"))

    with pytest.raises(NotPermitted) as raised:
        again(account, known, account.acl)
    assert raised.value.action == "ec2:DescribeNetworkAcls"
