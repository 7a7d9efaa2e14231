"""A proposed fix as one message, which is put anew into every copy whenever something happens to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from bot.approvals.buttons import button_value
from bot.approvals.ledger import Entry, may_undo
from bot.approvals.proposal import Proposal
from bot.approvals.states import State
from bot.views.answers import exposure_told
from bot.views.blocks import (
    Somebody,
    Span,
    actions,
    bold,
    button,
    context,
    header,
    line,
    marked,
    preformatted,
    rich,
)
from bot.views.controls import Action
from bot.views.lint import characters
from bot.views.message import Block, Message
from bot.views.text import clip, spoken
from diagnosis.answer import Fix

Text = list[Span | Somebody | str]
BUDGET: Final = 10_000
"""Characters of the blocks of one proposal, as of an answer."""
MOST_NAMED: Final = 12
"""So many of those who may decide are named."""

TITLES: Final[dict[State, str]] = {
    State.PROPOSED: "Fix proposed",
    State.APPROVED: "Fix approved, about to be applied",
    State.APPLYING: "Fix approved, being applied",
    State.APPLIED: "Fix applied, not yet verified",
    State.VERIFIED: "✓ Fix applied, the path is open",
    State.NOT_HELPED: "✗ Fix applied, the path is still not open",
    State.FAILED: "✗ Fix not applied",
    State.REJECTED: "Fix rejected",
    State.EXPIRED: "Fix expired, nothing was changed",
    State.SUPERSEDED: "Fix superseded by another, nothing was changed",
    State.DRIFTED: "Fix not applied: the account has changed",
    State.UNDOING: "Fix being undone",
    State.UNDONE: "Fix undone",
    State.UNDO_FAILED: "✗ Fix not undone",
}


_NOTHING_LEFT: Final = frozenset({State.UNDONE, State.EXPIRED, State.REJECTED, State.SUPERSEDED, State.DRIFTED})


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's yes."""

    person: str
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """A proposal with all that its message says."""

    proposal: Proposal
    state: State
    asked: str
    """The question in a few words: `web-1 → orders-db, tcp 3306`."""
    mode: Literal["notify", "approve"]
    """With "notify" nothing is applied by button: people run the commands."""
    deciders: tuple[Somebody, ...] = ()
    approvals: tuple[Approval, ...] = ()
    rejection: tuple[str, str] | None = None
    """Who, and why."""
    entries: tuple[Entry, ...] = ()
    outcome: str = ""
    """What came of the last step, in a sentence."""
    undo_at: float | None = None
    notes: tuple[str, ...] = ()
    channel: str = ""
    """Where it is being looked at, for a form that is opened there."""

    @property
    def fix(self) -> Fix:
        """The fix of the answer."""
        return Fix.model_validate_json(self.proposal.fix)


def proposal_message(told: Told) -> Message:
    """The message, with the buttons that apply in its state and no others."""
    title = TITLES[told.state] if told.mode == "approve" else "Fix to be run by hand"
    fix = told.fix
    head = header(clip(f"{title}: {fix.title}", 150))
    for most in (3_000, 1_200, 0):
        blocks: tuple[Block, ...] = (
            head,
            rich(*(line(*text) for text in _story(told))),
            *_change(told, fix, most),
            *_deciding(told),
            *_buttons(told),
            context(*_small_print(told)),
        )
        if characters(blocks) <= BUDGET:
            break
    return Message(spoken(clip(f"{title}: {fix.title}. For {told.asked}.", 1_000)), blocks)


def _story(told: Told) -> Iterator[Text]:
    """Who asked for it, who decided, what became of it."""
    proposal = told.proposal
    asker: Text = [" asked by ", Somebody(proposal.asker)] if proposal.asker != proposal.requester else []
    yield ["For ", *marked(clip(told.asked, 300)), ",", *asker, " proposed by ", Somebody(proposal.requester), "."]
    if told.approvals:
        people: Text = []
        for place, one in enumerate(told.approvals):
            people += [*([", "] if place else []), Somebody(one.person), f" at {clock(one.at)}"]
        yield ["Approved by ", *people, f" ({len(told.approvals)} of {proposal.needed})."]
    if told.rejection is not None:
        person, reason = told.rejection
        yield ["Rejected by ", Somebody(person), ": " if reason else ".", *([clip(reason, 500)] if reason else [])]
    for entry in told.entries:
        said = entry_told(entry)
        if said:
            yield list(marked(said))
    if told.outcome:
        yield list(marked(clip(told.outcome, 1_000)))
    if told.undo_at is not None and told.state not in (State.UNDONE, State.UNDOING):
        yield [bold(f"Undoes itself at {clock(told.undo_at)}.")]


