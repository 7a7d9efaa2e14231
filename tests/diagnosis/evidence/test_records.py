"""Fields, header lines and what a well-formed line is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.evidence.decoding import Malformed, Record, decode, flag_names
from diagnosis.evidence.records import DEFAULT_FORMAT, FIELDS, Kind, classify, iso, read_header, shown, why_malformed
from tests.diagnosis.flowlogs.corpus import SHUFFLED, V2, V5, idle, mutated, random_line, record


def test_version_10_has_42_fields_for_interfaces() -> None:
    assert sum(field.version != 6 for field in FIELDS.values()) == 42
    assert {field.version for field in FIELDS.values()} == set(range(2, 11))


@pytest.mark.parametrize("header", [V2, V5, SHUFFLED])
def test_a_header_line_names_its_fields_in_its_own_order(header: str) -> None:
    assert read_header(header) == tuple(header.split())


def test_the_log_format_of_a_flow_log_is_read_like_a_header() -> None:
    assert read_header("${version} ${interface-id} ${tcp-flags}") == ("version", "interface-id", "tcp-flags")
    assert read_header("interface_id log_status srcaddr") == ("interface-id", "log-status", "srcaddr")


def test_a_field_newer_than_this_program_is_kept() -> None:
    header = f"{V2} some-new-field"

    assert read_header(header) == (*DEFAULT_FORMAT, "some-new-field")
    assert classify(tuple(header.split()), f"{record()} anything") is Kind.OK


@pytest.mark.parametrize(
    "line",
    [record(), idle("eni-0"), "", "hello world again", "srcaddr srcaddr dstaddr", "start end", " ".join("abcdefgh")],
)
def test_a_line_that_is_no_header_is_not_taken_for_one(line: str) -> None:
    assert read_header(line) is None


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (record(), Kind.OK),
        (record("-"), Kind.OK),
        (record(account_id="unknown"), Kind.OK),
        (record(source="2001:db8::1", destination="::"), Kind.OK),
        (idle("eni-0"), Kind.NODATA),
        (idle("eni-0", "SKIPDATA"), Kind.SKIPDATA),
        (V2, Kind.HEADER),
        (record(source="-"), Kind.MALFORMED),
        (record(action="-"), Kind.MALFORMED),
        (record(end=0, start="5"), Kind.MALFORMED),
    ],
)
def test_a_line_is_a_record_a_gap_a_header_or_malformed(line: str, kind: Kind) -> None:
    assert classify(DEFAULT_FORMAT, line) is kind


def test_every_malformed_line_gets_a_reason_that_can_be_printed() -> None:
    chance = random.Random(3)
    for header in (V2, V5, SHUFFLED):
        fields = tuple(header.split())
        for _ in range(3000):
            line = mutated(chance, random_line(chance, header)).decode("latin-1")
            if classify(fields, line) is Kind.MALFORMED:
                reason = why_malformed(fields, line)
                assert reason != "not a flow-log record", line
                assert reason.isascii()
                assert reason.isprintable()


@given(st.text(max_size=200))
def test_any_text_is_classified_and_decoded_without_an_error(line: str) -> None:
    assert classify(DEFAULT_FORMAT, line) in set(Kind)
    assert isinstance(decode(line), Record | Malformed)
    assert shown(line).isprintable()


def test_a_record_is_decoded_field_by_field() -> None:
    line = "2 123456789012 eni-abc123def456 10.0.1.10 172.31.5.20 52000 443 6 3 1800 1609459200 1609459260 REJECT OK"

    decoded = decode(line)

    assert isinstance(decoded, Record)
    meanings = {name: meaning for name, _, meaning in decoded.described()}
    assert meanings["protocol"] == "TCP"
    assert meanings["start"] == "2021-01-01T00:00:00Z"
    assert meanings["action"] == "refused by group or network ACL"
    assert decoded.described()[2][:2] == ("interface-id", "eni-abc123def456")


def test_what_is_no_record_says_why() -> None:
    assert decode("2 123 eni-1") == Malformed("3 fields where the header names 14")


@pytest.mark.parametrize(
    ("flags", "names"),
    [(2, "SYN"), (18, "SYN-ACK"), (19, "SYN-ACK+FIN"), (4, "RST"), (0, "none recorded"), (3, "FIN+SYN")],
)
def test_tcp_flags_have_names(flags: int, names: str) -> None:
    assert flag_names(flags) == names


def test_times_are_iso_8601_in_utc() -> None:
    assert iso(1795357678) == "2026-11-22T14:27:58Z"
    assert iso(10**12) == "9999-12-31T23:59:59Z"
