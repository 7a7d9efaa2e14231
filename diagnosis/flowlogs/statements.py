"""The questions to flow logs as SQL syntax trees: one tree, said in the dialect of whichever engine reads them.

A tree asks over *records*: a table, or a SELECT such as `records`, with the columns of `COLUMNS`. Every value of a
question enters as a literal node and never as text. What `said` returns is what is run and what is shown.

Only what both DuckDB and Athena understand in the same way is used: columns are grouped by name, networks are ranges
of integers, and an IPv6 network is the addresses of the log that lie in it (`ipv6_addresses`), for neither engine can
tell that from text.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from diagnosis.evidence.query import Between, FlowLogQuery, spellings

Dialect = Literal["duckdb", "athena"]

COLUMNS: Mapping[str, str] = {
    "interface_id": "VARCHAR",
    "srcaddr": "VARCHAR",
    "dstaddr": "VARCHAR",
    "srcport": "INTEGER",
    "dstport": "INTEGER",
    "protocol": "INTEGER",
    "packets": "BIGINT",
    "start": "BIGINT",
    "end": "BIGINT",
    "action": "VARCHAR",
    "log_status": "VARCHAR",
    "tcp_flags": "INTEGER",
    "pkt_srcaddr": "VARCHAR",
    "pkt_dstaddr": "VARCHAR",
    "flow_direction": "VARCHAR",
    "reject_reason": "VARCHAR",
}
"""The columns that evidence is made of, with their types: AWS's field names with underscores. NULL where a format lacks
the field or the record says "-"."""

GROUPED = ("interface_id", "leg", "flow_direction", "action", "reject_reason")
"""What the records of one row of `sightings` agree in."""
SUMMED = ("records", "packets", "first_seen", "last_seen", "tcp_flags")
"""What follows `GROUPED` in a row of `sightings`."""
REJECTED = ("interface_id", "srcaddr", "dstaddr", "protocol", "dstport")
"""What the records of one row of `top_rejects` agree in."""

_WORDS_OF_SQL = frozenset({"start", "end"})


def said(tree: exp.Expr, dialect: Dialect) -> str:
    """Return the text of a tree in a dialect."""
    return tree.sql(dialect)


def text(value: str) -> exp.Expr:
    """Return a text literal. Raises ValueError for one with a NUL byte, which no engine takes."""
    if "\0" in value:
        raise ValueError("a text with a NUL byte cannot be part of a query")
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    """Return a number literal."""
    return exp.Literal.number(int(value))


def column(name: str) -> exp.Column:
    """Return a column; `start` and `end`, which are words of SQL, and whatever is no plain name are quoted."""
    plain = name.replace("_", "").isalnum() and name.isascii() and name == name.lower()
    return exp.column(exp.to_identifier(name, quoted=name in _WORDS_OF_SQL or not plain))


def any_of(tested: exp.Expr, values: Iterable[str]) -> exp.Expr:
    """Return the test that something equals one of the values; FALSE for no value."""
    literals = [text(value) for value in sorted(values)]
    match literals:
        case []:
            return exp.false()
        case [only]:
            return exp.EQ(this=tested.copy(), expression=only)
        case _:
            return exp.In(this=tested.copy(), expressions=literals)


def both(tests: Iterable[exp.Expr]) -> exp.Expr:
    """Join tests with AND; TRUE for none."""
    found = list(tests)
    return exp.and_(*found, copy=False) if found else exp.true()


def either(tests: Iterable[exp.Expr]) -> exp.Expr:
    """Join tests with OR; FALSE for none."""
    found = [test for test in tests if test != exp.false()]
    return exp.or_(*found, copy=False) if found else exp.false()


@dataclass(frozen=True, slots=True)
class Names:
    """How an engine's table names and writes a field."""

    columns: Mapping[str, str]
    """The table's name for each column of `COLUMNS` that it has."""
    dash_is_null: bool = True
    """Whether "-" has become NULL already. Where not, text columns are mapped here; numbers cannot hold it."""


def records(table: str, names: Names, where: Iterable[exp.Expr] = (), others: Sequence[exp.Expr] = ()) -> exp.Select:
    """Return the SELECT that gives an engine's table the columns of `COLUMNS`, with `others` beside them.

    `table` may have dots, and each part is quoted as it needs; `where` is put beneath: predicates on partitions.
    """
    taken = [_taken(each, kind, names).as_(each, quoted=each in _WORDS_OF_SQL) for each, kind in COLUMNS.items()]
    selected = exp.select(*others, *taken).from_(_table(table))
    tests = list(where)
    return selected.where(both(tests)) if tests else selected