def entry_told(entry: Entry) -> str:
    """What was done to the account, in a line, with the ids by which it is found there and in CloudTrail."""
    request = f", request {entry.request}" if entry.request else ""
    rule = f" {entry.rule}" if entry.rule else ""
    what = f"rule{rule} in {entry.change.component}" if rule else f"the change of {entry.change.component}"
    match entry.deed, entry.state:
        case "apply", "made":
            return f"Made {what} at {clock(entry.at)}{request}."
        case "apply", "already there":
            return f"In {entry.change.component} somebody else had made it already: it is not ours to undo."
        case "undo", "taken back":
            return f"Took back {what} at {clock(entry.at)}{request}."
        case "undo", "absent":
            return f"Somebody else had taken away {what}."
        case _:
            return ""


def _change(told: Told, fix: Fix, most: int) -> Iterator[Block]:
    """What will change, or has: commands, what they open, and who else manages it; nothing where nothing is left."""
    if told.state in _NOTHING_LEFT:
        return
    commands = "\n".join(fix.commands)
    if len(commands) <= most:
        yield rich(preformatted(commands))
    yield rich(line(*marked(clip(exposure_told(fix), 800))), *(line(*text) for text in warnings(fix)))


def warnings(fix: Fix) -> Iterator[Text]:
    """What whoever decides should look at twice."""
    if fix.risk == "needs judgement":
        yield [bold("Needs judgement: read what it opens.")]
    if fix.managed:
        text = " Its Terraform text is behind What would this do?" if fix.managed_by == "Terraform" else ""
        yield [bold("Managed elsewhere: "), *marked(clip(fix.managed, 600)), text]


def _deciding(told: Told) -> Iterator[Block]:
    """Who may approve, and until when."""
    if told.state is not State.PROPOSED:
        return
    proposal = told.proposal
    texts = [line(*marked(clip(note, 500))) for note in told.notes]
    if told.mode == "approve":
        people: Text = []
        for place, one in enumerate(told.deciders[:MOST_NAMED]):
            people += [*([", "] if place else []), one]
        left = len(told.deciders) - MOST_NAMED
        people += [f" and {left} more"] if left > 0 else []
        who: Text = (
            ["May approve: ", *people, ". "] if people else [bold("Nobody may approve it: "), "see fixes.approvers. "]
        )
        count = "One approval is" if proposal.needed == 1 else f"{proposal.needed} approvals are"
        texts.append(line(*who, f"{count} needed, by {clock(proposal.expires_at)}."))
    if texts:
        yield rich(*texts)


def _buttons(told: Told) -> Iterator[Block]:
    """Only what can still be done."""
    value = button_value(told.proposal)
    foresee = button("What would this do?", Action.FORESEE_FIX, value)
    if told.state is State.PROPOSED and told.mode == "approve":
        yield actions(
            button("Approve…", Action.APPROVE_FIX, value, style="primary"),
            button("Reject…", Action.REJECT_FIX, value),
            foresee,
        )
    elif told.state is State.PROPOSED:
        yield actions(foresee)
    elif may_undo(told.state, told.entries):
        yield actions(button("Undo…", Action.UNDO_FIX, value, style="danger"))


def _small_print(told: Told) -> Iterator[str]:
    proposal = told.proposal
    place = " ".join(filter(None, (proposal.account, proposal.region)))
    yield " · ".join(filter(None, (f"proposal {proposal.id}", place, f"proven {clock(proposal.proposed_at)}")))


def clock(at: float) -> str:
    """A time of day with its zone, and the day where it is not within a day's reach of being obvious."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC, %d %b")


def step_message(*spans: Span | Somebody | str) -> Message:
    """One line of the story, for the thread. The text for notifications names nobody: there only ids could."""
    words = [one.text if isinstance(one, Span) else one if isinstance(one, str) else "somebody" for one in spans]
    return Message(spoken("".join(words)), (rich(line(*spans)),))
