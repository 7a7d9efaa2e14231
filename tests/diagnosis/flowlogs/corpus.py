"""Flow-log files made by seed, and a plain-Python oracle that reads them without any of the program's code."""

from __future__ import annotations

import gzip
import ipaddress
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

V2 = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
V5 = (
    f"{V2} vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type "
    "sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
)
SHUFFLED = (
    "end start action srcaddr pkt-srcaddr dstaddr tcp-flags interface-id dstport srcport protocol log-status packets"
)

NOON = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
WEB, DB, NAT = "eni-0web", "eni-0db", "eni-0nat"


def record(
    interface: str = DB,
    source: str = "10.0.1.10",
    destination: str = "10.0.2.20",
    source_port: int = 40000,
    port: int = 3306,
    action: str = "REJECT",
    *,
    end: int = NOON,
    header: str = V2,
    **others: str,
) -> str:
    """One line of a record in the format of `header`; `others` are further fields, underscores for hyphens."""
    values = {
        "version": "2",
        "account-id": "123456789012",
        "interface-id": interface,
        "srcaddr": source,
        "dstaddr": destination,
        "srcport": str(source_port),
        "dstport": str(port),
        "protocol": "6",
        "packets": "3",
        "bytes": "180",
        "start": str(end - 58),
        "end": str(end),
        "action": action,
        "log-status": "OK",
        "pkt-srcaddr": source,
        "pkt-dstaddr": destination,
    }
    values |= {name.replace("_", "-"): value for name, value in others.items()}
    return " ".join(values.get(name, "-") for name in header.split())


def reply(
    interface: str = DB, action: str = "ACCEPT", *, end: int = NOON, port: int = 3306, header: str = V2, **others: str
) -> str:
    """The record of the answer to `record`: the tuple swapped."""
    return record(interface, "10.0.2.20", "10.0.1.10", port, 40000, action, end=end, header=header, **others)


def idle(interface: str, status: str = "NODATA", *, end: int = NOON, header: str = V2) -> str:
    """A NODATA or SKIPDATA line."""
    values = {"version": "2", "account-id": "123456789012", "interface-id": interface}
    values |= {"start": str(end - 58), "end": str(end), "log-status": status}
    return " ".join(values.get(name, "-") for name in header.split())


