"""The path as a picture: out on the left going down, home on the right going up, the break marked.

What lies beyond a break is dashed, because it was judged "as if it had passed".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.views.legs import both_legs
from bot.views.pictures import svg
from bot.views.pictures.svg import BEYOND, FAINT, INKS, MARGIN, PARTY_FILL, SMALLEST, TEXT, WIDTH, Ink, Picture, face
from bot.views.pictures.typeface import MISSING
from bot.views.text import clip, tame
from bot.views.wording import DISPOSITIONS, Side, cause_told, sides, traffic, verdict_word
from diagnosis.answer import Answer, Disposition
from diagnosis.terminal.limits import sources_told
from diagnosis.terminal.path import Fold, Line

_GAP: Final = 20
_MARK: Final = 40
"""Room for the mark at the left of a box."""
_ARROW: Final = 26
_TITLE: Final = 18.0
_ENDS_HERE: Final[dict[Disposition, str]] = {
    "passed": "", "dropped": "stops here", "partly": "a part stops here", "unknown": "not seen",
}  # fmt: skip
_PARENTHESIS: Final = re.compile(r"\s*\([^()]*\)")
"""An error as AWS words it: too long for a box, and in the sentence above."""
_ID: Final = re.compile(r"((?:[a-z]{1,12}-){1,3})([0-9a-f]{8,32})")


@dataclass(frozen=True, slots=True)
class _Box:
    """One box of a leg, its texts cut to its width."""

    name: str
    id: str
    texts: tuple[str, ...]
    disposition: Disposition
    beyond: bool
    folded: bool = False
    beside: bool = False
    """Whether the id stands on the line of the name."""

    @property
    def height(self) -> float:
        if self.folded:
            return 38
        own = 23 if self.id and not self.beside else 0
        stop = 23 if self.stop else 0
        return 34 + own + 22 * len(self.texts) + stop + 8

    @property
    def stop(self) -> str:
        said = _ENDS_HERE[self.disposition]
        return "" if said in " ".join(self.texts) else said

    @property
    def ink(self) -> Ink:
        return BEYOND if self.beyond and self.disposition == "passed" else INKS[self.disposition]


def path_picture(answer: Answer) -> Picture:
    """The path of the answer's traffic, there and back."""
    head, y = _head(answer)
    there, back = both_legs(answer)
    both = bool(answer.path_return)
    width = (WIDTH - 2 * MARGIN - _GAP) / 2 if both else WIDTH - 2 * MARGIN
    brief = _short_ids([*there, *back])
    left, right = ([_box(line, width, brief) for line in leg] for leg in (there, back))
    source, destination = sides(answer)
    top, below = _party(y, source)
    tall = max(_tall(left), _tall(right), 60.0 if left or right else 120.0)
    bottom, end = _party(below + tall, destination)
    broken = any(box.disposition == "dropped" for box in left)
    centre = MARGIN + width / 2
    known = bool(left or right)
    shapes = [*head, *top, *bottom, *_leg(left, centre, width, below, below + tall, beyond=not known)]
    shapes += _beside(below, centre, ["there"] if left else [])
    if both:
        centre = WIDTH - MARGIN - width / 2
        shapes += _leg(right, centre, width, below + tall, below, beyond=broken)
        shapes += _beside(below + tall - _ARROW, centre, ["back"])
        if tall - _tall(right) > 60 and answer.return_traffic:
            ports = face().wrapped(_drawable(answer.return_traffic), SMALLEST, width / 2 - 16, 2)
            shapes += _beside(below + 14, centre, ports)
    if not known:
        shapes += _beside(below + 40, centre, ["the path is not known"])
    foot, height = _foot(answer, end, beyond=any(box.beyond for box in (*left, *right)))
    return svg.picture([*shapes, *foot], height, path_alt(answer), _told(answer))


def path_alt(answer: Answer) -> str:
    """The path in words: the verdict, then what each rule set does, there and back."""
    there, back = both_legs(answer)
    parts = [_told(answer)]
    for title, leg in (("There", there), ("Back", back)):
        if leg:
            parts.append(f"{title}: {'; '.join(_words(line) for line in leg)}.")
    return clip(tame(" ".join(parts)), 1_900)


