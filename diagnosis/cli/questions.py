"""The commands that take a question in words: `ask`, `who`, `parse`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diagnosis.cli.eyes import account_logs, flow_log_files, live_account, network_of
from diagnosis.cli.ip_ranges import RangesFile, kept_at
from diagnosis.cli.options import (
    AthenaOutput,
    FlowLogFormat,
    FlowLogs,
    Json,
    NoFlowLogs,
    Profile,
    Regions,
    RequesterPays,
    Snapshot,
    Workgroup,
)
from diagnosis.cli.second_opinions import NEEDS_LIVE, print_opinion, wanted_of, with_second_opinion
from diagnosis.cli.statuses import OK, STATUS, UNCLEAR, UNKNOWN
from diagnosis.cli.streams import coloured, failed, print_json, print_text, working
from diagnosis.cli.threats import NEEDS_LIVE as THREATS_NEED_LIVE
from diagnosis.cli.threats import print_threats, threats_added
from diagnosis.cli.what_changed import NEEDS_LIVE as CHANGES_NEED_LIVE
from diagnosis.cli.what_changed import NEEDS_LOGS, print_changed, with_what_changed

if TYPE_CHECKING:
    from diagnosis.answer import Answer
    from diagnosis.question.parties import NotFound
    from diagnosis.question.question import Question
    from diagnosis.sources import FlowLogSource


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
    second_opinion: Annotated[
        bool,
        typer.Option("--second-opinion", help="Ask VPC Reachability Analyzer too; AWS charges $0.10 for each time."),
    ] = False,
    on_disagreement: Annotated[
        bool,
        typer.Option(
            "--second-opinion-on-disagreement", help="The same, only where configuration and flow logs contradict."
        ),
    ] = False,
    disagreements: Annotated[
        Path | None, typer.Option(help="Where it is kept when AWS disagrees; by default ~/.local/state/whynot.")
    ] = None,
    what_changed: Annotated[
        bool, typer.Option("--what-changed", help="Ask CloudTrail what was changed when the flow logs turned.")
    ] = False,
    threats: Annotated[
        bool, typer.Option("--threats", help="Ask GuardDuty and Detective about the addresses too.")
    ] = False,
    explain: Annotated[bool, typer.Option(help="Adds the six steps and the decision diagram.")] = False,
    as_json: Json = False,
) -> None:
    """Why can't A reach B: the cause, the evidence, and a proven fix."""
    from diagnosis.answer import Answer
    from diagnosis.asking import window_of
    from diagnosis.explanation.strangers import with_strangers
    from diagnosis.investigate import Asked, investigate
    from diagnosis.question.parse import parse as parse_text

    asked = parse_text(question)
    if asked.intent != "why" or not asked.clear:
        raise typer.Exit(_not_understood(asked, None, as_json=as_json))
    if (second_opinion or on_disagreement) and snapshot is not None:
        raise typer.Exit(failed(NEEDS_LIVE))
    if what_changed and (snapshot is not None or no_flow_logs):
        raise typer.Exit(failed(CHANGES_NEED_LIVE if snapshot is not None else NEEDS_LOGS))
    if threats and snapshot is not None:
        raise typer.Exit(failed(THREATS_NEED_LIVE))
    logs = flow_log_files(flow_logs, flow_log_format)
    # Files may be old: "since 14:00" is meant on their day.
    now = (logs.delivered if logs is not None else None) or int(time.time())
    window = window_of(asked, since, until, now)
    with working() as (say, warn):
        account = live_account(region, profile, say) if snapshot is None else None
        wanted = wanted_of(account, disagreements, always=second_opinion, on_disagreement=on_disagreement)
        network = network_of(snapshot, region, profile, say, warn, account, wanted.described if wanted else None)
        source: FlowLogSource | None = logs
        if account is not None and source is None and not no_flow_logs:
            source = account_logs(account, network, say, athena_workgroup, athena_output, requester_pays)
        whole = Asked(asked, window, source_port)
        answer = investigate(network, whole, source, say, warn)
        if isinstance(answer, Answer):
            answer = with_strangers(answer, network, RangesFile(kept_at(), warn))
    if not isinstance(answer, Answer):
        raise typer.Exit(_not_understood(asked, answer, as_json=as_json))
    if not as_json:  # nobody waits for AWS with the answer in hand
        _print_answer(answer, explain=explain)
    if account is not None and threats:
        with working() as (say, _):
            answer = threats_added(account, network, answer, say)
        if not as_json:
            print_threats(answer)
    if account is not None and what_changed:
        already = len(answer.fixes)
        with working() as (say, _):
            answer = with_what_changed(account, network, whole, answer, say)
        if not as_json:
            print_changed(answer, already, explain=explain)
    if wanted is not None and wanted.about(answer):
        with working() as (say, _):
            answer = with_second_opinion(wanted, network, whole, answer, question, say)
        if not as_json:
            print_opinion(answer)
    if as_json:
        print_json(answer.model_dump(mode="json"))
    raise typer.Exit(STATUS[answer.verdict])


def who(
    question: Annotated[str, typer.Argument(help='For example "what can reach orders-db on 3306".')],
    snapshot: Snapshot = None,
    region: Regions = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """What can reach X, or what can X reach: groups that behave alike, with the rule that decides."""
    from diagnosis.question.parse import parse as parse_text
    from diagnosis.terminal.who import render_who
    from diagnosis.who import who as find_out
    from diagnosis.who_answer import WhoAnswer

    asked = parse_text(question)
    if asked.intent != "who" or not asked.clear:
        raise typer.Exit(_not_understood(asked, None, as_json=as_json))
    with working() as (say, warn):
        answer = find_out(network_of(snapshot, region, profile, say, warn), asked)
    if not isinstance(answer, WhoAnswer):
        raise typer.Exit(_not_understood(asked, answer, as_json=as_json))
    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        print_text(render_who(answer, colour=coloured()).rstrip("\n"))
    raise typer.Exit(UNKNOWN if answer.groups and all(g.verdict == "unknown" for g in answer.groups) else OK)


def parse(text: Annotated[str, typer.Argument(help="A question as a person would write it.")]) -> None:
    """A question as JSON; nothing else is read."""
    from diagnosis.question.parse import parse as parse_text

    asked = parse_text(text)
    print_json(asked.model_dump(mode="json", exclude=_empty_extras(asked)))
    raise typer.Exit(UNCLEAR if asked.intent == "unclear" else OK)


def _print_answer(answer: Answer, *, explain: bool) -> None:
    from diagnosis.terminal.render import render

    print_text(render(answer, colour=coloured(), explain=explain).rstrip("\n"))


def _not_understood(question: Question, missing: NotFound | None, *, as_json: bool) -> int:
    """What to ask back, on stdout; the exit status."""
    from diagnosis.asking import asked_back

    text, found = asked_back(question, missing, colour=coloured())
    if as_json:
        print_json(found)
    else:
        print_text(text)
    return UNCLEAR


def _empty_extras(question: Question) -> set[str]:
    """Members beyond the contract's that say nothing."""
    return {name for name in ("source_port", "further_ports", "window", "record") if not getattr(question, name)}
