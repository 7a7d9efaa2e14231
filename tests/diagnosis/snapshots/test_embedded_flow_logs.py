"""The embedded flow logs tell the day of the shop, and agree with its configuration."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from tools.make_embedded_account import write

WEBS = {"10.0.1.10", "10.0.3.10", "10.0.1.12"}
WEB_1, ORDERS_DB = "10.0.1.10", "10.0.2.20"
OPEN_PORTS = {
    **dict.fromkeys(WEBS, (8080, 22)),
    ORDERS_DB: (3306,),
    "10.0.4.30": (5432,),
    "10.0.2.40": (6379,),
    "10.0.0.50": (22,),
    "10.0.0.61": (443,),
    "10.0.5.62": (443,),
}


class Entry(NamedTuple):
    """One well-formed line, with the time of its file."""

    file: int
    interface: str
    source: str
    destination: str
    ports: tuple[int, int]
    protocol: int
    start: int
    end: int
    action: str
    ingress: bool


class Day(NamedTuple):
    entries: list[Entry]
    statuses: Counter[str]
    torn: list[tuple[str, str]]


def at(clock: str, day: int = 22) -> int:
    return int(datetime.fromisoformat(f"2026-11-{day}T{clock}+00:00").timestamp())


def answer(call: str) -> list[dict[str, Any]]:
    path = snapshot_folder() / "123456789012" / "us-east-1" / f"{call}.json"
    (found,) = json.loads(path.read_text(encoding="utf-8")).values()
    assert isinstance(found, list)
    return found


def log_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.log.gz"))


def file_time(path: Path) -> int:
    return int(datetime.strptime(path.name.split("_")[4], "%Y%m%dT%H%MZ").replace(tzinfo=UTC).timestamp())


def read(path: Path) -> Iterator[tuple[list[str], str]]:
    header, *lines = gzip.decompress(path.read_bytes()).decode("ascii").splitlines()
    (flow_log,) = answer("ec2.describe_flow_logs")
    assert header.split() == [field.strip("${}") for field in flow_log["LogFormat"].split()]
    yield from ((line.split(" "), line) for line in lines)


def entry(fields: list[str], file: int) -> Entry:
    ports = (int(fields[5]), int(fields[6]))
    # The real packet's addresses: at a NAT gateway srcaddr and dstaddr are the gateway's own.
    ends = (fields[18], fields[19])
    times = (int(fields[10]), int(fields[11]))
    return Entry(file, fields[2], *ends, ports, int(fields[7]), *times, fields[12], fields[20] == "ingress")


@pytest.fixture(scope="module")
def day() -> Day:
    found = Day([], Counter(), [])
    for path in log_files(flow_logs_folder()):
        for fields, line in read(path):
            if len(fields) != 21 or not (fields[6] + fields[10]).replace("-", "").isdigit():
                found.torn.append((path.name, line))
                continue
            found.statuses[fields[13]] += 1
            if fields[13] == "OK":
                found.entries.append(entry(fields, file_time(path)))
    return found


def to_orders(day: Day, source: str, action: str) -> list[Entry]:
    own = {held["PrivateIpAddress"]: held["NetworkInterfaceId"] for held in answer("ec2.describe_network_interfaces")}
    return [
        found
        for found in day.entries
        if (found.source, found.destination, found.ports[1]) == (source, ORDERS_DB, 3306)
        and found.action == action
        and found.interface == own[ORDERS_DB]
    ]


def test_the_generator_writes_what_is_in_the_package(tmp_path: Path) -> None:
    """Compared unpacked: another build of zlib may pack the same records into other bytes."""
    write(tmp_path)

    def contents(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): gzip.decompress(path.read_bytes())
            if path.suffix == ".gz"
            else path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    made, shipped = contents(tmp_path), contents(snapshot_folder().parent)
    assert made.keys() == shipped.keys()
    assert [name for name in made if made[name] != shipped[name]] == []


def test_gzip_files_hold_no_time_of_their_making() -> None:
    headers = {path.read_bytes()[:10] for path in log_files(flow_logs_folder())}

    assert headers == {b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"}


def test_files_cover_24_hours_in_five_minutes_each_where_s3_has_them() -> None:
    (flow_log,) = answer("ec2.describe_flow_logs")
    paths = log_files(flow_logs_folder())

    assert [file_time(path) for path in paths] == list(range(at("14:05:00", 21), at("14:05:00"), 300))
    for path in paths:
        stamp = datetime.fromtimestamp(file_time(path), UTC)
        folder = f"AWSLogs/123456789012/vpcflowlogs/us-east-1/{stamp:%Y/%m/%d}"
        assert str(path.relative_to(flow_logs_folder()).parent) == folder
        assert path.name.startswith(f"123456789012_vpcflowlogs_us-east-1_{flow_log['FlowLogId']}_{stamp:%Y%m%dT%H%MZ}_")


def test_the_day_holds_261180_records_of_which_16912_are_rejects(day: Day) -> None:
    assert day.statuses == {"OK": 258_784, "NODATA": 2_394, "SKIPDATA": 2}
    assert Counter(found.action for found in day.entries) == {"ACCEPT": 241_872, "REJECT": 16_912}


def test_four_lines_of_one_file_are_no_records(day: Day) -> None:
    assert len(day.torn) == 4
    assert {name.split("_")[4] for name, _ in day.torn} == {"20261122T0825Z"}


def test_records_last_no_longer_than_the_aggregation_interval_and_lie_in_the_file_of_their_end(day: Day) -> None:
    assert all(0 <= found.end - found.start <= 60 for found in day.entries)
    assert all(found.file <= found.end < found.file + 300 for found in day.entries)


def test_web_servers_reach_orders_db_until_0929_58_and_are_rejected_from_0931_02_on(day: Day) -> None:
    accepted = [found for web in WEBS for found in to_orders(day, web, "ACCEPT")]
    rejected = [found for web in WEBS for found in to_orders(day, web, "REJECT")]

    assert max(found.end for found in accepted) == at("09:29:58")
    assert min(found.start for found in rejected) == at("09:31:02")
    assert min(found.start for found in to_orders(day, WEB_1, "REJECT")) == at("09:31:02")
    assert max(found.end for found in rejected) == at("14:03:15")
    assert max(found.end for found in to_orders(day, WEB_1, "REJECT")) == at("14:03:15")
    assert (len(accepted), len(rejected)) == (10_486, 3_813)


def test_web_1_is_rejected_412_times_in_the_hour_before_the_newest_record(day: Day) -> None:
    newest = max(found.end for found in day.entries)
    inside = [found for found in to_orders(day, WEB_1, "REJECT") if newest - 3600 <= found.start]
    ending = [found for found in to_orders(day, WEB_1, "REJECT") if newest - 3600 <= found.end]

    assert newest == at("14:03:56")
    assert inside == ending
    assert len(inside) == 412


def test_others_still_reach_orders_db_in_the_last_hour(day: Day) -> None:
    batch = [found for found in to_orders(day, "10.0.1.30", "ACCEPT") if found.start >= at("13:05:00")]

    assert len(batch) == 12


def test_no_stranger_that_is_rejected_was_ever_accepted_but_the_partner(day: Day) -> None:
    outside: dict[str, set[str]] = {"ACCEPT": set(), "REJECT": set()}
    for found in day.entries:
        if not found.source.startswith("10."):
            outside[found.action].add(found.source)

    assert outside["ACCEPT"] & outside["REJECT"] == {"192.0.2.25"}


class Configuration:
    """Security groups and network ACLs judged by their rules, one record at a time."""

    def __init__(self) -> None:
        self.interfaces = {held["NetworkInterfaceId"]: held for held in answer("ec2.describe_network_interfaces")}
        self.groups = {group["GroupId"]: group for group in answer("ec2.describe_security_groups")}
        self.subnets = {subnet["SubnetId"]: subnet["CidrBlock"] for subnet in answer("ec2.describe_subnets")}
        self.acls = {
            link["SubnetId"]: acl["Entries"]
            for acl in answer("ec2.describe_network_acls")
            for link in acl["Associations"]
        }

    def judge(self, found: Entry) -> str:
        """ACCEPT or REJECT, as the interface must report it: groups let answers pass, ACLs ask again."""
        interface = self.interfaces[found.interface]
        peer = found.source if found.ingress else found.destination
        if found.protocol == 6 and offered(found.source, found.ports[0]):
            passes = True
        else:
            passes = not interface["Groups"] or self.groups_pass(interface, peer, found)
        if ip_address(peer) not in ip_network(self.subnets[interface["SubnetId"]]):
            passes = passes and self.acl_passes(interface["SubnetId"], peer, found)
        return "ACCEPT" if passes else "REJECT"

    def groups_pass(self, interface: dict[str, Any], peer: str, found: Entry) -> bool:
        key = "IpPermissions" if found.ingress else "IpPermissionsEgress"
        return any(
            rule["IpProtocol"] == "-1"
            or (
                rule["IpProtocol"] == "tcp"
                and found.protocol == 6
                and rule["FromPort"] <= found.ports[1] <= rule["ToPort"]
            )
            for group in interface["Groups"]
            for rule in self.groups[group["GroupId"]][key]
            if any(ip_address(peer) in ip_network(block) for block in self.peers(rule))
        )

    def peers(self, rule: dict[str, Any]) -> Iterator[str]:
        yield from (peer["CidrIp"] for peer in rule["IpRanges"])
        yield from (peer["CidrIpv6"] for peer in rule["Ipv6Ranges"])
        for prefix_list in rule["PrefixListIds"]:
            entries = answer(f"ec2.get_managed_prefix_list_entries/{prefix_list['PrefixListId']}")
            yield from (held["Cidr"] for held in entries)
        for pair in rule["UserIdGroupPairs"]:
            for held in self.interfaces.values():
                if pair["GroupId"] in {group["GroupId"] for group in held["Groups"]}:
                    yield held["PrivateIpAddress"]

    def acl_passes(self, subnet: str, peer: str, found: Entry) -> bool:
        for rule in sorted(self.acls[subnet], key=lambda rule: rule["RuleNumber"]):
            block = rule.get("CidrBlock") or rule["Ipv6CidrBlock"]
            span = rule.get("PortRange", {"From": 0, "To": 65535})
            if (
                rule["Egress"] != found.ingress
                and rule["Protocol"] in {"-1", str(found.protocol)}
                and ip_address(peer) in ip_network(block)
                and span["From"] <= found.ports[1] <= span["To"]
            ):
                return bool(rule["RuleAction"] == "allow")
        return False


def offered(address: str, port: int) -> bool:
    """Whether somebody offers a service there, so that packets from there are answers."""
    return port in OPEN_PORTS.get(address, () if address.startswith("10.") else (443, 80))


def test_records_say_accept_and_reject_as_the_configuration_does_but_for_the_rule_taken_away(day: Day) -> None:
    configuration = Configuration()
    verdict = cache(configuration.judge)
    differing = [
        found
        for found in day.entries
        # Times and the client's port aside, a day's records are a few thousand different ones.
        if verdict(found._replace(file=0, start=0, end=0, action="", ports=like(found))) != found.action
    ]

    assert {(found.source in WEBS, found.destination, found.ports[1], found.ingress) for found in differing} == {
        (True, ORDERS_DB, 3306, True)
    }
    assert max(found.end for found in differing) == at("09:29:58")


def like(found: Entry) -> tuple[int, int]:
    """The ports with any client's port replaced by one that stands for all: ACLs here treat 1024-65535 alike."""
    source, destination = found.ports
    if offered(found.source, source):
        return source, 50000
    return 50000, destination
