"""Parquet files are read as text files are: the same records give the same answer."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from diagnosis.evidence.query import Between, FlowLogQuery, Sightings
from diagnosis.evidence.records import field_of
from diagnosis.flowlogs.files import FlowLogFiles
from tests.diagnosis.flowlogs.corpus import DB, NOON, SHUFFLED, V2, V5, WEB, idle, random_line, record, reply, write

QUERY = FlowLogQuery(
    frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"}), 6, 3306, interfaces=frozenset({WEB, DB}), window=Between()
)


def write_parquet(
    path: Path, lines: list[str], header: str = V2, kinds: Mapping[str, str] | None = None, missing: str | None = None
) -> Path:
    """Write records as AWS does, or with columns of other types; `missing` stands for a value that there is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = []
    for place, name in enumerate(header.split(), start=1):
        kind = (kinds or {}).get(name) or ("VARCHAR" if field_of(name).highest is None else "BIGINT")
        value = f"NULLIF(parts[{place}], '-')"
        value = f"COALESCE({value}, $missing)" if missing and kind == "VARCHAR" else value
        value = f"TO_TIMESTAMP({value}::BIGINT)::{kind}" if kind.startswith("TIMESTAMP") else f"{value}::{kind}"
        columns.append(f'{value} AS "{name.replace("-", "_")}"')
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE lines AS SELECT STRING_SPLIT(UNNEST($lines), ' ') AS parts", {"lines": lines})
        values = {"missing": missing} if missing and "$missing" in "".join(columns) else None
        connection.execute(" ".join(["CREATE TABLE records AS SELECT", ", ".join(columns), "FROM lines"]), values)
        connection.execute(f"COPY records TO '{path}' (FORMAT parquet)")
    return path


def read(*paths: Path, query: FlowLogQuery = QUERY) -> Sightings:
    return FlowLogFiles(paths).read(query)


def without_origins(found: Sightings) -> Sightings:
    seen = (replace(each, lines=tuple(replace(line, origin="") for line in each.lines)) for each in found.seen)
    return replace(found, seen=tuple(seen))


@pytest.mark.parametrize("header", [V2, V5, SHUFFLED])
@pytest.mark.parametrize("sources", [{"10.0.1.10"}, {"10.0.1.0/24"}, {"2001:db8::/32"}, set()])
def test_parquet_gives_what_the_same_records_give_as_text(tmp_path: Path, header: str, sources: set[str]) -> None:
    chance = random.Random(f"{header}{sources}")
    lines = [random_line(chance, header) for _ in range(600)]
    query = replace(QUERY, sources=frozenset(sources), port=None, window=Between(NOON - 3600, NOON))

    parquet = read(write_parquet(tmp_path / "a.parquet", lines, header), query=query)
    text = read(write(tmp_path / "a.log.gz", lines, header=header), query=query)

    assert parquet.seen
    assert without_origins(parquet) == without_origins(text)


