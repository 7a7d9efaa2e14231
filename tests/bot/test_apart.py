"""A process of its own for the summary of a large account: the same summary, and every way in which it can end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.access.scope import Scope
from bot.access.timetable import Timetable
from bot.apart import INTERFACES, SummaryProcess
from bot.eyes import FolderEyes, rejects_of
from bot.runner.networks import Networks, Sight
from bot.runner.subscribing import Wanted
from bot.runner.summarising import Stopped, Summariser
from bot.settings.values import Settings
from diagnosis.evidence.query import Last
from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from diagnosis.sources import NoFlowLogs, SourceUnavailable
from tests.accounts import Account, two_vpcs
from tests.diagnosis.flowlogs.corpus import NOON, record, write
from tests.program import folder_of

DAY = Last(86_400)


def settings_of(snapshot: Path, *flow_logs: Path) -> Settings:
    read = {"snapshot": str(snapshot), "flow_logs": [str(path) for path in flow_logs]}
    return Settings.model_validate({"account": read, "strangers": {"named": False}})


def sight_of(snapshot: Path, scope: Scope) -> Sight:
    return Networks(FolderEyes(snapshot), 1e9, time.monotonic).sight(scope, lambda _: None)


class Always(SummaryProcess):
    """Makes each summary in a process of its own, however small it is."""

    def worthwhile(self, sight: Sight) -> bool:
        return True


@pytest.mark.parametrize("scope", [Scope(), Scope(vpcs=("vpc-a",))], ids=["all", "one VPC"])
def test_it_is_the_summary_that_this_process_would_have_made(tmp_path: Path, scope: Scope) -> None:
    refused = (("eni-server", "10.0.2.20", 3306), ("eni-peer", "10.9.1.30", 5432))
    lines = [record(eni, "10.0.1.10", to, 40000 + n, port, end=NOON - n) for eni, to, port in refused for n in range(9)]
    snapshot = folder_of(two_vpcs(), tmp_path)
    settings = settings_of(snapshot, write(tmp_path / "flows.log", lines))
    networks = Networks(FolderEyes(snapshot), 1e9, time.monotonic)
    rejects = rejects_of(settings, FolderEyes(snapshot), None)
    channel = Wanted("C1", Timetable("09:00", "UTC"), 24, scope, None)

    there = Summariser(networks, rejects, elsewhere=Always(settings, None)).summary(channel)

    assert there == Summariser(networks, rejects).summary(channel)
    assert there.rejects.records == (18 if scope == Scope() else 9)


def test_what_cannot_be_read_there_is_said_in_the_words_for_who_must_act() -> None:
    process = SummaryProcess(settings_of(snapshot_folder()), None)

    with pytest.raises(NoFlowLogs, match=r"account\.flow_logs"):
        process.made(sight_of(snapshot_folder(), Scope()), DAY, scoped=False)


@contextmanager
def under_way(process: SummaryProcess) -> Iterator[list[Exception]]:
    """A summary that is being made; in the list is how it ended."""
    ended: list[Exception] = []

    def make() -> None:
        try:
            process.made(sight_of(snapshot_folder(), Scope()), DAY, scoped=False)
        except (SourceUnavailable, Stopped) as error:
            ended.append(error)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    yield ended
    thread.join(30)
    assert not thread.is_alive()


def child() -> int:
    """The process that makes a summary for this one, once it is there."""
    for _ in range(3_000):
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = folder.joinpath("stat").read_text().rpartition(")")[2].split()[1]
                told = folder.joinpath("cmdline").read_bytes()
            except OSError:
                continue
            if parent == str(os.getpid()) and b"bot.apart" in told:
                return int(folder.name)
        time.sleep(0.01)
    raise AssertionError("no process was started")


def test_a_process_that_is_killed_is_told_as_what_it_mostly_is_a_machine_without_memory() -> None:
    process = SummaryProcess(settings_of(snapshot_folder(), flow_logs_folder()), None)

    with under_way(process) as ended:
        os.kill(child(), signal.SIGKILL)

    [error] = ended
    assert isinstance(error, SourceUnavailable)
    assert "(signal 9)" in str(error)
    assert "memory" in str(error)


def test_an_app_that_stops_ends_it_and_starts_no_other() -> None:
    process = SummaryProcess(settings_of(snapshot_folder(), flow_logs_folder()), None)

    with under_way(process) as ended:
        number = child()
        process.stop()

    assert [type(error) for error in ended] == [Stopped]
    assert not Path(f"/proc/{number}").exists()
    with pytest.raises(Stopped):
        process.made(sight_of(snapshot_folder(), Scope()), DAY, scoped=False)


def test_it_is_worth_a_process_where_the_account_or_its_logs_are_large(tmp_path: Path) -> None:
    large = Account()
    large.vpc("vpc-a", "10.0.0.0/16")
    large.subnet("subnet-a", "vpc-a", "10.0.0.0/16")
    large.group("sg-open", "vpc-a")
    for number in range(INTERFACES):
        large.interface(f"eni-{number}", "subnet-a", f"10.0.{number // 200}.{number % 200 + 4}")
    logs = tmp_path / "logs"
    logs.mkdir()
    settings = settings_of(snapshot_folder(), logs)
    small = sight_of(snapshot_folder(), Scope())

    assert SummaryProcess(settings, None).worthwhile(sight_of(folder_of(large, tmp_path), Scope()))
    assert not SummaryProcess(settings, None).worthwhile(small)
    with (logs / "flows.log").open("wb") as file:
        file.truncate(21_000_000)
    assert SummaryProcess(settings, None).worthwhile(small)
