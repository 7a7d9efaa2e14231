"""Accounts with load balancers, as AWS describes them: nodes in two zones, listeners, target groups, targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from diagnosis.network.described import Call
from tests.accounts import Account, Json, entry, open_entries

ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111"
CLIENT, SERVER, OTHER = "10.0.1.10", "10.0.21.20", "10.0.22.30"
NODE_A, NODE_B = "10.0.11.5", "10.0.12.5"
SUBNETS = {
    "subnet-client": ("10.0.1.0/24", "a"),
    "subnet-node-a": ("10.0.11.0/24", "a"),
    "subnet-node-b": ("10.0.12.0/24", "b"),
    "subnet-a": ("10.0.21.0/24", "a"),
    "subnet-b": ("10.0.22.0/24", "b"),
}


class Balancing(Account):
    """VPC 10.0.0.0/16 with a client, a server in zone a and another in zone b, all open; load balancers are added."""

    def __init__(self) -> None:
        super().__init__()
        self.by_name: dict[tuple[str, str], Json] = {}
        self.vpc("vpc-a", "10.0.0.0/16")
        self.group("sg-open", "vpc-a")
        for name, (cidr, zone) in SUBNETS.items():
            self.subnet(name, "vpc-a", cidr, AvailabilityZone=f"us-east-1{zone}")
            self.acl(f"acl-{name}", "vpc-a", [name])
        self.table("rtb-1", "vpc-a", main=True)
        self.interface("eni-client", "subnet-client", CLIENT)
        self.interface("eni-server", "subnet-a", SERVER, groups=["sg-server"], instance="i-server")
        self.interface(
            "eni-other", "subnet-b", OTHER, groups=["sg-server"], instance="i-other", AvailabilityZone="us-east-1b"
        )
        self.instance("i-server", "eni-server")
        self.instance("i-other", "eni-other")

    def balancer(self, kind: str, groups: Sequence[str] = (), zones: str = "ab", **more: Any) -> str:
        """A load balancer `lb` with a node in each zone; its ARN."""
        letter = {"network": "net", "application": "app", "gateway": "gwy"}[kind]
        arn = f"{ARN}:loadbalancer/{letter}/lb/0123"
        item: Json = {
            "LoadBalancerArn": arn,
            "LoadBalancerName": "lb",
            "DNSName": "lb-0123.elb.us-east-1.amazonaws.com",
            "Type": kind,
            "VpcId": "vpc-a",
            "State": {"Code": "active"},
            "AvailabilityZones": [{"ZoneName": f"us-east-1{z}", "SubnetId": f"subnet-node-{z}"} for z in zones],
            "SecurityGroups": list(groups),
        }
        self._several("elbv2.describe_load_balancers", "LoadBalancers", item | more)
        node = "network_load_balancer" if kind == "network" else "interface"
        self._nodes(f"ELB {letter}/lb/0123", groups, zones, node)
        self.by_name["elbv2.describe_listeners", "lb"] = {"Listeners": []}
        self._several("elbv2.describe_target_groups", "TargetGroups", None)
        return arn

    def classic(
        self, *instances: str, groups: Sequence[str] = ("sg-open",), zones: str = "ab", inside: int = 8080
    ) -> str:
        """A Classic Load Balancer `old` with a listener on 80; its ARN."""
        item: Json = {
            "LoadBalancerName": "old",
            "VPCId": "vpc-a",
            "AvailabilityZones": [f"us-east-1{z}" for z in zones],
            "SecurityGroups": list(groups),
            "Instances": [{"InstanceId": i} for i in instances],
            "ListenerDescriptions": [
                {"Listener": {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": inside}}
            ],
        }
        self._several("elb.describe_load_balancers", "LoadBalancerDescriptions", item)
        self._nodes("ELB old", groups, zones, "interface")
        return f"{ARN}:loadbalancer/old"

    def _nodes(self, description: str, groups: Sequence[str], zones: str, kind: str) -> None:
        for zone in zones:
            self.interface(
                f"eni-node-{zone}",
                f"subnet-node-{zone}",
                NODE_A if zone == "a" else NODE_B,
                groups=groups,
                AvailabilityZone=f"us-east-1{zone}",
                Description=description,
                InterfaceType=kind,
                RequesterId="amazon-elb",
                SourceDestCheck=False,
            )

    def _several(self, call: str, key: str, item: Json | None) -> None:
        listed = self.objects.setdefault(call, {key: []})[key]
        if item is not None:
            listed.append(item)

    def listener(self, port: int, *groups: str, protocol: str = "TCP", action: Json | None = None) -> None:
        """A listener of `lb` that forwards to these target groups."""
        forward = {
            "Type": "forward",
            "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group_arn(g)} for g in groups]},
        }
        arn = f"{ARN}:listener/x/lb/0123/{protocol.lower()}{port}"
        item = {"ListenerArn": arn, "Port": port, "Protocol": protocol, "DefaultActions": [action or forward]}
        self.by_name["elbv2.describe_listeners", "lb"]["Listeners"].append(item)

    def targets(
        self,
        name: str,
        *targets: str,
        port: int = 8080,
        protocol: str = "TCP",
        kind: str = "instance",
        attributes: dict[str, str] | None = None,
    ) -> None:
        """A target group with its targets, each `id`, `id:port` or `id@zone`."""
        item = {
            "TargetGroupArn": group_arn(name),
            "TargetGroupName": name,
            "Protocol": protocol,
            "Port": port,
            "TargetType": kind,
            "VpcId": "vpc-a",
        }
        self._several("elbv2.describe_target_groups", "TargetGroups", item)
        health = [_target(t, port) for t in targets]
        self.by_name["elbv2.describe_target_health", name] = {"TargetHealthDescriptions": health}
        if attributes:
            listed = [{"Key": key, "Value": value} for key, value in attributes.items()]
            self.by_name["elbv2.describe_target_group_attributes", name] = {"Attributes": listed}

    def cross_zone(self, *, on: bool) -> None:
        """Says of `lb` whether cross-zone load balancing is on."""
        value = "true" if on else "false"
        attributes = {"Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": value}]}
        self.by_name["elbv2.describe_load_balancer_attributes", "lb"] = attributes

    def endpoint(self, identity: str, kind: str = "Interface", *interfaces: str, **more: Any) -> Json:
        """A VPC endpoint of vpc-a."""
        item: Json = {
            "VpcEndpointId": identity,
            "VpcEndpointType": kind,
            "VpcId": "vpc-a",
            "ServiceName": "com.amazonaws.us-east-1.secretsmanager",
            "State": "available",
            "NetworkInterfaceIds": list(interfaces),
            "PrivateDnsEnabled": True,
        }
        self._several("ec2.describe_vpc_endpoints", "VpcEndpoints", item | more)
        return item

    def shut(self, subnet: str, *, egress: bool, low: int, high: int) -> None:
        """Denies a range of TCP ports in one direction of a subnet's ACL."""
        acl = next(a for a in self.items["ec2.describe_network_acls"] if a["NetworkAclId"] == f"acl-{subnet}")
        acl["Entries"] = [*open_entries(), entry(10, "deny", protocol="6", ports=(low, high), egress=egress)]

    def answers(self, without: Iterable[str] = ()) -> dict[Call, Json]:
        """The answers of calls by name too."""
        gone = set(without)
        named = {
            Call(call, self.account, self.region, name): body
            for (call, name), body in self.by_name.items()
            if call not in gone
        }
        return super().answers(gone) | named


def group_arn(name: str) -> str:
    """The ARN of a target group."""
    return f"{ARN}:targetgroup/{name}/0123"


def _target(text: str, port: int) -> Json:
    identity, _, zone = text.partition("@")
    identity, _, own = identity.partition(":")
    target: Json = {"Id": identity, "Port": int(own) if own else port}
    if zone:
        target["AvailabilityZone"] = zone
    return {"Target": target, "TargetHealth": {"State": "healthy"}}
