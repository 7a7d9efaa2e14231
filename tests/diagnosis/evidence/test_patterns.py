"""Every row of the decision table, in version 2 and with flags, and what each cannot prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from diagnosis.evidence.decision_table import TABLE
from diagnosis.evidence.patterns import LOST, PASSING, REJECTING, SILENT, Kind, Pattern, read_pattern
from diagnosis.evidence.query import Between, Counts, Last, Others, Sightings
from tests.diagnosis.evidence.sightings import DB, NAMES, NAT, NOON, V2, V5, WEB, seen, sightings

LOGGED: dict[str, bool | None] = {WEB: True, DB: True}
SYN, SYN_ACK, RST, FIN = 2, 18, 4, 1


def pattern(
    found: Sightings, logged: Mapping[str, bool | None] = LOGGED, traffic_types: Mapping[str, str] | None = None
) -> Pattern:
    return read_pattern(found, [WEB], [DB], logged, NAMES, traffic_types)


def test_every_kind_is_in_the_table_and_in_one_group() -> None:
    assert {row.kind for row in TABLE} == set(Kind)
    assert sorted([*REJECTING, *PASSING, *LOST, *SILENT]) == sorted(Kind)


@pytest.mark.parametrize(
    ("found", "kind", "leg"),
    [
        (sightings(seen(DB, "forward", "REJECT")), Kind.REJECT_AT_DESTINATION, "forward"),
        (
            sightings(seen(WEB, "forward", "ACCEPT"), seen(DB, "forward", "REJECT")),
            Kind.REJECT_AT_DESTINATION,
            "forward",
        ),
        (sightings(seen(WEB, "forward", "REJECT")), Kind.REJECT_AT_SOURCE, "forward"),
        (
            sightings(seen(DB, "forward", "ACCEPT"), seen(DB, "reply", "REJECT")),
            Kind.ACL_OUTBOUND_OF_DESTINATION,
            "reply",
        ),
        (
            sightings(seen(WEB, "forward", "ACCEPT"), seen(WEB, "reply", "REJECT")),
            Kind.ACL_INBOUND_OF_SOURCE,
            "reply",
        ),
        (sightings(seen(NAT, "forward", "REJECT")), Kind.REJECT_BETWEEN, "forward"),
        (sightings(seen(None, "forward", "REJECT")), Kind.REJECT_BETWEEN, "forward"),
        (
            sightings(seen(WEB, "forward", "REJECT", reason="BPA"), fields=V5),
            Kind.BLOCK_PUBLIC_ACCESS,
            "forward",
        ),
        (
            sightings(seen(WEB, "forward", "ACCEPT"), status={DB: (9, 0, 0)}),
            Kind.DROPPED_BETWEEN,
            "forward",
        ),
        (sightings(seen(WEB, "forward", "ACCEPT"), seen(DB, "forward", "ACCEPT")), Kind.HOST_SILENT, None),
        (
            sightings(seen(WEB, "forward", "ACCEPT", flags=SYN), seen(DB, "forward", "ACCEPT", flags=SYN), fields=V5),
            Kind.HOST_SILENT,
            None,
        ),
        (
            sightings(seen(DB, "forward", "ACCEPT", flags=SYN), seen(DB, "reply", "ACCEPT", flags=RST), fields=V5),
            Kind.PORT_CLOSED,
            None,
        ),
        (
            sightings(
                seen(DB, "forward", "ACCEPT", flags=SYN), seen(DB, "reply", "ACCEPT", flags=SYN_ACK | RST), fields=V5
            ),
            Kind.ACCEPT_ONLY,
            None,
        ),
        (
            sightings(
                seen(WEB, "forward", "ACCEPT"),
                seen(DB, "forward", "ACCEPT"),
                seen(DB, "reply", "ACCEPT"),
                seen(WEB, "reply", "ACCEPT"),
            ),
            Kind.ACCEPT_ONLY,
            None,
        ),
        (
            sightings(seen(WEB, "forward", "ACCEPT"), seen(DB, "forward", "ACCEPT"), seen(DB, "reply", "ACCEPT")),
            Kind.REPLY_LOST,
            "reply",
        ),
        (
            sightings(
                seen(DB, "forward", "ACCEPT", first=NOON - 3000, last=NOON - 2000, flags=SYN),
                seen(DB, "forward", "REJECT", first=NOON - 1000, flags=FIN),
                fields=V5,
            ),
            Kind.CONNECTION_TAIL,
            None,
        ),
        (sightings(status={WEB: (0, 3, 0)}), Kind.NODATA, None),
        (sightings(status={DB: (0, 0, 2), WEB: (2, 0, 0)}), Kind.SKIPDATA, None),
        (sightings(seen(WEB, "forward", "ACCEPT"), status={DB: (1, 0, 1)}), Kind.SKIPDATA, None),
        (sightings(seen(DB, "forward", "ACCEPT"), status={DB: (3, 0, 1)}), Kind.SKIPDATA, None),
        (sightings(status={WEB: (5, 1, 0), DB: (5, 0, 0)}), Kind.NO_RECORDS, None),
        (sightings(), Kind.NO_RECORDS, None),
    ],
)
def test_each_row_of_the_table(found: Sightings, kind: Kind, leg: str | None) -> None:
    got = pattern(found)

    assert (got.kind, got.leg) == (kind, leg)
    assert got.text.endswith(".")
    assert "{" not in got.text
    assert len(got.sentences) <= 3


def test_no_flow_log_on_either_interface() -> None:
    got = pattern(sightings(), {WEB: False, DB: False})

    assert got.kind is Kind.NO_FLOW_LOG
    assert got.text == "No flow log covers web-1 and orders-db, so the logs cannot say what happens there."


def test_no_flow_log_where_it_would_have_arrived() -> None:
    got = pattern(sightings(seen(WEB, "forward", "ACCEPT")), {WEB: True, DB: False})

    assert got.kind is Kind.NO_FLOW_LOG
    assert "orders-db" in got.text
    assert "web-1" not in got.text


def test_a_record_proves_that_the_interface_is_logged() -> None:
    """Whatever describe_flow_logs said: the flow log may be another account's, or deleted since."""
    got = pattern(sightings(seen(WEB, "forward", "ACCEPT"), status={DB: (9, 0, 0)}), {WEB: False, DB: False})

    assert got.kind is Kind.DROPPED_BETWEEN


