"""The two parties of a Question found in a Network: exactly, then by case, then by likeness with the guess stated.

Nothing is guessed silently: several matches are listed and asked back, none gives the closest names.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.network.private_zones import Record
from diagnosis.question.api_names import HTTPS, Api, by_host, by_word
from diagnosis.question.directory import Entry, closest, directory
from diagnosis.question.managed_hosts import by_managed_host, by_managed_name, nearest
from diagnosis.question.private_names import LONGEST_CHAIN, Answered, NotTold, by_private_zone, no_record
from diagnosis.question.question import Party, Question
from diagnosis.question.services import API_SERVICES
from diagnosis.trace.alike import class_of
from diagnosis.trace.placing import Anchor, AtAddress, AtAddresses, AtInterface, AtInternet, InRange, Nowhere, anchor
from diagnosis.trace.vpc_endpoints import INTERFACES as ENDPOINTS
from diagnosis.traffic.addresses import PUBLIC, format_address, is_ipv6, parse_address, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, has, join_all, meet, minus, size

SILENT = frozenset({"natgateway", "transitgateway", *ENDPOINTS})
"""The types of interfaces that start no connection of their own."""
MOST = 256
"""How many members of a range or group are judged one by one."""


@dataclass(frozen=True, slots=True)
class Target:
    """A party that was found: what it is called and where it is, one anchor for each interface or range."""

    name: str
    anchors: tuple[Anchor, ...]
    port: int | None = None
    """The port that it listens on, where the account says so."""
    note: str | None = None
    """What was taken for granted in finding it."""
    public: bool = False
    """Whether its name gives public addresses wherever it is asked."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several things that a party may mean."""

    id: str
    name: str | None
    address: str | None
    vpc: str | None


@dataclass(frozen=True, slots=True)
class NotFound:
    """A party that matches nothing or several things: what to ask back, and what it may be."""

    side: str
    text: str
    ask_back: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Parties:
    """Both parties found."""

    source: Target
    destination: Target


def find_parties(network: Network, question: Question) -> Parties | NotFound:
    """Both parties of a `why` question, or what to ask back about the first that is not clear."""
    assert question.source is not None
    assert question.destination is not None
    source = find(network, question.source, "source", question.port, None)
    if isinstance(source, NotFound):
        destination = find(network, question.destination, "destination", question.port, None)
        if isinstance(destination, NotFound):
            return source
        source = find(network, question.source, "source", None, _vpc(network, destination))
        if isinstance(source, NotFound):
            return source
        return _parties(network, source, destination)
    destination = find(network, question.destination, "destination", question.port, _vpc(network, source))
    return destination if isinstance(destination, NotFound) else _parties(network, source, destination)


def _parties(network: Network, source: Target, destination: Target) -> Parties:
    """Both as they see each other: of several mount targets a client means that of its zone."""
    anchors = nearest(network, source.anchors, destination.anchors)
    if destination.public:
        anchors = tuple(_in_public(network, source.anchors, anchors))
    return Parties(source, destination if anchors == destination.anchors else replace(destination, anchors=anchors))


def _in_public(network: Network, source: tuple[Anchor, ...], anchors: tuple[Anchor, ...]) -> Iterator[Anchor]:
    """Interfaces by the public addresses that a name of theirs gives to clients that speak IPv4."""
    six = all(isinstance(one, AtAddress) and is_ipv6(one.address) for one in source)
    for one in anchors:
        held = network.interfaces[one.interface].ipv4 if isinstance(one, AtInterface) and not six else ()
        public = next((address.public for address in held if address.public is not None), None)
        yield AtAddress(public) if public is not None else one


