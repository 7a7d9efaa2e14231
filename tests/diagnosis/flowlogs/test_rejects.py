"""What was refused is the same whether files are judged in columns, by processes of their own or line by line."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from diagnosis.evidence.query import Between, Last, Window
from diagnosis.evidence.rejects import Rejections
from diagnosis.flowlogs import sound
from diagnosis.flowlogs.apart import apart
from diagnosis.flowlogs.rejects import RejectFiles
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import DB, NOON, idle, mutated, random_line, record, reply, write

NEVER = 1 << 60
SERVICES = f"{corpus.V2} pkt-srcaddr pkt-dstaddr pkt-src-aws-service"


def ours(address: str) -> bool:
    return address.startswith(("10.", "172.16."))


def rejects(paths: list[Path], window: Window | None = None) -> Rejections:
    return RejectFiles(paths).rejects(window or Between(), ours, 1000)


def scans(chance: random.Random, header: str, noise: int = 300) -> list[str]:
    """A stranger that scans, one that was once let in, a partner; replies that are refused, behind NAT too."""
    lines = []
    for host in range(1, 30):
        lines.append(record(DB, "203.0.113.9", f"10.0.2.{host}", 41000, 22, header=header))
        lines.append(record(DB, "203.0.113.10", f"10.0.2.{host}", 41000, 22, header=header))
        lines.append(record(DB, "198.51.100.7", "10.0.2.20", 41000 + host, 443, header=header))
        lines.append(record(DB, "10.0.2.20", "10.0.1.11", 3306, 40000 + host, header=header))
        lines.append(record(DB, "10.0.1.11", "10.0.2.20", 40000 + host, 3306, "ACCEPT", header=header))
    lines.append(record(DB, "203.0.113.10", "10.0.2.3", 41000, 80, "ACCEPT", header=header))
    lines += [reply(action="REJECT", header=header), record(action="ACCEPT", header=header)]
    lines += [record(DB, "10.0.1.10", "10.0.2.20", 0, 0, action, header=header, protocol="1") for action in ("REJECT",)]
    lines += [record(DB, "10.0.2.20", "10.0.1.10", 0, 0, "ACCEPT", header=header, protocol="1")]
    lines += [idle(DB, "SKIPDATA", header=header), *(random_line(chance, header) for _ in range(noise))]
    chance.shuffle(lines)
    return lines


@pytest.fixture(params=range(2))
def files(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """Files of three formats, gzip and plain, with malformed lines and one that is cut short."""
    chance = random.Random(request.param)
    paths = []
    for number, header in enumerate((corpus.V2, corpus.V5, SERVICES) * 2):
        lines: list[str | bytes] = [*scans(chance, header)]
        lines[100:100] = [mutated(chance, random_line(chance, header)) for _ in range(5)]
        paths.append(write(tmp_path / f"{number}.log{'.gz' if number % 2 else ''}", lines, header=header))
    cut = write(tmp_path / "cut.log.gz", scans(chance, corpus.V2))
    cut.write_bytes(cut.read_bytes()[:-40])
    return [*paths, cut]


@pytest.mark.parametrize("window", [Between(), Last(1800), Between(NOON - 3000, NOON - 1000)], ids=str)
def test_judged_in_columns_and_line_by_line_the_same_is_refused(
    files: list[Path], window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "WORTH_IT", NEVER)
    by_line = rejects(files, window)
    monkeypatch.setattr(sound, "WORTH_IT", 0)

    assert rejects(files, window) == by_line
    assert by_line.records > 0
    assert by_line.counts.unreadable_files == 1


def test_processes_of_their_own_find_the_same(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "WORTH_IT", 0)
    here = rejects(files)
    monkeypatch.setattr(sound, "WORTH_PROCESSES", 0)

    assert rejects(files) == here


def test_replies_strangers_and_noise_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "WORTH_IT", 0)
    found = rejects([write(tmp_path / "x.log.gz", scans(random.Random(1), corpus.V2, noise=0))])

    kinds = {(group.source, group.port): (group.kind, group.reply) for group in found.groups}
    assert kinds["203.0.113.9", 22] == ("noise", False)
    assert kinds["203.0.113.10", 22] == ("external", False)
    assert kinds["10.0.1.11", 3306] == ("internal", True)
    assert [group.both_ways for group in found.groups if group.protocol == 1] == [True]


@dataclass(frozen=True)
class DiesAt:
    """An errand at which a process dies at one file."""

    content: bytes

    def begun(self) -> Callable[[Iterable[bytes]], bytes]:
        def read(pieces: Iterable[bytes]) -> bytes:
            content = b"".join(pieces)
            if content == self.content:
                os._exit(1)
            return content

        return read


def test_files_of_a_process_that_dies_are_left_out_and_the_rest_is_read(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:02}" for number in range(40)]
    for path in paths:
        path.write_text(f"{path.name}\n", "ascii")

    found = dict(apart(DiesAt(b"20\n"), paths))

    assert paths[20] not in found
    assert len(found) >= 30
    assert all(told == path.read_bytes() for path, told in found.items())
