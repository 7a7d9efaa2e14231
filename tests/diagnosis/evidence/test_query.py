"""The query and the answer as values."""

from __future__ import annotations

import pytest

from diagnosis.evidence.query import Between, FlowLogQuery, Seen, Sightings, spellings
from diagnosis.evidence.query import Counts as Records


def test_addresses_are_canonical() -> None:
    query = FlowLogQuery(frozenset({"10.0.1.10/32", "2001:DB8:0::1"}), frozenset({"10.0.0.7/16"}))

    assert query.sources == {"10.0.1.10", "2001:db8::1"}
    assert query.destinations == {"10.0.0.0/16"}


def test_everything_is_nothing_in_particular() -> None:
    assert FlowLogQuery(frozenset({"0.0.0.0/0", "::/0"}), frozenset()).sources == frozenset()


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="web-1"):
        FlowLogQuery(frozenset({"web-1"}), frozenset())


def test_an_ipv6_address_has_three_spellings() -> None:
    assert len(spellings("2001:db8::1")) == 3
    assert spellings("10.0.0.1") == {"10.0.0.1"}


def test_accepts_and_rejects_count_records_of_both_legs() -> None:
    seen = (
        Seen("eni-1", "forward", None, "ACCEPT", 2, 0, None, None),
        Seen("eni-1", "reply", None, "ACCEPT", 3, 0, None, None),
        Seen("eni-1", "reply", None, "REJECT", 4, 0, None, None),
    )
    query = FlowLogQuery(frozenset(), frozenset())
    found = Sightings("test", query, "", Records(), Between(), seen=seen)

    assert (found.accepts, found.rejects) == (5, 4)
