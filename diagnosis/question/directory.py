"""The directory of an account: everything that a person may name, with the interfaces it stands for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from diagnosis.network.network import Network
from diagnosis.network.owners import Owner, interfaces_by_owner, owners
from diagnosis.question.api_names import names_everywhere
from diagnosis.trace.placing import interface_of_instance

LIKE_ENOUGH = 85
"""The likeness, of 100, from which a single best name is taken for what was written."""

FAMILIES: Mapping[str, frozenset[str]] = {
    "rds": frozenset({"rds"}),
    "aurora": frozenset({"rds"}),
    "elb": frozenset({"alb", "nlb", "elb", "gwlb"}),
    "ec2": frozenset({"ec2"}),
    "nat": frozenset({"natgateway"}),
    "natgateway": frozenset({"natgateway"}),
    "clb": frozenset({"elb"}),
}
"""Service words that stand for other owners' services; any other word stands for itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One nameable thing."""

    service: str
    id: str
    name: str | None
    interfaces: tuple[str, ...]
    port: int | None = None


@dataclass(frozen=True)
class Directory:
    """Entries: things with interfaces of their own first, then the groups and places that contain them."""

    things: tuple[Entry, ...]
    containers: tuple[Entry, ...]
    by_dns: Mapping[str, Entry]

    @cached_property
    def by_id(self) -> Mapping[str, Entry]:
        """Entries by id."""
        return {e.id: e for e in (*self.containers, *self.things)}

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Entry, ...]]:
        return _grouped(self.things, self.containers, str)

    @cached_property
    def _by_folded(self) -> Mapping[str, tuple[Entry, ...]]:
        return _grouped(self.things, self.containers, fold)

    def named(self, name: str) -> tuple[Entry, ...]:
        """Entries of exactly this name."""
        return self._by_name.get(name, ())

    def named_loosely(self, name: str) -> tuple[Entry, ...]:
        """Entries of this name but for case, spaces, hyphens and underscores."""
        return self._by_folded.get(fold(name), ())

    def of_service(self, word: str) -> tuple[Entry, ...]:
        """The things of a service."""
        services = FAMILIES.get(word, frozenset({word}))
        return tuple(e for e in self.things if e.service in services)

    def like(self, name: str) -> tuple[Entry, ...]:
        """Up to three entries whose names are most like this one."""
        from rapidfuzz import fuzz, process

        known = {e.name: e for e in (*self.containers, *self.things) if e.name and e.interfaces}
        ranked = process.extract(fold(name), {n: fold(n) for n in known}, scorer=fuzz.ratio, limit=3, score_cutoff=50)
        return tuple(known[key] for _, _, key in sorted(ranked, key=lambda r: (-r[1], r[2])))


def fold(name: str) -> str:
    """A name without case and separators."""
    return "".join(c for c in name.casefold() if c not in " -_.")


def _grouped(
    things: tuple[Entry, ...], containers: tuple[Entry, ...], folded: Callable[[str], str]
) -> Mapping[str, tuple[Entry, ...]]:
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in things:
        if entry.name:
            found[folded(entry.name)].append(entry)
    taken = set(found)
    for entry in containers:
        if entry.name and folded(entry.name) not in taken:
            found[folded(entry.name)].append(entry)
    return {name: tuple(sorted(entries, key=lambda e: e.id)) for name, entries in found.items()}


def directory(network: Network) -> Directory:
    """The directory of a network, made once."""
    found: Directory | None = network.memo.get("directory")
    if found is None:
        found = network.memo["directory"] = _make(network)
    return found


def _make(network: Network) -> Directory:
    things: list[Entry] = []
    for owner, enis in interfaces_by_owner(network).items():
        things.append(Entry(owner.service, owner.id, owner.name, _meant(network, owner, enis), owner.port))
    for instance in network.instances.values():
        if not any(t.id == instance.id for t in things):
            things.append(Entry("ec2", instance.id, instance.name, ()))
    owned = owners(network)
    for interface in network.interfaces.values():
        name = interface.name if interface.name not in {o.name for o in owned.get(interface.id, ())} else None
        things.append(Entry("eni", interface.id, name, (interface.id,)))
    return Directory(tuple(things), tuple(_containers(network)), _dns(network, things))


def _meant(network: Network, owner: Owner, enis: tuple[str, ...]) -> tuple[str, ...]:
    """Of an owner's interfaces those that its name means: the first of an instance, all of a load balancer."""
    if owner.service == "ec2":
        first = interface_of_instance(network, owner.id)
        return (first,) if first is not None else enis[:1]
    if owner.service == "rds" and len(enis) > 1:
        database = next((d for d in network.databases if (d.arn or d.id) == owner.id), None)
        zoned = tuple(e for e in enis if database is not None and network.interfaces[e].zone == database.zone)
        return zoned or enis
    return enis


def _containers(network: Network) -> list[Entry]:
    found = [
        Entry("subnet", s.id, s.name, network.interfaces_of_subnet.get(s.id, ())) for s in network.subnets.values()
    ]
    found += [Entry("sg", g.id, g.tag_name or g.name, network.members.get(g.id, ())) for g in network.groups.values()]
    inside: defaultdict[str, list[str]] = defaultdict(list)
    for interface in network.interfaces.values():
        inside[interface.vpc or ""].append(interface.id)
    found += [Entry("vpc", v.id, v.name, tuple(sorted(inside.get(v.id, ())))) for v in network.vpcs.values()]
    return found


def _dns(network: Network, things: list[Entry]) -> Mapping[str, Entry]:
    by_id = {t.id: t for t in things}
    found: dict[str, Entry] = {}
    for database in network.databases:
        entry = by_id.get(database.arn or database.id)
        if entry is not None:
            found.update(dict.fromkeys(database.addresses, entry))
    for service in network.services:
        entry = by_id.get(service.id)
        if entry is not None:
            found.update(dict.fromkeys(service.hosts, entry))
    for balancer in network.load_balancers:
        entry = by_id.get(balancer.id)
        if entry is not None and balancer.dns_name:
            found[balancer.dns_name] = entry
            found[f"dualstack.{balancer.dns_name}"] = entry
    for endpoint in network.endpoints.values():
        entry = by_id.get(endpoint.id)
        if entry is not None:
            found.update(dict.fromkeys(names_everywhere(endpoint), entry))
    for instance in network.instances.values():
        entry = by_id.get(instance.id)
        if entry is not None:
            found.update(dict.fromkeys(instance.dns_names, entry))
    return found


def closest(network: Network, name: str) -> Entry | None:
    """The one entry whose name is so like this one that it can be taken for it; None where none or several are."""
    from rapidfuzz import fuzz

    scored = [(fuzz.ratio(fold(name), fold(e.name or "")), e) for e in directory(network).like(name)]
    best = [e for score, e in scored if score >= LIKE_ENOUGH]
    return best[0] if len(best) == 1 else None
