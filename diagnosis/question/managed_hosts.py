"""Managed services that are many interfaces under one name: database clusters, caches, search domains, file systems."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from diagnosis.network.instances import Database
from diagnosis.network.network import Network
from diagnosis.network.owners import owners
from diagnosis.question.directory import Directory, Entry
from diagnosis.trace.placing import Anchor, AtInterface

_CACHE_ROLES: Final = frozenset({"master", "replica", "clustercfg"})
_SEARCH: Final = re.compile(r"vpc-(?P<domain>.+)-[a-z0-9]+")
_MOUNT: Final = re.compile(r"fs-\w+")


def by_managed_host(network: Network, book: Directory, host: str) -> Entry | None:
    """What a host name of such a service stands for; None where it is no such name or nothing of it was seen."""
    for database in network.databases:
        if host in database.addresses and database.members:
            return cluster(network, book, database, reader=host in database.reader_addresses)
    labels = host.split(".")
    if host.endswith((".cache.amazonaws.com", ".cache.amazonaws.com.cn")):
        group = labels[1] if labels[0] in _CACHE_ROLES and len(labels) > 1 else labels[0]
        return replication_group(book, group.removesuffix("-ro"))
    if ".es." in host:
        domain = _SEARCH.fullmatch(labels[0])
        return _only(book, "opensearch", domain["domain"]) if domain is not None else None
    if ".efs." in host:
        return _mounted(network, book, labels)
    return None


def by_managed_name(network: Network, book: Directory, name: str) -> Entry | None:
    """A database cluster or a cache's replication group of this name, by what it consists of."""
    database = next((d for d in network.databases if d.id == name and d.members), None)
    if database is not None:
        return cluster(network, book, database, reader=False)
    return replication_group(book, name)


def cluster(network: Network, book: Directory, database: Database, *, reader: bool) -> Entry | None:
    """The members that a cluster's endpoint leads to: its writer, or its readers where it has any.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
    """
    readers = frozenset(identity for identity, writes in database.members if not writes)
    writers = frozenset(identity for identity, writes in database.members if writes)
    wanted = (readers or writers) if reader else writers
    known = [book.by_id.get(d.arn or d.id) for d in network.databases if not d.members and d.id in wanted]
    interfaces = {eni for entry in known if entry is not None for eni in entry.interfaces}
    if len(known) < len(wanted) or not interfaces:
        return None
    return Entry("rds", database.arn or database.id, database.id, tuple(sorted(interfaces)), database.port)


def replication_group(book: Directory, group: str) -> Entry | None:
    """The nodes of a cache's replication group, whose names are the group's with numbers behind it."""
    node = re.compile(re.escape(group) + r"(-\d{3,4}){0,2}")
    held = [e for e in book.things if e.service == "elasticache" and e.name and node.fullmatch(e.name)]
    interfaces = tuple(sorted({eni for entry in held for eni in entry.interfaces}))
    ports = {entry.port for entry in held}
    return (
        Entry("elasticache", group, group, interfaces, ports.pop() if len(ports) == 1 else None) if interfaces else None
    )


def nearest(network: Network, source: tuple[Anchor, ...], anchors: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    """Of a file system's mount targets the one in the client's zone, to which its name resolves there.

    https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html
    """
    targets = [a for a in anchors if isinstance(a, AtInterface) and _serves_files(network, a.interface)]
    if len(targets) < len(anchors) or len(targets) == 1:
        return anchors
    zones = {network.interfaces[a.interface].zone for a in source if isinstance(a, AtInterface)}
    kept = tuple(a for a in targets if network.interfaces[a.interface].zone in zones)
    return kept or anchors


def _serves_files(network: Network, interface: str) -> bool:
    return any(owner.service == "efs" for owner in owners(network).get(interface, ()))


def _only(book: Directory, service: str, name: str) -> Entry | None:
    held = [e for e in book.things if e.service == service and name in (e.id, e.name) and e.interfaces]
    return held[0] if len(held) == 1 else None


def _mounted(network: Network, book: Directory, labels: list[str]) -> Entry | None:
    """A file system by its own name, or the mount target of one zone by the zone's name before it."""
    at = next((i for i, label in enumerate(labels[:2]) if _MOUNT.fullmatch(label)), None)
    found = _only(book, "efs", labels[at]) if at is not None else None
    if found is None or not at:
        return found
    zoned = tuple(eni for eni in found.interfaces if network.interfaces[eni].zone == labels[0])
    return replace(found, interfaces=zoned) if zoned else None
