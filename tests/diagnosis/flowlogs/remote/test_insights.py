"""CloudWatch Logs Insights: its limits, its failures, and what a person can paste."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto.logs.models import logs_backends

from diagnosis.evidence.query import Between, FlowLogQuery
from diagnosis.flowlogs.insights import FlowLogGroups
from diagnosis.flowlogs.insights_text import QueryText
from diagnosis.sources import NotPermitted, SourceUnavailable
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON
from tests.diagnosis.flowlogs.remote.places import GROUP, Place, reading_of
from tests.emulator.delivery import deliver_to_logs
from tests.emulator.faults import FAULTS, Ending, Fault

ASKED = FlowLogQuery(
    frozenset({"10.0.1.10"}),
    frozenset({"10.0.2.20"}),
    6,
    3306,
    interfaces=frozenset({corpus.WEB, corpus.DB}),
    window=Between(NOON - 3600, NOON),
)


def test_the_query_is_what_a_person_would_paste(place: Place) -> None:
    deliver_to_logs(GROUP, corpus.V2, [corpus.record()])

    assert place.engine("insights").read(ASKED).text.splitlines() == [
        "fields @timestamp, @message, @log, @logStream",
        (
            f'| filter logStatus = "OK" and end >= {NOON - 3600} and start <= {NOON} and protocol = 6 and '
            '((srcAddr = "10.0.1.10" and dstAddr = "10.0.2.20" and dstPort = 3306) or '
            '(srcAddr = "10.0.2.20" and dstAddr = "10.0.1.10" and srcPort = 3306))'
        ),
        "| sort @timestamp desc",
        "| limit 10000",
    ]


def test_a_custom_format_is_taken_apart_by_parse() -> None:
    text = QueryText(("srcaddr", "dstaddr", "action", "pkt-srcaddr")).conversation(ASKED, Between())

    assert text.startswith('parse @message "* * * *" as srcaddr, dstaddr, action, pkt_srcaddr\n| fields ')
    assert '(srcaddr = "10.0.1.10" or pkt_srcaddr = "10.0.1.10")' in text
    assert 'action in ["ACCEPT", "REJECT"]' in text


def test_more_records_than_a_query_returns_are_summed_up_by_further_queries(place: Place) -> None:
    busy = [
        corpus.record(action="ACCEPT", end=NOON - number % 3000, source_port=1024 + number) for number in range(10_050)
    ]
    deliver_to_logs(GROUP, corpus.V2, [*busy, corpus.reply(), corpus.record(action="REJECT", end=NOON - 3500)])

    found = place.engine("insights").read(ASKED)

    assert [(seen.leg, seen.action, seen.records) for seen in found.seen] == [
        ("forward", "ACCEPT", 10_050),
        ("forward", "REJECT", 1),
        ("reply", "ACCEPT", 1),
    ]
    assert found.partial == ()
    assert [len(seen.lines) for seen in found.seen] == [2, 0, 1], "raw lines are those of the newest records"


def test_addresses_that_do_not_fit_into_a_query_are_sorted_out_afterwards(place: Place) -> None:
    deliver_to_logs(GROUP, corpus.V2, [corpus.record(), corpus.record(source="172.16.0.1")])
    networks = frozenset(f"10.0.{third}.{fourth}/31" for third in range(2) for fourth in range(0, 256, 2))
    query = FlowLogQuery(networks, ASKED.destinations, 6, 3306, interfaces=ASKED.interfaces, window=ASKED.window)

    found = place.engine("insights").read(query)

    assert (found.accepts, found.rejects) == (0, 1)
    assert len(found.text) < 10_000
    assert "too many for one query" in found.partial[0]


def test_several_log_groups_are_asked_at_once(place: Place) -> None:
    for number, group in enumerate(("one", "two")):
        deliver_to_logs(group, corpus.V2, [corpus.record(end=NOON - number)])
    reading = reading_of("insights")

    for groups in (("one", "two"), ("one", "arn:aws:logs:us-east-1:123456789012:log-group:two:*")):
        logs = tuple(replace(reading.logs[0], destination=group) for group in groups)
        found = FlowLogGroups(place.remote(), replace(reading, logs=logs)).read(ASKED)
        assert found.rejects == 2


def test_lines_that_are_no_records_are_counted(place: Place) -> None:
    deliver_to_logs(GROUP, corpus.V2, [corpus.record()])
    streams = [f"2 - {corpus.DB} garbage", corpus.record(port=99999)]
    place.client("logs").create_log_stream(logGroupName=GROUP, logStreamName="x")
    events = [{"timestamp": (NOON - 60) * 1000, "message": line} for line in streams]
    logs_backends["123456789012"]["us-east-1"].groups[GROUP].streams["x"].put_log_events(events)

    found = place.engine("insights").read(ASKED)

    assert (found.rejects, found.counts.malformed) == (1, 1)


def test_it_says_what_was_scanned_and_what_that_costs(place: Place) -> None:
    lines = [corpus.record(), corpus.reply()]
    deliver_to_logs(GROUP, corpus.V2, lines)

    found = place.engine("insights").read(ASKED)

    size = sum(map(len, lines))
    queries = FAULTS.calls.count("logs.StartQuery")
    assert queries == 4, "the conversation, the statuses, other clients, and a look back for when it began"
    assert found.scanned == 3 * size
    assert found.dollars == pytest.approx(3 * size / 1e9 * 0.005)
    assert f"{found.scanned} bytes scanned in 4 queries, less than $0.01" in found.engine


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("logs.StartQuery", "AccessDeniedException"), "can grant logs:StartQuery"),
        (Fault("logs.GetQueryResults", "AccessDeniedException"), "can grant logs:GetQueryResults"),
        (Fault("logs.StartQuery", "ThrottlingException"), "throttled logs:StartQuery"),
        (Fault("logs.StartQuery", "LimitExceededException"), "Too many queries run at the same time"),
        (Fault("logs.StartQuery", "MalformedQueryException"), "did not take the query"),
        (Fault("logs.StartQuery", "ResourceNotFoundException"), "/vpc/flow-logs of the flow log does not exist"),
        (Fault("logs.StartQuery", "ExpiredTokenException"), "expired"),
        (Ending("logs", "Failed"), "failed inside AWS: ask again"),
        (Ending("logs", "Cancelled"), "cancelled by somebody else"),
        (Ending("logs", "Timeout"), "ask for a shorter time (--since)"),
    ],
    ids=lambda value: getattr(value, "code", getattr(value, "status", "")),
)
def test_each_failure_is_a_sentence_that_says_who_must_act(place: Place, fault: Fault | Ending, said: str) -> None:
    deliver_to_logs(GROUP, corpus.V2, [corpus.record()])
    FAULTS.add(fault)

    with pytest.raises(SourceUnavailable) as raised:
        place.engine("insights").read(ASKED)

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, NotPermitted) == ("grant" in said or "expired" in said)


def test_what_the_window_holds_stands_where_the_time_before_cannot_be_searched(place: Place) -> None:
    deliver_to_logs(GROUP, corpus.V2, [corpus.record()])
    FAULTS.add(Fault("logs.StartQuery", "LimitExceededException", holding="stats count(*) as records, sum(packets)"))

    found = place.engine("insights").read(ASKED)

    assert found.rejects == 1
    assert "The time before was not searched: Too many queries" in found.partial[0]


def test_a_call_that_is_throttled_once_is_tried_again(place: Place) -> None:
    deliver_to_logs(GROUP, corpus.V2, [corpus.record()])
    FAULTS.add(Fault("logs.StartQuery", "ThrottlingException", times=1))

    assert place.engine("insights").read(ASKED).rejects == 1


def test_a_query_that_nobody_waits_for_any_more_is_stopped(place: Place) -> None:
    """By whoever asked, by patience, by the keyboard, or because it scans too much."""
    deliver_to_logs(GROUP, corpus.V2, [corpus.record()])
    FAULTS.polls = 1000

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    answers: Iterator[bool] = iter([False, False, True])
    ways: tuple[tuple[dict[str, Any], type[BaseException], str], ...] = (
        ({"stopped": lambda: next(answers)}, SourceUnavailable, "stopped, as asked"),
        ({"patience": 5.0}, SourceUnavailable, "longer than 5 seconds"),
        ({"sleep": interrupted}, KeyboardInterrupt, "^$"),
    )
    for number, (settings, error, said) in enumerate(ways, start=1):
        with pytest.raises(error, match=said):
            place.engine("insights", remote=place.remote(**settings)).read(ASKED)
        assert FAULTS.calls.count("logs.StopQuery") == 3 * number, "all of its queries"


def test_a_window_without_ends_is_refused(place: Place) -> None:
    with pytest.raises(SourceUnavailable, match="--since"):
        place.engine("insights").read(ASKED.within(Between()))
    assert FAULTS.calls.count("logs.StartQuery") == 0
