"""The path as lines: one for each rule set or table that the traffic meets, with a mark where it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal, assert_never

from diagnosis.answer import Answer, Disposition, Hop, Step
from diagnosis.terminal.page import INDENT, LABEL, Page, Tone, column
from diagnosis.terminal.safe_text import cells, pad, wrap

Leg = Literal["forward", "return"]

MOST_LINES: Final = 10
"""Beyond about this many lines on a leg, runs of passing ones fold into "4 more pass"."""
SHORTEST_FOLD: Final = 3
NAME_MOST: Final = 18
ID_MOST: Final = 20
TEXT_LEAST: Final = 16
MARKS: Final[dict[Disposition, str]] = {"passed": "✓", "dropped": "✗", "partly": "~", "unknown": "?"}
AS_IF: Final = "beyond the break, as if it had passed:"
_SILENT_KINDS: Final = frozenset(
    {"network-interface", "interface-state", "instance", "subnet", "vpc", "internet", "on-premises", "party", "host"}
)
"""Nothing of these kinds is worth a line where it merely lets traffic pass."""
GROUP: Final = "security-group"
_GAP: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One rule set or table on the path, in words. `beyond`: judged as if what broke before it had passed."""

    name: str
    id: str
    direction: str
    disposition: Disposition
    text: str
    code: str
    kind: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """A run of passing lines that was folded away."""

    count: int
    beyond: bool


def legs(page: Page, answer: Answer) -> list[str]:
    """Both legs, "there" and "back", set on the page; empty where the path is not known at all."""
    there = lines_of(answer, "forward", beyond=False)
    broken = any(line.disposition == "dropped" for line in there)
    back = lines_of(answer, "return", beyond=broken)
    placed = _Placed(page, _widths(page, [*there, *back]))
    told = any(line.beyond for line in there)
    return [*placed.leg(fold_long(there)), *placed.way_back(back, answer.return_traffic, told=told)]


def lines_of(answer: Answer, leg: Leg, *, beyond: bool) -> list[Line]:
    """The lines of one leg in the order travelled. `beyond` says that an earlier leg is broken already."""
    hops = answer.path_forward if leg == "forward" else answer.path_return
    codes = {cause.component: cause.code for cause in answer.causes if cause.leg == leg}
    lines: list[Line] = []
    for hop in hops:
        if not hop.steps and not _silent(hop.kind):
            words = hop.kind.replace("-", " ").replace("_", " ")
            lines.append(Line(hop.name or "", hop.component, "", "passed", words, "", hop.kind, beyond))
        for step in hop.steps:
            if step.disposition == "passed" and not step.text and _silent(step.kind):
                continue
            lines.append(_line(hop, step, codes, beyond=beyond))
            beyond = beyond or step.disposition == "dropped"
    return lines


def _silent(kind: str) -> bool:
    return kind.casefold().replace("_", "-") in _SILENT_KINDS


def _line(hop: Hop, step: Step, codes: dict[str, str], *, beyond: bool) -> Line:
    component = step.component or hop.component
    name = step.name or (hop.name if component == hop.component else None) or ""
    broken = step.disposition != "passed"
    code = (step.code or codes.get(component, "")) if broken else ""
    direction = {"egress": "out", "ingress": "in", None: ""}[step.direction]
    return Line(name, component, direction, step.disposition, step.text or _said(step), code, step.kind, beyond)


def _said(step: Step) -> str:
    """What decided, for a step that brings no words of its own."""
    match step.disposition:
        case "passed":
            return f"rule {step.rule} allows" if step.rule else "passes"
        case "dropped":
            return f"rule {step.rule} denies" if step.rule else "no rule"
        case "partly":
            return "a part passes"
        case "unknown":
            return "not seen"
        case _:
            assert_never(step.disposition)


def fold_long(lines: Sequence[Line]) -> list[Line | Fold]:
    """Fold the inner part of runs of passing lines, the longest run first, until a leg has about ten; breaks stay."""
    runs = [list(run) for _, run in groupby(lines, key=lambda line: (line.disposition == "passed", line.beyond))]
    excess = len(lines) - MOST_LINES
    folded: dict[int, int] = {}
    for place in sorted(range(len(runs)), key=lambda place: -len(runs[place])):
        inner = len(runs[place]) - 2
        if excess <= 0 or inner < SHORTEST_FOLD or runs[place][0].disposition != "passed":
            continue
        folded[place] = min(excess + 1, inner)
        excess -= folded[place] - 1
    shown: list[Line | Fold] = []
    for place, run in enumerate(runs):
        count = folded.get(place, 0)
        first = len(run) - count - (len(run) - count) // 2
        middle = [Fold(count, run[0].beyond)] if count else []
        shown += [*run[:first], *middle, *run[first + count :]]
    return shown


@dataclass(frozen=True, slots=True)
class _Widths:
    name: int
    id: int
    direction: int


def _widths(page: Page, lines: Sequence[Line]) -> _Widths:
    shown = [line for line in lines if line.disposition != "passed" or not line.beyond] or list(lines)
    name = min(max((cells(line.name) for line in shown), default=0), NAME_MOST)
    component = min(max((cells(short_component(page, line)) for line in shown), default=0), ID_MOST)
    return _Widths(name, component, max((len(line.direction) for line in shown), default=0))


def short_component(page: Page, line: Line) -> str:
    """The id as the page shows it: an ARN by its resource, and nothing where the name says the same."""
    own = line.id.rpartition(":")[2] if line.id.startswith("arn:") else line.id
    brief = page.short(own.removeprefix("loadbalancer/"))
    return "" if brief == line.name else brief


