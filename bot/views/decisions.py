"""What is asked of whoever decides about a fix: the confirmation, with all that it means, and the reason of a no."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.approvals.buttons import button_value
from bot.approvals.ledger import ours
from bot.approvals.proposal import Proposal
from bot.views.answers import exposure_told, opened_rows
from bot.views.blocks import bold, line, marked, option, plain, preformatted, rich
from bot.views.controls import Callback, Field
from bot.views.message import Block, View
from bot.views.proposals import Told, warnings
from bot.views.sheets import boxes
from bot.views.text import clip

STAYS: Final = "0"
"""The value of "it stays until somebody undoes it"."""
MOST_LINES: Final = 12


def approve_form(told: Told, undo_minutes: tuple[int, ...]) -> View:
    """What will change, what it opens, and for how long: its submission is the decision."""
    proposal, fix = told.proposal, told.fix
    opened = opened_rows(fix)
    shown = [clip(text, 200) for text in opened[:MOST_LINES]]
    shown += [f"and {len(opened) - MOST_LINES:,} more"] if len(opened) > MOST_LINES else []
    blocks: list[Block] = [
        rich(
            line("You approve, for ", *marked(clip(told.asked, 300)), ":"),
            line(bold(clip(fix.title, 600))),
        ),
        *boxes("\n".join(fix.commands))[:3],
        rich(line(bold("What it opens")), line(*marked(clip(exposure_told(fix), 800)))),
        *([rich(preformatted("\n".join(shown)))] if shown else []),
        *(rich(line(*text)) for text in warnings(fix)),
        _time_box(undo_minutes),
        rich(line(_what_happens(proposal, len(told.approvals) + 1))),
    ]
    return _form(told, Callback.APPROVE, "Approve this fix?", "Approve", blocks)


def _what_happens(proposal: Proposal, count: int) -> str:
    first = (
        "With this approval it is applied at once: "
        if count >= proposal.needed
        else f"Yours is approval {count} of {proposal.needed}. Once all are given: "
    )
    return (
        f"{first}the account is read anew, and nothing is done if what the fix touches has changed. Afterwards the "
        "path is traced again. It can be undone."
    )


def _time_box(minutes: tuple[int, ...]) -> Block:
    choices = [option("It stays until somebody undoes it", STAYS)]
    choices += [option(f"It undoes itself after {span(each * 60)}", str(each * 60)) for each in minutes[:20]]
    return {
        "type": "input",
        "block_id": Field.UNDO_AFTER.value,
        "label": plain("For how long?", 2000),
        "element": {
            "type": "static_select",
            "action_id": Field.UNDO_AFTER.value,
            "options": choices,
            "initial_option": choices[0],
        },
    }


def span(seconds: int) -> str:
    """A time in words: `8 hours`, `90 minutes`."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{seconds} seconds"


def reject_form(told: Told) -> View:
    """Why not."""
    blocks = [rich(line("You reject, for ", *marked(clip(told.asked, 300)), ": ", bold(clip(told.fix.title, 600))))]
    return _form(told, Callback.REJECT, "Reject this fix?", "Reject", [*blocks, _reason()])


def undo_form(told: Told) -> View:
    """What will be taken away again."""
    commands = "\n".join(told.fix.undo)
    made = ", ".join(filter(None, (entry.rule or entry.change.component for entry in ours(told.entries))))
    blocks = [
        rich(
            line("You undo, for ", *marked(clip(told.asked, 300)), ": ", bold(clip(told.fix.title, 600))),
            line("Exactly what this fix made is taken away, and nothing else: ", *marked(clip(made, 600)), "."),
        ),
        *boxes(commands)[:3],
        rich(line(bold("The path will be closed again."))),
    ]
    return _form(told, Callback.UNDO, "Undo this fix?", "Undo", blocks)


def _reason() -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": Field.COMMENT.value,
        "multiline": True,
        "max_length": 500,
        "placeholder": plain("The web tier is to use the proxy", 150),
    }
    return {
        "type": "input",
        "block_id": Field.COMMENT.value,
        "label": plain("Why?", 2000),
        "element": element,
    }


def _form(told: Told, callback: Callback, title: str, submit: str, blocks: list[Block]) -> View:
    """A confirmation that carries what the button carried, and where it was pressed."""
    return View(
        "modal",
        tuple(blocks),
        title=title,
        submit=submit,
        close="Cancel",
        callback_id=callback,
        private_metadata=json.dumps({"value": button_value(told.proposal), "channel": told.channel}),
    )
