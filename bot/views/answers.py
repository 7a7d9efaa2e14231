"""The answer as one message: the verdict, the cause, the picture, the evidence, the fix, and what was not seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.views.blocks import (
    Span,
    actions,
    bold,
    bullets,
    button,
    code,
    context,
    header,
    image,
    line,
    option,
    overflow,
    preformatted,
    rich,
)
from bot.views.controls import Action, Detail, detail_value
from bot.views.ladder import words
from bot.views.legs import legs_as_text
from bot.views.lint import characters
from bot.views.message import Block, Message
from bot.views.pictures.path import path_alt
from bot.views.text import clip, spoken
from diagnosis.answer import Answer, Fix
from diagnosis.terminal.limits import said_of, sources_told
from diagnosis.terminal.seen import times_told
from diagnosis.terminal.verdict import WORDS, asked_traffic, blockers, counted, headline, party, summary

MOST: Final = 3
"""Caveats, unseen calls and the like before "Why?" has to be asked for the rest."""
MOST_CAUSES: Final = 6
SENTENCE: Final = 600
"""Characters of one sentence before it is shortened; `Why?` and `Show trace` hold it whole."""
COMMAND: Final = 1_500
_FIX_BUDGET: Final = 2_400
_ID: Final = re.compile(r"(?<![\w./-])(?:[a-z]{1,12}-){1,3}[0-9a-f]{8,32}(?![\w-])|\barn:aws[\w:/.*-]+")


def answer_message(answer: Answer, *, ref: str, picture: str | None = None, fixable: bool = True) -> Message:
    """The answer to one question.

    `ref` comes back with every press (`controls`). `picture` is the file id of the uploaded picture of the path; where
    there is none the path is set as text. `fixable=False` leaves the fix out, where commands must not be shown.
    """
    blocks = [
        header(title(answer)),
        *_parties(answer),
        rich(*_causes(answer)),
        *_unseen_first(answer),
        *_path(answer, picture),
        rich(line(bold("Seen  "), *marked(clip(_seen(answer), SENTENCE)))),
        *(_fixes(answer.fixes) if fixable else ()),
        *_advice(answer.advice),
        *_notes(answer),
        context(" · ".join(sources_told(answer))),
        buttons(answer, ref),
    ]
    return Message(notification(answer), tuple(blocks))


def title(answer: Answer) -> str:
    """`✗ Blocked: web-1 → orders-db, tcp 3306`, with names where there are any."""
    source, destination = _names(answer)
    return f"{WORDS[answer.verdict]}: {clip(source, 50)} → {clip(destination, 50)}, {clip(_traffic(answer), 30)}"


def notification(answer: Answer) -> str:
    """The verdict and the cause in the words that a telephone shows without opening anything."""
    source, destination = _names(answer)
    told = " ".join(dict.fromkeys([*summary(answer), *blockers(answer)])) or headline(answer)
    verdict = WORDS[answer.verdict].partition(" ")[2]
    return spoken(clip(f"{verdict}: {source} → {destination}, {_traffic(answer)}. {told}", 1_000))


def marked(text: str) -> list[Span | str]:
    """Text with every id in it set as code."""
    found: list[Span | str] = []
    end = 0
    for match in _ID.finditer(text):
        found += [text[end : match.start()], code(match.group())]
        end = match.end()
    return [*found, text[end:]]


def buttons(answer: Answer, ref: str) -> Block:
    """What can be asked of an answer."""
    shown = [button("Show commands", Action.SHOW_COMMANDS, ref)] if answer.fixes or answer.advice else []
    menu = [(Detail.DIAGRAM, "Decision diagram"), (Detail.RECORDS, "Raw records"), (Detail.QUERY, "The query")]
    if answer.evidence.flow_logs is None:
        menu = menu[:1]
    options = [option(text, detail_value(detail, ref)) for detail, text in [*menu, (Detail.JSON, "JSON")]]
    return actions(
        *shown,
        button("Why?", Action.SHOW_STEPS, ref),
        button("Show trace", Action.SHOW_TRACE, ref),
        button("This is wrong", Action.WRONG, ref),
        overflow(Action.MORE, options),
    )


def _names(answer: Answer) -> tuple[str, str]:
    asked = answer.question
    sides = (party(answer.source_name, asked.source), party(answer.destination_name, asked.destination))
    return _name(sides[0]), _name(sides[1])


def _name(told: str) -> str:
    """`web-1` of `web-1 10.0.1.10`; the whole where the last word is no address."""
    name, _, address = told.rpartition(" ")
    return name if name and re.search(r"[.:]", address) else told


def _traffic(answer: Answer) -> str:
    return answer.traffic or asked_traffic(answer)


def _parties(answer: Answer) -> Iterator[Block]:
    """Both parties with their addresses, where the heading gave names alone."""
    asked = answer.question
    source, destination = party(answer.source_name, asked.source), party(answer.destination_name, asked.destination)
    if (source, destination) != _names(answer):
        yield context(f"{source} → {destination}")


def _causes(answer: Answer) -> list[dict[str, object]]:
    found = blockers(answer)
    if len(found) <= 1:
        told = " ".join(dict.fromkeys([*summary(answer), *found])) or headline(answer)
        codes = list(dict.fromkeys(cause.code for cause in answer.causes))
        named: list[Span | str] = ["  ", code(codes[0])] if len(codes) == 1 else []
        return [line(*marked(clip(told, SENTENCE)), *named)]
    shown = [marked(clip(text, SENTENCE)) for text in found[:MOST_CAUSES]]
    left = len(found) - len(shown)
    rest: list[list[Span | str]] = [[f"and {left} more, which Why? lists"]] if left else []
    first = [line(*marked(clip(text, SENTENCE))) for text in summary(answer)]
    return [*first, line(counted(len(found), answer.verdict)), bullets([*shown, *rest])]


def _unseen_first(answer: Answer) -> Iterator[Block]:
    """What is missing and who can grant it: what there is to do about an answer that is unknown."""
    if answer.unseen:
        yield rich(line(bold("Not seen")), bullets(_some([said_of(call) for call in answer.unseen])))


def _some(texts: Sequence[str]) -> list[list[Span | str]]:
    shown = texts if len(texts) <= MOST else texts[: MOST - 1]
    left = len(texts) - len(shown)
    rest: list[list[Span | str]] = [[f"and {left} more, which Why? lists"]] if left else []
    return [*(marked(clip(text, SENTENCE)) for text in shown), *rest]


def _path(answer: Answer, picture: str | None) -> Iterator[Block]:
    if picture is not None:
        yield image(picture, path_alt(answer))
        return
    told = legs_as_text(answer)
    if told:
        yield rich(preformatted(told))


def _seen(answer: Answer) -> str:
    """The evidence in a few sentences: what was logged, from when to when, whether the witnesses agree."""
    evidence = answer.evidence
    logs = evidence.flow_logs
    if logs is None:
        return evidence.agreement or "No flow logs were read: the configuration alone is judged."
    sentences = list(logs.sentences) or [f"{logs.rejects:,} REJECT, {logs.accepts:,} ACCEPT."]
    times = times_told(logs)
    told = [*sentences, *([times] if times and (logs.first_reject or "") not in " ".join(sentences) else [])]
    second = evidence.second_opinion or {}
    told += [f"Reachability Analyzer: {', '.join(f'{key} {value}' for key, value in second.items())}"] if second else []
    return " ".join(f"{text.rstrip('.')}." for text in [*told, *([evidence.agreement] if evidence.agreement else [])])


def _fixes(fixes: Sequence[Fix]) -> Iterator[Block]:
    """The first fix whole, the others by their titles; a fix too long for a message by its title too."""
    for place, fix in enumerate(fixes[:MOST]):
        block = _fix(fix, whole=place == 0)
        yield block if characters([block]) <= _FIX_BUDGET else _fix(fix, whole=False)
    if len(fixes) > MOST:
        yield rich(line(f"and {len(fixes) - MOST} more fixes, which Show commands lists"))


def _fix(fix: Fix, *, whole: bool) -> Block:
    judged = " Needs judgement: read what it opens before you run it." if fix.risk == "needs judgement" else ""
    said = f" Proven on the model: {fix.proof.verdict_after} after it.{judged} "
    told = line(bold("Fix  "), *marked(clip(fix.title, SENTENCE)), f".{said}", *marked(exposure_told(fix)))
    if not whole:
        return rich(told, line("The commands and the undo are behind Show commands."))
    undo = [line("undo"), preformatted("\n".join(fix.undo))] if fix.undo else []
    return rich(told, preformatted("\n".join(fix.commands)), *undo)


def exposure_told(fix: Fix) -> str:
    """What a fix opens beyond what was asked, in a sentence."""
    exposure = fix.exposure
    told = exposure.text or ("" if exposure.newly_reachable else "opens nothing else")
    if not told:
        told = f"opens {len(exposure.newly_reachable)} more paths, which Show commands lists"
    told = clip(told, SENTENCE).rstrip(".")
    least = " This is the least that it opens: the count was stopped before its end." if exposure.at_least else ""
    return f"{told[:1].upper()}{told[1:]}.{least}"


def _advice(told: Sequence[str]) -> Iterator[Block]:
    if told:
        yield rich(line(bold("Advice")), bullets(_some(told)))


def _notes(answer: Answer) -> Iterator[Block]:
    """How sure this is: what limits the evidence, what to keep in mind, what was assumed."""
    logs = answer.evidence.flow_logs
    notes = [*(logs.limits if logs else ()), *answer.caveats, *(f"assumed: {text}" for text in answer.assumed)]
    if notes:
        shown = notes if len(notes) <= MOST else notes[: MOST - 1]
        left = len(notes) - len(shown)
        yield context(*(clip(text, SENTENCE) for text in shown), *([f"and {left} more under Why?"] if left else []))


def as_text(message: Message) -> str:
    """All that a message says, for a file or a test."""
    return "\n".join(filter(None, (words(block) for block in message.blocks)))
