"""What a text addressed to us asks for, in the light of the conversation before it."""

from __future__ import annotations

import re
from typing import Final, Literal

from diagnosis.question.follow_up import EitherSide, follow_up
from diagnosis.question.parse import parse
from diagnosis.question.question import Question
from diagnosis.question.slack_text import plain

Word = Literal["help", "stop", "nothing"]
"""What is no question: to be shown how to ask, to end what is under way, or nothing that is for us."""

_HELP: Final = re.compile(
    r"^(?:help|help me|hi|hello|hey|how do i (?:ask|use this)|what can you do|usage|examples?)$", re.IGNORECASE
)
_STOP: Final = re.compile(r"^(?:stop|cancel|abort|never ?mind|stop it|forget it)$", re.IGNORECASE)
_WHY: Final = re.compile(
    r"^why\s+(?P<source>\"[^\"]+\"|\S+)\s+(?:to\s+|->\s+)?(?P<destination>\"[^\"]+\"|\S+)"
    r"(?:\s+(?:on\s+|port\s+)?(?P<rest>\S+(?:\s+\S+)?))?$",
    re.IGNORECASE,
)
_WHO: Final = re.compile(
    r"^who\s+(?P<target>\"[^\"]+\"|\S+)(?:\s+(?:on\s+|port\s+)?(?P<rest>\S+(?:\s+\S+)?))?$", re.IGNORECASE
)


def one_line(text: str) -> str:
    """A text as a person typed it, without Slack's markup, on one line."""
    return " ".join(plain(text).split())


def addressed(text: str, last: Question | None) -> Question | EitherSide | Word:
    """What a text asks that was written to us by name; `last` is the question before it in the thread."""
    said = one_line(text)
    bare = said.strip(" .!?,:;")
    if not bare or _HELP.match(bare):
        return "help"
    if _STOP.match(bare):
        return "stop"
    asked = parse(text)
    if asked.intent == "unclear" and last is not None:
        return follow_up(last, text, addressed=True) or asked
    return asked


def overheard(text: str, last: Question) -> Question | EitherSide | Word:
    """What a text asks that was written below an answer of ours, to nobody by name."""
    if _STOP.match(one_line(text).strip(" .!?,:;")):
        return "stop"
    return follow_up(last, text) or "nothing"


def summary_words(text: str) -> str | None:
    """What follows `summary` in a command; None where it is about something else."""
    word, _, rest = one_line(text).partition(" ")
    return rest.strip() if word.lower() == "summary" else None


def commanded(text: str) -> Question | Word:
    """What the words after a slash command ask: a question in plain words, or `why A B 3306` and `who A 3306`."""
    said = one_line(text)
    if not said or _HELP.match(said.strip(" ?")):
        return "help" if said else "nothing"
    asked = parse(text)
    if asked.intent != "unclear":
        return asked
    why, who = _WHY.match(said), _WHO.match(said)
    found = why or who
    on = f" on {found['rest']}" if found and found["rest"] else ""
    if why:
        short = parse(f"why can't {why['source']} reach {why['destination']}{on}")
    elif who:
        short = parse(f"what can reach {who['target']}{on}")
    else:
        return asked
    return short if short.intent != "unclear" else asked
