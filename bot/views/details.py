"""What a press shows of an answer: commands, the six steps, the diagram, the trace, records, the query, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from bot.views.answers import exposure_told, opened_rows, title
from bot.views.blocks import bold, context, image, line, marked, preformatted, rich, table
from bot.views.controls import Detail
from bot.views.legs import every_step
from bot.views.message import Attachment, Block, Message, Reply
from bot.views.opinion import NONE_YET, opinion_reply
from bot.views.pictures.decision import decision_alt, decision_as_text
from bot.views.sheets import boxes, listed, paragraphs, sheet
from bot.views.text import clip, spoken
from bot.views.witnesses import changes_reply, threats_reply
from diagnosis.answer import Answer, Fix
from diagnosis.terminal.documents import document
from diagnosis.terminal.limits import said_of
from diagnosis.terminal.seen import counted_records, span

TABLE_ROWS: Final = 60
"""Steps of a trace that are shown as a table; more are set as text, which splits."""
_TABLE_CHARACTERS: Final = 6_000


def detail(answer: Answer, which: Detail, *, picture: str | None = None) -> Reply:
    """What one press shows. `picture` is the file id of the uploaded decision diagram, for `Detail.DIAGRAM`."""
    match which:
        case Detail.COMMANDS:
            return commands(answer)
        case Detail.STEPS:
            return six_steps(answer)
        case Detail.DIAGRAM:
            return decision_diagram(answer, picture=picture)
        case Detail.TRACE:
            return full_trace(answer)
        case Detail.RECORDS:
            return raw_records(answer)
        case Detail.QUERY:
            return the_query(answer)
        case Detail.JSON:
            return as_json(answer)
        case Detail.SECOND_OPINION:
            return opinion_reply(answer.evidence.second_opinion or NONE_YET)
        case Detail.CHANGES:
            return changes_reply(answer)
        case Detail.THREATS:
            return threats_reply(answer)
        case _:
            assert_never(which)


def commands(answer: Answer) -> Reply:
    """Every fix with its commands, its undo and all that it opens."""
    blocks: list[Block] = []
    for number, fix in enumerate(answer.fixes, start=1):
        blocks += _fix(number, fix)
    if answer.advice:
        blocks += [rich(line(bold("Advice"))), *paragraphs(answer.advice)]
    if not blocks:
        blocks = [rich(line("There is no fix that could be proven on the model, so none is shown."))]
    return sheet("Commands", blocks, name="commands.txt", tail=[context("whynot has run none of these.")])


def _fix(number: int, fix: Fix) -> Iterator[Block]:
    yield rich(line(bold(f"Fix {number}  "), *marked(clip(fix.title, 1_000)), f"  (proven: {fix.proof.verdict_after})"))
    if fix.risk == "needs judgement":
        yield rich(line("Needs judgement: read what it opens before you run it."))
    yield from boxes("\n".join(fix.commands))
    yield rich(line(*marked(exposure_told(fix))))
    opened = opened_rows(fix)
    if opened:
        yield from boxes("opens\n" + "\n".join(opened))
    if fix.undo:
        yield rich(line("undo"))
        yield from boxes("\n".join(fix.undo))
    if fix.managed:
        yield rich(line(bold("Managed elsewhere: "), *marked(clip(fix.managed, 1_000))))
    if fix.terraform:
        yield rich(line("the same as Terraform text"))
        yield from boxes("\n".join(fix.terraform))


def six_steps(answer: Answer) -> Reply:
    """The six steps A to F of the manual procedure with what was found, then everything that qualifies the answer."""
    blocks: list[Block] = []
    for step in answer.guide:
        blocks += [rich(line(bold(f"{step.letter}  {clip(step.title, 200)}"))), *listed(step.found)]
    logs = answer.evidence.flow_logs
    told = (
        ("Not seen", [said_of(call) for call in answer.unseen]),
        ("Limits of the evidence", list(logs.limits) if logs else []),
        ("To keep in mind", list(answer.caveats)),
        ("Assumed", list(answer.assumed)),
    )
    for heading, texts in told:
        if texts:
            blocks += [rich(line(bold(heading))), *listed(texts)]
    if not blocks:
        blocks = [rich(line("Nothing more is known of this answer than it says."))]
    return sheet("Why? The six steps", blocks, name="why.txt")


def decision_diagram(answer: Answer, *, picture: str | None = None) -> Reply:
    """The decision diagram with the branch taken, as a picture where there is one, and in words."""
    shown = [image(picture, decision_alt(answer))] if picture else []
    return sheet("The decision diagram", [*shown, rich(preformatted(decision_as_text(answer)))], name="diagram.txt")


def full_trace(answer: Answer) -> Reply:
    """Every hop and step of both legs, nothing folded."""
    steps = list(every_step(answer))
    if not steps:
        return sheet("Trace", [rich(line("No path is known, so there is nothing to show."))], name="trace.txt")
    rows = [("component", "way", "what decided")]
    rows += [(f"{mark} {component}", way, f"{told} {code}".strip()) for mark, component, way, told, code in steps]
    short = all(len(cell) <= 300 for row in rows for cell in row)
    if len(rows) <= TABLE_ROWS and short and sum(len(cell) for row in rows for cell in row) <= _TABLE_CHARACTERS:
        return sheet("Trace", [table(rows)], name="trace.txt")
    return sheet("Trace", boxes("\n".join("  ".join(filter(None, row)) for row in rows[1:])), name="trace.txt")


def raw_records(answer: Answer) -> Reply:
    """Raw flow-log lines as they were delivered, with their file and line."""
    logs = answer.evidence.flow_logs
    if logs is None:
        told = answer.evidence.agreement or "No flow logs were read, so there are no records."
        return sheet("Raw records", paragraphs([told]), name="records.txt")
    rows = []
    for place, text in enumerate(logs.lines):
        rows += [text, *(f"  {origin}" for origin in logs.line_origins[place : place + 1])]
    none = [rich(line("No record of this conversation was found."))]
    counts = f"{counted_records(logs.records)}, read by {logs.engine}"
    tail = [
        context(" ".join(filter(None, (counts, span(answer.window)))), *(clip(text, 600) for text in logs.limits[:5]))
    ]
    return sheet("Raw records", boxes("\n".join(rows)) or none, name="records.txt", tail=tail)


def the_query(answer: Answer) -> Reply:
    """The query that was put to the flow logs, to be run again elsewhere."""
    logs = answer.evidence.flow_logs
    if logs is None or not logs.query.strip():
        return sheet("The query", [rich(line("No flow logs were asked."))], name="query.sql")
    return sheet(f"The query ({clip(logs.engine, 60)})", boxes(logs.query), name="query.sql")


def as_json(answer: Answer) -> Reply:
    """The whole answer as a JSON file."""
    content = document(answer.model_dump(mode="json")).encode()
    told = "The whole answer as JSON, with every step, record and command."
    return Reply(
        (Message(spoken(told), (rich(line(told)),)),),
        (Attachment("answer.json", clip(title(answer), 150), content),),
    )
