"""The command line. Data goes to stdout; progress and warnings go to stderr.

Exit status of `ask`: 0 reachable, 1 blocked or partly, 3 unknown, 4 not understood or ambiguous, 2 any failure.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnosis.answer import Answer
    from diagnosis.aws.account import LiveAccount
    from diagnosis.finding import Finding
    from diagnosis.flowlogs.athena import AthenaSettings
    from diagnosis.flowlogs.files import FlowLogFiles
    from diagnosis.network.network import Network
    from diagnosis.question.parties import NotFound
    from diagnosis.question.question import Question
    from diagnosis.sources import FlowLogSource

# A command lives for a second: looking for garbage while modules load, and for plugins of pydantic, only delays it.
gc.set_threshold(100_000, 50, 50)
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

OK, STOPPED, FAILED, UNKNOWN, UNCLEAR = 0, 1, 2, 3, 4
INTERRUPTED = 130
"""What typer makes of Ctrl-C."""
STATUS = {"reachable": OK, "blocked": STOPPED, "partly": STOPPED, "unknown": UNKNOWN}

FURTHER_EXAMINATIONS: list[Callable[[], list[Finding]]] = []
"""What a program around this one adds to `doctor`."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Why can't A reach B on AWS: the rule that drops the packet, the evidence, and a fix that was proven first.",
)

Snapshot = Annotated[Path | None, typer.Option(help="A snapshot folder; without it the live account is read.")]
Profile = Annotated[str | None, typer.Option(help="The AWS profile for the live account.")]
Regions = Annotated[list[str] | None, typer.Option("--region", help="A Region to read; may be repeated.")]
FlowLogs = Annotated[list[Path] | None, typer.Option(help="Flow-log files or folders; may be repeated.")]
FlowLogFormat = Annotated[
    str | None, typer.Option(help="The fields of flow-log files without a header line, as LogFormat says them.")
]
NoFlowLogs = Annotated[bool, typer.Option("--no-flow-logs", help="Do not read the account's own flow logs.")]
Workgroup = Annotated[
    str | None,
    typer.Option(envvar="WHYNOT_ATHENA_WORKGROUP", help="Use Athena, in this workgroup, for flow logs of many hours."),
]
AthenaOutput = Annotated[
    str | None, typer.Option(envvar="WHYNOT_ATHENA_OUTPUT", help="Use Athena, with its results at this s3:// place.")
]
RequesterPays = Annotated[
    bool, typer.Option("--requester-pays", help="Pay for requests to buckets that are Requester Pays.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help='For example "why can\'t 10.0.1.10 reach RDS on 3306".')],
    snapshot: Snapshot = None,
    flow_logs: FlowLogs = None,
    flow_log_format: FlowLogFormat = None,
    no_flow_logs: NoFlowLogs = False,
    since: Annotated[
        str | None, typer.Option(help="How far back the logs are read: 90s, 30m, 1h, 2d, or a time.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Up to when the logs are read: an ISO 8601 time.")] = None,
    source_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The client's port, where it is known.")
    ] = None,
    region: Regions = None,
    profile: Profile = None,
    athena_workgroup: Workgroup = None,
    athena_output: AthenaOutput = None,
    requester_pays: RequesterPays = False,
    explain: Annotated[bool, typer.Option(help="Adds the six steps and the decision diagram.")] = False,
    as_json: Json = False,
) -> None:
    """Why can't A reach B: the cause, the evidence, and a proven fix."""
    from diagnosis.answer import Answer
    from diagnosis.asking import window_of
    from diagnosis.investigate import Asked, investigate
    from diagnosis.question.parse import parse as parse_text

    asked = parse_text(question)
    if asked.intent != "why":
        raise typer.Exit(_not_understood(asked, None, as_json=as_json))
    logs = _flow_logs(flow_logs, flow_log_format)
    # Files may be old: "since 14:00" is meant on their day.
    now = (logs.delivered if logs is not None else None) or int(time.time())
    window = window_of(asked, since, until, now)
    with _working() as (say, warn):
        account = _account(region, profile, say) if snapshot is None else None
        network = _network(snapshot, region, profile, say, warn, account)
        source: FlowLogSource | None = logs
        if account is not None and source is None and not no_flow_logs:
            source = _account_logs(account, network, say, athena_workgroup, athena_output, requester_pays)
        answer = investigate(network, Asked(asked, window, source_port), source, say, warn)
    if not isinstance(answer, Answer):
        raise typer.Exit(_not_understood(asked, answer, as_json=as_json))
    _print_answer(answer, explain=explain, as_json=as_json)
    raise typer.Exit(STATUS[answer.verdict])


