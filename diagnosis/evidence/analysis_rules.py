"""The rules and routes that an analysis shows, in the words that answers use for ours: "rule 50 denies all from …".

Members that are not known are told after them, so that nothing of a rule is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_TARGETS: Final = (
    *("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId", "InstanceId"),
    *("EgressOnlyInternetGatewayId", "CarrierGatewayId", "LocalGatewayId", "CoreNetworkArn", "AttachmentId"),
)
_ACL: Final = frozenset({"Cidr", "Egress", "PortRange", "Protocol", "RuleAction", "RuleNumber"})
_GROUP: Final = frozenset({"Cidr", "Direction", "PortRange", "PrefixListId", "Protocol", "SecurityGroupId"})
_ROUTE: Final = frozenset({"DestinationCidr", "DestinationPrefixListId", "PrefixListId", "State", *_TARGETS})
_SPLIT: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def told(name: str, value: Any) -> str:
    """A member of an explanation as text: rules and routes in words, all else by name and value."""
    if isinstance(value, Mapping):
        match name:
            case "AclRule":
                return _with_rest(_acl_rule(value), value, _ACL)
            case "SecurityGroupRule":
                return _with_rest(_group_rule(value), value, _GROUP)
            case "RouteTableRoute" | "TransitGatewayRouteTableRoute":
                return _with_rest(_route(value), value, _ROUTE)
            case _:
                pass
    return f"{worded(name)} {said(value)}".rstrip()


def worded(name: str) -> str:
    """A member's name in words: `AvailabilityZones` as "availability zones"."""
    return " ".join(part if part.isupper() else part.lower() for part in _SPLIT.split(name))


def said(value: Any) -> str:
    """Anything as text: a mapping as its members, a range of ports as AWS's consoles write it."""
    if isinstance(value, Mapping):
        if value.keys() == {"From", "To"}:
            return str(value["From"]) if value["From"] == value["To"] else f"{value['From']}-{value['To']}"
        return ", ".join(
            f"{worded(str(name))} {said(inner)}" for name, inner in value.items() if inner not in (None, "", [], {})
        )
    if isinstance(value, list | tuple):
        return ", ".join(said(inner) for inner in value)
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _with_rest(words: str, value: Mapping[str, Any], known: frozenset[str]) -> str:
    rest = {name: inner for name, inner in value.items() if name not in known}
    return ", ".join(filter(None, (words, said(rest))))


def _acl_rule(rule: Mapping[str, Any]) -> str:
    number = said(rule.get("RuleNumber"))
    action = said(rule.get("RuleAction")).lower()
    verb = {"allow": "allows", "deny": "denies"}.get(action, action)
    side = "to" if rule.get("Egress") is True else "from"
    peer = f"{side} {rule['Cidr']}" if rule.get("Cidr") else ""
    return " ".join(filter(None, (f"rule {number}" if number else "a rule", verb, _traffic(rule), peer)))


def _group_rule(rule: Mapping[str, Any]) -> str:
    side = "to" if said(rule.get("Direction")).lower() == "egress" else "from"
    peer = rule.get("Cidr") or rule.get("SecurityGroupId") or rule.get("PrefixListId")
    return " ".join(filter(None, ("rule", _traffic(rule), f"{side} {peer}" if peer else "")))


def _traffic(rule: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (said(rule.get("Protocol")), said(rule.get("PortRange")))))


def _route(route: Mapping[str, Any]) -> str:
    to = route.get("DestinationCidr") or route.get("DestinationPrefixListId") or route.get("PrefixListId") or "?"
    target = next((route[name] for name in _TARGETS if route.get(name)), "")
    state = said(route.get("State")).lower()
    way = f"route {to} → {target}" if target else f"route {to}"
    return way if state in {"", "active"} else f"{way} ({state})"
