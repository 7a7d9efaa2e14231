"""A million lines, random and mutated: each of them is read or malformed, and none is fatal."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from diagnosis.evidence.query import Between, FlowLogQuery
from diagnosis.flowlogs import scan, sound
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.flowlogs.lines import Format
from tests.diagnosis.flowlogs.corpus import SHUFFLED, V2, V5, counts_of, mutated, random_line, write

FORMATS = (V2, V5, SHUFFLED)
FILES, LINES = 24, 42_000
POOL = 4_000
"""So many different lines of each format are drawn from, as they are or mutated."""
MUTATED = 0.04
QUERY = FlowLogQuery(frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 6, 3306, window=Between())


def pool(chance: random.Random, header: str) -> list[str]:
    """Records between a few addresses in each of many networks, so that the query is about few of them."""
    return [random_line(chance, header).replace(" 10.0.", f" 10.{chance.randrange(64)}.") for _ in range(POOL)]


def test_a_million_random_and_mutated_lines_are_read_or_malformed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Path] = []

    def noted(form: Format, files: list[Path], interest: object) -> list[object]:
        found = list(sound.sound(form, files, interest))  # type: ignore[arg-type]
        judged.extend(path for path, _ in found)
        return list(found)

    monkeypatch.setattr(scan, "sound", noted)
    chance = random.Random(20261126)
    drawn = {header: pool(chance, header) for header in FORMATS}
    lines: dict[str, Counter[bytes]] = {header: Counter() for header in FORMATS}
    for number in range(FILES):
        header = FORMATS[number % len(FORMATS)]
        rows: list[str | bytes] = [*chance.choices(drawn[header], k=LINES)]
        for place in chance.sample(range(LINES), int(LINES * MUTATED)):
            rows[place] = mutated(chance, str(rows[place]))
        content = b"".join((row.encode() if isinstance(row, str) else row) + b"\n" for row in rows)
        lines[header].update(re.split(rb"\r\n|\r|\n", content)[:-1])
        write(tmp_path / f"{number}.log.gz", rows, header=header)

    found = FlowLogFiles([tmp_path]).read(QUERY)

    total = sum(each.total() for each in lines.values())
    assert total >= 1_000_000
    assert found.counts.read + found.counts.malformed == total
    wanted = [counts_of(each, header) for header, each in lines.items()]
    assert (found.counts.read, found.counts.malformed) == tuple(map(sum, zip(*wanted, strict=True)))
    assert found.counts.malformed > total * MUTATED / 2
    assert found.counts.unreadable_files == 0
    assert len(judged) == FILES  # all of them in columns
