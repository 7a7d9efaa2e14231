"""What a fix touches: whose it is, where it lies and how it is tagged, by which policies are chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.settings.fixes import ApproverSettings, FixSettings, Risk
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.network.network import Network
from diagnosis.network.network_acls import NetworkAcl
from diagnosis.network.security_groups import SecurityGroup
from diagnosis.network.shape import rule_ports
from diagnosis.traffic.intervals import has
from diagnosis.traffic.protocols import TCP, UDP, protocol_number

Tags = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Touched:
    """A group or ACL that is edited. Tags are its own and those of its VPC."""

    id: str
    account: str
    regions: frozenset[str]
    vpc: str | None
    tags: Tags


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a fix touches."""

    touched: tuple[Touched, ...]
    admin: bool
    """Whether it lets in traffic to a port by which hosts are administered."""
    risk: Risk

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """The accounts and Regions of what is touched."""
        return frozenset((one.account, region) for one in self.touched for region in one.regions)


def subject(network: Network, changes: tuple[Change, ...], risk: Risk, settings: FixSettings) -> Subject | None:
    """What these changes touch, as `network` has it now; None where some of it is not seen, or is no group or ACL."""
    found: dict[str, Touched] = {}
    for change in changes:
        one = _component(network, change)
        if one is None:
            return None
        vpc = network.vpcs.get(one.vpc or "")
        tags = frozenset(one.tags) | frozenset(vpc.tags if vpc is not None else ())
        regions = frozenset(region for _, region in one.origins)
        found[one.id] = Touched(one.id, one.account, regions, one.vpc, tags)
    admin = any(lets_in_admin(change, settings.admin_ports) for change in changes)
    return Subject(tuple(found.values()), admin, risk)


def _component(network: Network, change: Change) -> SecurityGroup | NetworkAcl | None:
    match change:
        case GroupRuleChange():
            return network.groups.get(change.component)
        case AclEntryChange():
            return network.acls.get(change.component)
        case RouteChange():
            return None


def lets_in_admin(change: Change, admin_ports: Iterable[int]) -> bool:
    """Whether a rule or entry lets in TCP or UDP to one of these ports; a route opens nothing by itself."""
    if isinstance(change, RouteChange) or change.direction == "egress":
        return False
    protocol = protocol_number(change.protocol)
    ports = rule_ports(protocol, change.from_port, change.to_port)
    return protocol in (None, TCP, UDP) and any(has(ports, number) for number in admin_ports)


def needed(about: Subject, settings: FixSettings) -> int:
    """How many people must approve: the most that any of the settings asks for."""
    wanted = [settings.approvals]
    if about.risk != "safe":
        wanted.append(settings.judgement_approvals)
    if about.admin:
        wanted.append(settings.admin_approvals)
    wanted += [count for tag, count in settings.tag_approvals.items() if any(tagged(t, tag) for t in about.touched)]
    return max(wanted)


def tagged(one: Touched, tag: str) -> bool:
    """Whether it carries the tag, `Key=Value`, or `Key` with any value."""
    key, equals, value = tag.partition("=")
    return (key, value) in one.tags if equals else any(known == key for known, _ in one.tags)


def covers(rule: ApproverSettings, about: Subject) -> bool:
    """Whether a rule of the approvers speaks of all that the fix touches."""
    return (not rule.risks or about.risk in rule.risks) and all(_speaks_of(rule, one) for one in about.touched)


def _speaks_of(rule: ApproverSettings, one: Touched) -> bool:
    return (
        (not rule.accounts or one.account in rule.accounts)
        and (not rule.vpcs or one.vpc in rule.vpcs)
        and (not rule.tags or any(tagged(one, tag) for tag in rule.tags))
    )
