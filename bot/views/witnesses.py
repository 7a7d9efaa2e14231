"""Further witnesses in the thread of an answer: who changed what, and threats; a line each, the rest on demand.

Names, titles and ids in what they say may be anybody's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from bot.settings.witnesses import Witness
from bot.views.answers import Room, fix_block
from bot.views.blocks import actions, bold, button, context, line, marked, preformatted, rich
from bot.views.controls import Action
from bot.views.message import Block, Message, Reply
from bot.views.sheets import boxes, listed, paragraphs, sheet
from bot.views.text import clip, spoken
from diagnosis.answer import Answer
from diagnosis.testimony import AccountChange, ThreatFinding, ThreatIndicator, Threats, WhatChanged

NAMES: Final[dict[Witness, str]] = {"opinion": "Second opinion", "changes": "What changed", "threats": "Threats"}
_ASKED: Final[dict[Witness, str]] = {
    "opinion": "Reachability Analyzer",
    "changes": "CloudTrail",
    "threats": "GuardDuty and Detective",
}
_AGAIN: Final[dict[Witness, Action]] = {"changes": Action.ASK_CHANGES, "threats": Action.ASK_THREATS}
_NONE_YET: Final = "Nobody was asked about this."
_ROOM: Final = Room(600, 3, 2_400)
_LIMITS: Final = 3


def changes_message(answer: Answer, *, ref: str, proposable: bool) -> Message:
    """Who changed what when it stopped, in a line; the fix that takes it back, and the button that proposes it."""
    told = answer.evidence.what_changed or WhatChanged(state="not asked", text=_NONE_YET)
    place = next((place for place, fix in enumerate(answer.fixes) if fix.id == told.fix), None)
    shown: list[Block] = []
    pressed = [button("Details", Action.SHOW_CHANGES, ref)] if told.state != "not asked" else []
    if place is not None:
        fix = answer.fixes[place]
        shown = [rich(line(f"Fix {place + 1} takes it back.")), fix_block(fix, _ROOM, whole=True)]
        if proposable:
            name = f"Propose fix {place + 1}"
            pressed = [button(name, f"{Action.PROPOSE_FIX}:{place}", f"{ref}:{fix.id}"), *pressed]
    if told.state == "failed":
        pressed = [button("Ask again", Action.ASK_CHANGES, ref), *pressed]
    return _message("changes", told.text, [*shown, *_limits(told.limits)], pressed)


def threats_message(answer: Answer, *, ref: str) -> Message:
    """What GuardDuty and Detective say, in a line."""
    told = answer.evidence.threats or Threats(text=_NONE_YET)
    pressed = [button("Details", Action.SHOW_THREATS, ref)] if told.findings or told.indicators or told.profiles else []
    if told.limits:
        pressed = [button("Ask again", Action.ASK_THREATS, ref), *pressed]
    return _message("threats", told.text, _limits(told.limits), pressed)


def _message(witness: Witness, text: str, more: Iterable[Block], pressed: list[dict[str, object]]) -> Message:
    said = rich(line(bold(f"{NAMES[witness]}  "), *marked(clip(text, 1_500))))
    below = [actions(*pressed)] if pressed else []
    return Message(spoken(clip(f"{NAMES[witness]}: {text}", 1_000)), (said, *more, *below))


def _limits(limits: tuple[str, ...]) -> list[Block]:
    shown = limits if len(limits) <= _LIMITS else limits[: _LIMITS - 1]
    left = len(limits) - len(shown)
    if not any(shown) and not left:
        return []
    return [context(*(clip(one, 600) for one in shown), *([f"and {left} more under Details"] if left else []))]


def changes_reply(answer: Answer) -> Reply:
    """Everything that CloudTrail told: each change that can have been it, what was looked at, what was not."""
    told = answer.evidence.what_changed
    if told is None:
        return sheet(NAMES["changes"], paragraphs([_NONE_YET]), name="what-changed.txt")
    blocks: list[Block] = [*paragraphs([told.text])]
    changes = [one for one in (told.change, *told.others) if one is not None]
    for one in changes:
        blocks += _change(one)
    if told.looked_at:
        blocks.append(rich(line(bold(f"Looked at {len(told.looked_at)} of {told.components} components on the path"))))
        blocks += boxes("\n".join(told.looked_at))
    if told.limits:
        blocks += [rich(line(bold("Limits"))), *listed(told.limits)]
    return sheet(NAMES["changes"], blocks, name="what-changed.txt", tail=[context(_read(told))])


def _change(one: AccountChange) -> Iterator[Block]:
    sure = "the model drops for this very reason" if one.certain else "it can have been this"
    yield rich(line(bold(f"{clip(one.at, 40)}  "), *marked(clip(f"{one.who} {one.text}", 1_500)), f" ({sure})"))
    rows = ((name, value) for name, value in _rows(one) if value)
    yield rich(preformatted("\n".join(f"{name:<10} {clip(value, 300)}" for name, value in rows)))


def _rows(one: AccountChange) -> tuple[tuple[str, str], ...]:
    return (
        ("event", one.event),
        ("call", one.name),
        ("component", one.component),
        ("Region", one.region),
        ("program", one.agent),
    )


def _read(told: WhatChanged) -> str:
    times = f"last ACCEPT {told.last_accept}, first REJECT {told.stopped_at}" if told.stopped_at else ""
    return " · ".join(filter(None, (f"{told.source}: {told.events:,} events read", times)))


def threats_reply(answer: Answer) -> Reply:
    """Every finding and indicator, with where AWS's console shows it, and what was not heard."""
    told = answer.evidence.threats
    if told is None:
        return sheet(NAMES["threats"], paragraphs([_NONE_YET]), name="threats.txt")
    blocks: list[Block] = [*paragraphs([told.text])]
    for finding in told.findings:
        blocks += _finding(finding)
    for hint in told.indicators:
        blocks += _indicator(hint)
    if told.profiles:
        blocks.append(rich(line("Detective has no call for the profile of an address; it is in the console:")))
        blocks += boxes("\n".join(f"{one.address}  {one.link}" for one in told.profiles))
    if told.limits:
        blocks += [rich(line(bold("Not heard"))), *listed(told.limits)]
    asked = f"Asked about {', '.join(told.addresses)}" if told.addresses else "Asked about no address"
    return sheet(NAMES["threats"], blocks, name="threats.txt", tail=[context(clip(asked, 900))])


