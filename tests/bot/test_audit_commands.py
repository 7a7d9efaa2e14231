"""`whynot audit`: what auditors run, on the store and on an exported file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from bot.approvals.audit import Fact, Head
from bot.store.store import Store
from tests.program import run

import_module("bot.cli")  # adds the commands of the bot


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Head:
    """A store with three records, where `whynot` finds it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHYNOT_STORE__URL", f"sqlite:///{tmp_path / 'whynot.db'}")
    store = Store.open(f"sqlite:///{tmp_path / 'whynot.db'}")
    for number in range(3):
        store.audit.append(Fact(at=1.5, event=f"event-{number}"))
    head = store.audit.head()
    store.close()
    return head


def test_a_whole_log_is_said_to_be_so_with_its_head(log: Head) -> None:
    ran = run("audit", "verify", "--head", str(log))

    assert ran.status == 0
    assert ran.out == f"The audit log is whole: 3 records. Its head is {log}\n"


def test_an_exported_log_is_one_record_a_line_and_verifies_by_itself(log: Head, tmp_path: Path) -> None:
    exported = run("audit", "export")
    assert [line["event"] for line in exported.lines] == ["event-0", "event-1", "event-2"]

    file = tmp_path / "audit.jsonl"
    file.write_text(exported.out, encoding="utf-8")
    assert run("audit", "verify", str(file), "--head", str(log)).status == 0

    file.write_text(exported.out.replace("event-1", "event-9"), encoding="utf-8")
    broken = run("audit", "verify", str(file))
    assert broken.status == 1
    assert broken.out == "The audit log is broken at record 2: it is not what was written.\n"

    file.write_text("".join(exported.out.splitlines(keepends=True)[1:]), encoding="utf-8")
    assert run("audit", "verify", str(file)).out.startswith("The audit log is whole: 2 records, from record 2 on.")


def test_a_head_that_is_not_in_the_log_breaks_it(log: Head) -> None:
    ran = run("audit", "verify", "--head", f"9:{'a' * 64}")

    assert ran.status == 1
    assert ran.out == "The audit log is broken at record 9: it was posted, and is missing.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--head", "nonsense"], "nonsense is no head: it is written NUMBER:HASH"),
        (["none.jsonl"], "none.jsonl: "),
        (["whynot.db"], "whynot.db: "),
        (["other.jsonl"], "other.jsonl: line 2 is no record of an audit log"),
    ],
)
def test_what_cannot_be_read_is_named(log: Head, tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "other.jsonl").write_text("\n{}\n", encoding="utf-8")

    ran = run("audit", "verify", *arguments)

    assert ran.status == 2
    assert ran.err.startswith(f"whynot: {says}")


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    for command in ("verify", "export"):
        ran = run("audit", command)
        assert ran.status == 2
        assert ran.err == "whynot: store.url sqlite:///whynot.db does not exist\n"
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_the_tables_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whynot.db").touch()

    ran = run("audit", "verify")

    assert ran.status == 2
    assert "the store did not answer: no such table" in ran.err