def test_a_destination_that_may_not_be_logged_is_no_proof_of_a_drop() -> None:
    assert pattern(sightings(seen(WEB, "forward", "ACCEPT")), {}).kind is Kind.NO_REPLY


def test_an_outside_destination_that_never_answers() -> None:
    found = sightings(seen(WEB, "forward", "ACCEPT"))

    assert read_pattern(found, [WEB], [], {WEB: True}).kind is Kind.NO_REPLY


def test_an_idle_destination_says_so_when_the_source_is_not_in_the_logs() -> None:
    got = pattern(sightings(status={DB: (0, 4, 0)}), {})

    assert got.kind is Kind.NODATA
    assert "reached" in got.text


def test_direction_is_taken_from_the_record_where_the_parties_have_no_interfaces() -> None:
    rows = seen(DB, "forward", "ACCEPT", direction="ingress"), seen(DB, "reply", "REJECT", direction="egress")

    assert read_pattern(sightings(*rows, fields=V5), [], [], {}).kind is Kind.ACL_OUTBOUND_OF_DESTINATION


def test_both_parties_on_one_interface_are_told_apart_by_direction() -> None:
    rows = seen(DB, "forward", "REJECT", direction="egress"), seen(DB, "forward", "ACCEPT", direction="ingress")

    assert read_pattern(sightings(*rows, fields=V5), [DB], [DB], {}).kind is Kind.REJECT_AT_SOURCE


def test_a_syn_that_is_refused_is_no_tail() -> None:
    rows = (
        seen(DB, "forward", "ACCEPT", last=NOON - 2000, flags=SYN),
        seen(DB, "forward", "REJECT", first=NOON - 1000, flags=SYN),
    )

    assert pattern(sightings(*rows, fields=V5)).kind is Kind.REJECT_AT_DESTINATION


