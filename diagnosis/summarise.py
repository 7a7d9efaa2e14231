"""The order of work for the summary of what was refused: the logs, then the cause of each group, then a few fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Literal

from diagnosis.answer import Answer, Cause, RecordCounts, Unseen, Window
from diagnosis.batch import judged
from diagnosis.evidence.flow_log_setup import covering
from diagnosis.evidence.query import Window as Asked
from diagnosis.evidence.records import iso
from diagnosis.evidence.rejects import Refused, Rejections
from diagnosis.explanation.attribution import Attributed, attributed, ours, state_of
from diagnosis.investigate import Asked as AskedQuestion
from diagnosis.investigate import investigate
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.question.question import Party, Question
from diagnosis.sources import RejectSource
from diagnosis.summary import RejectCounts, RejectGroup, Summary
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.protocols import protocol_name

FIXED = 5
"""For so many internal conversations, those with the most records, a fix is proven: each takes a trace or more."""
FLOW_LOGS = "ec2.describe_flow_logs"


def summarise(
    source: RejectSource,
    window: Asked,
    network: Network | None,
    limit: int,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> Summary:
    """What was refused in the window, and with a network why. `say` and `warn` are as for `investigate`."""
    say("reading the flow logs")
    found = source.rejects(window, ours(network), limit)
    for warning in found.warnings:
        warn(warning)
    say("tracing what was refused")
    pairs = _attributed(network, found)
    fixes = _fixes(network, pairs, say) if network is not None else {}
    newest = found.window.end
    return Summary(
        window=Window(start=_time(found.window.start), end=_time(newest)),
        engine=found.engine,
        records=RecordCounts(
            read=found.counts.read,
            malformed=found.counts.malformed,
            nodata=found.counts.nodata,
            skipdata=found.counts.skipdata,
            unreadable_files=found.counts.unreadable_files,
        ),
        rejects=RejectCounts(records=found.records, flows=found.flows, internal=found.internal, noise=found.noise),
        groups=tuple(_group(found, refused, why, fixes.get(_conversation(refused))) for refused, why in pairs),
        interfaces_without_logs=_without_logs(network, found),
        unseen=_unseen(network, pairs),
        scanners=found.scanners,
        configuration=_age(network, newest),
        taken_at=network.taken_at if network is not None else None,
        names=_names(network, pairs),
    )


Pair = tuple[Refused, Attributed | None]


def _attributed(network: Network | None, found: Rejections) -> list[Pair]:
    """Each group with what the configuration says of it; those that turn out to be one conversation are joined."""
    if network is None:
        return [(refused, None) for refused in found.groups]
    judge = partial(judged, network)
    joined: dict[tuple[object, ...], Pair] = {}
    for refused in found.groups:
        # Strangers that scan are kept out on purpose: their packets have no cause worth a person's time.
        why = None if refused.kind == "noise" else attributed(network, refused, judge)
        seen = refused if why is None else why.refused
        key = (*_conversation(seen), seen.interface, seen.reply)
        known = joined.get(key)
        joined[key] = (seen if known is None else _together(known[0], seen), why)
    order = ("internal", "external", "noise")
    return sorted(joined.values(), key=lambda pair: (order.index(pair[0].kind), -pair[0].records))


def _together(one: Refused, other: Refused) -> Refused:
    return replace(
        one,
        records=one.records + other.records,
        packets=one.packets + other.packets,
        first=min((each for each in (one.first, other.first) if each is not None), default=None),
        last=max((each for each in (one.last, other.last) if each is not None), default=None),
        since=min((each for each in (one.since, other.since) if each is not None), default=None),
    )


def _conversation(refused: Refused) -> tuple[object, ...]:
    return refused.source, refused.destination, refused.protocol, refused.port


def _fixes(network: Network, pairs: Iterable[Pair], say: Callable[[str], None]) -> dict[tuple[object, ...], str]:
    """The first proven fix of each of the first few internal conversations, by the id that `ask` gives it."""
    wanted = {
        _conversation(refused): refused
        for refused, why in pairs
        if refused.kind == "internal" and why is not None and why.verdict["verdict"] in ("blocked", "partly")
    }
    found = {}
    for key, refused in islice(wanted.items(), FIXED):
        say("proving fixes")
        answer = investigate(network, AskedQuestion(_question(refused)), None)
        if isinstance(answer, Answer) and answer.fixes:
            found[key] = answer.fixes[0].id
    return found


def _question(refused: Refused) -> Question:
    """What a person would ask about the group."""
    return Question(
        intent="why",
        source=Party(kind="ip", value=refused.source),
        destination=Party(kind="ip", value=refused.destination),
        protocol=protocol_name(refused.protocol),
        port=refused.port,
    )


def _group(found: Rejections, refused: Refused, why: Attributed | None, fix: str | None) -> RejectGroup:
    causes = why.verdict["causes"] if why is not None and not why.works else ()
    return RejectGroup(
        source=refused.source,
        destination=refused.destination,
        protocol=protocol_name(refused.protocol),
        port=refused.port,
        interface=refused.interface,
        records=refused.records,
        packets=refused.packets,
        first=_time(refused.first),
        last=_time(refused.last),
        kind=refused.kind,
        cause=Cause.model_validate(causes[0]) if causes else None,
        state=state_of(why, refused, new=found.is_new(refused.since)),
        fix=fix,
        reply=refused.reply,
        service=refused.service,
    )


def _without_logs(network: Network | None, found: Rejections) -> tuple[str, ...]:
    """Interfaces that no active flow log covers; none where the flow logs of the account were not seen."""
    if network is None or network.coverage.unanswered(FLOW_LOGS) is not None:
        return ()
    return tuple(
        identity
        for identity, interface in sorted(network.interfaces.items())
        if identity not in found.logging
        and covering(network.flow_logs, identity, interface.subnet, interface.vpc) is None
    )


def _unseen(network: Network | None, pairs: Iterable[Pair]) -> tuple[Unseen, ...]:
    if network is None:
        return ()
    items = {Unseen.model_validate(item): None for _, why in pairs if why is not None for item in why.verdict["unseen"]}
    gap = network.coverage.unanswered(FLOW_LOGS)
    if gap is not None:
        error = network.coverage.failed.get((FLOW_LOGS, *gap)) or "not in the snapshot"
        items[Unseen(call=FLOW_LOGS, account=gap[0], region=gap[1], error=error)] = None
    return tuple(items)


def _age(network: Network | None, newest: int | None) -> Literal["none", "older", "newer"]:
    """Whether the configuration is older than the newest record: what was refused since may have other causes."""
    if network is None:
        return "none"
    if network.taken_at is None or newest is None:
        return "newer"
    return "older" if network.taken_at < iso(newest) else "newer"


def _names(network: Network | None, pairs: Iterable[Pair]) -> dict[str, str]:
    return dict(_named(network, pairs)) if network is not None else {}


def _named(network: Network, pairs: Iterable[Pair]) -> Iterator[tuple[str, str]]:
    for address in {side for refused, _ in pairs for side in (refused.source, refused.destination)}:
        try:
            number = parse_address(address)
        except ValueError:
            continue
        holders = network.holders(number) or network.by_public_address.get(number, ())
        name = display_name(network, holders[0]) if len(holders) == 1 else None
        if name:
            yield address, name


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else iso(seconds)
