"""Accounts for tests, as AWS describes them: a builder that writes describe answers.

Everything is kept as the JSON objects that boto3 returns, so what a test builds goes through the same parsing as a
snapshot folder. Nothing here knows how the engine judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

from diagnosis.network.build import build
from diagnosis.network.described import Call, Described, Unseen
from diagnosis.network.network import Network

Json = dict[str, Any]

ACCOUNT = "111111111111"
REGION = "us-east-1"
RESULT_KEYS = {
    "ec2.describe_vpcs": "Vpcs",
    "ec2.describe_subnets": "Subnets",
    "ec2.describe_network_interfaces": "NetworkInterfaces",
    "ec2.describe_security_groups": "SecurityGroups",
    "ec2.describe_network_acls": "NetworkAcls",
    "ec2.describe_route_tables": "RouteTables",
    "ec2.describe_internet_gateways": "InternetGateways",
    "ec2.describe_egress_only_internet_gateways": "EgressOnlyInternetGateways",
    "ec2.describe_nat_gateways": "NatGateways",
    "ec2.describe_vpc_peering_connections": "VpcPeeringConnections",
    "ec2.describe_managed_prefix_lists": "PrefixLists",
    "ec2.describe_instances": "Reservations",
}
"""The calls that every account here answers, if only with an empty list."""


def rule(protocol: str, ports: tuple[int, int] | None, *peers: str) -> Json:
    """A group permission; a peer is a CIDR of either family, a group id or a prefix list id."""
    found: Json = {
        "IpProtocol": protocol,
        "IpRanges": [],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }
    if ports is not None:
        found["FromPort"], found["ToPort"] = ports
    for peer in peers:
        if peer.startswith("pl-"):
            found["PrefixListIds"].append({"PrefixListId": peer})
        elif "/" not in peer:
            found["UserIdGroupPairs"].append({"GroupId": peer, "UserId": ACCOUNT})
        elif ":" in peer:
            found["Ipv6Ranges"].append({"CidrIpv6": peer})
        else:
            found["IpRanges"].append({"CidrIp": peer})
    return found


EVERYTHING = (rule("-1", None, "0.0.0.0/0", "::/0"),)


def entry(
    number: int,
    action: str,
    cidr: str = "0.0.0.0/0",
    protocol: str = "-1",
    ports: tuple[int, int] | None = None,
    *,
    egress: bool = False,
) -> Json:
    """An ACL entry; `ports` are ICMP type and code for protocols 1 and 58."""
    found: Json = {"RuleNumber": number, "RuleAction": action, "Protocol": protocol, "Egress": egress}
    found["Ipv6CidrBlock" if ":" in cidr else "CidrBlock"] = cidr
    if ports is not None and protocol in ("1", "58"):
        found["IcmpTypeCode"] = {"Type": ports[0], "Code": ports[1]}
    elif ports is not None:
        found["PortRange"] = {"From": ports[0], "To": ports[1]}
    return found


def open_entries() -> list[Json]:
    """What a default ACL holds: everything allowed, both families, both directions, and the implicit denies."""
    return [
        made
        for egress in (False, True)
        for made in (
            entry(100, "allow", egress=egress),
            entry(101, "allow", "::/0", egress=egress),
            entry(32767, "deny", egress=egress),
            entry(32768, "deny", "::/0", egress=egress),
        )
    ]


TARGET_KEYS = {
    "nat": "NatGatewayId",
    "tgw": "TransitGatewayId",
    "pcx": "VpcPeeringConnectionId",
    "eigw": "EgressOnlyInternetGatewayId",
    "eni": "NetworkInterfaceId",
}


def route(destination: str, target: str, state: str = "active", origin: str = "CreateRoute") -> Json:
    """A route to a target of any kind, by the first letters of its id."""
    key = "DestinationCidrBlock"
    if destination.startswith("pl-"):
        key = "DestinationPrefixListId"
    elif ":" in destination:
        key = "DestinationIpv6CidrBlock"
    return {
        key: destination,
        TARGET_KEYS.get(target.partition("-")[0], "GatewayId"): target,
        "State": state,
        "Origin": origin,
    }


class Account:
    """The describe answers of one account and Region, built up by a test."""

    def __init__(self, account: str = ACCOUNT, region: str = REGION) -> None:
        self.account = account
        self.region = region
        self.items: dict[str, list[Json]] = {call: [] for call in RESULT_KEYS}
        self.objects: dict[str, Json] = {}
        """Answers that are no list, or not of the calls above, by call."""
        self.entries: dict[str, list[Json]] = {}
        """Prefix list entries, by prefix list id."""
        self.asked: set[str] = set()
        self.unseen: list[Unseen] = []

    def _add(self, call: str, item: Json) -> Json:
        self.items[f"ec2.describe_{call}"].append(item)
        return item

    def vpc(self, identity: str, *cidrs: str, **more: Any) -> Json:
        """A VPC with these ranges of either family, the first IPv4 one its primary."""
        four, six = [c for c in cidrs if ":" not in c], [c for c in cidrs if ":" in c]
        item = {
            "VpcId": identity,
            "OwnerId": self.account,
            "CidrBlock": four[0],
            "CidrBlockAssociationSet": [{"CidrBlock": c, "CidrBlockState": {"State": "associated"}} for c in four],
            "Ipv6CidrBlockAssociationSet": [
                {"Ipv6CidrBlock": c, "Ipv6CidrBlockState": {"State": "associated"}} for c in six
            ],
        }
        return self._add("vpcs", item | more)

    def subnet(self, identity: str, vpc: str, *cidrs: str, **more: Any) -> Json:
        """A subnet with one IPv4 range and perhaps an IPv6 one."""
        item: Json = {
            "SubnetId": identity,
            "VpcId": vpc,
            "OwnerId": self.account,
            "AvailabilityZone": f"{self.region}a",
            "CidrBlock": next(c for c in cidrs if ":" not in c),
            "Ipv6CidrBlockAssociationSet": [
                {"Ipv6CidrBlock": c, "Ipv6CidrBlockState": {"State": "associated"}} for c in cidrs if ":" in c
            ],
        }
        return self._add("subnets", item | more)

    def interface(
        self,
        identity: str,
        subnet: str,
        *addresses: str,
        groups: Sequence[str] = ("sg-open",),
        public: str | None = None,
        instance: str | None = None,
        **more: Any,
    ) -> Json:
        """An interface in use; `public` goes with its first IPv4 address."""
        four, six = [a for a in addresses if ":" not in a], [a for a in addresses if ":" in a]
        item: Json = {
            "NetworkInterfaceId": identity,
            "SubnetId": subnet,
            "VpcId": self._vpc_of(subnet),
            "OwnerId": self.account,
            "AvailabilityZone": f"{self.region}a",
            "InterfaceType": "interface",
            "Status": "in-use",
            "SourceDestCheck": True,
            "Groups": [{"GroupId": g, "GroupName": g} for g in groups],
            "PrivateIpAddresses": [{"PrivateIpAddress": a, "Primary": i == 0} for i, a in enumerate(four)],
            "Ipv6Addresses": [{"Ipv6Address": a} for a in six],
            "Attachment": {"Status": "attached", "DeviceIndex": 0},
        }
        if four:
            item["PrivateIpAddress"] = four[0]
        if public is not None:
            item["Association"] = {"PublicIp": public}
            item["PrivateIpAddresses"][0]["Association"] = {"PublicIp": public}
        if instance is not None:
            item["Attachment"]["InstanceId"] = instance
        return self._add("network_interfaces", item | more)

    def _vpc_of(self, subnet: str) -> str:
        found: str = next(s["VpcId"] for s in self.items["ec2.describe_subnets"] if s["SubnetId"] == subnet)
        return found

    def group(
        self, identity: str, vpc: str, ingress: Iterable[Json] = EVERYTHING, egress: Iterable[Json] = EVERYTHING
    ) -> Json:
        """A security group; without more it allows everything."""
        item = {
            "GroupId": identity,
            "GroupName": identity,
            "VpcId": vpc,
            "OwnerId": self.account,
            "IpPermissions": deepcopy(list(ingress)),
            "IpPermissionsEgress": deepcopy(list(egress)),
        }
        return self._add("security_groups", item)

    def acl(self, identity: str, vpc: str, subnets: Iterable[str], entries: Iterable[Json] | None = None) -> Json:
        """A network ACL; without entries of its own it is open."""
        item = {
            "NetworkAclId": identity,
            "VpcId": vpc,
            "OwnerId": self.account,
            "IsDefault": False,
            "Associations": [{"SubnetId": s, "NetworkAclId": identity} for s in subnets],
            "Entries": open_entries() if entries is None else list(entries),
        }
        return self._add("network_acls", item)

    def table(
        self, identity: str, vpc: str, routes: Iterable[Json] = (), subnets: Iterable[str] = (), *, main: bool = False
    ) -> Json:
        """A route table; the local routes of its VPC come by themselves."""
        known = next(v for v in self.items["ec2.describe_vpcs"] if v["VpcId"] == vpc)
        local = [a["CidrBlock"] for a in known["CidrBlockAssociationSet"]]
        local += [a["Ipv6CidrBlock"] for a in known["Ipv6CidrBlockAssociationSet"]]
        associations: list[Json] = [{"Main": False, "SubnetId": s} for s in subnets]
        item = {
            "RouteTableId": identity,
            "VpcId": vpc,
            "OwnerId": self.account,
            "Associations": associations + ([{"Main": True}] if main else []),
            "Routes": [*(route(cidr, "local", origin="CreateRouteTable") for cidr in local), *routes],
        }
        return self._add("route_tables", item)

    def internet_gateway(self, identity: str, vpc: str, state: str = "available") -> Json:
        """An internet gateway attached to a VPC."""
        return self._add(
            "internet_gateways",
            {"InternetGatewayId": identity, "OwnerId": self.account, "Attachments": [{"VpcId": vpc, "State": state}]},
        )

    def egress_only(self, identity: str, vpc: str) -> Json:
        """An egress-only internet gateway attached to a VPC."""
        attachments = [{"VpcId": vpc, "State": "attached"}]
        return self._add(
            "egress_only_internet_gateways", {"EgressOnlyInternetGatewayId": identity, "Attachments": attachments}
        )

    def nat(self, identity: str, subnet: str, private: str, public: str | None, **more: Any) -> Json:
        """A NAT gateway with the interface that AWS makes for it; private where it has no public address."""
        eni = f"eni-of-{identity}"
        address = {"NetworkInterfaceId": eni, "PrivateIp": private, "IsPrimary": True}
        self.interface(
            eni, subnet, private, groups=(), public=public, InterfaceType="nat_gateway", SourceDestCheck=False
        )
        item: Json = {
            "NatGatewayId": identity,
            "SubnetId": subnet,
            "VpcId": self._vpc_of(subnet),
            "State": "available",
            "ConnectivityType": "public" if public else "private",
            "NatGatewayAddresses": [address | ({"PublicIp": public} if public else {})],
        }
        return self._add("nat_gateways", item | more)

    def peering(
        self, identity: str, one: str, other: str, state: str = "active", regions: tuple[str, str] = (REGION, REGION)
    ) -> Json:
        """A peering connection between two VPCs of this account."""
        item: Json = {"VpcPeeringConnectionId": identity, "Status": {"Code": state}}
        for key, vpc, region in (("RequesterVpcInfo", one, regions[0]), ("AccepterVpcInfo", other, regions[1])):
            known = next((v for v in self.items["ec2.describe_vpcs"] if v["VpcId"] == vpc), None)
            info: Json = {"VpcId": vpc, "OwnerId": self.account, "Region": region}
            if known is not None:
                info["CidrBlock"] = known["CidrBlock"]
                info["CidrBlockSet"] = [{"CidrBlock": a["CidrBlock"]} for a in known["CidrBlockAssociationSet"]]
                six = known["Ipv6CidrBlockAssociationSet"]
                info["Ipv6CidrBlockSet"] = [{"Ipv6CidrBlock": a["Ipv6CidrBlock"]} for a in six]
            item[key] = info
        return self._add("vpc_peering_connections", item)

    def prefix_list(self, identity: str, *cidrs: str) -> Json:
        """A customer-managed prefix list with its entries."""
        self.entries[identity] = [{"Cidr": c} for c in cidrs]
        return self._add("managed_prefix_lists", {"PrefixListId": identity, "PrefixListName": identity})

    def instance(self, identity: str, *interfaces: str, state: str = "running", **more: Any) -> Json:
        """An instance with its interfaces, the first one first."""
        attached = [{"NetworkInterfaceId": e, "Attachment": {"DeviceIndex": i}} for i, e in enumerate(interfaces)]
        item: Json = {"InstanceId": identity, "State": {"Name": state}, "NetworkInterfaces": attached}
        self._add("instances", {"Instances": [item | more]})
        return item

    def answers(self, without: Iterable[str] = ()) -> dict[Call, Json]:
        """Every answer but those of the calls named."""
        gone = set(without)
        found: dict[Call, Json] = {
            Call(call, self.account, self.region): {RESULT_KEYS[call]: listed}
            for call, listed in self.items.items()
            if call not in gone
        }
        found |= {Call(c, self.account, self.region): body for c, body in self.objects.items() if c not in gone}
        entries = "ec2.get_managed_prefix_list_entries"
        if entries not in gone:
            found |= {Call(entries, self.account, self.region, pl): {"Entries": e} for pl, e in self.entries.items()}
        return found

    def described(self, without: Iterable[str] = ()) -> Described:
        """All answers together."""
        return together(self, without=without)

    def network(self, without: Iterable[str] = ()) -> Network:
        """The network that the answers describe."""
        return build(self.described(without))


def together(*accounts: Account, without: Iterable[str] = ()) -> Described:
    """The answers of several accounts."""
    gone = frozenset(without)
    answers: dict[Call, Json] = {}
    for one in accounts:
        answers |= one.answers(gone)
    return Described(
        answers=answers,
        unseen=tuple(gap for one in accounts for gap in one.unseen),
        asked=frozenset(call for one in accounts for call in one.asked),
        accounts=tuple(one.account for one in accounts),
        regions=tuple(sorted({one.region for one in accounts})),
    )


def two_subnets(**named: Any) -> Account:
    """One VPC 10.0.0.0/16, a client 10.0.1.10 and a server 10.0.2.20 in subnets of their own, everything open.

    `client` and `server` in `named` are members for their interfaces.
    """
    made = Account()
    made.vpc("vpc-a", "10.0.0.0/16", "2001:db8::/56")
    made.subnet("subnet-1", "vpc-a", "10.0.1.0/24", "2001:db8:0:1::/64")
    made.subnet("subnet-2", "vpc-a", "10.0.2.0/24", "2001:db8:0:2::/64")
    made.group("sg-open", "vpc-a")
    made.acl("acl-1", "vpc-a", ["subnet-1"])
    made.acl("acl-2", "vpc-a", ["subnet-2"])
    made.table("rtb-1", "vpc-a", subnets=["subnet-1"], main=True)
    made.table("rtb-2", "vpc-a", subnets=["subnet-2"])
    made.interface("eni-client", "subnet-1", "10.0.1.10", "2001:db8:0:1::10", **named.get("client", {}))
    made.interface("eni-server", "subnet-2", "10.0.2.20", "2001:db8:0:2::20", **named.get("server", {}))
    return made


def two_vpcs(state: str = "active", regions: tuple[str, str] = (REGION, REGION)) -> Account:
    """The account of `two_subnets` and a peer VPC 10.9.0.0/16 with 10.9.1.30 behind pcx-1, routes on both sides."""
    made = two_subnets()
    made.vpc("vpc-b", "10.9.0.0/16", "2001:db8:9::/56")
    made.subnet("subnet-9", "vpc-b", "10.9.1.0/24", "2001:db8:9:1::/64")
    made.group("sg-peer", "vpc-b")
    made.acl("acl-9", "vpc-b", ["subnet-9"])
    made.peering("pcx-1", "vpc-a", "vpc-b", state, regions)
    made.table("rtb-9", "vpc-b", [route("10.0.0.0/16", "pcx-1"), route("2001:db8::/56", "pcx-1")], main=True)
    for table in made.items["ec2.describe_route_tables"][:2]:
        table["Routes"] += [route("10.9.0.0/16", "pcx-1"), route("2001:db8:9::/56", "pcx-1")]
    made.interface("eni-peer", "subnet-9", "10.9.1.30", "2001:db8:9:1::30", groups=["sg-peer"])
    return made


def with_internet(made: Account, public: str = "198.51.100.10") -> Account:
    """Gives eni-client a public address and subnet-1 a default route to igw-1."""
    made.internet_gateway("igw-1", "vpc-a")
    made.items["ec2.describe_route_tables"][0]["Routes"] += [route("0.0.0.0/0", "igw-1"), route("::/0", "igw-1")]
    item = made.items["ec2.describe_network_interfaces"][0]
    item["Association"] = {"PublicIp": public}
    item["PrivateIpAddresses"][0]["Association"] = {"PublicIp": public}
    return made


def interface_ids(made: Account, keep: Callable[[Json], bool] = lambda _: True) -> list[str]:
    """The ids of an account's interfaces, NAT gateways' own left out."""
    listed = made.items["ec2.describe_network_interfaces"]
    return [i["NetworkInterfaceId"] for i in listed if i["InterfaceType"] == "interface" and keep(i)]
