"""The words that a message, its notification and its picture share: parties, traffic, verdict, cause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from diagnosis.answer import Answer, Disposition, Verdict
from diagnosis.question.question import Party
from diagnosis.terminal.verdict import WORDS, asked_traffic, blockers, headline, party, summary

DISPOSITIONS: Final[dict[Verdict, Disposition]] = {
    "reachable": "passed", "partly": "partly", "unknown": "unknown", "blocked": "dropped",
}  # fmt: skip
"""How the whole went, in the words for what one step did: the marks of both are the same."""
_ADDRESS: Final = re.compile(r"[0-9a-fA-F:.]*[.:][0-9a-fA-F:.]*(/\d+)?")
_ORDINARY: Final = re.compile(r"(?:network ACL|security group|route table|transit gateway|no|the|a|an|its|every) ")


@dataclass(frozen=True, slots=True)
class Side:
    """A party by its name, and its address where it has both."""

    name: str
    address: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.address}" if self.address else self.name


def sides(answer: Answer) -> tuple[Side, Side]:
    """Source and destination."""
    asked = answer.question
    return _side(answer.source_name, asked.source), _side(answer.destination_name, asked.destination)


def _side(name: str, asked: Party | None) -> Side:
    told = party(name, asked)
    words, _, last = told.rpartition(" ")
    return Side(words, last) if words and _ADDRESS.fullmatch(last) else Side(told)


def traffic(answer: Answer) -> str:
    """Protocol and port: "tcp 3306"."""
    return answer.traffic or asked_traffic(answer)


def verdict_word(verdict: Verdict) -> str:
    """`Blocked` without its mark."""
    return WORDS[verdict].partition(" ")[2]


def cause_told(answer: Answer, *, most: int | None = None) -> str:
    """Why, in as many sentences as there are causes, `most` at most; the headline where there is none."""
    found = blockers(answer)
    shown = found[:most]
    more = [f"And {len(found) - len(shown)} more."] if len(shown) < len(found) else []
    told = dict.fromkeys([*summary(answer), *shown, *more]) or {headline(answer): None}
    return " ".join(sentence(text) for text in told)


def sentence(text: str) -> str:
    """`text` with a capital letter where it starts with an ordinary word; a name keeps its spelling."""
    return text[:1].upper() + text[1:] if _ORDINARY.match(text) else text
