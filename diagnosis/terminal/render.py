"""An Answer as a page of text, as a person wants to read it: the cause first, then the path, the evidence, the fix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from diagnosis.answer import Answer
from diagnosis.terminal.fixes import advice, fixes
from diagnosis.terminal.limits import closing, notes, unseen
from diagnosis.terminal.page import NARROWEST, Page, short_forms
from diagnosis.terminal.path import legs
from diagnosis.terminal.records import pasted
from diagnosis.terminal.safe_text import clean
from diagnosis.terminal.seen import seen
from diagnosis.terminal.strangers import known
from diagnosis.terminal.threats import threats
from diagnosis.terminal.verdict import causes, verdict_line

WIDTH: Final = 80


def render(answer: Answer, *, width: int = WIDTH, colour: bool, explain: bool) -> str:
    """Return `answer` as text that ends in a line break.

    No line is wider than `width` columns (at least 80), except commands: they stand whole on one line, to be copied.
    Whatever the account or the logs put into the answer is made safe for a terminal here. `explain` adds the six
    steps of the manual procedure and the decision diagram below; it changes nothing above but to list what was left
    out for space.
    """
    answer = clean(answer)
    page = Page(max(width, NARROWEST), colour, short_forms(_texts(answer), _names(answer)))
    sections = [
        [*verdict_line(page, answer), "", *causes(page, answer)],
        unseen(page, answer.unseen, explain=explain),
        pasted(page, answer.question.record),
        legs(page, answer),
        seen(page, answer),
        known(page, answer.strangers),
        threats(page, answer.evidence.threats),
        [*fixes(page, answer, explain=explain), *advice(page, answer.advice)],
        notes(page, answer, explain=explain),
        closing(page, answer),
        _explained(page, answer) if explain else [],
    ]
    return "\n\n".join("\n".join(rows) for rows in sections if rows) + "\n"


def _explained(page: Page, answer: Answer) -> list[str]:
    from diagnosis.terminal.explain import explained  # the short answer must not wait for what it does not show

    return explained(page, answer)


def _texts(answer: Answer) -> Iterator[str]:
    """Texts in which ids may stand."""
    for hop in (*answer.path_forward, *answer.path_return):
        yield hop.component
        yield from (text for step in hop.steps for text in (step.component or "", step.text))
    yield from (text for cause in answer.causes for text in (cause.component, *cause.related, cause.text))
    yield from (answer.headline, answer.source_name, answer.destination_name, answer.evidence.agreement)
    if answer.evidence.flow_logs:
        logs = answer.evidence.flow_logs
        yield from (*logs.sentences, *logs.lines, *logs.limits)
    yield from (text for fix in answer.fixes for text in (fix.title, fix.exposure.text))
    yield from (*answer.caveats, *answer.assumed, *(found for step in answer.guide for found in step.found))


def _names(answer: Answer) -> Iterator[str]:
    """Display names, which may be as long as a tag's 256 characters."""
    hops = (*answer.path_forward, *answer.path_return)
    named: Iterable[str | None] = (name for hop in hops for name in (hop.name, *(step.name for step in hop.steps)))
    yield from (name for name in named if name)
    for told in (answer.source_name, answer.destination_name):
        yield from filter(None, (told.rpartition(" ")[0],))