def write(path: Path, lines: Iterable[str | bytes], *, header: str | None = V2, packed: bool | None = None) -> Path:
    """Write a log file, gzip where the name says so."""
    rows = [*([header] if header else []), *lines]
    data = b"".join((row.encode() if isinstance(row, str) else row) + b"\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 1) if (path.suffix == ".gz" if packed is None else packed) else data)
    return path


def delivered(root: Path, at: int, number: int = 0) -> Path:
    """The path that S3 delivery gives to a file of that time."""
    when = datetime.fromtimestamp(at, UTC)
    folder = root / "AWSLogs/123456789012/vpcflowlogs/us-east-1" / f"{when:%Y/%m/%d}"
    return folder / f"123456789012_vpcflowlogs_us-east-1_fl-0a1_{when:%Y%m%dT%H%MZ}_{number:08x}.log.gz"


@dataclass
class Truth:
    """What the oracle found."""

    read: int = 0
    malformed: int = 0
    nodata: int = 0
    skipdata: int = 0
    seen: Counter[tuple[str, str, str | None, str]] = field(default_factory=Counter)
    packets: Counter[tuple[str, str, str | None, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str, str | None, str], int] = field(default_factory=dict)
    last: dict[tuple[str, str, str | None, str], int] = field(default_factory=dict)
    flags: dict[tuple[str, str, str | None, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A question, for the oracle."""

    sources: Sequence[str]
    destinations: Sequence[str]
    port: int | None
    protocol: int | None = 6
    start: int | None = None
    end: int | None = None


def oracle(files: Mapping[Path, str], asked: Asked) -> Truth:
    """Read files (each with its header) line by line and count."""
    truth = Truth()
    for path, header in files.items():
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        lines = re.split(rb"\r\n|\r|\n", data)
        if lines and lines[-1] == b"":
            lines.pop()
        headers = 0
        for line in lines:
            text = line.decode("latin-1")
            if text == header:
                headers += 1
                truth.malformed += headers > 1
            else:
                _judge(text, header.split(), asked, truth)
    return truth


def counts_of(lines: Mapping[bytes, int], header: str) -> tuple[int, int]:
    """How many of these lines, each as often as it occurs, are records, and how many malformed; none is the header."""
    counts = [0, 0]
    for line, times in lines.items():
        truth = Truth()
        _judge(line.decode("latin-1"), header.split(), Asked(["192.0.2.1"], [], None), truth)
        counts[truth.malformed] += times
    return counts[0], counts[1]


def _judge(line: str, names: Sequence[str], asked: Asked, truth: Truth) -> None:
    values = dict(zip(names, line.split(" "), strict=False))
    status = values.get("log-status")
    if len(line.split(" ")) != len(names) or not _well_formed(values, status):
        truth.malformed += 1
        return
    truth.read += 1
    truth.nodata += status == "NODATA"
    truth.skipdata += status == "SKIPDATA"
    if status == "OK" and (leg := _leg(values, asked)) and _in_window(values, asked):
        direction = values.get("flow-direction", "-")
        key = (values["interface-id"], leg, None if direction == "-" else direction, values["action"])
        truth.seen[key] += 1
        truth.packets[key] += int(values["packets"])
        truth.first[key] = min(truth.first.get(key, int(values["start"])), int(values["start"]))
        truth.last[key] = max(truth.last.get(key, 0), int(values["end"]))
        if (flags := values.get("tcp-flags", "-")) != "-":
            truth.flags[key] = truth.flags.get(key, 0) | int(flags)


def other_clients(files: Mapping[Path, str], asked: Asked) -> dict[str, set[str]]:
    """Who else was refused and accepted at the destination and port of the question, by the packet's own address."""
    found: dict[str, set[str]] = {"REJECT": set(), "ACCEPT": set()}
    for path, header in files.items():
        for line in path.read_text("latin-1").splitlines()[1:]:
            values = dict(zip(header.split(), line.split(" "), strict=False))
            if values.get("log-status") != "OK" or (asked.protocol and int(values["protocol"]) != asked.protocol):
                continue
            there = _one_of(values, "dstaddr", asked.destinations) and int(values["dstport"]) == asked.port
            if there and not _one_of(values, "srcaddr", asked.sources) and _in_window(values, asked):
                own = values.get("pkt-srcaddr", "-")
                found[values["action"]].add(values["srcaddr"] if own == "-" else own)
    return found


NUMBERS = {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp-flags", "traffic-path"}
ADDRESSES = {"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"}
OPTIONAL = {"interface-id", *V5.split()[14:]}
LIMITS = {"srcport": 65535, "dstport": 65535, "protocol": 255, "tcp-flags": 255, "version": 999, "traffic-path": 99}


def _well_formed(values: Mapping[str, str], status: str | None) -> bool:
    if status not in {"OK", "NODATA", "SKIPDATA"}:
        return False
    good = all(_good_value(name, value, idle_line=status != "OK") for name, value in values.items())
    return good and int(values["end"]) >= int(values["start"])


@lru_cache(maxsize=1 << 17)
def _good_value(name: str, value: str, *, idle_line: bool) -> bool:
    if not value or any(not "!" <= letter <= "~" for letter in value):
        return False
    if name == "action":
        return value in ({"-"} if idle_line else {"ACCEPT", "REJECT"})
    if value == "-":
        never = name in {"start", "end", "version"}
        return not never and (idle_line or name in OPTIONAL or name == "account-id")
    if name in NUMBERS:
        return _is_number(name, value)
    if name in ADDRESSES:
        return _is_address(value)
    return name != "flow-direction" or value in {"ingress", "egress"}


def _is_number(name: str, value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) <= LIMITS.get(name, 10**12)


def _is_address(value: str) -> bool:
    """IPv4 exactly; of IPv6 only that it has 3 to 8 groups of up to 4 hexadecimal digits."""
    groups = value.split(":")
    if 3 <= len(groups) <= 8:
        return all(len(group) <= 4 and set(group) <= set("0123456789abcdef") for group in groups)
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True


def _leg(values: Mapping[str, str], asked: Asked) -> str | None:
    if asked.protocol is not None and int(values["protocol"]) != asked.protocol:
        return None
    for leg, senders, receivers, port in (
        ("forward", asked.sources, asked.destinations, "dstport"),
        ("reply", asked.destinations, asked.sources, "srcport"),
    ):
        ports = asked.port is None or int(values[port]) == asked.port
        if ports and _one_of(values, "srcaddr", senders) and _one_of(values, "dstaddr", receivers):
            return leg
    return None


def _one_of(values: Mapping[str, str], name: str, allowed: Sequence[str]) -> bool:
    found = [values[each] for each in (name, f"pkt-{name}") if values.get(each, "-") != "-"]
    networks = [ipaddress.ip_network(each) for each in allowed]
    return not networks or any(ipaddress.ip_address(each) in network for each in found for network in networks)


def _in_window(values: Mapping[str, str], asked: Asked) -> bool:
    late = asked.end is not None and int(values["start"]) > asked.end
    early = asked.start is not None and int(values["end"]) < asked.start
    return not late and not early


ADDRESS_POOL = ("10.0.1.10", "10.0.1.11", "10.0.2.20", "10.0.2.200", "172.16.5.4", "2001:db8::10", "2001:db8:1::20")


def random_line(chance: random.Random, header: str = V2) -> str:
    """A well-formed record of a small network, NODATA and SKIPDATA among them."""
    end = NOON - chance.randrange(7200)
    interface = chance.choice((WEB, DB, NAT))
    if chance.random() < 0.05:
        return idle(interface, chance.choice(("NODATA", "SKIPDATA")), end=end, header=header)
    service, client = chance.choice((3306, 443)), chance.randrange(32768, 61000)
    source_port, port = (service, client) if chance.random() < 0.5 else (client, service)
    return record(
        interface,
        chance.choice(ADDRESS_POOL),
        chance.choice(ADDRESS_POOL),
        source_port,
        port,
        chance.choice(("ACCEPT", "ACCEPT", "REJECT")),
        end=end,
        header=header,
        protocol=chance.choice(("6", "6", "17")),
        packets=str(chance.randrange(1, 99)),
        tcp_flags=chance.choice(("0", "2", "18", "3", "4")),
        flow_direction=chance.choice(("ingress", "egress")),
        pkt_srcaddr=chance.choice(ADDRESS_POOL),
    )


def mutated(chance: random.Random, line: str) -> bytes:
    """The line with something wrong with it, or, now and then, nothing."""
    words = line.split(" ")
    place = chance.randrange(len(words))
    match chance.randrange(9):
        case 0:
            return " ".join(words[:place]).encode()
        case 1:
            return (line + " extra").encode()
        case 2:
            words[place] = chance.choice(("http", "-1", '"10.0.0.1', "999.1.1.1", "70000", "", "OK", "DENY", "1e3"))
        case 3:
            return line.encode()[:place] + bytes([chance.randrange(256)]) + line.encode()[place:]
        case 4:
            return chance.choice(
                (b"", b" ", b'{"not": "a record"}', b"\xff\xfe", b"\x01", b"\x02", b"a\rb", line.encode() + b"\r")
            )
        case 5:
            return line.replace(str(NOON)[:4], "0", 1).encode()
        case 6:
            words[place], words[-1] = words[-1], words[place]
        case 7:
            return line.replace(" ", "  ", 1).encode()
        case _:
            pass
    return " ".join(words).encode()
