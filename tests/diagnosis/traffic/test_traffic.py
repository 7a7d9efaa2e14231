"""Traffic by example: merging, rewriting, sampling."""

from __future__ import annotations

from diagnosis.traffic.addresses import format_address, parse_cidr
from diagnosis.traffic.intervals import span
from diagnosis.traffic.ports import ALL_PORTS, port, port_range
from diagnosis.traffic.traffic import Box, Header, Traffic

TCP = (6, 7)
WEB = Box(parse_cidr("10.0.1.0/24"), parse_cidr("10.0.2.15"), TCP, port_range(32768, 60999), port(443))


def test_boxes_that_differ_in_one_side_become_one() -> None:
    both = Traffic.of(WEB, WEB._replace(port=port(80)), WEB._replace(source=parse_cidr("10.0.0.0/24")))

    assert len(Traffic.of(WEB, WEB._replace(port=port(80))).boxes) == 1
    assert both.size() == 28232 * (2 * 256 + 256)


def test_a_network_address_translation_replaces_source_and_port_and_merges() -> None:
    gateway = parse_cidr("198.51.100.7")
    client_dependent = Traffic.of(
        WEB, WEB._replace(source=parse_cidr("10.0.9.0/24"), source_port=port_range(49152, 65535))
    )

    after = client_dependent.rewritten(source=gateway, source_port=port_range(1024, 65535))

    assert after == Traffic((WEB._replace(source=gateway, source_port=port_range(1024, 65535)),))


def test_rewriting_to_nothing_leaves_nothing() -> None:
    assert Traffic.of(WEB).rewritten(source=()).empty


def test_the_sample_is_a_header_that_can_be_shown() -> None:
    traffic = Traffic.of(WEB._replace(source=parse_cidr("10.0.3.0/24")), WEB)

    sample = traffic.sample()

    assert sample == Header(parse_cidr("10.0.1.0")[0], parse_cidr("10.0.2.15")[0], 6, 32768, 443)
    assert format_address(sample.source) == "10.0.1.0"
    assert traffic.contains(sample)
    assert Traffic.nothing().sample() is None


def test_one_set_in_two_decompositions_is_the_same_set_but_not_equal() -> None:
    a = Box(span(0, 2), span(0, 1), TCP, ALL_PORTS, ALL_PORTS)
    b = Box(span(0, 1), span(1, 2), TCP, ALL_PORTS, ALL_PORTS)
    rows = Traffic((a, b))
    columns = Traffic((a._replace(source=span(0, 1), destination=span(0, 2)), a._replace(source=span(1, 2))))

    assert rows.same_as(columns)
    assert rows != columns
    assert rows.minus(columns).empty


def test_whole_traffic_is_handed_back_where_an_operation_changes_nothing() -> None:
    web = Traffic.of(WEB)

    assert web.union(Traffic.nothing()) is web
    assert Traffic.nothing().union(web) is web
    assert web.meet(web) is web
    assert not web.empty
    assert web.only() == web
