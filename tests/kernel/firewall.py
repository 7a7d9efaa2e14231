"""The lab's reading of security groups and network ACLs: describe answers → nftables, each rule as it stands.

Written from AWS's documentation alone, for it is to find the engine's mistakes: nothing of the engine is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from tests.kernel.account import Account, Item
from tests.kernel.random_probes import prefix_address
from tests.kernel.watching import log

NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept"
"""Finding each other in a subnet is the VPC's own business, no group's."""


def host_rules(account: Account, interface: Item) -> str:
    """Rules of a host: the security groups of its interface, which remember connections."""
    eni = interface["NetworkInterfaceId"]
    text = ["table inet groups {"]
    for hook, direction, key, device, side in (
        ("input", "ingress", "IpPermissions", "iifname", "saddr"),
        ("output", "egress", "IpPermissionsEgress", "oifname", "daddr"),
    ):
        # A stopped instance drops everything else; but neighbours who failed to find it would not look for it again at
        # once when the next account has it running.
        text += [f"chain {direction} {{", f"type filter hook {hook} priority 0; policy drop;", NEIGHBOURS]
        if _running(account, interface):
            passes = f"{log('group', eni, direction, 'pass')} accept"
            text += [f'{device} "lo" accept', f"ct state established,related {passes}"]
            text += [f"{match} {passes}" for match in _matches(account, interface, key, side)]
            text.append(f"{log('group', eni, direction, 'drop')} drop")
        text.append("}")
    return "\n".join([*text, "}"])


def _matches(account: Account, interface: Item, key: str, side: str) -> Iterator[str]:
    """What the rules of an interface's groups in one direction match, among packets that start a connection."""
    held = {entry["GroupId"] for entry in interface["Groups"]}
    for group in account.items("describe_security_groups", "SecurityGroups"):
        if group["GroupId"] in held:
            for permission in group[key]:
                for match in _group_matches(account, interface["VpcId"], permission, side):
                    yield f"ct state new {match}"


def _running(account: Account, interface: Item) -> bool:
    for reservation in account.items("describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            if instance["InstanceId"] == interface["Attachment"]["InstanceId"]:
                return bool(instance["State"]["Name"] == "running")
    return True


def _group_matches(account: Account, vpc: str, permission: Item, side: str) -> Iterator[str]:
    """One match for each address range that an entry of a group names, with its protocol and ports."""
    ranges = [entry["CidrIp"] for entry in permission["IpRanges"]]
    ranges += [entry["CidrIpv6"] for entry in permission["Ipv6Ranges"]]
    for entry in permission["PrefixListIds"]:
        ranges += account.prefix_list(entry["PrefixListId"])
    for pair in permission["UserIdGroupPairs"]:
        ranges += _members(account, vpc, pair["GroupId"])
    low, high = permission.get("FromPort"), permission.get("ToPort")
    for cidr in ranges:
        for match in _protocol(permission["IpProtocol"], low, high):
            yield f"{_address(side, cidr)} {match}"


def _address(side: str, cidr: str) -> str:
    """The match of one address range; every address of a family is the family itself."""
    six = ":" in cidr
    if ip_network(cidr).prefixlen == 0:
        return f"meta nfproto {'ipv6' if six else 'ipv4'}"
    return f"{'ip6' if six else 'ip'} {side} {ip_network(cidr)}"


def _members(account: Account, vpc: str, group: str) -> Iterator[str]:
    """The private addresses of a group's interfaces in this VPC, or in one that peers with it in the same Region."""
    near = {vpc}
    for connection in account.peerings():
        ends = [connection["RequesterVpcInfo"], connection["AccepterVpcInfo"]]
        if (
            connection["Status"]["Code"] == "active"
            and ends[0]["Region"] == ends[1]["Region"]
            and vpc in (e["VpcId"] for e in ends)
        ):
            near |= {end["VpcId"] for end in ends}
    for interface in account.interfaces():
        if interface["VpcId"] in near and group in {entry["GroupId"] for entry in interface["Groups"]}:
            yield from addresses_of(interface)


def addresses_of(interface: Item) -> Iterator[str]:
    """The addresses of an interface that have a host in the lab: its own, and one of each delegated prefix."""
    for entry in interface["PrivateIpAddresses"]:
        yield entry["PrivateIpAddress"]
    for entry in interface["Ipv6Addresses"]:
        yield entry["Ipv6Address"]
    for entry in interface.get("Ipv4Prefixes", ()):
        yield prefix_address(entry["Ipv4Prefix"])


def _protocol(protocol: str, low: int | None, high: int | None) -> Iterator[str]:
    """The protocol part of a rule: ports for TCP and UDP, type and code for ICMP, nothing but the number for others."""
    match protocol:
        case "-1":
            yield ""
        case "tcp" | "6":
            yield _ported("tcp", low, high)
        case "udp" | "17":
            yield _ported("udp", low, high)
        case "icmp" | "1":
            yield _echoed("icmp", low, high)
        case "icmpv6" | "58":
            yield _echoed("icmpv6", low, high)
        case number:
            yield f"meta l4proto {number}"


def _ported(name: str, low: int | None, high: int | None) -> str:
    if low is None or high is None or (low, high) == (0, 65535):
        return f"meta l4proto {name}"
    return f"{name} dport {low}-{high}" if low != high else f"{name} dport {low}"


def _echoed(name: str, kind: int | None, code: int | None) -> str:
    number = {"icmp": "icmp", "icmpv6": "ipv6-icmp"}[name]
    if kind is None or kind == -1:
        return f"meta l4proto {number}"
    return f"{name} type {kind}" + (f" {name} code {code}" if code is not None and code != -1 else "")


def edge_rules(account: Account, subnet: str) -> str:
    """Rules at the edge of a subnet: its network ACL, which remembers nothing. Inside the subnet nobody asks it."""
    acl = acl_of(account, subnet)
    text = ["table inet acl {", "chain through {", "type filter hook forward priority 0; policy drop;"]
    text += ['iifname "br0" oifname "br0" accept', 'iifname "br0" oifname "uplink" jump egress']
    text += ['iifname "uplink" oifname "br0" jump ingress', "}"]
    for direction in ("egress", "ingress"):
        entries = [entry for entry in acl["Entries"] if entry["Egress"] is (direction == "egress")]
        text.append(f"chain {direction} {{")
        for entry in sorted(entries, key=lambda e: int(e["RuleNumber"])):
            refuses = f"{log('acl', acl['NetworkAclId'], direction, 'drop', subnet, str(entry['RuleNumber']))} drop"
            text += [f"{match} {'accept' if entry['RuleAction'] == 'allow' else refuses}" for match in _entry(entry)]
        text += ["drop", "}"]
    return "\n".join([*text, "}"])


def acl_of(account: Account, subnet: str) -> Item:
    """The network ACL that a subnet is associated with."""
    for acl in account.items("describe_network_acls", "NetworkAcls"):
        if subnet in {association["SubnetId"] for association in acl["Associations"]}:
            return acl
    raise LookupError(f"subnet {subnet} has no network ACL")


def _entry(entry: Item) -> Iterator[str]:
    """What an entry of a network ACL matches."""
    cidr = entry.get("CidrBlock") or entry["Ipv6CidrBlock"]
    side = "daddr" if entry["Egress"] else "saddr"
    if entry["Protocol"] in ("1", "58"):
        span = entry.get("IcmpTypeCode", {})
        low, high = span.get("Type"), span.get("Code")
    else:
        span = entry.get("PortRange", {})
        low, high = span.get("From"), span.get("To")
    for match in _protocol(entry["Protocol"], low, high):
        yield f"{_address(side, cidr)} {match}"
