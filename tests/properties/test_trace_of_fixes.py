"""A proposed fix opens the path, nothing of it is idle, and it can be taken back to the letter."""

from __future__ import annotations

import random
import re
from copy import deepcopy

import pytest

from diagnosis.fix.change import NotApplicable, apply_all, undo_of
from diagnosis.fix.exposure import exposure
from diagnosis.fix.propose import NoFix, Proposal, propose
from diagnosis.network.network import Network
from diagnosis.trace.trace import Trace, trace
from tests import depth
from tests.accounts import Account, Json, interface_ids, route
from tests.diagnosis.trace.asking import ask
from tests.properties import one_packet
from tests.random_accounts import random_account


def proposals(network: Network, found: Trace) -> tuple[Proposal, ...]:
    made = propose(network, (found,), lambda changed: (trace(changed, found.flow),))
    return () if isinstance(made, NoFix) else made


def works_without(network: Network, proposal: Proposal, left_out: int, found: Trace) -> bool:
    changes = proposal.changes[:left_out] + proposal.changes[left_out + 1 :]
    try:
        return trace(apply_all(changes, network), found.flow).verdict == "reachable"
    except NotApplicable:
        return False


@pytest.mark.parametrize("seed", range(depth.of(16, 40)))
def test_a_fix_is_proven_minimal_and_undone(seed: int) -> None:
    chance = random.Random(seed)
    account = random_account(seed)
    network = account.network()
    for _ in range(12):
        client, server = chance.sample(interface_ids(account), 2)
        source, destination = chance.choice(
            [(client, server), (client, server), ("203.0.113.9", server), (client, "203.0.113.9")]
        )
        found = ask(network, source, destination, *chance.choice([("tcp", 3306), ("udp", 53), ("icmp", None)]))
        if found.verdict == "reachable":
            continue
        for proposal in proposals(network, found):
            assert proposal.changes
            assert trace(proposal.network, found.flow).verdict == "reachable"
            assert apply_all(proposal.changes, network) == proposal.network
            assert apply_all(undo_of(proposal.changes), proposal.network) == network
            idle = [c for i, c in enumerate(proposal.changes) if works_without(network, proposal, i, found)]
            assert not idle, (source, destination, proposal.changes)


PROBES = ((6, 22), (6, 80), (6, 443), (6, 3306), (6, 40000), (17, 22), (17, 53), (50, 0))
Connection = tuple[str, str, int, int]


def connections(account: Account, cut_by: Account) -> set[tuple[Connection, int]]:
    """Every connection that works, one client port at a time; `cut_by` holds every port where it may change."""
    world, cuts = one_packet.World(account), one_packet.World(cut_by)
    enis = interface_ids(account)
    found = set()
    for client in enis:
        for server in enis:
            if client == server:
                continue
            source = world.interfaces[client]["PrivateIpAddress"]
            destination = world.interfaces[server]["PrivateIpAddress"]
            for protocol, port in PROBES:
                for sent_from in one_packet.clients(cuts, client, protocol):
                    packet = one_packet.Packet(source, destination, protocol, sent_from, port)
                    if one_packet.lets(world, client, server, packet):
                        found.add(((client, server, protocol, port), sent_from))
    return found


def small_account(seed: int) -> Account:
    """Four interfaces in one VPC, so that every row of an exposure names each of them."""
    account = random_account(seed, vpcs=1, outside=False)
    for item in account.items["ec2.describe_network_interfaces"]:
        item["Ipv6Addresses"] = []
    account.items["ec2.describe_instances"] = []
    for item in account.items["ec2.describe_network_interfaces"]:
        item["Attachment"].pop("InstanceId", None)
    return account


def said(rows: list[Json]) -> set[Connection]:
    """The probes that the rows of an exposure name, between interfaces."""
    names = {"tcp": 6, "udp": 17, "50": 50}
    found = set()
    for row in rows:
        for source in re.findall(r"eni-\w+", row["source"]):
            for destination in re.findall(r"eni-\w+", row["destination"]):
                for protocol, port in PROBES:
                    if (row["protocol"] == "all" or names.get(row["protocol"]) == protocol) and _holds(
                        row["ports"], port
                    ):
                        found.add((source, destination, protocol, port))
    return found


def _holds(ports: str, port: int) -> bool:
    if ports in ("all ports", "all traffic"):
        return True
    spans = [part.partition("-") for part in ports.split(", ")]
    return any(int(low) <= port <= int(high or low) for low, _, high in spans if low.isdigit())


@pytest.mark.parametrize("seed", range(depth.of(12, 30)))
def test_the_exposure_is_what_brute_force_finds(seed: int) -> None:
    chance = random.Random(seed)
    account = small_account(seed)
    network = account.network()
    client, server = chance.sample(interface_ids(account), 2)
    found = ask(network, client, server, "tcp", chance.choice([22, 3306, 40000]))
    if found.verdict != "blocked":
        return
    for proposal in proposals(network, found):
        told = exposure(network, proposal.network, proposal.changes, (found,))
        changed = rewritten(account, proposal)
        new = {connection for connection, _ in connections(changed, changed) - connections(account, changed)}

        assert said([row.model_dump() for row in told.newly_reachable]) == new, (proposal.changes, told)
        assert not told.at_least


def rewritten(account: Account, proposal: Proposal) -> Account:
    """The account as AWS would describe it after the changes, written without the engine."""
    made = deepcopy(account)
    for change in proposal.changes:
        told = change.model_dump()
        low, high = told.get("from_port"), told.get("to_port")
        if told["kind"] == "security-group-rule":
            group = next(g for g in made.items["ec2.describe_security_groups"] if g["GroupId"] == told["component"])
            permission: Json = {
                "IpProtocol": told["protocol"],
                "IpRanges": [{"CidrIp": told["cidr"]}] if told["cidr"] else [],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
                "UserIdGroupPairs": [{"GroupId": told["group"]}] if told["group"] else [],
            }
            if low is not None:
                permission |= {"FromPort": low, "ToPort": high}
            group["IpPermissionsEgress" if told["direction"] == "egress" else "IpPermissions"].append(permission)
        elif told["kind"] == "network-acl-entry":
            acl = next(a for a in made.items["ec2.describe_network_acls"] if a["NetworkAclId"] == told["component"])
            number = one_packet.NUMBERS.get(told["protocol"], told["protocol"])
            item: Json = {
                "RuleNumber": told["number"],
                "RuleAction": "allow",
                "Protocol": str(number),
                "CidrBlock": told["cidr"],
            }
            item["Egress"] = told["direction"] == "egress"
            if low is not None:
                item["PortRange"] = {"From": low, "To": high}
            acl["Entries"].append(item)
        else:
            table = next(t for t in made.items["ec2.describe_route_tables"] if t["RouteTableId"] == told["component"])
            table["Routes"].append(route(told["destination"], told["target"]))
    return made
