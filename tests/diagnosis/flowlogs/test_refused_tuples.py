"""Refused packets leave the engine as columns, each distinct tuple once."""

from __future__ import annotations

from pathlib import Path

from diagnosis.evidence.query import Between
from diagnosis.evidence.recorded import Recorded
from diagnosis.flowlogs.refused_tuples import RefusedTuples

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)


def line(interface: str, tuple_: str, action: str, at: int = 1_795_000_000) -> str:
    return f"2 123456789012 {interface} {tuple_} 1 40 {at} {at + 60} {action} OK"


def read(folder: Path, *lines: str) -> list[tuple[object, ...]]:
    file = folder / "log.log"
    file.write_text("\n".join((HEADER, *lines)) + "\n", "ascii")
    return rows(RefusedTuples([file]).recorded(Between()))


def rows(found: Recorded) -> list[tuple[object, ...]]:
    return sorted(
        (
            found.interfaces[found.interface[k]],
            found.addresses[found.source[k]],
            found.addresses[found.destination[k]],
            *(int(column[k]) for column in (found.protocol, found.source_port, found.port)),
            bool(found.reply[k]),
            bool(found.both_ways[k]),
            int(found.records[k]),
        )
        for k in range(len(found))
    )


def test_records_that_agree_are_one_tuple_with_their_count(tmp_path: Path) -> None:
    again = line("eni-1", "10.0.1.10 10.0.2.20 40000 3306 6", "REJECT", 1_795_000_600)
    found = read(tmp_path, line("eni-1", "10.0.1.10 10.0.2.20 40000 3306 6", "REJECT"), again)
    assert found == [("eni-1", "10.0.1.10", "10.0.2.20", 6, 40000, 3306, False, False, 2)]


def test_a_tuple_whose_swapped_one_was_accepted_is_a_reply(tmp_path: Path) -> None:
    asked = line("eni-2", "10.0.1.10 10.0.2.20 40000 3306 6", "ACCEPT")
    found = read(tmp_path, asked, line("eni-2", "10.0.2.20 10.0.1.10 3306 40000 6", "REJECT"))
    assert found == [("eni-2", "10.0.2.20", "10.0.1.10", 6, 3306, 40000, True, False, 1)]


def test_icmp_that_is_accepted_the_other_way_may_be_a_reply(tmp_path: Path) -> None:
    asked = line("eni-2", "10.0.1.10 10.0.2.20 0 0 1", "ACCEPT")
    found = read(tmp_path, asked, line("eni-2", "10.0.2.20 10.0.1.10 0 0 1", "REJECT"))
    assert found == [("eni-2", "10.0.2.20", "10.0.1.10", 1, -1, -1, False, True, 1)]


def test_nothing_refused_is_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, line("eni-1", "10.0.1.10 10.0.2.20 40000 3306 6", "ACCEPT")) == []
