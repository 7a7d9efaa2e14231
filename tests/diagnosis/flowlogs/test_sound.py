"""Large gzip files are judged as one text, and give what a plain reading gives."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from diagnosis.flowlogs import scan, sound
from diagnosis.flowlogs.exact import Interest
from diagnosis.flowlogs.lines import Format, recognise
from diagnosis.flowlogs.needles import Needles
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON, WEB, idle, mutated, oracle, random_line, record, write
from tests.diagnosis.flowlogs.test_against_oracle import FORMATS, QUESTIONS, as_truth, read

LINES = 1000
OUR_OWN = QUESTIONS[0]


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were judged as one text; however little there is, it is worth it."""
    paths: list[Path] = []

    def noted(form: Format, files: list[Path], interest: object) -> list[object]:
        found = list(sound.sound(form, files, interest))  # type: ignore[arg-type]
        paths.extend(path for path, _ in found)
        return list(found)

    monkeypatch.setattr(sound, "WORTH_IT", 0)
    monkeypatch.setattr(scan, "sound", noted)
    return paths


@pytest.mark.parametrize("header", FORMATS, ids=("version 2", "version 5", "shuffled"))
@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_sound_files_give_what_a_plain_reading_gives(tmp_path: Path, asked: corpus.Asked, header: str) -> None:
    chance = random.Random(header)
    path = write(tmp_path / "x.log.gz", [random_line(chance, header) for _ in range(LINES)], header=header)

    assert as_truth(read([path], asked)) == oracle({path: header}, asked)


@pytest.mark.parametrize("seed", range(6))
def test_a_few_bad_lines_are_judged_apart_from_the_sound_ones(tmp_path: Path, seed: int, judged: list[Path]) -> None:
    chance = random.Random(seed)
    header = FORMATS[seed % 3]
    quiet = [record("eni-0other", "172.31.0.9", "172.31.0.8", header=header)] * LINES * 6
    lines: list[str | bytes] = [*quiet, *(random_line(chance, header) for _ in range(90))]
    lines[1000:1000] = [mutated(chance, random_line(chance, header)) for _ in range(20)]
    path = write(tmp_path / "x.log.gz", lines, header=header)

    found = read([path], OUR_OWN)

    assert judged == [path]
    assert as_truth(found) == oracle({path: header}, OUR_OWN)


@pytest.mark.parametrize(
    "line",
    [
        record(start=str(NOON + 1)),
        record(packets="1e3"),
        record(start="0", end=17),
        record().replace(" 3306 ", " +3306 "),
        corpus.V2,
        "",
        b"\xff\xfe",
        b"x" * 100_000,
        idle(WEB).replace("NODATA", "OK"),
    ],
)
def test_one_odd_line_among_thousands_is_counted_and_named(tmp_path: Path, line: str | bytes) -> None:
    quiet = [record("eni-0other", "172.31.0.9", "172.31.0.8")] * LINES
    path = write(tmp_path / "x.log.gz", [*quiet, record(), line, *quiet])

    found = read([path], OUR_OWN)

    assert as_truth(found) == oracle({path: corpus.V2}, OUR_OWN)
    assert found.counts.read + found.counts.malformed == 2 * LINES + 2
    assert [f"{path}:{LINES + 3}: " in each or "more header" in each for each in found.warnings] == [True] * (
        found.counts.malformed
    )


def test_a_file_cut_short_among_900_is_named_and_the_rest_is_read(tmp_path: Path, judged: list[Path]) -> None:
    packed = gzip.compress(f"{corpus.V2}\n{record()}\n".encode(), 1)
    for number in range(900):
        (tmp_path / f"{number:03}.log.gz").write_bytes(packed)
    whole = gzip.compress("\n".join([corpus.V2, *[record()] * 50, ""]).encode(), 1)
    (tmp_path / "cut.log.gz").write_bytes(whole[: len(whole) // 2])

    found = read(sorted(tmp_path.iterdir()), OUR_OWN)

    assert len(judged) == 900
    assert (found.counts.read, found.counts.unreadable_files, found.rejects) == (900, 1, 900)
    assert [Path(each.split(":")[0]).name for each in found.warnings] == ["cut.log.gz"]


def test_a_gzip_file_of_several_members_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.log.gz"
    path.write_bytes(b"".join(gzip.compress(f"{each}\n".encode()) for each in (corpus.V2, record(), record())))

    assert read([path], OUR_OWN).rejects == 2


def test_what_is_no_address_is_looked_for_line_by_line(tmp_path: Path) -> None:
    """A text such as an action may stand anywhere in a line."""
    path = write(tmp_path / "x.log.gz", [record()] * 3)
    form = recognise(path)
    assert isinstance(form, Format)

    for needle, judged_whole in (("REJECT", 0), ("10.0.1.10", 1)):
        interest = Interest(Needles(((needle,),)), frozenset())
        assert len(list(sound.sound(form, [path], interest))) == judged_whole
