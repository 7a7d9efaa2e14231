"""Whether AWS's quotas have room for what a fix adds.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: rules in a group count for each direction, and
IPv4 and IPv6 apart; a reference to a group counts as one of each, one to a prefix list as many as it may have entries.
All groups of an interface together have at most 1,000 rules in a direction. An ACL's entries count in the same way, the
final one among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from diagnosis.network.network import Network
from diagnosis.network.network_acls import IMPLICIT_DENY
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule, PrefixListPeer

RULES_PER_INTERFACE: Final = 1000


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much a group and an ACL may hold in one direction and family; AWS raises both on request."""

    rules_per_group: int = 60
    entries_per_acl: int = 20


DEFAULT: Final = Quotas()


def has_room(network: Network, group: str, *, egress: bool) -> bool:
    """Whether one more rule fits in a group by AWS's default quota, or by one that the account shows to be higher."""
    count = max(_rules(network, group, egress=egress)) + 1
    return count <= DEFAULT.rules_per_group or count <= _most_rules(network, group, DEFAULT)


def too_full(before: Network, after: Network, touched: Iterable[str], quotas: Quotas = DEFAULT) -> Iterator[str]:
    """A sentence for each group, ACL or interface that would hold more than it may."""
    for component in touched:
        for egress in (False, True):
            direction = "egress" if egress else "ingress"
            if component in after.groups:
                yield from _group(before, after, component, quotas, direction, egress=egress)
            elif component in after.acls:
                count = max(_acl_entries(after, component, egress=egress))
                if count <= quotas.entries_per_acl or count == max(_acl_entries(before, component, egress=egress)):
                    continue
                most = max(quotas.entries_per_acl, *_seen_entries(before, before.acls[component].account))
                if count > most:
                    yield f"{component} would have {count} {direction} entries, and the quota is {most}"


def _group(
    before: Network, after: Network, group: str, quotas: Quotas, direction: str, *, egress: bool
) -> Iterator[str]:
    count = max(_rules(after, group, egress=egress))
    if count == max(_rules(before, group, egress=egress)):
        return
    most = _most_rules(before, group, quotas) if count > quotas.rules_per_group else count
    if count > most:
        yield f"{group} would have {count} {direction} rules, and the quota is {most}"
    unlike = {after.interfaces[eni].groups or (): eni for eni in reversed(after.members.get(group, ()))}
    for held, eni in sorted(unlike.items(), key=lambda pair: pair[1]):
        known, total = (_together(network, held, egress=egress) for network in (before, after))
        # Where more are held already, AWS counts otherwise than we do.
        if known <= RULES_PER_INTERFACE < total:
            yield f"the groups of {eni} would have {total} {direction} rules, and the quota is {RULES_PER_INTERFACE}"
            return


def _most_rules(network: Network, group: str, quotas: Quotas) -> int:
    """The quota; a group of the account that holds more shows that it was raised."""
    known: dict[str, int] | None = network.memo.get("most rules")
    if known is None:
        known = network.memo["most rules"] = {}
    account = network.groups[group].account
    if account not in known:
        known[account] = max(_seen_rules(network, account))
    return max(quotas.rules_per_group, known[account])


def _together(network: Network, groups: Iterable[str], *, egress: bool) -> int:
    """How many rules these groups count together, for IPv4 or IPv6."""
    counts = [_rules(network, group, egress=egress) for group in groups]
    return max(sum(four for four, _ in counts), sum(six for _, six in counts))


def _rules(network: Network, group: str, *, egress: bool) -> tuple[int, int]:
    """How many rules a group counts for IPv4 and for IPv6."""
    key = ("count of rules", group, egress)
    found: tuple[int, int] | None = network.memo.get(key)
    if found is None:
        known = network.groups.get(group)
        rules = known.in_direction(egress=egress) if known is not None else ()
        found = (
            sum(_weight(network, rule, six=False) for rule in rules),
            sum(_weight(network, rule, six=True) for rule in rules),
        )
        network.memo.keep(key, found, (group,))
    return found


def _weight(network: Network, rule: GroupRule, *, six: bool) -> int:
    match rule.peer:
        case CidrPeer(cidr=cidr):
            return int((":" in cidr) is six)
        case GroupPeer():
            return 1
        case PrefixListPeer(prefix_list=identity):
            known = network.prefix_lists.get(identity)
            return max(1, known.most or len(known.cidrs or ())) if known is not None else 1


def _acl_entries(network: Network, acl: str, *, egress: bool) -> tuple[int, int]:
    """How many entries an ACL counts for IPv4 and for IPv6, the final one of each among them."""
    numbered = [e for e in network.acls[acl].in_direction(egress=egress) if e.number < int(IMPLICIT_DENY)]
    six = sum(":" in entry.cidr for entry in numbered)
    return len(numbered) - six + 1, six + 1


def _seen_rules(network: Network, account: str) -> Iterator[int]:
    for group in (g for g in network.groups.values() if g.account == account):
        for egress in (False, True):
            yield from _rules(network, group.id, egress=egress)


def _seen_entries(network: Network, account: str) -> Iterator[int]:
    for acl in (a for a in network.acls.values() if a.account == account):
        for egress in (False, True):
            yield from _acl_entries(network, acl.id, egress=egress)
