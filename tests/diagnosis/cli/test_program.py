"""The command line as its users type it: exit status, what goes to which stream, and in which form."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from tests.accounts import entry, rule, two_subnets
from tests.case_folder import CASES
from tests.program import PYTHON, Ran, folder_of, run, start

SNAPSHOT = ("--snapshot", str(snapshot_folder()))
LOGS = ("--flow-logs", str(flow_logs_folder()))
BLOCKED = "why can't 10.0.1.10 reach RDS on 3306"
REACHABLE = "can 10.0.0.50 reach orders-db on 3306"
PARTLY = "can web-1 reach the internet"
UNKNOWN = "can 10.0.1.10 reach 169.254.169.254 on 8080"
NOT_UNDERSTOOD = "hello there"
NOT_FOUND = "why can't 10.0.1.10 reach no-such-thing-anywhere on 3306"
AMBIGUOUS = "why can't 10.0.1.10 reach RDS"

CONTRACT = [
    "question", "window", "verdict", "headline", "path_forward", "path_return", "causes", "caveats", "assumed",
    "unseen", "evidence", "fixes", "advice", "snapshot",
]  # fmt: skip
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def ask(question: str, *options: str) -> Ran:
    return run("ask", question, *SNAPSHOT, *options)


@pytest.mark.parametrize(
    ("question", "verdict", "status"),
    [
        (REACHABLE, "reachable", 0),
        (BLOCKED, "blocked", 1),
        (PARTLY, "partly", 1),
        (UNKNOWN, "unknown", 3),
        (NOT_UNDERSTOOD, "unknown", 4),
        (NOT_FOUND, "unknown", 4),
    ],
)
def test_the_exit_status_of_ask_is_its_verdict_as_text_and_as_json(question: str, verdict: str, status: int) -> None:
    text, document = ask(question), ask(question, "--json")

    assert (text.status, document.status) == (status, status)
    assert document.document["verdict"] == verdict
    assert (text.err, document.err) == ("", "")
    assert text.out.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("no-such-command",),
        ("ask",),
        ("ask", BLOCKED, "--no-such-option"),
        ("ask", BLOCKED, "--source-port", "70000"),
        ("ask", BLOCKED, "--source-port", "-1"),
        ("ask", BLOCKED, "--source-port", "http"),
        ("ask", BLOCKED, *SNAPSHOT, "--since", "soon"),
        ("ask", BLOCKED, *SNAPSHOT, "--until", "1h"),
        ("ask", BLOCKED, *SNAPSHOT, "--since", "2026-11-22T14:05Z", "--until", "2026-11-22T13:05Z"),
        ("ask", BLOCKED, "--snapshot", "/no/such/folder"),
        ("ask", BLOCKED, *SNAPSHOT, "--flow-logs", "/no/such/folder"),
        ("who",),
        ("who", "what can reach RDS on 3306", "--snapshot", "/no/such/folder"),
        ("trace", *SNAPSHOT),
        ("trace", *SNAPSHOT, "--flows", "/no/such/file"),
        ("trace", "--snapshot", "/no/such/folder", "--flows", "-"),
        ("parse",),
        ("snapshot",),
    ],
)
def test_a_failure_is_said_on_stderr_and_exits_2(arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.strip()
    assert "Traceback" not in ran.err
    assert "fault of whynot" not in ran.err
    assert "\x1b" not in ran.err


def test_every_command_has_a_help_page() -> None:
    assert run("--help").status == 0
    for command in ("ask", "trace", "who", "parse", "snapshot", "demo"):
        ran = run(command, "--help")

        assert (ran.status, ran.err) == (0, "")
        assert command in ran.out


def test_the_version_is_told_alone() -> None:
    ran = run("--version")

    assert (ran.status, ran.err) == (0, "")
    assert re.fullmatch(r"whynot \d+\.\d+\.\d+\S*\n", ran.out)


def test_parse_prints_json_always_and_exits_4_when_it_is_unclear() -> None:
    clear, reverse, unclear = run("parse", BLOCKED), run("parse", "what can reach RDS on 3306"), run("parse", "hello")

    assert (clear.status, reverse.status, unclear.status) == (0, 0, 4)
    assert clear.document == {
        "intent": "why",
        "source": {"kind": "ip", "value": "10.0.1.10"},
        "destination": {"kind": "service", "value": "rds"},
        "protocol": "tcp",
        "port": 3306,
        "ask_back": None,
    }
    assert reverse.document["intent"] == "who"
    assert (unclear.document["intent"], bool(unclear.document["ask_back"])) == ("unclear", True)
    assert (clear.err, unclear.err) == ("", "")


@pytest.mark.parametrize("question", [BLOCKED, REACHABLE, PARTLY, UNKNOWN, NOT_UNDERSTOOD, NOT_FOUND, AMBIGUOUS])
def test_json_is_one_document_with_the_contracts_members_in_its_order(question: str) -> None:
    document = ask(question, *LOGS, "--json").document

    assert list(document)[: len(CONTRACT)] == CONTRACT
    assert list(document["question"])[:6] == ["intent", "source", "destination", "protocol", "port", "ask_back"]
    assert list(document["window"]) == ["start", "end"]
    assert list(document["evidence"])[:3] == ["flow_logs", "second_opinion", "agreement"]
    assert list(document["snapshot"]) == ["taken_at", "accounts", "regions"]
    for hop in (*document["path_forward"], *document["path_return"]):
        assert set(hop) >= {"component", "kind", "steps"}
        for step in hop["steps"]:
            assert set(step) >= {"kind", "direction", "disposition", "rule"}
            assert step["disposition"] in {"passed", "dropped", "partly", "unknown"}


def test_the_members_of_causes_logs_and_fixes_are_the_contracts() -> None:
    document = ask(BLOCKED, *LOGS, "--json").document

    [cause] = document["causes"]
    assert set(cause) >= {"code", "component", "related", "leg", "direction", "rule", "text"}
    logs: dict[str, Any] = document["evidence"]["flow_logs"]
    assert set(logs) >= {
        "engine", "query", "records", "accepts", "rejects", "first_reject", "last_reject", "last_accept", "lines",
        "pattern", "limits",
    }  # fmt: skip
    assert set(logs["records"]) == {"read", "malformed", "nodata", "skipdata", "unreadable_files"}
    for fix in document["fixes"]:
        assert set(fix) >= {"id", "title", "risk", "changes", "commands", "undo", "proof", "exposure"}
        assert fix["risk"] in {"safe", "needs judgement"}
        assert fix["proof"] == {"verdict_after": "reachable"}
        assert set(fix["exposure"]) == {"text", "newly_reachable", "at_least"}
        for opened in fix["exposure"]["newly_reachable"]:
            assert set(opened) == {"source", "destination", "protocol", "ports", "count"}
        for change in fix["changes"]:
            assert set(change) >= {"kind", "component"}


def test_text_is_no_wider_than_80_columns_but_for_what_is_copied() -> None:
    for question in (BLOCKED, REACHABLE, PARTLY, UNKNOWN, NOT_UNDERSTOOD, NOT_FOUND, AMBIGUOUS):
        for options in ((), LOGS, ("--explain", *LOGS)):
            lines = ask(question, *options).out.splitlines()

            copied = [line for line in lines if "aws " in line or line.lstrip().startswith('resource "aws_')]
            assert [line for line in lines if len(line) > 80 and line not in copied] == []


def test_terraform_text_keeps_its_lines() -> None:
    lines = [line.strip() for line in ask(BLOCKED, "--explain").out.splitlines()]

    start = next(place for place, line in enumerate(lines) if line.startswith("resource "))
    assert lines[start].endswith("{")
    assert lines[start + 1].startswith("security_group_id")
    assert "}" in lines[start:]


def test_explain_adds_to_the_answer_and_takes_nothing_away() -> None:
    short, long = ask(BLOCKED, *LOGS), ask(BLOCKED, *LOGS, "--explain")

    assert (short.status, long.status) == (1, 1)
    assert len(long.out) > len(short.out) + 500
    for letter in "ABCDEF":
        assert re.search(rf"^ *{letter} ", long.out, re.MULTILINE), letter


def test_without_a_terminal_there_are_no_escape_codes() -> None:
    for arguments in (("ask", BLOCKED, *SNAPSHOT, *LOGS), ("demo",), ("who", "what can reach RDS on 3306", *SNAPSHOT)):
        ran = run(*arguments)

        assert "\x1b" not in ran.out + ran.err


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """What the program writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    with subprocess.Popen(
        [sys.executable, "-m", "diagnosis", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment | {"TERM": "xterm-256color"} | variables,
    ) as process:
        os.close(theirs)
        found = b""
        try:
            while chunk := os.read(ours, 65536):
                found += chunk
        except OSError:  # what Linux says when the other end is closed
            pass
        finally:
            os.close(ours)
        process.wait(timeout=60)
    return found.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_unless_no_color_is_set_or_it_is_dumb() -> None:
    plain = ask(BLOCKED).out

    coloured = on_a_terminal("ask", BLOCKED, *SNAPSHOT)
    assert ESCAPE.search(coloured)
    assert ESCAPE.sub("", coloured) == plain
    assert on_a_terminal("ask", BLOCKED, *SNAPSHOT, NO_COLOR="1") == plain
    assert on_a_terminal("ask", BLOCKED, *SNAPSHOT, TERM="dumb") == plain
    assert not ESCAPE.search(on_a_terminal("ask", BLOCKED, *SNAPSHOT, "--json"))


def test_the_three_ways_to_start_it_are_one_program() -> None:
    whynot = Path(sys.executable).parent / "whynot"
    programs = [(str(whynot),), (sys.executable, "-m", "bot"), (sys.executable, "-m", "diagnosis")]

    found = [start("ask", BLOCKED, *SNAPSHOT, "--json", program=program) for program in programs]

    assert {ran[:2] for ran in found} == {ask(BLOCKED, "--json")[:2]}


def test_it_does_not_matter_from_where_it_is_started(tmp_path: Path) -> None:
    elsewhere = start("ask", BLOCKED, *SNAPSHOT, *LOGS, "--json", cwd=tmp_path)

    assert elsewhere[:2] == ask(BLOCKED, *LOGS, "--json")[:2]


def test_a_stdout_that_is_no_utf8_gets_look_alikes_and_valid_json() -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}

    text = start("ask", BLOCKED, *SNAPSHOT, env=ascii_only)
    document = start("ask", BLOCKED, *SNAPSHOT, "--json", env=ascii_only)

    assert (text.status, document.status, text.err + document.err) == (1, 1, "")
    assert text.out.isascii()
    assert text.out.startswith("x Blocked")
    assert document.document == ask(BLOCKED, "--json").document


