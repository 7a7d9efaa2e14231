"""The engine against a plain-Python reading of the same files."""

from __future__ import annotations

import random
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnosis.evidence.query import Between, FlowLogQuery, Sightings
from diagnosis.flowlogs.files import FlowLogFiles
from tests import depth
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON, Asked, Truth, oracle, random_line, write

FORMATS = (corpus.V2, corpus.V5, corpus.SHUFFLED)
QUESTIONS = (
    Asked(["10.0.1.10"], ["10.0.2.20"], 3306),
    Asked(["10.0.1.10", "10.0.1.11"], ["10.0.2.20"], 443, start=NOON - 3600, end=NOON - 60),
    Asked(["10.0.1.0/24"], ["10.0.0.0/16"], 3306),
    Asked([], ["10.0.2.20"], None, protocol=None),
    Asked(["2001:db8::/32"], ["2001:db8:1::20"], 443),
    Asked(["2001:db8::10"], [], None, protocol=17),
    Asked(["10.0.1.10"], ["10.0.2.20/30"], None, start=NOON - 600),
)


def read(files: list[Path], asked: Asked) -> Sightings:
    query = FlowLogQuery(
        frozenset(asked.sources),
        frozenset(asked.destinations),
        asked.protocol,
        asked.port,
        interfaces=frozenset({corpus.WEB, corpus.DB}),
        window=Between(asked.start, asked.end),
    )
    return FlowLogFiles(files).read(query)


def as_truth(found: Sightings) -> Truth:
    truth = Truth(found.counts.read, found.counts.malformed, found.counts.nodata, found.counts.skipdata)
    for seen in found.seen:
        key = (seen.interface or "-", seen.leg, seen.direction, seen.action)
        truth.seen[key] = seen.records
        truth.packets[key] = seen.packets
        assert seen.first is not None
        assert seen.last is not None
        truth.first[key], truth.last[key] = seen.first, seen.last
        if seen.tcp_flags is not None:
            truth.flags[key] = seen.tcp_flags
    return truth


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_a_generated_corpus_gives_what_a_plain_reading_gives(tmp_path: Path, asked: Asked) -> None:
    """Three formats, gzip and plain, in one folder; IPv4 and IPv6, addresses, networks and anything."""
    chance = random.Random(str(asked))
    files: dict[Path, str] = {}
    for number in range(6):
        header = FORMATS[number % 3]
        lines = [random_line(chance, header) for _ in range(400)]
        files[write(tmp_path / f"{number}.log{'.gz' if number % 2 else ''}", lines, header=header)] = header

    assert as_truth(read(list(files), asked)) == oracle(files, asked)


@pytest.mark.parametrize("seed", range(6))
def test_mutated_lines_are_counted_as_a_plain_reading_counts_them(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    header = FORMATS[seed % 3]
    lines: list[str | bytes] = []
    for _ in range(1500):
        line = random_line(chance, header)
        lines.append(corpus.mutated(chance, line) if chance.random() < 0.2 else line)
    files = {write(tmp_path / name, lines, header=header): header for name in ("a.log", "b.log.gz")}

    assert as_truth(read(list(files), QUESTIONS[0])) == oracle(files, QUESTIONS[0])


def _mutant(seed: int) -> bytes:
    chance = random.Random(seed)
    return corpus.mutated(chance, random_line(chance))


BYTES = st.binary(max_size=60).filter(lambda line: b"\n" not in line)
LINES = st.lists(
    st.one_of(
        BYTES,
        st.builds(lambda seed: random_line(random.Random(seed)).encode(), st.integers(0, 10**6)),
        st.builds(_mutant, st.integers(0, 10**6)),
    ),
    max_size=12,
)


@settings(max_examples=depth.of(30, 60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES)
def test_read_plus_malformed_is_every_line_of_data(lines: list[bytes]) -> None:
    """Whatever bytes a file holds, each of its lines is counted once, as read or as malformed."""
    with tempfile.TemporaryDirectory() as folder:
        data = [line for line in lines if line != corpus.V2.encode()]
        path = write(Path(folder, "x.log.gz"), [random_line(random.Random(1)), *data])

        found = read([path], QUESTIONS[0])

        total = len(re.split(rb"\r\n|\r|\n", b"".join(line + b"\n" for line in data))) - 1
        assert found.counts.read + found.counts.malformed == total + 1
        assert found.counts.unreadable_files == 0
        assert as_truth(found) == oracle({path: corpus.V2}, QUESTIONS[0])
