"""Changes: applied to a Network as functions, refused where they do not fit, taken back to the letter."""

from __future__ import annotations

import pytest

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, RouteChange, apply_all, undo_of
from tests.accounts import two_vpcs

CHANGES: list[Change] = [
    GroupRuleChange(
        component="sg-open", direction="ingress", protocol="tcp", from_port=3306, to_port=3306, cidr="10.0.1.10/32"
    ),
    GroupRuleChange(component="sg-open", direction="egress", protocol="tcp", from_port=1, to_port=9, group="sg-peer"),
    GroupRuleChange(
        component="sg-open", direction="ingress", protocol="icmpv6", from_port=128, to_port=-1, cidr="2001:db8::1/128"
    ),
    AclEntryChange(
        component="acl-1", direction="egress", number=90, protocol="tcp", from_port=1, to_port=9, cidr="10.0.0.0/8"
    ),
    AclEntryChange(
        component="acl-1", direction="ingress", number=90, protocol="icmp", from_port=8, to_port=0, cidr="10.0.0.0/8"
    ),
    RouteChange(component="rtb-1", destination="10.77.0.0/16", target_kind="vpc-peering-connection", target="pcx-1"),
    RouteChange(
        component="rtb-1", destination="2001:db8:77::/64", target_kind="vpc-peering-connection", target="pcx-1"
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_undo_brings_the_same_network_back(change: Change) -> None:
    network = two_vpcs().network()
    changed = change.apply(network)

    assert changed != network
    assert change.inverse().apply(changed) == network
    assert change.inverse().inverse() == change


def test_all_of_them_are_taken_back_last_one_first() -> None:
    network = two_vpcs().network()
    changed = apply_all(tuple(CHANGES), network)

    assert apply_all(undo_of(tuple(CHANGES)), changed) == network


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_there_already_or_not_there_cannot_be_changed(change: Change) -> None:
    network = two_vpcs().network()

    with pytest.raises(NotApplicable):
        change.inverse().apply(network)
    with pytest.raises(NotApplicable):
        change.apply(change.apply(network))
    with pytest.raises(NotApplicable):
        change.model_copy(update={"component": "gone"}).apply(network)


def test_a_rule_with_the_owner_of_its_group_is_the_same_rule() -> None:
    """AWS adds the account to a reference; the undo of a fix must find the rule in a fresh description too."""
    account = two_vpcs()
    account.items["ec2.describe_security_groups"][0]["IpPermissions"].append(
        {
            "IpProtocol": "tcp",
            "FromPort": 1,
            "ToPort": 9,
            "UserIdGroupPairs": [{"GroupId": "sg-peer", "UserId": "111111111111"}],
        }
    )
    change = GroupRuleChange(
        component="sg-open", direction="ingress", protocol="tcp", from_port=1, to_port=9, group="sg-peer"
    )

    with pytest.raises(NotApplicable):
        change.apply(account.network())
