"""The answer as one message: the verdict, the cause, the picture, the evidence, the fix, and what was not seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.settings.witnesses import Witness
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
    marked,
    option,
    overflow,
    preformatted,
    rich,
)
from bot.views.controls import Action, Detail, detail_value
from bot.views.legs import legs_as_text
from bot.views.lint import characters
from bot.views.message import Block, Message
from bot.views.pictures.path import path_alt
from bot.views.text import clip, spoken
from bot.views.wording import cause_told, sentence, sides, traffic, verdict_word
from diagnosis.answer import Answer, Fix
from diagnosis.explanation.path_request import PRICE
from diagnosis.terminal.limits import said_of, sources_told
from diagnosis.terminal.moments import moment
from diagnosis.terminal.seen import times_told
from diagnosis.terminal.strangers import told as known_as
from diagnosis.terminal.verdict import WORDS, blockers, counted, summary


@dataclass(frozen=True, slots=True)
class Room:
    """How much of an answer is said in the message itself; the rest is behind its buttons, and the message says so."""

    sentence: int
    """Characters of one sentence."""
    listed: int
    """Lines of one kind."""
    fix: int
    """Characters of a fix that is shown with its commands."""


ROOMS: Final = (Room(600, 3, 2_400), Room(300, 3, 1_600), Room(160, 2, 0))
"""Tried in turn until the message fits."""
BUDGET: Final = 10_000
"""Characters of the blocks of one answer: below Slack's own total by what plainer forms of it may take more."""
MOST_CAUSES: Final = 6


def answer_message(
    answer: Answer,
    *,
    ref: str,
    picture: str | None = None,
    fixable: bool = True,
    offers: Collection[Witness] = (),
    proposable: bool = False,
) -> Message:
    """The answer to one question.

    `ref` comes back with every press (`controls`). `picture` is the file id of the uploaded picture of the path; where
    there is none the path is set as text. `fixable=False` leaves the fix out, where commands must not be shown;
    `offers` are those who can be asked besides; `proposable=True` gives each fix that is shown a button that puts it to
    those who may decide.
    """
    for room in ROOMS:
        blocks = (
            header(title(answer)),
            *_parties(answer),
            rich(*_causes(answer, room)),
            *_unseen(answer, room),
            *_path(answer, picture),
            rich(line(bold("Seen  "), *marked(clip(_seen(answer), room.sentence)))),
            *_known(answer, room),
            *(_fixes(answer.fixes, room) if fixable else ()),
            *(_proposing(answer.fixes[: room.listed], ref) if fixable and proposable else ()),
            *_advice(answer.advice, room),
            *_notes(answer, room),
            context(" · ".join(sources_told(answer))),
            buttons(answer, ref, fixable=fixable, offers=offers),
        )
        if characters(blocks) <= BUDGET:
            break
    return Message(notification(answer), blocks)


def title(answer: Answer) -> str:
    """`✗ Blocked: web-1 → orders-db, tcp 3306`, with names where there are any."""
    source, destination = sides(answer)
    told = f"{clip(source.name, 50)} → {clip(destination.name, 50)}, {clip(traffic(answer), 30)}"
    return f"{WORDS[answer.verdict]}: {told}"


def notification(answer: Answer) -> str:
    """The verdict and the cause in the words that a telephone shows without opening anything."""
    source, destination = sides(answer)
    told = f"{source.name} → {destination.name}, {traffic(answer)}. {cause_told(answer)}"
    return spoken(clip(f"{verdict_word(answer.verdict)}: {told}", 1_000))


def buttons(answer: Answer, ref: str, *, fixable: bool = True, offers: Collection[Witness] = ()) -> Block:
    """What can be asked of an answer."""
    some = fixable and (answer.fixes or answer.advice)
    shown = [button("Show commands", Action.SHOW_COMMANDS, ref)] if some else []
    menu = [(Detail.DIAGRAM, "Decision diagram"), (Detail.RECORDS, "Raw records"), (Detail.QUERY, "The query")]
    logs = answer.evidence.flow_logs
    if logs is None:
        menu = menu[:1]
    menu += [(Detail.SECOND_OPINION, f"Second opinion of AWS (${PRICE:.2f})")] if "opinion" in offers else []
    options = [option(text, detail_value(detail, ref)) for detail, text in [*menu, (Detail.JSON, "JSON")]]
    return actions(
        *shown,
        button("Why?", Action.SHOW_STEPS, ref),
        button("Show trace", Action.SHOW_TRACE, ref),
        *([button("What changed?", Action.ASK_CHANGES, ref)] if "changes" in offers and logs is not None else []),
        *([button("Threats?", Action.ASK_THREATS, ref)] if "threats" in offers else []),
        button("This is wrong", Action.WRONG, ref),
        overflow(Action.MORE, options),
    )


def _parties(answer: Answer) -> Iterator[Block]:
    """Both parties with their addresses, where the heading gave names alone."""
    source, destination = sides(answer)
    if source.address or destination.address:
        yield context(f"{source} → {destination}")


