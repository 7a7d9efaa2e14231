"""Drawing: marks, boxes, arrows and text as SVG 1.1, in colours that also differ by shape and by brightness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

from bot.views.pictures.typeface import FAMILY, Typeface, typeface
from diagnosis.answer import Disposition

Anchor = Literal["start", "middle", "end"]

WIDTH: Final = 600
"""Units; on a phone 360 pixels wide a unit is 0.6 of a pixel, so text of 17 units is 10 pixels high."""
MARGIN: Final = 20
SMALLEST: Final = 17.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its size in units, and the words for whoever cannot see it."""

    svg: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours of one disposition: of lines and marks, of the box, of words on it."""

    line: str
    fill: str
    word: str


PAPER: Final = "#ffffff"
TEXT: Final = "#17202c"
FAINT: Final = "#4a5565"
FRAME: Final = "#c9d1da"
PARTY_FILL: Final = "#eef2f6"
PASSED: Final = Ink("#1f6f54", PAPER, FAINT)
BEYOND: Final = Ink("#7b8794", PAPER, FAINT)
INKS: Final[dict[Disposition, Ink]] = {
    "passed": PASSED,
    "dropped": Ink("#b42318", "#fdecea", "#912018"),
    "partly": Ink("#a15c00", "#fff4e0", "#7a4600"),
    "unknown": Ink("#6941c6", "#f4effe", "#53389e"),
}
DASH: Final = ' stroke-dasharray="8 6"'


def face(*, strong: bool = False) -> Typeface:
    """The font's measures."""
    return typeface(strong=strong)


def text(
    x: float, y: float, told: str, size: float, colour: str = TEXT, *, strong: bool = False, anchor: Anchor = "start"
) -> str:
    """One line of text on the baseline `y`."""
    weight = "600" if strong else "400"
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(told)}</text>'
    )


def box(x: float, y: float, width: float, height: float, ink: Ink, *, stroke: float = 2, dashed: bool = False) -> str:
    """A box with round corners."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="10" fill="{ink.fill}" '
        f'stroke="{ink.line}" stroke-width="{stroke:g}"{DASH if dashed else ""}/>'
    )


def arrow(x: float, start: float, end: float, colour: str, *, dashed: bool = False) -> str:
    """A vertical arrow from `start` to `end`, up or down."""
    way = 1 if end > start else -1
    return (
        f'<path d="M{x:g} {start:g} V{end - 9 * way:g}" stroke="{colour}" stroke-width="3" fill="none"'
        f"{DASH if dashed else ''}/>"
        f'<path d="M{x - 8:g} {end - 12 * way:g} L{x:g} {end:g} L{x + 8:g} {end - 12 * way:g} Z" fill="{colour}"/>'
    )


def mark(x: float, y: float, disposition: Disposition, ink: Ink, radius: float = 14) -> str:
    """A mark around (x, y), told apart by shape: a tick, an octagon with a cross, a diamond, a square with "?"."""
    r = radius
    match disposition:
        case "passed":
            d = f"M{x - r * 0.55:g} {y:g} l{r * 0.42:g} {r * 0.48:g} l{r * 0.72:g} {-r * 0.92:g}"
            return f'<path d="{d}" stroke="{ink.line}" stroke-width="3.4" {_ROUND}/>'
        case "dropped":
            c = r * 0.414
            corners = ((c, -r), (r, -c), (r, c), (c, r), (-c, r), (-r, c), (-r, -c), (-c, -r))
            points = " ".join(f"{x + dx:g},{y + dy:g}" for dx, dy in corners)
            k = r * 0.42
            cross = f"M{x - k:g} {y - k:g} L{x + k:g} {y + k:g} M{x + k:g} {y - k:g} L{x - k:g} {y + k:g}"
            return (
                f'<polygon points="{points}" fill="{ink.line}"/>'
                f'<path d="{cross}" stroke="{PAPER}" stroke-width="3.2" {_ROUND}/>'
            )
        case "partly":
            e = r * 1.12
            points = f"{x:g},{y - e:g} {x + e:g},{y:g} {x:g},{y + e:g} {x - e:g},{y:g}"
            half = f"{x:g},{y - e:g} {x + e:g},{y:g} {x:g},{y + e:g}"
            return (
                f'<polygon points="{points}" fill="{PAPER}" stroke="{ink.line}" stroke-width="2.6"/>'
                f'<polygon points="{half}" fill="{ink.line}"/>'
            )
        case "unknown":
            s = r * 0.92
            return (
                f'<rect x="{x - s:g}" y="{y - s:g}" width="{2 * s:g}" height="{2 * s:g}" rx="4" fill="{ink.line}"/>'
                + text(x, y + r * 0.48, "?", r * 1.45, PAPER, strong=True, anchor="middle")
            )


_ROUND: Final = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'


def picture(shapes: Iterable[str], height: float, alt: str, title: str) -> Picture:
    """Shapes on paper of their own, so that they read alike on a light and on a dark page."""
    tall = round(height)
    paper = f'<rect x="1" y="1" width="{WIDTH - 2}" height="{tall - 2}" rx="16" fill="{PAPER}" stroke="{FRAME}"/>'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" width="{WIDTH}" height="{tall}" '
        f"font-family={quoteattr(FAMILY)}>\n<title>{escape(face().drawable(title))}</title>\n{paper}\n"
        + "\n".join(shapes)
        + "\n</svg>\n"
    )
    return Picture(svg, WIDTH, tall, alt)
