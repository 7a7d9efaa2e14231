"""Which leg of a conversation a record belongs to, if any, and whether it is of another client of the same service.

Networks are ranges of integers, and an IPv6 network is the addresses of the log that lie in it, for neither engine can
tell that from text.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable

from sqlglot import exp

from diagnosis.evidence.query import FlowLogQuery, spellings
from diagnosis.flowlogs.terms import any_of, both, column, either, number, text


def worth_a_leg(query: FlowLogQuery) -> list[exp.Expr]:
    """Return the tests that a record is one of traffic and of the query's protocol."""
    tests: list[exp.Expr] = [column("log_status").eq("OK")]
    if query.protocol is not None:
        tests.append(column("protocol").eq(number(query.protocol)))
    return tests


def leg_of(query: FlowLogQuery, ipv6: Collection[str] = frozenset(), *, of_any: bool = False) -> exp.Expr:
    """Return the leg of a record that is OK and of the query's protocol; NULL for another conversation's.

    With `of_any` the record may be any, and status and protocol are tested here.
    """
    forward = _leg(query, query.sources, query.destinations, ("dstport", "srcport"), ipv6)
    reply = _leg(query, query.destinations, query.sources, ("srcport", "dstport"), ipv6)
    if of_any:
        forward, reply = (both([*worth_a_leg(query), leg]) for leg in (forward, reply))
    return exp.Case().when(forward, text("forward"), copy=False).when(reply, text("reply"), copy=False)


def of_another(query: FlowLogQuery, ipv6: Collection[str] = frozenset()) -> exp.Expr:
    """Return the test that a record, of the query's protocol and OK, is of another client of the same service."""
    to_service = [_address("dstaddr", query.destinations, ipv6), column("dstport").eq(number(query.port or 0))]
    own = exp.Case().when(_address("srcaddr", query.sources, ipv6), exp.false(), copy=False).else_(exp.true())
    return both([*worth_a_leg(query), *to_service, own])


def client() -> exp.Expr:
    """Return the address of who sent a record: the packet's own, else the interface's."""
    return exp.Coalesce(this=column("pkt_srcaddr"), expressions=[column("srcaddr")])


def may_belong(query: FlowLogQuery, present: Collection[str]) -> exp.Expr:
    """Return a quick test that every record of the conversation passes, on a table with only the `present` columns.

    So does every record of another client, where the query asks for those. Networks are compared by the octets that
    they fix, IPv6 networks by the colon.
    """
    # Of whoever asks for others every client is of interest. Ports come first: numbers are compared sooner than texts.
    senders, source_port = (frozenset(), None) if query.asks_for_others else (query.sources, query.source_port)
    legs = []
    for sides, ports in (
        ((senders, query.destinations), (("dstport", query.port), ("srcport", source_port))),
        ((query.destinations, query.sources), (("srcport", query.port), ("dstport", query.source_port))),
    ):
        tests = _equal(ports, present) if query.ports_matter else []
        tests += [
            _roughly(name, side, present) for name, side in zip(("srcaddr", "dstaddr"), sides, strict=True) if side
        ]
        legs.append(both(tests))
    return both([*_equal([("protocol", query.protocol)], present), either(legs)])


def _equal(asked: Iterable[tuple[str, int | None]], present: Collection[str]) -> list[exp.Expr]:
    return [column(name).eq(number(value)) for name, value in asked if value is not None and name in present]


def _roughly(name: str, allowed: frozenset[str], present: Collection[str]) -> exp.Expr:
    exact = {spelt for value in allowed if "/" not in value for spelt in spellings(value)}
    beginnings = {_fixed(ipaddress.ip_network(value)) for value in allowed if "/" in value}
    return either(
        test
        for each in (name, f"pkt_{name}")
        if each in present
        for test in (
            any_of(column(each), exact),
            *(exp.Like(this=column(each), expression=text(beginning)) for beginning in sorted(beginnings)),
        )
    )


def _fixed(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """A pattern of LIKE that every address of the network fits."""
    if network.version == 6:
        return "%:%"
    octets = str(network.network_address).split(".")[: network.prefixlen // 8]
    return "".join(f"{octet}." for octet in octets) + "%"


def _leg(
    query: FlowLogQuery,
    senders: frozenset[str],
    receivers: frozenset[str],
    ports: tuple[str, str],
    ipv6: Collection[str],
) -> exp.Expr:
    """The test that a record goes from senders to receivers; `ports` are the columns of the service and the client."""
    tests = [_address(name, side, ipv6) for name, side in (("srcaddr", senders), ("dstaddr", receivers)) if side]
    if query.ports_matter:
        asked = zip(ports, (query.port, query.source_port), strict=True)
        tests += [column(name).eq(number(port)) for name, port in asked if port is not None]
    return both(tests)


def _address(name: str, allowed: frozenset[str], ipv6: Collection[str]) -> exp.Expr:
    """The test that the address, or the packet's own address, is one of the allowed."""
    exact = {spelt for value in allowed if "/" not in value for spelt in spellings(value)}
    networks = [ipaddress.ip_network(value) for value in allowed if "/" in value]
    for network in networks:
        if network.version == 6:
            exact |= {address for address in ipv6 if ipaddress.ip_address(address) in network}
    ranges = sorted((int(net[0]), int(net[-1])) for net in networks if net.version == 4)
    return either(
        test
        for each in (column(name), column(f"pkt_{name}"))
        for test in (any_of(each, exact), *(_ipv4_between(each, first, last) for first, last in ranges))
    )


def _ipv4_between(address: exp.Column, first: int, last: int) -> exp.Expr:
    octets = [
        exp.SplitPart(this=address.copy(), delimiter=text("."), part_index=number(place)) for place in range(1, 5)
    ]
    value: exp.Expr = exp.TryCast(this=octets[3], to=exp.DataType.build("BIGINT"))
    for octet, weight in zip(octets, (16777216, 65536, 256), strict=False):
        product = exp.Mul(this=exp.TryCast(this=octet, to=exp.DataType.build("BIGINT")), expression=number(weight))
        value = exp.Add(this=value, expression=product)
    dotted = both(
        [
            exp.Like(this=address.copy(), expression=text("%.%")),
            exp.not_(exp.Like(this=address.copy(), expression=text("%:%")), copy=False),
        ]
    )
    numeric = exp.Case().when(dotted, value, copy=False)
    return exp.Between(this=numeric, low=number(first), high=number(last))


def names_ipv6_network(query: FlowLogQuery) -> bool:
    """Whether the addresses of `ipv6_addresses` have to be known before the conversation can be asked for."""
    return any(":" in each and "/" in each for each in query.sources | query.destinations)