def find(network: Network, party: Party, side: str, port: int | None, near: str | None) -> Target | NotFound:
    """One party; `port` and the VPC of the other side decide between several matches of a service word."""
    match party.kind:
        case "internet":
            return Target("the internet", (AtInternet(),))
        case "ip":
            address = parse_address(party.value)
            return Target(_address_name(network, address), (AtAddress(address),))
        case "cidr":
            return _range(network, party.value, side)
        case "id":
            return _by_id(network, party.value, side)
        case "dns":
            return _by_dns(network, party.value, side, near)
        case "service":
            return _by_service(network, party.value, side, port, near)
        case "name":
            return _by_name(network, party.value, side)


def _vpc(network: Network, target: Target) -> str | None:
    for place in target.anchors:
        if isinstance(place, AtInterface):
            return network.interfaces[place.interface].vpc
        if isinstance(place, AtAddress):
            held = network.holders(place.address) or network.by_public_address.get(place.address, ())
            if len(held) == 1:
                return network.interfaces[held[0]].vpc
    return None


def _address_name(network: Network, address: int) -> str:
    text = format_address(address)
    held = network.holders(address) or network.by_public_address.get(address, ())
    name = display_name(network, held[0]) if len(held) == 1 else None
    return f"{name} {text}" if name else text


def _named(network: Network, entry: Entry) -> str:
    addresses = [_first_address(network, eni) for eni in entry.interfaces]
    shown = next((a for a in addresses if a), None) if len(addresses) == 1 else None
    return f"{entry.name or entry.id} {shown}" if shown else (entry.name or entry.id)


def _first_address(network: Network, eni: str) -> str | None:
    interface = network.interfaces[eni]
    if interface.ipv4:
        return format_address(interface.ipv4[0].private)
    return format_address(interface.ipv6[0]) if interface.ipv6 else None


def _target(network: Network, entry: Entry, note: str | None = None) -> Target:
    return Target(_named(network, entry), tuple(AtInterface(eni) for eni in entry.interfaces[:MOST]), entry.port, note)


def _range(network: Network, cidr: str, side: str) -> Target:
    """A range is every interface address inside it and, where it reaches beyond all VPCs, the rest."""
    wanted = parse_cidr(cidr)
    if size(wanted) == 1:
        return Target(_address_name(network, wanted[0]), (AtAddress(wanted[0]),))
    if cidr in ("0.0.0.0/0", "::/0"):
        return Target("the internet", (AtInternet(),))
    held = sorted(n for n in network.by_private_address if has(wanted, n))
    held += sorted(n for n in network.by_public_address if has(wanted, n))
    inside = [n for n in held if side == "destination" or _starts(network, n)]
    every = _in_classes(network, inside)
    anchors: list[Anchor] = every[:MOST]
    if len(every) > MOST:
        # What is not judged is not known: it is never left out of the verdict.
        reason = f"{cidr} holds {len(every)} groups of addresses that are treated alike; {MOST} of them are judged"
        anchors.append(Nowhere(Missing("", "", "", reason)))
    anchors += _hidden(network, wanted, held)
    rest = minus(wanted, join_all([network.all_vpc_addresses, *((n, n + 1) for n in held)]))
    public: IntervalSet = meet(rest, PUBLIC)
    anchors += [InRange(part) for part in (public, minus(rest, PUBLIC)) if part]
    if not anchors:
        # A range inside a VPC where nothing lives: its first usable address stands for it.
        anchors.append(AtAddress(wanted[0] + min(4, size(wanted) - 1)))
    counted = f"{len(inside)} interface address{'' if len(inside) == 1 else 'es'}"
    note = f"{cidr} holds {counted}; no other address inside the VPCs sends or answers anything" if inside else None
    return Target(cidr, tuple(anchors), None, note if not network.hidden_owners else None)


def _starts(network: Network, address: int) -> bool:
    """Whether who holds an address starts connections: gateways only pass on, and an endpoint only answers."""
    holders = network.holders(address) or network.by_public_address[address]
    return any(network.interfaces[eni].kind not in SILENT for eni in holders)


