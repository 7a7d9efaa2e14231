"""The store of a test, on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.store import Store
from tests.postgres import PROGRAMS, Postgres, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One server for all tests of a process; each begins with an empty database."""
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_tool(*PROGRAMS))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'whynot.db'}"
    running: Postgres = request.getfixturevalue("server")
    return running.emptied()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()
