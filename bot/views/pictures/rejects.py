"""What was refused over the day, hour by hour: ours against the usual range, and strangers that scan apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.views.pictures.svg import FAINT, FRAME, INKS, MARGIN, SMALLEST, TEXT, WIDTH, Picture, face, picture, text
from diagnosis.summary import HourCounts, Summary

MOST_HOURS: Final = 48
LEAST_DAYS: Final = 3
"""A usual range is told of so many earlier days at least."""
_INTERNAL: Final = INKS["dropped"].line
_EXTERNAL: Final = "#d08a1d"
_NOISE: Final = "#98a2b3"
_BAND: Final = "#e4ebf3"
_LEFT: Final = 74.0
_TALL: Final = 150.0
_LOW: Final = 56.0


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that was refused in this hour on earlier days, noise apart."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Hours without a gap, oldest first, and the usual range of each where there is one."""

    hours: tuple[HourCounts, ...]
    usual: tuple[Range | None, ...]


def chart_of(summary: Summary, earlier: Sequence[Summary]) -> Chart:
    """The hours of a summary, and what was usual in the same hours of earlier ones."""
    hours = tuple(_hours(summary))
    seen: dict[int, list[int]] = {}
    for day in earlier:
        for each in _hours(day):
            seen.setdefault(_at(each.start).hour, []).append(each.internal + each.external)
    known = {hour: Range(min(found), max(found)) for hour, found in seen.items() if len(found) >= LEAST_DAYS}
    return Chart(hours, tuple(known.get(_at(each.start).hour) for each in hours))


def _hours(summary: Summary) -> Iterator[HourCounts]:
    """Every whole or begun hour of the window, the quiet ones too; the last two days of a longer one."""
    start, end = summary.window.start, summary.window.end
    if start is None or end is None:
        yield from summary.hours[-MOST_HOURS:]
        return
    known = {_at(each.start): each for each in summary.hours}
    last = _at(end).replace(minute=0, second=0)
    first = max(_at(start).replace(minute=0, second=0), last - timedelta(hours=MOST_HOURS - 1))
    while first <= last:
        yield known.get(first) or HourCounts(start=first.strftime("%Y-%m-%dT%H:%M:%SZ"))
        first += timedelta(hours=1)


def _at(told: str) -> datetime:
    return datetime.fromisoformat(told).astimezone(UTC)


def rejects_picture(chart: Chart) -> Picture:
    """Two rows of bars: internal below external, over the usual range; noise apart, on a scale of its own."""
    shapes = [*_legend(chart), text(MARGIN, 66, _against_usual(chart), SMALLEST, TEXT)]
    ours = [_ours(each) for each in chart.hours]
    most = max([*ours, *(each.high for each in chart.usual if each is not None), 1])
    top = 100.0
    shapes += _axis(top, _TALL, most)
    width = (WIDTH - MARGIN - _LEFT) / max(1, len(chart.hours))
    base = top + _TALL
    for place, usual in enumerate(chart.usual):
        if usual is not None:
            tall = usual.high / most * _TALL
            depth = max(tall - usual.low / most * _TALL, 2.0)
            shapes.append(_rect(_LEFT + place * width, base - tall, width, depth, _BAND))
    for place, each in enumerate(chart.hours):
        x, inner = _LEFT + place * width + 1.5, max(width - 3, 1.0)
        internal, external = each.internal / most * _TALL, each.external / most * _TALL
        if internal:
            shapes.append(_rect(x, base - max(internal, 2), inner, max(internal, 2), _INTERNAL))
        if external:
            shapes.append(_rect(x, base - internal - max(external, 2), inner, max(external, 2), _EXTERNAL))
    shapes += _tops(chart, base, width, most)
    shapes += _times(chart, base + 20, width)
    shapes += _noise(chart, base + 78, width)
    return picture(shapes, base + 78 + _LOW + MARGIN, rejects_alt(chart), "Refused, hour by hour")


def _legend(chart: Chart) -> Iterator[str]:
    yield text(MARGIN, 34, "Refused each hour", 19, TEXT, strong=True)
    x: float = WIDTH - MARGIN
    known = [("external", _EXTERNAL), ("internal", _INTERNAL)]
    if any(each is not None for each in chart.usual):
        known.insert(0, ("usual range", _BAND))
    for told, colour in known:
        x -= face().width(told, SMALLEST)
        yield text(x, 34, told, SMALLEST, FAINT)
        x -= 22
        yield _rect(x, 21, 15, 15, colour)
        if colour == _BAND:
            yield f'<path d="M{x:.4g} 21 h15" stroke="{FAINT}" stroke-width="2"/>'
        x -= 18


