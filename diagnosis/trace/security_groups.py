"""Security groups on the path: the union of all groups of the interface; a reference matches private addresses only.

"When you specify a security group as the source or destination for a rule, the rule affects all instances that are
associated with the security groups. The traffic is based on the private IP addresses of the instances"
(https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html).
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule, PrefixListPeer, SecurityGroup
from diagnosis.network.shape import protocols_of
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker, Direction, Step, cannot_tell, passes
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.filters import EGRESS, INGRESS, Filter, Rule
from diagnosis.traffic.intervals import IntervalSet, covers, join, join_all, minus
from diagnosis.traffic.ports import ALL_PORTS, format_ports
from diagnosis.traffic.protocols import ALL_PROTOCOLS, protocol_name
from diagnosis.traffic.traffic import Traffic

KIND = "security-group"
CALL = "ec2.describe_security_groups"
BY_REFERENCE = "by reference"
"""The detail of a blocker of a group whose rule names a group of the peer and does not match on this path."""

PEERINGS = "ec2.describe_vpc_peering_connections"
ASSOCIATIONS = "ec2.describe_security_group_vpc_associations"
ASSOCIATED = frozenset({"associated", "associating", "disassociation-failed"})
"""States in which a group works in a VPC that is not its own."""

Scope = frozenset[str]
"""VPCs whose interfaces a group reference can match on this path."""


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """What a set of groups allows for certain, and what it may allow given what was not seen."""

    certain: Filter
    possible: Filter
    gaps: tuple[Missing, ...]
    rules: dict[str, tuple[str, GroupRule]]
    """Group and rule by the reference that the filters carry."""
    assumed: tuple[str, ...] = ()


def member_addresses(network: Network, group: str, scope: Scope | None) -> IntervalSet:
    """The private addresses of the interfaces in `scope`, or anywhere, that hold the group."""
    key = ("members", group, scope)
    found: IntervalSet | None = network.memo.get(key)
    if found is None:
        holders = (network.interfaces[eni] for eni in network.members.get(group, ()))
        found = join_all(i.own_addresses for i in holders if scope is None or (i.vpc or "") in scope)
        network.memo.keep(key, found)
    return found


def peer_addresses(network: Network, rule: GroupRule, scope: Scope) -> IntervalSet | None:
    """The addresses that a rule's peer stands for; None where they were not seen."""
    match rule.peer:
        case CidrPeer():
            return rule.peer.addresses
        case GroupPeer(group=group):
            return member_addresses(network, group, scope)
        case PrefixListPeer(prefix_list=identity):
            key = ("prefix list", identity)
            if key not in network.memo:
                known = network.prefix_lists.get(identity)
                network.memo.keep(key, known.addresses if known is not None else None)
            listed: IntervalSet | None = network.memo[key]
            return listed


def group_filter(
    network: Network, groups: tuple[str, ...], interface: NetworkInterface, scope: Scope, doubt: Scope, *, egress: bool
) -> GroupFilter:
    """The compiled rules of these groups in one direction, shared by all interfaces that hold the same groups.

    What was not seen is told of the account of the interface; where there is any, each account has its own.
    """
    key: tuple[object, ...] = (KIND, groups, interface.vpc, scope, doubt, egress)
    found: GroupFilter | None = network.memo.get(key)
    if found is not None and found.gaps:
        key = (*key, interface.origins)
        found = network.memo.get(key)
    if found is None:
        made = _compile(network, groups, interface, scope, doubt, egress=egress)
        found = network.memo.keep(key, made, groups)
    return found


