"""Who may ask where: members of the workspace, in channels that were given a scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.access.scope import Scope
from bot.settings.values import ChannelSettings, Settings

Denial = Literal["guest", "stranger", "nobody", "unconfigured", "direct message", "shared"]
"""`stranger`, `shared`: of or with another organisation; `nobody`: a bot, or somebody who has left."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody, as Slack describes them."""

    id: str
    team: str
    guest: bool = False
    bot: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question was asked. `shared` says whether people of other organisations read along."""

    channel: str
    direct: bool
    shared: bool = False


def terms(place: Place, settings: Settings) -> ChannelSettings | None:
    """What may be asked about and shown in a place; None where nothing may."""
    return settings.direct_messages if place.direct else settings.channels.get(place.channel)


def denial(asker: Asker, place: Place, team: str, settings: Settings) -> Denial | None:
    """Why this person may not ask here, or None. `team` is the workspace that the app belongs to."""
    allowed = terms(place, settings)
    if asker.bot or asker.gone:
        return "nobody"
    if asker.team != team:
        return "stranger"
    if asker.guest and not settings.people.guests:
        return "guest"
    if allowed is None:
        return "direct message" if place.direct else "unconfigured"
    return "shared" if place.shared and not allowed.shared else None


def scope_of(allowed: ChannelSettings) -> Scope:
    """The scope of a channel's settings."""
    return Scope(allowed.accounts, allowed.regions, allowed.vpcs)
