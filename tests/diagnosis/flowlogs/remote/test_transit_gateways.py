"""Flow logs of transit gateways: what they lost and what passed them, from files, S3, Logs Insights and Athena."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from diagnosis.evidence.combine import combined
from diagnosis.evidence.crossings import told
from diagnosis.evidence.engine_choice import Engine, Placed, choose_of_gateways
from diagnosis.evidence.flow_log_setup import logging
from diagnosis.evidence.patterns import Kind, read_pattern
from diagnosis.evidence.query import Between, Crossing, FlowLogQuery, Last, Sightings
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.question.question import Party
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import DB, NOON, WEB
from tests.diagnosis.flowlogs.remote.places import BUCKET, GROUP, Place
from tests.diagnosis.flowlogs.remote.test_account import NAMES, ask, source_of
from tests.diagnosis.flowlogs.remote.test_account import logged as with_flow_log
from tests.diagnosis.trace.hubs import Hub, hub_route, two_spokes
from tests.emulator.delivery import Destination, deliver_to_logs, deliver_to_s3

HEADER = (
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id "
    "tgw-src-vpc-id tgw-dst-vpc-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start "
    "end log-status packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired"
)
QUERY = FlowLogQuery(
    frozenset({"10.0.1.10"}),
    frozenset({"10.0.2.20"}),
    6,
    3306,
    interfaces=frozenset({WEB, DB}),
    window=Between(NOON - 3600, NOON + 60),
)


def crossing(lost: tuple[int, int, int, int] = (0, 0, 0, 0), *, back: bool = False, end: int = NOON) -> str:
    """One record of a transit gateway; `back` is that of the answer."""
    sides = ("10.0.2.20", "10.0.1.10", "3306", "40000") if back else ("10.0.1.10", "10.0.2.20", "40000", "3306")
    values = {
        "version": "6",
        "resource-type": "TransitGateway",
        "account-id": "123456789012",
        "tgw-id": "tgw-0a1",
        "tgw-attachment-id": "tgw-attach-0a1",
        "tgw-pair-attachment-id": "-" if any(lost) else "tgw-attach-0b2",
        **dict(zip(("srcaddr", "dstaddr", "srcport", "dstport"), sides, strict=True)),
        "protocol": "6",
        "packets": "5",
        "bytes": "300",
        "start": str(end - 58),
        "end": str(end),
        "log-status": "OK",
        **dict(zip(HEADER.split()[-4:], map(str, lost), strict=True)),
    }
    return " ".join(values.get(name, "-") for name in HEADER.split())


LINES = [crossing((3, 0, 0, 0)), crossing((2, 1, 0, 0)), crossing(back=True), crossing(end=NOON - 9000)]
SEEN = (
    Crossing("tgw-0a1", "tgw-attach-0a1", None, "forward", 2, 10, 5, 1, first=NOON - 58, last=NOON),
    Crossing("tgw-0a1", "tgw-attach-0a1", "tgw-attach-0b2", "reply", 1, 5, first=NOON - 58, last=NOON),
)


def test_files_of_a_transit_gateway_tell_what_it_lost_and_what_passed(tmp_path: Path) -> None:
    found = FlowLogFiles([corpus.write(tmp_path / "t.log.gz", LINES, header=HEADER)]).read(QUERY)

    assert found.crossings == SEEN
    assert (found.seen, found.counts.read, found.counts.malformed) == ((), 4, 0)


def test_beside_them_the_flow_logs_of_interfaces_are_read_as_ever(tmp_path: Path) -> None:
    corpus.write(tmp_path / "t.log.gz", LINES, header=HEADER)
    corpus.write(tmp_path / "v.log.gz", [corpus.record(), "no record"])

    found = FlowLogFiles([tmp_path]).read(QUERY)
    refused = RejectFiles([tmp_path]).rejects(Between(), lambda _: True, 10)

    assert found.crossings == SEEN
    assert (found.rejects, found.counts.read, found.counts.malformed) == (1, 5, 1)
    assert found.fields == frozenset(corpus.V2.split())
    assert (refused.records, refused.warnings[1:]) == (1, ())


def test_parquet_files_of_a_transit_gateway_tell_the_same(tmp_path: Path) -> None:
    text = corpus.write(tmp_path / "t.log", LINES, header=HEADER)
    numbers = {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", *HEADER.split()[-4:]}
    taken = ", ".join(
        f'NULLIF("{name}", \'-\')::{"BIGINT" if name in numbers else "VARCHAR"} AS "{name.replace("-", "_")}"'
        for name in HEADER.split()
    )
    read = f"READ_CSV('{text}', delim = ' ', header = true, all_varchar = true)"
    to = tmp_path / "t.parquet"
    duckdb.connect().execute(f"COPY (SELECT {taken} FROM {read}) TO '{to}' (FORMAT parquet)")  # noqa: S608 - our own

    found = FlowLogFiles([tmp_path / "t.parquet"]).read(QUERY)

    assert found.crossings == SEEN
    assert found.counts.read == 4


@pytest.mark.parametrize("engine", ["s3", "insights", "athena"])
@pytest.mark.parametrize("left_out", ["", "log-status"])
def test_every_engine_tells_the_same(place: Place, engine: Engine, left_out: str, tmp_path: Path) -> None:
    kept = [number for number, name in enumerate(HEADER.split()) if name != left_out]
    header, *lines = (" ".join(line.split()[number] for number in kept) for line in (HEADER, *LINES))
    place.deliver(lines, header)

    found = place.engine(engine, header).read(QUERY)

    assert found.crossings == SEEN
    assert (found.counts.read, found.counts.malformed) == (3, 0)
    assert (found.fields, found.seen) == (frozenset(), ())
    assert FlowLogFiles([corpus.write(tmp_path / "t.log", lines, header=header)]).read(QUERY).crossings == SEEN


def described(**more: Any) -> dict[str, Any]:
    item = {"FlowLogId": "fl-0c3", "ResourceId": "tgw-1", "LogDestinationType": "s3"}
    return {
        **item,
        "LogDestination": "arn:aws:s3:::b",
        "LogFormat": " ".join(f"${{{n}}}" for n in HEADER.split()),
        **more,
    }


@pytest.mark.parametrize("athena", [True, False])
def test_the_flow_log_of_a_gateway_on_the_path_is_read_by_the_engine_for_its_destination(*, athena: bool) -> None:
    items = [described(), described(FlowLogId="fl-0d4", LogDestinationType="cloud-watch-logs", LogGroupName="/t")]
    placed = [Placed(log, "123456789012", "us-east-1") for log in logging(items, ["tgw-1"])]

    chosen = choose_of_gateways(placed, Between(0, 86400), athena=athena)

    assert [reading.engine for reading in chosen.readings] == ["insights", "athena" if athena else "s3"]
    assert all(reading.interfaces == frozenset() for reading in chosen.readings)


def test_packets_that_a_gateway_loses_are_the_pattern_and_a_passage_is_said() -> None:
    nothing = Sightings("test", QUERY, "", FlowLogFiles([]).read(QUERY).counts, Between(NOON - 3600, NOON))
    logged: dict[str, bool | None] = {WEB: True, DB: True}

    pattern = read_pattern(replace(nothing, crossings=SEEN), [WEB], [DB], logged)

    assert (pattern.kind, pattern.leg) == (Kind.LOST_AT_GATEWAY, "forward")
    assert pattern.text == ("A transit gateway drops it: tgw-0a1, 5 packets: no route, 1 packet: a blackhole route.")
    lost = "5 packets: no route, 1 packet: a blackhole route"
    assert told(SEEN) == (
        f"The transit gateway tgw-0a1 (tgw-attach-0a1) dropped {lost}, on the way there",
        "It passed the transit gateway tgw-0a1 (tgw-attach-0a1 to tgw-attach-0b2) on the way back: 5 packets",
    )
    passed = read_pattern(replace(nothing, crossings=SEEN[1:]), [WEB], [DB], logged)
    assert passed.kind is not Kind.LOST_AT_GATEWAY
    assert told(SEEN)[1] in passed.sentences


def test_of_two_readings_the_fields_are_those_of_interfaces_and_the_crossings_are_added() -> None:
    counts = FlowLogFiles([]).read(QUERY).counts
    one = Sightings("one", QUERY, "", counts, Between(0, 1), fields=frozenset({"srcaddr"}), crossings=SEEN[:1])
    two = Sightings("two", QUERY, "", counts, Between(0, 1), crossings=SEEN)

    both = combined([one, two])

    assert both.fields == {"srcaddr"}
    assert [each.no_route for each in both.crossings] == [10, 0]


def blackholed() -> Hub:
    """Two VPCs on one gateway, whose route to the second leads nowhere."""
    made = two_spokes()
    made.routes["tgw-rtb-1"][1] = hub_route("10.9.0.0/16", "attach-b", "vpc-b", state="blackhole")
    return made


@pytest.mark.parametrize("logged", ["tgw-1", "attach-a"])
@pytest.mark.parametrize("engine", ["s3", "insights", "athena"])
def test_a_question_is_answered_from_the_flow_log_of_the_gateway_between(
    place: Place, engine: str, logged: str
) -> None:
    """No interface is logged: which flow log to read follows from the attachments of the parties' VPCs."""
    made = with_flow_log(blackholed(), engine, logged, LogFormat=" ".join(f"${{{name}}}" for name in HEADER.split()))
    lines = [_of_account(crossing((0, lost, 0, 0), end=NOON - 60 * lost), made) for lost in range(1, 20)]
    elsewhere = _of_account(crossing((9, 0, 0, 0), end=NOON - 60), made).replace(" 10.9.1.10 ", " 10.9.1.99 ")
    to = Destination("fl-0a1", HEADER, BUCKET, "logs", account=made.account, region=made.region)
    if engine == "insights":
        deliver_to_logs(GROUP, HEADER, [*lines, elsewhere])
    else:
        deliver_to_s3(place.client("s3"), to, [*lines, elsewhere])

    answer = ask(source_of(place, made, engine), made, 22, Party(kind="ip", value="10.9.1.10"), Last(2 * 3600))

    logs = answer.evidence.flow_logs
    assert logs is not None
    assert logs.engine.startswith(NAMES[engine])
    assert logs.pattern.startswith("A transit gateway drops it: tgw-1, 190 packets: a blackhole route.")
    assert "Configuration and logs agree: it is dropped on the way" in answer.evidence.agreement
    assert (answer.verdict, logs.rejects) == ("blocked", 0)


def test_a_gateway_that_neither_party_is_attached_to_is_not_read(place: Place) -> None:
    made = with_flow_log(blackholed(), "s3", "tgw-9")

    answer = ask(source_of(place, made, "s3"), made, 22, Party(kind="ip", value="10.9.1.10"))

    assert answer.evidence.flow_logs is None


def _of_account(line: str, made: Hub) -> str:
    """A record of the gateway and the parties of that account."""
    renamed = {"tgw-0a1": "tgw-1", "10.0.2.20": "10.9.1.10", "3306": "22", "123456789012": made.account}
    for name, other in renamed.items():
        line = line.replace(f" {name} ", f" {other} ")
    return line
