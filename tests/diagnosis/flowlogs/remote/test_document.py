"""docs/flow-logs.md says what the engines do: their limits, the table for Athena, and the arithmetic of the costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot

from diagnosis.evidence.engine_choice import NARROW
from diagnosis.evidence.records import DEFAULT_FORMAT
from diagnosis.flowlogs.account import Settings
from diagnosis.flowlogs.athena import AthenaSettings
from diagnosis.flowlogs.athena_tables import ddl, new_table
from diagnosis.flowlogs.insights import Limits
from diagnosis.flowlogs.insights_text import MOST_ROWS
from diagnosis.flowlogs.remote import Remote, of_bytes
from diagnosis.flowlogs.s3 import Budget
from tests.diagnosis.flowlogs.remote.places import BUCKET, reading_of

DOCUMENT = (Path(__file__).parents[4] / "docs" / "flow-logs.md").read_text(encoding="utf-8")
A_DAY, TEXT, GZIP = 3.5e6, 110, 23
ROW = re.compile(r"\| ([0-9,]+) × ([0-9]+) (hour|days?) \| ([0-9.]+ [MGT]) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|")


def test_limits_and_defaults_are_those_of_the_engines() -> None:
    objects, insights, athena = Budget(), Limits(), AthenaSettings()
    patience = Remote(lambda _service, _region: None, lambda: 0).patience

    assert f"| {objects.objects:,} and {of_bytes(objects.size)} |" in DOCUMENT
    assert f"| {of_bytes(insights.most_scanned)} | the query" in DOCUMENT
    assert f"| {of_bytes(athena.most_scanned)}, 1 TB |" in DOCUMENT
    assert athena.daily == 1e12
    assert f"| {patience:.0f} seconds |" in DOCUMENT
    assert f"up to {NARROW // 3600} hours" in DOCUMENT
    assert f"the last {Settings().widest // 3600} hours only when" in DOCUMENT
    assert f"returns {MOST_ROWS:,} rows" in DOCUMENT
    assert (insights.dollars_per_gb, athena.dollars_per_tb) == (0.005, 5.0)


def test_the_statement_shown_is_the_one_that_is_made() -> None:
    shown = DOCUMENT.partition("```sql\n")[2].partition("```")[0].replace("amzn-s3-demo-bucket", f"{BUCKET}/logs")
    reading = reading_of("athena", " ".join(DEFAULT_FORMAT))

    assert sqlglot.parse_one(shown, read="athena") == sqlglot.parse_one(
        ddl(new_table(reading, "default"), reading), read="athena"
    )


@pytest.mark.parametrize("row", ROW.findall(DOCUMENT), ids=lambda row: f"{row[0]} x {row[1]} {row[2]}")
def test_the_costs_follow_from_the_assumptions(row: tuple[str, ...]) -> None:
    accounts, length, unit, records, by_insights, by_athena, by_objects = row
    days = int(length) / (24 if unit == "hour" else 1)
    count = int(accounts.replace(",", "")) * days * A_DAY
    scanned = 3 * count * TEXT
    # Athena reads whole days.
    stored = count * GZIP * (24 if unit == "hour" else 1)

    assert number(records) == pytest.approx(count, rel=0.05)
    assert number(by_insights) == pytest.approx(scanned, rel=0.05)
    assert number(by_athena) == pytest.approx(stored, rel=0.05)
    assert price(by_insights) == pytest.approx(scanned / 1e9 * 0.005, rel=0.25)
    assert price(by_athena) == pytest.approx(stored / 1e12 * 5, rel=0.25)
    if "over the limit" not in by_insights:
        assert seconds(by_insights) == pytest.approx(2 + scanned / 3 / 4e9, abs=1)
    if "over the limit" not in by_athena:
        assert seconds(by_athena) == pytest.approx(2 + stored / 1e9, abs=1)
    assert ("over the limit" in by_insights) == (scanned > Limits().most_scanned)
    assert ("over the limit" in by_athena) == (stored > AthenaSettings().most_scanned)
    assert ("over" in by_objects) == (count * GZIP > Budget().size)


def number(text: str) -> float:
    found = re.match(r"([0-9.]+) ([MGT])", text)
    assert found is not None
    return float(found[1]) * {"M": 1e6, "G": 1e9, "T": 1e12}[found[2]]


def seconds(text: str) -> float:
    found = re.search(r", ([0-9]+) s$", text)
    assert found is not None
    return float(found[1])


def price(text: str) -> float:
    found = re.search(r"\$([0-9.,]*[0-9])", text)
    assert found is not None
    return float(found[1].replace(",", ""))


def test_the_table_has_rows() -> None:
    assert len(ROW.findall(DOCUMENT)) == 6
