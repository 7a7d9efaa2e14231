"""What Athena tells of a transit gateway's flow log, in one statement: its records by kind, and what it carried."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from sqlglot import exp

from diagnosis.evidence.combine import joined
from diagnosis.evidence.query import Between, Crossing, FlowLogQuery, Leg
from diagnosis.flowlogs import statements
from diagnosis.flowlogs.athena_statement import kind_of
from diagnosis.flowlogs.athena_tables import LogTable
from diagnosis.flowlogs.legs import leg_of
from diagnosis.flowlogs.log_records import COLUMNS, OF_GATEWAYS, records
from diagnosis.flowlogs.terms import both, column, columns

_PLACES = tuple(name for name, kind in OF_GATEWAYS.items() if kind == "VARCHAR")
_LOSSES = tuple(name for name, kind in OF_GATEWAYS.items() if kind == "BIGINT")


def crossings(
    query: FlowLogQuery,
    table: LogTable,
    partitions: Sequence[exp.Expr],
    window: Between,
    ipv6: Collection[str] = frozenset(),
) -> exp.Select:
    """Return the statement: a row for each kind of record and, of those of the conversation, for each `Crossing`.

    The gateway and its attachments are told only of those.
    """
    source = records(table.full_name, table.names, partitions, wanted={**COLUMNS, **OF_GATEWAYS})
    with_leg = exp.select("*", leg_of(query, ipv6, of_any=True).as_("leg")).from_(source.subquery("records"))
    taken = [
        kind_of(table).as_("kind"),
        column("leg"),
        *(_of_the_conversation(column(each)).as_(each) for each in _PLACES),
        *columns(("packets", *_LOSSES, "start", "end")),
    ]
    judged = exp.select(*taken).from_(with_leg.subquery("gateway_logs")).where(both(statements.within(window)))
    keys = ("kind", "leg", *_PLACES)
    return (
        exp.select(
            *columns(keys),
            exp.Count(this=exp.Star()).as_("records"),
            *(exp.Sum(this=column(each)).as_(each) for each in ("packets", *_LOSSES)),
            exp.Min(this=column("start")).as_("first_seen"),
            exp.Max(this=column("end")).as_("last_seen"),
        )
        .from_(judged.subquery("judged"))
        .group_by(*columns(keys))
        .order_by(*columns(keys))
    )


def _of_the_conversation(value: exp.Expr) -> exp.Expr:
    none = exp.Is(this=column("leg"), expression=exp.null())
    return exp.Case().when(exp.not_(none, copy=False), value, copy=False)


def crossings_in(rows: Iterable[Mapping[str, str | None]]) -> tuple[Crossing, ...]:
    """Return what the rows tell of the conversation."""
    return joined(_crossing(row) for row in rows if row["leg"])


def _crossing(row: Mapping[str, str | None]) -> Crossing:
    gateway, attachment, pair = (row[each] for each in _PLACES)
    sums = [int(row[each] or 0) for each in ("records", "packets", *_LOSSES)]
    times = [None if (at := row[each]) is None else int(at) for each in ("first_seen", "last_seen")]
    return Crossing(gateway, attachment, pair, cast("Leg", row["leg"]), *sums, *times)