def test_the_change_from_accept_to_reject_is_dated() -> None:
    rows = seen(DB, "forward", "ACCEPT", last=NOON - 2000), seen(DB, "forward", "REJECT", first=NOON - 1900)

    got = pattern(sightings(*rows))

    assert (got.kind, got.accepted_until) == (Kind.REJECT_AT_DESTINATION, NOON - 2000)
    assert got.sentences[1] == "ACCEPT until 2026-11-22T11:26:40Z at orders-db, REJECT since"


def test_the_change_may_lie_before_the_window() -> None:
    before = (seen(DB, "forward", "ACCEPT", first=NOON - 9000, last=NOON - 8000),)

    assert pattern(sightings(seen(DB, "forward", "REJECT"), earlier=before)).accepted_until == NOON - 8000


def test_rejects_that_ended_are_repaired() -> None:
    rows = (
        seen(DB, "forward", "REJECT", last=NOON - 2000),
        seen(DB, "forward", "ACCEPT", first=NOON - 2000),
        seen(DB, "reply", "ACCEPT", first=NOON - 2000),
    )

    got = pattern(sightings(*rows))

    assert (got.kind, got.accepted_since) == (Kind.ACCEPT_ONLY, NOON - 2000)
    assert "REJECT until" in got.sentences[1]


def test_replies_that_are_partly_refused_are_refused() -> None:
    """An ACL that denies a slice of the ephemeral ports: both actions, all the time."""
    rows = seen(DB, "forward", "ACCEPT"), seen(DB, "reply", "ACCEPT"), seen(DB, "reply", "REJECT")

    assert pattern(sightings(*rows)).kind is Kind.ACL_OUTBOUND_OF_DESTINATION


def test_counts_are_told_with_their_places_and_their_time() -> None:
    rows = seen(DB, "forward", "REJECT", 412), seen(WEB, "forward", "ACCEPT", 1412)

    assert pattern(sightings(*rows)).sentences[0] == ("412 REJECT at orders-db in the last hour, 1,412 ACCEPT at web-1")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (sightings(window=Last(86400)), "in the last day"),
        (sightings(window=Last(5400)), "in the last 90 minutes"),
        (sightings(widened=True), "in all that was read, since 2026-11-22T11:00:00Z"),
        (sightings(window=Between(1, 2)), "from 2026-11-22T11:00:00Z to 2026-11-22T12:00:00Z"),
    ],
)
def test_the_time_that_was_read_is_said(found: Sightings, words: str) -> None:
    assert pattern(found).sentences[0].endswith(words)


def limits(found: Sightings, traffic_types: Mapping[str, str] | None = None) -> str:
    return " ".join(pattern(found, traffic_types=traffic_types).limits)


def test_missing_flags_are_named_where_they_would_tell_more() -> None:
    rows = seen(DB, "forward", "ACCEPT"), seen(DB, "reply", "ACCEPT")

    assert "tcp-flags" in limits(sightings(*rows))
    assert "tcp-flags" not in limits(sightings(*rows, fields=V5))
    assert "tcp-flags" not in limits(sightings(*rows, protocol=17))


def test_missing_packet_addresses_are_named_where_something_stands_between() -> None:
    assert "pkt-srcaddr" in limits(sightings(seen(NAT, "forward", "ACCEPT")))
    assert "pkt-srcaddr" not in limits(sightings(seen(NAT, "forward", "ACCEPT"), fields=V5))


def test_lost_records_limit_any_pattern() -> None:
    found = sightings(seen(DB, "forward", "REJECT"), status={DB: (3, 0, 7)})

    assert pattern(found).kind is Kind.REJECT_AT_DESTINATION
    assert "7 SKIPDATA at orders-db" in limits(found)


