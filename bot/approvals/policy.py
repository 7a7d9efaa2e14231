"""Who may decide about a proposal. Everything is judged at the press, of what was read at the press.

What could not be read stands against the press: nobody may do anything that could not be checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.access.people import Asker
from bot.approvals.buttons import is_genuine
from bot.approvals.proposal import Proposal
from bot.approvals.states import Event, State, before
from bot.approvals.subject import Subject, covers, needed
from bot.settings.fixes import FixSettings, Mode

Verb = Literal["approve", "reject", "undo"]
Members = Mapping[str, frozenset[str] | None]
"""Who is in each user group that the approvers name; None where that could not be read."""
Code = Literal[
    "forged",
    "off",
    "not checked",
    "nobody",
    "stranger",
    "guest",
    "too late",
    "expired",
    "policy changed",
    "group changed",
    "own",
    "no approver",
]
_NOT_POLICY: Final = {
    "audit_channel",
    "expire_minutes",
    "external_id",
    "mode",
    "notify",
    "own_credentials",
    "undo_minutes",
    "write_role_arn",
}
"""Settings that change nothing of who may decide or what a fix may do."""


@dataclass(frozen=True, slots=True)
class Press:
    """A press as Slack delivered it, and what Slack says of the person at that moment."""

    verb: Verb
    proposal: str
    nonce: str
    team: str
    channel: str
    user: str
    at: float
    """Unix seconds."""
    person: Asker | None
    """None where it could not be read who that is."""
    members: Members


@dataclass(frozen=True, slots=True)
class Case:
    """A proposal as it stands."""

    proposal: Proposal
    state: State
    channels: frozenset[str]
    """Where a copy of its message was posted."""
    about: Subject | None
    """What it touches, as the account is now; None where that is not seen."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The person may."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The person may not: a code, and a sentence for them."""

    code: Code
    text: str


FORGED: Final = Refused("forged", "This button is not valid here. Nothing was changed.")
"""Also said where there is no such proposal: whoever tries learns nothing."""
_VERBS: Final[Mapping[Verb, Event]] = {"approve": Event.ENOUGH, "reject": Event.REJECT, "undo": Event.BEGIN_UNDO}


def policy_hash(settings: FixSettings, members: Members) -> str:
    """What a proposal keeps of the policy at its time: of the settings, and of who was in the user groups."""
    groups = {group: sorted(found) if found is not None else None for group, found in members.items()}
    return f"{_hash(_policy(settings))}:{_hash(groups)}"


def _policy(settings: FixSettings) -> dict[str, object]:
    return settings.model_dump(mode="json", exclude=_NOT_POLICY)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def made_under(proposal: Proposal, settings: FixSettings) -> bool:
    """Whether the settings are those that a proposal was made under, the members of user groups aside.

    Look also before what another process left `approved` is begun: it may have been started with other settings.
    """
    return _hash(_policy(settings)) == proposal.policy.split(":")[0]


def user_groups(settings: FixSettings) -> frozenset[str]:
    """The user groups whose members have to be read before anybody can be judged."""
    return frozenset(group for rule in settings.approvers for group in rule.groups)


def who_may_decide(press: Press, case: Case, settings: FixSettings, mode: Mode, team: str) -> Allowed | Refused:
    """Whether this press counts. `team` is the workspace that the app belongs to.

    Whether the fix itself may be applied is for `guardrails.check`; whether there is something to undo, for the ledger.
    """
    proposal = case.proposal
    if not is_genuine(proposal, press.proposal, press.nonce):
        return FORGED
    if press.team != proposal.team or proposal.team != team or press.channel not in case.channels:
        return FORGED
    if mode != "approve":
        return Refused("off", "Fixes are not applied from Slack here (fixes.mode).")
    unfit = _unfit(press.person, press.user, team)
    if unfit is not None:
        return unfit
    if case.state not in before(_VERBS[press.verb]):
        return Refused("too late", f"This fix is {case.state}: there is nothing to {press.verb} now.")
    if press.verb != "undo" and press.at >= proposal.expires_at:
        return Refused("expired", "This proposal has expired. Ask again, and propose the fix anew.")
    if press.verb == "reject" and press.user in (proposal.requester, proposal.asker):
        return Allowed()  # It is theirs to withdraw.
    changed = _changed(case, settings) if press.verb == "approve" else None
    return changed or _entitled(press.user, case, press.members, settings)


def standing(
    approvers: Mapping[str, Asker | None], case: Case, members: Members, settings: FixSettings, team: str
) -> frozenset[str]:
    """Those of the people who approved earlier whose approval still counts now, each as Slack describes them now."""
    return frozenset(
        user
        for user, person in approvers.items()
        if _unfit(person, user, team) is None and isinstance(_entitled(user, case, members, settings), Allowed)
    )


def _unfit(person: Asker | None, user: str, team: str) -> Refused | None:
    """Why somebody decides nothing at all, whatever the approvers' rules say."""
    if person is None or person.id != user:
        return Refused("not checked", "Slack did not say who you are, so you could not be checked. Try again.")
    if person.bot or person.gone:
        return Refused("nobody", "Only people of this workspace decide about fixes.")
    if person.team != team:
        return Refused("stranger", "Only people of this workspace decide about fixes.")
    if person.guest:
        return Refused("guest", "Guests do not decide about fixes.")
    return None


def _changed(case: Case, settings: FixSettings) -> Refused | None:
    """Whether the policy is another one than the proposal was made under."""
    changed = Refused("policy changed", "The policy has changed since this was proposed. Propose the fix anew.")
    if not made_under(case.proposal, settings):
        return changed
    if case.about is not None and needed(case.about, settings) > case.proposal.needed:
        return changed  # What it touches was tagged since.
    return None


def _entitled(user: str, case: Case, members: Members, settings: FixSettings) -> Allowed | Refused:
    """Whether some rule of the approvers names this person for all that the fix touches."""
    if settings.four_eyes and user in (case.proposal.requester, case.proposal.asker):
        return Refused("own", "Somebody else has to decide about a fix that you asked for (fixes.four_eyes).")
    if case.about is None:
        return Refused("not checked", "What the fix touches cannot be seen now, so nobody's rights can be checked.")
    rules = [rule for rule in settings.approvers if covers(rule, case.about)]
    if any(user in rule.users for rule in rules):
        return Allowed()
    named = {group for rule in rules for group in rule.groups} if settings.allow_user_groups else set[str]()
    if any(members.get(group) is None for group in named):
        return Refused("not checked", "The members of a user group could not be read, so you could not be checked.")
    if not any(user in (members.get(group) or ()) for group in named):
        return Refused("no approver", "You are not among those who decide about this fix (fixes.approvers).")
    if policy_hash(settings, members).split(":")[1] != case.proposal.policy.split(":")[1]:
        return Refused("group changed", "A user group has other members than when this was proposed. Propose it anew.")
    return Allowed()
