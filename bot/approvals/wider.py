"""Never wider than asked: what a fix opens against what the question asks for, both as sets of packets.

Two measures, and a fix must pass both. The rule itself must lie within what the component meets of the question, for
it also holds for whoever comes later. And what becomes reachable now, all of it, must be what was asked, or belong to
those who cannot be told apart from an asked party, because they share the group or the ACL that is edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.approvals.asked import Asked, opened_by, peers_of, with_whole_families
from bot.approvals.violation import Violation
from bot.settings.fixes import FixSettings
from diagnosis.explanation.protocol_words import traffic_words
from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.fix.parties import Opened
from diagnosis.network.network import Network
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.intervals import covers, meet
from diagnosis.traffic.traffic import Traffic

Edit = GroupRuleChange | AclEntryChange


def rules_beyond(network: Network, asked: Asked, changes: Iterable[Edit], settings: FixSettings) -> Iterator[Violation]:
    """One for each rule that is wider than what its component meets of the question."""
    for change in changes:
        met = asked.met_by(network, change)
        if met.empty:
            yield Violation("off the path", f"{change.component} does not meet the asked traffic {change.direction}")
        elif isinstance(change, GroupRuleChange) and change.group is not None:
            yield from _reference_beyond(network, asked, met, change, settings)
        elif not with_whole_families(met).covers(opened_by(change, peers_of(change))):
            yield Violation(
                "wider than asked", f"the rule for {change.cidr} in {change.component} lets in more than was asked"
            )


def _reference_beyond(
    network: Network, asked: Asked, met: Traffic, change: GroupRuleChange, settings: FixSettings
) -> Iterator[Violation]:
    """The named group must be held by the party that the rule is for; protocol and ports must be the asked ones."""
    if not settings.allow_group_sources:
        yield Violation(
            "names a group", f"the rule in {change.component} opens for all of {change.group}: rules by address only"
        )
    peers = met.project("source")
    members = (asked.ends[0] | asked.ends[1]).intersection(network.members.get(change.group or "", ()))
    if not any(meet(network.interfaces[eni].own_addresses, peers) for eni in members):
        yield Violation(
            "wider than asked", f"{change.group}, which the rule names, is held by no party that was asked about"
        )
    elif not met.covers(opened_by(change, peers)):
        yield Violation(
            "wider than asked", f"the rule for {change.group} in {change.component} lets in more than was asked"
        )


@dataclass(frozen=True, slots=True)
class _Reach:
    """Between whom one change may open: the interfaces that it cannot tell from the asked ones."""

    sources: frozenset[str]
    destinations: frozenset[str]

    def spans(self, opened: Opened, network: Network) -> bool:
        """Whether every interface of what was opened is among them; outside parties are judged by their addresses."""
        return all(
            one in own or one not in network.interfaces
            for parties, own in ((opened.sources, self.sources), (opened.destinations, self.destinations))
            for one in parties
        )


def exposure_beyond(
    network: Network, asked: Asked, changes: tuple[Edit, ...], opened: Iterable[Opened], settings: FixSettings
) -> Iterator[Violation]:
    """One for each thing that becomes reachable and was not asked for; `network` as it is now."""
    reaches = [one for change in changes for one in _reaches(network, asked, change)]
    kinds = Traffic.of(*(b._replace(source=ALL_ADDRESSES, destination=ALL_ADDRESSES) for b in asked.headers.boxes))
    others = 0
    for one in opened:
        if not kinds.covers(one.traffic) or not _outside_asked(network, asked, one):
            yield Violation("opens more", f"it also opens {_words(one)}, which was not asked for")
        elif not any(reach.spans(one, network) for reach in reaches):
            yield Violation("opens more", f"it also opens {_words(one)}, who share nothing with the asked parties")
        else:
            others += _pairs_beyond(network, asked, one)
    if others > settings.most_others:
        yield Violation(
            "opens for too many", f"it opens for {others} more pairs that share a group or ACL with the asked ones"
        )


def _reaches(network: Network, asked: Asked, change: Edit) -> Iterator[_Reach]:
    """Who is on either side of a change: the holders of the edited component, and the parties that it names."""
    senders, receivers = asked.ends
    if isinstance(change, AclEntryChange):
        acl = network.acls.get(change.component)
        subnets = acl.subnets if acl is not None else ()
        own = frozenset(eni for subnet in subnets for eni in network.interfaces_of_subnet.get(subnet, ()))
        # An entry serves connections in its direction and the replies of those in the other.
        yield _Reach(senders, receivers | own)
        yield _Reach(senders | own, receivers)
        return
    own = frozenset(network.members.get(change.component, ()))
    named = frozenset(network.members.get(change.group, ())) if change.group is not None else frozenset[str]()
    if change.direction == "ingress":
        yield _Reach(senders | named, receivers | own)
    else:
        yield _Reach(senders | own, receivers | named)


def _outside_asked(network: Network, asked: Asked, opened: Opened) -> bool:
    """Whether the addresses of parties that are outside all that was seen are those that were asked about."""
    sides = (
        (opened.sources, opened.traffic.project("source"), asked.headers.project("source")),
        (opened.destinations, opened.traffic.project("destination"), asked.headers.project("destination")),
    )
    return all(
        covers(wanted, addresses)
        for parties, addresses, wanted in sides
        if any(one not in network.interfaces for one in parties)
    )


def _pairs_beyond(network: Network, asked: Asked, opened: Opened) -> int:
    """How many pairs of what was opened are not the asked ones; an interface and itself is none."""
    sources, destinations = set(opened.sources), set(opened.destinations)
    meant = [
        {one for one in parties if one in ends or one not in network.interfaces}
        for parties, ends in zip((sources, destinations), asked.ends, strict=True)
    ]
    return _pairs(sources, destinations) - _pairs(*meant)


def _pairs(sources: set[str], destinations: set[str]) -> int:
    return len(sources) * len(destinations) - len(sources & destinations)


def _words(opened: Opened) -> str:
    return f"{traffic_words(opened.traffic)} from {_some(opened.sources)} to {_some(opened.destinations)}"


def _some(parties: tuple[str, ...]) -> str:
    return ", ".join(parties[:3]) + (f" and {len(parties) - 3} more" if len(parties) > 3 else "")
