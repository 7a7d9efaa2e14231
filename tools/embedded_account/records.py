"""Flow-log records as AWS writes them, and the five-minute files in which S3 receives them."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from tools.embedded_account import shop

FIELDS = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
    "bytes", "start", "end", "action", "log-status", "vpc-id", "subnet-id", "instance-id", "tcp-flags",
    "pkt-srcaddr", "pkt-dstaddr", "flow-direction",
)  # fmt: skip
LOG_FORMAT = " ".join(f"${{{field}}}" for field in FIELDS)
# flow-direction is a field of version 5, and AWS writes the highest version among the fields.
_VERSION = "5"
FILE_SECONDS = 300


class Record(NamedTuple):
    """One direction of one flow at one interface in one aggregation window; times in seconds since 1970."""

    interface: shop.Interface
    source: str
    destination: str
    source_port: int
    destination_port: int
    protocol: int
    packets: int
    bytes: int
    start: int
    end: int
    action: str
    flags: int
    ingress: bool
    packet_source: str
    packet_destination: str


class Silence(NamedTuple):
    """A window of one interface in which nothing passed (NODATA), or of which records were lost (SKIPDATA)."""

    interface: shop.Interface
    start: int
    end: int
    status: str


def line(record: Record | Silence) -> str:
    """The record as one line of text, in the order of `FIELDS`."""
    interface = record.interface
    head = f"{_VERSION} {shop.ACCOUNT} {interface.id}"
    if isinstance(record, Silence):
        return f"{head} - - - - - - - {record.start} {record.end} - {record.status} - - - - - - -"
    return (
        f"{head} {record.source} {record.destination} {record.source_port} {record.destination_port}"
        f" {record.protocol} {record.packets} {record.bytes} {record.start} {record.end} {record.action} OK"
        f" {shop.VPC} {interface.subnet.id} {interface.instance or '-'} {record.flags}"
        f" {record.packet_source} {record.packet_destination} {'ingress' if record.ingress else 'egress'}"
    )


def files(
    records: Iterable[Record | Silence], first: int, last: int, torn: dict[int, tuple[str, ...]]
) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file from `first` to before `last`, seconds since 1970.

    A file holds the records that end within its five minutes, interface by interface, as they are published.
    `torn` gives, for the file of a time, lines to put among its records as they are.
    """
    held: dict[int, list[Record | Silence]] = {at: [] for at in range(first, last, FILE_SECONDS)}
    for record in records:
        if (at := record.end - record.end % FILE_SECONDS) in held:
            held[at].append(record)
    order = {interface.id: place for place, interface in enumerate(shop.INTERFACES)}
    for at, of_file in held.items():
        of_file.sort(key=lambda record: (order[record.interface.id], _window(record)))
        lines = [line(record) for record in of_file]
        for place, text in enumerate(torn.get(at, ())):
            lines.insert((place + 1) * len(lines) // 6, text)
        yield path(at), _compressed("\n".join([" ".join(FIELDS), *lines, ""]).encode())


def offset(interface: shop.Interface) -> int:
    """The second of the minute at which the interface's aggregation windows begin."""
    return int(sha256(interface.id.encode()).hexdigest(), 16) % 60


def _window(record: Record | Silence) -> int:
    return (record.end - offset(record.interface)) // 60


def path(at: int) -> str:
    """Where S3 has the file of the five minutes that begin at `at`."""
    time = datetime.fromtimestamp(at, UTC)
    stamp = f"{time:%Y%m%dT%H%MZ}"
    unique = sha256(stamp.encode()).hexdigest()[:8]
    folder = f"AWSLogs/{shop.ACCOUNT}/vpcflowlogs/{shop.REGION}/{time:%Y/%m/%d}"
    return f"{folder}/{shop.ACCOUNT}_vpcflowlogs_{shop.REGION}_{shop.FLOW_LOG}_{stamp}_{unique}.log.gz"


def _compressed(content: bytes) -> bytes:
    """Gzip without a name or a time, so that the same records give the same bytes."""
    held = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=held, mtime=0) as file:
        file.write(content)
    return held.getvalue()
