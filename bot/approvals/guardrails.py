"""What no fix by button may do, whoever approves it. Judged on the whole account, never on what one channel may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.approvals.asked import asked_for, peers_of
from bot.approvals.subject import Subject, subject, tagged
from bot.approvals.violation import Violation
from bot.approvals.wider import exposure_beyond, rules_beyond
from bot.settings.fixes import FixSettings
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, RouteChange, apply_all
from diagnosis.fix.exposure import newly_open
from diagnosis.fix.quotas import Quotas, too_full
from diagnosis.investigate import tracer
from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Question
from diagnosis.traffic.addresses import IPV4, IPV6, PUBLIC
from diagnosis.traffic.intervals import join_all, meet, size


def check(
    network: Network,
    question: Question,
    changes: tuple[Change, ...],
    settings: FixSettings,
    place: tuple[str, str] | None = None,
) -> tuple[Violation, ...]:
    """Everything that stands against a fix in this network; empty where nothing does.

    `network` is all that is known of the account, as fresh as can be; `place` the account and Region in which the fix
    was proposed. What cannot be checked stands against it too.
    """
    edits = tuple(c for c in changes if isinstance(c, GroupRuleChange | AclEntryChange))
    found = list(_not_by_button(changes))
    about = subject(network, changes, "safe", settings)
    if about is None:
        gone = ", ".join(c.component for c in changes)
        return (*found, Violation("not seen", f"not all of {gone} can be seen and changed by button"))
    found += _elsewhere(about, place)
    found += _protected(about, settings)
    found += _anybody(edits, settings)
    if not found:
        # What comes next takes long, and says nothing new of a fix that is refused already.
        found += _traced(network, question, edits, about, settings)
    return tuple(dict.fromkeys(found))


def _not_by_button(changes: tuple[Change, ...]) -> Iterator[Violation]:
    if not changes:
        yield Violation("does not fit", "the fix changes nothing")
    for change in changes:
        if isinstance(change, RouteChange):
            yield Violation("not by button", f"a route, of {change.component}, is not changed by button")
        elif change.action == "remove" or (isinstance(change, AclEntryChange) and change.rule_action == "deny"):
            yield Violation("takes away", f"in {change.component} it would take something away; buttons only allow")
        elif isinstance(change, GroupRuleChange) and (change.cidr is None) is (change.group is None):
            yield Violation("does not fit", f"a rule of {change.component} has to name one range or one group")


def _elsewhere(about: Subject, place: tuple[str, str] | None) -> Iterator[Violation]:
    if len(about.places) != 1:
        yield Violation("elsewhere", "it touches more than one account or Region")
    elif place is not None and about.places != {place}:
        yield Violation("elsewhere", "it touches another account or Region than it was proposed for")


def _protected(about: Subject, settings: FixSettings) -> Iterator[Violation]:
    for one in about.touched:
        if one.id in settings.protected_ids or one.vpc in settings.protected_ids:
            yield Violation("protected", f"{one.id} is protected by fixes.protected_ids")
        for tag in settings.protected_tags:
            if tagged(one, tag):
                yield Violation("protected", f"{one.id} is protected by its tag {tag}")


def _anybody(edits: Iterable[GroupRuleChange | AclEntryChange], settings: FixSettings) -> Iterator[Violation]:
    """No rule lets in anybody, nor do all rules of a fix together let in more of the internet than one prefix."""
    together = join_all(peers_of(edit) for edit in edits if edit.direction == "ingress")
    for family, bits, prefix in ((IPV4, 32, settings.public_prefix), (IPV6, 128, settings.public_prefix_ipv6)):
        if size(meet(together, family)) == size(family):
            yield Violation("anybody", "it would let in anybody")
        elif size(meet(meet(together, PUBLIC), family)) > 1 << (bits - prefix):
            yield Violation("too public", f"it would let in more public addresses than one /{prefix} has")


def _traced(
    network: Network,
    question: Question,
    edits: tuple[GroupRuleChange | AclEntryChange, ...],
    about: Subject,
    settings: FixSettings,
) -> Iterator[Violation]:
    """What only traces of the question, as it is and as it would be, can tell."""
    try:
        after = apply_all(edits, network)
    except NotApplicable as reason:
        yield Violation("does not fit", str(reason))
        return
    if question.source is None or question.destination is None:
        yield Violation("not clear", "the question does not name two parties")
        return
    retrace = tracer(network, question)
    if isinstance(retrace, NotFound):
        yield Violation("not clear", f"{retrace.text} is no longer one known party")
        return
    if all(one.verdict == "reachable" for one in retrace(network)):
        yield Violation("not needed", "what was asked works already")
        return
    traces = retrace(after)
    if not traces or any(one.verdict != "reachable" for one in traces):
        yield Violation("not proven", "on the account as it is now, the fix is not proven to open what was asked")
        return
    quotas = Quotas(settings.rules_per_group, settings.entries_per_acl)
    yield from (Violation("quota", text) for text in too_full(network, after, [o.id for o in about.touched], quotas))
    asked = asked_for(after, traces)
    beyond = tuple(rules_beyond(network, asked, edits, settings))
    yield from beyond
    if beyond:
        return
    opened, at_least = newly_open(network, after, edits)
    if at_least:
        yield Violation("not all was seen", "it touches so much that not all it would open was worked out")
    yield from exposure_beyond(network, asked, edits, opened, settings)