def _tops(chart: Chart, base: float, width: float, most: int) -> Iterator[str]:
    """The upper end of the usual range as a line, which bars do not hide; a mark on each bar that is above it."""
    for place, (each, usual) in enumerate(zip(chart.hours, chart.usual, strict=True)):
        if usual is not None:
            x, y = _LEFT + place * width, base - usual.high / most * _TALL
            yield f'<path d="M{x:.4g} {y:.4g} H{x + width:.4g}" stroke="{FAINT}" stroke-width="2"/>'
        if _is_above(each, usual):
            x, y = _LEFT + (place + 0.5) * width, base - _ours(each) / most * _TALL - 4
            yield f'<path d="M{x:.4g} {y:.4g} l-6 -9 h12 Z" fill="{TEXT}"/>'


def _noise(chart: Chart, top: float, width: float) -> Iterator[str]:
    most = max([each.noise for each in chart.hours] + [1])
    total = sum(each.noise for each in chart.hours)
    yield text(MARGIN, top - 18, f"Strangers that scan: {total:,}", SMALLEST, FAINT)
    yield from _axis(top, _LOW, most)
    for place, each in enumerate(chart.hours):
        if each.noise:
            tall = max(each.noise / most * _LOW, 2)
            yield _rect(_LEFT + place * width + 1.5, top + _LOW - tall, max(width - 3, 1.0), tall, _NOISE)


def _axis(top: float, tall: float, most: int) -> Iterator[str]:
    right = WIDTH - MARGIN
    for y in (top, top + tall):
        yield f'<path d="M{_LEFT:g} {y:g} H{right:g}" stroke="{FRAME}" stroke-width="1.5"/>'
    yield text(_LEFT - 8, top + 6, _short(most), SMALLEST, FAINT, anchor="end")
    yield text(_LEFT - 8, top + tall + 4, "0", SMALLEST, FAINT, anchor="end")


def _times(chart: Chart, y: float, width: float) -> Iterator[str]:
    """The hour below every sixth bar, in UTC."""
    for place, each in enumerate(chart.hours):
        at = _at(each.start)
        if at.hour % 6 == 0 and WIDTH - MARGIN - (_LEFT + place * width) > 44:
            yield text(_LEFT + place * width, y, f"{at:%H:%M}", SMALLEST, FAINT)
    yield text(_LEFT - 8, y, "UTC", SMALLEST, FAINT, anchor="end")


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.4g}" y="{y:.4g}" width="{width:.4g}" height="{height:.4g}" fill="{colour}"/>'


def _short(number: int) -> str:
    """A number on an axis: 950, 12k, 3.4M."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if number >= unit:
            return f"{number / unit:.3g}{name}"
    return str(number)


def _ours(hour: HourCounts) -> int:
    return hour.internal + hour.external


def _is_above(hour: HourCounts, usual: Range | None) -> bool:
    return usual is not None and _ours(hour) > usual.high


def _against_usual(chart: Chart) -> str:
    """What to see first, in words: `3 hours above the usual range, most from 02:00 UTC`."""
    if not any(each is not None for each in chart.usual):
        return f"No usual range yet: it takes {LEAST_DAYS} days"
    above = [
        (_ours(each) - usual.high, each)
        for each, usual in zip(chart.hours, chart.usual, strict=True)
        if usual is not None and _is_above(each, usual)
    ]
    if not above:
        return "No hour is above the usual range"
    _, most = max(above, key=lambda pair: pair[0])
    hours = f"{len(above)} hours" if len(above) > 1 else "1 hour"
    return f"{hours} above the usual range, most from {_at(most.start):%H:%M} UTC"


def rejects_alt(chart: Chart) -> str:
    """The chart in words."""
    if not chart.hours:
        return "Nothing was refused."
    peak = max(chart.hours, key=_ours)
    internal, external = (sum(getattr(each, kind) for each in chart.hours) for kind in ("internal", "external"))
    told = f"Refused hour by hour: {internal:,} internal and {external:,} external records"
    told += f", most in the hour from {_at(peak.start):%H:%M} UTC ({_ours(peak):,})."
    if any(each is not None for each in chart.usual):
        told += f" {_against_usual(chart)}."
    return f"{told} Strangers that scan: {sum(each.noise for each in chart.hours):,} records."
