"""The records that a statement asks over: an engine's own table with the columns that evidence is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from diagnosis.evidence.crossings import LOSSES, PLACES, of_gateway
from diagnosis.flowlogs.terms import WORDS_OF_SQL, both, column, table, text

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

OF_GATEWAYS: Mapping[str, str] = {
    **{name.replace("-", "_"): "VARCHAR" for name in PLACES},
    **{name.replace("-", "_"): "BIGINT" for name in LOSSES},
}
"""The columns beside these that records of transit gateways have."""


@dataclass(frozen=True, slots=True)
class Names:
    """How an engine's table names and writes a field."""

    columns: Mapping[str, str]
    """The table's name for each column of `COLUMNS` that it has."""
    dash_is_null: bool = True
    """Whether "-" has become NULL already. Where not, text columns are mapped here; numbers cannot hold it."""


def records(
    name: str,
    names: Names,
    where: Iterable[exp.Expr] = (),
    others: Sequence[exp.Expr] = (),
    wanted: Mapping[str, str] = COLUMNS,
) -> exp.Select:
    """Return the SELECT that gives an engine's table the `wanted` columns, with `others` beside them.

    `name` may have dots, and each part is quoted as it needs; `where` is put beneath: predicates on partitions.
    """
    taken = [_taken(each, kind, names).as_(each, quoted=each in WORDS_OF_SQL) for each, kind in wanted.items()]
    selected = exp.select(*others, *taken).from_(table(name))
    tests = list(where)
    return selected.where(both(tests)) if tests else selected


def _taken(name: str, kind: str, names: Names) -> exp.Expr:
    if name == "log_status" and name not in names.columns and "action" in names.columns:
        action = _taken("action", "VARCHAR", names)
        return exp.Case().when(exp.Is(this=action, expression=exp.null()), text("NODATA"), copy=False).else_(text("OK"))
    if (
        name == "log_status"
        and name not in names.columns
        and of_gateway(each.replace("_", "-") for each in names.columns)
    ):
        return text("OK")
    if name not in names.columns:
        return exp.cast(exp.null(), kind)
    found = column(names.columns[name])
    if kind == "VARCHAR":
        return found if names.dash_is_null else exp.Nullif(this=found, expression=text("-"))
    return exp.cast(found, kind)
