"""The order of work for the summary of what was refused: the logs, then the cause of each group, then a few fixes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal

from diagnosis.answer import Answer, Cause, Unseen
from diagnosis.evidence.flow_log_setup import covering
from diagnosis.evidence.query import Window as Asked
from diagnosis.evidence.records import iso
from diagnosis.evidence.rejects import Refused, Rejections
from diagnosis.explanation.attribution import Attributed, State, attributed, judged_alone, ours, state_of
from diagnosis.explanation.causes import cause
from diagnosis.explanation.totals import Total, cause_of, owners, totals
from diagnosis.explanation.unseen import unseen_items
from diagnosis.investigate import Asked as AskedQuestion
from diagnosis.investigate import investigate
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.question.question import Party, Question
from diagnosis.sources import RejectSource
from diagnosis.summary import CauseTotal, HourCounts, RejectCounts, RejectGroup, States, Summary
from diagnosis.testimony import RecordCounts, Window
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.protocols import protocol_name

MOST_CAUSES = 1000
"""So many causes are listed; a thousand rules that refuse something are no list that anyone reads."""
FIXED = 5
"""For so many internal causes, those with the most records, a fix is proven: each takes a trace or more."""
FLOW_LOGS = "ec2.describe_flow_logs"


def summarise(
    source: RejectSource,
    window: Asked,
    network: Network | None,
    limit: int,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> Summary:
    """What was refused in the window, and with a network why; at most `limit` groups, the counts and causes whole.

    `say` and `warn` are as for `investigate`.
    """
    say("reading the flow logs")
    found = source.rejects(window, ours(network), limit)
    for warning in found.warnings:
        warn(warning)
    say("tracing what was refused")
    pairs = _attributed(network, found)
    states = [state_of(why, refused, new=found.is_new(refused.since)) for refused, why in pairs]
    kept = totals((why, state) for (_, why), state in zip(pairs, states, strict=True) if why is not None)
    fixes = _fixes(network, kept, say) if network is not None else {}
    shown = list(zip(pairs[:limit], states, strict=False))
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
        groups=tuple(_group(network, pair, state, fixes) for pair, state in shown),
        causes=tuple(_total(network, total, fixes) for total in kept[:MOST_CAUSES]) if network is not None else (),
        states=_states(pairs, states),
        hours=tuple(
            HourCounts(start=iso(each.start), internal=each.internal, external=each.external, noise=each.noise)
            for each in found.hours
        ),
        interfaces_without_logs=_without_logs(network, found),
        unseen=_unseen(network, pairs),
        scanners=found.scanners,
        configuration=_age(network, newest),
        taken_at=network.taken_at if network is not None else None,
        names=_names(network, [pair[0] for pair, _ in shown] + [total.example.refused for total in kept[:MOST_CAUSES]]),
    )


Pair = tuple[Refused, Attributed | None]


def _attributed(network: Network | None, found: Rejections) -> list[Pair]:
    """Each group with what the configuration says of it; those that turn out to be one conversation are joined."""
    if network is None:
        return [(refused, None) for refused in found.groups]
    # Strangers that scan are kept out on purpose: their packets have no cause worth a person's time.
    noise: list[Pair] = [(refused, None) for refused in found.groups if refused.kind == "noise"]
    groups = [refused for refused in found.groups if refused.kind != "noise"]
    judged = attributed(network, groups)
    # Groups differ as they come: only those that were told otherwise, or whose port was guessed, may be of another one.
    odd = {
        _whole_key(why.refused)
        for refused, why in zip(groups, judged, strict=True)
        if why.refused is not refused or refused.from_port is not None
    }
    whole = [why for why in judged if not odd or _whole_key(why.refused) not in odd]
    joined: dict[tuple[object, ...], Attributed] = {}
    for why in judged if odd else ():
        key = _whole_key(why.refused)
        if key in odd:
            known = joined.get(key)
            joined[key] = why if known is None else replace(why, refused=_together(known.refused, why.refused))
    whole += joined.values()
    whole.sort(key=lambda why: (why.refused.kind != "internal", -why.refused.records))
    return [*((why.refused, why) for why in whole), *noise]


def _whole_key(refused: Refused) -> tuple[object, ...]:
    return (*_conversation(refused), refused.interface, refused.reply)


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


def _fixes(network: Network, causes: Iterable[Total], say: Callable[[str], None]) -> dict[tuple[object, ...], str]:
    """The first proven fix of the example of each of the first few internal causes, by the id that `ask` gives it."""
    wanted = (each.example for each in causes if each.kind == "internal" and cause_of(each.example) is not None)
    found = {}
    for why in islice((each for each in wanted if each.refused.kind == "internal"), FIXED):
        say("proving fixes")
        answer = investigate(network, AskedQuestion(_question(why.refused)), None)
        if isinstance(answer, Answer) and answer.fixes:
            found[_conversation(why.refused)] = answer.fixes[0].id
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


def _group(
    network: Network | None, pair: Pair, state: State | None, fixes: Mapping[tuple[object, ...], str]
) -> RejectGroup:
    refused, why = pair
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
        cause=_cause(network, why) if network is not None and why is not None else None,
        state=state,
        fix=fixes.get(_conversation(refused)),
        reply=refused.reply,
        service=refused.service,
    )


def _cause(network: Network, why: Attributed) -> Cause | None:
    """The cause of one group in words. A crowd's outcome is told of its first flow, so the flow is judged by itself."""
    if why.blocker is None:
        return None
    alone = replace(why, outcome=judged_alone(network, why.refused))
    return cause(network, *(alone.blocker or why.blocker))


def _total(network: Network, total: Total, fixes: Mapping[tuple[object, ...], str]) -> CauseTotal:
    example = total.example
    told = _cause(network, example)
    state: State = "new" if total.new == total.groups else "standing"
    return CauseTotal(
        cause=told,
        kind="internal" if total.kind == "internal" else "external",
        example=_group(network, (example.refused, example), state, fixes),
        groups=total.groups,
        records=total.records,
        sources=total.sources,
        destinations=total.destinations,
        new=total.new,
        first=_time(total.first),
        last=_time(total.last),
        owners=owners(network, (told.component, *told.related) if told is not None else (), example.refused),
        fix=fixes.get(_conversation(example.refused)),
        first_seen=_time(total.first),
    )


def _states(pairs: Sequence[Pair], states: Sequence[State | None]) -> States:
    """Groups by state; without a state are late packets, and noise."""
    counts = Counter(
        "late" if state is None else state
        for (refused, _), state in zip(pairs, states, strict=True)
        if refused.kind != "noise"
    )
    return States(**{name: counts[name] for name in ("new", "standing", "fixed", "late")})


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
    gaps = {gap: None for _, why in pairs if why is not None for gap in why.outcome.gaps}
    items = dict.fromkeys(unseen_items(network, gaps))
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


def _names(network: Network | None, groups: Iterable[Refused]) -> dict[str, str]:
    return dict(_named(network, groups)) if network is not None else {}


def _named(network: Network, groups: Iterable[Refused]) -> Iterator[tuple[str, str]]:
    for address in {side for refused in groups for side in (refused.source, refused.destination)}:
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