def _compile(
    network: Network, groups: tuple[str, ...], interface: NetworkInterface, scope: Scope, doubt: Scope, *, egress: bool
) -> GroupFilter:
    certain: list[Rule] = []
    doubtful: list[Rule] = []
    gaps: list[Missing] = []
    assumed: list[str] = []
    refs: dict[str, tuple[str, GroupRule]] = {}
    for identity in groups:
        group = network.groups.get(identity)
        if group is None:
            gaps.append(network.gap(CALL, interface.origins, f"security group {identity}"))
            doubtful.append(Rule(True, ALL_ADDRESSES, ALL_PROTOCOLS, ALL_PORTS, None))
            continue
        works = works_in(network, group, interface)
        if isinstance(works, Missing):
            gaps.append(works)
        else:
            assumed += works
        sure_rules = doubtful if isinstance(works, Missing) else certain
        for index, rule in enumerate(group.in_direction(egress=egress)):
            ref = f"{identity}#{index}"
            refs[ref] = (identity, rule)
            addresses = peer_addresses(network, rule, scope)
            if addresses is None:
                assert isinstance(rule.peer, PrefixListPeer)
                gaps.append(network.prefix_list_gap(rule.peer.prefix_list, group.origins))
                doubtful.append(Rule(True, ALL_ADDRESSES, protocols_of(rule.protocol), rule.ports, ref))
            elif addresses:
                sure_rules.append(Rule(True, addresses, protocols_of(rule.protocol), rule.ports, ref))
            if isinstance(rule.peer, GroupPeer):
                maybe, gap = _possible_members(network, rule.peer.group, interface, scope, doubt)
                if maybe and gap is not None:
                    gaps.append(gap)
                    doubtful.append(Rule(True, maybe, protocols_of(rule.protocol), rule.ports, ref))
    sure = Filter(certain)
    return GroupFilter(sure, Filter([*certain, *doubtful]) if doubtful else sure, tuple(gaps), refs, tuple(assumed))


def works_in(network: Network, group: SecurityGroup, interface: NetworkInterface) -> tuple[str, ...] | Missing:
    """What is assumed of a group that works in the interface's VPC, or why it is not certain that it does.

    A group of another VPC works where it is associated with this one
    (https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html).
    """
    if not group.vpc or not interface.vpc or group.vpc == interface.vpc:
        return ()
    if network.group_vpcs.get((group.id, interface.vpc)) in ASSOCIATED:
        return ()
    what = f"the association of {group.id} with {interface.vpc}"
    if network.coverage.seen(ASSOCIATIONS, group.origins) or network.coverage.named(ASSOCIATIONS):
        return network.gap(ASSOCIATIONS, group.origins, what)
    return (f"{ASSOCIATIONS}: {group.id} is associated with {interface.vpc}",)


def open_to(
    network: Network, groups: tuple[str, ...], interface: NetworkInterface, *, egress: bool
) -> IntervalSet | None:
    """Ranges with which the groups certainly let all traffic pass, by rules that name ranges.

    None where it is assumed of some group that it works in the interface's VPC.
    """
    ranges: list[IntervalSet] = []
    for identity in groups:
        group = network.groups.get(identity)
        works = works_in(network, group, interface) if group is not None else ()
        if works == ():
            ranges.append(_open_of(network, identity, egress=egress))
        elif not isinstance(works, Missing):
            return None
    return join_all(ranges)


def _open_of(network: Network, group: str, *, egress: bool) -> IntervalSet:
    """Ranges with which one group lets all traffic pass."""
    key = ("open", group, egress)
    found: IntervalSet | None = network.memo.get(key)
    if found is None:
        known = network.groups.get(group)
        rules = (r for r in known.rules if r.egress is egress and r.protocol is None) if known is not None else ()
        found = join_all(r.peer.addresses for r in rules if isinstance(r.peer, CidrPeer))
        network.memo.keep(key, found, (group,))
    return found


