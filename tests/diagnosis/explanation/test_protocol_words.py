"""Traffic in words: what is nearly all is told by what is left out, and never called all."""

from __future__ import annotations

import pytest

from diagnosis.explanation.protocol_words import traffic_words, words_of_any
from diagnosis.traffic.addresses import IPV4, IPV6
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS, ICMP, ICMPV6, TCP, UDP
from diagnosis.traffic.traffic import Box, Traffic

CLIENTS = (32768, 61000)


def everything(family: IntervalSet, clients: IntervalSet = CLIENTS) -> Traffic:
    """All that a client may send in one address family, which has one of the two kinds of ICMP."""
    other = ICMP if family is IPV6 else ICMPV6
    without_ports = Traffic.of(*(Box(family, family, p, ALL_PORTS, ALL_PORTS) for p in _but(TCP, UDP, other)))
    with_ports = (Box(family, family, (p, p + 1), clients, ALL_PORTS) for p in (TCP, UDP))
    return without_ports.union(Traffic.of(*with_ports))


def _but(*numbers: int) -> list[IntervalSet]:
    return [(n, n + 1) for n in range(*ALL_PROTOCOLS) if n not in numbers]


def only(number: int, ports: IntervalSet = ALL_PORTS, clients: IntervalSet = ALL_PORTS) -> Traffic:
    return Traffic.of(*(Box(family, family, (number, number + 1), clients, ports) for family in (IPV4, IPV6)))


@pytest.mark.parametrize("family", [IPV4, IPV6])
def test_all_that_can_be_asked_of_an_address_family_is_all_traffic(family: IntervalSet) -> None:
    assert traffic_words(everything(family)) == "all traffic"
    assert traffic_words(everything(family), reply=True) == "all traffic"


def test_what_is_left_out_is_named_with_its_ports() -> None:
    assert traffic_words(everything(IPV4).minus(only(TCP, (22, 23)))) == "all traffic but tcp 22"
    assert traffic_words(everything(IPV4).minus(only(ICMP)).minus(only(TCP))) == "all traffic but icmp and tcp"
    ping = only(ICMP, (8 << 8, (8 << 8) + 1))
    assert traffic_words(everything(IPV4).minus(ping)) == "all traffic but icmp echo request (type 8 code 0)"


def test_of_replies_the_ports_from_which_no_client_sends_are_not_left_out() -> None:
    asked = everything(IPV4)

    assert traffic_words(asked.minus(only(TCP)), reply=True) == "all traffic but tcp"
    assert (
        traffic_words(asked.minus(only(TCP, clients=(32768, 40000))), reply=True) == "all traffic but tcp 32768-39999"
    )


def test_where_much_is_left_out_some_protocols_are_named_and_the_others_counted() -> None:
    some = Traffic.of(*(Box(IPV4, IPV4, (n, n + 1), ALL_PORTS, ALL_PORTS) for n in (TCP, UDP, 47, 50, 51)))

    assert traffic_words(some) == "all tcp, all udp, protocol 47 and 2 more protocols"


def test_of_several_traffics_together_only_what_none_of_them_holds_is_left_out() -> None:
    most = everything(IPV6).minus(only(TCP, (22, 24)))

    assert words_of_any([most]) == "all traffic but tcp 22-23"
    assert words_of_any([most, everything(IPV6).minus(only(TCP, (22, 23)))]) == "all traffic but tcp 22"
    assert words_of_any([everything(IPV4).minus(only(UDP)), everything(IPV6)]) == "all traffic"