@pytest.mark.parametrize("arguments", [("ask", BLOCKED, *SNAPSHOT), ("trace", *SNAPSHOT, "--flows", "-"), ("demo",)])
def test_a_reader_that_has_left_is_no_news(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    flow = json.dumps({"id": 1, "source": "10.0.1.10", "destination": "10.0.2.20"}).encode() + b"\n"
    done = subprocess.run(
        [sys.executable, "-m", "diagnosis", *arguments],
        input=flow * 2000,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (2, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_ctrl_c_exits_2(tmp_path: Path) -> None:
    """Also while it waits for its input, and without a traceback."""
    pipe = tmp_path / "flows"
    os.mkfifo(pipe)
    # Whoever runs these tests in the background has them ignore the signal, and so would the program.
    waiting = subprocess.Popen(
        ["env", "--default-signal=INT", *PYTHON, "trace", "--snapshot", str(snapshot_folder()), "--flows", str(pipe)],
        stderr=subprocess.PIPE,
    )
    with pipe.open("wb"):  # Opens as soon as the program reads.
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate(timeout=60)

    assert waiting.returncode == 2
    assert b"Traceback" not in err


def test_a_full_disk_is_one_line_and_exit_2() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "diagnosis", "parse", BLOCKED],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr == b"whynot: stdout cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("options", "window"),
    [
        (("--since", "2h"), ("2026-11-22T12:05:00Z", "2026-11-22T14:05:00Z")),
        (("--since", "90m", "--until", "2026-11-22T13:00Z"), ("2026-11-22T11:30:00Z", "2026-11-22T13:00:00Z")),
        (
            ("--since", "2026-11-22T13:00Z", "--until", "2026-11-22T13:30+00:00"),
            ("2026-11-22T13:00:00Z", "2026-11-22T13:30:00Z"),
        ),
        (("--until", "2026-11-22T13:00"), ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z")),
    ],
)
def test_since_and_until_say_which_records_count(options: tuple[str, ...], window: tuple[str, str]) -> None:
    document = ask(BLOCKED, *LOGS, *options, "--json").document
    logs = document["evidence"]["flow_logs"]
    start_, end = document["window"]["start"], document["window"]["end"]

    assert minutes_between(start_, window[0]) <= 10
    assert minutes_between(end, window[1]) <= 10
    assert logs["rejects"] > 0
    assert minutes_between(logs["last_reject"], end) <= 10  # the record that spans the end counts


def minutes_between(one: str, other: str) -> float:
    return abs((datetime.fromisoformat(one) - datetime.fromisoformat(other)).total_seconds()) / 60


def test_a_source_port_narrows_the_question(tmp_path: Path) -> None:
    made = two_subnets()
    made.items["ec2.describe_network_acls"][1]["Entries"].append(
        entry(50, "deny", "10.0.1.10/32", "6", (49152, 65535), egress=True)
    )
    folder = folder_of(made, tmp_path)
    question = "can 10.0.1.10 reach 10.0.2.20 on 443"

    statuses = [
        run("ask", question, "--snapshot", str(folder), *options).status
        for options in ((), ("--source-port", "50000"), ("--source-port", "40000"), ("--source-port", "0"))
    ]

    assert statuses == [1, 1, 0, 0]


def test_warnings_go_to_stderr_and_leave_stdout_alone(tmp_path: Path) -> None:
    folder = folder_of(two_subnets(), tmp_path)
    (folder / "notes.json").write_text('{"Notes": []}')
    question = "can 10.0.1.10 reach 10.0.2.20 on 443"

    ran = run("ask", question, "--snapshot", str(folder), "--json")

    assert ran.status == 0
    assert ran.document["verdict"] == "reachable"
    assert ran.err == "whynot: notes.json: skipped, no known key (Notes)\n"


def test_a_question_has_no_effect_on_the_next_in_the_same_process() -> None:
    first = ask(BLOCKED, *LOGS, "--json")
    ask(REACHABLE)
    run("who", "what can reach RDS on 3306", *SNAPSHOT)
    case = CASES / "rds-both-missing" / "account"
    run("ask", BLOCKED, "--snapshot", str(case))

    again = ask(BLOCKED, *LOGS, "--json")
    assert (again.status, again.out) == (first.status, first.out)  # a busy machine tells more of its progress


def test_a_pasted_record_is_decoded_and_answered() -> None:
    lines = ask(BLOCKED, *LOGS, "--json").document["evidence"]["flow_logs"]["lines"]
    rejected = next(line for line in lines if " REJECT " in line)

    ran = ask(rejected, "--json")

    assert ran.status == 1
    assert ran.document["question"]["record"]
    assert ran.document["question"]["port"] == 3306


def test_a_question_of_bytes_that_are_no_text_is_no_fault_of_the_program() -> None:
    for command in ("ask", "who", "parse"):
        done = subprocess.run(
            [sys.executable, "-m", "diagnosis", command, b"why can't \xff\xfe reach 10.0.2.20 on 3306"]
            + ([] if command == "parse" else [*SNAPSHOT, "--json"]),
            capture_output=True,
            timeout=60,
            check=False,
        )

        assert done.returncode in {0, 3, 4}, done.stderr
        assert done.stderr == b""
        json.load(io.BytesIO(done.stdout))


def test_the_words_of_a_question_reach_no_terminal_raw() -> None:
    hostile = "why can't \x1b[2J\u202egnp\x9b reach no\x07thing on 3306"

    for arguments in (("ask", hostile, *SNAPSHOT), ("ask", hostile, *SNAPSHOT, "--json"), ("parse", hostile)):
        ran = run(*arguments)

        assert not {letter for letter in ran.out + ran.err if not letter.isprintable()} - {"\n"}


def test_a_rule_that_matches_nobody_is_no_obstacle(tmp_path: Path) -> None:
    made = two_subnets(server={"groups": ["sg-server"]})
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), "10.0.1.0/24"), rule("tcp", (1, 2))])
    folder = folder_of(made, tmp_path)

    assert run("ask", "can 10.0.1.10 reach 10.0.2.20 on 443", "--snapshot", str(folder)).status == 0


def test_files_without_a_header_are_read_by_the_format_that_is_given(tmp_path: Path) -> None:
    fields = "action srcaddr dstaddr srcport dstport protocol start end interface-id log-status packets bytes"
    log = tmp_path / "export.log"
    log.write_text("REJECT 10.0.1.10 10.0.2.20 40000 3306 6 1763820000 1763820060 eni-0db OK 1 60\n")

    ran = run("ask", BLOCKED, *SNAPSHOT, "--flow-logs", str(log), "--flow-log-format", fields, "--json")

    assert ran.document["evidence"]["flow_logs"]["rejects"] == 1
