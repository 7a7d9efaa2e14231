"""VPC endpoints, and the endpoint services that this account offers behind its own load balancers.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from diagnosis.network.shape import Item, flag, items, name_tag, needed_text, tags, text, texts, word
from diagnosis.network.vpcs import Origins

SERVING = frozenset({"available", "partial"})
"""States in which an endpoint carries traffic; `partial` is available in some of its zones."""
FIREWALL_TAG = "AWSNetworkFirewallManaged"
"""The tag that Network Firewall puts on the endpoints that it makes."""


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint: an interface endpoint has interfaces and DNS names, a gateway endpoint has route tables."""

    id: str
    kind: str
    """`gateway`, `interface`, `gatewayloadbalancer`, `resource`, `servicenetwork`, in lower case."""
    service: str
    vpc: str | None
    state: str | None
    """None where the answer does not say: it is then assumed to be available."""
    interfaces: tuple[str, ...]
    dns_names: tuple[str, ...]
    route_tables: tuple[str, ...]
    name: str | None
    subnets: tuple[str, ...] = ()
    private_dns: bool | None = None
    """Whether the service's own DNS name resolves to the endpoint in its VPC; None where the answer does not say."""
    restricted: bool = False
    """Whether its policy is another than full access: requests may be refused with HTTP 403, packets never."""
    for_firewall: bool = False
    """Whether AWS Network Firewall made it."""
    origins: Origins = ()

    @property
    def port(self) -> int | None:
        """The port on which AWS's own service behind it is called: HTTPS, but for mail; None for another's service."""
        ours = self.kind == "interface" and self.service.startswith("com.amazonaws.") and ".vpce." not in self.service
        return 443 if ours and not self.service.endswith(".email-smtp") else None


@dataclass(frozen=True, slots=True)
class EndpointService:
    """An endpoint service of this account, and the load balancers that stand behind it."""

    id: str
    name: str
    state: str
    balancers: tuple[str, ...]
    """ARNs of Network Load Balancers."""
    origins: Origins


def parse_endpoint(item: Item, origins: Origins) -> VpcEndpoint:
    """An entry of `VpcEndpoints`."""
    hosts = {text(d, "DnsName") for d in items(item, "DnsEntries")}
    interfaces = texts(item, "NetworkInterfaceIds")
    return VpcEndpoint(
        id=text(item, "VpcEndpointId") or "",
        kind=word(item, "VpcEndpointType") or ("interface" if interfaces else "gateway"),
        service=text(item, "ServiceName") or "",
        vpc=text(item, "VpcId"),
        state=word(item, "State"),
        interfaces=tuple(sorted(interfaces)),
        dns_names=tuple(sorted(h.lower() for h in hosts if h)),
        route_tables=tuple(sorted(texts(item, "RouteTableIds"))),
        name=name_tag(item),
        subnets=tuple(sorted(texts(item, "SubnetIds"))),
        private_dns=flag(item, "PrivateDnsEnabled"),
        restricted=_restricts(text(item, "PolicyDocument")),
        for_firewall=any(key == FIREWALL_TAG for key, _ in tags(item)),
        origins=origins,
    )


def parse_endpoint_service(item: Item, origins: Origins) -> EndpointService:
    """An entry of `ServiceConfigurations`."""
    return EndpointService(
        id=text(item, "ServiceId") or "",
        name=needed_text(item, "ServiceName"),
        state=word(item, "ServiceState") or "available",
        balancers=tuple(sorted(texts(item, "NetworkLoadBalancerArns"))),
        origins=origins,
    )


def _restricts(document: str | None) -> bool:
    """Whether a policy is not the default one, which allows everything to everybody."""
    if document is None:
        return False
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError):
        return True
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    known = [statement for statement in listed if isinstance(statement, dict)]
    if len(known) < len(listed) or any(str(statement.get("Effect")).lower() != "allow" for statement in known):
        return True
    return not any(_allows_all(statement) for statement in known)


def _allows_all(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    anyone = principal in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    wide = all(statement.get(key) in ("*", ["*"]) for key in ("Action", "Resource"))
    return anyone and wide and not statement.get("Condition")
