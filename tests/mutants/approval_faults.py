"""Faults in who may decide, in what no fix may do, and in what is written down."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

POLICY = ("tests/bot/approvals/test_policy.py",)
RAILS = ("tests/bot/approvals/test_guardrails.py",)
STATES = ("tests/bot/approvals/test_states.py",)
CHAIN = ("tests/bot/approvals/test_audit.py",)
LEDGER = ("tests/bot/store/test_ledger.py",)
PROPOSALS = ("tests/bot/store/test_proposals.py",)


def _fault(name: str, module: str, old: str, new: str, tests: tuple[str, ...]) -> Mutant:
    return Mutant(name, module, old, new, tests, package="bot")


APPROVALS = (
    _fault(
        "a-nonce-is-not-compared",
        "approvals/buttons.py",
        "return same_id and same_nonce",
        "return same_id",
        POLICY,
    ),
    _fault(
        "any-channel-will-do",
        "approvals/policy.py",
        " or press.channel not in case.channels",
        "",
        POLICY,
    ),
    _fault(
        "any-workspace-will-do",
        "approvals/policy.py",
        "press.team != proposal.team or proposal.team != team or",
        "",
        POLICY,
    ),
    _fault(
        "who-was-not-checked-may-decide",
        "approvals/policy.py",
        "    if person is None or person.id != user:\n",
        "    if person is None:\n        return None\n    if person.id != user:\n",
        POLICY,
    ),
    _fault(
        "guests-decide",
        "approvals/policy.py",
        "    if person.guest:",
        "    if person.guest and person.bot:",
        POLICY,
    ),
    _fault(
        "who-has-left-decides",
        "approvals/policy.py",
        "person.bot or person.gone",
        "person.bot",
        POLICY,
    ),
    _fault(
        "the-asker-approves-what-another-proposed",
        "approvals/policy.py",
        "    if settings.four_eyes and user in (case.proposal.requester, case.proposal.asker):",
        "    if settings.four_eyes and user == case.proposal.requester:",
        POLICY,
    ),
    _fault(
        "an-edited-policy-counts",
        "approvals/policy.py",
        '_changed(case, settings) if press.verb == "approve" else None',
        "None",
        POLICY,
    ),
    _fault(
        "whoever-joins-a-user-group-approves",
        "approvals/policy.py",
        'members).split(":")[1] != case.proposal',
        'members).split(":")[0] == case.proposal',
        POLICY,
    ),
    _fault(
        "an-expired-proposal-is-approved",
        "approvals/policy.py",
        "press.at >= proposal.expires_at",
        "press.at > proposal.expires_at",
        POLICY,
    ),
    _fault(
        "one-of-the-components-is-enough-for-a-rule",
        "approvals/subject.py",
        "and all(_speaks_of(rule, one)",
        "and any(_speaks_of(rule, one)",
        POLICY,
    ),
    _fault(
        "the-fewest-approvals-are-enough",
        "approvals/subject.py",
        "return max(wanted)",
        "return min(wanted)",
        POLICY,
    ),
    _fault(
        "an-admin-port-inside-a-range-is-not-seen",
        "approvals/subject.py",
        "any(has(ports, number) for number in admin_ports)",
        "ports[0] in admin_ports",
        POLICY,
    ),
    _fault(
        "nothing-is-approved-before-it-is-begun",
        "approvals/states.py",
        "(State.APPROVED, Event.BEGIN): State.APPLYING,",
        "**dict.fromkeys([(s, Event.BEGIN) for s in (State.APPROVED, State.PROPOSED)], State.APPLYING),",
        STATES,
    ),
    _fault(
        "a-rule-is-not-held-against-the-question",
        "approvals/wider.py",
        "elif not with_whole_families(met).covers(opened_by(change, peers_of(change))):",
        "elif not met:",
        RAILS,
    ),
    _fault(
        "any-group-may-be-named",
        "approvals/wider.py",
        "    if not any(meet(network.interfaces[eni].own_addresses, peers) for eni in members):",
        "    if not network.members.get(change.group or ''):",
        RAILS,
    ),
    _fault(
        "another-port-may-be-opened",
        "approvals/wider.py",
        "if not kinds.covers(one.traffic) or not",
        "if not",
        RAILS,
    ),
    _fault(
        "anybody-may-be-opened-for",
        "approvals/wider.py",
        "elif not any(reach.spans(one, network) for reach in reaches):",
        "elif not reaches:",
        RAILS,
    ),
    _fault(
        "how-many-others-is-not-counted",
        "approvals/wider.py",
        "    if others > settings.most_others:",
        "    if others > 10 * settings.most_others:",
        RAILS,
    ),
    _fault(
        "replies-of-groups-count-as-asked",
        "approvals/asked.py",
        'not in ((GROUPS, ACLS) if leg == "forward" else (ACLS,))',
        "not in (GROUPS, ACLS)",
        RAILS,
    ),
    _fault(
        "halves-of-everything-pass",
        "approvals/guardrails.py",
        "if size(meet(together, family)) == size(family):",
        'if any(peers_of(edit) == family for edit in edits if edit.direction == "ingress"):',
        RAILS,
    ),
    _fault(
        "public-ranges-are-counted-each",
        "approvals/guardrails.py",
        "elif size(meet(meet(together, PUBLIC), family)) > 1",
        "elif max((size(meet(meet(peers_of(e), PUBLIC), family)) for e in edits), default=0) > 1",
        RAILS,
    ),
    _fault(
        "the-tag-of-the-vpc-protects-nothing",
        "approvals/subject.py",
        "tags = frozenset(one.tags) | frozenset(vpc.tags if vpc is not None else ())",
        "tags = frozenset(one.tags)",
        RAILS,
    ),
    _fault(
        "a-fix-that-proves-nothing-passes",
        "approvals/guardrails.py",
        'if not traces or any(one.verdict != "reachable" for one in traces):',
        'if any(one.verdict == "blocked" for one in traces):',
        RAILS,
    ),
    Mutant(
        "quotas-are-not-looked-at",
        "fix/quotas.py",
        '    if count > most:\n        yield f"{group}',
        '    if count > most + 1:\n        yield f"{group}',
        RAILS,
    ),
    _fault(
        "a-record-may-be-left-out",
        "approvals/audit.py",
        "if record.number != last.number + 1:",
        "if record.number < last.number + 1:",
        CHAIN,
    ),
    _fault(
        "a-record-is-not-held-against-its-hash",
        "approvals/audit.py",
        " or record.hash != _hash(record.number, record.previous, body)",
        "",
        CHAIN,
    ),
    _fault(
        "the-same-person-counts-twice",
        "store/proposals.py",
        "if event is Event.APPROVE and decision.person in approved:",
        "if event is Event.APPROVE and decision.person in no_longer:",
        PROPOSALS,
    ),
    _fault(
        "what-was-approved-by-those-who-left-counts",
        "store/proposals.py",
        "valid = len((approved | {decision.person}) - set(no_longer))",
        "valid = len(approved | {decision.person})",
        PROPOSALS,
    ),
    _fault(
        "what-has-expired-is-begun",
        "store/proposals.py",
        "        return at < row.proposal.expires_at",
        "        return True",
        PROPOSALS,
    ),
    _fault(
        "an-undo-of-nothing-begins",
        "store/proposals.py",
        "if event is Event.BEGIN_UNDO and not may_undo(row.state, entries):",
        "if event is Event.BEGIN_UNDO and row.state is State.PROPOSED:",
        PROPOSALS,
    ),
    _fault(
        "the-ledger-takes-what-was-not-approved",
        "store/ledger.py",
        "            if state != _WHILE[entry.deed]:",
        "            if state is None:",
        LEDGER,
    ),
    _fault(
        "what-was-made-is-made-again",
        "store/ledger.py",
        'elif known in ("intended", "refused"):',
        'elif known != "taken back":',
        LEDGER,
    ),
)
