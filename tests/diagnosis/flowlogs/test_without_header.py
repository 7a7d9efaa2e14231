"""Files without a header line, as CloudWatch Logs exports them, are read by the format of their flow log."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, FlowLogQuery, Sightings
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.sources import FlowLogsUnavailable
from tests.diagnosis.flowlogs.corpus import NOON, SHUFFLED, V2, delivered, record, write

LOG_FORMAT = " ".join(f"${{{name}}}" for name in SHUFFLED.split())


def read(path: Path, log_format: str | None) -> Sightings:
    query = FlowLogQuery(frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 6, 3306, window=Between())
    return FlowLogFiles([path], log_format).read(query)


@pytest.mark.parametrize("log_format", [LOG_FORMAT, SHUFFLED, SHUFFLED.replace("-", "_")])
def test_lines_without_a_header_are_of_the_format_that_is_given(tmp_path: Path, log_format: str) -> None:
    write(tmp_path / "a.log.gz", [record(header=SHUFFLED)] * 2, header=None)

    found = read(tmp_path, log_format)

    assert (found.counts.read, found.counts.malformed, found.rejects) == (2, 0, 2)


@pytest.mark.parametrize("header", [V2, SHUFFLED])
def test_an_export_task_puts_a_time_before_each_record(tmp_path: Path, header: str) -> None:
    write(tmp_path / "a.gz", [f"2026-11-22T12:00:00.000Z {record(header=header)}"] * 3, header=None)

    found = read(tmp_path, header)

    assert (found.counts.read, found.counts.malformed, found.rejects) == (3, 0, 3)


def test_a_header_in_the_file_beats_the_format_that_is_given(tmp_path: Path) -> None:
    write(tmp_path / "a.log", [record()])

    assert read(tmp_path, LOG_FORMAT).rejects == 1


@pytest.mark.parametrize("log_format", ["", "a b c", "version account-id", "srcaddr dstaddr start end"])
def test_a_format_that_is_none_is_refused_with_where_to_find_it(tmp_path: Path, log_format: str) -> None:
    write(tmp_path / "a.log", [record()])

    with pytest.raises(FlowLogsUnavailable, match="describe-flow-logs"):
        read(tmp_path, log_format)


def test_the_last_accept_before_the_window_is_found_in_the_format_that_is_given(tmp_path: Path) -> None:
    """Enough files that those before the last hour are left out of the pass."""
    for number in range(60):
        at = NOON - number * 600
        action = "ACCEPT" if number == 15 else "REJECT"
        lines = [record(action=action, end=at - 60, header=SHUFFLED)]
        write(delivered(tmp_path, at, number), lines, header=None)
    query = FlowLogQuery(frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 6, 3306, window=LAST_HOUR_FIRST)

    found = FlowLogFiles([tmp_path], LOG_FORMAT).read(query)

    assert [seen.last for seen in found.earlier if seen.action == "ACCEPT"] == [NOON - 15 * 600 - 60]