@dataclass(frozen=True, slots=True)
class _Placed:
    """Lines of a path set in columns that both legs share."""

    page: Page
    widths: _Widths

    @property
    def start(self) -> int:
        return len(INDENT) + LABEL

    @property
    def text_at(self) -> int:
        """The column in which "what decided" starts."""
        widths = [self.widths.name, self.widths.id, self.widths.direction]
        return self.start + 2 + sum(width + _GAP for width in widths if width) - (1 if self.widths.name else 0)

    def leg(self, lines: Sequence[Line | Fold]) -> list[str]:
        """The way there, every rule set on its own line."""
        rows: list[str] = []
        told = False
        for line in lines:
            if line.beyond and not told:
                rows += self.page.beside(AS_IF, Tone.DIM)
                told = True
            rows += self._fold(line) if isinstance(line, Fold) else self.row(line)
        return self.page.labelled("there", rows)

    def _fold(self, fold: Fold) -> list[str]:
        return [" " * (self.start + 2) + self.page.paint(f"{fold.count} more pass", Tone.DIM)]

    def way_back(self, lines: Sequence[Line], ports: str, *, told: bool) -> list[str]:
        """The way back: what passes is only named, what breaks keeps its whole line.

        Groups that pass are left out where there is more to say: they let the reply of what they allowed pass unasked.

        `told`: the reader knows already that this is judged as if the way there had passed.
        """
        rows: list[str] = []
        stateless = [line for line in lines if not (line.disposition == "passed" and line.kind == GROUP)]
        lines = stateless or lines
        for (passing, beyond), run in groupby(lines, key=lambda line: (line.disposition == "passed", line.beyond)):
            kept = list(run)
            if beyond and not told:
                rows += self.page.beside(AS_IF, Tone.DIM)
                told = True
            rows += self.named(kept, ports) if passing else [row for line in kept for row in self.row(line)]
            ports = "" if passing else ports
        return self.page.labelled("back", rows)

    def named(self, lines: Sequence[Line], ports: str) -> list[str]:
        """A run of passing lines as a list of names, with the ports of the reply behind it."""
        names = list(dict.fromkeys(line.name or short_component(self.page, line) for line in lines))
        if len(names) > MOST_LINES // 2:
            names = [*names[:2], f"{len(names) - 3} more", names[-1]]
        listed = ", ".join(self.page.short(name) for name in names)
        room = self.page.width - self.start - 2
        behind = f"{listed}    {ports}" if ports else listed
        rows = [behind] if cells(behind) <= room else [*wrap(listed, room), *wrap(ports, room)]
        dim = any(line.beyond for line in lines)
        mark = self.page.paint(MARKS["passed"], Tone.DIM if dim else Tone.GOOD)
        painted = [self.page.paint(row, Tone.DIM if dim else Tone.PLAIN) for row in rows]
        margin = " " * (self.start + 2)
        return [" " * self.start + mark + " " + painted[0], *(margin + row for row in painted[1:])]

    def row(self, line: Line) -> list[str]:
        """One rule set: mark, name, id, direction, what decided, and the explanation code where it breaks."""
        mark, said, faint = _tones(line)
        columns = [mark_cell(self.page, line, mark)]
        if self.widths.name:
            columns.append(self.page.paint(column(line.name, self.widths.name), said) + " " * (_GAP - 1))
        if self.widths.id:
            identity = column(short_component(self.page, line), self.widths.id)
            columns.append(self.page.paint(identity, faint) + " " * _GAP)
        if self.widths.direction:
            columns.append(self.page.paint(pad(line.direction, self.widths.direction), faint) + " " * _GAP)
        texts = wrap(self.page.short(line.text), max(self.page.width - self.text_at, TEXT_LEAST))
        painted = [self.page.paint(text, said) for text in texts]
        margin = " " * self.text_at
        start = " " * self.start + "".join(columns)
        rows = [start + painted[0], *(margin + text for text in painted[1:])] if painted else [start.rstrip()]
        return self._with_code(rows, line, self.text_at + cells(texts[-1]) if texts else 0, said)

    def _with_code(self, rows: list[str], line: Line, used: int, tone: Tone) -> list[str]:
        """The explanation code at the right margin, on a line of its own where the last line has no room for it."""
        if not line.code:
            return rows
        code = self.page.paint(line.code, tone)
        gap = self.page.width - used - cells(line.code)
        if used and gap >= _GAP:
            return [*rows[:-1], rows[-1] + " " * gap + code]
        return [*rows, " " * max(self.page.width - cells(line.code), 0) + code]


def mark_cell(page: Page, line: Line, tone: Tone) -> str:
    """The mark and the space after it."""
    return page.paint(MARKS[line.disposition], tone) + " "


def _tones(line: Line) -> tuple[Tone, Tone, Tone]:
    """Tones of the mark, of the words and of ids: what broke keeps its colour even beyond a break."""
    match line.disposition:
        case "passed":
            return (Tone.DIM, Tone.DIM, Tone.DIM) if line.beyond else (Tone.GOOD, Tone.PLAIN, Tone.DIM)
        case "dropped":
            return Tone.BAD_STRONG, Tone.BAD, Tone.BAD
        case "partly":
            return Tone.WARN_STRONG, Tone.WARN, Tone.WARN
        case "unknown":
            return Tone.WARN_STRONG, Tone.WARN, Tone.WARN
        case _:
            assert_never(line.disposition)
