"""Brings the tables of a database up to date, release by release, by alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

_LOCK = 7_466_832_501
"""Any number, the same in all replicas: PostgreSQL's advisory lock lets one of them migrate and the others wait."""


def migrate(engine: Engine) -> None:
    """Run the migrations that this database has not had. Raises SQLAlchemyError."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
