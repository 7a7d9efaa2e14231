"""Evidence in the form of the Answer."""

from __future__ import annotations

from diagnosis.evidence.patterns import read_pattern
from diagnosis.evidence.query import Counts
from diagnosis.explanation.witnesses import to_flow_logs, to_window
from tests.diagnosis.evidence.sightings import DB, NOON, WEB, seen, sightings


def test_counts_times_and_lines_are_those_of_the_sightings() -> None:
    found = sightings(
        seen(WEB, "forward", "ACCEPT", 4, last=NOON - 60),
        seen(DB, "forward", "REJECT", 7, first=NOON - 600, last=NOON - 30),
        counts=Counts(20, 1, 2, 3, 1),
    )

    logs = to_flow_logs(found, read_pattern(found, [WEB], [DB], {}))

    assert (logs.accepts, logs.rejects) == (4, 7)
    assert logs.records.model_dump() == {"read": 20, "malformed": 1, "nodata": 2, "skipdata": 3, "unreadable_files": 1}
    assert logs.first_reject == "2026-11-22T11:50:00Z"
    assert logs.last_reject == "2026-11-22T11:59:30Z"
    assert logs.last_accept == "2026-11-22T11:59:00Z"
    assert logs.line_origins == ("x.log:7", "x.log:4"), "the reject comes first"
    assert to_window(found).model_dump() == {"start": "2026-11-22T11:00:00Z", "end": "2026-11-22T12:00:00Z"}


def test_when_it_began_may_lie_before_the_window() -> None:
    before = (
        seen(DB, "forward", "ACCEPT", first=NOON - 90000, last=NOON - 9000),
        seen(DB, "forward", "REJECT", first=NOON - 8900, last=NOON - 4000),
    )
    found = sightings(seen(DB, "forward", "REJECT"), earlier=before)

    logs = to_flow_logs(found, read_pattern(found, [WEB], [DB], {}))

    assert (logs.accepts, logs.rejects) == (0, 3)
    assert logs.first_reject == "2026-11-22T09:31:40Z"
    assert logs.last_accept == "2026-11-22T09:30:00Z"


def test_nothing_seen_has_no_times() -> None:
    found = sightings()

    logs = to_flow_logs(found, read_pattern(found, [WEB], [DB], {}))

    assert (logs.first_reject, logs.last_reject, logs.last_accept, logs.lines) == (None, None, None, ())
