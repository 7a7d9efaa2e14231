"""A pasted flow-log record, decoded field by field."""

from __future__ import annotations

import pytest

from diagnosis.terminal.page import Page
from diagnosis.terminal.records import decoded, pasted, record_rows
from diagnosis.terminal.safe_text import cells

PAGE = Page(80, colour=False)


@pytest.mark.parametrize(
    ("field", "value", "meaning"),
    [
        ("protocol", "6", "TCP"),
        ("protocol", "254", ""),
        ("tcp-flags", "2", "SYN"),
        ("tcp-flags", "18", "SYN ACK"),
        ("tcp-flags", "0", "none kept"),
        ("tcp-flags", "-", ""),
        ("start", "1609459200", "2021-01-01 00:00:00 UTC"),
        ("start", "9" * 40, ""),
        ("action", "REJECT", "a security group or a network ACL refused it"),
        ("log-status", "SKIPDATA", "records of this interval were lost: absence proves nothing"),
        ("flow-direction", "egress", "away from the interface"),
        ("srcaddr", "10.0.1.10", ""),
    ],
)
def test_meaning_of_a_field(field: str, value: str, meaning: str) -> None:
    assert decoded(field, value) == meaning


def test_meaning_that_came_with_the_field_is_kept() -> None:
    record = {"srcaddr": {"value": "10.0.1.10", "meaning": "web-1"}, "protocol": 6, "dstport": None}

    assert record_rows(record) == (("srcaddr", "10.0.1.10", "web-1"), ("protocol", "6", "TCP"), ("dstport", "-", ""))


def test_no_record_gives_no_table() -> None:
    assert pasted(PAGE, None) == []
    assert pasted(PAGE, {}) == []


def test_table_keeps_to_the_page_whatever_is_in_the_record() -> None:
    rows = pasted(PAGE, {"f" * 60: "v" * 200, "x": {"value": "1\x1b[2J", "meaning": "word " * 60}})

    assert all(cells(row) <= 80 for row in rows)
    assert "\x1b" not in "".join(rows)
