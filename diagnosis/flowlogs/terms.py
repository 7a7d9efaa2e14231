"""Terms of which the statements are made: names and literals as nodes of a tree, and how they are joined and said.

Every value of a question enters as a literal node and never as text. What `said` returns is what is run and what is
shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sqlglot import exp

Dialect = Literal["duckdb", "athena"]

WORDS_OF_SQL = frozenset({"start", "end"})


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
    return exp.column(exp.to_identifier(name, quoted=name in WORDS_OF_SQL or not plain))


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


def null_or(tested: exp.Expr, test: exp.Expr) -> exp.Expr:
    """Return the test that something is NULL or passes another test."""
    return exp.or_(exp.Is(this=tested, expression=exp.null()), test, copy=False)


def columns(names: Iterable[str]) -> list[exp.Column]:
    """Return a column for each name."""
    return [column(name) for name in names]


def table(name: str) -> exp.Table:
    """Return a table by its name, whose parts dots divide; each is quoted as it needs."""
    parts = [exp.to_identifier(part) for part in name.split(".")]
    return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))


def source_of(source: str | exp.Select) -> exp.Expr:
    """Return what records are selected from: a table by its name, or another statement."""
    return table(source) if isinstance(source, str) else source.subquery("records")
