"""While a question is worked on, and when it ends without an answer."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views.blocks import actions, bold, button, code, context, line, plan, rich, task
from bot.views.controls import Action
from bot.views.message import Message
from bot.views.text import clip, spoken

_ASKED = 300


def queued(asked: str, position: int, *, ref: str) -> Message:
    """Waiting for others: `position` 1 is next. `asked` is the question in its own words."""
    told = "next" if position <= 1 else f"number {position} in the queue"
    return Message(
        spoken(f"Waiting, {told}: {clip(asked, _ASKED)}"),
        (rich(line(bold(f"Waiting, {told}."), " ", clip(asked, _ASKED))), actions(_stop(ref))),
    )


def working(asked: str, *, doing: str, done: Sequence[str] = (), ref: str) -> Message:
    """At work: `doing` says what at this moment ("asking the flow logs of the last hour"), `done` what came before."""
    steps = [task(f"step-{place}", text, "complete") for place, text in enumerate(done)]
    steps.append(task(f"step-{len(done)}", doing, "in_progress"))
    return Message(
        spoken(f"Working on it: {doing}…"),
        (rich(line(clip(asked, _ASKED))), plan("Looking into it", steps[-20:]), actions(_stop(ref))),
    )


def stopped(asked: str, *, ref: str, by: str = "") -> Message:
    """Stopped by a person; `by` is their Slack user id where it was not the asker."""
    who = [{"type": "user", "user_id": by}] if by else []
    told = line(bold("Stopped"), *((" by ",) if by else ()))
    told["elements"] += who
    return Message(
        spoken(f"Stopped: {clip(asked, _ASKED)}"),
        (rich(told, line(clip(asked, _ASKED))), actions(_retry("Ask again", ref))),
    )


def failed(asked: str, *, what: str, to_do: str, correlation_id: str, ref: str) -> Message:
    """A failure: `what` happened and what there is `to_do`, each a sentence; the id finds it in the log."""
    return Message(
        spoken(f"This question could not be answered. {what} {to_do}"),
        (
            rich(
                line(bold("This question could not be answered.")),
                line(clip(asked, _ASKED)),
                line(f"{clip(what, 1_000)} ", bold(clip(to_do, 1_000))),
            ),
            actions(_retry("Try again", ref)),
            rich(line("For whoever runs whynot: ", code(correlation_id))),
        ),
    )


def timed_out(asked: str, *, seconds: int, doing: str, correlation_id: str, ref: str) -> Message:
    """It took longer than allowed; `doing` is what it was at."""
    return failed(
        asked,
        what=f"It was not done after {seconds} seconds, while {doing}.",
        to_do="Try again, or ask about a shorter time.",
        correlation_id=correlation_id,
        ref=ref,
    )


def interrupted(asked: str, *, ref: str) -> Message:
    """The program stopped while at work: nothing was lost but the work."""
    return Message(
        spoken(f"Interrupted by a restart. Ask again: {clip(asked, _ASKED)}"),
        (
            rich(line(bold("Interrupted by a restart."), " Nothing was changed."), line(clip(asked, _ASKED))),
            actions(_retry("Ask again", ref)),
        ),
    )


def received(asked: str) -> Message:
    """The first sign of life, before anything is known of the queue."""
    return Message(
        spoken(f"Looking into it: {clip(asked, _ASKED)}"), (context(f"Looking into it: {clip(asked, _ASKED)}"),)
    )


def _stop(ref: str) -> dict[str, object]:
    return button("Stop", Action.STOP, ref)


def _retry(text: str, ref: str) -> dict[str, object]:
    return button(text, Action.RETRY, ref)
