"""The query is data: every value stays one literal, and DuckDB and Athena are asked the same."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from diagnosis.evidence.query import Between, FlowLogQuery
from diagnosis.flowlogs import log_records, statements, terms
from diagnosis.flowlogs.log_records import Names
from diagnosis.flowlogs.terms import said

QUERIES = (
    FlowLogQuery(frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 6, 3306),
    FlowLogQuery(frozenset({"10.0.0.0/16", "10.9.9.9"}), frozenset(), 17, 53, 40000),
    FlowLogQuery(frozenset({"2001:db8::/32"}), frozenset({"2001:db8::9"})),
    FlowLogQuery(frozenset(), frozenset()),
)
WINDOW = statements.within(Between(100, 200))


def trees(query: FlowLogQuery, source: str | exp.Select = "flow_logs") -> tuple[exp.Select, ...]:
    """Every tree there is of a query."""
    found = statements.conversation(query, source, {"2001:db8::1"})
    return (
        statements.sightings(found, WINDOW),
        statements.sightings(found, statements.before(100)),
        statements.newest(found, WINDOW, 2, ("srcaddr", "dstaddr", "srcport", "end")),
        statements.statuses(source, {"eni-0web", "eni-0db"}, WINDOW),
        statements.counts(source, WINDOW),
        statements.top_rejects(source, WINDOW, 50),
        statements.ipv6_addresses(source, WINDOW),
    )


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_any_text_comes_back_as_one_literal(value: str) -> None:
    statement = exp.select(terms.text(value))

    assert duckdb.execute(said(statement, "duckdb")).fetchall() == [(value,)]
    (literal,) = sqlglot.parse_one(said(statement, "athena"), read="athena").expressions
    assert literal.is_string
    assert literal.this == value


def test_a_nul_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        terms.text("a\0b")


def test_an_interface_that_is_sql_is_only_compared() -> None:
    hostile = "x') OR 1=1 --"

    tree = statements.statuses("flow_logs", {hostile}, ())

    (found,) = [each.this for each in sqlglot.parse_one(said(tree, "athena"), read="athena").find_all(exp.Literal)]
    assert found == hostile


@pytest.mark.parametrize("query", QUERIES)
def test_every_tree_is_one_select_that_each_dialect_reads_back_as_the_same_tree(query: FlowLogQuery) -> None:
    for tree in trees(query):
        for dialect in ("duckdb", "athena"):
            (parsed,) = sqlglot.parse(said(tree, dialect), read=dialect)
            assert isinstance(parsed, exp.Select)
            assert parsed.sql("duckdb") == said(tree, "duckdb")


@pytest.mark.parametrize("query", QUERIES)
def test_what_athena_is_asked_gives_the_same_rows_when_duckdb_is_asked_it(query: FlowLogQuery) -> None:
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in log_records.COLUMNS.items())
        connection.execute(f"CREATE TABLE flow_logs ({columns})")
        connection.execute(
            "INSERT INTO flow_logs SELECT 'eni-0' || (i % 3), '10.0.' || (i % 5) || '.10', "
            "CASE i % 2 WHEN 0 THEN '10.0.2.20' ELSE '2001:db8::1' END, i % 7, 53, "
            "CASE i % 2 WHEN 0 THEN 6 ELSE 17 END, i, 90 + i, 95 + i, "
            "CASE i % 3 WHEN 0 THEN 'REJECT' ELSE 'ACCEPT' END, 'OK', i % 4, "
            "NULL, NULL, NULL, NULL FROM RANGE(200) AS t(i)"
        )
        for tree in trees(query):
            back = sqlglot.transpile(said(tree, "athena"), read="athena", write="duckdb")[0]
            assert connection.execute(back).fetchall() == connection.execute(said(tree, "duckdb")).fetchall()


def test_an_engine_says_what_its_columns_are_called_and_how_nothing_is_written() -> None:
    """Fields that its table lacks are NULL, "-" is NULL, and a predicate on a partition stands beneath the question."""
    names = Names({each: each for each in ("srcaddr", "action", "end")} | {"dstaddr": "dstAddr"}, dash_is_null=False)
    source = log_records.records("lake.vpc_flow_logs", names, [terms.column("day").eq("2026/11/22")])

    statement = said(statements.counts(source, WINDOW), "athena")

    assert "FROM lake.vpc_flow_logs WHERE day = '2026/11/22'" in statement
    assert "NULLIF(\"dstAddr\", '-') AS dstaddr" in statement
    assert "CAST(NULL AS INTEGER) AS tcp_flags" in statement
    assert "CASE WHEN NULLIF(action, '-') IS NULL THEN 'NODATA' ELSE 'OK' END AS log_status" in statement


def test_a_query_holds_what_was_asked_and_nothing_of_other_times() -> None:
    statement = said(trees(QUERIES[0])[0], "duckdb")

    for part in (
        "srcaddr = '10.0.1.10'",
        "dstport = 3306",
        "srcport = 3306",
        "protocol = 6",
        '"end" >= 100',
        '"start" <= 200',
    ):
        assert part in statement


def test_columns_are_grouped_by_name() -> None:
    """GROUP BY ALL passes from one dialect to another unchanged, and Athena does not know it."""
    assert not any("ALL" in said(tree, "athena").split() for tree in trees(QUERIES[0]))
