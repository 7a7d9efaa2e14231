"""Objects of S3 read directly: only the hours of the window, within a budget, and each refusal in words."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from diagnosis.evidence.query import Between
from diagnosis.flowlogs.object_keys import bucket_and_folder
from diagnosis.sources import NotPermitted, SourceUnavailable
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON
from tests.diagnosis.flowlogs.remote.places import BUCKET, Place
from tests.diagnosis.flowlogs.remote.test_insights import ASKED
from tests.emulator.delivery import Destination, deliver_to_s3
from tests.emulator.faults import FAULTS, Fault

HOUR = 3600
TO = Destination("fl-0a1", corpus.V2, BUCKET, "logs")


def fetched() -> int:
    return FAULTS.calls.count("s3.GetObject")


@pytest.mark.parametrize("layout", [{}, {"hive": True}, {"hourly": True}, {"hive": True, "hourly": True}], ids=str)
def test_only_the_objects_of_the_window_are_fetched(place: Place, layout: Any) -> None:
    """Two days of hourly objects, those of another flow log in the same folders among them."""
    lines = [corpus.record(action="ACCEPT", end=NOON - hour * HOUR) for hour in range(48)]
    for flow_log in ("fl-0a1", "fl-0b2"):
        to = Destination(flow_log, corpus.V2, BUCKET, "logs", **layout)
        deliver_to_s3(place.client("s3"), to, lines)

    found = place.engine("s3", **layout).read(ASKED.within(Between(NOON - 2 * HOUR, NOON)))

    assert found.accepts == 3
    assert fetched() == 3
    assert FAULTS.calls.count("s3.ListObjectsV2") <= 4


@pytest.mark.parametrize(("accepted", "hours"), [(3, 3), (100, 6)], ids=["until three hours ago", "never"])
def test_the_hours_before_rejects_are_searched_back_to_the_last_accept(place: Place, accepted: int, hours: int) -> None:
    lines = [
        corpus.record(action="REJECT" if hour < accepted else "ACCEPT", end=NOON - 1 - hour * HOUR)
        for hour in range(12)
    ]
    deliver_to_s3(place.client("s3"), TO, lines)

    found = place.engine("s3").read(ASKED)

    last = [seen.last for seen in found.earlier if seen.action == "ACCEPT"]
    assert last == ([NOON - 1 - accepted * HOUR] if accepted < 12 else [])
    assert [seen.lines for seen in found.earlier] == [()] * len(found.earlier)
    assert FAULTS.calls.count("s3.ListObjectsV2") <= 3 * (hours + 1)


def test_lines_and_warnings_name_the_object(place: Place) -> None:
    key = TO.key(NOON)
    body = f"{corpus.V2}\n{corpus.record()}\n2 garbage\n"
    place.client("s3").put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(body.encode()))

    found = place.engine("s3").read(ASKED)

    [line] = found.seen[0].lines
    assert line.origin == f"s3://{BUCKET}/{key}:2"
    assert found.counts.malformed == 1
    assert found.warnings == (f"s3://{BUCKET}/{key}:3: 2 fields where the header names 14",)
    assert found.scanned > 0


def test_objects_that_are_archived_or_gone_are_counted_and_the_others_read(place: Place) -> None:
    keys = deliver_to_s3(place.client("s3"), TO, [corpus.record(end=NOON - minute * 300) for minute in range(4)])
    FAULTS.add(Fault("s3.GetObject", "InvalidObjectState", holding=keys[0].rpartition("/")[2]))
    FAULTS.add(Fault("s3.GetObject", "NoSuchKey", holding=keys[1].rpartition("/")[2]))

    found = place.engine("s3", look_back=0).read(ASKED)

    assert (found.rejects, found.counts.unreadable_files) == (2, 2)
    assert found.warnings[0] == f"s3://{BUCKET}/{keys[0]}: it is archived: an account administrator can restore it"


def test_what_the_window_holds_stands_where_the_time_before_cannot_be_searched(place: Place) -> None:
    deliver_to_s3(place.client("s3"), TO, [corpus.record()])
    FAULTS.add(Fault("s3.ListObjectsV2", "AccessDenied", holding="T08"))

    found = place.engine("s3").read(ASKED)

    assert found.rejects == 1
    assert "s3:ListBucket" in found.partial[0]


def test_a_hostile_key_stays_inside_the_temporary_folder(place: Place) -> None:
    key = TO.key(NOON).replace(".log.gz", "..%2f..\x1b[31m .log")
    place.client("s3").put_object(Bucket=BUCKET, Key=key, Body=f"{corpus.V2}\n{corpus.record()}\n".encode())

    [seen] = place.engine("s3").read(ASKED).seen

    assert seen.lines[0].origin.isprintable()
    assert seen.lines[0].origin.startswith(f"s3://{BUCKET}/logs/AWSLogs/")


@pytest.mark.parametrize("budget", [{"objects": 4}, {"size": 900}], ids=str)
def test_a_budget_stops_the_reading_at_the_newest_and_says_from_when_on(place: Place, budget: Any) -> None:
    lines = [corpus.record(end=NOON - number * 300) for number in range(12)]
    deliver_to_s3(place.client("s3"), TO, lines)

    found = place.engine("s3", **budget).read(ASKED)

    assert 0 < found.rejects < 12
    assert found.rejects == fetched()
    assert found.window == Between(NOON - 300 * (fetched() - 1), NOON)
    assert "nothing is said of the time before 2026-11-22T11:" in found.partial[0]
    assert "of 12" in found.partial[0]


def test_an_empty_window_is_an_answer_and_no_error(place: Place) -> None:
    found = place.engine("s3").read(ASKED)

    assert (found.seen, found.counts.read, found.newest) == ((), 0, None)
    assert [status.interface for status in found.statuses] == [corpus.DB, corpus.WEB]


@pytest.mark.parametrize(
    ("fault", "said", "action"),
    [
        (Fault("s3.ListObjectsV2", "AccessDenied"), "must grant s3:ListBucket", "s3:ListBucket"),
        (Fault("s3.GetObject", "AccessDenied"), "must grant s3:GetObject", "s3:GetObject"),
        (
            Fault("s3.GetObject", "AccessDenied", "User: x is not authorized to perform: kms:Decrypt on the resource"),
            "an administrator of the KMS key must grant kms:Decrypt",
            "kms:Decrypt",
        ),
        (Fault("s3.ListObjectsV2", "NoSuchBucket"), "does not exist (any more)", ""),
        (Fault("s3.*", "SlowDown"), "throttled", ""),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_each_refusal_is_a_sentence_that_says_who_must_act(place: Place, fault: Fault, said: str, action: str) -> None:
    deliver_to_s3(place.client("s3"), TO, [corpus.record()])
    FAULTS.add(fault)

    with pytest.raises(SourceUnavailable) as raised:
        place.engine("s3").read(ASKED)

    assert said in str(raised.value)
    assert getattr(raised.value, "action", "") == action
    assert isinstance(raised.value, NotPermitted) == bool(action)


def test_a_bucket_that_charges_whoever_asks_is_read_only_where_that_was_agreed(place: Place) -> None:
    s3 = place.client("s3")
    deliver_to_s3(s3, TO, [corpus.record()])
    s3.put_bucket_request_payment(Bucket=BUCKET, RequestPaymentConfiguration={"Payer": "Requester"})

    with pytest.raises(NotPermitted, match="--requester-pays"):
        place.engine("s3").read(ASKED)
    assert place.engine("s3", requester_pays=True).read(ASKED).rejects == 1


def test_whoever_gives_up_is_not_kept_waiting(place: Place) -> None:
    deliver_to_s3(place.client("s3"), TO, [corpus.record()])

    with pytest.raises(SourceUnavailable, match="as asked"):
        place.engine("s3", remote=place.remote(stopped=lambda: True)).read(ASKED)
    assert fetched() == 0


@pytest.mark.parametrize(
    ("destination", "place"),
    [
        ("arn:aws:s3:::b", ("b", "")),
        ("arn:aws:s3:::b/", ("b", "")),
        ("arn:aws-cn:s3:::b/one/two/", ("b", "one/two/")),
        ("arn:aws:s3:::b/one", ("b", "one/")),
    ],
)
def test_a_destination_is_a_bucket_and_a_folder(destination: str, place: Any) -> None:
    assert bucket_and_folder(destination) == place
