"""Whether a press on a fix counts: everything is read anew from Slack and from the store, and judged by the policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.access.people import Asker
from bot.approvals.policy import FORGED, Allowed, Case, Press, Refused, Verb, standing, user_groups, who_may_decide
from bot.approvals.subject import Subject, covers, subject
from bot.runner.people import asker_of
from bot.runner.work import Tools
from bot.settings.fixes import FixSettings
from bot.store.rows import StoredProposal
from bot.views.blocks import Somebody
from diagnosis.answer import Fix
from diagnosis.network.network import Network


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a proposal, or the form behind it, as Slack delivered it."""

    verb: Verb
    proposal: str
    nonce: str
    team: str
    channel: str
    person: str


@dataclass(frozen=True, slots=True)
class Deciding:
    """Judges presses. Methods wait for Slack, and raise StoreGone."""

    tools: Tools
    team: str

    def judged(self, pressed: Pressed, network: Network | None) -> StoredProposal | Refused:
        """The proposal where the press counts, in `network` as the account is now; else why it does not."""
        row = self.tools.store.proposals.get(pressed.proposal)
        if row is None:
            return FORGED
        settings = self.tools.settings
        press = Press(
            verb=pressed.verb,
            proposal=pressed.proposal,
            nonce=pressed.nonce,
            team=pressed.team,
            channel=pressed.channel,
            user=pressed.person,
            at=self.tools.now(),
            person=self.person(pressed.person),
            members=self.members(),
        )
        found = who_may_decide(press, self.case(row, network), settings.fixes, settings.fix_mode, self.team)
        return row if isinstance(found, Allowed) else found

    def no_longer(self, row: StoredProposal, network: Network | None) -> frozenset[str]:
        """Those who approved earlier and whose approval does not count any more."""
        decided = self.tools.store.proposals.decisions(row.proposal.id)
        earlier = {one.person for one in decided if one.verdict == "approve"}
        people = {person: self.person(person) for person in earlier}
        still = standing(people, self.case(row, network), self.members(), self.tools.settings.fixes, self.team)
        return frozenset(earlier - still)

    def case(self, row: StoredProposal, network: Network | None) -> Case:
        """The proposal as it stands.

        Somebody may press a button before Slack's answer to its posting has arrived, so the channels where copies are
        to be count beside those where they are.
        """
        copies = self.tools.store.proposals.copies(row.proposal.id)
        told = {whom for whom in self.tools.settings.fixes.notify if whom[:1] in ("C", "G")}
        channels = frozenset({row.proposal.channel, *told, *(channel for channel, _ in copies)})
        return Case(row.proposal, row.state, channels, self.about(row, network))

    def about(self, row: StoredProposal, network: Network | None) -> Subject | None:
        """What it touches."""
        if network is None:
            return None
        fix = Fix.model_validate_json(row.proposal.fix)
        return subject(network, row.proposal.changes, fix.risk, self.tools.settings.fixes)

    def person(self, identity: str) -> Asker | None:
        """Somebody as Slack describes them at this moment; None where it does not."""
        found = self.tools.courier.person(identity)
        return None if found is None else asker_of(identity, found)

    def members(self) -> Mapping[str, frozenset[str] | None]:
        """Who is in the user groups that the approvers name, at this moment."""
        return {group: self.tools.courier.members(group) for group in user_groups(self.tools.settings.fixes)}


def deciders(about: Subject | None, settings: FixSettings, but: Iterable[str]) -> tuple[Somebody, ...]:
    """Who may decide about something, to be named in its message; not those of whom another is wanted."""
    if about is None:
        return ()
    found: dict[Somebody, None] = {}
    left_out = set(but)
    for rule in settings.approvers:
        if covers(rule, about):
            found |= {Somebody(user): None for user in rule.users if user not in left_out}
            found |= {Somebody(group, group=True): None for group in rule.groups if settings.allow_user_groups}
    return tuple(found)