def _taken(name: str, kind: str, names: Names) -> exp.Expr:
    if name == "log_status" and name not in names.columns and "action" in names.columns:
        action = _taken("action", "VARCHAR", names)
        return exp.Case().when(exp.Is(this=action, expression=exp.null()), text("NODATA"), copy=False).else_(text("OK"))
    if name not in names.columns:
        return exp.cast(exp.null(), kind)
    found = column(names.columns[name])
    if kind == "VARCHAR":
        return found if names.dash_is_null else exp.Nullif(this=found, expression=text("-"))
    return exp.cast(found, kind)


def conversation(
    query: FlowLogQuery, source: str | exp.Select, ipv6: Collection[str] = frozenset(), also: Sequence[str] = ()
) -> exp.Select:
    """Return the SELECT of every record of the conversation with its `leg`, whatever its time; others have no leg.

    `source` holds the records; `also` names further columns of it. `ipv6` are the addresses there that lie in an IPv6
    network of the query.
    """
    columns = [column(each) for each in (*also, *COLUMNS)]
    return exp.select(*columns, leg_of(query, ipv6).as_("leg")).from_(_source(source)).where(both(_worth_a_leg(query)))


def _worth_a_leg(query: FlowLogQuery) -> list[exp.Expr]:
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
        forward, reply = (both([*_worth_a_leg(query), leg]) for leg in (forward, reply))
    return exp.Case().when(forward, text("forward"), copy=False).when(reply, text("reply"), copy=False)


def may_belong(query: FlowLogQuery, present: Collection[str]) -> exp.Expr:
    """Return a quick test that every record of the conversation passes, on a table with only the `present` columns.

    Networks are compared by the octets that they fix, IPv6 networks by the colon.
    """
    legs = []
    for senders, receivers, ports in (
        (query.sources, query.destinations, ("dstport", "srcport")),
        (query.destinations, query.sources, ("srcport", "dstport")),
    ):
        tests = [_roughly(name, side, present) for name, side in (("srcaddr", senders), ("dstaddr", receivers)) if side]
        if query.ports_matter:
            tests += _equal(zip(ports, (query.port, query.source_port), strict=True), present)
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


def sums() -> list[exp.Expr]:
    """Return the columns of `SUMMED`."""
    return [
        exp.Count(this=exp.Star()).as_("records"),
        exp.Sum(this=column("packets")).as_("packets"),
        exp.Min(this=column("start")).as_("first_seen"),
        exp.Max(this=column("end")).as_("last_seen"),
        exp.BitwiseOrAgg(this=column("tcp_flags")).as_("tcp_flags"),
    ]


def sightings(found: exp.Select, when: Sequence[exp.Expr]) -> exp.Select:
    """Return the sum of a `conversation`: a row of `GROUPED` and `SUMMED` for each that differs in `GROUPED`."""
    return (
        exp.select(
            *_columns(GROUPED),
            *sums(),
        )
        .from_(found.subquery("conversation"))
        .where(both([_has_a_leg(), *when]))
        .group_by(*_columns(GROUPED))
        .order_by(*_columns(GROUPED))
    )


def newest(found: exp.Select, when: Sequence[exp.Expr], each: int, wanted: Sequence[str]) -> exp.Select:
    """Return the newest records of a `conversation`, at most `each` for one row of `sightings`.

    A row is `GROUPED` and the `wanted` columns; records of one second come in the order of `wanted`.
    """
    order = [exp.Ordered(this=column("end"), desc=True, nulls_first=False)]
    order += [exp.Ordered(this=column(each), desc=False, nulls_first=False) for each in wanted if each != "end"]
    place = exp.Window(
        this=exp.RowNumber(), partition_by=list(_columns(GROUPED)), order=exp.Order(expressions=order)
    ).as_("place")
    shown = dict.fromkeys((*GROUPED, *wanted))
    placed = (
        exp.select(*_columns(shown), place)
        .from_(found.subquery("conversation"))
        .where(both([_has_a_leg(), *when]))
        .subquery("placed")
    )
    return (
        exp.select(*_columns((*GROUPED, *wanted)))
        .from_(placed)
        .where(exp.LTE(this=column("place"), expression=number(each)))
        .order_by(*_columns((*GROUPED, "place")))
    )


