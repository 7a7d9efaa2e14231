"""The questions to flow logs as SQL syntax trees: one tree, said in the dialect of whichever engine reads them.

A tree asks over *records*: a table, or a SELECT such as `log_records.records`, with the columns of
`log_records.COLUMNS`. Only what both DuckDB and Athena understand in the same way is used: columns are grouped by name,
and what an IPv6 network holds is asked for first (`ipv6_addresses`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlglot import exp

from diagnosis.evidence.query import Between, FlowLogQuery
from diagnosis.flowlogs.legs import client, leg_of, of_another, worth_a_leg
from diagnosis.flowlogs.log_records import COLUMNS, OF_GATEWAYS
from diagnosis.flowlogs.terms import any_of, both, column, columns, null_or, number, source_of, text

GROUPED = ("interface_id", "leg", "flow_direction", "action", "reject_reason")
"""What the records of one row of `sightings` agree in."""

SUMMED = ("records", "packets", "first_seen", "last_seen", "tcp_flags")
"""What follows `GROUPED` in a row of `sightings`."""

REJECTED = ("interface_id", "srcaddr", "dstaddr", "protocol", "dstport")
"""What the records of one row of `top_rejects` agree in."""


def conversation(
    query: FlowLogQuery, source: str | exp.Select, ipv6: Collection[str] = frozenset(), also: Sequence[str] = ()
) -> exp.Select:
    """Return the SELECT of every record of the conversation with its `leg`, whatever its time; others have no leg.

    `source` holds the records; `also` names further columns of it. `ipv6` are the addresses there that lie in an IPv6
    network of the query.
    """
    columns = [column(each) for each in (*also, *COLUMNS)]
    return (
        exp.select(*columns, leg_of(query, ipv6).as_("leg"))
        .from_(source_of(source))
        .where(both(worth_a_leg(query)), copy=False)
    )


def others(
    query: FlowLogQuery, source: str | exp.Select, when: Sequence[exp.Expr], ipv6: Collection[str] = frozenset()
) -> exp.Select:
    """Return how many other clients of the same service there are: action, clients."""
    counted = exp.Count(this=exp.Distinct(expressions=[client()])).as_("clients")
    return (
        exp.select(column("action"), counted)
        .from_(source_of(source), copy=False)
        .where(both([of_another(query, ipv6), *when]), copy=False)
        .group_by(column("action"), copy=False)
        .order_by(column("action"), copy=False)
    )


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
            *columns(GROUPED),
            *sums(),
        )
        .from_(found.subquery("conversation"), copy=False)
        .where(both([_has_a_leg(), *when]), copy=False)
        .group_by(*columns(GROUPED), copy=False)
        .order_by(*columns(GROUPED), copy=False)
    )


def crossings(found: exp.Select, when: Sequence[exp.Expr]) -> exp.Select:
    """Return the sum of a `conversation` of transit gateways: a row with the values of each `Crossing`."""
    keys = [*columns(each for each in OF_GATEWAYS if OF_GATEWAYS[each] == "VARCHAR"), column("leg")]
    lost = [
        exp.Coalesce(this=exp.cast(exp.Sum(this=column(each)), "BIGINT"), expressions=[number(0)]).as_(each)
        for each in OF_GATEWAYS
        if OF_GATEWAYS[each] == "BIGINT"
    ]
    packets = exp.Coalesce(this=exp.cast(exp.Sum(this=column("packets")), "BIGINT"), expressions=[number(0)])
    return (
        exp.select(
            *keys,
            exp.Count(this=exp.Star()).as_("records"),
            packets.as_("packets"),
            *lost,
            exp.Min(this=column("start")).as_("first_seen"),
            exp.Max(this=column("end")).as_("last_seen"),
        )
        .from_(found.subquery("conversation"), copy=False)
        .where(both([_has_a_leg(), *when]), copy=False)
        .group_by(*keys, copy=False)
        .order_by(*keys, copy=False)
    )


def newest(found: exp.Select, when: Sequence[exp.Expr], each: int, wanted: Sequence[str]) -> exp.Select:
    """Return the newest records of a `conversation`, at most `each` for one row of `sightings`.

    A row is `GROUPED` and the `wanted` columns; records of one second come in the order of `wanted`.
    """
    order = [exp.Ordered(this=column("end"), desc=True, nulls_first=False)]
    order += [exp.Ordered(this=column(each), desc=False, nulls_first=False) for each in wanted if each != "end"]
    place = exp.Window(
        this=exp.RowNumber(), partition_by=list(columns(GROUPED)), order=exp.Order(expressions=order)
    ).as_("place")
    shown = dict.fromkeys((*GROUPED, *wanted))
    placed = (
        exp.select(*columns(shown), place)
        .from_(found.subquery("conversation"), copy=False)
        .where(both([_has_a_leg(), *when]), copy=False)
        .subquery("placed")
    )
    return (
        exp.select(*columns((*GROUPED, *wanted)))
        .from_(placed, copy=False)
        .where(exp.LTE(this=column("place"), expression=number(each)))
        .order_by(*columns((*GROUPED, "place")), copy=False)
    )


def statuses(source: str | exp.Select, interfaces: Collection[str] | None, when: Sequence[exp.Expr]) -> exp.Select:
    """Return how many records of each status the interfaces have, or all: interface_id, log_status, records."""
    keys = ("interface_id", "log_status")
    own = [] if interfaces is None else [any_of(column("interface_id"), interfaces)]
    return (
        exp.select(*columns(keys), exp.Count(this=exp.Star()).as_("records"))
        .from_(source_of(source), copy=False)
        .where(both([*own, *when]), copy=False)
        .group_by(*columns(keys), copy=False)
        .order_by(*columns(keys), copy=False)
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
        .from_(source_of(source), copy=False)
        .where(both(when), copy=False)
        .group_by(column("log_status"), copy=False)
        .order_by(column("log_status"), copy=False)
    )


def top_rejects(source: str | exp.Select, when: Sequence[exp.Expr], limit: int) -> exp.Select:
    """Return the flows with the most REJECT records: `REJECTED`, records, packets, first_seen, last_seen."""
    order = [exp.Ordered(this=column("records"), desc=True, nulls_first=False)]
    order += [exp.Ordered(this=column(each), desc=False, nulls_first=False) for each in REJECTED]
    return (
        exp.select(
            *columns(REJECTED),
            exp.Count(this=exp.Star()).as_("records"),
            exp.Sum(this=column("packets")).as_("packets"),
            exp.Min(this=column("start")).as_("first_seen"),
            exp.Max(this=column("end")).as_("last_seen"),
        )
        .from_(source_of(source), copy=False)
        .where(both([column("log_status").eq("OK"), column("action").eq("REJECT"), *when]), copy=False)
        .group_by(*columns(REJECTED), copy=False)
        .order_by(*order, copy=False)
        .limit(limit, copy=False)
    )


def ipv6_addresses(source: str | exp.Select, when: Sequence[exp.Expr]) -> exp.Select:
    """Return every IPv6 address of the records, each once, in one column: `address`."""
    found = [
        exp.select(column(each).as_("address"))
        .from_(source_of(source), copy=False)
        .where(both([exp.Like(this=column(each), expression=text("%:%")), *when]), copy=False)
        for each in ("srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr")
    ]
    union = found[0].union(found[1]).union(found[2]).union(found[3])
    return exp.select(column("address")).from_(union.subquery("addresses")).order_by(column("address"), copy=False)


def within(window: Between) -> list[exp.Expr]:
    """Return the tests that a record falls into the window at least in part."""
    tests: list[exp.Expr] = []
    if window.start is not None:
        tests.append(null_or(column("end"), exp.GTE(this=column("end"), expression=number(window.start))))
    if window.end is not None:
        tests.append(null_or(column("start"), exp.LTE(this=column("start"), expression=number(window.end))))
    return tests


def before(second: int) -> list[exp.Expr]:
    """Return the tests that a record ended before that second."""
    return [exp.LT(this=column("end"), expression=number(second))]


def _has_a_leg() -> exp.Expr:
    return exp.not_(exp.Is(this=column("leg"), expression=exp.null()), copy=False)