def _causes(answer: Answer, room: Room) -> list[dict[str, object]]:
    found = blockers(answer)
    if len(found) <= 1:
        codes = list(dict.fromkeys(cause.code for cause in answer.causes))
        named: list[Span | str] = ["  ", code(codes[0])] if len(codes) == 1 else []
        return [line(*marked(clip(cause_told(answer), room.sentence)), *named)]
    shown = [marked(clip(sentence(text), room.sentence)) for text in found[:MOST_CAUSES]]
    left = len(found) - len(shown)
    rest: list[list[Span | str]] = [[f"and {left} more, which Why? lists"]] if left else []
    first = [line(*marked(clip(text, room.sentence))) for text in summary(answer)]
    return [*first, line(counted(len(found), answer.verdict)), bullets([*shown, *rest])]


def _unseen(answer: Answer, room: Room) -> Iterator[Block]:
    """What is missing and who can grant it: what there is to do about an answer that is unknown."""
    if answer.unseen:
        yield rich(line(bold("Not seen")), bullets(_some([said_of(call) for call in answer.unseen], room)))


def _some(texts: Sequence[str], room: Room) -> list[list[Span | str]]:
    shown = texts if len(texts) <= room.listed else texts[: room.listed - 1]
    left = len(texts) - len(shown)
    rest: list[list[Span | str]] = [[f"and {left} more, which Why? lists"]] if left else []
    return [*(marked(clip(text, room.sentence)) for text in shown), *rest]


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
    times = times[:1].upper() + times[1:]
    told = [*sentences, *([times] if times and (logs.first_reject or "") not in " ".join(sentences) else [])]
    return " ".join(f"{text.rstrip('.')}." for text in [*told, *([evidence.agreement] if evidence.agreement else [])])


def _known(answer: Answer, room: Room) -> Iterator[Block]:
    """Whose the public addresses are that it speaks of, and of when AWS's ranges are."""
    if answer.strangers:
        told = "; ".join(known_as(one) for one in answer.strangers[: room.listed])
        left = len(answer.strangers) - room.listed
        more = f" and {left} more, which JSON lists" if left > 0 else ""
        dated = moment(next((one.as_of for one in answer.strangers[: room.listed] if one.as_of), None))
        as_of = f" AWS's ranges are of {dated.day}." if dated is not None else ""
        yield rich(line(bold("Known  "), *marked(clip(f"{told}{more}.", room.sentence)), as_of))


def _fixes(fixes: Sequence[Fix], room: Room) -> Iterator[Block]:
    """The first fix whole, the others by their titles; a fix too long for a message by its title too."""
    for place, fix in enumerate(fixes[: room.listed]):
        block = fix_block(fix, room, whole=place == 0)
        yield block if characters([block]) <= room.fix else fix_block(fix, room, whole=False)
    if len(fixes) > room.listed:
        yield rich(line(f"and {len(fixes) - room.listed} more, which Show commands lists"))


def _proposing(fixes: Sequence[Fix], ref: str) -> Iterator[Block]:
    """A button for each fix that puts it to those who may decide."""
    if fixes:
        names = ["Propose fix"] if len(fixes) == 1 else [f"Propose fix {number}" for number in range(1, len(fixes) + 1)]
        yield actions(
            *(
                button(name, f"{Action.PROPOSE_FIX}:{place}", f"{ref}:{fix.id}")
                for place, (name, fix) in enumerate(zip(names, fixes, strict=True))
            )
        )


def fix_block(fix: Fix, room: Room, *, whole: bool) -> Block:
    """A fix with its commands and its undo; else its title alone."""
    judged = " Needs judgement: read what it opens before you run it." if fix.risk == "needs judgement" else ""
    said = f" Proven on the model: {fix.proof.verdict_after} after it.{judged} "
    told = line(
        bold("Fix  "),
        *marked(clip(fix.title, room.sentence)),
        f".{said}",
        *marked(clip(exposure_told(fix), room.sentence)),
    )
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
    told = told.rstrip(".")
    least = " This is the least that it opens: the count was stopped before its end." if exposure.at_least else ""
    return f"{told[:1].upper()}{told[1:]}.{least}"


def opened_rows(fix: Fix) -> list[str]:
    """Line by line what a fix opens."""
    return [
        f"{one.source} → {one.destination} {one.protocol} {one.ports}".rstrip()
        + (f", {one.count:,} pairs" if one.count > 1 else "")
        for one in fix.exposure.newly_reachable
    ]


def _advice(told: Sequence[str], room: Room) -> Iterator[Block]:
    if told:
        yield rich(line(bold("Advice")), bullets(_some(told, room)))


def _notes(answer: Answer, room: Room) -> Iterator[Block]:
    """How sure this is: what limits the evidence, what to keep in mind, what was assumed."""
    logs = answer.evidence.flow_logs
    told = (*(logs.limits if logs else ()), *answer.caveats, *(f"assumed: {text}" for text in answer.assumed))
    notes = [text for text in told if text]
    if notes:
        shown = notes if len(notes) <= room.listed else notes[: room.listed - 1]
        left = len(notes) - len(shown)
        yield context(
            *(clip(text, room.sentence) for text in shown), *([f"and {left} more under Why?"] if left else [])
        )