def _words(line: Line | Fold) -> str:
    if isinstance(line, Fold):
        return f"{line.count} more pass"
    said = {"passed": "passes", "dropped": "stops it", "partly": "stops a part", "unknown": "not seen"}
    way = f" {line.direction}" if line.direction else ""
    return f"{line.name or line.id}{way} {said[line.disposition]} ({line.text})"


def _told(answer: Answer) -> str:
    source, destination = sides(answer)
    return f"{verdict_word(answer.verdict)}: {source} to {destination}, {traffic(answer)}."


def _short_ids(lines: Iterable[Line | Fold]) -> dict[str, str]:
    """`sg-…90d2` for each id, with more of its end where two would look the same."""
    ids = {line.id: _ID.fullmatch(line.id) for line in lines if isinstance(line, Line)}
    found = {whole: match for whole, match in ids.items() if match}
    for end in (4, 6, 8):
        brief = {whole: f"{match[1]}…{match[2][-end:]}" for whole, match in found.items()}
        if len(set(brief.values())) == len(brief):
            return brief
    return {}


def _box(line: Line | Fold, width: float, brief: dict[str, str]) -> _Box:
    room = width - _MARK - 14
    if isinstance(line, Fold):
        return _Box("", "", (f"{line.count} more pass",), "passed", line.beyond, folded=True)
    own = line.id.rpartition(":")[2].removeprefix("loadbalancer/") if line.id.startswith("arn:") else line.id
    own = brief.get(line.id, own)
    told = _PARENTHESIS.sub("", line.text) if line.disposition == "unknown" else line.text
    text = " · ".join(filter(None, (line.direction, _with_short_ids(told))))
    plain, strong = face(), face(strong=True)
    named = strong.drawable(line.name or own)
    if named.count(MISSING) * 3 > len(named):
        line, named = replace(line, name=""), strong.drawable(own)
    name = strong.fitted(named, _TITLE, room)
    id_ = plain.fitted(plain.drawable(own), SMALLEST, room) if line.name and own != line.name else ""
    most = 2 if line.disposition == "passed" else 3
    texts = tuple(plain.wrapped(plain.drawable(text), SMALLEST, room, most))
    if not name:
        return _Box("", "", texts, line.disposition, line.beyond)
    beside = bool(id_) and strong.width(f"{name} ", _TITLE) + plain.width(id_, SMALLEST) <= room
    return _Box(name, id_, texts, line.disposition, line.beyond, beside=beside)


def _tall(boxes: Sequence[_Box]) -> float:
    return sum(box.height for box in boxes) + _ARROW * (len(boxes) + 1)


def _leg(
    boxes: Sequence[_Box], centre: float, width: float, start: float, end: float, *, beyond: bool = False
) -> Iterator[str]:
    """Boxes and arrows from `start` to `end`, down or up the page."""
    way = 1 if end > start else -1
    at = start
    dashed = beyond
    for box in boxes:
        dashed = dashed or box.beyond
        colour = BEYOND.line if dashed else box.ink.line
        yield svg.arrow(centre, at, at + way * _ARROW, colour, dashed=dashed)
        at += way * _ARROW
        yield from _drawn(box, centre - width / 2, at if way > 0 else at - box.height, width)
        at += way * box.height
        dashed = dashed or box.disposition == "dropped"
    last = boxes[-1].ink.line if boxes else INKS["passed"].line
    yield svg.arrow(centre, at, end, BEYOND.line if dashed else last, dashed=dashed)