def test_absence_is_never_said_of_the_time_that_may_not_have_been_delivered() -> None:
    said = limits(sightings(status={WEB: (0, 3, 0)}))

    assert "The newest record ends 2026-11-22T12:00:00Z" in said
    assert "15 minutes late" in said


def test_a_field_that_would_have_helped_comes_with_the_command_that_logs_it() -> None:
    said = limits(sightings(seen(NAT, "forward", "ACCEPT")))

    assert "A format cannot be changed" in said
    assert "aws ec2 create-flow-logs" in said
    assert "${pkt-srcaddr}" in said
    assert "create-flow-logs" not in limits(sightings(seen(NAT, "forward", "ACCEPT"), fields=V5))


def test_unreadable_files_and_malformed_lines_are_limits() -> None:
    said = limits(sightings(counts=Counts(1, 2, 0, 0, 1)))

    assert "1 file could not be read" in said
    assert "2 malformed lines were left out" in said


def test_a_flow_log_of_accepts_only_cannot_show_a_reject() -> None:
    said = limits(sightings(seen(DB, "forward", "ACCEPT")), traffic_types={DB: "ACCEPT"})

    assert "The flow log of orders-db keeps ACCEPT only: no REJECT can be there." in said


def test_missing_interface_and_time_fields_are_named() -> None:
    said = limits(sightings(seen(None, "forward", "REJECT"), fields=V2 - {"interface-id", "end"}))

    assert "no interface-id" in said
    assert "no start and end" in said


def test_a_widened_window_is_said() -> None:
    assert "Nothing of this conversation is in the last hour" in limits(sightings(widened=True))


def test_each_missing_field_that_would_have_told_more_is_named_with_its_version() -> None:
    at_nat = seen(NAT, "forward", "ACCEPT")
    assert "version 5 with flow-direction" in limits(sightings(at_nat))
    assert "no flow-direction" not in limits(sightings(at_nat, fields=V5))
    assert "version 5 with traffic-path" in limits(sightings(seen(WEB, "forward", "ACCEPT")))
    for action in ("ACCEPT", "REJECT"):  # it has arrived, so it is known which way
        assert "no traffic-path" not in limits(sightings(seen(WEB, "forward", "ACCEPT"), seen(DB, "forward", action)))
    assert "version 9 with resource-id" in limits(sightings(seen(None, "forward", "ACCEPT")))
    assert "SKIPDATA" in limits(sightings(at_nat, fields=V2 - {"log-status"}))
    assert "no protocol and no dstport" in limits(sightings(at_nat, fields=V2 - {"protocol", "dstport"}))


def test_what_only_the_internet_meets_is_missed_only_where_a_party_is_outside() -> None:
    """VPC Block Public Access refuses nothing between two interfaces, and no service of AWS is one of them."""
    refused = seen(DB, "forward", "REJECT")
    between = " ".join(read_pattern(sightings(refused), [WEB], [DB], LOGGED, NAMES).limits)
    outside = " ".join(read_pattern(sightings(refused), [], [DB], LOGGED, NAMES).limits)
    accepted = " ".join(read_pattern(sightings(seen(DB, "forward", "ACCEPT")), [], [DB], LOGGED, NAMES).limits)
    known = sightings(refused, fields=V5 | {"reject-reason"})

    assert "version 8 with reject-reason" in outside
    assert "version 5 with pkt-src-aws-service" in outside
    assert "no reject-reason" not in between + accepted
    assert not any("no reject-reason" in limit for limit in read_pattern(known, [], [DB], LOGGED, NAMES).limits)


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (None, ""),
        (Others(), "No other client was seen at the same address and port"),
        (Others(3, 1200), "Other clients at the same address and port: 3 refused, 1,200 accepted"),
        (Others(1, 0, at_least=True), "Other clients at the same address and port: at least 1 refused"),
    ],
)
def test_the_evidence_says_whether_others_are_refused_at_the_same_service(others: Others | None, told: str) -> None:
    said = pattern(replace(sightings(seen(DB, "forward", "REJECT")), others=others)).sentences
    assert said[-1].startswith(told)
    assert len(said) == (1 if others is None else 2)