def _hidden(network: Network, wanted: IntervalSet, held: list[int]) -> Iterator[Anchor]:
    """Of each shared VPC whose owner was not seen an address of the range that an interface of the owner may hold."""
    for vpc in network.hidden_owners:
        part = minus(meet(wanted, network.vpcs[vpc].addresses), join_all((n, n + 1) for n in held))
        if part:
            yield AtAddress(part[0] + min(4, part[1] - part[0] - 1))


def _in_classes(network: Network, addresses: Iterable[int]) -> list[Anchor]:
    """Interface addresses, those together whose interfaces are treated alike."""
    found: dict[Hashable, list[int]] = {}
    alone: list[Anchor] = []
    for address in addresses:
        holders = network.holders(address)
        interface = network.interfaces[holders[0]] if len(holders) == 1 else None
        if interface is None or interface.public_of(address) is not None:
            alone.append(AtAddress(address))
        else:
            found.setdefault((class_of(network, interface), is_ipv6(address)), []).append(address)
    return [*(AtAddresses(tuple(some)) if len(some) > 1 else AtAddress(some[0]) for some in found.values()), *alone]


def _by_id(network: Network, identity: str, side: str) -> Target | NotFound:
    entry = directory(network).by_id.get(identity)
    if entry is None and identity.startswith("arn:"):
        entry = directory(network).by_id.get(identity.rsplit("/", 1)[-1]) or directory(network).by_id.get(
            identity.rsplit(":", 1)[-1]
        )
    if entry is not None and entry.interfaces:
        return _target(network, entry)
    try:
        return Target(identity, (anchor(network, identity),))
    except ValueError:
        pass
    if entry is not None:
        return Target(
            entry.name or identity,
            (Nowhere(network.gap("ec2.describe_network_interfaces", (), f"an interface of {identity}")),),
        )
    account, region = "", ""
    if identity.startswith("arn:"):
        parts = identity.split(":")
        region, account = parts[3], parts[4]
    gap = network.gap("ec2.describe_network_interfaces", ((account, region),) if account else (), f"{side} {identity}")
    return Target(identity, (Nowhere(gap),))


def _by_dns(network: Network, host: str, side: str, near: str | None, chain: int = 0) -> Target | NotFound:
    match by_private_zone(network, host, near):
        case Answered(zone, ()):
            return _missing(network, host, side, no_record(zone, host))
        case Answered(_, records):
            return _by_records(network, host, records, side, near, chain)
        case NotTold(gap):
            return Target(host, (Nowhere(gap),))
    book = directory(network)
    entry = book.by_dns.get(host)
    if entry is not None and entry.interfaces:
        public = any(balancer.id == entry.id and balancer.public for balancer in network.load_balancers)
        return replace(_target(network, entry), public=public)
    first = host.partition(".")[0]
    if first.startswith("ip-") and host.endswith((".internal", ".amazonaws.com")):
        try:
            return find(network, Party(kind="ip", value=first[3:].replace("-", ".")), side, None, None)
        except ValueError:
            pass
    for name in (host, first):
        known = book.named(name)
        if len(known) == 1 and known[0].interfaces:
            return _target(network, known[0], f"{host} is taken for {known[0].name or known[0].id}, by its name")
    managed = by_managed_host(network, book, host)
    if managed is not None:
        return _target(network, managed)
    api = by_host(network, host, near)
    if api is not None:
        return _of_api(api)
    if _lives_inside(host):
        return _missing(network, host, side, f"No DNS name {host} in the account.")
    return Target(host, (AtInternet(),), None, f"{host} is no name of this account; it is judged as the internet")


