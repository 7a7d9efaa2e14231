"""A second opinion in the thread: that AWS is being asked, what it says, both reasonings, and why there is none."""

from __future__ import annotations

from typing import Final

from bot.views.blocks import bold, context, line, marked, rich, table
from bot.views.message import Block, Message, Reply
from bot.views.sheets import listed, paragraphs, sheet
from bot.views.text import clip, spoken
from diagnosis.terminal.opinion import cost_told
from diagnosis.testimony import Opinion

ROWS: Final = 60
"""Components in a table; more are few paths' business, and the JSON holds them."""
_CELL: Final = 200
NONE_YET: Final = Opinion(state="not asked", text="AWS has not been asked about this.")
_AGREE: Final = {True: "yes", False: "no", None: "–"}


def opinion_reply(told: Opinion) -> Reply:
    """What AWS says, and how it compares, component by component."""
    blocks: list[Block] = [rich(line(*marked(clip(told.text, 2_000))))]
    for heading, texts in (("By the trace", told.ours), ("By AWS", told.theirs)):
        if texts:
            blocks += [rich(line(bold(heading))), *listed(texts)]
    rest = [f"{one.code}: {one.text}" for one in told.reasons if one.text not in f"{told.text} {told.theirs}"]
    if rest:
        blocks += [rich(line(bold("Further explanations of AWS"))), *listed(rest)]
    if told.compared:
        blocks.append(table(_rows(told)))
    if told.caveats:
        blocks += [rich(line(bold("To keep in mind"))), *listed(told.caveats)]
    small = f"{told.source}, {cost_told(told)}" if told.cost_usd else f"{told.source}: nothing was charged"
    return sheet(title(told), blocks, name="second-opinion.txt", tail=[context(small)])


def title(told: Opinion) -> str:
    """In a few words, for a heading."""
    match told.state, told.agrees:
        case "succeeded", True:
            return "Second opinion: AWS agrees"
        case "succeeded", False:
            return "Second opinion: AWS disagrees"
        case "succeeded", _:
            return "Second opinion: nothing to compare"
        case _:
            return "No second opinion"


def _rows(told: Opinion) -> list[tuple[str, str, str, str]]:
    """A table of at most so many rows, those that do not agree first."""
    order = sorted(told.compared, key=lambda one: (one.agrees is True, one.agrees is None))
    rows = [("component", "whynot", "AWS", "agree")]
    for one in order[:ROWS]:
        way = {"egress": " out", "ingress": " in"}.get(one.direction or "", "")
        named = f"{one.name or one.component}{way}"
        rows.append((clip(named, _CELL), clip(one.ours, _CELL), clip(one.theirs, _CELL), _AGREE[one.agrees]))
    return rows


def asking_opinion(words: str, doing: str, *, dollars: float) -> Message:
    """While AWS analyses: what it is asked, at what price, and how far it is."""
    told = f"Asking VPC Reachability Analyzer about {clip(words, 300)} (${dollars:.2f}): {clip(doing, 200)}…"
    return Message(spoken(told), (context(told),))


def opinion_interrupted() -> Message:
    """The program stopped meanwhile."""
    told = "The second opinion was interrupted by a restart. Choose Second opinion again under the answer."
    return Message(spoken(told), (rich(line(told)),))


def opinion_fault(reference: str) -> Message:
    """A fault of ours; `reference` finds it in the log."""
    told = f"There is no second opinion, by a fault of whynot. For whoever runs it: {clip(reference, 100)}"
    return Message(spoken(told), (rich(line(told)),))


def budget_used(*, dollars: float) -> Message:
    """No more is spent today."""
    told = (
        f"Today's budget for second opinions (${dollars:.2f}) is used up, so AWS was not asked. It begins anew at "
        "midnight UTC; whoever runs whynot can raise second_opinion.dollars_per_day."
    )
    return Message(spoken(told), (*paragraphs([told]),))
