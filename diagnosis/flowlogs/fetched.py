"""What an engine that is asked by query gives a summary: refused records, and what of them was accepted, as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from diagnosis.evidence.grouping import known
from diagnosis.evidence.query import Counts
from diagnosis.evidence.records import Kind, classify
from diagnosis.evidence.rejects import Ours
from diagnosis.traffic.protocols import has_ports

MOST_STRANGERS: Final = 1500
"""Of so many strangers, those with the most records, it is asked whether they were ever accepted."""
_ACCEPTED: Final = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "action")
"""The format of the file of what was accepted: all that is looked for there."""
NOTHING: Final = Counts()


class Packet(NamedTuple):
    """What tells one conversation's packets from another's, in the words of a record; 0 where there is none."""

    source: str
    destination: str
    source_port: str
    port: str
    protocol: str

    @property
    def swapped(self) -> Packet:
        """Of the other direction."""
        return Packet(self.destination, self.source, self.port, self.source_port, self.protocol)

    @property
    def may_open(self) -> bool:
        """Whether it may have opened a connection, by its ports; ICMP tells by its addresses alone."""
        if not has_ports(int(self.protocol)):
            return self.protocol in ("1", "58")
        return int(self.port) < int(self.source_port)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was written, and what the engine holds besides."""

    files: tuple[Path, ...]
    counts: Counts = NOTHING
    """Of all records of the window, less those in the files."""
    oldest: int | None = None
    """Start of the oldest record of any kind."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Well-formed lines of REJECT records of one format."""

    fields: tuple[str, ...]
    lines: tuple[str, ...]

    @classmethod
    def of(cls, fields: Sequence[str], lines: Iterable[str]) -> Refused:
        """Those of the lines that are well formed."""
        names = tuple(fields)
        return cls(names, tuple(line for line in lines if classify(names, line) is Kind.OK))

    def packets(self) -> Iterator[Packet]:
        """The packet of each line, the packet's own addresses before the interface's."""
        for line in self.lines:
            values = dict(zip(self.fields, line.split(" "), strict=True))
            packet = packet_of(values)
            if packet is not None:
                yield packet

    def strangers(self, ours: Ours) -> list[str]:
        """Those that are not ours, with the most records first."""
        counted: dict[str, int] = {}
        for packet in self.packets():
            for address in packet[:2]:
                counted[address] = counted.get(address, 0) + 1
        return sorted((each for each in counted if not ours(each)), key=lambda each: (-counted[each], each))

    def written(self, folder: Path, accepted: Iterable[Packet], counts: Counts) -> tuple[tuple[Path, ...], Counts]:
        """Write them, and what was accepted of them; the files, and the counts less what is in them."""
        others = [" ".join((*packet, "ACCEPT")) for packet in sorted(accepted)]
        files = (folder / "refused.log", folder / "accepted.log")
        for file, fields, lines in zip(files, (self.fields, _ACCEPTED), (self.lines, others), strict=True):
            file.write_text("\n".join([" ".join(fields), *lines, ""]), "utf-8")
        read = counts.read - len(self.lines) - len(others)
        return files, Counts(read, counts.malformed, counts.nodata, counts.skipdata)


def packet_of(values: dict[str, str]) -> Packet | None:
    """The packet of a record, by the names of its fields; None where it names no addresses."""

    def value(*names: str) -> str | None:
        return next((told for name in names if (told := known(values.get(name)))), None)

    source, destination = value("pkt-srcaddr", "srcaddr"), value("pkt-dstaddr", "dstaddr")
    if source is None or destination is None:
        return None
    return Packet(source, destination, value("srcport") or "0", value("dstport") or "0", value("protocol") or "0")


def unasked(strangers: Sequence[str]) -> list[str]:
    """The sentence on strangers that are too many to ask about, if they are."""
    left = len(strangers) - MOST_STRANGERS
    return [f"Of {left:,} strangers it was not asked whether they were ever accepted."] if left > 0 else []
