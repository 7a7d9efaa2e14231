"""Everything that an answer needs of a table, in one statement, for Athena charges for what each statement scans.

A row sums up records that agree in kind, in what the conversation is told apart by, and in whether they ended before
the window; the newest raw lines come with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlglot import exp

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.query import Between, FlowLogQuery
from diagnosis.flowlogs.athena_tables import LogTable
from diagnosis.flowlogs.legs import client, leg_of, of_another
from diagnosis.flowlogs.log_records import records
from diagnosis.flowlogs.statements import sums, within
from diagnosis.flowlogs.terms import any_of, both, column, number, text

CONVERSATION = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol")
KEYS = ("kind", "earlier", "leg", "interface_id", "flow_direction", "action", "reject_reason")
OTHERS = ("kind", "earlier", "any_action")
"""What rows agree in that tell how many `clients` of the same service, other than the query's own, there are: they
have `of_all` 1, the rows of `KEYS` 0.
"""
LINES_EACH = 2
SEPARATOR = "\n"
_PATH = "$path"


def overview(
    query: FlowLogQuery,
    table: LogTable,
    partitions: Sequence[exp.Expr],
    window: Between,
    ipv6: Collection[str] = frozenset(),
) -> exp.Select:
    """Return the statement: a row of `KEYS`, the sums of `SUMMED` and the newest `lines` for each set of keys.

    `kind` is OK, NODATA, SKIPDATA or malformed. The interface of a record that is not of the conversation is told only
    if the query asks for its status; direction, action and reason only of those that are.
    """
    source = records(table.full_name, table.names, partitions, others=[_line(table).as_("line"), _path().as_("file")])
    of_interest = exp.or_(_has_a_leg(), any_of(column("interface_id"), query.interfaces), copy=False)
    taken = [
        kind_of(table).as_("kind"),
        _earlier(window).as_("earlier"),
        column("leg"),
        _only(of_interest, "interface_id"),
        *(_only(_has_a_leg(), each) for each in ("flow_direction", "action", "reject_reason")),
        *(column(each) for each in ("packets", "start", "end", "tcp_flags", "line", "file")),
    ]
    if query.asks_for_others:
        taken.append(exp.Case().when(of_another(query, ipv6), client(), copy=False).as_("client"))
        taken.append(column("action").as_("any_action"))
    with_leg = exp.select("*", leg_of(query, ipv6, of_any=True).as_("leg")).from_(source.subquery("records"))
    judged = exp.select(*taken).from_(with_leg.subquery("flow_logs"))
    if window.end is not None:
        until = exp.LTE(this=column("start"), expression=number(window.end))
        judged = judged.where(exp.or_(exp.Is(this=column("start"), expression=exp.null()), until, copy=False))
    return _summed(judged, others=query.asks_for_others)


def tally(table: LogTable, partitions: Sequence[exp.Expr], window: Between) -> exp.Select:
    """Return how many records of each kind a window holds, and when the oldest began: kind, records, oldest."""
    kind = column("kind")
    return (
        exp.select(kind, exp.Count(this=exp.Star()).as_("records"), exp.Min(this=column("start")).as_("oldest"))
        .from_(_judged(table, partitions).subquery("judged"))
        .where(both(within(window)))
        .group_by(kind.copy())
    )


def refused(table: LogTable, partitions: Sequence[exp.Expr], window: Between, most: int) -> exp.Select:
    """Return at most so many REJECT records of a window, each as a line: line."""
    tests = [column("kind").eq("OK"), column("action").eq("REJECT"), *within(window)]
    judged = _judged(table, partitions).subquery("judged")
    return exp.select(column("line")).from_(judged).where(both(tests)).limit(most)


def accepted(
    table: LogTable,
    partitions: Sequence[exp.Expr],
    window: Between,
    services: Collection[tuple[str, int]],
    strangers: Collection[str],
    most: int,
) -> exp.Select:
    """Return what was accepted by these services, and the pairs of addresses of what was of these strangers, each once.

    A row is `CONVERSATION`; of strangers without ports.
    """
    source, destination = (
        exp.Coalesce(this=column(f"pkt_{name}"), expressions=[column(name)]) for name in ("srcaddr", "dstaddr")
    )
    ports = sorted({port for _, port in services})
    of_service = both(
        [
            any_of(destination, {address for address, _ in services}),
            exp.In(this=column("dstport"), expressions=[number(port) for port in ports]) if ports else exp.false(),
        ]
    )
    of_stranger = exp.or_(any_of(source, strangers), any_of(destination, strangers), copy=False)
    told = [
        exp.Case().when(of_service.copy(), column(name), copy=False).as_(name)
        for name in ("srcport", "dstport", "protocol")
    ]
    tests = [column("kind").eq("OK"), column("action").eq("ACCEPT"), *within(window)]
    return (
        exp.select(source.copy().as_("srcaddr"), destination.copy().as_("dstaddr"), *told)
        .distinct()
        .from_(_judged(table, partitions).subquery("judged"))
        .where(both([*tests, exp.or_(of_service, of_stranger, copy=False)]))
        .limit(most)
    )


def _judged(table: LogTable, partitions: Sequence[exp.Expr]) -> exp.Select:
    """The records with their kind, and each as a line."""
    source = records(
        table.full_name, table.names, [each.copy() for each in partitions], others=[_line(table).as_("line")]
    )
    return exp.select("*", kind_of(table).as_("kind")).from_(source.subquery("records"))


def _summed(judged: exp.Select, *, others: bool) -> exp.Select:
    line = exp.DPipe(this=exp.DPipe(this=column("file"), expression=text(" ")), expression=column("line"), safe=True)
    newest = exp.ArrayToString(
        this=exp.ArgMax(this=line, expression=column("end"), count=number(LINES_EACH)), expression=text(SEPARATOR)
    )
    taken = [*map(column, KEYS), *sums(), exp.Case().when(_has_a_leg(), newest, copy=False).as_("lines")]
    groups: list[exp.Expr] = [*map(column, KEYS)]
    if others:
        taken += [
            column("any_action"),
            exp.Count(this=exp.Distinct(expressions=[column("client")])).as_("clients"),
            exp.func("GROUPING", column("leg")).as_("of_all"),
        ]
        sets = [exp.Tuple(expressions=[column(each) for each in keys]) for keys in (KEYS, OTHERS)]
        groups = [exp.GroupingSets(expressions=sets)]
    return exp.select(*taken).from_(judged.subquery("judged")).group_by(*groups).order_by(*map(column, KEYS))


def _has_a_leg() -> exp.Expr:
    return exp.not_(exp.Is(this=column("leg"), expression=exp.null()), copy=False)


def _only(where: exp.Expr, name: str) -> exp.Expr:
    return exp.Case().when(where.copy(), column(name), copy=False).as_(name)


def kind_of(table: LogTable) -> exp.Expr:
    """Return what a record is: OK, NODATA, SKIPDATA or malformed. Those of transit gateways have no action.

    Athena makes NULL of what has not the column's type, and of what lacks.
    """
    known = [
        exp.not_(exp.Is(this=column(each), expression=exp.null()), copy=False)
        for each in ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets")
        if each in table.columns
    ]
    in_order = []
    if {"start", "end"} <= table.columns.keys():
        in_order = [exp.LTE(this=column("start"), expression=column("end"))]
    action = [exp.In(this=column("action"), expressions=[text("ACCEPT"), text("REJECT")])]
    idle = exp.In(this=column("log_status"), expressions=[text("NODATA"), text("SKIPDATA")])
    is_ok = column("log_status").eq("OK")
    return (
        exp.Case()
        .when(both([is_ok, *([] if of_gateway(table.fields) else action), *in_order, *known]), text("OK"), copy=False)
        .when(both([idle, *(each.copy() for each in in_order)]), column("log_status"), copy=False)
        .else_(text("malformed"))
    )


def _earlier(window: Between) -> exp.Expr:
    """1 for a record that ended before the window, else 0."""
    if window.start is None:
        return number(0)
    before = exp.LT(this=column("end"), expression=number(window.start))
    return exp.Case().when(before, number(1), copy=False).else_(number(0))


def _path() -> exp.Expr:
    return exp.column(exp.to_identifier(_PATH, quoted=True))


def _line(table: LogTable) -> exp.Expr:
    """The record written as a line again, with "-" for what is not there."""
    parts: list[exp.Expr] = []
    for name in table.fields:
        if name in table.columns:
            own = exp.cast(column(table.columns[name]), "VARCHAR")
            parts.append(exp.Coalesce(this=own, expressions=[text("-")]))
        else:
            parts.append(text("-"))
    return exp.ArrayToString(this=exp.Array(expressions=parts), expression=text(" "))