def statuses(source: str | exp.Select, interfaces: Collection[str], when: Sequence[exp.Expr]) -> exp.Select:
    """Return how many records of each status each of the interfaces has: interface_id, log_status, records."""
    keys = ("interface_id", "log_status")
    return (
        exp.select(*_columns(keys), exp.Count(this=exp.Star()).as_("records"))
        .from_(_source(source))
        .where(both([any_of(column("interface_id"), interfaces), *when]))
        .group_by(*_columns(keys))
        .order_by(*_columns(keys))
    )


def counts(source: str | exp.Select, when: Sequence[exp.Expr]) -> exp.Select:
    """Return how many records of each status there are, of all interfaces: log_status, records, oldest, newest."""
    return (
        exp.select(
            column("log_status"),
            exp.Count(this=exp.Star()).as_("records"),
            exp.Min(this=column("start")).as_("oldest"),
            exp.Max(this=column("end")).as_("newest"),
        )
        .from_(_source(source))
        .where(both(when))
        .group_by(column("log_status"))
        .order_by(column("log_status"))
    )


def top_rejects(source: str | exp.Select, when: Sequence[exp.Expr], limit: int) -> exp.Select:
    """Return the flows with the most REJECT records: `REJECTED`, records, packets, first_seen, last_seen."""
    order = [exp.Ordered(this=column("records"), desc=True, nulls_first=False)]
    order += [exp.Ordered(this=column(each), desc=False, nulls_first=False) for each in REJECTED]
    return (
        exp.select(
            *_columns(REJECTED),
            exp.Count(this=exp.Star()).as_("records"),
            exp.Sum(this=column("packets")).as_("packets"),
            exp.Min(this=column("start")).as_("first_seen"),
            exp.Max(this=column("end")).as_("last_seen"),
        )
        .from_(_source(source))
        .where(both([column("log_status").eq("OK"), column("action").eq("REJECT"), *when]))
        .group_by(*_columns(REJECTED))
        .order_by(*order)
        .limit(limit)
    )


def ipv6_addresses(source: str | exp.Select, when: Sequence[exp.Expr]) -> exp.Select:
    """Return every IPv6 address of the records, each once, in one column: `address`."""
    found = [
        exp.select(column(each).as_("address"))
        .from_(_source(source))
        .where(both([exp.Like(this=column(each), expression=text("%:%")), *when]))
        for each in ("srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr")
    ]
    union = found[0].union(found[1]).union(found[2]).union(found[3])
    return exp.select(column("address")).from_(union.subquery("addresses")).order_by(column("address"))


def names_ipv6_network(query: FlowLogQuery) -> bool:
    """Whether the addresses of `ipv6_addresses` have to be known before the conversation can be asked for."""
    return any(":" in each and "/" in each for each in query.sources | query.destinations)


def within(window: Between) -> list[exp.Expr]:
    """Return the tests that a record falls into the window at least in part."""
    tests: list[exp.Expr] = []
    if window.start is not None:
        tests.append(_null_or(column("end"), exp.GTE(this=column("end"), expression=number(window.start))))
    if window.end is not None:
        tests.append(_null_or(column("start"), exp.LTE(this=column("start"), expression=number(window.end))))
    return tests


def before(second: int) -> list[exp.Expr]:
    """Return the tests that a record ended before that second."""
    return [exp.LT(this=column("end"), expression=number(second))]


def _null_or(tested: exp.Expr, test: exp.Expr) -> exp.Expr:
    return exp.or_(exp.Is(this=tested, expression=exp.null()), test, copy=False)


def _has_a_leg() -> exp.Expr:
    return exp.not_(exp.Is(this=column("leg"), expression=exp.null()), copy=False)


def _columns(names: Iterable[str]) -> list[exp.Column]:
    return [column(name) for name in names]


def _table(name: str) -> exp.Table:
    parts = [exp.to_identifier(part) for part in name.split(".")]
    return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))


def _source(source: str | exp.Select) -> exp.Expr:
    return _table(source) if isinstance(source, str) else source.subquery("records")


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