def _drawn(box: _Box, x: float, y: float, width: float) -> Iterator[str]:
    ink = box.ink
    broken = box.disposition != "passed"
    yield svg.box(x, y, width, box.height, ink, stroke=4 if broken else 2, dashed=box.beyond)
    if box.folded:
        yield svg.text(x + width / 2, y + 25, box.texts[0], SMALLEST, FAINT, anchor="middle")
        return
    yield svg.mark(x + 24, y + box.height / 2, box.disposition, ink, 13)
    left = x + _MARK + 4
    at = y + 28
    if box.name:
        yield svg.text(left, at, box.name, _TITLE, TEXT, strong=True)
        if box.beside:
            after = left + face(strong=True).width(f"{box.name} ", _TITLE) + 2
            yield svg.text(after, at, box.id, SMALLEST, FAINT)
        at += 24
    if box.id and not box.beside:
        yield svg.text(left, at, box.id, SMALLEST, FAINT)
        at += 23
    for told in box.texts:
        yield svg.text(left, at, told, SMALLEST, ink.word)
        at += 22
    if box.stop:
        yield svg.text(left, at + 1, box.stop, SMALLEST, ink.line, strong=True)


def _party(y: float, side: Side) -> tuple[list[str], float]:
    """A party's box across the page, and where it ends."""
    plain, strong = face(), face(strong=True)
    name = strong.drawable(side.name)
    room = WIDTH - 2 * MARGIN - 36
    told = plain.fitted(plain.drawable(side.address), 19, room)
    beside = strong.width(f"{name}  ", 21) + plain.width(told, 19) <= room
    height = 54 if beside or not told else 80
    fill = Ink("#8a97a5", PARTY_FILL, TEXT)
    shapes = [svg.box(MARGIN, y, WIDTH - 2 * MARGIN, height, fill, stroke=1.5)]
    shapes.append(svg.text(MARGIN + 18, y + 34, strong.fitted(name, 21, room), 21, strong=True))
    if told and beside:
        shapes.append(svg.text(WIDTH - MARGIN - 18, y + 34, told, 19, FAINT, anchor="end"))
    elif told:
        shapes.append(svg.text(MARGIN + 18, y + 62, told, 19, FAINT))
    return shapes, y + height


def _head(answer: Answer) -> tuple[list[str], float]:
    """Verdict, parties and the cause, and where they end."""
    disposition = DISPOSITIONS[answer.verdict]
    ink = INKS[disposition]
    plain, strong = face(), face(strong=True)
    room = WIDTH - 2 * MARGIN
    shapes = [svg.mark(MARGIN + 15, 43, disposition, ink, 16)]
    shapes.append(svg.text(MARGIN + 42, 53, verdict_word(answer.verdict), 29, ink.word, strong=True))
    what = strong.fitted(strong.drawable(traffic(answer)), 21, 280)
    shapes.append(svg.text(WIDTH - MARGIN, 52, what, 21, TEXT, strong=True, anchor="end"))
    y = 64.0
    told = _with_short_ids(cause_told(answer, most=1))
    for row in plain.wrapped(plain.drawable(told), 18, room, 4):
        y += 25
        shapes.append(svg.text(MARGIN, y, row, 18, FAINT))
    return shapes, y + 20


def _with_short_ids(told: str) -> str:
    return re.sub(rf"(?<![\w.-]){_ID.pattern}(?![\w-])", lambda match: f"{match[1]}…{match[2][-4:]}", told)


def _beside(y: float, centre: float, rows: Sequence[str]) -> Iterator[str]:
    """Words at the right of an arrow."""
    for place, row in enumerate(rows):
        yield svg.text(centre + 14, y + 18 + 22 * place, row, SMALLEST, FAINT)


def _drawable(text: str) -> str:
    return face().drawable(text)


def _foot(answer: Answer, y: float, *, beyond: bool) -> tuple[list[str], float]:
    """What a dashed box means, what was logged, and what the picture rests on."""
    plain = face()
    logs = answer.evidence.flow_logs
    seen = logs.sentences[0] if logs and logs.sentences else ""
    configuration, _, unseen = sources_told(answer)
    rows = [
        *(["Dashed: judged as if the break had let it pass."] if beyond else []),
        *([_with_short_ids(seen)] if seen else []),
        f"{configuration[:1].upper()}{configuration[1:]}, {unseen}.",
    ]
    shapes: list[str] = []
    y += 12
    for told in rows:
        for row in plain.wrapped(plain.drawable(told), SMALLEST, WIDTH - 2 * MARGIN, 2):
            y += 23
            shapes.append(svg.text(MARGIN, y, row, SMALLEST, FAINT))
    return shapes, y + 22
