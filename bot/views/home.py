"""App Home: what whynot can see, how fresh that is, and what this person asked lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.views.blocks import actions, bold, bullets, button, code, context, divider, header, line, rich
from bot.views.controls import Action
from bot.views.guidance import EXAMPLES
from bot.views.message import Block, View
from bot.views.text import clip
from diagnosis.answer import Unseen, Verdict
from diagnosis.terminal.limits import said_of
from diagnosis.terminal.moments import moment
from diagnosis.terminal.verdict import WORDS

RECENT: Final = 10
LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Recent:
    """A question that was asked: in its own words, with its verdict once there is one, and when (ISO 8601)."""

    asked: str
    verdict: Verdict | None
    at: str
    value: str
    """The caller's opaque value."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen. Times are ISO 8601; None where nothing was read yet."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    taken_at: str | None = None
    interfaces: int | None = None
    flow_logs: tuple[str, ...] = ()
    """Where flow logs are read from, in words."""
    unseen: tuple[Unseen, ...] = ()
    problem: str = ""
    """Why nothing could be read, and who must act, in a sentence."""


def home(sight: Sight, recent: Sequence[Recent] = (), *, ref: str = "home") -> View:
    """The Home tab of one person."""
    return View(
        "home",
        (
            header("Why can't A reach B?"),
            rich(line("Mention whynot in a channel, write to it here, or fill in a form.")),
            actions(
                button("Ask", Action.OPEN_FORM, ref, style="primary"),
                *(button(text, f"{Action.EXAMPLE}:{place}", text) for place, text in enumerate(EXAMPLES)),
            ),
            divider(),
            header("What it can see"),
            *_sight(sight),
            actions(button("Look again", Action.REFRESH_HOME, ref)),
            divider(),
            header("Your recent questions"),
            *_recent(recent),
        ),
    )


def _sight(sight: Sight) -> list[Block]:
    if sight.problem:
        return [rich(line(bold("Nothing can be seen at the moment.")), line(clip(sight.problem, 1_500)))]
    taken = moment(sight.taken_at)
    told: list[str] = [
        f"{_many(len(sight.accounts), 'account')}: {_listed(sight.accounts)}" if sight.accounts else "no account yet",
        *([f"{_many(len(sight.regions), 'region')}: {_listed(sight.regions)}"] if sight.regions else []),
        *([_many(sight.interfaces, "network interface")] if sight.interfaces is not None else []),
        f"configuration of {taken.said(None)} UTC" if taken else "configuration: read when you ask",
        f"flow logs: {_listed(sight.flow_logs)}" if sight.flow_logs else "flow logs: none are read",
    ]
    blocks = [rich(bullets(told))]
    if sight.unseen:
        left = len(sight.unseen) - LISTED
        missing = [clip(said_of(call), 400) for call in sight.unseen[:LISTED]]
        blocks.append(rich(line(bold("Not seen")), bullets([*missing, *([f"and {left} more"] if left > 0 else [])])))
    return blocks


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(clip(item, 120) for item in items[:LISTED])
    return f"{shown} and {len(items) - LISTED} more" if len(items) > LISTED else shown


def _recent(recent: Sequence[Recent]) -> list[Block]:
    if not recent:
        return [context("None yet.")]
    blocks: list[Block] = []
    for place, one in enumerate(recent[:RECENT]):
        at = moment(one.at)
        verdict = WORDS[one.verdict] if one.verdict else "no answer yet"
        blocks.append(rich(line(code(verdict), f"  {clip(one.asked, 300)}  {at.said(None) + ' UTC' if at else ''}")))
        blocks.append(actions(button("Open", f"{Action.OPEN_RECENT}:{place}", one.value)))
    return blocks