@app.command()
def trace(
    flows: Annotated[Path, typer.Option(help="Flows, one JSON object a line; - reads stdin.")],
    snapshot: Snapshot = None,
    region: Regions = None,
    profile: Profile = None,
) -> None:
    """Judge many flows: one JSON verdict a line, in input order."""
    from diagnosis.batch import judge_lines
    from diagnosis.terminal.documents import line

    try:
        text = (sys.stdin.buffer.read() if str(flows) == "-" else flows.read_bytes()).decode("utf-8-sig", "replace")
    except OSError as error:
        raise typer.Exit(_failed(f"--flows {flows}: {error.strerror or error}")) from None
    with _working() as (say, warn):
        network = _network(snapshot, region, profile, say, warn)
    whole = True
    with _output() as write:
        for result, judged in judge_lines(network, text.split("\n")):
            whole = whole and judged
            write(line(result, encoding=sys.stdout.encoding) + "\n")
    raise typer.Exit(OK if whole else FAILED)


@app.command()
def who(
    question: Annotated[str, typer.Argument(help='For example "what can reach orders-db on 3306".')],
    snapshot: Snapshot = None,
    region: Regions = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """What can reach X, or what can X reach: groups that behave alike, with the rule that decides."""
    from diagnosis.answer import WhoAnswer
    from diagnosis.investigate import who as find_out
    from diagnosis.question.parse import parse as parse_text
    from diagnosis.terminal.who import render_who

    asked = parse_text(question)
    if asked.intent != "who":
        raise typer.Exit(_not_understood(asked, None, as_json=as_json))
    with _working() as (say, warn):
        answer = find_out(_network(snapshot, region, profile, say, warn), asked)
    if not isinstance(answer, WhoAnswer):
        raise typer.Exit(_not_understood(asked, answer, as_json=as_json))
    if as_json:
        _out_json(answer.model_dump(mode="json"))
    else:
        _out(render_who(answer, colour=_colour()).rstrip("\n"))
    raise typer.Exit(UNKNOWN if answer.groups and all(g.verdict == "unknown" for g in answer.groups) else OK)


@app.command()
def summary(
    snapshot: Annotated[Path | None, typer.Option(help="A snapshot folder; without it no cause is told.")] = None,
    flow_logs: FlowLogs = None,
    since: Annotated[str, typer.Option(help="How far back from the newest record: 30m, 24h, 7d, or a time.")] = "24h",
    limit: Annotated[int, typer.Option(min=0, help="So many groups at most; the counts stay whole.")] = 50,
    as_json: Json = False,
) -> None:
    """What was refused, why, and since when: REJECT records in groups, strangers that scan apart."""
    from diagnosis.asking import window_since
    from diagnosis.summarise import summarise
    from diagnosis.terminal.summary import render_summary

    window = window_since(since)
    if not flow_logs:
        raise typer.Exit(_failed("summary reads flow-log files: name them with --flow-logs FILE or FOLDER."))
    from diagnosis.flowlogs.rejects import RejectFiles

    files = RejectFiles(flow_logs)
    with _working() as (say, warn):
        network = _network(snapshot, None, None, say, warn) if snapshot is not None else None
        found = summarise(files, window, network, limit, say, warn)
    if as_json:
        _out_json(found.document())
    else:
        _out(render_summary(found, colour=_colour()).rstrip("\n"))
    raise typer.Exit(OK)


@app.command()
def parse(text: Annotated[str, typer.Argument(help="A question as a person would write it.")]) -> None:
    """A question as JSON; nothing else is read."""
    from diagnosis.question.parse import parse as parse_text

    asked = parse_text(text)
    _out_json(asked.model_dump(mode="json", exclude=_empty_extras(asked)))
    raise typer.Exit(UNCLEAR if asked.intent == "unclear" else OK)


@app.command("snapshot")
def take_snapshot(
    folder: Annotated[Path, typer.Argument(help="The folder to write; it must be new or hold a snapshot.")],
    region: Regions = None,
    profile: Profile = None,
) -> None:
    """Read the live account into a folder of JSON, secrets left out."""
    from diagnosis.snapshots.kinds import KINDS
    from diagnosis.snapshots.write import check_target, write_snapshot

    check_target(folder)
    with _working() as (say, warn):
        described = _account(region, profile, say).described(KINDS)
        write_snapshot(described, folder, tool=f"whynot {_version()}")
        for gap in described.unseen:
            warn(f"not seen: {gap.call} in {gap.account} {gap.region}: {gap.error}")
    _out(f"{folder}: {len(described.answers)} answers, {len(described.unseen)} calls unseen")


@app.command()
def doctor(
    region: Regions = None,
    profile: Profile = None,
    athena_workgroup: Workgroup = None,
    athena_output: AthenaOutput = None,
) -> None:
    """What is missing, and who must act: credentials, permissions, flow logs, Slack tokens."""
    from diagnosis.terminal.doctor import render_doctor

    with _working() as (say, _):
        findings = _account_findings(region, profile, _athena(athena_workgroup, athena_output), say)
        for examine in FURTHER_EXAMINATIONS:
            findings += examine()
    _out(render_doctor(findings, colour=_colour()).rstrip("\n"))
    raise typer.Exit(FAILED if any(finding.state == "missing" for finding in findings) else OK)


@app.command()
def demo(
    explain: Annotated[bool, typer.Option(help="Adds the six steps and the decision diagram.")] = False,
) -> None:
    """The main job on the embedded account: no AWS, no Slack."""
    from diagnosis.demo import run_demo

    colour = _colour()
    for text in run_demo(colour=colour, explain=explain):
        _out(text)


def main() -> None:
    """The entry point: what can be named is one line for who must act; anything else is logged as ours."""
    from diagnosis.failures import one_line

    try:
        app()
    except SystemExit as ended:
        sys.exit(FAILED if ended.code == INTERRUPTED else ended.code)
    except Exception as error:
        _warn(one_line(error))
        if os.environ.get("WHYNOT_DEBUG"):
            raise
        sys.exit(FAILED)


def _network(
    snapshot: Path | None,
    regions: list[str] | None,
    profile: str | None,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    account: LiveAccount | None = None,
) -> Network:
    """The network of a folder or of the live account; its warnings go to `warn`."""
    from diagnosis.network.build import build

    # Everything that is built here stays: collecting garbage meanwhile only costs time.
    gc.disable()
    try:
        if snapshot is not None:
            from diagnosis.snapshots.read import read_snapshot

            say(f"reading {snapshot}")
            described = read_snapshot(snapshot)
        else:
            described = (account or _account(regions, profile, say)).described()
        network = build(described)
        gc.freeze()
    finally:
        gc.enable()
    for warning in network.warnings:
        warn(warning)
    return network


def _account(regions: list[str] | None, profile: str | None, say: Callable[[str], None]) -> LiveAccount:
    from diagnosis.aws.account import LiveAccount

    return LiveAccount.open(profile, regions or (), say)


def _account_findings(
    regions: list[str] | None, profile: str | None, athena: AthenaSettings | None, say: Callable[[str], None]
) -> list[Finding]:
    """What is found of the account: its credentials, every read call, and where its flow logs go."""
    from diagnosis.aws.checkup import read_calls
    from diagnosis.finding import Finding
    from diagnosis.flowlogs.checkup import destinations
    from diagnosis.flowlogs.remote import Remote
    from diagnosis.sources import SourceUnavailable

    try:
        account = _account(regions, profile, say)
    except SourceUnavailable as error:
        return [Finding("credentials", "missing", str(error))]
    findings, described = read_calls(account)
    if described is not None:
        remote = Remote(account.client, lambda: int(time.time()))
        findings += destinations(described, remote, athena, say)
    return findings


def _athena(workgroup: str | None, output: str | None) -> AthenaSettings | None:
    from diagnosis.flowlogs.athena import AthenaSettings

    return AthenaSettings(workgroup or "primary", output or "") if workgroup or output else None


def _account_logs(
    account: LiveAccount,
    network: Network,
    say: Callable[[str], None],
    workgroup: str | None,
    output: str | None,
    requester_pays: bool,
) -> FlowLogSource:
    """The flow logs of the account, wherever it keeps them; Athena is asked only where it has been set up."""
    from diagnosis.flowlogs.account import AccountFlowLogs, Settings
    from diagnosis.flowlogs.remote import Remote
    from diagnosis.flowlogs.s3 import Budget

    settings = Settings(_athena(workgroup, output), Budget(requester_pays=requester_pays))
    return AccountFlowLogs(network, Remote(account.client, lambda: int(time.time())), settings, say)


def _flow_logs(paths: list[Path] | None, log_format: str | None) -> FlowLogFiles | None:
    if not paths:
        return None
    from diagnosis.flowlogs.files import FlowLogFiles

    return FlowLogFiles(paths, log_format)


def _print_answer(answer: Answer, *, explain: bool, as_json: bool) -> None:
    if as_json:
        _out_json(answer.model_dump(mode="json"))
        return
    from diagnosis.terminal.render import render

    _out(render(answer, colour=_colour(), explain=explain).rstrip("\n"))


def _not_understood(question: Question, missing: NotFound | None, *, as_json: bool) -> int:
    """What to ask back, on stdout; the exit status."""
    from diagnosis.asking import asked_back

    text, found = asked_back(question, missing, colour=_colour())
    if as_json:
        _out_json(found)
    else:
        _out(text)
    return UNCLEAR


def _empty_extras(question: Question) -> set[str]:
    """Members beyond the contract's that say nothing."""
    return {name for name in ("source_port", "window", "record") if getattr(question, name) is None}


@contextmanager
def _working() -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """What says the progress, and what takes warnings: they are printed once the line of progress is gone."""
    from diagnosis.terminal.progress import Progress

    warnings: list[str] = []
    try:
        with Progress(sys.stderr, time.monotonic, terminal=sys.stderr.isatty()) as shown:
            yield shown.say, warnings.append
    finally:
        for warning in dict.fromkeys(warnings):
            _warn(warning)


def _colour() -> bool:
    """Colour only on a terminal, and not where NO_COLOR is set (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _version() -> str:
    from importlib.metadata import version

    return version("whynot")


@contextmanager
def _output() -> Iterator[Callable[[str], object]]:
    """Writes to stdout, and all of it is gone when this ends. A reader that has left, such as `head`, is no news."""
    try:
        yield sys.stdout.write
        sys.stdout.flush()
    except OSError as error:
        # What is still held back must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        gone = isinstance(error, BrokenPipeError)
        raise typer.Exit(FAILED if gone else _failed(f"stdout cannot be written: {error.strerror}")) from None


def _out(text: str) -> None:
    from diagnosis.terminal.safe_text import for_encoding

    with _output() as write:
        write(for_encoding(text, sys.stdout.encoding or "utf-8") + "\n")


def _out_json(value: object) -> None:
    from diagnosis.terminal.documents import document

    with _output() as write:
        write(document(value, encoding=sys.stdout.encoding) + "\n")


def _warn(text: str) -> None:
    from diagnosis.terminal.safe_text import for_encoding, safe

    sys.stderr.write(for_encoding(f"whynot: {safe(text)}\n", sys.stderr.encoding))


def _failed(text: str) -> int:
    """Say what failed; the exit status."""
    _warn(text)
    return FAILED