def _possible_members(
    network: Network, group: str, interface: NetworkInterface, scope: Scope, doubt: Scope
) -> tuple[IntervalSet, Missing | None]:
    """Addresses that a reference may match besides the certain ones, and what was not seen of them."""
    unseen = sorted(vpc for vpc in doubt if vpc not in network.vpcs)
    if unseen and not network.members.get(group):
        known = network.groups.get(group)
        if known is None or known.vpc in unseen:
            reason = f"which interfaces of {', '.join(unseen)} hold {group} was not seen"
            gap = network.coverage.missing("ec2.describe_network_interfaces", (), reason)
            return minus(ALL_ADDRESSES, network.all_vpc_addresses), gap
    if doubt:
        beyond = member_addresses(network, group, doubt)
        if beyond:
            return beyond, network.gap(PEERINGS, interface.origins, f"whether {', '.join(sorted(doubt))} is peered")
    unheard = silent(network, scope)
    if group not in network.groups and network.hidden_owners:
        unheard = join(unheard, _hidden(network, scope))
    if unheard:
        reason = f"the security groups of interfaces that {group} may be held by"
        return unheard, network.coverage.missing("ec2.describe_network_interfaces", interface.origins, reason)
    return (), None


def _hidden(network: Network, scope: Scope) -> IntervalSet:
    """Addresses of shared VPCs in `scope` that an interface of their owner, which was not seen, may hold."""
    held = join_all(i.own_addresses for i in network.interfaces.values() if i.vpc in network.hidden_owners)
    shared = join_all(network.vpcs[vpc].addresses for vpc in network.hidden_owners if vpc in scope)
    return minus(shared, held)


def refers_into(network: Network, groups: tuple[str, ...], vpc: str, *, egress: bool) -> bool:
    """Whether some rule of these groups names a group that may have members in this VPC."""
    names = named(network, groups, egress=egress)
    if not names:
        return False
    return any(vpc in _homes(network, name) for name in names) or bool(silent(network, frozenset({vpc})))


def _homes(network: Network, group: str) -> frozenset[str]:
    """The VPCs in which interfaces that hold a group have addresses."""
    key = ("homes", group)
    found: frozenset[str] | None = network.memo.get(key)
    if found is None:
        holders = (network.interfaces[eni] for eni in network.members.get(group, ()))
        found = network.memo.keep(key, frozenset(i.vpc or "" for i in holders if i.own_addresses))
    return found


def named(network: Network, groups: tuple[str, ...], *, egress: bool) -> frozenset[str]:
    """The groups that the rules of some groups name."""
    key = ("named", groups, egress)
    found: frozenset[str] | None = network.memo.get(key)
    if found is None:
        each = (references(network, group, egress=egress) for group in groups)
        found = network.memo.keep(key, frozenset(name for rules in each for name in rules), groups)
    return found


def references(network: Network, group: str, *, egress: bool) -> dict[str, tuple[GroupRule, ...]]:
    """The rules of a group that name groups, by the group that they name."""
    key = ("references", group, egress)
    found: dict[str, tuple[GroupRule, ...]] | None = network.memo.get(key)
    if found is None:
        found = {}
        known = network.groups.get(group)
        for rule in known.in_direction(egress=egress) if known is not None else ():
            if isinstance(rule.peer, GroupPeer):
                found[rule.peer.group] = (*found.get(rule.peer.group, ()), rule)
        network.memo.keep(key, found, (group,))
    return found


def silent(network: Network, scope: Scope | None) -> IntervalSet:
    """Addresses of the interfaces in `scope`, or anywhere, that do not say which groups they hold."""
    key = ("silent", scope)
    found: IntervalSet | None = network.memo.get(key)
    if found is None:
        silent = (
            i for i in network.interfaces.values() if i.groups is None and (scope is None or (i.vpc or "") in scope)
        )
        found = network.memo.keep(key, join_all(i.own_addresses for i in silent))
    return found


