"""The two ends of a region: all its interfaces by the way that their traffic takes to the other end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from diagnosis.fix.ends import End, Members, Occupants, subnet_ranges
from diagnosis.fix.parties import roll_of
from diagnosis.fix.region import Between, Holders
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace.cohorts import NAT, Cohort, all_cohorts, effect, leads_to_nat
from diagnosis.trace.lots import down
from diagnosis.traffic.intervals import IntervalSet, join, join_all, meet, minus

Lots = list[tuple[Cohort, Members]]
"""Of each cohort, the members that are in a region."""


def gathered(networks: Sequence[Network], region: Between, family: IntervalSet) -> tuple[list[End], list[End]]:
    """Sources and destinations of one family. Of two networks, before a change and after it, the ways of both count."""
    sources = _lots(networks, region.sources, family)
    destinations = _lots(networks, region.destinations, family) if sources else []
    if not destinations:
        return [], []
    from_, to = _around(networks[0], sources), _around(networks[0], destinations)
    past_nat = any(leads_to_nat(network, join(from_, to)) for network in networks)
    ours, theirs = meet(region.sources.addresses, family), meet(region.destinations.addresses, family)
    return (
        _ends(networks, sources, ours, to, sending=True, past_nat=past_nat),
        _ends(networks, destinations, theirs, from_, sending=False, past_nat=past_nat),
    )


def gathered_alone(
    networks: Sequence[Network], own: tuple[NetworkInterface, ...], family: IntervalSet, outside: IntervalSet
) -> list[End]:
    """The one end of what is between interfaces and a range outside."""
    return _ends(networks, _lots(networks, Holders(own), family), family, outside, sending=False, past_nat=True)


def _lots(networks: Sequence[Network], holders: Holders, family: IntervalSet) -> Lots:
    """The cohorts with those members that are in the region and that were up before the change."""
    wanted = meet(holders.addresses, family)
    if not wanted:
        return []
    whole = len(wanted) == 2
    low, high = wanted[0], wanted[-1]
    chosen = {one.id for one in holders.interfaces}
    found = []
    for cohort in all_cohorts(networks[-1]):
        members = []
        for one in cohort.members:
            if one.id not in chosen:
                continue
            own = one.own_addresses
            if not (whole and own and low <= own[0] and own[-1] <= high):
                own = meet(own, wanted)
            if own:
                state = down(networks[0], one)
                if state is None or state.dropped.empty:
                    members.append((one, own))
        if members:
            found.append((cohort, tuple(members)))
    return found


def _around(network: Network, lots: Lots) -> IntervalSet:
    """Short sets that hold all their addresses."""
    return around(network, [member for _, members in lots for member in members])


def around(network: Network, members: Iterable[tuple[NetworkInterface, IntervalSet]]) -> IntervalSet:
    """The ranges of the subnets of some members, and what they hold besides."""
    subnets = subnet_ranges(network, {one.subnet for one, _ in members})
    return join(subnets, minus(join_all([own for _, own in members]), subnets))


def _ends(
    networks: Sequence[Network], lots: Lots, wanted: IntervalSet, towards: IntervalSet, *, sending: bool, past_nat: bool
) -> list[End]:
    joined: defaultdict[Hashable, list[tuple[Cohort, Members]]] = defaultdict(list)
    in_vpc: defaultdict[str | None, list[tuple[NetworkInterface, IntervalSet]]] = defaultdict(list)
    for cohort, members in lots:
        joined[effect(networks, cohort, towards, sending=sending, past_nat=past_nat)].append((cohort, members))
        in_vpc[members[0][0].vpc] += members
    roll = roll_of(networks[0])
    occupants = {
        vpc: Occupants(roll, meet(around(networks[0], members), wanted), tuple(members))
        for vpc, members in in_vpc.items()
    }
    found = []
    for some in joined.values():
        # In the name of an ordinary one, where there is one.
        some.sort(key=lambda one: one[1][0][0].kind == NAT)
        everyone = tuple(member for _, members in some for member in members)
        clients = join_all({cohort.clients for cohort, _ in some})
        found.append(End(everyone, clients, wanted, occupants[everyone[0][0].vpc]))
    return found
