"""Pieces of the statements with which DuckDB takes files apart; what is asked of records is in `statements`."""

from __future__ import annotations

from collections.abc import Iterable

NEVER = "FALSE"


def text(value: str) -> str:
    """Return a text literal. Raises ValueError for one with a NUL byte, which no engine takes."""
    if "\0" in value:
        raise ValueError("a text with a NUL byte cannot be part of a query")
    return "'" + value.replace("'", "''") + "'"


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
