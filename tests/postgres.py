"""PostgreSQL as Debian packs it, started by the tests: in a temporary folder, by a Unix socket, as nobody."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

PROGRAMS = ("initdb", "postgres")
"""What a test that uses it is marked with: `needs_tool(*PROGRAMS)`."""
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60", "autovacuum=off")


class Postgres:
    """A running server."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self._process = process

    def emptied(self) -> str:
        """The SQLAlchemy URL of its database, which then holds nothing and has no connection."""
        others = "usename = 'whynot' AND pid <> pg_backend_pid()"
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608 - our own text
        self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return f"postgresql://whynot@/postgres?host={self._folder}"

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as whoever owns the server; the rows it gives."""
        with psycopg.connect(f"host={self._folder} user=whynot dbname=postgres", autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description is not None else []

    def stop(self) -> None:
        """End at once: nobody needs what it holds."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server of its own. It refuses to run as root, so root runs it as nobody."""
    # Not pytest's folder: its parents are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="whynot-postgres-"))
    somebody: dict[str, Any] = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        somebody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data, log = folder / "data", folder / "log"
    quiet = {"cwd": folder, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "env": _environment(), **somebody}
    initdb = ["initdb", "-D", str(data), "-U", "whynot", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    with log.open("wb") as written:
        subprocess.run(initdb, check=True, stdout=written, timeout=60, **quiet)
        options = (f"unix_socket_directories={folder}", "listen_addresses=", *_FAST)
        arguments = [part for option in options for part in ("-c", option)]
        process = subprocess.Popen(["postgres", "-D", str(data), *arguments], stdout=written, **quiet)
    server = Postgres(folder, process)
    try:
        _wait_for(server, process, log)
        yield server
    finally:
        if process.poll() is None:
            server.stop()
        shutil.rmtree(folder)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}


def _wait_for(server: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}") from None
            time.sleep(0.05)
        else:
            return
