"""`whynot serve` as a process of its own, with the Slack double in the place of Slack and the embedded account."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from tests.forked import Forked
from tests.slack_double.double import SlackDouble
from tests.slack_double.small_app import Way

STARTS_WITHIN = 40.0
STOPS_WITHIN = 30.0


class ServedApp:
    """The app in a process. As a context manager it is ready when the block begins, and stopped when it ends.

    `settings` go over those that every test has, group by group; they reach the process by its environment.
    """

    def __init__(self, slack: SlackDouble, way: Way, folder: Path, **settings: dict[str, Any]) -> None:
        self.slack = slack
        self.way = way
        self.folder = folder
        self.port = free_port()
        self.health = free_port()
        self.settings = settings
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self.log_file = folder / "app.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process and self._process.poll() is None:
            self.stop()
        if error is not None:
            error.add_note(f"The app's last lines:\n{self.log()[-3000:]}")

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, ready: bool = True) -> None:
        """Start it, and wait until it is ready; else only until Slack can reach it."""
        before = self.slack.socket.opened
        self._process = self._launched()
        until = time.monotonic() + STARTS_WITHIN
        path = "/readyz" if ready else "/livez"
        while self.probe(path) != 200 or (self.way == "socket" and self.slack.socket.opened == before):
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError(f"the app did not start:\n{self.log()[-3000:]}")
            time.sleep(0.1)
        if self.way == "http":
            self.slack.serve_at(f"http://127.0.0.1:{self.port}/slack/events")

    def _launched(self) -> subprocess.Popen[bytes] | Forked:
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"], cwd=self.folder, env=self._environment(), stdout=log, stderr=log
            )

    def stop(self) -> int:
        """Send SIGTERM and wait for the end; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not stop the app in {STOPS_WITHIN} s\n{self.log()[-3000:]}") from None

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def lets_leases_lapse(self) -> float:
        """Make it so long since the process was killed that its questions are orphans; the seconds that this saves."""
        with closing(sqlite3.connect(self.folder / "whynot.db", isolation_level=None)) as store:
            [(until,)] = store.execute("SELECT MAX(held_until) FROM questions").fetchall()
            store.execute("UPDATE questions SET held_until = 0 WHERE held_until IS NOT NULL")
        return float(until) - time.time()

    def probe(self, path: str) -> int:
        """The status of a probe; 0 where nothing listens."""
        try:
            with urlopen(f"http://127.0.0.1:{self.health}{path}", timeout=5) as answer:
                return int(answer.status)
        except URLError as error:
            return int(getattr(error, "code", 0))
        except OSError:
            return 0

    def log(self) -> str:
        """All that it wrote."""
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def resident(self) -> int:
        """Bytes of memory that its process holds now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _environment(self) -> dict[str, str]:
        common: dict[str, dict[str, Any]] = {
            "slack": {
                "bot_token": self.slack.bot_token,
                "signing_secret": self.slack.signing_secret,
                "transport": self.way,
                "http_address": f"127.0.0.1:{self.port}",
                "api_url": self.slack.base_url,
                **({"app_token": self.slack.app_token} if self.way == "socket" else {}),
            },
            "account": {"snapshot": str(snapshot_folder()), "flow_logs": json.dumps([str(flow_logs_folder())])},
            "store": {"url": f"sqlite:///{self.folder / 'whynot.db'}"},
            "health": {"address": f"127.0.0.1:{self.health}"},
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WHYNOT_")}
        environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
        for group in {*common, *self.settings}:
            values = self.settings.get(group, {})
            if group in {"channels", "direct_messages"}:
                environment[f"WHYNOT_{group.upper()}"] = json.dumps(values)
                continue
            for name, value in {**common.get(group, {}), **values}.items():
                if value is None:
                    continue  # left unset
                text = value if isinstance(value, str) else json.dumps(value)
                environment[f"WHYNOT_{group.upper()}__{name.upper()}"] = text
        return environment


class ForkedApp(ServedApp):
    """The same for one test alone: forked off, since to begin it as users do takes two seconds of a core."""

    def _launched(self) -> Forked:
        return Forked("bot", ["serve"], folder=self.folder, environment=self._environment(), said=self.log_file)


def free_port() -> int:
    """A port of loopback that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