def judge(
    network: Network,
    interface: NetworkInterface,
    traffic: Traffic,
    scope: Scope,
    peer: NetworkInterface | None,
    *,
    egress: bool,
    doubt: Scope = frozenset(),
    explain: bool = True,
) -> Step | None:
    """What the groups of an interface do to traffic that leaves (`egress`) or reaches it; None where none applies."""
    direction: Direction = "egress" if egress else "ingress"
    if interface.groups is None:
        gap = network.coverage.missing(
            "ec2.describe_network_interfaces", interface.origins, f"the security groups of {interface.id}"
        )
        return cannot_tell(KIND, interface.id, traffic, gap, direction=direction)
    if not interface.groups:
        return None
    compiled = group_filter(network, interface.groups, interface, scope, doubt, egress=egress)
    view = EGRESS if egress else INGRESS
    passed, rest = compiled.certain.split(traffic, view)
    if rest.empty:
        return _passing(compiled, interface, passed, direction, explain=explain)
    maybe, dropped = rest, rest
    if compiled.possible is compiled.certain:
        maybe = Traffic.nothing()
    else:
        maybe, dropped = compiled.possible.split(rest, view)
    blockers: tuple[Blocker, ...] = ()
    if not dropped.empty:
        blockers = tuple(
            Blocker(
                code_of(network.groups.get(identity), egress=egress),
                identity,
                (interface.id,),
                direction,
                None,
                dropped,
                BY_REFERENCE if names_peer(network, identity, peer, dropped, egress=egress) else "",
                any_of=len(interface.groups),
            )
            for identity in interface.groups
        )
    rule = _credit(compiled, passed, egress=egress) if explain and not passed.empty else ("", None, "")
    return Step(
        KIND,
        rule[0] or interface.groups[0],
        direction,
        passed,
        dropped,
        maybe,
        rule[1],
        rule[2],
        blockers,
        () if maybe.empty else compiled.gaps,
        compiled.assumed,
    )


def _passing(
    compiled: GroupFilter, interface: NetworkInterface, passed: Traffic, direction: Direction, *, explain: bool
) -> Step:
    assert interface.groups
    if not explain:
        return passes(KIND, interface.groups[0], passed, direction=direction, assumed=compiled.assumed)
    group, rule_id, detail = _credit(compiled, passed, egress=direction == "egress")
    step = passes(KIND, group or interface.groups[0], passed, direction=direction, rule=rule_id, detail=detail)
    return step._replace(assumed=compiled.assumed) if compiled.assumed else step


def _credit(compiled: GroupFilter, passed: Traffic, *, egress: bool) -> tuple[str, str | None, str]:
    """The group, rule id and wording of the first rule that allows the traffic."""
    refs = compiled.certain.credit(passed, EGRESS if egress else INGRESS)
    known = [compiled.rules[ref] for ref in refs if ref is not None]
    if not known:
        return "", None, ""
    group, rule = known[0]
    return group, rule.rule_id, words(rule)


def words(rule: GroupRule) -> str:
    """A rule as a person says it: "tcp 3306 from sg-0a1"."""
    preposition = "to" if rule.egress else "from"
    match rule.peer:
        case CidrPeer(cidr=peer):
            pass
        case GroupPeer(group=peer):
            pass
        case PrefixListPeer(prefix_list=peer):
            pass
    if rule.protocol is None:
        return f"all traffic {preposition} {peer}"
    name = protocol_name(rule.protocol)
    if rule.ports == ALL_PORTS:
        return f"all {name} {preposition} {peer}"
    return f"{name} {format_ports(rule.ports, rule.protocol)} {preposition} {peer}"


def code_of(group: SecurityGroup | None, *, egress: bool) -> Code:
    """Which code says best why this group does not allow the traffic."""
    empty = group is not None and not any(rule.egress is egress for rule in group.rules)
    return Code.SG_HAS_NO_RULES if empty else Code.ENI_SG_RULES_MISMATCH


def names_peer(network: Network, group: str, peer: NetworkInterface | None, dropped: Traffic, *, egress: bool) -> bool:
    """Whether a rule names a group of the peer, and would allow all of it had the peer a private address here."""
    if peer is None or not peer.groups:
        return False
    by_group = references(network, group, egress=egress)
    rules = [rule for theirs in peer.groups for rule in by_group.get(theirs, ())]
    if not rules:
        return False
    return any(
        all(covers(protocols_of(rule.protocol), box.protocol) and covers(rule.ports, box.port) for box in dropped.boxes)
        for rule in rules
    )
