"""Transactions whose failure has a name: of the tables by which an account is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection


class StoreGone(SQLAlchemyError):
    """The database did not answer, was locked for too long, or went away in the middle of a step.

    Nothing was half done. Where it went away while a step was being concluded, the step may have been remembered or
    not: read it back before trying again. To be tried again by us.
    """


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """All that is written within, or nothing of it. Raises StoreGone."""
    with _named(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, of `engine.execution_options(reads_only=True)`. Raises StoreGone."""
    with _named(), engine.connect() as connection:
        yield connection


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (OperationalError, InterfaceError, InternalError, NoConnection) as error:
        raise StoreGone(_reason(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreGone(_reason(error)) from error
        raise


def _reason(error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", None) or error).splitlines()
    return f"the store did not answer: {reason[0] if reason else type(error).__name__}"
