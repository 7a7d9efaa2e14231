"""The query is data: every value stays one literal, and Athena can say the same."""

from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import expressions as exp

from diagnosis.evidence.query import Between, FlowLogQuery
from diagnosis.flowlogs import sql

QUERIES = (
    FlowLogQuery(frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 6, 3306),
    FlowLogQuery(frozenset({"10.0.0.0/16", "10.9.9.9"}), frozenset(), 17, 53, 40000),
    FlowLogQuery(frozenset({"2001:db8::/32"}), frozenset({"2001:db8::9"})),
    FlowLogQuery(frozenset(), frozenset()),
)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_any_text_comes_back_as_one_literal(value: str) -> None:
    parsed = sqlglot.parse_one(f"SELECT {sql.text(value)}", read="duckdb")

    (literal,) = parsed.expressions
    assert literal.is_string
    assert literal.this == value


def test_a_nul_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        sql.text("a\0b")


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_is_one_select_that_athena_can_say(query: FlowLogQuery) -> None:
    statement = sql.aggregates(sql.conversation(query, "flow_logs"), sql.within(Between(1, 2)))

    (parsed,) = sqlglot.parse(statement, read="duckdb")
    assert isinstance(parsed, exp.Select)
    (athena,) = sqlglot.transpile(statement, read="duckdb", write="athena")
    assert "BITWISE_OR_AGG(tcp_flags)" in athena
    assert isinstance(sqlglot.parse_one(athena, read="athena"), exp.Select)


def test_a_query_holds_what_was_asked_and_nothing_of_other_times() -> None:
    statement = sql.aggregates(sql.conversation(QUERIES[0], "flow_logs"), sql.within(Between(100, 200)))

    for part in (
        "srcaddr = '10.0.1.10'",
        "dstport = 3306",
        "srcport = 3306",
        "protocol = 6",
        '"end" >= 100',
        '"start" <= 200',
    ):
        assert part in statement
