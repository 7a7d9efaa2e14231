"""Who wants a summary when: what the settings say, and what was said in Slack, which goes before them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.access.people import Place, scope_of, terms
from bot.access.scope import Scope
from bot.access.timetable import Timetable
from bot.settings.summaries import WEEKDAYS, Weekday, time_of_day, time_zone, weekdays
from bot.settings.values import Settings
from bot.store.summaries import Subscription

HOURS: Final = 24.0
_WINDOW: Final = re.compile(r"(\d{1,3})h", re.ASCII)
_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d", re.ASCII)
_TIME_LIKE: Final = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
EXAMPLE: Final = "/whynot summary daily 09:00 Europe/Berlin"


class NotUnderstood(ValueError):
    """The asker must act: the text says what is wrong, and the closest valid form."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A summary that a channel is to be told. `since`: its first day is after that; None where nobody knows."""

    channel: str
    timetable: Timetable
    hours: float
    scope: Scope
    since: float | None
    paused: bool = False
    by: str = ""
    """Who said so in Slack; "" where the settings do."""


def wanted(settings: Settings, rows: Sequence[Subscription]) -> tuple[Wanted, ...]:
    """Every channel that wants a summary, paused ones too. What is no longer allowed there is left out."""
    said = {row.channel: row for row in rows}
    found = []
    for channel in sorted({*settings.channels, *said}):
        allowed = terms(Place(channel, channel.startswith("D")), settings)
        row = said.get(channel)
        if allowed is None or (row is not None and row.state == "removed"):
            continue
        if row is not None:
            days = tuple(day for day in WEEKDAYS if day in row.days.split(","))
            timetable = Timetable(row.at, row.zone, days)
            scope = _scope(row.scope) if row.scope else scope_of(allowed)
            paused = row.state == "paused"
            found.append(Wanted(channel, timetable, row.hours, scope, row.changed_at, paused, row.person))
        elif allowed.summary is not None:
            own = allowed.summary
            timetable = Timetable(own.at, own.zone, own.days)
            found.append(Wanted(channel, timetable, own.hours, scope_of(allowed), None))
    return tuple(found)


def subscription_of(text: str, channel: str, person: str, now: float, within: Scope) -> Subscription:
    """What `daily 09:00 Europe/Berlin 24h vpc-0a1` says. `within` is what the channel may know.

    Days, time and zone, in any order; then the hours that are looked back, and accounts, Regions or VPCs to which the
    summary is narrowed. Raises NotUnderstood.
    """
    at = zone = ""
    days: tuple[Weekday, ...] = WEEKDAYS
    hours = HOURS
    narrowed: dict[str, list[str]] = {"accounts": [], "regions": [], "vpcs": []}
    try:
        for word in text.split():
            if _TIME_LIKE.fullmatch(word):
                at = time_of_day(word.zfill(5))
            elif window := _WINDOW.fullmatch(word.lower()):
                hours = float(window[1])
            elif word.startswith("vpc-"):
                narrowed["vpcs"].append(word)
            elif _ACCOUNT.fullmatch(word):
                narrowed["accounts"].append(word)
            elif _REGION.fullmatch(word):
                narrowed["regions"].append(word)
            elif "/" in word or word.upper() in ("UTC", "GMT"):
                zone = time_zone(word.upper() if "/" not in word else word)
            else:
                days = weekdays(word)
    except ValueError as error:
        raise NotUnderstood(str(error)) from error
    if not at:
        raise NotUnderstood(f"When? Write it like {EXAMPLE}")
    if not zone:
        raise NotUnderstood(f"In which time zone? Write it like {EXAMPLE}")
    if not 0 < hours <= 168:
        raise NotUnderstood("A summary looks back from 1h to 168h.")
    return Subscription(
        channel=channel,
        at=at,
        zone=zone,
        days=",".join(days),
        hours=hours,
        scope=_narrowed(narrowed, within),
        person=person,
        changed_at=now,
    )


def _scope(text: str) -> Scope:
    named = json.loads(text)
    return Scope(*(tuple(named[kind]) for kind in ("accounts", "regions", "vpcs")))


def _narrowed(named: dict[str, list[str]], within: Scope) -> str:
    """The narrower scope as JSON, "" where nothing was named; NotUnderstood where it is more than the channel's."""
    if not any(named.values()):
        return ""
    held = {"accounts": within.accounts, "regions": within.regions, "vpcs": within.vpcs}
    for kind, names in named.items():
        outside = [name for name in names if held[kind] and name not in held[kind]]
        if outside:
            raise NotUnderstood(f"This channel may not know of {', '.join(outside)}.")
    return json.dumps({kind: named[kind] or list(held[kind]) for kind in held})