def _finding(one: ThreatFinding) -> Iterator[Block]:
    times = f"{one.count:,} times, last {one.last}" if one.last else f"{one.count:,} times"
    told = f"{one.title} ({one.type}) on {', '.join(one.addresses)} in {one.region}, {times}."
    yield rich(line(bold(f"{one.level} {one.severity:g}  "), *marked(clip(told, 1_500))))
    yield rich(preformatted(clip(one.link, 1_000)))


def _indicator(one: ThreatIndicator) -> Iterator[Block]:
    told = f"{one.kind} {one.address}{f', {one.told}' if one.told else ''}, in the investigation of {one.entity}."
    yield rich(line(bold("Detective  "), *marked(clip(told, 1_500))))
    yield rich(preformatted(clip(one.link, 1_000)))


def asking_witness(witness: Witness, doing: str) -> Message:
    """While somebody is asked."""
    told = f"{NAMES[witness]}: {clip(doing, 300)}…" if doing else f"Asking {_ASKED[witness]}…"
    return Message(spoken(told), (context(told),))


def witness_interrupted(witness: Witness, *, ref: str) -> Message:
    """The program stopped meanwhile."""
    return _again(witness, "this was interrupted by a restart.", ref)


def witness_fault(witness: Witness, *, ref: str) -> Message:
    """A fault of ours; `ref` finds it in the log."""
    return _again(witness, f"nothing is told, by a fault of whynot. For whoever runs it: {clip(ref, 100)}", ref)


def witness_silent(witness: Witness, why: str) -> Message:
    """Why nobody was asked, with who must act where somebody can."""
    return _message(witness, why, (), [])


def _again(witness: Witness, told: str, ref: str) -> Message:
    return _message(witness, told, (), [button("Ask again", _AGAIN[witness], ref)])
