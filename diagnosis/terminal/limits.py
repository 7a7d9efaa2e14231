"""What the answer does not know: caveats, what was not seen, what was assumed; and the closing line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnosis.answer import Answer, Unseen
from diagnosis.terminal.moments import in_turn, moment
from diagnosis.terminal.page import INDENT, Page, Tone
from diagnosis.terminal.safe_text import cells
from diagnosis.terminal.seen import counted_records

MOST: Final = 3
"""Lines of a kind before `--explain` has to be asked for the rest."""
_SERVICES: Final = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing", "efs": "elasticfilesystem"}
"""boto3 clients whose IAM prefix differs (Service Authorization Reference)."""
_REFUSED: Final = ("accessdenied", "unauthorized", "not authorized", "access denied", "forbidden")


def unseen(page: Page, calls: Sequence[Unseen], *, explain: bool) -> list[str]:
    """Each call whose answer is missing, and the permission that would show it where one was refused."""
    return page.labelled("unseen", _some(page, [said_of(call) for call in calls], Tone.WARN, explain=explain))


def said_of(call: Unseen) -> str:
    """`ec2.describe_route_tables in 123456789012 us-east-1: denied; an account admin can grant ec2:…`."""
    place = " ".join(filter(None, (call.account, call.region)))
    told = call.call + (f" in {place}" if place else "") + (f": {call.error}" if call.error else "")
    action = iam_action(call.call)
    refused = any(word in call.error.casefold() for word in _REFUSED)
    if refused and action and action.casefold() not in call.error.casefold():
        told = f"{told.rstrip('.')}; an account admin can grant {action}"
    return told


def iam_action(call: str) -> str | None:
    """The IAM action of a boto3 call: `ec2:DescribeRouteTables` of `ec2.describe_route_tables`; None for other text."""
    service, dot, method = call.partition(".")
    if not dot or not method.replace("_", "").isalnum():
        return None
    name = "".join({"db": "DB"}.get(part, part.capitalize()) for part in method.split("_"))
    return f"{_SERVICES.get(service, service)}:{name}"


def notes(page: Page, answer: Answer, *, explain: bool) -> list[str]:
    """Caveats, and what was assumed."""
    rows = page.labelled("note", _some(page, answer.caveats, Tone.PLAIN, explain=explain))
    return [*rows, *page.labelled("assume", _some(page, answer.assumed, Tone.DIM, explain=explain))]


def _some(page: Page, told: Sequence[str], tone: Tone, *, explain: bool) -> list[str]:
    shown = told if explain or len(told) <= MOST else told[: MOST - 1]
    rows = [row for text in shown for row in page.beside(text, tone)]
    left = len(told) - len(shown)
    return [*rows, *(page.beside(f"and {left} more, which --explain lists", Tone.DIM) if left else [])]


def closing(page: Page, answer: Answer) -> list[str]:
    """`configuration of 14:05:10 UTC · 318,204 records, 0 malformed · nothing unseen`."""
    first, *rest = sources_told(answer)
    lines = [first]
    for part in rest:
        if len(INDENT) + cells(lines[-1]) + 3 + cells(part) <= page.width:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    return [row for line in lines for row in page.paragraph(line, Tone.DIM)]


def sources_told(answer: Answer) -> tuple[str, str, str]:
    """What the answer rests on: the configuration and its time, the records that were read, what was not seen."""
    logs = answer.evidence.flow_logs
    day: str | None = None
    if logs is not None:
        _, day = in_turn((logs.first_reject, logs.last_reject, logs.last_accept))
    taken = moment(answer.snapshot.taken_at)
    count = len(answer.unseen)
    return (
        f"configuration of {taken.said(day)} UTC" if taken else "configuration of an unknown time",
        counted_records(logs.records) if logs is not None else "no flow logs read",
        f"{count} call{'s' if count > 1 else ''} unseen" if count else "nothing unseen",
    )
