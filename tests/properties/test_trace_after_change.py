"""A changed network keeps what was compiled of the rest, and answers as one that was built anew."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from diagnosis.batch import judged
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, RouteChange
from diagnosis.network.memo import Memo
from diagnosis.network.network import Network
from tests import depth
from tests.accounts import Json, interface_ids
from tests.random_accounts import random_account

FLOWS = 30


def random_change(chance: random.Random) -> Change:
    vpc, half = chance.randrange(3), chance.choice((1, 2))
    cidr = chance.choice(["0.0.0.0/0", "10.0.1.0/24", "10.1.0.0/16", "10.2.2.20/32"])
    match chance.choice(["group", "acl", "route"]):
        case "group":
            peer: Json = {"cidr": cidr} if chance.random() < 0.6 else {"group": f"sg-{chance.randrange(3)}{half}"}
            return GroupRuleChange(
                component=f"sg-{vpc}{half}",
                direction=chance.choice(["ingress", "egress"]),
                protocol="tcp",
                from_port=3306,
                to_port=3306,
                **peer,
            )
        case "acl":
            return AclEntryChange(
                component=f"acl-{vpc}{half}",
                direction=chance.choice(["ingress", "egress"]),
                number=chance.choice([150, 151]),
                protocol="-1",
                cidr=cidr,
                rule_action=chance.choice(["allow", "deny"]),
            )
        case _:
            return RouteChange(
                component=f"rtb-{vpc}{half}",
                destination=f"10.{chance.randrange(3)}.{half}.0/24",
                target_kind="vpc-peering-connection",
                target=f"pcx-{chance.randrange(2)}",
            )


def rebuilt(network: Network) -> Network:
    """The same network, as if nothing had ever been asked of it."""
    return replace(network, memo=Memo())


@pytest.mark.parametrize("seed", range(depth.of(10, 25)))
def test_answers_after_changes_are_those_of_a_network_built_anew(seed: int) -> None:
    chance = random.Random(seed)
    account = random_account(seed)
    network, applied = account.network(), 0
    ids = interface_ids(account)
    flows = [
        {
            "source": chance.choice([*ids, "203.0.113.9"]),
            "destination": chance.choice(ids),
            "protocol": chance.choice(["tcp", "udp", "icmp", None]),
            "port": chance.choice([22, 3306, None]),
        }
        for _ in range(FLOWS)
    ]
    for _ in range(4):
        for flow in flows:
            judged(network, flow)
        try:
            network = random_change(chance).apply(network)
        except NotApplicable:
            continue
        applied += 1
        for flow in flows:
            assert judged(network, flow) == judged(rebuilt(network), flow)
    assert applied
