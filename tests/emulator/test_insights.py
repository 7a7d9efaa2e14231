"""The double's Insights evaluates what it understands, and refuses the rest as AWS does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON
from tests.emulator.insights_evaluation import Event, evaluate
from tests.emulator.insights_syntax import Malformed, parse_query

LINES = (
    corpus.record(corpus.DB, action="REJECT", packets="3"),
    corpus.record(corpus.DB, action="ACCEPT", packets="10", end=NOON - 60),
    corpus.record(corpus.WEB, "10.9.0.1", action="ACCEPT", packets="7", end=NOON - 120),
    corpus.idle(corpus.WEB),
    "no record",
)


def rows(query: str, lines: Sequence[str] = LINES) -> list[dict[str, str]]:
    events = [Event((NOON - number) * 1000, line, "stream", "group") for number, line in enumerate(lines)]
    return [{name: value for name, value in row if name != "@ptr"} for row in evaluate(parse_query(query), events).rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter action = 'REJECT' | fields srcAddr, dstPort", [{"srcAddr": "10.0.1.10", "dstPort": "3306"}]),
        ("filter packets > 9 | display packets", [{"packets": "10"}]),
        ("filter not ispresent(action) | stats count(*)", [{"count(*)": "1"}]),
        ('filter isIpv4InSubnet(srcAddr, "10.9.0.0/16") | fields srcAddr', [{"srcAddr": "10.9.0.1"}]),
        ('filter interfaceId like /^eni-0w/ and logStatus != "OK" | fields logStatus', [{"logStatus": "NODATA"}]),
        ('filter dstPort in [443, 3306] and srcAddr not in ["10.9.0.1"] | stats sum(packets) as n', [{"n": "13"}]),
        (
            "stats count(*) as n, max(end) as last by logStatus | sort n desc | limit 1",
            [{"logStatus": "OK", "n": "3", "last": str(NOON)}],
        ),
        ('parse @message "* record" as what | filter ispresent(what) | fields what', [{"what": "no"}]),
        ("fields packets * 2 + 1 as odd | sort odd desc | limit 1", [{"odd": "21"}]),
        ("# a comment\nfields @timestamp | sort @timestamp asc | limit 1", [{"@timestamp": "2026-11-22 11:59:56.000"}]),
    ],
)
def test_queries_are_evaluated(query: str, found: list[dict[str, str]]) -> None:
    assert rows(query) == found


@pytest.mark.parametrize(
    "query",
    [
        "",
        "garbage ||| syntax",
        "fields @message | unmask x",
        "filter action = ",
        'filter action = "REJECT',
        "filter nosuch(action)",
        "stats median(packets)",
        "limit 10001",
        "limit 0",
        "sort",
        'parse @message "* *" as one',
        "filter a like /(/",
        "fields @message limit 3",
        'filter isIpv4InSubnet(srcAddr, "not a network")',
        "SELECT * FROM x",
    ],
)
def test_what_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises((Malformed, ValueError)):
        rows(query)