@pytest.mark.parametrize("missing", ["-", "None", "", "nan"])
def test_numbers_written_as_text_are_numbers_and_words_for_nothing_are_nothing(tmp_path: Path, missing: str) -> None:
    kinds = dict.fromkeys(V2.split(), "VARCHAR")
    path = write_parquet(tmp_path / "a.parquet", [record(), reply(), idle(DB)], kinds=kinds, missing=missing)

    found = read(path)

    assert (found.counts.read, found.counts.nodata, found.counts.malformed) == (3, 1, 0)
    assert (found.rejects, found.accepts) == (1, 1)
    assert found.status(DB).nodata == 1


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DOUBLE", "INTEGER"])
def test_times_of_other_types_are_seconds(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB makes Python's times of those with a zone only where pytz is installed, so none is fetched as one."""
    monkeypatch.setitem(sys.modules, "pytz", None)
    path = write_parquet(tmp_path / "a.parquet", [record()], kinds={"start": kind, "end": kind})

    (seen,) = read(path).seen

    assert (seen.first, seen.last) == (NOON - 58, NOON)


def test_a_record_is_shown_as_a_line_and_named_by_file_and_row(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [reply(), record(), idle(WEB)])

    found = read(path)

    (rejected,) = (seen for seen in found.seen if seen.action == "REJECT")
    assert [(line.text, line.origin) for line in rejected.lines] == [(record(), f"{path}:2")]


def test_parquet_and_text_in_both_layouts_are_one_reading(tmp_path: Path) -> None:
    name = "123456789012_vpcflowlogs_us-east-1_fl-0a1_20261122T1200Z_0000.log"
    hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=11/day=22"
    plain = "prefix/AWSLogs/o-abc/123456789012/vpcflowlogs/us-east-1/2026/11/22"
    write_parquet(tmp_path / hive / "hour=12" / f"{name}.parquet", [record()])
    write_parquet(tmp_path / plain / "12" / f"{name}.parquet", [record(header=V5)], V5)
    write(tmp_path / plain / f"{name}.gz", [record()])
    write(tmp_path / "more.log", [record(header=SHUFFLED)], header=SHUFFLED)

    found = read(tmp_path)

    assert (found.rejects, found.counts.read, found.counts.unreadable_files) == (4, 4, 0)
    assert "account-id" not in found.fields


def test_a_malformed_row_is_counted_and_named_by_its_number(tmp_path: Path) -> None:
    lines = [
        record(),
        record(action="DENY"),
        record(start=str(NOON + 1)),
        record(source="-"),
        record(log_status="WHAT"),
    ]
    path = write_parquet(tmp_path / "a.parquet", lines)

    found = read(path)

    assert (found.counts.read, found.counts.malformed) == (1, 4)
    assert list(found.warnings) == [
        f"{path}:2: action is 'DENY'",
        f"{path}:3: end is before start",
        f"{path}:4: srcaddr is '-'",
        f"{path}:5: log-status is 'WHAT'",
    ]


def test_a_text_with_an_escape_sequence_makes_its_row_malformed(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [record("eni-\x1b[31m"), record()])

    found = read(path)

    assert (found.counts.read, found.counts.malformed) == (1, 1)
    assert all(warning.isprintable() for warning in found.warnings)


@pytest.mark.parametrize("damage", ["cut", "magic", "middle"])
def test_a_damaged_parquet_file_is_named_and_the_rest_is_read(tmp_path: Path, damage: str) -> None:
    name = "1_vpcflowlogs_us-east-1_fl-0a1_20261122T12{:02}Z_0000.log.parquet"
    for number in range(4):
        write_parquet(tmp_path / name.format(number * 5), [record()] * 50)
    bad = tmp_path / name.format(10)
    data = bytearray(bad.read_bytes())
    if damage == "middle":
        data[4 : len(data) // 2] = b"\xff" * (len(data) // 2 - 4)
    whole = bytes(data)
    bad.write_bytes({"cut": whole[: len(whole) // 2], "magic": b"PAR1" + b"\0" * 100, "middle": whole}[damage])

    found = read(tmp_path)

    assert (found.counts.read, found.counts.unreadable_files, found.rejects) == (150, 1, 150)
    assert [warning for warning in found.warnings if warning.startswith(f"{bad}: ")]


def test_files_of_one_flow_log_whose_columns_differ_after_all_are_each_read_by_their_own(tmp_path: Path) -> None:
    name = "1_vpcflowlogs_us-east-1_fl-0a1_20261122T12{:02}Z_0000.log.parquet"
    write_parquet(tmp_path / name.format(0), [record(header=V5)], V5)
    write_parquet(tmp_path / name.format(5), [record()])

    found = read(tmp_path)

    assert (found.rejects, found.counts.unreadable_files) == (2, 0)


def test_parquet_that_is_no_flow_log_is_named(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS a, 2 AS b) TO '{tmp_path / 'a.parquet'}' (FORMAT parquet)")

    found = read(tmp_path)

    assert found.counts.unreadable_files == 1
    assert "no flow log" in found.warnings[0]
