"""Changes: one typed edit of the account each, applied to a Network as a function, with its inverse."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from diagnosis.network.network import Network
from diagnosis.network.network_acls import AclEntry
from diagnosis.network.route_tables import Route
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule
from diagnosis.network.shape import rule_ports
from diagnosis.traffic.protocols import protocol_number


class NotApplicable(ValueError):
    """The change does not fit the network: what it edits is not there, or is there already."""


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class GroupRuleChange(_Edit):
    """Adds a rule to a security group, or takes away exactly this one."""

    kind: Literal["security-group-rule"] = "security-group-rule"
    component: str
    action: Literal["add", "remove"] = "add"
    direction: Literal["ingress", "egress"]
    protocol: str
    """"tcp", "udp", "icmp", "icmpv6", a protocol number, or "-1" for all."""
    from_port: int | None = None
    """The first port, or the ICMP type; None for all."""
    to_port: int | None = None
    """The last port, or the ICMP code; None for all."""
    cidr: str | None = None
    group: str | None = None
    group_owner: str | None = None
    """The account of the referenced group, where it is another one."""

    @property
    def rule(self) -> GroupRule:
        """The rule as the network holds it."""
        number = protocol_number(self.protocol)
        peer = CidrPeer(self.cidr) if self.cidr is not None else GroupPeer(self.group or "", self.group_owner or "")
        ports = rule_ports(number, self.from_port, self.to_port)
        return GroupRule(self.direction == "egress", number, ports, peer, self.from_port, self.to_port)

    def apply(self, network: Network) -> Network:
        """The network with the edit made; NotApplicable where it cannot be."""
        group = network.groups.get(self.component)
        if group is None:
            raise NotApplicable(f"security group {self.component} was not seen")
        rule = self.rule
        same = [r for r in group.rules if r.identity == rule.identity]
        if self.action == "add":
            if same:
                raise NotApplicable(f"{self.component} has this rule already")
            return network.with_group(group.with_rules((*group.rules, rule)))
        if not same:
            raise NotApplicable(f"{self.component} has no such rule")
        return network.with_group(group.with_rules(r for r in group.rules if r.identity != rule.identity))

    def inverse(self) -> GroupRuleChange:
        """The edit that takes this one back."""
        return self.model_copy(update={"action": "remove" if self.action == "add" else "add"})


class AclEntryChange(_Edit):
    """Adds an entry to a network ACL under a free number, or takes away exactly this one."""

    kind: Literal["network-acl-entry"] = "network-acl-entry"
    component: str
    action: Literal["add", "remove"] = "add"
    direction: Literal["ingress", "egress"]
    number: int
    protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidr: str
    rule_action: Literal["allow", "deny"] = "allow"

    @property
    def entry(self) -> AclEntry:
        """The entry as the network holds it."""
        protocol = protocol_number(self.protocol)
        ports = rule_ports(protocol, self.from_port, self.to_port)
        return AclEntry(
            self.direction == "egress", self.number, self.rule_action == "allow", protocol, self.cidr, ports
        )

    def apply(self, network: Network) -> Network:
        """The network with the edit made; NotApplicable where it cannot be."""
        acl = network.acls.get(self.component)
        if acl is None:
            raise NotApplicable(f"network ACL {self.component} was not seen")
        entry = self.entry
        there = [e for e in acl.entries if (e.egress, e.number) == (entry.egress, entry.number)]
        if self.action == "add":
            if there:
                raise NotApplicable(f"{self.component} has an entry {self.number} already")
            return network.with_acl(acl.with_entries((*acl.entries, entry)))
        if there != [entry]:
            raise NotApplicable(f"{self.component} has no such entry {self.number}")
        return network.with_acl(acl.with_entries(e for e in acl.entries if e != entry))

    def inverse(self) -> AclEntryChange:
        """The edit that takes this one back."""
        return self.model_copy(update={"action": "remove" if self.action == "add" else "add"})


class RouteChange(_Edit):
    """Adds a route, or takes away exactly this one."""

    kind: Literal["route"] = "route"
    component: str
    action: Literal["add", "remove"] = "add"
    destination: str
    target_kind: str
    target: str

    def _route(self) -> Route:
        return Route(self.destination, False, self.target_kind, self.target, "active", False)

    def apply(self, network: Network) -> Network:
        """The network with the edit made; NotApplicable where it cannot be."""
        table = network.route_tables.get(self.component)
        if table is None:
            raise NotApplicable(f"route table {self.component} was not seen")
        route = self._route()
        there = [r for r in table.routes if r.destination == self.destination and not r.propagated]
        if self.action == "add":
            if there:
                raise NotApplicable(f"{self.component} has a route for {self.destination} already")
            return network.with_route_table(table.with_routes((*table.routes, route)))
        # A route is the same one whether its target exists by now or not.
        if [replace(r, state=route.state) for r in there] != [route]:
            raise NotApplicable(f"{self.component} has no such route for {self.destination}")
        return network.with_route_table(replace(table, routes=tuple(r for r in table.routes if r not in there)))

    def inverse(self) -> RouteChange:
        """The edit that takes this one back."""
        return self.model_copy(update={"action": "remove" if self.action == "add" else "add"})


Change = GroupRuleChange | AclEntryChange | RouteChange


def apply_all(changes: tuple[Change, ...], network: Network) -> Network:
    """The network after all of the changes, in order."""
    for change in changes:
        network = change.apply(network)
    return network


def undo_of(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The changes that take these back, last one first."""
    return tuple(change.inverse() for change in reversed(changes))
