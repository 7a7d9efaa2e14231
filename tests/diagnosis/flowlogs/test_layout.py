"""Which files may hold a record of a window, by their names alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnosis.evidence.query import Between, Last
from diagnosis.flowlogs.layout import LogFile, dated, pruned

HOUR = 3600


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        (
            (
                "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/22/"
                "123456789012_vpcflowlogs_us-east-1_fl-0a1_20261122T1400Z_5f3a.log.gz"
            ),
            "2026-11-22T14:00",
            "2026-11-22T14:00",
        ),
        ("123456789012_vpcflowlogs_us-east-1_fl-0a1_20261122T1400Z_5f3a.log", "2026-11-22T14:00", "2026-11-22T14:00"),
        ("AWSLogs/o-1/1/vpcflowlogs/eu-west-1/2026/11/22/part.gz", "2026-11-22T00:00", "2026-11-23T00:00"),
        ("p/AWSLogs/1/vpcflowlogs/eu-west-1/2026/11/22/07/part.gz", "2026-11-22T07:00", "2026-11-22T08:00"),
        (
            "AWSLogs/aws-account-id=1/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=11/day=22/a.gz",
            "2026-11-22T00:00",
            "2026-11-23T00:00",
        ),
        (
            "AWSLogs/aws-account-id=1/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=11/day=22/hour=07/a",
            "2026-11-22T07:00",
            "2026-11-22T08:00",
        ),
    ],
)
def test_both_layouts_of_delivery_date_a_file(path: str, start: str, end: str) -> None:
    assert dated(Path(path)) == (at(start), at(end))


@pytest.mark.parametrize("path", ["vpc.log", "logs/a.gz", "x_20261322T1400Z_1.log", "2026/13/45/a.gz", "20261122.log"])
def test_any_other_name_dates_nothing(path: str) -> None:
    assert dated(Path(path)) is None


def a_day(step: int = 300, name: str = "1_vpcflowlogs_us-east-1_fl-0a1_{:%Y%m%dT%H%MZ}_5f3a.log.gz") -> list[LogFile]:
    start = at("2026-11-22T00:00")
    return [
        LogFile(Path(name.format(datetime.fromtimestamp(time, UTC))), 10_000, (time, time))
        for time in range(start, start + 24 * HOUR, step)
    ]


def test_the_last_hour_takes_an_hour_of_files_and_the_margin_of_delivery() -> None:
    kept = pruned(a_day(), Last(HOUR))

    assert 13 <= len(kept) <= 17
    assert kept[-1] == a_day()[-1]


def test_a_record_that_was_seen_tells_the_last_hour_more_closely() -> None:
    kept = pruned(a_day(), Last(HOUR), at("2026-11-22T23:54"))

    assert [file.dated for file in (kept[0], kept[-1])] == [
        (at("2026-11-22T22:50"),) * 2,
        (at("2026-11-22T23:55"),) * 2,
    ]


def test_a_window_takes_its_files_and_those_delivered_late() -> None:
    kept = pruned(a_day(), Between(at("2026-11-22T06:00"), at("2026-11-22T07:00")))

    assert [file.dated for file in (kept[0], kept[-1])] == [
        (at("2026-11-22T05:55"),) * 2,
        (at("2026-11-22T07:15"),) * 2,
    ]


@pytest.mark.parametrize("name", ["copy_{:%Y%m%dT%H%MZ}.log.gz", "cut_1_vpcflowlogs_us-east-1_fl-1_{:%Y%m%dT%H%MZ}.gz"])
def test_a_file_that_flow_logs_did_not_name_may_be_named_after_the_oldest_of_a_quarter_of_an_hour(name: str) -> None:
    window = Between(at("2026-11-22T06:00"), at("2026-11-22T07:00"))

    (first, *_), (delivered, *_) = pruned(a_day(name=name), window), pruned(a_day(), window)

    assert first.dated == (at("2026-11-22T05:45"),) * 2
    assert delivered.dated == (at("2026-11-22T05:55"),) * 2


def test_no_record_of_a_window_is_lost_at_its_edge() -> None:
    """By AWS's page the file of 16:20 holds ends from 16:20:00 to 16:24:59; by an older edition, from 16:15:01."""
    start, end = at("2026-11-22T06:00"), at("2026-11-22T07:00")
    kept = {file.dated[0] for file in pruned(a_day(), Between(start, end)) if file.dated}

    for ended in range(start, end + 600 + 1):  # Up to a record of ten minutes that began as the window ends.
        assert ended - ended % 300 in kept
        assert ended + -ended % 300 in kept


def test_files_of_an_hour_each_reach_an_hour_further() -> None:
    many = [file for hours in (a_day(HOUR), a_day(HOUR), a_day(HOUR)) for file in hours]

    kept = pruned(many, Between(at("2026-11-22T06:30"), at("2026-11-22T06:40")))

    assert {file.dated[0] for file in kept if file.dated} == {at("2026-11-22T06:00"), at("2026-11-22T07:00")}


def test_files_without_a_date_are_always_read() -> None:
    undated = LogFile(Path("vpc.log"), 10, None)

    assert undated in pruned([*a_day(), undated], Last(60))


def test_little_is_read_whole() -> None:
    few = a_day()[:20]

    assert pruned(few, Last(60)) == tuple(few)
