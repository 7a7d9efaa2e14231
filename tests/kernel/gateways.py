"""The lab's reading of internet, egress-only internet and NAT gateways: describe answers → nftables.

An internet gateway translates one to one and remembers nothing; an egress-only one lets connections start inside only;
a NAT gateway gives everything its own address and lets nothing start outside. Block Public Access closes the first two.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.kernel.account import Account, Item

NOT_PUBLIC = (
    "{ 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/3 }"
)


def public_addresses(account: Account, vpc: str) -> dict[str, str]:
    """Public IPv4 addresses of a VPC's interfaces, by the private address that they belong to."""
    found = {}
    for interface in account.interfaces():
        if interface["VpcId"] == vpc:
            for entry in interface["PrivateIpAddresses"]:
                if "Association" in entry:
                    found[entry["PrivateIpAddress"]] = entry["Association"]["PublicIp"]
    return found


def attached(account: Account, operation: str, key: str, vpc: str) -> str | None:
    """The id of the gateway of this kind that is attached to the VPC."""
    for gateway in account.items(operation, key):
        for attachment in gateway["Attachments"]:
            if attachment["VpcId"] == vpc and attachment["State"] in ("available", "attached"):
                return str(next(value for name, value in gateway.items() if name.endswith("GatewayId")))
    return None


def internet_gateway(account: Account, vpc: str) -> str | None:
    """The internet gateway of a VPC."""
    return attached(account, "describe_internet_gateways", "InternetGateways", vpc)


def egress_only_gateway(account: Account, vpc: str) -> str | None:
    """The egress-only internet gateway of a VPC."""
    return attached(account, "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways", vpc)


def gate_rules(account: Account, vpc: str) -> str:
    """Rules of the namespace that is both gateways of a VPC: devices `igw` and `eigw` inwards, `world` outwards."""
    return _four(account, vpc) + "\n" + _six(account, vpc)


def _four(account: Account, vpc: str) -> str:
    public = public_addresses(account, vpc)
    text = ["table ip gate {"]
    if public and internet_gateway(account, vpc):
        forth = ", ".join(f"{private} : {outside}" for private, outside in public.items())
        back = ", ".join(f"{outside} : {private}" for private, outside in public.items())
        text += [
            f"map forth {{ type ipv4_addr : ipv4_addr; elements = {{ {forth} }}",
            "}",
            f"map back {{ type ipv4_addr : ipv4_addr; elements = {{ {back} }}",
            "}",
            "chain arrives {",
            "type filter hook prerouting priority -200; policy accept;",
            # Where the map has no such address the rule ends at the map, and the mark is not set.
            'iifname "world" ip daddr set ip daddr map @back meta mark set 1',
            "}",
            "chain through {",
            "type filter hook forward priority 0; policy drop;",
            f'ip daddr {NOT_PUBLIC} oifname "world" drop',
            *_closed(account, vpc, six=False),
            'iifname "world" oifname "igw" meta mark 1 accept',
            f'iifname "igw" oifname "world" ip saddr {{ {", ".join(public)} }} accept',
            "}",
            "chain departs {",
            "type filter hook postrouting priority 200; policy accept;",
            'oifname "world" ip saddr set ip saddr map @forth',
            "}",
        ]
    else:
        text += ["chain through {", "type filter hook forward priority 0; policy drop;", "}"]
    return "\n".join([*text, "}"])


def _six(account: Account, vpc: str) -> str:
    text = ["table ip6 gate {", "chain through {", "type filter hook forward priority 0; policy drop;"]
    text += list(_closed(account, vpc, six=True))
    if egress_only_gateway(account, vpc):
        text += [
            'iifname "eigw" oifname "world" ct state new ct mark set 1 accept',
            'iifname "eigw" oifname "world" ct mark 1 ct state established accept',
            'iifname "world" ct mark 1 ct direction reply ct state established accept',
        ]
    if internet_gateway(account, vpc):
        text += ['iifname "igw" oifname "world" accept', 'iifname "world" oifname "igw" accept']
    return "\n".join([*text, "}", "}"])


def _closed(account: Account, vpc: str, *, six: bool) -> Iterator[str]:
    """What Block Public Access drops: everything, or everything that no NAT or egress-only gateway started."""
    mode = block_mode(account, vpc)
    if mode == "block-bidirectional":
        yield "drop"
    elif mode == "block-ingress" and six:
        yield 'iifname "igw" drop'
        yield 'iifname "world" ct mark != 1 drop'
    elif mode == "block-ingress":
        nats = [gateway["NatGatewayAddresses"][0]["PrivateIp"] for gateway in nat_gateways(account, vpc)]
        started = f"!= {{ {', '.join(nats)} }}" if nats else "!= 0.0.0.0"
        yield f'iifname "world" ip daddr {started} drop'
        yield f'oifname "world" ip saddr {started} drop'


def block_mode(account: Account, vpc: str) -> str:
    """Block Public Access as the Region of a VPC has it."""
    for asked, answer in account.answers.items():
        if asked.name == "ec2.describe_vpcs" and vpc in {item["VpcId"] for item in answer["Vpcs"]}:
            for other, options in account.answers.items():
                if other.name == "ec2.describe_vpc_block_public_access_options" and other.region == asked.region:
                    return str(options["VpcBlockPublicAccessOptions"]["InternetGatewayBlockMode"])
    return "off"


def nat_gateways(account: Account, vpc: str) -> Iterator[Item]:
    """The NAT gateways of a VPC."""
    return (item for item in account.items("describe_nat_gateways", "NatGateways") if item["VpcId"] == vpc)


def nat_rules(gateway: Item) -> str:
    """Rules of a NAT gateway: TCP, UDP and ICMP, started inside, under its own address; it answers nobody itself."""
    text = ["table ip natgateway {", "chain own {", "type filter hook input priority 0; policy drop;", "}"]
    text += ["chain through {", "type filter hook forward priority 0; policy drop;"]
    if gateway["State"] == "available":
        text += ["ct state established,related accept", "ct state invalid drop"]
        text += ["meta l4proto { tcp, udp, icmp } ct direction original accept"]
    address = gateway["NatGatewayAddresses"][0]["PrivateIp"]
    text += ["}", "chain translate {", "type nat hook postrouting priority 100; policy accept;"]
    return "\n".join([*text, f'oifname "eth0" snat to {address}', "}", "}"])
