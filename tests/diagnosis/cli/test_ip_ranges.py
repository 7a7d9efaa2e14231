"""`whynot ip-ranges`: a file is kept, fetched only when asked to, shown with its date, and what is wrong is told."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from diagnosis.cli import ip_ranges
from diagnosis.snapshots.embedded_account import snapshot_folder
from tests.diagnosis.network.test_aws_ranges import document
from tests.program import run

GOOD = document(("8.8.8.0/24", "EC2", "eu-north-1"))
ASK = ("ask", "can 10.0.1.10 reach 8.8.8.8 on 443", "--snapshot", str(snapshot_folder()))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(ip_ranges, "URL", "http://127.0.0.1:9/none")
    return tmp_path / "data" / "whynot" / "ip-ranges.json"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "given.json"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A server on loopback in AWS's place; the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = GOOD.encode()
            self.send_response(200 if self.path == "/ip-ranges.json" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(ip_ranges, "URL", f"http://127.0.0.1:{server.server_address[1]}/ip-ranges.json")
    yield asked
    server.shutdown()
    server.server_close()


def test_a_file_is_kept_and_an_answer_names_a_public_party_by_it(file: Path, place: Path) -> None:
    assert "strangers" in run(*ASK, "--json").document
    assert run(*ASK, "--json").document["strangers"] == []

    kept = run("ip-ranges", str(file))

    assert kept.status == 0
    assert "1 ranges, made by AWS at 2026-11-20T01:23:45Z" in kept.out
    assert place.read_text("utf-8") == GOOD
    (found,) = run(*ASK, "--json").document["strangers"]
    assert (found["name"], found["region"], found["range"]) == ("AWS EC2 in eu-north-1", "eu-north-1", "8.8.8.0/24")
    assert "8.8.8.8 is AWS EC2 in eu-north-1" in run(*ASK).out


def test_the_document_is_fetched_only_by_its_option(served: list[str], place: Path) -> None:
    assert run("ip-ranges").status == 0
    run(*ASK)
    assert served == []
    assert not place.exists()

    assert run("ip-ranges", "--download", "--json").document["made_at"] == "2026-11-20T01:23:45Z"
    assert served == ["/ip-ranges.json"]
    assert place.read_text("utf-8") == GOOD


def test_without_a_file_it_shows_what_is_kept_or_how_to_keep_one(file: Path) -> None:
    assert "No ranges are kept" in run("ip-ranges").out
    run("ip-ranges", str(file))
    assert "2026-11-20" in run("ip-ranges").out


@pytest.mark.parametrize("content", [b"<html>", b"\xff\xfe\x00", b'{"prefixes": [{"ip_prefix": "x"}]}'])
def test_a_malformed_file_is_not_kept_and_the_old_one_stays(
    content: bytes, file: Path, place: Path, tmp_path: Path
) -> None:
    run("ip-ranges", str(file))
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)

    ran = run("ip-ranges", str(bad))

    assert ran.status == 2
    assert "is not AWS's ip-ranges.json" in ran.err
    assert "whynot ip-ranges FILE" in ran.err
    assert place.read_text("utf-8") == GOOD
    assert [path.name for path in place.parent.iterdir()] == ["ip-ranges.json"]


def test_a_kept_file_that_was_spoilt_is_told_and_the_answer_stands(place: Path) -> None:
    place.parent.mkdir(parents=True)
    place.write_text("{", encoding="utf-8")

    ran = run(*ASK, "--json")

    assert ran.document["strangers"] == []
    assert "names nobody" in ran.err
    assert "whynot ip-ranges FILE" in ran.err


def test_a_server_that_refuses_or_is_not_there_is_told(
    served: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ip_ranges, "URL", ip_ranges.URL.replace("ip-ranges", "nothing"))
    assert "Not Found" in run("ip-ranges", "--download").err
    monkeypatch.setattr(ip_ranges, "URL", "http://127.0.0.1:9/none")
    ran = run("ip-ranges", "--download")

    assert (ran.status, place.exists()) == (2, False)
    assert "refused" in ran.err


def test_a_file_that_is_not_there_and_two_sources_at_once_are_wrong(tmp_path: Path) -> None:
    assert "No such file" in run("ip-ranges", str(tmp_path / "none.json")).err
    assert run("ip-ranges", "x", "--download").status == 2


def test_scanners_of_a_summary_are_named(file: Path, tmp_path: Path) -> None:
    run("ip-ranges", str(file))
    logs = tmp_path / "logs.txt"
    line = "2 123456789012 eni-0a 8.8.8.9 10.0.1.10 40000 {} 6 1 40 1700000000 1700000060 REJECT OK"
    logs.write_text("\n".join(line.format(port) for port in range(1, 200)), encoding="utf-8")

    document = run("summary", "--flow-logs", str(logs), "--json").document

    assert [one["name"] for one in document["strangers"]] == ["AWS EC2 in eu-north-1"]
    assert "8.8.8.9 is AWS EC2 in eu-north-1" in run("summary", "--flow-logs", str(logs)).out