def _by_records(
    network: Network,
    host: str,
    records: tuple[Record, ...],
    side: str,
    near: str | None,
    chain: int,
) -> Target | NotFound:
    """The places to which the records of a private zone lead, other names followed."""
    addresses = tuple(address for record in records for address in record.addresses)
    names = [_address_name(network, address) for address in addresses]
    anchors: tuple[Anchor, ...] = tuple(AtAddress(address) for address in addresses[:MOST])
    port, note, public = None, None, False
    for record in records:
        if record.target is None:
            continue
        if chain == LONGEST_CHAIN:
            return _missing(network, host, side, f"The names behind {host} lead to one another.")
        found = _by_dns(network, record.target, side, near, chain + 1)
        if isinstance(found, NotFound):
            return found
        names.append(found.name)
        anchors, port, note = (*anchors, *found.anchors), port or found.port, note or found.note
        public = public or found.public
    if not anchors:
        return _missing(network, host, side, f"The records of {host} hold no address.")
    return Target(f"{host} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})", anchors, port, note, public)


def _of_api(api: Api) -> Target:
    return Target(api.name, api.anchors, HTTPS, api.note)


def _lives_inside(host: str) -> bool:
    inner = (".internal", ".local", ".localdomain", ".lan", ".corp", ".intranet", ".private")
    owned = (".rds.", ".elb.", ".cache.", ".redshift.", ".efs.", ".es.", ".vpce.", ".kafka.", ".docdb.")
    return host.endswith(inner) or (
        host.endswith((".amazonaws.com", ".amazonaws.com.cn")) and any(o in host for o in owned)
    )


def _by_service(network: Network, word: str, side: str, port: int | None, near: str | None) -> Target | NotFound:
    entries = [e for e in directory(network).of_service(word) if e.interfaces]
    for keep in (
        lambda e: port is None or e.port is None or e.port == port,
        lambda e: near is None or any(network.interfaces[i].vpc == near for i in e.interfaces),
    ):
        kept = [e for e in entries if keep(e)]
        entries = kept if len(entries) > 1 and kept else entries
    if len({e.interfaces for e in entries}) == 1:
        return _target(network, entries[0])  # Several functions may share their interfaces.
    if entries:
        return _several(network, word, side, entries)
    if word in API_SERVICES:
        return _of_api(by_word(network, word, near))
    return _missing(network, word, side, f"No {word} in what was seen.")


def _by_name(network: Network, name: str, side: str) -> Target | NotFound:
    book = directory(network)
    for entries in (book.named(name), book.named_loosely(name)):
        held = [e for e in entries if e.interfaces]
        if len(held) == 1:
            note = None if held[0].name == name else f"{name} is taken for {held[0].name}"
            return _target(network, held[0], note)
        if held:
            return _several(network, name, side, held)
    managed = by_managed_name(network, book, name)
    if managed is not None:
        return _target(network, managed)
    if name in book.by_id:
        return _by_id(network, name, side)
    guess = closest(network, name)
    if guess is not None:
        return _target(network, guess, f"nothing is called {name}; {guess.name} is taken for it")
    return _missing(network, name, side, f"Nothing here is called {name}.")


def _several(network: Network, text: str, side: str, entries: Iterable[Entry]) -> NotFound:
    found = tuple(candidate(network, e) for e in entries)
    listed = ", ".join(" ".join(part for part in (c.name or c.id, c.address) if part) for c in found[:8])
    return NotFound(side, text, f"{text} may mean {len(found)} things: {listed}. Which one?", found)


def _missing(network: Network, text: str, side: str, sentence: str) -> NotFound:
    near = directory(network).like(text)
    hint = f" Closest: {', '.join(e.name or e.id for e in near)}." if near else ""
    return NotFound(
        side,
        text,
        f"{sentence}{hint} Name the {side} by address, id or Name tag.",
        tuple(candidate(network, e) for e in near),
    )


def candidate(network: Network, entry: Entry) -> Candidate:
    """An entry as one of several choices."""
    first = entry.interfaces[0] if entry.interfaces else None
    return Candidate(
        entry.id,
        entry.name,
        _first_address(network, first) if first else None,
        network.interfaces[first].vpc if first else None,
    )
