"""A FlowLogQuery as SQL over a table of records. The dialect is the common part of DuckDB and Athena.

Every value passes `text` or `number`; nothing else of a question enters a statement. The statement is what is run and
what is shown. It is plain text, not a sqlglot tree, because importing sqlglot takes a fifth of the time that a whole
answer may take; tests hold that sqlglot reads it back with every value a literal, and that Athena's dialect can say it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from diagnosis.evidence.query import Between, FlowLogQuery, spellings

COLUMNS = (
    ("interface_id", "VARCHAR"),
    ("srcaddr", "VARCHAR"),
    ("dstaddr", "VARCHAR"),
    ("srcport", "INTEGER"),
    ("dstport", "INTEGER"),
    ("protocol", "INTEGER"),
    ("packets", "BIGINT"),
    ("start", "BIGINT"),
    ("end", "BIGINT"),
    ("action", "VARCHAR"),
    ("log_status", "VARCHAR"),
    ("tcp_flags", "INTEGER"),
    ("pkt_srcaddr", "VARCHAR"),
    ("pkt_dstaddr", "VARCHAR"),
    ("flow_direction", "VARCHAR"),
    ("reject_reason", "VARCHAR"),
)
"""The columns that evidence is made of; NULL where a format lacks the field or the record says "-"."""

GROUPED = ("interface_id", "leg", "flow_direction", "action", "reject_reason")
NEVER = "FALSE"


def text(value: str) -> str:
    """Return a text literal. Raises ValueError for one with a NUL byte, which no engine takes."""
    if "\0" in value:
        raise ValueError("a text with a NUL byte cannot be part of a query")
    return "'" + value.replace("'", "''") + "'"


def number(value: int) -> str:
    """Return a number literal."""
    return str(int(value))


def name(column: str) -> str:
    """Return a column's name, quoted: `end` and `start` are words of SQL."""
    return '"' + column.replace('"', '""') + '"'


def any_of(column: str, values: Iterable[str]) -> str:
    """Return the test that a column equals one of the values."""
    literals = [text(value) for value in sorted(values)]
    match literals:
        case []:
            return NEVER
        case [only]:
            return f"{column} = {only}"
        case _:
            return f"{column} IN ({', '.join(literals)})"


def both(parts: Iterable[str]) -> str:
    """Join tests with AND."""
    return " AND ".join(parts) or "TRUE"


def either(parts: Iterable[str]) -> str:
    """Join tests with OR, in brackets."""
    found = [part for part in parts if part != NEVER]
    return f"({' OR '.join(found)})" if len(found) > 1 else (found[0] if found else NEVER)


def conversation(query: FlowLogQuery, table: str, ipv6: frozenset[str] = frozenset()) -> str:
    """Return the SELECT of every record of the conversation with its leg, whatever its time.

    `ipv6` are the addresses of the table that lie in an IPv6 network of the query: SQL cannot tell that from text.
    """
    forward = _leg(query, query.sources, query.destinations, "dstport", "srcport", ipv6)
    reply = _leg(query, query.destinations, query.sources, "srcport", "dstport", ipv6)
    tests = ["log_status = 'OK'"]
    if query.protocol is not None:
        tests.append(f"protocol = {number(query.protocol)}")
    return (
        f"SELECT *, CASE WHEN {forward} THEN 'forward' WHEN {reply} THEN 'reply' END AS leg "
        f"FROM {table} WHERE {both(tests)}"
    )


def aggregates(inner: str, when: Sequence[str]) -> str:
    """Return the statement that sums the conversation up: one row for each interface, leg, direction and action."""
    keys = ", ".join(GROUPED)
    return (
        f'SELECT {keys}, COUNT(*) AS records, SUM(packets) AS packets, MIN("start") AS first_seen, '
        f'MAX("end") AS last_seen, BIT_OR(tcp_flags) AS tcp_flags FROM ({inner}) AS conversation '
        f"WHERE {both(['leg IS NOT NULL', *when])} GROUP BY {keys} ORDER BY {keys}"
    )


def newest_lines(inner: str, when: Sequence[str], each: int) -> str:
    """Return the statement for the newest raw lines, at most `each` for one row of `aggregates`."""
    keys = ", ".join(GROUPED)
    return (
        f'SELECT {keys}, file, line, "end" FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {keys} '
        f'ORDER BY "end" DESC NULLS LAST, file, line) AS place FROM ({inner}) AS conversation '
        f"WHERE {both(['leg IS NOT NULL', *when])}) AS placed WHERE place <= {number(each)} "
        f"ORDER BY {keys}, place"
    )


def within(window: Between) -> list[str]:
    """Return the tests that a record falls into the window at least in part."""
    tests = []
    if window.start is not None:
        tests.append(f'("end" IS NULL OR "end" >= {number(window.start)})')
    if window.end is not None:
        tests.append(f'("start" IS NULL OR "start" <= {number(window.end)})')
    return tests


def before(second: int) -> list[str]:
    """Return the tests that a record ended before that second."""
    return [f'"end" < {number(second)}']


def _leg(
    query: FlowLogQuery,
    senders: frozenset[str],
    receivers: frozenset[str],
    service_side: str,
    client_side: str,
    ipv6: frozenset[str],
) -> str:
    tests = [_address("srcaddr", senders, ipv6), _address("dstaddr", receivers, ipv6)]
    if query.ports_matter and query.port is not None:
        tests.append(f"{service_side} = {number(query.port)}")
    if query.ports_matter and query.source_port is not None:
        tests.append(f"{client_side} = {number(query.source_port)}")
    return both(test for test in tests if test)


def _address(column: str, allowed: frozenset[str], ipv6: frozenset[str]) -> str:
    """The test that the address, or the packet's own address, is one of the allowed; empty where any is."""
    if not allowed:
        return ""
    exact = {spelt for value in allowed if "/" not in value for spelt in spellings(value)}
    networks = [ipaddress.ip_network(value) for value in allowed if "/" in value]
    for network in networks:
        if network.version == 6:
            exact |= {address for address in ipv6 if ipaddress.ip_address(address) in network}
    ranges = sorted((int(net[0]), int(net[-1])) for net in networks if net.version == 4)
    return either(
        test
        for each in (column, f"pkt_{column}")
        for test in (any_of(each, exact), *(_ipv4_between(each, first, last) for first, last in ranges))
    )


def _ipv4_between(column: str, first: int, last: int) -> str:
    value = " + ".join(
        f"CAST(SPLIT_PART({column}, '.', {place}) AS BIGINT) * {weight}"
        for place, weight in enumerate((16777216, 65536, 256, 1), start=1)
    )
    numeric = f"CASE WHEN {column} LIKE '%.%' AND {column} NOT LIKE '%:%' THEN {value} END"
    return f"{numeric} BETWEEN {number(first)} AND {number(last)}"
