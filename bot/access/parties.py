"""Whether a question stays inside what its channel may ask about."""

from __future__ import annotations

from diagnosis.network.network import Network
from diagnosis.question.directory import directory
from diagnosis.question.question import Party, Question
from diagnosis.traffic.addresses import PUBLIC, parse_address, parse_cidr
from diagnosis.traffic.intervals import has, meet, minus


def outside(question: Question, seen: Network, whole: Network) -> Party | None:
    """The first party that lies outside what may be seen, or None. `seen` is the network as the channel may know it.

    Private addresses and ids that `seen` does not hold are outside, whether or not they exist in `whole`, so that a
    refusal tells nothing. Names and services are looked for in `seen` alone and need no rule. A public address is
    outside where somebody else in the account holds it, and so is an address of an overlapping range: taken for
    another one, it would be judged wrongly.
    """
    if seen is whole:
        return None
    return next((p for p in (question.source, question.destination) if p and not _inside(p, seen, whole)), None)


def _inside(party: Party, seen: Network, whole: Network) -> bool:
    match party.kind:
        case "ip":
            return _address_inside(parse_address(party.value), seen, whole)
        case "cidr":
            if party.value in ("0.0.0.0/0", "::/0"):
                return True
            wanted = parse_cidr(party.value)
            rest = minus(minus(wanted, seen.all_vpc_addresses), PUBLIC)
            held = any(has(wanted, number) for number in _held_elsewhere(seen, whole))
            return not rest and not held and not meet(wanted, minus(whole.all_vpc_addresses, seen.all_vpc_addresses))
        case "id":
            return _id_inside(party.value, seen)
        case _:
            return True


def _address_inside(address: int, seen: Network, whole: Network) -> bool:
    if seen.holders(address) or seen.by_public_address.get(address):
        return True
    if whole.holders(address) or whole.by_public_address.get(address):
        return False
    if has(seen.all_vpc_addresses, address):
        return True
    return has(PUBLIC, address) and not has(whole.all_vpc_addresses, address)


def _held_elsewhere(seen: Network, whole: Network) -> set[int]:
    return set(whole.by_public_address) - set(seen.by_public_address)


def _id_inside(identity: str, seen: Network) -> bool:
    names = {identity, *(identity.rsplit(mark, 1)[-1] for mark in "/:" if identity.startswith("arn:"))}
    known = (
        directory(seen).by_id,
        seen.nat_gateways,
        seen.internet_gateways,
        seen.endpoints,
        seen.route_tables,
        seen.acls,
    )
    return any(name in ids for name in names for ids in known) or identity.partition("/")[0] in seen.vpcs
