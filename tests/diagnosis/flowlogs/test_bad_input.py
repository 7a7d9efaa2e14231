"""Bad input is counted and named, and the rest is read."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from diagnosis.evidence.query import Between, FlowLogQuery, Sightings
from diagnosis.flowlogs.files import FlowLogFiles
from tests.diagnosis.flowlogs.corpus import NOON, V2, V5, idle, random_line, record, write

QUERY = FlowLogQuery(frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 6, 3306, window=Between())


def read(*paths: Path) -> Sightings:
    return FlowLogFiles(paths).read(QUERY)


def cut_short(path: Path, lines: int = 2000) -> Path:
    chance = random.Random(7)
    data = gzip.compress("\n".join([V2, *(random_line(chance) for _ in range(lines))]).encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data[: len(data) // 2])
    return path


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (record(port=99999), "dstport is '99999'"),
        (record().replace(" 3306 ", " http "), "dstport is 'http'"),
        (" ".join(record().split()[:9]), "9 fields where the header names 14"),
        (f"{record()} extra words", "16 fields where the header names 14"),
        (record(source='"10.0.0.1'), "srcaddr is '\"10.0.0.1'"),
        (record(source="10.0.0.256"), "srcaddr is '10.0.0.256'"),
        (record(action="DENY"), "action is 'DENY'"),
        (record(log_status="MAYBE"), "log-status is 'MAYBE'"),
        (record(start=str(NOON + 1)), "end is before start"),
        ("", "blank line"),
        ("   ", "blank line"),
        (V2, "1 more header lines"),
        (b'\xff\xfe{"not": "a record"}', "fields where the header names 14"),
        (record("eni-\x1b[31mred"), "interface-id is 'eni-\\x1b[31mred'"),
        (record("eni-\0"), "interface-id is 'eni-\\x00'"),
        (b"x" * 3_000_000, "1 fields where the header names 14"),
        (record(packets="9" * 40), "packets is '9999999999999999999999999999999999999999'"),
        (record().replace(" ", "  ", 1), "15 fields where the header names 14"),
        (idle("eni-0db").replace("NODATA", "OK"), "srcaddr is '-'"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_a_malformed_line_is_counted_once_and_named_by_file_and_line(
    tmp_path: Path, line: str | bytes, reason: str, packed: bool
) -> None:
    path = write(tmp_path / "x.log", [record(), line, record()], packed=packed)

    found = read(path)

    assert (found.counts.read, found.counts.malformed, found.rejects) == (2, 1, 2)
    (warning,) = found.warnings
    assert reason in warning
    assert warning.startswith(f"{path}:3: " if line != V2 else f"{path}: ")
    assert warning.isprintable()


@pytest.mark.parametrize("line", [record().replace(" 3306 ", " http "), record(packets="many"), record(start="soon")])
@pytest.mark.parametrize("suffix", ["log", "log.gz"])
def test_a_malformed_line_is_counted_whichever_fields_the_question_needs(
    tmp_path: Path, line: str, suffix: str
) -> None:
    """A reader that takes only the columns of a query does not see what is wrong in the others."""
    path = write(tmp_path / f"x.{suffix}", [record(), line, record()])
    anything = FlowLogQuery(frozenset({"10.9.9.9"}), frozenset(), window=Between())
    ping = FlowLogQuery(frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 1, window=Between())

    for query in (QUERY, anything, ping):
        found = FlowLogFiles([path]).read(query)
        assert (found.counts.read, found.counts.malformed, len(found.warnings)) == (2, 1, 1)


def test_at_most_five_malformed_lines_are_named_and_all_are_counted(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"{number}.log.gz", [record(), *(f"bad {each}" for each in range(50))])

    found = read(tmp_path)

    assert (found.counts.read, found.counts.malformed, len(found.warnings)) == (4, 200, 5)


def test_a_gzip_file_cut_short_among_many_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    for number in range(60):
        write(tmp_path / f"{number}.log.gz", [record()])
    for number in range(4):
        cut_short(tmp_path / f"cut{number}.log.gz")

    found = read(tmp_path)

    assert (found.counts.read, found.counts.unreadable_files, found.rejects) == (60, 4, 60)
    assert [warning for warning in found.warnings if "cut short" in warning] == list(found.warnings)
    assert len(found.warnings) == 4


def test_a_gzip_file_with_a_damaged_middle_is_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path / "x.log.gz", [random_line(random.Random(each)) for each in range(5000)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = os.urandom(len(data) // 2)
    path.write_bytes(data)
    write(tmp_path / "y.log.gz", [record()])

    found = read(tmp_path)

    assert (found.counts.read, found.counts.unreadable_files, found.rejects) == (1, 1, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"\x1f\x8b", "cut short"),
        (os.urandom(9000).replace(b"\x1f\x8b", b"ab"), ""),
        (b"\0" * 5000, "no flow log"),
        (b'{"Records": [\n{"eventVersion": "1.08"}]}\n', "JSON"),
        (b"PAR1" + b"\0" * 100, "Parquet"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x28\xb5\x2f\xfdrest", "zstd"),
        (b"BZh91AY", "bzip2"),
        (
            b'https 2026-11-22T12:00:00.1Z app/shop/50dc 198.51.100.7:51514 10.0.1.5:80 0.0 200 "GET /"\n' * 5,
            "no flow log",
        ),
        (b"srcaddr dstaddr srcport dstport start end\n10.0.1.10 10.0.2.20 1 2 3 4\n", "lacks action"),
        (b"# notes\nabout the logs\n", "no flow log"),
    ],
)
def test_a_file_of_another_kind_is_named_and_the_rest_is_read(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "other.log").write_bytes(content)
    write(tmp_path / "x.log.gz", [record()])

    found = read(tmp_path)

    assert (found.counts.read, found.counts.malformed, found.counts.unreadable_files) == (1, 0, 1)
    (warning,) = found.warnings
    assert warning.startswith(f"{tmp_path / 'other.log'}: ")
    assert reason in warning


def test_a_header_alone_is_a_readable_file_without_records(tmp_path: Path) -> None:
    assert read(write(tmp_path / "x.log", [])).counts.unreadable_files == 0


def test_a_gzip_file_without_the_suffix_and_a_plain_file_with_it_are_both_read(tmp_path: Path) -> None:
    write(tmp_path / "a.log", [record()], packed=True)
    write(tmp_path / "b.log.gz", [record()], packed=False)

    assert read(tmp_path).rejects == 2


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_every_kind_of_line_end_is_understood(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(end.join(line.encode() for line in (V2, record(), record(), "")))

    found = read(path)

    assert (found.counts.read, found.counts.malformed, found.rejects) == (2, 0, 2)


def test_a_missing_last_line_end_and_a_byte_order_mark_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"\xef\xbb\xbf" + f"{V2}\n{record()}\n{record()}".encode())

    found = read(path)

    assert (found.counts.read, found.counts.malformed) == (2, 0)


def test_a_gzip_file_of_several_members_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.log.gz"
    path.write_bytes(gzip.compress(f"{V2}\n{record()}\n".encode()) + gzip.compress(f"{record()}\n".encode()))

    assert read(path).rejects == 2


def test_version_2_records_under_a_header_of_version_5_are_malformed_not_lost(tmp_path: Path) -> None:
    found = read(write(tmp_path / "x.log", [record(), record()], header=V5))

    assert (found.counts.read, found.counts.malformed) == (0, 2)


def test_a_file_that_may_not_be_opened_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        (tmp_path / "x.log").symlink_to(tmp_path / "gone.log")
        write(tmp_path / "y.log", [record()])
        assert read(tmp_path).rejects == 1  # A dangling link is no file.
        return
    path = write(tmp_path / "x.log", [record()])
    path.chmod(0)

    assert read(path).counts.unreadable_files == 1


def test_a_named_pipe_in_a_folder_is_left_alone(tmp_path: Path) -> None:
    """Opening one would wait for ever."""
    os.mkfifo(tmp_path / "pipe.log")
    write(tmp_path / "x.log", [record()])

    assert read(tmp_path).rejects == 1


def test_links_that_lead_in_a_circle_and_empty_folders_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "self.log").symlink_to(tmp_path / "self.log")
    (tmp_path / "folder.log.gz").mkdir()
    write(tmp_path / "x.log", [record()])

    found = read(tmp_path)

    assert (found.rejects, found.counts.read, found.counts.unreadable_files) == (1, 1, 0)


def test_a_file_name_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write(tmp_path / "ok.log", [record()])
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.log")).write_text(f"{V2}\n{record()}\n")

    found = read(tmp_path)

    assert (found.rejects, found.counts.unreadable_files) == (1, 1)
    assert all(warning.isprintable() for warning in found.warnings)
